//! What can be asked of balances.

use softcap_offering::{Amount, RequestId, Sequence, TransferId};

use super::{
    Balances, Direction, PersonId,
    balances::{Account, TransferRecord},
};

/// A currency of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyUnit<'a> {
    /// As in the terms of offerings.
    pub symbol: &'a str,
    /// Places of the smallest unit.
    pub decimals: u8,
}

/// Money of one person, or of all, in one currency:
/// `deposited == withdrawn + available + in_offerings`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// All that ever came in.
    pub deposited: Amount,
    /// All that was ever paid out.
    pub withdrawn: Amount,
    /// To be moved or paid out.
    pub available: Amount,
    /// Moved, or on its way, to offerings and not back. What a sale took stays here.
    pub in_offerings: Amount,
}

impl From<Account> for Balance {
    fn from(account: Account) -> Self {
        Self {
            deposited: Amount(account.deposited),
            withdrawn: Amount(account.withdrawn),
            available: Amount(account.available),
            in_offerings: Amount(account.in_offerings),
        }
    }
}

/// Money of one person in one offering, in one currency, as the platform knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Of transfers that are open.
    pub arriving: Amount,
    /// Of transfers that are finished, less what came back.
    pub held: Amount,
    /// What of `held` open returns ask for.
    pub returning: Amount,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferStage {
    /// It is open what the offering did.
    Open,
    /// The money is on the other side.
    Finished,
    /// The offering refused; the money is where it was.
    Cancelled,
}

/// A transfer that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// Its id.
    pub id: TransferId,
    /// Which way.
    pub direction: Direction,
    /// Whose money.
    pub person: PersonId,
    /// Name of the offering.
    pub offering: &'a str,
    /// Its symbol.
    pub currency: &'a str,
    /// How much.
    pub amount: Amount,
    /// The entry that opened it.
    pub opened: Sequence,
    /// How far it is.
    pub stage: TransferStage,
}

impl Balances {
    /// The currencies in the order in which they were added.
    pub fn currencies(&self) -> impl Iterator<Item = CurrencyUnit<'_>> {
        self.currencies.iter().map(|currency| CurrencyUnit {
            symbol: &currency.symbol,
            decimals: currency.decimals,
        })
    }

    /// A person's balance; all zero where there was never one.
    #[must_use]
    pub fn balance(&self, person: PersonId, currency: &str) -> Balance {
        let place = self.place(currency);
        place.map_or(Balance::default(), |place| {
            self.account((person, place)).into()
        })
    }

    /// A person's balances in every currency that there was one in.
    pub fn balances(&self, person: PersonId) -> impl Iterator<Item = (CurrencyUnit<'_>, Balance)> {
        let own = self.accounts.range((person, 0)..=(person, u8::MAX));
        own.filter_map(|(key, account)| {
            let currency = self.currencies.get(usize::from(key.1))?;
            let unit = CurrencyUnit {
                symbol: &currency.symbol,
                decimals: currency.decimals,
            };
            Some((unit, Balance::from(*account)))
        })
    }

    /// The balances of all people together.
    #[must_use]
    pub fn total(&self, currency: &str) -> Balance {
        let mut known = self.currencies.iter();
        let found = known.find(|held| &*held.symbol == currency);
        found.map_or(Balance::default(), |held| held.sums.into())
    }

    /// What a person has in an offering.
    #[must_use]
    pub fn in_offering(&self, person: PersonId, offering: &str, currency: &str) -> Held {
        let place = self.place(currency).ok();
        let key = place.zip(self.offering_places.get(offering));
        key.map_or(Held::default(), |(currency, offering)| {
            let part = self.part(((person, currency), *offering));
            Held {
                arriving: Amount(part.arriving),
                held: Amount(part.held),
                returning: Amount(part.returning),
            }
        })
    }

    /// A transfer that was opened.
    #[must_use]
    pub fn transfer(&self, id: TransferId) -> Option<Transfer<'_>> {
        self.view(id, self.transfers.get(&id)?)
    }

    /// The transfers that are neither finished nor cancelled, oldest first.
    pub fn open_transfers(&self) -> impl Iterator<Item = Transfer<'_>> {
        self.open.values().filter_map(|id| self.transfer(*id))
    }

    fn view(&self, id: TransferId, record: &TransferRecord) -> Option<Transfer<'_>> {
        let offering = usize::try_from(record.offering).ok()?;
        Some(Transfer {
            id,
            direction: record.direction,
            person: record.account.0,
            offering: self.offerings.get(offering)?,
            currency: &self.currencies.get(usize::from(record.account.1))?.symbol,
            amount: Amount(record.amount),
            opened: Sequence(record.opened),
            stage: record.stage,
        })
    }

    /// The entry that came first with a request.
    #[must_use]
    pub fn find_request(&self, request: RequestId) -> Option<Sequence> {
        self.requests.get(&request).map(|first| Sequence(*first))
    }

    /// Whether the money of every account and of every currency adds up, and every sum is that of its
    /// parts. Costs a look at everything.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let adds_up = |account: &Account| {
            let sum = account.withdrawn.checked_add(account.available);
            let sum = sum.and_then(|sum| sum.checked_add(account.in_offerings));
            sum == Some(account.deposited)
        };
        let parts_add_up = |key, account: &Account| {
            let mut parts = self.parts.range((key, 0)..=(key, u32::MAX));
            let sum = parts.try_fold(0_u128, |sum, (_, part)| {
                let sum = sum.checked_add(part.arriving)?.checked_add(part.held)?;
                (part.returning <= part.held).then_some(sum)
            });
            sum == Some(account.in_offerings)
        };
        let mut sums = vec![Account::default(); self.currencies.len()];
        for (key, account) in &self.accounts {
            let Some(sum) = sums.get_mut(usize::from(key.1)) else {
                return false;
            };
            if !adds_up(account) || !parts_add_up(*key, account) {
                return false;
            }
            sum.deposited += account.deposited;
            sum.withdrawn += account.withdrawn;
            sum.available += account.available;
            sum.in_offerings += account.in_offerings;
        }
        let kept = self.currencies.iter().map(|currency| currency.sums);
        kept.eq(sums) && self.open.len() == self.count_open()
    }

    fn count_open(&self) -> usize {
        let records = self.transfers.values();
        records
            .filter(|record| record.stage == TransferStage::Open)
            .count()
    }
}
