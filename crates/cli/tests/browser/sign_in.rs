//! Somebody signs up and logs in with an account that they have on another site.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn a_person_signs_up_and_logs_in_with_another_site() {
    let issuer = Site::start();
    let more = json!({
        "key": issuer.key(),
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": issuer.folder.path(),
    });
    let mut said = run("sign_in.mjs", &issuer, &more);
    // The site that asks is foreign to the one that answers, and nothing else is.
    let site = said["site"].as_str().unwrap().to_owned();
    let foreign = said["foreign"].as_array_mut().unwrap();
    foreign.retain(|address| !address.as_str().unwrap().starts_with(&site));
    nothing_is_wrong(&said);
    assert_eq!(said["newcomer"], "ada@example.org");
    assert_eq!(said["signedUp"], "/portfolio");
    assert_eq!(said["loggedIn"], "/account/sign-ins");
    assert_eq!(said["links"], 1);
    assert_eq!(said["onlyWay"], "A577");
    assert_eq!(said["declined"], "A564");
    assert_eq!(said["loggedOut"], true);
}
