//! The last steps: what happened later, the verdict, the final row.

use serde_json::json;
use softcap_offering::{
    Amount, CurrencyIndex, Offering, Reason, Row, Tokens, Verdict, trace::RunningPart,
};

use super::{
    auction,
    calculation::{Calculation, Formula},
    exact::Exact,
    page::{Page, Step},
    price,
    replay::{Found, Later, LaterKind},
    shared,
    words::{Words, refusal_text, way},
};

/// Running sums of more contributions than this are printed as one number.
const LISTED: usize = 12;

impl Found {
    /// The row as it was right before the settlement.
    fn before_settlement(&self) -> Row {
        self.later.last().map_or(self.arrived, |later| later.after)
    }
}

/// Entries after it that were about it or changed it.
pub(super) fn later(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("What happened later");
    for later in &found.later {
        let at = words.position_text(later.stamp.line, later.stamp.position);
        step.say(format!(
            "Entry {}, {at}: {}",
            later.sequence,
            later_text(words, found, later)
        ));
        if let Some(refusal) = later.refusal {
            step.detail(format!("Refused, {}", refusal_text(refusal)));
        } else {
            say_change(&mut step, words, found, later);
        }
    }
    step
}

fn later_text(words: Words<'_>, found: &Found, later: &Later) -> String {
    let currency = found.trace.currency;
    match later.kind {
        LaterKind::Withdrawal => "the investor takes it back.".into(),
        LaterKind::Return { amount, reason } => format!(
            "the issuer returns {}, reason {} {}.",
            words.money_text(currency, amount),
            reason.code(),
            reason.name()
        ),
        LaterKind::Reveal { amount, limit } => {
            let money = words.money_text(currency, amount);
            let cost = softcap_offering::Ratio::new(limit.money, limit.tokens);
            let cost = cost.map_or_else(String::new, |cost| words.cost_text(cost));
            format!("the sealed bid is opened: {money}, at most {cost}.")
        }
        LaterKind::FreedRoom => "other money went back, and what waited got room.".into(),
    }
}

fn say_change(step: &mut Step, words: Words<'_>, found: &Found, later: &Later) {
    let currency = found.trace.currency;
    let symbol = words.symbol(currency);
    let (before, after) = (later.before.accepted, later.after.accepted);
    let number = |amount| words.money(currency, amount);
    let (formula, what) = if after < before {
        let back = Amount(before.0 - after.0);
        let parts = [(before, "accepted"), (back, "back")];
        let part = |(amount, name): (Amount, &str)| {
            Formula::Number(number(amount), format!("{symbol} {name}"))
        };
        (Formula::Difference(parts.map(part).into()), "left")
    } else if after > before {
        let more = Amount(after.0 - before.0);
        let parts = [before, more].map(|amount| Formula::number(number(amount), symbol));
        (Formula::Sum(parts.into()), "accepted now")
    } else {
        return;
    };
    step.calculate(Some(Calculation {
        what: what.into(),
        formula,
        rounding: None,
        result: number(after),
        unit: symbol.into(),
    }));
    let tokens = (later.before.tokens, later.after.tokens);
    if tokens.0 != tokens.1 && found.end.per_money.is_none() {
        say_tier_tokens(step, words, found, later);
    }
}

/// With price tiers, what is left keeps its share of the tokens.
fn say_tier_tokens(step: &mut Step, words: Words<'_>, found: &Found, later: &Later) {
    let (before, after) = (&later.before, &later.after);
    if after.accepted > before.accepted {
        let (from, to) = (
            words.tokens_text(before.tokens),
            words.tokens_text(after.tokens),
        );
        step.say(format!(
            "At the price tier of that moment: {from} before, {to} now."
        ));
        return;
    }
    if after.accepted.0 == 0 {
        return;
    }
    let currency = found.trace.currency;
    let symbol = words.symbol(currency);
    let formula = Formula::number(words.tokens(before.tokens), words.token())
        .times(Formula::number(
            words.money(currency, after.accepted),
            symbol,
        ))
        .over(Formula::number(
            words.money(currency, before.accepted),
            symbol,
        ));
    let step_size = words.tokens(found.end.rounding.unit);
    step.calculate(Some(Calculation {
        what: "tokens left".into(),
        formula,
        rounding: Some((super::exact::Way::Down, step_size)),
        result: words.tokens(after.tokens),
        unit: words.token().into(),
    }));
}

/// How the offering ended.
pub(super) fn verdict(words: Words<'_>, offering: &Offering, found: &Found) -> Step {
    let mut step = Step::new("How the offering ended");
    if let Some(text) = shared::soft_cap(words, found) {
        step.say(text);
    }
    let Some(settlement) = offering.settlement() else {
        return step;
    };
    let at = words.position_text(settlement.at.line, settlement.at.position);
    step.say(match settlement.settled.verdict {
        Verdict::Succeeded => format!("It succeeded; settled at {at}."),
        Verdict::Failed => format!("It failed; settled at {at}. Everybody is refunded."),
        Verdict::Cancelled => {
            format!("The issuer cancelled it; settled at {at}. Everybody is refunded.")
        }
        Verdict::Expired => {
            format!(
                "The deadline passed without a settlement; settled at {at}. Everybody is refunded."
            )
        }
    });
    step
}

