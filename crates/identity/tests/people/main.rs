//! People against real databases: the same scenarios on SQLite and on PostgreSQL, with a clock that is an argument.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

mod addresses;
mod freezing;
mod limits;
mod passwords;
mod sessions;
mod sign_ins;
mod signing_up;
mod telling;
mod wallets;

use std::{net::IpAddr, time::Duration};

use softcap_database::{Database, DatabaseUrl, on_writer, temporary::TemporaryPostgres};
use softcap_identity::{
    Asker, Device, EmailAddress, Keys, LogIn, LoggedIn, Mail, MailLanguage, Password, People,
    PersonError, PersonalKey, SecretText, Site, UnixMillis,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const PASSWORD: &str = "tidal lantern ochre mule";
const OTHER_PASSWORD: &str = "seven rusty anchors sing";
const HOME: &str = "198.51.100.7";

/// The people of a database.
struct Installation {
    database: Database,
    people: People,
    now: UnixMillis,
}

impl Installation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        let people = people(&database);
        Self {
            database,
            people,
            now: UnixMillis::new(1_800_000_000_000),
        }
    }

    /// The same installation, later.
    fn later(&self, span: Duration) -> Self {
        Self {
            database: self.database.clone(),
            people: self.people.clone(),
            now: self.now.plus(span),
        }
    }

    /// Somebody who signs up from an address of their own.
    async fn sign_up(&self, email: &str) {
        let source = address(&format!(
            "2001:db8:{:x}::1",
            email.len() * 257 + usize::from(email.as_bytes()[0])
        ));
        self.people
            .sign_up(&parsed(email), source, self.now)
            .await
            .unwrap();
        let code = self.code_for(email).await.unwrap();
        self.people
            .confirm_sign_up(&code, &password(PASSWORD), self.now)
            .await
            .unwrap();
    }

    /// The newest code that was sent to an address; the outbox is empty after it.
    async fn code_for(&self, email: &str) -> Option<String> {
        let mails = self.all_mail().await;
        let mut mails = mails
            .into_iter()
            .filter(|mail| mail.recipient == parsed(email));
        mails.next_back().and_then(|mail| code_in(&mail))
    }

    /// Takes all mail that waits.
    async fn all_mail(&self) -> Vec<Mail> {
        let mut mails = Vec::new();
        while let Some(mail) = self.people.claim_mail(self.now).await.unwrap() {
            self.people.mail_is_sent(&mail).await.unwrap();
            mails.push(mail);
        }
        mails
    }

    async fn log_in(&self, email: &str, secret: &str, from: &str) -> Result<LoggedIn, PersonError> {
        self.log_in_over(email, secret, from, None).await
    }

    async fn log_in_over(
        &self,
        email: &str,
        secret: &str,
        from: &str,
        replaces: Option<&SecretText>,
    ) -> Result<LoggedIn, PersonError> {
        let attempt = LogIn {
            email: &parsed(email),
            password: &password(secret),
            device: &Device::new(address(from), "Firefox on a ship"),
            replaces,
        };
        self.people.log_in(&attempt, self.now).await
    }

    /// The code of the refusal that a session gets, if it is refused.
    async fn refusal(&self, session: &SecretText) -> &'static str {
        let found = self.people.session(session.reveal(), self.now).await;
        found.map_or_else(|error| error.code(), |_| "")
    }
}

/// A node's view of the people in a database.
fn people(database: &Database) -> People {
    let site = Site {
        name: "Harbour Tokens".to_owned(),
        origin: "https://sale.example".to_owned(),
    };
    People::open(database.clone(), PersonalKey::new(&[7; 32]), site).unwrap()
}

fn parsed(email: &str) -> EmailAddress {
    email.parse().unwrap()
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The line of a mail that is the code.
fn code_in(mail: &Mail) -> Option<String> {
    let mut lines = mail
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("    "));
    lines.next().map(str::to_owned)
}

