//! How long a session lives, and who ends it.

use std::sync::Mutex;

use softcap_identity::{ABSOLUTE, Act, FRESH, IDLE};

use super::*;

/// Secrets that were given away; none may be found in the database.
pub(crate) static PLANTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn planted(secret: SecretText) -> SecretText {
    PLANTED.lock().unwrap().push(secret.reveal().to_owned());
    secret
}

pub(crate) async fn v7_2_4_the_id_changes_at_login_and_step_up(here: &Installation) {
    let email = "anna.rotates@example.org";
    here.sign_up(email).await;
    let first = planted(here.log_in(email, PASSWORD, HOME).await.unwrap().secret);
    assert_eq!(here.refusal(&first).await, "");
    // Logging in again in the same browser.
    let second = here
        .log_in_over(email, PASSWORD, HOME, Some(&first))
        .await
        .unwrap();
    let (second, id) = (planted(second.secret), second.id);
    assert_ne!(first.reveal(), second.reveal());
    assert_eq!(here.refusal(&first).await, "A408");
    // Showing the password again.
    let later = here.later(5 * MINUTE);
    let session = later
        .people
        .session(second.reveal(), later.now)
        .await
        .unwrap();
    let wrong = later
        .people
        .step_up(&session, &password(OTHER_PASSWORD), later.now)
        .await;
    assert_eq!(wrong.unwrap_err().code(), "A407");
    assert_eq!(later.refusal(&second).await, "");
    let third = later
        .people
        .step_up(&session, &password(PASSWORD), later.now)
        .await;
    let third = planted(third.unwrap());
    assert_eq!(later.refusal(&second).await, "A408");
    let session = later
        .people
        .session(third.reveal(), later.now)
        .await
        .unwrap();
    assert_eq!((session.id, session.fresh_at), (id, later.now));
    // What was read of the session before the step-up is of no use after it.
    let again = later
        .people
        .step_up(&session, &password(PASSWORD), later.now)
        .await
        .unwrap();
    let stale = later
        .people
        .step_up(&session, &password(PASSWORD), later.now)
        .await;
    assert_eq!(stale.unwrap_err().code(), "A408");
    assert_eq!(later.refusal(&planted(again)).await, "");
}

pub(crate) async fn v7_3_1_and_v7_3_2_idle_and_absolute_limits_hold(here: &Installation) {
    let email = "anna.sleeps@example.org";
    here.sign_up(email).await;
    let idle = planted(here.log_in(email, PASSWORD, HOME).await.unwrap().secret);
    assert_eq!(here.later(IDLE).refusal(&idle).await, "A408");
    // A use is written down once a minute at most: one after 59 seconds counts from the beginning.
    assert_eq!(here.later(59 * SECOND).refusal(&idle).await, "");
    assert_eq!(here.later(IDLE).refusal(&idle).await, "A408");
    assert_eq!(here.later(MINUTE).refusal(&idle).await, "");
    assert_eq!(here.later(IDLE).refusal(&idle).await, "");
    assert_eq!(here.later(2 * IDLE).refusal(&idle).await, "A408");
    // Used all the time, it ends after twelve hours.
    let busy = planted(here.log_in(email, PASSWORD, HOME).await.unwrap().secret);
    let mut passed = Duration::ZERO;
    while passed < ABSOLUTE - MINUTE {
        passed += 20 * MINUTE;
        let expected = if passed < ABSOLUTE { "" } else { "A408" };
        assert_eq!(
            here.later(passed).refusal(&busy).await,
            expected,
            "{passed:?}"
        );
    }
    assert_eq!(here.later(ABSOLUTE - SECOND).refusal(&busy).await, "");
    assert_eq!(here.later(ABSOLUTE).refusal(&busy).await, "A408");
}

