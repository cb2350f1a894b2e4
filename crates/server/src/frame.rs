//! What surrounds every route: request id, client address, limits, problems, headers, compression,
//! numbers and the log line. One layer, because each costs an allocation or two per request.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::body::Body as _;
use ipnet::IpNet;
use tokio::time::Instant;
use tower::{Layer, ServiceExt as _};
use tower_http::compression::Compression;
use tracing::Instrument as _;

use crate::{
    api::UPLOAD_ROUTE,
    body_deadline,
    config::{Config, seconds},
    forwarded::{SocketPeer, client_address},
    limit_headers::LimitNote,
    metrics::Metrics,
    problem::{ApiError, Cause, Problem, ProblemCode, write_problem},
    request_id::{REQUEST_ID, RequestId},
    web::UPLOAD_PAGE,
    web::{Visit, problem_page, set_page_headers},
};

/// Bodies up to this are sent as they are: a packet more or less is all there is to win.
const COMPRESS_ABOVE: u64 = 1024;
/// What a page may load: its own inline style, nothing from anywhere else.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Two years, which is what browsers ask of a site that they know before they see it; a year is the least of ASVS
/// 5.0, V3.4.1.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
const REFERRER_POLICY: HeaderName = header::REFERRER_POLICY;

struct Frame {
    proxies: Vec<IpNet>,
    body_time: Duration,
    answer_time: Duration,
    upload_time: Duration,
    /// Of bodies where a route says nothing else.
    body_limit: DefaultBodyLimit,
    is_https: bool,
    metrics: Arc<Metrics>,
}

impl Frame {
    /// Until when the body of a request must be there, and its answer begin. A file takes longer, and is answered when it
    /// is there.
    fn times(&self, route: &str) -> (Duration, Duration) {
        if route == UPLOAD_ROUTE || route == UPLOAD_PAGE {
            (self.upload_time, self.upload_time + self.answer_time)
        } else {
            (self.body_time, self.answer_time)
        }
    }
}

/// Puts the frame around all routes. Call it once, last: routes added later stand outside.
///
/// A route with larger bodies than `limits.body_bytes` says so with
/// `.layer(axum::extract::DefaultBodyLimit::max(n))`.
pub fn frame(router: Router, config: &Config, metrics: Arc<Metrics>) -> Router {
    let largest = usize::try_from(config.limits.body_bytes).unwrap_or(usize::MAX);
    let frame = Frame {
        proxies: config.server.proxies.iter().map(|net| net.0).collect(),
        body_time: seconds(config.limits.body_seconds),
        answer_time: seconds(config.limits.answer_seconds),
        upload_time: seconds(config.verification.upload_seconds),
        body_limit: DefaultBodyLimit::max(largest),
        is_https: config.is_https(),
        metrics,
    };
    router
        .fallback(|| async { ApiError::from(ProblemCode::NotFound) })
        .method_not_allowed_fallback(|| async { ApiError::from(ProblemCode::WrongMethod) })
        .layer(Around(Arc::new(frame)))
}

/// Puts the frame around something.
///
/// A service and no function: around a function the framework boxes what is inside of it once more for each call.
#[derive(Clone)]
struct Around(Arc<Frame>);

impl<S> Layer<S> for Around {
    type Service = Framed<S>;

    fn layer(&self, inner: S) -> Framed<S> {
        Framed {
            inner,
            frame: Arc::clone(&self.0),
        }
    }
}

/// What has the frame around it.
#[derive(Clone)]
struct Framed<S> {
    inner: S,
    frame: Arc<Frame>,
}

impl<S> tower::Service<Request> for Framed<S>
where
    S: tower::Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let frame = Arc::clone(&self.frame);
        let call = Call::begin(&frame, &mut request);
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(call.answered(&frame, answer).await) })
    }
}

/// What is to be known of a request when it is answered.
struct Call {
    started: Instant,
    id: RequestId,
    limit: LimitNote,
    method: Method,
    route: Option<MatchedPath>,
    encodings: Option<HeaderValue>,
    reader: Option<Visit>,
}

