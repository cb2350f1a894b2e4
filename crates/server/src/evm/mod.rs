//! The rail of EVM chains in a node: follows the escrow of each offering that has one, and makes entries of
//! what it sees.
//!
//! One task per log ([`follow`]); what it learnt is shown by [`Rails::status`]. Nothing is kept but the place
//! in the chain up to which everything is in the record ([`place`]): it is a shortcut, and a lost one costs
//! reading some blocks again.

mod enter;
mod follow;
mod place;
mod signed_addresses;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alloy_primitives::Address;
use alloy_rpc_client::RpcClient;
use softcap_evm::{Endpoint, Endpoints, Fault, HttpTransport, Releases, RootStanding, host_of};
use softcap_journal::LogName;
use softcap_proof::VerifierKey;

pub(crate) use follow::follow_chains;
pub(crate) use signed_addresses::SignedAddresses;

use crate::{config::EvmSection, error::ServerError};

/// The chain of a node, and what is known of each escrow on it.
#[derive(Debug)]
pub struct Rails {
    endpoints: Option<Endpoints>,
    confirmations: u64,
    poll: Duration,
    blocks_at_once: u64,
    places: PathBuf,
    addresses: Option<SignedAddresses>,
    for_wallets: ForWallets,
    status: Mutex<BTreeMap<LogName, RailStatus>>,
}

/// What pages tell people and their wallets of the chain.
#[derive(Clone, Debug)]
pub(crate) struct ForWallets {
    /// What people call it.
    pub(crate) name: Option<String>,
    /// Symbol of its coin.
    pub(crate) coin: String,
    /// A node for wallets that do not know the chain.
    pub(crate) endpoint: Option<String>,
    /// A site that shows transactions.
    pub(crate) explorer: Option<String>,
}

/// What is known of one escrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RailStatus {
    /// The newest block of the endpoints.
    pub head: u64,
    /// The block up to which everything is in the record.
    pub followed: u64,
    /// Logs that are seen and not deep enough yet.
    pub waiting: u64,
    /// The contract that releases the money in steps, where there is one.
    pub milestones: Option<Address>,
    /// Where the releases of the money stand on the chain, where it is released in steps.
    pub releases: Option<Releases>,
    /// Where the settlement by root stands on the chain, where the terms need one.
    pub root: Option<RootStanding>,
    /// What keeps it from going on for now.
    pub problem: Option<String>,
    /// What stopped it until an operator confirms.
    pub alarm: Option<String>,
}

impl Rails {
    /// As configured; `folder` is that of the node, and one of the `issuers` must have signed the addresses.
    ///
    /// # Errors
    /// [`ServerError::Endpoint`], [`ServerError::Addresses`].
    pub(crate) fn open(
        config: &EvmSection,
        folder: &Path,
        issuers: &[VerifierKey],
    ) -> Result<Self, ServerError> {
        let addresses = config.addresses_file.as_deref();
        let addresses = addresses.map(|path| SignedAddresses::read(path, issuers));
        let mut all = Vec::with_capacity(config.endpoints.len());
        for url in &config.endpoints {
            let transport = HttpTransport::new(url);
            let transport = transport.map_err(|_| ServerError::Endpoint)?;
            all.push(Endpoint {
                name: host_of(url).to_owned(),
                client: RpcClient::new(transport, false),
            });
        }
        let quorum = config.quorum.map_or(all.len() / 2 + 1, |quorum| {
            usize::try_from(quorum).unwrap_or(usize::MAX)
        });
        Ok(Self {
            endpoints: (!all.is_empty()).then(|| Endpoints::new(all, quorum)),
            confirmations: config.confirmations.into(),
            poll: Duration::from_millis(config.poll_millis.max(1).into()),
            blocks_at_once: config.blocks_at_once.max(1).into(),
            places: folder.join("evm"),
            addresses: addresses.transpose()?,
            for_wallets: ForWallets {
                name: config.chain_name.clone(),
                coin: config.coin.clone(),
                endpoint: config.wallet_endpoint.clone(),
                explorer: config.explorer.clone(),
            },
            status: Mutex::default(),
        })
    }

    /// What is known of an offering's escrow; `None` before it is followed.
    #[must_use]
    pub fn status(&self, log: &LogName) -> Option<RailStatus> {
        let held = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(log).cloned()
    }

    /// The endpoints, and what is wrong with each.
    #[must_use]
    pub fn endpoints(&self) -> Vec<(String, Option<Fault>)> {
        self.endpoints
            .as_ref()
            .map_or_else(Vec::new, Endpoints::health)
    }

    /// How deep a block must be before entries are made of it.
    #[must_use]
    pub fn confirmations(&self) -> u64 {
        self.confirmations
    }

    /// What the issuer signed of the contracts, where a file is configured.
    pub(crate) fn addresses(&self) -> Option<&SignedAddresses> {
        self.addresses.as_ref()
    }

    /// What pages tell people and their wallets of the chain.
    pub(crate) fn for_wallets(&self) -> &ForWallets {
        &self.for_wallets
    }

    /// The way to the chain, where one is configured.
    pub(crate) fn chain(&self) -> Option<&Endpoints> {
        self.endpoints.as_ref()
    }

    fn note(&self, log: &LogName, change: impl FnOnce(&mut RailStatus)) {
        let mut held = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(held.entry(log.clone()).or_default());
    }
}
