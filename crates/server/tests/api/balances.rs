//! Money of people: in, into an offering, contributed, back, and out.

use serde_json::{Value, json};
use softcap_journal::Movement;
use softcap_offering::{Amount, TransferId};
use softcap_proof::from_hex;
use softcap_rails::balance::PersonId;

use crate::test_node::{Answer, Call, IN_PUBLIC_ROUND, NAME, SETTLEABLE, TestNode, money};

/// A node with an offering, euros, and nobody.
fn platform() -> TestNode {
    let node = TestNode::with_offering();
    let body = json!({ "symbol": "EUR", "decimals": 2 });
    let added = node.post("/v1/platform/currencies", "EUR", &body);
    assert_eq!(added.status, 201, "{}", added.text());
    node
}

fn new_person(node: &TestNode) -> String {
    let answer = node.post("/v1/people", "-", &Value::Null);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["person"].as_str().unwrap().to_owned()
}

fn pay(node: &TestNode, person: &str, what: &str, key: &str, cents: u32) -> Answer {
    let body = json!({ "currency": "EUR", "amount": cents.to_string(), "reference": key });
    node.post(&format!("/v1/people/{person}/{what}"), key, &body)
}

/// Somebody with so much money.
fn person_with(node: &TestNode, cents: u32) -> String {
    let person = new_person(node);
    let key = format!("for {person}");
    assert_eq!(pay(node, &person, "deposits", &key, cents).status, 201);
    person
}

fn transfer_body(id: u32, cents: u32, direction: &str) -> Value {
    json!({
        "transfer": format!("{id:032x}"),
        "offering": NAME,
        "currency": "EUR",
        "amount": cents.to_string(),
        "direction": direction,
    })
}

fn transfer(node: &TestNode, person: &str, id: u32, cents: u32, direction: &str) -> Answer {
    let body = transfer_body(id, cents, direction);
    let call = Call::new("POST", &format!("/v1/people/{person}/transfers")).key(&node.key);
    node.call(&call.body(&body))
}

/// What an answer to a transfer says became of it.
fn outcome(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["outcome"].clone()
}

fn done() -> Value {
    json!({ "kind": "done" })
}

/// Deposited, withdrawn, available and in offerings, in cents.
fn euros(node: &TestNode, person: &str) -> [u64; 4] {
    let answer = node.get(&format!("/v1/people/{person}/balances")).json();
    assert_eq!(answer["person"], json!(person));
    let Some(balance) = answer["balances"].get(0) else {
        return [0; 4];
    };
    assert_eq!(balance["currency"], json!("EUR"));
    cents_of(balance)
}

fn cents_of(balance: &Value) -> [u64; 4] {
    ["deposited", "withdrawn", "available", "in_offerings"].map(|part| {
        let units = balance[part]["units"].as_str().unwrap();
        units.parse().unwrap()
    })
}

fn offerings_of(node: &TestNode, person: &str) -> Value {
    node.get(&format!("/v1/people/{person}/offerings")).json()["offerings"].clone()
}

#[test]
fn money_goes_in_into_an_offering_back_and_out() {
    let node = platform();
    let person = new_person(&node);
    assert_eq!(euros(&node, &person), [0; 4]);
    let deposit = pay(&node, &person, "deposits", "bank 1", 50_000);
    let recorded = json!({
        "sequence": 1,
        "person": person,
        "amount": money("50000", "500 EUR"),
        "reference": "bank 1",
    });
    assert_eq!((deposit.status, deposit.json()), (201, recorded));

    let in_offering = transfer(&node, &person, 1, 20_000, "to_offering");
    assert_eq!(outcome(&in_offering), done());
    assert_eq!(euros(&node, &person), [50_000, 0, 30_000, 20_000]);
    let investor = in_offering.json()["investor"].as_str().unwrap().to_owned();
    let contribution = node.contribute(&investor, "c", 15_000);
    let entry = contribution.entry(&node.verifier());
    assert_eq!(entry["outcome"]["kind"], json!("contributed"));

    // What is in a contribution stays until it is withdrawn.
    let early = transfer(&node, &person, 2, 20_000, "from_offering");
    assert_eq!(outcome(&early)["refusal"]["code"], json!(214));
    assert_eq!(euros(&node, &person), [50_000, 0, 30_000, 20_000]);
    let sequence = contribution.sequence();
    let withdrawal = format!("/v1/offerings/{NAME}/contributions/{sequence}/withdrawal");
    let withdrawn = node.post(&withdrawal, "w", &Value::Null);
    let entry = withdrawn.entry(&node.verifier());
    assert_eq!(entry["outcome"]["kind"], json!("refunded"));

    let back = transfer(&node, &person, 3, 20_000, "from_offering");
    assert_eq!(outcome(&back), done());
    assert_eq!(euros(&node, &person), [50_000, 0, 50_000, 0]);
    let paid = pay(&node, &person, "withdrawals", "bank 2", 50_000);
    assert_eq!(paid.status, 201);
    assert_eq!(euros(&node, &person), [50_000, 50_000, 0, 0]);

    let been = offerings_of(&node, &person);
    assert_eq!(been.as_array().unwrap().len(), 1);
    assert_eq!(been[0]["offering"], json!(NAME));
    assert_eq!(been[0]["investor"], json!(investor));
    let account = &been[0]["accounts"][0];
    assert_eq!(account["funded"], money("20000", "200 EUR"));
    assert_eq!(account["taken_back"], money("20000", "200 EUR"));
    let known = node.get("/v1/platform/currencies").json();
    assert_eq!(known["currencies"][0]["decimals"], json!(2));
    assert_eq!(
        cents_of(&known["currencies"][0]),
        [50_000, 50_000, 0, 0],
        "{known}"
    );
}

