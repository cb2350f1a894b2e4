//! The result: what was raised against the caps, the figures, and where the money is.

use maud::{Markup, html};

use super::amount;
use super::table::{Column, table};
use crate::report::share::{basis_points, grouped, per_mille, percent};
use crate::report::{Amount, Outcome, ReportData};

/// The first section.
pub(super) fn section(data: &ReportData) -> Markup {
    html! {
        section id="result" aria-labelledby="result-heading" {
            h2 id="result-heading" { "Result" }
            @for warning in &data.warnings {
                p class="warning" { strong { "Warning. " } (warning) }
            }
            div class="hero" {
                div {
                    p class="hero-label" { (raised_label(data.outcome)) }
                    p class="hero-figure" {
                        (with_unit(&data.raised.text, &data.numeraire.symbol))
                    }
                }
                (gauge(data))
            }
            dl class="figures" {
                (figure("Tokens sold", &with_unit(&data.tokens_sold, &data.token_symbol)))
                (figure("Contributions", &count(data.contributions)))
                (figure("Of these refused", &count(data.refused)))
                (figure("Investors in the table", &count(data.investors)))
            }
            (money(data))
        }
    }
}

fn raised_label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "Raised",
        Outcome::Failed | Outcome::Cancelled | Outcome::Expired => "Raised, before it goes back",
    }
}

fn with_unit(text: &str, symbol: &str) -> Markup {
    html! { (amount(text)) " " span class="unit" { (symbol) } }
}

fn count(number: u64) -> Markup {
    html! { (grouped(u128::from(number))) }
}

fn figure(label: &str, value: &Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

/// The raise as a bar with the caps marked; nothing without caps.
fn gauge(data: &ReportData) -> Markup {
    let raised = data.raised.value;
    let caps = [
        ("Soft cap", "soft-cap", data.soft_cap.as_ref()),
        ("Hard cap", "hard-cap", data.hard_cap.as_ref()),
    ];
    let caps: Vec<(&str, &str, &Amount)> = caps
        .into_iter()
        .filter_map(|(name, class, cap)| Some((name, class, cap?)))
        .collect();
    if caps.is_empty() {
        return html! {};
    }
    let scale = caps
        .iter()
        .map(|(_, _, cap)| cap.value)
        .fold(raised, u128::max);
    // 1000 units wide; a mark is 4 wide and stays inside.
    let mark = |cap: &Amount| per_mille(cap.value, scale).saturating_sub(4);
    html! {
        div class="gauge" {
            svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true" {
                rect class="trough" x="0" y="8" width="1000" height="24" {}
                rect class="fill-raise" x="0" y="8" width=(per_mille(raised, scale)) height="24" {}
                @for (_, class, cap) in &caps {
                    rect class={ "fill-" (class) } x=(mark(cap)) y="0" width="4" height="40" {}
                }
            }
            ul {
                @for (name, class, cap) in &caps {
                    li {
                        span class={ "key key-" (class) } aria-hidden="true" {}
                        span class="cap-name" { (name) " " }
                        (amount(&cap.text)) " " (data.numeraire.symbol)
                        span class="reached" { (reached(raised, cap.value)) }
                    }
                }
            }
        }
    }
}

/// How far the raise is on the way to a cap; "reached" only when it is, whatever rounding says.
fn reached(raised: u128, cap: u128) -> String {
    if raised >= cap {
        return "reached".to_owned();
    }
    format!(
        "{} of it raised",
        percent(basis_points(raised, cap).min(9_999))
    )
}

/// Where the money of each currency is.
fn money(data: &ReportData) -> Markup {
    let keeps = data
        .currencies
        .iter()
        .any(|currency| currency.kept.is_some());
    let mut columns = vec![
        Column::words("Currency"),
        Column::numbers("Contributed"),
        Column::numbers("Accepted"),
        Column::numbers("Refunded"),
    ];
    if keeps {
        columns.push(Column::numbers("Kept"));
    }
    let rows: Vec<Vec<Markup>> = data
        .currencies
        .iter()
        .map(|currency| {
            let mut row = vec![
                html! { (currency.symbol) },
                amount(&currency.contributed),
                amount(&currency.accepted),
                amount(&currency.refunded),
            ];
            if keeps {
                row.push(
                    currency
                        .kept
                        .as_deref()
                        .map_or_else(|| html! { "none" }, amount),
                );
            }
            row
        })
        .collect();
    let sum = if keeps {
        "contributed = accepted + refunded + kept"
    } else {
        "contributed = accepted + refunded; nothing was kept"
    };
    table(
        &html! { "Where the money is" span class="note" { (sum) } },
        &columns,
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_reached_only_when_it_is() {
        for (raised, cap, text) in [
            (100, 100, "reached"),
            (101, 100, "reached"),
            (0, 0, "reached"),
            (50, 100, "50.00\u{a0}% of it raised"),
            (999_999, 1_000_000, "99.99\u{a0}% of it raised"),
            (u128::MAX - 1, u128::MAX, "99.99\u{a0}% of it raised"),
        ] {
            assert_eq!(reached(raised, cap), text, "{raised} of {cap}");
        }
    }
}
