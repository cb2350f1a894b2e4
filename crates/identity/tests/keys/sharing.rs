//! Limits that several nodes count together.

use std::sync::Arc;

use softcap_identity::{
    CallLimits, CallRates, People, PersonId, PersonalKey, Site, USES_TOLD_EVERY, UseExchange,
};

use super::*;

const TENTH: Duration = Duration::from_millis(100);

/// A node that tells the others what it lets in.
struct Node {
    keys: Keys,
    limits: Arc<CallLimits>,
    exchange: UseExchange,
}

impl Node {
    /// Ten a second, twenty at once.
    async fn start(here: &Installation) -> Self {
        let site = Site {
            name: "Harbour Tokens".to_owned(),
            origin: "https://sale.example".to_owned(),
        };
        let database = here.database.clone();
        let people = People::open(database.clone(), PersonalKey::new(&[7; 32]), site).unwrap();
        let keys = here.node().await;
        let rates = CallRates {
            person: limit(),
            app: limit(),
            source: limit(),
        };
        let limits = Arc::new(CallLimits::shared(&rates, &here.ticks, &people));
        let exchange = UseExchange::new(database, keys.clone(), Arc::clone(&limits)).unwrap();
        let node = Self {
            keys,
            limits,
            exchange,
        };
        node.tell(here).await;
        node
    }

    async fn tell(&self, here: &Installation) {
        self.exchange.exchange(here.now).await.unwrap();
    }

    /// How many of these calls it lets in.
    fn lets_in(&self, here: &Installation, key: &Created, calls: usize) -> usize {
        let entered = (0..calls).filter(|_| here.enter(&self.keys, key).is_ok());
        entered.count()
    }
}

fn limit() -> RateLimit {
    RateLimit::new(10, 20).unwrap()
}

/// Each tells what it let in, and then each hears it.
async fn tell_each_other(here: &Installation, nodes: [&Node; 2]) {
    for _ in 0..2 {
        for node in nodes {
            node.tell(here).await;
        }
    }
}

async fn key_of(here: &Installation, nodes: [&Node; 2]) -> Created {
    let new = NewKey {
        limit: Some(limit()),
        ..new_key("offerings:read:*")
    };
    let [one, other] = nodes;
    let key = one.keys.create(&operator(), new, here.now).await.unwrap();
    other.keys.refresh().await.unwrap();
    key
}

pub(crate) async fn nodes_share_the_limit_of_a_key(here: &Installation) {
    let (one, other) = (Node::start(here).await, Node::start(here).await);
    let nodes = [&one, &other];
    let key = key_of(here, nodes).await;
    assert_eq!(one.lets_in(here, &key, 15), 15);
    tell_each_other(here, nodes).await;
    assert_eq!(other.lets_in(here, &key, 15), 5);
    tell_each_other(here, nodes).await;
    assert_eq!(one.lets_in(here, &key, 15), 0);
    // What comes in a tenth of a second is for both.
    here.ticks.advance(TENTH);
    assert_eq!(one.lets_in(here, &key, 5), 1);
    tell_each_other(here, nodes).await;
    assert_eq!(other.lets_in(here, &key, 5), 0);
    // Two that have not heard of each other let a burst in each, and pay for it.
    here.ticks.advance(2 * SECOND);
    here.keys_hear(nodes).await;
    assert_eq!(one.lets_in(here, &key, 50), 20);
    assert_eq!(other.lets_in(here, &key, 50), 20);
    tell_each_other(here, nodes).await;
    for _ in 0..4 {
        here.ticks.advance(USES_TOLD_EVERY);
        here.keys_hear(nodes).await;
        tell_each_other(here, nodes).await;
        let both = one.lets_in(here, &key, 5) + other.lets_in(here, &key, 5);
        assert_eq!(both, 0);
    }
    here.ticks.advance(2 * SECOND);
    here.keys_hear(nodes).await;
    assert_eq!(one.lets_in(here, &key, 50), 20);
}

async fn rename(here: &Installation, text: &'static str) {
    softcap_database::on_writer!(&here.database, |pool| sqlx::query(text)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
}

/// A database that is away for a moment: what was let in meanwhile is told when it is back, also of who does not come again.
pub(crate) async fn what_could_not_be_told_is_told_later(here: &Installation) {
    const AWAY: &str = "ALTER TABLE call_use RENAME TO away";
    const BACK: &str = "ALTER TABLE away RENAME TO call_use";
    let (one, other) = (Node::start(here).await, Node::start(here).await);
    let key = key_of(here, [&one, &other]).await;
    assert_eq!(one.lets_in(here, &key, 15), 15);
    rename(here, AWAY).await;
    one.exchange.exchange(here.now).await.unwrap_err();
    rename(here, BACK).await;
    one.exchange.exchange(here.now.plus(SECOND)).await.unwrap();
    other.tell(here).await;
    assert_eq!(other.lets_in(here, &key, 15), 5);
}

impl Installation {
    /// A node that has not heard from the database lets nobody in.
    async fn keys_hear(&self, nodes: [&Node; 2]) {
        for node in nodes {
            node.keys.refresh().await.unwrap();
        }
    }
}

pub(crate) async fn nodes_share_the_limits_of_others(here: &Installation) {
    let (one, other) = (Node::start(here).await, Node::start(here).await);
    let (anna, bert) = (PersonId::random().unwrap(), PersonId::random().unwrap());
    let person = |node: &Node, who| {
        let calls = (0..30).map(|_| node.limits.charge_person(who, cost(1)));
        calls.filter(Result::is_ok).count()
    };
    let app = |node: &Node| {
        let calls = (0..30).map(|_| node.limits.charge_app("app:a".to_owned(), cost(1)));
        calls.filter(Result::is_ok).count()
    };
    let source = |node: &Node, from: &str| {
        let from: IpAddr = from.parse().unwrap();
        let calls = (0..30).map(|_| node.limits.charge_source(from, cost(1)));
        calls.filter(Result::is_ok).count()
    };
    assert_eq!(person(&one, anna), 20);
    assert_eq!(app(&one), 20);
    assert_eq!(source(&one, "2001:db8:1:2::1"), 20);
    tell_each_other(here, [&one, &other]).await;
    assert_eq!((person(&other, anna), person(&other, bert)), (0, 20));
    assert_eq!(app(&other), 0);
    let network = "2001:db8:1:2:3::4";
    assert_eq!(
        (source(&other, network), source(&other, "192.0.2.9")),
        (0, 20)
    );
    // Nothing is owed for ever: a pause is worth a burst here, too.
    here.ticks.advance(2 * SECOND);
    tell_each_other(here, [&one, &other]).await;
    assert_eq!((person(&other, anna), app(&other)), (20, 20));
}

pub(crate) async fn a_node_counts_nothing_that_was_before_it_began(here: &Installation) {
    let (one, other) = (Node::start(here).await, Node::start(here).await);
    let key = key_of(here, [&one, &other]).await;
    assert_eq!(one.lets_in(here, &key, 20), 20);
    one.tell(here).await;
    let third = Node::start(here).await;
    third.tell(here).await;
    assert_eq!(third.lets_in(here, &key, 20), 20);
    // A node that ended is forgotten, and what it said goes.
    drop((one, other));
    let later = UnixMillis::new(here.now.get() + 3_600_000);
    third.exchange.exchange(later).await.unwrap();
    let rows: i64 = on_writer!(&here.database, |pool| {
        sqlx::query_scalar("SELECT COUNT(*) FROM call_use")
            .fetch_one(pool)
            .await
    })
    .unwrap();
    assert_eq!(rows, 1, "its own");
}
