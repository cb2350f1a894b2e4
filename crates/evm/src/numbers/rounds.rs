//! Several rounds under one soft cap, as numbers of the contract.
//!
//! Each round is read as the only round of an offering would be; what bounds all of them together is read beside that. Tokens are
//! added up by contribution, because the price of an investor's contributions is not one.

use alloy_primitives::U256;
use softcap_offering::Tokens;
use softcap_offering::terms::{Access, Bound, Currency, Round, RoundingScope, Terms};

use super::schedule::WindowNumbers;
use super::{
    Bounds, Numbers, PriceNumbers, Reasons, bounds, misfit, over_cap, price, release, schedule,
    supply, withdrawal,
};
use crate::bindings::factory::EscrowFactory::Step;
use crate::escrow_terms::{Misfit, PauseEnding, PricingKind};
use crate::unkept::UnkeptCode;

/// Prices of an escrow at most, those of all rounds together: whoever contributes looks for theirs in its code.
const MOST: usize = 16;
/// Bits of the counter of all money.
const RAISED_BITS: usize = 88;

/// A round of the contract, or where it has a price by steps the part of it with one of them.
#[derive(Clone, Debug)]
pub(crate) struct RoundNumbers {
    /// Place of the round in the terms.
    pub(crate) number: usize,
    pub(crate) access: Access,
    pub(crate) window: WindowNumbers,
    /// Those of this round alone.
    pub(crate) bounds: Bounds,
    pub(crate) over_cap: Misfit,
    pub(crate) over_limit: Misfit,
    /// A line, which has no bonus where the terms say one price.
    pub(crate) price: PriceNumbers,
}

pub(super) fn read(reasons: &mut Reasons, terms: &Terms, currency: &Currency) -> Option<Numbers> {
    let withdrawal = withdrawal::read(reasons, terms.withdrawal.as_ref());
    let release = release::read(reasons, &terms.milestones, terms.objections);
    let shares = supply::shares(reasons, &terms.token);
    if let Some(right) = &withdrawal {
        withdrawal::beside_after_sale(reasons, right, (release.as_ref(), &shares));
    }
    let sale_supply = all_supplies(&terms.rounds);
    let for_sale = supply::for_sale(
        reasons,
        &terms.token,
        terms.unsold,
        sale_supply,
        terms.hard_cap,
    )?;
    let rounds = terms.rounds.iter().enumerate().map(|(place, round)| {
        in_place(reasons, place, |reasons| {
            one(reasons, terms, (place, round, for_sale))
        })
    });
    let rounds: Vec<Option<Vec<RoundNumbers>>> = rounds.collect();
    let rounds: Vec<Vec<RoundNumbers>> = rounds.into_iter().collect::<Option<_>>()?;
    let rounds: Vec<RoundNumbers> = rounds.into_iter().flatten().collect();
    if rounds.len() > MOST {
        reasons.add(
            UnkeptCode::RoundOrder,
            "round",
            format!("an escrow of several rounds has {MOST} prices at most, those of all rounds together"),
            "use fewer rounds, or fewer price steps",
        );
    }
    order(reasons, &rounds);
    rounding(reasons, currency, &rounds);
    let (first, last) = (rounds.first()?, rounds.last()?);
    let window = WindowNumbers {
        opens: first.window.opens,
        closes: last.window.closes,
    };
    let refund_deadline = schedule::refund_deadline(reasons, terms.refund_deadline, Some(&window));
    let pause = schedule::pause(reasons, terms.pause.as_ref(), refund_deadline);
    if pause.is_some_and(|pause| pause.end == PauseEnding::Moves) {
        reasons.add(
            UnkeptCode::MovingPause,
            "pause.end",
            "the windows of several rounds are where the terms say, also after a pause",
            "use `end = \"fixed\"`",
        );
    }
    let bounds = sale_bounds(reasons, terms, (for_sale, &rounds));
    let price = first.price.clone();
    Some(Numbers {
        window,
        refund_deadline: refund_deadline?,
        bounds,
        over_cap: Misfit::Refuse,
        over_limit: Misfit::Refuse,
        price,
        pause: pause?,
        withdrawal: withdrawal?,
        shares,
        release,
        rounds,
    })
}

/// Reads one round, and names its place where reading it finds a reason.
fn in_place<T>(reasons: &mut Reasons, place: usize, read: impl FnOnce(&mut Reasons) -> T) -> T {
    renamed(reasons, ("round[0]", &format!("round[{place}]")), read)
}

/// Reads, and gives what reasons are about its own name.
fn renamed<T>(
    reasons: &mut Reasons,
    (from, to): (&str, &str),
    read: impl FnOnce(&mut Reasons) -> T,
) -> T {
    let before = reasons.list.len();
    let found = read(reasons);
    for reason in reasons.list.iter_mut().skip(before) {
        reason.key = reason.key.replacen(from, to, 1);
    }
    found
}

