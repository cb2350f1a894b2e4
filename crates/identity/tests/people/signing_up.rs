//! Codes of mails: for signing up and for a new password.

use softcap_identity::{Act, PersonId, Retry};

use super::*;

pub(crate) async fn a_code_works_once_also_in_parallel(here: &Installation) {
    let (email, from) = ("anna.parallel@example.org", address("192.0.2.1"));
    here.people
        .sign_up(&parsed(email), from, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    sessions::PLANTED.lock().unwrap().push(code.clone());
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (people, code, now) = (here.people.clone(), code.clone(), here.now);
            tokio::spawn(async move {
                let done = people
                    .confirm_sign_up(&code, &password(PASSWORD), now)
                    .await;
                done.map_err(|error| error.code())
            })
        })
        .collect();
    let mut done: Vec<Result<PersonId, &str>> = Vec::new();
    for one in tries {
        done.push(one.await.unwrap());
    }
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    assert!(
        done.iter().all(|one| one.is_ok() || *one == Err("A406")),
        "{done:?}"
    );
    let again = here
        .people
        .confirm_sign_up(&code, &password(PASSWORD), here.now)
        .await;
    assert_eq!(again.unwrap_err().code(), "A406");
    assert!(here.log_in(email, PASSWORD, HOME).await.is_ok());
}

pub(crate) async fn who_signs_up_may_be_logged_in_at_once(here: &Installation) {
    let (email, from) = ("anna.at-once@example.org", address("192.0.2.9"));
    here.sign_up("anna.before@example.org").await;
    let before = here.log_in("anna.before@example.org", PASSWORD, HOME);
    let before = before.await.unwrap().secret;
    here.people
        .sign_up(&parsed(email), from, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    let device = Device::new(address(HOME), "Firefox on a ship");
    let enter = async |text: &'static str| {
        let secret = password(text);
        let browser = (&device, Some(&before));
        here.people
            .sign_up_and_log_in(&code, &secret, browser, here.now)
            .await
    };
    assert_eq!(enter("too short").await.unwrap_err().code(), "A403");
    assert_eq!(here.refusal(&before).await, "", "nothing happened");
    let entered = enter(PASSWORD).await.unwrap();
    assert_eq!(here.refusal(&before).await, "A408", "its place is taken");
    let session = here.people.session(entered.secret.reveal(), here.now);
    let session = session.await.unwrap();
    assert_eq!((session.person, session.id), (entered.person, entered.id));
    assert!(session.require_complete().is_ok() && session.require_fresh(here.now).is_ok());
    // The code is used up, and the audit has both acts.
    assert_eq!(enter(PASSWORD).await.unwrap_err().code(), "A406");
    let who = entered.person.to_string();
    let rows = here.audit().await;
    let own = rows.iter().filter(|row| row.subject == who);
    let own: Vec<_> = own.map(|row| (row.act, row.code.as_str())).collect();
    let id = entered.id.to_string();
    assert_eq!(own, [(Act::SignUp, ""), (Act::LogIn, id.as_str())]);
    // The place is known to be theirs, so that nobody is warned of it later.
    assert!(here.all_mail().await.is_empty());
    here.log_in(email, PASSWORD, HOME).await.unwrap();
    assert!(here.all_mail().await.is_empty());
}

