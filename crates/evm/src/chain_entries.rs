//! Entries of a chain: what the record says of the logs of an escrow, in their order.
//!
//! The chain decides. Position is the block's timestamp, order that of the logs, and what was accepted is
//! what the contract accepted; the engine computes it again and refuses what differs, and
//! [`ChainEntry::check`] turns that into the alarm that stops the rail.
//!
//! Exactly once: each entry has a request that follows from chain, escrow, transaction and log alone, and the
//! record takes a request once. Whoever follows may begin again anywhere, also after the chain put the
//! transaction somewhere else.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use sha2::{Digest as _, Sha256};
use softcap_offering::{
    Admit, Amount, Command, Contribute, EscrowAddress, Funding, InvestorId, InvestorIndex,
    LimitPrice, LineIndex, Offering, Phase, Position, Refusal, RequestId, ReturnReason, RoundIndex,
    Row, Sequence, Stamp, Tokens, Value, WithdrawalMark, terms::Allocation,
};

use crate::after_sale_event::AfterSaleEvent;
use crate::escrow_event::{EscrowEvent, EscrowLog, LogPlace};
use crate::root_entries::{KeptRefunds, contributed, is_settled_refund};
use crate::root_event::RootEvent;
use crate::sale_rounds::{revoked_in, round_at};
use crate::taken_back::taken_back;

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
    pub(crate) escrow: EscrowAddress,
}

/// What an entry of a chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainCommand {
    /// A permit was shown, or an investor came to a public round.
    Admit(RoundIndex, Address, Value),
    /// The contract accepted money.
    Contribute {
        /// Whose.
        investor: Address,
        /// What was offered.
        amount: Amount,
        /// What of it was accepted.
        accepted: Amount,
    },
    /// The contract took money with a price limit, all of it.
    Bid {
        /// Whose.
        investor: Address,
        /// How much.
        amount: Amount,
        /// The most it pays.
        limit: LimitPrice,
    },
    /// No more contributions to a round.
    Revoke(RoundIndex, Address),
    /// A contribution is due back.
    Return(Sequence, Amount, ReturnReason),
    /// A contribution was taken back by its investor.
    Withdraw(Sequence, Amount),
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
    /// So much money was paid back.
    PayRefund(Address, Amount),
    /// The beneficiary was paid: everything at once, or the part of a milestone.
    Release {
        /// Place of the milestone in the terms; zero for everything at once.
        milestone: u8,
        /// How much.
        paid: Amount,
    },
    /// The holder of a share got tokens: its place in the terms, and how many.
    Vest(u8, Tokens),
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
        /// How far the record's totals may be from these.
        slack: Slack,
    },
    /// Everybody's money is due back: missed, cancelled or too late. The contract has no event for it; the
    /// first refund shows it.
    GivenUp,
}

/// How far the totals of a settlement may be from those that the contract names. It adds up no parts: where too much is
/// asked for and shared out, its totals are bounds, and nobody's own part depends on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slack {
    /// The record's money may be so many units more.
    pub money: u128,
    /// The record's tokens may be so many units less.
    pub tokens: u128,
}

impl Slack {
    /// Of a sale that is shared out among so many people at a price: a part is rounded down once in money and once in
    /// tokens.
    #[must_use]
    pub fn of_shares(investors: u128, tokens_per_unit: u128) -> Self {
        let each = tokens_per_unit.saturating_add(1);
        Self {
            money: investors,
            tokens: investors.saturating_mul(each),
        }
    }

    /// Whether these totals of a record are those that the contract named.
    pub(crate) fn covers(self, contract: (Value, Tokens), record: (Value, Tokens)) -> bool {
        let money = record.0.0.checked_sub(contract.0.0);
        let tokens = contract.1.0.checked_sub(record.1.0);
        money.is_some_and(|more| more <= self.money)
            && tokens.is_some_and(|less| less <= self.tokens)
    }
}

/// Makes entries of logs, in order.
#[derive(Clone, Debug)]
pub struct ChainEntries {
    escrow: EscrowAddress,
    /// The caps that the record has or will have when the entries so far are in it.
    caps: BTreeMap<(RoundIndex, Address), Value>,
    settled: bool,
    kept: KeptRefunds,
}

impl ChainEntries {
    /// For the escrow of an offering; what is in the record already is not made again.
    #[must_use]
    pub fn new(escrow: EscrowAddress) -> Self {
        Self {
            escrow,
            caps: BTreeMap::new(),
            settled: false,
            kept: KeptRefunds::default(),
        }
    }

    /// Looks at logs before entries are made of them: what stands behind a log in its transaction may change what it
    /// means. They must stand in whole blocks.
    pub fn look_ahead(&mut self, logs: &[EscrowLog]) {
        self.kept = KeptRefunds::of(logs);
    }

