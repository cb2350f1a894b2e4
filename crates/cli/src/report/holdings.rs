//! How the sold tokens are spread over the investors that hold them. Exact integers throughout.

use rayon::slice::ParallelSliceMut;
use ruint::aliases::U256;

use super::share::{basis_points, ratio};

/// The distribution of holdings: figures and curves, no single investor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Investors with more than zero tokens.
    pub(crate) holders: u64,
    /// Gini coefficient in basis points, rounded half up: 0 when all hold the same, towards 10,000
    /// when one holds all.
    ///
    /// With holdings `x_1 <= ... <= x_n` it is `(2 * sum(i * x_i) - (n + 1) * sum(x_i)) / (n *
    /// sum(x_i))`, the coefficient of the population without a correction for small samples.
    pub(crate) gini_bp: u128,
    /// Share of the ten largest holders, in basis points.
    pub(crate) top_10_bp: u128,
    /// Share of the largest hundredth of the holders (rounded up to whole holders), in basis
    /// points.
    pub(crate) top_hundredth_bp: u128,
    /// Share of the smaller half of the holders (rounded down to whole holders), in basis points.
    pub(crate) smaller_half_bp: u128,
    /// The Lorenz curve: share of holders from the smallest up, and the share of tokens they hold,
    /// both in basis points.
    pub(crate) lorenz: Vec<(u128, u128)>,
    /// Holders by size: power of ten `e`, and how many hold at least `10^e` whole tokens and less
    /// than `10^(e+1)`. Without gaps, from the lowest power that occurs to the highest.
    pub(crate) sizes: Vec<(i32, u64)>,
}

impl Holdings {
    /// Counts up holdings in smallest units, one per investor; zeros do not count as holders.
    /// `decimals` are those of the token. Sorts in place of copying: a million holdings take some
    /// 16 MB.
    pub(crate) fn of(mut units: Vec<u128>, decimals: u8) -> Self {
        units.retain(|&x| x > 0);
        units.par_sort_unstable();
        let total = sum(&units);
        let top = |count: usize| {
            let rest = units.len().saturating_sub(count);
            ratio(sum(units.get(rest..).unwrap_or_default()), total, 10_000)
        };
        Self {
            holders: units.len() as u64,
            gini_bp: gini(&units, total),
            top_10_bp: top(10),
            top_hundredth_bp: top(units.len().div_ceil(100)),
            smaller_half_bp: ratio(
                sum(units.get(..units.len() / 2).unwrap_or_default()),
                total,
                10_000,
            ),
            lorenz: lorenz(&units, total),
            sizes: sizes(&units, decimals),
        }
    }
}

fn sum(units: &[u128]) -> U256 {
    units.iter().fold(U256::ZERO, |sum, &x| sum + U256::from(x))
}

/// See [`Holdings::gini_bp`]. `sorted` is rising and `total` its sum.
fn gini(sorted: &[u128], total: U256) -> u128 {
    let count = U256::from(sorted.len());
    let weighted = sorted
        .iter()
        .zip(1_u64..)
        .fold(U256::ZERO, |sum, (&x, place)| {
            sum + U256::from(x) * U256::from(place)
        });
    // Never negative: in rising order the weighted sum is at least the mean place times the total.
    let spread = weighted * U256::from(2) - (count + U256::from(1)) * total;
    ratio(spread, count * total, 10_000)
}

/// The curve at every hundredth of the holders, and at every thousandth of the top hundredth, where
/// real sales are steep.
fn lorenz(sorted: &[u128], total: U256) -> Vec<(u128, u128)> {
    if sorted.is_empty() {
        return Vec::new();
    }
    let count = sorted.len() as u128;
    let mut curve = vec![(0, 0)];
    let mut held = U256::ZERO;
    let mut done = 0_usize;
    let steps = (10..=990).step_by(10).chain(991..=1_000_u128);
    for step in steps.chain(std::iter::once(1_000)) {
        let upto = usize::try_from(count * step / 1_000).unwrap_or(sorted.len());
        if upto == done {
            continue;
        }
        held += sum(sorted.get(done..upto).unwrap_or_default());
        done = upto;
        curve.push((
            basis_points(done as u128, count),
            ratio(held, total, 10_000),
        ));
    }
    curve
}

