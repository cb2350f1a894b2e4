//! The contracts that follow a sale, on the chain of that sale.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEventInterface as _, SolInterface as _};
use revm::context::result::ExecutionResult;
use softcap_evm::bindings::{
    escrow::IEscrow::{IEscrowErrors, IEscrowEvents},
    milestones::Milestones::{MilestonesErrors, MilestonesEvents},
    offering_factory::OfferingFactory,
    token::SaleToken::{self, SaleTokenErrors},
    vesting::Vesting::{VestingErrors, VestingEvents},
};

use crate::acts::INVESTORS;
use crate::chain::{Chain, STRANGER, investor};

/// What was made beside the escrow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AfterSale {
    pub(crate) milestones: Option<Address>,
    pub(crate) vesting: Option<Address>,
}

impl AfterSale {
    pub(crate) fn all(self) -> Vec<Address> {
        self.milestones.into_iter().chain(self.vesting).collect()
    }
}

/// What one of the contracts of a sale says in a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Escrow(IEscrowEvents),
    Milestones(MilestonesEvents),
    Vesting(VestingEvents),
}

/// Whose error it is that a transaction had no effect.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Milestones(MilestonesErrors),
    Vesting(VestingErrors),
    Escrow(IEscrowErrors),
    /// The token's own: who gives it away does not have it.
    Token,
    Otherwise(String),
}

pub(crate) type AfterAnswer = Result<Vec<Said>, Denied>;

impl Chain {
    /// A transaction to one of the contracts that follow the sale, or to the factory.
    pub(crate) fn after(
        &mut self,
        from: Address,
        to: Address,
        value: U256,
        call: &impl SolCall,
    ) -> AfterAnswer {
        let done = self.send_to(to, from, value, call.abi_encode());
        self.after_answer(to, done)
    }

    /// What such a transaction would do; nothing stays.
    pub(crate) fn try_after(
        &mut self,
        from: Address,
        to: Address,
        call: &impl SolCall,
    ) -> AfterAnswer {
        let done = self.try_to(to, from, call.abi_encode());
        self.after_answer(to, done)
    }

    /// Coin without a call, from somebody who has some.
    pub(crate) fn send_coin(&mut self, to: Address) -> AfterAnswer {
        let done = self.send_to(to, investor(0), U256::from(1), Vec::new());
        self.after_answer(to, done)
    }

    fn after_answer(&self, to: Address, done: ExecutionResult) -> AfterAnswer {
        match done {
            ExecutionResult::Success { logs, .. } => {
                let said = logs.iter().filter_map(|log| {
                    let (topics, data, from) = (log.topics(), &log.data.data, Some(log.address));
                    if from == Some(self.escrow) {
                        let event = IEscrowEvents::decode_raw_log(topics, data);
                        Some(Said::Escrow(event.unwrap()))
                    } else if from == self.made.milestones {
                        let event = MilestonesEvents::decode_raw_log(topics, data);
                        Some(Said::Milestones(event.unwrap()))
                    } else if from == self.made.vesting {
                        let event = VestingEvents::decode_raw_log(topics, data);
                        Some(Said::Vesting(event.unwrap()))
                    } else {
                        None
                    }
                });
                Ok(said.collect())
            }
            ExecutionResult::Revert { output, .. } => Err(self.denied(to, &output)),
            ExecutionResult::Halt { reason, .. } => Err(Denied::Otherwise(format!("{reason:?}"))),
        }
    }

    /// Two contracts may have an error of one name: it is that of the one which was called.
    fn denied(&self, to: Address, output: &[u8]) -> Denied {
        if Some(to) == self.made.vesting
            && let Ok(error) = VestingErrors::abi_decode(output)
        {
            return Denied::Vesting(error);
        }
        if let Ok(error) = MilestonesErrors::abi_decode(output) {
            return Denied::Milestones(error);
        }
        if let Ok(error) = IEscrowErrors::abi_decode(output) {
            return Denied::Escrow(error);
        }
        match SaleTokenErrors::abi_decode(output) {
            Ok(_) => Denied::Token,
            Err(_) => Denied::Otherwise(alloy_primitives::hex::encode(output)),
        }
    }

    /// Settles and begins all in one transaction.
    pub(crate) fn settle_all(&mut self) -> AfterAnswer {
        let (escrow, list) = (self.escrow, self.made.all());
        let call = OfferingFactory::settleCall { escrow, list };
        self.after(STRANGER, self.factory, U256::ZERO, &call)
    }

    /// Everybody lets the contract of the milestones take tokens back.
    pub(crate) fn allow_all(&mut self, milestones: Address) {
        for who in 0..INVESTORS {
            let approve = SaleToken::approveCall {
                spender: milestones,
                value: U256::MAX,
            };
            let done = self.send_to(self.token, investor(who), U256::ZERO, approve.abi_encode());
            assert!(done.is_success(), "{done:?}");
        }
    }

    /// Tokens change hands.
    pub(crate) fn pass(&mut self, from: usize, to: usize, tokens: u128) {
        let transfer = SaleToken::transferCall {
            to: investor(to),
            value: U256::from(tokens),
        };
        let data = transfer.abi_encode();
        let done = self.send_to(self.token, investor(from), U256::ZERO, data);
        assert!(done.is_success(), "{done:?}");
    }
}
