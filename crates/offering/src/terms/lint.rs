//! Warnings that protect investors: terms that are valid and still take something from people.
//!
//! A warning names the consequence. Its hint says what the issuer can change; an investor reads
//! it as what to ask.

mod bounds;
mod money;
mod rail;

use super::problem::{TermsCode, TermsProblem};
use super::{
    Access, Bound, Clock, ClockKind, EarlyClose, Holder, Misfit, Pricing, RateTerm, Round, Share,
    Supply, Terms, TieRule,
};
use crate::pairs::PricingKind;
use crate::{BasisPoints, Ratio, Span, Tokens};

/// Fourteen days in milliseconds: the withdrawal right of retail holders in MiCA article 13.
const FOURTEEN_DAYS: Span = Span(14 * 86_400_000);
/// A rate older than this says little about today.
const OLD_RATE: Span = Span(86_400_000);
/// A rate that may jump by more than this in one step can be a mistake.
const LARGE_STEP: BasisPoints = BasisPoints(5_000);

/// All warnings about terms, without places; [`inspect`](super::inspect) adds those of the text.
pub fn lint(terms: &Terms) -> Vec<TermsProblem> {
    let mut findings = Findings { list: Vec::new() };
    offering(&mut findings, terms);
    shares(&mut findings, terms);
    rates(&mut findings, terms);
    withdrawal(&mut findings, terms);
    pauses(&mut findings, terms);
    money::caps(&mut findings, terms);
    for (number, round) in terms.rounds.iter().enumerate() {
        let key = format!("round[{number}]");
        kept(&mut findings, &key, round);
        bonus(&mut findings, &key, round);
        money::buys_nothing(&mut findings, &key, terms, round);
        rail::enforced(&mut findings, &key, terms, round);
        rail::two_rails(&mut findings, &key, terms, round);
    }
    findings.list
}

struct Findings {
    list: Vec<TermsProblem>,
}

impl Findings {
    fn add(
        &mut self,
        code: TermsCode,
        key: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.list.push(TermsProblem::new(code, key, message, hint));
    }
}

fn offering(findings: &mut Findings, terms: &Terms) {
    if terms.soft_cap.is_none() {
        findings.add(
            TermsCode::NoSoftCap,
            "soft_cap",
            "there is no soft cap: the issuer keeps whatever came in, even if it is too little to \
             build anything",
            "set `soft_cap` to what the project needs at least",
        );
    }
    if terms.refund_deadline.is_none() {
        findings.add(
            TermsCode::NoRefundDeadline,
            "refund_deadline",
            "there is no refund deadline: if the issuer never settles, nothing says when people \
             may take their money back",
            no_deadline_hint(&terms.clock),
        );
    }
    if bounds::tokens(terms).is_none() && bounds::money(terms).is_none() {
        findings.add(
            TermsCode::Unbounded,
            "hard_cap",
            "nothing bounds how much is sold: a share bought early can be diluted without end",
            "set `hard_cap`, a supply, or a cap for each round",
        );
    }
    if terms.early_close == EarlyClose::Allowed {
        findings.add(
            TermsCode::EarlyClose,
            "early_close",
            "the issuer may close a round at any time: people who planned to come later are shut \
             out",
            "use `\"never\"` or `\"after_soft_cap\"`",
        );
    }
    if terms.token_ceiling.is_some() {
        findings.add(
            TermsCode::CeilingKeepsMoney,
            "token_ceiling_per_investor",
            "tokens above the ceiling are cut off at settlement, and the money paid for them stays \
             with the issuer unless it returns it",
            "use `investor_max`, which returns the money instead",
        );
    }
    let bids = terms
        .rounds
        .iter()
        .any(|round| round.pricing.kind() == PricingKind::Bids);
    if bids && terms.tie == TieRule::ById {
        findings.add(
            TermsCode::TieById,
            "tie",
            "of equal bids the smaller id wins, and on some rails people can choose their id",
            "use `tie = \"pro_rata\"`",
        );
    }
}

fn no_deadline_hint(clock: &Clock) -> &'static str {
    if clock.lines.len() > 1 {
        "heights of several chains do not compare; a deadline needs `clock.kind = \"time\"`"
    } else {
        "set `refund_deadline` a few weeks after the last window"
    }
}

/// Team shares that are free at once and larger than what everybody else buys.
fn shares(findings: &mut Findings, terms: &Terms) {
    let larger = match &terms.token.supply {
        Supply::Fixed {
            for_sale, shares, ..
        } => {
            let sum =
                free_team(shares).try_fold(Tokens::ZERO, |sum, share| sum.checked_add(*share));
            sum.is_none_or(|sum| sum > *for_sale)
        }
        Supply::Minted { shares, .. } => free_team(shares).any(|share| share.ratio > Ratio::ONE),
    };
    if larger {
        findings.add(
            TermsCode::TeamShare,
            "token.share",
            "the team gets more tokens than are sold, and all of them at once: it can sell them on \
             the first day",
            "give the team's share a `vesting` with cliff and duration, or make it smaller",
        );
    }
}

