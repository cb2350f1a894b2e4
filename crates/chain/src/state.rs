//! What every account holds, now and after any earlier block.
//!
//! A block keeps what it overwrote ([`Undo`]). Dropping a block puts that back, and looking at an
//! earlier block reads the oldest value that a later block overwrote; so every block stays readable.

use std::{collections::BTreeMap, convert::Infallible};

use alloy_primitives::{Address, B256, Keccak256, U256, map::HashMap};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    primitives::{AddressMap, KECCAK_EMPTY},
    state::{Account, AccountInfo},
};

use crate::block::{MinedBlock, hash_at};

/// A slot of a contract's storage.
type Slot = (Address, U256);

/// Accounts, storage and code after the newest block.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    accounts: HashMap<Address, AccountInfo>,
    /// Slots that are not zero.
    storage: HashMap<Slot, U256>,
    /// Code is found by its hash and never goes: a dropped block may come again.
    code: HashMap<B256, Bytecode>,
}

/// What a block overwrote: the values before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Undo {
    accounts: BTreeMap<Address, Option<AccountInfo>>,
    storage: BTreeMap<Slot, U256>,
}

impl State {
    /// The state before the first transaction.
    pub(crate) fn funded(balances: &[(Address, U256)]) -> Self {
        let mut state = Self::default();
        for (address, balance) in balances {
            state
                .accounts
                .insert(*address, AccountInfo::from_balance(*balance));
        }
        state
    }

    /// Puts back what a block overwrote.
    pub(crate) fn undo(&mut self, undo: Undo) {
        for (address, before) in undo.accounts {
            match before {
                Some(info) => self.accounts.insert(address, info),
                None => self.accounts.remove(&address),
            };
        }
        for (slot, before) in undo.storage {
            self.set_slot(slot, before);
        }
    }

    /// A commitment to the state after a block: the one before it, and each value that changed.
    ///
    /// Not the Merkle-Patricia root of a public chain, which would cost more than the block; two
    /// states that differ still have different commitments.
    pub(crate) fn commitment(&self, before: B256, undo: &Undo) -> B256 {
        let mut hash = Keccak256::new();
        hash.update(before);
        for address in undo.accounts.keys() {
            let info = self.accounts.get(address).cloned().unwrap_or_default();
            hash.update(address);
            hash.update(info.balance.to_be_bytes::<32>());
            hash.update(info.nonce.to_be_bytes());
            hash.update(info.code_hash);
        }
        for slot in undo.storage.keys() {
            hash.update(slot.0);
            hash.update(slot.1.to_be_bytes::<32>());
            hash.update(self.slot(*slot).to_be_bytes::<32>());
        }
        hash.finalize()
    }

    fn slot(&self, slot: Slot) -> U256 {
        self.storage.get(&slot).copied().unwrap_or_default()
    }

    fn set_slot(&mut self, slot: Slot, value: U256) {
        if value.is_zero() {
            self.storage.remove(&slot);
        } else {
            self.storage.insert(slot, value);
        }
    }

    fn code(&self, hash: B256) -> Bytecode {
        self.code.get(&hash).cloned().unwrap_or_default()
    }
}

/// The state while a block is made: changes go in, what they overwrite is kept.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    state: &'a mut State,
    blocks: &'a [MinedBlock],
    undo: Undo,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(state: &'a mut State, blocks: &'a [MinedBlock]) -> Self {
        Self {
            state,
            blocks,
            undo: Undo::default(),
        }
    }

    /// What the block overwrote.
    pub(crate) fn finish(self) -> Undo {
        self.undo
    }

    fn set_account(&mut self, address: Address, mut account: Account) {
        let before = self.state.accounts.get(&address).cloned();
        self.undo.accounts.entry(address).or_insert(before);
        if account.is_selfdestructed() {
            // Only what was made in the same transaction goes (EIP-6780), so that the state never had a slot of it.
            self.state.accounts.remove(&address);
            return;
        }
        for (key, value) in account.changed_storage_slots() {
            let slot = (address, *key);
            let before = self.state.slot(slot);
            self.undo.storage.entry(slot).or_insert(before);
            self.state.set_slot(slot, value.present_value());
        }
        // EIP-161: an account with nothing in it is none.
        if account.is_empty() {
            self.state.accounts.remove(&address);
            return;
        }
        if let Some(code) = account.info.code.take()
            && account.info.code_hash != KECCAK_EMPTY
        {
            self.state.code.insert(account.info.code_hash, code);
        }
        self.state.accounts.insert(address, account.info);
    }
}

