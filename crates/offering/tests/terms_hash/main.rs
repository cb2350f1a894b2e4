//! The hash of terms follows their meaning: the same for every spelling, another one for every
//! change of anything that is promised.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking"
)]

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use rows::rows;
use serde_json::Value as Json;
use softcap_offering::terms::Terms;

/// Terms that use every kind of pricing and allocation.
const RICH: &str = r#"
rules = 1
name = "Rich"
origin = "example.org/rich"
soft_cap = "100 EUR"
hard_cap = "1_000 HBR"
refund_deadline = "2027-06-01T00:00:00Z"
numeraire = "EUR"
investor_max = "90 EUR"
token_ceiling_per_investor = "900 HBR"
[clock]
kind = "time"
tolerance = "1 hour"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 6
sale_vesting = { cliff = "1 day", duration = "2 days" }
[token.supply]
kind = "fixed"
total = "3_000 HBR"
for_sale = "2_000 HBR"
[[token.share]]
holder = "team"
amount = "1_000 HBR"
vesting = { cliff = "365 days", duration = "1461 days" }
[currency.EUR]
decimals = 2
rail = "balance"
[currency.ETH]
decimals = 18
rail = "balance"
rate = { source = "kraken:ETHEUR", max_age = "10 minutes", max_step = "20 %" }
credit = "0.001 ETH"
[pause]
longest = "1 day"
count = 1
end = "fixed"
[withdrawal]
span = "14 days"
until = "2027-05-01T00:00:00Z"
who = "everyone"
[[milestone]]
name = "half"
part = "50 %"
after = "10 days"
[[milestone]]
name = "rest"
part = "50 %"
after = "20 days"
[[round]]
name = "fixed"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
price = "2 HBR per EUR"
allocation = { kind = "lottery", source = "drand:quicknet", instant = "2026-04-01T00:00:00Z", marginal = "skip" }
cap = "10 EUR"
supply = "30 HBR"
currencies = ["EUR"]
contribution = { min = ["1 EUR", "2 HBR"], max = "9 EUR" }
investor = { min = "2 EUR", max = "8 EUR" }
[[round]]
name = "steps"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "steps", steps = [{ from = "2026-03-01T12:00:00Z", price = "2 HBR per EUR" }] }
allocation = { kind = "guaranteed", until = "2026-03-02T12:00:00Z" }
cap = "7 EUR"
[[round]]
name = "linear"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "linear", base = "2 HBR per EUR", bonus = "10 %", per = "1 week", until = "2026-03-31T12:00:00Z" }
[[round]]
name = "tiers"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
pricing = { kind = "tiers", crossing = "split", tiers = [{ up_to = "5 EUR", price = "3 HBR per EUR" }, { price = "2 HBR per EUR" }] }
[[round]]
name = "dutch"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
supply = "30 HBR"
currencies = ["EUR"]
pricing = { kind = "dutch", start = "2 EUR per HBR", end = "1 EUR per HBR", granularity = "1 hour" }
[[round]]
name = "bids"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
supply = "30 HBR"
currencies = ["EUR"]
pricing = { kind = "bids", min_proceeds = "5 EUR", sealed = { lock_step = "1 EUR", reveal_until = "2026-04-30T12:00:00Z", bond = "5 %" } }
[[round]]
name = "capped"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
price = "2 HBR per EUR"
allocation = { kind = "pro_rata_capped", cap = "3 EUR" }
cap = "20 EUR"
currencies = ["EUR"]
"#;

