//! Other sites: what counts once, what leads in, and what stays sealed.

use softcap_database::on_reader;
use softcap_identity::{
    Attempt, AttemptAnswer, BegunAttempt, FRESH, MOST_SIGN_INS, MailLanguage, NEWCOMER_LIFE,
    NewAttempt, OutsideIdentity, OutsideMail, SIGN_IN_LIFE, Session, SignInError, SignInPurpose,
    SignIns,
};

use super::*;

const ISSUER: &str = "https://id.harbour.example";
const OTHER: &str = "https://id.other.example";

impl Installation {
    fn sign_ins(&self) -> SignIns {
        SignIns::new(self.people.clone())
    }

    async fn begin(&self, purpose: SignInPurpose) -> BegunAttempt {
        let new = NewAttempt {
            issuer: ISSUER,
            purpose,
            next: "/portfolio?a=b\nc",
        };
        let begun = self.sign_ins().begin(new, address(HOME), self.now).await;
        begun.unwrap()
    }

    async fn take(
        &self,
        begun: &BegunAttempt,
        issuer: &str,
        browser: Option<&SecretText>,
    ) -> Result<Attempt, SignInError> {
        let answer = AttemptAnswer {
            issuer,
            state: begun.state.reveal(),
            browser,
            source: address(HOME),
        };
        self.sign_ins().take(answer, self.now).await
    }

    async fn log_in_as(&self, identity: &OutsideIdentity) -> Option<LoggedIn> {
        let device = Device::new(address(HOME), "Firefox on a ship");
        let logged_in = self
            .sign_ins()
            .log_in(identity, (&device, None), self.now)
            .await;
        logged_in.unwrap()
    }

    async fn fresh_session(&self, email: &str) -> Session {
        let logged_in = self.log_in(email, PASSWORD, HOME).await.unwrap();
        self.session_of(&logged_in.secret).await
    }

    async fn count(&self, text: &'static str) -> i64 {
        on_reader!(&self.database, |pool| sqlx::query_scalar(text)
            .fetch_one(pool)
            .await)
        .unwrap()
    }
}

fn outside(subject: &str, shown_at: Option<UnixMillis>) -> OutsideIdentity {
    OutsideIdentity::new(ISSUER, subject, shown_at).unwrap()
}

fn code<T>(result: Result<T, SignInError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "")
}

pub(crate) async fn an_answer_counts_once_also_in_parallel(here: &Installation) {
    let begun = here.begin(SignInPurpose::LogIn).await;
    let attempts = (0..8).map(|_| here.take(&begun, ISSUER, Some(&begun.browser)));
    let taken = futures_util::future::join_all(attempts).await;
    let mut codes: Vec<_> = taken.into_iter().map(code).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["", "A562", "A562", "A562", "A562", "A562", "A562", "A562"]
    );

    let begun = here.begin(SignInPurpose::LogIn).await;
    let attempt = here.take(&begun, ISSUER, Some(&begun.browser)).await;
    let attempt = attempt.unwrap();
    assert_eq!(attempt.purpose, SignInPurpose::LogIn);
    assert_eq!(attempt.nonce.reveal(), begun.nonce.reveal());
    assert_eq!(attempt.verifier.reveal(), begun.verifier.reveal());
    assert_eq!(attempt.next, "/portfolio?a=b\nc");
    assert_ne!(begun.nonce.reveal(), begun.verifier.reveal());

    // Each wrong answer uses it up.
    let other = SecretText::random().unwrap();
    for (issuer, browser, expected) in
        [(OTHER, 1, "A565"), (ISSUER, 2, "A563"), (ISSUER, 0, "A563")]
    {
        let begun = here.begin(SignInPurpose::LogIn).await;
        let browser = match browser {
            1 => Some(&begun.browser),
            2 => Some(&other),
            _ => None,
        };
        assert_eq!(code(here.take(&begun, issuer, browser).await), expected);
        let again = here.take(&begun, ISSUER, Some(&begun.browser)).await;
        assert_eq!(code(again), "A562");
    }
    let begun = here.begin(SignInPurpose::LogIn).await;
    let late = here.later(SIGN_IN_LIFE);
    assert_eq!(
        code(late.take(&begun, ISSUER, Some(&begun.browser)).await),
        "A562"
    );
}

