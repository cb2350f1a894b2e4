//! What a record and its chain say differently, each with a stable code, a place, and both figures.

use std::fmt;

use alloy_primitives::{Address, U256};
use softcap_offering::Sequence;

use crate::escrow_event::LogPlace;

/// One difference between a record and its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule found it.
    pub code: FindingCode,
    /// The entry of the record, where one says it.
    pub entry: Option<Sequence>,
    /// About whom, where it is about one person.
    pub investor: Option<Address>,
    /// The log of the chain, where one says it.
    pub place: Option<LogPlace>,
    /// What differs, for example `accepted`.
    pub about: &'static str,
    /// What the record says; for what a contract says of itself, what its events come to.
    pub record: String,
    /// What the chain says.
    pub chain: String,
}

impl Finding {
    /// A difference that is about the sale as a whole.
    pub(super) fn new(
        code: FindingCode,
        about: &'static str,
        record: impl fmt::Display,
        chain: impl fmt::Display,
    ) -> Self {
        Self {
            code,
            entry: None,
            investor: None,
            place: None,
            about,
            record: record.to_string(),
            chain: chain.to_string(),
        }
    }

    pub(super) fn of(self, investor: Address) -> Self {
        Self {
            investor: Some(investor),
            ..self
        }
    }

    pub(super) fn in_entry(self, entry: Sequence) -> Self {
        Self {
            entry: Some(entry),
            ..self
        }
    }

    pub(super) fn at(self, place: LogPlace) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.code.as_str())?;
        if let Some(entry) = self.entry {
            write!(out, "entry {entry}, ")?;
        }
        if let Some(place) = self.place {
            write!(out, "{place}, ")?;
        }
        if let Some(investor) = self.investor {
            write!(out, "{investor}, ")?;
        }
        let Self {
            about,
            record,
            chain,
            ..
        } = self;
        match self.code {
            // Both are of the chain: what a contract said while it went on, and what it says and holds now.
            FindingCode::OtherState | FindingCode::TooLittle => write!(
                out,
                "{about}: its events come to {record}, its state is {chain}"
            ),
            FindingCode::TooMuch => {
                write!(
                    out,
                    "{about}: the terms allow {record}, the chain says {chain}"
                )
            }
            FindingCode::OtherChain
            | FindingCode::NotAnnounced
            | FindingCode::OtherTermsHash
            | FindingCode::OtherTerms
            | FindingCode::OtherCode
            | FindingCode::NoAfterSale
            | FindingCode::OtherPlan
            | FindingCode::NotRecorded
            | FindingCode::NotOnChain
            | FindingCode::OtherInvestor
            | FindingCode::OtherAmount
            | FindingCode::OtherPlace
            | FindingCode::OtherOrder
            | FindingCode::OtherCommand
            | FindingCode::Refused
            | FindingCode::OtherAdmission
            | FindingCode::OtherAccount
            | FindingCode::OtherEnding
            | FindingCode::TooManyTokens
            | FindingCode::OtherRoot => write!(
                out,
                "{about}: the record says {record}, the chain says {chain}"
            ),
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// Codes of differences. A code is never given a second meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl FindingCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable form, for example `R254`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What the rule behind the code says.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*).trim_ascii(),)*
                }
            }
        }
    };
}

codes! {
    /// The endpoints are of the chain that the record names.
    OtherChain = "R241",
    /// A factory announced the escrow in the block that the record names.
    NotAnnounced = "R242",
    /// Record, announcement, factory and contract have one terms hash.
    OtherTermsHash = "R243",
    /// The contract holds the terms of the record.
    OtherTerms = "R244",
    /// Escrow and token run the code of this program, made for these terms.
    OtherCode = "R245",
    /// What the terms promise for after the sale has a contract, made for this escrow.
    NoAfterSale = "R246",
    /// Milestones and shares that vest have the parts, amounts and times of the terms.
    OtherPlan = "R247",
    /// Everything that the escrow said before the record's end is in the record.
    NotRecorded = "R251",
    /// Everything that the record says of the escrow was said by it.
    NotOnChain = "R252",
    /// An entry is about whom its log is about.
    OtherInvestor = "R253",
    /// An entry has the amounts of its log.
    OtherAmount = "R254",
    /// An entry names block, second, transaction and log of its log.
    OtherPlace = "R255",
    /// Entries stand in the order of the chain.
    OtherOrder = "R256",
    /// An entry does what its log did.
    OtherCommand = "R257",
    /// The record takes what the contract took.
    Refused = "R258",
    /// The record admits an investor for what the contract admits them for.
    OtherAdmission = "R259",
    /// The settlement gives each investor what the contract gave or owes them.
    OtherAccount = "R261",
    /// The contract's state is what its events come to.
    OtherState = "R262",
    /// The sale ended on the chain as it did in the record, with the same totals.
    OtherEnding = "R263",
    /// The escrow holds what it owes.
    TooLittle = "R264",
    /// There are no more tokens than the record has.
    TooManyTokens = "R265",
    /// The root that was posted is that of the record's settlement.
    OtherRoot = "R266",
    /// No more is drawn, released or handed over than the terms allow, none of it earlier, and none after a stop.
    TooMuch = "R267",
}

