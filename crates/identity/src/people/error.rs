//! What can go wrong with people.

use softcap_database::DatabaseError;
use thiserror::Error;

/// Something about a person was not done. No text of it holds a secret or an address.
#[derive(Debug, Error)]
pub enum PersonError {
    /// The text names no person.
    #[error("P401: a person's id has 32 lower-case hexadecimal digits, not all of them zero")]
    Id,
    /// The text is no address of mail.
    #[error(
        "P402: this is no address of mail: write it as anna@example.org, without a name, the domain in ASCII"
    )]
    Email,
    /// The operating system gives no random bytes.
    #[error("P491: the operating system gives no random bytes")]
    Randomness,
    /// A sealed column does not open.
    #[error(
        "P492: {table}.{column} of row {row} does not open: it was changed, moved, or sealed with another `personal.key`"
    )]
    Sealed {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        row: String,
    },
    /// A row that this program cannot have written.
    #[error("P493: the row `{row}` of {table} is damaged")]
    Row {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}
