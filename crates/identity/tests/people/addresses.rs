//! Another address of mail: asked for, proved, waited for, and stopped.

use softcap_identity::{
    Act, AddressChangeStage, AddressChanges, AlertKind, Alerts, PersonId, Session,
};

use super::{freezing::count, *};

const DELAY: Duration = Duration::from_secs(3 * 86_400);
const MILLISECOND: Duration = Duration::from_millis(1);
/// Mails are asked for from a source of its own each time, so that its limit is no part of what is tested.
const SOURCE: &str = "2001:db8:ad:";

impl Installation {
    fn changes(&self) -> AddressChanges {
        AddressChanges::new(self.people.clone(), DELAY)
    }

    /// Somebody who has just logged in, with a mailbox that is empty.
    async fn somebody(&self, email: &str) -> Session {
        self.sign_up(email).await;
        let logged_in = self.log_in(email, PASSWORD, HOME).await.unwrap();
        self.all_mail().await;
        self.session_of(&logged_in.secret).await
    }

    async fn ask(&self, session: &Session, email: &str) -> Result<(), &'static str> {
        let source = address(&format!("{SOURCE}{:x}::1", email.len()));
        let (changes, email) = (self.changes(), parsed(email));
        let asked = changes.ask(session, &email, source, self.now).await;
        asked.map_err(|error| error.code())
    }

    async fn confirm(&self, session: &Session, code: &str) -> Result<UnixMillis, &'static str> {
        let confirmed = self.changes().confirm(session, code, self.now).await;
        confirmed.map_err(|error| error.code())
    }

    /// Asks and proves.
    async fn begin_change(&self, session: &Session, email: &str) -> UnixMillis {
        self.ask(session, email).await.unwrap();
        let code = self.code_for(email).await.unwrap();
        self.confirm(session, &code).await.unwrap()
    }

    /// Who gets mail with these words in the subject; the outbox is empty after it.
    async fn told(&self, subject: &str) -> Vec<String> {
        let mails = self.all_mail().await.into_iter();
        let about = mails.filter(|mail| mail.subject.ends_with(subject));
        let mut told: Vec<_> = about
            .map(|mail| mail.recipient.as_str().to_owned())
            .collect();
        told.sort();
        told
    }

    async fn acts_on(&self, person: PersonId) -> Vec<(Act, String)> {
        let rows = self.audit().await.into_iter();
        let own = rows.filter(|row| row.subject == person.to_string());
        own.map(|row| (row.act, row.code)).collect()
    }
}

pub(crate) async fn v7_5_1_an_address_is_changed_by_a_fresh_factor_a_code_and_time(
    here: &Installation,
) {
    let (old, new) = ("tess@example.org", "tess.new@example.org");
    let session = here.somebody(old).await;
    let stale = here.later(11 * MINUTE);
    assert_eq!(stale.ask(&session, new).await, Err("A409"));
    assert_eq!(here.ask(&session, "TESS@example.org").await, Err("A415"));
    here.ask(&session, new).await.unwrap();
    let mails = here.all_mail().await;
    assert_eq!(mails.len(), 1, "nobody else is told before it is proved");
    assert_eq!(mails[0].recipient, parsed(new));
    let code = code_in(&mails[0]).unwrap();
    for wrong in ["", "no code", &"A".repeat(43)] {
        assert_eq!(here.confirm(&session, wrong).await, Err("A406"));
    }
    // Another person who reads the mail does not take part.
    let other = here.somebody("tom@example.org").await;
    assert_eq!(here.confirm(&other, &code).await, Err("A406"));
    // The code is all that is asked for: whoever asked was fresh.
    let due_at = stale.confirm(&session, &format!(" {code}\n")).await;
    let due_at = due_at.unwrap();
    assert_eq!(due_at, stale.now.plus(DELAY));
    assert_eq!(stale.confirm(&session, &code).await, Err("A406"));
    assert_eq!(stale.told("will change").await, [new, old]);
    assert_eq!(
        here.ask(&session, "tess.third@example.org").await,
        Err("A417")
    );
    let found = here.changes().find(session.person, here.now).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.email, parsed(new));
    assert_eq!(found.stage, AddressChangeStage::Time { due_at });
    let alerts = Alerts::new(here.people.clone()).list(true, 1000).await;
    let alerts = alerts.unwrap().into_iter();
    let mut alerts = alerts.filter(|alert| alert.kind == AlertKind::AddressChanging);
    assert!(alerts.any(|alert| alert.subject == session.person.to_string()));

    // A millisecond before its time nothing has changed; at it, one of two nodes does it.
    let before = here.later(11 * MINUTE + DELAY - MILLISECOND);
    assert_eq!(before.changes().settle_due(before.now).await.unwrap(), 0);
    assert!(before.log_in(old, PASSWORD, HOME).await.is_ok());
    let then = here.later(11 * MINUTE + DELAY);
    let other_node = AddressChanges::new(people(&here.database), DELAY);
    let changes = then.changes();
    let both = tokio::join!(
        changes.settle_due(then.now),
        other_node.settle_due(then.now)
    );
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    assert_eq!(changes.settle_due(then.now).await.unwrap(), 0);
    assert_eq!(then.told("was changed").await, [new, old]);
    let refused = then.log_in(old, PASSWORD, HOME).await.unwrap_err();
    assert_eq!(refused.code(), "A407");
    let logged_in = then.log_in(new, PASSWORD, HOME).await.unwrap();
    assert_eq!(logged_in.person, session.person);
    let owner = then.people.find(session.person).await.unwrap().unwrap();
    assert_eq!((owner.email, owner.coming), (parsed(new), None));
    let acts = here.acts_on(session.person).await;
    for act in [
        Act::AskAddressChange,
        Act::BeginAddressChange,
        Act::ChangeAddress,
    ] {
        let times = acts.iter().filter(|(done, _)| *done == act).count();
        assert_eq!(times, 1, "{act:?}");
    }
    assert_eq!(count(&here.database, "email_change").await, 0);
}

