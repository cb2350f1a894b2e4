//! Where what comes after a sale stands on a chain, and whether it is what was announced.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_sol_types::SolEvent as _;

use crate::after_sale_plans::vesting_arguments;
use crate::announce::Place;
use crate::announcement::Announcement;
use crate::bindings::milestones::Milestones;
use crate::bindings::offering_factory::OfferingFactory;
use crate::bindings::vesting::Vesting;
use crate::client::ChainClient;
use crate::error::EvmError;
use crate::own_code::{AfterSaleCode, clone_code, implementation, require_clone};

/// The contracts that were made together with an escrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AfterSalePlace {
    /// Releases the money in steps; `None`: the escrow pays the beneficiary.
    pub milestones: Option<Address>,
    /// Hold the shares that vest, by the place of the share in the terms.
    pub vestings: BTreeMap<u8, Address>,
}

impl AfterSalePlace {
    /// What the factory made beside the escrow, as the receipt of the announcement says.
    pub fn of(place: Place, receipt: &TransactionReceipt) -> Self {
        let mut found = Self::default();
        let logs = receipt.logs().iter();
        for log in logs.filter(|log| log.address() == place.factory) {
            if let Ok(made) = OfferingFactory::MilestonesMade::decode_log(&log.inner)
                && made.escrow == place.escrow
            {
                found.milestones = Some(made.milestones);
            }
            if let Ok(made) = OfferingFactory::VestingMade::decode_log(&log.inner)
                && made.escrow == place.escrow
                && let Ok(share) = u8::try_from(made.share)
            {
                found.vestings.insert(share, made.vesting);
            }
        }
        found
    }

    /// Whether nothing was made beside escrow and token.
    pub fn is_empty(&self) -> bool {
        self.milestones.is_none() && self.vestings.is_empty()
    }

    /// All of them, in the order in which they are told of the settlement.
    pub fn all(&self) -> Vec<Address> {
        let milestones = self.milestones.into_iter();
        milestones.chain(self.vestings.values().copied()).collect()
    }
}

/// Compares what comes after the sale with what was announced: code with the plans in it, the code behind it, the
/// escrow that each was told, the tokens that each holds. Every difference.
pub(crate) async fn compare_after_sale(
    client: &ChainClient,
    place: Place,
    after_sale: &AfterSalePlace,
    announcement: &Announcement,
) -> Result<Vec<String>, EvmError> {
    let plans = &announcement.after_sale;
    let mut differences = Vec::new();
    let count = (usize::from(plans.release.is_some()), plans.vestings.len());
    let made = (
        usize::from(after_sale.milestones.is_some()),
        after_sale.vestings.len(),
    );
    if made != count {
        differences.push(format!(
            "{} contracts of milestones and {} of vesting were made, announced were {} and {}",
            made.0, made.1, count.0, count.1
        ));
    }
    if plans.is_empty() {
        return Ok(differences);
    }
    let own = AfterSaleCode::compute().await?;
    if AfterSaleCode::of_factory(client, place.factory).await? != own {
        differences.push("the factory makes milestones or vesting of other code".to_owned());
    }
    if let (Some(address), Some(arguments)) = (after_sale.milestones, plans.milestones_arguments())
    {
        let made = Made {
            what: "the milestone contract".to_owned(),
            address,
            arguments,
            behind: own.milestones,
        };
        differences.extend(made.differences(client, place.escrow).await?);
    }
    for plan in &plans.vestings {
        let share = usize::try_from(plan.share).ok();
        let address = share.and_then(|share| u8::try_from(share).ok());
        let address = address.and_then(|share| after_sale.vestings.get(&share));
        let share = share.and_then(|share| announcement.token.shares.get(share));
        let (Some(address), Some(share)) = (address, share) else {
            differences.push(format!("share {} vests nowhere", plan.share));
            continue;
        };
        let made = Made {
            what: format!("the vesting contract of share {}", plan.share),
            address: *address,
            arguments: vesting_arguments(plan, share),
            behind: own.vesting,
        };
        differences.extend(made.differences(client, place.escrow).await?);
        let held = client.token_balance(place.token, *address).await?;
        if held < share.amount {
            let (what, amount) = (made.what, share.amount);
            differences.push(format!("{what} holds {held} tokens of {amount}"));
        }
    }
    Ok(differences)
}

/// A clone that a factory made, and what it should be.
struct Made {
    what: String,
    address: Address,
    arguments: Vec<u8>,
    /// Hash of the code that it runs.
    behind: B256,
}

impl Made {
    async fn differences(
        &self,
        client: &ChainClient,
        escrow: Address,
    ) -> Result<Vec<String>, EvmError> {
        let mut differences = Vec::new();
        let code = client.code(self.address).await?;
        let implementation = implementation(&code).unwrap_or_default();
        let behind = keccak256(client.code(implementation).await?);
        if behind != self.behind || code != clone_code(implementation, &self.arguments) {
            // Whatever stands there has nothing that could be asked.
            differences.push(format!("{} has other code", self.what));
            return Ok(differences);
        }
        let told = client.call(self.address, &Vesting::escrowCall {}).await?;
        if told != escrow {
            differences.push(format!("{} belongs to {told}", self.what));
        }
        Ok(differences)
    }
}

/// The escrow that a contract of milestones of this program belongs to, if the escrow pays it.
///
/// # Errors
/// [`EvmError::NotOurs`].
pub async fn escrow_of_milestones(
    client: &ChainClient,
    milestones: Address,
) -> Result<Address, EvmError> {
    let own = AfterSaleCode::compute().await?.milestones;
    require_clone(client, milestones, ("milestone contract", own)).await?;
    let escrow = client.call(milestones, &Milestones::escrowCall {}).await?;
    let terms = crate::announce::terms_at(client, escrow).await?;
    if terms.beneficiary == milestones {
        return Ok(escrow);
    }
    Err(EvmError::NotOurs {
        address: milestones,
        expected: "milestone contract",
        problem: format!("the escrow {escrow} pays somebody else"),
    })
}

/// The escrow that a vesting contract of this program belongs to.
///
/// # Errors
/// [`EvmError::NotOurs`].
pub async fn escrow_of_vesting(
    client: &ChainClient,
    vesting: Address,
) -> Result<Address, EvmError> {
    let own = AfterSaleCode::compute().await?.vesting;
    require_clone(client, vesting, ("vesting contract", own)).await?;
    client.call(vesting, &Vesting::escrowCall {}).await
}