pub(crate) async fn mails_are_in_the_language_of_their_reader(here: &Installation) {
    let email = parsed("anna.german@example.org");
    let ask = |language| Asker {
        source: address("192.0.2.11"),
        language,
    };
    let german = ask(MailLanguage::German);
    here.people.sign_up(&email, german, here.now).await.unwrap();
    let mails = here.all_mail().await;
    assert!(mails[0].subject.ends_with("Bestätigen Sie Ihre Adresse"));
    let code = code_in(&mails[0]).unwrap();
    let secret = password(PASSWORD);
    let made = here.people.confirm_sign_up(&code, &secret, here.now);
    let person = made.await.unwrap();
    let found = here.people.find(person).await.unwrap().unwrap();
    assert_eq!(found.language, MailLanguage::German);
    // A warning is in it, and in another one as soon as that is chosen.
    let entered = here.log_in(email.as_str(), PASSWORD, HOME).await.unwrap();
    let mut secret = entered.secret;
    for (language, from, to, subject) in [
        (
            MailLanguage::German,
            PASSWORD,
            OTHER_PASSWORD,
            "Ihr Passwort wurde geändert",
        ),
        (
            MailLanguage::English,
            OTHER_PASSWORD,
            PASSWORD,
            "your password was changed",
        ),
    ] {
        let session = here
            .people
            .session(secret.reveal(), here.now)
            .await
            .unwrap();
        here.people.set_language(&session, language).await.unwrap();
        let change = softcap_identity::PasswordChange {
            current: &password(from),
            new: &password(to),
            end_others: false,
        };
        secret = here
            .people
            .change_password(&session, &change, here.now)
            .await
            .unwrap();
        let told = here.all_mail().await;
        assert!(told[0].subject.ends_with(subject), "{}", told[0].subject);
    }
    // What somebody asks for without being logged in is in the language in which they ask.
    here.people.recover(&email, german, here.now).await.unwrap();
    let mails = here.all_mail().await;
    assert!(mails[0].subject.ends_with("Setzen Sie ein neues Passwort"));
}

