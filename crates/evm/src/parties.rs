//! The addresses that terms do not hold.

use std::collections::BTreeMap;

use alloy_primitives::Address;

/// What people pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidIn {
    /// The chain's own coin.
    Coin,
    /// An ERC-20.
    Token(Address),
}

impl PaidIn {
    /// As the contract holds it: nobody for the coin.
    pub fn address(self) -> Address {
        match self {
            Self::Coin => Address::ZERO,
            Self::Token(token) => token,
        }
    }
}

/// Who takes part in a sale besides its investors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Announces; may pause, revoke, return and cancel.
    pub issuer: Address,
    /// Gets the accepted money after settlement.
    pub beneficiary: Address,
    /// Signs permits; `None` for a round that is open to everybody.
    pub verifier: Option<Address>,
    /// What people pay with.
    pub paid_in: PaidIn,
    /// Gets the tokens nobody bought; `None` if they are burned.
    pub treasury: Option<Address>,
    /// Holders of the shares of the supply, by the share's name.
    pub holders: BTreeMap<String, Address>,
}
