//! The charts of the page: drawn by `plotters` as SVG, then dressed for a page that has two colour
//! schemes.
//!
//! The library writes fixed colours, a fixed size and a font. Each colour used here stands for a
//! role ([`Ink`]); after drawing it is replaced by a class that the style sheet colours, so that
//! dark mode and print work. The size becomes a `viewBox` that fills the width it is given.
//! Coordinates of the library are whole numbers: drawing happens on a grid [`GRID`] times as fine
//! as the picture's nominal size, so that curves are smooth.

mod axis;
mod curve;
mod donut;
mod spread;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::{IntoFont, RGBColor, SVGBackend, Text, TextStyle};
use plotters::style::{Color, ShapeStyle};

use axis::Scale;

pub(super) use axis::{compact, position};
pub(super) use curve::{CapLine, Curve};
pub(super) use donut::donut;
pub(super) use spread::{lorenz, sizes};

use super::ReportError;

/// Steps of the drawing grid per nominal pixel.
const GRID: i32 = 4;

/// What the library answers when it cannot draw.
type DrawError = DrawingAreaErrorKind<std::io::Error>;

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Label,
    Grid,
    Axis,
    Raise,
    RaiseArea,
    SoftCap,
    HardCap,
    Price,
    PriceArea,
    Holders,
    HoldersArea,
    Equality,
    Sale,
    Team,
    Treasury,
    Advisers,
    Unsold,
    Other,
    OnSlice,
}

impl Ink {
    /// All roles, with the name that the classes of the style sheet contain.
    const ALL: [(Self, &'static str); 19] = [
        (Self::Label, "label"),
        (Self::Grid, "grid"),
        (Self::Axis, "axis"),
        (Self::Raise, "raise"),
        (Self::RaiseArea, "raise-area"),
        (Self::SoftCap, "soft-cap"),
        (Self::HardCap, "hard-cap"),
        (Self::Price, "price"),
        (Self::PriceArea, "price-area"),
        (Self::Holders, "holders"),
        (Self::HoldersArea, "holders-area"),
        (Self::Equality, "equality"),
        (Self::Sale, "sale"),
        (Self::Team, "team"),
        (Self::Treasury, "treasury"),
        (Self::Advisers, "advisers"),
        (Self::Unsold, "unsold"),
        (Self::Other, "other"),
        (Self::OnSlice, "on-slice"),
    ];

    /// The name in the classes of the style sheet.
    pub(super) fn name(self) -> &'static str {
        Self::ALL
            .get(self as usize)
            .map_or("label", |(_, name)| name)
    }

    /// The stand-in colour. Never seen: [`dress`] replaces it.
    fn color(self) -> RGBColor {
        RGBColor(0xF1, 0x5E, self as u8)
    }

    /// A text style of this role; `size` in nominal pixels.
    fn text(self, size: f64) -> TextStyle<'static> {
        // The library divides by 1.24 when it writes a font size.
        ("sans-serif", size * 1.24 * f64::from(GRID))
            .into_font()
            .color(&self.color())
    }

    /// A stroke of this role; `width` in quarters of a nominal pixel.
    fn line(self, width: u32) -> ShapeStyle {
        self.color().stroke_width(width)
    }
}

/// The nominal size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Desktop and paper.
    Wide,
    /// Phones.
    Narrow,
    /// Beside another picture.
    Half,
}

impl Format {
    /// Width and height in nominal pixels.
    fn size(self) -> (i32, i32) {
        match self {
            Self::Wide => (760, 300),
            Self::Narrow => (340, 280),
            Self::Half => (400, 300),
        }
    }

    /// Class and suffix of identifiers.
    fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
            Self::Half => "half",
        }
    }

    /// How many labels an axis from left to right has room for.
    fn labels(self) -> usize {
        match self {
            Self::Wide => 9,
            Self::Narrow | Self::Half => 4,
        }
    }

    /// Most points of a curve: more than one per two pixels shows nothing.
    pub(super) fn points(self) -> usize {
        match self {
            Self::Wide => 600,
            Self::Narrow | Self::Half => 240,
        }
    }
}

/// How a picture is called, for readers who do not see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caption<'a> {
    /// Identifier, unique on the page.
    pub(super) id: &'a str,
    /// What the picture shows.
    pub(super) title: &'a str,
    /// What there is to see in it.
    pub(super) description: &'a str,
}

/// Draws on a fresh canvas of the format and dresses the result.
fn picture<F>(format: Format, caption: Caption<'_>, draw: F) -> Result<String, ReportError>
where
    F: for<'a> FnOnce(&Area<'a>) -> Result<(), DrawError>,
{
    let (width, height) = format.size();
    let size = (
        (width * GRID).unsigned_abs(),
        (height * GRID).unsigned_abs(),
    );
    let mut raw = String::new();
    let area = SVGBackend::with_string(&mut raw, size).into_drawing_area();
    // The identifiers are constants of this program, so they may appear in an error.
    let outcome = draw(&area).and_then(|()| area.present());
    drop(area);
    match outcome {
        Ok(()) => Ok(dress(&raw, format, caption)),
        Err(error) => Err(ReportError::Chart {
            chart: chart_name(caption.id),
            reason: error.to_string(),
        }),
    }
}

