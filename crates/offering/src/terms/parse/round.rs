//! `[[round]]`: a window with its price, allocation, limits and admissions.

use std::collections::BTreeSet;

use super::super::problem::TermsCode;
use super::super::{Access, Bound, Currency, Limit, Misfit, Round, Window};
use super::Frame;
use super::allocation::allocation;
use super::pricing::{PricingSite, pricing};
use super::quantity::Zero;
use super::reader::{Entry, Reader, Section, one_of, quote};
use crate::{CurrencyIndex, LineIndex, Value};

const MISFITS: &[(&str, Misfit)] = &[
    ("partial", Misfit::Partial),
    ("refuse", Misfit::Refuse),
    ("kept", Misfit::Kept),
];

pub(super) fn round(
    reader: &mut Reader<'_>,
    mut section: Section<'_>,
    frame: &Frame,
    all: &[Currency],
) -> Option<Round> {
    let name = section
        .require(reader, "name", "\"public\"")
        .and_then(|entry| entry.name(reader));
    let currencies = currencies(reader, &mut section, frame);
    let lines: BTreeSet<LineIndex> = currencies
        .iter()
        .flatten()
        .filter_map(|index| all.get(index.index()))
        .map(|currency| currency.line)
        .collect();
    let windows = windows(reader, &mut section, frame, &lines);
    let site = PricingSite {
        currencies: currencies.as_deref().unwrap_or_default(),
        one_line: lines.len() <= 1,
    };
    let pricing = pricing(reader, &mut section, frame, &site);
    let allocation = allocation(reader, &mut section, frame, pricing.as_ref(), site.one_line);
    let cap = section
        .take(reader, "cap")
        .and_then(|entry| entry.money(reader, &frame.units));
    let supply = section
        .take(reader, "supply")
        .and_then(|entry| entry.tokens(reader, &frame.units));
    let (contribution_min, contribution_max) = contribution(reader, &mut section, frame);
    let (investor_min, investor_max) = investor(reader, &mut section, frame);
    let accesses = [("public", Access::Public), ("admitted", Access::Admitted)];
    let access = section.choice_or(reader, "access", &accesses, Access::Public);
    let over_cap = section.choice_or(reader, "over_cap", MISFITS, Misfit::default());
    let over_limit = section.choice_or(reader, "over_limit", MISFITS, Misfit::default());
    section.finish(reader);
    Some(Round {
        name: name?,
        windows: windows?,
        pricing: pricing?,
        allocation: allocation?,
        cap,
        supply,
        contribution_min,
        contribution_max,
        investor_min,
        investor_max,
        access,
        over_cap,
        over_limit,
        currencies: currencies?,
    })
}

/// The currencies by place, sorted; all of them by default.
fn currencies(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
) -> Option<Vec<CurrencyIndex>> {
    let count = u8::try_from(frame.units.currencies.len()).ok()?;
    let Some(entry) = section.take(reader, "currencies") else {
        return Some((0..count).map(CurrencyIndex).collect());
    };
    let mut indices = BTreeSet::new();
    let items = entry.items(reader, usize::from(count));
    if items.is_empty() {
        let hint = "leave `currencies` out to take all of them";
        entry.report(
            reader,
            TermsCode::MissingKey,
            "the round takes no currency",
            hint,
        );
        return None;
    }
    for item in items {
        let symbol = item.text(reader)?;
        let Some((index, _)) = frame.units.currency(symbol) else {
            let message = format!("`{}` is not a currency of these terms", quote(symbol));
            let known = frame
                .units
                .currencies
                .iter()
                .map(|unit| unit.symbol.as_str());
            let hint = format!("allowed: {}", one_of(known));
            item.report(reader, TermsCode::UnknownWord, message, hint);
            return None;
        };
        if !indices.insert(index) {
            let message = format!("`{symbol}` is named twice");
            item.report(reader, TermsCode::Duplicate, message, "name it once");
        }
    }
    Some(indices.into_iter().collect())
}

