//! What staff is alerted of: each rule, and what is below its threshold, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

mod weak_signals;

use std::{net::IpAddr, str::FromStr as _, time::Duration};

use softcap_database::{Database, on_writer, temporary::BothDatabases};
use softcap_identity::{
    Actor, AddressList, Alert, AlertKind, AlertState, Alerts, Created, Denied, Device,
    EmailAddress, Environment, KeySettings, Keys, LogIn, NewKey, Password, People, Pepper, Peppers,
    PersonId, PersonalKey, Role, RoleChange, Roles, Site, Ticks, UnixMillis, Verdict,
};

const NOW: UnixMillis = UnixMillis::new(1_800_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);
const PASSWORD: &str = "tidal lantern ochre mule";
const PEPPER: &str = "p1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct Installation {
    database: Database,
    people: People,
    alerts: Alerts,
}

impl Installation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        let site = Site {
            name: "Harbour".to_owned(),
            origin: "https://sale.example".to_owned(),
        };
        let key = PersonalKey::new(&[7; 32]);
        let people = People::open(database.clone(), key, site).unwrap();
        let alerts = Alerts::new(people.clone());
        Self {
            database,
            people,
            alerts,
        }
    }

    /// Somebody who signed up, from a network of their own.
    async fn sign_up(&self, email: &str) -> PersonId {
        let source = format!(
            "2001:db8:{:x}::1",
            email.len() * 257 + usize::from(email.as_bytes()[0])
        );
        let people = &self.people;
        let email = email.parse().unwrap();
        let asked = people.sign_up(&email, address(&source), NOW);
        asked.await.unwrap();
        let mut code = String::new();
        while let Some(mail) = people.claim_mail(NOW).await.unwrap() {
            people.mail_is_sent(&mail).await.unwrap();
            let mut lines = mail.body.lines();
            let found = lines.find_map(|line| line.strip_prefix("    "));
            code = found.unwrap_or_default().to_owned();
        }
        let password = Password::new(PASSWORD.to_owned()).unwrap();
        let made = people.confirm_sign_up(&code, &password, NOW);
        made.await.unwrap()
    }

    async fn fail(&self, email: &str, from: &str, now: UnixMillis) {
        let refused = self.log_in(email, "seven rusty anchors sing", from, now);
        assert_eq!(refused.await, Err("A407"));
    }

    async fn log_in(
        &self,
        email: &str,
        password: &str,
        from: &str,
        now: UnixMillis,
    ) -> Result<(), &'static str> {
        let email: EmailAddress = email.parse().unwrap();
        let attempt = LogIn {
            email: &email,
            password: &Password::new(password.to_owned()).unwrap(),
            device: &Device::new(address(from), "test"),
            replaces: None,
        };
        let logged_in = self.people.log_in(&attempt, now).await;
        logged_in.map(drop).map_err(|error| error.code())
    }

    /// The alerts of a kind, open or not.
    async fn of(&self, kind: AlertKind) -> Vec<Alert> {
        let mut all = self.alerts.list(false, 1_000).await.unwrap();
        all.retain(|alert| alert.kind == kind);
        all
    }

    async fn keys(&self) -> Keys {
        let peppers = Peppers::new(Pepper::from_str(PEPPER).unwrap(), Vec::new());
        let settings = KeySettings::standard().unwrap();
        let database = self.database.clone();
        Keys::open(database, peppers.unwrap(), settings, Ticks::by_hand())
            .await
            .unwrap()
    }

    async fn key(&self, keys: &Keys, is_canary: bool, now: UnixMillis) -> Created {
        let new = NewKey {
            label: "backup".to_owned(),
            owner: "organisation".to_owned(),
            environment: Environment::Live,
            scopes: "offerings:read:*".parse().unwrap(),
            addresses: AddressList::default(),
            expires_at: Some(now.plus(200 * DAY)),
            limit: None,
            is_canary,
        };
        let actor = Actor::Operator("test".to_owned());
        keys.create(&actor, new, now).await.unwrap()
    }

    async fn mails(&self, now: UnixMillis) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(mail) = self.people.claim_mail(now).await.unwrap() {
            self.people.mail_is_sent(&mail).await.unwrap();
            found.push(format!("{} {}", mail.recipient.as_str(), mail.subject));
        }
        found.sort();
        found
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_holds_at_its_threshold_and_not_below() {
    for database in BothDatabases::start()
        .unwrap()
        .open("alerts")
        .await
        .unwrap()
    {
        let here = Installation::new(database.clone()).await;
        ten_failed_logins_of_a_person_within_an_hour(&here).await;
        one_source_at_more_than_twenty_accounts(&here).await;
        a_canary_key(&here).await;
        a_frozen_person_and_the_mails_and_the_end_of_an_alert(&here).await;
        database.close().await;
    }
}