pub(crate) async fn whether_an_address_is_taken_is_told_to_its_owner_alone(here: &Installation) {
    let session = here.somebody("ulla@example.org").await;
    here.somebody("victor@example.org").await;
    // A foreign address answers as a free one does, and what can be looked at is the same.
    let mut seen = Vec::new();
    for email in ["victor@example.org", "nobody.yet@example.org"] {
        here.ask(&session, email).await.unwrap();
        let found = here.changes().find(session.person, here.now).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.email, parsed(email));
        seen.push(found.stage);
        let mails = here.all_mail().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(code_in(&mails[0]).is_some(), email.starts_with("nobody"));
    }
    assert_eq!(seen[0], seen[1]);

    // Who signs up with the address meanwhile has it; the change is over, and its person is told.
    let (old, new) = ("walter@example.org", "walter.new@example.org");
    let session = here.somebody(old).await;
    let due_at = here.begin_change(&session, new).await;
    // The newest mail to it must be the one with the code to sign up.
    here.all_mail().await;
    here.somebody(new).await;
    let then = Installation {
        now: due_at,
        ..here.later(DELAY)
    };
    assert_eq!(then.changes().settle_due(then.now).await.unwrap(), 1);
    assert_eq!(then.told("stays").await, [new, old]);
    let owner = then.people.find(session.person).await.unwrap().unwrap();
    assert_eq!((owner.email, owner.coming), (parsed(old), None));
    let acts = here.acts_on(session.person).await;
    assert!(acts.contains(&(Act::EndAddressChange, "taken".to_owned())));
}

pub(crate) async fn a_code_for_an_address_is_over_after_an_hour_or_with_the_next(
    here: &Installation,
) {
    let session = here.somebody("xenia@example.org").await;
    let (first, second) = ("xenia.one@example.org", "xenia.two@example.org");
    here.ask(&session, first).await.unwrap();
    let before = here.code_for(first).await.unwrap();
    here.ask(&session, second).await.unwrap();
    let code = here.code_for(second).await.unwrap();
    assert_eq!(here.confirm(&session, &before).await, Err("A406"));
    let over = here.later(HOUR);
    assert_eq!(over.confirm(&session, &code).await, Err("A406"));
    let found = over.changes().find(session.person, over.now).await;
    assert!(found.unwrap().is_none());
    over.people.tidy(over.now).await.unwrap();
    assert_eq!(count(&here.database, "email_change").await, 0);
}

pub(crate) async fn a_change_is_ended_by_its_person_the_old_mailbox_and_a_new_password(
    here: &Installation,
) {
    let (old, new) = ("yara@example.org", "yara.new@example.org");
    let session = here.somebody(old).await;
    let none = here.changes().end(&session, here.now).await;
    assert_eq!(none.unwrap_err().code(), "A416");
    here.begin_change(&session, new).await;
    here.all_mail().await;
    // Until it is done, what warns the person goes to both addresses.
    here.log_in(old, PASSWORD, "203.0.113.40").await.unwrap();
    assert_eq!(here.told("a login from a new place").await, [new, old]);
    here.changes().end(&session, here.now).await.unwrap();
    assert_eq!(here.told("stays").await, [new, old]);
    here.log_in(old, PASSWORD, "203.0.114.41").await.unwrap();
    assert_eq!(here.told("a login from a new place").await, [old]);

    // The code of the warning, in either mailbox, freezes and ends it.
    here.begin_change(&session, new).await;
    let code = here.code_for(old).await.unwrap();
    here.people.freeze(&code, here.now).await.unwrap();
    assert_eq!(count(&here.database, "email_change").await, 0);
    here.all_mail().await;
    let much_later = here.later(2 * DELAY);
    let settled = much_later.changes().settle_due(much_later.now).await;
    assert_eq!(settled.unwrap(), 0);
    // A session that was live when the code was looked up cannot begin what the freeze ended.
    let ended = here.confirm(&session, &code).await;
    assert_eq!(ended, Err("A406"));

    let other = here.somebody("zoe@example.org").await;
    here.begin_change(&other, "zoe.new@example.org").await;
    here.recover("zoe@example.org").await;
    assert_eq!(count(&here.database, "email_change").await, 0);

    let third = here.somebody("abel@example.org").await;
    here.begin_change(&third, "abel.new@example.org").await;
    let disabled = here.people.disable("ops", third.person, here.now).await;
    assert!(disabled.unwrap());
    assert_eq!(count(&here.database, "email_change").await, 0);
}
