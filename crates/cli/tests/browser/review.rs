//! A compliance officer looks at what a person showed, asks for more, and approves it; above the limit of one officer it counts
//! when a second one has confirmed it.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn an_officer_reviews_a_person_and_a_second_one_confirms() {
    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");
    let site = Site::start();
    let more = json!({
        "key": site.key(),
        "offering": "harbour",
        "terms": STARTER,
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": site.folder.path(),
    });
    let said = run("review.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(said["errors"], json!([]));
    assert_eq!(said["waits"], 1);
    assert_eq!(said["seen"], "Ada Lovelace");
    assert!(
        said["picture"].as_u64().unwrap() > 50,
        "the file as it was shown"
    );
    assert_eq!(said["asked"], "needs_more");
    assert_eq!(said["again"], "submitted");
    assert_eq!(
        said["alone"], 0,
        "who approved first is not offered to confirm"
    );
    assert_eq!(said["before"], "in_review", "nothing counts yet");
    assert_eq!(said["confirmed"], "It is confirmed, and counts.");
    assert_eq!(said["after"], "approved");
}
