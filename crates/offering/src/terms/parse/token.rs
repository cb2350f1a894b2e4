//! `[token]`: what is sold and how the supply is split.

use super::super::problem::TermsCode;
use super::super::{Holder, Share, ShareOfSold, Supply, Token};
use super::quantity::Unit;
use super::reader::{Entry, Reader, Section};
use super::{Frame, Terms};
use crate::{RoundingMode, Tokens};

/// Most decimal places of a unit; every unit still has at least 8 digits before the point.
const MAX_DECIMALS: u32 = 30;
/// Most shares.
const MAX_SHARES: usize = 64;

/// Words for rounding modes.
pub(super) const ROUNDING_MODES: &[(&str, RoundingMode)] = &[
    ("down", RoundingMode::Down),
    ("half_up", RoundingMode::HalfUp),
    ("half_even", RoundingMode::HalfEven),
];

/// The token's table with its name and unit read, which everything else needs first.
pub(super) struct TokenHead<'a> {
    pub(super) section: Section<'a>,
    pub(super) name: Option<String>,
    pub(super) unit: Option<Unit>,
}

pub(super) fn head<'a>(reader: &mut Reader<'_>, mut section: Section<'a>) -> TokenHead<'a> {
    let name = section.require(reader, "name", "\"Harbour\"");
    let name = name.and_then(|entry| entry.name(reader));
    let unit = unit(reader, &mut section, "symbol", "\"HBR\"");
    TokenHead {
        section,
        name,
        unit,
    }
}

/// A symbol and its decimals.
pub(super) fn unit(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    symbol: &'static str,
    example: &str,
) -> Option<Unit> {
    let symbol = section
        .require(reader, symbol, example)
        .and_then(|entry| entry.symbol(reader));
    let decimals = decimals(reader, section);
    Some(Unit {
        symbol: symbol?,
        decimals: decimals?,
    })
}

pub(super) fn decimals(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<u8> {
    let entry = section.require(reader, "decimals", "18")?;
    entry
        .count(reader, MAX_DECIMALS)
        .and_then(|count| u8::try_from(count).ok())
}

pub(super) fn token(reader: &mut Reader<'_>, head: TokenHead<'_>, frame: &Frame) -> Option<Token> {
    let TokenHead {
        mut section,
        name,
        unit,
    } = head;
    let sale_vesting = frame.schedule.vesting(reader, &mut section, "sale_vesting");
    let supply = supply(reader, &mut section, frame);
    section.finish(reader);
    let unit = unit?;
    Some(Token {
        name: name?,
        symbol: unit.symbol,
        decimals: unit.decimals,
        supply: supply?,
        sale_vesting,
    })
}

#[derive(Clone, Copy)]
enum SupplyKind {
    Fixed,
    Minted,
}

fn supply(reader: &mut Reader<'_>, section: &mut Section<'_>, frame: &Frame) -> Option<Supply> {
    let kinds = [("fixed", SupplyKind::Fixed), ("minted", SupplyKind::Minted)];
    let table = section.require(reader, "supply", "{ kind = \"fixed\", ... }");
    let mut table = table?.section(reader)?;
    let kind = table.require(reader, "kind", "\"fixed\"");
    let kind = kind.and_then(|entry| entry.choice(reader, &kinds))?;
    let shares = section.sections(reader, "share", MAX_SHARES);
    let supply = match kind {
        SupplyKind::Fixed => {
            let mut tokens = |name, example: &str| {
                let entry = table.require(reader, name, example)?;
                entry.tokens(reader, &frame.units)
            };
            let total = tokens("total", "\"100_000_000 HBR\"");
            let for_sale = tokens("for_sale", "\"40_000_000 HBR\"");
            let shares = collect(shares, |section| {
                share(
                    reader,
                    section,
                    frame,
                    "amount",
                    "\"15_000_000 HBR\"",
                    |entry, reader, _| entry.tokens(reader, &frame.units),
                )
            });
            Some(Supply::Fixed {
                total: total?,
                for_sale: for_sale?,
                shares: shares?,
            })
        }
        SupplyKind::Minted => {
            let max = table.take(reader, "max");
            let max = max.and_then(|entry| entry.tokens(reader, &frame.units));
            let shares = collect(shares, |section| {
                share(
                    reader,
                    section,
                    frame,
                    "of_sold",
                    "\"25 %\"",
                    |entry, reader, section| {
                        let ratio = entry.part(reader)?;
                        let mode = RoundingMode::default();
                        let rounding = section.choice_or(reader, "rounding", ROUNDING_MODES, mode);
                        Some(ShareOfSold { ratio, rounding })
                    },
                )
            });
            shares.map(|shares| Supply::Minted { max, shares })
        }
    };
    table.finish(reader);
    supply
}

/// All of them, after each was read, so that every problem is named.
fn collect<'a, T>(
    sections: Vec<Section<'a>>,
    read: impl FnMut(Section<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = sections.into_iter().map(read).collect();
    read.into_iter().collect()
}

fn share<'a, Size>(
    reader: &mut Reader<'_>,
    mut section: Section<'a>,
    frame: &Frame,
    size_key: &'static str,
    example: &str,
    size: impl FnOnce(&Entry<'a>, &mut Reader<'_>, &mut Section<'a>) -> Option<Size>,
) -> Option<Share<Size>> {
    let holders = [
        ("team", Holder::Team),
        ("treasury", Holder::Treasury),
        ("advisers", Holder::Advisers),
        ("other", Holder::Other),
    ];
    let holder_entry = section.require(reader, "holder", "\"team\"");
    let holder = holder_entry
        .as_ref()
        .and_then(|entry| entry.choice(reader, &holders));
    let name = match section.take(reader, "name") {
        Some(entry) => entry.name(reader),
        None => holder_entry.and_then(|entry| entry.value.as_str().map(str::to_owned)),
    };
    let size_entry = section.require(reader, size_key, example);
    let size = size_entry.and_then(|entry| size(&entry, reader, &mut section));
    let vesting = frame.schedule.vesting(reader, &mut section, "vesting");
    section.finish(reader);
    Some(Share {
        name: name?,
        holder: holder?,
        size: size?,
        vesting,
    })
}

/// Reports two shares of one name: reports and claims tell them apart by it.
pub(super) fn check_share_names(reader: &mut Reader<'_>, terms: &Terms) {
    let names: Vec<&str> = match &terms.token.supply {
        Supply::Fixed { shares, .. } => shares.iter().map(|share| share.name.as_str()).collect(),
        Supply::Minted { shares, .. } => shares.iter().map(|share| share.name.as_str()).collect(),
    };
    for (number, name) in names.iter().enumerate() {
        if names.iter().take(number).any(|other| other == name) {
            let key = format!("token.share[{number}]");
            let message = format!("two shares are called `{name}`");
            reader.report_at(
                TermsCode::Duplicate,
                &key,
                message,
                "give each its own `name`",
            );
        }
    }
}

/// The tokens that shares and sale add up to, if that fits.
pub(super) fn split_sum(for_sale: Tokens, shares: &[Share<Tokens>]) -> Option<Tokens> {
    shares
        .iter()
        .try_fold(for_sale, |sum, share| sum.checked_add(share.size))
}
