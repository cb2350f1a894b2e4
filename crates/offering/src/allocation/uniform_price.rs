//! Uniform-price auction: the highest bids win, and all winners pay the same price.
//!
//! A bid is an amount of money and a limit, the highest price it accepts. A price is an exact
//! ratio of money units to token units.
//!
//! - Rank: bids from the highest limit down; equal limits by the [tie rule](TieRule) of the terms.
//!   By id: first the bid that wants fewer tokens at least, which at equal limits is the one with
//!   less money; then the smaller id. Two bids of one person with equal money and limit come in
//!   the order of the numbers that their limit is written in (1/2 before 2/4), then as given: it
//!   changes nothing for anybody. Pro rata: all bids at the marginal price share what is left in
//!   proportion to their money.
//! - Formula: with `D(p)` the money of all bids whose limit is at least `p`, the clearing price is
//!   the largest `p` with `D(p) >= supply * p`, but at least the reserve price
//!   `min_proceeds / supply`. Bids above it are accepted whole, bids below it are refunded whole,
//!   and bids at it share the money that is still missing, `supply * p - D(above p)` rounded down.
//!   Four cases, walking down the rank (the numbers are the marks in the source):
//!   - \[13\] the lot is sold out at a bid's own limit, and that bid is partly filled
//!     ([`Kind::MarginalBid`], [`Kind::MarginalLevel`]);
//!   - \[14\] \[15\] the bids above, accepted whole, pay more than the next bid's limit, or there is
//!     no next bid: the price is their money divided by the supply and nobody's limit
//!     ([`Kind::BetweenBids`]);
//!   - \[16\] the demand at the reserve price is short: every bid at or above it is filled at the
//!     reserve price and the rest of the lot stays unsold ([`Kind::Reserve`]).
//! - Rounding: `tokens = accepted * price.tokens div price.money`, down for each bid. Dust: token
//!   units that no whole unit of money pays for stay unsold. Where money is shared pro rata at the
//!   margin, its dust goes by the [dust rule](super::dust).
//! - Source: `settleAuction` of Gnosis `EasyAuction.sol` (`gnosis/ido-contracts`), whose vectors the
//!   tests read. Differences: a bid exactly at the reserve price is admitted here (there it could
//!   not be placed); two equal bids of one person count twice (there the second is ignored); and
//!   the pro-rata tie rule, which it does not have.
//! - Hazards: a tie rule by id favours whoever registered early. At a price under which the whole
//!   lot costs less than one unit of money nothing can be paid, and nothing is sold. A soft cap is
//!   judged elsewhere, on [`Clearing::accepted_total`].

use std::cmp::Ordering;
use std::num::NonZeroU128;

use ruint::aliases::U256;

use super::pro_rata;
use super::wide::{low_128, sum};
use crate::ratio::wide;
use crate::terms::{DustRule, TieRule};

/// A price: `money` units of the currency for `tokens` units of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Units of money, the numerator.
    pub money: NonZeroU128,
    /// Units of the token, the denominator.
    pub tokens: NonZeroU128,
}

impl Price {
    /// `money / tokens`, or `None` if one of them is zero.
    #[must_use]
    pub fn new(money: u128, tokens: u128) -> Option<Self> {
        Some(Self {
            money: NonZeroU128::new(money)?,
            tokens: NonZeroU128::new(tokens)?,
        })
    }

    /// Compares the ratios, exactly. `==` compares the numbers: 1/2 and 2/4 are different prices
    /// under `==` and the same here.
    #[must_use]
    pub fn cmp_ratio(&self, other: &Self) -> Ordering {
        let own = wide(self.money.get(), other.tokens.get());
        own.cmp(&wide(other.money.get(), self.tokens.get()))
    }

    /// The tokens that `money` buys, rounded down. They must fit in 128 bits.
    fn tokens_for(&self, money: u128) -> u128 {
        low_128(wide(money, self.tokens.get()) / U256::from(self.money.get()))
    }

    /// The price with 64 binary places, rounded down, at most `u128::MAX`: a smaller key means a
    /// lower price, and where keys are equal [`Price::cmp_ratio`] decides. It spares the sort most
    /// of its wide products and its jumps through the bids.
    fn sort_key(&self) -> u128 {
        let scaled = U256::from(self.money.get()) << 64;
        u128::try_from(scaled / U256::from(self.tokens.get())).unwrap_or(u128::MAX)
    }

    /// What `tokens` cost, rounded down. It may exceed 128 bits.
    fn cost_of(&self, tokens: u128) -> U256 {
        wide(tokens, self.money.get()) / U256::from(self.tokens.get())
    }
}

