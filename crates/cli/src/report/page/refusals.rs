//! What was refused and what was returned, by reason.

use maud::{Markup, html};

use super::amount;
use super::table::{Column, table};
use crate::report::share::{grouped, per_mille};
use crate::report::{RefusalCount, ReportData, ReturnTotal};

/// Two tables, or sentences that say there is nothing to list.
pub(super) fn section(data: &ReportData) -> Markup {
    html! {
        section id="refusals" aria-labelledby="refusals-heading" {
            h2 id="refusals-heading" { "Refusals and returns" }
            h3 { "Refused contributions" }
            @if data.refusals.is_empty() {
                p class="empty" { "No contribution was refused." }
            } @else { (refused(&data.refusals)) }
            h3 { "Returns" }
            @if data.returns.is_empty() {
                p class="empty" { "Nothing was returned for a reason of its own; change and \
                    refunds of the rules are in the table of the money." }
            } @else { (returned(&data.returns)) }
        }
    }
}

fn refused(refusals: &[RefusalCount]) -> Markup {
    let most = refusals
        .iter()
        .map(|refusal| refusal.count)
        .max()
        .unwrap_or(0);
    let rows: Vec<Vec<Markup>> = refusals
        .iter()
        .map(|refusal| {
            vec![
                html! { (refusal.code) },
                html! {
                    (refusal.sentence)
                    @if refusal.in_part > 0 { span class="note" { " " (in_part(refusal)) } }
                    (bar(refusal.count, most))
                },
                html! { (grouped(u128::from(refusal.count))) },
            ]
        })
        .collect();
    table(
        &html! { "Contributions by reason of refusal" },
        &[
            Column::words("Code"),
            Column::prose("Reason"),
            Column::numbers("Count"),
        ],
        &rows,
    )
}

fn in_part(refusal: &RefusalCount) -> String {
    if refusal.in_part == refusal.count {
        return "Accepted in part.".to_owned();
    }
    format!(
        "{} of them accepted in part.",
        grouped(u128::from(refusal.in_part))
    )
}

/// A bar beside a number that stands next to it, so it says nothing to a screen reader.
fn bar(count: u64, most: u64) -> Markup {
    let length = per_mille(u128::from(count), u128::from(most)).max(4);
    html! {
        svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            rect class="trough" width="1000" height="10" {}
            rect class="fill-bar" width=(length) height="10" {}
        }
    }
}

fn returned(returns: &[ReturnTotal]) -> Markup {
    let rows: Vec<Vec<Markup>> = returns
        .iter()
        .map(|total| {
            vec![
                html! { (total.code) },
                html! { (total.sentence) },
                html! { (grouped(u128::from(total.count))) },
                html! { @for sum in &total.amounts { span class="line" { (amount(sum)) } } },
            ]
        })
        .collect();
    table(
        &html! { "Money sent back, by reason code" },
        &[
            Column::words("Code"),
            Column::prose("Reason"),
            Column::numbers("Count"),
            Column::numbers("Amount"),
        ],
        &rows,
    )
}
