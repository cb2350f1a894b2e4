//! Permits of escrow contracts (EIP-712), signed for a person who was let in.

use std::{path::Path, time::Duration};

use alloy_primitives::{Address, B256, U256};
use serde::Serialize;
use softcap_evm::{Permit, PermitDomain, ShownPermit, Verifier};
use softcap_identity::{Admission, UnixMillis};
use softcap_journal::OfferingLog;
use utoipa::ToSchema;

use crate::{
    config::VerificationSection,
    error::ServerError,
    problem::{ApiError, ProblemCode},
};

/// Signs permits, where a key is configured.
#[derive(Debug)]
pub(crate) struct Permits {
    verifier: Option<Verifier>,
    life: Duration,
}

/// A permit, to be shown to the contract with a contribution.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PermitView {
    /// The number of the chain.
    chain_id: u64,
    /// The contract.
    escrow: String,
    /// The wallet that may pay.
    investor: String,
    /// Most that may be accepted of it, in smallest units.
    max: String,
    /// First second at which the contract takes it no more, unix seconds.
    expiry: String,
    /// The same, for people.
    until: String,
    /// 65 bytes, hexadecimal.
    signature: String,
    /// Whose signature it is: the contract must name this address as its verifier.
    verifier: String,
}

impl Permits {
    /// As configured.
    pub(crate) fn open(config: &VerificationSection) -> Result<Self, ServerError> {
        let read = |path: &Path| {
            Verifier::read(path).map_err(|error| ServerError::PermitKey(error.to_string()))
        };
        let verifier = config.permit_key_file.as_deref().map(read);
        Ok(Self {
            verifier: verifier.transpose()?,
            life: Duration::from_secs(config.permit_seconds.into()),
        })
    }

    /// Whether permits are signed here.
    pub(super) const fn are_signed(&self) -> bool {
        self.verifier.is_some()
    }

    /// Signs a permit for a wallet.
    pub(super) async fn sign(
        &self,
        log: &OfferingLog,
        (admission, wallet): (&Admission, &str),
        now: UnixMillis,
    ) -> Result<SignedPermit, ApiError> {
        let verifier = self.verifier.as_ref().ok_or(ProblemCode::NoPermits)?;
        let escrow = log.sequencer.read().machine().offering().escrow();
        let escrow = escrow.ok_or_else(|| {
            ApiError::new(
                ProblemCode::Conflict,
                "the offering has no contract yet: ask again when it has",
            )
        })?;
        let wallet: Address = wallet
            .parse()
            .map_err(|_| ApiError::invalid("wallet", "the address of an EVM wallet"))?;
        // Without a limit of its own it is what the contract can count, 80 bits.
        let most = (1_u128 << 80) - 1;
        let max = admission.grant.limit.map_or(most, |limit| limit.units);
        let until = admission.until.min(now.plus(self.life));
        let expiry = until.get().div_euclid(1000);
        let permit = Permit {
            investor: wallet,
            max: U256::from(max.min(most)),
            expiry: U256::from(u64::try_from(expiry).unwrap_or(0)),
        };
        let place = log
            .terms
            .rounds
            .iter()
            .position(|round| round.name == admission.grant.round.round);
        let domain = PermitDomain {
            chain_id: escrow.chain_id,
            escrow: Address::from(escrow.contract),
            round: U256::from(place.unwrap_or(0)),
            terms_hash: B256::from(log.terms.hash().0),
        };
        let signature = verifier.sign(&permit, &domain).await;
        let signature = signature.map_err(|error| ApiError::internal(&error))?;
        Ok(SignedPermit {
            shown: ShownPermit { permit, signature },
            domain,
            expiry,
            verifier: verifier.address(),
        })
    }
}

/// A permit with its signature, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct SignedPermit {
    /// As it is shown to the contract.
    pub(crate) shown: ShownPermit,
    domain: PermitDomain,
    expiry: i64,
    verifier: Address,
}

impl From<SignedPermit> for PermitView {
    fn from(signed: SignedPermit) -> Self {
        let SignedPermit {
            shown: ShownPermit { permit, signature },
            domain,
            expiry,
            verifier,
        } = signed;
        Self {
            chain_id: domain.chain_id,
            escrow: domain.escrow.to_string(),
            investor: permit.investor.to_string(),
            max: permit.max.to_string(),
            expiry: expiry.to_string(),
            until: super::keys::time_text(UnixMillis::new(expiry.saturating_mul(1000))),
            signature: signature.to_string(),
            verifier: verifier.to_string(),
        }
    }
}
