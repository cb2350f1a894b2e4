//! The newest cosigned checkpoint, for everybody who asks.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use softcap_proof::SignedCheckpoint;
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

use crate::{console::Console, failure::Failure};

/// Connections at the same time; further ones wait.
const CONNECTIONS: usize = 64;
/// How long one may take in all.
const CONNECTION_TIME: Duration = Duration::from_secs(20);

type Text = Arc<RwLock<Option<Bytes>>>;

/// A small server of one text.
pub(super) struct Served {
    newest: Text,
}

impl Served {
    pub(super) async fn start(address: SocketAddr, console: &Console) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(Failure::Runtime)?;
        let address = listener.local_addr().map_err(Failure::Runtime)?;
        console.say(format_args!("listening on http://{address}/checkpoint"));
        let newest = Text::default();
        tokio::spawn(accept(listener, Arc::clone(&newest)));
        Ok(Self { newest })
    }

    pub(super) fn show(&self, note: &SignedCheckpoint) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        *newest = Some(Bytes::from(note.to_string()));
    }
}

async fn accept(listener: TcpListener, newest: Text) {
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
        let newest = Arc::clone(&newest);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&request, &newest);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // Who goes away in between is nobody's concern.
            let _ = timeout(CONNECTION_TIME, connection).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, newest: &Text) -> Response<Full<Bytes>> {
    let newest = newest
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let known = newest.filter(|_| request.uri().path() == "/checkpoint");
    let status = if known.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    let mut response = Response::new(Full::new(known.unwrap_or_default()));
    *response.status_mut() = status;
    let text = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
