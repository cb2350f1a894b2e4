//! Second factors against real databases: the same scenarios on SQLite and on PostgreSQL, with two nodes on each.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

mod authenticator;
mod codes;
mod passkeys;
mod removal;
mod resets;

use std::{net::IpAddr, time::Duration};

use softcap_database::{Database, on_reader, temporary::BothDatabases};
use softcap_identity::{
    Answered, BegunTotp, Device, EmailAddress, FactorError, Factors, Keys, LogIn, LoggedIn,
    Password, People, PersonError, PersonalKey, SecondFactor, Session, Site, TotpConfirmation,
    UnixMillis,
};
use totp_rs::{Builder, Secret};

use authenticator::Authenticator;

pub(crate) const ORIGIN: &str = "https://sale.example";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
const PASSWORD: &str = "seven grey herons over the weir";

/// Two nodes on one database with one clock that is moved by hand.
pub(crate) struct Installation {
    pub(crate) database: Database,
    pub(crate) people: People,
    pub(crate) factors: Factors,
    pub(crate) other_node: Factors,
    pub(crate) now: UnixMillis,
    signed_up: u32,
}

/// Somebody with a session.
pub(crate) struct Someone {
    pub(crate) email: EmailAddress,
    pub(crate) session: Session,
}

pub(crate) fn device() -> Device {
    let address: IpAddr = "198.51.100.7".parse().unwrap();
    Device::new(address, "a browser")
}

fn password() -> Password {
    Password::new(PASSWORD.to_owned()).unwrap()
}

impl Installation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        let open = || {
            let site = Site {
                name: "Harbour".to_owned(),
                origin: ORIGIN.to_owned(),
            };
            People::open(database.clone(), PersonalKey::new(&[7; 32]), site).unwrap()
        };
        let people = open();
        Self {
            factors: Factors::new(people.clone()),
            other_node: Factors::new(open()),
            people,
            database,
            now: UnixMillis::new(1_800_000_000_000),
            signed_up: 0,
        }
    }

    /// Somebody new, logged in with a password.
    pub(crate) async fn someone(&mut self) -> Someone {
        self.signed_up += 1;
        let email = format!("ada{}@example.org", self.signed_up);
        let email: EmailAddress = email.parse().unwrap();
        self.mails().await;
        let address: IpAddr = format!("203.0.113.{}", self.signed_up).parse().unwrap();
        self.people
            .sign_up(&email, address, self.now)
            .await
            .unwrap();
        let mails = self.mails().await.concat();
        let code = code_in(&mails);
        self.people
            .confirm_sign_up(code, &password(), self.now)
            .await
            .unwrap();
        let session = self.log_in(&email).await;
        Someone { email, session }
    }

    pub(crate) async fn log_in(&self, email: &EmailAddress) -> Session {
        let attempt = LogIn {
            email,
            password: &password(),
            device: &device(),
            replaces: None,
        };
        let logged_in: LoggedIn = self.people.log_in(&attempt, self.now).await.unwrap();
        self.session(logged_in.secret.reveal()).await.unwrap()
    }

    pub(crate) async fn session(&self, secret: &str) -> Result<Session, PersonError> {
        self.people.session(secret, self.now).await
    }

    /// Subjects and texts of the mails that wait, which are sent now.
    pub(crate) async fn mails(&self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(mail) = self.people.claim_mail(self.now).await.unwrap() {
            texts.push(format!("{}\n{}", mail.subject, *mail.body));
            self.people.mail_is_sent(&mail).await.unwrap();
        }
        texts
    }

    pub(crate) fn pass(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }

    /// Shows the password again, with a new session that has shown all that this one has.
    pub(crate) async fn freshen(&self, who: &mut Someone) {
        let secret = self
            .people
            .step_up(&who.session, &password(), self.now)
            .await
            .unwrap();
        who.session = self.session(secret.reveal()).await.unwrap();
    }

    /// Adds an app. The session is a new one.
    pub(crate) async fn add_totp(&mut self, who: &mut Someone) -> BegunTotp {
        let begun = self
            .factors
            .begin_totp(&who.session, self.now)
            .await
            .unwrap();
        let code = code_of(&begun, self.now);
        let shown = TotpConfirmation {
            code: &code,
            present_code: None,
        };
        let secret = self
            .factors
            .confirm_totp(&who.session, shown, self.now)
            .await
            .unwrap();
        who.session = self.session(secret.reveal()).await.unwrap();
        // The code that confirmed it is used; the next one is of the next step.
        self.pass(Duration::from_secs(30));
        begun
    }

    /// Adds a passkey. The session is a new one.
    pub(crate) async fn add_passkey(&mut self, who: &mut Someone, device: &mut Authenticator) {
        let begun = self
            .factors
            .begin_passkey(&who.session, self.now)
            .await
            .unwrap();
        let answered = Answered {
            ceremony: &begun.id,
            credential: device.create(&begun.options),
        };
        let added = self
            .factors
            .add_passkey(&who.session, answered, "phone", self.now);
        let (_, secret) = added.await.unwrap();
        who.session = self.session(secret.reveal()).await.unwrap();
    }

    /// Sets a new password with a code of a mail, to the one it was.
    pub(crate) async fn recover(&self, who: &Someone) {
        let address = device().address;
        self.mails().await;
        self.people
            .recover(&who.email, address, self.now)
            .await
            .unwrap();
        let mails = self.mails().await.concat();
        let code = code_in(&mails);
        self.people
            .confirm_recovery(code, &password(), address, self.now)
            .await
            .unwrap();
    }

    pub(crate) async fn show(&self, session: &Session, code: &str) -> Result<Session, FactorError> {
        let shown = SecondFactor::Totp(code);
        let secret = self.factors.show_code(session, shown, self.now).await?;
        Ok(self.session(secret.reveal()).await?)
    }

    /// The codes of the audit's rows about refusals.
    pub(crate) async fn denials(&self, subject: &str) -> Vec<String> {
        const TEXT: &str = "SELECT code FROM identity_audit \
             WHERE act = 'deny' AND subject = $1 ORDER BY number";
        on_reader!(&self.database, |pool| sqlx::query_scalar(TEXT)
            .bind(subject)
            .fetch_all(pool)
            .await)
        .unwrap()
    }
}

