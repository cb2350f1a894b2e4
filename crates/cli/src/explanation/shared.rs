//! The steps of rounds that are shared out at the end, and the soft cap.

use softcap_offering::{
    Amount, Ratio, Tokens, Value,
    terms::{Bound, DustRule},
    trace::{BatchRule, BatchTrace},
};

use super::{
    calculation::{Calculation, Formula},
    exact::{Exact, Way},
    page::Step,
    replay::Found,
    words::Words,
};

/// How a batch round was shared out.
pub(super) fn batch(words: Words<'_>, found: &Found, batch: &BatchTrace) -> Step {
    let mut step = Step::new("Shared out at the end");
    let people = batch.people;
    let asked = words.value_text(batch.asked);
    step.say(format!(
        "Asked by all: {asked}, by {people} {}.",
        if people == 1 { "investor" } else { "investors" }
    ));
    say_capacity(&mut step, words, found, batch);
    let own = words.value_text(batch.person_asked);
    step.say(format!("Asked by this investor: {own}."));
    say_part(&mut step, words, batch);
    say_own_part(&mut step, words, found, batch);
    step
}

fn say_capacity(step: &mut Step, words: Words<'_>, found: &Found, batch: &BatchTrace) {
    let numeraire = words.numeraire();
    let mut rooms = Vec::new();
    if let Some(room) = batch.room_value {
        step.say(format!("Room in money: {}.", words.value_text(room)));
        rooms.push(Formula::number(words.value(room), numeraire));
    }
    if let Some(tokens) = batch.room_tokens {
        step.say(format!("Room in tokens: {}.", words.tokens_text(tokens)));
        let room = Formula::number(words.tokens(tokens), words.token());
        let formula = match batch.asked_tokens {
            None => fixed_price(words, found).and_then(|price| words.unpriced(room, price)),
            Some(wanted) if wanted <= tokens => None,
            Some(wanted) => {
                step.say(format!(
                    "Tokens asked for by all: {}.",
                    words.tokens_text(wanted)
                ));
                let all = Formula::number(words.value(batch.asked), numeraire);
                let wanted = Formula::number(words.tokens(wanted), words.token());
                Some(all.times(room).over(wanted))
            }
        };
        if let Some((formula, result)) = formula.and_then(|formula| {
            let result = formula.value()?.rounded(Way::Down, words.value_step())?;
            Some((formula, result))
        }) {
            step.calculate(Some(Calculation {
                what: "money for them".into(),
                formula,
                rounding: Some((Way::Down, words.value_step())),
                result,
                unit: numeraire.into(),
            }));
            rooms.push(Formula::number(result, numeraire));
        }
    }
    if rooms.is_empty() {
        return;
    }
    let formula = if rooms.len() == 1 {
        rooms.remove(0)
    } else {
        Formula::Least(rooms)
    };
    step.calculate(Some(Calculation {
        what: "capacity".into(),
        formula,
        rounding: None,
        result: words.value(batch.capacity),
        unit: numeraire.into(),
    }));
}

fn fixed_price(words: Words<'_>, found: &Found) -> Option<Ratio> {
    let round = found.end.row.round?;
    match &words.terms.rounds.get(round.index())?.pricing {
        softcap_offering::terms::Pricing::Fixed { price } => Some(*price),
        softcap_offering::terms::Pricing::Steps { .. }
        | softcap_offering::terms::Pricing::Linear { .. }
        | softcap_offering::terms::Pricing::Tiers { .. }
        | softcap_offering::terms::Pricing::Dutch { .. }
        | softcap_offering::terms::Pricing::Bids { .. } => None,
    }
}

/// The rule, and what the investor gets by it.
fn say_part(step: &mut Step, words: Words<'_>, batch: &BatchTrace) {
    match &batch.rule {
        BatchRule::ProRata if batch.asked <= batch.capacity => {
            step.say("All asks fit together: everybody gets the whole ask.");
        }
        BatchRule::ProRata => {
            step.say("Pro rata: everybody gets the same part of the ask.");
            say_share(step, words, batch, batch.person_asked, batch.asked);
        }
        BatchRule::ProRataCapped {
            cap,
            counted,
            counted_by_all,
        } => {
            step.say(format!(
                "Pro rata, where no ask counts beyond {}: of this one {}, of all {}.",
                words.value_text(*cap),
                words.value_text(*counted),
                words.value_text(*counted_by_all)
            ));
            if *counted_by_all <= batch.capacity {
                step.say("What counts fits together: everybody gets it whole.");
            } else {
                say_share(step, words, batch, *counted, *counted_by_all);
            }
        }
        BatchRule::WaterFilling { level: None, .. } => {
            step.say("All asks fit together: everybody gets the whole ask.");
        }
        BatchRule::WaterFilling {
            level: Some(level),
            leftover,
        } => {
            step.say(format!(
                "Water filling: everybody gets the same up to the ask. The level is the largest \
                 amount for which that fits the capacity: {}, with {} left over.",
                words.value_text(*level),
                words.value_text(*leftover)
            ));
            let numeraire = words.numeraire();
            let least = Formula::Least(vec![
                Formula::Number(
                    words.value(batch.person_asked),
                    format!("{numeraire} asked"),
                ),
                Formula::number(words.value(*level), numeraire),
            ]);
            say_part_and_dust(step, words, batch, least, None);
        }
        BatchRule::Lottery {
            seed,
            ticket,
            threshold,
        } => {
            say_draw(step, seed, ticket, threshold.as_ref());
            let (part, asked) = (batch.person_part, batch.person_asked);
            step.say(if part == asked {
                "Winners get the whole ask.".to_owned()
            } else if part.0 == 0 {
                "Who is not drawn gets nothing.".to_owned()
            } else {
                format!(
                    "The last winner gets what was left: {}.",
                    words.value_text(part)
                )
            });
        }
    }
}

