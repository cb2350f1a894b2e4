//! From an entry of the record to a signed call, over real sockets and a restart.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    http::{HeaderMap, Request, StatusCode},
    routing::post,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use softcap_identity::{Actor, AddressList, Environment, NewKey, RateLimit, Scopes, UnixMillis};
use softcap_offering::terms::Terms;
use softcap_server::{Config, Node, Server, StopSwitch, stop_switch};
use tokio::{net::TcpStream, sync::Notify, task::JoinHandle, time::timeout};

const STARTER: &str = include_str!("../../../examples/starter/offering.toml");
const HOOKS: &str = "/v1/offerings/harbour/webhooks";
/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// The starter's terms with the public round open for an hour now.
fn terms() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = |minutes: i64| {
        let second = i64::try_from(now.as_secs()).unwrap() + minutes * 60;
        jiff::Timestamp::from_second(second).unwrap().to_string()
    };
    STARTER
        .replace("2026-03-02T12:00:00Z", &at(-90))
        .replace("2026-03-09T12:00:00Z", &at(-30))
        .replace("2026-03-23T12:00:00Z", &at(60))
        .replace("2026-06-01T00:00:00Z", &at(60 * 24 * 60))
}

/// A node that serves.
struct Running {
    address: SocketAddr,
    key: String,
    switch: StopSwitch,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(data: &Path) -> Self {
        let mut config = Config::on_free_port().unwrap();
        config.server.data = data.display().to_string();
        config.webhooks.allow_loopback = true;
        let node = Node::open(&config).await.unwrap();
        let metrics = node.metrics();
        let server = Server::bind(&config, Arc::clone(&metrics)).unwrap();
        let new = NewKey {
            label: "test".to_owned(),
            owner: "issuer".to_owned(),
            environment: Environment::Test,
            scopes: Scopes::everything(),
            addresses: AddressList::default(),
            expires_at: None,
            limit: Some(RateLimit::new(100_000, 100_000).unwrap()),
            is_canary: false,
        };
        let actor = Actor::Operator("test".to_owned());
        let keys = node.service().keys();
        let created = keys.create(&actor, new, UnixMillis::now()).await.unwrap();
        let (switch, stopping) = stop_switch();
        let address = server.address();
        let serving = tokio::spawn(async move {
            node.serve(server, &config, metrics, stopping)
                .await
                .unwrap();
        });
        Self {
            address,
            key: created.text.reveal().to_string(),
            switch,
            serving,
        }
    }

    async fn stop(self) {
        self.switch.stop();
        self.serving.await.unwrap();
    }

    async fn call(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "x")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Full::new(Bytes::from(text)))
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        (status, body)
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Value {
        let (status, answer) = self.call("POST", path, key, &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    async fn contribute(&self, key: &str, cents: u32) {
        let body = json!({ "investor": "p-1", "currency": "EUR", "amount": cents.to_string() });
        let path = "/v1/offerings/harbour/contributions";
        self.post(path, key, body).await;
    }
}

/// An endpoint that keeps what it got.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    more: Arc<Notify>,
}

impl Receiver {
    async fn start(&self) -> String {
        let receiver = self.clone();
        let handler = async move |headers: HeaderMap, body: String| {
            receiver.got.lock().unwrap().push((headers, body));
            receiver.more.notify_one();
            StatusCode::NO_CONTENT
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook", post(handler));
        let server = hyper_util::service::TowerToHyperService::new(router);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), server),
                );
            }
        });
        format!("http://{address}/hook")
    }

    /// The id and the JSON of every call, when there are as many; in the order of their ids.
    async fn wait_for(&self, count: usize) -> Vec<(String, Value)> {
        let all = async {
            while self.got.lock().unwrap().len() < count {
                self.more.notified().await;
            }
        };
        timeout(PATIENCE, all).await.unwrap();
        let mut calls: Vec<(String, Value)> = self
            .got
            .lock()
            .unwrap()
            .iter()
            .map(|(headers, body)| {
                let id = headers["webhook-id"].to_str().unwrap().to_owned();
                (id, serde_json::from_str(body).unwrap())
            })
            .collect();
        calls.sort_by(|one, other| one.0.cmp(&other.0));
        calls
    }
}

