//! Numbers that look random and follow from a seed, the same on every machine (SplitMix64).

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of these names: of a seed, a person and a day, say.
    pub(super) fn of(names: &[u64]) -> Self {
        let mut random = Self(0x5EED);
        for name in names {
            random.0 ^= *name;
            random.0 = random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 on, below a number that is not zero.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// From a first to a last number.
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        let width = u64::try_from(last - first + 1).unwrap_or(1);
        first + i64::try_from(self.below(width)).unwrap_or_default()
    }

    /// True so many times of a million.
    pub(super) fn chance(&mut self, of_a_million: u64) -> bool {
        self.below(1_000_000) < of_a_million
    }

    /// A number of a bell around a middle: three quarters lie within half of `spread`.
    pub(super) fn around(&mut self, middle: i64, spread: i64) -> i64 {
        let parts = [0; 3].map(|_: u8| self.between(-spread, spread));
        middle + parts.into_iter().sum::<i64>() / 3
    }

    /// The place of one, the first ones more often.
    pub(super) fn popular(&mut self, count: u64) -> u64 {
        let one = self.below(count);
        one.min(self.below(count)).min(self.below(count))
    }

    /// 2 to the power of a number of 256ths.
    pub(super) fn amount(&mut self, middle: i64, spread: i64) -> u128 {
        let log = self.around(middle, spread).max(0);
        let (whole, rest) = (log / 256, log % 256);
        let one = u128::try_from(256 + rest).unwrap_or(256);
        (one << u32::try_from(whole).unwrap_or_default()) >> 8
    }
}
