//! Those who paid from a wallet object on the pages: to the root of a settlement, and to the release of a milestone.

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{AfterSaleAct, EscrowKind, Exit, PaidIn};

use super::{
    run,
    wallets::{BY_BIDS, Chain, announced, calldata, site_beside},
};

/// What stands in the terms of the other sale of a wallet in the place of what becomes of tokens that nobody buys.
const STEPS: &str = r#"
[[milestone]]
name = "The first ship"
part = "25 %"
[[milestone]]
name = "The second ship"
part = "75 %"
after = "30 days"
[objections]
share = "50 %"
span = "7 days"
deadline = "120 days"
"#;

#[test]
fn who_paid_objects_to_a_root_and_to_a_release_on_the_page_of_their_contribution() {
    let chain = Chain::start();
    let sale = |name, title| {
        [
            ("NAME", name),
            ("TITLE", title),
            ("SOFT", "1"),
            ("WITHDRAWAL", ""),
        ]
    };
    let mut lock = BY_BIDS.to_vec();
    lock.push(("unsold = \"burned\"\n", ""));
    lock.extend(sale("lock", "Lock"));
    let mut weir = vec![
        ("over_cap = \"partial\"\nover_limit = \"partial\"\n", STEPS),
        ("unsold = \"burned\"\n", ""),
    ];
    weir.extend(sale("weir", "Weir"));
    let offerings = json!({
        "lock": announced(&chain, (EscrowKind::Root, PaidIn::Coin), &lock),
        "weir": announced(&chain, (EscrowKind::Plain, PaidIn::Coin), &weir),
    });
    let (site, mut more) = site_beside(&chain, &offerings);
    let nobody = Address::ZERO;
    more["settle"] = json!(calldata(Exit::Settle.draft(nobody, nobody)));
    more["begin"] = json!(calldata(AfterSaleAct::Begin.draft(nobody, nobody)));
    more["announce"] = json!(calldata(AfterSaleAct::Announce.draft(nobody, nobody)));
    let said = run("objections.mjs", &site, &more);
    assert_eq!(said["violations"], json!([]), "axe {}", said["engine"]);
    let errors = said["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .filter(|error| !error.to_string().contains("status of 4"))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    for (step, expected) in [
        ("beforeRoot", json!(0)),
        ("declined", json!("declined_signature")),
        ("sent", json!("sent")),
        ("rootObjected", json!(1)),
        ("objectedAgain", json!(0)),
        // All of the money objects, so that the root is void, and the money comes back.
        ("voided", json!("E652")),
        ("void", json!(1)),
        ("refund", json!(1)),
        ("beforeAnnouncement", json!(0)),
        ("claimFirst", json!(1)),
        ("releaseObjected", json!(1)),
        ("releaseAgain", json!(0)),
        ("stopped", json!(true)),
    ] {
        assert_eq!(said[step], expected, "{step}: {said}");
    }
    let words = said["rootWords"].to_string();
    assert!(
        words.contains("20.00%") && words.contains("0.00%"),
        "{words}"
    );
    let words = said["releaseWords"].to_string();
    assert!(
        words.contains("The first ship") && words.contains("50.00%"),
        "{words}"
    );
}