    /// Whether a log can be read only when all entries before it are in the record.
    #[must_use]
    pub fn needs_the_record(&self, event: &EscrowEvent) -> bool {
        match event {
            EscrowEvent::Revoked(_)
            | EscrowEvent::Returned { .. }
            | EscrowEvent::Withdrawn(..)
            | EscrowEvent::Settled { .. }
            | EscrowEvent::Root(RootEvent::Posted(_) | RootEvent::Voided) => true,
            EscrowEvent::Refunded(..) => !self.settled,
            EscrowEvent::Contributed { .. }
            | EscrowEvent::PausedUntil(_)
            | EscrowEvent::Cancelled
            | EscrowEvent::Drawn(_)
            | EscrowEvent::Claimed(..)
            | EscrowEvent::Root(_)
            | EscrowEvent::AfterSale(_)
            | EscrowEvent::Skipped => false,
        }
    }

    /// The entries of a log. `offering` is the state of the record; with all earlier entries in it where
    /// [`ChainEntries::needs_the_record`] says so.
    pub fn of(&mut self, log: &EscrowLog, offering: &Offering) -> Vec<ChainEntry> {
        let (place, escrow) = (log.place, self.escrow);
        let mut made = Vec::new();
        let mut make = |part: u64, what: ChainCommand| {
            made.push(ChainEntry {
                place,
                request: request(&escrow, &place, part),
                what,
                source: format!("{}:{}", place.transaction, place.index),
                reference: format!("{}-{}", place.block, place.index),
                escrow,
            });
        };
        match &log.event {
            EscrowEvent::Contributed {
                investor,
                cap,
                amount,
                accepted,
            } => {
                let round = round_at(offering.terms(), place.timestamp);
                if is_new_cap(&mut self.caps, offering, (round, *investor, *cap)) {
                    make(ADMISSION, ChainCommand::Admit(round, *investor, *cap));
                }
                let (investor, amount, accepted) = (*investor, *amount, *accepted);
                let what = ChainCommand::Contribute {
                    investor,
                    amount,
                    accepted,
                };
                make(ITSELF, what);
            }
            EscrowEvent::Revoked(investor) => {
                for (part, what) in revocation(&place, offering, *investor) {
                    make(part, what);
                }
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
            EscrowEvent::Withdrawn(investor, amount) => {
                for (sequence, amount) in
                    taken_back(&self.escrow, &place, offering, (*investor, *amount))
                {
                    let part = FIRST_RETURN + sequence.0;
                    make(part, ChainCommand::Withdraw(sequence, amount));
                }
            }
            EscrowEvent::PausedUntil(until) if *until > place.timestamp => {
                make(ITSELF, ChainCommand::Pause);
            }
            EscrowEvent::PausedUntil(_) => make(ITSELF, ChainCommand::Resume),
            EscrowEvent::Cancelled => make(ITSELF, ChainCommand::Cancel),
            EscrowEvent::Settled { raised, sold } => {
                self.settled = true;
                let ending = Ending::Succeeded {
                    raised: *raised,
                    sold: *sold,
                    slack: slack_of(offering),
                };
                make(ITSELF, ChainCommand::Settle(ending));
            }
            // The contract that releases the money in steps has it now, and the issuer nothing yet.
            EscrowEvent::Drawn(_) if !offering.terms().milestones.is_empty() => {}
            // Such an escrow pays as leaves are proved, in as many parts as anybody calls for; the record has one.
            EscrowEvent::Drawn(_) if offering.terms().root.is_some() => {}
            EscrowEvent::Drawn(paid) => {
                let (milestone, paid) = (0, *paid);
                make(ITSELF, ChainCommand::Release { milestone, paid });
            }
            EscrowEvent::Claimed(investor, tokens) => {
                make(ITSELF, ChainCommand::Distribute(*investor, *tokens));
            }
            EscrowEvent::Refunded(investor, amount) => {
                for (part, what) in self.of_refund((*investor, *amount), offering) {
                    make(part, what);
                }
            }
            EscrowEvent::Root(event) => {
                for (part, what) in self.of_root(&place, event, offering) {
                    make(part, what);
                }
            }
            EscrowEvent::AfterSale(event) => {
                if let Some(what) = after_sale(event) {
                    make(ITSELF, what);
                }
            }
            EscrowEvent::Skipped => {}
        }
        made
    }

    /// A refund, with the settlement before it that the contract has no event for.
    fn of_refund(
        &mut self,
        (investor, amount): (Address, Amount),
        offering: &Offering,
    ) -> Vec<(u64, ChainCommand)> {
        let mut made = Vec::new();
        self.settled = self.settled || offering.settlement().is_some();
        if !self.settled && accepted_of(offering, investor).next().is_some() {
            self.settled = true;
            made.push((SETTLEMENT, ChainCommand::Settle(Ending::GivenUp)));
        }
        if is_settled_refund(offering, investor, amount) {
            made.push((ITSELF, ChainCommand::PayRefund(investor, amount)));
        }
        made
    }

    /// What an escrow says that takes the outcome as a root, each with its part of the request.
    fn of_root(
        &mut self,
        place: &LogPlace,
        event: &RootEvent,
        offering: &Offering,
    ) -> Vec<(u64, ChainCommand)> {
        let mut made = Vec::new();
        match *event {
            RootEvent::Bid {
                investor,
                cap,
                amount,
                limit,
            } => {
                let round = round_at(offering.terms(), place.timestamp);
                if is_new_cap(&mut self.caps, offering, (round, investor, cap)) {
                    made.push((ADMISSION, ChainCommand::Admit(round, investor, cap)));
                }
                made.push((ITSELF, contributed(offering, (investor, amount), limit)));
            }
            RootEvent::Proved {
                investor,
                tokens,
                refunded,
                ..
            } => {
                if !tokens.is_zero() {
                    made.push((ITSELF, ChainCommand::Distribute(investor, tokens)));
                }
                if !refunded.is_zero() && !self.kept.has(place.transaction, investor) {
                    made.push((REFUND, ChainCommand::PayRefund(investor, refunded)));
                }
            }
            // `check_root` compares a root with the record; the others are the contract's alone.
            RootEvent::Posted(_)
            | RootEvent::Voided
            | RootEvent::Objected(..)
            | RootEvent::RefundKept(..)
            | RootEvent::Unsold(_) => {}
        }
        made
    }
}

/// Revocations in all rounds that are not over, each after an admission for nothing where there is none.
fn revocation(
    place: &LogPlace,
    offering: &Offering,
    investor: Address,
) -> Vec<(u64, ChainCommand)> {
    let mut made = Vec::new();
    for (round, parts) in revoked_in(offering.terms(), place.timestamp) {
        if cap_in(offering, (round, investor)).is_none() {
            let nothing = ChainCommand::Admit(round, investor, Value::ZERO);
            made.push((parts.admission, nothing));
        }
        made.push((parts.itself, ChainCommand::Revoke(round, investor)));
    }
    made
}

/// Whether an investor's cap in a round is new or larger than the record's, which then has it.
fn is_new_cap(
    caps: &mut BTreeMap<(RoundIndex, Address), Value>,
    offering: &Offering,
    (round, investor, cap): (RoundIndex, Address, Value),
) -> bool {
    let known = caps.get(&(round, investor)).copied();
    let known = known.or_else(|| cap_in(offering, (round, investor)));
    let most = known.map_or(cap, |known| known.max(cap));
    caps.insert((round, investor), most);
    known.is_none_or(|known| cap > known)
}

/// What the record says of what follows a sale: what the issuer and the holders of shares got. It knows no objections
/// and no stop: milestones that are not released are all there is to see of them.
fn after_sale(event: &AfterSaleEvent) -> Option<ChainCommand> {
    match *event {
        AfterSaleEvent::Released { milestone, amount } => Some(ChainCommand::Release {
            milestone,
            paid: amount,
        }),
        AfterSaleEvent::Vested { share, tokens } => Some(ChainCommand::Vest(share, tokens)),
        AfterSaleEvent::Begun
        | AfterSaleEvent::Announced { .. }
        | AfterSaleEvent::Objected { .. }
        | AfterSaleEvent::Stopped { .. }
        | AfterSaleEvent::GivenBack { .. } => None,
    }
}

/// Parts of the request: what a log says itself, and what has to be in the record before.
pub(crate) const ITSELF: u64 = 0;
pub(crate) const ADMISSION: u64 = 1;
pub(crate) const SETTLEMENT: u64 = 2;
pub(crate) const REFUND: u64 = 3;
pub(crate) const FIRST_RETURN: u64 = 16;

/// The first 16 bytes of SHA-256 over `softcap evm`, chain id, the contract of the log, transaction, number of the log
/// among those of the contract in the transaction, and the part; numbers with 8 bytes, big endian.
pub(crate) fn request(escrow: &EscrowAddress, place: &LogPlace, part: u64) -> RequestId {
    let mut hash = Sha256::new();
    hash.update(b"softcap evm");
    hash.update(escrow.chain_id.to_be_bytes());
    hash.update(place.contract);
    hash.update(place.transaction);
    hash.update(place.nth.to_be_bytes());
    hash.update(part.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    RequestId(id)
}

/// Whether all get the same part of what they asked for where that is too much, which no contract adds up.
pub(crate) fn is_shared(offering: &Offering) -> bool {
    let round = offering.terms().rounds.first();
    round.is_some_and(|round| match round.allocation {
        Allocation::ProRata => true,
        Allocation::FirstCome
        | Allocation::ProRataCapped { .. }
        | Allocation::WaterFilling
        | Allocation::Lottery { .. }
        | Allocation::Guaranteed { .. } => false,
    })
}

/// The request of the entry that a log of the escrow itself makes, by its transaction and its number among the escrow's logs
/// in it: contributions, claims and refunds are found by it.
#[must_use]
pub fn entry_request(escrow: &EscrowAddress, transaction: B256, nth: u64) -> RequestId {
    let place = LogPlace {
        block: 0,
        index: 0,
        timestamp: 0,
        transaction,
        contract: escrow.contract.into(),
        nth,
    };
    request(escrow, &place, ITSELF)
}

/// How far the totals of this offering may be from the contract's, with everything that came in.
fn slack_of(offering: &Offering) -> Slack {
    if !is_shared(offering) {
        return Slack::default();
    }
    let inside = offering.rows().filter(|row| !row.accepted.is_zero());
    let investors: BTreeSet<InvestorIndex> = inside.map(|row| row.investor).collect();
    // What is shared out has one round.
    let price = offering.quoted_price(RoundIndex(0), offering.latest(LineIndex(0)));
    let rate = price.map_or(u128::MAX, |price| price.num().div_ceil(price.den()));
    Slack::of_shares(investors.len() as u128, rate)
}

/// The cap that the record has for an investor in a round. An admission that reserves an amount stays: a new one would take that away.
fn cap_in(offering: &Offering, (round, investor): (RoundIndex, Address)) -> Option<Value> {
    let investor = offering.find_investor(InvestorId::Address(investor.into()))?;
    let admission = offering.admission(investor, round)?;
    let reserves = admission.guarantee_left != Value::ZERO;
    let limit = admission.limit.filter(|_| !reserves);
    Some(limit.unwrap_or(Value(u128::MAX)))
}

/// An investor's contributions of which something is accepted.
pub(crate) fn accepted_of(
    offering: &Offering,
    investor: Address,
) -> impl Iterator<Item = (Sequence, Amount)> + '_ {
    rows_of(offering, investor)
        .filter(|row| !row.accepted.is_zero())
        .map(|row| (row.sequence, row.accepted))
}

/// All contributions of an investor.
pub(crate) fn rows_of(offering: &Offering, investor: Address) -> impl Iterator<Item = Row> + '_ {
    let investor = offering.find_investor(InvestorId::Address(investor.into()));
    offering
        .rows()
        .filter(move |row| Some(row.investor) == investor)
}

