//! Caps and limits, each against the counter that holds it.

use alloy_primitives::{U256, U512};
use softcap_offering::terms::{Access, Bound, Limit, Round};
use softcap_offering::{Tokens, Value};

use super::{PriceNumbers, Reasons, UnkeptCode};
use crate::escrow_terms::PricingKind;

/// Bits of the counters: one investor's money, one investor's tokens, all money.
const MONEY_BITS: usize = 80;
const TOKENS_BITS: usize = 88;
const RAISED_BITS: usize = 88;
/// Rounding each contribution up counts one unit more for each; the counter of those units has 32 bits.
const SLACK: U256 = U256::from_limbs([1 << 32, 0, 0, 0]);

/// The numbers of caps and limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) soft_cap: U256,
    pub(crate) hard_cap: U256,
    pub(crate) for_sale: U256,
    pub(crate) contribution_min: U256,
    pub(crate) contribution_max: U256,
    pub(crate) investor_min: U256,
    pub(crate) investor_max: U256,
}

/// What they follow from.
pub(super) struct Input<'t> {
    pub(super) soft_cap: Option<Bound>,
    pub(super) hard_cap: Option<Bound>,
    pub(super) investor_max: Option<Value>,
    pub(super) round: &'t Round,
    pub(super) for_sale: U256,
    pub(super) price: &'t PriceNumbers,
}

pub(super) fn read(reasons: &mut Reasons, input: &Input<'_>) -> Option<Bounds> {
    let Input {
        round, for_sale, ..
    } = input;
    let hard_cap = hard_cap(reasons, (input.hard_cap, round.cap), most_money(input));
    let soft_cap = soft_cap(reasons, input.soft_cap, hard_cap);
    let contribution_min = contribution_min(reasons, &round.contribution_min);
    let contribution_max = contribution_max(reasons, &round.contribution_max);
    let investor_min = round.investor_min.map_or(U256::ZERO, number);
    let investor_max = investor_max(reasons, round.investor_max, input.investor_max);
    let above = |least: U256, most: U256| least > most.min(most_of_one());
    if above(contribution_min, contribution_max) || above(investor_min, investor_max) {
        reasons.add(
            UnkeptCode::MinimumAboveMaximum,
            "round[0]",
            "the least is above the most, so nobody could contribute",
            "lower the minimum",
        );
    }
    let bounds = Bounds {
        soft_cap,
        hard_cap: hard_cap?,
        for_sale: *for_sale,
        contribution_min,
        contribution_max,
        investor_min,
        investor_max,
    };
    one_investor(reasons, &bounds, (round.access, input.price.best));
    Some(bounds)
}

/// What the counter of one investor's money holds.
pub(super) fn most_of_one() -> U256 {
    (U256::from(1) << MONEY_BITS) - U256::from(1)
}

/// A maximum that no investor can reach bounds nothing, and the contract writes it as the largest number.
fn maximum(most: Option<U256>) -> U256 {
    most.filter(|most| *most < most_of_one())
        .unwrap_or(U256::MAX)
}

fn number(value: Value) -> U256 {
    U256::from(value.0)
}

/// The least of the round's cap and the offering's. Where the terms have none, and the supply alone bounds the
/// money below the counter's end, that end stands for "none" and is never reached.
pub(super) fn hard_cap(
    reasons: &mut Reasons,
    (offering, round): (Option<Bound>, Option<Value>),
    most: Option<U256>,
) -> Option<U256> {
    let offering = match offering {
        Some(Bound::Value(cap)) => Some(cap),
        // Counted among what is for sale.
        Some(Bound::Tokens(_)) | None => None,
    };
    let largest = (U256::from(1) << RAISED_BITS) - U256::from(1);
    let Some(cap) = [offering, round].into_iter().flatten().min() else {
        if most.is_some_and(|most| most <= largest) {
            return Some(largest);
        }
        reasons.add(
            UnkeptCode::NoHardCap,
            "hard_cap",
            "nothing bounds the money below what the escrow counts, 2^88 - 1 smallest units",
            "set `hard_cap` in money",
        );
        return None;
    };
    let cap = number(cap);
    if cap > largest {
        reasons.add(
            UnkeptCode::HardCapTooLarge,
            "hard_cap",
            "the escrow counts money up to 2^88 - 1 smallest units (309 million with 18 decimals)",
            "lower `hard_cap`",
        );
        return None;
    }
    Some(cap)
}

