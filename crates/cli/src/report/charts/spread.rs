//! How tokens are spread: the Lorenz curve, and holders by size of their holding.

use plotters::prelude::{EmptyElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Scale, Tick, compact, value_ticks};
use super::{Area, Caption, DrawError, Format, GRID, Ink, Margins, frame, picture};
use crate::report::share::grouped;
use crate::report::{Holdings, ReportError};

/// With more bars than this, their numbers do not fit above them.
const NUMBERED_BARS: usize = 9;

/// Both pictures are alike, so that they stand well beside each other.
const MARGINS: Margins = Margins {
    left: 48,
    right: 20,
    below: 44,
};

/// The Lorenz curve against the line of equality.
///
/// # Errors
///
/// [`ReportError::Chart`] if the library fails.
pub(in crate::report) fn lorenz(
    holdings: &Holdings,
    caption: Caption<'_>,
) -> Result<String, ReportError> {
    picture(Format::Half, caption, |area| draw_lorenz(holdings, area))
}

fn draw_lorenz(holdings: &Holdings, area: &Area<'_>) -> Result<(), DrawError> {
    let quarters: Vec<Tick> = [0, 25, 50, 75, 100]
        .into_iter()
        .map(|at| Tick {
            at: f64::from(at) * 100.0,
            text: format!("{at}%"),
        })
        .collect();
    let across = Scale {
        from: 0.0,
        to: 10_000.0,
        ticks: quarters,
    };
    let mut chart = frame(area, MARGINS, across.clone(), across, "share of tokens")?;
    let curve: Vec<(f64, f64)> = holdings
        .lorenz
        .iter()
        .map(|&(holders, tokens)| (holders as f64, tokens as f64))
        .collect();
    chart.draw_series([Polygon::new(
        curve.clone(),
        Ink::HoldersArea.color().filled(),
    )])?;
    let equal = vec![(0.0, 0.0), (10_000.0, 10_000.0)];
    chart.draw_series([PathElement::new(equal, Ink::Equality.line(5))])?;
    chart.draw_series([PathElement::new(curve, Ink::Holders.line(8))])?;
    let style = Ink::Label
        .text(12.0)
        .pos(Pos::new(HPos::Right, VPos::Bottom));
    chart.draw_series([EmptyElement::at((6_000.0, 6_000.0))
        + Text::new("all equal", (-8 * GRID, -4 * GRID), style)])?;
    name_across(area, "share of holders, smallest first")
}

/// Holders by power of ten of their holding.
///
/// # Errors
///
/// [`ReportError::Chart`] if the library fails.
pub(in crate::report) fn sizes(
    holdings: &Holdings,
    symbol: &str,
    caption: Caption<'_>,
) -> Result<String, ReportError> {
    picture(Format::Half, caption, |area| {
        draw_sizes(holdings, symbol, area)
    })
}

fn draw_sizes(holdings: &Holdings, symbol: &str, area: &Area<'_>) -> Result<(), DrawError> {
    let bars = &holdings.sizes;
    let most = bars.iter().map(|(_, holders)| *holders).max().unwrap_or(1);
    let rows: Vec<Tick> = value_ticks(most as f64)
        .into_iter()
        .filter(|tick| tick.at.fract() == 0.0)
        .collect();
    let ceiling = value_ticks(most as f64).last().map_or(1.0, |tick| tick.at);
    let across = Scale {
        from: 0.0,
        to: bars.len() as f64,
        ticks: edges(bars),
    };
    // A little more than the highest tick: the number above a bar needs room.
    let up = Scale {
        from: 0.0,
        to: ceiling * 1.1,
        ticks: rows,
    };
    let mut chart = frame(area, MARGINS, across, up, "holders")?;
    for (place, &(_, holders)) in bars.iter().enumerate() {
        let (left, height) = (place as f64, holders as f64);
        let bar = [(left + 0.08, 0.0), (left + 0.92, height)];
        chart.draw_series([Rectangle::new(bar, Ink::Holders.color().filled())])?;
        if bars.len() <= NUMBERED_BARS && holders > 0 {
            let style = Ink::Label
                .text(12.0)
                .pos(Pos::new(HPos::Center, VPos::Bottom));
            let number = Text::new(grouped(u128::from(holders)), (0, -2 * GRID), style);
            chart.draw_series([EmptyElement::at((left + 0.5, height)) + number])?;
        }
    }
    let cut: String = symbol.chars().take(12).collect();
    name_across(area, &format!("{cut} held, in powers of ten"))
}

/// The borders between bars, as many as have room: all, or some six.
fn edges(bars: &[(i32, u64)]) -> Vec<Tick> {
    let Some(&(lowest, _)) = bars.first() else {
        return Vec::new();
    };
    let label = |power: i32| compact(10_f64.powi(lowest + power));
    let borders: Vec<(i32, usize)> = (0_i32..).zip(0..=bars.len()).collect();
    let short = borders
        .iter()
        .all(|&(power, _)| label(power).chars().count() <= 5);
    let room = if short { NUMBERED_BARS + 1 } else { 6 };
    borders
        .iter()
        .step_by(borders.len().div_ceil(room))
        .map(|&(power, place)| Tick {
            at: place as f64,
            text: label(power),
        })
        .collect()
}

/// What the axis across counts, below it at the right.
fn name_across(area: &Area<'_>, name: &str) -> Result<(), DrawError> {
    let (width, height) = Format::Half.size();
    let corner = ((width - MARGINS.right) * GRID, (height - 4) * GRID);
    let style = Ink::Label
        .text(12.0)
        .pos(Pos::new(HPos::Right, VPos::Bottom));
    area.draw(&Text::new(name.to_owned(), corner, style))
}
