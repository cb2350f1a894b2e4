//! A bid that is sealed in the browser: the hash is the engine's, and what is in it never travels.

use serde_json::json;
use softcap_offering::{Amount, InvestorId, LimitPrice, sealed_bid_commitment, terms::Terms};
use softcap_proof::{from_hex, hex};

use super::{Site, nothing_is_wrong, run};

const TERMS: &str = include_str!("../../../server/tests/api/pages/dock.toml");
/// The bids are sealed.
const PRICING: &str = "{ kind = \"bids\", sealed = { lock_step = \"50 EUR\", reveal_until = \"REVEAL\", bond = \"5 %\" } }";

#[test]
fn a_browser_seals_a_bid_as_the_engine_does_and_tells_nobody() {
    let site = Site::start();
    let now = jiff::Timestamp::now().as_second();
    let instant = |hours: i64| {
        let time = jiff::Timestamp::from_second(now + hours * 3_600).unwrap();
        time.to_string()
    };
    let terms = [
        ("OPENS", -1),
        ("CLOSES", 24),
        ("REVEAL", 72),
        ("DEADLINE", 240),
    ]
    .into_iter()
    .fold(TERMS.replace("PRICING", PRICING), |text, (name, hours)| {
        text.replace(name, &instant(hours))
    });
    let more = json!({
        "key": site.key(),
        "offering": "dock",
        "terms": terms,
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
    });
    let said = run("sealed.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert_eq!(
        said["wrong"],
        "Type a number above zero, without separators of thousands."
    );
    assert_eq!(said["locked"], "150", "the next step above the bid");
    assert_eq!(said["state"], "waiting");
    assert_eq!(said["file"], "dock-bid.json");
    let kept = &said["kept"];
    let text = |name: &str| kept[name].as_str().unwrap();
    let salt: [u8; 32] = from_hex(text("salt")).unwrap().try_into().unwrap();
    let limit = LimitPrice {
        money: 25,
        tokens: 1_000_000,
    };
    let hash = Terms::parse(&terms).unwrap().hash().0;
    let investor = InvestorId::Opaque(text("bidder"));
    let commitment = sealed_bid_commitment(&hash, investor, Amount(12_345), limit, &salt);
    assert_eq!(text("commitment"), hex(&commitment));
    assert_eq!(said["sent"]["commitment"], hex(&commitment));
    let sent = said["sent"].to_string();
    for secret in ["123.45", "12345", "0.25", text("salt")] {
        assert!(!sent.contains(secret), "{secret} in {sent}");
    }
}
