//! The tables of verification. Every change of a case is made on the version that was read, with its row of the audit and its
//! mail in the same transaction, or not at all.

use softcap_database::{Database, on_reader, on_writer, row};

use super::{
    Admission, Case, DecisionId, PersonalField, PreparedApproval, StateKind, Upload, UploadId,
    UploadKind, VerificationError, WantedRound,
    admission::AdmissionRow,
    case::{CaseRow, StateColumns},
    prepared::END_PROPOSED,
    reason,
};
use crate::{
    Act, PersonError, PersonId, Sealed, UnixMillis,
    audit::note,
    people::{ADD_MAIL, SealedMail},
};

/// Adds an admission of a decision in a transaction that is called `$work`.
macro_rules! admit {
    ($work:ident, $admission:expr, $decision:expr, $now:expr) => {{
        let admission: &$crate::Admission = $admission;
        let grant = &admission.grant;
        let limit = grant.limit;
        let add = sqlx::query(ADMIT);
        let add = add.bind(admission.id.to_string()).bind($decision);
        let add = add.bind(admission.person.to_string());
        let add = add.bind(grant.round.offering.as_str());
        let add = add.bind(&grant.round.round);
        let add = add.bind(limit.map(|limit| limit.units.to_string()));
        let add = add.bind(limit.map_or(0, |limit| i64::from(limit.decimals)));
        let add = add.bind(i64::from(grant.withdrawal));
        let add = add.bind(admission.until.get());
        let add = add.bind(admission.state.as_code()).bind($now.get());
        add.execute(&mut *$work).await?
    }};
}

/// A row of the audit.
pub(super) struct Note {
    pub(super) actor: String,
    pub(super) act: Act,
    pub(super) code: String,
}

/// What changes beside the case.
pub(super) enum Change {
    /// A value of the person.
    Value(PersonalField, Sealed),
    /// The rounds that the person wants to take part in.
    Rounds(Vec<WantedRound>),
    /// A file is kept.
    Upload(Upload),
    /// A file is kept no more.
    DropUpload(UploadId),
    /// What a second person was to approve is over.
    EndProposed,
    /// What is granted.
    Admit(Admission),
    /// What was granted is taken back.
    TakeBack,
    /// What the person is told.
    Tell(SealedMail),
}

row! {
    pub(super) struct ValueRow {
        pub(super) field: String,
        pub(super) sealed: Vec<u8>,
    }
}

row! {
    struct RoundRow {
        offering: String,
        round: String,
    }
}

const FIND: &str = "SELECT person, level, state, version, rounds, officer, reasons, flags, until_at, recheck_at, \
     began_at, changed_at FROM verification WHERE person = $1";
const OF_STATE: &str = "SELECT person, level, state, version, rounds, officer, reasons, flags, until_at, recheck_at, \
     began_at, changed_at FROM verification WHERE ($1 = '' OR state = $1) AND (changed_at, person) > ($2, $3) \
     ORDER BY changed_at, person LIMIT $4";
const DUE: &str = "SELECT person, level, state, version, rounds, officer, reasons, flags, until_at, recheck_at, \
     began_at, changed_at FROM verification WHERE state IN ('approved', 'recheck_due') \
     AND (until_at <= $1 OR recheck_at <= $1) ORDER BY person LIMIT $2";
const ADD: &str = "INSERT INTO verification (person, level, state, version, rounds, officer, reasons, flags, \
     until_at, recheck_at, began_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
     ON CONFLICT (person) DO NOTHING";
const CHANGE: &str = "UPDATE verification SET level = $2, state = $3, version = $4, rounds = $5, officer = $6, \
     reasons = $7, flags = $8, until_at = $9, recheck_at = $10, began_at = $11, changed_at = $12 \
     WHERE person = $1 AND version = $13";
const SET_VALUE: &str = "INSERT INTO verification_value (person, field, sealed) VALUES ($1, $2, $3) \
     ON CONFLICT (person, field) DO UPDATE SET sealed = $3";
const VALUES: &str = "SELECT field, sealed FROM verification_value WHERE person = $1";
const END_ROUNDS: &str = "DELETE FROM verification_round WHERE person = $1";
const ADD_ROUND: &str =
    "INSERT INTO verification_round (person, offering, round) VALUES ($1, $2, $3)";
const ROUNDS: &str = "SELECT offering, round FROM verification_round WHERE person = $1 \
     ORDER BY offering, round";
