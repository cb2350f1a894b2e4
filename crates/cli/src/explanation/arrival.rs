//! The steps that a contribution takes when it arrives: round, value, bounds, caps.

use softcap_offering::{
    Amount, CurrencyIndex, Tokens, Value,
    terms::{Bound, Limit, RateTerm},
    trace::{
        AdmissionTrace, CapKind, CapTrace, CapUse, LimitKind, LimitTrace, OfferTrace,
        RoundStanding, RoundTrace,
    },
};

use super::{
    calculation::{Calculation, Formula},
    exact::{Exact, Way},
    page::Step,
    replay::Found,
    words::{Words, refusal_text},
};

/// What arrived, when and from whom.
pub(super) fn arrived(words: Words<'_>, found: &Found) -> Step {
    let trace = &found.trace;
    let mut step = Step::new("What arrived");
    let money = words.money(trace.currency, trace.amount);
    let (symbol, unit) = (
        words.symbol(trace.currency),
        words.money_step(trace.currency),
    );
    step.say(format!("{money} {symbol} from {}.", found.investor));
    step.calculate(Some(Calculation {
        what: "in smallest units".into(),
        formula: Formula::number(money, symbol).over(Formula::number(unit, symbol)),
        rounding: None,
        result: Exact::whole(trace.amount.0),
        unit: String::new(),
    }));
    let position = words.position_text(trace.stamp.line, trace.stamp.position);
    step.say(format!("Position in the schedule: {position}."));
    step.say(format!(
        "Sequence number in the journal: {}.",
        trace.sequence
    ));
    if let Some(source) = &found.source {
        step.say(format!("Seen in: {source}."));
    }
    step
}

/// Which round took it, and why.
pub(super) fn round(words: Words<'_>, found: &Found) -> Step {
    let trace = &found.trace;
    let mut step = Step::new("Which round");
    for tried in &trace.rounds {
        let name = words.round_name(tried.round);
        if let Some(window) = tried.window {
            step.say(format!(
                "{name}: {}.",
                words.window_text(trace.stamp.line, window)
            ));
        } else {
            step.say(format!("{name}: no window on this clock."));
        }
        if let Some(sentence) = standing_text(words, tried) {
            step.detail(sentence);
        }
    }
    if let Some(refusal) = trace.refusal.filter(|_| trace.offer.is_none()) {
        step.say(format!("Refused, {}", refusal_text(refusal)));
    }
    step
}

fn standing_text(words: Words<'_>, tried: &RoundTrace) -> Option<String> {
    Some(match tried.standing {
        RoundStanding::NoWindow => return None,
        RoundStanding::Ahead => "Not open yet.".into(),
        RoundStanding::Over => "Over.".into(),
        RoundStanding::Obstacle(refusal) => format!("Open, but {}", refusal_text(refusal)),
        RoundStanding::Takes(AdmissionTrace::Open) => {
            "Open to everybody: this is the round.".into()
        }
        RoundStanding::Takes(AdmissionTrace::Admitted { limit, guaranteed }) => {
            let mut text = "The investor is admitted: this is the round.".to_owned();
            if let Some(limit) = limit {
                text.push_str(&format!(
                    " Limit of the admission: {}.",
                    words.value_text(limit)
                ));
            }
            if guaranteed.0 > 0 {
                text.push_str(&format!(" Guaranteed: {}.", words.value_text(guaranteed)));
            }
            text
        }
    })
}

/// Rate, where it came from, and the value in the numeraire.
pub(super) fn value(words: Words<'_>, found: &Found, offer: &OfferTrace) -> Step {
    let currency = found.trace.currency;
    let mut step = Step::new("Its value");
    if words.is_numeraire(currency, offer.rate) {
        step.say(format!(
            "Caps and limits count in {}: no rate is needed.",
            words.numeraire()
        ));
        return step;
    }
    let rate = words.rate_text(currency, offer.rate);
    let source = match words
        .terms
        .currencies
        .get(currency.index())
        .map(|known| &known.rate)
    {
        Some(RateTerm::Recorded { source, .. }) => {
            let at = offer.rate_recorded.map_or_else(String::new, |position| {
                format!(
                    " at {}",
                    words.position_text(found.trace.stamp.line, position)
                )
            });
            let entry = found
                .rate_entry
                .map_or_else(String::new, |entry| format!(", entry {entry}"));
            format!("recorded from {source}{at}{entry}")
        }
        Some(RateTerm::Fixed(_)) | None => "fixed by the terms".to_owned(),
    };
    step.say(format!("Rate: {rate}, {source}."));
    let symbol = words.symbol(currency);
    let money = Formula::number(words.money(currency, found.trace.amount), symbol);
    step.calculate(
        words
            .valued(money, currency, offer.rate)
            .map(|formula| Calculation {
                what: "value".into(),
                formula,
                rounding: Some((Way::Down, words.value_step())),
                result: words.value(offer.value),
                unit: words.numeraire().into(),
            }),
    );
    step
}

