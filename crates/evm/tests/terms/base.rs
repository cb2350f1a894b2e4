//! Terms that an escrow keeps, and the addresses for them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, address};
use softcap_evm::{PaidIn, Parties};
use softcap_offering::terms::{Terms, TermsProblem};

pub(crate) const ISSUER: Address = address!("00000000000000000000000000000000000000a1");
pub(crate) const BENEFICIARY: Address = address!("00000000000000000000000000000000000000a2");
pub(crate) const VERIFIER: Address = address!("00000000000000000000000000000000000000a3");
pub(crate) const TREASURY: Address = address!("00000000000000000000000000000000000000a4");
pub(crate) const TEAM: Address = address!("00000000000000000000000000000000000000a5");

/// A round for admitted people at a fixed price, in the coin.
pub(crate) const BASE: &str = r#"
rules = 1
name = "Harbour"
origin = "example.org/harbour"
numeraire = "ETH"
soft_cap = "10 ETH"
hard_cap = "100 ETH"
investor_max = "30 ETH"
refund_deadline = "2026-06-01T00:00:00Z"
unsold = "burned"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "300_000 HBR"
for_sale = "200_000 HBR"
[[token.share]]
name = "team"
holder = "team"
amount = "100_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[pause]
longest = "1 day"
count = 2
end = "fixed"
[[round]]
name = "public"
from = "2026-03-01T12:00:00Z"
until = "2026-03-31T12:00:00Z"
end = "exclusive"
access = "admitted"
price = "0.0007 ETH per HBR"
allocation = "first_come"
contribution = { min = "0.1 ETH", max = "20 ETH" }
over_cap = "partial"
over_limit = "refuse"
"#;

pub(crate) fn parsed(changes: &[(&str, &str)]) -> Result<Terms, Vec<TermsProblem>> {
    let mut text = BASE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the base has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    Terms::parse(&text)
}

pub(crate) fn changed(changes: &[(&str, &str)]) -> Terms {
    parsed(changes).unwrap()
}

pub(crate) fn parties() -> Parties {
    Parties {
        issuer: ISSUER,
        beneficiary: BENEFICIARY,
        verifier: Some(VERIFIER),
        paid_in: PaidIn::Coin,
        treasury: None,
        holders: BTreeMap::from([("team".to_owned(), TEAM)]),
    }
}
