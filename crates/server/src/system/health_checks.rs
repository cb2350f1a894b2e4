//! `/healthz` for whoever restarts the process, `/readyz` for whoever sends it requests.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{extract::Json, health::ReadinessReport, system::System};

/// Whether the process lives
///
/// Answers as long as the process can answer anything.
#[utoipa::path(get, path = "/healthz", tag = "service", responses(
    (status = 200, description = "It lives", body = String, content_type = "text/plain"),
))]
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Whether requests can be served
///
/// Names each part with its state. 503 while a part is down or the service is being stopped.
#[utoipa::path(get, path = "/readyz", tag = "service", responses(
    (status = 200, description = "Every part can do its work", body = ReadinessReport),
    (status = 503, description = "A part cannot do its work", body = ReadinessReport),
))]
pub(super) async fn ready(State(system): State<System>) -> Response {
    let report = system.readiness.report();
    let ready = report.ready;
    let mut response = Json(report).into_response();
    if !ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(1));
    }
    response
}
