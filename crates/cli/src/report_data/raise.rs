//! The raise over the sale, collected while the sale is settled.

use softcap_offering::{
    Stamp, Value,
    terms::{ClockKind, Terms},
};

use crate::report::{Column, PositionAxis, SeriesPoint};

/// Most columns; each holds at most four points, so a series has at most 4,096.
const MOST_COLUMNS: usize = 1_024;

/// What was raised after each contribution, thinned so that its memory does not grow with the sale:
/// stretches of 2^k observations, each with its first, lowest, highest and last point. When there
/// are too many stretches, neighbours become one and k grows.
#[derive(Debug, Clone)]
pub(crate) struct RaiseSeries {
    axis: PositionAxis,
    /// Closed stretches and the open one, which is the last.
    columns: Vec<Column>,
    /// Observations in a whole stretch.
    stretch: usize,
    /// Observations in the open stretch.
    open: usize,
    /// Observations so far.
    seen: usize,
    /// Contributions so far.
    contributions: i64,
}

impl RaiseSeries {
    /// An empty series on the axis that the terms' clock gives: time, the height of their one chain,
    /// or the order of contributions, because heights of several chains do not compare.
    pub(crate) fn new(terms: &Terms) -> Self {
        let axis = match (terms.clock.kind, terms.clock.lines.as_slice()) {
            (ClockKind::Time, _) => PositionAxis::UnixMillis,
            (ClockKind::Block, [chain]) => PositionAxis::BlockHeight {
                chain: chain.clone(),
            },
            (ClockKind::Block, _) => PositionAxis::RowOrder,
        };
        Self {
            axis,
            columns: Vec::new(),
            stretch: 1,
            open: 0,
            seen: 0,
            contributions: 0,
        }
    }

    /// Notes what is raised after a contribution at `stamp`, refused ones included.
    pub(crate) fn observe(&mut self, stamp: Stamp, raised: Value) {
        self.contributions = self.contributions.saturating_add(1);
        self.note(stamp, raised);
    }

    /// Notes what is raised after an entry that is no contribution: a withdrawal, a return, a tick.
    /// Where it changed nothing it leaves no point, so that an announcement long before the sale does
    /// not stretch the axis. In the order of contributions a change stands at the one before it.
    pub(crate) fn observe_change(&mut self, stamp: Stamp, raised: Value) {
        if raised != self.last() {
            self.note(stamp, raised);
        }
    }

    fn note(&mut self, stamp: Stamp, raised: Value) {
        let x = match self.axis {
            PositionAxis::UnixMillis | PositionAxis::BlockHeight { .. } => {
                i64::try_from(stamp.position.0).unwrap_or(i64::MAX)
            }
            PositionAxis::RowOrder => self.contributions,
        };
        self.push(SeriesPoint { x, value: raised.0 });
    }

    fn push(&mut self, point: SeriesPoint) {
        let place = self.seen;
        self.seen += 1;
        match self.columns.last_mut() {
            Some(column) if self.open < self.stretch => {
                column.add(place, point);
                self.open += 1;
            }
            Some(_) | None => {
                if self.columns.len() >= MOST_COLUMNS {
                    self.halve();
                }
                self.columns.push(Column::open(0, place, point));
                self.open = 1;
            }
        }
    }

    /// Makes one stretch of each two. Their number is even here, and all of them are whole.
    fn halve(&mut self) {
        let mut old = std::mem::take(&mut self.columns).into_iter();
        while let Some(mut first) = old.next() {
            if let Some(second) = old.next() {
                first.append(second);
            }
            self.columns.push(first);
        }
        self.stretch *= 2;
    }

    /// What its positions count.
    pub(super) fn axis(&self) -> &PositionAxis {
        &self.axis
    }

    /// What was raised at the end of the series; nothing before the first observation.
    pub(super) fn last(&self) -> Value {
        Value(self.columns.last().map_or(0, |column| column.last().value))
    }

