//! What the factory is told of what comes after the sale: steps of the release, shares that vest.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue as _;

use crate::{
    bindings::{
        factory::SaleToken,
        offering_factory::{AfterSaleFactory::VestingPlan, IMilestones},
        vesting::Vesting,
    },
    escrow_terms::AfterClaim,
    numbers::{Numbers, ReleaseNumbers, ShareNumbers},
    parties::Parties,
};

/// The plans; part of the code of the contracts that keep them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AfterSalePlans {
    /// In which steps the money is released; `None`: the beneficiary gets all of it at once.
    pub release: Option<IMilestones::Plan>,
    /// The shares of the token that become free over time, by their place in the token plan.
    pub vestings: Vec<VestingPlan>,
}

impl AfterSalePlans {
    pub(crate) fn new(parties: &Parties, numbers: &Numbers) -> Self {
        let vests = |(place, share): (usize, &ShareNumbers)| {
            share.vesting.map(|vesting| VestingPlan {
                share: U256::from(place),
                cliff: vesting.cliff,
                duration: vesting.duration,
            })
        };
        let release = numbers.release.as_ref();
        Self {
            release: release.map(|release| plan(parties.beneficiary, release)),
            vestings: numbers
                .shares
                .iter()
                .enumerate()
                .filter_map(vests)
                .collect(),
        }
    }

    /// Whether nothing comes after the sale: money and shares are free at once.
    pub fn is_empty(&self) -> bool {
        self.release.is_none() && self.vestings.is_empty()
    }

    /// What becomes of an account of the escrow once its tokens are out.
    pub(crate) fn after_claim(&self) -> AfterClaim {
        match self.release {
            Some(_) => AfterClaim::Keep,
            None => AfterClaim::Empty,
        }
    }

    /// What the factory is told of the release; no steps stand for none.
    pub(crate) fn release_argument(&self) -> IMilestones::Plan {
        self.release.clone().unwrap_or_else(|| IMilestones::Plan {
            beneficiary: Address::ZERO,
            stopShare: U256::ZERO,
            objectionWindow: U256::ZERO,
            deadline: U256::ZERO,
            milestones: Vec::new(),
        })
    }

    /// What stands in the code of the milestone contract behind the 45 bytes of the clone.
    pub fn milestones_arguments(&self) -> Option<Vec<u8>> {
        self.release.as_ref().map(IMilestones::Plan::abi_encode)
    }
}

/// What stands in the code of a vesting contract, for a share as the token is told of it.
pub(crate) fn vesting_arguments(plan: &VestingPlan, share: &SaleToken::Share) -> Vec<u8> {
    let plan = Vesting::Plan {
        beneficiary: share.holder,
        whole: share.amount,
        cliff: plan.cliff,
        duration: plan.duration,
    };
    plan.abi_encode()
}

/// The plan of a release, for who gets what is released.
pub(crate) fn plan(beneficiary: Address, release: &ReleaseNumbers) -> IMilestones::Plan {
    let step = |(part, earliest): &(U256, U256)| IMilestones::Milestone {
        part: *part,
        earliest: *earliest,
    };
    IMilestones::Plan {
        beneficiary,
        stopShare: release.stop_share,
        objectionWindow: release.objection_window,
        deadline: release.deadline,
        milestones: release.milestones.iter().map(step).collect(),
    }
}
