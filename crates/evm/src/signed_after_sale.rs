//! What comes after a sale, as lines of the signed addresses.
//!
//! ```text
//! milestones 0x75f0... 0x11aa...           address, hash of its code: the plan is in it
//! vesting 0 0x9fe4... 0x22bb...            place of the share in the terms, address, hash of its code
//! ```

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};

use crate::after_sale_place::{AfterSalePlace, escrow_of_milestones, escrow_of_vesting};
use crate::client::ChainClient;
use crate::error::EvmError;

/// A contract, with the hash of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedContract {
    /// Where it stands.
    pub address: Address,
    /// Keccak-256 of its code.
    pub code_hash: B256,
}

/// The contracts that were made together with an escrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedAfterSale {
    /// Releases the money in steps.
    pub milestones: Option<SignedContract>,
    /// Hold the shares that vest, by the place of the share in the terms.
    pub vestings: BTreeMap<u8, SignedContract>,
}

impl SignedContract {
    async fn read(client: &ChainClient, address: Address) -> Result<Self, EvmError> {
        Ok(Self {
            address,
            code_hash: keccak256(client.code(address).await?),
        })
    }

    fn from_words(address: &str, code_hash: &str) -> Option<Self> {
        Some(Self {
            address: address.parse().ok()?,
            code_hash: code_hash.parse().ok()?,
        })
    }

    fn json(&self) -> Value {
        json!({ "address": self.address.to_string(), "code_hash": self.code_hash.to_string() })
    }
}

impl SignedAfterSale {
    /// What stands on the chain now, to be signed after it was read back.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn read(client: &ChainClient, place: &AfterSalePlace) -> Result<Self, EvmError> {
        let mut read = Self::default();
        if let Some(address) = place.milestones {
            read.milestones = Some(SignedContract::read(client, address).await?);
        }
        for (share, address) in &place.vestings {
            let contract = SignedContract::read(client, *address).await?;
            read.vestings.insert(*share, contract);
        }
        Ok(read)
    }

    /// Without the hashes.
    pub fn place(&self) -> AfterSalePlace {
        let vestings = self.vestings.iter();
        AfterSalePlace {
            milestones: self.milestones.map(|contract| contract.address),
            vestings: vestings
                .map(|(share, contract)| (*share, contract.address))
                .collect(),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let milestones = self.milestones.iter();
        let milestones = milestones.map(|SignedContract { address, code_hash }| {
            format!("milestones {address} {code_hash}")
        });
        let vestings = self.vestings.iter();
        let vestings = vestings.map(|(share, SignedContract { address, code_hash })| {
            format!("vesting {share} {address} {code_hash}")
        });
        milestones.chain(vestings).collect()
    }

    pub(crate) fn from_lines(lines: &[&str]) -> Option<Self> {
        let mut read = Self::default();
        for line in lines {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["milestones", address, code_hash] => {
                    read.milestones = Some(SignedContract::from_words(address, code_hash)?);
                }
                ["vesting", share, address, code_hash] => {
                    let contract = SignedContract::from_words(address, code_hash)?;
                    read.vestings.insert(share.parse().ok()?, contract);
                }
                _ => return None,
            }
        }
        Some(read)
    }

    /// Members of the file; none where nothing comes after the sale.
    pub(crate) fn members(&self) -> Vec<(&'static str, Value)> {
        let mut members = Vec::new();
        if let Some(contract) = &self.milestones {
            members.push(("milestones", contract.json()));
        }
        if !self.vestings.is_empty() {
            let contracts = self.vestings.iter().map(|(share, contract)| {
                let mut value = contract.json();
                value["share"] = json!(share);
                value
            });
            members.push(("vesting", contracts.collect()));
        }
        members
    }

    /// Compares the chain with what was signed; every difference.
    pub(crate) async fn differences(
        &self,
        client: &ChainClient,
        escrow: Address,
    ) -> Result<Vec<String>, EvmError> {
        let mut differences = Vec::new();
        if let Some(contract) = &self.milestones {
            let what = "the milestone contract".to_owned();
            match code_difference(client, contract, &what).await? {
                Some(difference) => differences.push(difference),
                None => {
                    let told = escrow_of_milestones(client, contract.address).await;
                    differences.extend(belongs(told, escrow, &what)?);
                }
            }
        }
        for (share, contract) in &self.vestings {
            let what = format!("the vesting contract of share {share}");
            match code_difference(client, contract, &what).await? {
                Some(difference) => differences.push(difference),
                None => {
                    let told = escrow_of_vesting(client, contract.address).await;
                    differences.extend(belongs(told, escrow, &what)?);
                }
            }
        }
        Ok(differences)
    }
}

async fn code_difference(
    client: &ChainClient,
    contract: &SignedContract,
    what: &str,
) -> Result<Option<String>, EvmError> {
    let there = keccak256(client.code(contract.address).await?);
    let signed = contract.code_hash;
    Ok((there != signed)
        .then(|| format!("the hash of the code of {what} is {there}, signed was {signed}")))
}

fn belongs(
    told: Result<Address, EvmError>,
    escrow: Address,
    what: &str,
) -> Result<Option<String>, EvmError> {
    match told {
        Ok(told) => Ok((told != escrow).then(|| format!("{what} belongs to {told}"))),
        Err(EvmError::NotOurs { problem, .. }) => Ok(Some(format!("{what}: {problem}"))),
        Err(error) => Err(error),
    }
}
