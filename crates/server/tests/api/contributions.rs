//! Contributions: made, refused, repeated, listed, taken back.

use serde_json::{Value, json};

use crate::test_node::{Answer, Call, IN_PUBLIC_ROUND, NAME, TestNode, money};

fn path() -> String {
    format!("/v1/offerings/{NAME}/contributions")
}

fn contributed(sequence: u64, accepted: Value, refunded: Value, tokens: Value) -> Value {
    json!({
        "offering": NAME,
        "sequence": sequence,
        "position": "2027-01-15T09:01:00Z",
        "outcome": {
            "kind": "contributed",
            "round": "public",
            "accepted": accepted,
            "refunded": refunded,
            "waiting": money("0", "0 EUR"),
            "kept": money("0", "0 EUR"),
            "tokens": tokens,
        },
    })
}

#[test]
fn a_contribution_is_taken_whole_in_part_or_refused_each_with_a_receipt() {
    let node = TestNode::with_offering();
    let key = node.verifier();
    node.fund("p-1", 1, 700_000);
    let first = node.contribute("p-1", "a", 10_000);
    assert_eq!(
        first.header("location"),
        Some("/v1/offerings/harbour/log/entries/2")
    );
    let whole = contributed(
        2,
        money("10000", "100 EUR"),
        money("0", "0 EUR"),
        money("1000000000", "1000 HBR"),
    );
    assert_eq!(first.entry(&key), whole);
    let mut part = contributed(
        3,
        money("590000", "5900 EUR"),
        money("10000", "100 EUR"),
        money("59000000000", "59000 HBR"),
    );
    part["outcome"]["reason"] = json!({
        "code": 204,
        "name": "investor_limit",
        "sentence": "The investor's limit is reached.",
        "remedy": "Nothing more can be accepted from this investor in this round.",
    });
    assert_eq!(node.contribute("p-1", "b", 600_000).entry(&key), part);

    node.fund("p-2", 2, 5_000);
    for (who, cents, code) in [
        ("p-2", 999, 201),
        ("p-2", 5_001, 214),
        ("p-9", 5_000, 214),
        ("p-2", 0, 201),
    ] {
        let answer = node.contribute(who, &format!("{who} {cents}"), cents);
        let entry = answer.entry(&key);
        assert_eq!(entry["outcome"]["kind"], json!("refused"), "{who} {cents}");
        let refusal = &entry["outcome"]["refusal"];
        assert_eq!(refusal["code"], json!(code), "{who} {cents}");
    }
}

