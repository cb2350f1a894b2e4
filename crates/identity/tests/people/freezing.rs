//! Being told of what others might have done, and stopping them.

use std::{net::IpAddr, str::FromStr as _};

use softcap_identity::{
    Act, Actor, AddressList, Created, Denied, Environment, FREEZE_CODE_LIFE, KeyError, KeyMaking,
    KeySettings, NewKey, Pepper, Peppers, PersonId, Role, RoleChange, Roles, Ticks,
};

use super::*;

const PEPPER: &str = "p1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const AWAY: &str = "203.0.113.9";

impl Installation {
    /// Somebody who logged in at home, away, and got a code with the mail about it.
    async fn seen_away(&self, email: &str) -> (PersonId, String) {
        self.sign_up(email).await;
        let first = self.log_in(email, PASSWORD, HOME).await.unwrap();
        assert_eq!(self.code_for(email).await, None, "a first login is no news");
        self.log_in(email, PASSWORD, AWAY).await.unwrap();
        (first.person, self.code_for(email).await.unwrap())
    }

    async fn freeze(&self, code: &str) -> Result<(u64, u64), &'static str> {
        let frozen = self.people.freeze(code, self.now).await;
        frozen
            .map(|frozen| (frozen.sessions, frozen.keys))
            .map_err(|error| error.code())
    }

    /// A node's keys.
    async fn keys(&self) -> Keys {
        let pepper = Pepper::from_str(PEPPER).unwrap();
        let peppers = Peppers::new(pepper, Vec::new()).unwrap();
        let settings = KeySettings::standard().unwrap();
        Keys::open(self.database.clone(), peppers, settings, Ticks::by_hand())
            .await
            .unwrap()
    }

    pub(crate) async fn recover(&self, email: &str) {
        self.all_mail().await;
        let source = address("2001:db8:77::1");
        self.people
            .recover(&parsed(email), source, self.now)
            .await
            .unwrap();
        let code = self.code_for(email).await.unwrap();
        let new = password(OTHER_PASSWORD);
        let done = self
            .people
            .confirm_recovery(&code, &new, source, self.now)
            .await;
        done.unwrap();
    }
}

pub(crate) async fn a_login_from_a_new_place_is_told_once(here: &Installation) {
    let email = "pia@example.org";
    here.sign_up(email).await;
    for from in [HOME, HOME] {
        here.log_in(email, PASSWORD, from).await.unwrap();
    }
    assert_eq!(here.all_mail().await.len(), 0);
    for from in ["2001:db8:9::1", "2001:db8:9::2", HOME, "2001:db8:9::1"] {
        here.log_in(email, PASSWORD, from).await.unwrap();
    }
    let told = here.all_mail().await;
    assert_eq!(told.len(), 1, "one network is one place");
    assert_eq!(told[0].recipient, parsed(email));
    assert!(told[0].subject.ends_with("a login from a new place"));
    assert!(told[0].body.contains("2001:db8:9::1"));
    assert!(
        !told[0].body.contains("Firefox"),
        "whoever logs in chooses these words"
    );
    // Who does not know the password tells nobody anything.
    let wrong = here.log_in(email, OTHER_PASSWORD, AWAY).await;
    assert_eq!(wrong.unwrap_err().code(), "A407");
    assert_eq!(here.all_mail().await.len(), 0);
}

/// To be the last: its clock is far ahead.
pub(crate) async fn a_place_that_nobody_came_from_for_90_days_is_new_again(here: &Installation) {
    let email = "quinn@example.org";
    here.sign_up(email).await;
    here.log_in(email, PASSWORD, HOME).await.unwrap();
    let much_later = here.later(91 * 24 * HOUR);
    much_later.people.tidy(much_later.now).await.unwrap();
    much_later.log_in(email, PASSWORD, HOME).await.unwrap();
    let told = much_later.all_mail().await;
    assert_eq!(told.len(), 1, "that they were here before is not forgotten");
}

