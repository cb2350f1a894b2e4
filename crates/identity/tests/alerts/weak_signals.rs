//! Two weak signals, or a login from a place and with a program that are both new, alert staff; one alone does not.

use softcap_database::temporary::BothDatabases;
use softcap_identity::{
    AlertKind, Device, EmailAddress, LogIn, LoggedIn, Password, PersonId, Role, RoleChange, Roles,
    UnixMillis,
};

use super::{DAY, Installation, MINUTE, NOW, PASSWORD, address};

const HOME: &str = "198.51.100.7";
const FAR: &str = "203.0.113.9";

impl Installation {
    async fn log_in_with(&self, from: &str, agent: &str, now: UnixMillis) -> LoggedIn {
        let email: EmailAddress = "ada@example.org".parse().unwrap();
        let attempt = LogIn {
            email: &email,
            password: &Password::new(PASSWORD.to_owned()).unwrap(),
            device: &Device::new(address(from), agent),
            replaces: None,
        };
        self.people.log_in(&attempt, now).await.unwrap()
    }

    async fn own(&self, person: PersonId) {
        let role = RoleChange {
            person,
            role: Role::Owner,
            place: "*".parse().unwrap(),
        };
        let roles = Roles::new(self.people.clone());
        roles.give_as_operator("test", role, NOW).await.unwrap();
    }

    /// The signals of the alerts of a kind about a subject, each with how often it held.
    async fn signals(&self, kind: AlertKind, subject: &str) -> Vec<(String, i64)> {
        let of_kind = self.of(kind).await.into_iter();
        let ours = of_kind.filter(|alert| alert.subject == subject);
        ours.map(|alert| (alert.signals, alert.times)).collect()
    }

