//! The time that a writer stamps, and when it must not be believed.
//!
//! Time never runs back: an entry stands at the time of the one before it at least. So a jump forward
//! is as bad as one back would be: it would end windows for good. A clock that goes forward by more
//! than the monotonic clock says, or by a day while nothing ran, stops contributions until an operator
//! confirms that the time is right.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from; a test turns its own.
pub trait Clock: Send + Sync + 'static {
    /// Unix milliseconds.
    fn now(&self) -> u64;
    /// Time that passed since some start, that nobody can set.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.map_or(0, |since| since.as_millis());
        u64::try_from(millis).unwrap_or(u64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// How far the clock may go ahead of the monotonic one.
const JUMP: u64 = 60_000;
/// How old the newest entry may be at a start.
const GAP_AT_START: u64 = 24 * 60 * 60 * 1000;

/// What the guard says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The time to stamp.
    Trusted(u64),
    /// The clock jumped; the last time that was trusted, and what the clock says.
    Jumped {
        /// Unix milliseconds.
        trusted: u64,
        /// Unix milliseconds.
        clock: u64,
    },
}

/// Watches one clock for one log.
#[derive(Debug)]
pub struct TimeGuard {
    last: u64,
    monotonic: Duration,
    jumped: bool,
}

impl TimeGuard {
    /// Begins after a newest entry; 0 when there is none.
    pub fn new(clock: &dyn Clock, newest_entry: u64) -> Self {
        let now = clock.now();
        let jumped = newest_entry > 0 && now > newest_entry.saturating_add(GAP_AT_START);
        Self {
            last: if jumped {
                newest_entry
            } else {
                now.max(newest_entry)
            },
            monotonic: clock.monotonic(),
            jumped,
        }
    }

    /// The time now. A clock that went back stands still until it is where it was.
    pub fn moment(&mut self, clock: &dyn Clock) -> Moment {
        let (now, monotonic) = (clock.now(), clock.monotonic());
        let passed = monotonic.saturating_sub(self.monotonic).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let bound = self.last.saturating_add(passed).saturating_add(JUMP);
        if self.jumped || now > bound {
            self.jumped = true;
            return Moment::Jumped {
                trusted: self.last,
                clock: now,
            };
        }
        self.monotonic = monotonic;
        self.last = self.last.max(now);
        Moment::Trusted(self.last)
    }

    /// Notes a time that the order gave (the database of several nodes).
    pub fn observe(&mut self, time: u64) {
        self.last = self.last.max(time);
    }

    /// An operator says that the clock is right.
    pub fn confirm(&mut self, clock: &dyn Clock) {
        self.jumped = false;
        self.last = self.last.max(clock.now());
        self.monotonic = clock.monotonic();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Turned(Mutex<(u64, Duration)>);

    impl Turned {
        fn turn(&self, wall: i64, monotonic: u64) {
            let mut held = self.0.lock().unwrap();
            held.0 = held.0.checked_add_signed(wall).unwrap();
            held.1 += Duration::from_millis(monotonic);
        }
    }

    impl Clock for Turned {
        fn now(&self) -> u64 {
            self.0.lock().unwrap().0
        }

        fn monotonic(&self) -> Duration {
            self.0.lock().unwrap().1
        }
    }

    const START: u64 = 1_700_000_000_000;
    const DAY: i64 = 86_400_000;
    const HOUR: i64 = 3_600_000;

    #[test]
    fn time_never_runs_back_and_a_jump_waits_for_a_person() {
        let clock = Turned(Mutex::new((START, Duration::ZERO)));
        let mut guard = TimeGuard::new(&clock, 0);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START));
        clock.turn(5, 5);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START + 5));
        clock.turn(-HOUR, 10);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START + 5));
        clock.turn(HOUR, 10);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START + 5));
        clock.turn(60_000, 0);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START + 60_005));
        clock.turn(DAY, 1);
        let jumped = Moment::Jumped {
            trusted: START + 60_005,
            clock: START + 60_005 + 86_400_000,
        };
        assert_eq!(guard.moment(&clock), jumped);
        clock.turn(-DAY, 1);
        assert!(matches!(guard.moment(&clock), Moment::Jumped { .. }));
        guard.confirm(&clock);
        assert_eq!(guard.moment(&clock), Moment::Trusted(START + 60_005));
    }

    #[test]
    fn a_machine_that_slept_shows_as_a_jump() {
        // The monotonic clock stands still while a machine is suspended.
        let clock = Turned(Mutex::new((START, Duration::ZERO)));
        let mut guard = TimeGuard::new(&clock, 0);
        clock.turn(2 * HOUR, 3);
        assert!(matches!(guard.moment(&clock), Moment::Jumped { .. }));
    }

    #[test]
    fn a_start_long_after_the_newest_entry_waits_for_a_person() {
        let clock = Turned(Mutex::new((START, Duration::ZERO)));
        let mut late = TimeGuard::new(&clock, START - 86_400_001);
        assert!(matches!(late.moment(&clock), Moment::Jumped { .. }));
        let mut soon = TimeGuard::new(&clock, START - 86_400_000);
        assert_eq!(soon.moment(&clock), Moment::Trusted(START));
        let mut ahead = TimeGuard::new(&clock, START + 9);
        assert_eq!(ahead.moment(&clock), Moment::Trusted(START + 9));
    }
}
