//! The entries file: what the issuer, an investor or time adds to the contributions.
//!
//! Each `[[entry]]` names a kind, a place and what the kind needs; `docs/entries.md` is the
//! reference. [`Entries::read`] checks all that can be known without the contributions. [`Merge`]
//! then puts entries and contributions into one order in a single pass, and resolves the names of
//! contributions to sequence numbers on the way.

mod kinds;
mod merge;
mod reader;
#[cfg(test)]
mod tests;
mod values;

use std::{collections::HashMap, path::Path};

use softcap_offering::{
    Admit, Amount, Command, CurrencyIndex, DocumentExit, Funding, InvestorId, LimitPrice, Position,
    Ratio, ReturnReason, RoundIndex, Stamp, Value, WithdrawalMark, terms::Terms,
};
use toml::de::DeTable;

pub(crate) use merge::{EntrySink, Merge};

use crate::{
    input_error::{InputError, InputFault, Place, Shown, Spot},
    text_file,
};
use reader::Table;

/// Largest entries file in bytes: a million admissions are about half of it.
const LARGEST_FILE: u64 = 128 << 20;

/// All entries of a file, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    file: String,
    list: Vec<PlannedEntry>,
    /// Symbols of the currencies, for messages.
    symbols: Vec<String>,
}

/// An entry whose contributions are still names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PlannedEntry {
    /// Line of its `[[entry]]`.
    line: u64,
    anchor: Anchor,
    action: Action,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Anchor {
    /// Before everything.
    Start,
    /// Right after a contribution, and with its stamp.
    After(String),
    /// Before the first contribution of the line that is not earlier.
    At(Stamp),
    /// After everything.
    End,
}

/// What an entry does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    Admit(Admission, Vec<OwnedInvestor>),
    Revoke(RoundIndex, Vec<OwnedInvestor>),
    Rate {
        currency: CurrencyIndex,
        rate: Ratio,
    },
    Commit(SealedBid),
    Reveal {
        bid: String,
        money: Money,
        limit: LimitPrice,
        salt: [u8; 32],
    },
    Withdraw {
        contribution: String,
    },
    Return {
        contribution: String,
        money: Money,
        reason: ReturnReason,
    },
    Seed {
        round: RoundIndex,
        seed: [u8; 32],
        proof: Vec<u8>,
    },
    Document {
        hash: [u8; 32],
        exit: DocumentExit,
    },
    Close(RoundIndex),
    Pause,
    Resume,
    Cancel,
    Tick,
}

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Money {
    currency: CurrencyIndex,
    amount: Amount,
}

/// An admission of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Admission {
    round: RoundIndex,
    limit: Option<Value>,
    expires: Option<Position>,
    guaranteed: Value,
    withdrawal: WithdrawalMark,
}

/// A sealed bid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SealedBid {
    reference: String,
    investor: OwnedInvestor,
    locked: Money,
    commitment: [u8; 32],
}

/// An investor id that outlives its file: 24 bytes, since there may be a million.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OwnedInvestor {
    Address([u8; 20]),
    Opaque(Box<str>),
}

impl OwnedInvestor {
    fn new(id: InvestorId<'_>) -> Self {
        match id {
            InvestorId::Address(address) => Self::Address(address),
            InvestorId::Opaque(text) => Self::Opaque(text.into()),
        }
    }

    fn id(&self) -> InvestorId<'_> {
        match self {
            Self::Address(address) => InvestorId::Address(*address),
            Self::Opaque(text) => InvestorId::Opaque(text),
        }
    }
}

impl Admission {
    /// The command that admits somebody.
    fn command<'i>(&self, investor: InvestorId<'i>) -> Command<'i> {
        Command::Admit(Admit {
            round: self.round,
            investor,
            limit: self.limit,
            expires: self.expires,
            guaranteed: self.guaranteed,
            withdrawal: self.withdrawal,
        })
    }
}

