//! Who is told that something happened, and what they can do about it at once.
//!
//! A person is told by mail of each act that another might have done in their name ([`Warning`]), in the transaction of
//! the act. The mail has a code with which they say that it was not them ([`crate::People::freeze`]).

mod freeze;
mod warning;

pub use freeze::Frozen;
pub(crate) use warning::{ADD_FREEZE_CODE, END_FREEZE_CODES, tell};
pub use warning::{FREEZE_CODE_LIFE, Warning};
