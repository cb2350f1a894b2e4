//! Another mail address, and second factors that somebody lost, on the pages.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn an_address_is_changed_and_lost_factors_are_proposed_on_the_pages() {
    let site = Site::start();
    let more = json!({
        "key": site.key(),
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": site.folder.path(),
    });
    let said = run("accounts.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(said["focus"], "summary");
    let waits = said["waits"].to_string();
    assert!(waits.contains("mona.berg@example.org"), "{waits}");
    assert_eq!(said["ended"], "The change is ended. Your address stays.");
    assert_eq!(said["number"], true);
    assert!(said["missing"].to_string().contains("Choose a reason."));
    let proposed = said["proposed"].to_string();
    assert!(proposed.contains("It is proposed."), "{proposed}");
}
