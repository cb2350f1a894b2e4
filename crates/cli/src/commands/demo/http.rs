//! A small client of the server's own interface.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, sync::Mutex};

use crate::failure::Failure;

/// Connections that are kept and shared.
const CONNECTIONS: usize = 16;

type Connection = Option<http1::SendRequest<Full<Bytes>>>;

/// Calls the server with one key over a few connections.
pub(super) struct Client {
    address: SocketAddr,
    key: String,
    connections: Vec<Mutex<Connection>>,
    next: std::sync::atomic::AtomicUsize,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Runtime(std::io::Error::other(error))
}

impl Client {
    pub(super) fn new(address: SocketAddr, key: String) -> Self {
        Self {
            address,
            key,
            connections: (0..CONNECTIONS).map(|_| Mutex::new(None)).collect(),
            next: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// Posts JSON; the answer must be a success.
    pub(super) async fn post(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        let request = Request::post(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", idempotency_key)
            .body(Full::new(body))
            .map_err(failed)?;
        let place = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let slot = self.connections.get(place % CONNECTIONS);
        let slot = slot.ok_or_else(|| failed(std::io::Error::other("no connection")))?;
        let mut connection = slot.lock().await;
        let sender = match &mut *connection {
            Some(sender) if !sender.is_closed() => sender,
            closed => closed.insert(self.connect().await?),
        };
        sender.ready().await.map_err(failed)?;
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let bytes = response
            .into_body()
            .collect()
            .await
            .map_err(failed)?
            .to_bytes();
        drop(connection);
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(failed);
        }
        let text = String::from_utf8_lossy(&bytes);
        Err(failed(std::io::Error::other(format!(
            "{path}: {status}: {text}"
        ))))
    }

    async fn connect(&self) -> Result<http1::SendRequest<Full<Bytes>>, Failure> {
        let stream = TcpStream::connect(self.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
