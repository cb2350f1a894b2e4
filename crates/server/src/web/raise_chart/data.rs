//! The numbers of the picture: exact texts for people, lengths for a drawing.

use std::fmt::Write as _;

use serde::Serialize;
use softcap_offering::{Offering, Ratio, terms::Terms};

use super::{
    amounts,
    price::{PricePoint, price_path},
};
use crate::{
    raise_history::Series,
    token_cost::TokenCost,
    web::{
        language::{Language, Value},
        offering_card::{cap_value, windows},
        times::When,
    },
};

/// The columns of the table that is saved.
pub(super) const RAISED_COLUMNS: &str = "at,counted,unit";
/// Width and height in which the server draws.
const WIDE: u32 = 600;
const HIGH: u32 = 200;

/// A moment with what a program draws and a person reads.
type DrawnPoint = (u64, String, String);

/// What the script draws.
#[derive(Debug, Serialize)]
pub(super) struct ChartData {
    /// Where the sale begins and ends, and where the record is, in unix milliseconds.
    from: u64,
    until: u64,
    now: u64,
    /// Where the picture of what came in ends.
    raise_until: u64,
    /// Milliseconds that are one point.
    width: u64,
    soft: Option<String>,
    hard: Option<String>,
    /// What counts, by the time at which it came in.
    raised: Vec<DrawnPoint>,
    /// From when on a token costs how much; no figure: nothing is sold.
    price: Vec<(u64, Option<(String, String)>)>,
}

impl ChartData {
    pub(super) fn new(language: Language, offering: &Offering, series: &Series) -> Self {
        let terms = offering.terms();
        let unit = &terms.numeraire;
        let plain = |units: u128| amounts::plain(units, unit.decimals);
        let frame = Frame::of(offering, series);
        let raised = series.points().into_iter().map(|point| {
            let shown = amounts::value(language, terms, point.sum);
            (point.at, shown.plain, shown.text)
        });
        let price = price_path(offering).into_iter().map(|(at, price)| {
            let figure = price.and_then(|price| {
                let cost = TokenCost::of(terms, price)?;
                let plain = amounts::plain(cost.units, cost.places);
                Some((plain, amounts::price(language, terms, price)?))
            });
            (at.0, figure)
        });
        Self {
            from: frame.from,
            until: frame.until,
            now: frame.now,
            raise_until: frame.so_far().until,
            width: series.width(),
            soft: cap_value(terms.soft_cap).map(plain),
            hard: cap_value(terms.hard_cap).map(plain),
            raised: raised.collect(),
            price: price.collect(),
        }
    }
}

/// A row of the table below the picture.
pub(in crate::web) struct ChartRow {
    pub(in crate::web) at: When,
    pub(in crate::web) text: String,
}

/// What the page of an offering shows.
pub(in crate::web) struct ChartView {
    /// The line, from the begin to now.
    pub(in crate::web) line: String,
    /// The same with the surface below it.
    pub(in crate::web) surface: String,
    /// How far below the top the caps are.
    pub(in crate::web) soft_at: Option<u32>,
    pub(in crate::web) hard_at: Option<u32>,
    pub(in crate::web) soft_cap: Option<String>,
    pub(in crate::web) hard_cap: Option<String>,
    pub(in crate::web) span: Span,
    /// The picture in a sentence.
    pub(in crate::web) finding: String,
    pub(in crate::web) rows: Vec<ChartRow>,
    pub(in crate::web) price: Option<PriceView>,
}

/// What a picture is of: its ends, and where between them the record is.
pub(in crate::web) struct Span {
    pub(in crate::web) from: When,
    pub(in crate::web) until: When,
    /// Where the record is now; none after the end.
    pub(in crate::web) now_at: Option<u32>,
}

/// The price over time.
pub(in crate::web) struct PriceView {
    pub(in crate::web) span: Span,
    /// What was, and what comes.
    pub(in crate::web) past: String,
    pub(in crate::web) coming: String,
    pub(in crate::web) finding: String,
    pub(in crate::web) rows: Vec<ChartRow>,
}

/// Begin, end and now of the picture.
struct Frame {
    from: u64,
    until: u64,
    now: u64,
}

impl Frame {
    /// The windows of the sale, and what came outside of them.
    fn of(offering: &Offering, series: &Series) -> Self {
        let points = series.points();
        let all = || windows(offering.terms(), offering).map(|(_, window)| window);
        let begins = all().map(|window| window.from.0);
        let ends = all().map(|window| window.end_exclusive().0);
        let first = points.first().map(|point| point.at);
        let last = points.last().map(|point| point.at);
        let from = begins.chain(first).min().unwrap_or(0);
        let until = ends.chain(last).max().unwrap_or(from);
        Self {
            from,
            until: until.max(from.saturating_add(1)),
            now: offering.now_stamp().position.0,
        }
    }