fn parse(text: &str) -> Terms {
    Terms::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Every leaf by its path.
fn leaves(json: &Json, path: &str, found: &mut BTreeMap<String, String>) {
    match json {
        Json::Object(entries) => {
            for (key, value) in entries {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Json::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{number}"), found);
            }
        }
        Json::String(text) => {
            found.insert(path.to_owned(), text.clone());
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => panic!("{path} is not a string: {json}"),
    }
}

fn canonical_leaves(terms: &Terms) -> BTreeMap<String, String> {
    let json: Json = serde_json::from_str(&terms.canonical_json()).unwrap();
    let mut found = BTreeMap::new();
    leaves(&json, "", &mut found);
    found
}

/// A path without the places of lists: `/rounds/*/cap`.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            "*"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_change_of_a_promise_changes_the_hash_and_every_leaf_is_changed_by_a_row() {
    let base = parse(RICH);
    let before = canonical_leaves(&base);
    let mut hashes = BTreeMap::from([(base.hash(), "the base")]);
    let mut shapes: BTreeSet<String> = before.keys().map(|path| shape(path)).collect();
    let mut moved = BTreeSet::new();
    for (name, change) in rows() {
        let mut terms = base.clone();
        change(&mut terms);
        assert_ne!(terms, base, "{name} changes nothing");
        if let Some(other) = hashes.insert(terms.hash(), name) {
            panic!("`{name}` has the hash of `{other}`");
        }
        let after = canonical_leaves(&terms);
        shapes.extend(after.keys().map(|path| shape(path)));
        for (path, value) in &after {
            if before.get(path) != Some(value) {
                moved.insert(shape(path));
            }
        }
    }
    let untested: Vec<&String> = shapes.difference(&moved).collect();
    assert_eq!(
        untested,
        Vec::<&String>::new(),
        "leaves that no row changes"
    );
}

#[test]
fn spelling_order_and_comments_do_not_change_the_hash() {
    let spellings: [(&str, &str); 12] = [
        ("\"1_000 HBR\"\nrefund", "\"1000.000000 HBR\"\nrefund"),
        ("\"100 EUR\"", "\"  00100.00   EUR\""),
        ("rules = 1", "# a comment\nrules = 1 # another one"),
        (
            "name = \"Rich\"\norigin = \"example.org/rich\"",
            "origin = 'example.org/rich'\nname = \"\\u0052ich\"",
        ),
        (
            "refund_deadline = \"2027-06-01T00:00:00Z\"",
            "refund_deadline = 2027-06-01T02:00:00.000+02:00",
        ),
        ("\"14 days\"", "\"2 weeks\""),
        ("\"1 hour\"\n", "\"30 minutes 1800 seconds\"\n"),
        (
            "numeraire = \"EUR\"\n",
            "tie = \"pro_rata\"\nunsold = \"burned\"\nnumeraire = \"EUR\"\n",
        ),
        (
            "price = \"2 HBR per EUR\"\nallocation = { kind = \"lottery\"",
            "price = \"0.5 EUR per HBR\"\nallocation = { kind = \"lottery\"",
        ),
        (
            "price = \"2 HBR per EUR\"\nallocation = { kind = \"pro_rata_capped\"",
            "pricing = { price = \"4 HBR per 2 EUR\", kind = \"fixed\" }\nallocation = { kind = \"pro_rata_capped\"",
        ),
        ("max_step = \"20 %\"", "max_step = \"20.00%\""),
        (
            "per = \"1 week\", until",
            "granularity = \"1 second\", per = \"7 days\", until",
        ),
    ];
    let base = parse(RICH);
    for (from, to) in spellings {
        assert_eq!(RICH.matches(from).count(), 1, "{from}");
        let other = parse(&RICH.replacen(from, to, 1));
        assert_eq!(other.canonical_json(), base.canonical_json(), "{to}");
        assert_eq!(other.hash(), base.hash());
    }
    assert_eq!(
        parse(&RICH.replace('\n', "\r\n")).hash(),
        base.hash(),
        "line ends"
    );
    assert_eq!(
        parse(&format!("\u{feff}{RICH}")).hash(),
        base.hash(),
        "a byte order mark"
    );
}

#[test]
fn the_form_is_that_of_rfc_8785() {
    let mut terms = parse(RICH);
    terms.name = "a\"\\\u{8}\t\n\u{c}\r\u{1}\u{7f}é€😀/".into();
    let json = terms.canonical_json();
    assert!(json.contains(r#""name":"a\"\\\b\t\n\f\r\u0001"#), "{json}");
    assert!(json.contains("\u{7f}é€😀/\""), "{json}");
    let read: Json = serde_json::from_str(&json).unwrap();
    assert_eq!(
        read.get("name").and_then(Json::as_str),
        Some(terms.name.as_str())
    );
    // serde_json sorts keys and writes no spaces, so writing what was read must give the same.
    assert_eq!(serde_json::to_string(&sorted(read)).unwrap(), json);
}

/// The same value with sorted keys, whatever map serde_json was built with.
fn sorted(json: Json) -> Json {
    match json {
        Json::Object(entries) => {
            let entries: BTreeMap<String, Json> = entries.into_iter().collect();
            Json::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        leaf @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => leaf,
    }
}

/// A hash that must never change while the rules are version 1: old records carry such hashes.
#[test]
fn the_hash_of_known_terms_is_what_it_was() {
    let hash = "f10e033bce645c67626e3b92aed026ac6246062ac5d6d73a63ce37f490401867";
    assert_eq!(parse(RICH).hash().to_string(), hash);
}