impl Call {
    /// Notes in the request what is behind the frame to know.
    fn begin(frame: &Frame, request: &mut Request) -> Self {
        let started = Instant::now();
        let id = RequestId::of(request.headers());
        // Taken out: behind the frame the client's address counts, and the map of what is noted stays small.
        let peer = request.extensions_mut().remove::<SocketPeer>();
        let client = client_address(peer, request.headers(), &frame.proxies);
        let limit = LimitNote::default();
        let call = Self {
            started,
            id: id.clone(),
            limit: limit.clone(),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            encodings: request.headers().get(header::ACCEPT_ENCODING).cloned(),
            reader: page_reader(request),
        };
        let notes = request.extensions_mut();
        notes.insert(client);
        notes.insert(id);
        notes.insert(limit);
        frame.body_limit.apply(request);
        if body_deadline::has_body(request.headers()) {
            let (body_time, _) = frame.times(call.route());
            let body = mem::take(request.body_mut());
            *request.body_mut() = body_deadline::within(body, body_time);
        }
        call
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// Completes the answer, if it comes in time.
    async fn answered(
        self,
        frame: &Frame,
        answer: impl Future<Output = Result<Response, Infallible>>,
    ) -> Response {
        let (_, answer_time) = frame.times(self.route());
        // A span costs more than the rest of the frame, so that it is there only for who debugs.
        let (id, method) = (&self.id, &self.method);
        let span = tracing::debug_span!("request", %id, %method, route = self.route());
        let answered = tokio::time::timeout(answer_time, answer);
        let mut response = match answered.instrument(span).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => ApiError::from(ProblemCode::TooSlow).into_response(),
        };
        let cause = response.extensions_mut().remove::<Cause>();
        if let Some(visit) = &self.reader {
            show_problem(&mut response, visit, id);
        }
        complete_problem(&mut response, id);
        set_headers(response.headers_mut(), id);
        self.limit.say(response.headers_mut());
        if frame.is_https {
            let headers = response.headers_mut();
            headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_TLS);
        }
        self.note(frame, response.status(), cause);
        match self.encodings {
            // Apart: each call would carry room for it.
            Some(encodings) if may_compress(&response) => {
                Box::pin(compress(response, encodings)).await
            }
            _ => response,
        }
    }

    /// Counts the answer, and writes the line of the log.
    fn note(&self, frame: &Frame, status: StatusCode, cause: Option<Cause>) {
        let (id, method, route) = (&self.id, &self.method, self.route());
        let duration = self.started.elapsed();
        frame.metrics.answered(method, route, status, duration);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let code = status.as_u16();
        if status.is_server_error() {
            let cause = cause.map_or_else(String::new, |cause| cause.0);
            tracing::warn!(%id, %method, route, status = code, micros, cause, "answered");
        } else {
            tracing::debug!(%id, %method, route, status = code, micros, "answered");
        }
    }
}

/// Somebody with a browser at an address that is none of the interface's. Programs do not ask for HTML.
fn page_reader(request: &Request) -> Option<Visit> {
    let wishes = request.headers().get(header::ACCEPT)?.to_str().ok()?;
    let is_interface = request.uri().path().starts_with("/v1/");
    (wishes.contains("text/html") && !is_interface)
        .then(|| Visit::unasked(request.headers(), request.uri()))
}

/// A problem of an address that no page has, as a page.
fn show_problem(response: &mut Response, visit: &Visit, id: &RequestId) {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return;
    };
    *response = problem_page(visit, response.status(), &problem, Some(id.as_str()));
    set_page_headers(response.headers_mut(), visit);
}

/// Writes the request id into a problem, and makes a problem of what the framework refused.
fn complete_problem(response: &mut Response, id: &RequestId) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let known = response.extensions_mut().remove::<Problem>();
    let is_bare = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let mut problem = match known {
        Some(problem) => problem,
        None if is_bare => Problem {
            status: status.as_u16(),
            ..ApiError::from(ProblemCode::of_status(status)).problem()
        },
        // A page, or an answer such as that of /readyz, speaks for itself.
        None => return,
    };
    id.as_str().clone_into(&mut problem.instance);
    write_problem(response, problem);
    response.extensions_mut().remove::<Problem>();
}

fn set_headers(headers: &mut HeaderMap, id: &RequestId) {
    if let Some(value) = id.to_header() {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Pages say their own, so that their forms are known as theirs.
    if !headers.contains_key(REFERRER_POLICY) {
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let is_page = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Whether a body is text of a size that is worth it. A stream of events must leave at once, and
/// tiles and bundles are hashes and compressed data.
fn may_compress(response: &Response) -> bool {
    let size = response.body().size_hint();
    if response.status() == StatusCode::PARTIAL_CONTENT
        || size.upper().is_some_and(|upper| upper <= COMPRESS_ABOVE)
    {
        return false;
    }
    let Some(kind) = response.headers().get(header::CONTENT_TYPE) else {
        return false;
    };
    let kind = kind.to_str().unwrap_or("");
    let essence = kind.split(';').next().unwrap_or(kind).trim();
    essence != "text/event-stream"
        && (essence.starts_with("text/")
            || essence == "application/json"
            || essence.ends_with("+json")
            || essence == "image/svg+xml")
}

/// The library compresses around a service; here the service is the finished answer.
async fn compress(response: Response, encodings: HeaderValue) -> Response {
    let mut request = Request::new(Body::empty());
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, encodings);
    let mut response = Some(response);
    let finished = tower::service_fn(move |_: Request| {
        // Asked once: `oneshot` below consumes the service.
        let answer = response.take().unwrap_or_default();
        std::future::ready(Ok::<_, std::convert::Infallible>(answer))
    });
    match Compression::new(finished).oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}
