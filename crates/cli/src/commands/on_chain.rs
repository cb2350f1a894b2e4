//! What the commands that talk to a chain have in common: the node, the sender, the cost.

use std::fmt;

use alloy_primitives::{Address, B256, U256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use softcap_evm::{ChainClient, Cost, Draft, EvmError, read_wallet};

use crate::{arguments::SenderArguments, console::Console, failure::Failure};

/// Wei of a coin and of a gwei.
const COIN_DECIMALS: usize = 18;
const GWEI_DECIMALS: usize = 9;

/// Who signs, or who would.
pub(super) enum Sender {
    Signing(PrivateKeySigner),
    /// Nothing is sent.
    DryRun(Address),
}

impl Sender {
    pub(super) fn address(&self) -> Address {
        match self {
            Self::Signing(signer) => signer.address(),
            Self::DryRun(address) => *address,
        }
    }
}

pub(super) fn sender(arguments: &SenderArguments) -> Result<Sender, Failure> {
    if let Some(address) = arguments.from {
        return Ok(Sender::DryRun(address));
    }
    let signer = read_wallet(arguments.key_file.as_deref())?;
    Ok(if arguments.dry_run {
        Sender::DryRun(signer.address())
    } else {
        Sender::Signing(signer)
    })
}

/// What became of a transaction.
pub(super) enum Done {
    Sent { receipt: Box<softcap_evm::Receipt> },
    Tried(Cost),
}

impl Done {
    /// What it cost, or would.
    pub(super) fn cost(&self) -> Spent {
        match self {
            Self::Sent { receipt } => Spent {
                gas: receipt.gas_used,
                price: receipt.effective_gas_price,
                most: None,
            },
            Self::Tried(cost) => Spent {
                gas: cost.gas,
                price: cost.gas_price,
                most: Some(cost.most()),
            },
        }
    }

    pub(super) fn transaction(&self) -> Option<B256> {
        match self {
            Self::Sent { receipt } => Some(receipt.transaction_hash),
            Self::Tried(_) => None,
        }
    }
}

/// Tries a transaction, says what it costs, and sends it if a key is there.
pub(super) async fn run(
    client: &ChainClient,
    draft: &Draft,
    sender: &Sender,
    console: &Console,
) -> Result<Done, EvmError> {
    let cost = client.try_out(draft).await?;
    let (expected, most) = (coin(cost.expected()), coin(cost.most()));
    console.say(format_args!(
        "{}: {} gas, about {expected} coin, at most {most}",
        draft.what, cost.gas
    ));
    match sender {
        Sender::DryRun(_) => Ok(Done::Tried(cost)),
        Sender::Signing(signer) => {
            let receipt = client.send(draft, &cost, signer).await?;
            Ok(Done::Sent {
                receipt: Box::new(receipt),
            })
        }
    }
}

/// Gas and its price.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) gas: u64,
    pub(super) price: u128,
    /// Where it is an estimate.
    most: Option<U256>,
}

impl Spent {
    pub(super) fn estimated(cost: &Cost) -> Self {
        Self {
            gas: cost.gas,
            price: cost.gas_price,
            most: Some(cost.most()),
        }
    }

    /// Adds what another transaction cost, at the price of gas of the later one.
    pub(super) fn add(&mut self, other: &Self) {
        self.gas = self.gas.saturating_add(other.gas);
        self.price = other.price;
        self.most = match (self.most, other.most) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
    }

    fn coin(&self) -> U256 {
        U256::from(self.gas) * U256::from(self.price)
    }

    /// Amounts as strings, in wei.
    pub(super) fn json(&self) -> Value {
        json!({
            "gas": self.gas.to_string(),
            "gas_price": self.price.to_string(),
            "wei": self.coin().to_string(),
            "at_most_wei": self.most.map(|most| most.to_string()),
        })
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let price = decimal(U256::from(self.price), GWEI_DECIMALS);
        let (gas, amount) = (self.gas, coin(self.coin()));
        write!(out, "{amount} coin ({gas} gas at {price} gwei)")?;
        match self.most {
            Some(most) => write!(out, ", at most {}", coin(most)),
            None => Ok(()),
        }
    }
}

/// Wei as coin.
pub(super) fn coin(wei: U256) -> String {
    decimal(wei, COIN_DECIMALS)
}

/// A count of smallest units with a decimal point, without zeros at its end.
fn decimal(units: U256, decimals: usize) -> String {
    let digits = format!("{:0>width$}", units.to_string(), width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_no_needless_zeros() {
        let rows = [
            (0_u128, "0"),
            (1, "0.000000000000000001"),
            (1_500_000_000_000_000_000, "1.5"),
            (20_000_000_000_000_000_000, "20"),
        ];
        for (wei, text) in rows {
            assert_eq!(coin(U256::from(wei)), text);
        }
    }
}