    /// A person who logged in from home with one browser for twenty days.
    async fn ada(&self) -> PersonId {
        let ada = self.sign_up("ada@example.org").await;
        for day in 1..=20 {
            self.log_in_with(HOME, "Firefox/130", NOW.plus(day * DAY))
                .await;
        }
        ada
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_weak_signal_is_no_alert_and_two_are() {
    for database in BothDatabases::start()
        .unwrap()
        .open("weak_signals")
        .await
        .unwrap()
    {
        let here = Installation::new(database.clone()).await;
        let ada = here.ada().await;
        logins(&here, ada).await;
        a_session_that_goes_on_elsewhere(&here, ada).await;
        a_key_that_is_used_elsewhere(&here).await;
        money_that_goes_out_after_a_strange_login(&here, ada).await;
        database.close().await;
    }
}

async fn logins(here: &Installation, ada: PersonId) {
    let (who, now) = (ada.to_string(), NOW.plus(21 * DAY));
    // Another browser at home, and the own one elsewhere: each alone is nothing.
    here.log_in_with(HOME, "Chrome/130", now).await;
    here.log_in_with(FAR, "Firefox/131", now.plus(DAY)).await;
    assert_eq!(here.signals(AlertKind::UnusualLogin, &who).await, []);
    // A third place with a third program is a stranger, whatever the hour.
    here.log_in_with("192.0.2.1", "curl/8", now.plus(3 * DAY))
        .await;
    here.log_in_with("192.0.2.2", "wget/1", now.plus(3 * DAY))
        .await;
    let found = here.signals(AlertKind::UnusualLogin, &who).await;
    assert_eq!(found[0].0, "unlikely_login");
    assert_eq!(found.len(), 1);
}

async fn a_session_that_goes_on_elsewhere(here: &Installation, ada: PersonId) {
    let (who, now) = (ada.to_string(), NOW.plus(30 * DAY));
    let logged_in = here.log_in_with(HOME, "Firefox/131", now).await;
    let follow = async |from: &str, agent: &str, minute: u32| {
        let now = now.plus(minute * MINUTE);
        let session = here.people.session(logged_in.secret.reveal(), now).await;
        let (session, device) = (session.unwrap(), Device::new(address(from), agent));
        let followed = here.people.follow_session(&session, &device, now);
        followed.await.unwrap();
    };
    // An update of the browser, and a network that the person uses: nothing.
    follow(HOME, "Firefox/132", 1).await;
    follow(FAR, "Firefox/132", 2).await;
    follow(HOME, "Firefox/132", 3).await;
    assert_eq!(here.signals(AlertKind::SessionMoved, &who).await, []);
    follow("100.64.0.1", "curl/8", 10).await;
    let found = here.signals(AlertKind::SessionMoved, &who).await;
    // It was back from far away eight minutes ago, so that it goes by turns too.
    let expected = "other_network other_program by_turns".to_owned();
    assert_eq!(found, [(expected, 1)]);
}

async fn a_key_that_is_used_elsewhere(here: &Installation) {
    let keys = here.keys().await;
    let created = here.key(&keys, false, NOW).await;
    let id = created.record.id.to_string();
    let text = created.text.reveal().to_string();
    let call = async |from: &str, agent: &str, now: UnixMillis| {
        let principal = keys.authenticate(&text, address(from), now).unwrap();
        keys.note_origin(&principal, address(from), agent, now);
        keys.write_notes(now).await.unwrap();
    };
    for day in 1..=5 {
        call(HOME, "robot/1", NOW.plus(day * DAY)).await;
    }
    call(FAR, "robot/2", NOW.plus(6 * DAY)).await;
    assert_eq!(here.signals(AlertKind::UnusualKeyUse, &id).await, []);
    call("192.0.2.9", "curl/8", NOW.plus(8 * DAY)).await;
    let found = here.signals(AlertKind::UnusualKeyUse, &id).await;
    assert_eq!(found, [("key_network key_program".to_owned(), 1)]);
}

async fn money_that_goes_out_after_a_strange_login(here: &Installation, ada: PersonId) {
    let (who, now) = (ada.to_string(), NOW.plus(60 * DAY));
    for day in 0..12 {
        let now = now.plus(day * DAY);
        let paid = here.people.note_payment(ada, "EUR", 10_000, now);
        paid.await.unwrap();
    }
    let now = now.plus(20 * DAY);
    let much = here.people.note_payment(ada, "EUR", 100_000, now);
    much.await.unwrap();
    assert_eq!(here.signals(AlertKind::UnusualMoney, &who).await, []);
    here.log_in_with("100.100.0.1", "Opera/9", now.plus(30 * MINUTE))
        .await;
    let more = here
        .people
        .note_payment(ada, "EUR", 2_000_000, now.plus(40 * MINUTE));
    more.await.unwrap();
    let found = here.signals(AlertKind::UnusualMoney, &who).await;
    assert_eq!(found, [("unlikely_login amount".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_ends_is_told_a_week_and_a_day_before_and_once_each() {
    for database in BothDatabases::start()
        .unwrap()
        .open("key_expiry")
        .await
        .unwrap()
    {
        let here = Installation::new(database.clone()).await;
        let keys = here.keys().await;
        let created = here.key(&keys, false, NOW).await;
        let end = created.record.policy.expires_at;
        let before = |span| end.minus(span);
        // Nobody owns the organisation yet: whoever does is told.
        assert_eq!(
            here.people.tell_of_expiry(before(6 * DAY)).await.unwrap(),
            0
        );
        let owner = here.sign_up("olga@example.org").await;
        here.own(owner).await;
        here.mails(NOW).await;
        assert_eq!(
            here.people.tell_of_expiry(before(8 * DAY)).await.unwrap(),
            0
        );
        for (time, told) in [(6 * DAY, 1), (5 * DAY, 0), (DAY / 2, 1), (DAY / 3, 0)] {
            let count = here.people.tell_of_expiry(before(time)).await.unwrap();
            assert_eq!(count, told, "{time:?}");
        }
        let mails = here.mails(before(DAY / 3)).await;
        let ends = |words: &str| mails.iter().filter(|mail| mail.ends_with(words)).count();
        assert_eq!(ends("a key ends within 7 days"), 1);
        assert_eq!(ends("a key ends within a day"), 1);
        // What is alarming for good is raised once, and not each day.
        let raise = |day: u32| {
            let now = NOW.plus(day * DAY);
            here.alerts.raise_once(AlertKind::LogGap, "U102:17", now)
        };
        assert!(raise(0).await.unwrap());
        assert!(!raise(1).await.unwrap());
        assert_eq!(here.of(AlertKind::LogGap).await.len(), 1);
        let uncalled = here.alerts.uncalled(100).await.unwrap();
        let gap = uncalled
            .iter()
            .find(|alert| alert.kind == AlertKind::LogGap);
        let gap = gap.unwrap().id;
        here.alerts.is_called(gap, NOW).await.unwrap();
        let left = here.alerts.uncalled(100).await.unwrap();
        assert!(left.iter().all(|alert| alert.id != gap));
        database.close().await;
    }
}
