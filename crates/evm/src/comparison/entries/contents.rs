//! What an entry says, beside what its log says.

use alloy_primitives::Address;
use softcap_offering::{Amount, LimitPrice, ReturnReason, RoundIndex, Tokens, Value};

use super::Walk;
use crate::{
    after_sale_event::AfterSaleEvent,
    chain_entries::{ADMISSION, ChainCommand, Ending, ITSELF, REFUND},
    comparison::{
        finding::FindingCode,
        record::Recorded,
        words::{Happened, Said},
    },
    entry_check::{is_part_of, part_of},
    escrow_event::{EscrowEvent, EscrowLog},
    root_entries::price_unit,
    root_event::RootEvent,
    sale_rounds::{round_at, round_of_part},
};

impl Walk<'_> {
    pub(super) fn compare_content(&mut self, entry: &Recorded, at: (usize, u64), log: &EscrowLog) {
        let (number, part) = at;
        match (entry.what, part, &log.event) {
            (
                ChainCommand::Admit(round, who, limit),
                ADMISSION,
                EscrowEvent::Contributed { investor, .. },
            ) => {
                self.same_investor(entry, log, who, *investor);
                self.caps.insert((round, who), limit);
            }
            (ChainCommand::Admit(round, who, limit), part, EscrowEvent::Revoked(investor)) => {
                self.same_investor(entry, log, who, *investor);
                self.same_round(entry, log, (round, part));
                if limit != Value::ZERO {
                    let what = (FindingCode::OtherAdmission, "admitted for");
                    self.find(entry, log, what, limit, Value::ZERO);
                }
            }
            (
                ChainCommand::Contribute {
                    investor,
                    amount,
                    accepted,
                },
                ITSELF,
                EscrowEvent::Contributed {
                    investor: payer,
                    cap,
                    amount: paid,
                    accepted: taken,
                },
            ) => {
                self.same_investor(entry, log, investor, *payer);
                self.same_amount(entry, log, "paid", (amount, *paid));
                self.same_amount(entry, log, "accepted", (accepted, *taken));
                self.compare_cap(entry, log, *payer, *cap);
            }
            (ChainCommand::Revoke(round, who), part, EscrowEvent::Revoked(investor)) => {
                self.same_investor(entry, log, who, *investor);
                self.same_round(entry, log, (round, part));
            }
            (ChainCommand::Return(_, amount, why), _, EscrowEvent::Returned { reason, .. }) => {
                *self.returned.entry(number).or_insert(0) += amount.0;
                self.same_reason(entry, log, why, *reason);
            }
            (ChainCommand::Withdraw(_, amount), _, EscrowEvent::Withdrawn(..)) => {
                *self.returned.entry(number).or_insert(0) += amount.0;
            }
            (ChainCommand::Settle(ending), _, event) => {
                self.compare_ending(entry, log, ending, event)
            }
            (
                ChainCommand::Distribute(who, tokens),
                ITSELF,
                EscrowEvent::Claimed(investor, taken),
            ) => {
                self.same_investor(entry, log, who, *investor);
                self.same_tokens(entry, log, (tokens, *taken));
            }
            (ChainCommand::PayRefund(who, _), ITSELF, EscrowEvent::Refunded(investor, _)) => {
                self.same_investor(entry, log, who, *investor);
            }
            (what, part, EscrowEvent::Root(event)) => {
                self.compare_root(entry, log, (what, part), *event);
            }
            (what, ITSELF, EscrowEvent::AfterSale(event)) => {
                self.compare_after_sale(entry, log, what, event);
            }
            (ChainCommand::Cancel, ITSELF, EscrowEvent::Cancelled)
            | (ChainCommand::Release { milestone: 0, .. }, ITSELF, EscrowEvent::Drawn(_)) => {}
            (ChainCommand::Pause, ITSELF, EscrowEvent::PausedUntil(until))
                if *until > log.place.timestamp => {}
            (ChainCommand::Resume, ITSELF, EscrowEvent::PausedUntil(until))
                if *until <= log.place.timestamp => {}
            (what, ..) => self.other_command(entry, log, what),
        }
    }

    fn other_command(&mut self, entry: &Recorded, log: &EscrowLog, what: ChainCommand) {
        let code = (FindingCode::OtherCommand, "what happened");
        self.find(entry, log, code, Said(&what), Happened(&log.event));
    }

    /// What an escrow says that takes the outcome as a root.
    fn compare_root(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        (what, part): (ChainCommand, u64),
        event: RootEvent,
    ) {
        match (what, part, event) {
            (
                ChainCommand::Admit(round, who, limit),
                ADMISSION,
                RootEvent::Bid { investor, .. },
            ) => {
                self.same_investor(entry, log, who, investor);
                self.caps.insert((round, who), limit);
            }
            (
                ChainCommand::Bid {
                    investor,
                    amount,
                    limit,
                },
                ITSELF,
                RootEvent::Bid {
                    investor: payer,
                    cap,
                    amount: paid,
                    limit: most,
                },
            ) => {
                self.same_investor(entry, log, investor, payer);
                self.same_amount(entry, log, "paid", (amount, paid));
                self.compare_limit(entry, log, (limit, most));
                self.compare_cap(entry, log, payer, cap);
            }
            // Where the terms say the price the contract takes one limit, which its code says.
            (
                ChainCommand::Contribute {
                    investor,
                    amount,
                    accepted,
                },
                ITSELF,
                RootEvent::Bid {
                    investor: payer,
                    cap,
                    amount: paid,
                    ..
                },
            ) => {
                self.same_investor(entry, log, investor, payer);
                self.same_amount(entry, log, "paid", (amount, paid));
                self.same_amount(entry, log, "accepted", (accepted, paid));
                self.compare_cap(entry, log, payer, cap);
            }
            (
                ChainCommand::Distribute(who, given),
                ITSELF,
                RootEvent::Proved {
                    investor, tokens, ..
                },
            ) => {
                self.same_investor(entry, log, who, investor);
                self.same_tokens(entry, log, (given, tokens));
            }
            (ChainCommand::PayRefund(who, _), REFUND, RootEvent::Proved { investor, .. }) => {
                self.same_investor(entry, log, who, investor);
            }
            (what, ..) => self.other_command(entry, log, what),
        }
    }

    /// What the contracts say that were made together with the escrow.
    fn compare_after_sale(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        what: ChainCommand,
        event: &AfterSaleEvent,
    ) {
        match (what, event) {
            (
                ChainCommand::Release { milestone, .. },
                AfterSaleEvent::Released {
                    milestone: released,
                    amount,
                },
            ) => {
                let number = (FindingCode::OtherAmount, "number of the milestone");
                if milestone != *released {
                    self.find(entry, log, number, milestone, released);
                }
                // Where nothing is settled, the entry was refused, which is looked at by itself.
                if let Some(part) = part_of(self.offering, milestone)
                    && !is_part_of(self.offering, milestone, *amount)
                {
                    self.same_amount(entry, log, "released", (part, *amount));
                }
            }
            (
                ChainCommand::Vest(share, given),
                AfterSaleEvent::Vested {
                    share: vested,
                    tokens,
                },
            ) => {
                let number = (FindingCode::OtherAmount, "number of the share");
                if share != *vested {
                    self.find(entry, log, number, share, vested);
                }
                self.same_tokens(entry, log, (given, *tokens));
            }
            (what, _) => self.other_command(entry, log, what),
        }
    }

    /// A bid pays at most so much for the price unit of the terms.
    fn compare_limit(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        (record, most): (LimitPrice, Amount),
    ) {
        let unit = price_unit(self.offering).0;
        if (record.money, record.tokens) != (most.0, unit) {
            let what = (FindingCode::OtherAmount, "limit price");
            let words = |money: u128, tokens: u128| format!("{money} for {tokens} of the token");
            let (record, chain) = (words(record.money, record.tokens), words(most.0, unit));
            self.find(entry, log, what, record, chain);
        }
    }

    fn same_tokens(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        (record, chain): (Tokens, Tokens),
    ) {
        if record != chain {
            let what = (FindingCode::OtherAmount, "tokens");
            self.find(entry, log, what, record, chain);
        }
    }

    fn compare_ending(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        ending: Ending,
        event: &EscrowEvent,
    ) {
        match (ending, event) {
            (Ending::GivenUp, EscrowEvent::Refunded(..)) => {}
            (
                Ending::Succeeded { raised, sold, .. },
                EscrowEvent::Settled {
                    raised: money,
                    sold: tokens,
                },
            ) => {
                let slack = (self.said.slack)(self.inside_before(log.place));
                if !slack.covers((*money, *tokens), (raised, sold)) {
                    let record = format!("{raised} of money and {sold} tokens");
                    let chain = format!("{money} and {tokens}");
                    let what = (FindingCode::OtherEnding, "totals");
                    self.find(entry, log, what, record, chain);
                }
            }
            (ending, event) => {
                let what = (FindingCode::OtherEnding, "how it ended");
                self.find(
                    entry,
                    log,
                    what,
                    Said(&ChainCommand::Settle(ending)),
                    Happened(event),
                );
            }
        }
    }

    /// An admission of the record counts until a larger one, as on the chain.
    fn compare_cap(&mut self, entry: &Recorded, log: &EscrowLog, investor: Address, cap: Value) {
        let round = round_at(self.offering.terms(), log.place.timestamp);
        let known = self.caps.get(&(round, investor)).copied();
        let is_wider =
            self.reserved_for.contains(&investor) && known.is_some_and(|known| known > cap);
        if known != Some(cap) && !is_wider {
            let record = known.map_or_else(|| "nothing".to_owned(), |known| known.to_string());
            let what = (FindingCode::OtherAdmission, "admitted for");
            self.find(entry, log, what, record, cap);
        }
    }

    /// Whoever is revoked is so in every round that is not over, each with its part.
    fn same_round(&mut self, entry: &Recorded, log: &EscrowLog, (round, part): (RoundIndex, u64)) {
        let expected = round_of_part(self.offering.terms(), log.place.timestamp, part);
        if expected != Some(round) {
            let chain = expected.map_or_else(|| "none".to_owned(), |round| round.to_string());
            let what = (FindingCode::OtherCommand, "number of the round");
            self.find(entry, log, what, round, chain);
        }
    }

    fn same_investor(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        record: Address,
        chain: Address,
    ) {
        if record != chain {
            let what = (FindingCode::OtherInvestor, "investor");
            self.find(entry, log, what, record, chain);
        }
    }

    fn same_amount(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        about: &'static str,
        (record, chain): (Amount, Amount),
    ) {
        if record != chain {
            self.find(entry, log, (FindingCode::OtherAmount, about), record, chain);
        }
    }

    fn same_reason(
        &mut self,
        entry: &Recorded,
        log: &EscrowLog,
        record: ReturnReason,
        chain: ReturnReason,
    ) {
        if record != chain {
            let what = (FindingCode::OtherCommand, "reason of a return");
            self.find(entry, log, what, record.name(), chain.name());
        }
    }
}