/// The code in one of these mails.
fn code_in(mails: &str) -> &str {
    let mut lines = mails.lines().filter_map(|line| line.strip_prefix("    "));
    lines.next().unwrap()
}

/// The code that an app shows.
pub(crate) fn code_of(app: &BegunTotp, now: UnixMillis) -> String {
    let secret = Secret::try_from_base32(app.secret.as_str()).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    app.generate(u64::try_from(now.get() / 1000).unwrap())
        .to_string()
}

pub(crate) fn code(error: &FactorError) -> String {
    error.to_string().split(':').next().unwrap().to_owned()
}

async fn all_scenarios(database: Database) {
    let mut here = Installation::new(database).await;
    codes::an_app_counts_after_its_first_code(&mut here).await;
    codes::an_app_takes_the_place_of_another_with_a_code_of_both(&mut here).await;
    codes::v6_5_1_of_fifty_equal_codes_one_counts(&mut here).await;
    codes::recovery_codes_are_shown_once_and_count_once(&mut here).await;
    codes::five_wrong_codes_end_a_login(&mut here).await;
    codes::codes_of_a_person_have_a_pace_over_all_sessions(&mut here).await;
    codes::a_hundred_wrong_codes_stop_all_until_the_password_is_changed(&mut here).await;
    passkeys::a_passkey_logs_in_without_an_address(&mut here).await;
    passkeys::each_wrong_answer_is_refused_with_its_code(&mut here).await;
    passkeys::each_wrong_registration_is_refused_with_its_code(&mut here).await;
    passkeys::a_challenge_is_answered_once_and_in_time(&mut here).await;
    passkeys::who_has_a_passkey_is_not_locked_out(&mut here).await;
    removal::the_last_factor_goes_after_72_hours(&mut here).await;
    removal::one_of_several_goes_at_once_unless_the_others_are_young(&mut here).await;
    removal::two_factors_removed_at_once_are_not_both_gone(&mut here).await;
    removal::a_removal_can_be_taken_back(&mut here).await;
    removal::changes_need_a_whole_and_fresh_session(&mut here).await;
    resets::factors_are_set_aside_by_two_people_and_after_a_delay(&mut here).await;
    resets::a_reset_is_stopped_by_its_person_the_organisation_or_a_freeze(&mut here).await;
    v6_5_2_a_dump_has_no_secret_in_the_clear(&mut here).await;
}

/// Every text and blob of the tables of factors, as hexadecimal digits.
async fn dump(database: &Database) -> String {
    let mut whole = String::new();
    for (table, columns) in [
        ("totp", "id secret"),
        ("recovery_code", "tag"),
        ("passkey", "tag credential label"),
        ("ceremony", "state"),
        ("outbox", "recipient message"),
    ] {
        for column in columns.split(' ') {
            let text = format!("SELECT {column} FROM {table}");
            let text = sqlx::AssertSqlSafe(text);
            if column == "id" {
                let found: Vec<String> = on_reader!(database, |pool| sqlx::query_scalar(text)
                    .fetch_all(pool)
                    .await)
                .unwrap();
                whole += &found.concat();
            } else {
                let found: Vec<Vec<u8>> = on_reader!(database, |pool| sqlx::query_scalar(text)
                    .fetch_all(pool)
                    .await)
                .unwrap();
                whole += &hex(&found.concat());
            }
        }
    }
    whole
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn v6_5_2_a_dump_has_no_secret_in_the_clear(here: &mut Installation) {
    let mut ada = here.someone().await;
    let app = here.add_totp(&mut ada).await;
    let mut phone = Authenticator::new(90, ORIGIN);
    here.add_passkey(&mut ada, &mut phone).await;
    let codes = here
        .factors
        .make_recovery_codes(&ada.session, here.now)
        .await
        .unwrap();
    let begun = here
        .factors
        .ask_for_passkey(device().address, here.now)
        .await
        .unwrap();
    let dump = dump(&here.database).await;
    assert!(dump.len() > 10_000);
    let secret = Secret::try_from_base32(app.secret.as_str()).unwrap();
    let mut secrets = vec![
        secret.as_bytes().to_vec(),
        app.secret.as_bytes().to_vec(),
        // The label and the credential id of the passkey, the challenge, the address.
        b"phone".to_vec(),
        vec![90; 20],
        begun.options["challenge"]
            .as_str()
            .unwrap()
            .as_bytes()
            .to_vec(),
        ada.email.as_str().as_bytes().to_vec(),
    ];
    for code in &codes {
        let text = code.reveal();
        secrets.push(text.as_bytes().to_vec());
        secrets.push(text.replace('-', "").into_bytes());
    }
    for secret in secrets {
        assert!(!dump.contains(&hex(&secret)), "{secret:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_both_databases() {
    let databases = BothDatabases::start().unwrap();
    for database in databases.open("factors").await.unwrap() {
        all_scenarios(database.clone()).await;
        database.close().await;
    }
}