/// The tokens that it has in the end, where arrival has not said it already.
pub(super) fn final_tokens(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("Its tokens in the end");
    let end = &found.end;
    if end.row.accepted.0 == 0 {
        return step;
    }
    let counted = if end.clearing.is_some() {
        step.calculate(auction::cleared_tokens(
            words,
            found,
            (end.value, end.row.tokens),
        ));
        end.row.tokens
    } else if !end.running.is_empty() {
        running(&mut step, words, found)
    } else {
        once_more(&mut step, words, found)
    };
    ceiling(&mut step, words, found, counted);
    step
}

/// What is accepted at last, times rate, times price; says nothing where arrival said the same.
fn once_more(step: &mut Step, words: Words<'_>, found: &Found) -> Tokens {
    let end = &found.end;
    let Some(per_money) = end.per_money else {
        return end.row.tokens;
    };
    let taken = found.trace.offer.as_ref().and_then(|offer| offer.taken);
    let said = taken.is_some_and(|taken| taken.accepted == end.row.accepted)
        && found.trace.offer.as_ref().is_some_and(|offer| !offer.batch);
    let money = end.row.accepted.0.saturating_add(end.credit.0);
    let (mode, unit) = (end.rounding.mode, end.rounding.unit);
    let Some(tokens) = per_money
        .times_to_unit(money, unit.0.max(1), mode)
        .map(Tokens)
    else {
        return end.row.tokens;
    };
    if !said && let Some(rate) = end.rate {
        // Token units per numeraire unit: the factor over the rate.
        let price = rate
            .inverse()
            .and_then(|inverse| per_money.checked_mul(inverse));
        let formula = price.and_then(|price| {
            price::bought(words, found, rate, price, (end.row.accepted, end.credit))
        });
        step.calculate(
            formula.map(|formula| price::rounded_tokens(words, formula, end.rounding, tokens)),
        );
    }
    tokens
}

/// What the money of one contribution buys before it is rounded, written out.
fn bought(words: Words<'_>, currency: CurrencyIndex, part: &RunningPart) -> Option<Formula> {
    let token = words.token();
    let per_money = words.per_money(currency, part.per_money)?;
    let money = Formula::number(words.money(currency, part.money), words.symbol(currency));
    let inverse = per_money.inverse().filter(Exact::is_decimal);
    Some(match inverse.filter(|_| !per_money.is_decimal()) {
        Some(turned) => {
            let label = format!("{} per {token}", words.symbol(currency));
            money.over(Formula::Number(turned, label))
        }
        None => {
            let label = format!("{token} per {}", words.symbol(currency));
            money.times(Formula::number(per_money, &label))
        }
    })
}

/// The exact sum of what some contributions bought; a few of them are listed.
pub(super) fn exact_sum(
    step: &mut Step,
    words: Words<'_>,
    currency: CurrencyIndex,
    parts: &[RunningPart],
) -> Option<Exact> {
    let mut sum = Exact::ZERO;
    for part in parts {
        let formula = bought(words, currency, part)?;
        let value = formula.value()?;
        sum = sum.plus(value)?;
        if parts.len() <= LISTED {
            step.calculate(Some(Calculation {
                what: format!("exact tokens of entry {}", part.sequence),
                formula,
                rounding: None,
                result: value,
                unit: words.token().to_owned(),
            }));
        }
    }
    Some(sum)
}

/// The running sum of an investor whose tokens are rounded once.
fn running(step: &mut Step, words: Words<'_>, found: &Found) -> Tokens {
    let end = &found.end;
    let (currency, token) = (end.row.currency, words.token());
    step.say(
        "Rounded once per investor in a round: the exact sum is rounded after each contribution, \
         and each row shows what it adds.",
    );
    let Some((own, earlier)) = end.running.split_last() else {
        return end.row.tokens;
    };
    let mut parts = Vec::new();
    let mut rounded = Exact::ZERO;
    let Some(sum) = exact_sum(step, words, currency, earlier) else {
        return own.added;
    };
    if !earlier.is_empty() {
        parts.push(Formula::Number(sum, format!("{token} before")));
        let step_size = words.tokens(end.rounding.unit);
        rounded = sum
            .rounded(way(end.rounding.mode), step_size)
            .unwrap_or(Exact::ZERO);
        step.calculate(Some(Calculation {
            what: format!("sum before this one, of {}, rounded", earlier.len()),
            formula: Formula::number(sum, token),
            rounding: Some((way(end.rounding.mode), step_size)),
            result: rounded,
            unit: token.into(),
        }));
    }
    let Some(formula) = bought(words, currency, own) else {
        return own.added;
    };
    parts.push(formula);
    let formula = if parts.len() == 1 {
        parts.remove(0)
    } else {
        Formula::Sum(parts)
    };
    let step_size = words.tokens(end.rounding.unit);
    let Some(with_own) = formula
        .value()
        .and_then(|sum| sum.rounded(way(end.rounding.mode), step_size))
    else {
        return own.added;
    };
    step.calculate(Some(Calculation {
        what: "with this one".into(),
        formula,
        rounding: Some((way(end.rounding.mode), step_size)),
        result: with_own,
        unit: token.into(),
    }));
    // The ceiling may cut rows; only then do rows and the rounded sum differ.
    let cut = end.ceiling.is_some();
    let added = with_own.minus(rounded).unwrap_or(Exact::ZERO);
    step.calculate(Some(Calculation {
        what: "tokens".into(),
        formula: Formula::Difference(vec![
            Formula::number(with_own, token),
            Formula::number(rounded, token),
        ]),
        rounding: None,
        result: if cut { added } else { words.tokens(own.added) },
        unit: token.into(),
    }));
    let one = words.tokens(Tokens(1));
    let units = added
        .over(one)
        .and_then(|units| units.to_string().parse().ok());
    units.map_or(own.added, Tokens)
}

