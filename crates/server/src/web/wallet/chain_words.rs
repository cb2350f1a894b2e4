//! What a page and a wallet call the chain, and what the network takes.

use alloy_primitives::U256;
use softcap_evm::Cost;
use softcap_journal::OfferingLog;
use softcap_offering::{Amount, terms::Rail};

use crate::{
    api::Service,
    wallet_acts::coin_fee,
    web::{
        amounts,
        language::{Language, Value},
    },
};

/// Places of the coin of every EVM chain.
const COIN_DECIMALS: u8 = 18;

/// A chain, for a page and for a wallet.
#[derive(Clone, Debug)]
pub(in crate::web) struct ChainWords {
    /// As wallets number it: `0x` and hexadecimal digits.
    pub(in crate::web) id: String,
    /// What people call it.
    pub(in crate::web) name: String,
    /// Symbol of its coin.
    pub(in crate::web) coin: String,
    /// A node for wallets that do not know it; empty where none is offered.
    pub(in crate::web) endpoint: String,
    explorer: Option<String>,
}

impl ChainWords {
    pub(in crate::web) fn of(language: Language, service: &Service, chain_id: u64) -> Self {
        let told = service.rails().for_wallets();
        let number = chain_id.to_string();
        let unnamed = || language.tell("wallet-chain-number", &[("number", Value::Text(&number))]);
        Self {
            id: format!("{chain_id:#x}"),
            name: told.name.clone().unwrap_or_else(unnamed),
            coin: told.coin.clone(),
            endpoint: told.endpoint.clone().unwrap_or_default(),
            explorer: told.explorer.clone(),
        }
    }

    /// Where a transaction can be looked at.
    pub(in crate::web) fn transaction(&self, hash: &str) -> Option<String> {
        let site = self.explorer.as_deref()?;
        Some(format!("{}/tx/{hash}", site.trim_end_matches('/')))
    }
}

/// Money that the contract of an offering takes.
pub(in crate::web) fn money_words(language: Language, log: &OfferingLog, amount: Amount) -> String {
    let mut all = log.terms.currencies.iter();
    let place = all.position(|known| known.rail == Rail::Evm).unwrap_or(0);
    amounts::money(language, &log.terms, place, amount.0).text
}

/// What the network takes, for people.
pub(in crate::web) fn fee_words(language: Language, service: &Service, wei: U256) -> String {
    let coin = &service.rails().for_wallets().coin;
    amounts::amount(language, coin_fee(wei), COIN_DECIMALS, coin).text
}

/// What it costs at today's price, and at most.
pub(in crate::web) fn cost_words(language: Language, service: &Service, cost: &Cost) -> String {
    let expected = fee_words(language, service, cost.expected());
    let most = fee_words(language, service, cost.most());
    language.tell(
        "wallet-cost",
        &[
            ("expected", Value::Text(&expected)),
            ("most", Value::Text(&most)),
        ],
    )
}
