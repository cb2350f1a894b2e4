//! Ending mails by the address in their header: a page with a button for people, and one request for mail programs, which
//! come without a cookie and from no page of the site. Opening the address ends nothing, because scanners of mail do.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::super::{
    page::page,
    problem_page::problem_page,
    visit::{Visit, set_headers},
};
use crate::{
    api::{Service, of_database},
    extract::Path,
    notices::Unsubscribe,
    problem::{ApiError, Problem, ProblemCode},
};

#[derive(Template)]
#[template(path = "own_notices/unsubscribe.html")]
struct UnsubscribePage {
    visit: Visit,
    place: String,
    title: String,
    kind: String,
    is_done: bool,
}

type Parts = (String, String, String, String);

/// Outside of what surrounds pages: who ends mails is not logged in, and a mail program has no page of ours.
pub(in crate::web) fn routes() -> Router<Arc<Service>> {
    Router::new().route(
        "/unsubscribe/{person}/{offering}/{kind}/{code}",
        get(ask).post(end),
    )
}

async fn ask(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    uri: Uri,
    Path(parts): Path<Parts>,
) -> Response {
    let visit = Visit::unasked(&headers, &uri);
    answer(&visit, shown(&service, &visit, &parts, false))
}

async fn end(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    uri: Uri,
    Path(parts): Path<Parts>,
) -> Response {
    let visit = Visit::unasked(&headers, &uri);
    let ended = match read(&service, &parts) {
        Ok(these) => these.end(&service).await.map_err(of_database),
        Err(error) => Err(error),
    };
    let shown = match ended {
        Ok(()) => shown(&service, &visit, &parts, true),
        Err(error) => Err(error),
    };
    answer(&visit, shown)
}

fn read(service: &Service, parts: &Parts) -> Result<Unsubscribe, ApiError> {
    let (person, offering, kind, code) = parts;
    let read = Unsubscribe::read(service, (person, offering, kind), code);
    read.ok_or_else(|| ProblemCode::NotFound.into())
}

fn shown(
    service: &Service,
    visit: &Visit,
    parts: &Parts,
    is_done: bool,
) -> Result<Response, ApiError> {
    let these = read(service, parts)?;
    let log = service.journal().offering(&these.offering);
    page(&UnsubscribePage {
        place: visit.place.to_string(),
        title: log.map_or_else(|| these.offering.to_string(), |log| log.terms.name.clone()),
        kind: visit.say(&format!("notice-{}", these.kind.code())),
        is_done,
        visit: visit.clone(),
    })
}

/// With the headers of every page.
fn answer(visit: &Visit, shown: Result<Response, ApiError>) -> Response {
    let mut response = match shown {
        Ok(response) => response,
        Err(error) => {
            let mut response = error.into_response();
            match response.extensions_mut().remove::<Problem>() {
                Some(problem) => problem_page(visit, response.status(), &problem, None),
                None => response,
            }
        }
    };
    set_headers(response.headers_mut(), visit);
    response
}
