//! Verification against real databases: the same scenarios on SQLite and on PostgreSQL, with a clock that is an argument.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario fails by panicking"
)]

mod erasing;
mod four_eyes;
mod life;
mod sealing;
mod uploads;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use softcap_database::{Database, on_writer, temporary::BothDatabases};
use softcap_identity::{
    AdmissionLimit, Approval, AuditFilter, AuditTable, Column, Filling, Keys, People, PersonId,
    PersonKeys, PersonalField, PersonalKey, Role, RoleChange, Roles, RoundGrant, Site, StateKind,
    UnixMillis, UploadSettings, VerificationError, VerificationLevel, VerificationPolicy,
    Verifications, WantedRound,
};

const NOW: UnixMillis = UnixMillis::new(1_800_000_000_000);
const DAY: Duration = Duration::from_hours(24);
const MOST_BYTES: u64 = 300_000;
const MOST_FILES: usize = 4;

/// What everybody says of themself here.
const SAID: [(PersonalField, &str); 4] = [
    (PersonalField::FullName, "Anna Planted-Lindqvist"),
    (PersonalField::BirthDate, "1990-12-31"),
    (PersonalField::Address, "Planted Quay 4, 111 30 Stockholm"),
    (PersonalField::Country, "SE"),
];

/// An organisation with two reviewers.
struct Office {
    database: Database,
    keys: Database,
    folder: PathBuf,
    people: People,
    roles: Roles,
    cases: Verifications,
    rita: PersonId,
    omar: PersonId,
}

impl Office {
    async fn new(database: Database, keys: Database, folder: PathBuf) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        PersonKeys::migrations().run(&keys).await.unwrap();
        let key = PersonalKey::new(&[7; 32]);
        let people = People::open(database.clone(), key, site()).unwrap();
        let roles = Roles::new(people.clone());
        let held = PersonKeys::new(keys.clone(), people.clone());
        let settings = settings(&folder);
        let cases = Verifications::new(people.clone(), roles.clone(), held, settings);
        let (rita, omar) = (person(&database).await, person(&database).await);
        for officer in [rita, omar] {
            let change = RoleChange {
                person: officer,
                role: Role::ComplianceOfficer,
                place: "*".parse().unwrap(),
            };
            roles.give_as_operator("test", change, NOW).await.unwrap();
        }
        Self {
            database,
            keys,
            folder,
            people,
            roles,
            cases,
            rita,
            omar,
        }
    }

    /// Somebody whose case waits for a reviewer.
    async fn submitted(&self) -> PersonId {
        let anna = person(&self.database).await;
        let cases = &self.cases;
        cases
            .begin(anna, VerificationLevel::Identity, NOW)
            .await
            .unwrap();
        cases.fill(anna, filled(), NOW).await.unwrap();
        cases.submit(anna, NOW).await.unwrap();
        anna
    }

    /// Somebody whose case Rita has in review, and its version.
    async fn in_review(&self) -> (PersonId, i64) {
        let anna = self.submitted().await;
        let case = self.cases.take(self.rita, anna, NOW).await.unwrap();
        (anna, case.version)
    }

    async fn state(&self, person: PersonId) -> StateKind {
        self.cases.case(person).await.unwrap().state.kind()
    }

    /// What the audit says was done to a person, in order.
    async fn acts(&self, person: PersonId) -> Vec<String> {
        let table = AuditTable::new(self.database.clone());
        let filter = AuditFilter {
            subject: Some(person.to_string()),
            ..AuditFilter::default()
        };
        let rows = table.search(&filter, 0, 100).await.unwrap();
        let text = |row: softcap_identity::AuditRow| {
            assert!(!row.code.contains("Planted"), "{}", row.code);
            format!("{} {}", row.act, row.code).trim().to_owned()
        };
        rows.into_iter().map(text).collect()
    }

    async fn execute(&self, text: &'static str, binds: &[String]) {
        on_writer!(&self.database, |pool| async {
            let mut query = sqlx::query(text);
            for bind in binds {
                query = query.bind(bind);
            }
            query.execute(pool).await.map(drop)
        }
        .await)
        .unwrap();
    }
}

fn site() -> Site {
    Site {
        name: "Harbour".to_owned(),
        origin: "https://sale.example".to_owned(),
    }
}

