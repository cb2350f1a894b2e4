//! `allocation`: a word, or a table when the rule needs numbers.

use super::super::{Allocation, MarginalWinner, Pricing};
use super::Frame;
use super::reader::{Reader, Section};
use crate::pairs::AllocationKind;

const KINDS: &[(&str, AllocationKind)] = &[
    ("first_come", AllocationKind::FirstCome),
    ("pro_rata", AllocationKind::ProRata),
    ("pro_rata_capped", AllocationKind::ProRataCapped),
    ("water_filling", AllocationKind::WaterFilling),
    ("lottery", AllocationKind::Lottery),
    ("guaranteed", AllocationKind::Guaranteed),
];

pub(super) fn allocation(
    reader: &mut Reader<'_>,
    round: &mut Section<'_>,
    frame: &Frame,
    pricing: Option<&Pricing>,
    one_line: bool,
) -> Option<Allocation> {
    let Some(entry) = round.take(reader, "allocation") else {
        return Some(match pricing {
            Some(Pricing::Bids { .. }) => Allocation::ProRata,
            Some(
                Pricing::Fixed { .. }
                | Pricing::Steps { .. }
                | Pricing::Linear { .. }
                | Pricing::Tiers { .. }
                | Pricing::Dutch { .. },
            )
            | None => Allocation::FirstCome,
        });
    };
    if !entry.value.is_table() {
        return match entry.choice(reader, KINDS)? {
            AllocationKind::FirstCome => Some(Allocation::FirstCome),
            AllocationKind::ProRata => Some(Allocation::ProRata),
            AllocationKind::WaterFilling => Some(Allocation::WaterFilling),
            kind @ (AllocationKind::ProRataCapped
            | AllocationKind::Lottery
            | AllocationKind::Guaranteed) => {
                let message = format!("`{}` needs more than its name", kind.name());
                let hint = format!("write a table: `allocation = {}`", example(kind));
                let code = super::super::problem::TermsCode::MissingKey;
                entry.report(reader, code, message, hint);
                None
            }
        };
    }
    let mut section = entry.section(reader)?;
    let kind = section.require(reader, "kind", "\"first_come\"");
    let allocation = match kind.and_then(|entry| entry.choice(reader, KINDS))? {
        AllocationKind::FirstCome => Some(Allocation::FirstCome),
        AllocationKind::ProRata => Some(Allocation::ProRata),
        AllocationKind::WaterFilling => Some(Allocation::WaterFilling),
        AllocationKind::ProRataCapped => {
            let example = format!("\"1_000 {}\"", frame.units.numeraire.symbol);
            let cap = section.require(reader, "cap", &example);
            let cap = cap.and_then(|entry| entry.money(reader, &frame.units));
            cap.map(|cap| Allocation::ProRataCapped { cap })
        }
        AllocationKind::Lottery => {
            let source = section.require(reader, "source", "\"drand:quicknet\"");
            let source = source.and_then(|entry| entry.name(reader));
            let instant = frame.round_position(reader, &mut section, "instant", one_line);
            let winners = [
                ("partial", MarginalWinner::Partial),
                ("skip", MarginalWinner::Skip),
            ];
            let marginal = section.require(reader, "marginal", "\"partial\"");
            let marginal = marginal.and_then(|entry| entry.choice(reader, &winners));
            lottery(source, instant, marginal)
        }
        AllocationKind::Guaranteed => frame
            .round_position(reader, &mut section, "until", one_line)
            .map(|until| Allocation::Guaranteed { until }),
    };
    section.finish(reader);
    allocation
}

fn lottery(
    source: Option<String>,
    instant: Option<crate::Position>,
    marginal: Option<MarginalWinner>,
) -> Option<Allocation> {
    Some(Allocation::Lottery {
        source: source?,
        instant: instant?,
        marginal: marginal?,
    })
}

fn example(kind: AllocationKind) -> &'static str {
    match kind {
        AllocationKind::ProRataCapped => "{ kind = \"pro_rata_capped\", cap = \"1_000 USD\" }",
        AllocationKind::Lottery => {
            "{ kind = \"lottery\", source = \"drand:quicknet\", instant = ..., marginal = \"partial\" }"
        }
        AllocationKind::Guaranteed => "{ kind = \"guaranteed\", until = ... }",
        AllocationKind::FirstCome | AllocationKind::ProRata | AllocationKind::WaterFilling => {
            "{ kind = ... }"
        }
    }
}
