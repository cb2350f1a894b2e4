//! A running chain: who may change it when, and what is on the disk before anybody is answered.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use alloy_primitives::{Address, B256, U256};

use crate::{
    accounts::{DevelopmentAccount, FIRST_BALANCE, development_accounts},
    chain::Chain,
    error::ChainError,
    genesis::{Genesis, USUAL_CHAIN_ID},
    pool::Pool,
    record::Record,
    replay::replay,
    settings::{Blocks, Settings, USUAL_ACCOUNTS},
    store::Store,
    submission::Queued,
    time::{Shift, Time},
};

/// A running chain. Share it with `Arc`; every method may be called from any thread.
#[derive(Debug)]
pub struct Node {
    chain_id: u64,
    accounts: Vec<DevelopmentAccount>,
    blocks: Blocks,
    /// What has come and is in no block yet, where blocks come with transactions.
    pub(crate) queue: Mutex<Vec<Queued>>,
    ledger: RwLock<Ledger>,
}

/// The chain with all that changes together with it.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) chain: Chain,
    pub(crate) pool: Pool,
    pub(crate) time: Time,
    pub(crate) store: Option<Store>,
    pub(crate) snapshots: Vec<(u64, B256)>,
}

impl Node {
    /// A chain that is gone with the process.
    ///
    /// # Errors
    /// [`ChainError::Accounts`].
    pub fn in_memory(settings: &Settings) -> Result<Self, ChainError> {
        let ledger = Ledger {
            chain: Chain::new(beginning(settings)?),
            pool: Pool::default(),
            time: Time::new(settings.clock, Shift::default()),
            store: None,
            snapshots: Vec::new(),
        };
        Self::over(ledger, settings)
    }

    /// The chain of a folder, which is begun where there is none.
    ///
    /// # Errors
    /// [`ChainError::Folder`], `InUse`, `Damaged`, `Replay`, `OtherChain`, `Accounts`.
    pub fn open(folder: &Path, settings: &Settings) -> Result<Self, ChainError> {
        let (mut store, stored) = Store::open(folder)?;
        if stored.torn > 0 {
            tracing::warn!(
                bytes = stored.torn,
                "cut off the end of {}: a block that was never finished, and that nobody was told of",
                store.path().display()
            );
        }
        let (chain, pool, shift) = if stored.records.is_empty() {
            let genesis = beginning(settings)?;
            store.append(&Record::Genesis(genesis.clone()))?;
            (Chain::new(genesis), Pool::default(), Shift::default())
        } else {
            replay(stored.records, store.path())?
        };
        let ledger = Ledger {
            chain,
            pool,
            time: Time::new(settings.clock, shift),
            store: Some(store),
            snapshots: Vec::new(),
        };
        Self::over(ledger, settings)
    }

    fn over(ledger: Ledger, settings: &Settings) -> Result<Self, ChainError> {
        let genesis = ledger.chain.genesis();
        let chain_id = genesis.chain_id;
        let count = u32::try_from(genesis.balances.len()).unwrap_or(u32::MAX);
        agree("chain id", settings.chain_id, chain_id)?;
        agree("accounts", settings.accounts, count)?;
        Ok(Self {
            chain_id,
            accounts: development_accounts(count)?,
            blocks: settings.blocks,
            queue: Mutex::default(),
            ledger: RwLock::new(ledger),
        })
    }

    /// The number that signatures are bound to.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// When there is a block.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        self.blocks
    }

    /// The accounts that were funded at first. Their keys are public.
    #[must_use]
    pub fn accounts(&self) -> &[DevelopmentAccount] {
        &self.accounts
    }

    /// Number of the newest block.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.read().chain.newest().number
    }

    // A panic while somebody holds a lock is a defect, but it leaves nothing half done that others could
    // see: blocks are pushed whole.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Ledger> {
        self.ledger.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn queued(&self) -> MutexGuard<'_, Vec<Queued>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), ChainError> {
        match &mut self.store {
            Some(store) => store.append(record),
            None => Ok(()),
        }
    }

    /// The second of the next block.
    pub(crate) fn next_timestamp(&self) -> u64 {
        self.time.of_next(self.chain.newest().timestamp)
    }

    /// The nonce of an account's next transaction, counting those that wait.
    pub(crate) fn next_nonce(&self, account: Address) -> u64 {
        let newest = self.chain.newest().number;
        let state = self.chain.state_at(newest);
        let mined = state.account(account).map_or(0, |info| info.nonce);
        mined.saturating_add(self.pool.count(account))
    }
}

fn beginning(settings: &Settings) -> Result<Genesis, ChainError> {
    let accounts = development_accounts(settings.accounts.unwrap_or(USUAL_ACCOUNTS))?;
    Ok(Genesis {
        chain_id: settings.chain_id.unwrap_or(USUAL_CHAIN_ID),
        timestamp: settings.clock.now(),
        balances: accounts
            .iter()
            .map(|account| (account.address(), U256::from(FIRST_BALANCE)))
            .collect(),
    })
}

fn agree<T: PartialEq + std::fmt::Display>(
    what: &str,
    asked: Option<T>,
    there: T,
) -> Result<(), ChainError> {
    match asked {
        Some(asked) if asked != there => Err(ChainError::OtherChain {
            there: format!("{what} {there}"),
            asked: asked.to_string(),
        }),
        Some(_) | None => Ok(()),
    }
}
