//! The steps of price and tokens.

use softcap_offering::{
    Amount, Ratio, Tokens,
    terms::{Crossing, RoundingScope},
    trace::{OfferTrace, PriceTrace, TierPart},
};

use super::{
    calculation::{Calculation, Formula},
    exact::Exact,
    page::Step,
    replay::Found,
    words::{Words, way},
};

/// The price at its position, written out.
pub(super) fn price(words: Words<'_>, found: &Found, offer: &OfferTrace) -> Step {
    let mut step = Step::new("Its price");
    let line = found.trace.stamp.line;
    let at = |position| words.position_text(line, position);
    match &offer.price {
        PriceTrace::Fixed { price } => {
            step.say(format!(
                "{}, the one price of the round.",
                words.price_text(*price)
            ));
        }
        PriceTrace::Step {
            number,
            count,
            from,
            until,
            price,
        } => {
            let until = until.map_or_else(String::new, |until| {
                format!(" until just before {}", at(until))
            });
            step.say(format!(
                "{}: step {number} of {count}, from {}{until}.",
                words.price_text(*price),
                at(*from)
            ));
        }
        PriceTrace::Linear { .. } => say_distance(&mut step, words, found, &offer.price),
        PriceTrace::Tiers { .. } => say_tiers(&mut step, words, &offer.price),
        PriceTrace::Dutch { now } => {
            step.say(format!(
                "At this position the falling price is {}.",
                words.cost_text(*now)
            ));
            step.say("Everybody pays the price at which the auction clears, known at its end.");
        }
        PriceTrace::Bid { limit } => {
            let cost = Ratio::new(limit.money, limit.tokens)
                .map_or_else(String::new, |cost| words.cost_text(cost));
            step.say(format!("The bid gives at most {cost}."));
            step.say("Everybody pays the price at which the auction clears, known at its end.");
        }
    }
    step
}

/// The distance that counts, and the price that it gives.
fn say_distance(step: &mut Step, words: Words<'_>, found: &Found, price: &PriceTrace) {
    let PriceTrace::Linear {
        until,
        granularity,
        distance,
        counted,
        ..
    } = price
    else {
        return;
    };
    let unit = words.span_unit();
    let (distance, counted) = (words.span(*distance), words.span(*counted));
    let until = words.position_text(found.trace.stamp.line, *until);
    step.say(format!("Distance to {until}: {distance} {unit}."));
    if counted != distance {
        let granularity = words.span(*granularity);
        step.detail(format!(
            "In whole multiples of {granularity} that counts as {counted} {unit}."
        ));
    }
    say_linear(step, words, price);
}

/// The tiers that a purchase falls in.
fn say_tiers(step: &mut Step, words: Words<'_>, price: &PriceTrace) {
    let PriceTrace::Tiers {
        raised,
        crossing,
        parts,
    } = price
    else {
        return;
    };
    let before = words.value_text(*raised);
    step.say(format!(
        "The price depends on what the round raised before: {before}."
    ));
    for part in parts {
        let end = part.up_to.map_or_else(
            || "without end".to_owned(),
            |end| format!("up to {}", words.value_text(end)),
        );
        step.detail(format!(
            "Tier {}, {end}: {}.",
            part.number,
            words.price_text(part.price)
        ));
    }
    step.say(match (crossing, parts.len()) {
        (Crossing::Split, 0 | 1) => "All of it falls in one tier.",
        (Crossing::Split, _) => "It crosses a boundary: each part pays the price of its tier.",
        (Crossing::Before, _) => "All of it pays the price of the tier in which it begins.",
    });
}

/// `base x (1 + bonus x counted / per)`.
fn say_linear(step: &mut Step, words: Words<'_>, price: &PriceTrace) {
    let PriceTrace::Linear {
        base,
        bonus,
        per,
        counted,
        price,
        ..
    } = price
    else {
        return;
    };
    let unit = words.span_unit();
    let bonus = Exact::ratio(bonus.0.into(), 10_000);
    let fraction = bonus.map(|bonus| {
        Formula::Product(vec![
            Formula::number(bonus, ""),
            Formula::number(words.span(*counted), unit),
        ])
        .over(Formula::number(words.span(*per), unit))
    });
    let label = format!("{} per {}", words.token(), words.numeraire());
    let (Some(fraction), Some(base), Some(price)) =
        (fraction, words.price(*base), words.price(*price))
    else {
        return;
    };
    step.calculate(fraction.value().map(|result| Calculation {
        what: "bonus".into(),
        formula: fraction.clone(),
        rounding: None,
        result,
        unit: String::new(),
    }));
    let one = Formula::number(Exact::whole(1), "");
    let formula = Formula::number(base, &label).times(Formula::Sum(vec![one, fraction]));
    let (what, rounding, unit) = ("price".into(), None, label);
    step.calculate(Some(Calculation {
        what,
        formula,
        rounding,
        result: price,
        unit,
    }));
}

