//! What a record says of its escrow: its entries in their order, as far as they are of the chain.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use softcap_offering::{
    Amount, Command, Contribute, EscrowAddress, Funding, InvestorId, Outcome, Position, Refusal,
    RequestId, RoundIndex, Sequence, Settled, Value, Verdict,
};
use softcap_proof::entry::Entry;

use super::finding::{Finding, FindingCode};
use crate::chain_entries::{ChainCommand, Ending, Slack};

/// The entry that named the escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedEscrow {
    /// Its number.
    pub entry: Sequence,
    /// What it named.
    pub at: EscrowAddress,
    /// Unix seconds of the block in which the escrow was announced.
    pub second: u64,
}

/// The entries of a record that follows a chain, given one after the other.
#[derive(Clone, Debug, Default)]
pub struct ChainRecord {
    pub(super) escrow: Option<NamedEscrow>,
    pub(super) entries: Vec<Recorded>,
    /// What investors were admitted for before the escrow was named.
    pub(super) admitted_before: BTreeMap<(RoundIndex, Address), Value>,
    /// For whom an amount was reserved by then.
    pub(super) reserved_for: BTreeSet<Address>,
    pub(super) findings: Vec<Finding>,
}

/// One entry that a log must have made.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) sequence: Sequence,
    pub(super) position: Position,
    pub(super) request: Option<RequestId>,
    pub(super) what: ChainCommand,
    pub(super) seen: Option<Seen>,
    pub(super) refused: Option<Refusal>,
}

/// Where the entry of a contribution says that it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) block: u64,
    pub(super) index: u64,
    pub(super) transaction: B256,
    pub(super) log: u64,
}

impl Seen {
    /// From reference `BLOCK-LOG` and source `TRANSACTION:LOG`.
    fn parse(contribute: &Contribute<'_>) -> Option<Self> {
        let (block, index) = contribute.reference.split_once('-')?;
        let (transaction, log) = contribute.source?.split_once(':')?;
        Some(Self {
            block: block.parse().ok()?,
            index: index.parse().ok()?,
            transaction: transaction.parse().ok()?,
            log: log.parse().ok()?,
        })
    }
}

impl ChainRecord {
    /// The escrow, once an entry named it.
    #[must_use]
    pub fn escrow(&self) -> Option<NamedEscrow> {
        self.escrow
    }

    /// How many entries are of the chain.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the next entry of the record with what became of it.
    pub fn push(&mut self, entry: &Entry<'_>, outcome: &Outcome) {
        // A repeat changed nothing: another node was as fast.
        if matches!(outcome, Outcome::RepeatOf(_)) {
            return;
        }
        if self.escrow.is_none() {
            self.before_the_escrow(entry, outcome);
            return;
        }
        let Some(read) = chain_command(&entry.command, outcome) else {
            return;
        };
        let what = match read {
            Ok(what) => what,
            Err(stranger) => {
                let finding =
                    Finding::new(FindingCode::OtherInvestor, "investor", stranger, "a wallet");
                self.findings.push(finding.in_entry(entry.sequence));
                return;
            }
        };
        self.entries.push(Recorded {
            sequence: entry.sequence,
            position: entry.stamp.position,
            request: entry.request,
            what,
            seen: if let Command::Contribute(contribute) = &entry.command {
                Seen::parse(contribute)
            } else {
                None
            },
            refused: if let Outcome::Refused(refusal) = outcome {
                Some(*refusal)
            } else {
                None
            },
        });
    }

    fn before_the_escrow(&mut self, entry: &Entry<'_>, outcome: &Outcome) {
        if *outcome != Outcome::Done {
            return;
        }
        if let Command::Escrow(at) = entry.command {
            self.escrow = Some(NamedEscrow {
                entry: entry.sequence,
                at,
                second: entry.stamp.position.0 / 1_000,
            });
        }
        if let Command::Admit(admit) = entry.command
            && let InvestorId::Address(investor) = admit.investor
        {
            let limit = admit.limit.unwrap_or(Value(u128::MAX));
            let place = (admit.round, investor.into());
            self.admitted_before.insert(place, limit);
            if admit.guaranteed.is_zero() {
                self.reserved_for.remove(&Address::from(investor));
            } else {
                self.reserved_for.insert(investor.into());
            }
        }
    }
}

