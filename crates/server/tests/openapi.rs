//! The committed `openapi.json` and `docs/configuration.md` are those of the code, so that a change
//! of the interface shows in the diff of a commit.

use std::{env, fs, path::Path};

use softcap_server::Config;

const RENEW: &str = "SOFTCAP_RENEW_OPENAPI=1 cargo test -p softcap-server --test openapi";

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = softcap_server::document_text().unwrap();
    if env::var_os("SOFTCAP_RENEW_OPENAPI").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "crates/server/openapi.json is out of date; renew it: {RENEW}"
    );
}

#[test]
fn every_operation_says_what_it_does_and_answers_problems() {
    let text = softcap_server::document_text().unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            count += 1;
            let named = |key: &str| operation[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(named("summary"), "{method} {path} has no summary");
            assert!(
                operation["tags"][0].is_string(),
                "{method} {path} has no tag"
            );
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let stands_there = path.contains(&format!("{{{name}}}"));
                let in_path = parameter["in"] == "path";
                assert_eq!(in_path, stands_there, "{method} {path}: {name}");
            }
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
        }
    }
    assert!(count >= 4, "{count} operations");
}

#[test]
fn every_reference_leads_to_an_object() {
    let text = softcap_server::document_text().unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for part in text.split("\"$ref\": \"#").skip(1) {
        let place = part.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place}");
    }
}

#[test]
fn the_committed_page_of_the_configuration_is_that_of_the_code() {
    let renew = "SOFTCAP_RENEW_DOCS=1 cargo test -p softcap-server --test openapi";
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = format!(
        "# Configuration\n\n\
         The service reads `softcap.toml` from the folder it is started in, or the file that\n\
         `softcap serve --config FILE` names. Each key can be given by the environment instead, which\n\
         goes before the file; options of the command line go before both. Every key has a default: no\n\
         file is needed to begin.\n\n\
         ```sh\n\
         softcap config > softcap.toml          # this text, to be changed\n\
         softcap config --check softcap.toml    # what is wrong, with line and column\n\
         ```\n\n\
         ```toml\n{}```\n",
        Config::template()
    );
    if env::var_os("SOFTCAP_RENEW_DOCS").is_some() {
        fs::write(&page, &text).unwrap();
    }
    let committed = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == text,
        "docs/configuration.md is out of date; renew it: {renew}"
    );
}
