//! The price as a formula of the contract, and the rounding that goes with it.

use alloy_primitives::{U256, U512};
use softcap_offering::terms::{
    Currency, Misfit, PriceStep, Pricing, Round, Rounding, RoundingScope,
};
use softcap_offering::{BasisPoints, Position, Ratio, RoundingMode, Span, Tokens};

use super::schedule::{WindowNumbers, second, seconds};
use super::{Reasons, UnkeptCode};
use crate::bindings::factory::EscrowFactory::Step;
use crate::escrow_terms::PricingKind;

const KEY: &str = "round[0].pricing";
/// Bits of a step's numerator and of its denominator.
const STEP_BITS: usize = 108;
/// A clone's code holds 24,531 bytes of arguments, of which the terms take 384; a step takes 32.
const MOST_STEPS: usize = 754;

/// A price of the contract.
#[derive(Clone, Debug)]
pub(crate) struct PriceNumbers {
    pub(crate) kind: PricingKind,
    pub(crate) numerator: U256,
    pub(crate) denominator: U256,
    pub(crate) bonus: U256,
    pub(crate) bonus_per: U256,
    pub(crate) bonus_until: U256,
    pub(crate) bonus_granularity: U256,
    pub(crate) steps: Vec<Step>,
    /// The price at the best moment for an investor, as numerator and denominator.
    pub(crate) best: (U256, U256),
}

pub(super) fn read(
    reasons: &mut Reasons,
    round: &Round,
    currency: &Currency,
    window: Option<&WindowNumbers>,
) -> Option<PriceNumbers> {
    let price = formula(reasons, round, window)?;
    rounding(reasons, currency, &price);
    countable(reasons, round, &price);
    Some(price)
}

/// The price alone, whatever it is rounded by.
pub(super) fn formula(
    reasons: &mut Reasons,
    round: &Round,
    window: Option<&WindowNumbers>,
) -> Option<PriceNumbers> {
    match &round.pricing {
        Pricing::Fixed { price } => fixed(reasons, *price),
        Pricing::Steps { steps } => stepped(reasons, steps, window?),
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            granularity,
        } => {
            let line = Line {
                base: *base,
                bonus: *bonus,
                per: *per,
                until: *until,
                granularity: *granularity,
            };
            linear(reasons, &line, window?)
        }
        Pricing::Bids { .. } => {
            reasons.add(
                UnkeptCode::Pricing,
                KEY,
                "the escrow ranks no bids",
                "add `[root]`: the outcome then comes as a root",
            );
            None
        }
        Pricing::Tiers { .. } | Pricing::Dutch { .. } => {
            reasons.add(
                UnkeptCode::Pricing,
                KEY,
                "the escrow knows a fixed price, steps in time and a bonus that falls in time",
                "use one of those, or add `[root]`: the outcome then comes as a root",
            );
            None
        }
    }
}

/// The record counts tokens in 128 bits, the contract in 256. Who pays in a token may name an amount that nobody has,
/// up to 2^80 - 1; where what fits of it is accepted, the record must be able to say what all of it would buy.
pub(super) fn countable(reasons: &mut Reasons, round: &Round, price: &PriceNumbers) {
    const RECORD_BITS: usize = 128;
    const MONEY_BITS: usize = 80;
    if round.over_cap != Misfit::Partial && round.over_limit != Misfit::Partial {
        return;
    }
    let (numerator, denominator) = price.best;
    let tokens = (U512::from(numerator) << MONEY_BITS) / U512::from(denominator);
    if tokens.bit_len() > RECORD_BITS {
        reasons.add(
            UnkeptCode::Price,
            KEY,
            "the largest amount that the escrow takes a part of would buy more tokens than the record counts, \
             2^128 smallest units",
            "give the token fewer decimals, or refuse what does not fit (`over_cap`, `over_limit`)",
        );
    }
}

fn rounding(reasons: &mut Reasons, currency: &Currency, price: &PriceNumbers) {
    // Where a unit of money buys whole units of the token nothing is ever rounded.
    let exact = price.kind == PricingKind::Fixed && price.denominator == U256::from(1);
    let scope = match price.kind {
        PricingKind::Fixed => RoundingScope::Investor,
        PricingKind::Steps | PricingKind::Linear => RoundingScope::Contribution,
    };
    require_rounding(reasons, currency, (scope, exact));
}

/// Rounded down to the unit, by contribution or investor; either goes where nothing is ever rounded.
pub(super) fn require_rounding(
    reasons: &mut Reasons,
    currency: &Currency,
    (scope, exact): (RoundingScope, bool),
) {
    let Rounding { mode, unit, per } = currency.rounding;
    let same = exact || (mode == RoundingMode::Down && per == scope);
    if unit != Tokens(1) || !same {
        let remedy = match scope {
            RoundingScope::Investor => {
                "use `rounding = { mode = \"down\", per = \"investor\" }` for a fixed price"
            }
            RoundingScope::Contribution => {
                "use `rounding = { mode = \"down\", per = \"contribution\" }` for a price by time, and for several rounds"
            }
        };
        reasons.add(
            UnkeptCode::Rounding,
            format!("currency.{}.rounding", currency.symbol),
            "the escrow rounds down to the smallest unit: a fixed price once per investor, a price by \
             time for each contribution",
            remedy,
        );
    }
}

