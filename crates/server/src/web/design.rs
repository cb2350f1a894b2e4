//! `/design`: every component of the pages with its name, for who builds pages and who checks them.

use askama::Template;
use axum::response::Response;

use super::{amounts, form::Errors, page::page, times::When, visit::Visit};
use crate::problem::ApiError;

/// 2026-03-02T12:00:00Z.
const SOME_TIME: u64 = 1_772_452_800_000;

#[derive(Template)]
#[template(path = "design.html")]
struct DesignPage {
    visit: Visit,
    errors: Errors,
    when: When,
    sum: amounts::Shown,
    colours: [&'static str; 9],
}

pub(super) async fn design(visit: Visit) -> Result<Response, ApiError> {
    let language = visit.language;
    let mut errors = Errors::default();
    errors.add("example-amount", language.say("amount-not-a-number"));
    page(&DesignPage {
        when: When::new(language, SOME_TIME),
        sum: amounts::amount(language, 123_456_789, 2, "EUR"),
        errors,
        visit,
        colours: [
            "page", "paper", "ink", "quiet", "act", "good", "poor", "stop", "info",
        ],
    })
}
