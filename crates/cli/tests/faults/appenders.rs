//! Two nodes that append one request to one log, in every order of the steps that they can see of each
//! other, also when one of them loses its connection or dies half way.
//!
//! What a node does alone (look the request up, append where the log ends by then) shows to the
//! other one only as one statement that moves the row of the log's head. So whoever holds that row
//! decides the order: this test does, and lets the statements in as each case says.

use std::time::{Duration, Instant};

use serde_json::Value;
use softcap_database::{Database, temporary::TemporaryPostgres};
use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;

use crate::{
    client::{Answer, Client, OFFERING, contribution},
    postgres::{second_node, url},
    record::{Held, Record, same_bytes},
    server::{Server, TERMS},
};

/// An append that does not come to the head in this time was answered without one.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens while both appends wait for the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    /// The database ends these connections; nobody knows then whether the statement was done.
    Disconnected(&'static [Turn]),
    /// The process of this node dies, while its statement goes on waiting in the database.
    Killed(Turn),
}

/// Whose statement is at the head first or second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    First,
    Second,
}

/// One race for the head.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// The node whose statement waits first, and the other one.
    order: [usize; 2],
    fault: Fault,
    /// What the first and the second one are asked for, with one key.
    cents: [u64; 2],
}

const FAULTS: [Fault; 6] = [
    Fault::Nothing,
    Fault::Disconnected(&[Turn::First]),
    Fault::Disconnected(&[Turn::Second]),
    Fault::Disconnected(&[Turn::First, Turn::Second]),
    Fault::Killed(Turn::First),
    Fault::Killed(Turn::Second),
];

/// The row of the log's head, which this test holds.
struct Head(PgPool);

impl Head {
    async fn hold(&self) -> Transaction<'static, Postgres> {
        let mut held = self.0.begin().await.unwrap();
        sqlx::query("SELECT next FROM log_head WHERE log = 'harbour' FOR UPDATE")
            .execute(&mut *held)
            .await
            .unwrap();
        held
    }

    /// Returns when so many appends wait for the row: their connections, in the order in which they
    /// came, when the earlier ones are known.
    async fn waiting(&self, earlier: &[i32], count: usize) -> Vec<i32> {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "{count} appends never waited");
            let pids: Vec<i32> = sqlx::query_scalar(
                "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND datname = current_database()",
            )
            .fetch_all(&self.0)
            .await
            .unwrap();
            if pids.len() == count {
                let new = pids.iter().filter(|pid| !earlier.contains(pid));
                return earlier.iter().chain(new).copied().collect();
            }
            tokio::task::yield_now().await;
        }
    }

    async fn disconnect(&self, pid: i32) {
        let done: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1)")
            .bind(pid)
            .fetch_one(&self.0)
            .await
            .unwrap();
        assert!(done, "{pid} was not there");
    }
}

/// Two nodes, a client of each with the same API key, and the head.
struct Nodes {
    servers: [Server; 2],
    clients: [Client; 2],
    head: Head,
    _postgres: TemporaryPostgres,
}

impl Nodes {
    async fn start() -> Self {
        let postgres = TemporaryPostgres::start().unwrap();
        let mut one = Server::with_data(&url(&postgres));
        let first = one.client();
        one.start();
        first.announce(TERMS).await;
        let mut other = second_node(&one, &url(&postgres));
        other.start();
        let second = first.to(&other);
        let Database::Postgres(pool) = Database::open(&postgres.url(), "-").await.unwrap() else {
            panic!("this is PostgreSQL")
        };
        Self {
            servers: [one, other],
            clients: [first, second],
            head: Head(pool),
            _postgres: postgres,
        }
    }

    /// A request that is repeated until it is answered.
    fn ask(&self, node: usize, key: &str, body: &Value) -> JoinHandle<Answer> {
        let (client, key, body) = (self.clients[node].clone(), key.to_owned(), body.clone());
        tokio::spawn(async move {
            let path = format!("{OFFERING}/contributions");
            client.post_until_answered(&path, &key, &body).await
        })
    }

