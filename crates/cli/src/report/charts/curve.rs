//! A value over positions as steps, with horizontal lines for caps: the raise and the price.

use plotters::prelude::{AreaSeries, Circle, EmptyElement, PathElement, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Scale, Tick, padded, position_ticks, value_ticks};
use super::{Area, Caption, DrawError, Format, GRID, Ink, Margins, compact, frame, picture};
use crate::report::{PositionAxis, ReportError, SeriesPoint, downsample};

/// A cap is drawn to scale up to this multiple of the highest value; a higher one would press the
/// curve flat and is named at the top instead.
const CAP_IN_SCALE: f64 = 4.0;

/// A horizontal line with its name.
#[derive(Debug, Clone)]
pub(in crate::report) struct CapLine {
    /// Where, in smallest units.
    pub(in crate::report) value: u128,
    /// Its name, for example `Soft cap`.
    pub(in crate::report) name: &'static str,
    /// Its colour.
    pub(in crate::report) ink: Ink,
}

/// What one chart of steps shows.
#[derive(Debug, Clone)]
pub(in crate::report) struct Curve<'a> {
    /// What positions count.
    pub(in crate::report) axis: &'a PositionAxis,
    /// First and last position on the axis; the last value is drawn on to its end.
    pub(in crate::report) range: (i64, i64),
    /// The values, in order; must not be empty for a picture with a curve.
    pub(in crate::report) points: &'a [SeriesPoint],
    /// What values count, written at the top left.
    pub(in crate::report) unit: &'a str,
    /// Decimals of the values.
    pub(in crate::report) decimals: u8,
    /// Lines across.
    pub(in crate::report) caps: &'a [CapLine],
    /// Colour of the curve.
    pub(in crate::report) line: Ink,
    /// Colour below it.
    pub(in crate::report) area: Ink,
}

impl Curve<'_> {
    /// Draws the chart.
    ///
    /// # Errors
    ///
    /// [`ReportError::Chart`] if the library fails.
    pub(in crate::report) fn draw(
        &self,
        format: Format,
        caption: Caption<'_>,
    ) -> Result<String, ReportError> {
        picture(format, caption, |area| self.draw_on(format, area))
    }

    fn scaled(&self, value: u128) -> f64 {
        value as f64 / 10_f64.powi(i32::from(self.decimals))
    }

    /// The highest value, and the top of the axis: above it, and above the caps that are not far
    /// away.
    fn heights(&self) -> (f64, f64) {
        let highest = self
            .points
            .iter()
            .map(|p| self.scaled(p.value))
            .fold(0.0, f64::max);
        let top = self
            .caps
            .iter()
            .map(|cap| self.scaled(cap.value))
            .filter(|&cap| highest == 0.0 || cap <= highest * CAP_IN_SCALE)
            // A line at the very top would have no room for its name.
            .map(|cap| cap * 1.06)
            .fold(highest, f64::max);
        (highest, top)
    }

    fn draw_on(&self, format: Format, area: &Area<'_>) -> Result<(), DrawError> {
        let (from, to) = padded(self.axis, self.range.0, self.range.1);
        let (_, top) = self.heights();
        let rows = value_ticks(top);
        let columns = position_ticks(self.axis, from, to, format.labels());
        let ceiling = rows.last().map_or(1.0, |tick| tick.at);
        let (left, right) = (from as f64, to as f64);
        let margin = if format == Format::Wide { 20 } else { 14 };

        let margins = Margins {
            left: label_width(&rows),
            right: margin,
            below: 26,
        };
        let across = Scale {
            from: left,
            to: right,
            ticks: columns,
        };
        let up = Scale {
            from: 0.0,
            to: ceiling,
            ticks: rows,
        };
        let mut chart = frame(area, margins, across, up, &shortened(self.unit))?;

        let thinned = downsample(self.points.iter().copied(), format.points());
        let steps = self.steps(&thinned, right);
        if let [only] = self.points
            && self.range.0 == self.range.1
        {
            let middle = (only.x as f64, self.scaled(only.value));
            chart.draw_series([Circle::new(middle, 4 * GRID, self.line.color().filled())])?;
        }
        chart.draw_series(AreaSeries::new(
            steps.iter().copied(),
            0.0,
            self.area.color(),
        ))?;
        chart.draw_series([PathElement::new(steps, self.line.line(8))])?;
        for cap in self.caps {
            let at = self.scaled(cap.value);
            let inside = at <= ceiling;
            let height = if inside { at } else { ceiling };
            if inside {
                let line = vec![(left, at), (right, at)];
                chart.draw_series([PathElement::new(line, cap.ink.line(6))])?;
            }
            let name = self.cap_label(cap, inside);
            let style = cap.ink.text(12.0).pos(Pos::new(HPos::Left, VPos::Bottom));
            let offset = if inside {
                (8 * GRID, -3 * GRID)
            } else {
                (8 * GRID, 18 * GRID)
            };
            chart
                .draw_series([EmptyElement::at((left, height)) + Text::new(name, offset, style)])?;
        }
        Ok(())
    }

    fn cap_label(&self, cap: &CapLine, inside: bool) -> String {
        let arrow = if inside { "" } else { " ↑" };
        let amount = compact(self.scaled(cap.value));
        format!("{} {amount} {}{arrow}", cap.name, shortened(self.unit))
    }

    /// Corner points: a value holds until the next position, the last one to the right edge.
    fn steps(&self, points: &[SeriesPoint], right: f64) -> Vec<(f64, f64)> {
        let mut corners: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2 + 1);
        for point in points {
            let (x, y) = (point.x as f64, self.scaled(point.value));
            if let Some(&(before, level)) = corners.last()
                && before < x
                && level != y
            {
                corners.push((x, level));
            }
            corners.push((x, y));
        }
        if let Some(&(x, level)) = corners.last()
            && x < right
        {
            corners.push((right, level));
        }
        corners
    }
}

/// Room for the labels at the left, in nominal pixels.
fn label_width(rows: &[Tick]) -> i32 {
    let longest = rows
        .iter()
        .map(|tick| tick.text.chars().count())
        .max()
        .unwrap_or(1);
    16 + 7 * i32::try_from(longest).unwrap_or(8)
}

/// A unit's name, cut so that it cannot fill the picture.
fn shortened(unit: &str) -> String {
    const MOST: usize = 28;
    if unit.chars().count() <= MOST {
        return unit.to_owned();
    }
    unit.chars().take(MOST - 1).chain(['…']).collect()
}
