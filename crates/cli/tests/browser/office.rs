//! An auditor reads everything and takes it along, and an owner does what an incident asks for; with a pointer, with the
//! keyboard alone, and on a phone.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn an_auditor_reads_everything_and_an_owner_ends_an_incident() {
    let site = Site::start();
    let pictures = std::env::var("SOFTCAP_PICTURES").ok();
    let more = json!({
        "key": site.key(),
        "terms": include_str!("../../../../examples/starter/offering.toml"),
        "pictures": pictures,
        "program": env!("CARGO_BIN_EXE_softcap"),
        "folder": site.folder.path(),
    });
    let said = run("office.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(said["errors"], json!([]));
    for (page, weight) in said["weights"].as_object().unwrap() {
        assert!(weight.as_u64().unwrap() < 100_000, "{page}: {weight}");
    }
    assert_eq!(said["csv"], "number,at,actor,act,subject,code,times,entry");
    assert_eq!(
        said["found"], said["logins"],
        "the filter finds what the file has"
    );
    assert_eq!(said["buttonsOfAuditor"], 0);
    assert_eq!(said["proved"], said["leaf"]);
    assert_eq!(said["revoked"], "Keys revoked: 1.");
    assert_eq!(
        said["closed"],
        "It is closed. If its rule holds again today, it opens again."
    );
}
