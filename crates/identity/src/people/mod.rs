//! People: humans who sign up, log in and have sessions.
//!
//! Nothing here reads a clock: every time is an argument. Whatever names a person is sealed with a key that is not in
//! the database ([`PersonalKey`]), and whatever proves something (tokens of mails, ids of sessions) is stored as a keyed
//! hash only. What may be told to a caller never differs between a person who is known and one who is not.

mod email;
mod error;
#[expect(
    clippy::module_inception,
    reason = "the service bears the name of what it serves"
)]
mod people;
mod person;
mod random_id;
mod sealed;

pub use email::EmailAddress;
pub use error::PersonError;
pub use people::People;
pub use person::{Level, Person, PersonId};
pub(crate) use random_id::{hex, parse_id, random_bytes};
pub use sealed::{Column, Domain, PersonalKey, Sealed};