pub(crate) async fn who_says_it_was_not_them_is_stopped_on_every_node(here: &Installation) {
    let email = "rosa@example.org";
    let (person, code) = here.seen_away(email).await;
    let session = here.log_in(email, PASSWORD, AWAY).await.unwrap();
    let shown = here.people.session(session.secret.reveal(), here.now).await;
    let shown = shown.unwrap();
    here.log_in(email, PASSWORD, "203.0.113.77").await.unwrap();
    let second_code = here.code_for(email).await.unwrap();
    let other_node = people(&here.database);

    assert_eq!(here.freeze("no code").await, Err("A406"));
    assert_eq!(here.freeze(&"A".repeat(43)).await, Err("A406"));
    assert_eq!(here.refusal(&session.secret).await, "");
    assert_eq!(here.freeze(&format!(" {code}\n")).await, Ok((4, 0)));
    for node in [&here.people, &other_node] {
        let dead = node.session(session.secret.reveal(), here.now).await;
        assert_eq!(dead.unwrap_err().code(), "A408");
        let raised = node.step_up(&shown, &password(PASSWORD), here.now).await;
        assert_eq!(raised.unwrap_err().code(), "A408");
    }
    let told = here.all_mail().await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0]
            .subject
            .ends_with("everything in your name was stopped")
    );
    assert_eq!(code_in(&told[0]), None);
    // Used, and the other codes of the person with it.
    assert_eq!(here.freeze(&code).await, Err("A406"));
    assert_eq!(here.freeze(&second_code).await, Err("A406"));
    // Only who knows the password is told that there is a freeze.
    for (secret, expected) in [(PASSWORD, "A414"), (OTHER_PASSWORD, "A407")] {
        let refused = here.log_in(email, secret, HOME).await;
        assert_eq!(refused.unwrap_err().code(), expected);
    }
    let rows = here.audit().await;
    let of_person = rows.iter().filter(|row| row.subject == person.to_string());
    let acts: Vec<_> = of_person.map(|row| (row.act, row.code.as_str())).collect();
    assert!(acts.contains(&(Act::Freeze, "")));
    assert!(acts.contains(&(Act::Deny, "A414")));

    here.recover(email).await;
    here.all_mail().await;
    let back = here.log_in(email, OTHER_PASSWORD, HOME).await.unwrap();
    assert_eq!(here.refusal(&back.secret).await, "");
}

pub(crate) async fn a_freeze_keeps_the_second_factor_and_its_removal_out(here: &Installation) {
    let email = "sara@example.org";
    let (person, code) = here.seen_away(email).await;
    let two = format!("UPDATE person SET needs_level = 'two' WHERE id = '{person}'");
    let begun = format!(
        "INSERT INTO factor_removal (factor, person, asked_at, due_at) VALUES ('f', '{person}', 0, 1)"
    );
    for text in [two, begun] {
        execute(&here.database, text).await;
    }
    assert_eq!(here.freeze(&code).await, Ok((2, 0)));
    here.recover(email).await;
    let back = here.log_in(email, OTHER_PASSWORD, HOME).await.unwrap();
    assert_eq!(back.needs, softcap_identity::Level::Two);
    assert_eq!(count(&here.database, "factor_removal").await, 0);
}

pub(crate) async fn a_code_to_freeze_works_for_thirty_days_and_once_also_in_parallel(
    here: &Installation,
) {
    let (_, code) = here.seen_away("tina@example.org").await;
    let over = here.later(FREEZE_CODE_LIFE);
    assert_eq!(over.freeze(&code).await, Err("A406"));
    let last = here.later(FREEZE_CODE_LIFE - SECOND);
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (people, code, now) = (last.people.clone(), code.clone(), last.now);
            tokio::spawn(async move { people.freeze(&code, now).await.map_err(|e| e.code()) })
        })
        .collect();
    let mut done = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => done += 1,
            Err(code) => assert_eq!(code, "A406"),
        }
    }
    assert_eq!(done, 1);
    last.people.tidy(over.now).await.unwrap();
    let left = format!("freeze_code WHERE expires_at <= {}", over.now.get());
    assert_eq!(count(&here.database, &left).await, 0);
}

