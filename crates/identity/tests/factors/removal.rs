//! How factors go.

use softcap_identity::{FactorName, Level, REMOVAL_DELAY, Removal, UnixMillis};

use crate::{Installation, MINUTE, ORIGIN, Someone, authenticator::Authenticator, code};

async fn passkey_of(here: &Installation, who: &Someone) -> FactorName {
    let list = here
        .factors
        .list(who.session.person, here.now)
        .await
        .unwrap();
    FactorName::Passkey(list.passkeys[0].id)
}

/// A whole and fresh session of somebody who has this passkey.
async fn fresh(here: &Installation, who: &mut Someone, passkey: &mut Authenticator) {
    let address = crate::device().address;
    let asked = here
        .factors
        .ask_for_passkey(address, here.now)
        .await
        .unwrap();
    let answered = softcap_identity::Answered {
        ceremony: &asked.id,
        credential: passkey.get(&asked.options),
    };
    let logged_in = here
        .factors
        .log_in(answered, &crate::device(), None, here.now)
        .await
        .unwrap();
    who.session = here.session(logged_in.secret.reveal()).await.unwrap();
}

pub(crate) async fn the_last_factor_goes_after_72_hours(here: &mut Installation) {
    let mut ada = here.someone().await;
    here.add_totp(&mut ada).await;
    here.factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap();
    here.mails().await;
    let begun = here
        .factors
        .remove(&ada.session, FactorName::Totp, here.now)
        .await
        .unwrap();
    let due = here.now.plus(REMOVAL_DELAY);
    assert_eq!(begun, Removal::Due(due));
    let mail = here.mails().await.concat();
    assert!(
        mail.contains("your last second factor will be removed"),
        "{mail}"
    );
    let again = here
        .factors
        .remove(&ada.session, FactorName::Totp, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&again), "A530");
    let list = here
        .factors
        .list(ada.session.person, here.now)
        .await
        .unwrap();
    assert_eq!(list.removals, [(FactorName::Totp, due)]);

    // A millisecond before it is still asked for.
    here.now = UnixMillis::new(due.get() - 1);
    assert_eq!(here.factors.settle_due(here.now).await.unwrap(), 0);
    assert!(here.log_in(&ada.email).await.require_complete().is_err());
    here.now = due;
    assert_eq!(here.other_node.settle_due(here.now).await.unwrap(), 1);
    assert_eq!(here.factors.settle_due(here.now).await.unwrap(), 0);
    let session = here.log_in(&ada.email).await;
    assert_eq!((session.level, session.needs), (Level::One, Level::One));
    assert!(session.require_complete().is_ok());
    let list = here
        .factors
        .list(ada.session.person, here.now)
        .await
        .unwrap();
    assert_eq!((list.totp_since, list.recovery_codes_left), (None, 0));
    assert!(list.removals.is_empty());
    assert!(
        here.mails()
            .await
            .concat()
            .contains("a second factor was removed")
    );
    let error = here
        .factors
        .remove(&session, FactorName::Totp, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A506");
}

pub(crate) async fn one_of_several_goes_at_once_unless_the_others_are_young(
    here: &mut Installation,
) {
    // Somebody who stole a session adds a passkey and wants the app away: it takes 72 hours.
    let mut eve = here.someone().await;
    let app = here.add_totp(&mut eve).await;
    let mut phone = Authenticator::new(20, ORIGIN);
    here.add_passkey(&mut eve, &mut phone).await;
    let begun = here
        .factors
        .remove(&eve.session, FactorName::Totp, here.now)
        .await
        .unwrap();
    assert!(matches!(begun, Removal::Due(_)), "{begun:?}");
    here.factors
        .take_back(&eve.session, here.now)
        .await
        .unwrap();
    // When it is as old as the delay, it is one of two.
    here.pass(REMOVAL_DELAY);
    fresh(here, &mut eve, &mut phone).await;
    let done = here
        .factors
        .remove(&eve.session, FactorName::Totp, here.now)
        .await
        .unwrap();
    assert_eq!(done, Removal::Done);
    let waiting = here.log_in(&eve.email).await;
    let error = here
        .show(&waiting, &crate::code_of(&app, here.now))
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A501");
    // The passkey is the last one now.
    let passkey = passkey_of(here, &eve).await;
    let begun = here
        .factors
        .remove(&eve.session, passkey, here.now)
        .await
        .unwrap();
    assert!(matches!(begun, Removal::Due(_)), "{begun:?}");
    // And another person's is none of mine.
    let mut ada = here.someone().await;
    here.add_passkey(&mut ada, &mut Authenticator::new(21, ORIGIN))
        .await;
    let error = here
        .factors
        .remove(&ada.session, passkey, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A506");
}

pub(crate) async fn two_factors_removed_at_once_are_not_both_gone(here: &mut Installation) {
    let mut ada = here.someone().await;
    here.add_totp(&mut ada).await;
    let mut phone = Authenticator::new(22, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    here.pass(REMOVAL_DELAY);
    fresh(here, &mut ada, &mut phone).await;
    let passkey = passkey_of(here, &ada).await;
    let one = here
        .factors
        .remove(&ada.session, FactorName::Totp, here.now);
    let other = here.other_node.remove(&ada.session, passkey, here.now);
    let (one, other) = tokio::join!(one, other);
    let removed = [one.unwrap(), other.unwrap()];
    let at_once = removed.iter().filter(|removal| **removal == Removal::Done);
    assert_eq!(at_once.count(), 1, "{removed:?}");
}

pub(crate) async fn a_removal_can_be_taken_back(here: &mut Installation) {
    let mut ada = here.someone().await;
    let mut phone = Authenticator::new(23, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    let error = here
        .factors
        .take_back(&ada.session, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A531");
    let passkey = passkey_of(here, &ada).await;
    here.factors
        .remove(&ada.session, passkey, here.now)
        .await
        .unwrap();
    here.mails().await;
    // Any whole session will do, also one that is not fresh.
    here.pass(20 * MINUTE);
    here.factors
        .take_back(&ada.session, here.now)
        .await
        .unwrap();
    assert!(
        here.mails()
            .await
            .concat()
            .contains("your second factor stays")
    );
    here.pass(REMOVAL_DELAY);
    here.factors.settle_due(here.now).await.unwrap();
    fresh(here, &mut ada, &mut phone).await;
    assert_eq!(ada.session.needs, Level::Two);
}

pub(crate) async fn changes_need_a_whole_and_fresh_session(here: &mut Installation) {
    let mut ada = here.someone().await;
    here.add_totp(&mut ada).await;
    let half = here.log_in(&ada.email).await;
    here.pass(10 * MINUTE);
    let old = ada.session.clone();
    for (session, expected) in [(half, "A410"), (old, "A409")] {
        let (factors, now) = (&here.factors, here.now);
        let refused = [
            factors.begin_totp(&session, now).await.map(drop),
            factors.make_recovery_codes(&session, now).await.map(drop),
            factors.begin_passkey(&session, now).await.map(drop),
            factors
                .remove(&session, FactorName::Totp, now)
                .await
                .map(drop),
        ];
        for refused in refused {
            assert_eq!(code(&refused.unwrap_err()), expected);
        }
    }
    // With the password shown again it goes.
    here.freshen(&mut ada).await;
    assert!(
        here.factors
            .make_recovery_codes(&ada.session, here.now)
            .await
            .is_ok()
    );
}
