//! The state, and the one door through which it changes.

use std::collections::{BTreeMap, btree_map};

use softcap_offering::{RequestId, Sequence, TransferId};

use super::{BalanceCommand, BalanceOutcome, BalanceRefusal, Direction, PersonId, TransferStage};

/// Most currencies of a platform.
pub const MAX_CURRENCIES: usize = 255;
/// Most decimals of a currency, as in the terms of offerings.
pub const MAX_DECIMALS: u8 = 30;

/// The money of all people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    pub(super) next: u64,
    pub(super) currencies: Vec<Currency>,
    /// Names of offerings that a transfer was opened to, by their places.
    pub(super) offerings: Vec<Box<str>>,
    pub(super) offering_places: BTreeMap<Box<str>, u32>,
    pub(super) accounts: BTreeMap<AccountKey, Account>,
    /// What of an account is in which offering.
    pub(super) parts: BTreeMap<(AccountKey, u32), Part>,
    pub(super) transfers: BTreeMap<TransferId, TransferRecord>,
    /// Transfers that are neither finished nor cancelled, by the entries that opened them.
    pub(super) open: BTreeMap<u64, TransferId>,
    pub(super) requests: BTreeMap<RequestId, u64>,
}

/// Whose, and in which currency.
pub(super) type AccountKey = (PersonId, u8);

/// A currency, and the sums of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Currency {
    pub(super) symbol: Box<str>,
    pub(super) decimals: u8,
    pub(super) sums: Account,
}

/// `deposited == withdrawn + available + in_offerings`. Nothing exceeds what was deposited, and the
/// deposits of a currency fit 128 bits: no other sum is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) deposited: u128,
    pub(super) withdrawn: u128,
    pub(super) available: u128,
    pub(super) in_offerings: u128,
}

/// Money of one account in one offering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Of open transfers to it.
    pub(super) arriving: u128,
    /// Of finished ones, less what came back.
    pub(super) held: u128,
    /// What of `held` open returns ask for.
    pub(super) returning: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TransferRecord {
    pub(super) direction: Direction,
    pub(super) account: AccountKey,
    pub(super) offering: u32,
    pub(super) amount: u128,
    pub(super) opened: u64,
    pub(super) stage: TransferStage,
}

impl Balances {
    /// No currencies, no people, no money.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number that the next entry takes.
    #[must_use]
    pub fn next_sequence(&self) -> Sequence {
        Sequence(self.next)
    }

    /// Applies one entry. It takes the next number whatever becomes of it; one that is refused or a
    /// repeat changes nothing else. The first entry with a request counts whatever became of it. An id
    /// of a transfer is used up when it was opened.
    pub fn apply(
        &mut self,
        request: Option<RequestId>,
        command: &BalanceCommand<'_>,
    ) -> BalanceOutcome {
        let entry = self.next;
        self.next += 1;
        if let Some(request) = request {
            match self.requests.entry(request) {
                btree_map::Entry::Occupied(first) => {
                    return BalanceOutcome::RepeatOf(Sequence(*first.get()));
                }
                btree_map::Entry::Vacant(place) => {
                    place.insert(entry);
                }
            }
        }
        if let BalanceCommand::OpenTransfer { transfer, .. } = command
            && let Some(known) = self.transfers.get(transfer)
        {
            return BalanceOutcome::RepeatOf(Sequence(known.opened));
        }
        match self.dispatch(entry, command) {
            Ok(()) => BalanceOutcome::Done,
            Err(refusal) => BalanceOutcome::Refused(refusal),
        }
    }

    fn dispatch(&mut self, entry: u64, command: &BalanceCommand<'_>) -> Result<(), BalanceRefusal> {
        match *command {
            BalanceCommand::AddCurrency { symbol, decimals } => self.add_currency(symbol, decimals),
            BalanceCommand::Deposit {
                person,
                currency,
                amount,
                ..
            } => self.deposit((person, self.place(currency)?), amount.0),
            BalanceCommand::Withdraw {
                person,
                currency,
                amount,
                ..
            } => self.withdraw((person, self.place(currency)?), amount.0),
            BalanceCommand::OpenTransfer {
                transfer,
                direction,
                person,
                offering,
                currency,
                amount,
            } => {
                let account = (person, self.place(currency)?);
                let record = TransferRecord {
                    direction,
                    account,
                    offering: self.offering_place(offering)?,
                    amount: amount.0,
                    opened: entry,
                    stage: TransferStage::Open,
                };
                self.open(transfer, record, offering)
            }
            BalanceCommand::FinishTransfer { transfer } => self.finish(transfer),
            BalanceCommand::CancelTransfer { transfer } => self.cancel(transfer),
        }
    }

    pub(super) fn add_currency(
        &mut self,
        symbol: &str,
        decimals: u8,
    ) -> Result<(), BalanceRefusal> {
        if !is_symbol(symbol) || decimals > MAX_DECIMALS {
            return Err(BalanceRefusal::NotACurrency);
        }
        if self.place(symbol).is_ok() {
            return Err(BalanceRefusal::CurrencyExists);
        }
        if self.currencies.len() >= MAX_CURRENCIES {
            return Err(BalanceRefusal::TooManyCurrencies);
        }
        self.currencies.push(Currency {
            symbol: symbol.into(),
            decimals,
            sums: Account::default(),
        });
        Ok(())
    }

    pub(super) fn place(&self, symbol: &str) -> Result<u8, BalanceRefusal> {
        let mut known = self.currencies.iter();
        let place = known.position(|currency| &*currency.symbol == symbol);
        place
            .and_then(|place| u8::try_from(place).ok())
            .ok_or(BalanceRefusal::UnknownCurrency)
    }

