//! The terms of an escrow on a chain, of whichever kind it is.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;

use crate::bindings::escrow::IEscrow;
use crate::bindings::root_escrow::IRootEscrow;
use crate::client::ChainClient;
use crate::error::EvmError;
use crate::escrow_terms::{EscrowKind, EscrowTerms, PauseEnding, TERMS_WORDS};
use crate::root_terms::{ROOT_TERMS_WORDS, RootTerms, root_members};

/// What an escrow says that it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaleTerms {
    /// Who gets what follows from a formula.
    Formula(Box<EscrowTerms>),
    /// Who gets what comes as a root.
    Root(Box<RootTerms>),
}

/// When money comes in, in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaleWindow {
    /// First second of it.
    pub opens: U256,
    /// First second after it.
    pub closes: U256,
}

impl SaleTerms {
    /// Which contract keeps them.
    pub fn kind(&self) -> EscrowKind {
        match self {
            Self::Formula(terms) => terms.kind(),
            Self::Root(_) => EscrowKind::Root,
        }
    }

    /// SHA-256 of the terms' canonical JSON.
    pub fn terms_hash(&self) -> B256 {
        match self {
            Self::Formula(terms) => terms.terms_hash,
            Self::Root(terms) => terms.termsHash,
        }
    }

    /// Gets the accepted money.
    pub fn beneficiary(&self) -> Address {
        match self {
            Self::Formula(terms) => terms.beneficiary,
            Self::Root(terms) => terms.beneficiary,
        }
    }

    /// Signs permits; zero for a public round.
    pub fn verifier(&self) -> Address {
        match self {
            Self::Formula(terms) => terms.verifier,
            Self::Root(terms) => terms.verifier,
        }
    }

    /// The ERC-20 that is sold.
    pub fn token(&self) -> Address {
        match self {
            Self::Formula(terms) => terms.token,
            Self::Root(terms) => terms.token,
        }
    }

    /// The ERC-20 that people pay with; zero for the chain's own coin.
    pub fn currency(&self) -> Address {
        match self {
            Self::Formula(terms) => terms.currency,
            Self::Root(terms) => terms.currency,
        }
    }

    /// When money comes in.
    pub fn window(&self) -> SaleWindow {
        match self {
            Self::Formula(terms) => SaleWindow {
                opens: terms.opens,
                closes: terms.closes,
            },
            Self::Root(terms) => SaleWindow {
                opens: terms.opens,
                closes: terms.closes,
            },
        }
    }

    /// Least money of a sale; by root what proved leaves must accept.
    pub fn soft_cap(&self) -> U256 {
        match self {
            Self::Formula(terms) => terms.soft_cap,
            Self::Root(terms) => terms.softCap,
        }
    }

    /// Number of the round in the terms, from 0.
    pub fn round(&self) -> U256 {
        match self {
            Self::Formula(terms) => terms.round,
            Self::Root(terms) => terms.round,
        }
    }

    /// The members by name, as they are encoded.
    pub fn members(&self) -> Vec<(&'static str, B256)> {
        match self {
            Self::Formula(terms) => terms.members().to_vec(),
            Self::Root(terms) => root_members(terms).to_vec(),
        }
    }

    /// From the answer of the contract to `terms()`, which says by its length of which kind it is.
    ///
    /// # Errors
    /// [`EvmError::NotOurs`].
    pub fn read(escrow: Address, answer: &[u8]) -> Result<Self, EvmError> {
        const WORD: usize = 32;
        let not_ours = |problem: String| EvmError::NotOurs {
            address: escrow,
            expected: "escrow",
            problem,
        };
        let unread = |_| not_ours("its terms cannot be read".to_owned());
        let (by_formula, by_root) = (TERMS_WORDS * WORD, ROOT_TERMS_WORDS * WORD);
        if answer.len() == by_formula {
            let words = IEscrow::termsCall::abi_decode_returns(answer).map_err(unread)?;
            let terms = EscrowTerms::from_words(words).map_err(|wrong| {
                not_ours(format!("word {} of its terms is out of range", wrong.index))
            })?;
            return Ok(Self::Formula(Box::new(terms)));
        }
        if answer.len() == by_root {
            let terms = IRootEscrow::termsCall::abi_decode_returns(answer).map_err(unread)?;
            return Ok(Self::Root(Box::new(terms)));
        }
        Err(not_ours("it does not answer terms()".to_owned()))
    }
}

/// When money comes in, as the pauses so far have moved it.
///
/// # Errors
/// The node does not answer.
pub async fn window_now(
    client: &ChainClient,
    escrow: Address,
    terms: &SaleTerms,
) -> Result<SaleWindow, EvmError> {
    let announced = terms.window();
    let is_moved = match terms {
        SaleTerms::Formula(terms) => terms.pause_end == PauseEnding::Moves,
        SaleTerms::Root(_) => false,
    };
    if !is_moved {
        return Ok(announced);
    }
    let closes = client.call(escrow, &IEscrow::closesAtCall {}).await?;
    Ok(SaleWindow {
        closes,
        ..announced
    })
}

/// The terms of the escrow at an address, as the contract holds them.
///
/// # Errors
/// [`EvmError::NotOurs`] when it holds none.
pub async fn sale_terms_at(client: &ChainClient, escrow: Address) -> Result<SaleTerms, EvmError> {
    let call = IEscrow::termsCall {}.abi_encode();
    let answer = client.answer(escrow, IEscrow::termsCall::SIGNATURE, call.into());
    SaleTerms::read(escrow, &answer.await?)
}
