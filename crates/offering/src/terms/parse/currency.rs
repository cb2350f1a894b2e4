//! `[currency.X]`: the money that is taken, in the order of the text.

use super::super::problem::TermsCode;
use super::super::{Clock, ClockKind, Currency, Rail, RateTerm, Rounding, RoundingScope};
use super::Frame;
use super::quantity::Unit;
use super::reader::{Entry, Reader, Section};
use super::token::{ROUNDING_MODES, decimals};
use crate::{Amount, LineIndex, Ratio, RoundingMode, Tokens};

/// Most currencies; their places are stored in one byte.
const MAX_CURRENCIES: usize = 32;

/// A currency's table with its unit and chain read, which amounts and the clock need first.
pub(super) struct CurrencyHead<'a> {
    pub(super) section: Section<'a>,
    pub(super) unit: Option<Unit>,
    chain: Option<String>,
    has_chain: bool,
    symbol: &'a str,
}

impl CurrencyHead<'_> {
    fn chain(&self) -> String {
        self.chain
            .clone()
            .unwrap_or_else(|| self.symbol.to_ascii_lowercase())
    }
}

pub(super) fn heads<'a>(reader: &mut Reader<'_>, root: &mut Section<'a>) -> Vec<CurrencyHead<'a>> {
    let entry = root.require(
        reader,
        "currency",
        "{ ETH = { ... } }, or a table `[currency.ETH]`",
    );
    let Some(table) = entry.and_then(|entry| entry.section(reader)) else {
        return Vec::new();
    };
    let named = table.named(reader, MAX_CURRENCIES);
    if named.is_empty() && !reader.has_problems() {
        let hint = "add a table such as `[currency.ETH]`";
        reader.report_at(
            TermsCode::MissingKey,
            "currency",
            "there is no currency",
            hint,
        );
    }
    let mut heads = Vec::new();
    for (symbol, entry) in named {
        let Some(mut section) = entry.section(reader) else {
            continue;
        };
        let decimals = decimals(reader, &mut section);
        let unit = decimals.map(|decimals| Unit {
            symbol: symbol.to_owned(),
            decimals,
        });
        let chain = section.take(reader, "chain");
        let has_chain = chain.is_some();
        let chain = chain.and_then(|entry| entry.symbol(reader));
        heads.push(CurrencyHead {
            section,
            unit,
            chain,
            has_chain,
            symbol,
        });
    }
    heads
}

/// Names of the clock lines.
pub(super) fn lines(kind: ClockKind, heads: &[CurrencyHead<'_>]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    match kind {
        ClockKind::Time => lines.push("time".to_owned()),
        ClockKind::Block => {
            for chain in heads.iter().map(CurrencyHead::chain) {
                if !lines.contains(&chain) {
                    lines.push(chain);
                }
            }
        }
    }
    lines
}

pub(super) fn currencies(
    reader: &mut Reader<'_>,
    heads: Vec<CurrencyHead<'_>>,
    frame: &Frame,
    clock: &Clock,
) -> Option<Vec<Currency>> {
    let read: Vec<Option<Currency>> = heads
        .into_iter()
        .map(|head| currency(reader, head, frame, clock))
        .collect();
    read.into_iter().collect()
}

fn currency(
    reader: &mut Reader<'_>,
    head: CurrencyHead<'_>,
    frame: &Frame,
    clock: &Clock,
) -> Option<Currency> {
    let line = line(reader, &head, clock);
    let CurrencyHead {
        mut section, unit, ..
    } = head;
    let unit = unit?;
    if unit.symbol == frame.units.token.symbol {
        let message = format!("`{}` is the token and a currency", unit.symbol);
        let hint = "give the token a symbol of its own";
        reader.report(
            TermsCode::Duplicate,
            &section.path,
            section.offset,
            message,
            hint,
        );
    }
    let rails = [
        ("evm", Rail::Evm),
        ("bitcoin", Rail::Bitcoin),
        ("balance", Rail::Balance),
    ];
    let rail = section.require(reader, "rail", "\"evm\"");
    let rail = rail.and_then(|entry| entry.choice(reader, &rails));
    let rate = rate(reader, &mut section, frame, &unit);
    let rounding = rounding(reader, &mut section, frame);
    let credit = match section.take(reader, "credit") {
        Some(entry) => entry.currency_amount(reader, &unit),
        None => Some(Amount::ZERO),
    };
    section.finish(reader);
    Some(Currency {
        symbol: unit.symbol,
        decimals: unit.decimals,
        rail: rail?,
        line: line?,
        rate: rate?,
        rounding: rounding?,
        credit: credit?,
    })
}

