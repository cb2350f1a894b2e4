//! The addresses that every service has: health, numbers, version and the description of the interface.

mod code_text;
mod health_checks;
pub(crate) mod page_layout;

pub(crate) use code_text::CodeText;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::{
    extract::Json,
    forwarded::ClientAddress,
    health::Readiness,
    metrics::{Metrics, OPENMETRICS},
    openapi::document_text,
    problem::{ApiError, Problem, ProblemCode},
};

/// Decides whether the key in these headers, from this address, has the scope `metrics:read`.
pub type MetricsPermission =
    Arc<dyn Fn(HeaderMap, ClientAddress) -> BoxFuture<'static, Result<(), ApiError>> + Send + Sync>;

/// What the addresses of the service itself need.
#[derive(Clone)]
pub struct System {
    /// The parts that `/readyz` asks.
    pub readiness: Readiness,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// Who may read it from elsewhere than this machine; `None`: nobody.
    pub metrics_permission: Option<MetricsPermission>,
}

static DOCUMENT: LazyLock<Result<String, String>> =
    LazyLock::new(|| document_text().map_err(|error| error.to_string()));

impl fmt::Debug for System {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("System")
            .field("readiness", &self.readiness)
            .finish_non_exhaustive()
    }
}

/// The routes. Nothing here needs a key, but `/metrics` from another machine.
pub fn system_routes(system: System) -> Router {
    Router::new()
        .route("/healthz", get(health_checks::alive))
        .route("/readyz", get(health_checks::ready))
        .route("/metrics", get(metrics))
        .route("/version", get(version))
        .route("/openapi.json", get(openapi_json))
        .with_state(system)
}

/// Their part of the reference.
#[derive(OpenApi)]
#[openapi(paths(health_checks::alive, health_checks::ready, metrics, version))]
pub(crate) struct SystemPaths;

/// Numbers for Prometheus
///
/// Open to this machine; from elsewhere it needs a key with the scope `metrics:read`.
#[utoipa::path(get, path = "/metrics", tag = "service", responses(
    (status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text", body = String),
    (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
))]
async fn metrics(
    State(system): State<System>,
    client: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    match system.metrics_permission {
        _ if client.is_local() => {}
        Some(permission) => permission(headers, client).await?,
        None => return Err(ProblemCode::NotAuthenticated.into()),
    }
    let text = system
        .metrics
        .to_text()
        .map_err(|error| ApiError::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}

/// The program that answers.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    /// Always `softcap`.
    name: &'static str,
    /// Its version.
    version: &'static str,
}

/// The program's version
#[utoipa::path(get, path = "/version", tag = "service", responses(
    (status = 200, description = "Name and version", body = Version),
))]
async fn version() -> Json<Version> {
    Json(Version {
        name: "softcap",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The description of the interface as it is served and read.
pub(crate) fn interface() -> Result<&'static str, ApiError> {
    let text = DOCUMENT.as_ref();
    let text = text.map_err(|error| ApiError::internal(error))?;
    Ok(text)
}

async fn openapi_json() -> Result<Response, ApiError> {
    Ok(([(header::CONTENT_TYPE, "application/json")], interface()?).into_response())
}