impl Database for Draft<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.state.accounts.get(&address).cloned())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.state.code(hash))
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, Infallible> {
        Ok(self.state.slot((address, key)))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok(hash_at(self.blocks, number))
    }
}

impl DatabaseCommit for Draft<'_> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes {
            if account.is_touched() {
                self.set_account(address, account);
            }
        }
    }
}

/// The state after one block, read only.
#[derive(Debug)]
pub(crate) struct StateAt<'a> {
    state: &'a State,
    /// Blocks up to and with the one that is looked at.
    blocks: &'a [MinedBlock],
    /// What later blocks overwrote.
    older: Undo,
}

impl<'a> StateAt<'a> {
    /// The state after `blocks[number]`; after the newest for a larger number.
    pub(crate) fn new(state: &'a State, blocks: &'a [MinedBlock], number: usize) -> Self {
        let (seen, later) = blocks.split_at(blocks.len().min(number.saturating_add(1)));
        let mut older = Undo::default();
        // The earliest of the later blocks says what was there before all of them.
        for block in later {
            for (address, info) in &block.undo.accounts {
                older
                    .accounts
                    .entry(*address)
                    .or_insert_with(|| info.clone());
            }
            for (slot, value) in &block.undo.storage {
                older.storage.entry(*slot).or_insert(*value);
            }
        }
        Self {
            state,
            blocks: seen,
            older,
        }
    }

    pub(crate) fn account(&self, address: Address) -> Option<AccountInfo> {
        match self.older.accounts.get(&address) {
            Some(before) => before.clone(),
            None => self.state.accounts.get(&address).cloned(),
        }
    }

    pub(crate) fn slot(&self, address: Address, key: U256) -> U256 {
        let slot = (address, key);
        match self.older.storage.get(&slot) {
            Some(before) => *before,
            None => self.state.slot(slot),
        }
    }

    pub(crate) fn code_of(&self, address: Address) -> Bytecode {
        let account = self.account(address).unwrap_or_default();
        self.state.code(account.code_hash)
    }
}

impl DatabaseRef for StateAt<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.account(address))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.state.code(hash))
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Infallible> {
        Ok(self.slot(address, key))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(hash_at(self.blocks, number))
    }
}

#[cfg(test)]
mod tests {
    use revm::state::{AccountStatus, EvmStorageSlot, TransactionId};

    use super::*;

    /// A constructor that writes a slot and destroys its contract leaves nothing at the address, at which the
    /// next contract may stand (CREATE2).
    #[test]
    fn what_a_destroyed_contract_wrote_is_gone_with_it() {
        let (address, key) = (Address::repeat_byte(7), U256::from(1));
        let slot = EvmStorageSlot::new_changed(U256::ZERO, U256::from(5), TransactionId::ZERO);
        let mut account = Account::from(AccountInfo::from_balance(U256::from(9)));
        account.storage.insert(key, slot);
        account.mark_touch();
        for (status, expected) in [
            (AccountStatus::SelfDestructed, 0),
            (AccountStatus::Created, 5),
        ] {
            let mut state = State::default();
            let mut draft = Draft::new(&mut state, &[]);
            let mut changed = account.clone();
            changed.status |= status;
            draft.commit(std::iter::once((address, changed)).collect());
            let undo = draft.finish();
            assert_eq!(
                state.slot((address, key)),
                U256::from(expected),
                "{status:?}"
            );
            assert_eq!(state.accounts.contains_key(&address), expected > 0);
            state.undo(undo);
            assert_eq!(state.slot((address, key)), U256::ZERO);
            assert!(state.accounts.is_empty());
        }
    }
}