/// What an escrow holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What people paid.
    Money,
    /// What they bought.
    Tokens,
}

impl Held {
    /// What the escrow holds, beside what it owes: it must be that much, and what is there beyond it is only said.
    pub(super) fn beside(
        self,
        (held, owed): (U256, U256),
        (findings, notes): (&mut Vec<Finding>, &mut Vec<Note>),
    ) {
        if held < owed {
            let about = self.of_the_escrow();
            findings.push(Finding::new(FindingCode::TooLittle, about, owed, held));
        } else if held > owed {
            let amount = (held - owed).to_string();
            notes.push(Note::Surplus { what: self, amount });
        }
    }

    fn of_the_escrow(self) -> &'static str {
        match self {
            Self::Money => "money of the escrow",
            Self::Tokens => "tokens of the escrow",
        }
    }
}

/// What is worth saying, and is no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Said by the escrow after the record's end, or not entered yet.
    NotInTheRecord {
        /// How many logs.
        logs: usize,
        /// The first of them.
        first: LogPlace,
        /// How many of them are contributions.
        contributions: usize,
    },
    /// The record has no settlement, so nobody's share is compared.
    NotSettled,
    /// Only so many of all investors were asked about.
    Asked {
        /// How many.
        asked: usize,
        /// Of how many.
        all: usize,
    },
    /// The escrow holds more than it owes: somebody sent it something, or parts were rounded down. Nobody can take it.
    Surplus {
        /// Of what.
        what: Held,
        /// How much, in smallest units.
        amount: String,
    },
    /// The record is settled, and its root is not posted yet.
    NoRoot,
    /// How far a settlement by root is paid.
    Proved {
        /// Leaves that are proved.
        leaves: usize,
        /// Of how many.
        all: usize,
        /// Money that they accepted, in smallest units.
        accepted: String,
        /// What of it was drawn.
        drawn: String,
    },
    /// Contributors stopped the releases.
    Stopped {
        /// At which milestone, by its place in the terms.
        milestone: u8,
    },
    /// Somebody destroyed tokens after they had them.
    Burned {
        /// How many, in smallest units.
        amount: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInTheRecord {
                logs,
                first,
                contributions,
            } => write!(
                out,
                "{logs} log(s) are after the record's end or not entered yet, {contributions} of them contributions; the \
                 first is {first}"
            ),
            Self::NotSettled => {
                write!(out, "the record has no settlement: no share is compared")
            }
            Self::Asked { asked, all } => {
                write!(
                    out,
                    "the contract was asked about {asked} of {all} investors"
                )
            }
            Self::Surplus { what, amount } => write!(
                out,
                "{}: {amount} units more than it owes, which nobody can take",
                what.of_the_escrow()
            ),
            Self::NoRoot => write!(out, "the record is settled, and no root is posted yet"),
            Self::Proved {
                leaves,
                all,
                accepted,
                drawn,
            } => write!(
                out,
                "{leaves} of {all} leaves are proved; they accepted {accepted} units of the money, {drawn} of it drawn"
            ),
            Self::Stopped { milestone } => write!(
                out,
                "contributors stopped the releases at milestone {milestone}: what is left goes back for tokens"
            ),
            Self::Burned { amount } => {
                write!(out, "holders destroyed {amount} units of the token")
            }
        }
    }
}
