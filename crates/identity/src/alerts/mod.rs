//! Who is told that something happened, and what they can do about it at once.
//!
//! A person is told by mail of each act that another might have done in their name ([`Warning`]), in the transaction of
//! the act. The mail has a code with which they say that it was not them ([`crate::People::freeze`]).
//!
//! Staff is alerted by hard rules ([`AlertKind`]), also in the transaction of the act; owners get a mail about each
//! alert ([`Alerts::deliver`]).

mod book;
mod failed_login;
mod freeze;
mod kind;
mod warning;

pub use book::{Alert, AlertError, AlertId, AlertState, Alerts, Verdict};
pub(crate) use failed_login::{FORGET_FAILED, FailedLogin};
pub use freeze::Frozen;
pub use kind::AlertKind;
pub(crate) use kind::{RAISE, WINDOW, alert_id, day, raise};
pub(crate) use warning::{ADD_FREEZE_CODE, END_FREEZE_CODES, tell};
pub use warning::{FREEZE_CODE_LIFE, Warning};
