//! How often something may be tried.

use super::*;

/// Tries until one is refused for being one too many; gives how many were looked at, and how long to wait.
async fn tries_until_limited(here: &Installation, email: &str, from: &str) -> (u32, Duration) {
    for count in 0..1000 {
        match here.log_in(email, OTHER_PASSWORD, from).await {
            Err(PersonError::WrongPassword) => {}
            Err(PersonError::Limited { wait }) => return (count, wait),
            other => assert!(other.is_err(), "{other:?}"),
        }
    }
    (1000, Duration::ZERO)
}

pub(crate) async fn v6_3_1_strangers_are_slowed_and_the_owner_is_not_locked_out(
    here: &Installation,
) {
    let (email, unknown) = ("anna.attacked@example.org", "nobody.attacked@example.org");
    here.sign_up(email).await;
    here.log_in(email, PASSWORD, HOME).await.unwrap();
    // Each stranger's source is another one, and all of them share the account's tries; whether somebody has the
    // address does not show.
    for email in [email, unknown] {
        for count in 0..10 {
            let from = format!("203.0.113.{count}");
            let wrong = here.log_in(email, OTHER_PASSWORD, &from).await.unwrap_err();
            assert_eq!(wrong.code(), "A407", "{email}");
        }
        let (count, wait) = tries_until_limited(here, email, "203.0.113.99").await;
        assert_eq!((count, wait), (0, 5 * MINUTE), "{email}");
    }
    // A stranger with the right password waits too, and the owner does not.
    let right = here
        .log_in(email, PASSWORD, "203.0.113.98")
        .await
        .unwrap_err();
    assert_eq!(right.code(), "A412");
    for _ in 0..20 {
        here.log_in(email, PASSWORD, HOME).await.unwrap();
    }
    assert_eq!(tries_until_limited(here, email, HOME).await, (10, MINUTE));
    let later = here.later(MINUTE);
    assert!(later.log_in(email, PASSWORD, HOME).await.is_ok());
    // Who is nowhere known gets in by a mail.
    let abroad = address("203.0.113.77");
    here.people
        .recover(&parsed(email), abroad, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    here.people
        .confirm_recovery(&code, &password(OTHER_PASSWORD), abroad, here.now)
        .await
        .unwrap();
    assert!(
        here.log_in(email, OTHER_PASSWORD, "203.0.113.77")
            .await
            .is_ok()
    );
    // After five minutes strangers have one more.
    let later = here.later(5 * MINUTE);
    assert_eq!(
        tries_until_limited(&later, unknown, "203.0.113.97").await.0,
        1
    );
}

pub(crate) async fn v6_3_1_a_source_that_sprays_is_slowed_at_all_accounts(here: &Installation) {
    for count in 0..30 {
        let email = format!("sprayed.{count}@example.org");
        let wrong = here
            .log_in(&email, OTHER_PASSWORD, "203.0.113.200")
            .await
            .unwrap_err();
        assert_eq!(wrong.code(), "A407");
    }
    let fresh = "sprayed.last@example.org";
    assert_eq!(
        tries_until_limited(here, fresh, "203.0.113.200").await,
        (0, 20 * SECOND)
    );
    assert_eq!(
        here.log_in(fresh, OTHER_PASSWORD, "203.0.113.201")
            .await
            .unwrap_err()
            .code(),
        "A407"
    );
    // What was beyond the limit is one row of the audit.
    here.people.tidy(here.now).await.unwrap();
    let rows = here.audit().await;
    assert!(
        rows.last()
            .is_some_and(|row| row.code == "A412" && row.times >= 1)
    );
}

pub(crate) async fn a_source_of_ipv6_is_its_first_64_bits(here: &Installation) {
    for count in 0..30 {
        let (email, from) = (
            format!("six.{count}@example.org"),
            format!("2001:db8:6::{count:x}"),
        );
        assert_eq!(
            here.log_in(&email, OTHER_PASSWORD, &from)
                .await
                .unwrap_err()
                .code(),
            "A407"
        );
    }
    for (from, expected) in [
        ("2001:db8:6:0:ffff:ffff:ffff:ffff", "A412"),
        ("2001:db8:6:1::", "A407"),
    ] {
        let wrong = here
            .log_in("six.last@example.org", OTHER_PASSWORD, from)
            .await
            .unwrap_err();
        assert_eq!(wrong.code(), expected, "{from}");
    }
}

pub(crate) async fn a_clock_that_is_put_back_locks_nobody_out(here: &Installation) {
    let (ahead, email) = (here.later(1000 * HOUR), "back@example.org");
    assert_eq!(
        tries_until_limited(&ahead, email, "203.0.113.70").await.0,
        10
    );
    let first = tries_until_limited(here, email, "203.0.113.71").await;
    assert_eq!(first, (0, 5 * MINUTE));
    let later = here.later(5 * MINUTE);
    assert_eq!(
        tries_until_limited(&later, email, "203.0.113.72").await.0,
        1
    );
}

pub(crate) async fn guesses_in_a_stolen_session_are_slowed(here: &Installation) {
    let email = "anna.stolen@example.org";
    here.sign_up(email).await;
    let secret = here.log_in(email, PASSWORD, HOME).await.unwrap().secret;
    let session = here
        .people
        .session(secret.reveal(), here.now)
        .await
        .unwrap();
    let guess = || async {
        let guess = here
            .people
            .step_up(&session, &password(OTHER_PASSWORD), here.now)
            .await;
        guess.unwrap_err()
    };
    for _ in 0..5 {
        assert_eq!(guess().await.code(), "A407");
    }
    let limited = guess().await;
    assert!(
        matches!(limited, PersonError::Limited { wait } if wait == MINUTE),
        "{limited}"
    );
}

pub(crate) async fn mail_is_limited_by_source_and_by_address(here: &Installation) {
    let later = here.later(2 * HOUR);
    let from = address("203.0.113.50");
    let ask = |email: String, from| {
        let (people, now) = (later.people.clone(), later.now);
        async move { people.sign_up(&parsed(&email), from, now).await }
    };
    // An address gets three, and whoever asks is not told that there is no fourth.
    for count in 0..4 {
        ask("often@example.org".to_owned(), from).await.unwrap();
        assert_eq!(
            later.all_mail().await.len(),
            usize::from(count < 3),
            "{count}"
        );
    }
    // A source has ten, to whomever.
    for count in 4..10 {
        ask(format!("often.{count}@example.org"), from)
            .await
            .unwrap();
    }
    assert_eq!(later.all_mail().await.len(), 6);
    let limited = ask("often.last@example.org".to_owned(), from)
        .await
        .unwrap_err();
    assert!(
        matches!(limited, PersonError::Limited { wait } if wait == MINUTE),
        "{limited}"
    );
    assert!(later.all_mail().await.is_empty());
    ask("often.last@example.org".to_owned(), address("203.0.113.51"))
        .await
        .unwrap();
    assert_eq!(later.all_mail().await.len(), 1);
}

pub(crate) async fn tries_at_the_same_time_are_no_more_than_there_are(here: &Installation) {
    let later = here.later(3 * HOUR);
    let from = address("203.0.113.60");
    let asked: Vec<_> = (0..40)
        .map(|count| {
            let (people, now) = (later.people.clone(), later.now);
            tokio::spawn(async move {
                let email = format!("same.time.{count}@example.org");
                people.sign_up(&parsed(&email), from, now).await.is_ok()
            })
        })
        .collect();
    let mut taken = 0;
    for one in asked {
        taken += u32::from(one.await.unwrap());
    }
    assert_eq!(taken, 10);
    assert_eq!(later.all_mail().await.len(), 10);
}
