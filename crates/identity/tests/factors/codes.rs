//! Apps and recovery codes, and how often they may be tried.

use softcap_identity::{
    FactorError, Level, MOST_IN_A_LOGIN, MOST_IN_A_ROW, PersonError, RECOVERY_CODES, SecondFactor,
    TotpConfirmation, UnixMillis,
};

use crate::{HOUR, Installation, MINUTE, Someone, code, code_of};

pub(crate) async fn an_app_counts_after_its_first_code(here: &mut Installation) {
    let mut ada = here.someone().await;
    let begun = here
        .factors
        .begin_totp(&ada.session, here.now)
        .await
        .unwrap();
    assert!(
        begun.uri.starts_with("otpauth://totp/Harbour:ada"),
        "{}",
        *begun.uri
    );
    assert!(begun.uri.contains(&format!("secret={}", *begun.secret)));
    assert_eq!(begun.secret.len(), 32);
    // It was only begun: a password is enough, and its codes are none.
    let again = here.log_in(&ada.email).await;
    assert!(again.require_complete().is_ok());
    let right = code_of(&begun, here.now);
    assert_eq!(
        code(&here.show(&ada.session, &right).await.unwrap_err()),
        "A501"
    );

    let wrong = TotpConfirmation {
        code: "000000",
        present_code: None,
    };
    let error = here
        .factors
        .confirm_totp(&ada.session, wrong, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A501");
    let late = here.now.plus(5 * MINUTE);
    let late_code = code_of(&begun, late);
    let shown = TotpConfirmation {
        code: &late_code,
        present_code: None,
    };
    let error = here
        .factors
        .confirm_totp(&ada.session, shown, late)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A504");

    let shown = TotpConfirmation {
        code: &right,
        present_code: None,
    };
    let old = ada.session.clone();
    let secret = here
        .factors
        .confirm_totp(&ada.session, shown, here.now)
        .await
        .unwrap();
    ada.session = here.session(secret.reveal()).await.unwrap();
    assert_eq!(
        (ada.session.level, ada.session.needs),
        (Level::Two, Level::Two)
    );
    assert_eq!(ada.session.id, old.id);
    assert!(
        here.mails()
            .await
            .concat()
            .contains("an authenticator app was added")
    );
    // The session of another device has shown a password alone.
    assert!(here.log_in(&ada.email).await.require_complete().is_err());
    // The code that confirmed it is used up. The next one counts.
    let waiting = here.log_in(&ada.email).await;
    assert_eq!(
        code(&here.show(&waiting, &right).await.unwrap_err()),
        "A501"
    );
    here.pass(MINUTE / 2);
    let whole = here
        .show(&waiting, &code_of(&begun, here.now))
        .await
        .unwrap();
    assert_eq!(whole.level, Level::Two);
    assert!(whole.require_complete().is_ok());
    // One step late still counts, two do not, and none before one that was used.
    here.pass(2 * MINUTE);
    let at = |seconds: i64| UnixMillis::new(here.now.get() + seconds * 1000);
    for (seconds, counts) in [
        (-60, false),
        (60, false),
        (-30, true),
        (-30, false),
        (0, true),
    ] {
        let waiting = here.log_in(&ada.email).await;
        let shown = here.show(&waiting, &code_of(&begun, at(seconds))).await;
        assert_eq!(shown.is_ok(), counts, "{seconds}: {shown:?}");
    }
}

pub(crate) async fn an_app_takes_the_place_of_another_with_a_code_of_both(here: &mut Installation) {
    let mut ada = here.someone().await;
    let old = here.add_totp(&mut ada).await;
    let new = here
        .factors
        .begin_totp(&ada.session, here.now)
        .await
        .unwrap();
    let new_code = code_of(&new, here.now);
    let old_code = code_of(&old, here.now);
    for (present_code, expected) in [(None, "A505"), (Some("000000"), "A501")] {
        let shown = TotpConfirmation {
            code: &new_code,
            present_code,
        };
        let error = here
            .factors
            .confirm_totp(&ada.session, shown, here.now)
            .await
            .unwrap_err();
        assert_eq!(code(&error), expected);
    }
    let shown = TotpConfirmation {
        code: &new_code,
        present_code: Some(&old_code),
    };
    here.factors
        .confirm_totp(&ada.session, shown, here.now)
        .await
        .unwrap();
    here.pass(MINUTE);
    let waiting = here.log_in(&ada.email).await;
    let error = here
        .show(&waiting, &code_of(&old, here.now))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A501");
    assert!(here.show(&waiting, &code_of(&new, here.now)).await.is_ok());
}

/// Shows the same thing fifty times at once, half of them on each node, no more than four times in one session, so that
/// the bound of a session hides nothing. How many counted.
async fn fifty_times(here: &Installation, who: &Someone, shown: SecondFactor<'static>) -> usize {
    let mut sessions = Vec::new();
    for _ in 0..13 {
        sessions.push(here.log_in(&who.email).await);
    }
    let tries: Vec<_> = (0..50)
        .map(|place| {
            let session = sessions[place / 4].clone();
            let node = if place % 2 == 0 {
                &here.factors
            } else {
                &here.other_node
            };
            let (node, now) = (node.clone(), here.now);
            tokio::spawn(async move { node.show_code(&session, shown, now).await })
        })
        .collect();
    let mut counted = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => counted += 1,
            Err(error) => assert!(["A501", "A412"].contains(&&*code(&error)), "{error}"),
        }
    }
    counted
}

