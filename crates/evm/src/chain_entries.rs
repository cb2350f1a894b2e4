//! Entries of a chain: what the record says of the logs of an escrow, in their order.
//!
//! The chain decides. Position is the block's timestamp, order that of the logs, and what was accepted is
//! what the contract accepted; the engine computes it again and refuses what differs, and
//! [`ChainEntry::check`] turns that into the alarm that stops the rail.
//!
//! Exactly once: each entry has a request that follows from chain, escrow, transaction and log alone, and the
//! record takes a request once. Whoever follows may begin again anywhere.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use sha2::{Digest as _, Sha256};
use softcap_offering::{
    Admit, Amount, Command, Contribute, EscrowAddress, Funding, InvestorId, LineIndex, Offering,
    Outcome, Phase, Position, Refusal, RequestId, ReturnReason, RoundIndex, Sequence, Stamp,
    Tokens, Value, Verdict, WithdrawalMark,
};

use crate::escrow_event::{EscrowEvent, EscrowLog, LogPlace};

/// The round whose money an escrow holds.
const ROUND: RoundIndex = RoundIndex(0);

/// An entry that a log makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEntry {
    /// The log that made it.
    pub place: LogPlace,
    /// What makes it count once.
    pub request: RequestId,
    /// What it says.
    pub what: ChainCommand,
    source: String,
    reference: String,
    escrow: EscrowAddress,
}

/// What an entry of a chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainCommand {
    /// A permit was shown, or an investor came to a public round.
    Admit(Address, Value),
    /// The contract accepted money.
    Contribute {
        /// Whose.
        investor: Address,
        /// What was offered.
        amount: Amount,
        /// What of it was accepted.
        accepted: Amount,
    },
    /// No more contributions.
    Revoke(Address),
    /// A contribution is due back.
    Return(Sequence, Amount, ReturnReason),
    /// Nothing comes in.
    Pause,
    /// Money comes in again.
    Resume,
    /// The issuer gave up.
    Cancel,
    /// The sale is over, with what the contract says of it.
    Settle(Ending),
    /// Tokens were handed over.
    Distribute(Address, Tokens),
    /// Money was paid back.
    PayRefund(Address),
    /// The beneficiary was paid.
    Release,
}

/// How a sale ended on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded with these totals.
    Succeeded {
        /// Accepted money.
        raised: Value,
        /// Tokens that investors get.
        sold: Tokens,
    },
    /// Everybody's money is due back: missed, cancelled or too late. The contract has no event for it; the
    /// first refund shows it.
    GivenUp,
}

/// What the engine made of an entry is not what the contract did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "E652: {place}: the contract says {expected}, the record says {found}. One of the two does not keep the \
     terms: pay nothing out by hand, compare the two, and report it"
)]
pub struct Difference {
    /// The log.
    pub place: LogPlace,
    /// What the contract did.
    pub expected: String,
    /// What the engine computes.
    pub found: String,
}

/// Makes entries of logs, in order.
#[derive(Clone, Debug)]
pub struct ChainEntries {
    escrow: EscrowAddress,
    /// The caps that the record has or will have when the entries so far are in it.
    caps: BTreeMap<Address, Value>,
    settled: bool,
}

impl ChainEntries {
    /// For the escrow of an offering; what is in the record already is not made again.
    #[must_use]
    pub fn new(escrow: EscrowAddress) -> Self {
        Self {
            escrow,
            caps: BTreeMap::new(),
            settled: false,
        }
    }

    /// Whether a log can be read only when all entries before it are in the record.
    #[must_use]
    pub fn needs_the_record(&self, event: &EscrowEvent) -> bool {
        match event {
            EscrowEvent::Revoked(_) | EscrowEvent::Returned { .. } => true,
            EscrowEvent::Refunded(..) => !self.settled,
            EscrowEvent::Contributed { .. }
            | EscrowEvent::PausedUntil(_)
            | EscrowEvent::Cancelled
            | EscrowEvent::Settled { .. }
            | EscrowEvent::Drawn(_)
            | EscrowEvent::Claimed(..)
            | EscrowEvent::Skipped => false,
        }
    }

