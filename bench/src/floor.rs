//! What the server is compared with: (B) a bare axum that answers a fixed body, and (A) our own
//! connections, frame, key check and body, with a fixed body of a receipt's size out and nothing
//! stored.

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use softcap_identity::UnixMillis;
use softcap_server::{
    ApiError, ClientAddress, Config, Json, Node, ProblemCode, Server, frame, stop_switch,
};

use crate::failure::BenchFailure;

const PATH: &str = "/v1/offerings/{offering}/contributions";

/// The bare one: no key, no limits, `answer` bytes out. Runs until it is killed.
pub(crate) fn bare(answer: usize) -> Result<(), BenchFailure> {
    block_on(async {
        let body = "x".repeat(answer);
        let routes = Router::new().route(
            PATH,
            post(move |_: String| async move { (StatusCode::CREATED, body) }),
        );
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("http://{}", listener.local_addr()?);
        axum::serve(listener, routes).await?;
        Ok(())
    })
}

/// What a contribution looks like on the wire.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contribution {
    investor: String,
    currency: String,
    amount: String,
    reference: String,
}

/// Whether keys are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum KeyCheck {
    /// As the real server does.
    Asked,
    /// To see what that costs.
    Ignored,
}

struct Fixed {
    node: Node,
    answer: String,
    keys: KeyCheck,
}

/// Ours without the record: the keys of `data`, `answer` bytes out. Runs until it is killed.
pub(crate) fn checked(data: &Path, answer: usize, keys: KeyCheck) -> Result<(), BenchFailure> {
    block_on(async {
        let mut config = Config::defaults()?;
        config.server.data = data.display().to_string();
        config.server.listen = (Ipv4Addr::LOCALHOST, 0).into();
        start_log(&config.log.filter)?;
        let node = Node::open(&config).await?;
        let metrics = node.metrics();
        let server = Server::bind(&config, Arc::clone(&metrics))?;
        println!("{}", server.url());
        let fixed = Arc::new(Fixed {
            node,
            answer: format!("\"{}\"", "x".repeat(answer.saturating_sub(2))),
            keys,
        });
        let routes = Router::new().route(PATH, post(check)).with_state(fixed);
        let (_switch, stopping) = stop_switch();
        server
            .serve(frame(routes, &config, metrics), stopping)
            .await?;
        Ok(())
    })
}

async fn check(
    State(fixed): State<Arc<Fixed>>,
    axum::Extension(client): axum::Extension<ClientAddress>,
    headers: HeaderMap,
    Json(contribution): Json<Contribution>,
) -> Result<Response, ApiError> {
    if fixed.keys == KeyCheck::Asked {
        let key = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(ProblemCode::NotAuthenticated)?;
        let keys = fixed.node.service().keys();
        let principal = keys
            .authenticate(key, client.ip(), UnixMillis::now())
            .map_err(|_| ProblemCode::NotAuthenticated)?;
        std::hint::black_box(principal);
    }
    let idempotency_key = headers.get("idempotency-key");
    let Contribution {
        investor,
        currency,
        amount,
        reference,
    } = contribution;
    std::hint::black_box(idempotency_key);
    std::hint::black_box((investor, currency, amount, reference));
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, json, fixed.answer.clone()).into_response())
}

/// As `softcap serve` does, so that neither has lines or spans that the other has not.
fn start_log(filter: &str) -> Result<(), BenchFailure> {
    use tracing_subscriber::{EnvFilter, fmt};
    fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(|error| BenchFailure(error.to_string()))
}

/// Runs a server on a runtime as `softcap serve` has it.
pub(crate) fn block_on(
    server: impl Future<Output = Result<(), BenchFailure>>,
) -> Result<(), BenchFailure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(server)
}
