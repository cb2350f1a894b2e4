//! People: humans who sign up, log in and have sessions.
//!
//! Nothing here reads a clock: every time is an argument. Whatever names a person is sealed with a key that is not in
//! the database ([`PersonalKey`]), and whatever proves something (tokens of mails, ids of sessions) is stored as a keyed
//! hash only. What may be told to a caller never differs between a person who is known and one who is not.

mod address_change;
mod address_change_due;
mod allowance;
mod disabling;
mod email;
mod error;
mod hasher;
mod log_in;
mod mail_text;
mod mail_token;
mod mail_words;
mod outbox;
mod password;
#[expect(
    clippy::module_inception,
    reason = "the service bears the name of what it serves"
)]
mod people;
mod person;
mod personal_key_text;
mod random_id;
mod reseal;
mod sealed;
mod sealed_stream;
mod secret_text;
mod session;
mod sign_up;
mod told;

pub(crate) use address_change::END_ADDRESS_CHANGE;
pub use address_change::{AddressChange, AddressChangeStage, AddressChanges};
pub(crate) use allowance::Rate;
pub use email::EmailAddress;
pub use error::PersonError;
pub use log_in::{LogIn, LoggedIn, PasswordChange};
pub(crate) use mail_text::{Text, in_days};
pub use mail_token::Asker;
pub(crate) use mail_token::{
    END_OTHERS as END_CODES, MailToken, Purpose as MailPurpose, USE as USE_CODE, network,
};
pub use mail_words::MailLanguage;
pub(crate) use mail_words::MailWords;
pub(crate) use outbox::{ADD as ADD_MAIL, SealedMail};
pub use outbox::{Mail, Retry};
pub use password::Password;
pub use people::{People, Site};
pub use person::{Level, Person, PersonId};
pub use personal_key_text::PersonalKeyText;
pub(crate) use random_id::{hex, id_text, parse_id, random_bytes};
pub(crate) use reseal::Place;
pub use reseal::Resealed;
pub use sealed::{Column, Domain, PersonalKey, Sealed};
pub(crate) use sealed_stream::{CHUNK, HEADER, SEALED_CHUNK, SealedStream};
pub use secret_text::SecretText;
pub(crate) use session::Beginning;
pub use session::{ABSOLUTE, Device, FRESH, IDLE, ListedSession, Session, SessionId};
pub(crate) use session::{END_ALL as END_SESSIONS, ROTATE};
pub(crate) use sign_up::{ADD_PERSON, Entered, actor};
pub use told::{Notice, Telling};
