//! Live entries: resumed without a gap, ended when the server stops.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::test_node::{Call, NAME, TestNode, read_head};

fn call() -> Call {
    Call::new("GET", &format!("/v1/offerings/{NAME}/events"))
}

struct Listener(BufReader<TcpStream>);

impl Listener {
    fn open(node: &TestNode, last: Option<u64>) -> Self {
        let call = match last {
            Some(last) => call().header("last-event-id", &last.to_string()),
            None => call(),
        };
        Self::to(node, &call)
    }

    /// To the totals of a page.
    fn to_totals(node: &TestNode, language: &str) -> Self {
        let path = format!("/offerings/{NAME}/live");
        Self::to(
            node,
            &Call::new("GET", &path).header("accept-language", language),
        )
    }

    fn to(node: &TestNode, call: &Call) -> Self {
        let mut socket = node.connect();
        socket.write_all(&call.bytes()).unwrap();
        let mut reader = BufReader::new(socket);
        let (status, headers) = read_head(&mut reader);
        assert_eq!(status, 200);
        let kind = headers.iter().find(|(name, _)| name == "content-type");
        assert_eq!(kind.unwrap().1, "text/event-stream");
        Self(reader)
    }

    /// Id and data of the next event; `None` when the stream ends.
    fn next(&mut self) -> Option<(u64, Value)> {
        let (mut id, mut data) = (None, None);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.parse().ok();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                data = serde_json::from_str(text).ok();
            }
            // An empty line ends an event, or a comment that keeps the connection.
            if line.is_empty()
                && let Some(event) = id.take().zip(data.take())
            {
                return Some(event);
            }
        }
    }
}

#[test]
fn a_listener_that_comes_back_misses_nothing() {
    let node = TestNode::with_offering();
    let mut live = Listener::open(&node, None);
    node.fund("p-1", 1, 100_000);
    let (id, event) = live.next().unwrap();
    let expected = json!({
        "sequence": 1,
        "position": "2027-01-15T09:01:00Z",
        "outcome": { "kind": "done" },
        "raised": { "units": "0", "display": "0 EUR" },
    });
    assert_eq!((id, event), (1, expected));
    drop(live);
    let made: Vec<Value> = (0..3)
        .map(|place| node.contribute("p-1", &place.to_string(), 10_000).json())
        .collect();
    let mut resumed = Listener::open(&node, Some(1));
    for entry in &made {
        let (id, event) = resumed.next().unwrap();
        assert_eq!(json!(id), entry["sequence"]);
        assert_eq!(event["outcome"], entry["outcome"]);
    }
    let next = node.contribute("p-1", "next", 10_000).sequence();
    assert_eq!(resumed.next().unwrap().0, next);
    let mut whole = Listener::open(&node, Some(0));
    let ids: Vec<u64> = (1..=next).map(|_| whole.next().unwrap().0).collect();
    assert_eq!(ids, (1..=next).collect::<Vec<_>>());
}

#[test]
fn an_entry_that_is_not_there_cannot_be_the_last_one_seen() {
    let node = TestNode::with_offering();
    for last in ["1", "99", "-1", "x", "18446744073709551615", ""] {
        let answer = node.call(&call().header("last-event-id", last));
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{last:?}");
    }
}

#[test]
fn streams_end_when_the_server_stops() {
    let mut node = TestNode::with_offering();
    let mut idle = Listener::open(&node, None);
    let mut behind = Listener::open(&node, None);
    node.fund("p-1", 1, 100_000);
    assert_eq!(behind.next().unwrap().0, 1);
    node.stop();
    assert_eq!(idle.next().map(|event| event.0), Some(1));
    assert!(idle.next().is_none());
    assert!(behind.next().is_none());
}

#[test]
fn totals_come_at_once_and_whenever_they_change_to_everybody_in_their_language() {
    let node = TestNode::with_offering();
    node.fund("p-1", 1, 100_000);
    let mut listeners = ["en", "en", "de"].map(|language| Listener::to_totals(&node, language));
    let raised = |listeners: &mut [Listener], size: u64| {
        let told = listeners.iter_mut().map(|listener| {
            // Totals of an earlier moment may come before.
            loop {
                let (id, data) = listener.next().unwrap();
                assert!(id <= size, "{id} of {size}");
                if id == size {
                    return data["raised"].as_str().unwrap().replace('\u{a0}', " ");
                }
            }
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        raised(&mut listeners, 2),
        ["0.00 EUR", "0.00 EUR", "0,00 EUR"]
    );
    node.contribute("p-1", "a", 10_050);
    let told = ["100.50 EUR", "100.50 EUR", "100,50 EUR"];
    assert_eq!(raised(&mut listeners, 3), told);
    // Whoever comes when everybody has gone is up to date too.
    drop(listeners);
    node.contribute("p-1", "b", 1_000);
    let mut late = [Listener::to_totals(&node, "en")];
    assert_eq!(raised(&mut late, 4), ["110.50 EUR"]);
}
