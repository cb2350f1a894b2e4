//! The state machine, and what a journal that follows the chain has beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::Address;
use softcap_evm::round_at;
use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, EscrowAddress, Funding, InvestorId,
    LineIndex, Offering, Outcome, Position, RoundIndex, Row, Sequence, Stamp, Standing, Value,
    Verdict, WithdrawalMark, terms::Terms,
};

use crate::acts::INVESTORS;
use crate::chain::investor;

const CURRENCY: CurrencyIndex = CurrencyIndex(0);

/// Whether the issuer has drawn the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Held,
    Drawn,
}

/// The state machine with its investors.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) offering: Offering,
    /// What each investor is admitted for in each round, as the chain's events said it.
    caps: BTreeMap<(RoundIndex, usize), u128>,
    /// What came in and stayed, by the outcomes of contributions.
    brought: [u128; INVESTORS],
    /// Refunds that were paid.
    pub(crate) paid: [u128; INVESTORS],
    /// Tokens that were handed over.
    pub(crate) given: [u128; INVESTORS],
    pub(crate) money: Money,
}

pub(crate) fn stamp(second: u64) -> Stamp {
    Stamp {
        line: LineIndex(0),
        position: Position(second * 1_000),
    }
}

fn id<'a>(address: Address) -> InvestorId<'a> {
    InvestorId::Address(address.into_array())
}

impl Engine {
    /// Announced a long time before the sale.
    pub(crate) fn announced(terms: Arc<Terms>) -> Self {
        let mut offering = Offering::new(terms);
        let terms_hash = offering.terms_hash();
        let announced = offering.apply(stamp(1), &Command::Announce { terms_hash });
        assert_eq!(announced, Outcome::Done);
        let escrow = EscrowAddress {
            chain_id: 31_337,
            contract: [0xee; 20],
            currency: CURRENCY,
        };
        let named = offering.apply(stamp(1), &Command::Escrow(escrow));
        assert_eq!(named, Outcome::Done);
        Self {
            offering,
            caps: BTreeMap::new(),
            brought: [0; INVESTORS],
            paid: [0; INVESTORS],
            given: [0; INVESTORS],
            money: Money::Held,
        }
    }

    pub(crate) fn apply(&mut self, second: u64, command: &Command<'_>) -> Outcome {
        self.offering.apply(stamp(second), command)
    }

    /// The round that contributions at a second go to, where one is open.
    pub(crate) fn round(&self, second: u64) -> RoundIndex {
        round_at(self.offering.terms(), second)
    }

    /// What an investor is admitted for in the round of a second.
    pub(crate) fn cap(&self, second: u64, who: usize) -> u128 {
        let known = self.caps.get(&(self.round(second), who));
        known.copied().unwrap_or(0)
    }

    pub(crate) fn admit(
        &mut self,
        second: u64,
        who: usize,
        limit: u128,
        expires: Option<u64>,
    ) -> Outcome {
        let round = self.round(second);
        self.admit_to(second, (round, who), limit, expires)
    }

    fn admit_to(
        &mut self,
        second: u64,
        (round, who): (RoundIndex, usize),
        limit: u128,
        expires: Option<u64>,
    ) -> Outcome {
        let admit = Admit {
            round,
            investor: id(investor(who)),
            limit: Some(Value(limit)),
            expires: expires.map(|second| stamp(second).position),
            guaranteed: Value::ZERO,
            withdrawal: WithdrawalMark::Unmarked,
        };
        self.caps.insert((round, who), limit);
        self.apply(second, &Command::Admit(admit))
    }

    /// A contribution of which the contract accepted so much.
    pub(crate) fn contribute(
        &mut self,
        second: u64,
        who: usize,
        amount: u128,
        accepted: u128,
    ) -> Outcome {
        let contribute = Contribute {
            investor: id(investor(who)),
            currency: CURRENCY,
            amount: Amount(amount),
            limit: None,
            reference: "",
            source: None,
            funding: Funding::Chain {
                accepted: Amount(accepted),
            },
        };
        let outcome = self.apply(second, &Command::Contribute(contribute));
        if let Outcome::Contributed(taken) = outcome {
            self.brought[who] += taken.accepted.0;
        }
        outcome
    }

    /// Takes the admissions back to all rounds that are not over; who has none is first admitted for nothing, because an
    /// escrow bars anybody.
    pub(crate) fn revoke(&mut self, second: u64, who: usize) -> Outcome {
        let first = self.round(second).0;
        let count = u8::try_from(self.offering.terms().rounds.len()).unwrap();
        let mut outcome = Outcome::Done;
        for round in (first..count).map(RoundIndex) {
            if self.standing_in(round, who).is_none() {
                let admitted = self.admit_to(second, (round, who), 0, None);
                if admitted != Outcome::Done {
                    return admitted;
                }
            }
            let investor = id(investor(who));
            outcome = self.apply(second, &Command::Revoke { round, investor });
        }
        outcome
    }

