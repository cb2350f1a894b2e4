//! Passkeys, right and wrong.

use serde_json::{Value, json};
use softcap_identity::{
    Answered, Ceremony, FactorError, Level, LoggedIn, MOST_IN_A_LOGIN, PasskeyFault,
};

use crate::{
    HOUR, Installation, MINUTE, ORIGIN, Someone, authenticator::Authenticator, code, device,
};

/// Asks for a passkey and answers with this one.
async fn log_in(here: &Installation, passkey: &mut Authenticator) -> Result<LoggedIn, FactorError> {
    let asked = ask(here).await;
    let credential = passkey.get(&asked.options);
    answer(here, &asked.id, credential).await
}

async fn ask(here: &Installation) -> Ceremony {
    here.factors
        .ask_for_passkey(device().address, here.now)
        .await
        .unwrap()
}

async fn answer(
    here: &Installation,
    ceremony: &str,
    credential: Value,
) -> Result<LoggedIn, FactorError> {
    let answered = Answered {
        ceremony,
        credential,
    };
    // The node that judges is not the one that asked.
    here.other_node
        .log_in(answered, &device(), None, here.now)
        .await
}

pub(crate) async fn a_passkey_logs_in_without_an_address(here: &mut Installation) {
    let mut ada = here.someone().await;
    let mut phone = Authenticator::new(1, ORIGIN);
    here.mails().await;
    here.add_passkey(&mut ada, &mut phone).await;
    assert!(
        here.mails()
            .await
            .concat()
            .contains("the passkey \"phone\" logs you in")
    );
    assert_eq!(
        (ada.session.level, ada.session.needs),
        (Level::Two, Level::Two)
    );
    // From now on the password alone is half a login.
    assert!(here.log_in(&ada.email).await.require_complete().is_err());

    here.pass(MINUTE);
    let logged_in = log_in(here, &mut phone).await.unwrap();
    assert_eq!(
        (logged_in.person, logged_in.level),
        (ada.session.person, Level::Two)
    );
    let session = here.session(logged_in.secret.reveal()).await.unwrap();
    assert!(session.require_complete().is_ok() && session.require_fresh(here.now).is_ok());

    // Several of one person, each by its name.
    let mut key = Authenticator::new(2, ORIGIN);
    here.add_passkey(&mut ada, &mut key).await;
    assert_eq!(
        log_in(here, &mut key).await.unwrap().person,
        ada.session.person
    );
    let list = here
        .factors
        .list(ada.session.person, here.now)
        .await
        .unwrap();
    let labels: Vec<_> = list
        .passkeys
        .iter()
        .map(|view| view.label.as_str())
        .collect();
    assert_eq!(labels, ["phone", "phone"]);
    assert!(
        list.passkeys
            .iter()
            .all(|view| view.used_at == Some(here.now))
    );

    // It completes a session that a password began, and makes an old one fresh.
    let waiting = here.log_in(&ada.email).await;
    let asked = ask(here).await;
    let answered = Answered {
        ceremony: &asked.id,
        credential: key.get(&asked.options),
    };
    let secret = here
        .factors
        .step_up(&waiting, answered, here.now)
        .await
        .unwrap();
    let whole = here.session(secret.reveal()).await.unwrap();
    assert_eq!((whole.id, whole.level), (waiting.id, Level::Two));
}

