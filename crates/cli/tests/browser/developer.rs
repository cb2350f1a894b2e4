//! Somebody connects a program: a key, an application to which a person consents, a webhook; with a pointer, with the keyboard
//! alone, and on a phone.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn a_developer_connects_a_program_and_a_person_consents_to_it() {
    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");
    let site = Site::start_with(&[("SOFTCAP_WEBHOOK_ALLOW_LOOPBACK", "true")]);
    let pictures = std::env::var("SOFTCAP_PICTURES").ok();
    let more = json!({
        "key": site.key(),
        "terms": STARTER,
        "pictures": pictures,
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": site.folder.path(),
    });
    let said = run("developer.mjs", &site, &more);
    nothing_is_wrong(&said);
    for (page, weight) in said["weights"].as_object().unwrap() {
        assert!(weight.as_u64().unwrap() < 100_000, "{page}: {weight}");
    }
    assert_eq!(said["withKey"], 200);
    assert_eq!(said["reloaded"], "?done=shown");
    assert_eq!(said["signs"].as_str().unwrap().len(), 12);
    assert_eq!(said["kept"], json!([false, "1,000"]));
    assert_eq!(said["revoked"], 401, "by keyboard alone");
    assert_eq!(said["consent"], "Portfolio");
    assert_eq!(said["withToken"], 200);
    assert_eq!(said["beyond"], 403, "what the person left out");
    assert_eq!(said["tested"], "The address took the test.");
    assert_eq!(said["signature"], said["computed"]);
}
