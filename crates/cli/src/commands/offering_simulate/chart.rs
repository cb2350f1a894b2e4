//! The chart as a picture: one row per kind, one column per scenario, a bar for what was filled.
//!
//! The file stands alone, so it carries its own colours. The same simulation gives the same bytes.

use plotters::{
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    prelude::{IntoFont, RGBColor, Rectangle, SVGBackend, Text, TextStyle},
    style::{
        Color,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Simulation,
    tally::ScenarioResult,
    text::{percent, present},
};
use crate::{failure::Failure, report::ReportError};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawError = DrawingAreaErrorKind<std::io::Error>;

const LEFT: i32 = 130;
const COLUMN: i32 = 120;
const BAR: i32 = 100;
const ROW: i32 = 30;
const ABOVE: i32 = 104;
const BELOW: i32 = 44;

const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
const TEXT: RGBColor = RGBColor(0x1B, 0x26, 0x31);
const QUIET: RGBColor = RGBColor(0x5A, 0x67, 0x73);
const TRACK: RGBColor = RGBColor(0xE6, 0xEA, 0xEE);
const FILLED: RGBColor = RGBColor(0x1F, 0x6F, 0xB2);
const REFUNDED: RGBColor = RGBColor(0xB3, 0x3A, 0x1E);

/// The picture.
///
/// # Errors
/// When the charting library fails, which no terms provoke.
pub(super) fn svg(simulation: &Simulation) -> Result<String, Failure> {
    let rows = i32::try_from(present(&simulation.results).count()).unwrap_or(0);
    let columns = i32::try_from(simulation.results.len()).unwrap_or(0);
    let width = LEFT + COLUMN * columns + 10;
    let height = ABOVE + ROW * rows + BELOW;
    let mut out = String::new();
    let area = SVGBackend::with_string(&mut out, (width.unsigned_abs(), height.unsigned_abs()))
        .into_drawing_area();
    let drawn = draw(&area, simulation, height).and_then(|()| area.present());
    drop(area);
    drawn.map_err(|error| {
        let chart = "the share of demand filled";
        Failure::Report(ReportError::Chart {
            chart,
            reason: error.to_string(),
        })
    })?;
    Ok(out)
}

fn style(color: RGBColor, size: i32) -> TextStyle<'static> {
    // The library divides by 1.24 when it writes a font size.
    ("sans-serif", f64::from(size) * 1.24)
        .into_font()
        .color(&color)
}

fn draw(area: &Area<'_>, simulation: &Simulation, height: i32) -> Result<(), DrawError> {
    area.fill(&PAPER)?;
    let title = format!("{}: share of demand filled", simulation.sale.terms.name);
    area.draw(&Text::new(title, (14, 12), style(TEXT, 18)))?;
    let middle = Pos::new(HPos::Left, VPos::Center);
    for (row, kind) in (0..).zip(present(&simulation.results)) {
        let at = (14, ABOVE + ROW * row + ROW / 2);
        area.draw(&Text::new(kind.label(), at, style(TEXT, 13).pos(middle)))?;
    }
    for (column, result) in (0..).zip(&simulation.results) {
        draw_column(area, simulation, result, LEFT + COLUMN * column)?;
    }
    let note = format!(
        "Drawn from seed {} and settled by the engine of the sale. Of each kind: accepted money in \
         per cent of what was asked.",
        simulation.seed
    );
    area.draw(&Text::new(note, (14, height - 28), style(QUIET, 12)))
}

fn draw_column(
    area: &Area<'_>,
    simulation: &Simulation,
    result: &ScenarioResult,
    left: i32,
) -> Result<(), DrawError> {
    area.draw(&Text::new(
        result.scenario.label(),
        (left, 50),
        style(TEXT, 13),
    ))?;
    let (verdict, color) = if result.succeeded() {
        ("succeeds", FILLED)
    } else {
        ("all refunded", REFUNDED)
    };
    area.draw(&Text::new(verdict, (left, 68), style(color, 12)))?;
    let people = format!(
        "{} people",
        crate::report::grouped(u128::from(result.people))
    );
    area.draw(&Text::new(people, (left, 84), style(QUIET, 11)))?;
    for (row, kind) in (0..).zip(present(&simulation.results)) {
        let top = ABOVE + ROW * row;
        let Some(kind) = result.kind(kind) else {
            let middle = Pos::new(HPos::Left, VPos::Center);
            let at = (left, top + ROW / 2);
            area.draw(&Text::new("nobody", at, style(QUIET, 11).pos(middle)))?;
            continue;
        };
        let track = [(left, top + 16), (left + BAR, top + 24)];
        area.draw(&Rectangle::new(track, TRACK.filled()))?;
        // Something is never shown as nothing.
        let filled = kind.filled();
        let length = i32::try_from(filled.div_ceil(100)).unwrap_or(0).min(BAR);
        if length > 0 {
            let bar = [(left, top + 16), (left + length, top + 24)];
            area.draw(&Rectangle::new(bar, FILLED.filled()))?;
        }
        area.draw(&Text::new(
            percent(filled),
            (left, top + 2),
            style(TEXT, 11),
        ))?;
    }
    Ok(())
}
