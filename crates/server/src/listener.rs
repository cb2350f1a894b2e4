//! The accept loop and the life of a connection.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tower::Service as _;

use crate::{
    config::{Config, LimitsSection, seconds},
    error::ServerError,
    forwarded::SocketPeer,
    guarded_stream::GuardedStream,
    metrics::Metrics,
    stop::Stopping,
    tls::Certificates,
};

/// Connections the system keeps for us while we are busy.
const BACKLOG: u32 = 4096;
/// Largest head of a request, in bytes; hyper answers 431 beyond it.
const HEAD_BYTES: usize = 32 * 1024;
/// Rest after the system refused a connection, because it has no more file descriptors for us.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// Said to a connection beyond the limit; it has no request id, because nothing was read.
const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\nretry-after: 1\r\ncontent-length: 165\r\n\
    connection: close\r\n\r\n\
    {\"type\":\"/problems/H503\",\"title\":\"The server takes no more connections for now.\",\
    \"status\":503,\"code\":\"H503\",\"remedy\":\"Repeat after `Retry-After` on one connection.\"}";

/// A listening socket, not yet serving.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    limits: LimitsSection,
    metrics: Arc<Metrics>,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopReport {
    /// Connections that were cut because the time for stopping was over.
    pub cut: usize,
}

impl Server {
    /// Listens on the configured address, and reads the certificates if there are any. Raises the
    /// process's limit of open files as far as the system allows.
    ///
    /// # Errors
    /// [`ServerError::Listen`], [`ServerError::Certificate`].
    pub fn bind(config: &Config, metrics: Arc<Metrics>) -> Result<Self, ServerError> {
        let configured = config.server.listen;
        let failed = |source| ServerError::Listen {
            address: configured,
            source,
        };
        raise_file_limit(config.limits.connections);
        let listener = listen(configured).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            certificates: Certificates::read(&config.tls)?.map(Arc::new),
            limits: config.limits.clone(),
            metrics,
        })
    }

    /// The address in use, with the port the system chose if it was to choose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` or `https://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Serves `router` (see [`crate::frame`]) until `stopping` says so; then takes no more
    /// connections, answers the requests it has, and returns when all are answered or the time for
    /// stopping is over.
    ///
    /// # Errors
    /// [`ServerError::System`] when signals cannot be heard.
    pub async fn serve(
        self,
        router: Router,
        mut stopping: Stopping,
    ) -> Result<StopReport, ServerError> {
        let places = Arc::new(Semaphore::new(
            usize::try_from(self.limits.connections).unwrap_or(Semaphore::MAX_PERMITS),
        ));
        let mut connections = JoinSet::new();
        let reload = reload_on_hangup(self.certificates.clone())?;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stopping.wait() => break,
                accepted = self.listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    rest_after(&error).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                self.metrics.refused.inc();
                refuse(stream, self.certificates.is_some());
                continue;
            };
            let connection = Connection {
                place,
                peer: SocketPeer(peer),
                router: router.clone(),
                limits: self.limits.clone(),
                stopping: stopping.clone(),
                metrics: Arc::clone(&self.metrics),
            };
            let certificates = self.certificates.clone();
            connections.spawn(connection.run(stream, certificates));
        }
        drop(self.listener);
        if let Some(task) = reload {
            task.abort();
        }
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(seconds(self.limits.stop_seconds), all).await;
        let cut = connections.len();
        connections.shutdown().await;
        Ok(StopReport { cut })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    // A restart must not wait until the old connections are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A service with the usual 1,024 files could not keep the connections it promises.
fn raise_file_limit(connections: u32) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    let needed = u64::from(connections) + 512;
    if soft < needed {
        let raised = needed.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_err() || raised < needed {
            tracing::warn!(
                files = raised,
                connections,
                "the system allows fewer open files than limits.connections: raise it (ulimit -n)"
            );
        }
    }
}

async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if ![ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind()) {
        tracing::error!(%error, "no connection can be accepted; trying again");
        tokio::time::sleep(ACCEPT_REST).await;
    }
}

/// Says why and closes, without a task: there may be many of them.
fn refuse(stream: TcpStream, is_tls: bool) {
    use std::io::Write as _;
    if is_tls {
        return;
    }
    if let Ok(mut stream) = stream.into_std() {
        // The buffer of a new socket takes it all at once; if not, the client sees the end alone.
        let _ = stream.write(TOO_MANY_CONNECTIONS);
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
}

/// Reads the certificates again on SIGHUP.
fn reload_on_hangup(
    certificates: Option<Arc<Certificates>>,
) -> Result<Option<tokio::task::JoinHandle<()>>, ServerError> {
    use tokio::signal::unix::{SignalKind, signal};
    let Some(certificates) = certificates else {
        return Ok(None);
    };
    let mut hangup = signal(SignalKind::hangup()).map_err(|source| ServerError::System {
        what: "cannot hear SIGHUP",
        source,
    })?;
    Ok(Some(tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match certificates.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(%error, "the old certificate stays in use"),
            }
        }
    })))
}

struct Connection {
    place: OwnedSemaphorePermit,
    peer: SocketPeer,
    router: Router,
    limits: LimitsSection,
    stopping: Stopping,
    metrics: Arc<Metrics>,
}

impl Connection {
    async fn run(self, stream: TcpStream, certificates: Option<Arc<Certificates>>) {
        let metrics = Arc::clone(&self.metrics);
        metrics.connections.inc();
        let _ = stream.set_nodelay(true);
        let header_time = seconds(self.limits.header_seconds);
        let stream = GuardedStream::new(stream, seconds(self.limits.write_seconds));
        match certificates {
            None => self.speak(stream).await,
            Some(certificates) => {
                let handshake = certificates.acceptor().accept(stream);
                match timeout(header_time, handshake).await {
                    Ok(Ok(stream)) => self.speak(stream).await,
                    Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
                    Err(_) => tracing::debug!("no TLS handshake in time"),
                }
            }
        }
        metrics.connections.dec();
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self {
            place,
            peer,
            router,
            limits,
            mut stopping,
            ..
        } = self;
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(seconds(limits.header_seconds))
            .max_buf_size(HEAD_BYTES)
            .half_close(true);
        let mut connection =
            pin!(builder.serve_connection(TokioIo::new(stream), PeerService { router, peer }));
        let ended = tokio::select! {
            // The connection first: a request whose bytes are here already is begun, and so answered.
            biased;
            ended = connection.as_mut() => ended,
            () = stopping.wait() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
        drop(place);
    }
}

/// The routes, told who is at the other end.
struct PeerService {
    router: Router,
    peer: SocketPeer,
}

impl Service<Request<Incoming>> for PeerService {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = axum::routing::future::RouteFuture<std::convert::Infallible>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.clone().call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_a_connection_is_a_whole_answer() {
        let text = std::str::from_utf8(TOO_MANY_CONNECTIONS).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len())),
            "{}",
            body.len()
        );
        serde_json::from_str::<crate::Problem>(body).unwrap();
    }
}
