//! An offering whose money is in an escrow contract on a chain. The chain decides: time, order and what
//! was accepted are the contract's, and the record computes again what it must have accepted.
//!
//! Nothing of this applies before the entry that names the escrow, so that older records replay as they
//! did.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Amount, ContributionIndex, CurrencyIndex, Funding, InvestorId, InvestorIndex, Offering,
    Refusal, Sequence, Stamp,
    offering::{Stage, index_of},
    terms::Rail,
};

/// Which contract holds the money of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowAddress {
    /// The chain's number (EIP-155).
    pub chain_id: u64,
    /// The contract.
    pub contract: [u8; 20],
    /// The currency it takes.
    pub currency: CurrencyIndex,
}

/// The escrow that a record follows, and what the contract did that the rows do not say.
#[derive(Clone, Debug)]
pub(crate) struct Escrow {
    /// Number of the entry that named it.
    pub(crate) sequence: Sequence,
    pub(crate) address: EscrowAddress,
    /// What went back in the transaction that brought a contribution, or in the one that withdrew it.
    pub(crate) change: BTreeMap<ContributionIndex, u128>,
    /// Who took a return out before there was a settlement, and how much.
    pub(crate) paid: BTreeMap<InvestorIndex, u128>,
}

impl Offering {
    /// The escrow that holds the money, once an entry named it.
    pub fn escrow(&self) -> Option<EscrowAddress> {
        self.escrow.as_ref().map(|escrow| escrow.address)
    }

    /// Number of the entry that named the escrow. From the one after it on, an entry without a position
    /// of its own stands at the latest of the log.
    pub fn follows_chain_since(&self) -> Option<Sequence> {
        self.escrow.as_ref().map(|escrow| escrow.sequence)
    }

    /// Names the escrow. The chain's clock is the log's from here on, also where it is behind the one
    /// of the entries so far: nothing has come in that could move.
    pub(crate) fn name_escrow(
        &mut self,
        sequence: Sequence,
        stamp: Stamp,
        address: EscrowAddress,
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let currency = self.terms.currencies.get(address.currency.index());
        match currency.ok_or(Refusal::UnknownCurrency)?.rail {
            Rail::Evm => {}
            Rail::Balance | Rail::Bitcoin => return Err(Refusal::NoEscrow),
        }
        if self.escrow.is_some() || self.contribution_count() > 0 {
            return Err(Refusal::EscrowIsFixed);
        }
        let latest = self.latest.get_mut(stamp.line.index());
        *latest.ok_or(Refusal::UnknownCurrency)? = stamp.position;
        self.escrow = Some(Box::new(Escrow {
            sequence,
            address,
            change: BTreeMap::new(),
            paid: BTreeMap::new(),
        }));
        self.expire();
        Ok(())
    }

    /// Refuses money that does not come the way its currency does.
    pub(crate) fn check_way_in(
        &self,
        currency: CurrencyIndex,
        funding: Funding,
    ) -> Result<(), Refusal> {
        let held = self.escrow().is_some_and(|at| at.currency == currency);
        match (funding, held) {
            (Funding::Chain { .. }, false) => Err(Refusal::NoEscrow),
            (Funding::Arrived | Funding::Account, true) => Err(Refusal::OnlyThroughEscrow),
            (Funding::Chain { .. }, true) | (Funding::Arrived | Funding::Account, false) => Ok(()),
        }
    }

    /// Notes what the contract gave back at once of a contribution.
    pub(crate) fn note_change(&mut self, index: ContributionIndex, amount: u128, funding: Funding) {
        let Funding::Chain { accepted } = funding else {
            return;
        };
        let change = amount.saturating_sub(accepted.0);
        if let (true, Some(escrow)) = (change > 0, &mut self.escrow) {
            escrow.change.insert(index, change);
        }
    }

