//! Roles and proposals against real databases: the same scenarios on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

mod documented;
mod invitations;

use std::time::Duration;

use softcap_database::{Database, on_writer, temporary::BothDatabases};
use softcap_identity::{
    Alert, AlertKind, Alerts, Column, Decision, Keys, People, PersonId, PersonalKey, Proposal,
    ProposalState, ProposedAct, Role, RoleChange, RoleError, Roles, Site, UnixMillis,
};

const NOW: UnixMillis = UnixMillis::new(1_800_000_000_000);
const DAY: Duration = Duration::from_hours(24);

fn key() -> PersonalKey {
    PersonalKey::new(&[7; 32])
}

/// Somebody who has signed up.
async fn person(database: &Database) -> PersonId {
    const TEXT: &str = "INSERT INTO person (id, email_tag, email, made_at, needs_level) \
         VALUES ($1, $2, $3, 0, 'two')";
    let id = PersonId::random().unwrap();
    let row = id.to_string();
    let tag = id.to_bytes().to_vec();
    let column = Column {
        table: "person",
        column: "email",
        row: &row,
    };
    let email = key().seal(&column, b"somebody@example.org").unwrap();
    on_writer!(database, |pool| sqlx::query(TEXT)
        .bind(&row)
        .bind(&tag)
        .bind(email.as_bytes())
        .execute(pool)
        .await
        .map(|_| ()))
    .unwrap();
    id
}

fn change(person: PersonId, role: Role, place: &str) -> RoleChange {
    RoleChange {
        person,
        role,
        place: place.parse().unwrap(),
    }
}

/// Two owners, who share nothing.
struct Organisation {
    database: Database,
    people: People,
    roles: Roles,
    anna: PersonId,
    bela: PersonId,
}

impl Organisation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        let site = Site {
            name: "Harbour".to_owned(),
            origin: "https://sale.example".to_owned(),
        };
        let people = People::open(database.clone(), key(), site).unwrap();
        let roles = Roles::new(people.clone());
        let (anna, bela) = (person(&database).await, person(&database).await);
        for owner in [anna, bela] {
            let given = roles.give_as_operator("test", change(owner, Role::Owner, "*"), NOW);
            given.await.unwrap();
        }
        Self {
            database,
            people,
            roles,
            anna,
            bela,
        }
    }

    async fn has(&self, wanted: &RoleChange) -> bool {
        let standing = self.roles.standing(wanted.person).await.unwrap();
        let mut grants = standing.grants().iter();
        grants.any(|grant| grant.role == wanted.role && grant.place == wanted.place)
    }

    async fn propose(&self, by: PersonId, act: ProposedAct) -> Result<Proposal, RoleError> {
        self.roles.propose(by, act, NOW).await
    }

    async fn approve(&self, by: PersonId, proposal: &Proposal) -> Result<Proposal, RoleError> {
        let decided = self.roles.decide(by, proposal.id, Decision::Approve, NOW);
        decided.await
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, RoleError>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test]
async fn two_people_change_a_role_and_release_money() {
    for database in BothDatabases::start().unwrap().open("roles").await.unwrap() {
        a_role_needs_two_owners(&Organisation::new(database.clone()).await).await;
        database.close().await;
    }
}

#[tokio::test]
async fn a_change_of_roles_is_told_to_its_person_and_alerts_the_owners() {
    for database in BothDatabases::start().unwrap().open("roles").await.unwrap() {
        roles_are_told_and_alarming(&Organisation::new(database.clone()).await).await;
        database.close().await;
    }
}

/// Alerts of this kind about a person.
async fn alerts(here: &Organisation, kind: AlertKind, person: PersonId) -> Vec<Alert> {
    let all = Alerts::new(here.people.clone()).list(false, 100).await;
    let mut all = all.unwrap();
    all.retain(|alert| alert.kind == kind && alert.subject == person.to_string());
    all
}

