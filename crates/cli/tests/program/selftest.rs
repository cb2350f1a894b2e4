//! `softcap selftest` names tests that exist, and says what is wrong with an installation.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::workplace::{Workplace, workspace};

fn listed() -> Value {
    let answer = Workplace::empty().run(&["selftest", "--asvs", "--json"]);
    answer.succeeded().value()
}

#[test]
fn each_of_the_forty_items_names_tests_that_exist() {
    let items = listed()["asvs"].as_array().unwrap().clone();
    assert_eq!(items.len(), 40);
    let ids: BTreeSet<&str> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 40);
    for item in &items {
        for test in item["tests"].as_array().unwrap() {
            let (file, name) = (
                test["file"].as_str().unwrap(),
                test["name"].as_str().unwrap(),
            );
            let text = std::fs::read_to_string(workspace(file)).unwrap_or_default();
            assert!(
                text.contains(&format!("fn {name}(")),
                "{}: {file}: {name}",
                item["id"]
            );
        }
    }
}

#[test]
fn each_of_the_forty_items_has_a_test() {
    let items = listed()["asvs"].as_array().unwrap().clone();
    let unproven = items
        .iter()
        .filter(|item| item["tests"] == serde_json::json!([]));
    let unproven: Vec<&str> = unproven.map(|item| item["id"].as_str().unwrap()).collect();
    assert!(unproven.is_empty(), "{unproven:?}");
}

#[test]
fn a_secret_that_others_may_read_and_a_configuration_for_development_are_findings() {
    let place = Workplace::empty();
    let new = ["api-key", "new", "--data", "data", "--label", "x", "--test"];
    place.run(&new).succeeded();
    let answer = place.run(&["selftest", "--data", "data", "--json"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let pepper = place.path().join("data/secrets/pepper");
    std::fs::set_permissions(&pepper, std::fs::Permissions::from_mode(0o644)).unwrap();
    let answer = place.run(&["selftest", "--data", "data"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("pepper: chmod 600"), "{answer:?}");
    let config = "[server]\nproxies = [\"0.0.0.0/0\"]\n[webhooks]\nallow_loopback = true\n";
    std::fs::write(place.path().join("softcap.toml"), config).unwrap();
    let answer = place.run(&["selftest", "--config", "softcap.toml"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    for key in ["server.proxies", "webhooks.allow_loopback"] {
        assert!(answer.out.contains(key), "{answer:?}");
    }
}
