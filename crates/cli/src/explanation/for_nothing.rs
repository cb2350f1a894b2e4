//! The step of money that comes to no token at the settlement.

use softcap_offering::{Tokens, trace::ForNothingTrace};

use super::{
    auction,
    calculation::{Calculation, Formula},
    ending,
    page::Step,
    price,
    replay::Found,
    words::{Words, way},
};

/// Why what was accepted goes back although there was room for it.
pub(super) fn for_nothing(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("Money for no token");
    let Some(trace) = &found.settlement.for_nothing else {
        return step;
    };
    if !trace.together.is_empty() {
        together(&mut step, words, found, trace);
    } else if found.end.clearing.is_some() {
        let none = (trace.value, Tokens::ZERO);
        step.calculate(auction::cleared_tokens(words, found, none));
    } else {
        step.calculate(by_itself(words, found));
    }
    let money = words.money_text(found.end.row.currency, found.settlement.allotted);
    step.say(format!("That is no token, so that {money} goes back."));
    step
}

/// The sum of all contributions of the investor that are rounded with this one.
fn together(step: &mut Step, words: Words<'_>, found: &Found, trace: &ForNothingTrace) {
    let (rounding, token) = (found.end.rounding, words.token());
    step.say("Rounded once per investor in a round: the exact sum of all contributions.");
    let currency = found.end.row.currency;
    let sum = ending::exact_sum(step, words, currency, &trace.together);
    step.calculate(sum.map(|sum| Calculation {
        what: "tokens".into(),
        formula: Formula::number(sum, token),
        rounding: Some((way(rounding.mode), words.tokens(rounding.unit))),
        result: words.tokens(Tokens::ZERO),
        unit: token.into(),
    }));
}

/// What is left of a contribution at its own price; `None` where tiers gave it several.
fn by_itself(words: Words<'_>, found: &Found) -> Option<Calculation> {
    let end = &found.end;
    let (rate, per_money) = (end.rate?, end.per_money?);
    let price = per_money.checked_mul(rate.inverse()?)?;
    let money = (found.settlement.allotted, end.credit);
    let formula = price::bought(words, found, rate, price, money)?;
    Some(price::rounded_tokens(
        words,
        formula,
        end.rounding,
        Tokens::ZERO,
    ))
}
