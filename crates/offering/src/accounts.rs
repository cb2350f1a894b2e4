//! Accounts: money that a platform moved into the offering for one investor in one currency, and what
//! of it contributions use.
//!
//! Funded money is free until a contribution draws on it. What is accepted, waits or is locked is
//! held; what goes back (change, withdrawals, returns, losing bids, everything when the offering does
//! not succeed) is free again at once and without a further entry. Free money can always be taken
//! back: also while the offering is paused, closed, given up or settled.

use crate::{
    Amount, ContributionIndex, CurrencyIndex, InvestorId, InvestorIndex, Offering, Refusal,
    Verdict, chunked::Chunked, contribution::Status, investors::hash, lookup::Lookup,
    offering::Stage, terms::Rail,
};

/// Where the money of a contribution is when its entry comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Funding {
    /// It arrived with the contribution, and what is refunded is to be paid out.
    #[default]
    Arrived,
    /// In the investor's account in the offering, where refunds are at once.
    Account,
    /// In the escrow contract that the record follows, which has decided already.
    Chain {
        /// What the contract accepted; it gave the rest back in the same transaction.
        accepted: Amount,
    },
}

/// Who pays the refunds of a contribution: all that is asked of its funding once it stands in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The rail on which it arrived; an escrow contract too.
    Rail,
    /// The investor's account in the offering.
    Account,
}

impl Funding {
    pub(crate) fn holder(self) -> Holder {
        match self {
            Self::Arrived | Self::Chain { .. } => Holder::Rail,
            Self::Account => Holder::Account,
        }
    }
}

/// One account: `funded == taken_back + available + held + spent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountBalance {
    /// All that was ever moved in.
    pub funded: Amount,
    /// All that was ever moved out again.
    pub taken_back: Amount,
    /// What contributions have and may still come back: accepted, waiting or locked.
    pub held: Amount,
    /// Free: to contribute with, or to be taken back.
    pub available: Amount,
    /// What never comes back: accepted by an offering that succeeded, and kept.
    pub spent: Amount,
}

/// All accounts of an offering.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) lookup: Lookup,
    pub(crate) records: Chunked<Account>,
    /// Sum of what was funded, per currency; empty before the first.
    pub(crate) funded: Vec<u128>,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) investor: InvestorIndex,
    pub(crate) currency: CurrencyIndex,
    pub(crate) funded: u128,
    pub(crate) taken_back: u128,
    /// Follows from the contributions.
    pub(crate) uses: Uses,
}

/// What contributions have of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Accepted, waiting or locked.
    pub(crate) held: u128,
    /// Kept and counted as nothing.
    pub(crate) kept: u128,
}

type Key = (InvestorIndex, CurrencyIndex);

impl Accounts {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    fn hash_of(&self, (investor, currency): Key) -> u64 {
        let number = u64::from(investor.0) << 8 | u64::from(currency.0);
        hash(self.seed, &number.to_le_bytes())
    }

    /// Brings some accounts near.
    fn touch(&self, keys: impl Iterator<Item = Key>) {
        let hashes = keys.map(|key| self.hash_of(key));
        self.lookup.touch_records(hashes, |place| {
            self.records.get(place).map_or(0, |held| held.currency.0)
        });
    }

    fn place(&self, key: Key) -> Option<usize> {
        let is_right = |index: u32| {
            let place = usize::try_from(index).ok();
            let account = place.and_then(|place| self.records.get(place));
            account.is_some_and(|held| (held.investor, held.currency) == key)
        };
        let index = self.lookup.find(self.hash_of(key), is_right)?;
        usize::try_from(index).ok()
    }

    fn get(&self, key: Key) -> Option<&Account> {
        self.records.get(self.place(key)?)
    }

    /// What was ever funded in a currency.
    fn funded(&self, currency: CurrencyIndex) -> u128 {
        self.funded.get(currency.index()).copied().unwrap_or(0)
    }

