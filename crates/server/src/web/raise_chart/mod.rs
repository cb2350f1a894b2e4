//! The raise over time, and the price: a picture of the server with its table for everybody; where a script runs, the same
//! numbers are drawn by uPlot, and go on by themselves.

mod data;
mod price;

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use softcap_journal::OfferingLog;
use softcap_offering::terms::ClockKind;

pub(super) use data::ChartView;
use data::{ChartData, RAISED_COLUMNS};

use super::{amounts, language::Language, times::When, visit::Visit};
use crate::{
    api::Service,
    extract::Path,
    problem::{ApiError, ProblemCode},
    raise_history::Series,
};

/// The numbers of the picture, for scripts and for tables.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/offerings/{offering}/raise.json", get(json))
        .route("/offerings/{offering}/raise.csv", get(csv))
}

/// What the page of an offering shows.
pub(super) enum Drawn {
    /// The picture.
    Now(Box<ChartView>),
    /// So much came in that it is added up first.
    Later,
    /// Nothing came in yet, or no clock of time runs.
    Nothing,
}

/// The picture, without keeping anybody waiting for it: what takes longer is done aside.
pub(super) fn chart(service: &Arc<Service>, language: Language, log: &Arc<OfferingLog>) -> Drawn {
    if log.terms.clock.kind != ClockKind::Time {
        return Drawn::Nothing;
    }
    let Some(series) = series(service, log) else {
        return Drawn::Later;
    };
    let state = log.sequencer.read();
    let view = ChartView::new(language, state.machine().offering(), &series);
    view.map_or(Drawn::Nothing, |view| Drawn::Now(Box::new(view)))
}

/// The history, if little is missing; what takes longer is begun aside, once.
fn series(service: &Arc<Service>, log: &Arc<OfferingLog>) -> Option<Arc<Series>> {
    let histories = service.raise_histories();
    let known = histories.peek(log, service.now());
    if known.is_none() && histories.begins(log) {
        let (service, log) = (Arc::clone(service), Arc::clone(log));
        tokio::task::spawn_blocking(move || {
            service.raise_histories().complete(&log, service.now());
        });
    }
    known
}

async fn json(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let series = series(&service, &log).ok_or(ProblemCode::Busy)?;
    let state = log.sequencer.read();
    let data = ChartData::new(visit.language, state.machine().offering(), &series);
    Ok(Json(data).into_response())
}

async fn csv(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let series = series(&service, &log).ok_or(ProblemCode::Busy)?;
    let unit = &log.terms.numeraire;
    let mut text = format!("{RAISED_COLUMNS}\r\n");
    for point in series.points() {
        let at = When::new(Language::English, point.at).iso;
        let sum = amounts::plain(point.sum, unit.decimals);
        let _ = write!(text, "{at},{sum},{}\r\n", unit.symbol);
    }
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"raise.csv\""),
        ),
    ];
    Ok((headers, text).into_response())
}
