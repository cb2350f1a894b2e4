//! Facts from the published vectors, and edges by hand.

use std::num::NonZeroU128;

use super::super::model::rank;
use super::{Bid, BidsTooLarge, Clearing, Kind, Lot, Price, clear};
use crate::terms::{DustRule, TieRule};

/// Money, least tokens and id, as the vectors write an order.
type Order = (u128, u128, &'static str);

const E: u128 = 1_000_000_000_000_000_000;

pub(super) fn price(money: u128, tokens: u128) -> Price {
    Price::new(money, tokens).unwrap()
}

pub(super) fn lot(supply: u128, min_proceeds: u128) -> Lot {
    Lot {
        supply: NonZeroU128::new(supply).unwrap(),
        min_proceeds,
    }
}

fn bids(orders: &[Order]) -> Vec<Bid<'static>> {
    orders
        .iter()
        .map(|&(money, tokens, id)| Bid {
            money,
            limit: price(money, tokens),
            id: id.as_bytes(),
        })
        .collect()
}

fn by_id(lot: Lot, bids: &[Bid<'_>]) -> Clearing {
    clear(lot, bids, TieRule::ById, DustRule::Unassigned, |_| {
        panic!("no rank is needed")
    })
    .unwrap()
}

struct Fact {
    name: &'static str,
    lot: (u128, u128),
    orders: &'static [Order],
    price: (u128, u128),
    kind: Kind,
    accepted: &'static [u128],
    tokens: &'static [u128],
}

/// Rows of the EasyAuction settlement vectors. The integration test reads all of them.
const FACTS: [Fact; 10] = [
    Fact {
        name: "case 4: the reserve price, the lot is left over",
        lot: (5 * E, E),
        orders: &[(E / 10, E / 10, "1")],
        price: (E, 5 * E),
        kind: Kind::Reserve,
        accepted: &[E / 10],
        tokens: &[E / 2],
    },
    Fact {
        name: "case 6: money equal to the reserve sells the lot at it",
        lot: (500 * E, E),
        orders: &[(E, E, "1")],
        price: (E, 500 * E),
        kind: Kind::Reserve,
        accepted: &[E],
        tokens: &[500 * E],
    },
    Fact {
        name: "case 3: nobody's limit, all bids together pay for the lot",
        lot: (500 * E, E),
        orders: &[(E, E, "1"), (E, E, "3"), (E, E, "2")],
        price: (3 * E, 500 * E),
        kind: Kind::BetweenBids,
        accepted: &[E, E, E],
        tokens: &[500 * E / 3, 500 * E / 3, 500 * E / 3],
    },
    Fact {
        name: "case 8: no bids",
        lot: (1000, 1000),
        orders: &[],
        price: (1000, 1000),
        kind: Kind::NoBids,
        accepted: &[],
        tokens: &[],
    },
    Fact {
        name: "case 2: the first bid pays more than the second one's limit",
        lot: (E, E),
        orders: &[(2 * E, E / 2, "1"), (E + 1, E, "1")],
        price: (2 * E, E),
        kind: Kind::BetweenBids,
        accepted: &[2 * E, 0],
        tokens: &[E, 0],
    },
    Fact {
        name: "case 10: one bid takes the lot at its limit",
        lot: (E, E),
        orders: &[(20 * E, 10 * E, "1")],
        price: (20 * E, 10 * E),
        kind: Kind::MarginalBid {
            index: 0,
            filled: 2 * E,
        },
        accepted: &[2 * E],
        tokens: &[E],
    },
    Fact {
        name: "case 7: two bids at one limit fill it exactly, a lower one gets nothing",
        lot: (E, E / 2),
        orders: &[
            (E / 2, E / 2, "2"),
            (E / 2, E / 2, "3"),
            (E / 2, 6 * E / 10, "3"),
        ],
        price: (E / 2, E / 2),
        kind: Kind::MarginalBid {
            index: 1,
            filled: E / 2,
        },
        accepted: &[E / 2, E / 2, 0],
        tokens: &[E / 2, E / 2, 0],
    },
    Fact {
        name: "case 10: the smaller id is the clearing order",
        lot: (E, E / 2),
        orders: &[
            (E / 2, E / 2, "2"),
            (E / 2, E / 2, "3"),
            (E / 2, 4 * E / 10, "3"),
        ],
        price: (E / 2, E / 2),
        kind: Kind::MarginalBid {
            index: 0,
            filled: E / 2,
        },
        accepted: &[E / 2, 0, E / 2],
        tokens: &[E / 2, 0, E / 2],
    },
    Fact {
        name: "case 1: the marginal bid gives the price and gets nothing",
        lot: (E, E),
        orders: &[
            (2 * E, E / 5, "1"),
            (2 * E, E, "1"),
            (2 * E + 1, 2 * E, "1"),
        ],
        price: (2 * E, E),
        kind: Kind::MarginalBid {
            index: 1,
            filled: 0,
        },
        accepted: &[2 * E, 0, 0],
        tokens: &[E, 0, 0],
    },
    Fact {
        name: "claims for a partly filled bid: a token unit is left with nobody",
        lot: (E, E),
        orders: &[
            (E / 2 + 1, E / 2, "1"),
            (666_666_666_666_666_667, 666_666_666_666_666_666, "1"),
        ],
        price: (666_666_666_666_666_667, 666_666_666_666_666_666),
        kind: Kind::MarginalBid {
            index: 1,
            filled: 666_666_666_666_666_667 - 166_666_666_666_666_667,
        },
        accepted: &[E / 2 + 1, E / 2],
        tokens: &[E / 2, E / 2 - 1],
    },
];

#[test]
fn published_settlements() {
    for fact in FACTS {
        let got = by_id(lot(fact.lot.0, fact.lot.1), &bids(fact.orders));
        let expected = Clearing {
            price: Some(price(fact.price.0, fact.price.1)),
            kind: fact.kind,
            accepted: fact.accepted.to_vec(),
            tokens: fact.tokens.to_vec(),
            accepted_total: fact.accepted.iter().sum(),
            unsold: fact.lot.0 - fact.tokens.iter().sum::<u128>(),
        };
        assert_eq!(got, expected, "{}", fact.name);
    }
}

#[test]
fn a_bid_at_the_reserve_is_in_and_below_it_is_out() {
    // The reserve is 2 for each token.
    let got = by_id(lot(10, 20), &bids(&[(6, 3, "1"), (5, 3, "2")]));
    assert_eq!(
        (got.kind, got.accepted, got.tokens),
        (Kind::Reserve, vec![6, 0], vec![3, 0])
    );
    let got = by_id(lot(10, 20), &bids(&[(5, 3, "2")]));
    assert_eq!(
        (got.kind, got.price, got.unsold),
        (Kind::NoBids, Some(price(20, 10)), 10)
    );
}

#[test]
fn without_a_reserve_any_money_buys_the_lot() {
    let got = by_id(lot(1000, 0), &bids(&[(1, 1, "1")]));
    assert_eq!(
        (got.kind, got.price),
        (Kind::BetweenBids, Some(price(1, 1000)))
    );
    assert_eq!((got.tokens, got.unsold), (vec![1000], 0));
    let got = by_id(lot(1000, 0), &[]);
    assert_eq!(
        (got.kind, got.price, got.unsold),
        (Kind::NoBids, None, 1000)
    );
    let nothing = Bid {
        money: 0,
        limit: price(9, 1),
        id: b"1",
    };
    assert_eq!(by_id(lot(1000, 0), &[nothing]).kind, Kind::NoBids);
}

#[test]
fn ties_by_id_compare_money_then_length_then_bytes() {
    let bid = |money, id| Bid {
        money,
        limit: price(1, 1),
        id,
    };
    // Fifteen tokens at a price of 1: 3 for the smallest bid, then ten for "9" before "10".
    let tied: [Bid<'_>; 4] = [bid(10, b"10"), bid(10, b"9"), bid(10, b"11"), bid(3, b"99")];
    assert_eq!(by_id(lot(15, 0), &tied).accepted, [2, 10, 0, 3]);
    // Two equal bids of one person: the first one is filled first.
    assert_eq!(
        by_id(lot(15, 0), &[bid(10, b"1"), bid(10, b"1")]).accepted,
        [10, 5]
    );
    // Or, at one limit in other numbers, the one with the smaller numbers.
    let wordy = Bid {
        limit: price(2, 2),
        ..bid(10, b"1")
    };
    assert_eq!(by_id(lot(15, 0), &[wordy, bid(10, b"1")]).accepted, [5, 10]);
}

#[test]
fn ties_pro_rata_share_what_the_higher_bids_leave() {
    let orders = [(10, 5, "1"), (10, 10, "2"), (20, 20, "3"), (9, 10, "4")];
    let at =
        |supply, dust| clear(lot(supply, 0), &bids(&orders), TieRule::ProRata, dust, rank).unwrap();
    let got = at(25, DustRule::LargestRemainder);
    assert_eq!(got.kind, Kind::MarginalLevel { filled: 15 });
    assert_eq!(
        (got.accepted, got.price),
        (vec![10, 5, 10, 0], Some(price(10, 10)))
    );
    // The price is written as the first of them in rank writes it.
    let scaled = [(20, 4, "1"), (4, 4, "2"), (9, 3, "3"), (3, 1, "4")];
    let priced = clear(
        lot(9, 0),
        &bids(&scaled),
        TieRule::ProRata,
        DustRule::Unassigned,
        rank,
    );
    assert_eq!(priced.unwrap().price, Some(price(3, 1)));
    // 16 between 10 and 20: 5.33 and 10.67.
    assert_eq!(at(26, DustRule::LargestRemainder).accepted, [10, 5, 11, 0]);
    let got = at(26, DustRule::Unassigned);
    assert_eq!(
        (got.accepted_total, got.accepted, got.unsold),
        (25, vec![10, 5, 10, 0], 1)
    );
}

#[test]
fn a_price_needs_both_sides() {
    assert_eq!(Price::new(0, 5), None);
    assert_eq!(Price::new(5, 0), None);
    assert_eq!(
        Price::new(5, 7).map(|p| (p.money.get(), p.tokens.get())),
        Some((5, 7))
    );
}

#[test]
fn a_sort_key_has_64_binary_places() {
    assert_eq!(price(3, 2).sort_key(), 3 << 63);
    assert_eq!(price(1, 3).sort_key(), (1 << 64) / 3);
    assert_eq!(price(u128::MAX, 1).sort_key(), u128::MAX);
}

#[test]
fn prices_closer_than_the_sort_key_are_told_apart() {
    // Below 64 binary places, beyond the largest key, and apart by less than the last place.
    const MAX: u128 = u128::MAX;
    let pairs = [
        (price(1, MAX), price(2, MAX)),
        (price(MAX - 1, 1), price(MAX, 1)),
        (price(MAX - 2, MAX - 1), price(MAX - 1, MAX)),
    ];
    for (lower, higher) in pairs {
        assert_eq!(lower.sort_key(), higher.sort_key());
        let bid = |limit| Bid {
            money: 5,
            limit,
            id: b"1",
        };
        let ranked = super::ranked(lot(9, 0), &[bid(lower), bid(higher)]);
        assert_eq!(ranked, [1, 0], "{lower:?} {higher:?}");
    }
}

#[test]
fn a_lot_that_costs_less_than_one_unit_is_not_sold() {
    // One token for a quarter of a unit: no whole unit of money can be taken.
    let got = by_id(lot(1, 0), &bids(&[(1, 4, "1")]));
    assert_eq!(
        got.kind,
        Kind::MarginalBid {
            index: 0,
            filled: 0
        }
    );
    assert_eq!((got.accepted_total, got.unsold), (0, 1));
}

#[test]
fn the_largest_amounts() {
    const MAX: u128 = u128::MAX;
    let dear = Bid {
        money: MAX,
        limit: price(MAX, 1),
        id: b"1",
    };
    let got = by_id(lot(MAX, MAX), &[dear]);
    assert_eq!((got.kind, got.tokens), (Kind::Reserve, vec![MAX]));
    let got = by_id(lot(1, 1), &[dear]);
    assert_eq!(
        (got.kind, got.accepted_total),
        (
            Kind::MarginalBid {
                index: 0,
                filled: MAX
            },
            MAX
        )
    );
    let cheap = Bid {
        money: MAX,
        limit: price(1, MAX),
        id: b"1",
    };
    assert_eq!(by_id(lot(MAX, 0), &[cheap]).accepted, [1]);

    let one_more = Bid { money: 1, ..dear };
    let got = clear(
        lot(1, 1),
        &[dear, one_more],
        TieRule::ById,
        DustRule::Unassigned,
        rank,
    );
    assert_eq!(got, Err(BidsTooLarge));
}
