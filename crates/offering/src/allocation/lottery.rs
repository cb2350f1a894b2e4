//! Lottery: a public seed gives each person a ticket, and the smallest tickets win.
//!
//! - Formula: `ticket = SHA-256("softcap/lottery/v1" || terms_hash || round || seed || len || id)`,
//!   with `round` the index of the round and `len` the length of `id` in bytes, both as 16 bits,
//!   big-endian. Tickets are compared as 256-bit numbers (as bytes, from the first). Winners are
//!   taken from the smallest ticket up, each with the whole ask, until the capacity is used.
//! - The unit of the draw is the person: one ask, one ticket, however much was asked.
//! - No bias: the 256 bits are compared as they are, nothing is reduced modulo a number of people.
//! - Check: [`Drawn::threshold`] is the ticket of the last winner, so each person checks in
//!   constant time, with one hash and one comparison: `ticket <= threshold` means won.
//! - Rounding: none. Rest: the winner at the margin, who does not fit whole, is partly filled
//!   ([`MarginalWinner::Partial`]) or gets nothing ([`MarginalWinner::Skip`]). In the second case
//!   the draw ends there and what is left stays unsold: going on to smaller asks would make
//!   winning depend on more than the ticket.
//! - Source: sortition by a verifiable hash, as in allocations by a published random beacon.
//! - Hazard: whoever can choose the seed, or an id after the seed is known, chooses the winners.
//!   The journal must be closed before the instant of the seed, and ids must be tied to persons.

use ruint::aliases::U256;
use sha2::{Digest, Sha256};

use super::wide::sum;
use crate::terms::MarginalWinner;

/// Separates tickets from every other hash; the version changes with the layout.
const DOMAIN: &[u8] = b"softcap/lottery/v1";

/// One draw: what all of its tickets have in common.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The hasher after everything but the id, so that a ticket hashes only what differs.
    common: Sha256,
}

impl Draw {
    /// The draw of round `round` under the terms with `terms_hash`, decided by `seed`.
    ///
    /// A seed of another length than 32 bytes is hashed with SHA-256 first by whoever enters it.
    #[must_use]
    pub fn new(terms_hash: &[u8; 32], round: u16, seed: &[u8; 32]) -> Self {
        let common = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(terms_hash)
            .chain_update(round.to_be_bytes())
            .chain_update(seed);
        Self { common }
    }

    /// The ticket of the person with `id`.
    ///
    /// An id of more than 65,535 bytes is hashed whole with the length 65,535; since the id comes
    /// last and all before it has a fixed length, different ids still never hash the same bytes.
    #[must_use]
    pub fn ticket(&self, id: &[u8]) -> [u8; 32] {
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
        self.common
            .clone()
            .chain_update(length.to_be_bytes())
            .chain_update(id)
            .finalize()
            .into()
    }
}

/// The ticket of one person, for a single check. See [`Draw`] for many.
#[must_use]
pub fn ticket(terms_hash: &[u8; 32], round: u16, seed: &[u8; 32], id: &[u8]) -> [u8; 32] {
    Draw::new(terms_hash, round, seed).ticket(id)
}

/// What a draw gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// What each person gets, parallel to the asks.
    pub allotments: Vec<u128>,
    /// The ticket of the last winner, a partly filled one included; `None` if nobody won. Exactly
    /// the people who asked for something and whose ticket is not above it won.
    pub threshold: Option<[u8; 32]>,
}

/// Draws among `asks` until `capacity` is used. `id(i)` is the id of the person behind `asks[i]`;
/// ids must differ. An ask of zero takes no part.
#[must_use]
pub fn allot<'a>(
    draw: &Draw,
    asks: &[u128],
    id: impl Fn(usize) -> &'a [u8],
    capacity: u128,
    marginal: MarginalWinner,
) -> Drawn {
    let ticket = |i: usize| draw.ticket(id(i));
    let entrants = (0..asks.len()).filter(|&i| asks[i] > 0);
    if sum(asks.iter().copied()) <= U256::from(capacity) {
        // Everybody wins, so only the largest ticket is of interest, not the order.
        return Drawn {
            allotments: asks.to_vec(),
            threshold: entrants.map(ticket).max(),
        };
    }

    let mut allotments = vec![0; asks.len()];
    let mut last_winner = None;
    let mut room = capacity;
    for i in by_ticket(entrants, ticket) {
        if room == 0 {
            break;
        }
        let ask = asks[i];
        if ask <= room {
            allotments[i] = ask;
            room -= ask;
            last_winner = Some(i);
            continue;
        }
        match marginal {
            MarginalWinner::Partial => {
                allotments[i] = room;
                last_winner = Some(i);
            }
            MarginalWinner::Skip => {}
        }
        break;
    }
    Drawn {
        allotments,
        threshold: last_winner.map(ticket),
    }
}