fn one(
    reasons: &mut Reasons,
    terms: &Terms,
    (number, round, for_sale): (usize, &Round, U256),
) -> Option<Vec<RoundNumbers>> {
    let window = schedule::window(reasons, round);
    let over_cap = over_cap(reasons, round, terms.dust);
    if over_cap == Some(Misfit::Share) {
        reasons.add(
            UnkeptCode::Allocation,
            "round[0].allocation",
            "an escrow of several rounds shares nothing out: what one round leaves is not known before the others are over",
            "use `allocation = \"first_come\"`, or announce an offering of one round",
        );
    }
    let over_limit = misfit(reasons, "round[0].over_limit", round.over_limit);
    let price = price::formula(reasons, round, window.as_ref()).map(line)?;
    price::countable(reasons, round, &price);
    let most = round
        .supply
        .map_or(for_sale, |supply| for_sale.min(U256::from(supply.0)));
    let input = bounds::Input {
        soft_cap: None,
        hard_cap: terms.hard_cap,
        investor_max: None,
        round,
        for_sale: most,
        price: &price,
    };
    let bounds = bounds::read(reasons, &input)?;
    let whole = RoundNumbers {
        number,
        access: round.access,
        window: window?,
        bounds,
        over_cap: over_cap?,
        over_limit: over_limit?,
        price,
    };
    Some(stretches(whole))
}

/// A price by steps is one price after the other: each has the part of the window in which it holds.
fn stretches(whole: RoundNumbers) -> Vec<RoundNumbers> {
    let steps = &whole.price.steps;
    if steps.is_empty() {
        return vec![whole];
    }
    let WindowNumbers { opens, closes } = whole.window;
    let ends = steps.iter().skip(1).map(|step| step.from);
    let ends = ends.chain([closes]);
    let stretch = |(step, end): (&Step, U256)| RoundNumbers {
        window: WindowNumbers {
            opens: step.from.max(opens),
            closes: end.min(closes),
        },
        price: PriceNumbers {
            numerator: step.numerator,
            denominator: step.denominator,
            steps: Vec::new(),
            ..whole.price.clone()
        },
        ..whole.clone()
    };
    let all = steps.iter().zip(ends).map(stretch);
    all.filter(|one| one.window.opens < one.window.closes)
        .collect()
}

/// One price is a line without a bonus, so that every contribution is rounded by itself; each step of several is such a one.
fn line(price: PriceNumbers) -> PriceNumbers {
    match price.kind {
        PricingKind::Linear => price,
        PricingKind::Fixed | PricingKind::Steps => PriceNumbers {
            kind: PricingKind::Linear,
            bonus_per: U256::from(1),
            bonus_granularity: U256::from(1),
            ..price
        },
    }
}

/// Rounding by contribution is what all rounds have in common. Where a unit of money buys whole units of the token, nothing is
/// ever rounded.
fn rounding(reasons: &mut Reasons, currency: &Currency, rounds: &[RoundNumbers]) {
    let one = U256::from(1);
    let exact = rounds
        .iter()
        .all(|round| round.price.bonus.is_zero() && round.price.denominator == one);
    price::require_rounding(reasons, currency, (RoundingScope::Contribution, exact));
}

fn order(reasons: &mut Reasons, rounds: &[RoundNumbers]) {
    for (before, next) in rounds.iter().zip(rounds.iter().skip(1)) {
        if next.window.opens < before.window.closes {
            reasons.add(
                UnkeptCode::RoundOrder,
                format!("round[{}].from", next.number),
                "the rounds of an escrow come one after the other, in the order of the terms",
                "let it open when the one before it is over",
            );
        }
    }
}

/// What all rounds can sell, where each says how much.
fn all_supplies(rounds: &[Round]) -> Option<Tokens> {
    let supplies: Option<Vec<u128>> = rounds
        .iter()
        .map(|round| round.supply.map(|most| most.0))
        .collect();
    let sum = supplies?.into_iter().fold(0_u128, u128::saturating_add);
    Some(Tokens(sum))
}

fn sale_bounds(
    reasons: &mut Reasons,
    terms: &Terms,
    (for_sale, rounds): (U256, &[RoundNumbers]),
) -> Bounds {
    let largest = (U256::from(1) << RAISED_BITS) - U256::from(1);
    let pairs = rounds.iter().zip(rounds.iter().skip(1));
    let further = pairs.filter(|(before, next)| before.number != next.number);
    let firsts = rounds
        .first()
        .into_iter()
        .chain(further.map(|(_, next)| next));
    let caps = firsts.map(|round| round.bounds.hard_cap);
    let all = caps.fold(U256::ZERO, |sum, cap| (sum + cap).min(largest));
    let hard_cap = match terms.hard_cap {
        Some(Bound::Value(cap)) => U256::from(cap.0).min(all),
        // Counted among what is for sale.
        Some(Bound::Tokens(_)) | None => all,
    };
    let bounds = Bounds {
        soft_cap: bounds::soft_cap(reasons, terms.soft_cap, Some(hard_cap)),
        hard_cap,
        for_sale,
        contribution_min: U256::ZERO,
        contribution_max: U256::MAX,
        investor_min: U256::ZERO,
        investor_max: bounds::investor_max(reasons, None, terms.investor_max),
    };
    let best = rounds.iter().map(|round| round.price.best);
    let best = best.reduce(|best, price| {
        let better = price.0.saturating_mul(best.1) > best.0.saturating_mul(price.1);
        if better { price } else { best }
    });
    if let Some(best) = best {
        // Each permit is for one round, so that all of them together could be for more than the counter holds.
        renamed(
            reasons,
            ("round[0].investor.max", "investor_max"),
            |reasons| {
                bounds::one_investor(reasons, &bounds, (Access::Public, best));
            },
        );
    }
    bounds
}