/// What a fixed price takes for all that is for sale. A price by time rounds each contribution down, so fractions
/// that nobody gets could add up to any amount.
fn most_money(input: &Input<'_>) -> Option<U256> {
    let PriceNumbers {
        kind,
        numerator,
        denominator,
        ..
    } = input.price;
    match kind {
        PricingKind::Fixed => Some(input.for_sale * *denominator / *numerator),
        PricingKind::Steps | PricingKind::Linear => None,
    }
}

pub(super) fn soft_cap(reasons: &mut Reasons, cap: Option<Bound>, hard_cap: Option<U256>) -> U256 {
    let cap = match cap {
        None => U256::ZERO,
        Some(Bound::Value(value)) => number(value),
        Some(Bound::Tokens(_)) => {
            reasons.add(
                UnkeptCode::SoftCapInTokens,
                "soft_cap",
                "the escrow judges the soft cap in money",
                "write `soft_cap` in the currency",
            );
            U256::ZERO
        }
    };
    if hard_cap.is_some_and(|hard_cap| cap > hard_cap) {
        reasons.add(
            UnkeptCode::SoftCapAboveHardCap,
            "soft_cap",
            "the round can never take so much money",
            "lower `soft_cap`, or raise the caps",
        );
    }
    cap
}

pub(super) fn contribution_min(reasons: &mut Reasons, limits: &[Limit]) -> U256 {
    let key = "round[0].contribution.min";
    let mut least = U256::ZERO;
    for limit in limits {
        let Some(money) = money(reasons, key, *limit) else {
            continue;
        };
        if money.is_zero() {
            reasons.add(
                UnkeptCode::ZeroMinimum,
                key,
                "the escrow refuses a contribution of nothing",
                "leave the minimum of zero out",
            );
        }
        least = least.max(money);
    }
    least
}

pub(super) fn contribution_max(reasons: &mut Reasons, limits: &[Limit]) -> U256 {
    let read = |limit: &Limit| money(reasons, "round[0].contribution.max", *limit);
    maximum(limits.iter().filter_map(read).min())
}

/// A limit in money; the currency is the numeraire, so both spellings are one number.
fn money(reasons: &mut Reasons, key: &str, limit: Limit) -> Option<U256> {
    match limit {
        Limit::Value(value) => Some(number(value)),
        Limit::Money(_, amount) => Some(U256::from(amount.0)),
        Limit::Tokens(tokens) => {
            in_tokens(reasons, key, tokens);
            None
        }
    }
}

fn in_tokens(reasons: &mut Reasons, key: &str, tokens: Tokens) {
    reasons.add(
        UnkeptCode::LimitInTokens,
        key,
        format!("the escrow judges limits in money, and this one is {tokens} units of the token"),
        "write the limit in the currency",
    );
}

pub(super) fn investor_max(
    reasons: &mut Reasons,
    round: Option<Bound>,
    offering: Option<Value>,
) -> U256 {
    let round = match round {
        None => None,
        Some(Bound::Value(value)) => Some(value),
        Some(Bound::Tokens(tokens)) => {
            in_tokens(reasons, "round[0].investor.max", tokens);
            None
        }
    };
    let least = [round, offering].into_iter().flatten().min();
    maximum(least.map(number))
}

/// What one investor may have must fit one storage slot.
pub(super) fn one_investor(
    reasons: &mut Reasons,
    bounds: &Bounds,
    (access, best): (Access, (U256, U256)),
) {
    let mut most = bounds.hard_cap.min(bounds.investor_max);
    match access {
        Access::Public if most.bit_len() > MONEY_BITS => reasons.add(
            UnkeptCode::InvestorMoney,
            "round[0].investor.max",
            "one investor may bring more than the escrow counts for one, 2^80 - 1 smallest units (1.2 \
             million with 18 decimals)",
            "set `investor_max` to less than that",
        ),
        Access::Public => {}
        // A permit says how much, and none says more than the counter holds.
        Access::Admitted => most = most.min(most_of_one()),
    }
    let (numerator, denominator) = best;
    let tokens = U512::from(most) * U512::from(numerator) / U512::from(denominator);
    let tokens = tokens.saturating_add(U512::from(SLACK));
    let tokens = tokens.min(U512::from(bounds.for_sale));
    if tokens.bit_len() > TOKENS_BITS {
        reasons.add(
            UnkeptCode::InvestorTokens,
            "round[0].investor.max",
            "one investor may get more tokens than the escrow counts for one, 2^88 - 1 smallest units (309 \
             million with 18 decimals)",
            "lower `investor_max`, or give the token fewer decimals",
        );
    }
}
