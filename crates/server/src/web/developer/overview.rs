//! Where somebody begins who connects a program.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::super::{page::page, visit::Visit};
use crate::{api::Service, problem::ApiError};

#[derive(Template)]
#[template(path = "developer/overview.html")]
struct OverviewPage {
    visit: Visit,
    origin: String,
}

pub(super) async fn overview(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    page(&OverviewPage {
        origin: service.origin().to_owned(),
        visit,
    })
}
