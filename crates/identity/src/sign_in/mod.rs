//! People who log in with another site (OpenID Connect): what was begun, who is whose, and who comes for the first time.
//!
//! Another site stands where a password stands: it is the first factor, and whoever has a second one is asked for it. Who
//! somebody is there is the pair of issuer and subject, and nothing else: an address of mail that the other site names
//! never leads into an account.
//!
//! This crate asks no other site. What its id token says, the caller finds out ([`OutsideIdentity`]); everything else is
//! decided here.

mod attempt;
mod error;
mod identity;
mod links;
mod newcomer;

pub(crate) use attempt::FORGET_ATTEMPTS;
pub use attempt::{Attempt, AttemptAnswer, BegunAttempt, NewAttempt, SIGN_IN_LIFE, SignInPurpose};
pub use error::SignInError;
pub use identity::{OutsideIdentity, OutsideMail};
pub use links::{SignInLink, SignInLinkId, SignIns};
pub(crate) use newcomer::FORGET_NEWCOMERS;
pub use newcomer::{NEWCOMER_LIFE, Newcomer};

/// Other sites of a person.
pub const MOST_SIGN_INS: u32 = 10;