fn ceiling(step: &mut Step, words: Words<'_>, found: &Found, counted: Tokens) {
    let Some((most, before)) = found.end.ceiling else {
        return;
    };
    step.say(format!(
        "No investor gets more than {}; the money stays accepted. This one had {} before.",
        words.tokens_text(most),
        words.tokens_text(before)
    ));
    let token = words.token();
    let number = |tokens| Formula::number(words.tokens(tokens), token);
    step.calculate(Some(Calculation {
        what: "tokens".into(),
        formula: Formula::Least(vec![
            number(counted),
            Formula::Difference(vec![number(most), number(before)]),
        ]),
        rounding: None,
        result: words.tokens(found.end.row.tokens),
        unit: token.into(),
    }));
}

/// The final row with its check sum.
pub(super) fn row(words: Words<'_>, found: &Found, page: &mut Page) {
    let row = &found.end.row;
    let (currency, symbol) = (row.currency, words.symbol(row.currency));
    let mut step = Step::new("The final row");
    step.say(match row.reason {
        None => "Accepted whole.".to_owned(),
        Some(Reason::Refused(refusal)) => format!("Reason: {}", refusal_text(refusal)),
        Some(reason) => format!("Reason: {}.", reason.name()),
    });
    if let Some(bond) = found.end.bond.filter(|_| row.kept.0 > 0) {
        step.say("The sealed bid was not opened: its bond is kept.");
        step.calculate(Exact::ratio(bond.0.into(), 10_000).map(|part| {
            Calculation {
                what: "bond".into(),
                formula: Formula::number(words.money(currency, row.contributed), symbol)
                    .times(Formula::number(part, "")),
                rounding: Some((super::exact::Way::Down, words.money_step(currency))),
                result: words.money(currency, row.kept),
                unit: symbol.into(),
            }
        }));
    }
    let parts = [
        (row.accepted, "accepted"),
        (row.refunded, "refunded"),
        (row.kept, "kept"),
    ];
    step.calculate(Some(Calculation {
        what: "contributed".into(),
        formula: Formula::Sum(
            parts
                .iter()
                .map(|(amount, name)| {
                    Formula::Number(words.money(currency, *amount), format!("{symbol} {name}"))
                })
                .collect(),
        ),
        rounding: None,
        result: words.money(currency, row.contributed),
        unit: symbol.into(),
    }));
    let (total, count) = found.investor_total;
    if count > 1 {
        let total = words.tokens_text(total);
        step.say(format!(
            "{} has {total} from {count} contributions.",
            found.investor
        ));
    }
    page.add(step);
    for (name, amount) in [("contributed", row.contributed)].into_iter().chain([
        ("accepted", row.accepted),
        ("refunded", row.refunded),
        ("kept", row.kept),
    ]) {
        let amount = words.money(currency, amount).to_string();
        page.row.push((name.into(), amount, symbol.into()));
    }
    let tokens = words.tokens(row.tokens).to_string();
    page.row
        .push(("tokens".into(), tokens, words.token().into()));
    facts(found, page);
}

fn facts(found: &Found, page: &mut Page) {
    let row = &found.end.row;
    let reason = row.reason.map_or_else(String::new, Reason::name);
    let facts = json!({
        "contribution": found.reference,
        "investor": found.investor,
        "sequence": found.trace.sequence.0,
        "row": {
            "contributed_units": row.contributed.to_string(),
            "accepted_units": row.accepted.to_string(),
            "refunded_units": row.refunded.to_string(),
            "kept_units": row.kept.to_string(),
            "tokens_units": row.tokens.to_string(),
            "reason": reason,
        },
        "before_settlement": {
            "accepted_units": found.before_settlement().accepted.to_string(),
            "waiting_units": found.waiting.to_string(),
        },
    });
    if let serde_json::Value::Object(facts) = facts {
        page.facts = facts;
    }
}
