//! Replaying a journal with an eye on one contribution.

use std::{io::Read, sync::Arc};

use indicatif::ProgressBar;
use softcap_offering::{
    Amount, Command, ContributionIndex, CurrencyIndex, EscrowAddress, Funding, LimitPrice,
    Offering, Outcome, Refusal, ReturnReason, Row, Sequence, Stamp, Tokens,
    terms::Terms,
    trace::{FinalTrace, SettlementTrace, Trace},
};
use softcap_proof::{
    ProofError,
    entry::{Entry, decode},
    journal::JournalReader,
    verify::VerifyError,
};

use crate::failure::Failure;

/// What a journal says of one contribution.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its `contribution_id`.
    pub(crate) reference: String,
    /// Where it was seen, if the entry says so.
    pub(crate) source: Option<String>,
    /// Whose.
    pub(crate) investor: String,
    pub(crate) trace: Trace,
    /// The entry that recorded the rate of its currency, if one did.
    pub(crate) rate_entry: Option<Sequence>,
    /// What it was right after its entry.
    pub(crate) arrived: Row,
    /// What waited for freed room right after its entry.
    pub(crate) waiting: Amount,
    /// What a contract had decided about it, where one holds the money.
    pub(crate) contract: Option<Contract>,
    pub(crate) later: Vec<Later>,
    pub(crate) settlement: SettlementTrace,
    pub(crate) end: FinalTrace,
    /// Tokens and number of contributions of its investor.
    pub(crate) investor_total: (Tokens, usize),
}

/// What an escrow contract had decided before the entry of a contribution was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contract {
    pub(crate) escrow: EscrowAddress,
    /// The entry that names the escrow.
    pub(crate) named: Sequence,
    /// What the contract accepted.
    pub(crate) accepted: Amount,
}

/// An entry after the contribution that was about it or changed it.
#[derive(Clone, Debug)]
pub(crate) struct Later {
    pub(crate) sequence: Sequence,
    pub(crate) stamp: Stamp,
    pub(crate) kind: LaterKind,
    /// Why the entry had no effect, if it had none.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) before: Row,
    pub(crate) after: Row,
}

/// What a later entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LaterKind {
    Withdrawal,
    Return {
        amount: Amount,
        reason: ReturnReason,
    },
    Reveal {
        amount: Amount,
        limit: LimitPrice,
    },
    /// Another entry freed room.
    FreedRoom,
}

/// The end of a replay.
pub(crate) struct Replayed {
    pub(crate) offering: Offering,
    pub(crate) found: Option<Found>,
    /// First and last `contribution_id` of the journal.
    pub(crate) references: Option<(String, String)>,
}

/// A contribution that was met, while the replay goes on.
struct Met {
    index: ContributionIndex,
    reference: String,
    source: Option<String>,
    investor: String,
    trace: Trace,
    rate_entry: Option<Sequence>,
    arrived: Row,
    waiting: Amount,
    contract: Option<Contract>,
    later: Vec<Later>,
    settlement: SettlementTrace,
}

struct Replay<'a> {
    wanted: &'a str,
    offering: Offering,
    met: Option<Met>,
    rates: Vec<Option<Sequence>>,
    references: Option<(String, String)>,
}

/// Replays a journal. Every outcome is compared with the recorded one, so that the explanation is of
/// what the record says.
pub(crate) fn replay(
    terms: Terms,
    journal: impl Read,
    wanted: &str,
    bar: &ProgressBar,
) -> Result<Replayed, Failure> {
    let mut replay = Replay {
        wanted,
        rates: vec![None; terms.currencies.len()],
        offering: Offering::new(Arc::new(terms)),
        met: None,
        references: None,
    };
    let mut reader = JournalReader::new(journal);
    while let Some(block) = reader.next_block()? {
        for (number, _, leaf) in block.leaves() {
            let (entry, recorded) = decode(leaf)?;
            let computed = replay.apply(&entry)?;
            if computed != recorded {
                let (recorded, computed) = (Box::new(recorded), Box::new(computed));
                let error = VerifyError::OutcomeDiffers {
                    entry: number,
                    recorded,
                    computed,
                };
                return Err(error.into());
            }
        }
        bar.inc(block.bytes().len() as u64);
    }
    replay.end()
}