/// Seed, ticket and threshold, and what follows from them.
fn say_draw(step: &mut Step, seed: &[u8; 32], ticket: &[u8; 32], threshold: Option<&[u8; 32]>) {
    step.say("Lottery: tickets up to the last winner's win.");
    step.say(format!("seed      {}", hex(seed)));
    step.say(format!("ticket    {}", hex(ticket)));
    step.detail(
        "the SHA-256 of \"softcap/lottery/v1\", the terms hash, the number of the round (2 bytes), \
         the seed, the length of the id (2 bytes) and the id",
    );
    let Some(threshold) = threshold else {
        step.say("Nobody won.");
        return;
    };
    step.say(format!("threshold {}", hex(threshold)));
    let (sign, end) = if ticket <= threshold {
        ("not above", "won")
    } else {
        ("above", "not drawn")
    };
    step.say(format!("The ticket is {sign} the threshold: {end}."));
}

fn hex(bytes: &[u8; 32]) -> String {
    softcap_proof::hex(bytes)
}

fn say_share(step: &mut Step, words: Words<'_>, batch: &BatchTrace, own: Value, all: Value) {
    let numeraire = words.numeraire();
    let number = |value, unit: &str| Formula::number(words.value(value), unit);
    let formula = number(own, numeraire)
        .times(number(batch.capacity, numeraire))
        .over(number(all, numeraire));
    say_part_and_dust(
        step,
        words,
        batch,
        formula,
        Some((Way::Down, words.value_step())),
    );
}

/// The part by the formula, and the unit of dust that it may get on top.
fn say_part_and_dust(
    step: &mut Step,
    words: Words<'_>,
    batch: &BatchTrace,
    formula: Formula,
    rounding: Option<(Way, Exact)>,
) {
    let unit = words.numeraire();
    let part = words.value(batch.person_part);
    let exact = formula.value().and_then(|exact| match rounding {
        Some((way, step)) => exact.rounded(way, step),
        None => Some(exact),
    });
    let dust = exact
        .and_then(|exact| part.minus(exact))
        .filter(|dust| !dust.is_zero());
    let result = if dust.is_some() {
        exact.unwrap_or(part)
    } else {
        part
    };
    let what = if dust.is_some() {
        "part without dust"
    } else {
        "part of this investor"
    };
    let (what, unit_text) = (what.to_owned(), unit.to_owned());
    step.calculate(Some(Calculation {
        what,
        formula,
        rounding,
        result,
        unit: unit_text,
    }));
    if let Some(dust) = dust {
        step.say(match (words.terms.dust, &batch.rule) {
            (DustRule::LargestRemainder, BatchRule::WaterFilling { .. }) => {
                "What the level leaves over goes out in single units to the smaller hashes of terms \
                 and id; one came here."
            }
            (DustRule::LargestRemainder | DustRule::Unassigned, _) => {
                "What rounding leaves over goes out in single units to the largest remainders, then \
                 to the smaller hashes of terms and id; one came here."
            }
        });
        let formula = Formula::Sum(vec![
            Formula::number(result, unit),
            Formula::Number(dust, format!("{unit} dust")),
        ]);
        let (what, unit) = ("part of this investor".to_owned(), unit.to_owned());
        step.calculate(Some(Calculation {
            what,
            formula,
            rounding: None,
            result: part,
            unit,
        }));
    }
}

