//! The contracts as types, from `contracts/abi/`.
//!
//! Each contract has a module of its own, because the ABI of the factory repeats the structs of the escrow.

macro_rules! contracts {
    ($($(#[$doc:meta])* $module:ident: $contract:ident,)*) => {$(
        $(#[$doc])*
        #[allow(
            missing_docs,
            clippy::too_many_arguments,
            reason = "generated from the ABI; the documentation is in contracts/src"
        )]
        pub mod $module {
            alloy_sol_types::sol!(
                #[derive(Debug, PartialEq, Eq)]
                $contract,
                concat!(env!("OUT_DIR"), "/", stringify!($contract), ".json")
            );
        }
    )*};
}

contracts! {
    /// `EscrowFactory`, with its bytecode and the structs that `announce` takes.
    factory: EscrowFactory,
    /// `IEscrow`: what an escrow takes, says, emits and refuses.
    escrow: IEscrow,
    /// `IRootEscrow`: the same of an escrow that takes the outcome as a root.
    root_escrow: IRootEscrow,
    /// `RootEscrowFactory`, with its bytecode: makes [`root_escrow`].
    root_factory: RootEscrowFactory,
    /// `SaleToken`: the ERC-20 that is sold.
    token: SaleToken,
    /// `TokenClone`, with the code that is there: a [`token`] that transfers by itself.
    token_clone: TokenClone,
    /// `OfferingFactory`, with its bytecode and the plans that `announceWithAfterSale` takes.
    offering_factory: OfferingFactory,
    /// `Milestones`, with its bytecode: releases the money step by step.
    milestones: Milestones,
    /// `Vesting`, with its bytecode: holds a share of the supply until it is free.
    vesting: Vesting,
    /// `IWithdrawal`: what an escrow does beside [`escrow`] where contributions may be taken back.
    withdrawal: IWithdrawal,
    /// `IRounds`: what an escrow says beside [`escrow`] where the sale has several rounds.
    rounds: IRounds,
    /// `RoundsEscrowFactory`: makes those escrows.
    rounds_factory: RoundsEscrowFactory,
    /// `RoundsOfferingFactory`: makes those escrows and, as [`offering_factory`], what comes after the sale.
    rounds_offering_factory: RoundsOfferingFactory,
    /// `WithdrawableEscrowFactory`: takes and says what [`factory`] does, and makes those escrows.
    withdrawable_factory: WithdrawableEscrowFactory,
    /// `WithdrawableRoundsEscrowFactory`: the same with [`rounds`].
    withdrawable_rounds_factory: WithdrawableRoundsEscrowFactory,
}
