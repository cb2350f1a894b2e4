//! The raise over time: the same exact numbers for a picture, a table and a file.

use serde_json::{Value, json};

use super::{page, text};
use crate::test_node::{NAME, TestNode};

fn told(node: &TestNode) -> Value {
    node.get(&format!("/offerings/{NAME}/raise.json")).json()
}

/// What counts by the end of the picture.
fn last(node: &TestNode) -> Value {
    let told = told(node);
    told["raised"].as_array().unwrap().last().unwrap()[1].clone()
}

#[test]
fn what_counts_is_drawn_by_the_time_it_came_and_what_went_back_is_not() {
    let node = TestNode::with_offering();
    let path = format!("/offerings/{NAME}");
    assert!(
        !text(&node, &path).contains("data-chart"),
        "nothing came in"
    );
    assert_eq!(told(&node)["raised"], json!([]));

    node.fund("10001", 1, 150_000);
    node.fund("10002", 2, 250_000);
    node.contribute("10001", "one", 150_000);
    node.set_clock(crate::test_node::IN_PUBLIC_ROUND + 3_600_000 / 2);
    let second = node.contribute("10002", "two", 250_000).sequence();
    let seen = told(&node);
    let sums: Vec<_> = seen["raised"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| at[1].clone())
        .collect();
    assert_eq!(sums, ["1500.00", "4000.00"]);
    // What was takes two thirds of the picture, however long the rest of the sale is.
    let names = ["from", "now", "raise_until", "until"];
    let [from, now, seen_until, end] = names.map(|name| seen[name].as_u64().unwrap());
    assert_eq!(seen_until, end.min(now + (now - from) / 2), "{seen}");
    assert_eq!(
        (&seen["soft"], &seen["hard"]),
        (&json!("10000.00"), &json!("25000.00"))
    );
    // Two rounds with prices of their own, and nothing is sold in between and after.
    let prices: Vec<_> = seen["price"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| at[1][1].clone())
        .collect();
    assert!(
        prices.contains(&json!("0.08\u{a0}EUR")) && prices.contains(&json!("0.10\u{a0}EUR")),
        "{prices:?}"
    );
    assert_eq!(prices.last(), Some(&Value::Null));

    let offering = text(&node, &path);
    for words in [
        "data-chart",
        "data-price-chart",
        "/assets/uplot.",
        "4,000.00\u{a0}EUR counted by",
        "raise.csv",
    ] {
        assert!(offering.contains(words), "{words}: {offering}");
    }
    assert!(offering.len() < 100_000);
    assert!(
        !text(&node, "/").contains("/assets/uplot."),
        "it is loaded where it is needed"
    );
    let german = text(&node, &format!("{path}?lang=de"));
    assert!(german.contains("4.000,00\u{a0}EUR gezählt bis"), "{german}");

    let csv = page(&node, &format!("{path}/raise.csv"));
    let lines: Vec<_> = csv.text().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[2].ends_with(",4000.00,EUR"), "{lines:?}");

    let back = format!("/v1/offerings/{NAME}/contributions/{second}/withdrawal");
    assert_eq!(node.post(&back, "back", &Value::Null).status, 201);
    assert_eq!(
        last(&node),
        "1500.00",
        "what was looked at before is looked at again"
    );
}

#[test]
fn a_sale_that_failed_still_shows_how_far_it_was() {
    let node = TestNode::with_offering();
    node.fund("10001", 1, 150_000);
    node.contribute("10001", "one", 150_000);
    assert_eq!(last(&node), "1500.00");
    node.set_clock(crate::test_node::SETTLEABLE);
    let settled = node.post(
        &format!("/v1/offerings/{NAME}/settlement"),
        "settle",
        &Value::Null,
    );
    assert_eq!(settled.status, 201, "{}", settled.text());
    assert_eq!(last(&node), "1500.00");
    let page = text(&node, &format!("/offerings/{NAME}"));
    assert!(
        page.contains("data-chart") && !page.contains("data-live"),
        "{page}"
    );
}