pub(crate) async fn v6_5_1_of_fifty_equal_codes_one_counts(here: &mut Installation) {
    let mut ada = here.someone().await;
    let app = here.add_totp(&mut ada).await;
    let recovery = here
        .factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap();
    here.pass(HOUR);
    let text: &'static str = code_of(&app, here.now).leak();
    assert_eq!(fifty_times(here, &ada, SecondFactor::Totp(text)).await, 1);
    here.pass(HOUR);
    let text: &'static str = recovery[3].reveal().to_string().leak();
    assert_eq!(
        fifty_times(here, &ada, SecondFactor::RecoveryCode(text)).await,
        1
    );
    // And once more, later and alone.
    here.pass(HOUR);
    let waiting = here.log_in(&ada.email).await;
    let again = SecondFactor::RecoveryCode(text);
    let error = here
        .factors
        .show_code(&waiting, again, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A501");
    let list = here
        .factors
        .list(ada.session.person, here.now)
        .await
        .unwrap();
    assert_eq!(list.recovery_codes_left, 9);
}

pub(crate) async fn recovery_codes_are_shown_once_and_count_once(here: &mut Installation) {
    let mut ada = here.someone().await;
    let error = here
        .factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A507");
    here.add_totp(&mut ada).await;
    let old = here
        .factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap();
    assert_eq!(old.len(), RECOVERY_CODES);
    let new = here
        .factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap();
    let mut eve = here.someone().await;
    here.add_totp(&mut eve).await;
    here.mails().await;

    // Those before are void, and those of another person are none.
    let waiting = here.log_in(&ada.email).await;
    let of_eve = here.log_in(&eve.email).await;
    for (session, text) in [(&waiting, old[0].reveal()), (&of_eve, new[0].reveal())] {
        let shown = SecondFactor::RecoveryCode(&text);
        let error = here
            .factors
            .show_code(session, shown, here.now)
            .await
            .unwrap_err();
        assert_eq!(code(&error), "A501");
    }
    let text = new[0].reveal().to_lowercase().replace('-', " ");
    let shown = SecondFactor::RecoveryCode(&text);
    let secret = here
        .factors
        .show_code(&waiting, shown, here.now)
        .await
        .unwrap();
    let whole = here.session(secret.reveal()).await.unwrap();
    assert_eq!(whole.level, Level::Two);
    assert!(
        here.mails()
            .await
            .concat()
            .contains("a recovery code was used")
    );
    let list = here
        .factors
        .list(ada.session.person, here.now)
        .await
        .unwrap();
    assert_eq!(list.recovery_codes_left, 9);
}

pub(crate) async fn five_wrong_codes_end_a_login(here: &mut Installation) {
    let mut ada = here.someone().await;
    let app = here.add_totp(&mut ada).await;
    here.mails().await;
    let waiting = here.log_in(&ada.email).await;
    let other = here.log_in(&ada.email).await;
    for _ in 1..MOST_IN_A_LOGIN {
        assert_eq!(
            code(&here.show(&waiting, "000000").await.unwrap_err()),
            "A501"
        );
    }
    assert!(here.mails().await.is_empty());
    assert_eq!(
        code(&here.show(&waiting, "000000").await.unwrap_err()),
        "A502"
    );
    let mail = here.mails().await.concat();
    assert!(
        mail.contains("somebody who knows your password has no code"),
        "{mail}"
    );
    // It is over also for the right code; the other one is not.
    let right = code_of(&app, here.now);
    let error = here.show(&waiting, &right).await.unwrap_err();
    assert_eq!(code(&error), "A502");
    assert!(here.show(&other, &right).await.is_ok());
    let denials = here.denials(&ada.session.person.to_string()).await;
    assert_eq!(denials, ["A501"; 5]);
    // A right code begins the row anew.
    here.pass(HOUR);
    let mut session = here.log_in(&ada.email).await;
    for _ in 0..2 {
        for _ in 1..MOST_IN_A_LOGIN {
            assert_eq!(
                code(&here.show(&session, "000000").await.unwrap_err()),
                "A501"
            );
        }
        session = here.show(&session, &code_of(&app, here.now)).await.unwrap();
        here.pass(10 * MINUTE);
    }
}

pub(crate) async fn codes_of_a_person_have_a_pace_over_all_sessions(here: &mut Installation) {
    let mut ada = here.someone().await;
    let app = here.add_totp(&mut ada).await;
    here.pass(HOUR);
    for _ in 0..10 {
        let session = here.log_in(&ada.email).await;
        assert_eq!(
            code(&here.show(&session, "000000").await.unwrap_err()),
            "A501"
        );
    }
    let session = here.log_in(&ada.email).await;
    let right = code_of(&app, here.now);
    let error = here.show(&session, &right).await.unwrap_err();
    let FactorError::Person(PersonError::Limited { wait }) = error else {
        panic!("{error}");
    };
    assert_eq!(wait, MINUTE);
    here.pass(MINUTE);
    assert!(here.show(&session, &code_of(&app, here.now)).await.is_ok());
}

pub(crate) async fn a_hundred_wrong_codes_stop_all_until_the_password_is_changed(
    here: &mut Installation,
) {
    let mut ada = here.someone().await;
    let app = here.add_totp(&mut ada).await;
    let mut session = here.log_in(&ada.email).await;
    for tried in 0..MOST_IN_A_ROW {
        here.pass(MINUTE);
        if tried % (MOST_IN_A_LOGIN - 1) == 0 {
            session = here.log_in(&ada.email).await;
        }
        assert_eq!(
            code(&here.show(&session, "000000").await.unwrap_err()),
            "A501"
        );
    }
    here.pass(MINUTE);
    let session = here.log_in(&ada.email).await;
    let error = here
        .show(&session, &code_of(&app, here.now))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A503");
    here.recover(&ada).await;
    here.pass(MINUTE);
    let session = here.log_in(&ada.email).await;
    // Setting the password did not set the second factor aside.
    assert!(session.require_complete().is_err());
    assert!(here.show(&session, &code_of(&app, here.now)).await.is_ok());
}
