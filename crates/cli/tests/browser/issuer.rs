//! An issuer from an empty site to money that is released: the form with its mistakes, announcement, desk, investors,
//! settlement and a release by two people; with the keyboard alone, on a phone, and without a script.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn an_issuer_goes_from_nothing_to_released_money() {
    let site = Site::start();
    let pictures = std::env::var("SOFTCAP_PICTURES").ok();
    let more = json!({
        "key": site.key(),
        "pictures": pictures,
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": site.folder.path(),
    });
    let said = run("issuer.mjs", &site, &more);
    nothing_is_wrong(&said);
    for (page, weight) in said["weights"].as_object().unwrap() {
        assert!(weight.as_u64().unwrap() < 100_000, "{page}: {weight}");
    }
    assert_eq!(
        said["wrongField"], "soft-cap",
        "the summary leads to the field"
    );
    assert_eq!(said["kept"], "40,000");
    assert_eq!(said["outcome"], "Sold out");
    assert_eq!(said["rehearsed"], "The rehearsal passed.");
    assert_eq!(said["announced"], "/issuer/offerings/quay");
    assert_eq!(
        said["again"], "/issuer/offerings/quay",
        "a second click shows the first result"
    );
    assert_eq!(said["raised"], "12,000.00\u{a0}EUR", "live");
    assert_eq!(said["refused"], 1, "live");
    assert_eq!(said["minute"], "2", "live");
    assert_eq!(said["paused"], "Paused", "by keyboard alone");
    assert_eq!(said["admitted"], 1);
    assert_eq!(said["verdict"], "Succeeded");
    assert_eq!(said["alone"], 0, "who proposed is not offered to approve");
    assert_eq!(said["released"], "It is released, and stands in the log.");
    assert_eq!(said["withoutScript"], "Checked by hand");
}