    /// Both nodes append. Gives the answers in the order in which their statements wait.
    async fn race(&mut self, key: &str, case: Case) -> [Answer; 2] {
        let [first, second] = case.order;
        let bodies = case.cents.map(|cents| contribution(key, "p-1", cents));
        let held = self.head.hold().await;
        let one = self.ask(first, key, &bodies[0]);
        let waiting = self.head.waiting(&[], 1).await;
        let other = self.ask(second, key, &bodies[1]);
        let waiting = self.head.waiting(&waiting, 2).await;
        match case.fault {
            Fault::Nothing => {}
            Fault::Disconnected(turns) => {
                for turn in turns {
                    self.head.disconnect(waiting[place(*turn)]).await;
                }
            }
            Fault::Killed(turn) => self.servers[case.order[place(turn)]].kill(),
        }
        held.commit().await.unwrap();
        if let Fault::Killed(turn) = case.fault {
            self.servers[case.order[place(turn)]].start();
        }
        [one.await.unwrap(), other.await.unwrap()]
    }
}

const fn place(turn: Turn) -> usize {
    match turn {
        Turn::First => 0,
        Turn::Second => 1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_at_two_nodes_is_one_contribution_in_every_order() {
    let mut nodes = Nodes::start().await;
    let mut held = Vec::new();
    let mut cases = 0;
    for order in [[0, 1], [1, 0]] {
        for fault in FAULTS {
            for cents in [[100, 100], [100, 200]] {
                let case = Case {
                    order,
                    fault,
                    cents,
                };
                let key = format!("race-{cases}");
                let answers = nodes.race(&key, case).await;
                held.push(the_one(case, key, &answers));
                cases += 1;
            }
        }
        held.extend(one_after_the_other(&nodes, order).await);
    }
    let contributions = cases + 2 * 2;
    // Whoever was last to append knows all; the other one learns it by what it is asked.
    for (number, client) in nodes.clients.iter().enumerate() {
        let answer = client
            .contribute(&format!("last-{number}"), "p-1", 100)
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let record = Record::fetch(&nodes.clients[1]).await;
    let offering = record.check(&nodes.servers[0].verifier(), &held).unwrap();
    assert_eq!(offering.contribution_count(), contributions + 2);
    for client in &nodes.clients {
        same_bytes(client, &held).await;
    }
}

/// The request that counts: where nothing was disturbed it is the first at the head.
fn the_one(case: Case, key: String, answers: &[Answer; 2]) -> Held {
    let done = |answer: &&Answer| answer.status == 201;
    let winner = answers.iter().find(done);
    let winner = winner.unwrap_or_else(|| panic!("{case:?}: {answers:?}"));
    if case.cents[0] == case.cents[1] {
        assert_eq!(answers[0], answers[1], "{case:?}");
    } else {
        let loser = answers.iter().find(|answer| !done(answer)).unwrap();
        assert_eq!(loser.problem(), (422, "H423".to_owned()), "{case:?}");
    }
    if case.fault == Fault::Nothing {
        assert_eq!(answers[0].status, 201, "{case:?}: {answers:?}");
    }
    Held {
        key,
        sequence: winner.sequence(),
        body: winner.body.clone(),
    }
}

/// The second node begins when the first one has answered, at once and after it has heard of the entry.
async fn one_after_the_other(nodes: &Nodes, order: [usize; 2]) -> Vec<Held> {
    let [first, second] = order.map(|node| &nodes.clients[node]);
    let mut held = Vec::new();
    for has_heard in [false, true] {
        let key = format!("after-{}-{has_heard}", order[0]);
        let answer = first.contribute(&key, "p-1", 100).await;
        let sequence = answer.sequence();
        if has_heard {
            while second.get(OFFERING).await.json()["entries"].as_u64() <= Some(sequence) {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(second.contribute(&key, "p-1", 100).await, answer, "{key}");
        let other = second.contribute(&key, "p-1", 101).await;
        assert_eq!(other.problem(), (422, "H423".to_owned()), "{key}");
        held.push(Held {
            key,
            sequence,
            body: answer.body,
        });
    }
    held
}
