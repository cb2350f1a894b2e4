//! The escrow of an offering is named only where it can be followed.

use serde_json::{Value, json};
use softcap_offering::{Command, CurrencyIndex, EscrowAddress};

use crate::test_node::{NAME, TestNode, terms_hash};

const TERMS: &str = r#"
rules = 1
name = "On a chain"
origin = "softcap.example/chain"
hard_cap = "100 ETH"
dust = "unassigned"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 18
[token.supply]
kind = "minted"
[currency.ETH]
decimals = 18
rail = "RAIL"
[[round]]
name = "public"
from = "2030-01-01T00:00:00Z"
until = "2030-01-02T00:00:00Z"
end = "exclusive"
price = "10 TOK per 1 ETH"
allocation = "ALLOCATION"
cap = "100 ETH"
"#;

#[test]
fn an_escrow_is_named_only_where_it_can_be_followed() {
    let path = format!("/v1/offerings/{NAME}/escrow");
    let contract = "0x00000000000000000000000000000000000000e5";
    let table = [
        ("evm", "first_come", contract, (409, "E658")),
        ("evm", "pro_rata", contract, (409, "E658")),
        ("evm", "water_filling", contract, (422, "H422")),
        ("balance", "first_come", contract, (422, "H422")),
        ("evm", "first_come", "0xe5", (422, "H422")),
    ];
    for (rail, allocation, contract, (status, code)) in table {
        let case = format!("{rail} {allocation} {contract}");
        let node = TestNode::empty();
        let text = TERMS
            .replace("RAIL", rail)
            .replace("ALLOCATION", allocation);
        let body = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
        let answer = node.post("/v1/offerings", "announce", &body);
        assert_eq!(answer.status, 201, "{case}: {}", answer.text());
        let body = json!({ "contract": contract, "block": 1 });
        let answer = node.post(&path, "escrow", &body);
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{case}: {}",
            answer.text()
        );
        let nothing = node.get(&format!("/v1/offerings/{NAME}/rail"));
        assert_eq!(nothing.status, 404, "{case}");
    }
}

/// Bids have an outcome on a chain only where the terms say how its root is contested; other rounds may have one too.
#[test]
fn bids_are_followed_where_a_root_settles_them() {
    const ROOT: &str = "[root]\nceiling = \"1 ETH per TOK\"\nshare = \"20 %\"\nchallenge = \"7 days\"\n\
                        claims = \"90 days\"\n[[round]]";
    const BIDS: &str = "supply = \"10 TOK\"\npricing = { kind = \"bids\" }";
    let fixed = "price = \"10 TOK per 1 ETH\"\nallocation = \"ALLOCATION\"\ncap = \"100 ETH\"";
    let path = format!("/v1/offerings/{NAME}/escrow");
    let body = json!({ "contract": "0x00000000000000000000000000000000000000e5", "block": 1 });
    for (round, pricing, expected) in [
        (ROOT, BIDS, (409, "E658")),
        ("[[round]]", BIDS, (422, "H422")),
        (ROOT, "price = \"10 TOK per 1 ETH\"", (409, "E658")),
    ] {
        let node = TestNode::empty();
        let text = TERMS
            .replace("hard_cap = \"100 ETH\"\n", "")
            .replace("RAIL", "evm")
            .replace(fixed, pricing)
            .replace("[[round]]", round);
        let announce = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
        let answer = node.post("/v1/offerings", "announce", &announce);
        assert_eq!(answer.status, 201, "{round} {pricing}: {}", answer.text());
        let answer = node.post(&path, "escrow", &body);
        let (status, code) = expected;
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{}",
            answer.text()
        );
    }
}

/// A server that was started again without its endpoints says so where people look how far it is.
#[test]
fn an_escrow_that_no_endpoint_leads_to_has_a_problem() {
    let node = TestNode::empty();
    let text = TERMS
        .replace("RAIL", "evm")
        .replace("ALLOCATION", "first_come");
    let announce = json!({ "name": NAME, "terms": text, "terms_hash": terms_hash(&text) });
    let answer = node.post("/v1/offerings", "announce", &announce);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let escrow = EscrowAddress {
        chain_id: 1,
        contract: [0xe5; 20],
        currency: CurrencyIndex(0),
    };
    node.enter(&Command::Escrow(escrow));
    let rail = node.get(&format!("/v1/offerings/{NAME}/rail")).json();
    assert_eq!(
        rail["contract"],
        "0xE5e5E5E5e5e5E5E5E5E5e5E5e5e5e5E5e5e5e5e5"
    );
    assert_eq!(
        rail["problem"],
        "This node follows no chain. Name endpoints under [evm] in the configuration and start it again."
    );
    assert_eq!(rail["alarm"], Value::Null);
}
