//! Sharing, drawing and clearing, each by the shortest way there is.

use num_bigint::BigInt;
use sha2::{Digest, Sha256};
use softcap_offering::{
    LimitPrice,
    terms::{DustRule, MarginalWinner},
};

use super::super::fraction::{Fraction, big, least};

/// SHA-256 of terms and id: who gets the dust when remainders are equal.
pub(super) fn hash(terms: &[u8; 32], id: &[u8]) -> [u8; 32] {
    Sha256::digest([terms.as_slice(), id].concat()).into()
}

/// The lottery ticket of a person.
pub(super) fn ticket(terms: &[u8; 32], round: usize, seed: &[u8; 32], id: &str) -> [u8; 32] {
    let number = u16::try_from(round).unwrap().to_be_bytes();
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    let parts: [&[u8]; 6] = [
        b"softcap/lottery/v1",
        terms,
        &number,
        seed,
        &length,
        id.as_bytes(),
    ];
    Sha256::digest(parts.concat()).into()
}

/// Everybody the same part of the ask; what rounding leaves over goes to the largest remainders.
pub(super) fn pro_rata(
    asks: &[BigInt],
    capacity: &BigInt,
    dust: DustRule,
    rank: impl Fn(&usize) -> [u8; 32],
) -> Vec<BigInt> {
    let total: BigInt = asks.iter().sum();
    if total <= *capacity {
        return asks.to_vec();
    }
    let mut parts: Vec<BigInt> = asks.iter().map(|ask| ask * capacity / &total).collect();
    if dust == DustRule::LargestRemainder {
        let mut order: Vec<usize> = (0..asks.len()).collect();
        order.sort_by_key(|at| (-(&asks[*at] * capacity % &total), rank(at)));
        give_dust(&mut parts, capacity, &order);
    }
    parts
}

fn give_dust(parts: &mut [BigInt], capacity: &BigInt, order: &[usize]) {
    for &person in order {
        if parts.iter().sum::<BigInt>() < *capacity {
            parts[person] += 1;
        }
    }
}

/// Everybody the same amount up to the ask: the highest level that fits, found by halving.
pub(super) fn water(
    asks: &[BigInt],
    capacity: &BigInt,
    dust: DustRule,
    rank: impl Fn(&usize) -> [u8; 32],
) -> Vec<BigInt> {
    let filled = |level: &BigInt| -> Vec<BigInt> {
        asks.iter()
            .map(|ask| least(ask.clone(), level.clone()))
            .collect()
    };
    let total: BigInt = asks.iter().sum();
    if total <= *capacity {
        return asks.to_vec();
    }
    let (mut low, mut high) = (big(0), capacity + big(1));
    while &high - &low > big(1) {
        let middle: BigInt = (&low + &high) / 2;
        if filled(&middle).iter().sum::<BigInt>() <= *capacity {
            low = middle;
        } else {
            high = middle;
        }
    }
    let mut parts = filled(&low);
    if dust == DustRule::LargestRemainder {
        let mut above: Vec<usize> = (0..asks.len()).filter(|&at| asks[at] > low).collect();
        above.sort_by_key(rank);
        give_dust(&mut parts, capacity, &above);
    }
    parts
}

/// The smallest tickets win, each with the whole ask, until one does not fit.
pub(super) fn lottery(
    asks: &[BigInt],
    capacity: &BigInt,
    marginal: MarginalWinner,
    ticket: impl Fn(&usize) -> [u8; 32],
) -> Vec<BigInt> {
    let mut order: Vec<usize> = (0..asks.len()).collect();
    order.sort_by_key(ticket);
    let mut parts = vec![big(0); asks.len()];
    let mut left = capacity.clone();
    for person in order {
        if asks[person] > left {
            if marginal == MarginalWinner::Partial {
                parts[person] = left;
            }
            break;
        }
        parts[person] = asks[person].clone();
        left -= &asks[person];
    }
    parts
}

/// A bid.
pub(super) struct Bid {
    pub(super) money: BigInt,
    pub(super) limit: LimitPrice,
    pub(super) who: String,
}

