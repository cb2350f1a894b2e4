//! Setting aside the second factors of who lost them: two people, a delay, and a new factor first.

use std::net::IpAddr;

use softcap_database::on_reader;
use softcap_identity::{
    Decision, Level, PersonError, PersonId, Proposal, ProposedAct, ResetReason, Role, RoleChange,
    RoleError, Roles,
};

use crate::{
    FactorError, HOUR, Installation, MINUTE, ORIGIN, Someone, TotpConfirmation, UnixMillis,
    authenticator::Authenticator, code, code_in, code_of,
};

/// What the organisation set: a whole number of days.
const DELAY: std::time::Duration = std::time::Duration::from_secs(2 * 86_400);

/// Two who may, and one who may not.
struct Staff {
    roles: Roles,
    olga: PersonId,
    carl: PersonId,
    sam: PersonId,
}

impl Staff {
    async fn new(here: &mut Installation) -> Self {
        let roles = Roles::new(here.people.clone()).with_reset_delay(DELAY);
        let mut people = Vec::new();
        for role in [Role::Owner, Role::ComplianceOfficer, Role::Support] {
            let person = here.someone().await.session.person;
            let change = RoleChange {
                person,
                role,
                place: "*".parse().unwrap(),
            };
            roles
                .give_as_operator("test", change, here.now)
                .await
                .unwrap();
            people.push(person);
        }
        Self {
            roles,
            olga: people[0],
            carl: people[1],
            sam: people[2],
        }
    }

    async fn propose(
        &self,
        here: &Installation,
        by: PersonId,
        person: PersonId,
    ) -> Result<Proposal, RoleError> {
        let reason = ResetReason::SeenInPerson;
        let act = ProposedAct::ResetFactors { person, reason };
        self.roles.propose(by, act, here.now).await
    }

    async fn approve(
        &self,
        here: &Installation,
        by: PersonId,
        proposal: &Proposal,
    ) -> Result<Proposal, RoleError> {
        let decide = Decision::Approve;
        self.roles.decide(by, proposal.id, decide, here.now).await
    }

    /// Begins a reset of somebody.
    async fn reset(&self, here: &Installation, person: PersonId) -> UnixMillis {
        let proposal = self.propose(here, self.olga, person).await.unwrap();
        self.approve(here, self.carl, &proposal).await.unwrap();
        let reset = here.factors.reset_of(person).await.unwrap().unwrap();
        assert_eq!(reset.proposal, proposal.id);
        reset.due_at
    }
}

