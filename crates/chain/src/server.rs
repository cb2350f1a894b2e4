//! JSON-RPC over HTTP, for wallets and programs of other kinds.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use tokio::net::TcpListener;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    error::ChainError,
    node::Node,
    rpc::{Control, Rpc},
};

/// Largest body, in bytes: the size of a large batch of transactions.
const LARGEST_BODY: usize = 5 << 20;

/// Pages whose scripts may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// These; none where the list is empty.
    Listed(Vec<HeaderValue>),
    /// Every page that the browser shows.
    Any,
}

/// A chain on a port, not yet answering.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// [`ChainError::Listen`].
    pub async fn bind(
        node: Arc<Node>,
        address: SocketAddr,
        control: Control,
        origins: Origins,
    ) -> Result<Self, ChainError> {
        let failed = |source| ChainError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            router: router(Rpc::new(node, control), origins),
        })
    }

    /// The address in use, with the port that the system chose if it was to choose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is to stop; then what was asked before is still answered.
    ///
    /// # Errors
    /// [`ChainError::Listen`] when the system takes the port away.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ChainError> {
        let address = self.address;
        axum::serve(self.listener, self.router)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|source| ChainError::Listen { address, source })
    }
}

fn router(rpc: Rpc, origins: Origins) -> Router {
    let origins = match origins {
        Origins::Listed(list) => AllowOrigin::list(list),
        Origins::Any => AllowOrigin::any(),
    };
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE]);
    Router::new()
        .route("/", post(answer))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(cors)
        .layer(middleware::from_fn(only_by_address))
        .with_state(rpc)
}

/// A page of a stranger can give this machine's address to a name of its own and then ask in the browser's name.
/// So a name is not taken, except the machine's own.
async fn only_by_address(request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .is_some_and(|host| {
            host.parse::<axum::http::uri::Authority>()
                .is_ok_and(|authority| {
                    let host = authority.host();
                    let bare = host.trim_start_matches('[').trim_end_matches(']');
                    host != "localhost" && bare.parse::<std::net::IpAddr>().is_err()
                })
        });
    if named {
        let message = "ask by address or as localhost";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    next.run(request).await
}

async fn answer(State(rpc): State<Rpc>, headers: HeaderMap, body: Bytes) -> Response {
    // With another type a browser would send a stranger's request without asking first.
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("application/json"));
    if !is_json {
        let message = "content-type is application/json";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    let work = tokio::task::spawn_blocking(move || rpc.answer_body(&body));
    match work.await {
        Ok(Some(text)) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
