//! What a chain says of an escrow at one block.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use softcap_offering::EscrowAddress;

use crate::{
    bindings::root_escrow::IRootEscrow::Account,
    chain_entries::Slack,
    escrow_event::EscrowLog,
    escrow_terms::{EscrowTerms, Misfit},
    exits::EscrowPhase,
    follower::Header,
    own_code::OwnCode,
    releases::Releases,
    root_standing::RootStanding,
    root_terms::RootTerms,
    sale_terms::SaleTerms,
};

/// Whether a contract at an address is the escrow that was announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractEvidence {
    /// Number of the chain.
    pub chain_id: u64,
    /// The announcement; none where no factory made one in the block that the record names.
    pub announced: Option<Announced>,
    /// What may have been made together with the escrow: whom it pays, and what a log says that it holds a share.
    pub after_sale: Vec<AfterSaleContract>,
}

/// A contract that may release the money or hold a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterSaleContract {
    /// Where it is.
    pub address: Address,
    /// What it is for.
    pub role: AfterSaleRole,
    /// Its code.
    pub code: Bytes,
    /// Hash of the code that it runs, if it is a clone.
    pub behind: Option<B256>,
    /// The escrow that it says it belongs to.
    pub escrow: Option<Address>,
}

/// What a contract of after the sale is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterSaleRole {
    /// The escrow pays it, and it releases the money in steps.
    Milestones,
    /// It holds a share.
    Vesting {
        /// Place of the share in the terms.
        share: u8,
        /// Who said so.
        said_by: Address,
        /// Tokens that it holds.
        held: U256,
        /// Tokens that it says it gave.
        given: U256,
    },
}

/// An announcement, and what stands at the addresses that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Height of its block.
    pub block: u64,
    /// Who announced.
    pub factory: Address,
    /// The token.
    pub token: Address,
    /// The hash in the announcement.
    pub terms_hash: B256,
    /// The hash that the factory remembers.
    pub remembered: B256,
    /// What the contract says that its terms are.
    pub terms: SaleTerms,
    /// Code of the escrow.
    pub escrow_code: Bytes,
    /// Code of the token.
    pub token_code: Bytes,
    /// What the factory makes clones of: escrow and token.
    pub implementations: (Address, Address),
    /// Code of these.
    pub behind: OwnCode,
}

/// What happened in a sale up to a block, and how it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleEvidence {
    /// The block.
    pub at: Header,
    /// The escrow.
    pub escrow: EscrowAddress,
    /// Its terms.
    pub terms: EscrowTerms,
    /// Everything that it said, in order.
    pub logs: Vec<EscrowLog>,
    /// The sale as a whole.
    pub state: SaleState,
    /// Investors that the contract was asked about.
    pub accounts: BTreeMap<Address, AccountView>,
    /// What the contracts hold.
    pub holdings: Holdings,
    /// What comes after the sale.
    pub after_sale: AfterSaleEvidence,
}

/// How what comes after a sale stands at the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AfterSaleEvidence {
    /// What releases the money in steps.
    pub milestones: Option<MilestonesView>,
    /// What holds shares, by the place of the share in the terms.
    pub vestings: BTreeMap<u8, VestingView>,
}

/// A contract that releases the money in steps, as it says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MilestonesView {
    /// Where it is.
    pub contract: Address,
    /// Since when time counts, in unix seconds; zero before.
    pub begun: u64,
    /// How far it is.
    pub releases: Releases,
    /// What it holds of the money.
    pub held: U256,
}

/// A contract that holds a share, as it says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VestingView {
    /// Where it is.
    pub contract: Address,
    /// Since when time counts, in unix seconds; zero before.
    pub begun: u64,
    /// Tokens that it gave.
    pub given: U256,
    /// Tokens that it holds.
    pub held: U256,
}

/// What happened in a sale that is settled by a root, up to a block, and how it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSaleEvidence {
    /// The block.
    pub at: Header,
    /// The escrow.
    pub escrow: EscrowAddress,
    /// Its terms.
    pub terms: RootTerms,
    /// Everything that it said, in order.
    pub logs: Vec<EscrowLog>,
    /// The sale as a whole.
    pub standing: RootStanding,
    /// Whether no leaf can be proved any more.
    pub refunds: Refunds,
    /// Investors that the contract was asked about.
    pub accounts: BTreeMap<Address, Account>,
    /// What the contracts hold.
    pub holdings: Holdings,
}

/// A sale as a whole, as the contract says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaleState {
    /// Accepted money less what was returned.
    pub raised: u128,
    /// Where it stands.
    pub phase: EscrowPhase,
    /// Whether everybody's money is due back.
    pub refunds: Refunds,
}

/// Whether everybody's money is due back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunds {
    /// It is.
    Open,
    /// It is not, or not yet.
    Closed,
}

impl Refunds {
    /// From the answer of `refundsOpen()`.
    pub(crate) fn from_answer(open: bool) -> Self {
        if open { Self::Open } else { Self::Closed }
    }
}

/// An investor, as the contract says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// What was accepted, or asked for where it is shared out; nothing once it was paid and nothing needs it any more.
    pub accepted: u128,
    /// Tokens that could be taken out.
    pub tokens_due: u128,
    /// Money that could be taken out.
    pub money_due: u128,
}

/// What the contracts hold, in smallest units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Money of the escrow.
    pub money: U256,
    /// Tokens of the escrow.
    pub tokens: U256,
    /// All tokens.
    pub supply: U256,
}

impl SaleEvidence {
    /// How far a record's totals may be from those that the contract names, with so many people in the sale.
    pub(super) fn slack(&self, investors: u128) -> Slack {
        if self.terms.over_cap != Misfit::Share {
            return Slack::default();
        }
        let denominator = self.terms.price_denominator.max(U256::from(1));
        let rate = self.terms.price_numerator.div_ceil(denominator);
        Slack::of_shares(investors, u128::try_from(rate).unwrap_or(u128::MAX))
    }
}
