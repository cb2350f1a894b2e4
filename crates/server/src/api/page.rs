//! Pages of lists whose rows have places that never change.

use std::ops::Range;

use crate::problem::ApiError;

/// Rows of a page at most, and without a wish.
const PAGE_MOST: usize = 1000;
const PAGE: usize = 100;

/// The rows from one place up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    places: Range<u32>,
    count: u32,
}

/// How many rows are asked for.
pub(super) fn rows(limit: Option<usize>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(PAGE);
    if limit == 0 || limit > PAGE_MOST {
        return Err(ApiError::invalid("limit", "1 to 1000"));
    }
    Ok(limit)
}

impl Page {
    /// The page after a place, of a list of so many rows.
    pub(super) fn new(
        after: Option<u32>,
        limit: Option<usize>,
        count: usize,
    ) -> Result<Self, ApiError> {
        let limit = u32::try_from(rows(limit)?).unwrap_or(u32::MAX);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let begin = after.map_or(0, |after| after.saturating_add(1)).min(count);
        Ok(Self {
            places: begin..begin.saturating_add(limit).min(count),
            count,
        })
    }

    pub(super) fn places(&self) -> Range<u32> {
        self.places.clone()
    }

    /// What to ask for to get the next page, if there is one.
    pub(super) fn next(&self) -> Option<u32> {
        (self.places.end < self.count).then(|| self.places.end.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        for (count, limit) in [(0, 1), (1, 1), (2, 1), (7, 3), (9, 3), (10, 1000)] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = Page::new(after, Some(limit), count).unwrap();
                assert!(page.places().len() <= limit);
                seen.extend(page.places());
                after = page.next();
                if after.is_none() {
                    break;
                }
            }
            let all: Vec<u32> = (0..).take(count).collect();
            assert_eq!(seen, all, "{count} by {limit}");
        }
    }

    #[test]
    fn a_page_beyond_the_end_is_empty_and_a_limit_has_bounds() {
        for after in [4, 5, u32::MAX] {
            let page = Page::new(Some(after), None, 5).unwrap();
            assert_eq!((page.places().len(), page.next()), (0, None), "{after}");
        }
        assert_eq!(rows(None).unwrap(), 100);
        for limit in [0, 1001, usize::MAX] {
            assert!(Page::new(None, Some(limit), 5).is_err(), "{limit}");
        }
        assert_eq!(Page::new(None, Some(1000), 5).unwrap().places(), 0..5);
    }
}