    /// The entries of a log. `offering` is the state of the record; with all earlier entries in it where
    /// [`ChainEntries::needs_the_record`] says so.
    pub fn of(&mut self, log: &EscrowLog, offering: &Offering) -> Vec<ChainEntry> {
        let place = log.place;
        let mut made = Vec::new();
        let mut make = |part: u64, what: ChainCommand| {
            made.push(ChainEntry {
                place,
                request: request(&self.escrow, &place, part),
                what,
                source: format!("{}:{}", place.transaction, place.index),
                reference: format!("{}-{}", place.block, place.index),
                escrow: self.escrow,
            });
        };
        match &log.event {
            EscrowEvent::Contributed {
                investor,
                cap,
                amount,
                accepted,
            } => {
                let known = self.caps.get(investor).copied();
                let known = known.or_else(|| cap_in(offering, *investor));
                if known.is_none_or(|known| *cap > known) {
                    make(ADMISSION, ChainCommand::Admit(*investor, *cap));
                }
                let cap = known.map_or(*cap, |known| known.max(*cap));
                self.caps.insert(*investor, cap);
                let (investor, amount, accepted) = (*investor, *amount, *accepted);
                let what = ChainCommand::Contribute {
                    investor,
                    amount,
                    accepted,
                };
                make(ITSELF, what);
            }
            EscrowEvent::Revoked(investor) => {
                if cap_in(offering, *investor).is_none() {
                    make(ADMISSION, ChainCommand::Admit(*investor, Value::ZERO));
                }
                make(ITSELF, ChainCommand::Revoke(*investor));
            }
            EscrowEvent::Returned {
                investor, reason, ..
            } => {
                // After the deadline everybody's money is due back, also without this.
                if offering.phase() != Phase::Expired {
                    for (sequence, amount) in accepted_of(offering, *investor) {
                        let part = FIRST_RETURN + sequence.0;
                        make(part, ChainCommand::Return(sequence, amount, *reason));
                    }
                }
            }
            EscrowEvent::PausedUntil(until) if *until > place.timestamp => {
                make(ITSELF, ChainCommand::Pause);
            }
            EscrowEvent::PausedUntil(_) => make(ITSELF, ChainCommand::Resume),
            EscrowEvent::Cancelled => make(ITSELF, ChainCommand::Cancel),
            EscrowEvent::Settled { raised, sold } => {
                self.settled = true;
                let (raised, sold) = (*raised, *sold);
                make(
                    ITSELF,
                    ChainCommand::Settle(Ending::Succeeded { raised, sold }),
                );
            }
            EscrowEvent::Drawn(_) => make(ITSELF, ChainCommand::Release),
            EscrowEvent::Claimed(investor, tokens) => {
                make(ITSELF, ChainCommand::Distribute(*investor, *tokens));
            }
            EscrowEvent::Refunded(investor, _) => {
                self.settled = self.settled || offering.settlement().is_some();
                if !self.settled && accepted_of(offering, *investor).next().is_some() {
                    self.settled = true;
                    make(SETTLEMENT, ChainCommand::Settle(Ending::GivenUp));
                }
                make(ITSELF, ChainCommand::PayRefund(*investor));
            }
            EscrowEvent::Skipped => {}
        }
        made
    }
}

/// Parts of the request: what a log says itself, and what has to be in the record before.
const ITSELF: u64 = 0;
const ADMISSION: u64 = 1;
const SETTLEMENT: u64 = 2;
const FIRST_RETURN: u64 = 16;

/// The first 16 bytes of SHA-256 over `softcap evm`, chain id, escrow, transaction, number of the log in its
/// block, and the part; numbers with 8 bytes, big endian.
fn request(escrow: &EscrowAddress, place: &LogPlace, part: u64) -> RequestId {
    let mut hash = Sha256::new();
    hash.update(b"softcap evm");
    hash.update(escrow.chain_id.to_be_bytes());
    hash.update(escrow.contract);
    hash.update(place.transaction);
    hash.update(place.index.to_be_bytes());
    hash.update(part.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    RequestId(id)
}

/// The cap that the record has for an investor.
fn cap_in(offering: &Offering, investor: Address) -> Option<Value> {
    let investor = offering.find_investor(InvestorId::Address(investor.into()))?;
    let admission = offering.admission(investor, ROUND)?;
    Some(admission.limit.unwrap_or(Value(u128::MAX)))
}

/// An investor's contributions of which something is accepted.
fn accepted_of(
    offering: &Offering,
    investor: Address,
) -> impl Iterator<Item = (Sequence, Amount)> + '_ {
    let investor = offering.find_investor(InvestorId::Address(investor.into()));
    offering
        .rows()
        .filter(move |row| Some(row.investor) == investor && !row.accepted.is_zero())
        .map(|row| (row.sequence, row.accepted))
}

