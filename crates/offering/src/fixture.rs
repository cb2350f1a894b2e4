//! A small offering for the unit tests of several files: two investors pay 5 EUR each for 50 TOK.

use std::sync::Arc;

use crate::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Offering, Position,
    Stamp, terms::Terms,
};

const TERMS: &str = r#"
rules = 1
name = "Small"
origin = "softcap.example/small"
[clock]
kind = "block"
[token]
name = "Small"
symbol = "TOK"
decimals = 0
[token.supply]
kind = "fixed"
total = "1_000 TOK"
for_sale = "1_000 TOK"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "public"
from = 100
until = 200
end = "exclusive"
price = "10 TOK per 1 EUR"
allocation = "first_come"
"#;

/// Announced at 1, and nobody has paid.
pub(crate) fn announced() -> Offering {
    let mut offering = Offering::new(Arc::new(Terms::parse(TERMS).unwrap()));
    let terms_hash = offering.terms_hash();
    offering.apply(at(1), &Command::Announce { terms_hash });
    offering
}

fn at(position: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(position),
    }
}

/// With both contributions in.
pub(crate) fn open() -> Offering {
    let mut offering = announced();
    let stamp = at(100);
    for investor in ["ada", "ben"] {
        let contribute = Contribute {
            investor: InvestorId::Opaque(investor),
            currency: CurrencyIndex(0),
            amount: Amount(500),
            limit: None,
            reference: investor,
            source: None,
            funding: Funding::Arrived,
        };
        offering.apply(stamp, &Command::Contribute(contribute));
    }
    offering
}

/// The same, settled.
pub(crate) fn settled() -> Offering {
    let mut offering = open();
    for stamp in offering.settlement_stamps() {
        offering.apply(stamp, &Command::Tick);
    }
    offering.apply(offering.now_stamp(), &Command::Settle);
    offering
}