impl SealedBid {
    fn command(&self) -> Command<'_> {
        Command::Commit {
            investor: self.investor.id(),
            locked: self.locked.amount,
            commitment: self.commitment,
            reference: &self.reference,
            funding: Funding::Arrived,
        }
    }
}

impl Action {
    /// The contribution that must stand before.
    fn needs(&self) -> Option<&str> {
        match self {
            Self::Withdraw { contribution } | Self::Return { contribution, .. } => {
                Some(contribution)
            }
            Self::Reveal { bid, .. } => Some(bid),
            Self::Admit(..)
            | Self::Revoke(..)
            | Self::Rate { .. }
            | Self::Commit(_)
            | Self::Seed { .. }
            | Self::Document { .. }
            | Self::Close(_)
            | Self::Pause
            | Self::Resume
            | Self::Cancel
            | Self::Tick => None,
        }
    }
}

impl Entries {
    /// Reads an entries file.
    ///
    /// # Errors
    /// The first error of the file in the order of its entries.
    pub(crate) fn read(path: &Path, terms: &Terms) -> Result<Self, InputError> {
        let text = text_file::read(path, LARGEST_FILE)?;
        Self::parse(text.as_bytes(), &path.display().to_string(), terms)
    }

    /// Reads the content of an entries file; `name` is for messages.
    ///
    /// # Errors
    /// As [`Entries::read`].
    pub(crate) fn parse(content: &[u8], name: &str, terms: &Terms) -> Result<Self, InputError> {
        let text = utf8(content, name)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = DeTable::parse(text).map_err(|error| {
            let (line, column) =
                reader::place_in(text, error.span().map_or(text.len(), |span| span.start));
            let spot = Spot::Key {
                key: String::new(),
                column: Some(column),
            };
            let place = Place {
                file: name.to_owned(),
                line: Some(line),
                spot,
            };
            let reason: String = error
                .message()
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            InputError::new(place, InputFault::Syntax(reason))
        })?;
        let file = reader::TextFile::new(name, text);
        let root = Table::root(&file, document.get_ref());
        root.only(&["entry"])?;
        let mut list = Vec::new();
        for entry in root.tables("entry")? {
            list.push(kinds::read(&entry, terms)?);
        }
        refuse_doubled_bids(&file, &list)?;
        let symbols = terms
            .currencies
            .iter()
            .map(|currency| currency.symbol.clone())
            .collect();
        Ok(Self {
            file: name.to_owned(),
            list,
            symbols,
        })
    }

    /// How many `[[entry]]` there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.list.len()
    }
}

fn utf8<'c>(content: &'c [u8], name: &str) -> Result<&'c str, InputError> {
    std::str::from_utf8(content).map_err(|error| {
        let (before, rest) = content.split_at(error.valid_up_to());
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let place = Place {
            file: name.to_owned(),
            line: u64::try_from(line).ok(),
            spot: Spot::Line,
        };
        let byte = rest.first().copied().unwrap_or(0);
        InputError::new(place, InputFault::NotUtf8 { byte, hint: "" })
    })
}

/// Two sealed bids of one name could not be told apart.
fn refuse_doubled_bids(
    file: &reader::TextFile<'_>,
    list: &[PlannedEntry],
) -> Result<(), InputError> {
    let mut lines: HashMap<&str, u64> = HashMap::new();
    for entry in list {
        let Action::Commit(bid) = &entry.action else {
            continue;
        };
        if let Some(first) = lines.insert(&bid.reference, entry.line) {
            let spot = Spot::Key {
                key: "contribution_id".to_owned(),
                column: None,
            };
            let place = Place {
                file: file.name().to_owned(),
                line: Some(entry.line),
                spot,
            };
            let first = format!("in the entry of line {first}");
            let found = Shown::new(&bid.reference);
            return Err(InputError::new(place, InputFault::Doubled { found, first }));
        }
    }
    Ok(())
}