fn line(reader: &mut Reader<'_>, head: &CurrencyHead<'_>, clock: &Clock) -> Option<LineIndex> {
    match clock.kind {
        ClockKind::Time => {
            if head.has_chain {
                let key = format!("{}.chain", head.section.path);
                let message = "on a time clock no chain's heights are read";
                let hint = "leave `chain` out, or use `clock.kind = \"block\"`";
                reader.report_at(TermsCode::KeyConflict, &key, message, hint);
            }
            Some(LineIndex(0))
        }
        ClockKind::Block => {
            let chain = head.chain();
            let place = clock.lines.iter().position(|line| *line == chain)?;
            u8::try_from(place).ok().map(LineIndex)
        }
    }
}

/// The value of a currency: one to one for the numeraire, otherwise a ratio or a recorded rate.
fn rate(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    unit: &Unit,
) -> Option<RateTerm> {
    let numeraire = &frame.units.numeraire;
    let entry = section.take(reader, "rate");
    match (entry, unit.symbol == numeraire.symbol) {
        (None, true) => Some(RateTerm::Fixed(Ratio::ONE)),
        (Some(entry), true) => {
            let message = format!("`{}` is the numeraire: its rate is one", unit.symbol);
            entry.report(reader, TermsCode::RateMismatch, message, "leave `rate` out");
            None
        }
        (None, false) => {
            let message = format!("`rate` is missing: what is one {} worth?", unit.symbol);
            let hint = format!(
                "add `rate = \"300 {} per {}\"`, or `rate = {{ source = ..., max_age = ..., \
                 max_step = ... }}`",
                numeraire.symbol, unit.symbol
            );
            let key = format!("{}.rate", section.path);
            reader.report(TermsCode::RateMismatch, &key, section.offset, message, hint);
            None
        }
        (Some(entry), false) if entry.value.is_table() => recorded(reader, &entry, frame),
        (Some(entry), false) => entry.ratio_of(reader, numeraire, unit).map(RateTerm::Fixed),
    }
}

fn recorded(reader: &mut Reader<'_>, entry: &Entry<'_>, frame: &Frame) -> Option<RateTerm> {
    let mut section = entry.section(reader)?;
    let source = section.require(reader, "source", "\"kraken:ETHUSD\"");
    let source = source.and_then(|entry| entry.name(reader));
    let max_age = frame
        .schedule
        .span_required(reader, &mut section, "max_age");
    let max_step = section.require(reader, "max_step", "\"20 %\"");
    let max_step = max_step.and_then(|entry| entry.percent(reader, 1_000));
    section.finish(reader);
    Some(RateTerm::Recorded {
        source: source?,
        max_age: max_age?,
        max_step: max_step?,
    })
}

fn rounding(reader: &mut Reader<'_>, section: &mut Section<'_>, frame: &Frame) -> Option<Rounding> {
    let smallest = Tokens(1);
    let (mode, per) = (RoundingMode::default(), RoundingScope::default());
    let Some(entry) = section.take(reader, "rounding") else {
        return Some(Rounding {
            mode,
            unit: smallest,
            per,
        });
    };
    let mut table = entry.section(reader)?;
    let mode = table.choice_or(reader, "mode", ROUNDING_MODES, mode);
    let scopes = [
        ("contribution", RoundingScope::Contribution),
        ("investor", RoundingScope::Investor),
    ];
    let per = table.choice_or(reader, "per", &scopes, per);
    let unit = match table.take(reader, "unit") {
        Some(entry) => entry.tokens(reader, &frame.units),
        None => Some(smallest),
    };
    table.finish(reader);
    Some(Rounding {
        mode,
        unit: unit?,
        per,
    })
}
