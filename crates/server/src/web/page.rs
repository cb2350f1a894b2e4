//! A template becomes an answer.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::problem::ApiError;

/// Room for a page, so that it is not copied as it grows.
const PAGE_BYTES: usize = 16 * 1024;

/// A page with status 200.
pub(crate) fn page(template: &impl Template) -> Result<Response, ApiError> {
    page_with(StatusCode::OK, template)
}

/// A page with another status: 422 with what was typed, 409 with what changed.
pub(crate) fn page_with(
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, ApiError> {
    let mut text = String::with_capacity(PAGE_BYTES);
    let rendered = template.render_into(&mut text);
    rendered.map_err(|error| ApiError::internal(&error))?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], text).into_response())
}

/// After a form: the page that shows what became of it, with GET.
pub(crate) fn see_other(place: &str) -> Result<Response, ApiError> {
    let place = HeaderValue::from_str(place).map_err(|error| ApiError::internal(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}
