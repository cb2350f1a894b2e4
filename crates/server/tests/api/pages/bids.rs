//! Bids from a balance: the most that is paid for one token goes with the money, and is asked for.

use serde_json::json;

use super::{hidden, investor::with_money, location};
use crate::{
    people::browser::Site,
    test_node::{TestNode, terms_hash},
};

const TERMS: &str = r#"
rules = 1
name = "Dock"
origin = "softcap.example/dock"
soft_cap = "10 EUR"
investor_max = "1_000 EUR"
refund_deadline = "2027-04-15T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Dock"
symbol = "DCK"
decimals = 6
[token.supply]
kind = "fixed"
total = "1_000 DCK"
for_sale = "1_000 DCK"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "auction"
from = "2027-01-15T08:00:00Z"
until = "2027-01-15T10:00:00Z"
end = "exclusive"
supply = "1_000 DCK"
pricing = { kind = "bids" }
over_limit = "refuse"
"#;

fn announce(node: &TestNode, name: &str, terms: &str) {
    let body = json!({ "name": name, "terms": terms, "terms_hash": terms_hash(terms) });
    let answer = node.post("/v1/offerings", name, &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn a_bid_says_the_most_it_pays_for_a_token_and_waits_for_all_others() {
    let site = Site::start();
    announce(&site.node, "dock", TERMS);
    let mut anna = with_money(&site, "anna@example.org");
    let form = anna.page("/offerings/dock/contribute");
    assert!(
        form.text().contains("The most you pay for one token"),
        "{}",
        form.text()
    );
    assert!(form.text().contains("EUR / DCK"), "{}", form.text());
    let check = "/offerings/dock/contribute/check?currency=EUR&amount=100";
    for wrong in ["", "&limit=", "&limit=x", "&limit=0"] {
        let answer = anna.page(&format!("{check}{wrong}"));
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.text().contains("id=\"limit-error\""), "{wrong}");
        assert!(
            answer.text().contains("value=\"100\""),
            "what was typed is kept"
        );
    }
    let shown = anna.page(&format!("{check}&limit=0.25"));
    assert_eq!(shown.status, 200, "{}", shown.text());
    for words in ["0.25\u{a0}EUR", "Decided when bidding is over"] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let names = ["currency", "amount", "limit", "once", "seen"];
    let fields = names.map(|name| (name, hidden(&shown, name)));
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let place = location(&anna.submit("/offerings/dock/contributions", &fields));
    let page = anna.page(&place).text().to_owned();
    assert!(page.contains("data-state=\"waiting\""), "{page}");
    let log = super::text(&site.node, "/offerings/dock/log");
    assert!(log.contains("100.00\u{a0}EUR"), "{log}");
}

#[test]
fn sealed_bids_are_said_to_have_no_page() {
    let site = Site::start();
    let sealed = "pricing = { kind = \"bids\", sealed = { lock_step = \"10 EUR\", \
        reveal_until = \"2027-01-16T00:00:00Z\", bond = \"5 %\" } }";
    let terms = TERMS.replace("pricing = { kind = \"bids\" }", sealed);
    announce(&site.node, "dock", &terms);
    let mut anna = with_money(&site, "anna@example.org");
    let form = anna.page("/offerings/dock/contribute").text().to_owned();
    assert!(form.contains("Bids are sealed in this offering"), "{form}");
    assert!(!form.contains("name=\"amount\""), "{form}");
}
