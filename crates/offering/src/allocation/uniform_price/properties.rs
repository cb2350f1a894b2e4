//! Random auctions against a model that finds the price by its definition, and promises that hold
//! whatever the rule.

use proptest::prelude::*;
use ruint::aliases::U512;

use super::super::model::{pro_rata_ranked, rank};
use super::tests::{lot, price};
use super::{Bid, Clearing, Kind, Lot, Price, clear};
use crate::terms::{DustRule, TieRule};

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
                    let key = |i: usize| {
                        let Bid { money, limit, id } = bids[i];
                        (money, id.len(), id, limit.tokens, i)
                    };
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

/// A lot of any size, mostly far from what the bids pay for.
fn lots() -> impl Strategy<Value = Lot> {
    let reserve = prop_oneof![Just(0), 0_u128..60, 0_u128..1 << 91, any::<u128>()];
    let supply = prop_oneof![1_u128..60, 1_u128..1 << 91, 1..=u128::MAX];
    (supply, reserve).prop_map(|(supply, reserve)| lot(supply, reserve))
}

/// Bids and a lot: three times in four one that a part of the bids pays for at some bid's limit,
/// with no reserve or with another bid's limit as the reserve, so that margins and ties are met.
fn auctions() -> impl Strategy<Value = (Vec<(u128, Price)>, Lot)> {
    let picks = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (offers(), lots(), picks, 1_u32..1200, 0_u8..4).prop_map(
        |(offers, any_lot, (supply_at, reserve_at), per_mille, mode)| {
            if offers.is_empty() || mode == 0 {
                return (offers, any_lot);
            }
            let wide = U512::from::<u128>;
            let narrow = |wide: U512| u128::try_from(wide).unwrap_or(u128::MAX);
            let limit = |pick: prop::sample::Index| offers[pick.index(offers.len())].1;
            let money = offers
                .iter()
                .fold(U512::ZERO, |sum, offer| sum + wide(offer.0));
            let at = limit(supply_at);
            let affordable = money * wide(at.tokens.get()) / wide(at.money.get());
            let supply = narrow(affordable * U512::from(per_mille) / U512::from(1000)).max(1);
            let at = limit(reserve_at);
            let cost = narrow(wide(supply) * wide(at.money.get()) / wide(at.tokens.get()));
            let reserve = if mode == 1 { cost } else { 0 };
            (offers, lot(supply, reserve))
        },
    )
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
    #[test]
    fn agrees_with_the_model((offers, lot) in auctions(), (tie, dust) in ties()) {
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
    fn the_promises_hold((offers, lot) in auctions(), (tie, dust) in ties()) {
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
        ((offers, lot), order) in auctions().prop_flat_map(|auction| {
            let order = Just((0..auction.0.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(auction), order)
        }),
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
                    let limit = (bid.limit.money, bid.limit.tokens);
                    (bid.id.to_vec(), bid.money, limit, *accepted, *tokens)
                })
                .collect();
            rows.sort();
            rows
        };
        prop_assert_eq!(rows(&ordered, &got), rows(&bids, &all));
    }
}
