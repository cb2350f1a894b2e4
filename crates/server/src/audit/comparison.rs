//! The table of the audit beside its log.

use std::{collections::VecDeque, fmt};

use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{AuditRow, AuditTable, Keys};
use softcap_journal::{AuditReading, JournalError};
use softcap_proof::audit_entry::{self, AuditOutcome, decode};

use super::{carried, column, row_number};
use crate::error::ServerError;

/// Rows of the table that are read at a time.
const PAGE: u32 = 1000;
/// Findings that are named one by one; more are counted.
const MOST_NAMED: usize = 1000;

/// What differs. Codes are stable and never reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFinding {
    /// A row is not what was entered.
    Changed {
        /// Its number.
        number: u64,
        /// Its entry.
        entry: u64,
        /// The first column that differs.
        column: &'static str,
    },
    /// A row is gone.
    Missing {
        /// Its number.
        number: u64,
        /// Its entry.
        entry: u64,
    },
    /// A row came behind the log's back.
    Added {
        /// Its number.
        number: u64,
    },
    /// Rows were gone before the log had them.
    Lost {
        /// The first number.
        first: u64,
        /// The last number.
        last: u64,
    },
    /// A row was entered after rows of higher numbers.
    Late {
        /// Its number.
        number: u64,
        /// Its entry.
        entry: u64,
    },
    /// There is no table, and the log has rows.
    NoTable,
}

impl AuditFinding {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "U101",
            Self::Missing { .. } => "U102",
            Self::Added { .. } => "U103",
            Self::Lost { .. } => "U104",
            Self::Late { .. } => "U105",
            Self::NoTable => "U106",
        }
    }

    /// The row it is about, or the first of them.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Changed { number, .. }
            | Self::Missing { number, .. }
            | Self::Added { number }
            | Self::Late { number, .. }
            | Self::Lost { first: number, .. } => Some(*number),
            Self::NoTable => None,
        }
    }
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.code())?;
        match self {
            Self::Changed {
                number,
                entry,
                column,
            } => write!(
                out,
                "row {number} of the audit was changed in `{column}`; entry {entry} has what it said"
            ),
            Self::Missing { number, entry } => write!(
                out,
                "row {number} of the audit was deleted; entry {entry} has what it said"
            ),
            Self::Added { number } => write!(
                out,
                "row {number} of the audit is not in its log; it was put into the table afterwards"
            ),
            Self::Lost { first, last } => write!(
                out,
                "rows {first} to {last} of the audit were gone before its log had them; nobody knows \
                 what they said"
            ),
            Self::Late { number, entry } => write!(
                out,
                "row {number} of the audit came after rows of higher numbers, as entry {entry}"
            ),
            Self::NoTable => write!(
                out,
                "the table of the audit is gone; its log has what its rows said"
            ),
        }
    }
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditComparison {
    /// Rows of the log that were looked up in the table.
    pub rows: u64,
    /// Rows that the log does not have yet: a server enters them within a second.
    pub waiting: u64,
    /// The first differences, in the order they were found.
    pub findings: Vec<AuditFinding>,
    /// All differences.
    pub differences: u64,
}

impl AuditComparison {
    fn found(&mut self, finding: AuditFinding) {
        self.differences += 1;
        if self.findings.len() < MOST_NAMED {
            self.findings.push(finding);
        }
    }
}

/// Compares the table of the audit with its log, from the first entry of that. Nothing but missing migrations is written; a
/// server may run meanwhile.
///
/// # Errors
/// [`JournalError::NoRecord`], [`JournalError::Damaged`] where the log contradicts itself, and what the database says.
pub async fn compare_audit(url: &DatabaseUrl) -> Result<AuditComparison, ServerError> {
    let mut reading = AuditReading::open(url).await?;
    let database = service_database(url).await?;
    let mut comparison = AuditComparison::default();
    let compared = match &database {
        Some(database) => {
            let table = Rows::of(AuditTable::new(database.clone()));
            compare(&mut reading, table, &mut comparison).await
        }
        None => reading
            .next_leaves()
            .await
            .map_err(ServerError::from)
            .map(|leaves| {
                if !leaves.is_empty() {
                    comparison.found(AuditFinding::NoTable);
                }
            }),
    };
    reading.close().await;
    if let Some(database) = database {
        database.close().await;
    }
    compared.map(|()| comparison)
}

