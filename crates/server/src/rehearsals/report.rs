//! What became of a sale that was rehearsed, as it is kept and shown.

use serde::{Deserialize, Serialize};
use softcap_offering::Verdict;
use utoipa::ToSchema;

use crate::api::Ending;

/// Where a sale was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Venue {
    /// On the engine and the record of the real sale.
    Engine,
    /// With the contracts, on a chain in the server.
    Chain,
}

/// How many came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Crowd {
    /// Twice as much as fits.
    Many,
    /// Half of the soft cap.
    TooFew,
}

impl Crowd {
    /// How the sale must end.
    pub(super) fn expected(self) -> Verdict {
        match self {
            Self::Many => Verdict::Succeeded,
            Self::TooFew => Verdict::Failed,
        }
    }
}

/// How a sale ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SaleEnding {
    /// It succeeded.
    Succeeded,
    /// The soft cap was missed.
    Failed,
    /// It was given up.
    Cancelled,
    /// Nothing was settled in time.
    Expired,
    /// It was not settled.
    NotSettled,
}

impl From<Ending> for SaleEnding {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Settled(verdict) => verdict.into(),
            Ending::NotYetKnown => Self::NotSettled,
        }
    }
}

impl From<Verdict> for SaleEnding {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Succeeded => Self::Succeeded,
            Verdict::Failed => Self::Failed,
            Verdict::Cancelled => Self::Cancelled,
            Verdict::Expired => Self::Expired,
        }
    }
}

/// What went wrong in a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub(crate) enum Fault {
    /// Something that must always hold did not.
    Invariant(String),
    /// It could not be settled.
    NotSettled,
    /// It did not end as it should: with a crowd succeed, with too few fail.
    OtherEnding,
    /// Of a sale that failed not all money goes back.
    MoneyMissing,
    /// Something is left to do after everything was handed over, paid back and released: the phase it stays in.
    Unfinished(String),
    /// The record gives another result when it is replayed.
    OtherReplay,
    /// No contract can keep the terms, and why.
    NoContract(Vec<String>),
    /// The chain did not do what the terms promise.
    Chain(String),
    /// Record and chain differ: each difference with its code.
    Differs(Vec<String>),
}

/// A sale that was rehearsed. Amounts are smallest units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SaleReport {
    /// Where it was played.
    pub(crate) venue: Venue,
    /// How many came.
    pub(crate) crowd: Crowd,
    /// How it ended.
    pub(crate) ending: SaleEnding,
    /// People, or wallets.
    pub(crate) people: usize,
    /// Contributions, those of which nothing was taken included.
    pub(crate) contributions: usize,
    /// Of which nothing, or not all, was taken.
    pub(crate) cut: usize,
    /// Which were taken back.
    pub(crate) withdrawn: usize,
    /// What was accepted in the end, in the numeraire.
    pub(crate) raised: String,
    /// Tokens that were sold.
    pub(crate) sold: String,
    /// Entries of the record.
    pub(crate) entries: usize,
    /// Transactions of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transactions: Option<usize>,
    /// What went wrong; nothing where it passed.
    pub(crate) faults: Vec<Fault>,
}

impl SaleReport {
    /// A sale that was not played to its end.
    pub(super) fn stopped((venue, crowd): (Venue, Crowd), fault: Fault) -> Self {
        Self {
            venue,
            crowd,
            ending: SaleEnding::NotSettled,
            people: 0,
            contributions: 0,
            cut: 0,
            withdrawn: 0,
            raised: "0".to_owned(),
            sold: "0".to_owned(),
            entries: 0,
            transactions: None,
            faults: vec![fault],
        }
    }
}