const ADD_UPLOAD: &str = "INSERT INTO verification_upload (id, person, kind, media, bytes, made_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const DROP_UPLOAD: &str = "DELETE FROM verification_upload WHERE id = $1 AND person = $2";
const KINDS: &str = "SELECT DISTINCT kind FROM verification_upload WHERE person = $1";
const ADMIT: &str = "INSERT INTO verification_admission (id, decision, person, offering, round, limit_units, decimals, \
     withdrawal, until_at, state, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const ADMISSIONS: &str = "SELECT id, person, offering, round, limit_units, decimals, withdrawal, until_at, state, \
     entry, revocation FROM verification_admission WHERE person = $1 ORDER BY made_at, id";
/// What nobody began to enter is over; what may be in the record is taken back there; a permit is not signed again.
const TAKE_BACK: [&str; 3] = [
    "UPDATE verification_admission SET state = 'cancelled' WHERE person = $1 AND state IN ('proposed', 'due')",
    "UPDATE verification_admission SET state = 'revoke_due' WHERE person = $1 AND state IN ('entering', 'entered')",
    "UPDATE verification_admission SET state = 'revoked' WHERE person = $1 AND state = 'permitted'",
];

const DECIDE: &str = "INSERT INTO verification_decision (id, person, version, until_at, recheck_at) \
     VALUES ($1, $2, $3, $4, $5)";
const DECISION: &str =
    "SELECT person, version, until_at, recheck_at FROM verification_decision WHERE id = $1";

row! {
    struct DecisionRow {
        person: String,
        version: i64,
        until_at: i64,
        recheck_at: i64,
    }
}

/// The tables in a database.
#[derive(Debug, Clone)]
pub(super) struct Book {
    database: Database,
}

impl Book {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    pub(super) async fn find(&self, person: PersonId) -> Result<Option<Case>, VerificationError> {
        let row: Option<CaseRow> = on_reader!(&self.database, |pool| sqlx::query_as(FIND)
            .bind(person.to_string())
            .fetch_optional(pool)
            .await)?;
        row.map(CaseRow::read).transpose()
    }

