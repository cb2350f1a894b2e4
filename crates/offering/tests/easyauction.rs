//! Every Gnosis EasyAuction vector, read from the folder of real sales.
//!
//! `SOFTCAP_SALES` names the folder (default `../shared/sales` beside the workspace). Without it
//! the run says that nothing was checked; with `SOFTCAP_SALES_REQUIRED=1` it fails instead. Ten of
//! the vectors are also a table in the unit tests, which hold on any machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing it cannot read"
)]

use std::num::NonZeroU128;
use std::path::{Path, PathBuf};

use serde_json::Value;
use softcap_offering::allocation::uniform_price::{Bid, Clearing, Kind, Lot, Price, clear};
use softcap_offering::terms::{DustRule, TieRule};

const FILE: &str = "easyauction-vectors/vectors.json";

/// One order of a vector. Ids are decimal numbers, which order like numbers.
struct Order {
    sell: u128,
    buy: u128,
    user: String,
}

#[expect(clippy::disallowed_methods, reason = "a test of recorded data")]
/// The vectors, or `None` if the folder is not there and need not be.
fn vectors() -> Option<Value> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sales = std::env::var_os("SOFTCAP_SALES").map_or("../shared/sales".into(), PathBuf::from);
    let path = workspace.join(sales).join(FILE);
    if !path.exists() {
        let required = std::env::var_os("SOFTCAP_SALES_REQUIRED").is_some_and(|value| value == "1");
        assert!(!required, "{} is missing", path.display());
        println!("not checked: the sale {FILE} (no such file; set SOFTCAP_SALES)");
        return None;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key} is not a list in {value}"))
}

fn number(value: &Value) -> u128 {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a decimal string"));
    text.parse().unwrap()
}

fn orders(vector: &Value) -> Vec<Order> {
    let read = |order: &Value| Order {
        sell: number(&order["sell"]),
        buy: number(&order["buy"]),
        user: order["user"].as_u64().unwrap().to_string(),
    };
    list(vector, "orders").iter().map(read).collect()
}

fn cleared(vector: &Value, orders: &[Order]) -> Clearing {
    let lot = Lot {
        supply: NonZeroU128::new(number(&vector["auctioned"])).unwrap(),
        min_proceeds: number(&vector["min_proceeds"]),
    };
    let bids: Vec<Bid<'_>> = orders
        .iter()
        .map(|order| Bid {
            money: order.sell,
            limit: Price::new(order.sell, order.buy).unwrap(),
            id: order.user.as_bytes(),
        })
        .collect();
    clear(lot, &bids, TieRule::ById, DustRule::Unassigned, |_| {
        panic!("no rank is needed")
    })
    .unwrap()
}

/// The clearing order as the contract stores it: user 0 if the price is nobody's order.
fn check_clearing(name: &str, expected: &Value, orders: &[Order], got: &Clearing) {
    let price = got.price.unwrap();
    let (user, sell, buy) = match got.kind {
        Kind::MarginalBid { index, .. } => {
            let order = &orders[index];
            (order.user.as_str(), order.sell, order.buy)
        }
        Kind::BetweenBids | Kind::Reserve | Kind::NoBids => {
            ("0", price.money.get(), price.tokens.get())
        }
        Kind::MarginalLevel { .. } => panic!("{name}: a tie rule by id shares nothing"),
    };
    assert_eq!(
        (price.money.get(), price.tokens.get()),
        (sell, buy),
        "{name}: price"
    );
    assert_eq!(
        user,
        expected["user"].as_u64().unwrap().to_string(),
        "{name}: clearing user"
    );
    assert_eq!(sell, number(&expected["sell"]), "{name}: clearing sell");
    assert_eq!(buy, number(&expected["buy"]), "{name}: clearing buy");
}

/// Compares the fields that the source asserts and returns how many there were.
fn check_expectations(vector: &Value, orders: &[Order], got: &Clearing) -> usize {
    let name = vector["name"].as_str().unwrap();
    let refund = |i: usize| orders[i].sell - got.accepted[i];
    let expectations = vector["expect"].as_object().unwrap();
    for (key, expected) in expectations {
        match key.as_str() {
            "clearing" => check_clearing(name, expected, orders, got),
            "clearing_volume" => {
                let filled = match got.kind {
                    Kind::MarginalBid { filled, .. } => filled,
                    Kind::BetweenBids | Kind::Reserve | Kind::NoBids => 0,
                    Kind::MarginalLevel { .. } => panic!("{name}: a tie rule by id shares nothing"),
                };
                assert_eq!(filled, number(expected), "{name}: {key}");
            }
            "auctioneer_filled" => {
                let sold = number(&vector["auctioned"]) - got.unsold;
                assert_eq!(sold, number(expected), "{name}: {key}");
            }
            "bid_sum" => assert_eq!(got.accepted_total, number(expected), "{name}: {key}"),
            "threshold_missed" => {
                let missed = got.accepted_total < number(&vector["funding_threshold"]);
                assert_eq!(missed, expected.as_bool().unwrap(), "{name}: {key}");
            }
            "claims" => {
                for (index, claim) in expected.as_object().unwrap() {
                    let index: usize = index.parse().unwrap();
                    for (what, amount) in claim.as_object().unwrap() {
                        let own = match what.as_str() {
                            "tokens" => got.tokens[index],
                            "refund" => refund(index),
                            other => panic!("{name}: unknown claim {other}"),
                        };
                        assert_eq!(own, number(amount), "{name}: {what} of order {index}");
                    }
                }
            }
            "claim_sum" => {
                let refunds: u128 = (0..orders.len()).map(refund).sum();
                let tokens: u128 = got.tokens.iter().sum();
                assert_eq!(tokens, number(&expected["tokens"]), "{name}: sum of tokens");
                assert_eq!(
                    refunds,
                    number(&expected["refund"]),
                    "{name}: sum of refunds"
                );
            }
            other => panic!("{name}: unknown expectation {other}"),
        }
    }
    expectations.len()
}

#[test]
fn all_settlement_vectors() {
    let Some(vectors) = vectors() else { return };
    let vectors = list(&vectors, "settlement");
    assert_eq!(vectors.len(), 21);
    let mut asserted = 0;
    for vector in vectors {
        let orders = orders(vector);
        let got = cleared(vector, &orders);
        asserted += check_expectations(vector, &orders, &got);
        // The source asserts nothing for one vector but that it settles and everybody claims.
        let sold: u128 = got.tokens.iter().sum();
        assert_eq!(
            sold + got.unsold,
            number(&vector["auctioned"]),
            "{}",
            vector["name"]
        );
    }
    assert_eq!(asserted, 41);
}

#[test]
fn all_pricing_vectors() {
    let Some(vectors) = vectors() else { return };
    let vectors = list(&vectors, "pricing");
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let price = cleared(vector, &orders(vector)).price.unwrap();
        let expected = &vector["expect_price"];
        let expected = Price::new(number(&expected["sell"]), number(&expected["buy"])).unwrap();
        assert!(
            price.cmp_ratio(&expected).is_eq(),
            "{}: {price:?}",
            vector["name"]
        );
    }
}
