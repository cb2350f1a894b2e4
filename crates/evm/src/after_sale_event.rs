//! What the contracts that were made together with an escrow say in their logs.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEventInterface as _;
use softcap_offering::{Amount, Tokens};

use crate::bindings::{
    milestones::Milestones::{self, MilestonesEvents},
    vesting::Vesting::{self, VestingEvents},
};

/// What follows a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterSaleEvent {
    /// Time counts from here.
    Begun,
    /// The issuer says that a milestone is reached.
    Announced {
        /// Place of the milestone in the terms.
        milestone: u8,
        /// First second without objections, in unix seconds.
        objections_until: u64,
    },
    /// A contributor objects.
    Objected {
        /// Who.
        investor: Address,
        /// To which milestone.
        milestone: u8,
        /// Accepted money that counts.
        accepted: Amount,
    },
    /// No more releases: what is left goes back.
    Stopped {
        /// At which milestone.
        milestone: u8,
        /// Accepted money of those who object.
        objections: Amount,
    },
    /// The beneficiary got the part of a milestone.
    Released {
        /// Place of the milestone in the terms.
        milestone: u8,
        /// How much.
        amount: Amount,
    },
    /// A contributor gave tokens back and got money.
    GivenBack {
        /// Who.
        investor: Address,
        /// Tokens that were burned.
        tokens: Tokens,
        /// Money that went back.
        amount: Amount,
    },
    /// The holder of a share got what is free of it.
    Vested {
        /// Place of the share in the terms.
        share: u8,
        /// How many tokens.
        tokens: Tokens,
    },
}

/// Reads a log of the contract that releases the money.
pub(crate) fn of_milestones(topics: &[B256], data: &Bytes) -> Option<AfterSaleEvent> {
    let event = MilestonesEvents::decode_raw_log(topics, data).ok()?;
    Some(match event {
        MilestonesEvents::Begun(_) => AfterSaleEvent::Begun,
        MilestonesEvents::MilestoneAnnounced(Milestones::MilestoneAnnounced {
            milestone,
            objectionsUntil,
        }) => AfterSaleEvent::Announced {
            milestone: u8::try_from(milestone).ok()?,
            objections_until: u64::try_from(objectionsUntil).ok()?,
        },
        MilestonesEvents::Objected(objected) => AfterSaleEvent::Objected {
            investor: objected.investor,
            milestone: u8::try_from(objected.milestone).ok()?,
            accepted: Amount(narrow(objected.accepted)?),
        },
        MilestonesEvents::Stopped(stopped) => AfterSaleEvent::Stopped {
            milestone: u8::try_from(stopped.milestone).ok()?,
            objections: Amount(narrow(stopped.objections)?),
        },
        MilestonesEvents::MilestoneReleased(released) => AfterSaleEvent::Released {
            milestone: u8::try_from(released.milestone).ok()?,
            amount: Amount(narrow(released.amount)?),
        },
        MilestonesEvents::Refunded(back) => AfterSaleEvent::GivenBack {
            investor: back.investor,
            tokens: Tokens(narrow(back.tokens)?),
            amount: Amount(narrow(back.amount)?),
        },
    })
}

/// Reads a log of the contract that holds a share.
pub(crate) fn of_vesting(share: u8, topics: &[B256], data: &Bytes) -> Option<AfterSaleEvent> {
    let event = VestingEvents::decode_raw_log(topics, data).ok()?;
    Some(match event {
        VestingEvents::Begun(_) => AfterSaleEvent::Begun,
        VestingEvents::Released(Vesting::Released { tokens }) => AfterSaleEvent::Vested {
            share,
            tokens: Tokens(narrow(tokens)?),
        },
    })
}

fn narrow(number: U256) -> Option<u128> {
    u128::try_from(number).ok()
}
