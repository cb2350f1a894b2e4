//! Other sites that say who somebody is (OpenID Connect Core, as relying party): asked for what they say of themselves, for
//! what a code is worth, and for an address of mail.
//!
//! The protocol is that of `openidconnect`, through the client that calls public addresses only. What the library leaves to its
//! caller is decided here: which algorithms count, `azp`, how old an answer may be, and when keys are read again.

mod answer;
mod description;
mod site;

pub(crate) use answer::{Answered, Asking, Vouched};
pub(crate) use site::{OtherSite, OtherSites};
