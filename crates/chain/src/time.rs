//! Which second the next block is of.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::ChainError;

/// The first second of the year 10000: programs that print dates go no further.
const END: u64 = 253_402_300_800;

/// Where time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    System,
    /// It stands still at this unix second, and moves only when it is told to.
    Still(u64),
}

/// The clock, and how far the chain's time is from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    clock: Clock,
    offset: i64,
    next: Option<u64>,
}

/// What of the time must survive a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    /// Seconds that the chain is ahead of the clock; less than zero where it is behind.
    pub(crate) offset: i64,
    /// The timestamp that the next block is to have.
    pub(crate) next: Option<u64>,
}

impl Clock {
    pub(crate) fn now(self) -> u64 {
        match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            Self::Still(second) => second,
        }
    }
}

impl Time {
    pub(crate) fn new(clock: Clock, shift: Shift) -> Self {
        Self {
            clock,
            offset: shift.offset,
            next: shift.next,
        }
    }

    pub(crate) fn shift(self) -> Shift {
        Shift {
            offset: self.offset,
            next: self.next,
        }
    }

    /// The timestamp of a block on one of `parent`: never before it. Several blocks may be of one second.
    pub(crate) fn of_next(self, parent: u64) -> u64 {
        let running = self.clock.now().saturating_add_signed(self.offset);
        self.next.unwrap_or(running).max(parent)
    }

    /// A block was made.
    pub(crate) fn block_made(&mut self) {
        self.next = None;
    }

    /// Moves the time on.
    ///
    /// # Errors
    /// [`ChainError::Time`] beyond the year 9999.
    pub(crate) fn advanced(self, seconds: u64, parent: u64) -> Result<Self, ChainError> {
        let from = self.of_next(parent);
        let to = from.checked_add(seconds).filter(|to| *to < END);
        let to = to.ok_or_else(|| ChainError::Time {
            asked: format!("{from} + {seconds}"),
            earliest: parent,
        })?;
        Ok(Self {
            next: None,
            ..self.running_from(to)?
        })
    }

    /// The next block is of this second, and time runs on from there.
    ///
    /// # Errors
    /// [`ChainError::Time`] before the newest block, or beyond the year 9999.
    pub(crate) fn set(self, timestamp: u64, parent: u64) -> Result<Self, ChainError> {
        if timestamp < parent || timestamp >= END {
            return Err(ChainError::Time {
                asked: timestamp.to_string(),
                earliest: parent,
            });
        }
        Ok(Self {
            next: Some(timestamp),
            ..self.running_from(timestamp)?
        })
    }

    fn running_from(self, timestamp: u64) -> Result<Self, ChainError> {
        let offset = i128::from(timestamp) - i128::from(self.clock.now());
        let offset = i64::try_from(offset).map_err(|_| ChainError::Time {
            asked: timestamp.to_string(),
            earliest: 0,
        })?;
        Ok(Self { offset, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_on_and_never_back() {
        let time = Time::new(Clock::Still(1_000), Shift::default());
        assert_eq!(time.of_next(900), 1_000);
        assert_eq!(time.of_next(1_100), 1_100, "not before its parent");
        let time = time.advanced(50, 1_100).unwrap();
        assert_eq!(time.of_next(1_100), 1_150);
        let mut time = time.set(2_000, 1_150).unwrap();
        assert_eq!(time.of_next(1_150), 2_000);
        time.block_made();
        assert_eq!(time.of_next(2_000), 2_000, "it runs on from there");
        let code =
            |result: Result<Time, ChainError>| result.unwrap_err().to_string()[..4].to_owned();
        assert_eq!(code(time.set(1_999, 2_000)), "E401");
        assert_eq!(code(time.set(END, 2_000)), "E401");
        assert_eq!(code(time.advanced(u64::MAX, 2_000)), "E401");
        assert_eq!(code(time.advanced(END, 2_000)), "E401");
    }

    #[test]
    fn a_shift_survives() {
        let time = Time::new(Clock::Still(5_000), Shift::default())
            .set(100, 90)
            .unwrap();
        let shift = time.shift();
        assert_eq!(
            shift,
            Shift {
                offset: -4_900,
                next: Some(100)
            }
        );
        assert_eq!(Time::new(Clock::Still(5_010), shift).of_next(90), 100);
    }
}
