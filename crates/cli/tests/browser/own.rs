//! What a person does about themself on the pages.

use serde_json::json;

use super::{Site, nothing_is_wrong, run};

#[test]
fn people_are_checked_and_bound_themselves_on_the_pages() {
    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");
    let site = Site::start();
    let more = json!({
        "key": site.key(),
        "offering": "harbour",
        "terms": STARTER,
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
    });
    let said = run("own.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(said["begun"], "open");
    assert_eq!(said["focus"], "summary");
    assert_eq!(said["kept"], "Ada Lovelace");
    assert_eq!(said["submitted"], "submitted");
    assert_eq!(said["back"], "/offerings/harbour");
    assert!(said["budget"].to_string().contains("It is set."), "{said}");
    assert!(
        said["notices"].to_string().contains("It is saved."),
        "{said}"
    );
    assert_eq!(said["noticesKept"], json!([true, false]));
    assert!(said["qr"].to_string().starts_with("\"0 0 "), "{said}");
    assert_eq!(said["saved"], true);
}