fn settings(folder: &Path) -> (VerificationPolicy, UploadSettings) {
    let policy = VerificationPolicy {
        four_eyes_above: 15_000,
        longest: 365 * DAY,
        recheck_after: 180 * DAY,
    };
    let uploads = UploadSettings {
        folder: folder.to_owned(),
        most_bytes: MOST_BYTES,
        most_files: MOST_FILES,
    };
    (policy, uploads)
}

/// Somebody who has signed up.
async fn person(database: &Database) -> PersonId {
    const TEXT: &str = "INSERT INTO person (id, email_tag, email, made_at, needs_level) \
         VALUES ($1, $2, $3, 0, 'two')";
    let id = PersonId::random().unwrap();
    let row = id.to_string();
    let tag = id.to_bytes().to_vec();
    let column = Column {
        table: "person",
        column: "email",
        row: &row,
    };
    let email = PersonalKey::new(&[7; 32]).seal(&column, b"somebody@example.org");
    let email = email.unwrap();
    on_writer!(database, |pool| sqlx::query(TEXT)
        .bind(&row)
        .bind(&tag)
        .bind(email.as_bytes())
        .execute(pool)
        .await
        .map(|_| ()))
    .unwrap();
    id
}

fn early_bird() -> WantedRound {
    WantedRound {
        offering: "harbour".parse().unwrap(),
        round: "early bird".to_owned(),
    }
}

fn filled() -> Filling {
    let values = SAID
        .iter()
        .map(|(field, text)| (*field, (*text).to_owned()));
    Filling {
        level: None,
        values: values.collect(),
        rounds: Some(vec![early_bird()]),
    }
}

/// An approval of the early bird round, up to so many cents.
fn approval(version: i64, cents: u128) -> Approval {
    Approval {
        version,
        until: None,
        grants: vec![RoundGrant {
            round: early_bird(),
            limit: Some(AdmissionLimit {
                units: cents,
                decimals: 2,
            }),
            withdrawal: false,
        }],
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, VerificationError>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_both_databases() {
    let here = BothDatabases::start().unwrap();
    let services = here.open("service").await.unwrap();
    let keys = here.open("keys").await.unwrap();
    for (database, keys) in services.into_iter().zip(keys) {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::new(database, keys, folder.path().join("uploads")).await;
        uploads::a_file_comes_back_as_it_was_and_is_sealed_on_the_disk(&office).await;
        uploads::what_is_not_taken_leaves_nothing(&office).await;
        uploads::no_more_files_than_there_may_be_also_at_the_same_time(&office).await;
        uploads::what_a_stop_left_behind_is_swept(&office).await;
        uploads::v11_3_3_a_changed_cut_or_swapped_file_does_not_open(&office).await;
        uploads::what_was_shown_counts_and_is_seen_by_reviewers_alone(&office).await;
        erasing::who_is_erased_before_a_decision_leaves_nothing(&office).await;
        erasing::what_somebody_decided_by_is_kept_for_its_time(&office).await;
        erasing::who_has_a_role_gives_it_up_first(&office).await;
        erasing::an_old_copy_brings_nobody_back(&office).await;
        life::from_the_first_word_to_the_approval(&office).await;
        life::what_is_missing_is_said_and_nothing_is_skipped(&office).await;
        life::more_is_asked_for_three_times_at_most(&office).await;
        life::who_is_refused_later_loses_what_was_granted(&office).await;
        life::a_claimed_admission_is_taken_back_in_the_record(&office).await;
        life::time_makes_it_due_and_ends_it(&office).await;
        life::nobody_decides_about_themself_or_on_what_they_did_not_read(&office).await;
        life::two_reviewers_at_the_same_time_make_one_decision(&office).await;
        life::what_a_screening_finds_is_for_the_reviewer(&office).await;
        four_eyes::v2_3_5_above_the_limit_two_people_approve(&office).await;
        four_eyes::what_changed_since_it_was_proposed_is_not_approved(&office).await;
        four_eyes::what_is_declined_grants_nothing(&office).await;
        sealing::v11_3_3_swapped_rows_and_flipped_bits_open_nothing(&office).await;
        // Far in the future, after everything else.
        erasing::the_clock_destroys_what_nobody_goes_on_with(&office).await;
        sealing::a_destroyed_key_opens_nothing_again(&office).await;
        sealing::a_new_personal_key_takes_the_place_of_the_old_one(&office).await;
        office.database.close().await;
        office.keys.close().await;
    }
}
