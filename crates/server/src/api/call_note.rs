//! What callers did and what they were denied, for the audit.
//!
//! Whoever lets a caller in leaves here who it is. A change that succeeded becomes a row before it is answered; a refusal is
//! counted. Nothing is written for what is only read, and nothing on the way of a contribution.
//!
//! Entries stand in databases of their own, so that a row and its entry are not one transaction. Who makes an entry that moves
//! money or rights is therefore written down before, with the name under which the entry stands in its log.

use std::{
    convert::Infallible,
    future::ready,
    num::NonZeroU32,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use softcap_identity::{Act, KeyId, PersonId};
use tower::Layer;

use super::{
    Service,
    caller::Caller,
    oauth::{name_metadata, sends_proof},
    signed_in::{charge_source, session_secret},
};
use crate::{
    forwarded::ClientAddress,
    limit_headers::LimitNote,
    problem::{ApiError, ProblemCode},
    signed_request::{guard, is_signed},
};

/// Who was let in.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// A program.
    Key(KeyId),
    /// A person.
    Person(PersonId),
    /// An application, as the audit names it.
    App(String),
}

impl Who {
    fn actor(&self) -> String {
        match self {
            Self::Key(id) => format!("key:{id}"),
            Self::Person(id) => format!("person:{id}"),
            Self::App(actor) => actor.clone(),
        }
    }

    /// As refusals name it.
    fn subject(&self) -> String {
        match self {
            Self::Key(id) => id.to_string(),
            Self::Person(_) | Self::App(_) => self.actor(),
        }
    }
}

/// A place in a request for who was let in.
#[derive(Clone, Debug, Default)]
pub(super) struct CallNote(Arc<OnceLock<Who>>);

impl CallNote {
    /// Notes it; the first one of a request counts.
    pub(super) fn set(&self, who: Who) {
        let _ = self.0.set(who);
    }

    fn who(&self) -> Option<Who> {
        self.0.get().cloned()
    }
}

/// Takes from the limit of a network what nobody else answers for, counts what a caller who was let in may not do, and says to whoever was not how to come in.
///
/// A service and no function: around a function the framework boxes what is inside of it once more for each call.
#[derive(Clone, Debug)]
pub(crate) struct CallNotes(Arc<Service>);

impl CallNotes {
    pub(crate) fn of(service: &Arc<Service>) -> Self {
        Self(Arc::clone(service))
    }
}

impl<S> Layer<S> for CallNotes {
    type Service = NotedCalls<S>;

    fn layer(&self, inner: S) -> NotedCalls<S> {
        NotedCalls {
            inner,
            service: Arc::clone(&self.0),
        }
    }
}

/// What is inside of [`CallNotes`].
#[derive(Clone, Debug)]
pub(crate) struct NotedCalls<S> {
    inner: S,
    service: Arc<Service>,
}

impl<S> tower::Service<Request> for NotedCalls<S>
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

    fn call(&mut self, request: Request) -> Self::Future {
        let service = Arc::clone(&self.service);
        let (call, request) = match Call::begin(&service, request) {
            Ok(begun) => begun,
            Err(error) => return Box::pin(ready(Ok(error.into_response()))),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            Ok(match call.end(&service, answer.await?) {
                Ended::Answered(response) => response,
                Ended::Asked(asked) => asked.await,
            })
        })
    }
}

/// What is to be known of a call when it is answered.
struct Call {
    note: CallNote,
    client: Option<ClientAddress>,
    shown: Option<Unanswered>,
    sends_proof: bool,
}

impl Call {
    /// An error when it shows nothing, and the limit of its network is used up.
    fn begin(service: &Service, mut request: Request) -> Result<(Self, Request), ApiError> {
        let headers = request.headers();
        let sends_proof = sends_proof(headers);
        let is_signed = is_signed(headers);
        let shows_something = headers.contains_key(header::AUTHORIZATION)
            || is_signed
            || session_secret(headers).is_some();
        let client = request.extensions().get::<ClientAddress>().copied();
        if !shows_something {
            charge_source(service, client, request.extensions().get())?;
        }
        let shown = shows_something.then(|| Unanswered::of(&request));
        if is_signed {
            request = guard(request);
        }
        let note = CallNote::default();
        request.extensions_mut().insert(note.clone());
        let call = Self {
            note,
            client,
            shown,
            sends_proof,
        };
        Ok((call, request))
    }

    fn end(mut self, service: &Arc<Service>, response: Response) -> Ended {
        if response.status() == StatusCode::FORBIDDEN
            && let Some(who) = self.note.who()
        {
            service.keys.note_not_allowed(who.subject());
        }
        let paid = self
            .shown
            .take()
            .map_or(Paid::Yes, |shown| shown.paid(response.status()));
        match paid {
            Paid::Yes => Ended::Answered(self.answer(service, response)),
            Paid::No => Ended::Answered(self.answer_nobody(service, response)),
            Paid::IfItHolds(key, client) => {
                let service = Arc::clone(service);
                Ended::Asked(Box::pin(async move {
                    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, key)]);
                    let caller = Caller::of(service.keys(), &headers, client, NonZeroU32::MIN);
                    match caller.await {
                        Ok(_) => self.answer(&service, response),
                        Err(_) => self.answer_nobody(&service, response),
                    }
                }))
            }
        }
    }

    /// Who shows what does not hold is nobody, and would else try, or read what is public, without a limit.
    fn answer_nobody(self, service: &Service, response: Response) -> Response {
        match charge_source(service, self.client, None) {
            Ok(()) => self.answer(service, response),
            Err(error) => error.into_response(),
        }
    }

    fn answer(self, service: &Service, mut response: Response) -> Response {
        name_metadata(service, self.sends_proof, response.headers_mut());
        response
    }
}