    /// Cases of a state, or all, in the order of their last change, after a place in it.
    pub(super) async fn list(
        &self,
        state: Option<StateKind>,
        (changed, person): (i64, &str),
        most: u32,
    ) -> Result<Vec<Case>, VerificationError> {
        let rows: Vec<CaseRow> = on_reader!(&self.database, |pool| sqlx::query_as(OF_STATE)
            .bind(state.map_or("", StateKind::as_code))
            .bind(changed)
            .bind(person)
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(CaseRow::read).collect()
    }

    /// Cases that time changes.
    pub(super) async fn due(
        &self,
        now: UnixMillis,
        most: u32,
    ) -> Result<Vec<Case>, VerificationError> {
        let rows: Vec<CaseRow> = on_reader!(&self.database, |pool| sqlx::query_as(DUE)
            .bind(now.get())
            .bind(i64::from(most))
            .fetch_all(pool)
            .await)?;
        rows.into_iter().map(CaseRow::read).collect()
    }

    pub(super) async fn values(
        &self,
        person: PersonId,
    ) -> Result<Vec<ValueRow>, VerificationError> {
        let rows: Vec<ValueRow> = on_reader!(&self.database, |pool| sqlx::query_as(VALUES)
            .bind(person.to_string())
            .fetch_all(pool)
            .await)?;
        Ok(rows)
    }

    pub(super) async fn rounds(
        &self,
        person: PersonId,
    ) -> Result<Vec<WantedRound>, VerificationError> {
        let rows: Vec<RoundRow> = on_reader!(&self.database, |pool| sqlx::query_as(ROUNDS)
            .bind(person.to_string())
            .fetch_all(pool)
            .await)?;
        let wanted = |row: RoundRow| {
            let offering = row.offering.parse();
            let offering = offering.map_err(|_| super::case::damaged(row.offering))?;
            Ok(WantedRound {
                offering,
                round: row.round,
            })
        };
        rows.into_iter().map(wanted).collect()
    }

    pub(super) async fn upload_kinds(
        &self,
        person: PersonId,
    ) -> Result<Vec<UploadKind>, VerificationError> {
        let rows: Vec<String> = on_reader!(&self.database, |pool| sqlx::query_scalar(KINDS)
            .bind(person.to_string())
            .fetch_all(pool)
            .await)?;
        let kind = |code: &String| UploadKind::from_code(code);
        Ok(rows.iter().filter_map(kind).collect())
    }

    pub(super) async fn admissions(
        &self,
        person: PersonId,
    ) -> Result<Vec<Admission>, VerificationError> {
        let rows: Vec<AdmissionRow> =
            on_reader!(&self.database, |pool| sqlx::query_as(ADMISSIONS)
                .bind(person.to_string())
                .fetch_all(pool)
                .await)?;
        rows.into_iter().map(AdmissionRow::read).collect()
    }

    /// Writes a case that was read at a version, or a new one, and what changes with it.
    pub(super) async fn write(
        &self,
        read_at: Option<i64>,
        case: &Case,
        (changes, note): (Vec<Change>, Note),
        now: UnixMillis,
    ) -> Result<(), VerificationError> {
        let who = case.person.to_string();
        let columns = StateColumns::of(&case.state);
        let text = read_at.map_or(ADD, |_| CHANGE);
        let is_done = on_writer!(&self.database, |pool| async {
            let mut work = pool.begin().await?;
            let set = sqlx::query(text).bind(&who).bind(case.level.as_code());
            let set = set.bind(case.state.kind().as_code()).bind(case.version);
            let set = set.bind(i64::from(case.rounds)).bind(&columns.officer);
            let set = set.bind(&columns.reasons).bind(reason::stored(&case.flags));
            let set = set.bind(columns.until_at).bind(columns.recheck_at);
            let mut set = set.bind(case.began_at.get()).bind(now.get());
            if let Some(version) = read_at {
                set = set.bind(version);
            }
            if set.execute(&mut *work).await?.rows_affected() != 1 {
                work.rollback().await?;
                return Ok(false);
            }
            for change in &changes {
                match change {
                    Change::Value(field, sealed) => {
                        let set = sqlx::query(SET_VALUE).bind(&who).bind(field.as_code());
                        set.bind(sealed.as_bytes()).execute(&mut *work).await?;
                    }
                    Change::Rounds(rounds) => {
                        sqlx::query(END_ROUNDS)
                            .bind(&who)
                            .execute(&mut *work)
                            .await?;
                        for round in rounds {
                            let add = sqlx::query(ADD_ROUND).bind(&who);
                            let add = add.bind(round.offering.as_str()).bind(&round.round);
                            add.execute(&mut *work).await?;
                        }
                    }
                    Change::Upload(upload) => {
                        let add = sqlx::query(ADD_UPLOAD).bind(upload.id.to_string());
                        let add = add.bind(&who).bind(upload.kind.as_code());
                        let bytes = i64::try_from(upload.bytes).unwrap_or(i64::MAX);
                        let add = add.bind(upload.media.as_code()).bind(bytes);
                        add.bind(now.get()).execute(&mut *work).await?;
                    }
                    Change::DropUpload(id) => {
                        let end = sqlx::query(DROP_UPLOAD).bind(id.to_string());
                        end.bind(&who).execute(&mut *work).await?;
                    }
                    Change::EndProposed => {
                        sqlx::query(END_PROPOSED)
                            .bind(&who)
                            .execute(&mut *work)
                            .await?;
                    }
                    Change::Admit(admission) => {
                        admit!(work, admission, "", now);
                    }
                    Change::TakeBack => {
                        for text in TAKE_BACK {
                            sqlx::query(text).bind(&who).execute(&mut *work).await?;
                        }
                    }
                    Change::Tell(mail) => {
                        let add = sqlx::query(ADD_MAIL).bind(&mail.id);
                        let add = add.bind(&mail.recipient).bind(&mail.message);
                        add.bind(now.get()).execute(&mut *work).await?;
                    }
                }
            }
            note!(work, now, &note.actor, note.act, &who, &note.code);
            work.commit().await?;
            Ok::<_, sqlx::Error>(true)
        }
        .await)?;
        if is_done {
            Ok(())
        } else {
            Err(VerificationError::Changed)
        }
    }

    /// Keeps what one reviewer would approve, for the second one. It has no effect by itself.
    pub(super) async fn prepare(
        &self,
        approval: &PreparedApproval,
        admissions: &[Admission],
        now: UnixMillis,
    ) -> Result<(), VerificationError> {
        let id = approval.decision.to_string();
        on_writer!(&self.database, |pool| async {
            let mut work = pool.begin().await?;
            let decide = sqlx::query(DECIDE).bind(&id);
            let decide = decide.bind(approval.person.to_string());
            let decide = decide.bind(approval.version).bind(approval.until.get());
            let decide = decide.bind(approval.recheck_at.get());
            decide.execute(&mut *work).await?;
            for admission in admissions {
                admit!(work, admission, &id, now);
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}

/// What was prepared under this name.
pub(crate) async fn prepared(
    database: &Database,
    decision: DecisionId,
) -> Result<Option<PreparedApproval>, PersonError> {
    let id = decision.to_string();
    let row: Option<DecisionRow> = on_reader!(database, |pool| sqlx::query_as(DECISION)
        .bind(&id)
        .fetch_optional(pool)
        .await)?;
    let read = |row: DecisionRow| {
        Ok(PreparedApproval {
            decision,
            person: row.person.parse()?,
            version: row.version,
            until: UnixMillis::new(row.until_at),
            recheck_at: UnixMillis::new(row.recheck_at),
        })
    };
    row.map(read).transpose()
}
