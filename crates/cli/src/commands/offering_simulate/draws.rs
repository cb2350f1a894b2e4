//! Draws from a seed. Whole numbers only: logarithms and powers of floating point differ between
//! machines in their last digit, and the same seed has to give the same people everywhere.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// Smallest weight of [`Draws::heavy_tail`].
pub(super) const LEAST_WEIGHT: u128 = 1_000;
/// Largest weight of [`Draws::heavy_tail`].
const MOST_WEIGHT: u128 = 1_000_000;

/// A stream of draws.
pub(super) struct Draws {
    generator: ChaCha8Rng,
}

impl Draws {
    /// The draws of a seed; each stream of a seed is independent of the others.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..24].copy_from_slice(b"softcap simulate demand\0");
        key[24..].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self { generator }
    }

    /// A number from 0 up to `end` (exclusive); 0 where `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // The bias is below end / 2^64, which no table here could show.
        let product = u128::from(self.generator.next_u64()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `start` up to `end` (exclusive).
    pub(super) fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end.saturating_sub(start))
    }

    /// Random bytes.
    pub(super) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.generator.fill_bytes(&mut bytes);
        bytes
    }

    /// A weight as amounts of people are spread: many small ones, few large ones. Pareto with
    /// exponent 4/3, so `u^(-3/4)` of a uniform `u`, by whole square roots.
    pub(super) fn heavy_tail(&mut self) -> u128 {
        let uniform = self.below(1 << 32) + 1;
        let root = (uniform << 31).isqrt();
        let fourth_root = (root << 31).isqrt();
        // `uniform` is u x 2^32, so `power` is u^(3/4) times what it is for the largest draw.
        let power = u128::from(root) * u128::from(fourth_root);
        let whole = u128::from(ROOT_OF_ONE) * u128::from(FOURTH_ROOT_OF_ONE);
        (LEAST_WEIGHT * whole / power.max(1)).clamp(LEAST_WEIGHT, MOST_WEIGHT)
    }
}

/// What `root` is for the largest draw.
const ROOT_OF_ONE: u64 = (1_u64 << 63).isqrt();
/// What `fourth_root` is for the largest draw.
const FOURTH_ROOT_OF_ONE: u64 = (ROOT_OF_ONE << 31).isqrt();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_on_any_machine() {
        let mut draws = Draws::new(7, 2);
        let drawn: Vec<u64> = (0..4).map(|_| draws.below(1_000)).collect();
        let weights: Vec<u128> = (0..4).map(|_| draws.heavy_tail()).collect();
        assert_eq!((drawn, weights), (PINNED.0.to_vec(), PINNED.1.to_vec()));
        assert_ne!(Draws::new(7, 3).bytes(), Draws::new(7, 2).bytes());
        assert_ne!(Draws::new(8, 2).bytes(), Draws::new(7, 2).bytes());
    }

    /// Drawn once and written down; whoever changes them changes everybody's scenarios.
    const PINNED: ([u64; 4], [u128; 4]) = ([717, 345, 798, 854], [4_720, 1_190, 2_768, 2_639]);

    #[test]
    fn draws_stay_in_their_range_and_the_tail_is_heavy() {
        let mut draws = Draws::new(1, 0);
        assert_eq!(
            (draws.below(0), draws.below(1), draws.between(5, 5)),
            (0, 0, 5)
        );
        let mut weights: Vec<u128> = (0..10_000).map(|_| draws.heavy_tail()).collect();
        assert!((0..10_000).all(|_| (3..9).contains(&draws.between(3, 9))));
        weights.sort_unstable();
        assert!(weights[0] >= LEAST_WEIGHT && weights[9_999] <= MOST_WEIGHT);
        // The median of Pareto(4/3) is 2^(3/4) = 1.68 times the least.
        assert!(
            (1_640..1_720).contains(&weights[5_000]),
            "{}",
            weights[5_000]
        );
        let total: u128 = weights.iter().sum();
        let top_tenth: u128 = weights[9_000..].iter().sum();
        assert!(top_tenth * 100 / total > 40, "{top_tenth} of {total}");
    }
}