/// An answer, or the way to it.
enum Ended {
    Answered(Response),
    /// Few calls come here, and the future of all would be as large.
    Asked(Pin<Box<dyn Future<Output = Response> + Send>>),
}

/// Whether somebody's own limit paid for a call.
enum Paid {
    Yes,
    No,
    /// That of the key does, if it holds.
    IfItHolds(HeaderValue, ClientAddress),
}

/// A request that shows something, of which nobody knows yet whether it holds.
struct Unanswered {
    /// A key is the one thing that is judged without a question to the database.
    key: Option<HeaderValue>,
    client: Option<ClientAddress>,
    limit: Option<LimitNote>,
}

impl Unanswered {
    fn of(request: &Request) -> Self {
        Self {
            key: request.headers().get(header::AUTHORIZATION).cloned(),
            client: request.extensions().get().copied(),
            limit: request.extensions().get().cloned(),
        }
    }

    /// Whether somebody's own limit paid for it: that of whoever was let in, or that of the key that it shows where nobody
    /// looked, because what was read is public.
    fn paid(self, status: StatusCode) -> Paid {
        match status {
            StatusCode::UNAUTHORIZED => return Paid::No,
            // Some limit was met already.
            StatusCode::TOO_MANY_REQUESTS => return Paid::Yes,
            _ => {}
        }
        if self.limit.as_ref().is_some_and(LimitNote::is_noted) {
            return Paid::Yes;
        }
        match (self.key, self.client) {
            (Some(key), Some(client)) => Paid::IfItHolds(key, client),
            (None, _) | (_, None) => Paid::No,
        }
    }
}

/// Writes a row for each change that succeeded. The change is done then: a row that cannot be written is said in the
/// server's own log, and the caller gets the answer all the same.
pub(super) async fn write_changes(
    State(service): State<Arc<Service>>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    if changes_something(route.as_str()) {
        written(&service, &route, (request, next), StatusCode::is_success).await
    } else {
        next.run(request).await
    }
}

/// As [`write_changes`], for forms of pages: one that was done leads on, or shows what it made; one that is shown again with
/// what was typed changed nothing.
pub(crate) async fn write_page_changes(
    State(service): State<Arc<Service>>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let is_done =
        |status: &StatusCode| matches!(*status, StatusCode::SEE_OTHER | StatusCode::CREATED);
    written(&service, &route, (request, next), is_done).await
}

async fn written(
    service: &Service,
    route: &MatchedPath,
    (request, next): (Request, Next),
    is_done: impl Fn(&StatusCode) -> bool,
) -> Response {
    let method = request.method().clone();
    let note = request.extensions().get::<CallNote>().cloned();
    if matches!(method, Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let subject = subject(route.as_str(), request.uri().path());
    let response = next.run(request).await;
    let who = note.and_then(|note| note.who());
    let Some(who) = who.filter(|_| is_done(&response.status())) else {
        return response;
    };
    let mut code = format!("{method} {}", route.as_str());
    let made = response.headers().get(header::LOCATION);
    if let Some(place) = made.and_then(|place| place.to_str().ok()) {
        code = format!("{code} {place}");
    }
    let (actor, what) = (who.actor(), (subject.as_str(), code.as_str()));
    let written = service.audit.add(&actor, Act::Call, what, service.now());
    if let Err(error) = written.await {
        tracing::error!(%error, %actor, %subject, %code, "a change has no row in the audit");
    }
    response
}

/// Writes down who is about to make an entry, and under which name, so that none is there without a word of who made it,
/// whenever the server is killed. What cannot be written down is not done.
pub(super) async fn begin_change(
    service: &Service,
    who: &Who,
    (subject, name): (&str, &str),
) -> Result<(), ApiError> {
    let (actor, act, what) = (who.actor(), Act::BeginCall, (subject, name));
    let written = service.audit.add(&actor, act, what, service.now());
    written.await.map_err(|error| {
        if error.is_passing() {
            ApiError::caused(ProblemCode::NoRoom, &*error)
        } else {
            ApiError::internal(&*error)
        }
    })
}

/// Some routes take a body only to judge it.
fn changes_something(route: &str) -> bool {
    !(route.ends_with("/check") || route.ends_with("/simulate"))
}

/// What a request is about: the first of its parameters, with the name of it.
fn subject(route: &str, path: &str) -> String {
    let parts = route.split('/').zip(path.split('/'));
    let mut named = parts.filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some(format!("{name}:{value}"))
    });
    named.next().unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_about_its_first_parameter() {
        for (route, path, expected) in [
            (
                "/v1/offerings/{offering}/operations",
                "/v1/offerings/harbour/operations",
                "offering:harbour",
            ),
            (
                "/v1/offerings/{offering}/webhooks/{webhook}",
                "/v1/offerings/harbour/webhooks/w1",
                "offering:harbour",
            ),
            ("/v1/people/{person}", "/v1/people/00ff", "person:00ff"),
            ("/v1/offerings", "/v1/offerings", "-"),
        ] {
            assert_eq!(subject(route, path), expected);
        }
    }
}