impl ChainEntry {
    /// Where it stands: at its block's timestamp.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            line: LineIndex(0),
            position: Position(self.place.timestamp.saturating_mul(1_000)),
        }
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        let id = |investor: Address| InvestorId::Address(investor.into());
        match self.what {
            ChainCommand::Admit(investor, limit) => Command::Admit(Admit {
                round: ROUND,
                investor: id(investor),
                limit: Some(limit),
                expires: None,
                guaranteed: Value::ZERO,
                withdrawal: WithdrawalMark::Unmarked,
            }),
            ChainCommand::Contribute {
                investor,
                amount,
                accepted,
            } => Command::Contribute(Contribute {
                investor: id(investor),
                currency: self.escrow.currency,
                amount,
                limit: None,
                reference: &self.reference,
                source: Some(&self.source),
                funding: Funding::Chain { accepted },
            }),
            ChainCommand::Revoke(investor) => Command::Revoke {
                round: ROUND,
                investor: id(investor),
            },
            ChainCommand::Return(contribution, amount, reason) => Command::Return {
                contribution,
                amount,
                reason,
            },
            ChainCommand::Pause => Command::Pause,
            ChainCommand::Resume => Command::Resume,
            ChainCommand::Cancel => Command::Cancel,
            ChainCommand::Settle(_) => Command::Settle,
            ChainCommand::Distribute(investor, tokens) => Command::Distribute {
                investor: id(investor),
                tokens,
            },
            ChainCommand::PayRefund(investor) => Command::PayRefund {
                investor: id(investor),
                currency: self.escrow.currency,
            },
            ChainCommand::Release => Command::Release { milestone: 0 },
        }
    }

    /// Compares what became of it with what the contract did.
    ///
    /// # Errors
    /// [`Difference`].
    pub fn check(&self, outcome: &Outcome) -> Result<(), Difference> {
        let right = match (&self.what, outcome) {
            (ChainCommand::Contribute { accepted, .. }, Outcome::Contributed(taken)) => {
                taken.accepted == *accepted
            }
            (ChainCommand::Return(_, amount, _), Outcome::Refunded { amount: back }) => {
                back == amount
            }
            (ChainCommand::Settle(ending), Outcome::Settled(settled)) => match ending {
                Ending::Succeeded { raised, sold } => {
                    settled.verdict == Verdict::Succeeded
                        && settled.raised == *raised
                        && settled.sold == *sold
                }
                Ending::GivenUp => settled.verdict != Verdict::Succeeded,
            },
            (
                ChainCommand::Contribute { .. }
                | ChainCommand::Return(..)
                | ChainCommand::Settle(_),
                _,
            ) => false,
            // The contract lets the issuer still do it, and it moves nothing any more.
            (
                ChainCommand::Admit(..)
                | ChainCommand::Revoke(_)
                | ChainCommand::Resume
                | ChainCommand::Cancel,
                Outcome::Refused(
                    Refusal::OfferingCancelled | Refusal::OfferingSettled | Refusal::DeadlinePassed,
                ),
            ) => true,
            (
                ChainCommand::Admit(..)
                | ChainCommand::Revoke(_)
                | ChainCommand::Pause
                | ChainCommand::Resume
                | ChainCommand::Cancel
                | ChainCommand::Distribute(..)
                | ChainCommand::PayRefund(_)
                | ChainCommand::Release,
                outcome,
            ) => *outcome == Outcome::Done,
        };
        if right {
            return Ok(());
        }
        Err(Difference {
            place: self.place,
            expected: format!("{:?}", self.what),
            found: match outcome {
                Outcome::Refused(refusal) => {
                    format!("refused ({}): {}", refusal.code(), refusal.sentence())
                }
                Outcome::Contributed(_)
                | Outcome::Done
                | Outcome::Refunded { .. }
                | Outcome::RefundedAndPromoted { .. }
                | Outcome::Settled(_)
                | Outcome::RepeatOf(_) => format!("{outcome:?}"),
            },
        })
    }
}