/// Tokens as they are known when the contribution arrives.
pub(super) fn tokens(words: Words<'_>, found: &Found, offer: &OfferTrace) -> Step {
    let mut step = Step::new("Its tokens");
    let Some(taken) = offer.taken.filter(|taken| taken.accepted.0 > 0) else {
        return step;
    };
    let currency = found.trace.currency;
    if offer.credit.0 > 0 {
        let credit = words.money_text(currency, offer.credit);
        step.say(format!(
            "A credit of {credit} is added, as the terms say; it is not money."
        ));
    }
    if offer.batch {
        step.say("Known at the end, from what is accepted then.");
        return step;
    }
    let exact = match &offer.price {
        PriceTrace::Fixed { price }
        | PriceTrace::Step { price, .. }
        | PriceTrace::Linear { price, .. } => bought(
            words,
            found,
            offer.rate,
            *price,
            (taken.accepted, offer.credit),
        ),
        PriceTrace::Tiers { parts, .. } => tiers(&mut step, words, found, offer, parts),
        PriceTrace::Dutch { .. } | PriceTrace::Bid { .. } => {
            step.say("Known at the end, from the clearing price.");
            return step;
        }
    };
    if offer.rounding.per == RoundingScope::Investor {
        step.calculate(exact.and_then(|formula| {
            let result = formula.value()?;
            let (what, unit) = ("tokens, not rounded yet".into(), words.token().into());
            Some(Calculation {
                what,
                formula,
                rounding: None,
                result,
                unit,
            })
        }));
        step.say("Rounded at the end, once for all contributions of the investor in this round.");
        return step;
    }
    step.calculate(exact.map(|formula| Calculation {
        what: "tokens".into(),
        formula,
        rounding: Some((way(offer.rounding.mode), words.tokens(offer.rounding.unit))),
        result: words.tokens(taken.tokens),
        unit: words.token().into(),
    }));
    step
}

/// Money with its credit, times rate, times price.
pub(super) fn bought(
    words: Words<'_>,
    found: &Found,
    rate: Ratio,
    price: Ratio,
    (accepted, credit): (Amount, Amount),
) -> Option<Formula> {
    let money = with_credit(words, found, accepted, credit);
    words.priced(words.valued(money, found.trace.currency, rate)?, price)
}

fn with_credit(words: Words<'_>, found: &Found, accepted: Amount, credit: Amount) -> Formula {
    let (currency, symbol) = (found.trace.currency, words.symbol(found.trace.currency));
    let money = Formula::number(words.money(currency, accepted), symbol);
    if credit == Amount::ZERO {
        return money;
    }
    let credit = Formula::Number(words.money(currency, credit), format!("{symbol} credit"));
    Formula::Sum(vec![money, credit])
}

/// A line for each tier, and the sum of what they buy.
fn tiers(
    step: &mut Step,
    words: Words<'_>,
    found: &Found,
    offer: &OfferTrace,
    parts: &[TierPart],
) -> Option<Formula> {
    let numeraire = words.numeraire();
    let value = |part: &TierPart| {
        let count = Exact::digits(&part.value.to_string())?;
        count
            .over(Exact::whole(part.den))?
            .times(words.value_step())
    };
    if let [only] = parts {
        return bought(
            words,
            found,
            offer.rate,
            only.price,
            (offer.taken?.accepted, offer.credit),
        );
    }
    let money = with_credit(words, found, offer.taken?.accepted, offer.credit);
    let mut left = words.valued(money, found.trace.currency, offer.rate)?;
    let mut sum = Vec::new();
    let raised = match &offer.price {
        PriceTrace::Tiers { raised, .. } => *raised,
        PriceTrace::Fixed { .. }
        | PriceTrace::Step { .. }
        | PriceTrace::Linear { .. }
        | PriceTrace::Dutch { .. }
        | PriceTrace::Bid { .. } => return None,
    };
    let mut from = words.value(raised);
    for (place, part) in parts.iter().enumerate() {
        let number = value(part)?;
        let last = place + 1 == parts.len();
        let formula = match part.up_to.filter(|_| !last) {
            Some(end) => {
                let (end, begin) = (words.value(end), from);
                from = end;
                let parts = [
                    (end, format!("{numeraire} where it ends")),
                    (begin, format!("{numeraire} raised")),
                ];
                Formula::Difference(
                    parts
                        .map(|(number, unit)| Formula::Number(number, unit))
                        .into(),
                )
            }
            None => left.clone(),
        };
        step.calculate(Some(Calculation {
            what: format!("part in tier {}", part.number),
            formula,
            rounding: None,
            result: number,
            unit: numeraire.into(),
        }));
        left = match left {
            Formula::Difference(mut parts) => {
                parts.push(Formula::number(number, numeraire));
                Formula::Difference(parts)
            }
            first @ (Formula::Number(..)
            | Formula::Product(_)
            | Formula::Quotient(..)
            | Formula::Sum(_)
            | Formula::Least(_)) => {
                Formula::Difference(vec![first, Formula::number(number, numeraire)])
            }
        };
        let formula = words.priced(Formula::number(number, numeraire), part.price)?;
        let tokens = formula.value()?;
        step.calculate(Some(Calculation {
            what: format!("tokens of tier {}", part.number),
            formula,
            rounding: None,
            result: tokens,
            unit: words.token().into(),
        }));
        sum.push(Formula::number(tokens, words.token()));
    }
    Some(Formula::Sum(sum))
}

/// A calculation of tokens with the rounding of the currency.
pub(super) fn rounded_tokens(
    words: Words<'_>,
    formula: Formula,
    rounding: softcap_offering::terms::Rounding,
    result: Tokens,
) -> Calculation {
    Calculation {
        what: "tokens".into(),
        formula,
        rounding: Some((way(rounding.mode), words.tokens(rounding.unit))),
        result: words.tokens(result),
        unit: words.token().into(),
    }
}