pub(crate) async fn no_login_that_is_under_way_survives_a_freeze(here: &Installation) {
    let email = "vera@example.org";
    let (person, code) = here.seen_away(email).await;
    let logins: Vec<_> = (1..=6)
        .map(|number| {
            let here = here.later(Duration::ZERO);
            let from = format!("203.0.113.{number}");
            tokio::spawn(async move { here.log_in(email, PASSWORD, &from).await })
        })
        .collect();
    here.freeze(&code).await.unwrap();
    for login in logins {
        if let Err(error) = login.await.unwrap() {
            assert_eq!(error.code(), "A414");
        }
    }
    assert_eq!(
        here.people.sessions(person, here.now).await.unwrap().len(),
        0
    );
}

pub(crate) async fn a_freeze_revokes_the_keys_that_the_person_made(here: &Installation) {
    let email = "wilma@example.org";
    let (person, code) = here.seen_away(email).await;
    let roles = Roles::new(here.people.clone());
    let owner = RoleChange {
        person,
        role: Role::Owner,
        place: "*".parse().unwrap(),
    };
    roles
        .give_as_operator("test", owner, here.now)
        .await
        .unwrap();
    // That of the role.
    here.all_mail().await;
    let by_person = Actor::Person(roles.standing(person).await.unwrap());
    let operator = Actor::Operator("test".to_owned());
    let keys = here.keys().await;
    let now = UnixMillis::now();
    let warning = here.people.warning_of_key(person, "till").await.unwrap();
    let making = KeyMaking {
        warning: Some(warning),
        form: None,
    };
    let made = keys
        .create_and_tell(&by_person, new_key(), &making, now)
        .await
        .unwrap();
    let told = here.all_mail().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].body.contains("\"till\"") && code_in(&told[0]).is_some());
    let enter = |key: &Created| {
        let home: IpAddr = address(HOME);
        keys.authenticate(&key.text.reveal(), home, now)
    };
    let by_key = Actor::Key(enter(&made).unwrap());
    let minted = keys.create(&by_key, new_key(), now).await.unwrap();
    let other = keys.create(&operator, new_key(), now).await.unwrap();
    let other_node = here.keys().await;
    assert_eq!(here.freeze(&code).await, Ok((2, 2)));
    for node in [&keys, &other_node] {
        node.refresh().await.unwrap();
        let refused = node.authenticate(&made.text.reveal(), address(HOME), now);
        assert_eq!(refused.unwrap_err(), Denied::Revoked);
    }
    assert_eq!(enter(&made).unwrap_err(), Denied::Revoked);
    assert_eq!(enter(&minted).unwrap_err(), Denied::Revoked);
    enter(&other).unwrap();
    // What was let in before the freeze and comes after it makes nothing.
    for actor in [&by_person, &by_key] {
        let refused = keys.create(actor, new_key(), now).await.unwrap_err();
        assert!(matches!(refused, KeyError::MakerStopped), "{refused}");
    }
    let revoked = here.audit().await;
    let revoked = revoked.iter().filter(|row| row.code == "freeze");
    assert_eq!(revoked.count(), 2);
}

fn new_key() -> NewKey {
    NewKey {
        label: "till".to_owned(),
        owner: "organisation".to_owned(),
        environment: Environment::Live,
        scopes: "keys:write:*".parse().unwrap(),
        addresses: AddressList::default(),
        expires_at: None,
        limit: None,
        is_canary: false,
    }
}

async fn execute(database: &Database, text: String) {
    use sqlx::AssertSqlSafe;
    on_writer!(database, |pool| sqlx::query(AssertSqlSafe(text))
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
}

pub(crate) async fn count(database: &Database, table: &str) -> i64 {
    use sqlx::AssertSqlSafe;
    let text = format!("SELECT COUNT(*) FROM {table}");
    on_writer!(database, |pool| sqlx::query_scalar(AssertSqlSafe(text))
        .fetch_one(pool)
        .await)
    .unwrap()
}