pub(crate) async fn issuer_and_subject_lead_in_and_no_address_does(here: &Installation) {
    let (sign_ins, device) = (
        here.sign_ins(),
        Device::new(address(HOME), "Firefox on a ship"),
    );
    let anna = outside("subject-7", Some(here.now.minus(MINUTE)));
    assert!(here.log_in_as(&anna).await.is_none());
    let mail = |email: &str, is_verified| OutsideMail {
        address: parsed(email),
        is_verified,
    };
    // Somebody has the address already.
    here.sign_up("outside.known@example.org").await;
    let known = mail("outside.known@example.org", true);
    let secret = sign_ins.keep_newcomer(&anna, Some(&known), here.now).await;
    let newcomer = sign_ins.newcomer(&secret.unwrap(), here.now).await.unwrap();
    assert!(newcomer.is_mail_known);
    let refused = sign_ins
        .sign_up(
            (&newcomer, MailLanguage::English),
            (&device, None),
            here.now,
        )
        .await;
    assert_eq!(code(refused), "A580");
    assert!(here.log_in_as(&anna).await.is_none());
    // An address that is only said is none.
    let said = mail("outside.said@example.org", false);
    let secret = sign_ins.keep_newcomer(&anna, Some(&said), here.now).await;
    let newcomer = sign_ins.newcomer(&secret.unwrap(), here.now).await.unwrap();
    assert_eq!(newcomer.proved_mail(), None);
    let refused = sign_ins
        .sign_up(
            (&newcomer, MailLanguage::English),
            (&device, None),
            here.now,
        )
        .await;
    assert_eq!(code(refused), "A406");

    let proved = mail("outside.new@example.org", true);
    let secret = sign_ins.keep_newcomer(&anna, Some(&proved), here.now).await;
    let secret = secret.unwrap();
    let newcomer = sign_ins.newcomer(&secret, here.now).await.unwrap();
    let made = sign_ins
        .sign_up(
            (&newcomer, MailLanguage::English),
            (&device, None),
            here.now,
        )
        .await;
    let made = made.unwrap();
    let session = here.session_of(&made.secret).await;
    assert_eq!(session.fresh_at, here.now.minus(MINUTE));
    let again = sign_ins
        .sign_up(
            (&newcomer, MailLanguage::English),
            (&device, None),
            here.now,
        )
        .await;
    assert_eq!(code(again), "A579");
    assert_eq!(code(sign_ins.newcomer(&secret, here.now).await), "A579");
    let unsaid = outside("subject-7", None);
    let logged_in = here.log_in_as(&unsaid).await.unwrap();
    assert_eq!(logged_in.person, made.person);
    let session = here.session_of(&logged_in.secret).await;
    assert_eq!(session.require_fresh(here.now).unwrap_err().code(), "A409");
    // The same name at another issuer is another person, and one from the future is of now.
    let elsewhere = OutsideIdentity::new(OTHER, "subject-7", None).unwrap();
    assert!(here.log_in_as(&elsewhere).await.is_none());
    let ahead = outside("subject-7", Some(here.now.plus(HOUR)));
    let logged_in = here.log_in_as(&ahead).await.unwrap();
    let session = here.session_of(&logged_in.secret).await;
    assert_eq!(session.fresh_at, here.now);
    let list = sign_ins.list(made.person).await.unwrap();
    assert_eq!((list.len(), list[0].identity.subject()), (1, "subject-7"));
    assert_eq!(list[0].used_at, Some(here.now));
    let late = sign_ins
        .keep_newcomer(&elsewhere, None, here.now)
        .await
        .unwrap();
    let over = here.now.plus(NEWCOMER_LIFE);
    assert_eq!(code(sign_ins.newcomer(&late, over).await), "A579");
}

