//! Changing a password, guessing one, and what is written down about it.

use softcap_identity::{Act, AuditEntry, PasswordChange};

use super::*;

impl Installation {
    /// The whole audit.
    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        let peppers = softcap_identity::Peppers::new(
            softcap_identity::Pepper::random("p").unwrap(),
            Vec::new(),
        );
        let keys = Keys::open(
            self.database.clone(),
            peppers.unwrap(),
            softcap_identity::KeySettings::standard().unwrap(),
            softcap_identity::Ticks::by_hand(),
        );
        keys.await.unwrap().audit(0, 100_000).await.unwrap()
    }
}

pub(crate) async fn v6_3_7_a_changed_password_is_told_by_mail_and_ends_what_it_should(
    here: &Installation,
) {
    let email = "anna.changes@example.org";
    here.sign_up(email).await;
    let (current, new) = (password(PASSWORD), password(OTHER_PASSWORD));
    let first = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let other = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let session = here
        .people
        .session(first.secret.reveal(), here.now)
        .await
        .unwrap();
    // What was asked for by mail before is of no use after it.
    here.people
        .recover(&parsed(email), address("192.0.2.7"), here.now)
        .await
        .unwrap();
    let code = here.code_for(email).await.unwrap();
    for (current, new, expected) in [
        (&new, &new, "A407"),
        (&current, &password("too short"), "A403"),
        (&current, &password("passwordpassword"), "A404"),
    ] {
        let change = PasswordChange {
            current,
            new,
            end_others: true,
        };
        let refused = here
            .people
            .change_password(&session, &change, here.now)
            .await;
        assert_eq!(refused.unwrap_err().code(), expected);
    }
    assert_eq!(here.refusal(&other.secret).await, "");
    let change = PasswordChange {
        current: &current,
        new: &new,
        end_others: false,
    };
    let second = here
        .people
        .change_password(&session, &change, here.now)
        .await
        .unwrap();
    assert_eq!(here.refusal(&first.secret).await, "A408");
    assert_eq!(here.refusal(&other.secret).await, "");
    let told = here.all_mail().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].recipient, parsed(email));
    assert!(told[0].subject.ends_with("your password was changed"));
    let recovery = here
        .people
        .confirm_recovery(&code, &current, address(HOME), here.now)
        .await;
    assert_eq!(recovery.unwrap_err().code(), "A406");
    assert_eq!(
        here.log_in(email, PASSWORD, HOME).await.unwrap_err().code(),
        "A407"
    );
    let session = here
        .people
        .session(second.reveal(), here.now)
        .await
        .unwrap();
    let change = PasswordChange {
        current: &new,
        new: &current,
        end_others: true,
    };
    let third = here
        .people
        .change_password(&session, &change, here.now)
        .await
        .unwrap();
    assert_eq!(here.refusal(&other.secret).await, "A408");
    assert_eq!(here.refusal(&third).await, "");
}

pub(crate) async fn v6_3_8_unknown_and_wrong_are_one_answer(here: &Installation) {
    let email = "anna.right@example.org";
    here.sign_up(email).await;
    let wrong = here
        .log_in(email, OTHER_PASSWORD, "192.0.2.8")
        .await
        .unwrap_err();
    let unknown = here
        .log_in("nobody@example.org", OTHER_PASSWORD, "192.0.2.8")
        .await;
    assert_eq!(wrong.to_string(), unknown.unwrap_err().to_string());
    // Both cost one hash and one row of the audit, of which neither holds an address.
    let rows = here.audit().await;
    let denied: Vec<_> = rows
        .iter()
        .rev()
        .take_while(|row| row.act == Act::Deny)
        .collect();
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert!(
        denied
            .iter()
            .all(|row| row.code == "A407" && row.times == 1)
    );
    assert_ne!(denied[0].subject, denied[1].subject);
    // The address is the same person however it is written; the password is not.
    assert!(
        here.log_in("ANNA.Right@EXAMPLE.org", PASSWORD, HOME)
            .await
            .is_ok()
    );
    assert!(
        here.log_in(email, &PASSWORD.to_uppercase(), HOME)
            .await
            .is_err()
    );
}

pub(crate) async fn who_logs_in_is_written_down(here: &Installation) {
    let email = "anna.noted@example.org";
    here.sign_up(email).await;
    let logged_in = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let session = here
        .people
        .session(logged_in.secret.reveal(), here.now)
        .await
        .unwrap();
    here.people
        .step_up(&session, &password(PASSWORD), here.now)
        .await
        .unwrap();
    here.people
        .end_session(session.person, session.id, here.now)
        .await
        .unwrap();
    let who = logged_in.person.to_string();
    let rows = here.audit().await;
    let own: Vec<_> = rows.iter().filter(|row| row.subject == who).collect();
    let acts: Vec<_> = own.iter().map(|row| row.act).collect();
    assert_eq!(
        acts,
        [Act::SignUp, Act::LogIn, Act::StepUp, Act::EndSession]
    );
    assert!(own.iter().all(|row| row.actor == format!("person:{who}")));
    assert_eq!(own[1].code, logged_in.id.to_string());
    // A session that another login takes the place of ends too.
    let first = here.log_in(email, PASSWORD, HOME).await.unwrap();
    let again = here
        .log_in_over(email, PASSWORD, HOME, Some(&first.secret))
        .await;
    again.unwrap();
    let rows = here.audit().await;
    let ended = rows.iter().rfind(|row| row.act == Act::EndSession).unwrap();
    assert_eq!((&ended.subject, &ended.code), (&who, &first.id.to_string()));
}

/// Time is not measured: what takes time is counted. One hash each (`People::log_in` compares with the password of nobody),
/// and the same rows of each table, over thirty pairs of tries.
pub(crate) async fn v6_3_8_unknown_and_wrong_write_the_same(here: &Installation) {
    here.sign_up("wanda@example.org").await;
    let mut written = Vec::new();
    for (email, net) in [("wanda@example.org", 77), ("nobody.else@example.org", 78)] {
        let before = rows(here).await;
        for turn in 0..30_u8 {
            let later = here.later(HOUR * u32::from(turn));
            let from = format!("2001:db8:{net}:{turn}::1");
            let refused = later.log_in(email, OTHER_PASSWORD, &from).await;
            assert_eq!(refused.unwrap_err().code(), "A407");
        }
        let after = rows(here).await;
        let more = after
            .iter()
            .zip(before)
            .map(|(after, before)| after - before);
        written.push(more.collect::<Vec<_>>());
    }
    assert_eq!(written[0], written[1]);
    assert_eq!(written[0][..2], [30, 30]);
}

/// How many rows each table has that a login may write.
async fn rows(here: &Installation) -> [i64; 6] {
    let mut counts = [0; 6];
    let tables = [
        "SELECT COUNT(*) FROM identity_audit",
        "SELECT COUNT(*) FROM failed_login",
        "SELECT COUNT(*) FROM allowance",
        "SELECT COUNT(*) FROM outbox",
        "SELECT COUNT(*) FROM session",
        "SELECT COUNT(*) FROM habits WHERE subject <> '-'",
    ];
    for (text, count) in tables.into_iter().zip(&mut counts) {
        *count = on_writer!(&here.database, |pool| sqlx::query_scalar(text)
            .fetch_one(pool)
            .await)
        .unwrap();
    }
    counts
}