#[test]
fn what_is_repeated_happens_once_and_gets_the_same_bytes() {
    let mut node = platform();
    let person = new_person(&node);
    let ask = |node: &TestNode| {
        [
            pay(node, &person, "deposits", "d", 50_000),
            pay(node, &person, "withdrawals", "w", 60_000),
            transfer(node, &person, 1, 20_000, "to_offering"),
            transfer(node, &person, 2, 5_000, "from_offering"),
            pay(node, &person, "withdrawals", "v", 35_000),
        ]
        .map(|answer| {
            let mut problem = answer.json();
            // The id of the request is the only part that is new each time.
            let new = problem.as_object_mut().unwrap().remove("instance");
            (answer.status, problem.to_string(), new.is_some())
        })
    };
    let first = ask(&node);
    let statuses = first.each_ref().map(|(status, ..)| *status);
    assert_eq!(statuses, [201, 409, 201, 201, 201], "{first:?}");
    assert_eq!(ask(&node), first);
    node.restart();
    assert_eq!(ask(&node), first);
    assert_eq!(euros(&node, &person), [50_000, 35_000, 0, 15_000]);

    // The same key or name with another content is refused, and does nothing.
    let other = pay(&node, &person, "deposits", "d", 50_001);
    assert_eq!(other.refusal(), (422, "H423".to_owned()));
    let other = pay(&node, &person, "withdrawals", "d", 50_000);
    assert_eq!(other.refusal(), (422, "H423".to_owned()));
    for (cents, direction) in [(20_001, "to_offering"), (20_000, "from_offering")] {
        let other = transfer(&node, &person, 1, cents, direction);
        assert_eq!(other.refusal(), (409, "J206".to_owned()));
    }
    assert_eq!(euros(&node, &person), [50_000, 35_000, 0, 15_000]);
}

#[test]
fn the_platform_refuses_with_a_code_that_has_a_page() {
    let node = platform();
    let person = person_with(&node, 100);
    let with = |what: &str, currency: &str, amount: &str| {
        let body = json!({ "currency": currency, "amount": amount });
        let path = format!("/v1/people/{person}/{what}");
        node.post(&path, &format!("{what} {currency} {amount}"), &body)
    };
    let currency = |symbol: &str, decimals: u8| {
        let body = json!({ "symbol": symbol, "decimals": decimals });
        node.post(
            "/v1/platform/currencies",
            &format!("{symbol} {decimals}"),
            &body,
        )
    };
    let most = u128::MAX.to_string();
    let table = [
        (with("deposits", "USD", "1"), 409, "unknown_currency"),
        (with("withdrawals", "USD", "1"), 409, "unknown_currency"),
        (with("deposits", "EUR", "0"), 422, "zero"),
        (with("deposits", "EUR", &most), 409, "amount_too_large"),
        (
            with("withdrawals", "EUR", "101"),
            409,
            "insufficient_balance",
        ),
        (
            transfer(&node, &person, 1, 101, "to_offering"),
            409,
            "insufficient_balance",
        ),
        (
            transfer(&node, &person, 2, 1, "from_offering"),
            409,
            "not_in_offering",
        ),
        (currency("EUR", 3), 409, "currency_exists"),
        (currency("E U R", 2), 422, "not_a_currency"),
        (currency("GBP", 31), 422, "not_a_currency"),
    ];
    for (answer, status, code) in table {
        assert_eq!(answer.refusal(), (status, code.to_owned()));
        let page = node.get(answer.json()["type"].as_str().unwrap());
        assert_eq!(page.status, 200, "{code}");
    }
    assert_eq!(euros(&node, &person), [100, 0, 100, 0]);
}