pub(crate) async fn each_wrong_answer_is_refused_with_its_code(here: &mut Installation) {
    let mut ada = here.someone().await;
    let mut eve = here.someone().await;
    let mut phone = Authenticator::new(3, ORIGIN);
    let mut of_eve = Authenticator::new(4, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    here.add_passkey(&mut eve, &mut of_eve).await;
    let old = ask(here).await.options["challenge"]
        .as_str()
        .unwrap()
        .to_owned();
    here.pass(MINUTE);
    here.mails().await;

    type Change = fn(&mut Authenticator);
    let table: [(Change, PasskeyFault); 6] = [
        (
            |it| it.origin = "https://sale.example.evil.example".to_owned(),
            PasskeyFault::Origin,
        ),
        (
            |it| it.origin = "http://sale.example".to_owned(),
            PasskeyFault::Origin,
        ),
        (
            |it| it.origin = "https://sale.example:8443".to_owned(),
            PasskeyFault::Origin,
        ),
        (|it| it.site = "evil.example".to_owned(), PasskeyFault::Site),
        (|it| it.verifies = false, PasskeyFault::NotVerified),
        (|it| it.counter = 1, PasskeyFault::Counter),
    ];
    for (change, fault) in table {
        let (origin, site, counter) = (phone.origin.clone(), phone.site.clone(), phone.counter);
        change(&mut phone);
        let error = log_in(here, &mut phone).await.unwrap_err();
        assert_eq!(code(&error), fault.code());
        (phone.origin, phone.site, phone.counter) = (origin, site, counter + 1);
        phone.verifies = true;
    }
    phone.challenge = Some(old);
    assert_eq!(code(&log_in(here, &mut phone).await.unwrap_err()), "A523");
    phone.challenge = None;

    let asked = ask(here).await;
    let mut unknown = Authenticator::new(5, ORIGIN).get(&asked.options);
    unknown["response"]["userHandle"] = phone.get(&asked.options)["response"]["userHandle"].clone();
    let error = answer(here, &asked.id, unknown).await.unwrap_err();
    assert_eq!(code(&error), "A526");
    // With the handle of another person, with a signature of another key, and with none of it.
    type Damage = fn(&mut Value, &Value);
    let table: [(Damage, &str); 5] = [
        (
            |it, other| it["response"]["userHandle"] = other["response"]["userHandle"].clone(),
            "A526",
        ),
        (|it, _| it["response"]["userHandle"] = Value::Null, "A526"),
        (
            |it, other| it["response"]["signature"] = other["response"]["signature"].clone(),
            "A527",
        ),
        (
            |it, _| it["response"]["authenticatorData"] = json!("AAAA"),
            "A527",
        ),
        (|it, _| *it = json!({ "id": 7 }), "A527"),
    ];
    for (damage, expected) in table {
        let asked = ask(here).await;
        let mut credential = phone.get(&asked.options);
        let other = of_eve.get(&asked.options);
        damage(&mut credential, &other);
        let error = answer(here, &asked.id, credential).await.unwrap_err();
        assert_eq!(code(&error), expected);
    }
    // It still works, every refusal is written down, and the owner is told of the copy.
    assert!(log_in(here, &mut phone).await.is_ok());
    let denials = here.denials(&ada.session.person.to_string()).await;
    let expected = [
        "A521", "A521", "A521", "A522", "A525", "A524", "A523", "A527", "A527",
    ];
    assert_eq!(denials, expected);
    let mails = here.mails().await;
    let told = mails
        .iter()
        .filter(|mail| mail.contains("there may be a copy of your passkey"));
    assert_eq!(told.count(), 1);

    // The passkey of another person does not make a session fresh.
    let asked = ask(here).await;
    let answered = Answered {
        ceremony: &asked.id,
        credential: of_eve.get(&asked.options),
    };
    let error = here
        .factors
        .step_up(&ada.session, answered, here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A526");
}

async fn register(
    here: &Installation,
    who: &Someone,
    passkey: &mut Authenticator,
    label: &str,
) -> Result<(), FactorError> {
    let asked = here.factors.begin_passkey(&who.session, here.now).await?;
    let answered = Answered {
        ceremony: &asked.id,
        credential: passkey.create(&asked.options),
    };
    here.factors
        .add_passkey(&who.session, answered, label, here.now)
        .await
        .map(drop)
}

pub(crate) async fn each_wrong_registration_is_refused_with_its_code(here: &mut Installation) {
    let ada = here.someone().await;
    type Change = fn(&mut Authenticator);
    let table: [(Change, &str); 4] = [
        (|it| it.origin = "https://evil.example".to_owned(), "A521"),
        (|it| it.site = "evil.example".to_owned(), "A522"),
        (|it| it.challenge = Some("AAAA".to_owned()), "A523"),
        (|it| it.verifies = false, "A525"),
    ];
    for (change, expected) in table {
        let mut phone = Authenticator::new(6, ORIGIN);
        change(&mut phone);
        let error = register(here, &ada, &mut phone, "phone").await.unwrap_err();
        assert_eq!(code(&error), expected);
    }
    let mut phone = Authenticator::new(6, ORIGIN);
    for label in ["", " ", "a\u{7}b", &"x".repeat(101)] {
        let error = register(here, &ada, &mut phone, label).await.unwrap_err();
        assert_eq!(code(&error), "A508");
    }
    assert!(
        here.factors
            .list(ada.session.person, here.now)
            .await
            .unwrap()
            .passkeys
            .is_empty()
    );

    // One device is one passkey, of one person.
    let mut ada = ada;
    here.add_passkey(&mut ada, &mut phone).await;
    let error = register(here, &ada, &mut phone, "again").await.unwrap_err();
    assert_eq!(code(&error), "A528");
    let eve = here.someone().await;
    let error = register(here, &eve, &mut phone, "stolen")
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A528");
    assert!(
        log_in(here, &mut Authenticator::new(6, ORIGIN))
            .await
            .is_err()
    );
}

pub(crate) async fn a_challenge_is_answered_once_and_in_time(here: &mut Installation) {
    let mut ada = here.someone().await;
    let mut phone = Authenticator::new(7, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    // Twice, and at the same time on both nodes.
    let asked = ask(here).await;
    let credential = phone.get(&asked.options);
    assert!(answer(here, &asked.id, credential.clone()).await.is_ok());
    assert_eq!(
        code(&answer(here, &asked.id, credential).await.unwrap_err()),
        "A520"
    );
    let asked = ask(here).await;
    let credential = phone.get(&asked.options);
    let answers = (0..20).map(|_| answer(here, &asked.id, credential.clone()));
    let answers = futures_util::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    // A wrong answer uses it up as well.
    let asked = ask(here).await;
    assert_eq!(
        code(&answer(here, &asked.id, json!({})).await.unwrap_err()),
        "A527"
    );
    let credential = phone.get(&asked.options);
    assert_eq!(
        code(&answer(here, &asked.id, credential).await.unwrap_err()),
        "A520"
    );
    // One that was asked to register does not log in, and one of another person is none of mine.
    let asked = here
        .factors
        .begin_passkey(&ada.session, here.now)
        .await
        .unwrap();
    let eve = here.someone().await;
    let mut of_eve = Authenticator::new(8, ORIGIN);
    let answered = Answered {
        ceremony: &asked.id,
        credential: of_eve.create(&asked.options),
    };
    let error = here
        .factors
        .add_passkey(&eve.session, answered, "x", here.now)
        .await
        .unwrap_err();
    assert_eq!(code(&error), "A520");
    let asked = here
        .factors
        .begin_passkey(&ada.session, here.now)
        .await
        .unwrap();
    let credential = phone.get(&asked.options);
    assert_eq!(
        code(&answer(here, &asked.id, credential).await.unwrap_err()),
        "A520"
    );
    // After five minutes it is over.
    let asked = ask(here).await;
    let credential = phone.get(&asked.options);
    here.pass(5 * MINUTE);
    assert_eq!(
        code(&answer(here, &asked.id, credential).await.unwrap_err()),
        "A520"
    );
    assert_eq!(
        code(&answer(here, "x", json!({})).await.unwrap_err()),
        "A520"
    );
}

pub(crate) async fn who_has_a_passkey_is_not_locked_out(here: &mut Installation) {
    let mut ada = here.someone().await;
    here.add_totp(&mut ada).await;
    let mut phone = Authenticator::new(9, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    // Somebody who knows the password uses up all that may be tried.
    here.pass(HOUR);
    let mut refused = 0;
    while refused < 20 {
        let session = here.log_in(&ada.email).await;
        for _ in 0..MOST_IN_A_LOGIN {
            let error = here.show(&session, "000000").await.unwrap_err();
            refused += u32::from(code(&error) == "A412");
        }
    }
    assert!(log_in(here, &mut phone).await.is_ok());
}
