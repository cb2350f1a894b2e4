//! The contracts as types, from `contracts/abi/`.
//!
//! Each contract has a module of its own, because the ABI of the factory repeats the structs of the escrow.

use alloy_sol_types::sol;

/// `EscrowFactory`, with its bytecode and the structs that `announce` takes.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod factory {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        EscrowFactory,
        concat!(env!("OUT_DIR"), "/EscrowFactory.json")
    );
}

/// `IEscrow`: what an escrow takes, says, emits and refuses.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod escrow {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        IEscrow,
        concat!(env!("OUT_DIR"), "/IEscrow.json")
    );
}

/// `IRootEscrow`: the same of an escrow that takes the outcome as a root.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod root_escrow {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        IRootEscrow,
        concat!(env!("OUT_DIR"), "/IRootEscrow.json")
    );
}

/// `RootEscrowFactory`, with its bytecode: makes [`root_escrow`].
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod root_factory {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        RootEscrowFactory,
        concat!(env!("OUT_DIR"), "/RootEscrowFactory.json")
    );
}

/// `SaleToken`: the ERC-20 that is sold.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod token {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        SaleToken,
        concat!(env!("OUT_DIR"), "/SaleToken.json")
    );
}

/// `OfferingFactory`, with its bytecode and the plans that `announceWithAfterSale` takes.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod offering_factory {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        OfferingFactory,
        concat!(env!("OUT_DIR"), "/OfferingFactory.json")
    );
}

/// `Milestones`, with its bytecode: releases the money step by step.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod milestones {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        Milestones,
        concat!(env!("OUT_DIR"), "/Milestones.json")
    );
}

/// `Vesting`, with its bytecode: holds a share of the supply until it is free.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod vesting {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        Vesting,
        concat!(env!("OUT_DIR"), "/Vesting.json")
    );
}

/// `IWithdrawal`: what an escrow does beside [`escrow`] where contributions may be taken back.
#[allow(
    missing_docs,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod withdrawal {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        IWithdrawal,
        concat!(env!("OUT_DIR"), "/IWithdrawal.json")
    );
}

/// `WithdrawableEscrowFactory`: takes and says what [`factory`] does, and makes those escrows.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; the documentation is in contracts/src"
)]
pub mod withdrawable_factory {
    super::sol!(
        #[derive(Debug, PartialEq, Eq)]
        WithdrawableEscrowFactory,
        concat!(env!("OUT_DIR"), "/WithdrawableEscrowFactory.json")
    );
}
