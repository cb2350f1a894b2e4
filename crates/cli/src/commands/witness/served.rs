//! The newest cosigned checkpoint, for everybody who asks, and a place to push newer ones to.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::timeout,
};

use super::{
    alarm::Alarm,
    keeper::{Cosigned, Keeper},
    push::{self, Answer},
};
use crate::{console::Console, failure::Failure};

/// Connections at the same time; further ones wait.
const CONNECTIONS: usize = 64;
/// How long one may take in all.
const CONNECTION_TIME: Duration = Duration::from_secs(20);
/// Largest body: 63 hashes, and a checkpoint with the lines of many witnesses.
const BODY_BYTES: usize = 1 << 16;

/// What became known by a push.
pub(super) enum Event {
    /// Something new was cosigned.
    Cosigned(Cosigned),
    /// The log contradicts itself.
    Alarm(Alarm),
    /// Nothing could be decided.
    Failed(Failure),
}

/// Starts a small server.
pub(super) async fn start(
    address: SocketAddr,
    keeper: Arc<Keeper>,
    events: mpsc::Sender<Event>,
    console: &Console,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await.map_err(Failure::Runtime)?;
    let address = listener.local_addr().map_err(Failure::Runtime)?;
    console.say(format_args!("listening on http://{address}/checkpoint"));
    tokio::spawn(accept(listener, keeper, events));
    Ok(())
}

async fn accept(listener: TcpListener, keeper: Arc<Keeper>, events: mpsc::Sender<Event>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, or the like: others must end first.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let (keeper, events) = (Arc::clone(&keeper), events.clone());
        tokio::spawn(async move {
            // A connection has one request, and it at most one event.
            let (tell, mut told) = mpsc::channel(1);
            let service = service_fn(move |request| {
                let (keeper, tell) = (Arc::clone(&keeper), tell.clone());
                async move { Ok::<_, Infallible>(response(answer(request, &keeper, &tell).await)) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // Who goes away in between is nobody's concern.
            let _ = timeout(CONNECTION_TIME, connection).await;
            drop(place);
            // After the answer is out: an alarm ends the process.
            while let Ok(event) = told.try_recv() {
                let _ = events.send(event).await;
            }
        });
    }
}

async fn answer(request: Request<Incoming>, keeper: &Keeper, tell: &mpsc::Sender<Event>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/checkpoint") => match keeper.newest() {
            Ok(Some(note)) => Answer {
                status: StatusCode::OK,
                content_type: "text/plain; charset=utf-8",
                body: note.to_string(),
            },
            Ok(None) => Answer::text(StatusCode::NOT_FOUND, "nothing was cosigned yet"),
            Err(failure) => {
                let _ = tell.try_send(Event::Failed(failure));
                Answer::text(StatusCode::INTERNAL_SERVER_ERROR, "it cannot be read")
            }
        },
        (&Method::POST, "/add-checkpoint") => {
            let body = Limited::new(request.into_body(), BODY_BYTES)
                .collect()
                .await;
            let Ok(body) = body else {
                return Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
            };
            let (answer, event) = push::answer(keeper, &body.to_bytes());
            if let Some(event) = event {
                let _ = tell.try_send(event);
            }
            answer
        }
        (_, "/checkpoint" | "/add-checkpoint") => {
            Answer::text(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
        }
        _ => Answer::text(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    let content_type = header::HeaderValue::from_static(answer.content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}
