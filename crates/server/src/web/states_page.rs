//! What the states of a contribution mean: all of them, for who wants to know before it happens.

use askama::Template;
use axum::response::Response;

use super::{
    language::{Language, Value},
    page::page,
    state_words::{Told, tell},
    visit::Visit,
};
use crate::{contribution_state::State, problem::ApiError};

/// Stands where a page of a contribution has a number or a name.
const BLANK: &str = "…";
/// The values that sentences may name.
pub(super) const VALUES: [&str; 19] = [
    "amount", "accepted", "change", "tokens", "given", "all", "sequence", "round", "rule", "place",
    "item", "usual", "seen", "hash", "fee", "got", "asked", "price", "source",
];

struct Row {
    code: &'static str,
    rail: &'static str,
    told: Told,
    buttons: String,
}

#[derive(Template)]
#[template(path = "states.html")]
struct StatesPage {
    visit: Visit,
    rows: Vec<Row>,
}

pub(super) async fn states(visit: Visit) -> Result<Response, ApiError> {
    let language = visit.language;
    let values = VALUES.map(|name| (name, Value::Text(BLANK)));
    let rows = State::ALL.iter().map(|state| Row {
        code: state.code(),
        rail: state.rail().words(),
        told: tell(language, *state, &values, None),
        buttons: buttons(language, *state),
    });
    page(&StatesPage {
        rows: rows.collect(),
        visit,
    })
}

/// What can be done in a state, the main thing first.
pub(super) fn buttons(language: Language, state: State) -> String {
    let names = state.buttons().iter();
    let all: Vec<String> = names
        .map(|name| language.say(&format!("button-{name}")))
        .collect();
    all.join("; ")
}
