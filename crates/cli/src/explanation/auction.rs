//! The steps of auctions: where a bid stands, the price that everybody pays, what it buys.

use softcap_offering::{Ratio, Tokens, Value, terms::TieRule, trace::BidTrace};

use super::{
    calculation::{Calculation, Formula},
    exact::Way,
    page::Step,
    replay::Found,
    words::Words,
};

/// Where a bid stands, and the price at which the auction cleared.
pub(super) fn auction(words: Words<'_>, found: &Found, bid: &BidTrace) -> Step {
    let mut step = Step::new("The auction");
    let cost = |money, tokens| {
        Ratio::new(money, tokens).map_or_else(String::new, |cost| words.cost_text(cost))
    };
    let limit = cost(bid.limit.money, bid.limit.tokens);
    step.say(format!(
        "On sale: {}. Bids: {}.",
        words.tokens_text(bid.supply),
        bid.bids
    ));
    step.say(format!(
        "This bid gives at most {limit}. Bids that give more: {}, with {} behind them. Bids that give \
         the same: {} with this one, with {} behind them.",
        bid.higher,
        words.value_text(bid.higher_money),
        bid.equal,
        words.value_text(bid.equal_money)
    ));
    let Some(clearing) = found.end.clearing else {
        step.say("Nothing was sold.");
        return step;
    };
    step.say(format!(
        "Everybody pays {}.",
        cost(clearing.money, clearing.tokens)
    ));
    let same =
        |money, tokens| Ratio::new(money, tokens) == Ratio::new(clearing.money, clearing.tokens);
    if same(bid.limit.money, bid.limit.tokens) {
        step.say("That is the limit of this bid: bids at it share what those above leave.");
        say_margin(&mut step, words, found, bid);
    } else if bid.min_proceeds.0 > 0 && same(bid.min_proceeds.0, bid.supply.0) {
        step.say("That is the reserve price of the terms.");
    } else {
        step.say(
            "It is the highest price at which the bids that reach it pay for the whole supply.",
        );
    }
    step
}

/// What the bids above leave to the bids at the clearing price, and this bid's part of it.
fn say_margin(step: &mut Step, words: Words<'_>, found: &Found, bid: &BidTrace) {
    if words.terms.tie == TieRule::ById {
        step.say(
            "They are served one after the other: the smaller bid first, then the smaller id.",
        );
        return;
    }
    let (unit, one) = (words.numeraire(), words.value_step());
    let number = |value| Formula::number(words.value(value), unit);
    let Some(cost) =
        Ratio::new(bid.limit.money, bid.limit.tokens).and_then(|cost| words.cost(cost))
    else {
        return;
    };
    let lot = Formula::number(words.tokens(bid.supply), words.token()).times(Formula::number(
        cost,
        &format!("{unit} per {}", words.token()),
    ));
    let down = |formula: &Formula| {
        formula
            .value()
            .and_then(|exact| exact.rounded(Way::Down, one))
    };
    let left = Formula::Difference(vec![lot, number(bid.higher_money)]);
    let Some(room) = down(&left) else { return };
    let money = Formula::number(words.money(found.trace.currency, bid.money), unit);
    let share = money
        .times(Formula::number(room, unit))
        .over(number(bid.equal_money));
    let accepted = words.money(found.trace.currency, found.settlement.allotted);
    let Some(part) = down(&share) else { return };
    let dust = accepted.minus(part);
    if dust.is_none_or(|dust| !dust.is_zero() && dust != one) {
        return;
    }
    let rounding = Some((Way::Down, one));
    let calculation = |what: &str, formula, rounding, result| Calculation {
        what: what.to_owned(),
        formula,
        rounding,
        result,
        unit: unit.to_owned(),
    };
    step.calculate(Some(calculation("left for them", left, rounding, room)));
    if part == accepted {
        step.calculate(Some(calculation("accepted", share, rounding, accepted)));
        return;
    }
    step.calculate(Some(calculation(
        "part without dust",
        share,
        rounding,
        part,
    )));
    step.say("What rounding leaves over goes out in single units; one came here.");
    let parts = vec![
        Formula::number(part, unit),
        Formula::Number(one, format!("{unit} dust")),
    ];
    step.calculate(Some(calculation(
        "accepted",
        Formula::Sum(parts),
        None,
        accepted,
    )));
}

/// Tokens for a value at the clearing price of an auction.
pub(super) fn cleared_tokens(
    words: Words<'_>,
    found: &Found,
    (value, tokens): (Value, Tokens),
) -> Option<Calculation> {
    let end = &found.end;
    let clearing = end.clearing?;
    let value = Formula::number(words.value(value), words.numeraire());
    let unit = end.rounding.unit;
    let formula = words.priced(value, Ratio::new(clearing.tokens, clearing.money)?)?;
    // A bid's tokens are rounded to whole smallest units first; a coarser unit is cut from those,
    // which gives the same.
    Some(Calculation {
        what: "tokens".into(),
        formula,
        rounding: Some((Way::Down, words.tokens(Tokens(unit.0.max(1))))),
        result: words.tokens(tokens),
        unit: words.token().into(),
    })
}

/// How a Dutch auction came to its price.
pub(super) fn dutch(words: Words<'_>, found: &Found) -> Step {
    let mut step = Step::new("The clearing price");
    let (Some(dutch), Some(clearing)) = (found.end.dutch, found.end.clearing) else {
        return step;
    };
    let supply = Formula::number(words.tokens(dutch.supply), words.token());
    step.say(format!(
        "The price at the end of the auction: {}.",
        words.cost_text(dutch.last)
    ));
    step.calculate(words.cost(dutch.last).map(|cost| Calculation {
        what: "the whole supply at it".into(),
        formula: supply.clone().times(Formula::number(
            cost,
            &format!("{} per {}", words.numeraire(), words.token()),
        )),
        rounding: Some((Way::Down, words.value_step())),
        result: words.value(dutch.lot),
        unit: words.numeraire().into(),
    }));
    let raised = words.value_text(dutch.raised);
    if dutch.raised < dutch.lot || dutch.raised.0 == 0 {
        step.say(format!(
            "{raised} was raised, which is less: everybody pays the price at the end."
        ));
        return step;
    }
    step.say(format!("{raised} was raised, which pays for all of it: the price is what was raised over the supply."));
    let unit = format!("{} per {}", words.numeraire(), words.token());
    let price = Ratio::new(clearing.money, clearing.tokens).and_then(|price| words.cost(price));
    step.calculate(price.map(|result| Calculation {
        what: "price".into(),
        formula: Formula::number(words.value(dutch.raised), words.numeraire()).over(supply),
        rounding: None,
        result,
        unit,
    }));
    step
}