    pub(crate) fn distribute(&mut self, second: u64, who: usize, tokens: u128) -> Outcome {
        let outcome = self.apply(
            second,
            &Command::Distribute {
                investor: id(investor(who)),
                tokens: softcap_offering::Tokens(tokens),
            },
        );
        if outcome == Outcome::Done {
            self.given[who] += tokens;
        }
        outcome
    }

    /// An investor takes a contribution back; the contract pays it at once.
    pub(crate) fn withdraw(&mut self, second: u64, who: usize, contribution: Sequence) -> Outcome {
        let outcome = self.apply(second, &Command::Withdraw { contribution });
        if let Outcome::Refunded { amount } = outcome {
            self.brought[who] -= amount.0;
        }
        outcome
    }

    /// A refund was paid on the chain.
    pub(crate) fn refunded(&mut self, second: u64, who: usize, amount: u128) -> Outcome {
        let (investor, currency) = (id(investor(who)), CURRENCY);
        let outcome = self.apply(second, &Command::PayRefund { investor, currency });
        if outcome == Outcome::Done {
            self.paid[who] += amount;
        }
        outcome
    }

    /// Who gets the money of the escrow drew it. In steps it is the contract of the milestones, and the issuer has nothing yet.
    pub(crate) fn drawn(&mut self, second: u64) -> Outcome {
        self.money = Money::Drawn;
        if self.offering.terms().milestones.is_empty() {
            self.apply(second, &Command::Release { milestone: 0 })
        } else {
            Outcome::Done
        }
    }

    /// The holder of a share got tokens.
    pub(crate) fn vest(&mut self, second: u64, share: u8, tokens: u128) -> Outcome {
        let tokens = softcap_offering::Tokens(tokens);
        self.apply(second, &Command::Vest { share, tokens })
    }

    /// The admission to the round of a second, if there is one.
    pub(crate) fn standing(&self, second: u64, who: usize) -> Option<Standing> {
        self.standing_in(self.round(second), who)
    }

    fn standing_in(&self, round: RoundIndex, who: usize) -> Option<Standing> {
        let index = self.offering.find_investor(id(investor(who)))?;
        Some(self.offering.admission(index, round)?.standing)
    }

    pub(crate) fn rows(&self, who: usize) -> Vec<Row> {
        rows_of(&self.offering, who)
    }

    /// Money of an investor in rounds before that of a second.
    pub(crate) fn of_earlier_rounds(&self, second: u64, who: usize) -> u128 {
        let now = self.round(second);
        let rows = self.rows(who).into_iter();
        rows.filter(|row| row.round.is_some_and(|round| round < now))
            .map(|row| row.accepted.0)
            .sum()
    }

    /// Entries of an investor's contributions of which something is left.
    pub(crate) fn contributions(&self, who: usize) -> Vec<(Sequence, Amount)> {
        let rows = self.rows(who).into_iter();
        rows.filter(|row| !row.accepted.is_zero())
            .map(|row| (row.sequence, row.accepted))
            .collect()
    }

    /// The sale as it is if it is settled now, where it can be.
    pub(crate) fn settled_at(&self, second: u64) -> Option<(Offering, Verdict)> {
        if let Some(settlement) = self.offering.settlement() {
            return Some((self.offering.clone(), settlement.settled.verdict));
        }
        let mut offering = self.offering.clone();
        offering.apply(stamp(second), &Command::Tick);
        match offering.apply(stamp(second), &Command::Settle) {
            Outcome::Settled(settled) => Some((offering, settled.verdict)),
            _ => None,
        }
    }

    /// What of an investor's money the offering does not have, and was not paid back.
    pub(crate) fn due(&self, offering: &Offering, who: usize) -> Option<u128> {
        let accepted = accepted(offering, who);
        self.brought[who]
            .checked_sub(accepted)?
            .checked_sub(self.paid[who])
    }
}

fn rows_of(offering: &Offering, who: usize) -> Vec<Row> {
    let Some(index) = offering.find_investor(id(investor(who))) else {
        return Vec::new();
    };
    offering
        .rows()
        .filter(|row| row.investor == index)
        .collect()
}

/// Money that an offering has of an investor.
pub(crate) fn accepted(offering: &Offering, who: usize) -> u128 {
    rows_of(offering, who)
        .iter()
        .map(|row| row.accepted.0)
        .sum()
}

/// Tokens of an investor; of a settled offering those of the settlement.
pub(crate) fn tokens(offering: &Offering, who: usize) -> u128 {
    rows_of(offering, who).iter().map(|row| row.tokens.0).sum()
}