fn fixed(reasons: &mut Reasons, price: Ratio) -> Option<PriceNumbers> {
    let (numerator, denominator) = positive(reasons, price)?;
    Some(PriceNumbers {
        kind: PricingKind::Fixed,
        numerator,
        denominator,
        bonus: U256::ZERO,
        bonus_per: U256::ZERO,
        bonus_until: U256::ZERO,
        bonus_granularity: U256::ZERO,
        steps: Vec::new(),
        best: (numerator, denominator),
    })
}

fn positive(reasons: &mut Reasons, price: Ratio) -> Option<(U256, U256)> {
    if price.is_zero() {
        reasons.add(
            UnkeptCode::Price,
            KEY,
            "a price at which money buys nothing",
            "correct the price",
        );
        return None;
    }
    Some((U256::from(price.num()), U256::from(price.den())))
}

fn stepped(
    reasons: &mut Reasons,
    steps: &[PriceStep],
    window: &WindowNumbers,
) -> Option<PriceNumbers> {
    if steps.len() > MOST_STEPS {
        reasons.add(
            UnkeptCode::TooManySteps,
            KEY,
            format!(
                "{} steps do not fit the contract's code, 754 do",
                steps.len()
            ),
            "use fewer steps, or a linear price",
        );
    }
    let read: Vec<Option<Step>> = steps
        .iter()
        .enumerate()
        .map(|(place, step)| one_step(reasons, place, step))
        .collect();
    let steps: Vec<Step> = read.into_iter().collect::<Option<_>>()?;
    let first = steps.first()?;
    if first.from > window.opens {
        reasons.add(
            UnkeptCode::FirstStepLate,
            KEY,
            "nothing has a price between the opening and the first step",
            "let the first step begin with the window",
        );
    }
    // Products of two numbers below 2^108 fit.
    let best = steps.iter().fold(first, |best, step| {
        let better = step.numerator * best.denominator > best.numerator * step.denominator;
        if better { step } else { best }
    });
    let best = (best.numerator, best.denominator);
    Some(PriceNumbers {
        kind: PricingKind::Steps,
        numerator: U256::ZERO,
        denominator: U256::ZERO,
        bonus: U256::ZERO,
        bonus_per: U256::ZERO,
        bonus_until: U256::ZERO,
        bonus_granularity: U256::ZERO,
        steps,
        best,
    })
}

fn one_step(reasons: &mut Reasons, place: usize, step: &PriceStep) -> Option<Step> {
    let key = format!("{KEY}.steps[{place}]");
    let from = second(reasons, &key, step.from);
    let (numerator, denominator) = positive(reasons, step.price)?;
    if numerator.bit_len() > STEP_BITS || denominator.bit_len() > STEP_BITS {
        reasons.add(
            UnkeptCode::Price,
            key,
            "numerator and denominator of a step's price have 108 bits at most",
            "use a rounder price",
        );
        return None;
    }
    Some(Step {
        from: U256::from(from?),
        numerator,
        denominator,
    })
}

struct Line {
    base: Ratio,
    bonus: BasisPoints,
    per: Span,
    until: Position,
    granularity: Span,
}

fn linear(reasons: &mut Reasons, line: &Line, window: &WindowNumbers) -> Option<PriceNumbers> {
    let base = positive(reasons, line.base);
    let per = seconds(reasons, "round[0].pricing.per", line.per);
    let until = second(reasons, "round[0].pricing.until", line.until);
    let granularity = seconds(reasons, "round[0].pricing.granularity", line.granularity);
    let (numerator, denominator) = base?;
    let (per, until, granularity) = (
        U256::from(per?),
        U256::from(until?),
        U256::from(granularity?),
    );
    let bonus = U256::from(line.bonus.0);
    if per.is_zero() || granularity.is_zero() || per.bit_len() > 40 {
        reasons.add(
            UnkeptCode::Price,
            KEY,
            "the stretches of the bonus are 1 to 2^40 - 1 seconds long",
            "correct `per` or `granularity`",
        );
        return None;
    }
    // As the contract computes it, at the opening: 128 bits of the base, 40 of the time, 14 of the whole, 32 of the
    // bonus.
    let distance = until.saturating_sub(window.opens);
    let unit = per * U256::from(BasisPoints::WHOLE.0);
    let whole = distance - distance % granularity;
    let best = (numerator * (unit + whole * bonus), denominator * unit);
    Some(PriceNumbers {
        kind: PricingKind::Linear,
        numerator,
        denominator,
        bonus,
        bonus_per: per,
        bonus_until: until,
        bonus_granularity: granularity,
        steps: Vec::new(),
        best,
    })
}