/// How many mails wait whose subject ends so.
async fn mails(here: &Organisation, subject: &str) -> usize {
    let mut found = 0;
    while let Some(mail) = here.people.claim_mail(NOW).await.unwrap() {
        here.people.mail_is_sent(&mail).await.unwrap();
        found += usize::from(mail.subject.ends_with(subject));
    }
    found
}

async fn roles_are_told_and_alarming(here: &Organisation) {
    let (anna, bela) = (here.anna, here.bela);
    assert_eq!(mails(here, "your roles changed").await, 2);
    assert_eq!(alerts(here, AlertKind::OwnersChanged, bela).await.len(), 1);
    assert_eq!(alerts(here, AlertKind::RightsWidened, bela).await.len(), 0);
    let carla = person(&here.database).await;
    let wanted = change(carla, Role::Treasurer, "harbour");
    let proposal = here
        .propose(anna, ProposedAct::GiveRole(wanted.clone()))
        .await
        .unwrap();
    assert_eq!(mails(here, "your roles changed").await, 0, "only proposed");
    assert_eq!(alerts(here, AlertKind::RightsWidened, carla).await.len(), 0);
    here.approve(bela, &proposal).await.unwrap();
    // What was approved already is done once, and so is its mail.
    here.approve(bela, &proposal).await.unwrap();
    assert_eq!(mails(here, "your roles changed").await, 1);
    let raised = alerts(here, AlertKind::RightsWidened, carla).await;
    assert_eq!((raised.len(), raised[0].times), (1, 1));
    // Less is told and alarms nobody, but with an owner of all.
    here.roles.give_up(wanted, NOW).await.unwrap();
    assert_eq!(mails(here, "your roles changed").await, 1);
    assert_eq!(alerts(here, AlertKind::RightsWidened, carla).await, raised);
    let less = change(bela, Role::Owner, "*");
    here.roles.give_up(less, NOW).await.unwrap();
    let raised = alerts(here, AlertKind::OwnersChanged, bela).await;
    assert_eq!((raised.len(), raised[0].times), (1, 2));
}

async fn a_role_needs_two_owners(here: &Organisation) {
    let (anna, bela) = (here.anna, here.bela);
    let carla = person(&here.database).await;
    let wanted = change(carla, Role::Treasurer, "harbour");
    let proposal = here
        .propose(anna, ProposedAct::GiveRole(wanted.clone()))
        .await
        .unwrap();
    assert!(!here.has(&wanted).await);
    assert_eq!(
        code(
            here.propose(bela, ProposedAct::GiveRole(wanted.clone()))
                .await
        ),
        "A709"
    );
    assert_eq!(code(here.approve(anna, &proposal).await), "A705");
    // Whoever has no part in it cannot even see that it is there.
    assert_eq!(code(here.approve(carla, &proposal).await), "A703");
    let approved = here.approve(bela, &proposal).await.unwrap();
    assert_eq!(
        approved.state,
        ProposalState::Approved { by: bela, at: NOW }
    );
    assert!(here.has(&wanted).await);
    // A second time changes nothing, and somebody else comes too late.
    assert_eq!(here.approve(bela, &proposal).await.unwrap(), approved);
    let late = here
        .roles
        .decide(bela, proposal.id, Decision::Decline, NOW)
        .await;
    assert_eq!(code(late), "A704");
    assert_eq!(
        code(here.propose(anna, ProposedAct::GiveRole(wanted)).await),
        "A708"
    );
    v2_3_5_a_release_needs_two_approvers(here, carla).await;
    what_is_over_or_declined_changes_nothing(here).await;
    the_last_owner_stays(here).await;
}