/// One bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid<'a> {
    /// Units of money that are locked for this bid. A bid of zero takes no part.
    pub money: u128,
    /// The highest price it accepts.
    pub limit: Price,
    /// The bidder's id. Ids are ordered by length, then by bytes, so decimal numbers without
    /// leading zeros are ordered as numbers.
    pub id: &'a [u8],
}

/// What is auctioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Token units for sale.
    pub supply: NonZeroU128,
    /// Units of money below which the whole lot is not sold: the reserve price is
    /// `min_proceeds / supply`. Zero means no reserve.
    pub min_proceeds: u128,
}

impl Lot {
    fn reserve(&self) -> Option<Price> {
        let money = NonZeroU128::new(self.min_proceeds)?;
        Some(Price {
            money,
            tokens: self.supply,
        })
    }
}

/// Where the price came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The limit of one bid, of which `filled` units of money are accepted (possibly zero).
    MarginalBid {
        /// Place in the slice of bids.
        index: usize,
        /// Units of money accepted of this bid.
        filled: u128,
    },
    /// The common limit of all bids that share `filled` units of money pro rata (possibly zero).
    MarginalLevel {
        /// Units of money to share; with [`DustRule::Unassigned`] a little less is accepted.
        filled: u128,
    },
    /// Nobody's limit: all accepted bids are filled whole and the lot is sold out.
    BetweenBids,
    /// The reserve price: all bids at or above it are filled whole and the lot may be left over.
    Reserve,
    /// There was no bid at or above the reserve price.
    NoBids,
}

/// The result of an auction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// What all winners pay. `None` if nobody bid and there is no reserve price. At a bid's limit
    /// it has that bid's numbers, at a shared limit those of the first of them in rank; else
    /// `tokens` is the whole supply. It is not reduced.
    pub price: Option<Price>,
    /// Where the price came from.
    pub kind: Kind,
    /// Units of money accepted, parallel to the bids; the rest of each bid is refunded.
    pub accepted: Vec<u128>,
    /// Units of the token, parallel to the bids.
    pub tokens: Vec<u128>,
    /// Sum of `accepted`: what a soft cap is compared with.
    pub accepted_total: u128,
    /// Token units that nobody got: `supply` less the sum of `tokens`.
    pub unsold: u128,
}

/// The money of all bids together exceeds `u128`, so no total of it can be stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the bids add up to more than {} units of money; bid in a coarser unit",
    u128::MAX
)]
pub struct BidsTooLarge;