#[test]
fn what_no_log_could_hold_is_no_entry() {
    let node = platform();
    let person = person_with(&node, 100);
    let path = format!("/v1/people/{person}/deposits");
    let good = json!({ "currency": "EUR", "amount": "1", "reference": "r" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for body in [
        with("amount", json!(1)),
        with("amount", json!("-1")),
        with("reference", json!("a,b")),
        with("reference", json!("x".repeat(256))),
        with("currency", json!("a\"b")),
        with("refrence", json!("r")),
        json!({}),
    ] {
        let answer = node.post(&path, "k", &body);
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{body}");
    }
    let keyless = Call::new("POST", &path).key(&node.key).body(&good);
    assert_eq!(node.call(&keyless).refusal(), (400, "H428".to_owned()));
    for wrong in ["1", &"0".repeat(32), &"A".repeat(32), &"a".repeat(34)] {
        for rest in ["balances", "offerings"] {
            let answer = node.get(&format!("/v1/people/{wrong}/{rest}"));
            assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{wrong}");
        }
        let answer = pay(&node, wrong, "deposits", "k", 1);
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{wrong}");
        let mut body = transfer_body(1, 1, "to_offering");
        body["transfer"] = json!(wrong);
        let answer = node.post(&format!("/v1/people/{person}/transfers"), "-", &body);
        assert_eq!(answer.refusal(), (422, "H422".to_owned()), "{wrong}");
    }
    let mut elsewhere = transfer_body(1, 1, "to_offering");
    elsewhere["offering"] = json!("nothing");
    let answer = node.post(&format!("/v1/people/{person}/transfers"), "-", &elsewhere);
    assert_eq!(answer.refusal(), (404, "H404".to_owned()));
    // The next entry has the number after that of the deposit.
    let next = pay(&node, &person, "deposits", "next", 1).json()["sequence"].clone();
    assert_eq!(next, json!(2));
}

#[test]
fn an_offering_that_is_over_leaves_the_money_where_it_was() {
    let node = platform();
    let person = person_with(&node, 10_000);
    let first = transfer(&node, &person, 1, 4_000, "to_offering");
    assert_eq!(outcome(&first), done());
    node.set_clock(SETTLEABLE);
    let settlement = format!("/v1/offerings/{NAME}/settlement");
    let settled = node.post(&settlement, "settle", &Value::Null);
    let entry = settled.entry(&node.verifier());
    assert_eq!(entry["outcome"]["verdict"], json!("failed"), "{entry}");

    let late = transfer(&node, &person, 2, 1_000, "to_offering");
    assert_eq!(outcome(&late)["kind"], json!("refused"));
    let again = transfer(&node, &person, 2, 1_000, "to_offering");
    assert_eq!(again.body, late.body);
    assert_eq!(euros(&node, &person), [10_000, 0, 6_000, 4_000]);
    // What is free comes back also then.
    let back = transfer(&node, &person, 3, 4_000, "from_offering");
    assert_eq!(outcome(&back), done());
    assert_eq!(euros(&node, &person), [10_000, 0, 10_000, 0]);
}

#[test]
fn nobody_reaches_the_money_of_another_person() {
    let node = platform();
    let (anna, ben) = (person_with(&node, 10_000), person_with(&node, 10_000));
    assert_eq!(
        outcome(&transfer(&node, &anna, 1, 5_000, "to_offering")),
        done()
    );
    // Neither with the name of a transfer, nor out of the same offering.
    let name = transfer(&node, &ben, 1, 5_000, "to_offering");
    assert_eq!(name.refusal(), (409, "J206".to_owned()));
    let back = transfer(&node, &ben, 2, 5_000, "from_offering");
    assert_eq!(back.refusal(), (409, "not_in_offering".to_owned()));
    assert_eq!(
        outcome(&transfer(&node, &ben, 3, 1_000, "to_offering")),
        done()
    );
    let more = transfer(&node, &ben, 4, 1_001, "from_offering");
    assert_eq!(more.refusal(), (409, "not_in_offering".to_owned()));
    assert_eq!(euros(&node, &anna), [10_000, 0, 5_000, 5_000]);
    assert_eq!(euros(&node, &ben), [10_000, 0, 9_000, 1_000]);
    let numbers = [&anna, &ben].map(|who| offerings_of(&node, who)[0]["investor"].clone());
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn a_person_is_forgotten_when_nothing_of_theirs_can_come_back() {
    let node = platform();
    let person = person_with(&node, 10_000);
    let forget = || {
        let call = Call::new("DELETE", &format!("/v1/people/{person}"));
        node.call(&call.key(&node.key))
    };
    transfer(&node, &person, 1, 5_000, "to_offering");
    assert_eq!(forget().refusal(), (409, "J208".to_owned()));
    let number = offerings_of(&node, &person)[0]["investor"].clone();
    assert!(number.is_string());
    transfer(&node, &person, 2, 5_000, "from_offering");
    assert_eq!(forget().status, 204);
    assert_eq!(forget().status, 204);
    assert_eq!(offerings_of(&node, &person), json!([]));
    assert_eq!(euros(&node, &person), [10_000, 0, 10_000, 0]);
    // A repeat of what is over stays over; whoever comes back is another investor.
    let again = transfer(&node, &person, 1, 5_000, "to_offering");
    assert_eq!(outcome(&again), done());
    assert_eq!(again.json().get("investor"), None);
    assert_eq!(euros(&node, &person), [10_000, 0, 10_000, 0]);
    let anew = transfer(&node, &person, 3, 5_000, "to_offering");
    assert_eq!(outcome(&anew), done());
    assert_ne!(anew.json()["investor"], number);
}

#[test]
fn a_start_finishes_what_a_stop_left_open() {
    let mut node = platform();
    let person = person_with(&node, 10_000);
    let bytes = from_hex(&person).unwrap();
    node.open_transfer(&Movement {
        transfer: TransferId(7_u128.to_be_bytes()),
        person: PersonId(bytes.try_into().unwrap()),
        offering: NAME.parse().unwrap(),
        currency: "EUR".to_owned(),
        amount: Amount(4_000),
    });
    node.restart();
    node.wait_for_transfers();
    assert_eq!(euros(&node, &person), [10_000, 0, 6_000, 4_000]);
    let account = offerings_of(&node, &person)[0]["accounts"][0].clone();
    assert_eq!(account["available"], money("4000", "40 EUR"));
    // Whoever asked for it and got no answer asks again.
    let again = transfer(&node, &person, 7, 4_000, "to_offering");
    assert_eq!(outcome(&again), done());
    assert_eq!(euros(&node, &person), [10_000, 0, 6_000, 4_000]);
}

#[test]
fn after_two_days_of_rest_money_goes_in_and_out_and_the_clock_is_confirmed() {
    let mut node = platform();
    let person = person_with(&node, 10_000);
    node.set_clock(IN_PUBLIC_ROUND + 2 * 24 * 3_600_000);
    node.restart();
    assert_eq!(pay(&node, &person, "deposits", "late", 1_000).status, 201);
    let paid = pay(&node, &person, "withdrawals", "late too", 2_000);
    assert_eq!(paid.status, 201);
    assert!(node.platform_is_stopped());
    let confirmed = node.post("/v1/platform/confirmation", "-", &Value::Null);
    assert_eq!(confirmed.status, 204);
    assert!(!node.platform_is_stopped());
    assert_eq!(pay(&node, &person, "deposits", "then", 1).status, 201);
    assert!(!node.platform_is_stopped());
    assert_eq!(euros(&node, &person), [11_001, 2_000, 9_001, 0]);
}

#[test]
fn people_are_for_keys_of_all_offerings() {
    let node = platform();
    let person = person_with(&node, 100);
    let of = |rest: &str| format!("/v1/people/{person}{rest}");
    let payment = json!({ "currency": "EUR", "amount": "1" });
    let currency = json!({ "symbol": "GBP", "decimals": 2 });
    let currencies = || "/v1/platform/currencies".to_owned();
    let table = [
        ("GET", currencies(), "accounts:read", Value::Null),
        ("POST", currencies(), "accounts:write", currency),
        (
            "POST",
            "/v1/people".to_owned(),
            "accounts:write",
            Value::Null,
        ),
        (
            "POST",
            "/v1/platform/confirmation".to_owned(),
            "server:write",
            Value::Null,
        ),
        ("GET", of("/balances"), "accounts:read", Value::Null),
        ("GET", of("/offerings"), "accounts:read", Value::Null),
        ("POST", of("/deposits"), "accounts:write", payment.clone()),
        ("POST", of("/withdrawals"), "accounts:write", payment),
        (
            "POST",
            of("/transfers"),
            "accounts:write",
            transfer_body(1, 1, "to_offering"),
        ),
        ("DELETE", of(""), "accounts:write", Value::Null),
    ];
    for (method, path, verb, body) in table {
        let ask = |scope: Option<&str>| {
            let call = Call::new(method, &path).idempotency(&format!("{method} {path}"));
            let key = scope.map(|scope| node.key_with(Some(scope), "o"));
            let call = key.iter().fold(call, |call, key| call.key(key));
            node.call(&call.body(&body)).refusal().0
        };
        assert_eq!(ask(None), 401, "{method} {path}");
        let other = if verb == "accounts:read" {
            "accounts:write:*"
        } else {
            "accounts:read:* operations:write:* contributions:write:*"
        };
        assert_eq!(ask(Some(other)), 403, "{method} {path}");
        let narrow = format!("{verb}:{NAME}");
        assert_eq!(ask(Some(&narrow)), 403, "{method} {path}");
        let right = ask(Some(&format!("{verb}:*")));
        assert!(
            [200, 201, 204, 409].contains(&right),
            "{method} {path}: {right}"
        );
    }
}