/// Lower bounds.
pub(super) fn minimums(words: Words<'_>, found: &Found, offer: &OfferTrace) -> Step {
    let mut step = Step::new("Minimum");
    for minimum in &offer.minimums {
        let (least, has) = match minimum.least {
            Limit::Value(least) => (least.0, Limit::Value(Value(minimum.has))),
            Limit::Tokens(least) => (least.0, Limit::Tokens(Tokens(minimum.has))),
            Limit::Money(currency, least) => (least.0, Limit::Money(currency, Amount(minimum.has))),
        };
        let whose = if minimum.before.0 > 0 {
            format!(
                " with the {} accepted before",
                words.value_text(minimum.before)
            )
        } else {
            String::new()
        };
        let (verdict, sign) = if minimum.has < least {
            ("not enough", "is less than")
        } else {
            ("enough", "is at least")
        };
        let (has, least) = (words.limit_text(has), words.limit_text(minimum.least));
        step.say(format!("{has}{whose} {sign} {least}: {verdict}."));
    }
    if let Some(refusal) = found.trace.refusal.filter(|_| is_minimum(offer)) {
        step.say(format!("Refused, {}", refusal_text(refusal)));
    }
    step
}

/// Whether a refusal came before any upper bound was looked at.
fn is_minimum(offer: &OfferTrace) -> bool {
    offer.value.0 == 0
        || offer.minimums.iter().any(|minimum| {
            let least = match minimum.least {
                Limit::Value(least) => least.0,
                Limit::Tokens(least) => least.0,
                Limit::Money(_, least) => least.0,
            };
            minimum.has < least
        })
}

/// Limits and caps with the room before, what fits, and which one decided.
pub(super) fn bounds(words: Words<'_>, found: &Found, offer: &OfferTrace) -> Step {
    let mut step = Step::new("Limits and caps");
    let refused = found.trace.refusal;
    if refused.is_some() && is_minimum(offer) {
        return step;
    }
    let currency = found.trace.currency;
    let mut left = found.trace.amount;
    for limit in &offer.limits {
        say_limit(&mut step, words, found, offer, limit);
        left = say_fit(
            &mut step,
            words,
            currency,
            left,
            limit.fits,
            refused.is_some(),
        );
        if refused == Some(limit.refusal) && limit.fits < found.trace.amount {
            step.say(format!("Refused, {}", refusal_text(limit.refusal)));
            return step;
        }
    }
    for cap in &offer.caps {
        say_cap(&mut step, words, found, offer, cap);
        left = say_fit(
            &mut step,
            words,
            currency,
            left,
            cap.fits,
            refused.is_some(),
        );
        if refused == Some(cap.refusal) && cap.fits < found.trace.amount {
            step.say(format!("Refused, {}", refusal_text(cap.refusal)));
            return step;
        }
    }
    if let Some(refusal) = refused {
        step.say(format!("Refused, {}", refusal_text(refusal)));
        return step;
    }
    if offer.batch {
        step.say("No cap is looked at yet: the round is shared out at the end.");
    } else if offer.limits.is_empty() && offer.caps.is_empty() {
        step.say("The terms set none for this contribution.");
    }
    say_taken(&mut step, words, found, offer);
    step
}

