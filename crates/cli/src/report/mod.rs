//! `report.html`: the one page an issuer publishes after a sale.
//!
//! [`render`] turns a [`ReportData`] into a self-contained HTML document: no script, nothing loaded
//! from outside, charts as inline SVG, light and dark scheme, readable at 360 pixels and on A4. The
//! same data gives the same bytes: the page knows no clock, no machine and no random identifier.
//!
//! The page computes no money. Amounts arrive formatted; integers arrive exact and are used for
//! shares (exact, in basis points) and for drawing. Floating point appears below `charts` only,
//! where it decides pixels.
//!
//! Every text of the data is escaped: names and symbols come from files that are read as if from an
//! enemy. The page also forbids itself scripts and outside resources by a content security policy.

mod charts;
mod data;
mod holdings;
mod page;
mod series;
mod share;
#[cfg(test)]
mod tests;

pub(crate) use data::{
    Amount, Commitments, CurrencyTotals, Fact, Outcome, PositionAxis, PriceView, RefusalCount,
    ReportData, ReturnTotal, RoundTerms, SupplyKind, SupplyShare, Unit, VerifyGuide,
};
pub(crate) use holdings::Holdings;
pub(crate) use series::{Column, SeriesPoint, downsample};
pub(crate) use share::grouped;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// A chart could not be drawn. The data does not cause this; it is a fault of the program.
    #[error(
        "E-REPORT-1: the chart of {chart} could not be drawn ({reason}); \
         this is a fault of softcap, please report it with the terms of the sale"
    )]
    Chart {
        /// What the chart shows.
        chart: &'static str,
        /// What the charting library said.
        reason: String,
    },
}

/// Renders the page as one HTML document in UTF-8.
///
/// Deterministic: equal data gives equal bytes.
///
/// # Errors
///
/// [`ReportError::Chart`] if the charting library fails, which no value of the data provokes.
pub(crate) fn render(data: &ReportData) -> Result<String, ReportError> {
    page::document(data)
}
