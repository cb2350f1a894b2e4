//! Terms for the tests of contributions and entries files.

use softcap_offering::terms::Terms;

/// A sale on a clock of time, in BTC (8 decimals, the numeraire) and ETH (18, recorded rates), with
/// an open and an admitted round.
pub(crate) fn time_terms() -> Terms {
    parse(TIME)
}

/// A sale on a clock of blocks with two lines.
pub(crate) fn block_terms() -> Terms {
    parse(BLOCK)
}

/// An auction with sealed bids in EUR (2 decimals) for a token with 3.
pub(crate) fn sealed_terms() -> Terms {
    parse(SEALED)
}

fn parse(text: &str) -> Terms {
    match Terms::parse(text) {
        Ok(terms) => terms,
        Err(problems) => panic!("the terms of the tests do not parse: {problems:#?}"),
    }
}

const TIME: &str = r#"
rules = 1
name = "Time"
origin = "softcap.example/time"
numeraire = "BTC"
refund_deadline = "2027-01-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 8
[token.supply]
kind = "minted"
[currency.BTC]
decimals = 8
rail = "balance"
[currency.ETH]
decimals = 18
rail = "balance"
rate = { source = "kraken:ETHBTC", max_age = "10 minutes", max_step = "20 %" }
[[round]]
name = "early"
access = "admitted"
from = "2026-03-01T00:00:00Z"
until = "2026-03-08T00:00:00Z"
end = "exclusive"
price = "100 TOK per BTC"
allocation = "first_come"
cap = "1_000 BTC"
[[round]]
name = "public"
from = "2026-03-08T00:00:00Z"
until = "2026-04-01T00:00:00Z"
end = "exclusive"
price = "80 TOK per BTC"
allocation = "first_come"
cap = "1_000 BTC"
"#;

const BLOCK: &str = r#"
rules = 1
name = "Blocks"
origin = "softcap.example/blocks"
numeraire = "TOK"
[clock]
kind = "block"
[token]
name = "Token"
symbol = "TOK"
decimals = 6
[token.supply]
kind = "minted"
[currency.BTC]
decimals = 8
rail = "bitcoin"
chain = "bitcoin"
rate = "11635 TOK per BTC"
[currency.ETH]
decimals = 18
rail = "evm"
chain = "ethereum"
rate = "452 TOK per ETH"
[[round]]
name = "public"
price = "1 TOK per TOK"
allocation = "first_come"
cap = "1_000_000_000 TOK"
[round.window.bitcoin]
from = 460_654
until = 470_000
end = "inclusive"
[round.window.ethereum]
from = 3_487_000
until = 3_500_000
end = "inclusive"
"#;

const SEALED: &str = r#"
rules = 1
name = "Sealed"
origin = "softcap.example/sealed"
numeraire = "EUR"
[clock]
kind = "time"
[token]
name = "Token"
symbol = "TOK"
decimals = 3
[token.supply]
kind = "minted"
max = "1_000 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "auction"
from = "2026-03-01T00:00:00Z"
until = "2026-03-08T00:00:00Z"
end = "exclusive"
supply = "1_000 TOK"
allocation = "pro_rata"
[round.pricing]
kind = "bids"
[round.pricing.sealed]
lock_step = "10 EUR"
reveal_until = "2026-03-10T00:00:00Z"
bond = "5 %"
"#;

#[test]
fn the_terms_of_the_tests_parse() {
    assert_eq!(time_terms().currencies.len(), 2);
    assert_eq!(block_terms().clock.lines.len(), 2);
    assert_eq!(sealed_terms().rounds.len(), 1);
}