fn kinds(calls: &[(String, Value)]) -> Vec<&str> {
    let mut kinds: Vec<&str> = calls
        .iter()
        .map(|(_, body)| body["type"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_record_says_is_told_once_also_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::start(folder.path()).await;
    let text = terms();
    let hash = softcap_proof::hex(&Terms::parse(&text).unwrap().hash().0);
    let body = json!({ "name": "harbour", "terms": text, "terms_hash": hash });
    node.post("/v1/offerings", "announce", body).await;
    let receiver = Receiver::default();
    let body = json!({ "url": receiver.start().await });
    let hook = node.post(HOOKS, "hook", body.clone()).await;
    let secret = hook["secret"].as_str().unwrap().to_owned();
    // A repeat of the request is no second endpoint; its secret is shown nowhere else.
    assert_eq!(node.post(HOOKS, "hook", body).await, hook);
    let (_, list) = node.call("GET", HOOKS, "-", &Value::Null).await;
    assert_eq!(list["webhooks"].as_array().unwrap().len(), 1);
    assert!(!list.to_string().contains("whsec"), "{list}");

    let funding = json!({ "transfer": "1".repeat(32), "currency": "EUR", "amount": "100000" });
    let path = "/v1/offerings/harbour/accounts/p-1/fundings";
    node.post(path, "fund", funding).await;
    node.contribute("enough", 10_000).await;
    node.contribute("too little", 1).await;
    let calls = receiver.wait_for(3).await;
    assert_eq!(
        kinds(&calls),
        [
            "contribution.accepted",
            "contribution.refused",
            "offering.phase_changed"
        ]
    );
    let accepted = &calls[0].1["data"];
    assert_eq!(accepted["investor"], "p-1");
    assert_eq!(accepted["contributed"]["units"], "10000");
    assert_eq!(accepted["outcome"]["kind"], "contributed");
    let library = standardwebhooks::Webhook::new(&secret).unwrap();
    for (headers, body) in receiver.got.lock().unwrap().iter() {
        library.verify(body.as_bytes(), headers).unwrap();
    }

    node.stop().await;
    let node = Running::start(folder.path()).await;
    node.contribute("after the restart", 20_000).await;
    let pause = json!({ "kind": "pause" });
    node.post("/v1/offerings/harbour/operations", "pause", pause)
        .await;
    let calls = receiver.wait_for(5).await;
    assert_eq!(
        kinds(&calls),
        [
            "contribution.accepted",
            "contribution.accepted",
            "contribution.refused",
            "offering.phase_changed",
            "offering.phase_changed"
        ]
    );
    let ids: std::collections::BTreeSet<_> = calls.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 5, "a message came twice: {ids:?}");

    shows_deliveries_and_replays(&node, &receiver, hook["id"].as_str().unwrap()).await;
    node.stop().await;
}

async fn shows_deliveries_and_replays(node: &Running, receiver: &Receiver, id: &str) {
    let at = format!("{HOOKS}/{id}");
    let nothing = Value::Null;
    let path = format!("{at}/deliveries?limit=10");
    let (_, list) = node.call("GET", &path, "-", &nothing).await;
    let deliveries = list["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 5, "{list}");
    let message = deliveries[0]["message"].as_str().unwrap();
    let path = format!("{at}/deliveries/{message}/replay");
    let (status, _) = node.call("POST", &path, "-", &nothing).await;
    assert_eq!(status, 202);
    let calls = receiver.wait_for(6).await;
    assert_eq!(calls.iter().filter(|(id, _)| id == message).count(), 2);

    let off = json!({ "active": false });
    let (_, switched) = node.call("PATCH", &at, "-", &off).await;
    assert_eq!(switched["state"], "switched_off");
    assert_eq!(node.call("POST", &path, "-", &nothing).await.0, 409);
    assert_eq!(node.call("DELETE", &at, "-", &nothing).await.0, 204);
    assert_eq!(node.call("GET", &at, "-", &nothing).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_registration_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let node = Running::start(folder.path()).await;
    let text = terms();
    let hash = softcap_proof::hex(&Terms::parse(&text).unwrap().hash().0);
    let body = json!({ "name": "harbour", "terms": text, "terms_hash": hash });
    node.post("/v1/offerings", "announce", body).await;
    let table = [
        (HOOKS, json!({ "url": "https://10.0.0.1/" }), 422, "public"),
        (
            HOOKS,
            json!({ "url": "https://example.org:22/" }),
            422,
            "port",
        ),
        (HOOKS, json!({ "url": "nonsense" }), 422, "https://"),
        (
            HOOKS,
            json!({ "url": "https://example.org/", "kinds": ["contribution"] }),
            422,
            "contribution.accepted",
        ),
        (
            "/v1/offerings/harbor/webhooks",
            json!({ "url": "https://example.org/" }),
            404,
            "",
        ),
    ];
    for (path, body, status, said) in table {
        let (found, answer) = node.call("POST", path, "one", &body).await;
        assert_eq!(found, status, "{body}: {answer}");
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(said), "{body}: {answer}");
    }
    let first = json!({ "url": "https://example.org/a" });
    node.post(HOOKS, "same key", first).await;
    let other = json!({ "url": "https://example.org/b" });
    let (status, answer) = node.call("POST", HOOKS, "same key", &other).await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (422, Some("H423")),
        "{answer}"
    );
    node.stop().await;
}
