//! The audit: who did what to which key, and who was not let in. Rows are only added; the tables refuse
//! anything else. No secret and no address stands in it, so that it can be kept when a person's data are
//! erased.

use softcap_database::{Database, DatabaseError, on_reader, row};

use crate::UnixMillis;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A key was made.
    Create,
    /// A key was replaced by another; `code` is the id of the new one.
    Rotate,
    /// A key was revoked.
    Revoke,
    /// A request was refused; `code` is [`crate::Denied::code`], `times` how often since the row before.
    Deny,
    /// A key ended because nobody had used it for long.
    EndIdle,
    /// A person was given a role; `code` is the role and where.
    GiveRole,
    /// A person lost a role; `code` is the role and where.
    TakeRole,
    /// A person proposed what another must approve; `code` is what.
    Propose,
    /// A second person approved a proposal; `code` is what it was about.
    Approve,
    /// A proposal was declined or taken back; `code` is what it was about.
    Decline,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Create,
        Self::Rotate,
        Self::Revoke,
        Self::Deny,
        Self::EndIdle,
        Self::GiveRole,
        Self::TakeRole,
        Self::Propose,
        Self::Approve,
        Self::Decline,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Rotate => "rotate",
            Self::Revoke => "revoke",
            Self::Deny => "deny",
            Self::EndIdle => "end_idle",
            Self::GiveRole => "give_role",
            Self::TakeRole => "take_role",
            Self::Propose => "propose",
            Self::Approve => "approve",
            Self::Decline => "decline",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_code() == code)
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Growing; a cursor for [`crate::Keys::audit`].
    pub number: i64,
    /// When; of refusals, when they were written, at most some seconds after.
    pub at: UnixMillis,
    /// `operator:NAME`, `key:ID`, or `-` for a caller who was refused.
    pub actor: String,
    /// What.
    pub act: Act,
    /// The id of the key; `-` when the refused text named none.
    pub subject: String,
    /// See [`Act`]; else empty.
    pub code: String,
    /// How often.
    pub times: i64,
}

row! {
    struct AuditRow {
        number: i64,
        at: i64,
        actor: String,
        act: String,
        subject: String,
        code: String,
        times: i64,
    }
}

/// The statement that adds a row: at, actor, act, subject, code, times.
pub(crate) const ADD: &str = "INSERT INTO identity_audit (at, actor, act, subject, code, times) \
     VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) async fn after(
    database: &Database,
    number: i64,
    most: u32,
) -> Result<Vec<AuditEntry>, DatabaseError> {
    const TEXT: &str = "SELECT number, at, actor, act, subject, code, times FROM identity_audit \
         WHERE number > $1 ORDER BY number LIMIT $2";
    let rows: Vec<AuditRow> = on_reader!(database, |pool| sqlx::query_as(TEXT)
        .bind(number)
        .bind(i64::from(most))
        .fetch_all(pool)
        .await)?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: AuditRow) -> Result<AuditEntry, DatabaseError> {
    let act = Act::from_code(&row.act)
        .ok_or_else(|| DatabaseError::Damaged(format!("audit row {}", row.number)))?;
    Ok(AuditEntry {
        number: row.number,
        at: UnixMillis::new(row.at),
        actor: row.actor,
        act,
        subject: row.subject,
        code: row.code,
        times: row.times,
    })
}