/// What of the person's part comes to this contribution, in its currency.
fn say_own_part(step: &mut Step, words: Words<'_>, found: &Found, batch: &BatchTrace) {
    let own = found.trace.sequence;
    let Some(place) = batch.asks.iter().position(|ask| ask.sequence == own) else {
        return;
    };
    let Some(ask) = batch.asks.get(place) else {
        return;
    };
    let (part, asked) = (batch.person_part, batch.person_asked);
    if part == asked {
        step.say(format!(
            "This contribution keeps all of {}.",
            words.money_text(ask.currency, ask.money)
        ));
        return;
    }
    if part.0 == 0 {
        step.say("Nothing of this contribution is accepted.");
        return;
    }
    let accepted = found.settlement.allotted;
    let symbol = words.symbol(ask.currency);
    if batch.scaled {
        step.say("Prices differ, so each contribution is scaled by the same ratio.");
        let numeraire = words.numeraire();
        let formula = Formula::number(words.money(ask.currency, ask.money), symbol)
            .times(Formula::number(words.value(part), numeraire))
            .over(Formula::number(words.value(asked), numeraire));
        say_accepted(step, words, found, formula, accepted);
        return;
    }
    let before = batch
        .asks
        .iter()
        .take(place)
        .fold(0_u128, |sum, ask| sum.saturating_add(ask.value.0));
    let value = if batch.asks.len() == 1 {
        part
    } else {
        step.say(format!(
            "The investor has {} contributions here. They share the part in proportion, from the \
             smallest up; this is number {} of them.",
            batch.asks.len(),
            place + 1
        ));
        let after = Value(before.saturating_add(ask.value.0));
        let up_to = shared(step, words, batch, "shared up to it", after);
        let earlier = if before == 0 {
            Value::ZERO
        } else {
            shared(step, words, batch, "shared before it", Value(before))
        };
        let numeraire = words.numeraire();
        let formula = Formula::Difference(vec![
            Formula::number(words.value(up_to), numeraire),
            Formula::number(words.value(earlier), numeraire),
        ]);
        let value = Value(up_to.0.saturating_sub(earlier.0));
        let (what, unit) = ("its value".into(), numeraire.into());
        let result = words.value(value);
        step.calculate(Some(Calculation {
            what,
            formula,
            rounding: None,
            result,
            unit,
        }));
        value
    };
    let Some(rate) = found.end.rate else { return };
    if value == ask.value {
        step.say("It keeps all of its money.");
        return;
    }
    let formula = Formula::number(words.value(value), words.numeraire());
    let money = words.unvalued(formula, ask.currency, rate).map(|money| {
        let held = Formula::Number(
            words.money(ask.currency, ask.money),
            format!("{symbol} asked"),
        );
        // Rounding the ask up can make a part worth more than the money behind it.
        let beyond = money
            .value()
            .and_then(|m| m.compare(words.money(ask.currency, ask.money)));
        if beyond.is_some_and(std::cmp::Ordering::is_gt) {
            Formula::Least(vec![money, held])
        } else {
            money
        }
    });
    if let Some(formula) = money {
        say_accepted(step, words, found, formula, accepted);
    }
}

/// `part x so much of the asks / all asks of the person`, rounded down.
fn shared(step: &mut Step, words: Words<'_>, batch: &BatchTrace, what: &str, of: Value) -> Value {
    let numeraire = words.numeraire();
    let number = |value| Formula::number(words.value(value), numeraire);
    let result = Ratio::new(batch.person_part.0, batch.person_asked.0)
        .and_then(|ratio| ratio.times(of.0, softcap_offering::RoundingMode::Down))
        .unwrap_or(0);
    step.calculate(Some(Calculation {
        what: what.into(),
        formula: number(batch.person_part)
            .times(number(of))
            .over(number(batch.person_asked)),
        rounding: Some((Way::Down, words.value_step())),
        result: words.value(Value(result)),
        unit: numeraire.into(),
    }));
    Value(result)
}

fn say_accepted(
    step: &mut Step,
    words: Words<'_>,
    found: &Found,
    formula: Formula,
    accepted: Amount,
) {
    let currency = found.trace.currency;
    let calculation = Calculation {
        what: "accepted".into(),
        formula,
        rounding: Some((Way::Down, words.money_step(currency))),
        result: words.money(currency, accepted),
        unit: words.symbol(currency).into(),
    };
    if accepted == Amount::ZERO && !calculation.holds() {
        step.say("What it comes to buys no token, so that nothing of it is accepted.");
    } else {
        step.calculate(Some(calculation));
    }
}

/// The soft cap and what was compared with it.
pub(super) fn soft_cap(words: Words<'_>, found: &Found) -> Option<String> {
    let soft_cap = found.settlement.soft_cap?;
    let (Bound::Value(Value(least)) | Bound::Tokens(Tokens(least))) = soft_cap.cap;
    let has = format!(
        "{} {}",
        words.in_unit_of(soft_cap.cap, soft_cap.has),
        words.unit_of(soft_cap.cap)
    );
    let cap = words.bound_text(soft_cap.cap);
    Some(if soft_cap.has >= least {
        format!("The soft cap of {cap} is reached: {has} is accepted.")
    } else {
        format!(
            "The soft cap of {cap} is missed: only {has} was accepted, and all of it goes back."
        )
    })
}