    fn sums(&self, currency: u8) -> Account {
        let known = self.currencies.get(usize::from(currency));
        known.map_or(Account::default(), |known| known.sums)
    }

    pub(super) fn account(&self, key: AccountKey) -> Account {
        self.accounts.get(&key).copied().unwrap_or_default()
    }

    /// Changes an account, and the sums of its currency alike.
    fn change(&mut self, key: AccountKey, change: impl Fn(&mut Account)) {
        change(self.accounts.entry(key).or_default());
        if let Some(currency) = self.currencies.get_mut(usize::from(key.1)) {
            change(&mut currency.sums);
        }
    }

    fn deposit(&mut self, key: AccountKey, amount: u128) -> Result<(), BalanceRefusal> {
        require_some(amount)?;
        let sum = self.sums(key.1).deposited.checked_add(amount);
        sum.ok_or(BalanceRefusal::AmountTooLarge)?;
        self.change(key, |account| {
            account.deposited += amount;
            account.available += amount;
        });
        Ok(())
    }

    fn withdraw(&mut self, key: AccountKey, amount: u128) -> Result<(), BalanceRefusal> {
        require_some(amount)?;
        self.require_available(key, amount)?;
        self.change(key, |account| {
            account.available -= amount;
            account.withdrawn += amount;
        });
        Ok(())
    }

    fn require_available(&self, key: AccountKey, amount: u128) -> Result<(), BalanceRefusal> {
        if self.account(key).available < amount {
            return Err(BalanceRefusal::InsufficientBalance);
        }
        Ok(())
    }

    /// The place of an offering, or the one that it will have.
    fn offering_place(&self, name: &str) -> Result<u32, BalanceRefusal> {
        if let Some(place) = self.offering_places.get(name) {
            return Ok(*place);
        }
        let place = u32::try_from(self.offerings.len()).ok();
        let place = place.filter(|place| *place < u32::MAX);
        place.ok_or(BalanceRefusal::TooManyOfferings)
    }

    /// Opens a transfer that was not opened before, to or from the offering of this name.
    fn open(
        &mut self,
        transfer: TransferId,
        record: TransferRecord,
        offering: &str,
    ) -> Result<(), BalanceRefusal> {
        let TransferRecord {
            account, amount, ..
        } = record;
        require_some(amount)?;
        let part = self.part((account, record.offering));
        match record.direction {
            Direction::ToOffering => self.require_available(account, amount)?,
            Direction::FromOffering if part.held - part.returning < amount => {
                return Err(BalanceRefusal::NotInOffering);
            }
            Direction::FromOffering => {}
        }
        if !self.offering_places.contains_key(offering) {
            self.offerings.push(offering.into());
            self.offering_places
                .insert(offering.into(), record.offering);
        }
        let part = self.parts.entry((account, record.offering)).or_default();
        match record.direction {
            Direction::ToOffering => part.arriving += amount,
            Direction::FromOffering => part.returning += amount,
        }
        if record.direction == Direction::ToOffering {
            self.change(account, |account| {
                account.available -= amount;
                account.in_offerings += amount;
            });
        }
        self.transfers.insert(transfer, record);
        self.open.insert(record.opened, transfer);
        Ok(())
    }

    pub(super) fn part(&self, key: (AccountKey, u32)) -> Part {
        self.parts.get(&key).copied().unwrap_or_default()
    }

    /// Ends an open transfer.
    fn end(
        &mut self,
        transfer: TransferId,
        stage: TransferStage,
    ) -> Result<TransferRecord, BalanceRefusal> {
        let record = self.transfers.get_mut(&transfer);
        let record = record.ok_or(BalanceRefusal::NoSuchTransfer)?;
        match record.stage {
            TransferStage::Open => {}
            TransferStage::Finished => return Err(BalanceRefusal::TransferFinished),
            TransferStage::Cancelled => return Err(BalanceRefusal::TransferCancelled),
        }
        record.stage = stage;
        self.open.remove(&record.opened);
        Ok(*record)
    }

    fn finish(&mut self, transfer: TransferId) -> Result<(), BalanceRefusal> {
        let record = self.end(transfer, TransferStage::Finished)?;
        let amount = record.amount;
        let key = (record.account, record.offering);
        let part = self.parts.entry(key).or_default();
        match record.direction {
            Direction::ToOffering => {
                part.arriving -= amount;
                part.held += amount;
            }
            Direction::FromOffering => {
                part.returning -= amount;
                part.held -= amount;
                self.make_available(record.account, amount);
            }
        }
        Ok(())
    }

    fn cancel(&mut self, transfer: TransferId) -> Result<(), BalanceRefusal> {
        let record = self.end(transfer, TransferStage::Cancelled)?;
        let amount = record.amount;
        let key = (record.account, record.offering);
        let part = self.parts.entry(key).or_default();
        match record.direction {
            Direction::ToOffering => {
                part.arriving -= amount;
                self.make_available(record.account, amount);
            }
            Direction::FromOffering => part.returning -= amount,
        }
        Ok(())
    }

    fn make_available(&mut self, key: AccountKey, amount: u128) {
        self.change(key, |account| {
            account.in_offerings -= amount;
            account.available += amount;
        });
    }
}

fn require_some(amount: u128) -> Result<(), BalanceRefusal> {
    if amount == 0 {
        return Err(BalanceRefusal::Zero);
    }
    Ok(())
}

/// As the terms of an offering spell symbols.
fn is_symbol(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=16).contains(&text.len()) && text.bytes().all(allowed)
}
