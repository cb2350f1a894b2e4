//! The checker in Python, `docs/verify`, on a bundle that a running server gave.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::test_node::{Call, NAME, SETTLEABLE, TestNode};

fn path(rest: &str) -> String {
    format!("/v1/offerings/{NAME}/{rest}")
}

fn transfer(id: u32, cents: u32) -> Value {
    json!({ "transfer": format!("{id:032x}"), "currency": "EUR", "amount": cents.to_string() })
}

/// A sale with what a log on a server has and one from files has not: accounts, transfers that come
/// twice, contributions that the account does not cover, requests in every entry.
fn eventful_sale() -> TestNode {
    let node = TestNode::with_offering();
    let key = node.verifier();
    let outcome = |what: &str, request: &str, body: &Value| {
        let entry = node.post(&path(what), request, body).entry(&key);
        entry["outcome"].clone()
    };
    let admit = json!({ "kind": "admit", "round": "early bird", "investor": "p-1" });
    assert_eq!(outcome("operations", "admit", &admit)["kind"], "done");
    for (place, person) in (1..).zip(["p-1", "p-2", "p-3", "p-4", "p-5"]) {
        node.fund(person, place, 700_000);
    }
    let again = outcome("accounts/p-1/fundings", "again", &transfer(1, 700_000));
    assert_eq!(again["kind"], "repeat_of");

    let contribute = |person: &str, cents: u32| {
        let request = format!("{person} {cents}");
        let entry = node.contribute(person, &request, cents);
        (entry.sequence(), entry.json()["outcome"].clone())
    };
    let refusals = [
        ("p-1", 999, 201),
        ("p-1", 700_001, 214),
        ("p-9", 5_000, 214),
    ];
    for (person, cents, code) in refusals {
        assert_eq!(contribute(person, cents).1["refusal"]["code"], code);
    }
    let (withdrawn, _) = contribute("p-2", 123_456);
    let withdrawal = format!("contributions/{withdrawn}/withdrawal");
    let withdrawal = outcome(&withdrawal, "withdraw", &Value::Null);
    assert_eq!(withdrawal["kind"], "refunded");
    // Above the limit of a person, and the last one above the hard cap.
    for person in ["p-1", "p-2", "p-3", "p-4", "p-5"] {
        assert_eq!(contribute(person, 654_321).1["kind"], "contributed");
    }
    let back = outcome("accounts/p-1/returns", "back", &transfer(11, 100_000));
    assert_eq!(back["kind"], "done");
    let beyond = outcome("accounts/p-1/returns", "beyond", &transfer(12, 1));
    assert_eq!(beyond["refusal"]["code"], 214);
    node.set_clock(SETTLEABLE);
    let settled = outcome("settlement", "settle", &Value::Null);
    assert_eq!(settled["verdict"], "succeeded");
    node
}

fn check(bundle: &Path) -> Output {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/verify/softcap_verify.py"
    );
    let output = Command::new("python3").arg(script).arg(bundle).output();
    output.unwrap_or_else(|error| {
        panic!("{error}: the checker needs Python 3.11; install it: sudo apt-get install python3")
    })
}

#[test]
fn a_bundle_of_a_server_is_accepted_and_a_flipped_byte_is_not() {
    let node = eventful_sale();
    let archive = node.call(&Call::new("GET", &path("bundle")));
    assert_eq!(archive.status, 200);
    let folder = tempfile::tempdir().unwrap();
    let mut archive = tar::Archive::new(&archive.body[..]);
    archive.unpack(folder.path()).unwrap();
    let bundle = folder.path().join(NAME);
    let output = check(&bundle);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("consistent; "), "{said}");

    let refuses_a_flip_in = |name: &str| {
        let file = bundle.join(name);
        let right = fs::read(&file).unwrap();
        for place in [0, right.len() / 3, right.len() - 1] {
            let mut wrong = right.clone();
            wrong[place] ^= 1;
            fs::write(&file, wrong).unwrap();
            let output = check(&bundle);
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
            assert!(said.contains("false: "), "{name}: {said}");
        }
        fs::write(&file, right).unwrap();
    };
    for name in ["offering.toml", "settlement.json", "checkpoint"] {
        refuses_a_flip_in(name);
    }
    // Without the manifest everything that follows from the terms and the entries is compared, too.
    fs::remove_file(bundle.join("manifest.json")).unwrap();
    for name in [
        "journal",
        "journal.hashes",
        "settlement.csv",
        "investors.csv",
        "settlement.tree",
    ] {
        refuses_a_flip_in(name);
    }
    assert!(check(&bundle).status.success());
}
