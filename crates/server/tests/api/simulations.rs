//! Terms tried out with contributions that nobody made.

use serde_json::{Value, json};

use crate::test_node::{Answer, NAME, SETTLEABLE, TestNode, money, terms, terms_hash};

const IN_PUBLIC_ROUND: &str = "2027-01-15T09:01:00Z";

fn simulate(node: &TestNode, body: &Value) -> Answer {
    node.post("/v1/offerings/simulate", "-", body)
}

fn simulated(node: &TestNode, body: &Value) -> Value {
    let answer = simulate(node, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn contribution(who: &str, cents: u32, at: Option<&str>) -> Value {
    let mut body = json!({ "investor": who, "currency": "EUR", "amount": cents.to_string() });
    if let Some(at) = at {
        body["at"] = json!(at);
    }
    body
}

fn body(terms: &str, contributions: &[Value]) -> Value {
    json!({ "terms": terms, "contributions": contributions })
}

#[test]
fn a_simulation_says_what_the_sale_then_does() {
    let node = TestNode::with_offering();
    // Too little, accepted, filled in part up to the limit of an investor, and of the offering.
    let wishes = [
        ("p-1", 999),
        ("p-1", 500_000),
        ("p-1", 200_000),
        ("p-2", 600_000),
        ("p-3", 600_000),
        ("p-4", 600_000),
        ("p-5", 600_000),
        ("p-6", 600_000),
    ];
    let contributions = wishes.map(|(who, cents)| contribution(who, cents, Some(IN_PUBLIC_ROUND)));
    let simulation = simulated(&node, &body(&terms(), &contributions));
    assert_eq!(simulation["terms_hash"], json!(terms_hash(&terms())));
    assert_eq!(simulation.get("refusal"), None);

    let mut real = Vec::new();
    for (place, (who, cents)) in (1_u32..).zip(wishes) {
        node.fund(who, place, cents);
        let entry = node.contribute(who, &place.to_string(), cents);
        real.push(entry.entry(&node.verifier()));
    }
    let kinds: Vec<Value> = real
        .iter()
        .map(|entry| entry["outcome"]["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("refused")) && kinds.contains(&json!("contributed")));
    let settlement = format!("/v1/offerings/{NAME}/settlement");
    node.set_clock(SETTLEABLE);
    node.post(&settlement, "settle", &Value::Null);
    for (place, entry) in real.iter().enumerate() {
        let tried = &simulation["contributions"][place];
        assert_eq!(tried["outcome"], entry["outcome"], "{place}");
        let path = format!("/v1/offerings/{NAME}/contributions/{}", entry["sequence"]);
        let row = node.get(&path);
        if entry["outcome"]["kind"] == json!("refused") {
            assert_eq!((row.status, tried.get("result")), (404, None), "{place}");
            continue;
        }
        let mut row = row.json();
        row["sequence"] = tried["result"]["sequence"].clone();
        assert_eq!(tried["result"], row, "{place}");
    }
    let mut view = node.get(&settlement).json();
    assert!(view.as_object_mut().unwrap().remove("root").is_some());
    assert_eq!(simulation["settlement"], view);
    assert_eq!(view["verdict"], json!("succeeded"));
}

#[test]
fn a_simulation_begins_with_the_first_round_admits_and_stores_nothing() {
    let node = TestNode::empty();
    let contributions = [
        contribution("p-1", 20_000, None),
        contribution("p-1", 20_000, Some(IN_PUBLIC_ROUND)),
        contribution("p-2", 20_000, None),
        contribution("p-2", 20_000, Some("2027-01-15T08:30:00Z")),
        contribution("p-2", 20_000, Some("2027-01-15T10:00:00Z")),
    ];
    let simulation = simulated(&node, &body(&terms(), &contributions));
    let outcome = |place: usize| simulation["contributions"][place]["outcome"].clone();
    assert_eq!(outcome(0)["round"], json!("early bird"));
    assert_eq!(outcome(0)["tokens"], money("2500000000", "2500 HBR"));
    assert_eq!(outcome(1)["round"], json!("public"));
    // The time of the one before.
    assert_eq!(outcome(2)["round"], json!("public"));
    // Time never runs back, and all rounds end.
    assert_eq!(outcome(3)["kind"], json!("refused"));
    assert_eq!(outcome(4)["kind"], json!("refused"));
    assert_ne!(outcome(3)["refusal"], outcome(4)["refusal"]);
    assert_eq!(simulation["settlement"]["verdict"], json!("failed"));
    assert_eq!(node.get("/v1/offerings").json(), json!({ "offerings": [] }));
}

#[test]
fn currencies_with_recorded_rates_need_one_and_fixed_ones_take_none() {
    let node = TestNode::empty();
    let recorded =
        "rate = { source = \"kraken:ETHEUR\", max_age = \"1 hour\", max_step = \"20 %\" }";
    let text = terms().replace("rate = \"2_500 EUR per ETH\"", recorded);
    let mut ether = contribution("p-1", 0, Some(IN_PUBLIC_ROUND));
    ether["currency"] = json!("ETH");
    ether["amount"] = json!("1000000000000000000");
    let mut asked = body(&text, &[ether]);
    let outcome = |asked: &Value| simulated(&node, asked)["contributions"][0]["outcome"].clone();
    assert_eq!(outcome(&asked)["kind"], json!("refused"));
    // 2,000 EUR for an ether: 20,000 tokens at 0.10.
    let rate =
        json!({ "currency": "ETH", "numerator": "200000", "denominator": "1000000000000000000" });
    asked["rates"] = json!([rate]);
    assert_eq!(outcome(&asked)["tokens"], money("20000000000", "20000 HBR"));
    asked["rates"][0]["numerator"] = json!("0");
    assert_eq!(simulate(&node, &asked).refusal(), (422, "H422".to_owned()));
    asked["terms"] = json!(terms());
    asked["rates"][0]["numerator"] = json!("200000");
    assert_eq!(simulate(&node, &asked).refusal(), (422, "H422".to_owned()));
}

#[test]
fn what_cannot_be_settled_says_why() {
    let node = TestNode::empty();
    let public =
        "price = \"0.10 EUR per HBR\"\nallocation = \"first_come\"\nover_cap = \"partial\"\n";
    let lottery = "price = \"0.10 EUR per HBR\"\ncap = \"17_000 EUR\"\n\
        allocation = { kind = \"lottery\", source = \"drand:quicknet\", instant = \"2027-01-15T11:00:00Z\", \
        marginal = \"partial\" }\n";
    // A lottery's seed has its instant, which no pause moves.
    let text = terms().replace("end = \"moves\"", "end = \"fixed\"");
    let text = text.replace(public, lottery);
    assert!(text.contains("drand"));
    let simulation = simulated(&node, &body(&text, &[contribution("p-1", 20_000, None)]));
    assert_eq!(simulation.get("settlement"), None);
    assert!(simulation["refusal"]["code"].is_u64(), "{simulation}");
}

#[test]
fn a_simulation_has_bounds() {
    let node = TestNode::empty();
    let many = |count: u32| {
        let all = (0..count).map(|place| contribution(&format!("p-{place}"), 2_000, None));
        body(&terms(), &all.collect::<Vec<_>>())
    };
    let most = simulated(&node, &many(1_000));
    assert_eq!(most["contributions"].as_array().unwrap().len(), 1_000);
    assert_eq!(
        simulate(&node, &many(1_001)).refusal(),
        (422, "H422".to_owned())
    );
    let mut rates = many(1);
    let rate = json!({ "currency": "ETH", "numerator": "1", "denominator": "1" });
    rates["rates"] = Value::Array(vec![rate; 256]);
    assert_eq!(simulate(&node, &rates).refusal(), (422, "H422".to_owned()));
    let padded = |bytes: usize| {
        let mut asked = many(1);
        let without = asked.to_string().len();
        asked["terms"] = json!(terms() + &" ".repeat(bytes - without));
        asked
    };
    assert_eq!(simulate(&node, &padded(1 << 18)).status, 200);
    assert_eq!(
        simulate(&node, &padded((1 << 18) + 1)).refusal(),
        (413, "H413".to_owned())
    );
}

#[test]
fn what_is_no_simulation_is_refused() {
    let node = TestNode::empty();
    let good = contribution("p-1", 2_000, None);
    let with = |field: &str, value: Value| {
        let mut new = good.clone();
        new[field] = value;
        body(&terms(), &[new])
    };
    let blocks = terms().replace("kind = \"time\"", "kind = \"block\"");
    for asked in [
        body("", &[]),
        body(&blocks, &[]),
        with("currency", json!("USD")),
        with("amount", json!(1)),
        with("amount", json!("1.5")),
        with("investor", json!("a,b")),
        with("at", json!("yesterday")),
        with("at", json!("1960-01-01T00:00:00Z")),
        with("wen", json!("2027-01-15T09:00:00Z")),
        json!({ "terms": terms() }),
    ] {
        assert_eq!(
            simulate(&node, &asked).refusal(),
            (422, "H422".to_owned()),
            "{asked}"
        );
    }
    let call = crate::test_node::Call::new("POST", "/v1/offerings/simulate");
    let without_key = node.call(&call.body(&body(&terms(), &[])));
    assert_eq!(without_key.refusal(), (401, "H401".to_owned()));
}