/// Clears the auction.
///
/// `rank(i)` is the [tie key](super::dust::tie_rank) of `bids[i]`, different for each bid; it is
/// called only for [`TieRule::ProRata`] with [`DustRule::LargestRemainder`], and `dust` has no
/// meaning for [`TieRule::ById`].
///
/// # Errors
/// [`BidsTooLarge`] if the money of all bids, losing ones included, adds up to more than `u128`.
pub fn clear(
    lot: Lot,
    bids: &[Bid<'_>],
    tie: TieRule,
    dust: DustRule,
    rank: impl Fn(usize) -> [u8; 32],
) -> Result<Clearing, BidsTooLarge> {
    // From here on every sum of bids fits in 128 bits.
    u128::try_from(sum(bids.iter().map(|bid| bid.money))).map_err(|_| BidsTooLarge)?;

    let ranked = ranked(lot, bids);
    let mut accepted = vec![0; bids.len()];
    let (winners, price, kind) = match find_margin(lot, bids, &ranked, tie) {
        Margin::SoldOutWithin { level, room } => {
            let members = &ranked[level.clone()];
            let kind = match tie {
                TieRule::ById => {
                    let index = ranked[level.start];
                    accepted[index] = room;
                    Kind::MarginalBid {
                        index,
                        filled: room,
                    }
                }
                TieRule::ProRata => {
                    let money = |m: usize| bids[members[m]].money;
                    let rank = |m: usize| rank(members[m]);
                    let shares = pro_rata::allot_by(members.len(), money, room, dust, rank);
                    members
                        .iter()
                        .zip(shares)
                        .for_each(|(&i, share)| accepted[i] = share);
                    Kind::MarginalLevel { filled: room }
                }
            };
            (level.start, Some(bids[ranked[level.start]].limit), kind)
        }
        Margin::Between { winners, price } => (winners, Some(price), Kind::BetweenBids),
        Margin::Short if ranked.is_empty() => (0, lot.reserve(), Kind::NoBids),
        Margin::Short => (ranked.len(), lot.reserve(), Kind::Reserve),
    };
    for &i in &ranked[..winners] {
        accepted[i] = bids[i].money;
    }
    Ok(deliver(lot, price, kind, accepted))
}

/// The bids that take part, from the highest limit down, equal limits by money and id.
///
/// Least tokens wanted is `money * limit.tokens / limit.money`, so at equal limits comparing money
/// compares exactly what the source compares, without a division.
fn ranked(lot: Lot, bids: &[Bid<'_>]) -> Vec<usize> {
    let reserve = lot.reserve();
    let takes_part = |bid: &Bid<'_>| {
        bid.money > 0 && reserve.is_none_or(|price| bid.limit.cmp_ratio(&price).is_ge())
    };
    let mut ranked: Vec<(u128, usize)> = (0..bids.len())
        .filter(|&i| takes_part(&bids[i]))
        .map(|i| (bids[i].limit.sort_key(), i))
        .collect();
    ranked.sort_unstable_by(|&(left_key, a), &(right_key, b)| {
        right_key
            .cmp(&left_key)
            .then_with(|| by_limit_money_id(bids, a, b))
    });
    ranked.into_iter().map(|(_, i)| i).collect()
}

fn by_limit_money_id(bids: &[Bid<'_>], a: usize, b: usize) -> Ordering {
    let (left, right) = (&bids[a], &bids[b]);
    right
        .limit
        .cmp_ratio(&left.limit)
        .then(left.money.cmp(&right.money))
        .then(left.id.len().cmp(&right.id.len()))
        .then_with(|| left.id.cmp(right.id))
        .then(left.limit.tokens.cmp(&right.limit.tokens))
        .then(a.cmp(&b))
}

/// Where in the rank the lot is sold out.
enum Margin {
    /// Within the bids of one limit, which get `room` units of money in all.
    SoldOutWithin {
        level: std::ops::Range<usize>,
        room: u128,
    },
    /// After the first `winners`, whose money is the price of the whole lot.
    Between { winners: usize, price: Price },
    /// Nowhere: all bids together pay no more than the reserve price for the lot.
    Short,
}

/// Walks down the rank until the money of the bids so far pays for the lot at the last one's limit.
///
/// A step is one bid, or with [`TieRule::ProRata`] all bids of one limit. Both find the same price:
/// money that did not pay for the lot at a limit leaves room for the next bid of the same limit.
fn find_margin(lot: Lot, bids: &[Bid<'_>], ranked: &[usize], tie: TieRule) -> Margin {
    let supply = lot.supply.get();
    let same_step = |&a: &usize, &b: &usize| match tie {
        TieRule::ById => false,
        TieRule::ProRata => bids[a].limit.cmp_ratio(&bids[b].limit).is_eq(),
    };
    let mut above = 0_u128;
    let mut start = 0;
    for step in ranked.chunk_by(same_step) {
        let with_step = above + step.iter().map(|&i| bids[i].money).sum::<u128>();
        let limit = bids[step[0]].limit;
        if wide(with_step, limit.tokens.get()) >= wide(supply, limit.money.get()) {
            // By this comparison the cost of the lot is at most `with_step`, so it fits.
            let room = low_128(limit.cost_of(supply)).checked_sub(above);
            return match room {
                Some(room) => Margin::SoldOutWithin {
                    level: start..start + step.len(),
                    room,
                },
                None => sold_for(lot, above, start),
            };
        }
        above = with_step;
        start += step.len();
    }
    if above > lot.min_proceeds {
        sold_for(lot, above, start)
    } else {
        Margin::Short
    }
}

/// The whole lot for the money of the first `winners` bids.
fn sold_for(lot: Lot, money: u128, winners: usize) -> Margin {
    match NonZeroU128::new(money) {
        Some(money) => Margin::Between {
            winners,
            price: Price {
                money,
                tokens: lot.supply,
            },
        },
        // Both callers have just found the money to be more than another amount.
        None => Margin::Short,
    }
}

/// Turns accepted money into tokens at one price for all.
fn deliver(lot: Lot, price: Option<Price>, kind: Kind, accepted: Vec<u128>) -> Clearing {
    // All accepted money together buys at most the supply, so no bid's tokens exceed it.
    let supply = lot.supply.get();
    let tokens: Vec<u128> = accepted
        .iter()
        .map(|&money| price.map_or(0, |price| price.tokens_for(money)))
        .collect();
    let accepted_total = accepted.iter().sum();
    let unsold = supply - tokens.iter().sum::<u128>();
    Clearing {
        price,
        kind,
        accepted,
        tokens,
        accepted_total,
        unsold,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