pub(crate) async fn links_come_and_go_with_a_fresh_factor(here: &Installation) {
    let (email, sign_ins) = ("outside.owner@example.org", here.sign_ins());
    here.sign_up(email).await;
    let session = here.fresh_session(email).await;
    here.all_mail().await;
    let late = here.now.plus(FRESH);
    let one = outside("owner-1", None);
    assert_eq!(code(sign_ins.add(&session, &one, late).await), "A409");
    let id = sign_ins.add(&session, &one, here.now).await.unwrap();
    assert_eq!(code(sign_ins.add(&session, &one, here.now).await), "A575");
    let told = here.all_mail().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].body.contains(ISSUER) && !told[0].body.contains("owner-1"));
    for number in 1..MOST_SIGN_INS {
        let more = outside(&format!("more-{number}"), None);
        sign_ins.add(&session, &more, here.now).await.unwrap();
    }
    let more = outside("one-too-many", None);
    assert_eq!(code(sign_ins.add(&session, &more, here.now).await), "A578");
    // A link begun shortly before the session is no more fresh is over with that.
    let almost = here.later(FRESH - MINUTE);
    let new = NewAttempt {
        issuer: ISSUER,
        purpose: SignInPurpose::Add(session.person),
        next: "/",
    };
    let begun = sign_ins
        .begin_in(&session, new, address(HOME), almost.now)
        .await;
    let begun = begun.unwrap();
    let after = here.later(FRESH);
    assert_eq!(
        code(after.take(&begun, ISSUER, Some(&begun.browser)).await),
        "A562"
    );

    assert_eq!(code(sign_ins.remove(&session, id, late).await), "A409");
    sign_ins.remove(&session, id, here.now).await.unwrap();
    assert_eq!(code(sign_ins.remove(&session, id, here.now).await), "A576");
    assert!(here.log_in_as(&one).await.is_none());
    // Nobody removes that of somebody else.
    here.sign_up("outside.eve@example.org").await;
    let eve = here.fresh_session("outside.eve@example.org").await;
    let list = sign_ins.list(session.person).await.unwrap();
    assert_eq!(
        code(sign_ins.remove(&eve, list[0].id, here.now).await),
        "A576"
    );
    assert_eq!(
        sign_ins.list(session.person).await.unwrap().len(),
        list.len()
    );
}

pub(crate) async fn who_is_erased_has_no_link_and_what_is_over_is_swept(here: &Installation) {
    const LINKS: &str =
        "SELECT COUNT(*) FROM sign_in_link WHERE person NOT IN (SELECT id FROM person)";
    const WAITING: &str =
        "SELECT (SELECT COUNT(*) FROM sign_in_attempt) + (SELECT COUNT(*) FROM sign_in_newcomer)";
    here.begin(SignInPurpose::LogIn).await;
    let somebody = outside("nobody-yet", None);
    let kept = here
        .sign_ins()
        .keep_newcomer(&somebody, None, here.now)
        .await;
    kept.unwrap();
    assert!(here.count(WAITING).await >= 2);
    let later = here.now.plus(NEWCOMER_LIFE);
    here.people.tidy(later).await.unwrap();
    assert_eq!(here.count(WAITING).await, 0);
    let resealed = here.people.reseal().await.unwrap();
    assert_eq!((resealed.changed, resealed.left), (0, 0));
    on_writer!(&here.database, |pool| sqlx::query(
        "DELETE FROM person WHERE id IN (SELECT person FROM sign_in_link)"
    )
    .execute(pool)
    .await
    .map(drop))
    .unwrap();
    assert_eq!(here.count(LINKS).await, 0);
    assert_eq!(here.count("SELECT COUNT(*) FROM sign_in_link").await, 0);
}