/// All scenarios, one after the other on one database.
async fn all_scenarios(database: Database) {
    let here = Installation::new(database).await;
    signing_up::a_code_works_once_also_in_parallel(&here).await;
    signing_up::a_code_is_over_after_a_day_and_a_refused_password_uses_up_none(&here).await;
    signing_up::whether_somebody_is_known_does_not_show(&here).await;
    signing_up::mails_are_in_the_language_of_their_reader(&here).await;
    signing_up::who_signs_up_may_be_logged_in_at_once(&here).await;
    signing_up::v6_4_3_a_new_password_by_mail_ends_sessions_and_no_second_factor(&here).await;
    signing_up::mail_is_claimed_once_and_tried_again_for_a_day(&here).await;
    sessions::v7_2_4_the_id_changes_at_login_and_step_up(&here).await;
    sessions::v7_3_1_and_v7_3_2_idle_and_absolute_limits_hold(&here).await;
    sessions::v7_5_2_sessions_are_listed_and_ended_on_every_node(&here).await;
    sessions::v7_5_1_what_needs_a_fresh_factor_says_so_after_ten_minutes(&here).await;
    sessions::v7_4_2_who_is_disabled_is_let_in_nowhere(&here).await;
    sessions::what_is_over_is_swept(&here).await;
    passwords::v6_3_7_a_changed_password_is_told_by_mail_and_ends_what_it_should(&here).await;
    passwords::v6_3_8_unknown_and_wrong_are_one_answer(&here).await;
    passwords::v6_3_8_unknown_and_wrong_write_the_same(&here.later(40 * HOUR)).await;
    passwords::who_logs_in_is_written_down(&here).await;
    limits::v6_3_1_strangers_are_slowed_and_the_owner_is_not_locked_out(&here).await;
    limits::v6_3_1_a_source_that_sprays_is_slowed_at_all_accounts(&here).await;
    limits::a_source_of_ipv6_is_its_first_64_bits(&here).await;
    limits::a_clock_that_is_put_back_locks_nobody_out(&here).await;
    limits::guesses_in_a_stolen_session_are_slowed(&here).await;
    limits::mail_is_limited_by_source_and_by_address(&here).await;
    limits::tries_at_the_same_time_are_no_more_than_there_are(&here).await;
    telling::what_is_told_moves_with_its_mails_and_is_told_once(&here.later(90 * HOUR)).await;
    let of_wallets = here.later(100 * HOUR);
    wallets::somebody_signs_up_with_a_wallet_and_logs_in(&of_wallets).await;
    wallets::a_signature_is_good_for_what_it_says_and_once(&of_wallets.later(2 * HOUR)).await;
    wallets::the_other_form_of_a_signature_counts_as_none(&of_wallets.later(3 * HOUR)).await;
    wallets::wallets_come_and_go_with_a_fresh_factor(&of_wallets.later(4 * HOUR)).await;
    let of_sites = here.later(150 * HOUR);
    sign_ins::an_answer_counts_once_also_in_parallel(&of_sites).await;
    sign_ins::issuer_and_subject_lead_in_and_no_address_does(&of_sites.later(HOUR)).await;
    sign_ins::links_come_and_go_with_a_fresh_factor(&of_sites.later(2 * HOUR)).await;
    sign_ins::who_is_erased_has_no_link_and_what_is_over_is_swept(&of_sites.later(3 * HOUR)).await;
    // After what others used up of the limits.
    let later = here.later(200 * HOUR);
    freezing::a_login_from_a_new_place_is_told_once(&later).await;
    freezing::who_says_it_was_not_them_is_stopped_on_every_node(&later).await;
    freezing::a_freeze_keeps_the_second_factor_and_its_removal_out(&later).await;
    freezing::a_code_to_freeze_works_for_thirty_days_and_once_also_in_parallel(&later).await;
    freezing::no_login_that_is_under_way_survives_a_freeze(&later).await;
    freezing::a_freeze_revokes_the_keys_that_the_person_made(&later).await;
    let of_addresses = here.later(300 * HOUR);
    addresses::v7_5_1_an_address_is_changed_by_a_fresh_factor_a_code_and_time(&of_addresses).await;
    // The clock of who logs in does not go back.
    let of_addresses = of_addresses.later(100 * HOUR);
    addresses::whether_an_address_is_taken_is_told_to_its_owner_alone(&of_addresses).await;
    addresses::a_code_for_an_address_is_over_after_an_hour_or_with_the_next(&of_addresses).await;
    addresses::a_change_is_ended_by_its_person_the_old_mailbox_and_a_new_password(&of_addresses)
        .await;
    let last = of_addresses.later(100 * HOUR);
    freezing::a_place_that_nobody_came_from_for_90_days_is_new_again(&last).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let database = Database::open(&url, "service").await.unwrap();
    all_scenarios(database.clone()).await;
    database.close().await;
    v14_2_4_the_file_holds_nothing_in_the_clear(folder.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "service").await.unwrap();
    all_scenarios(database.clone()).await;
    database.close().await;
}

/// Looks for what was planted by the scenarios in every byte of the database.
fn v14_2_4_the_file_holds_nothing_in_the_clear(folder: &std::path::Path) {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path())
            .unwrap()
            .to_ascii_lowercase();
        seen += bytes.len();
        let holds = |text: &str| {
            let text = text.to_ascii_lowercase();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        for planted in [
            PASSWORD,
            OTHER_PASSWORD,
            "@example.org",
            "anna",
            "argon2id",
            "Firefox on a ship",
            HOME,
            "Harbour Tokens",
            "subject-7",
            "owner-1",
        ] {
            assert!(!holds(planted), "{planted}");
        }
        for secret in sessions::PLANTED.lock().unwrap().iter() {
            assert!(!holds(secret), "a secret of a session or a mail");
        }
    }
    assert!(seen > 50_000, "{seen} bytes");
    assert!(sessions::PLANTED.lock().unwrap().len() > 5);
}
