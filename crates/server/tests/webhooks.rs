//! Webhooks over real sockets and real databases, checked by an independent library.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what only tests call is a test too"
)]

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use softcap_database::{Database, DatabaseUrl, temporary::TemporaryPostgres};
use softcap_server::{
    Config, WebhooksSection,
    webhooks::{
        DeliveryState, EndpointState, EndpointUrl, NewEndpoint, NewMessage, RETRY_DELAYS_SECONDS,
        WebhookKey, Webhooks,
    },
};

const DAY_MS: i64 = 86_400_000;

/// An endpoint that answers as it is told and keeps what it got.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    answer: Arc<Mutex<Option<StatusCode>>>,
    /// What happens before its next answer.
    before_answer: Arc<Mutex<Option<BoxFuture>>>,
}

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Receiver {
    async fn start(&self) -> SocketAddr {
        let receiver = self.clone();
        let handler = async move |headers: HeaderMap, body: String| -> Response {
            receiver.got.lock().unwrap().push((headers, body));
            let before = receiver.before_answer.lock().unwrap().take();
            if let Some(before) = before {
                before.await;
            }
            let status = receiver.answer.lock().unwrap().unwrap_or(StatusCode::OK);
            let to = [(header::LOCATION, "/elsewhere")];
            (status, to, "x".repeat(5_000)).into_response()
        };
        let elsewhere = self.clone();
        let router = Router::new().route("/hook", post(handler)).route(
            "/elsewhere",
            axum::routing::any(async move || {
                elsewhere.got.lock().unwrap().push(Default::default());
            }),
        );
        let config = Config::on_free_port().unwrap();
        let metrics = Arc::new(softcap_server::Metrics::new(Default::default()));
        let server = softcap_server::Server::bind(&config, metrics).unwrap();
        let address = server.address();
        let (switch, stopping) = softcap_server::stop_switch();
        tokio::spawn(async move {
            let _until_the_end = switch;
            server.serve(router, stopping).await
        });
        address
    }

    fn answer(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = Some(status);
    }

    fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

fn development() -> WebhooksSection {
    let mut section = Config::defaults().unwrap().webhooks;
    section.allow_loopback = true;
    section
}

async fn open(url: &DatabaseUrl, key: &WebhookKey, section: &WebhooksSection) -> Webhooks {
    let database = Database::open(url, "service").await.unwrap();
    Webhooks::open(database, key.clone(), section)
        .await
        .unwrap()
}

fn endpoint(webhooks: &Webhooks, url: &str, kinds: &[&str]) -> NewEndpoint {
    NewEndpoint {
        offering: "harbour".to_owned(),
        owner: "key-1".to_owned(),
        url: EndpointUrl::parse(url, webhooks.rules()).unwrap(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

async fn a_message_is_signed_retried_logged_and_replayed(url: &DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let section = development();
    let webhooks = open(url, &key, &section).await;
    let receiver = Receiver::default();
    let hook = format!("http://{}/hook", receiver.start().await);
    let now = now_ms();
    let new = endpoint(&webhooks, &hook, &["contribution.recorded"]);
    let (registered, secret) = webhooks.register(new, now).await.unwrap();
    let id = registered.id.as_str();
    assert_eq!(
        webhooks.endpoint(id).await.unwrap(),
        Some(registered.clone())
    );

    let body = "{\"sequence\":7,\"note\":\"\u{e4}\"}";
    let publish = async |message: &str, offering: &str, kind: &str| {
        let body = body.to_owned();
        webhooks
            .publish(message, offering, kind, body, now)
            .await
            .unwrap();
    };
    publish("harbour-7", "harbour", "contribution.recorded").await;
    publish("harbour-8", "harbour", "offering.paused").await;
    publish("other-7", "other", "contribution.recorded").await;
    receiver.answer(StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(webhooks.deliver_due(now).await.unwrap(), 1);
    // Published again, as after a crash: nothing more is sent, and nothing before its time.
    publish("harbour-7", "harbour", "contribution.recorded").await;
    assert_eq!(webhooks.deliver_due(now + 4_999).await.unwrap(), 0);

    // A restart, a redirect (a failure, and not followed), then success.
    drop(webhooks);
    let webhooks = open(url, &key, &section).await;
    receiver.answer(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(webhooks.deliver_due(now + 5_000).await.unwrap(), 1);
    receiver.answer(StatusCode::NO_CONTENT);
    assert_eq!(webhooks.deliver_due(now + 305_000).await.unwrap(), 1);
    assert_eq!(webhooks.deliver_due(now + DAY_MS).await.unwrap(), 0);
    assert_eq!(receiver.count(), 3);
    for (headers, got) in receiver.got.lock().unwrap().iter() {
        assert_eq!(got, body);
        assert_eq!(headers["webhook-id"], "harbour-7");
    }
    let (headers, got) = receiver.got.lock().unwrap()[0].clone();
    let independent = standardwebhooks::Webhook::new(&secret.to_text()).unwrap();
    independent.verify(got.as_bytes(), &headers).unwrap();
    assert!(independent.verify(b"{}", &headers).is_err());

    let attempts = webhooks.attempts(id, "harbour-7").await.unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(307), Some(204)]);
    assert_eq!(attempts[0].answer, "x".repeat(1_024));
    let deliveries = webhooks.deliveries(id, 10).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].state, DeliveryState::Delivered);
    assert_eq!(deliveries[0].attempts, 3);

    // Replayed by hand, with a new secret.
    let renewed = webhooks.renew_secret(id).await.unwrap().unwrap();
    assert_ne!(*renewed.to_text(), *secret.to_text());
    assert!(
        webhooks
            .replay(id, "harbour-7", now + 400_000)
            .await
            .unwrap()
    );
    assert!(!webhooks.replay(id, "harbour-99", now).await.unwrap());
    assert_eq!(webhooks.deliver_due(now + 400_000).await.unwrap(), 1);
    assert_eq!(receiver.count(), 4);

    assert!(webhooks.switch(id, false).await.unwrap());
    webhooks
        .publish(
            "harbour-9",
            "harbour",
            "contribution.recorded",
            "{}".to_owned(),
            now,
        )
        .await
        .unwrap();
    assert_eq!(webhooks.deliver_due(now + DAY_MS).await.unwrap(), 0);
    assert!(!webhooks.replay(id, "harbour-7", now).await.unwrap());
}

async fn a_test_call_is_made_once_whatever_state_the_endpoint_is_in(url: &DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let webhooks = open(url, &key, &development()).await;
    let receiver = Receiver::default();
    let hook = format!("http://{}/hook", receiver.start().await);
    let now = now_ms();
    let new = endpoint(&webhooks, &hook, &["offering.settled"]);
    let (registered, secret) = webhooks.register(new, now).await.unwrap();
    let id = registered.id.as_str();
    let message = |name: &str| NewMessage {
        id: format!("msg_test_{name}"),
        kind: "webhook.test",
        body: "{\"type\":\"webhook.test\"}".to_owned(),
    };
    let good = webhooks.test(&registered, message("a"), now).await.unwrap();
    assert_eq!(good.attempt.status, Some(200));
    let (headers, body) = receiver.got.lock().unwrap()[0].clone();
    let independent = standardwebhooks::Webhook::new(&secret.to_text()).unwrap();
    independent.verify(body.as_bytes(), &headers).unwrap();
    assert_eq!(headers["webhook-signature"], good.signature.as_str());
    assert_eq!(
        (headers["webhook-id"].to_str().unwrap(), body),
        (good.message.as_str(), good.body)
    );
    // Switched off, and refused: noted, not called again, and no failure of the endpoint's.
    assert!(webhooks.switch(id, false).await.unwrap());
    receiver.answer(StatusCode::GONE);
    let off = webhooks.endpoint(id).await.unwrap().unwrap();
    let bad = webhooks.test(&off, message("b"), now + 1).await.unwrap();
    assert_eq!(bad.attempt.status, Some(410));
    assert_eq!(webhooks.deliver_due(now + DAY_MS).await.unwrap(), 0);
    assert_eq!(webhooks.endpoint(id).await.unwrap(), Some(off));
    let listed = webhooks.deliveries(id, 10).await.unwrap();
    let states: Vec<_> = listed
        .iter()
        .map(|one| (one.message.as_str(), one.state))
        .collect();
    let expected = [
        ("msg_test_b", DeliveryState::GivenUp),
        ("msg_test_a", DeliveryState::Delivered),
    ];
    assert_eq!(states, expected);
    let attempts = webhooks.attempts(id, "msg_test_b").await.unwrap();
    assert_eq!(attempts, [bad.attempt]);
    // Forgotten while it is called: nothing is left of it.
    assert!(webhooks.remove(id).await.unwrap());
    webhooks.test(&registered, message("c"), now).await.unwrap();
    assert_eq!(webhooks.deliveries(id, 10).await.unwrap(), []);
}

async fn a_replay_during_a_call_is_not_lost(url: &DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let webhooks = open(url, &key, &development()).await;
    let receiver = Receiver::default();
    let hook = format!("http://{}/hook", receiver.start().await);
    let now = now_ms();
    let new = endpoint(&webhooks, &hook, &["contribution.recorded"]);
    let (registered, _) = webhooks.register(new, now).await.unwrap();
    let kind = "contribution.recorded";
    webhooks
        .publish("harbour-9", "harbour", kind, "{}".to_owned(), now)
        .await
        .unwrap();
    let (asked, id) = (webhooks.clone(), registered.id.clone());
    *receiver.before_answer.lock().unwrap() = Some(Box::pin(async move {
        assert!(asked.replay(&id, "harbour-9", now).await.unwrap());
    }));
    let sent = webhooks.deliver_due(now).await.unwrap();
    assert_eq!((sent, receiver.count()), (2, 2));
    let deliveries = webhooks.deliveries(&registered.id, 10).await.unwrap();
    assert_eq!(deliveries[0].state, DeliveryState::Delivered);
    assert_eq!(webhooks.deliver_due(now + DAY_MS).await.unwrap(), 0);
    assert!(webhooks.remove(&registered.id).await.unwrap());
}

async fn two_nodes_send_a_message_once(url: &DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let section = development();
    let (one, two) = (
        open(url, &key, &section).await,
        open(url, &key, &section).await,
    );
    let receiver = Receiver::default();
    let hook = format!("http://{}/hook", receiver.start().await);
    let now = now_ms();
    one.register(endpoint(&one, &hook, &[]), now).await.unwrap();
    for number in 0..40 {
        let message = format!("twice-{number}");
        one.publish(&message, "harbour", "any", "{}".to_owned(), now)
            .await
            .unwrap();
    }
    let (first, second) = tokio::join!(one.deliver_due(now), two.deliver_due(now));
    assert_eq!(first.unwrap() + second.unwrap(), 40);
    assert_eq!(receiver.count(), 40);
}

async fn old_messages_go_and_what_waits_stays(url: &DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let mut section = development();
    section.retention_days = 10;
    let webhooks = open(url, &key, &section).await;
    let receiver = Receiver::default();
    let hook = format!("http://{}/hook", receiver.start().await);
    let start = now_ms();
    let new = endpoint(&webhooks, &hook, &[]);
    let (registered, _) = webhooks.register(new, start).await.unwrap();
    let id = registered.id.as_str();
    let publish = async |message: &str, offering: &str, at: i64| {
        webhooks
            .publish(message, offering, "any", "{}".to_owned(), at)
            .await
            .unwrap();
    };
    let kept = async || {
        let kept = webhooks.deliveries(id, 100).await.unwrap().into_iter();
        let mut kept: Vec<_> = kept.map(|delivery| delivery.message).collect();
        kept.sort();
        kept
    };
    // Some that are delivered, more that nobody wants than are deleted at a time, one that waits.
    for number in 0..8 {
        publish(&format!("told-{number}"), "harbour", start).await;
    }
    for number in 0..600 {
        publish(&format!("for-nobody-{number}"), "other", start).await;
    }
    assert_eq!(webhooks.deliver_due(start).await.unwrap(), 8);
    receiver.answer(StatusCode::BAD_GATEWAY);
    publish("waits", "harbour", start).await;
    assert_eq!(webhooks.deliver_due(start).await.unwrap(), 1);
    // Replayed later, so that its calls are not old.
    receiver.answer(StatusCode::OK);
    assert!(webhooks.replay(id, "told-7", start + DAY_MS).await.unwrap());
    publish("young", "harbour", start + 2 * DAY_MS).await;

    let day_10 = start + 10 * DAY_MS;
    assert_eq!(webhooks.delete_old(day_10).await.unwrap(), 0);
    let mut deleted = Vec::new();
    loop {
        match webhooks.delete_old(day_10 + 1).await.unwrap() {
            0 => break,
            some => deleted.push(some),
        }
    }
    assert_eq!(deleted, [500, 107]);
    assert_eq!(kept().await, ["told-7", "waits", "young"]);
    assert!(webhooks.attempts(id, "told-1").await.unwrap().is_empty());
    assert!(!webhooks.replay(id, "told-1", day_10).await.unwrap());

    // What waited is delivered; from then on its time counts.
    let sent = webhooks.deliver_due(start + 2 * DAY_MS).await.unwrap();
    assert_eq!(sent, 3);
    assert_eq!(webhooks.delete_old(start + 12 * DAY_MS).await.unwrap(), 0);
    assert_eq!(webhooks.attempts(id, "waits").await.unwrap().len(), 2);
    let all = webhooks.delete_old(start + 12 * DAY_MS + 1).await.unwrap();
    assert_eq!(all, 3);
    assert!(kept().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().join("a"));
    a_message_is_signed_retried_logged_and_replayed(&url).await;
    let url = DatabaseUrl::Folder(folder.path().join("b"));
    two_nodes_send_a_message_once(&url).await;
    let url = DatabaseUrl::Folder(folder.path().join("c"));
    a_replay_during_a_call_is_not_lost(&url).await;
    let url = DatabaseUrl::Folder(folder.path().join("d"));
    old_messages_go_and_what_waits_stays(&url).await;
    let url = DatabaseUrl::Folder(folder.path().join("e"));
    a_test_call_is_made_once_whatever_state_the_endpoint_is_in(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let url = server.database("a").await.unwrap();
    a_message_is_signed_retried_logged_and_replayed(&url).await;
    let url = server.database("b").await.unwrap();
    two_nodes_send_a_message_once(&url).await;
    let url = server.database("c").await.unwrap();
    a_replay_during_a_call_is_not_lost(&url).await;
    let url = server.database("d").await.unwrap();
    old_messages_go_and_what_waits_stays(&url).await;
    let url = server.database("e").await.unwrap();
    a_test_call_is_made_once_whatever_state_the_endpoint_is_in(&url).await;
}

#[tokio::test]
async fn an_endpoint_that_fails_for_days_is_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let url = DatabaseUrl::Folder(folder.path().join("data"));
    let mut section = development();
    section.disable_days = 1;
    let webhooks = open(&url, &key, &section).await;
    let receiver = Receiver::default();
    receiver.answer(StatusCode::BAD_GATEWAY);
    let hook = format!("http://{}/hook", receiver.start().await);
    let mut now = now_ms();
    let (registered, _) = webhooks
        .register(endpoint(&webhooks, &hook, &[]), now)
        .await
        .unwrap();
    webhooks
        .publish("m", "harbour", "any", "{}".to_owned(), now)
        .await
        .unwrap();
    assert_eq!(webhooks.deliver_due(now).await.unwrap(), 1);
    for (place, delay) in RETRY_DELAYS_SECONDS.iter().enumerate() {
        let state = webhooks
            .endpoint(&registered.id)
            .await
            .unwrap()
            .unwrap()
            .state;
        now += delay * 1_000;
        let sent = webhooks.deliver_due(now).await.unwrap();
        // 5 s, 5 min, 30 min, 2, 5 and 10 h are 17.6 h in all; with 14 h more the day is over.
        let expected = if place < 7 {
            EndpointState::Active
        } else {
            EndpointState::FailedTooLong
        };
        assert_eq!(
            (state, sent),
            (expected, usize::from(place < 7)),
            "attempt {place}"
        );
    }
    let delivery = webhooks
        .deliveries(&registered.id, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(delivery.state, DeliveryState::GivenUp);
    // Switched on again, the message can be replayed.
    assert!(webhooks.switch(&registered.id, true).await.unwrap());
    receiver.answer(StatusCode::OK);
    assert!(webhooks.replay(&registered.id, "m", now).await.unwrap());
    assert_eq!(webhooks.deliver_due(now).await.unwrap(), 1);
    let found = webhooks.endpoint(&registered.id).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.failing_since_ms),
        (EndpointState::Active, None)
    );
}

#[tokio::test]
async fn what_was_registered_under_looser_rules_is_judged_by_those_of_now() {
    let folder = tempfile::tempdir().unwrap();
    let key = WebhookKey::read_or_make(&folder.path().join("key")).unwrap();
    let url = DatabaseUrl::Folder(folder.path().join("data"));
    let receiver = Receiver::default();
    let port = receiver.start().await.port();
    // Registered while it was allowed; the switch is off now.
    let loose = open(&url, &key, &development()).await;
    let now = now_ms();
    let name = format!("http://localhost:{port}/hook");
    let literal = format!("http://127.0.0.1:{port}/hook");
    for hook in [&name, &literal] {
        loose
            .register(endpoint(&loose, hook, &[]), now)
            .await
            .unwrap();
    }
    drop(loose);
    let strict = open(&url, &key, &Config::defaults().unwrap().webhooks).await;
    strict
        .publish("m", "harbour", "any", "{}".to_owned(), now)
        .await
        .unwrap();
    assert_eq!(strict.deliver_due(now).await.unwrap(), 2);
    assert_eq!(receiver.count(), 0);
    for registered in strict.endpoints("harbour").await.unwrap() {
        let attempts = strict.attempts(&registered.id, "m").await.unwrap();
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].status, None);
    }
    assert!(!strict.rules().allows(IpAddr::from([127, 0, 0, 1])));
}
