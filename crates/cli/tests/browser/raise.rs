//! The page of an offering in the middle of its sale: what came in over days, which only a chain's clock can play.

use alloy_primitives::{Address, U256};
use serde_json::json;
use softcap_evm::{EscrowKind, PaidIn, contribution_draft};

use super::{
    nothing_is_wrong, run,
    wallets::{Chain, announced, calldata, site_beside},
};

#[test]
fn a_sale_of_days_is_drawn_by_what_came_in_on_each() {
    let chain = Chain::start();
    let words = [
        ("NAME", "harbour"),
        ("TITLE", "Harbour"),
        ("\"SOFT ETH\"", "\"40 ETH\""),
        ("\"CLOSES\"", "\"CLOSES_LATER\""),
        ("WITHDRAWAL", ""),
    ];
    let offerings = json!({
        "harbour": announced(&chain, (EscrowKind::Plain, PaidIn::Coin), &words),
    });
    let (site, mut more) = site_beside(&chain, &offerings);
    let nobody = Address::ZERO;
    let paid = contribution_draft(nobody, nobody, PaidIn::Coin, U256::ZERO, None);
    more["contribute"] = json!(calldata(paid));
    let said = run("raise.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(said["points"], 9, "{said}");
    // What was takes two thirds of the picture.
    let part = said["part"].as_f64().unwrap();
    assert!((0.6..0.7).contains(&part), "{said}");
    let reads = said["readout"].to_string();
    assert!(
        reads.contains("52\u{a0}ETH") && !reads.contains("UTC"),
        "{reads}"
    );
}
