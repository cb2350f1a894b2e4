//! A whole sale on a chain in this process: contracts deployed from the terms, wallets of nobody that contribute, take back,
//! claim and are refunded, the record that follows them, and both compared in the end as `softcap verify --chain` does.
//!
//! Reading order: [`rehearse_sale`], `crowd` (who brings how much), `stage` (the chain, and who has an office), `paying`
//! (the window), `ending` (everything after it), `record` (what follows the chain).
//!
//! What comes out follows from the terms alone. No machine but this one is asked, and nobody's key is used: those of the
//! wallets are known to everybody.

mod crowd;
mod ending;
mod paying;
mod record;
mod stage;

use std::sync::Arc;

use softcap_chain::ChainError;
use softcap_offering::{Tokens, Value, Verdict, terms::Terms};

use crate::{
    announcement::unkept, chain_source::SourceError, endpoints::EndpointError, error::EvmError,
    unkept::Unkept,
};
use crowd::Crowd;
use paying::Came;
use record::Record;
use stage::Stage;

/// What comes to a sale that is rehearsed, in smallest units of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// So much in all.
    InAll(u128),
    /// Less than this in all.
    LessThan(u128),
}

/// How far a rehearsal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RehearsalStep {
    /// The contracts are on the chain, and agree with the terms.
    Announced,
    /// The window is over.
    Paid,
    /// Everybody got what was theirs.
    Ended,
    /// The record was compared with the chain.
    Compared,
}

/// A sale on a chain that was rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RehearsedSale {
    /// Wallets that came.
    pub wallets: usize,
    /// Contributions that the contract took.
    pub taken: usize,
    /// And those that it refused.
    pub refused: usize,
    /// Wallets that took back what they had put in.
    pub withdrawn: usize,
    /// Wallets that got tokens or money in the end.
    pub paid_out: usize,
    /// Transactions in all.
    pub transactions: usize,
    /// How the record says it ended; `None` where nothing came.
    pub verdict: Option<Verdict>,
    /// Whether so many people came, with no more than each may bring, that the soft cap could be reached.
    pub could_succeed: bool,
    /// Money that was accepted in the end.
    pub raised: Value,
    /// Tokens that were sold.
    pub sold: Tokens,
    /// Entries that the record made of the chain.
    pub entries: usize,
    /// What differs between chain and record, each a sentence with its code; none where they agree.
    pub findings: Vec<String>,
}

/// Why a sale was not rehearsed to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotRehearsed {
    /// No contract can keep the terms.
    #[error("no contract keeps these terms: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unkept(Vec<Unkept>),
    /// The chain refused what the terms promise, or did not run.
    #[error(transparent)]
    Chain(#[from] EvmError),
    /// The record does not say what the chain did.
    #[error("{0}")]
    Record(String),
}

impl From<ChainError> for NotRehearsed {
    fn from(error: ChainError) -> Self {
        Self::Chain(EvmError::OwnCode {
            problem: error.to_string(),
        })
    }
}

impl From<EndpointError> for NotRehearsed {
    fn from(error: EndpointError) -> Self {
        Self::Chain(error.into())
    }
}

impl From<SourceError> for NotRehearsed {
    fn from(error: SourceError) -> Self {
        Self::Chain(error.into())
    }
}

/// Plays a sale on a chain of its own, from the announcement to the last claim or refund. `step` is told how far it is.
///
/// # Errors
/// [`NotRehearsed`] where it cannot be played to its end. What differs at the end is no error but a finding.
pub async fn rehearse_sale(
    terms: &Arc<Terms>,
    demand: Demand,
    step: &mut dyn FnMut(RehearsalStep),
) -> Result<RehearsedSale, NotRehearsed> {
    let reasons = unkept(terms);
    if !reasons.is_empty() {
        return Err(NotRehearsed::Unkept(reasons));
    }
    let crowd = Crowd::of(terms, demand);
    let mut stage = Stage::announced(terms, &crowd).await?;
    let mut record = Record::begun(&stage).await?;
    step(RehearsalStep::Announced);
    let came = stage.pay(&crowd).await?;
    step(RehearsalStep::Paid);
    let paid_out = stage.end(&mut record, &came).await?;
    record.follow().await?;
    step(RehearsalStep::Ended);
    let findings = record.compared(&stage).await?;
    step(RehearsalStep::Compared);
    Ok(result(&stage, (&crowd, &came, &record), paid_out, findings))
}

fn result(
    stage: &Stage,
    (crowd, came, record): (&Crowd, &Came, &Record),
    paid_out: usize,
    findings: Vec<String>,
) -> RehearsedSale {
    let settled = record.offering.settlement().map(|held| held.settled);
    RehearsedSale {
        wallets: crowd.amounts.len(),
        taken: came.taken,
        refused: came.refused,
        withdrawn: came.withdrawn,
        paid_out,
        transactions: stage.sent(),
        verdict: settled.map(|settled| settled.verdict),
        could_succeed: crowd.could_succeed,
        raised: settled.map_or(Value(0), |settled| settled.raised),
        sold: settled.map_or(Tokens(0), |settled| settled.sold),
        entries: record.entries(),
        findings,
    }
}
