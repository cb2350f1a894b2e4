//! The numbers at which a signal begins. Frozen: they were chosen on the seeds that `bench/README.md` names as tuning,
//! and judged once on others. Who changes one runs both again and publishes both.

use std::time::Duration;

use super::log2::BIT;

/// Logins that are remembered of one person. More than half a year tells nothing more (Wiefling et al., ACM TOPS 2022).
pub(super) const LOGINS_KEPT: usize = 48;
/// Logins before which nothing is unusual.
pub(super) const LOGINS_NEEDED: usize = 5;
/// The likelihood ratio of a login, in bits, from which on it is a weak signal ...
pub(super) const UNLIKELY: i64 = 3 * BIT;
/// ... and from which on it is a hard rule: place and program are both new to who has a history.
pub(super) const MOST_UNLIKELY: i64 = 7 * BIT;
/// Failed logins of one account within an hour before one that succeeds.
pub(super) const FAILURES: u32 = 4;
/// Accounts at which one source failed within a day. The hard rule is 21 within an hour.
pub(super) const BUSY_SOURCE: u32 = 3;

/// Observations before a median means something.
pub(super) const SAMPLE_NEEDED: usize = 10;
/// Observations that are remembered.
pub(super) const SAMPLE_KEPT: usize = 48;
/// A robust z-score, in hundredths, from which on an amount or an hour is unusual.
pub(super) const UNUSUAL_SCORE: i64 = 350;
/// The least deviation of amounts: a quarter of a bit, else who always moves the same amount alarms by a cent.
pub(super) const LEAST_AMOUNT_DEVIATION: i64 = BIT / 4;
/// The least deviation of hours, in minutes.
pub(super) const LEAST_HOUR_DEVIATION: i64 = 60;

/// How many mean deviations above its mean a rate is unusual, and how many events above it at least.
pub(super) const RATE_DEVIATIONS: i64 = 6;
pub(super) const RATE_LEAST: i64 = 10;
/// Buckets of time before a rate means something.
pub(super) const RATE_NEEDED: i64 = 10;

/// The sum of daily outflow above the usual, in hundredths of a usual day, from which on it drains.
pub(super) const DRAIN: i64 = 700;
/// What is usual above the mean each day, in hundredths of it.
pub(super) const DRAIN_SLACK: i64 = 50;
/// A single day counts for no more than this, in hundredths of a usual day.
pub(super) const DRAIN_DAY_CAP: i64 = 300;
/// The sum of days with outflow above the usual, in hundredths of a day, from which on it drains.
pub(super) const DRAIN_DAYS: i64 = 450;
/// What is usual above the mean each day, in hundredths of a day.
pub(super) const DRAIN_DAY_SLACK: i64 = 30;
/// A drain is looked for after more days with outflow than this.
pub(super) const DRAIN_NEEDED: u32 = 0;
/// A destination that is younger is a young one.
pub(super) const YOUNG_TARGET: Duration = Duration::from_secs(30 * 86_400);

/// A thing to buy that nobody bought before so long ago is new to everybody: a sale opens.
pub(super) const SALE_OPENS: Duration = Duration::from_secs(7 * 86_400);
/// People who come to one target for the first time with unusual amounts within an hour.
pub(super) const CROWD: usize = 3;

/// Of failed logins on the whole site within ten minutes: how many at least, and which part of them, in hundredths,
/// from where their account was never used.
pub(super) const SITE_LEAST: i64 = 12;
pub(super) const SITE_UNFAMILIAR: i64 = 70;
