//! Leaves of a settlement as an escrow takes them, and whether it would.

use std::fmt;

use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use softcap_proof::{LeafId, investor_proof::InvestorProof};

use crate::bindings::root_escrow::IRootEscrow::{self, Account, Leaf};
use crate::client::ChainClient;
use crate::error::EvmError;
use crate::root_standing::RootStanding;
use crate::root_terms::RootTerms;

/// `Standing` of the contract.
const RETURNED: u8 = 3;
const PROVED: u8 = 4;
const REFUNDED: u8 = 5;

/// A leaf, and the proof that it is in the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedLeaf {
    /// What the settlement says of an investor.
    pub leaf: Leaf,
    /// The siblings up to the root, nearest first.
    pub proof: Vec<B256>,
}

impl ProvedLeaf {
    /// `None` where the investor is no address or the sale has several currencies: no escrow takes such a leaf.
    #[must_use]
    pub fn new(proof: &InvestorProof) -> Option<Self> {
        let LeafId::Address(investor) = proof.id else {
            return None;
        };
        let [tokens, accepted, refunded] = proof.amounts[..] else {
            return None;
        };
        Some(Self {
            leaf: Leaf {
                investor: Address::from(investor),
                tokens: U256::from(tokens),
                accepted: U256::from(accepted),
                refunded: U256::from(refunded),
            },
            proof: proof.proof.iter().map(|node| B256::from(node.0)).collect(),
        })
    }
}

/// A leaf with its proof as `softcap proof --json` prints it: the arguments of `StandardMerkleTree.verify`.
#[derive(Deserialize)]
struct PrintedProof {
    values: (Address, String, String, String),
    proof: Vec<B256>,
}

impl ProvedLeaf {
    /// From the JSON of a proof; `None` where it is none of a leaf that an escrow takes.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let PrintedProof {
            values: (investor, tokens, accepted, refunded),
            proof,
        } = serde_json::from_str(json).ok()?;
        let number = |text: String| U256::from_str_radix(&text, 10).ok();
        let leaf = Leaf {
            investor,
            tokens: number(tokens)?,
            accepted: number(accepted)?,
            refunded: number(refunded)?,
        };
        Some(Self { leaf, proof })
    }
}

/// Which rule of the contract a leaf breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafFlaw {
    /// Accepted and refunded are not what the investor contributed.
    Sum,
    /// Too few tokens for the accepted money, or tokens for none.
    Price,
    /// More tokens than are for sale.
    Supply,
    /// More money than the hard cap.
    HardCap,
}

impl fmt::Display for LeafFlaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Sum => "accepted and refunded are not what was contributed",
            Self::Price => "too few tokens for the accepted money, or tokens for none",
            Self::Supply => "more tokens than are for sale",
            Self::HardCap => "more money than the hard cap",
        })
    }
}

/// Judges leaves as the contract does when all of them are proved, one after the other.
#[derive(Clone, Debug)]
pub struct LeafRules {
    terms: RootTerms,
    tokens: U256,
    accepted: U256,
}

impl LeafRules {
    /// Of an escrow of which nothing is proved yet.
    #[must_use]
    pub fn new(terms: RootTerms) -> Self {
        Self {
            terms,
            tokens: U256::ZERO,
            accepted: U256::ZERO,
        }
    }

    /// Of an escrow of which so much is proved.
    #[must_use]
    pub fn after(terms: RootTerms, standing: &RootStanding) -> Self {
        Self {
            tokens: U256::from(standing.tokens),
            accepted: U256::from(standing.accepted),
            terms,
        }
    }

    /// The rule for which the contract lets this leaf make the root void, as things stand. A leaf of somebody without
    /// money in the sale brings nothing and breaks nothing, whichever amount it gives back.
    #[must_use]
    pub fn refutation(&self, leaf: &Leaf, account: &Account) -> Option<LeafFlaw> {
        let contributed: U256 = U256::from(account.contributed);
        if (contributed | leaf.accepted | leaf.tokens).is_zero() {
            return None;
        }
        self.judge(leaf, account)
    }

    /// The first rule that a leaf breaks, beside the account that the contract has of its investor.
    pub fn flaw_of(&mut self, leaf: &Leaf, account: &Account) -> Option<LeafFlaw> {
        let flaw = self.judge(leaf, account);
        let is_out = [RETURNED, REFUNDED].contains(&account.standing);
        if flaw.is_none() && !is_out {
            self.tokens = self.tokens.saturating_add(leaf.tokens);
            self.accepted = self.accepted.saturating_add(leaf.accepted);
        }
        flaw
    }

    fn judge(&self, leaf: &Leaf, account: &Account) -> Option<LeafFlaw> {
        let contributed: U256 = U256::from(account.contributed);
        match account.standing {
            // It was judged when it was paid.
            PROVED => return None,
            RETURNED | REFUNDED => {
                let nothing = (leaf.accepted | leaf.tokens).is_zero();
                return (!nothing).then_some(LeafFlaw::Sum);
            }
            _ => {}
        }
        if leaf.accepted.checked_add(leaf.refunded) != Some(contributed) {
            return Some(LeafFlaw::Sum);
        }
        if leaf.accepted.is_zero() != leaf.tokens.is_zero()
            || leaf.tokens < self.least(leaf, account)
        {
            return Some(LeafFlaw::Price);
        }
        let over = |sum: U256, more: U256, most: U256| sum.saturating_add(more) > most;
        if over(self.tokens, leaf.tokens, self.terms.forSale) {
            return Some(LeafFlaw::Supply);
        }
        over(self.accepted, leaf.accepted, self.terms.hardCap).then_some(LeafFlaw::HardCap)
    }

    /// Tokens for the accepted money at the investor's highest limit; each contribution may be rounded down.
    fn least(&self, leaf: &Leaf, account: &Account) -> U256 {
        let limit: U256 = U256::from(account.limit);
        let exact = leaf.accepted.saturating_mul(self.terms.priceUnit);
        let exact = exact.checked_div(limit).unwrap_or_default();
        let lack = U256::from(account.count.saturating_sub(1));
        exact.saturating_sub(lack)
    }
}

/// What the contract has of an investor.
///
/// # Errors
/// The node does not answer, or there is no such escrow.
pub async fn root_account(
    client: &ChainClient,
    escrow: Address,
    investor: Address,
) -> Result<Account, EvmError> {
    client
        .call(escrow, &IRootEscrow::accountCall { investor })
        .await
}

/// Whether nothing can be proved of an investor any more: the leaf was, or the money is due back or was paid back.
#[must_use]
pub fn is_closed(account: &Account) -> bool {
    [RETURNED, PROVED, REFUNDED].contains(&account.standing)
}