/// The database of the table; `None` where its file is gone.
async fn service_database(url: &DatabaseUrl) -> Result<Option<Database>, ServerError> {
    if let DatabaseUrl::Folder(folder) = url
        && !folder.join("service.db").is_file()
    {
        return Ok(None);
    }
    let database = Database::open(url, "service").await?;
    Keys::migrations().run(&database).await?;
    Ok(Some(database))
}

async fn compare(
    reading: &mut AuditReading,
    mut table: Rows,
    comparison: &mut AuditComparison,
) -> Result<(), ServerError> {
    loop {
        let leaves = reading.next_leaves().await?;
        if leaves.is_empty() {
            break;
        }
        for leaf in &leaves {
            let (entry, outcome) = decode(leaf).map_err(JournalError::from)?;
            let (number, index) = (entry.row.number, entry.sequence.0);
            match outcome {
                AuditOutcome::Noted => {
                    comparison.rows += 1;
                    match table.reach(number, comparison).await? {
                        None => comparison.found(AuditFinding::Missing {
                            number,
                            entry: index,
                        }),
                        Some(row) => {
                            if let Some(column) = different(&entry.row, &carried(&row)) {
                                comparison.found(AuditFinding::Changed {
                                    number,
                                    entry: index,
                                    column,
                                });
                            }
                        }
                    }
                }
                // It says nothing that the first one does not say.
                AuditOutcome::RepeatOf(_) => {}
                AuditOutcome::Late => comparison.found(AuditFinding::Late {
                    number,
                    entry: index,
                }),
            }
        }
    }
    comparison.waiting = table.count_rest().await?;
    for (first, last) in reading.state().into_iter().flat_map(|state| state.gaps()) {
        comparison.found(AuditFinding::Lost { first, last });
    }
    Ok(())
}

/// The first column in which two rows of one number differ.
fn different(
    entered: &audit_entry::AuditRow<'_>,
    row: &audit_entry::AuditRow<'_>,
) -> Option<&'static str> {
    let columns = [
        ("at", entered.at == row.at),
        ("actor", entered.actor == row.actor),
        ("act", entered.act == row.act),
        ("subject", entered.subject == row.subject),
        ("code", entered.code == row.code),
        ("times", entered.times == row.times),
    ];
    columns
        .into_iter()
        .find(|column| !column.1)
        .map(|column| column.0)
}

/// The rows of the table in order.
struct Rows {
    table: AuditTable,
    page: VecDeque<AuditRow>,
    after: i64,
}

impl Rows {
    /// From the smallest number on, whatever it is.
    fn of(table: AuditTable) -> Self {
        Self {
            table,
            page: VecDeque::new(),
            after: i64::MIN,
        }
    }

    async fn next(&mut self) -> Result<Option<AuditRow>, ServerError> {
        if self.page.is_empty() {
            self.page = self.table.rows(self.after, PAGE).await?.into();
        }
        let row = self.page.pop_front();
        if let Some(row) = &row {
            self.after = row.number;
        }
        Ok(row)
    }

    /// The row of a number. Rows before it that were not asked for are not in the log.
    async fn reach(
        &mut self,
        number: u64,
        comparison: &mut AuditComparison,
    ) -> Result<Option<AuditRow>, ServerError> {
        while let Some(row) = self.next().await? {
            if row.number == column(number) {
                return Ok(Some(row));
            }
            if row.number > column(number) {
                self.page.push_front(row);
                return Ok(None);
            }
            comparison.found(AuditFinding::Added {
                number: row_number(row.number),
            });
        }
        Ok(None)
    }

    async fn count_rest(&mut self) -> Result<u64, ServerError> {
        let mut rest = 0;
        while self.next().await?.is_some() {
            rest += 1;
        }
        Ok(rest)
    }
}