#[test]
fn a_request_that_says_nothing_the_record_could_hold_is_no_entry() {
    let node = TestNode::with_offering();
    let good = json!({ "investor": "p-1", "currency": "EUR", "amount": "10000" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let table = [
        with("amount", json!(10_000)),
        with("amount", json!("100.00")),
        with("amount", json!("-1")),
        with("amount", json!("007")),
        with("amount", json!("")),
        with("amount", json!("340282366920938463463374607431768211456")),
        with("currency", json!("USD")),
        with("currency", json!("eur")),
        with("investor", json!("")),
        with("investor", json!("a,b")),
        with("reference", json!("a,b")),
        with("reference", json!("x".repeat(256))),
        with("funding", json!("elsewhere")),
        with("amout", json!("1")),
        with("limit_price", json!({ "money": "1", "tokens": "0" })),
        json!([]),
        json!({}),
    ];
    for body in table {
        let answer = node.post(&path(), "k", &body);
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{body}");
    }
    let post = || Call::new("POST", &path()).key(&node.key);
    let long = "x".repeat(256);
    let table = [
        (post().body(&good), (400, "H428")),
        (post().idempotency("").body(&good), (400, "H400")),
        (post().idempotency("a\tb").body(&good), (400, "H400")),
        (post().idempotency("ä").body(&good), (400, "H400")),
        (post().idempotency(&long).body(&good), (400, "H400")),
        (post().idempotency("k"), (415, "H415")),
    ];
    for (call, (status, code)) in table {
        let answer = node.call(&call);
        assert_eq!(answer.refusal(), (status, code.to_owned()));
    }
    let elsewhere = node.post("/v1/offerings/nothing/contributions", "k", &good);
    assert_eq!(elsewhere.refusal(), (404, "H404".to_owned()));
    let entries = node.get(&format!("/v1/offerings/{NAME}")).json()["entries"].clone();
    assert_eq!(entries, json!(1));
}

#[test]
fn the_same_request_gets_the_same_bytes_and_another_one_is_refused() {
    let node = TestNode::with_offering();
    node.fund("p-1", 1, 100_000);
    let first = node.contribute("p-1", "a", 10_000);
    node.contribute("p-1", "b", 10_000);
    let again = node.contribute("p-1", "a", 10_000);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    let other = node.contribute("p-1", "a", 10_001);
    assert_eq!(other.refusal(), (422, "H423".to_owned()));
    // A key belongs to the API key that sent it.
    let stranger = node.key_with(Some("contributions:write:*"), "stranger");
    let body = json!({ "investor": "p-1", "currency": "EUR", "amount": "10000" });
    let call = Call::new("POST", &path()).key(&stranger).idempotency("a");
    let theirs = node.call(&call.body(&body));
    assert_eq!(theirs.sequence(), 4);
}

#[test]
fn contributions_are_listed_in_pages_that_miss_none() {
    let node = TestNode::with_offering();
    node.fund("p-1", 1, 100_000);
    let made: Vec<u64> = (0..5)
        .map(|place| {
            let answer = node.contribute("p-1", &format!("{place}"), 1_000 + place);
            answer.sequence()
        })
        .collect();
    let mut seen = Vec::new();
    let mut page = format!("{}?limit=2", path());
    loop {
        let answer = node.get(&page).json();
        let rows = answer["contributions"].as_array().unwrap();
        assert!(rows.len() <= 2);
        seen.extend(rows.iter().map(|row| row["sequence"].as_u64().unwrap()));
        let Some(next) = answer["next"].as_u64() else {
            break;
        };
        page = format!("{}?limit=2&after={next}", path());
    }
    assert_eq!(seen, made);
    for (query, expected) in [
        ("limit=0", (422, "H422")),
        ("limit=1001", (422, "H422")),
        ("limit=x", (400, "H400")),
        ("page=2", (400, "H400")),
        ("after=18446744073709551615", (200, "-")),
    ] {
        let (status, code) = node.get(&format!("{}?{query}", path())).refusal();
        assert_eq!((status, code.as_str()), expected, "{query}");
    }
}

#[test]
fn a_contribution_is_read_and_taken_back_once() {
    let node = TestNode::with_offering();
    let key = node.verifier();
    node.fund("p-1", 1, 20_000);
    let made = node.contribute("p-1", "a", 10_000);
    let one = format!("{}/{}", path(), made.sequence());
    let mut row = json!({
        "sequence": 2,
        "investor": "p-1",
        "position": "2027-01-15T09:01:00Z",
        "round": "public",
        "contributed": money("10000", "100 EUR"),
        "accepted": money("10000", "100 EUR"),
        "refunded": money("0", "0 EUR"),
        "kept": money("0", "0 EUR"),
        "tokens": money("1000000000", "1000 HBR"),
        "state": "counted",
    });
    assert_eq!(node.get(&one).json(), row);
    let receipt = node.call(&Call::new("GET", &format!("{one}/receipt")));
    assert_eq!(json!(receipt.text()), made.json()["receipt"]);

    let withdrawal = format!("{one}/withdrawal");
    let back = node.post(&withdrawal, "w", &Value::Null);
    let outcome = json!({ "kind": "refunded", "units": "10000", "promoted": 0 });
    assert_eq!(back.entry(&key)["outcome"], outcome);
    let again = node.post(&withdrawal, "w", &Value::Null);
    assert_eq!(again.body, back.body);
    let twice = node.post(&withdrawal, "other", &Value::Null).entry(&key);
    assert_eq!(twice["outcome"]["refusal"]["code"], json!(604));
    row["accepted"] = money("0", "0 EUR");
    row["refunded"] = money("10000", "100 EUR");
    row["tokens"] = money("0", "0 HBR");
    row["reason"] = json!("withdrawn");
    row["state"] = json!("withdrawn");
    assert_eq!(node.get(&one).json(), row);

    let none = node.post(&format!("{}/99/withdrawal", path()), "x", &Value::Null);
    let none = none.entry(&key);
    assert_eq!(none["outcome"]["refusal"]["code"], json!(603));
    for absent in ["0", "1", "99", "-1", "x"] {
        let answer = node.get(&format!("{}/{absent}", path()));
        assert_eq!(answer.refusal(), (404, "H404".to_owned()), "{absent}");
    }
}

#[test]
fn who_is_refused_too_often_waits_for_the_next_minute() {
    let node = TestNode::with_offering();
    node.fund("p-1", 1, 100_000);
    let size = || node.get(&format!("/v1/offerings/{NAME}")).json()["entries"].as_u64();
    // 20 seconds into a minute. Contributions that are taken do not count.
    node.set_clock(IN_PUBLIC_ROUND + 20_000);
    for place in 0..31 {
        let taken = node.contribute("p-1", &format!("taken {place}"), 1_000);
        assert_eq!(taken.json()["outcome"]["kind"], json!("contributed"));
    }
    let before = size().unwrap();
    // All at once: p-9 has no account.
    let answers: Vec<_> = std::thread::scope(|scope| {
        let ask = |place: u64| node.contribute("p-9", &format!("refused {place}"), 1_000);
        let threads: Vec<_> = (0..60)
            .map(|place| scope.spawn(move || ask(place)))
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.collect()
    });
    let entered = |answer: &&Answer| answer.status == 201;
    assert_eq!(answers.iter().filter(entered).count(), 30);
    for (place, answer) in answers.iter().enumerate() {
        if answer.status == 201 {
            // A request that is known has its answer all the same.
            let again = node.contribute("p-9", &format!("refused {place}"), 1_000);
            assert_eq!(again.body, answer.body);
        } else {
            assert_eq!(answer.refusal(), (429, "H430".to_owned()));
            assert_eq!(answer.header("retry-after"), Some("40"));
        }
    }
    assert_eq!(size().unwrap(), before + 30);
    // Nobody else waits, and what is no contribution is entered.
    assert_eq!(node.contribute("p-8", "other", 1_000).status, 201);
    node.fund("p-9", 2, 1_000);
    assert_eq!(node.contribute("p-9", "late", 1_000).status, 429);
    node.set_clock(IN_PUBLIC_ROUND + 60_000);
    let taken = node.contribute("p-9", "late", 1_000);
    assert_eq!(taken.json()["outcome"]["kind"], json!("contributed"));
}
