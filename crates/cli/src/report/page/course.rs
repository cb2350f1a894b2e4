//! The course of the sale: raise and price.

use maud::{Markup, PreEscaped, html};

use crate::report::charts::{CapLine, Caption, Curve, Format, Ink, position};
use crate::report::{
    Outcome, PositionAxis, PriceView, ReportData, ReportError, SeriesPoint, downsample,
};

/// Both charts.
///
/// # Errors
///
/// [`ReportError::Chart`] if one cannot be drawn.
pub(super) fn section(data: &ReportData) -> Result<Markup, ReportError> {
    Ok(html! {
        section id="course" aria-labelledby="course-heading" {
            h2 id="course-heading" { "Course of the sale" }
            (raise(data)?)
            (price(data)?)
        }
    })
}

fn over(axis: &PositionAxis) -> String {
    match axis {
        PositionAxis::UnixMillis => "over time (UTC)".to_owned(),
        PositionAxis::BlockHeight { chain } => format!("over block height ({chain})"),
        PositionAxis::RowOrder => "in the order of contributions".to_owned(),
    }
}

fn raise(data: &ReportData) -> Result<Markup, ReportError> {
    let title = format!("Raise {}", over(&data.axis));
    let Some(range) = range(data) else {
        return Ok(html! {
            h3 { (title) }
            p class="empty" { "No contribution was accepted, so there is no curve to draw." }
        });
    };
    let caps: Vec<CapLine> = [
        (data.soft_cap.as_ref(), "Soft cap", Ink::SoftCap),
        (data.hard_cap.as_ref(), "Hard cap", Ink::HardCap),
    ]
    .into_iter()
    .filter_map(|(cap, name, ink)| {
        Some(CapLine {
            value: cap?.value,
            name,
            ink,
        })
    })
    .collect();
    let story = story(data);
    // Once for both formats: the series may be as long as the sale.
    let points = downsample(data.raise.iter().copied(), Format::Wide.points());
    let curve = Curve {
        axis: &data.axis,
        range,
        points: &points,
        unit: &data.numeraire.symbol,
        decimals: data.numeraire.decimals,
        caps: &caps,
        line: Ink::Raise,
        area: Ink::RaiseArea,
    };
    figure(&curve, "raise", &title, &story)
}

fn price(data: &ReportData) -> Result<Markup, ReportError> {
    let title = format!("Price {}", over(&data.axis));
    match &data.price {
        PriceView::Single { summary } => Ok(html! { h3 { "Price" } p class="empty" { (summary) } }),
        PriceView::OverPosition {
            label,
            decimals,
            points,
            summary,
        } => {
            let Some(range) = range(data).filter(|_| !points.is_empty()) else {
                return Ok(html! { h3 { "Price" } p class="empty" { (summary) } });
            };
            let points = downsample(points.iter().copied(), Format::Wide.points());
            let curve = Curve {
                axis: &data.axis,
                range,
                points: &points,
                unit: label,
                decimals: *decimals,
                caps: &[],
                line: Ink::Price,
                area: Ink::PriceArea,
            };
            figure(&curve, "price", &title, summary)
        }
    }
}

/// A chart for desktop and paper, the same for phones, and its words.
fn figure(curve: &Curve<'_>, id: &str, title: &str, words: &str) -> Result<Markup, ReportError> {
    let caption = Caption {
        id,
        title,
        description: words,
    };
    let wide = curve.draw(Format::Wide, caption)?;
    let narrow = curve.draw(Format::Narrow, caption)?;
    Ok(html! {
        h3 { (title) }
        figure {
            (PreEscaped(wide))
            (PreEscaped(narrow))
            figcaption { (words) }
        }
    })
}

/// First and last position of raise and price together, so that both charts have the same axis.
fn range(data: &ReportData) -> Option<(i64, i64)> {
    let prices: &[SeriesPoint] = match &data.price {
        PriceView::OverPosition { points, .. } => points,
        PriceView::Single { .. } => &[],
    };
    if data.raise.is_empty() {
        return None;
    }
    let all = || data.raise.iter().chain(prices).map(|point| point.x);
    Some((all().min()?, all().max()?))
}

/// Where the raise goes that did not become one. Kept money never was a part of it.
fn fate(data: &ReportData) -> String {
    let kept: Vec<String> = data
        .currencies
        .iter()
        .filter_map(|currency| {
            Some((
                currency,
                currency.kept.as_ref().filter(|kept| *kept != "0")?,
            ))
        })
        .map(|(currency, kept)| format!("{kept} {}", currency.symbol))
        .collect();
    if kept.is_empty() {
        return " All of it goes back.".to_owned();
    }
    format!(
        " All of it goes back, but not what the terms keep: {}.",
        kept.join(", ")
    )
}

/// The raise in words: between which positions, and when half of it was in.
fn story(data: &ReportData) -> String {
    let (Some(first), Some(last)) = (data.raise.first(), data.raise.last()) else {
        return String::new();
    };
    let at = |point: &SeriesPoint| position(&data.axis, point.x);
    let sum = format!("{} {}", data.raised.text, data.numeraire.symbol);
    let half = data
        .raise
        .iter()
        .find(|point| point.value >= last.value.div_ceil(2));
    let half = half.map_or_else(String::new, |p| format!(" Half of it was in by {}.", at(p)));
    let fate = match data.outcome {
        Outcome::Succeeded => String::new(),
        Outcome::Failed | Outcome::Cancelled | Outcome::Expired => fate(data),
    };
    if data.raise.len() == 1 {
        return format!("{sum} were accepted at {}.{fate}", at(first));
    }
    format!(
        "{sum} were accepted, from {} to {}.{half}{fate}",
        at(first),
        at(last)
    )
}
