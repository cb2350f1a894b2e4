//! Numbers for Prometheus. Labels are templates of routes and classes of status, never an id.

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The media type of the text form.
pub(crate) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds in seconds: a receipt takes milliseconds, a bundle may take seconds.
const BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

type Durations = Family<RequestLabels, Histogram, fn() -> Histogram>;

/// The service's numbers.
pub struct Metrics {
    registry: Registry,
    requests: Durations,
    /// Open connections.
    pub connections: Gauge<i64, AtomicI64>,
    /// Connections that were refused because there were too many.
    pub refused: Counter<u64, AtomicU64>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Metrics")
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    /// The numbers of the HTTP interface, after those that others registered in `registry` (what is
    /// counted there as it changes, or a `Collector` that reads it when asked, such as the depth of
    /// a queue).
    #[must_use]
    pub fn new(mut registry: Registry) -> Self {
        let requests: Durations = Family::new_with_constructor(histogram);
        let connections = Gauge::default();
        let refused = Counter::default();
        let add = registry.sub_registry_with_prefix("softcap_http");
        add.register_with_unit(
            "request_duration",
            "Time from a request's head to the head of its answer",
            Unit::Seconds,
            requests.clone(),
        );
        add.register("connections", "Open connections", connections.clone());
        add.register(
            "connections_refused",
            "Connections beyond the limit",
            refused.clone(),
        );
        Self {
            registry,
            requests,
            connections,
            refused,
        }
    }

    pub(crate) fn answered(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        duration: Duration,
    ) {
        let labels = RequestLabels {
            method: method_label(method),
            route: route.to_owned(),
            status: class(status),
        };
        self.requests
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// When a metric cannot be written, which is a defect of that metric.
    pub fn to_text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Methods are the client's to invent; only known ones are labels.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