impl Replay<'_> {
    fn apply(&mut self, entry: &Entry<'_>) -> Result<Outcome, Failure> {
        if let Some((reference, source, currency)) = money_of(&entry.command) {
            let last = || reference.to_owned();
            self.references = Some(match self.references.take() {
                Some((first, _)) => (first, last()),
                None => (last(), last()),
            });
            if self.met.is_none() && reference == self.wanted {
                return self.meet(entry, reference, source, currency);
            }
        }
        let before = self
            .met
            .as_ref()
            .map(|met| (met.index, self.offering.row(met.index)));
        if let (Some(met), Command::Settle) = (&mut self.met, &entry.command)
            && let Ok(trace) = self.offering.trace_settlement(met.index)
        {
            met.settlement = trace;
        }
        let outcome = self
            .offering
            .apply_request(entry.stamp, entry.request, &entry.command);
        if let (Command::Rate { currency, .. }, Outcome::Done) = (&entry.command, &outcome)
            && let Some(rate) = self.rates.get_mut(currency.index())
        {
            *rate = Some(entry.sequence);
        }
        if let (Some(met), Some((index, before))) = (&mut self.met, before)
            && !matches!(entry.command, Command::Settle)
            && !matches!(outcome, Outcome::RepeatOf(_))
        {
            let after = self.offering.row(index);
            let kind = kind_of(&entry.command, before.sequence);
            if kind.is_some() || after != before {
                met.later.push(Later {
                    sequence: entry.sequence,
                    stamp: entry.stamp,
                    kind: kind.unwrap_or(LaterKind::FreedRoom),
                    refusal: refusal_of(&outcome),
                    before,
                    after,
                });
            }
        }
        Ok(outcome)
    }

    fn meet(
        &mut self,
        entry: &Entry<'_>,
        reference: &str,
        source: Option<&str>,
        currency: Option<CurrencyIndex>,
    ) -> Result<Outcome, Failure> {
        let (trace, outcome) =
            self.offering
                .apply_request_traced(entry.stamp, entry.request, &entry.command);
        // One that came after the settlement has no row, and one of them has nothing to explain.
        let index = self.offering.contribution_at(entry.sequence);
        if let (Some(trace), Some(index)) = (trace, index) {
            let arrived = self.offering.row(index);
            let currency = currency.unwrap_or(trace.currency);
            self.met = Some(Met {
                index,
                reference: reference.to_owned(),
                source: source.map(str::to_owned),
                investor: self.offering.investor(arrived.investor).to_string(),
                rate_entry: self.rates.get(currency.index()).copied().flatten(),
                waiting: match &outcome {
                    Outcome::Contributed(done) => done.waiting,
                    Outcome::Refused(_)
                    | Outcome::Done
                    | Outcome::Refunded { .. }
                    | Outcome::RefundedAndPromoted { .. }
                    | Outcome::Settled(_)
                    | Outcome::RepeatOf(_) => Amount::ZERO,
                },
                contract: self.contract_of(&entry.command),
                trace,
                arrived,
                later: Vec::new(),
                settlement: SettlementTrace::default(),
            });
        }
        Ok(outcome)
    }

    /// What the contract decided of a contribution that came through the escrow.
    fn contract_of(&self, command: &Command<'_>) -> Option<Contract> {
        let Command::Contribute(contribute) = command else {
            return None;
        };
        let Funding::Chain { accepted } = contribute.funding else {
            return None;
        };
        Some(Contract {
            escrow: self.offering.escrow()?,
            named: self.offering.follows_chain_since()?,
            accepted,
        })
    }

    fn end(self) -> Result<Replayed, Failure> {
        let Self {
            offering,
            met,
            references,
            ..
        } = self;
        let Some(met) = met else {
            return Ok(Replayed {
                offering,
                found: None,
                references,
            });
        };
        let end = offering
            .final_trace(met.index)
            .ok_or(ProofError::NotSettled)?;
        let rows = offering
            .contributions_of(end.row.investor)
            .map(|index| offering.row(index));
        let (tokens, count) = rows.fold((0_u128, 0), |(tokens, count), row| {
            (tokens.saturating_add(row.tokens.0), count + 1)
        });
        let found = Found {
            reference: met.reference,
            source: met.source,
            investor: met.investor,
            trace: met.trace,
            rate_entry: met.rate_entry,
            arrived: met.arrived,
            waiting: met.waiting,
            contract: met.contract,
            later: met.later,
            settlement: met.settlement,
            end,
            investor_total: (Tokens(tokens), count),
        };
        Ok(Replayed {
            offering,
            found: Some(found),
            references,
        })
    }
}

type Money<'a> = (&'a str, Option<&'a str>, Option<CurrencyIndex>);

/// Reference, source and currency of a command that brings money.
fn money_of<'a>(command: &Command<'a>) -> Option<Money<'a>> {
    if let Command::Contribute(contribute) = command {
        return Some((
            contribute.reference,
            contribute.source,
            Some(contribute.currency),
        ));
    }
    let Command::Commit { reference, .. } = command else {
        return None;
    };
    Some((reference, None, None))
}

/// What a command is to the contribution with a number; `None` when it is not about it.
fn kind_of(command: &Command<'_>, own: Sequence) -> Option<LaterKind> {
    if let Command::Withdraw { contribution } = command
        && *contribution == own
    {
        return Some(LaterKind::Withdrawal);
    }
    if let Command::Return {
        contribution,
        amount,
        reason,
    } = command
        && *contribution == own
    {
        return Some(LaterKind::Return {
            amount: *amount,
            reason: *reason,
        });
    }
    if let Command::Reveal {
        bid, amount, limit, ..
    } = command
        && *bid == own
    {
        return Some(LaterKind::Reveal {
            amount: *amount,
            limit: *limit,
        });
    }
    None
}

fn refusal_of(outcome: &Outcome) -> Option<Refusal> {
    match outcome {
        Outcome::Refused(refusal) => Some(*refusal),
        Outcome::Contributed(_)
        | Outcome::Done
        | Outcome::Refunded { .. }
        | Outcome::RefundedAndPromoted { .. }
        | Outcome::Settled(_)
        | Outcome::RepeatOf(_) => None,
    }
}
