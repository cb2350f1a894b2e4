//! Who is told that something happened, and what they can do about it at once.
//!
//! A person is told by mail of each act that another might have done in their name ([`Warning`]), in the transaction of
//! the act. The mail has a code with which they say that it was not them ([`crate::People::freeze`]).
//!
//! Staff is alerted by hard rules ([`AlertKind`]), also in the transaction of the act; owners get a mail about each
//! alert ([`Alerts::deliver`]). Weak signals ([`crate::signals`]) are judged there too.

mod book;
mod failed_login;
mod freeze;
mod judging;
mod kind;
mod warning;

pub use book::{Alert, AlertError, AlertId, AlertState, Alerts, Verdict};
pub(crate) use failed_login::{FAILED_OF_ACCOUNT, FAILED_OF_SOURCE, FORGET_FAILED, FailedLogin};
pub use freeze::Frozen;
pub(crate) use freeze::REVOKE_KEYS;
pub(crate) use judging::{
    ADD_ORIGIN, COUNT_ORIGIN, EXPLAIN, FORGET_HABITS, HABITS, KEEP_HABITS, MARKS, SITE, counts_of,
    judge, judge_act, judge_login, judge_site, origin_marks, path_bytes, raise_found, read_path,
};
pub use kind::AlertKind;
pub(crate) use kind::{
    MOST_ACCOUNTS, MOST_FAILED, RAISE, SOURCE_WINDOW, WINDOW, alert_id, day, raise,
};
pub(crate) use warning::{ADD_FREEZE_CODE, END_FREEZE_CODES, tell};
pub use warning::{FREEZE_CODE_LIFE, Warning};
