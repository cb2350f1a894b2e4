//! The list of all offerings.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{
    offering_card::{OfferingCard, Shelf},
    page::page,
    visit::Visit,
};
use crate::{api::Service, extract::Query, problem::ApiError};

/// Which offerings are shown.
#[derive(Debug, Deserialize)]
pub(super) struct HomeQuery {
    #[serde(default)]
    show: Option<String>,
}

/// Offerings that are in the same part of their life.
struct Group {
    title: String,
    cards: Vec<OfferingCard>,
}

/// A link that shows fewer or more.
struct Filter {
    place: String,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    visit: Visit,
    filters: Vec<Filter>,
    groups: Vec<Group>,
    /// Whether there is no offering at all, shown or not.
    is_empty: bool,
}

pub(super) async fn home(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<HomeQuery>,
) -> Result<Response, ApiError> {
    let language = visit.language;
    let wished = query.show.as_deref();
    let chosen = Shelf::ALL
        .into_iter()
        .find(|shelf| Some(shelf.code()) == wished);
    let cards: Vec<OfferingCard> = service
        .journal()
        .offerings()
        .iter()
        .map(|log| OfferingCard::new(language, log))
        .collect();
    let of = |shelf: Shelf| cards.iter().filter(move |card| card.shelf == shelf);
    let mut filters = vec![Filter {
        place: "/".to_owned(),
        words: format!("{} ({})", language.say("filter-all"), cards.len()),
        is_chosen: chosen.is_none(),
    }];
    filters.extend(Shelf::ALL.into_iter().map(|shelf| Filter {
        place: format!("/?show={}", shelf.code()),
        words: format!("{} ({})", shelf_words(&visit, shelf), of(shelf).count()),
        is_chosen: chosen == Some(shelf),
    }));
    let shown = Shelf::ALL
        .into_iter()
        .filter(|shelf| chosen.is_none_or(|chosen| chosen == *shelf));
    let mut groups: Vec<Group> = shown
        .map(|shelf| Group {
            title: shelf_words(&visit, shelf),
            cards: of(shelf).cloned().collect(),
        })
        .collect();
    for group in &mut groups {
        group.cards.sort_by_key(|card| card.span);
    }
    groups.retain(|group| !group.cards.is_empty());
    page(&HomePage {
        visit,
        filters,
        groups,
        is_empty: cards.is_empty(),
    })
}

fn shelf_words(visit: &Visit, shelf: Shelf) -> String {
    match shelf {
        Shelf::Open => visit.say("shelf-open"),
        Shelf::Announced => visit.say("shelf-announced"),
        Shelf::Ended => visit.say("shelf-ended"),
    }
}