/// See [`Holdings::sizes`].
fn sizes(sorted: &[u128], decimals: u8) -> Vec<(i32, u64)> {
    let mut sizes: Vec<(i32, u64)> = Vec::new();
    for x in sorted {
        // `ilog10` is at most 38 and `decimals` at most 255.
        let power = x.ilog10() as i32 - i32::from(decimals);
        while let Some(&(last, _)) = sizes.last()
            && last < power
        {
            sizes.push((last + 1, 0));
        }
        match sizes.last_mut() {
            Some((_, holders)) => *holders += 1,
            None => sizes.push((power, 1)),
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gini_of_known_distributions() {
        let ladder: Vec<u128> = (1..=100).collect();
        for (units, expected) in [
            (vec![], 0),
            (vec![7], 0),
            (vec![5; 1_000], 0),
            (vec![1, 3], 2_500),
            // One holds all but one unit each of 99 others; nearly (n - 1) / n = 0.99.
            ([vec![1; 99], vec![1_000_000_000]].concat(), 9_900),
            // 1..n gives (n - 1) / (3 n) ... of the textbook: (n^2 - 1) / (3 n (n + 1)) = 99 / 300.
            (ladder, 3_300),
            // Zeros are not holders.
            (vec![0, 0, 4, 4], 0),
            (vec![u128::MAX; 3], 0),
            (vec![u128::MAX, 1, 1], 6_667),
        ] {
            let shown = format!("{:?}", &units[..units.len().min(5)]);
            assert_eq!(Holdings::of(units, 0).gini_bp, expected, "{shown}");
        }
    }

    #[test]
    fn shares_of_the_top_and_the_lower_half() {
        let holdings = Holdings::of((1..=200).collect(), 0);
        assert_eq!(holdings.holders, 200);
        assert_eq!(holdings.top_10_bp, 973); // 1955 / 20100
        assert_eq!(holdings.top_hundredth_bp, 199); // 399 / 20100
        assert_eq!(holdings.smaller_half_bp, 2_512); // 5050 / 20100
        assert_eq!(Holdings::of(vec![3, 4], 0).top_10_bp, 10_000);
        assert_eq!(Holdings::of(vec![9], 0).smaller_half_bp, 0);
    }

    #[test]
    fn sizes_are_powers_of_ten_without_gaps() {
        let holdings = Holdings::of(vec![1, 99, 100, 250, 1_000_000], 2);
        assert_eq!(
            holdings.sizes,
            vec![(-2, 1), (-1, 1), (0, 2), (1, 0), (2, 0), (3, 0), (4, 1)]
        );
    }

    #[test]
    fn the_lorenz_curve_of_few_holders_has_a_point_for_each() {
        assert_eq!(
            Holdings::of(vec![1, 1, 2], 0).lorenz,
            vec![(0, 0), (3_333, 2_500), (6_667, 5_000), (10_000, 10_000)]
        );
        assert_eq!(Holdings::of(Vec::new(), 0).lorenz, Vec::new());
    }

    proptest! {
        #[test]
        fn gini_is_the_mean_difference_of_all_pairs(
            units in prop::collection::vec(1_u128..1_000, 1..40),
        ) {
            // The definition: mean absolute difference of all ordered pairs over twice the mean, in
            // slow integers.
            let (count, total) = (units.len() as u128, units.iter().sum::<u128>());
            let pairs: u128 = units.iter().flat_map(|a| units.iter().map(|b| a.abs_diff(*b))).sum();
            let (above, below) = (pairs * 10_000, 2 * count * total);
            let expected = (above * 2 + below) / (below * 2);
            prop_assert_eq!(Holdings::of(units, 0).gini_bp, expected);
        }

        #[test]
        fn the_order_of_investors_does_not_matter(
            units in prop::collection::vec(any::<u128>(), 0..60),
        ) {
            let mut turned = units.clone();
            turned.reverse();
            prop_assert_eq!(Holdings::of(turned, 18), Holdings::of(units, 18));
        }

        #[test]
        fn the_curve_rises_from_nothing_to_everything(
            units in prop::collection::vec(1_u128..u128::MAX, 1..400),
        ) {
            let curve = Holdings::of(units, 18).lorenz;
            prop_assert_eq!(curve.first(), Some(&(0, 0)));
            prop_assert_eq!(curve.last(), Some(&(10_000, 10_000)));
            for pair in curve.windows(2) {
                prop_assert!(pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1);
                prop_assert!(pair[1].1 <= pair[1].0 + 1, "above the line of equality");
            }
        }
    }
}