    /// Adds money to an account, made if there is none; `None` when 2^32 - 1 are there.
    fn add(&mut self, key: Key, amount: u128) -> Option<()> {
        let place = match self.place(key) {
            Some(place) => place,
            None => {
                let place = self.records.len();
                let index = u32::try_from(place).ok().filter(|&at| at < u32::MAX)?;
                self.lookup.insert(self.hash_of(key), index);
                self.records.push(Account {
                    investor: key.0,
                    currency: key.1,
                    funded: 0,
                    taken_back: 0,
                    uses: Uses::default(),
                });
                place
            }
        };
        self.records[place].funded += amount;
        let currency = key.1.index();
        if self.funded.len() <= currency {
            self.funded.resize(currency + 1, 0);
        }
        self.funded[currency] += amount;
        Some(())
    }

    /// Adds an account with what came in and what went out again; `None` when it is there already, or
    /// when the sum of its currency does not fit.
    pub(crate) fn restore(&mut self, key: Key, funded: u128, taken_back: u128) -> Option<()> {
        self.funded(key.1).checked_add(funded)?;
        if self.place(key).is_some() {
            return None;
        }
        self.add(key, funded)?;
        let place = self.place(key)?;
        self.records[place].taken_back = taken_back;
        Some(())
    }

    /// Changes what contributions have of an account.
    fn change(&mut self, key: Key, change: impl FnOnce(&mut Uses)) {
        if let Some(place) = self.place(key) {
            change(&mut self.records[place].uses);
        }
    }
}

impl Account {
    /// The account when an offering stands where it does: after it was given up nothing is held, and
    /// after it succeeded what is held is spent.
    fn balance(&self, ending: Ending) -> AccountBalance {
        let Uses { held, kept } = self.uses;
        let (held, spent) = match ending {
            Ending::Open => (held, kept),
            Ending::GivenUp => (0, kept),
            Ending::Succeeded => (0, kept + held),
        };
        AccountBalance {
            funded: Amount(self.funded),
            taken_back: Amount(self.taken_back),
            held: Amount(held),
            available: Amount(self.funded - self.taken_back - held - spent),
            spent: Amount(spent),
        }
    }
}

/// What has become of held money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Open,
    GivenUp,
    Succeeded,
}

impl Offering {
    /// Brings the accounts of investors near whose records are ([`Offering::prepare`]); changes nothing.
    pub fn prepare_accounts<'a>(
        &self,
        owners: impl Iterator<Item = (InvestorId<'a>, CurrencyIndex)>,
    ) {
        let known = owners.filter_map(|(id, currency)| Some((self.find_investor(id)?, currency)));
        self.accounts.touch(known);
    }

    /// An investor's account in a currency; all zero where there is none.
    pub fn account(&self, investor: InvestorIndex, currency: CurrencyIndex) -> AccountBalance {
        let account = self.accounts.get((investor, currency));
        account.map_or(AccountBalance::default(), |held| {
            held.balance(self.ending())
        })
    }

    /// All accounts of a currency together. Costs a look at each account.
    pub fn account_totals(&self, currency: CurrencyIndex) -> AccountBalance {
        let ending = self.ending();
        let accounts = self.accounts.records.iter();
        let own = accounts.filter(|held| held.currency == currency);
        // None of the sums exceeds what was funded, and that fits.
        own.fold(AccountBalance::default(), |sum, held| {
            let more = held.balance(ending);
            AccountBalance {
                funded: Amount(sum.funded.0 + more.funded.0),
                taken_back: Amount(sum.taken_back.0 + more.taken_back.0),
                held: Amount(sum.held.0 + more.held.0),
                available: Amount(sum.available.0 + more.available.0),
                spent: Amount(sum.spent.0 + more.spent.0),
            }
        })
    }

