//! Slow reference models of the rules, written apart from them, and the inputs both are run on.
//!
//! Everything is summed and multiplied in 512 bits, nothing is sorted or selected: the next person
//! is found by looking at everybody again. The asks are few and the amounts of all sizes.

use proptest::prelude::*;
use ruint::aliases::U512;
use sha2::{Digest, Sha256};

use crate::terms::DustRule;

/// The id of the person who asked `i`-th.
pub(super) fn id(i: usize) -> Vec<u8> {
    format!("person {i}").into_bytes()
}

/// A tie key that is not in the order of the places.
pub(super) fn rank(i: usize) -> [u8; 32] {
    Sha256::digest(id(i)).into()
}

/// Asks and a capacity that is often, not always, short of their sum.
pub(super) fn tight() -> impl Strategy<Value = (Vec<u128>, u128)> {
    let few = |amounts: BoxedStrategy<u128>| prop::collection::vec(amounts, 0..14);
    let asks = prop_oneof![
        few((0_u128..6).boxed()),
        few((0_u128..2000).boxed()),
        few((0_u128..1 << 90).boxed()),
        few(any::<u128>().boxed()),
        few(prop_oneof![Just(u128::MAX), Just(u128::MAX - 1), Just(1), Just(0)].boxed()),
        (any::<u128>(), 0_usize..14).prop_map(|(ask, people)| vec![ask; people]),
    ];
    (asks, 0_u64..1100, 0_u128..20).prop_map(|(asks, per_mille, more)| {
        let part = total(&asks) * U512::from(per_mille) / U512::from(1000);
        let capacity = u128::try_from(part).unwrap_or(u128::MAX);
        (asks, capacity.saturating_add(more))
    })
}

/// [`tight`] and an order in which to look at the asks instead.
pub(super) fn unsorted() -> impl Strategy<Value = ((Vec<u128>, u128), Vec<usize>)> {
    tight().prop_flat_map(|tight| {
        let order = Just((0..tight.0.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(tight), order)
    })
}

/// What holds for every rule: nobody above the ask, the sum within the capacity, nothing wasted
/// where the dust is assigned.
pub(super) fn check_bounds(
    asks: &[u128],
    capacity: u128,
    allotments: &[u128],
    assigned: bool,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(asks.len(), allotments.len());
    for (ask, allotment) in asks.iter().zip(allotments) {
        prop_assert!(allotment <= ask);
    }
    let most = total(asks).min(U512::from(capacity));
    if assigned {
        prop_assert_eq!(total(allotments), most);
    } else {
        prop_assert!(total(allotments) <= most);
    }
    Ok(())
}

pub(super) fn total(amounts: &[u128]) -> U512 {
    amounts
        .iter()
        .fold(U512::ZERO, |sum, &amount| sum + U512::from(amount))
}

pub(super) fn pro_rata(asks: &[u128], capacity: u128, dust: DustRule) -> Vec<u128> {
    pro_rata_ranked(asks, capacity, dust, rank)
}

pub(super) fn pro_rata_ranked(
    asks: &[u128],
    capacity: u128,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Vec<u128> {
    let whole = total(asks);
    if whole <= U512::from(capacity) {
        return asks.to_vec();
    }
    let mut shares = Vec::new();
    let mut remainders = Vec::new();
    for &ask in asks {
        let product = U512::from(ask) * U512::from(capacity);
        shares.push(u128::try_from(product / whole).unwrap());
        remainders.push(product % whole);
    }
    if dust == DustRule::LargestRemainder {
        let mut served = vec![false; asks.len()];
        while total(&shares) < U512::from(capacity) {
            let next = (0..asks.len())
                .filter(|&i| !served[i])
                .max_by(|&a, &b| {
                    remainders[a]
                        .cmp(&remainders[b])
                        .then(rank(b).cmp(&rank(a)))
                })
                .unwrap();
            served[next] = true;
            shares[next] += 1;
        }
    }
    shares
}

/// The level by bisection over all numbers, each time adding everything up.
pub(super) fn water_filling(asks: &[u128], capacity: u128, dust: DustRule) -> Vec<u128> {
    let filled = |level: u128| -> Vec<u128> { asks.iter().map(|&ask| ask.min(level)).collect() };
    let fits = |level: u128| total(&filled(level)) <= U512::from(capacity);
    let mut level = 0;
    for bit in (0..128).rev() {
        let higher = level | (1 << bit);
        if fits(higher) {
            level = higher;
        }
    }
    let mut allotments = filled(level);
    if dust == DustRule::LargestRemainder {
        loop {
            let next = (0..asks.len())
                .filter(|&i| allotments[i] == level && asks[i] > level)
                .min_by_key(|&i| rank(i));
            match next {
                Some(i) if total(&allotments) < U512::from(capacity) => allotments[i] += 1,
                _ => break,
            }
        }
    }
    allotments
}

/// Water filling as it sounds: rounds of one unit each, in order of rank, until nothing is left.
pub(super) fn poured(asks: &[u128], capacity: u128) -> Vec<u128> {
    let mut people: Vec<usize> = (0..asks.len()).collect();
    people.sort_by_key(|&i| rank(i));
    let mut allotments = vec![0; asks.len()];
    let mut left = capacity;
    while left > 0 && total(&allotments) < total(asks) {
        for &i in &people {
            if left > 0 && allotments[i] < asks[i] {
                allotments[i] += 1;
                left -= 1;
            }
        }
    }
    allotments
}

/// One winner after the other, each found by hashing every ticket again.
pub(super) fn lottery(
    terms_hash: &[u8; 32],
    round: u16,
    seed: &[u8; 32],
    asks: &[u128],
    capacity: u128,
    partial: bool,
) -> (Vec<u128>, Option<[u8; 32]>) {
    let ticket = |i: usize| -> [u8; 32] {
        let id = id(i);
        let length = u16::try_from(id.len()).unwrap();
        let mut bytes = b"softcap/lottery/v1".to_vec();
        bytes.extend(terms_hash);
        bytes.extend(round.to_be_bytes());
        bytes.extend(seed);
        bytes.extend(length.to_be_bytes());
        bytes.extend(id);
        Sha256::digest(bytes).into()
    };
    let mut allotments = vec![0; asks.len()];
    let mut threshold = None;
    let mut left = capacity;
    loop {
        let next = (0..asks.len())
            .filter(|&i| asks[i] > 0 && threshold.is_none_or(|last| ticket(i) > last))
            .min_by_key(|&i| ticket(i));
        let Some(i) = next else { break };
        if left == 0 || (asks[i] > left && !partial) {
            break;
        }
        allotments[i] = asks[i].min(left);
        left -= allotments[i];
        threshold = Some(ticket(i));
    }
    (allotments, threshold)
}
