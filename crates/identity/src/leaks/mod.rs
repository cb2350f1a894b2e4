//! Keys that stand where none should: in a source tree, a log, a chat.
//!
//! A key of Softcap is told from a random text by its checksum, so that a finding is one. What exchanges give out has no
//! checksum: a text counts where its form is that of an exchange's key, the exchange is named close by, and the line says that
//! it is a key or a secret.

mod exchange;
mod scanner;

pub use exchange::Exchange;
pub use scanner::{Finding, Leak, Scanner};
