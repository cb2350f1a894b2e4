//! The terms as numbers of the contract that is settled by a root, or every reason why it cannot keep them.

use std::sync::Arc;

use alloy_primitives::U256;
use softcap_offering::terms::{Access, Currency, Misfit, Pricing, RootSettlement, Round, Terms};
use softcap_offering::{Offering, Position, RoundIndex, RoundingMode, Tokens, Value};

use super::prices_by_time::{self, LimitFrom};
use super::root_prices::{self, PriceLimits};
use super::schedule::WindowNumbers;
use super::{Reasons, ShareNumbers, bounds, only_currency, only_round, promises, schedule, supply};
use crate::root_entries::is_by_order;
use crate::unkept::{Unkept, UnkeptCode};

/// `1 days` and `3_650 days` of the factory, in seconds.
const PERIOD_LEAST: u64 = 86_400;
const PERIOD_MOST: u64 = 3_650 * 86_400;
/// Basis points of the contributed money of which a minority can make a root void.
const MINORITY: u32 = 5_000;

/// What the contract is told, without addresses.
#[derive(Debug)]
pub(crate) struct RootNumbers {
    pub(crate) window: WindowNumbers,
    pub(crate) deadline: U256,
    pub(crate) challenge: U256,
    pub(crate) claims: U256,
    pub(crate) share: U256,
    pub(crate) limits: Limits,
    pub(crate) prices: PriceLimits,
    /// Limits by time, sorted; none where one is for the whole window, or investors name theirs.
    pub(crate) by_time: Vec<LimitFrom>,
    pub(crate) soft_cap: U256,
    pub(crate) for_sale: U256,
    pub(crate) shares: Vec<ShareNumbers>,
}

/// What one contribution and one investor may bring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) contribution_min: U256,
    pub(crate) contribution_max: U256,
    pub(crate) investor_max: U256,
}

/// The numbers of terms that say how a root is contested.
///
/// # Errors
/// Every reason why the contract cannot keep them.
pub(crate) fn read(terms: &Terms, root: RootSettlement) -> Result<RootNumbers, Vec<Unkept>> {
    let mut reasons = Reasons::default();
    let numbers = all(&mut reasons, terms, root);
    match numbers {
        Some(numbers) if reasons.list.is_empty() => Ok(numbers),
        Some(_) | None => Err(reasons.list),
    }
}

fn all(reasons: &mut Reasons, terms: &Terms, root: RootSettlement) -> Option<RootNumbers> {
    let RootSettlement {
        // Read by `root_prices`.
        bids: _,
        share,
        challenge,
        claims,
    } = root;
    promises(reasons, terms);
    rights(reasons, terms);
    schedule::clock(reasons, &terms.clock);
    let currency = only_currency(reasons, &terms.currencies, &terms.numeraire.symbol)?;
    let round = only_round(reasons, &terms.rounds)?;
    let window = schedule::window(reasons, round);
    let deadline = schedule::refund_deadline(reasons, terms.refund_deadline, window.as_ref());
    whole(reasons, round);
    rounding(reasons, currency);
    let shares = supply::shares(reasons, &terms.token);
    for (place, share) in shares.iter().enumerate() {
        if share.vesting.is_some() {
            reasons.add(
                UnkeptCode::ShareVesting,
                format!("token.share[{place}].vesting"),
                "no factory makes an escrow that takes a root together with vesting",
                "leave it out",
            );
        }
    }
    let for_sale = supply::for_sale(
        reasons,
        &terms.token,
        terms.unsold,
        round.supply,
        terms.hard_cap,
    );
    let input = root_prices::Input {
        root,
        round,
        currency,
        hard_cap: terms.hard_cap,
        for_sale: for_sale?,
    };
    let prices = root_prices::read(reasons, &input);
    let least = prices.map_or(U256::ZERO, |prices| prices.least);
    let limits = limits(reasons, round, (terms.investor_max, least));
    let share_points = minority(reasons, share.0);
    let challenge = period(reasons, "root.challenge", challenge);
    let claims = period(reasons, "root.claims", claims);
    let (prices, window) = (prices?, window?);
    let by_time = by_time(reasons, terms, (&round.pricing, &window, &prices));
    let soft_cap = bounds::soft_cap(reasons, terms.soft_cap, Some(prices.hard_cap));
    Some(RootNumbers {
        window,
        deadline: deadline?,
        challenge: challenge?,
        claims: claims?,
        share: share_points,
        limits,
        prices,
        by_time: by_time?,
        soft_cap,
        for_sale: for_sale?,
        shares,
    })
}

