//! The vectors of Gnosis EasyAuction through a whole offering: bids in, settlement out.

use serde_json::Value;
use softcap_offering::{CurrencyIndex, LimitPrice, Stamp, Verdict};

use super::recorded_sale::{Played, file};

const TERMS: &str = include_str!("../../../../examples/history/easyauction/offering.toml");
const FILE: &str = "easyauction-vectors/vectors.json";

/// A count of units as the terms write it, with 18 decimals.
fn text(units: u128) -> String {
    let one = 10_u128.pow(18);
    format!("{}.{:018}", units / one, units % one)
}

fn number(value: &Value) -> u128 {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not text"))
        .parse()
        .unwrap()
}

struct Order {
    sell: u128,
    buy: u128,
    user: String,
}

fn orders(vector: &Value) -> Vec<Order> {
    let orders = vector["orders"].as_array().unwrap();
    let order = |order: &Value| Order {
        sell: number(&order["sell"]),
        buy: number(&order["buy"]),
        user: order["user"].as_u64().unwrap().to_string(),
    };
    orders.iter().map(order).collect()
}

/// The auction of a vector, settled.
fn settled(vector: &Value, orders: &[Order]) -> Played {
    let replaced = |text: String, from: &str, to: String| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, &to)
    };
    let supply = format!("supply = \"{} AUC\"", text(number(&vector["auctioned"])));
    let terms = replaced(TERMS.to_owned(), "supply = \"1 AUC\"", supply);
    let least = format!(
        "min_proceeds = \"{} ETH\"",
        text(number(&vector["min_proceeds"]))
    );
    let terms = replaced(terms, "min_proceeds = \"1 ETH\"", least);
    let threshold = vector["funding_threshold"]
        .as_str()
        .map_or(0, |text| text.parse().unwrap());
    let terms = match threshold {
        0 => terms,
        cap => format!("soft_cap = \"{} ETH\"\n{terms}", text(cap)),
    };
    let mut sale = Played::announced(&terms);
    let from = sale.offering.terms().rounds[0].windows[0].unwrap().from;
    for (place, order) in orders.iter().enumerate() {
        let stamp = Stamp {
            position: from,
            ..sale.offering.now_stamp()
        };
        let limit = Some(LimitPrice {
            money: order.sell,
            tokens: order.buy,
        });
        let id = place.to_string();
        sale.contribute(
            stamp,
            (&id, &order.user),
            CurrencyIndex(0),
            order.sell,
            limit,
        );
    }
    sale.settle();
    sale
}

/// Whether the clearing price is the expected one, and what of the clearing order was filled.
fn check_clearing(name: &str, vector: &Value, orders: &[Order], sale: &Played) {
    let settlement = sale.offering.settlement().unwrap();
    let expect = &vector["expect"];
    if let Some(clearing) = expect.get("clearing") {
        let price = settlement.rounds[0].clearing.unwrap();
        let (sell, buy) = (number(&clearing["sell"]), number(&clearing["buy"]));
        // Amounts are below 2^96, so the products fit only as wide numbers.
        let [own, other] = [(price.money, buy), (sell, price.tokens)]
            .map(|(a, b)| num_bigint::BigUint::from(a) * num_bigint::BigUint::from(b));
        assert_eq!(own, other, "{name}: price");
        if let Some(volume) = expect.get("clearing_volume") {
            let user = clearing["user"].as_u64().unwrap().to_string();
            let marginal = orders
                .iter()
                .position(|order| order.user == user && order.sell == sell && order.buy == buy);
            let filled = marginal.map_or(0, |place| sale.row(&place.to_string()).accepted.0);
            assert_eq!(filled, number(volume), "{name}: clearing volume");
        }
    }
}