fn free_team<Size>(shares: &[Share<Size>]) -> impl Iterator<Item = &Size> {
    shares
        .iter()
        .filter(|share| share.holder == Holder::Team && share.vesting.duration == Span(0))
        .map(|share| &share.size)
}

fn rates(findings: &mut Findings, terms: &Terms) {
    for currency in &terms.currencies {
        let RateTerm::Recorded {
            max_age, max_step, ..
        } = &currency.rate
        else {
            continue;
        };
        let old = terms.clock.kind == ClockKind::Time && *max_age > OLD_RATE;
        if old || *max_step > LARGE_STEP {
            findings.add(
                TermsCode::LooseRate,
                format!("currency.{}.rate", currency.symbol),
                "the rate may be more than a day old or jump by more than half: two people who pay \
                 the same may get very different amounts",
                "use a `max_age` of minutes and a `max_step` of at most 50 %",
            );
        }
    }
}

fn withdrawal(findings: &mut Findings, terms: &Terms) {
    let public = terms
        .rounds
        .iter()
        .any(|round| round.access == Access::Public);
    let Some(right) = terms.withdrawal else {
        if public {
            findings.add(
                TermsCode::NoWithdrawalRight,
                "withdrawal",
                "nobody may take a contribution back: where retail buyers have 14 days by law, \
                 these terms cannot be offered to them",
                "add `[withdrawal]` with `span = \"14 days\"`",
            );
        }
        return;
    };
    let ends = terms
        .rounds
        .iter()
        .flat_map(|round| round.windows.iter().flatten());
    let last = ends.map(|window| window.end_exclusive()).max();
    let short = match right.until {
        None => terms.clock.kind == ClockKind::Time && right.span < FOURTEEN_DAYS,
        Some(until) => last.is_some_and(|last| until < last),
    };
    if public && short {
        findings.add(
            TermsCode::ShortWithdrawalRight,
            "withdrawal",
            "the right to take a contribution back lasts less than 14 days, or ends while people \
             can still contribute",
            "use `span = \"14 days\"`, or an `until` after the last window",
        );
    }
}

/// Pauses that may together last longer than all windows.
fn pauses(findings: &mut Findings, terms: &Terms) {
    let Some(pause) = terms.pause else { return };
    let total = u128::from(pause.longest.0) * u128::from(pause.count);
    let windows = terms
        .rounds
        .iter()
        .filter_map(|round| round.windows.iter().flatten().next());
    let open: u128 = windows
        .map(|window| u128::from(window.end_exclusive().0.abs_diff(window.from.0)))
        .sum();
    if total > open {
        findings.add(
            TermsCode::LongPause,
            "pause",
            "the issuer may stop contributions for longer than the sale lasts, and so decide alone \
             who gets in",
            "lower `longest` or `count`",
        );
    }
}

fn kept(findings: &mut Findings, key: &str, round: &Round) {
    let kept = [
        ("over_cap", round.over_cap),
        ("over_limit", round.over_limit),
    ];
    for (name, misfit) in kept {
        if misfit == Misfit::Kept {
            findings.add(
                TermsCode::KeepsMoney,
                format!("{key}.{name}"),
                "money that does not fit is kept: it buys nothing and does not come back",
                "use `\"partial\"` or `\"refuse\"` unless the sale is a proof of burn",
            );
        }
    }
    let bond = match &round.pricing {
        Pricing::Bids {
            sealing: super::Sealing::Sealed { bond, .. },
            ..
        } => bond.0,
        Pricing::Fixed { .. }
        | Pricing::Steps { .. }
        | Pricing::Linear { .. }
        | Pricing::Tiers { .. }
        | Pricing::Dutch { .. }
        | Pricing::Bids { .. } => 0,
    };
    if bond > 0 {
        findings.add(
            TermsCode::KeepsMoney,
            format!("{key}.pricing.sealed.bond"),
            "who does not reveal a bid in time loses the bond",
            "leave `bond` out, or say it where bids are taken",
        );
    }
}

/// A price at the best moment of more than twice the worst one.
fn bonus(findings: &mut Findings, key: &str, round: &Round) {
    let Some((worst, best)) = bounds::prices(round) else {
        return;
    };
    let doubled = Ratio::new(2, 1).and_then(|two| worst.checked_mul(two));
    if doubled.is_some_and(|doubled| best > doubled) {
        findings.add(
            TermsCode::HugeBonus,
            format!("{key}.pricing"),
            "who comes at the right moment gets more than twice the tokens for the same money",
            "check the bonus, its dates and their unit",
        );
    }
}

/// The most a cap may count, for messages: its kind and number.
fn bound_count(bound: Bound) -> (bool, u128) {
    match bound {
        Bound::Value(value) => (true, value.0),
        Bound::Tokens(tokens) => (false, tokens.0),
    }
}
