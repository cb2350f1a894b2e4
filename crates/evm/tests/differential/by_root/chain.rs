//! An escrow that is settled by a root, on the chain of the other sales.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolEventInterface as _, SolInterface as _};
use revm::context::result::ExecutionResult;
use softcap_evm::bindings::{
    factory::EscrowFactory,
    root_escrow::IRootEscrow::{IRootEscrowErrors, IRootEscrowEvents},
};
use softcap_evm::{FactoryKind, RootAnnouncement};

use crate::chain::Chain;

/// The escrow's events, or the name of its error.
pub(crate) type Answer = Result<Vec<IRootEscrowEvents>, String>;

impl Chain {
    /// A new chain with this sale.
    pub(crate) fn by_root(told: &RootAnnouncement) -> Self {
        let mut chain = Self::with_currency();
        let data = told.calldata().to_vec();
        chain.factory = chain.factory_of(FactoryKind::Root);
        let done = chain.send_to(chain.factory, told.terms.issuer, U256::ZERO, data);
        let ExecutionResult::Success { output, .. } = done else {
            panic!("not announced: {done:?}")
        };
        // Both factories answer alike.
        let made = EscrowFactory::announceCall::abi_decode_returns(output.data()).unwrap();
        (chain.escrow, chain.token) = (made.escrow, made.token);
        chain.pay_in(told.terms.currency);
        chain
    }

    pub(crate) fn ask(&mut self, from: Address, value: U256, call: &impl SolCall) -> Answer {
        let done = self.send_to(self.escrow, from, value, call.abi_encode());
        self.said(done)
    }

    /// What a transaction with so much gas would do; nothing stays.
    pub(crate) fn ask_with(&mut self, from: Address, call: &impl SolCall, gas: u64) -> Answer {
        let done = self.try_with(self.escrow, from, call.abi_encode(), gas);
        self.said(done)
    }

    fn said(&self, done: ExecutionResult) -> Answer {
        match done {
            ExecutionResult::Success { logs, .. } => Ok(logs
                .iter()
                .filter(|log| log.address == self.escrow)
                .map(|log| IRootEscrowEvents::decode_raw_log(log.topics(), &log.data.data).unwrap())
                .collect()),
            ExecutionResult::Revert { output, .. } => {
                Err(match IRootEscrowErrors::abi_decode(&output) {
                    Ok(error) => name(&error),
                    Err(_) => format!("otherwise: {output}"),
                })
            }
            ExecutionResult::Halt { reason, .. } => Err(format!("otherwise: {reason:?}")),
        }
    }
}

/// The name of an event or error, as in the ABI.
pub(crate) fn name(said: &impl std::fmt::Debug) -> String {
    let text = format!("{said:?}");
    let name = text.split(['(', ' ', '{']).next();
    name.unwrap_or_default().to_owned()
}