/// Compares what the source asserts; how many statements that were.
fn check(vector: &Value, orders: &[Order], sale: &Played) -> usize {
    let name = vector["name"].as_str().unwrap();
    let settled = sale.offering.settlement().unwrap().settled;
    let failed = settled.verdict == Verdict::Failed;
    check_clearing(name, vector, orders, sale);
    let expect = vector["expect"].as_object().unwrap();
    let rows: Vec<_> = (0..orders.len())
        .map(|place| sale.row(&place.to_string()))
        .collect();
    for (key, expected) in expect {
        match key.as_str() {
            "clearing" | "clearing_volume" => {}
            "threshold_missed" => assert_eq!(failed, expected.as_bool().unwrap(), "{name}"),
            // The contract reports what was bid and sold before it refunds a missed threshold.
            "bid_sum" | "auctioneer_filled" if failed => assert_eq!(settled.sold.0, 0, "{name}"),
            "bid_sum" => assert_eq!(settled.raised.0, number(expected), "{name}: bid sum"),
            "auctioneer_filled" => assert_eq!(settled.sold.0, number(expected), "{name}: sold"),
            "claims" => {
                for (place, claim) in expected.as_object().unwrap() {
                    let row = &rows[place.parse::<usize>().unwrap()];
                    for (what, amount) in claim.as_object().unwrap() {
                        let own = match what.as_str() {
                            "tokens" => row.tokens.0,
                            "refund" => row.refunded.0,
                            other => panic!("{name}: unknown claim {other}"),
                        };
                        assert_eq!(own, number(amount), "{name}: {what} of order {place}");
                    }
                }
            }
            "claim_sum" => {
                let tokens: u128 = rows.iter().map(|row| row.tokens.0).sum();
                let refunds: u128 = rows.iter().map(|row| row.refunded.0).sum();
                assert_eq!(tokens, number(&expected["tokens"]), "{name}: tokens of all");
                assert_eq!(
                    refunds,
                    number(&expected["refund"]),
                    "{name}: refunds of all"
                );
            }
            other => panic!("{name}: unknown expectation {other}"),
        }
    }
    expect.len()
}

#[test]
fn every_settlement_vector_through_an_offering() {
    let Some(text) = file(FILE) else { return };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["settlement"].as_array().unwrap();
    assert_eq!(vectors.len(), 21);
    let mut asserted = 0;
    for vector in vectors {
        let orders = orders(vector);
        let sale = settled(vector, &orders);
        asserted += check(vector, &orders, &sale);
    }
    assert_eq!(asserted, 41);
}

#[test]
fn every_price_vector_through_an_offering() {
    let Some(text) = file(FILE) else { return };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let vectors = vectors["pricing"].as_array().unwrap();
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let orders = orders(vector);
        let sale = settled(vector, &orders);
        let price = sale.offering.settlement().unwrap().rounds[0]
            .clearing
            .unwrap();
        let (sell, buy) = (
            number(&vector["expect_price"]["sell"]),
            number(&vector["expect_price"]["buy"]),
        );
        let [own, other] = [(price.money, buy), (sell, price.tokens)]
            .map(|(a, b)| num_bigint::BigUint::from(a) * num_bigint::BigUint::from(b));
        assert_eq!(own, other, "{}: price", vector["name"]);
    }
}

/// By hand: a lot of 1 AUC; 0.6 ETH bid at 2 per token and 0.9 ETH at 1.2. At 1.2 the first takes a
/// half of the lot, and the second pays for the other half with 0.6 of its 0.9 ETH.
#[test]
fn an_auction_that_holds_on_any_machine() {
    let eth = |tenths: u128| tenths * 10_u128.pow(17);
    let vector = serde_json::json!({
        "auctioned": eth(10).to_string(),
        "min_proceeds": eth(1).to_string(),
        "funding_threshold": "0",
    });
    let orders = [
        Order {
            sell: eth(6),
            buy: eth(3),
            user: "1".into(),
        },
        Order {
            sell: eth(9),
            buy: 75 * 10_u128.pow(16),
            user: "2".into(),
        },
    ];
    let sale = settled(&vector, &orders);
    let rows = [sale.row("0"), sale.row("1")];
    assert_eq!(rows.map(|row| row.accepted.0), [eth(6), eth(6)]);
    assert_eq!(rows.map(|row| row.refunded.0), [0, eth(3)]);
    assert_eq!(rows.map(|row| row.tokens.0), [eth(5), eth(5)]);
    assert_eq!(
        sale.offering.settlement().unwrap().settled.raised.0,
        eth(12)
    );
}
