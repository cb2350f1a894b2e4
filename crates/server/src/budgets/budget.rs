//! Bounds, and how they change. Pure.

use std::time::Duration;

use softcap_identity::UnixMillis;
use softcap_offering::Amount;

/// How long after it was asked for more is allowed.
const DELAY: Duration = Duration::from_hours(24);

/// Bounds in smallest units of one currency; `None` is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In a calendar year (UTC).
    pub(crate) year: Option<Amount>,
    /// In one offering.
    pub(crate) offering: Option<Amount>,
}

/// What is in offerings already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Put in this year and not back.
    pub(crate) year: Amount,
    /// In the offering.
    pub(crate) offering: Amount,
}

/// Which bound a contribution would pass, with what is left below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// That of the year.
    Year(Amount),
    /// That of the offering.
    Offering(Amount),
}

impl Limits {
    /// The lesser of each.
    fn lesser(self, other: Self) -> Self {
        let least = |a: Option<Amount>, b: Option<Amount>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, None) | (None, one) => one,
        };
        Self {
            year: least(self.year, other.year),
            offering: least(self.offering, other.offering),
        }
    }

    /// Whether so much more stays within.
    pub(crate) fn allow(self, spent: Spent, amount: Amount) -> Result<(), Over> {
        let left = |limit: Option<Amount>, spent: Amount| {
            let left = Amount(limit?.0.saturating_sub(spent.0));
            (amount > left).then_some(left)
        };
        if let Some(left) = left(self.year, spent.year) {
            return Err(Over::Year(left));
        }
        left(self.offering, spent.offering).map_or(Ok(()), |left| Err(Over::Offering(left)))
    }
}

/// What somebody allows themself in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budget {
    /// What counts, until what was asked for does.
    pub(crate) now: Limits,
    /// What was asked for that is more, and from when it counts.
    pub(crate) next: Option<(Limits, UnixMillis)>,
}

impl Budget {
    /// The bounds at a time.
    pub(crate) fn at(self, now: UnixMillis) -> Limits {
        match self.next {
            Some((next, from)) if from <= now => next,
            Some(_) | None => self.now,
        }
    }

    /// With other bounds: what is less counts at once, what is more after a day.
    pub(crate) fn wish(self, wanted: Limits, now: UnixMillis) -> Self {
        let least = self.at(now).lesser(wanted);
        Self {
            now: least,
            next: (least != wanted).then(|| (wanted, now.plus(DELAY))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(year: Option<u128>, offering: Option<u128>) -> Limits {
        Limits {
            year: year.map(Amount),
            offering: offering.map(Amount),
        }
    }

    #[test]
    fn less_counts_at_once_and_more_after_a_day() {
        let at = UnixMillis::new(1_000);
        let day = at.plus(DELAY);
        let first = Budget::default().wish(limits(Some(100), None), at);
        assert_eq!(first.at(at), limits(Some(100), None));
        assert_eq!(first.next, None);
        let less = first.wish(limits(Some(40), Some(10)), at);
        assert_eq!(less.at(at), limits(Some(40), Some(10)));
        // One less and one more: each by itself.
        let mixed = less.wish(limits(Some(30), Some(20)), at);
        assert_eq!(mixed.at(at), limits(Some(30), Some(10)));
        assert_eq!(mixed.at(UnixMillis::new(day.get() - 1)), mixed.at(at));
        assert_eq!(mixed.at(day), limits(Some(30), Some(20)));
        // No bound is more than any.
        let off = mixed.wish(Limits::default(), day);
        assert_eq!(off.at(day), limits(Some(30), Some(20)));
        assert_eq!(off.at(day.plus(DELAY)), Limits::default());
        // Asked for less again in between, the day begins anew for what is more.
        let again = off.wish(limits(Some(5), None), day);
        assert_eq!(again.at(day), limits(Some(5), Some(20)));
    }

    #[test]
    fn a_contribution_within_both_bounds_is_allowed_to_the_unit() {
        let held = limits(Some(100), Some(60));
        let spent = |year, offering| Spent {
            year: Amount(year),
            offering: Amount(offering),
        };
        let table = [
            (spent(0, 0), 60, Ok(())),
            (spent(0, 0), 61, Err(Over::Offering(Amount(60)))),
            (spent(50, 0), 50, Ok(())),
            (spent(50, 0), 51, Err(Over::Year(Amount(50)))),
            (spent(150, 0), 1, Err(Over::Year(Amount(0)))),
            (spent(10, 70), 1, Err(Over::Offering(Amount(0)))),
        ];
        for (spent, amount, expected) in table {
            assert_eq!(held.allow(spent, Amount(amount)), expected, "{spent:?}");
        }
        let most = Amount(u128::MAX);
        assert_eq!(Limits::default().allow(spent(1, 1), most), Ok(()));
    }
}
