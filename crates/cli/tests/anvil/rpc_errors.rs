//! Endpoints that fail, refuse, lag and lie: nothing wrong enters, nothing is lost, and it goes on when they are well.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};

use crate::{
    count,
    endpoint::Act,
    node::Payment,
    sale::{Following, Sale},
};

/// 0.1 of a coin.
const LEAST: u128 = 100_000_000_000_000_000;
/// Answers that must have broken until a test has seen something.
const ENOUGH_BROKEN: u64 = 50;
const FOLLOWING: Following = Following {
    confirmations: 2,
    endpoints: 1,
    blocks_at_once: 1_000,
};

/// Payments of one account in blocks of their own.
fn pay(sale: &Sale, first: u64, count: u64) {
    for nonce in first..first + count {
        let payment = Payment::sign(1, nonce, sale.escrow, LEAST + u128::from(nonce));
        sale.anvil.mine(&[payment], 12);
    }
}

/// The calls of a question, alone or in a batch.
fn calls(question: &Value) -> Vec<&Value> {
    question
        .as_array()
        .map_or_else(|| vec![question], |batch| batch.iter().collect())
}

/// Does something to the answer of each call of a method.
fn change_each(
    method: &str,
    question: &Value,
    answer: &mut Value,
    change: impl Fn(&Value, &mut Value),
) {
    let answers: Vec<&mut Value> = match answer {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    };
    for one in answers {
        let mut asked = calls(question).into_iter();
        if let Some(call) = asked.find(|call| call["id"] == one["id"] && call["method"] == method) {
            change(call, &mut one["result"]);
        }
    }
}

/// How many blocks a question for logs is about.
fn blocks_of_logs(question: &Value) -> Option<u64> {
    let call = calls(question)
        .into_iter()
        .find(|call| call["method"] == "eth_getLogs")?;
    let height = |name: &str| {
        let text = call["params"][0][name].as_str()?;
        u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
    };
    Some(height("toBlock")? + 1 - height("fromBlock")?)
}

/// An error of a node for each call of a question.
fn error(question: &Value, code: i64, message: &str) -> String {
    let of = |call: &Value| json!({ "jsonrpc": "2.0", "id": call["id"], "error": { "code": code, "message": message } });
    let answer = match question {
        Value::Array(batch) => batch.iter().map(of).collect(),
        one => of(one),
    };
    answer.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_on_the_way_loses_and_doubles_nothing() {
    let many_questions = Following {
        blocks_at_once: 1,
        ..FOLLOWING
    };
    let sale = Sale::start(&many_questions).await;
    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA95);
    let broken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&broken);
    sale.endpoints[0].rule(move |question| {
        // A quarter: a question is asked four times before a server begins anew.
        let act = match random.next_u32() % 32 {
            0 => Act::Close,
            1 => Act::Cut,
            2 => Act::Truncate,
            3 => Act::Say("500 Internal Server Error", None, String::new()),
            4 => Act::Say(
                "502 Bad Gateway",
                None,
                "<html>bad gateway</html>".to_owned(),
            ),
            5 => Act::Say("200 OK", None, error(question, -32_000, "header not found")),
            6 => Act::Say("200 OK", None, "null".to_owned()),
            7 => Act::Say(
                "503 Service Unavailable",
                Some(0),
                error(question, -32_603, "busy"),
            ),
            _ => return Act::Pass,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        act
    });
    // A slow machine asks less for as many blocks: until enough broke there are more of them.
    let mut payments = 0;
    for _ in 0..5 {
        let more = u64::from(count(60, 300));
        pay(&sale, payments, more);
        payments += more;
        sale.bury();
        sale.until_followed().await;
        if broken.load(Ordering::Relaxed) > ENOUGH_BROKEN {
            break;
        }
    }
    let broken = broken.load(Ordering::Relaxed);
    assert!(broken > ENOUGH_BROKEN, "hardly anything broke: {broken}");
    assert_eq!(sale.agree_to_the_wei().await as u64, payments);
}