async fn ten_failed_logins_of_a_person_within_an_hour(here: &Installation) {
    let anna = here.sign_up("anna@example.org").await;
    here.sign_up("bela@example.org").await;
    for _ in 0..9 {
        here.fail("anna@example.org", "192.0.2.1", NOW).await;
        here.fail("bela@example.org", "192.0.2.2", NOW).await;
        here.fail("nobody@example.org", "192.0.2.3", NOW).await;
    }
    assert_eq!(here.of(AlertKind::LoginsFailed).await, []);
    // The tenth of one of them comes within the hour, that of the other just after it.
    here.fail("anna@example.org", "192.0.2.1", NOW.plus(59 * MINUTE))
        .await;
    here.fail("bela@example.org", "192.0.2.2", NOW.plus(60 * MINUTE))
        .await;
    here.fail("nobody@example.org", "192.0.2.3", NOW.plus(59 * MINUTE))
        .await;
    let raised = here.of(AlertKind::LoginsFailed).await;
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].subject, anna.to_string());
    assert_eq!((raised[0].times, raised[0].state), (1, AlertState::Open));
    // The rule still holds: the same alert counts on, for a day.
    here.fail("anna@example.org", "192.0.2.4", NOW.plus(59 * MINUTE))
        .await;
    let raised = here.of(AlertKind::LoginsFailed).await;
    assert_eq!((raised.len(), raised[0].times), (1, 2));
    // The right password is no failure.
    let owner = here.log_in(
        "anna@example.org",
        PASSWORD,
        "192.0.2.5",
        NOW.plus(61 * MINUTE),
    );
    assert_eq!(owner.await, Ok(()));
    assert_eq!(here.of(AlertKind::LoginsFailed).await, raised);
    assert_eq!(here.of(AlertKind::Spraying).await, []);
    here.people.tidy(NOW.plus(26 * 60 * MINUTE)).await.unwrap();
    const LEFT: &str = "SELECT COUNT(*) FROM failed_login";
    let left: i64 = on_writer!(&here.database, |pool| sqlx::query_scalar(LEFT)
        .fetch_one(pool)
        .await)
    .unwrap();
    assert_eq!(left, 0);
}

async fn one_source_at_more_than_twenty_accounts(here: &Installation) {
    let now = NOW.plus(2 * DAY);
    let account = |number: u32| format!("account{number}@example.org");
    for number in 0..20 {
        here.fail(&account(number), "198.51.100.1", now).await;
    }
    // One account again and again is one account.
    here.fail(&account(0), "198.51.100.1", now).await;
    // Many sources at one account each are not one source.
    here.fail(&account(21), "198.51.100.2", now).await;
    assert_eq!(here.of(AlertKind::Spraying).await, []);
    here.fail(&account(20), "198.51.100.1", now.plus(59 * MINUTE))
        .await;
    let raised = here.of(AlertKind::Spraying).await;
    assert_eq!(raised.len(), 1);
    assert!(!raised[0].subject.contains("198.51") && raised[0].subject.len() == 64);
}

async fn a_canary_key(here: &Installation) {
    let now = UnixMillis::now();
    let keys = here.keys().await;
    let canary = here.key(&keys, true, now).await;
    let plain = here.key(&keys, false, now).await;
    let enter = |text: &str, now| {
        let entered = keys.authenticate(text, address("192.0.2.66"), now);
        entered.map(drop)
    };
    // A guess at its secret is no use of it, and the use of another key neither.
    let mut wrong = canary.text.reveal().to_string();
    let place = wrong.len() - 8;
    let other = if wrong.as_bytes()[place] == b'A' {
        "B"
    } else {
        "A"
    };
    wrong.replace_range(place..=place, other);
    assert!(enter(&wrong, now).is_err());
    enter(&plain.text.reveal(), now).unwrap();
    keys.write_notes(now).await.unwrap();
    assert_eq!(here.of(AlertKind::CanaryUsed).await, []);

    let denied = enter(&canary.text.reveal(), now).unwrap_err();
    assert_eq!(denied, Denied::Unknown);
    assert_eq!(enter(&canary.text.reveal(), now), Err(Denied::Unknown));
    keys.write_notes(now).await.unwrap();
    let raised = here.of(AlertKind::CanaryUsed).await;
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].subject, canary.record.id.to_string());
    assert_eq!(raised[0].times, 1, "at most once a minute");
    // The next day it is another alert; and nobody's not using it ends it.
    let later = now.plus(100 * DAY);
    let ended = keys.end_idle(later).await.unwrap();
    assert_eq!(
        ended.iter().map(|key| key.id).collect::<Vec<_>>(),
        [plain.record.id]
    );
    assert_eq!(enter(&canary.text.reveal(), later), Err(Denied::Unknown));
    keys.write_notes(later).await.unwrap();
    assert_eq!(here.of(AlertKind::CanaryUsed).await.len(), 2);
}

