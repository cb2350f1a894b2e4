//! Where a settlement by root stands, as the contract says it.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use crate::bindings::root_escrow::IRootEscrow;
use crate::client::ChainClient;
use crate::endpoints::{EndpointError, Endpoints};
use crate::error::EvmError;
use crate::root_terms::RootTerms;

/// Where the sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootPhase {
    /// No root yet.
    Sale,
    /// The issuer ended it.
    Cancelled,
    /// A root is there.
    Posted,
    /// The root counts no more.
    Void,
}

impl RootPhase {
    fn from_code(code: u8) -> Option<Self> {
        [Self::Sale, Self::Cancelled, Self::Posted, Self::Void]
            .get(usize::from(code))
            .copied()
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Cancelled => "cancelled",
            Self::Posted => "posted",
            Self::Void => "void",
        }
    }
}

/// What the escrow has done. Money and tokens are smallest units, times unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootStanding {
    /// Where the sale stands.
    pub phase: RootPhase,
    /// The root, once there is one.
    pub root: Option<B256>,
    /// First second without objections; `None` before there is a root.
    pub challenge_until: Option<u64>,
    /// First second without claims; `None` before there is a root.
    pub claims_until: Option<u64>,
    /// Contributed and not returned.
    pub contributed: u128,
    /// Contributed by those who object.
    pub objections: u128,
    /// Accepted money of proved leaves.
    pub accepted: u128,
    /// Tokens of proved leaves.
    pub tokens: u128,
}

/// What is read, before it is put together.
struct Said {
    terms: RootTerms,
    outcome: IRootEscrow::Outcome,
    totals: IRootEscrow::Totals,
    root: B256,
}

impl RootStanding {
    fn of(said: &Said) -> Option<Self> {
        let phase = RootPhase::from_code(said.outcome.phase)?;
        let posted: u64 = said.outcome.postedAt.to();
        let seconds = |span| u64::try_from(span).ok();
        let after = |span: u64| (posted != 0).then(|| posted.saturating_add(span));
        let challenge = seconds(said.terms.challengePeriod)?;
        let claims = seconds(said.terms.claimPeriod)?.saturating_add(challenge);
        Some(Self {
            phase,
            root: (!said.root.is_zero()).then_some(said.root),
            challenge_until: after(challenge),
            claims_until: after(claims),
            contributed: said.totals.contributed.to(),
            objections: said.totals.objections.to(),
            accepted: said.outcome.accepted.to(),
            tokens: said.outcome.tokens.to(),
        })
    }

    /// At a block, by several nodes; `None` where the contract does not say it.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub async fn read(
        endpoints: &Endpoints,
        escrow: Address,
        block: u64,
    ) -> Result<Option<Self>, EndpointError> {
        async fn ask<C: SolCall>(
            (endpoints, escrow, block): (&Endpoints, Address, u64),
            call: C,
        ) -> Result<Option<C::Return>, EndpointError> {
            let answer = endpoints.call(escrow, call.abi_encode().into(), block);
            Ok(C::abi_decode_returns(&answer.await?).ok())
        }
        let at = (endpoints, escrow, block);
        let terms = ask(at, IRootEscrow::termsCall {}).await?;
        let outcome = ask(at, IRootEscrow::outcomeCall {}).await?;
        let totals = ask(at, IRootEscrow::totalsCall {}).await?;
        let root = ask(at, IRootEscrow::rootCall {}).await?;
        let (Some(terms), Some(outcome), Some(totals), Some(root)) = (terms, outcome, totals, root)
        else {
            return Ok(None);
        };
        Ok(Self::of(&Said {
            terms,
            outcome,
            totals,
            root,
        }))
    }

    /// Now, by one node.
    ///
    /// # Errors
    /// The node does not answer, or there is no such escrow.
    pub async fn read_from(client: &ChainClient, escrow: Address) -> Result<Self, EvmError> {
        let said = Said {
            terms: client.call(escrow, &IRootEscrow::termsCall {}).await?,
            outcome: client.call(escrow, &IRootEscrow::outcomeCall {}).await?,
            totals: client.call(escrow, &IRootEscrow::totalsCall {}).await?,
            root: client.call(escrow, &IRootEscrow::rootCall {}).await?,
        };
        Self::of(&said).ok_or_else(|| EvmError::NotOurs {
            address: escrow,
            expected: "escrow that takes a root",
            problem: "it is in no phase that there is".to_owned(),
        })
    }
}