    /// The points in the order of the record; none when nothing was ever raised.
    ///
    /// `settled` is what the settlement found, with its position. Where that differs from the last
    /// observation (a batch round decides at the end) it is one more point.
    pub(super) fn points(&self, settled: Option<(Stamp, Value)>) -> Vec<SeriesPoint> {
        let mut points = Vec::with_capacity(self.columns.len() * 4);
        for column in &self.columns {
            column.clone().close(&mut points);
        }
        if points.iter().all(|point| point.value == 0) {
            return Vec::new();
        }
        if let (Some((stamp, raised)), Some(last)) = (settled, points.last().copied())
            && raised.0 != last.value
        {
            let x = match self.axis {
                PositionAxis::UnixMillis | PositionAxis::BlockHeight { .. } => {
                    i64::try_from(stamp.position.0).unwrap_or(i64::MAX)
                }
                PositionAxis::RowOrder => last.x,
            };
            points.push(SeriesPoint {
                x: x.max(last.x),
                value: raised.0,
            });
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use softcap_offering::{LineIndex, Position};

    use super::*;

    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");
    const COUNTERPARTY: &str =
        include_str!("../../../../examples/history/counterparty-2014/offering.toml");
    const COSMOS: &str = include_str!("../../../../examples/history/cosmos-2017/offering.toml");

    fn series(text: &str) -> RaiseSeries {
        RaiseSeries::new(&Terms::parse(text).unwrap())
    }

    fn stamp(line: u8, position: u64) -> Stamp {
        Stamp {
            line: LineIndex(line),
            position: Position(position),
        }
    }

    fn points(series: &RaiseSeries) -> Vec<(i64, u128)> {
        series
            .points(None)
            .into_iter()
            .map(|point| (point.x, point.value))
            .collect()
    }

    #[test]
    fn the_axis_follows_the_clock() {
        assert!(matches!(series(STARTER).axis(), PositionAxis::UnixMillis));
        let axis = series(COUNTERPARTY).axis().clone();
        assert!(matches!(axis, PositionAxis::BlockHeight { chain } if chain == "bitcoin"));
        let mut cosmos = series(COSMOS);
        cosmos.observe(stamp(0, 460_654), Value(5));
        cosmos.observe(stamp(1, 3_484_400), Value(9));
        cosmos.observe_change(stamp(0, 460_655), Value(4));
        cosmos.observe(stamp(0, 460_656), Value(6));
        assert_eq!(points(&cosmos), [(1, 5), (2, 9), (2, 4), (3, 6)]);
        assert_eq!(cosmos.last(), Value(6));
    }

    #[test]
    fn what_settlement_changed_is_one_more_point() {
        let mut raise = series(STARTER);
        raise.observe(stamp(0, 100), Value(50));
        let closed = |value| raise.points(Some((stamp(0, 900), Value(value))));
        assert_eq!(closed(50), [SeriesPoint { x: 100, value: 50 }]);
        let cut = [
            SeriesPoint { x: 100, value: 50 },
            SeriesPoint { x: 900, value: 30 },
        ];
        assert_eq!(closed(30), cut);
    }

    #[test]
    fn an_entry_that_moves_no_money_leaves_no_point() {
        let mut raise = series(STARTER);
        raise.observe_change(stamp(0, 0), Value(0));
        raise.observe(stamp(0, 100), Value(0)); // refused, and still a contribution
        raise.observe_change(stamp(0, 150), Value(0));
        raise.observe(stamp(0, 200), Value(7));
        raise.observe_change(stamp(0, 300), Value(7));
        raise.observe_change(stamp(0, 400), Value(2));
        assert_eq!(points(&raise), [(100, 0), (200, 7), (400, 2)]);
    }

    #[test]
    fn a_sale_that_took_nothing_has_no_curve() {
        let mut raise = series(STARTER);
        raise.observe(stamp(0, 100), Value(0));
        assert_eq!(raise.points(None), []);
        assert_eq!(series(STARTER).last(), Value(0));
    }

    #[test]
    fn a_million_observations_keep_both_ends_and_a_lone_peak_in_bounded_memory() {
        let mut raise = series(STARTER);
        for n in 0..1_000_000_u64 {
            let value = if n == 654_321 {
                5_000_000
            } else {
                u128::from(n)
            };
            raise.observe(stamp(0, n), Value(value));
        }
        let points = points(&raise);
        assert!(
            (500..=4 * MOST_COLUMNS).contains(&points.len()),
            "{} points",
            points.len()
        );
        assert_eq!(points.first(), Some(&(0, 0)));
        assert_eq!(points.last(), Some(&(999_999, 999_999)));
        assert!(points.contains(&(654_321, 5_000_000)));
    }

    proptest! {
        #[test]
        fn thinning_drops_points_but_keeps_order_and_extremes(
            values in prop::collection::vec(0..50_u128, 1..6_000),
        ) {
            let mut raise = series(STARTER);
            for (place, value) in (0..).zip(&values) {
                raise.observe(stamp(0, place), Value(*value));
            }
            let kept = points(&raise);
            prop_assert_eq!(raise.last(), Value(*values.last().unwrap()));
            if values.iter().all(|value| *value == 0) {
                prop_assert_eq!(kept, []);
                return Ok(());
            }
            prop_assert!(kept.len() <= 4 * MOST_COLUMNS);
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            for (x, value) in &kept {
                prop_assert_eq!(values[usize::try_from(*x).unwrap()], *value);
            }
            let seen = || kept.iter().map(|(_, value)| *value);
            prop_assert_eq!(seen().max(), values.iter().copied().max());
            prop_assert_eq!(seen().min(), values.iter().copied().min());
            if values.len() <= MOST_COLUMNS {
                prop_assert_eq!(kept.len(), values.len());
            }
        }
    }
}