/// The prices of the record's own rules, second by second.
fn by_time(
    reasons: &mut Reasons,
    terms: &Terms,
    (pricing, window, limits): (&Pricing, &WindowNumbers, &PriceLimits),
) -> Option<Vec<LimitFrom>> {
    let offering = Offering::new(Arc::new(terms.clone()));
    let price_at = |second: u64| {
        let position = Position(second.saturating_mul(1_000));
        offering.quoted_price(RoundIndex(0), position)
    };
    let found = prices_by_time::read(pricing, window, limits, &price_at);
    if found.is_none() {
        reasons.add(
            UnkeptCode::Price,
            "round[0].pricing",
            "the price has no number at some second of the window",
            "round the prices, and let the first step begin with the window",
        );
    }
    found
}

/// What the contract has no function for.
fn rights(reasons: &mut Reasons, terms: &Terms) {
    if terms.pause.is_some() {
        reasons.add(
            UnkeptCode::NoPause,
            "pause",
            "an escrow that takes a root cannot be paused",
            "leave `[pause]` out",
        );
    }
    if terms.withdrawal.is_some() {
        reasons.add(
            UnkeptCode::Withdrawal,
            "withdrawal",
            "an escrow that takes a root gives no contribution back before it is settled",
            "leave `[withdrawal]` out",
        );
    }
    if !terms.milestones.is_empty() {
        reasons.add(
            UnkeptCode::Milestones,
            "milestone",
            "an escrow that takes a root pays the beneficiary what proved claims have accepted, at once",
            "leave milestones and `[objections]` out",
        );
    }
}

/// The contract takes whole contributions, and gives back what is not accepted.
fn whole(reasons: &mut Reasons, round: &Round) {
    if round.over_limit != Misfit::Refuse {
        reasons.add(
            UnkeptCode::WholeContributions,
            "round[0].over_limit",
            "an escrow that takes a root refuses what does not fit under a limit whole",
            "use `over_limit = \"refuse\"`",
        );
    }
    if is_by_order(&round.allocation) && round.over_cap == Misfit::Kept {
        reasons.add(
            UnkeptCode::KeptMoney,
            "round[0].over_cap",
            "the escrow always gives back what does not fit",
            "use `\"partial\"` or `\"refuse\"`",
        );
    }
    if round.investor_min.is_some_and(|least| least != Value::ZERO) {
        reasons.add(
            UnkeptCode::InvestorMinimum,
            "round[0].investor.min",
            "an escrow that takes a root has no minimum for an investor",
            "use a minimum of the contribution",
        );
    }
}

fn rounding(reasons: &mut Reasons, currency: &Currency) {
    let rounding = currency.rounding;
    if rounding.unit != Tokens(1) || rounding.mode != RoundingMode::Down {
        reasons.add(
            UnkeptCode::Rounding,
            format!("currency.{}.rounding", currency.symbol),
            "the escrow expects tokens rounded down to the smallest unit",
            "use `mode = \"down\"` and no `unit`",
        );
    }
}

/// Where the price is known, what buys no token is below the minimum.
fn limits(
    reasons: &mut Reasons,
    round: &Round,
    (offering, least): (Option<Value>, U256),
) -> Limits {
    let limits = Limits {
        contribution_min: bounds::contribution_min(reasons, &round.contribution_min).max(least),
        contribution_max: bounds::contribution_max(reasons, &round.contribution_max),
        investor_max: bounds::investor_max(reasons, round.investor_max, offering),
    };
    let most = limits.contribution_max.min(limits.investor_max);
    if limits.contribution_min > most.min(bounds::most_of_one()) {
        reasons.add(
            UnkeptCode::MinimumAboveMaximum,
            "round[0]",
            "the least is above the most, so nobody could contribute",
            "lower the minimum",
        );
    }
    // A permit says how much, and none says more than the counter holds.
    if round.access == Access::Public && limits.investor_max == U256::MAX {
        reasons.add(
            UnkeptCode::InvestorMoney,
            "round[0].investor.max",
            "one investor may bring more than the escrow counts for one, 2^80 - 1 smallest units (1.2 million with \
             18 decimals)",
            "set `investor_max` to less than that",
        );
    }
    limits
}

fn minority(reasons: &mut Reasons, share: u32) -> U256 {
    if share > MINORITY {
        reasons.add(
            UnkeptCode::StopShare,
            "root.share",
            "the contract lets at most half of the contributed money be needed to make a root void",
            "write at most `50 %`",
        );
    }
    U256::from(share)
}

fn period(reasons: &mut Reasons, key: &str, span: softcap_offering::Span) -> Option<U256> {
    let seconds = schedule::seconds(reasons, key, span)?;
    if !(PERIOD_LEAST..=PERIOD_MOST).contains(&seconds) {
        reasons.add(
            UnkeptCode::RootPeriod,
            key,
            "the escrow counts from one day to 3,650 days",
            "write such a span",
        );
        return None;
    }
    Some(U256::from(seconds))
}