pub(crate) async fn v7_5_2_sessions_are_listed_and_ended_on_every_node(here: &Installation) {
    let (email, other) = ("anna.lists@example.org", "anna.other@example.org");
    here.sign_up(email).await;
    here.sign_up(other).await;
    let mut own = Vec::new();
    for _ in 0..4 {
        own.push(here.log_in(email, PASSWORD, HOME).await.unwrap());
    }
    let stranger = here.log_in(other, PASSWORD, HOME).await.unwrap();
    let second_node = Installation {
        people: people(&here.database),
        ..here.later(MINUTE)
    };
    let person = own[0].person;
    let listed = second_node
        .people
        .sessions(person, second_node.now)
        .await
        .unwrap();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[0].device, "Firefox on a ship");
    assert_eq!(listed[0].address, HOME);
    assert!(
        own.iter()
            .all(|one| listed.iter().any(|session| session.id == one.id))
    );
    // One ends here, and is dead there at the next request.
    assert_eq!(second_node.refusal(&own[1].secret).await, "");
    here.people
        .end_session(person, own[1].id, here.now)
        .await
        .unwrap();
    assert_eq!(second_node.refusal(&own[1].secret).await, "A408");
    for id in [own[1].id, stranger.id] {
        let missing = here.people.end_session(person, id, here.now).await;
        assert_eq!(missing.unwrap_err().code(), "A411");
    }
    let kept = here
        .people
        .session(own[2].secret.reveal(), here.now)
        .await
        .unwrap();
    assert_eq!(here.people.end_others(&kept, here.now).await.unwrap(), 2);
    for (session, expected) in [
        (&own[0], "A408"),
        (&own[2], ""),
        (&own[3], "A408"),
        (&stranger, ""),
    ] {
        assert_eq!(second_node.refusal(&session.secret).await, expected);
    }
    // Logging out on one node holds on the other.
    here.people.log_out(&kept, here.now).await.unwrap();
    assert_eq!(second_node.refusal(&own[2].secret).await, "A408");
    assert!(
        here.people
            .sessions(person, here.now)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn v7_5_1_what_needs_a_fresh_factor_says_so_after_ten_minutes(
    here: &Installation,
) {
    let email = "anna.fresh@example.org";
    here.sign_up(email).await;
    let secret = here.log_in(email, PASSWORD, HOME).await.unwrap().secret;
    let session = here
        .people
        .session(secret.reveal(), here.now)
        .await
        .unwrap();
    assert!(
        session
            .require_fresh(here.now.plus(FRESH).minus(Duration::from_millis(1)))
            .is_ok()
    );
    let late = here.later(FRESH);
    assert_eq!(session.require_fresh(late.now).unwrap_err().code(), "A409");
    let secret = late
        .people
        .step_up(&session, &password(PASSWORD), late.now)
        .await
        .unwrap();
    let session = late
        .people
        .session(secret.reveal(), late.now)
        .await
        .unwrap();
    assert!(session.require_fresh(late.now).is_ok());
    assert_eq!(session.fresh_until(), late.now.plus(FRESH));
}

pub(crate) async fn v7_4_2_who_is_disabled_is_let_in_nowhere(here: &Installation) {
    let (email, from) = ("anna.disabled@example.org", address("192.0.2.40"));
    here.sign_up(email).await;
    let logged_in = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let (person, secret) = (logged_in.person, logged_in.secret);
    here.people
        .recover(&parsed(email), from, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    let other = people(&here.database);
    assert!(other.disable("eve", person, here.now).await.unwrap());
    assert!(!other.disable("eve", person, here.now).await.unwrap());
    assert_eq!(here.refusal(&secret).await, "A408");
    let refused = |result: Result<LoggedIn, PersonError>| result.unwrap_err().code();
    assert_eq!(refused(here.log_in(email, PASSWORD, HOME).await), "A407");
    // A new password by mail lets nobody in either.
    let new = password(OTHER_PASSWORD);
    here.people
        .confirm_recovery(&code, &new, from, here.now)
        .await
        .unwrap();
    assert_eq!(
        refused(here.log_in(email, OTHER_PASSWORD, HOME).await),
        "A407"
    );
    assert!(other.enable("eve", person, here.now).await.unwrap());
    assert!(!other.enable("eve", person, here.now).await.unwrap());
    assert_eq!(here.refusal(&secret).await, "A408");
    assert!(here.log_in(email, OTHER_PASSWORD, HOME).await.is_ok());
    let rows = here.audit().await;
    let who = person.to_string();
    let acts: Vec<_> = rows
        .iter()
        .filter(|row| row.subject == who && row.actor == "operator:eve")
        .map(|row| row.act)
        .collect();
    assert_eq!(acts, [Act::Disable, Act::Enable]);
}

pub(crate) async fn what_is_over_is_swept(here: &Installation) {
    let email = "anna.swept@example.org";
    here.sign_up(email).await;
    let secret = here.log_in(email, PASSWORD, HOME).await.unwrap().secret;
    here.people.tidy(here.now).await.unwrap();
    assert_eq!(here.refusal(&secret).await, "");
    here.people
        .tidy(here.now.plus(200 * 24 * HOUR))
        .await
        .unwrap();
    for table in [
        "session",
        "mail_token",
        "known_source",
        "allowance",
        "outbox",
    ] {
        let text = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = on_writer!(&here.database, |pool| sqlx::query_scalar(text)
            .fetch_one(pool)
            .await)
        .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