/// The entrants from the smallest ticket to the largest.
///
/// Sorts by the first 64 bits, which is a third of the memory of whole tickets, and hashes again
/// where they are equal, which among ten million people happens in one draw of 370,000.
fn by_ticket(
    entrants: impl Iterator<Item = usize>,
    ticket: impl Fn(usize) -> [u8; 32],
) -> impl Iterator<Item = usize> {
    let mut order: Vec<(u64, usize)> = entrants.map(|i| (prefix(&ticket(i)), i)).collect();
    order.sort_unstable_by(|&(a_prefix, a), &(b_prefix, b)| {
        a_prefix
            .cmp(&b_prefix)
            .then_with(|| ticket(a).cmp(&ticket(b)))
            .then(a.cmp(&b))
    });
    order.into_iter().map(|(_, i)| i)
}

/// The first 64 bits, which order tickets wherever they differ.
fn prefix(ticket: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *ticket;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::model::{self, id, tight, unsorted};
    use super::{Draw, Drawn, allot, by_ticket, prefix, ticket};
    use crate::terms::MarginalWinner;

    const TERMS: [u8; 32] = [0xaa; 32];
    const SEED: [u8; 32] = [0x55; 32];
    /// bob, carol, alice, by their tickets with these terms and this seed.
    const TICKET_ORDER: [usize; 3] = [1, 2, 0];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn tickets_are_plain_sha256() {
        // Made with Python's hashlib over the bytes that the page above names.
        let cases: [(u16, &[u8], &str); 3] = [
            (
                0,
                b"alice",
                "fbcf13e127143318a06bc3d082cd5a8800dfac9ee538cfedc966430527391e29",
            ),
            (
                258,
                b"alice",
                "63ad52263ecd72d6a2c2d9d8fc357622a9c32b170d02d3c54a23b20def6d1ae6",
            ),
            (
                0,
                b"",
                "0993c0ec72c3e4ace41739622f6e9a43ec7a60633b93bdc014264e82e20e2d9d",
            ),
        ];
        for (round, id, expected) in cases {
            assert_eq!(
                hex(&ticket(&TERMS, round, &SEED, id)),
                expected,
                "round {round}"
            );
        }
        let long = vec![b'x'; 70_000];
        assert_eq!(
            hex(&ticket(&TERMS, 0, &SEED, &long)),
            "192c0028fbfe77ff2f770f73fc7e9a5eac6f0dd80893cea010e5badf8c270315"
        );
    }

    #[test]
    fn winners_are_the_smallest_tickets() {
        use MarginalWinner::{Partial, Skip};
        let ids: [&[u8]; 3] = [b"alice", b"bob", b"carol"];
        let draw = Draw::new(&TERMS, 0, &SEED);
        let mut order = [0, 1, 2];
        order.sort_by_key(|&i: &usize| draw.ticket(ids[i]));
        assert_eq!(order, TICKET_ORDER);
        let [first, second, third] = order;

        // What the first, second and third ticket get of 10 each, and whose ticket is the last.
        let cases: [(u128, MarginalWinner, [u128; 3], Option<usize>); 9] = [
            (0, Partial, [0, 0, 0], None),
            (9, Partial, [9, 0, 0], Some(first)),
            (9, Skip, [0, 0, 0], None),
            (10, Partial, [10, 0, 0], Some(first)),
            (15, Partial, [10, 5, 0], Some(second)),
            (15, Skip, [10, 0, 0], Some(first)),
            (29, Skip, [10, 10, 0], Some(second)),
            (30, Skip, [10, 10, 10], Some(third)),
            (99, Partial, [10, 10, 10], Some(third)),
        ];
        for (capacity, marginal, expected, last) in cases {
            let Drawn {
                allotments,
                threshold,
            } = allot(&draw, &[10, 10, 10], |i| ids[i], capacity, marginal);
            let got = order.map(|i| allotments[i]);
            assert_eq!(got, expected, "{capacity} {marginal:?}");
            let ticket = last.map(|i| draw.ticket(ids[i]));
            assert_eq!(threshold, ticket, "{capacity} {marginal:?}");
        }
    }

    #[test]
    fn a_skipped_winner_ends_the_draw() {
        // The second ticket asks for too much; the third would fit but does not move up.
        let ids: [&[u8]; 3] = [b"alice", b"bob", b"carol"];
        let draw = Draw::new(&TERMS, 0, &SEED);
        let mut asks = [0; 3];
        for (i, ask) in TICKET_ORDER.into_iter().zip([10, 50, 10]) {
            asks[i] = ask;
        }
        let drawn = allot(&draw, &asks, |i| ids[i], 30, MarginalWinner::Skip);
        assert_eq!(TICKET_ORDER.map(|i| drawn.allotments[i]), [10, 0, 0]);
    }

    #[test]
    fn equal_prefixes_are_told_apart_by_the_rest() {
        let mut tickets = [[7; 32]; 4];
        tickets[0][8] = 9;
        tickets[2][31] = 8;
        tickets[3][0] = 6;
        let order: Vec<usize> = by_ticket([2, 0, 1, 3].into_iter(), |i| tickets[i]).collect();
        assert_eq!(order, [3, 1, 2, 0]);
        assert_eq!(prefix(&tickets[0]), 0x0707_0707_0707_0707);
        assert_eq!(prefix(&tickets[3]), 0x0607_0707_0707_0707);
    }

    proptest! {
        #[test]
        fn agrees_with_the_model((asks, capacity) in tight(), seed: [u8; 32], partial: bool) {
            let ids: Vec<Vec<u8>> = (0..asks.len()).map(id).collect();
            let marginal = if partial { MarginalWinner::Partial } else { MarginalWinner::Skip };
            let drawn = allot(&Draw::new(&TERMS, 3, &seed), &asks, |i| &ids[i], capacity, marginal);
            model::check_bounds(&asks, capacity, &drawn.allotments, partial)?;
            let expected = model::lottery(&TERMS, 3, &seed, &asks, capacity, partial);
            prop_assert_eq!((drawn.allotments, drawn.threshold), expected);
        }

        #[test]
        fn the_threshold_tells_exactly_who_won((asks, capacity) in tight(), partial: bool) {
            let ids: Vec<Vec<u8>> = (0..asks.len()).map(id).collect();
            let marginal = if partial { MarginalWinner::Partial } else { MarginalWinner::Skip };
            let drawn = allot(&Draw::new(&TERMS, 0, &SEED), &asks, |i| &ids[i], capacity, marginal);
            for (i, id) in ids.iter().enumerate() {
                let below = drawn.threshold.is_some_and(|t| ticket(&TERMS, 0, &SEED, id) <= t);
                prop_assert_eq!(drawn.allotments[i] > 0, asks[i] > 0 && below);
            }
        }

        #[test]
        fn order_has_no_influence(((asks, capacity), order) in unsorted(), partial: bool) {
            let marginal = if partial { MarginalWinner::Partial } else { MarginalWinner::Skip };
            let draw = Draw::new(&TERMS, 0, &SEED);
            let ids: Vec<Vec<u8>> = (0..asks.len()).map(id).collect();
            let ordered: Vec<u128> = order.iter().map(|&i| asks[i]).collect();
            let got = allot(&draw, &ordered, |i| &ids[order[i]], capacity, marginal);
            let all = allot(&draw, &asks, |i| &ids[i], capacity, marginal);
            let expected: Vec<u128> = order.iter().map(|&i| all.allotments[i]).collect();
            prop_assert_eq!(got, Drawn { allotments: expected, threshold: all.threshold });
        }
    }
}