    /// Notes what of a contribution the contract paid back because its investor withdrew it: in the same
    /// transaction, so that it is not due again.
    pub(crate) fn note_withdrawn(&mut self, index: ContributionIndex, amount: u128) {
        let currency = self.contributions[index.index()].currency;
        if let Some(escrow) = &mut self.escrow
            && escrow.address.currency == currency
            && amount > 0
        {
            *escrow.change.entry(index).or_insert(0) += amount;
        }
    }

    /// What of a contribution went back in the transaction that brought it or withdrew it.
    pub(crate) fn change_of(&self, index: ContributionIndex) -> u128 {
        let change = |escrow: &Escrow| escrow.change.get(&index).copied();
        self.escrow.as_deref().and_then(change).unwrap_or(0)
    }

    /// A return is due at once, and its owner may take it out before the sale is settled. Only whoever
    /// has nothing else in the sale: the whole of what is due is paid, once.
    pub(crate) fn pay_return(&mut self, id: InvestorId<'_>) -> Result<(), Refusal> {
        let investor = self.investors.find(id).ok_or(Refusal::UnknownInvestor)?;
        let due = self.return_due(investor).ok_or(Refusal::NotSettled)?;
        let escrow = self.escrow.as_mut().ok_or(Refusal::NotSettled)?;
        if due == 0 || escrow.paid.contains_key(&investor) {
            return Err(Refusal::NothingToClaim);
        }
        escrow.paid.insert(investor, due);
        Ok(())
    }

    /// What is due to an investor all of whose contributions went back; `None` for whoever still has
    /// something in the sale. Returns are few, so that a look at every contribution is cheap enough.
    fn return_due(&self, investor: InvestorIndex) -> Option<u128> {
        let mut due = 0_u128;
        for (at, held) in self.contributions.iter().enumerate() {
            if held.investor != investor {
                continue;
            }
            let index = index_of(at);
            if held.accepted > 0 || self.waiting_amount(index) > 0 {
                return None;
            }
            due += held.amount - self.change_of(index);
        }
        Some(due)
    }

    /// The refund that was paid to an investor; `None` where none was.
    pub fn refund_paid(&self, id: InvestorId<'_>, currency: CurrencyIndex) -> Option<Amount> {
        let investor = self.investors.find(id)?;
        let Some(settlement) = &self.settlement else {
            let escrow = self.escrow.as_ref()?;
            return escrow.paid.get(&investor).copied().map(Amount);
        };
        let paid = settlement
            .after
            .refunds_paid
            .contains(&(investor, currency));
        paid.then(|| Amount(self.refund_due(investor, currency)))
    }

    /// What an escrow paid back before a settlement: to whom returns were paid, and the sum with the
    /// change of all contributions.
    pub(crate) fn paid_before(&self) -> (BTreeSet<(InvestorIndex, CurrencyIndex)>, u128) {
        let Some(escrow) = &self.escrow else {
            return (BTreeSet::new(), 0);
        };
        let currency = escrow.address.currency;
        // The sum of a currency's contributions fits, and this is a part of it.
        let sum = escrow.change.values().chain(escrow.paid.values()).sum();
        let paid = escrow.paid.keys().map(|investor| (*investor, currency));
        (paid.collect(), sum)
    }

    /// How many parts of the accepted money are released: those of the milestones, or the one draw of a
    /// contract.
    pub(crate) fn release_count(&self) -> usize {
        let milestones = self.terms.milestones.len();
        milestones.max(usize::from(self.escrow.is_some()))
    }

    /// Whether a payment of a refund is one of a return before the settlement.
    pub(crate) fn is_early_refund(&self, currency: CurrencyIndex) -> bool {
        let held = self.escrow().is_some_and(|at| at.currency == currency);
        held && self.stage != Stage::Settled
    }
}

/// Refuses what the contract took where the terms give another amount.
pub(crate) fn check_accepted(computed: u128, funding: Funding) -> Result<(), Refusal> {
    match funding {
        Funding::Chain {
            accepted: Amount(accepted),
        } if accepted != computed => Err(Refusal::EscrowDiffers),
        Funding::Chain { .. } | Funding::Arrived | Funding::Account => Ok(()),
    }
}
