//! Those who paid from a wallet object on the pages: to the root of a settlement, and to the release of a milestone.

use alloy_primitives::Address;
use serde_json::json;
use softcap_evm::{AfterSaleAct, EscrowKind, Exit, PaidIn};

use super::{
    nothing_is_wrong, run,
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
    nothing_is_wrong(&said);
    for (step, expected) in [
        ("beforeRoot", json!(0)),
        ("declined", json!("declined_signature")),
        ("sent", json!("sent")),
        ("rootObjected", json!(1)),
        ("objectedAgain", json!(0)),
        // All of the money objects, so that the root is void, and the money comes back.
        ("voided", json!("E652")),
        ("contestable", json!("contestable")),
        ("void", json!("voided")),
        ("voidListed", json!(1)),
        // Of which the record has no entry: the chain says it.
        ("voidRefunded", json!("refunded")),
        ("beforeAnnouncement", json!(0)),
        ("claimFirst", json!(1)),
        ("releaseObjected", json!(1)),
        ("releaseAgain", json!(0)),
        ("stopped", json!(true)),
        ("gaveBack", json!(1)),
        ("backAgain", json!(0)),
    ] {
        assert_eq!(said[step], expected, "{step}: {said}");
    }
    let words = said["rootWords"].to_string();
    assert!(
        words.contains("20.00%") && words.contains("0.00%"),
        "{words}"
    );
    let words = said["voidWords"].to_string();
    assert!(words.contains("4\u{a0}ETH is yours again"), "{words}");
    // Nothing was released, so that all of the money goes back.
    let words = said["backWords"].to_string();
    assert!(
        words.contains("5,714.285714285714285714\u{a0}HBR") && words.contains("4\u{a0}ETH"),
        "{words}"
    );
    let words = said["backAsks"].to_string();
    assert!(
        words.contains("5,714.285714285714285714\u{a0}HBR"),
        "{words}"
    );
    let words = said["releaseWords"].to_string();
    assert!(
        words.contains("The first ship") && words.contains("50.00%"),
        "{words}"
    );
}