pub(crate) async fn a_code_is_over_after_a_day_and_a_refused_password_uses_up_none(
    here: &Installation,
) {
    let (email, from) = ("anna.late@example.org", address("192.0.2.2"));
    here.people
        .sign_up(&parsed(email), from, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    let day = here.later(24 * HOUR);
    let late = here
        .people
        .confirm_sign_up(&code, &password(PASSWORD), day.now)
        .await;
    assert_eq!(late.unwrap_err().code(), "A406");
    // Neither a code of another purpose nor junk is one, and a password that is refused leaves the code as it is.
    let recovery = here
        .people
        .confirm_recovery(&code, &password(PASSWORD), from, here.now)
        .await;
    assert_eq!(recovery.unwrap_err().code(), "A406");
    let just = here.later(24 * HOUR - SECOND);
    for (code, text, expected) in [
        ("", PASSWORD, "A406"),
        ("junk", PASSWORD, "A406"),
        (code.as_str(), "too short", "A403"),
        (code.as_str(), "passwordpassword", "A404"),
        (code.as_str(), "Anna.Late@example.org", "A405"),
        (code.as_str(), "harbour tokens harbour", "A405"),
        (code.as_str(), PASSWORD, ""),
    ] {
        let done = just
            .people
            .confirm_sign_up(code, &password(text), just.now)
            .await;
        assert_eq!(
            done.map_or_else(|error| error.code(), |_| ""),
            expected,
            "{text}"
        );
    }
}

pub(crate) async fn whether_somebody_is_known_does_not_show(here: &Installation) {
    here.sign_up("anna.known@example.org").await;
    let from = address("192.0.2.3");
    // Whoever is known is told so in the mail, and gets no code to sign up a second time.
    for (email, sign_up, recovery) in [
        ("Anna.Known@Example.org", false, true),
        ("anna.unknown@example.org", true, false),
    ] {
        here.people
            .sign_up(&parsed(email), from, here.now)
            .await
            .unwrap();
        let mails = here.all_mail().await;
        assert_eq!(mails.len(), 1, "{email}");
        assert_eq!(code_in(&mails[0]).is_some(), sign_up, "{email}");
        here.people
            .recover(&parsed(email), from, here.now)
            .await
            .unwrap();
        let mails = here.all_mail().await;
        assert_eq!(mails.len(), 1, "{email}");
        assert_eq!(code_in(&mails[0]).is_some(), recovery, "{email}");
    }
    // Two codes for one address, and the person of the first one is not made again by the second.
    let (email, other) = ("anna.twice@example.org", address("192.0.2.4"));
    here.people
        .sign_up(&parsed(email), other, here.now)
        .await
        .unwrap();
    let first = here.code_for(email).await.unwrap();
    here.people
        .sign_up(&parsed(email), other, here.now)
        .await
        .unwrap();
    let second = here.code_for(email).await.unwrap();
    here.people
        .confirm_sign_up(&first, &password(PASSWORD), here.now)
        .await
        .unwrap();
    let again = here
        .people
        .confirm_sign_up(&second, &password(OTHER_PASSWORD), here.now)
        .await;
    assert_eq!(again.unwrap_err().code(), "A406");
    assert!(here.log_in(email, OTHER_PASSWORD, HOME).await.is_err());
}

pub(crate) async fn v6_4_3_a_new_password_by_mail_ends_sessions_and_no_second_factor(
    here: &Installation,
) {
    let (email, from) = ("anna.forgot@example.org", address("192.0.2.5"));
    here.sign_up(email).await;
    let old = here.log_in(email, PASSWORD, HOME).await.unwrap();
    // As it is once a second factor is there.
    let who = old.person.to_string();
    on_writer!(&here.database, |pool| sqlx::query(
        "UPDATE person SET needs_level = 'two' WHERE id = $1"
    )
    .bind(&who)
    .execute(pool)
    .await
    .map(drop))
    .unwrap();
    here.people
        .recover(&parsed(email), from, here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    let late = here.later(HOUR);
    let done = late
        .people
        .confirm_recovery(&code, &password(OTHER_PASSWORD), from, late.now)
        .await;
    assert_eq!(done.unwrap_err().code(), "A406");
    let in_time = here.later(HOUR - SECOND);
    let other = password(OTHER_PASSWORD);
    let confirm = || {
        in_time
            .people
            .confirm_recovery(&code, &other, from, in_time.now)
    };
    confirm().await.unwrap();
    assert_eq!(confirm().await.unwrap_err().code(), "A406");
    assert_eq!(in_time.refusal(&old.secret).await, "A408");
    let told = in_time.all_mail().await;
    assert!(
        told.iter()
            .any(|mail| mail.subject.ends_with("your password was changed"))
    );
    let elsewhere = "192.0.2.55";
    assert!(in_time.log_in(email, PASSWORD, elsewhere).await.is_err());
    let new = in_time
        .log_in(email, OTHER_PASSWORD, elsewhere)
        .await
        .unwrap();
    let session = in_time
        .people
        .session(new.secret.reveal(), in_time.now)
        .await
        .unwrap();
    assert_eq!(session.require_complete().unwrap_err().code(), "A410");
    let rows = here.audit().await;
    assert!(
        rows.iter()
            .any(|row| row.act == Act::Recover && row.subject == who)
    );
}

pub(crate) async fn mail_is_claimed_once_and_tried_again_for_a_day(here: &Installation) {
    let from = address("192.0.2.6");
    let day = here.later(100 * HOUR);
    day.all_mail().await;
    here.people
        .sign_up(&parsed("anna.mail@example.org"), from, day.now)
        .await
        .unwrap();
    // Another node finds nothing while one has it; when that one was killed, it is found again.
    let other = people(&here.database);
    let mail = day.people.claim_mail(day.now).await.unwrap().unwrap();
    assert!(
        other
            .claim_mail(day.now.plus(119 * SECOND))
            .await
            .unwrap()
            .is_none()
    );
    let again = other
        .claim_mail(day.now.plus(120 * SECOND))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&again.id, &*again.body), (&mail.id, &*mail.body));
    let mut now = day.now.plus(120 * SECOND);
    let mut claimed = again;
    let mut pauses = Vec::new();
    while let Retry::After(pause) = other.mail_is_not_sent(&claimed, now).await.unwrap() {
        pauses.push(pause.as_secs());
        assert!(
            other
                .claim_mail(now.plus(pause).minus(SECOND))
                .await
                .unwrap()
                .is_none()
        );
        now = now.plus(pause);
        claimed = other.claim_mail(now).await.unwrap().unwrap();
    }
    assert_eq!(pauses[..9], [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    assert!(now >= day.now.plus(24 * HOUR) && now < day.now.plus(25 * HOUR));
    assert!(
        other
            .claim_mail(now.plus(100 * HOUR))
            .await
            .unwrap()
            .is_none()
    );
}