/// What an entry says of the chain; `None` for what no contract has a part in, an error for who has no address.
fn chain_command<'a>(
    command: &Command<'a>,
    outcome: &Outcome,
) -> Option<Result<ChainCommand, InvestorId<'a>>> {
    let of = |id: InvestorId<'a>, make: &dyn Fn(Address) -> ChainCommand| match id {
        InvestorId::Address(address) => Some(Ok(make(address.into()))),
        InvestorId::Opaque(_) => Some(Err(id)),
    };
    match *command {
        Command::Admit(admit) => {
            let limit = admit.limit.unwrap_or(Value(u128::MAX));
            of(admit.investor, &|who| {
                ChainCommand::Admit(admit.round, who, limit)
            })
        }
        Command::Contribute(Contribute {
            investor,
            amount,
            limit: Some(limit),
            funding: Funding::Chain { .. },
            ..
        }) => of(investor, &|investor| ChainCommand::Bid {
            investor,
            amount,
            limit,
        }),
        Command::Contribute(Contribute {
            investor,
            amount,
            funding: Funding::Chain { accepted },
            ..
        }) => of(investor, &|investor| ChainCommand::Contribute {
            investor,
            amount,
            accepted,
        }),
        Command::Revoke { round, investor } => {
            of(investor, &|who| ChainCommand::Revoke(round, who))
        }
        Command::Return {
            contribution,
            amount,
            reason,
        } => Some(Ok(ChainCommand::Return(contribution, amount, reason))),
        Command::Withdraw { contribution } => {
            let amount = match outcome {
                Outcome::Refunded { amount } => *amount,
                // Refused, which is looked at by itself.
                Outcome::Refused(_)
                | Outcome::Contributed(_)
                | Outcome::Done
                | Outcome::RefundedAndPromoted { .. }
                | Outcome::Settled(_)
                | Outcome::RepeatOf(_) => Amount::ZERO,
            };
            Some(Ok(ChainCommand::Withdraw(contribution, amount)))
        }
        Command::Pause => Some(Ok(ChainCommand::Pause)),
        Command::Resume => Some(Ok(ChainCommand::Resume)),
        Command::Cancel => Some(Ok(ChainCommand::Cancel)),
        Command::Settle => Some(Ok(ChainCommand::Settle(ending(outcome)))),
        Command::Distribute { investor, tokens } => {
            of(investor, &|who| ChainCommand::Distribute(who, tokens))
        }
        // The amount follows from the settlement, which is compared as a whole.
        Command::PayRefund { investor, .. } => {
            of(investor, &|who| ChainCommand::PayRefund(who, Amount::ZERO))
        }
        // As the amount of a refund.
        Command::Release { milestone } => Some(Ok(ChainCommand::Release {
            milestone,
            paid: Amount::ZERO,
        })),
        Command::Vest { share, tokens } => Some(Ok(ChainCommand::Vest(share, tokens))),
        // Money that did not come through the escrow: the rules refuse it, and it moves nothing.
        Command::Contribute(_)
        | Command::Announce { .. }
        | Command::Rate { .. }
        | Command::Commit { .. }
        | Command::Reveal { .. }
        | Command::Seed { .. }
        | Command::Document { .. }
        | Command::Close { .. }
        | Command::Tick
        | Command::Publish { .. }
        | Command::Fund { .. }
        | Command::TakeBack { .. }
        | Command::Escrow(_) => None,
    }
}

fn ending(outcome: &Outcome) -> Ending {
    if let Outcome::Settled(Settled {
        verdict: Verdict::Succeeded,
        raised,
        sold,
    }) = outcome
    {
        Ending::Succeeded {
            raised: *raised,
            sold: *sold,
            slack: Slack::default(),
        }
    } else {
        Ending::GivenUp
    }
}
