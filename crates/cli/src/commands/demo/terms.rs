//! The starter's terms, moved to now and made short.

/// The terms that the README's sale runs under.
const STARTER: &str = include_str!("../../../../../examples/starter/offering.toml");

/// When what begins, in unix milliseconds, whole seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) early: u64,
    pub(super) public: u64,
    pub(super) end: u64,
    /// Length of the right of withdrawal.
    right: u64,
}

impl Schedule {
    /// A third of the time for the early birds, two thirds for everybody.
    pub(super) fn beginning(at: u64, seconds: u32) -> Self {
        let early = at.div_ceil(1000) * 1000;
        let seconds = u64::from(seconds.max(6));
        Self {
            early,
            public: early + seconds / 3 * 1000,
            end: early + seconds * 1000,
            right: (seconds / 6).clamp(2, 10) * 1000,
        }
    }

    /// The early birds' hour is over, and the round for everybody goes on for so long.
    pub(super) fn open_since(public: u64, length: u64) -> Self {
        Self {
            early: public.saturating_sub(3_600_000),
            public,
            end: public.saturating_add(length),
            right: length,
        }
    }

    /// From when on the offering can be settled.
    pub(super) fn settleable(&self) -> u64 {
        self.end + self.right
    }
}

/// `offering.toml` for this schedule.
pub(super) fn text(schedule: &Schedule) -> String {
    let deadline = schedule.end + 90 * 24 * 60 * 60 * 1000;
    STARTER
        .replace("2026-03-02T12:00:00Z", &instant(schedule.early))
        .replace("2026-03-09T12:00:00Z", &instant(schedule.public))
        .replace("2026-03-23T12:00:00Z", &instant(schedule.end))
        .replace("2026-06-01T00:00:00Z", &instant(deadline))
        .replace(
            "span = \"14 days\"",
            &format!("span = \"{} seconds\"", schedule.right / 1000),
        )
}

fn instant(millis: u64) -> String {
    i64::try_from(millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .map_or_else(String::new, |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use softcap_offering::terms::Terms;

    use super::*;

    #[test]
    fn the_moved_terms_are_valid_and_no_old_date_is_left() {
        let schedule = Schedule::beginning(1_795_000_000_123, 60);
        let text = text(&schedule);
        assert!(!text.contains("2026-0"), "{text}");
        assert!(!text.contains("14 days\""), "{text}");
        Terms::parse(&text).unwrap();
        assert_eq!(schedule.public - schedule.early, 20_000);
        assert_eq!(schedule.settleable() - schedule.end, 10_000);
    }
}