/// Somebody with an app, a passkey and recovery codes, and a mailbox that is empty.
async fn with_factors(here: &mut Installation) -> Someone {
    let mut ada = here.someone().await;
    here.add_totp(&mut ada).await;
    let mut phone = Authenticator::new(40, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    let made = here.factors.make_recovery_codes(&ada.session, here.now);
    made.await.unwrap();
    here.mails().await;
    ada
}

async fn count(here: &Installation, table: &str, person: PersonId) -> i64 {
    let text = format!("SELECT COUNT(*) FROM {table} WHERE person = $1");
    let text = sqlx::AssertSqlSafe(text);
    on_reader!(&here.database, |pool| sqlx::query_scalar(text)
        .bind(person.to_string())
        .fetch_one(pool)
        .await)
    .unwrap()
}

pub(crate) async fn factors_are_set_aside_by_two_people_and_after_a_delay(here: &mut Installation) {
    let staff = Staff::new(here).await;
    let ada = with_factors(here).await;
    let person = ada.session.person;
    let refused = |result: Result<Proposal, RoleError>| result.unwrap_err().code();
    assert_eq!(
        refused(staff.propose(here, staff.sam, person).await),
        "A706"
    );
    let nobody = PersonId::random().unwrap();
    assert_eq!(
        refused(staff.propose(here, staff.olga, nobody).await),
        "A702"
    );
    // Who has no second factor needs none set aside, and nobody decides about themself.
    assert_eq!(
        refused(staff.propose(here, staff.olga, staff.sam).await),
        "A708"
    );
    let proposal = staff.propose(here, staff.olga, person).await.unwrap();
    assert_eq!(
        refused(staff.propose(here, staff.carl, person).await),
        "A709"
    );
    assert_eq!(
        refused(staff.approve(here, staff.olga, &proposal).await),
        "A705"
    );
    assert_eq!(
        refused(staff.approve(here, staff.sam, &proposal).await),
        "A703"
    );
    assert!(here.mails().await.is_empty(), "nothing has happened yet");
    staff.approve(here, staff.carl, &proposal).await.unwrap();
    let told = here.mails().await.concat();
    assert!(
        told.contains("your second factors will be set aside"),
        "{told}"
    );
    assert!(told.contains("2 days"), "{told}");

    // Until the time has come they count.
    let due_at = here.now.plus(DELAY);
    here.now = UnixMillis::new(due_at.get() - 1);
    assert!(
        here.factors
            .settle_resets(here.now)
            .await
            .unwrap()
            .is_empty()
    );
    let half = here.log_in(&ada.email).await;
    assert!(!here.factors.must_enrol(&half).await.unwrap());
    let ask = here.factors.ask_to_enrol(&half, source(), here.now).await;
    assert_eq!(code(&ask.unwrap_err()), "A533");
    here.now = due_at;
    let (one, other) = tokio::join!(
        here.factors.settle_resets(here.now),
        here.other_node.settle_resets(here.now)
    );
    assert_eq!([one.unwrap(), other.unwrap()].concat(), [person]);
    assert!(
        here.factors
            .settle_resets(here.now)
            .await
            .unwrap()
            .is_empty()
    );
    for table in [
        "totp",
        "passkey",
        "recovery_code",
        "session",
        "factor_reset",
    ] {
        assert_eq!(count(here, table, person).await, 0, "{table}");
    }
    let told = here.mails().await.concat();
    assert!(
        told.contains("your second factors were set aside"),
        "{told}"
    );
    enrols(here, &ada).await;
}

fn source() -> IpAddr {
    "203.0.113.250".parse().unwrap()
}

/// The password, a code of the mail, and then nothing but a new factor.
async fn enrols(here: &mut Installation, ada: &Someone) {
    let half = here.log_in(&ada.email).await;
    assert_eq!((half.level, half.needs), (Level::One, Level::Two));
    assert!(here.factors.must_enrol(&half).await.unwrap());
    let early = here.factors.begin_totp(&half, here.now).await.map(drop);
    assert_eq!(code(&early.unwrap_err()), "A410");
    here.factors
        .ask_to_enrol(&half, source(), here.now)
        .await
        .unwrap();
    let mails = here.mails().await.concat();
    let text = code_in(&mails).to_owned();
    let wrong = here
        .factors
        .confirm_enrolment(&half, "nonsense", here.now)
        .await;
    assert_eq!(code(&wrong.unwrap_err()), "A406");
    // Another person's code, and another person's session, are worth nothing.
    let other = here.someone().await;
    let foreign = here
        .factors
        .confirm_enrolment(&other.session, &text, here.now)
        .await;
    assert_eq!(code(&foreign.unwrap_err()), "A533");
    let secret = here.factors.confirm_enrolment(&half, &text, here.now).await;
    let secret = secret.unwrap();
    let again = here.factors.confirm_enrolment(&half, &text, here.now).await;
    assert_eq!(code(&again.unwrap_err()), "A406");
    let session = here.session(secret.reveal()).await.unwrap();
    assert!(session.enrols);
    assert!(matches!(
        session.require_complete(),
        Err(PersonError::SecondFactor)
    ));
    let codes = here.factors.make_recovery_codes(&session, here.now).await;
    assert_eq!(code(&codes.unwrap_err()), "A410");
    here.pass(10 * MINUTE);
    let stale = here.factors.begin_totp(&session, here.now).await.map(drop);
    assert_eq!(code(&stale.unwrap_err()), "A409");
    here.now = here.now.minus(5 * MINUTE);
    let begun = here.factors.begin_totp(&session, here.now).await.unwrap();
    let shown = code_of(&begun, here.now);
    let confirmation = TotpConfirmation {
        code: &shown,
        present_code: None,
    };
    let whole = here.factors.confirm_totp(&session, confirmation, here.now);
    let whole = here.session(whole.await.unwrap().reveal()).await.unwrap();
    assert!(whole.require_complete().is_ok());
    assert_eq!(whole.needs, Level::Two);
    // A session that may add a factor adds none beside one that is there.
    let second = here.factors.begin_totp(&session, here.now).await.map(drop);
    assert_eq!(code(&second.unwrap_err()), "A410");
}

pub(crate) async fn a_reset_is_stopped_by_its_person_the_organisation_or_a_freeze(
    here: &mut Installation,
) {
    here.pass(HOUR);
    let staff = Staff::new(here).await;
    let ada = with_factors(here).await;
    let person = ada.session.person;
    let none = here.factors.stop_reset(&ada.session, here.now).await;
    assert!(matches!(none, Err(FactorError::NoReset)));
    let half = here.log_in(&ada.email).await;
    for _ in 0..2 {
        staff.reset(here, person).await;
        let refused = here.factors.stop_reset(&half, here.now).await;
        assert_eq!(code(&refused.unwrap_err()), "A410");
        let stopped = here.factors.stop_reset(&ada.session, here.now).await;
        stopped.unwrap();
        let told = here.mails().await.concat();
        assert!(told.contains("your second factors stay"), "{told}");
    }
    staff.reset(here, person).await;
    let by = here.factors.stop_reset_by(staff.carl, person, here.now);
    by.await.unwrap();
    here.mails().await;
    let due_at = staff.reset(here, person).await;
    let warning = here.mails().await.concat();
    here.people
        .freeze(code_in(&warning), here.now)
        .await
        .unwrap();
    assert!(here.factors.resets().await.unwrap().is_empty());
    here.now = due_at;
    assert!(
        here.factors
            .settle_resets(here.now)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(count(here, "passkey", person).await, 1);
    assert_eq!(count(here, "totp", person).await, 1);
}
