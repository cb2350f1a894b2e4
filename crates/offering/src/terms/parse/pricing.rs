//! `price` and `[round.pricing]`: how many tokens a unit of money buys.

use super::super::problem::TermsCode;
use super::super::{ClockKind, Crossing, PriceStep, Pricing, Sealing, Tier};
use super::Frame;
use super::quantity::turned;
use super::reader::{Entry, Reader, Section, quote};
use crate::ratio::wide;
use crate::{BasisPoints, CurrencyIndex, Position, Ratio, Span, Value};

/// Most entries of a list of steps or tiers.
const MAX_ENTRIES: usize = 256;
/// Most steps after generators are written out.
const MAX_STEPS: usize = 4096;
/// Largest bonus per stretch, in per cent.
const MAX_BONUS: u32 = 10_000;

#[derive(Clone, Copy)]
enum Kind {
    Fixed,
    Steps,
    Linear,
    Tiers,
    Dutch,
    Bids,
}

const KINDS: &[(&str, Kind)] = &[
    ("fixed", Kind::Fixed),
    ("steps", Kind::Steps),
    ("linear", Kind::Linear),
    ("tiers", Kind::Tiers),
    ("dutch", Kind::Dutch),
    ("bids", Kind::Bids),
];

/// What of its round a pricing must know.
pub(super) struct PricingSite<'s> {
    /// The currencies the round takes.
    pub(super) currencies: &'s [CurrencyIndex],
    /// Whether they all share one clock line.
    pub(super) one_line: bool,
}

