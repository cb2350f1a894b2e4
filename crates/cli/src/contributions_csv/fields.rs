//! What single fields of a row say.

use softcap_offering::{
    Amount, CurrencyIndex, InvestorId, LimitPrice, LineIndex, Position,
    terms::{ClockKind, Terms},
};

use super::LONGEST_ID;
use crate::{
    decimal::{self, InUnits},
    input_error::{InputFault, Shown},
    instant::InstantReader,
    limit_price::PriceUnits,
};

/// Longest `source_ref` in characters.
const LONGEST_SOURCE: usize = 128;

/// Largest block height: what TOML and JSON numbers of other programs hold exactly is far more than
/// any chain will see.
const HIGHEST: u64 = (1 << 53) - 1;

/// Reads the fields of rows under one set of terms.
pub(super) struct FieldReader {
    currencies: Vec<KnownCurrency>,
    clock: ClockKind,
    instants: InstantReader,
    price: PriceUnits,
}

/// What of a currency a row needs.
struct KnownCurrency {
    symbol: String,
    decimals: u8,
    line: LineIndex,
}

/// An amount and the clock line of its currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money {
    pub(super) line: LineIndex,
    pub(super) amount: Amount,
}

impl FieldReader {
    pub(super) fn new(terms: &Terms) -> Self {
        let known = |currency: &softcap_offering::terms::Currency| KnownCurrency {
            symbol: currency.symbol.clone(),
            decimals: currency.decimals,
            line: currency.line,
        };
        Self {
            currencies: terms.currencies.iter().map(known).collect(),
            clock: terms.clock.kind,
            instants: InstantReader::default(),
            price: PriceUnits {
                money: terms.numeraire.decimals,
                token: terms.token.decimals,
            },
        }
    }

    /// `received_at` or `block_height`.
    pub(super) fn position(&mut self, text: &str) -> Result<Position, InputFault> {
        match self.clock {
            ClockKind::Time => {
                self.instants
                    .read(text.as_bytes())
                    .map_err(|error| InputFault::Instant {
                        found: Shown::new(text),
                        error,
                    })
            }
            ClockKind::Block => height(text),
        }
    }

    /// `currency`: its place in the terms.
    pub(super) fn currency(&self, text: &str) -> Result<CurrencyIndex, InputFault> {
        let place = self
            .currencies
            .iter()
            .position(|currency| currency.symbol == text);
        place
            .and_then(|place| u8::try_from(place).ok())
            .map(CurrencyIndex)
            .ok_or_else(|| {
                let known: Vec<_> = self.currencies.iter().map(|known| &*known.symbol).collect();
                InputFault::Currency {
                    found: Shown::new(text),
                    known: known.join(", "),
                }
            })
    }

    /// `amount` of a currency that [`FieldReader::currency`] gave.
    pub(super) fn money(&self, currency: CurrencyIndex, text: &str) -> Result<Money, InputFault> {
        let KnownCurrency {
            symbol,
            decimals,
            line,
        } = &self.currencies[currency.index()];
        let units = decimal::parse_units(text.as_bytes(), *decimals);
        let units = units.map_err(|error| InputFault::Number {
            found: Shown::new(text),
            error,
            allowed: allowed_amount(symbol, *decimals),
        })?;
        Ok(Money {
            line: *line,
            amount: Amount(units),
        })
    }

    /// `limit_price`, if there is one.
    pub(super) fn limit(&self, text: &str) -> Result<Option<LimitPrice>, InputFault> {
        if text.is_empty() {
            return Ok(None);
        }
        let limit = self.price.read(text);
        limit.map(Some).map_err(|error| InputFault::LimitPrice {
            found: Shown::new(text),
            error,
        })
    }
}

/// The form of an amount, for messages.
pub(crate) fn allowed_amount(symbol: &str, decimals: u8) -> String {
    let most = InUnits {
        units: u128::MAX,
        decimals,
    };
    if decimals == 0 {
        return format!("digits without a point (a whole number of {symbol}), at most {most}");
    }
    format!(
        "digits, then if wanted a point and at most {decimals} decimals ({symbol}), for example \
         0.5, at most {most}"
    )
}

/// `investor`.
pub(super) fn investor(text: &str) -> Result<InvestorId<'_>, InputFault> {
    InvestorId::parse(text).map_err(|error| InputFault::Investor {
        found: Shown::new(text),
        error,
    })
}

/// `contribution_id`.
pub(super) fn check_id(text: &str) -> Result<(), InputFault> {
    check_reference(text, 1, LONGEST_ID)
}

/// `source_ref`; empty where there is none.
pub(super) fn check_source(text: &str) -> Result<(), InputFault> {
    check_reference(text, 0, LONGEST_SOURCE)
}

fn check_reference(text: &str, least: usize, most: usize) -> Result<(), InputFault> {
    if is_reference(text, least, most) {
        return Ok(());
    }
    Err(InputFault::Reference {
        found: Shown::new(text),
        least,
        most,
    })
}

/// Whether a text may name a contribution or a source: printable ASCII that needs no quotes in any
/// table and has no blanks at its ends, where two names would look the same.
pub(crate) fn is_reference(text: &str, least: usize, most: usize) -> bool {
    let bytes = text.as_bytes();
    (least..=most).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && *byte != b',' && *byte != b'"')
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
}

/// A block height.
fn height(text: &str) -> Result<Position, InputFault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let height = text
        .parse()
        .ok()
        .filter(|height| digits && *height <= HIGHEST);
    height.map(Position).ok_or_else(|| InputFault::Height {
        found: Shown::new(text),
        most: HIGHEST,
    })
}
