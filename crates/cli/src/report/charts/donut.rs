//! A ring of shares. Its legend is a table of the page.

use plotters::prelude::{Polygon, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Caption, Format, GRID, Ink, picture};
use crate::report::ReportError;
use crate::report::share::basis_points;

/// A share with less than this many basis points has no number on the ring: there is no room.
const LABELLED_FROM: u128 = 550;

/// Draws shares clockwise from the top; zeros are left out. `centre` is written in the middle, in
/// one short line.
///
/// # Errors
///
/// [`ReportError::Chart`] if the library fails.
pub(in crate::report) fn donut(
    shares: &[(Ink, u128)],
    centre: (&str, &str),
    caption: Caption<'_>,
) -> Result<String, ReportError> {
    // Scaled down so that the sum of any shares has room; a picture does not show the difference.
    let shrink = |value: u128| {
        if shares.iter().any(|(_, v)| *v > u128::MAX >> 16) {
            value >> 16
        } else {
            value
        }
    };
    let total: u128 = shares.iter().map(|(_, value)| shrink(*value)).sum();
    let (width, height) = Format::Half.size();
    let middle = (width * GRID / 2, height * GRID / 2);
    let (inner, outer) = (84.0 * f64::from(GRID), 140.0 * f64::from(GRID));

    picture(Format::Half, caption, |area| {
        let mut start = 0.0;
        for &(ink, value) in shares.iter().filter(|(_, value)| *value > 0) {
            let share = shrink(value) as f64 / total.max(1) as f64;
            let ring = slice(middle, (inner, outer), start, start + share);
            area.draw(&Polygon::new(ring, ink.color().filled()))?;
            let part = basis_points(shrink(value), total);
            if part >= LABELLED_FROM {
                let at = polar(middle, f64::midpoint(inner, outer), start + share / 2.0);
                let style = Ink::OnSlice
                    .text(13.0)
                    .pos(Pos::new(HPos::Center, VPos::Center));
                area.draw(&Text::new(format!("{}%", (part + 50) / 100), at, style))?;
            }
            start += share;
        }
        let centred = Pos::new(HPos::Center, VPos::Center);
        let (line, below) = (
            (middle.0, middle.1 - 7 * GRID),
            (middle.0, middle.1 + 15 * GRID),
        );
        area.draw(&Text::new(
            centre.0,
            line,
            Ink::Axis.text(21.0).pos(centred),
        ))?;
        area.draw(&Text::new(
            centre.1,
            below,
            Ink::Label.text(13.0).pos(centred),
        ))
    })
}

/// The corners of a part of the ring; `from` and `to` are turns from the top, clockwise.
fn slice(middle: (i32, i32), (inner, outer): (f64, f64), from: f64, to: f64) -> Vec<(i32, i32)> {
    // A corner every two degrees: the chord is a sixth of a pixel off the arc at most.
    let corners = ((to - from) * 180.0).ceil().max(1.0) as u32;
    let turn = |corner: u32| from + (to - from) * f64::from(corner) / f64::from(corners);
    let out = (0..=corners).map(|corner| polar(middle, outer, turn(corner)));
    let back = (0..=corners)
        .rev()
        .map(|corner| polar(middle, inner, turn(corner)));
    out.chain(back).collect()
}

fn polar(middle: (i32, i32), radius: f64, turn: f64) -> (i32, i32) {
    let (sine, cosine) = (turn * std::f64::consts::TAU).sin_cos();
    (
        middle.0 + (radius * sine).round() as i32,
        middle.1 - (radius * cosine).round() as i32,
    )
}
