//! Series for the charts, and how a long one is made short without changing its picture.

/// A value at a position. What both count is said by the owner of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesPoint {
    /// Unix milliseconds, block height or place in the order.
    pub(crate) x: i64,
    /// In smallest units.
    pub(crate) value: u128,
}

/// Shortens a series to at most `limit` points (but never below 4), for drawing.
///
/// The range of positions is cut into columns of equal width, and each keeps its first, lowest,
/// highest and last point: what a line chart of that many pixels shows stays the same, and no
/// extreme is lost. The first and the last point of the series are always kept. A series that is
/// short enough comes back whole.
///
/// Positions never run back in the result: a point before its predecessor is drawn at its
/// predecessor's position (block times of real chains do run back by seconds).
///
/// The iterator is walked a few times and never collected, so a cumulative sum over millions of
/// contributions costs no memory.
pub(crate) fn downsample<I>(points: I, limit: usize) -> Vec<SeriesPoint>
where
    I: Iterator<Item = SeriesPoint> + Clone,
{
    let points = in_order(points);
    let (Some(first), Some((count, last))) = (
        points.clone().next(),
        points.clone().enumerate().last().map(|(i, p)| (i + 1, p)),
    ) else {
        return Vec::new();
    };
    if count <= limit {
        return points.collect();
    }
    // A column of a rising curve keeps two distinct points, one of any curve at most four: the
    // finer cut is tried first.
    let fine = thin(points.clone(), first.x, last.x, limit / 2);
    if fine.len() <= limit {
        return fine;
    }
    thin(points, first.x, last.x, limit / 4)
}

/// Lifts each position to the highest one before it.
fn in_order<I>(points: I) -> impl Iterator<Item = SeriesPoint> + Clone
where
    I: Iterator<Item = SeriesPoint> + Clone,
{
    points.scan(i64::MIN, |highest, point| {
        *highest = point.x.max(*highest);
        Some(SeriesPoint {
            x: *highest,
            value: point.value,
        })
    })
}

/// The points of one stretch of a series that matter: its first, lowest, highest and last, with
/// their places in the series.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    index: i128,
    kept: [(usize, SeriesPoint); 4],
}

impl Column {
    /// A stretch that begins with a point.
    pub(crate) fn open(index: i128, place: usize, point: SeriesPoint) -> Self {
        Self {
            index,
            kept: [(place, point); 4],
        }
    }

    /// Takes one more point, whose place is after all others.
    pub(crate) fn add(&mut self, place: usize, point: SeriesPoint) {
        let [_, lowest, highest, last] = &mut self.kept;
        if point.value < lowest.1.value {
            *lowest = (place, point);
        }
        if point.value > highest.1.value {
            *highest = (place, point);
        }
        *last = (place, point);
    }

    /// Makes one stretch of this one and the one that follows it.
    pub(crate) fn append(&mut self, next: Self) {
        for (place, point) in next.in_order() {
            self.add(place, point);
        }
    }

    /// The last point.
    pub(crate) fn last(&self) -> SeriesPoint {
        let [.., (_, point)] = self.kept;
        point
    }

    fn in_order(mut self) -> [(usize, SeriesPoint); 4] {
        self.kept.sort_unstable_by_key(|(place, _)| *place);
        self.kept
    }

    /// Its points in the order of the series, each once.
    pub(crate) fn close(self, into: &mut Vec<SeriesPoint>) {
        let mut before = None;
        for (place, point) in self.in_order() {
            if before != Some(place) {
                into.push(point);
            }
            before = Some(place);
        }
    }
}

/// First, lowest, highest and last of each of `columns` equal columns between `from` and `to`.
fn thin<I>(points: I, from: i64, to: i64, columns: usize) -> Vec<SeriesPoint>
where
    I: Iterator<Item = SeriesPoint>,
{
    let columns = columns.max(1);
    let wide = i128::try_from(columns).unwrap_or(i128::MAX);
    // The last position falls into the last column, not behind it.
    let span = i128::from(to) - i128::from(from) + 1;
    let mut kept = Vec::with_capacity(columns * 4);
    let mut open: Option<Column> = None;
    for (place, point) in points.enumerate() {
        let index = (i128::from(point.x) - i128::from(from)) * wide / span;
        match &mut open {
            Some(column) if column.index == index => column.add(place, point),
            Some(_) | None => {
                if let Some(column) = open.replace(Column::open(index, place, point)) {
                    column.close(&mut kept);
                }
            }
        }
    }
    if let Some(column) = open {
        column.close(&mut kept);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(x: i64, value: u128) -> SeriesPoint {
        SeriesPoint { x, value }
    }

    #[test]
    fn nothing_stays_nothing_and_a_short_series_stays_whole() {
        assert_eq!(downsample(std::iter::empty(), 600), Vec::new());
        let short: Vec<_> = (0..600).map(|i| point(i, 5)).collect();
        assert_eq!(downsample(short.iter().copied(), 600), short);
    }

    #[test]
    fn a_million_rising_points_become_at_most_the_limit_and_use_it() {
        let rising = (0..1_000_000_i64).map(|i| point(i, u128::from(i.unsigned_abs())));
        let short = downsample(rising, 600);
        assert_eq!(short.len(), 600);
        assert_eq!(short.first(), Some(&point(0, 0)));
        assert_eq!(short.last(), Some(&point(999_999, 999_999)));
    }

    #[test]
    fn a_single_spike_among_a_million_points_survives() {
        let spiky = (0..1_000_000_i64).map(|i| point(i, if i == 777_777 { u128::MAX } else { 7 }));
        let short = downsample(spiky, 600);
        assert!(short.contains(&point(777_777, u128::MAX)));
        assert!(short.len() <= 600);
    }

    #[test]
    fn positions_that_run_back_are_lifted() {
        let points = [point(10, 1), point(9, 2), point(12, 3)];
        assert_eq!(
            downsample(points.into_iter(), 600),
            vec![point(10, 1), point(10, 2), point(12, 3)]
        );
    }

    #[test]
    fn the_whole_range_of_positions_does_not_overflow() {
        let points = [
            point(i64::MIN, 1),
            point(0, 9),
            point(1, 2),
            point(2, 3),
            point(i64::MAX, 4),
        ];
        assert_eq!(
            downsample(points.into_iter(), 4),
            vec![
                point(i64::MIN, 1),
                point(0, 9),
                point(1, 2),
                point(i64::MAX, 4)
            ]
        );
    }

    proptest! {
        #[test]
        fn ends_and_extremes_are_kept_and_nothing_is_invented(
            raw in prop::collection::vec((-50_i64..50, 0_u128..40), 1..300),
            limit in 4_usize..80,
        ) {
            let points: Vec<_> = raw.into_iter().map(|(x, v)| point(x, v)).collect();
            let whole = downsample(points.iter().copied(), usize::MAX);
            let short = downsample(points.iter().copied(), limit);
            prop_assert!(short.len() <= limit);
            prop_assert_eq!(short.first(), whole.first());
            prop_assert_eq!(short.last(), whole.last());
            let extremes = |points: &[SeriesPoint]| {
                let values = || points.iter().map(|p| p.value);
                (values().min(), values().max())
            };
            prop_assert_eq!(extremes(&short), extremes(&whole));
            let mut rest = whole.iter();
            for kept in &short {
                prop_assert!(rest.any(|p| p == kept), "invented or out of order: {kept:?}");
            }
        }
    }
}
