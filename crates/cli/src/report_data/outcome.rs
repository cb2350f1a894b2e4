//! How it ended: the verdict, why, when the sale ran, and what a reader must be warned of.

use softcap_offering::{
    Offering, Position, RoundIndex, Settlement, Tokens, Value, Verdict,
    terms::{Bound, ClockKind, Severity, lint},
};

use crate::report::Outcome;

use super::words::{Words, day, listed, sentence};

/// The verdict as the page names it.
pub(super) fn outcome(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Succeeded => Outcome::Succeeded,
        Verdict::Failed => Outcome::Failed,
        Verdict::Cancelled => Outcome::Cancelled,
        Verdict::Expired => Outcome::Expired,
    }
}

/// Why it ended so. `raised` is what was accepted when the sale ended, also where it goes back.
pub(super) fn reason(words: Words<'_>, settlement: &Settlement, raised: Value) -> String {
    let kept = kept(words, settlement);
    let back = if kept.is_empty() {
        "everybody is refunded".to_owned()
    } else {
        format!(
            "what was accepted goes back, while the terms keep {}",
            listed(&kept)
        )
    };
    match settlement.settled.verdict {
        Verdict::Succeeded => succeeded(words, settlement, raised),
        Verdict::Failed => {
            let cap = words
                .terms
                .soft_cap
                .map_or_else(String::new, |cap| words.bound(cap));
            let had = words.value(raised);
            format!("The soft cap of {cap} was missed: {had} were accepted; {back}.")
        }
        Verdict::Cancelled => {
            format!("The issuer cancelled the offering before settlement; {back}.")
        }
        Verdict::Expired => {
            let deadline = words.terms.refund_deadline.map_or_else(String::new, |at| {
                format!(" of {}", words.position(settlement.at.line, at))
            });
            format!("Nothing was settled by the deadline{deadline}; {back}.")
        }
    }
}

fn succeeded(words: Words<'_>, settlement: &Settlement, raised: Value) -> String {
    let sold = settlement.settled.sold;
    let reached = |cap: Bound| match cap {
        Bound::Value(cap) => raised >= cap,
        Bound::Tokens(cap) => sold >= cap,
    };
    let had = had(words, raised, sold);
    match (words.terms.soft_cap, words.terms.hard_cap) {
        (_, Some(cap)) if reached(cap) => {
            format!("The hard cap of {} was reached: {had}.", words.bound(cap))
        }
        (Some(cap), _) => format!("The soft cap of {} was reached: {had}.", words.bound(cap)),
        (None, _) => format!("The terms have no soft cap: {had}."),
    }
}

fn had(words: Words<'_>, raised: Value, sold: Tokens) -> String {
    if words.counts_in_tokens() {
        return format!("{} were sold", words.tokens(sold));
    }
    format!(
        "{} were accepted for {}",
        words.value(raised),
        words.tokens(sold)
    )
}

/// What is kept, by currency, with symbols.
fn kept(words: Words<'_>, settlement: &Settlement) -> Vec<String> {
    let totals = (0_u8..)
        .zip(&settlement.totals)
        .filter(|(_, total)| !total.kept.is_zero());
    totals
        .map(|(place, total)| words.amount(softcap_offering::CurrencyIndex(place), total.kept))
        .collect()
}

/// From the first window's begin to the last one's end, as pauses and early closes left them.
pub(super) fn period(offering: &Offering) -> Option<String> {
    let terms = offering.terms();
    let parts: Vec<String> = (0_u8..)
        .map(softcap_offering::LineIndex)
        .zip(&terms.clock.lines)
        .filter_map(|(line, chain)| {
            let (from, last) = stretch(offering, line)?;
            Some(match terms.clock.kind {
                ClockKind::Time if day(from) == day(last) => day(from),
                ClockKind::Time => format!("{} to {}", day(from), day(last)),
                ClockKind::Block => {
                    let height = |at: Position| crate::report::grouped(at.0.into());
                    format!("blocks {} to {} of {chain}", height(from), height(last))
                }
            })
        })
        .collect();
    (!parts.is_empty()).then(|| listed(&parts))
}

/// First and last position at which a round was open on a clock line.
fn stretch(offering: &Offering, line: softcap_offering::LineIndex) -> Option<(Position, Position)> {
    let rounds = 0..u8::try_from(offering.terms().rounds.len()).unwrap_or(u8::MAX);
    rounds
        .filter_map(|place| {
            let round = RoundIndex(place);
            let window = offering.round_window(round, line)?;
            let closed = offering
                .closed_early(round)
                .filter(|closed| closed.line == line);
            let end = window.end_exclusive();
            let end = closed.map_or(end, |closed| closed.position.min(end));
            let last = Position(end.0.saturating_sub(1));
            Some((window.from, last.max(window.from)))
        })
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The linter's red findings as sentences, each once.
pub(super) fn warnings(words: Words<'_>) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    for finding in lint(words.terms) {
        let text = sentence(&finding.message);
        if finding.severity == Severity::Red && !warnings.contains(&text) {
            warnings.push(text);
        }
    }
    warnings
}