/// A canvas before coordinates are put on it.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A canvas with an axis across and one up.
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

/// Room around the field of a chart, in nominal pixels.
#[derive(Debug, Clone, Copy)]
struct Margins {
    left: i32,
    right: i32,
    below: i32,
}

/// Room above the field, in nominal pixels; the name of the axis up stands there.
const ABOVE: i32 = 26;

/// Draws axes, ticks and thin lines across, and writes at the top left what the axis up counts.
fn frame<'a>(
    area: &Area<'a>,
    margins: Margins,
    across: Scale,
    up: Scale,
    counts: &str,
) -> Result<Chart<'a>, DrawError> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(ABOVE * GRID)
        .margin_right(margins.right * GRID)
        .x_label_area_size(margins.below * GRID)
        .y_label_area_size(margins.left * GRID)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(Ink::Grid.line(3))
        .light_line_style(Ink::Grid.color().mix(0.0))
        .axis_style(Ink::Axis.line(4))
        .label_style(Ink::Label.text(12.0))
        .set_all_tick_mark_size(5 * GRID)
        .draw()?;
    let corner = (margins.left * GRID, 5 * GRID);
    area.draw(&Text::new(counts.to_owned(), corner, Ink::Label.text(12.0)))?;
    Ok(chart)
}

fn chart_name(id: &str) -> &'static str {
    match id {
        "raise" => "the raise",
        "price" => "the price",
        "lorenz" => "the Lorenz curve",
        "sizes" => "the sizes of holdings",
        "supply" => "the supply",
        _ => "the page",
    }
}

/// Turns the library's document into a part of the page: classes for colours, no size, no font, a
/// title and a description.
fn dress(raw: &str, format: Format, caption: Caption<'_>) -> String {
    let (width, height) = format.size();
    let (id, shape) = (caption.id, format.name());
    let head = maud::html! {
        title id={ (id) "-" (shape) "-title" } { (caption.title) }
        desc id={ (id) "-" (shape) "-desc" } { (caption.description) }
    };
    let mut svg = format!(
        "<svg class=\"chart {shape}\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-{shape}-title {id}-{shape}-desc\">{}",
        width * GRID,
        height * GRID,
        head.into_string(),
    );
    let body = raw.split_once('>').map_or("", |(_, body)| body);
    let body = body
        .replace(" opacity=\"1\"", "")
        .replace(" font-family=\"sans-serif\"", "");
    // `fill="#F15E03"` becomes `class="fill-raise"`. Texts cannot contain the mark: their quotes
    // are escaped.
    let mut parts = body.split("=\"#F15E");
    svg.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let property = if svg.ends_with("stroke") {
            "stroke"
        } else {
            "fill"
        };
        svg.truncate(svg.len() - property.len());
        let role = part
            .get(..2)
            .and_then(|hex| usize::from_str_radix(hex, 16).ok())
            .and_then(|index| Ink::ALL.get(index))
            .map_or("label", |(_, name)| name);
        svg.push_str("class=\"");
        svg.push_str(if property == "stroke" {
            "line-"
        } else {
            "fill-"
        });
        svg.push_str(role);
        svg.push_str(part.get(2..).unwrap_or_default());
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_roles_is_in_the_order_of_the_enum() {
        for (place, (ink, name)) in Ink::ALL.iter().enumerate() {
            assert_eq!(*ink as usize, place, "{name}");
            assert_eq!(ink.name(), *name);
        }
    }

    #[test]
    fn colours_become_classes_and_the_size_becomes_a_view_box() {
        let raw = "<svg width=\"1360\" height=\"1120\" viewBox=\"0 0 1360 1120\" xmlns=\"x\">\n\
                   <line opacity=\"1\" stroke=\"#F15E03\" x1=\"0\"/>\
                   <text font-family=\"sans-serif\" \
                       fill=\"#F15E00\">fill=&quot;#F15E03&quot;</text></svg>";
        let caption = Caption {
            id: "raise",
            title: "<T>",
            description: "D",
        };
        assert_eq!(
            dress(raw, Format::Narrow, caption),
            "<svg class=\"chart narrow\" viewBox=\"0 0 1360 1120\" role=\"img\" \
             aria-labelledby=\"raise-narrow-title raise-narrow-desc\">\
             <title id=\"raise-narrow-title\">&lt;T&gt;</title>\
             <desc id=\"raise-narrow-desc\">D</desc>\n\
             <line class=\"line-raise\" x1=\"0\"/>\
             <text class=\"fill-label\">fill=&quot;#F15E03&quot;</text></svg>"
        );
    }
}
