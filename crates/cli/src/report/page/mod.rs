//! The document: its frame here, one file per group of sections below.

mod course;
mod record;
mod refusals;
mod result;
mod spread;
mod table;
mod terms;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Outcome, ReportData, ReportError};

/// The style sheet, in the page itself.
const STYLE: &str = include_str!("../style.css");

/// What the page allows itself: its own style, and nothing else. A script that escaped escaping
/// would not run.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The sections, in order: identifier and heading, for the list of contents.
const CONTENTS: [(&str, &str); 8] = [
    ("result", "Result"),
    ("terms", "Terms"),
    ("course", "Course"),
    ("holdings", "Holdings"),
    ("supply", "Supply"),
    ("refusals", "Refusals"),
    ("record", "Record"),
    ("verify", "Verify"),
];

/// The whole page.
///
/// # Errors
///
/// [`ReportError::Chart`] if a chart cannot be drawn.
pub(super) fn document(data: &ReportData) -> Result<String, ReportError> {
    let sections = [
        result::section(data),
        terms::section(data),
        course::section(data)?,
        spread::holdings(data)?,
        spread::supply(data)?,
        refusals::section(data),
        record::commitments(data),
        record::verify(data),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (data.offering) ": settlement report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "Skip to the result" }
                (header(data))
                main id="main" {
                    @for section in &sections { (section) }
                }
                footer {
                    p {
                        "Made by " (data.verify.program) " from the record of the sale. This \
                         page runs no script and loads nothing; the same record gives the same \
                         page, byte for byte. Times are UTC. Shares are rounded to 0.01\u{a0}%, \
                         amounts are exact."
                    }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn header(data: &ReportData) -> Markup {
    html! {
        header {
            p class="kicker" { "Settlement report" }
            h1 { (data.offering) }
            p class="subtitle" {
                (data.token_name) " " span class="symbol" { (data.token_symbol) }
                @if let Some(period) = &data.period { span class="period" { (period) } }
            }
            (banner(data))
            nav aria-label="Contents" {
                ul {
                    @for (id, heading) in CONTENTS { li { a href={ "#" (id) } { (heading) } } }
                }
            }
        }
    }
}

/// The outcome: a word, a sign and a colour, so that none of them is needed alone.
fn banner(data: &ReportData) -> Markup {
    let (class, word, path) = match data.outcome {
        Outcome::Succeeded => ("succeeded", "Succeeded", "M5 12.5l4.5 4.5L19 7.5"),
        Outcome::Failed => ("failed", "Failed", "M12 6v8M12 17.5v.5"),
        Outcome::Cancelled => ("cancelled", "Cancelled", "M7 7l10 10M17 7L7 17"),
        Outcome::Expired => ("expired", "Expired", "M12 6v6.5l4.5 3"),
    };
    html! {
        div class={ "banner " (class) } {
            svg class="sign" viewBox="0 0 24 24" aria-hidden="true" {
                circle cx="12" cy="12" r="12" {}
                path d=(path) {}
            }
            div {
                p class="outcome" { (word) }
                p class="reason" { (data.outcome_reason) }
            }
        }
    }
}

/// An exact amount, with or without a unit behind a space: whole units strong, decimals quiet, one
/// text when copied. A line breaks before the point first, and between groups of digits only where
/// no real amount is as long.
fn amount(text: &str) -> Markup {
    const LONG: usize = 26;
    let (number, unit) = text
        .split_once(' ')
        .map_or((text, None), |(n, unit)| (n, Some(unit)));
    let (whole, decimals) = number
        .split_once('.')
        .map_or((number, None), |(whole, d)| (whole, Some(d)));
    html! {
        span class="amount" {
            @if whole.len() > LONG {
                @for group in whole.split_inclusive(',') { (group) wbr; }
            } @else { (whole) }
            @if let Some(decimals) = decimals { wbr; span class="decimals" { "." (decimals) } }
        }
        @if let Some(unit) = unit { "\u{a0}" (unit) }
    }
}
