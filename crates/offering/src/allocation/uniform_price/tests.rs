//! Facts from the published vectors, edges by hand, and a model that finds the price by definition.

use std::num::NonZeroU128;

use proptest::prelude::*;
use ruint::aliases::U512;

use super::super::model::{pro_rata_ranked, rank};
use super::{Bid, BidsTooLarge, Clearing, Kind, Lot, Price, clear};
use crate::terms::{DustRule, TieRule};

/// Money, least tokens and id, as the vectors write an order.
type Order = (u128, u128, &'static str);

const E: u128 = 1_000_000_000_000_000_000;

fn price(money: u128, tokens: u128) -> Price {
    Price::new(money, tokens).unwrap()
}

fn lot(supply: u128, min_proceeds: u128) -> Lot {
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

/// What the model says: accepted, tokens, price as money over tokens, and the marginal bid.
#[derive(Debug, PartialEq)]
struct Modelled {
    accepted: Vec<u128>,
    tokens: Vec<u128>,
    price: Option<(U512, U512)>,
    marginal: Option<usize>,
}

/// Is `a <= b`, for ratios?
fn at_most(a: (U512, U512), b: (U512, U512)) -> bool {
    a.0 * b.1 <= b.0 * a.1
}

fn equal(a: (U512, U512), b: (U512, U512)) -> bool {
    at_most(a, b) && at_most(b, a)
}

/// The clearing price by its definition: of all prices that the demand pays for, the largest.
///
/// Between two limits the demand is constant, so the candidates are, for each bid, the smaller of
/// its limit and the money at its limit divided by the supply.
fn modelled(lot: Lot, bids: &[Bid<'_>], tie: TieRule, dust: DustRule) -> Modelled {
    let wide = U512::from::<u128>;
    let supply = wide(lot.supply.get());
    let limit = |i: usize| {
        (
            wide(bids[i].limit.money.get()),
            wide(bids[i].limit.tokens.get()),
        )
    };
    let reserve = (wide(lot.min_proceeds), supply);
    let inside: Vec<usize> = (0..bids.len())
        .filter(|&i| bids[i].money > 0 && at_most(reserve, limit(i)))
        .collect();
    let demand = |price: (U512, U512)| -> U512 {
        let willing = inside.iter().filter(|&&i| at_most(price, limit(i)));
        willing.fold(U512::ZERO, |sum, &i| sum + wide(bids[i].money))
    };
    let mut best = reserve;
    for &i in &inside {
        let paid = (demand(limit(i)), supply);
        let candidate = if at_most(limit(i), paid) {
            limit(i)
        } else {
            paid
        };
        if at_most(best, candidate) {
            best = candidate;
        }
    }

    let mut accepted = vec![0; bids.len()];
    let mut level = Vec::new();
    for &i in &inside {
        if equal(limit(i), best) {
            level.push(i);
        } else if at_most(best, limit(i)) {
            accepted[i] = bids[i].money;
        }
    }
    let mut marginal = None;
    if demand(best) * best.1 < supply * best.0 {
        // The demand is short of the lot at the reserve price.
        level.iter().for_each(|&i| accepted[i] = bids[i].money);
    } else if !level.is_empty() {
        let above = accepted
            .iter()
            .fold(U512::ZERO, |sum, &money| sum + wide(money));
        let room = u128::try_from(supply * best.0 / best.1 - above).unwrap();
        match tie {
            TieRule::ProRata => {
                let asks: Vec<u128> = level.iter().map(|&i| bids[i].money).collect();
                let shares = pro_rata_ranked(&asks, room, dust, |m| rank(level[m]));
                level
                    .iter()
                    .zip(shares)
                    .for_each(|(&i, share)| accepted[i] = share);
            }
            TieRule::ById => {
                let (mut room, mut sum) = (room, above);
                while sum * best.1 < supply * best.0 || marginal.is_none() {
                    let key = |i: usize| (bids[i].money, bids[i].id.len(), bids[i].id, i);
                    let next = level.iter().copied().min_by_key(|&i| key(i)).unwrap();
                    level.retain(|&i| i != next);
                    sum += wide(bids[next].money);
                    accepted[next] = bids[next].money.min(room);
                    room -= accepted[next];
                    marginal = Some(next);
                }
            }
        }
    }
    let tokens_of = |&money: &u128| match best.0.is_zero() {
        true => 0,
        false => u128::try_from(wide(money) * best.1 / best.0).unwrap(),
    };
    let tokens = accepted.iter().map(tokens_of).collect();
    Modelled {
        accepted,
        tokens,
        price: (!best.0.is_zero()).then_some(best),
        marginal,
    }
}

/// A bid without its id: money and limit.
fn offers() -> impl Strategy<Value = Vec<(u128, Price)>> {
    let small = (0_u128..20, 1_u128..5, 1_u128..5);
    // The same ratios in other numbers, so that equal limits do not have equal numbers.
    let scaled = (0_u128..20, 1_u128..4, 1_u128..4, 1_u128..4)
        .prop_map(|(money, a, b, scale)| (money, a * scale, b * scale));
    let large = (0_u128..1 << 90, 1_u128..1 << 90, 1_u128..1 << 90);
    let any_size = (0..u128::MAX / 16, 1..=u128::MAX, 1..=u128::MAX);
    let few = |bid: BoxedStrategy<(u128, u128, u128)>| prop::collection::vec(bid, 0..12);
    let groups = prop_oneof![
        few(small.boxed()),
        few(scaled.boxed()),
        few(large.boxed()),
        few(any_size.boxed()),
    ];
    groups.prop_map(|bids| {
        bids.into_iter()
            .map(|(money, a, b)| (money, price(a, b)))
            .collect()
    })
}

fn lots() -> impl Strategy<Value = Lot> {
    let reserve = prop_oneof![Just(0), 0_u128..60, 0_u128..1 << 91, any::<u128>()];
    let supply = prop_oneof![1_u128..60, 1_u128..1 << 91, 1..=u128::MAX];
    (supply, reserve).prop_map(|(supply, reserve)| lot(supply, reserve))
}

fn ties() -> impl Strategy<Value = (TieRule, DustRule)> {
    prop_oneof![
        Just((TieRule::ById, DustRule::LargestRemainder)),
        Just((TieRule::ProRata, DustRule::Unassigned)),
        Just((TieRule::ProRata, DustRule::LargestRemainder)),
    ]
}

const IDS: [&[u8]; 5] = [b"7", b"12", b"9", b"a", b"100"];

fn with_ids(offers: &[(u128, Price)]) -> Vec<Bid<'static>> {
    let id = |place: usize| IDS[place % IDS.len()];
    let offers = offers.iter().enumerate();
    offers
        .map(|(place, &(money, limit))| Bid {
            money,
            limit,
            id: id(place),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn agrees_with_the_model(offers in offers(), lot in lots(), (tie, dust) in ties()) {
        let bids = with_ids(&offers);
        let got = clear(lot, &bids, tie, dust, rank).unwrap();
        let expected = modelled(lot, &bids, tie, dust);
        prop_assert_eq!(&got.accepted, &expected.accepted);
        prop_assert_eq!(&got.tokens, &expected.tokens);
        let ratio = got.price.map(|p| (U512::from(p.money.get()), U512::from(p.tokens.get())));
        let same = match (ratio, expected.price) {
            (Some(got), Some(expected)) => equal(got, expected),
            (got, expected) => got == expected,
        };
        prop_assert!(same, "{:?} and {:?}", ratio, expected.price);
        if let Kind::MarginalBid { index, filled } = got.kind {
            prop_assert_eq!(expected.marginal, Some(index));
            prop_assert_eq!(filled, got.accepted[index]);
        } else {
            prop_assert_eq!(expected.marginal, None);
        }
    }

    #[test]
    fn the_promises_hold(offers in offers(), lot in lots(), (tie, dust) in ties()) {
        let bids = with_ids(&offers);
        let got = clear(lot, &bids, tie, dust, rank).unwrap();
        let sold: u128 = got.tokens.iter().sum();
        prop_assert_eq!(sold + got.unsold, lot.supply.get());
        prop_assert_eq!(got.accepted.iter().sum::<u128>(), got.accepted_total);
        for (bid, &accepted) in bids.iter().zip(&got.accepted) {
            prop_assert!(accepted <= bid.money);
            let Some(price) = got.price else { continue };
            let order = bid.limit.cmp_ratio(&price);
            prop_assert!(accepted == 0 || order.is_ge(), "a winner pays more than the limit");
            prop_assert!(accepted == bid.money || order.is_le(), "a bid above the price is cut");
        }
        if let (Some(price), Some(reserve)) = (got.price, lot.reserve()) {
            prop_assert!(price.cmp_ratio(&reserve).is_ge());
        }
        if got.kind == Kind::BetweenBids {
            let winners = got.accepted.iter().map(|&money| u128::from(money > 0)).sum::<u128>();
            prop_assert!(got.unsold < winners);
        }
    }

    #[test]
    fn order_has_no_influence(
        (offers, order) in offers().prop_flat_map(|offers| {
            let order = Just((0..offers.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(offers), order)
        }),
        lot in lots(),
        (tie, dust) in ties(),
    ) {
        let bids = with_ids(&offers);
        let ordered: Vec<Bid<'_>> = order.iter().map(|&i| bids[i]).collect();
        let got = clear(lot, &ordered, tie, dust, |i| rank(order[i])).unwrap();
        let all = clear(lot, &bids, tie, dust, rank).unwrap();
        prop_assert_eq!(got.price, all.price);
        prop_assert_eq!((got.accepted_total, got.unsold), (all.accepted_total, all.unsold));
        // Equal bids of one person may change places, so the rows are compared as a multiset.
        let rows = |bids: &[Bid<'_>], clearing: &Clearing| {
            let mut rows: Vec<_> = bids
                .iter()
                .zip(clearing.accepted.iter().zip(&clearing.tokens))
                .map(|(bid, (accepted, tokens))| {
                    (bid.id.to_vec(), bid.money, bid.limit.money, bid.limit.tokens, *accepted, *tokens)
                })
                .collect();
            rows.sort();
            rows
        };
        prop_assert_eq!(rows(&ordered, &got), rows(&bids, &all));
    }
}
