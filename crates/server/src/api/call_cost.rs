//! What a call takes of its caller's limit.

use std::num::NonZeroU32;

use axum::{extract::MatchedPath, http::request::Parts};

/// Everything that is not named here.
const USUAL: NonZeroU32 = NonZeroU32::MIN;

/// Calls that compute or read much, by the end of their route: so many usual ones each.
const DEAR: [(&str, u32); 9] = [
    ("/bundle", 20),
    ("/simulate", 20),
    ("/check", 5),
    ("/imports", 20),
    ("/export", 20),
    ("/trail", 10),
    ("/v1/audit", 5),
    ("/announcement", 10),
    ("/settlement", 10),
];

/// The cost of the route that a request goes to.
pub(super) fn cost_of(parts: &Parts) -> NonZeroU32 {
    let route = parts.extensions.get::<MatchedPath>();
    route.map_or(USUAL, |route| cost(route.as_str()))
}

fn cost(route: &str) -> NonZeroU32 {
    let mut dear = DEAR.iter();
    let found = dear.find(|(end, _)| route.ends_with(end));
    found
        .and_then(|(_, cost)| NonZeroU32::new(*cost))
        .unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_computes_much_costs_more() {
        for (route, expected) in [
            ("/v1/offerings/{offering}/contributions", 1),
            ("/v1/offerings/{offering}/bundle", 20),
            ("/v1/offerings/simulate", 20),
            ("/v1/drafts/{draft}/simulate", 20),
            ("/v1/drafts/{draft}/check", 5),
            ("/v1/audit", 5),
            ("/v1/audit/checkpoint", 1),
            ("/v1/incidents/{alert}/trail", 10),
        ] {
            assert_eq!(cost(route).get(), expected, "{route}");
        }
    }

    /// A name that no route has any more would cost nothing and say nothing.
    #[test]
    fn every_end_is_that_of_an_operation() {
        let document = crate::openapi::document();
        for (end, _) in DEAR {
            let mut paths = document.paths.paths.keys();
            assert!(paths.any(|path| path.ends_with(end)), "{end}");
        }
    }
}
