//! SQLite or PostgreSQL behind one set of texts.
//!
//! A data folder is SQLite (embedded, one process); a `postgres://` address is PostgreSQL (several
//! nodes). Everything above writes one text per statement with `$1`, `$2`, ... and runs it with
//! [`on_reader!`] or [`on_writer!`], which pick the pool. What differs between the two stands in this
//! crate and in the migrations, nowhere else.
//!
//! Integers are `i64`, money is never stored in SQL as a number: amounts are decimal text or part of a
//! blob. Times are unix milliseconds.
//!
//! Feature `temporary` (for the tests of other crates): [`temporary::TemporaryPostgres`] and
//! [`temporary::BothDatabases`].

mod database;
mod error;
mod migrations;
mod row;
mod sqlite;
#[cfg(feature = "temporary")]
pub mod temporary;

pub use database::{Database, DatabaseUrl};
pub use error::DatabaseError;
pub use migrations::{MigrationFile, Migrations};
pub use sqlite::{Checkpoint, Content, SqliteDatabase};