    /// The same without most of what is to come: before the end what was takes two thirds of the picture, so that the first
    /// days of a long sale are more than its left edge.
    fn so_far(&self) -> Self {
        let gone = self.now.saturating_sub(self.from);
        let seen = self.now.saturating_add(gone / 2);
        Self {
            until: self.until.min(seen).max(self.from.saturating_add(1)),
            ..*self
        }
    }

    fn span(&self, language: Language) -> Span {
        Span {
            from: When::new(language, self.from),
            until: When::new(language, self.until),
            now_at: (self.now < self.until).then(|| self.across(self.now)),
        }
    }

    fn across(&self, at: u64) -> u32 {
        let at = at.clamp(self.from, self.until) - self.from;
        amounts::length(u128::from(at), u128::from(self.until - self.from), WIDE)
    }
}

impl ChartView {
    /// `None` before anything came in.
    pub(super) fn new(language: Language, offering: &Offering, series: &Series) -> Option<Self> {
        let terms = offering.terms();
        let points = series.points();
        let last = points.last()?;
        let whole = Frame::of(offering, series);
        let frame = whole.so_far();
        let (soft, hard) = (cap_value(terms.soft_cap), cap_value(terms.hard_cap));
        let top = [hard, soft, Some(series.total())];
        let top = top.into_iter().flatten().max().unwrap_or(1).max(1);
        let down = |value: u128| HIGH - amounts::length(value, top, HIGH);
        let mut line = format!("M{} {HIGH}", frame.across(frame.from));
        for point in &points {
            let _ = write!(line, "H{}V{}", frame.across(point.at), down(point.sum));
        }
        let end = frame.across(frame.now.max(last.at));
        let _ = write!(line, "H{end}");
        let shown = |units: u128| amounts::value(language, terms, units).text;
        let so_far = shown(last.sum);
        let when = When::new(language, last.at);
        let values = [
            ("raised", Value::Text(&so_far)),
            ("when", Value::Text(&when.text)),
        ];
        let rows = points.iter().map(|point| ChartRow {
            at: When::new(language, point.at),
            text: shown(point.sum),
        });
        Some(Self {
            surface: format!("{line}V{HIGH}Z"),
            line,
            soft_at: soft.map(down),
            hard_at: hard.map(down),
            soft_cap: soft.map(shown),
            hard_cap: hard.map(shown),
            span: frame.span(language),
            finding: language.tell("chart-finding", &values),
            rows: rows.collect(),
            price: PriceView::new(language, offering, &whole),
        })
    }
}

impl PriceView {
    fn new(language: Language, offering: &Offering, frame: &Frame) -> Option<Self> {
        let terms = offering.terms();
        let path = price_path(offering);
        let stretches = stretches(terms, &path, frame.until);
        let costs = || {
            stretches
                .iter()
                .map(|stretch| (stretch.cost, stretch.price))
        };
        let (top, highest) = costs().max_by_key(|(cost, _)| *cost)?;
        let (_, lowest) = costs().min_by_key(|(cost, _)| *cost)?;
        let (mut past, mut coming) = (String::new(), String::new());
        for stretch in &stretches {
            let high = HIGH - amounts::length(stretch.cost, top, HIGH);
            let draw = |text: &mut String, from: u64, until: u64| {
                if from < until {
                    let (from, until) = (frame.across(from), frame.across(until));
                    let _ = write!(text, "M{from} {high}H{until}");
                }
            };
            draw(&mut past, stretch.from, stretch.until.min(frame.now));
            draw(&mut coming, stretch.from.max(frame.now), stretch.until);
        }
        let words = |price| amounts::price(language, terms, price);
        let (highest, lowest) = (words(highest)?, words(lowest)?);
        let values = [
            ("lowest", Value::Text(&lowest)),
            ("highest", Value::Text(&highest)),
        ];
        let finding = language.tell("chart-price-finding", &values);
        Some(Self {
            span: frame.span(language),
            past,
            coming,
            finding,
            rows: price_rows(language, terms, &path),
        })
    }
}

/// A time in which a token costs the same.
struct Stretch {
    from: u64,
    until: u64,
    cost: u128,
    price: Ratio,
}

fn stretches(terms: &Terms, path: &[PricePoint], end: u64) -> Vec<Stretch> {
    let ends = path.iter().skip(1).map(|(at, _)| at.0).chain([end]);
    let both = path.iter().zip(ends);
    let known = both.filter_map(|((from, price), until)| {
        let price = (*price)?;
        Some(Stretch {
            from: from.0,
            until,
            cost: TokenCost::of(terms, price)?.units,
            price,
        })
    });
    known.collect()
}

fn price_rows(language: Language, terms: &Terms, path: &[PricePoint]) -> Vec<ChartRow> {
    let rows = path.iter().map(|(at, price)| {
        let text = price.and_then(|price| amounts::price(language, terms, price));
        ChartRow {
            at: When::at(language, *at),
            text: text.unwrap_or_else(|| language.say("chart-price-none")),
        }
    });
    rows.collect()
}