pub(super) fn pricing(
    reader: &mut Reader<'_>,
    round: &mut Section<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Pricing> {
    let short = round.take(reader, "price");
    let long = round.take(reader, "pricing");
    match (short, long) {
        (Some(entry), None) => price(reader, &entry, frame).map(|price| Pricing::Fixed { price }),
        (None, Some(entry)) => {
            let mut section = entry.section(reader)?;
            let pricing = table(reader, &mut section, frame, site);
            section.finish(reader);
            pricing
        }
        (Some(entry), Some(_)) => {
            let message = "`price` and `pricing` both say what a token costs";
            entry.report(reader, TermsCode::KeyConflict, message, "keep one of them");
            None
        }
        (None, None) if frame.counts_in_tokens() => Some(Pricing::Fixed { price: Ratio::ONE }),
        (None, None) => {
            let (token, money) = (&frame.units.token.symbol, &frame.units.numeraire.symbol);
            let hint = format!("add `price = \"100 {token} per {money}\"` or `[round.pricing]`");
            let key = format!("{}.price", round.path);
            let message = "the round has no price";
            reader.report(TermsCode::MissingKey, &key, round.offset, message, hint);
            None
        }
    }
}

/// Token units per unit of the numeraire.
fn price(reader: &mut Reader<'_>, entry: &Entry<'_>, frame: &Frame) -> Option<Ratio> {
    entry.ratio_of(reader, &frame.units.token, &frame.units.numeraire)
}

fn required_price(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    name: &'static str,
) -> Option<Ratio> {
    let (token, money) = (&frame.units.token.symbol, &frame.units.numeraire.symbol);
    let example = format!("\"100 {token} per {money}\"");
    let entry = section.require(reader, name, &example)?;
    price(reader, &entry, frame)
}

fn table(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Pricing> {
    let kind = section
        .require(reader, "kind", "\"fixed\"")?
        .choice(reader, KINDS)?;
    match kind {
        Kind::Fixed => {
            let price = required_price(reader, section, frame, "price")?;
            Some(Pricing::Fixed { price })
        }
        Kind::Steps => steps(reader, section, frame, site),
        Kind::Linear => linear(reader, section, frame, site),
        Kind::Tiers => tiers(reader, section, frame),
        Kind::Dutch => dutch(reader, section, frame),
        Kind::Bids => bids(reader, section, frame, site),
    }
}

fn steps(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Pricing> {
    let entry = section.require(reader, "steps", "[{ from = ..., price = ... }]")?;
    let mut steps = Vec::new();
    let mut complete = true;
    for item in entry.items(reader, MAX_ENTRIES) {
        let Some(mut table) = item.section(reader) else {
            complete = false;
            continue;
        };
        let from = frame.round_position(reader, &mut table, "from", site.one_line);
        let added = if table.has("every") {
            let run = run(
                reader,
                &mut table,
                frame,
                from,
                MAX_STEPS.saturating_sub(steps.len()),
            );
            run.map(|run| steps.extend(run))
        } else {
            let price = required_price(reader, &mut table, frame, "price");
            from.zip(price)
                .map(|(from, price)| steps.push(PriceStep { from, price }))
        };
        complete &= added.is_some();
        table.finish(reader);
    }
    complete.then_some(Pricing::Steps { steps })
}

/// A run of steps: from `from` on the price changes by `change` once each `every`, up to `until`.
///
/// The arithmetic is done the way the price is written, so that "0.01 USD more each day" adds to
/// money per token, and "30 HBR less each day" takes from tokens per money.
fn run(
    reader: &mut Reader<'_>,
    table: &mut Section<'_>,
    frame: &Frame,
    from: Option<Position>,
    room: usize,
) -> Option<Vec<PriceStep>> {
    let (token, money) = (&frame.units.token, &frame.units.numeraire);
    let example = format!("\"100 {} per {}\"", token.symbol, money.symbol);
    let price = table.require(reader, "price", &example);
    let price = price.and_then(|entry| entry.per(reader, token, money));
    let every = frame.schedule.span_required(reader, table, "every");
    let until = frame.round_position(reader, table, "until", true);
    let example = format!("\"-30 {} per {}\"", token.symbol, money.symbol);
    let change_entry = table.require(reader, "change", &example)?;
    let text = change_entry
        .with_unit(reader, "-30 HBR per ETH")?
        .trim_start();
    let (falls, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (change, direction) = change_entry.per_text(reader, rest, token, money)?;
    let (mut price, price_direction) = price?;
    if direction != price_direction {
        let message = "the change is written the other way round than the price";
        let hint = "write both as tokens per money, or both as money per token";
        change_entry.report(reader, TermsCode::BadPrice, message, hint);
        return None;
    }
    let (mut at, every, until) = (from?, every?, until?);
    let mut steps = Vec::new();
    while at < until {
        let step = turned(price, direction).filter(|price| !price.is_zero());
        let Some(step) = step else {
            let message = format!("after {} steps the price is zero", steps.len());
            let hint = "let the run end earlier, or change by less";
            change_entry.report(reader, TermsCode::Zero, message, hint);
            return None;
        };
        if steps.len() >= room {
            let message = format!("the runs make more than {MAX_STEPS} steps");
            change_entry.report(reader, TermsCode::TooMany, message, "use a longer `every`");
            return None;
        }
        steps.push(PriceStep {
            from: at,
            price: step,
        });
        at = at.after(every);
        let next = shifted(price, change, falls);
        if next.is_none() && at < until {
            let message = format!(
                "after {} steps of `{}` the price would be negative or beyond 128 bits",
                steps.len(),
                quote(text)
            );
            let hint = "let the run end earlier, or change by less";
            change_entry.report(reader, TermsCode::Negative, message, hint);
            return None;
        }
        price = next.unwrap_or(price);
    }
    if steps.is_empty() {
        let message = "the run ends before it begins";
        change_entry.report(
            reader,
            TermsCode::WindowReversed,
            message,
            "`until` after `from`",
        );
        return None;
    }
    Some(steps)
}

/// `price + change` or `price - change`, exactly.
fn shifted(price: Ratio, change: Ratio, falls: bool) -> Option<Ratio> {
    let left = wide(price.num(), change.den());
    let right = wide(change.num(), price.den());
    let num = if falls {
        left.checked_sub(right)?
    } else {
        left.checked_add(right)?
    };
    Ratio::from_wide(num, wide(price.den(), change.den()))
}

fn linear(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Pricing> {
    let base = required_price(reader, section, frame, "base");
    let bonus = section.require(reader, "bonus", "\"10 %\"");
    let bonus = bonus.and_then(|entry| entry.percent(reader, MAX_BONUS));
    let per = frame.schedule.span_required(reader, section, "per");
    let until = frame.round_position(reader, section, "until", site.one_line);
    let granularity = if section.has("granularity") {
        frame.schedule.span_required(reader, section, "granularity")
    } else {
        section.take(reader, "granularity");
        Some(match frame.schedule.kind {
            ClockKind::Time => Span(1_000),
            ClockKind::Block => Span(1),
        })
    };
    Some(Pricing::Linear {
        base: base?,
        bonus: bonus?,
        per: per?,
        until: until?,
        granularity: granularity?,
    })
}

fn tiers(reader: &mut Reader<'_>, section: &mut Section<'_>, frame: &Frame) -> Option<Pricing> {
    let crossings = [("split", Crossing::Split), ("before", Crossing::Before)];
    let crossing = section.require(reader, "crossing", "\"split\"");
    let crossing = crossing.and_then(|entry| entry.choice(reader, &crossings));
    let entry = section.require(reader, "tiers", "[{ up_to = ..., price = ... }]")?;
    let mut tiers = Vec::new();
    let mut complete = true;
    for item in entry.items(reader, MAX_ENTRIES) {
        let Some(mut table) = item.section(reader) else {
            complete = false;
            continue;
        };
        let bounded = table.has("up_to");
        let up_to = table.take(reader, "up_to");
        let up_to = up_to.and_then(|entry| entry.money(reader, &frame.units));
        let price = required_price(reader, &mut table, frame, "price");
        table.finish(reader);
        match price {
            Some(price) if up_to.is_some() == bounded => tiers.push(Tier { up_to, price }),
            Some(_) | None => complete = false,
        }
    }
    let crossing = crossing?;
    complete.then_some(Pricing::Tiers { tiers, crossing })
}

fn dutch(reader: &mut Reader<'_>, section: &mut Section<'_>, frame: &Frame) -> Option<Pricing> {
    let (token, money) = (&frame.units.token, &frame.units.numeraire);
    let mut cost = |reader: &mut Reader<'_>, name, amount: &str| {
        let example = format!("\"{amount} {} per {}\"", money.symbol, token.symbol);
        let entry = section.require(reader, name, &example)?;
        entry.ratio_of(reader, money, token)
    };
    let start = cost(reader, "start", "1.00");
    let end = cost(reader, "end", "0.10");
    let granularity = frame.schedule.span_required(reader, section, "granularity");
    Some(Pricing::Dutch {
        start: start?,
        end: end?,
        granularity: granularity?,
    })
}

fn bids(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Pricing> {
    let min_proceeds = match section.take(reader, "min_proceeds") {
        Some(entry) => entry.money_or_zero(reader, &frame.units),
        None => Some(Value::ZERO),
    };
    let sealing = match section.take(reader, "sealed") {
        Some(entry) => sealed(reader, &entry, frame, site),
        None => Some(Sealing::Open),
    };
    Some(Pricing::Bids {
        min_proceeds: min_proceeds?,
        sealing: sealing?,
    })
}

fn sealed(
    reader: &mut Reader<'_>,
    entry: &Entry<'_>,
    frame: &Frame,
    site: &PricingSite<'_>,
) -> Option<Sealing> {
    let mut section = entry.section(reader)?;
    let [only] = site.currencies else {
        let message = "sealed bids lock money of one currency, and the round takes several";
        let hint = "name one in `currencies`, and make it the numeraire";
        entry.report(reader, TermsCode::BidCurrency, message, hint);
        return None;
    };
    let unit = frame.units.currencies.get(only.index())?;
    let lock_step = section.require(reader, "lock_step", &format!("\"1 {}\"", unit.symbol));
    let lock_step = lock_step.and_then(|entry| entry.currency_amount(reader, unit));
    let reveal_until = frame.round_position(reader, &mut section, "reveal_until", site.one_line);
    let bond = match section.take(reader, "bond") {
        Some(entry) => entry.percent(reader, 100),
        None => Some(BasisPoints(0)),
    };
    section.finish(reader);
    Some(Sealing::Sealed {
        lock_step: lock_step?,
        reveal_until: reveal_until?,
        bond: bond?,
    })
}