    /// The accounts in the order in which they were first funded.
    pub fn accounts(&self) -> impl Iterator<Item = (InvestorIndex, CurrencyIndex)> + '_ {
        let records = self.accounts.records.iter();
        records.map(|held| (held.investor, held.currency))
    }

    /// What held money has become. Given up are a cancelled and an expired offering even before they
    /// are settled; a settlement that did not succeed has recounted to nothing.
    fn ending(&self) -> Ending {
        let verdict = self.settlement.as_ref().map(|held| held.settled.verdict);
        match self.stage {
            Stage::Draft | Stage::Running => Ending::Open,
            Stage::Cancelled | Stage::Expired => Ending::GivenUp,
            Stage::Settled if verdict == Some(Verdict::Succeeded) => Ending::Succeeded,
            Stage::Settled => Ending::GivenUp,
        }
    }

    /// Money for an account comes in while the offering runs; also while it is paused, because it can
    /// leave at any time.
    pub(crate) fn fund(
        &mut self,
        investor: InvestorId<'_>,
        currency: CurrencyIndex,
        amount: Amount,
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let known = self.terms.currencies.get(currency.index());
        match known.ok_or(Refusal::UnknownCurrency)?.rail {
            Rail::Balance => {}
            Rail::Evm | Rail::Bitcoin => return Err(Refusal::NoAccounts),
        }
        if amount.is_zero() {
            return Err(Refusal::Zero);
        }
        let sum = self.accounts.funded(currency).checked_add(amount.0);
        sum.ok_or(Refusal::AmountTooLarge)?;
        let investor = self
            .investors
            .find_or_insert(investor)
            .ok_or(Refusal::TooManyEntries)?;
        let added = self.accounts.add((investor, currency), amount.0);
        added.ok_or(Refusal::TooManyEntries)
    }

    /// Free money leaves at any time.
    pub(crate) fn take_back(
        &mut self,
        investor: InvestorId<'_>,
        currency: CurrencyIndex,
        amount: Amount,
    ) -> Result<(), Refusal> {
        if currency.index() >= self.terms.currencies.len() {
            return Err(Refusal::UnknownCurrency);
        }
        let investor = self.investors.find(investor);
        let investor = investor.ok_or(Refusal::UnknownInvestor)?;
        if amount.is_zero() {
            return Err(Refusal::Zero);
        }
        self.check_funds(investor, currency, amount.0)?;
        let place = self.accounts.place((investor, currency));
        let place = place.ok_or(Refusal::InsufficientFunds)?;
        self.accounts.records[place].taken_back += amount.0;
        Ok(())
    }

    /// Who contributes. Money that arrived has a row even if it is refused, so that the investor is
    /// made; who has an account is known already.
    pub(crate) fn contributor(
        &mut self,
        id: InvestorId<'_>,
        funding: Funding,
    ) -> Result<InvestorIndex, Refusal> {
        match funding {
            Funding::Arrived | Funding::Chain { .. } => {
                let investor = self.investors.find_or_insert(id);
                investor.ok_or(Refusal::TooManyEntries)
            }
            Funding::Account => {
                let investor = self.investors.find(id);
                investor.ok_or(Refusal::InsufficientFunds)
            }
        }
    }

    /// Refuses what the free money of an account does not cover, and nothing too where there is no
    /// account: what draws on one must find it again.
    pub(crate) fn check_funds(
        &self,
        investor: InvestorIndex,
        currency: CurrencyIndex,
        amount: u128,
    ) -> Result<(), Refusal> {
        let account = self.accounts.get((investor, currency));
        let free = account.map(|held| held.balance(self.ending()).available.0);
        if free.is_some_and(|free| amount <= free) {
            Ok(())
        } else {
            Err(Refusal::InsufficientFunds)
        }
    }

    /// What a new contribution has of an account is no longer free.
    pub(crate) fn hold(&mut self, index: ContributionIndex, uses: Uses) {
        let contribution = &self.contributions[index.index()];
        if contribution.holder == Holder::Account {
            let key = (contribution.investor, contribution.currency);
            self.accounts.change(key, |held| {
                held.held += uses.held;
                held.kept += uses.kept;
            });
        }
    }

    /// What a contribution gives back to an account is free again.
    pub(crate) fn free(&mut self, index: ContributionIndex, amount: u128) {
        let contribution = &self.contributions[index.index()];
        if contribution.holder == Holder::Account {
            let key = (contribution.investor, contribution.currency);
            self.accounts.change(key, |held| held.held -= amount);
        }
    }

    /// What a contribution has: accepted, waiting or locked, and kept.
    fn uses_of(&self, index: ContributionIndex) -> Option<Uses> {
        let contribution = &self.contributions[index.index()];
        let locked = match contribution.status {
            Status::Sealed => contribution.amount,
            Status::Whole
            | Status::Cut(_)
            | Status::Withdrawn
            | Status::Returned(_)
            | Status::Voided => 0,
        };
        let held = contribution
            .accepted
            .checked_add(self.waiting_amount(index))?;
        Some(Uses {
            held: held.checked_add(locked)?,
            kept: self.kept.get(&index).copied().unwrap_or(0),
        })
    }

    /// What contributions have of each account, by place, counted from the contributions; `None` when
    /// one draws on an account that is not there, or a sum does not fit.
    fn count_uses(&self) -> Option<Vec<Uses>> {
        let mut counted = vec![Uses::default(); self.accounts.records.len()];
        for (at, held) in self.contributions.iter().enumerate() {
            if held.holder == Holder::Account {
                let uses = self.uses_of(crate::offering::index_of(at))?;
                let place = self.accounts.place((held.investor, held.currency))?;
                let sum = &mut counted[place];
                sum.held = sum.held.checked_add(uses.held)?;
                sum.kept = sum.kept.checked_add(uses.kept)?;
            }
        }
        Some(counted)
    }

    /// Settling decides about every contribution at once, and a state that is read brings no counts:
    /// what accounts hold is counted again. Whether the accounts can hold it.
    pub(crate) fn recount_accounts(&mut self) -> bool {
        let Some(counted) = self.count_uses() else {
            return false;
        };
        for (place, uses) in counted.into_iter().enumerate() {
            self.accounts.records[place].uses = uses;
        }
        self.accounts_cover_their_uses()
    }

    /// Whether no account has given out more than came in.
    fn accounts_cover_their_uses(&self) -> bool {
        let ending = self.ending();
        self.accounts.records.iter().all(|account| {
            let used = match ending {
                Ending::Open | Ending::Succeeded => account.uses.held,
                Ending::GivenUp => 0,
            };
            let out = account.taken_back.checked_add(account.uses.kept);
            let out = out.and_then(|out| out.checked_add(used));
            out.is_some_and(|out| out <= account.funded)
        })
    }

    /// Whether the running count of each account is what its contributions have, no account has given
    /// out more than came in, and the accounts of a currency come to the sum of all money for them.
    pub(crate) fn accounts_balance(&self) -> bool {
        let Some(counted) = self.count_uses() else {
            return false;
        };
        let mut sums = vec![0_u128; self.accounts.funded.len()];
        for (account, uses) in self.accounts.records.iter().zip(counted) {
            let sum = sums.get_mut(account.currency.index());
            let (true, Some(sum)) = (account.uses == uses, sum) else {
                return false;
            };
            *sum = sum.saturating_add(account.funded);
        }
        sums == self.accounts.funded && self.accounts_cover_their_uses()
    }

    /// Money that is back in accounts, per currency: refunds that nobody has to pay.
    pub(crate) fn back_in_accounts(&self) -> Vec<u128> {
        let mut back = vec![0_u128; self.terms.currencies.len()];
        for (place, held) in self.contributions.iter().enumerate() {
            if held.holder == Holder::Account {
                let row = self.row(crate::offering::index_of(place));
                // The sum of a currency's contributions fits, and this is a part of it.
                if let Some(sum) = back.get_mut(held.currency.index()) {
                    *sum += row.refunded.0;
                }
            }
        }
        back
    }
}

#[cfg(test)]
mod tests;