async fn a_frozen_person_and_the_mails_and_the_end_of_an_alert(here: &Installation) {
    let now = NOW.plus(2 * DAY);
    here.mails(now).await;
    // Nobody owns the organisation yet: the mails wait.
    assert_eq!(here.alerts.deliver(now).await.unwrap(), 0);
    let roles = Roles::new(here.people.clone());
    let mut owners = Vec::new();
    for email in ["olga@example.org", "omar@example.org"] {
        let person = here.sign_up(email).await;
        let role = RoleChange {
            person,
            role: Role::Owner,
            place: "*".parse().unwrap(),
        };
        roles.give_as_operator("test", role, now).await.unwrap();
        owners.push(person);
    }
    let other_node = here.alerts.clone();
    let both = tokio::join!(here.alerts.deliver(now), other_node.deliver(now));
    let told = both.0.unwrap() + both.1.unwrap();
    // One of failed logins, one of spraying, one of failures of the site with it, two of the canary, two of owners.
    assert_eq!(told, 7);
    let mails = here.mails(now).await;
    let about = |words: &str| mails.iter().filter(|mail| mail.ends_with(words)).count();
    assert_eq!(about("alert: one source tries many accounts"), 2);
    assert_eq!(about("alert: a canary key was used"), 4);
    assert_eq!(about("alert: the owners changed"), 4);
    assert_eq!(about("alert: logins fail all over the site"), 2);

    let frozen = here.sign_up("fred@example.org").await;
    for from in ["203.0.113.1", "203.0.113.2"] {
        let logged_in = here.log_in("fred@example.org", PASSWORD, from, now);
        assert_eq!(logged_in.await, Ok(()));
    }
    let mail = here.people.claim_mail(now).await.unwrap().unwrap();
    let mut lines = mail.body.lines();
    let code = lines.find_map(|line| line.strip_prefix("    ")).unwrap();
    assert_eq!(here.of(AlertKind::PersonFrozen).await, []);
    here.people.freeze(code, now).await.unwrap();
    let raised = here.of(AlertKind::PersonFrozen).await;
    assert_eq!(raised.len(), 1);
    assert_eq!(raised[0].subject, frozen.to_string());
    assert_eq!(here.alerts.deliver(now).await.unwrap(), 1);
    assert_eq!(here.alerts.deliver(now).await.unwrap(), 0);

    let id = raised[0].id;
    let close = |id| here.alerts.close(owners[0], id, Verdict::Handled, now);
    let closed = close(id).await.unwrap();
    let by = AlertState::Closed {
        by: owners[0],
        at: now,
        verdict: Verdict::Handled,
    };
    assert_eq!(closed.state, by);
    assert_eq!(close(id).await.unwrap_err().code(), "A602");
    let missing = "0f14d0ab96054a62a9e45ed26688389b".parse().unwrap();
    assert_eq!(close(missing).await.unwrap_err().code(), "A601");
    let open = here.alerts.list(true, 1_000).await.unwrap();
    assert!(open.iter().all(|alert| alert.id != id));
    // What holds again on the same day is open again, and no second mail.
    let spraying = here.of(AlertKind::Spraying).await[0].clone();
    close(spraying.id).await.unwrap();
    let again = now.plus(59 * MINUTE);
    here.fail("account30@example.org", "198.51.100.1", again)
        .await;
    let raised = here.of(AlertKind::Spraying).await;
    assert_eq!((raised.len(), raised[0].times), (1, spraying.times + 1));
    assert_eq!(raised[0].state, AlertState::Open);
    assert_eq!(here.alerts.deliver(again).await.unwrap(), 0);
}
