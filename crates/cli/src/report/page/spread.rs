//! How the sold tokens are spread, and how the supply is divided.

use maud::{Markup, PreEscaped, html};

use super::amount;
use super::table::{Column, table};
use crate::report::charts::{Caption, Ink, donut, lorenz, sizes};
use crate::report::share::{basis_points, grouped, percent};
use crate::report::{Holdings, ReportData, ReportError, SupplyKind};

/// Gini, shares and two charts; a sentence when nobody holds anything.
///
/// # Errors
///
/// [`ReportError::Chart`] if a chart cannot be drawn.
pub(super) fn holdings(data: &ReportData) -> Result<Markup, ReportError> {
    let spread = &data.holdings;
    let body = if spread.holders == 0 {
        html! { p class="empty" { "Nobody received tokens, so there is no distribution." } }
    } else {
        let curve = story(spread);
        let bars = "Each bar counts the holders between one power of ten and the next.";
        let lorenz = lorenz(
            spread,
            Caption {
                id: "lorenz",
                title: "Lorenz curve of holdings",
                description: &curve,
            },
        )?;
        let sizes = sizes(
            spread,
            &data.token_symbol,
            Caption {
                id: "sizes",
                title: "Holders by size of holding",
                description: bars,
            },
        )?;
        html! {
            (figures(data))
            div class="pair" {
                (chart("Share of tokens by share of holders", lorenz, &curve))
                (chart("Holders by size of holding", sizes, bars))
            }
        }
    };
    Ok(html! {
        section id="holdings" aria-labelledby="holdings-heading" {
            h2 id="holdings-heading" { "Distribution of holdings" }
            (body)
        }
    })
}

fn chart(heading: &str, svg: String, words: &str) -> Markup {
    html! { figure { h3 { (heading) } (PreEscaped(svg)) figcaption { (words) } } }
}

/// The curve in words.
fn story(spread: &Holdings) -> String {
    if spread.holders == 1 {
        return "One investor holds all tokens that were sold.".to_owned();
    }
    let half = percent(spread.smaller_half_bp);
    let start = format!(
        "The smaller half of the {} holders has {half} of the tokens",
        grouped(u128::from(spread.holders)),
    );
    if spread.holders <= 10 {
        return format!("{start}.");
    }
    format!(
        "{start}, the ten largest have {}.",
        percent(spread.top_10_bp)
    )
}

fn figures(data: &ReportData) -> Markup {
    let spread = &data.holdings;
    let gini = format!("{}.{:04}", spread.gini_bp / 10_000, spread.gini_bp % 10_000);
    html! {
        dl class="figures" {
            div { dt { "Holders" } dd { (grouped(u128::from(spread.holders))) } }
            div {
                dt { "Gini coefficient" }
                dd { (gini) }
                dd class="note" {
                    (grouped(spread.gini_bp)) " basis points; 0 if all hold the same"
                }
            }
            div { dt { "Ten largest" } dd { (percent(spread.top_10_bp)) } }
            div { dt { "Largest 1 %" } dd { (percent(spread.top_hundredth_bp)) } }
        }
    }
}

fn ink(kind: SupplyKind) -> Ink {
    match kind {
        SupplyKind::Sale => Ink::Sale,
        SupplyKind::Team => Ink::Team,
        SupplyKind::Treasury => Ink::Treasury,
        SupplyKind::Advisers => Ink::Advisers,
        SupplyKind::Unsold => Ink::Unsold,
        SupplyKind::Other => Ink::Other,
    }
}

/// The ring and its legend.
///
/// # Errors
///
/// [`ReportError::Chart`] if the ring cannot be drawn.
pub(super) fn supply(data: &ReportData) -> Result<Markup, ReportError> {
    let total = data
        .supply
        .iter()
        .fold(0_u128, |sum, part| sum.saturating_add(part.tokens.value));
    let body = if total == 0 {
        html! { p class="empty" { "No token was issued." } }
    } else {
        let parts: Vec<(Ink, u128)> = data
            .supply
            .iter()
            .map(|part| (ink(part.kind), part.tokens.value))
            .collect();
        let description = data
            .supply
            .iter()
            .map(|part| {
                format!(
                    "{} {}",
                    part.label,
                    percent(basis_points(part.tokens.value, total))
                )
            })
            .collect::<Vec<_>>()
            .join(", ");
        let symbol: String = data.token_symbol.chars().take(10).collect();
        let ring = donut(
            &parts,
            (&symbol, "supply"),
            Caption {
                id: "supply",
                title: "Allocation of the supply",
                description: &description,
            },
        )?;
        html! { div class="ring" { figure { (PreEscaped(ring)) } (legend(data, total)) } }
    };
    Ok(html! {
        section id="supply" aria-labelledby="supply-heading" {
            h2 id="supply-heading" { "Allocation of the supply" }
            (body)
        }
    })
}

fn legend(data: &ReportData, total: u128) -> Markup {
    let vests = data.supply.iter().any(|part| part.vesting.is_some());
    let mut columns = vec![
        Column::words("Part"),
        Column::numbers("Share"),
        Column::numbers("Tokens"),
    ];
    if vests {
        columns.push(Column::words("Vesting"));
    }
    let rows: Vec<Vec<Markup>> = data
        .supply
        .iter()
        .map(|part| {
            let mut row = vec![
                html! {
                    span class={ "key key-" (ink(part.kind).name()) } aria-hidden="true" {}
                    (part.label)
                },
                html! { (percent(basis_points(part.tokens.value, total))) },
                amount(&part.tokens.text),
            ];
            if vests {
                row.push(html! { (part.vesting.as_deref().unwrap_or("none")) });
            }
            row
        })
        .collect();
    table(
        &html! { "Who gets which part, in " (data.token_symbol) },
        &columns,
        &rows,
    )
}