impl ChainCommand {
    /// Whether the record may refuse it without an alarm: the contract lets the issuer still do it, and it moves nothing
    /// any more.
    pub(crate) fn is_moot(&self, refusal: Refusal) -> bool {
        let late = matches!(
            refusal,
            Refusal::OfferingCancelled | Refusal::OfferingSettled | Refusal::DeadlinePassed
        );
        match self {
            Self::Admit(..) | Self::Revoke(..) | Self::Resume | Self::Cancel => late,
            Self::Contribute { .. }
            | Self::Bid { .. }
            | Self::Return(..)
            | Self::Withdraw(..)
            | Self::Pause
            | Self::Settle(_)
            | Self::Distribute(..)
            | Self::PayRefund(..)
            | Self::Vest(..)
            | Self::Release { .. } => false,
        }
    }
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
            ChainCommand::Admit(round, investor, limit) => Command::Admit(Admit {
                round,
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
            ChainCommand::Bid {
                investor,
                amount,
                limit,
            } => Command::Contribute(Contribute {
                investor: id(investor),
                currency: self.escrow.currency,
                amount,
                limit: Some(limit),
                reference: &self.reference,
                source: Some(&self.source),
                funding: Funding::Chain { accepted: amount },
            }),
            ChainCommand::Revoke(round, investor) => Command::Revoke {
                round,
                investor: id(investor),
            },
            ChainCommand::Return(contribution, amount, reason) => Command::Return {
                contribution,
                amount,
                reason,
            },
            ChainCommand::Withdraw(contribution, _) => Command::Withdraw { contribution },
            ChainCommand::Pause => Command::Pause,
            ChainCommand::Resume => Command::Resume,
            ChainCommand::Cancel => Command::Cancel,
            ChainCommand::Settle(_) => Command::Settle,
            ChainCommand::Distribute(investor, tokens) => Command::Distribute {
                investor: id(investor),
                tokens,
            },
            ChainCommand::PayRefund(investor, _) => Command::PayRefund {
                investor: id(investor),
                currency: self.escrow.currency,
            },
            ChainCommand::Release { milestone, .. } => Command::Release { milestone },
            ChainCommand::Vest(share, tokens) => Command::Vest { share, tokens },
        }
    }
}