/// A window for each clock line the round takes money of: `from`, `until`, `end` when there is one
/// such line, `[round.window.NAME]` for each when there are several.
fn windows(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
    used: &BTreeSet<LineIndex>,
) -> Option<Vec<Option<Window>>> {
    let lines = &frame.schedule.lines;
    let mut windows: Vec<Option<Window>> = vec![None; lines.len()];
    if let Some(entry) = section.take(reader, "window") {
        named_windows(reader, &entry, frame, used, &mut windows)?;
        return Some(windows);
    }
    if used.len() > 1 {
        for name in ["from", "until", "end"] {
            section.take(reader, name);
        }
        let message = "the round takes money of several chains, and each has its own heights";
        let names = used
            .iter()
            .filter_map(|line| lines.get(line.index()))
            .map(String::as_str);
        let hint = format!(
            "add a table `[round.window.NAME]` for each of {}",
            one_of(names)
        );
        let key = format!("{}.window", section.path);
        reader.report(TermsCode::SeveralLines, &key, section.offset, message, hint);
        return None;
    }
    let window = frame.schedule.window(reader, section)?;
    let line = used.first()?;
    *windows.get_mut(line.index())? = Some(window);
    Some(windows)
}

fn named_windows(
    reader: &mut Reader<'_>,
    entry: &Entry<'_>,
    frame: &Frame,
    used: &BTreeSet<LineIndex>,
    windows: &mut [Option<Window>],
) -> Option<()> {
    let lines = &frame.schedule.lines;
    let table = entry.section(reader)?;
    let mut complete = true;
    for (name, entry) in table.named(reader, lines.len()) {
        let place = lines.iter().position(|line| line == name);
        let wanted = used.iter().find(|line| Some(line.index()) == place);
        let (Some(slot), Some(_)) = (place.and_then(|place| windows.get_mut(place)), wanted) else {
            let message = format!("the round takes no money with clock line `{name}`");
            let known = used
                .iter()
                .filter_map(|line| lines.get(line.index()))
                .map(String::as_str);
            let hint = format!("lines of this round: {}", one_of(known));
            entry.report(reader, TermsCode::UnknownWord, message, hint);
            complete = false;
            continue;
        };
        let mut section = entry.section(reader)?;
        let window = frame.schedule.window(reader, &mut section);
        section.finish(reader);
        complete &= window.is_some();
        *slot = window;
    }
    for line in used {
        let missing = windows.get(line.index()).is_some_and(Option::is_none);
        if let Some(name) = lines.get(line.index()).filter(|_| missing && complete) {
            let message = format!("`{name}` has no window");
            let hint = format!("add `[round.window.{name}]` with `from`, `until` and `end`");
            entry.report(reader, TermsCode::MissingKey, message, hint);
            complete = false;
        }
    }
    complete.then_some(())
}

fn contribution(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
) -> (Vec<Limit>, Vec<Limit>) {
    let Some(mut table) = section.section(reader, "contribution") else {
        return (Vec::new(), Vec::new());
    };
    let mut limits = |name, zero| {
        let entry = table.take(reader, name);
        entry
            .and_then(|entry| entry.limits(reader, &frame.units, zero))
            .unwrap_or_default()
    };
    // Only a minimum may be zero: it says that empty payments were accepted.
    let least = limits("min", Zero::Allowed);
    let most = limits("max", Zero::Refused);
    table.finish(reader);
    (least, most)
}

fn investor(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    frame: &Frame,
) -> (Option<Value>, Option<Bound>) {
    let Some(mut table) = section.section(reader, "investor") else {
        return (None, None);
    };
    let least = table
        .take(reader, "min")
        .and_then(|entry| entry.money(reader, &frame.units));
    let most = table
        .take(reader, "max")
        .and_then(|entry| entry.bound(reader, &frame.units));
    table.finish(reader);
    (least, most)
}