impl Bid {
    fn price(&self) -> Fraction {
        Fraction::new(big(self.limit.money), big(self.limit.tokens))
    }

    fn rank(&self, terms: &[u8; 32]) -> [u8; 32] {
        let mut key = self.who.clone().into_bytes();
        key.push(0);
        let money = u128::try_from(self.money.clone()).unwrap();
        for number in [money, self.limit.money, self.limit.tokens] {
            key.extend(number.to_be_bytes());
        }
        hash(terms, &key)
    }
}

/// The price that all winners pay, and what is accepted of each bid.
pub(super) struct Cleared {
    pub(super) price: Fraction,
    pub(super) accepted: Vec<BigInt>,
}

/// The largest price `p` at which the money of all bids with a limit of at least `p` pays for the
/// lot, `D(p) >= supply x p`, but at least the reserve. `None` when nobody bids and there is none.
///
/// Between two limits D does not change, so the largest `p` is a limit, or `D / supply` where that
/// lies between a limit and the next lower one. All of them are tried.
pub(super) fn clear(
    (supply, min_proceeds): (&BigInt, &BigInt),
    bids: &[Bid],
    by_id: bool,
    dust: DustRule,
    terms: &[u8; 32],
) -> Option<Cleared> {
    let reserve = Fraction::new(min_proceeds.clone(), supply.clone());
    let takes_part = |bid: &&Bid| reserve.at_most(&bid.price());
    let demand = |price: &Fraction| -> BigInt {
        let at_least = bids
            .iter()
            .filter(takes_part)
            .filter(|bid| price.at_most(&bid.price()));
        at_least.map(|bid| &bid.money).sum()
    };
    let mut candidates: Vec<Fraction> = Vec::new();
    for bid in bids.iter().filter(takes_part) {
        candidates.push(bid.price());
        let between = Fraction::new(demand(&bid.price()), supply.clone());
        if between.at_most(&bid.price()) {
            candidates.push(between);
        }
    }
    candidates.retain(|price| {
        let pays = price
            .of_count(supply)
            .at_most(&Fraction::new(demand(price), big(1)));
        pays && reserve.at_most(price)
    });
    let best = candidates
        .into_iter()
        .reduce(|a, b| if a.at_most(&b) { b } else { a });
    let Some(price) = best else {
        let money = |bid: &Bid| {
            if takes_part(&bid) {
                bid.money.clone()
            } else {
                big(0)
            }
        };
        let accepted = bids.iter().map(money).collect();
        return (*min_proceeds > big(0)).then_some(Cleared {
            price: reserve,
            accepted,
        });
    };
    let mut accepted = vec![big(0); bids.len()];
    let mut margin = Vec::new();
    for (place, bid) in bids.iter().enumerate() {
        if bid.price().equals(&price) {
            margin.push(place);
        } else if price.at_most(&bid.price()) {
            accepted[place] = bid.money.clone();
        }
    }
    let above: BigInt = accepted.iter().sum();
    let room = price.of_count(supply).floor() - above;
    share_margin(
        bids,
        margin,
        &room,
        by_id.then_some(()),
        dust,
        terms,
        &mut accepted,
    );
    Some(Cleared { price, accepted })
}

fn share_margin(
    bids: &[Bid],
    mut margin: Vec<usize>,
    room: &BigInt,
    by_id: Option<()>,
    dust: DustRule,
    terms: &[u8; 32],
    accepted: &mut [BigInt],
) {
    if by_id.is_some() {
        margin.sort_by_key(|&at| {
            let bid = &bids[at];
            (
                bid.money.clone(),
                bid.who.len(),
                bid.who.clone(),
                bid.limit.tokens,
                at,
            )
        });
        let mut left = room.clone();
        for at in margin {
            accepted[at] = least(left.clone(), bids[at].money.clone());
            left -= &accepted[at];
        }
        return;
    }
    let asks: Vec<BigInt> = margin.iter().map(|&at| bids[at].money.clone()).collect();
    let parts = pro_rata(&asks, room, dust, |&person| {
        bids[margin[person]].rank(terms)
    });
    for (at, part) in margin.into_iter().zip(parts) {
        accepted[at] = part;
    }
}