/// Also where the refusal has a JSON-RPC error as its body, as that of the large providers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_wants_to_be_left_alone_is() {
    let sale = Sale::start(&FOLLOWING).await;
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    sale.endpoints[0].rule(move |question| {
        counted.fetch_add(1, Ordering::Relaxed);
        let said = error(question, 429, "request rate exceeded");
        Act::Say("429 Too Many Requests", Some(3), said)
    });
    let left_alone = |seconds: &str| {
        let words = format!("left alone for {seconds} s");
        move |rail: &Value| {
            rail["problem"]
                .as_str()
                .is_some_and(|said| said.contains(&words))
        }
    };
    sale.until("it rests", left_alone("3")).await;
    let before = asked.load(Ordering::Relaxed);
    pay(&sale, 0, 3);
    sale.until("it still rests", left_alone("1")).await;
    assert_eq!(asked.load(Ordering::Relaxed), before, "asked all the same");
    sale.endpoints[0].rule(|_| Act::Pass);
    sale.bury();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_with_too_many_logs_is_asked_for_in_parts() {
    let mut sale = Sale::start(&FOLLOWING).await;
    sale.server.kill();
    pay(&sale, 0, 50);
    sale.bury();
    let largest = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&largest);
    sale.endpoints[0].rule(move |question| match blocks_of_logs(question) {
        Some(blocks) if blocks > 4 => {
            let message = "query returned more than 10000 results";
            Act::Say("200 OK", None, error(question, -32_005, message))
        }
        Some(blocks) => {
            seen.fetch_max(blocks, Ordering::Relaxed);
            Act::Pass
        }
        None => Act::Pass,
    });
    sale.server.start();
    sale.until_followed().await;
    assert!((2..=4).contains(&largest.load(Ordering::Relaxed)));
    assert_eq!(sale.agree_to_the_wei().await, 50);
}

/// Of two that must agree one lies: nothing enters, and nothing is lost when it says the truth again. Of three one may
/// lie, or refuse every range of blocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lie_about_a_log_is_never_believed() {
    let two = Following {
        endpoints: 2,
        ..FOLLOWING
    };
    let sale = Sale::start(&two).await;
    sale.endpoints[1].rule(|_| Act::Change(a_wei_more));
    pay(&sale, 0, 5);
    sale.bury();
    let rail = sale
        .until("they differ", |rail| !rail["problem"].is_null())
        .await;
    assert!(
        rail["problem"].as_str().unwrap().starts_with("E653"),
        "{rail}"
    );
    assert_eq!(sale.in_record().await.0.len(), 0);
    sale.endpoints[1].rule(|_| Act::Change(without_logs));
    sale.until("they differ", |rail| !rail["problem"].is_null())
        .await;
    assert_eq!(sale.in_record().await.0.len(), 0);
    sale.endpoints[1].rule(|_| Act::Pass);
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 5);

    let three = Following {
        endpoints: 3,
        ..FOLLOWING
    };
    let mut sale = Sale::start(&three).await;
    sale.endpoints[2].rule(|_| Act::Change(a_wei_more));
    pay(&sale, 0, 5);
    sale.bury();
    sale.until_followed().await;
    assert!(
        sale.server
            .errors()
            .contains("says something else about the logs")
    );
    sale.server.kill();
    pay(&sale, 5, 5);
    sale.bury();
    sale.endpoints[2].rule(|question| match blocks_of_logs(question) {
        Some(_) => Act::Say(
            "200 OK",
            None,
            error(question, -32_005, "block range is too large"),
        ),
        None => Act::Pass,
    });
    sale.server.start();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 10);
}

fn a_wei_more(question: &Value, answer: &mut Value) {
    change_each("eth_getLogs", question, answer, |_, logs| {
        for log in logs.as_array_mut().unwrap() {
            let data = log["data"].as_str().unwrap();
            let last = if data.ends_with('0') { "1" } else { "0" };
            log["data"] = json!(data[..data.len() - 1].to_owned() + last);
        }
    });
}

fn without_logs(question: &Value, answer: &mut Value) {
    change_each("eth_getLogs", question, answer, |_, logs| *logs = json!([]));
}

/// Two nodes behind one address of which one has not heard of the newest blocks: it leaves their logs out, and says
/// nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lags_behind_the_same_address_hides_no_log() {
    let mut sale = Sale::start(&FOLLOWING).await;
    sale.server.kill();
    pay(&sale, 0, 30);
    sale.bury();
    let mut questions = 0;
    sale.endpoints[0].rule(move |_| {
        questions += 1;
        // Longer than the questions of one look, so that some looks reach one node only.
        if questions / 16 % 2 == 1 {
            Act::Pass
        } else {
            Act::Change(ten_blocks_behind)
        }
    });
    sale.server.start();
    sale.until_followed().await;
    assert_eq!(sale.agree_to_the_wei().await, 30);
}

/// Height of the newest block that the lagging node has; the test makes some forty.
const LAGGING: u64 = 24;

fn ten_blocks_behind(question: &Value, answer: &mut Value) {
    let height =
        |value: &Value| u64::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok();
    change_each("eth_getLogs", question, answer, |_, logs| {
        let logs = logs.as_array_mut().unwrap();
        logs.retain(|log| height(&log["blockNumber"]) <= Some(LAGGING));
    });
    change_each("eth_getBlockByNumber", question, answer, |call, block| {
        if height(&call["params"][0]) > Some(LAGGING) {
            *block = Value::Null;
        }
    });
}
