//! Weak signals: what is unusual for a person or a key, and when it is worth an alarm.
//!
//! Everything here is a pure function of what came before: no clock, no randomness, no floats. The running server and
//! `softcap alarms replay` call the same functions, so that what was measured is what runs.
//!
//! One weak signal alone says nothing: people travel, buy phones and have busy days. An alarm needs two of them within
//! their lives ([`Signal::life`]), or one that is a hard rule. The numbers at which a signal begins stand in one file,
//! `thresholds.rs`, and were frozen before the figures of `bench/README.md` were made.

mod cusum;
mod event;
mod hours;
mod key_habits;
mod known;
mod likelihood;
mod log2;
mod networks;
mod origin;
mod person_habits;
mod rate;
mod recent;
mod replay;
mod robust;
mod session_path;
mod signal;
mod site_failures;
mod tally;
mod thresholds;

pub use event::{EventError, EventLine, Happening, Way};
pub use key_habits::{KeyHabits, KeyUse};
pub use likelihood::Counts;
pub use networks::{NetworkMap, NetworkMapError};
pub use origin::{Mark, Origin};
pub use person_habits::{Failures, Money, PersonHabits};
pub use recent::Finding;
pub use replay::{RaisedAlarm, Replay};
pub use session_path::SessionPath;
pub use signal::Signal;
pub use site_failures::SiteFailures;
pub use tally::{AttackTally, RuleTally, Tally};
