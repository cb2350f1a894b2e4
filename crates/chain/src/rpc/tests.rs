//! Requests that nobody would write: each one is answered, and nothing is changed.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Control, Rpc, method};
use crate::{Clock, Node, Settings};

fn rpc() -> Rpc {
    let settings = Settings {
        clock: Clock::Still(1_893_456_000),
        ..Settings::default()
    };
    Rpc::new(
        Arc::new(Node::in_memory(&settings).unwrap()),
        Control::Withheld,
    )
}

/// What stands in arguments of real requests, beside any JSON.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,20}".prop_map(Value::from),
        "0x[0-9a-f]{0,66}".prop_map(Value::from),
        Just(json!("latest")),
        Just(json!("pending")),
        Just(json!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    ];
    let key = prop_oneof![
        Just("to"),
        Just("from"),
        Just("data"),
        Just("gas"),
        Just("value"),
        Just("fromBlock"),
        Just("blockHash"),
        Just("topics"),
        Just("x")
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..4).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_arguments_are_answered(
        which in any::<prop::sample::Index>(),
        params in proptest::collection::vec(values(), 0..4),
    ) {
        let rpc = rpc();
        let method = method::NAMES[which.index(method::NAMES.len())].0;
        let request = json!({ "jsonrpc": "2.0", "id": 5, "method": method, "params": params });
        let answer = rpc.answer_body(request.to_string().as_bytes()).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        prop_assert_eq!(&answer["id"], 5);
        let code = answer["error"]["code"].as_i64();
        prop_assert_ne!(code, Some(-32_603), "a defect: {}", answer);
        prop_assert!(answer.get("result").is_some() != code.is_some(), "{}", answer);
        prop_assert_eq!(rpc.node.height(), 0);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let answer = rpc().answer_body(&bytes).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        prop_assert!(answer["error"]["code"].is_i64() || answer.is_array(), "{}", answer);
    }
}