fn say_limit(
    step: &mut Step,
    words: Words<'_>,
    found: &Found,
    offer: &OfferTrace,
    limit: &LimitTrace,
) {
    let whose = match limit.kind {
        LimitKind::Contribution => "Most for one contribution",
        LimitKind::InvestorInRound => "Most for one investor in this round",
        LimitKind::InvestorOverall => "Most for one investor over all rounds",
        LimitKind::Admission => "Limit of the admission",
    };
    step.say(format!("{whose}: {}.", words.limit_text(limit.most)));
    let bound = match limit.most {
        Limit::Value(most) => Bound::Value(most),
        Limit::Tokens(most) => Bound::Tokens(most),
        // Money of the currency itself: what fits is the bound.
        Limit::Money(..) => return,
    };
    let uses = [("accepted before", limit.used)];
    let room = say_room(step, words, bound, &uses);
    say_money_that_fits(step, words, (found, offer), room, limit.fits);
}

fn say_cap(step: &mut Step, words: Words<'_>, found: &Found, offer: &OfferTrace, cap: &CapTrace) {
    let name = match cap.kind {
        CapKind::RoundCap => "Cap of the round",
        CapKind::RoundSupply => "Tokens on sale in the round",
        CapKind::HardCap => "Hard cap",
        CapKind::ForSale => "All tokens on sale",
        CapKind::LastTier => "End of the last price tier",
        CapKind::DutchLot => "Price of the whole supply now",
    };
    step.say(format!("{name}: {}.", words.bound_text(cap.most)));
    let uses: Vec<_> = cap
        .uses
        .iter()
        .map(|(of, count)| {
            let name = match of {
                CapUse::Round => "taken in this round",
                CapUse::AllRounds => "taken in all rounds",
                CapUse::Guarantees => "reserved for guarantees of others",
                CapUse::Batches => "set aside for rounds shared out at the end",
            };
            (name, *count)
        })
        .collect();
    let room = say_room(step, words, cap.most, &uses);
    say_money_that_fits(step, words, (found, offer), room, cap.fits);
}

/// The room: what is left of a bound.
fn say_room(step: &mut Step, words: Words<'_>, most: Bound, uses: &[(&str, u128)]) -> Bound {
    let (Bound::Value(Value(all)) | Bound::Tokens(Tokens(all))) = most;
    let used = uses
        .iter()
        .fold(0_u128, |sum, part| sum.saturating_add(part.1));
    let room = match most {
        Bound::Value(_) => Bound::Value(Value(all.saturating_sub(used))),
        Bound::Tokens(_) => Bound::Tokens(Tokens(all.saturating_sub(used))),
    };
    if used > all {
        step.detail("More than that is taken or set aside: nothing is left.");
        return room;
    }
    let unit = words.unit_of(most);
    let mut parts = vec![Formula::number(words.in_unit_of(most, all), unit)];
    for (name, count) in uses.iter().filter(|part| part.1 > 0) {
        let unit = format!("{unit} {name}");
        parts.push(Formula::Number(words.in_unit_of(most, *count), unit));
    }
    if used == 0 {
        step.detail(format!(
            "Nothing is taken yet: the room is {}.",
            words.bound_text(most)
        ));
        return room;
    }
    step.calculate_detail(Calculation {
        what: "room".into(),
        formula: Formula::Difference(parts),
        rounding: None,
        result: words.in_unit_of(most, all - used),
        unit: unit.into(),
    });
    room
}

/// The money that a room takes, where it is not the whole contribution and not the room itself.
fn say_money_that_fits(
    step: &mut Step,
    words: Words<'_>,
    (found, offer): (&Found, &OfferTrace),
    room: Bound,
    fits: Amount,
) {
    let currency = found.trace.currency;
    let unit = words.symbol(currency);
    let result = words.money(currency, fits);
    let calculation = |formula, way| Calculation {
        what: "money for it".into(),
        formula,
        rounding: Some((way, words.money_step(currency))),
        result,
        unit: unit.into(),
    };
    let formula = match room {
        Bound::Value(value) => {
            let number = Formula::number(words.value(value), words.numeraire());
            words.unvalued(number, currency, offer.rate)
        }
        Bound::Tokens(tokens) => tokens_to_money(words, currency, offer, tokens),
    };
    // Money of the numeraire needs no line: the room is the money.
    if matches!(formula, Some(Formula::Number(..))) {
        return;
    }
    // The whole room, or the least money for all tokens in it.
    let ways = match room {
        Bound::Value(_) => [Way::Down, Way::Down],
        Bound::Tokens(_) => [Way::Up, Way::Down],
    };
    let tried = formula.map(|formula| ways.map(|way| calculation(formula.clone(), way)));
    if let Some(right) = tried.into_iter().flatten().find(Calculation::holds) {
        step.calculate_detail(right);
    } else if fits == Amount::ZERO {
        step.detail("No amount that fits buys a token, so that nothing is taken.");
    } else if fits < found.trace.amount {
        step.detail(match room {
            Bound::Value(_) => {
                "The largest amount that the room takes, found by trying, because of rounding:"
            }
            Bound::Tokens(_) => {
                "The least money for as many tokens as the room has, found by trying, because of \
                 rounding:"
            }
        });
    }
}

