//! From the last contribution to the proof of each investor.

use serde_json::{Value, json};
use softcap_proof::{
    LeafId, SettlementLeaf, SettlementNode, SettlementRoot, from_hex, settlement_tree,
};

use crate::test_node::{Call, NAME, SETTLEABLE, TestNode, money};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/settlement{rest}")
}

fn units(money: &Value) -> u128 {
    money["units"].as_str().unwrap().parse().unwrap()
}

fn hash(text: &Value) -> [u8; 32] {
    from_hex(text.as_str().unwrap())
        .unwrap()
        .try_into()
        .unwrap()
}

fn sold() -> TestNode {
    let node = TestNode::with_offering();
    for (place, who) in ["p-1", "p-2", "p-3"].into_iter().enumerate() {
        let place = u32::try_from(place).unwrap();
        node.fund(who, place + 1, 600_000);
        node.contribute(who, who, 400_000 + place);
    }
    node
}

#[test]
fn before_its_time_there_is_no_settlement() {
    let node = sold();
    let early = node.post(&path(""), "early", &Value::Null);
    let outcome = &early.entry(&node.verifier())["outcome"];
    assert_eq!(outcome["refusal"]["code"], json!(705));
    for (answer, expected) in [
        (node.get(&path("")), (404, "H404")),
        (node.get(&path("/proofs/p-1")), (404, "H404")),
        (node.get(&path("/preview")), (409, "H409")),
    ] {
        let (status, code) = answer.refusal();
        assert_eq!((status, code.as_str()), expected);
    }
}

#[test]
fn a_settled_offering_proves_to_each_investor_what_they_get() {
    let node = sold();
    node.set_clock(SETTLEABLE);
    let tick = json!({ "kind": "tick" });
    node.post(&format!("/v1/offerings/{NAME}/operations"), "t", &tick);
    let preview = node.get(&path("/preview")).json();
    let settled = node.post(&path(""), "settle", &Value::Null);
    let outcome = json!({
        "kind": "settled",
        "verdict": "succeeded",
        "raised": money("1200003", "12000.03 EUR"),
        "sold": money("120000300000", "120000.3 HBR"),
    });
    assert_eq!(settled.entry(&node.verifier())["outcome"], outcome);
    let again = node.post(&path(""), "settle", &Value::Null);
    assert_eq!(again.body, settled.body);
    let other = node.post(&path(""), "other", &Value::Null);
    let other = other.entry(&node.verifier());
    assert_eq!(other["outcome"]["refusal"]["code"], json!(107));

    let answer = node.call(&Call::new("GET", &path("")));
    let mut view = answer.json();
    let root = view.as_object_mut().unwrap().remove("root").unwrap();
    assert_eq!(view, preview);
    assert_eq!(view["verdict"], json!("succeeded"));
    let tag = format!("\"{}\"", root.as_str().unwrap());
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    let known = Call::new("GET", &path("")).header("if-none-match", &tag);
    assert_eq!(node.call(&known).status, 304);

    let mut tokens = 0;
    for who in ["p-1", "p-2", "p-3"] {
        let proof = node.call(&Call::new("GET", &path(&format!("/proofs/{who}"))));
        let proof = proof.json();
        assert_eq!(proof["root"], root);
        tokens += units(&proof["tokens"]);
        let mut amounts = vec![units(&proof["tokens"])];
        for currency in proof["currencies"].as_array().unwrap() {
            amounts.extend([&currency["accepted"], &currency["refunded"]].map(units));
        }
        let leaf = SettlementLeaf::new(&LeafId::opaque(who), &amounts);
        let siblings = proof["proof"].as_array().unwrap().iter();
        let siblings: Vec<_> = siblings.map(|node| SettlementNode(hash(node))).collect();
        settlement_tree::verify(&SettlementRoot(hash(&root)), &leaf, &siblings).unwrap();
    }
    assert_eq!(tokens, units(&view["sold"]));
    let nobody = node.call(&Call::new("GET", &path("/proofs/p-9")));
    assert_eq!(nobody.refusal(), (404, "H404".to_owned()));
    // The root is in the log itself, under the signature of its checkpoint.
    let published = settled.sequence() + 1;
    let entry = format!("/v1/offerings/{NAME}/log/entries/{published}");
    let entry = node.call(&Call::new("GET", &entry)).json();
    assert_eq!(entry["outcome"], json!({ "kind": "done" }));
}