async fn v2_3_5_a_release_needs_two_approvers(here: &Organisation, treasurer: PersonId) {
    let release = ProposedAct::Release {
        offering: "harbour".parse().unwrap(),
        milestone: 0,
    };
    // An owner approves and does not propose; a treasurer of another offering does neither.
    assert_eq!(code(here.propose(here.anna, release.clone()).await), "A706");
    let elsewhere = person(&here.database).await;
    let given = change(elsewhere, Role::Treasurer, "bridge");
    here.roles
        .give_as_operator("test", given, NOW)
        .await
        .unwrap();
    assert_eq!(code(here.propose(elsewhere, release.clone()).await), "A706");
    let proposal = here.propose(treasurer, release).await.unwrap();
    assert_eq!(code(here.approve(treasurer, &proposal).await), "A705");
    assert_eq!(code(here.approve(elsewhere, &proposal).await), "A703");
    // Who proposed it is no treasurer any more when it is approved.
    let role = change(treasurer, Role::Treasurer, "harbour");
    here.roles.give_up(role.clone(), NOW).await.unwrap();
    assert_eq!(code(here.approve(here.anna, &proposal).await), "A706");
    here.roles
        .give_as_operator("test", role, NOW)
        .await
        .unwrap();
    let approved = here.approve(here.anna, &proposal).await.unwrap();
    let by = here.anna;
    assert_eq!(approved.state, ProposalState::Approved { by, at: NOW });
}

async fn what_is_over_or_declined_changes_nothing(here: &Organisation) {
    let dora = person(&here.database).await;
    let wanted = change(dora, Role::Auditor, "*");
    let act = ProposedAct::GiveRole(wanted.clone());
    let proposal = here.propose(here.anna, act.clone()).await.unwrap();
    let last = NOW.plus(7 * DAY);
    let late = here
        .roles
        .decide(here.bela, proposal.id, Decision::Approve, last);
    assert_eq!(code(late.await), "A704");
    // Over, so that the same may be proposed again; who proposed it may take it back.
    let again = here
        .roles
        .propose(here.anna, act.clone(), last)
        .await
        .unwrap();
    let declined = here
        .roles
        .decide(here.anna, again.id, Decision::Decline, last);
    let state = ProposalState::Declined {
        by: here.anna,
        at: last,
    };
    assert_eq!(declined.await.unwrap().state, state);
    let approved = here
        .roles
        .decide(here.bela, again.id, Decision::Approve, last);
    assert_eq!(code(approved.await), "A704");
    assert!(!here.has(&wanted).await);
    let nobody = ProposedAct::GiveRole(change(PersonId::random().unwrap(), Role::Auditor, "*"));
    assert_eq!(code(here.propose(here.anna, nobody).await), "A702");
    let newest = here.roles.proposals(2, last).await.unwrap();
    assert_eq!(newest[0].id, again.id);
    assert_eq!(newest.len(), 2);
}

async fn the_last_owner_stays(here: &Organisation) {
    let take = |person| ProposedAct::TakeRole(change(person, Role::Owner, "*"));
    let of_bela = here.propose(here.anna, take(here.bela)).await.unwrap();
    let of_anna = here.propose(here.bela, take(here.anna)).await.unwrap();
    // Each is approved by the other at the same moment: one of the two stays an owner.
    let third = person(&here.database).await;
    let owner = change(third, Role::Owner, "*");
    here.roles
        .give_as_operator("test", owner.clone(), NOW)
        .await
        .unwrap();
    let (one, other) = tokio::join!(here.approve(third, &of_bela), here.approve(third, &of_anna));
    let codes = [one.err(), other.err()].map(|error| error.map(|error| error.code()));
    // Whichever came second was proposed by somebody who is no owner any more.
    assert!(
        codes.contains(&None) && codes.contains(&Some("A706")),
        "{codes:?}"
    );
    let left = if codes[0].is_none() {
        here.anna
    } else {
        here.bela
    };
    here.roles.give_up(owner, NOW).await.unwrap();
    let last = change(left, Role::Owner, "*");
    assert_eq!(code(here.roles.give_up(last.clone(), NOW).await), "A707");
    assert!(here.has(&last).await);
}
