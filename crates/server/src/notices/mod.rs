//! Mails about what happens to contributions and in offerings: by events of the record, each once, to who wants them.
//!
//! What is told is read from the record, or follows from terms and clock; how far it was told moves in one transaction with
//! the mails ([`softcap_identity::Telling`]). What is older than a day says nothing any more and is not told, so that a node
//! that was down, or sends mail for the first time, does not tell history. People choose by kind and offering, and end a kind
//! by one click of their mail program (RFC 8058). Mails about the security of an account are not among these kinds.

mod choices;
mod feed;
mod kind;
mod results;
mod schedule;
mod texts;
mod unsubscribe;

pub(crate) use choices::{Choice, Choices, EVERY_OFFERING, is_wanted};
pub(crate) use feed::send_notices;
pub(crate) use kind::NoticeKind;
pub(crate) use unsubscribe::{Unsubscribe, unsubscribe_path};
