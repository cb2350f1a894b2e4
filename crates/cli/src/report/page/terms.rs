//! The terms in short.

use maud::{Markup, html};

use crate::report::{ReportData, RoundTerms};

/// Rounds, further terms, and the right to cancel.
pub(super) fn section(data: &ReportData) -> Markup {
    html! {
        section id="terms" aria-labelledby="terms-heading" {
            h2 id="terms-heading" { "Terms in short" }
            p class="lead" {
                "The terms were fixed and hashed before the first contribution. What counts is \
                 the file "
                code { "offering.toml" } " in the published folder; its hash stands below."
            }
            @if let Some(right) = &data.cancel_right {
                p class="statement" { (right) }
            }
            div class="rounds" {
                @for round in &data.rounds { (one_round(round)) }
            }
            @if !data.terms.is_empty() {
                dl class="facts" {
                    @for fact in &data.terms {
                        div { dt { (fact.label) } dd { (fact.text) } }
                    }
                }
            }
        }
    }
}

fn one_round(round: &RoundTerms) -> Markup {
    let facts = [
        ("Window", &round.window),
        ("Price", &round.price),
        ("Allocation", &round.allocation),
    ];
    html! {
        article class="round" {
            h3 { (round.name) }
            dl {
                @for (label, text) in facts {
                    @if !text.is_empty() { dt { (label) } dd { (text) } }
                }
                @if !round.limits.is_empty() {
                    dt { "Limits" }
                    dd {
                        @if let [only] = round.limits.as_slice() { (only) }
                        @else { ul { @for limit in &round.limits { li { (limit) } } } }
                    }
                }
                @if !round.result.is_empty() { dt { "Result" } dd { (round.result) } }
            }
        }
    }
}
