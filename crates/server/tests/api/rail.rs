//! The escrow of an offering is named only where it can be followed.

use serde_json::json;

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