/// What tokens cost in a currency, less the credit, in whole rounding units.
fn tokens_to_money(
    words: Words<'_>,
    currency: CurrencyIndex,
    offer: &OfferTrace,
    room: Tokens,
) -> Option<Formula> {
    let inverse = words.per_money(currency, offer.per_money?)?.inverse()?;
    let unit = offer.rounding.unit.0.max(1);
    let whole = Tokens(room.0 - room.0 % unit);
    let tokens = Formula::number(words.tokens(whole), words.token());
    let cost = Formula::number(
        inverse,
        &format!("{} per {}", words.symbol(currency), words.token()),
    );
    let money = if inverse.is_decimal() {
        tokens.times(cost)
    } else {
        let per = format!("{} per {}", words.token(), words.symbol(currency));
        tokens.over(Formula::Number(inverse.inverse()?, per))
    };
    if offer.credit.0 == 0 {
        return Some(money);
    }
    let credit = format!("{} credit", words.symbol(currency));
    let credit = Formula::Number(words.money(currency, offer.credit), credit);
    Some(Formula::Difference(vec![money, credit]))
}

/// What fits, and what is left of the amount after it.
fn say_fit(
    step: &mut Step,
    words: Words<'_>,
    currency: CurrencyIndex,
    left: Amount,
    fits: Amount,
    refused: bool,
) -> Amount {
    if fits >= left {
        step.detail(format!("{} fits.", words.money_text(currency, left)));
        return left;
    }
    let (fits_text, left_text) = (
        words.money_text(currency, fits),
        words.money_text(currency, left),
    );
    step.detail(if refused {
        format!("Of {left_text} only {fits_text} would fit.")
    } else {
        format!("Of {left_text} only {fits_text} fits.")
    });
    fits
}

/// What is taken at once, and what becomes of the rest.
fn say_taken(step: &mut Step, words: Words<'_>, found: &Found, offer: &OfferTrace) {
    let Some(taken) = offer.taken else { return };
    let currency = found.trace.currency;
    if let Some(refusal) = taken.reason {
        step.say(format!(
            "The smallest room decides, {}",
            refusal_text(refusal)
        ));
    }
    let verb = if offer.batch { "asked for" } else { "accepted" };
    let rest = [
        (taken.refunded, "goes back"),
        (taken.waiting, "waits for freed room"),
        (
            taken.kept,
            "is kept and counts as nothing, as the terms say",
        ),
    ];
    let rest: Vec<_> = rest.into_iter().filter(|part| part.0.0 > 0).collect();
    if rest.is_empty() {
        let all = words.money_text(currency, taken.accepted);
        step.say(format!("{all} is {verb}: all of it."));
        return;
    }
    let symbol = words.symbol(currency);
    let number = |amount, unit: &str| Formula::number(words.money(currency, amount), unit);
    for (amount, fate) in &rest {
        step.calculate(Some(Calculation {
            what: format!("what {fate}"),
            formula: Formula::Difference(
                [
                    (found.trace.amount, symbol.to_owned()),
                    (taken.accepted, format!("{symbol} {verb}")),
                ]
                .into_iter()
                .chain(
                    rest.iter()
                        .filter(|other| other.1 != *fate)
                        .map(|other| (other.0, symbol.to_owned())),
                )
                .map(|(amount, unit)| number(amount, &unit))
                .collect(),
            ),
            rounding: None,
            result: words.money(currency, *amount),
            unit: symbol.into(),
        }));
    }
}
