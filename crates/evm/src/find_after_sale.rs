//! Finds the contracts that were made together with an escrow, and believes them only if they keep the terms.
//!
//! The contract of the milestones is the one that the escrow pays. Where a share vests is said by a log of the factory, and
//! anybody can make a log; so a contract counts only with our code, the plan of the terms in it, this escrow, and the
//! tokens of the share.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent as _, SolValue as _};
use softcap_offering::EscrowAddress;
use softcap_offering::terms::{Supply, Terms, Vesting as VestingTerms};

use crate::after_sale_place::AfterSalePlace;
use crate::after_sale_plans::plan;
use crate::bindings::{
    escrow::IEscrow,
    offering_factory::{IMilestones, OfferingFactory},
    token::SaleToken,
    vesting::Vesting,
};
use crate::endpoints::{EndpointError, Endpoints};
use crate::error::EvmError;
use crate::escrow_terms::EscrowTerms;
use crate::numbers::{self, ReleaseNumbers, ShareNumbers, VestingNumbers};
use crate::own_code::{AfterSaleCode, clone_code, implementation};

/// Why the contracts are not known.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Passing: asked again later.
    #[error(transparent)]
    Endpoints(#[from] EndpointError),
    /// The program's own bytecode does not run.
    #[error(transparent)]
    OwnCode(#[from] EvmError),
    /// The terms promise something for after the sale, and no contract keeps it.
    #[error(
        "E660: {what} is not on the chain as the terms have it: {problem}; announce the offering with \
         `softcap offering announce`, or compare the escrow with the announcement"
    )]
    NotKept {
        /// What the terms promise.
        what: String,
        /// What was found.
        problem: &'static str,
    },
}

impl FindError {
    /// Whether the same question may be answered later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Endpoints(_) => true,
            Self::OwnCode(_) | Self::NotKept { .. } => false,
        }
    }
}

/// Whether terms promise something for after the sale that contracts of their own keep.
pub fn promises_after_sale(terms: &Terms) -> bool {
    let vests = match &terms.token.supply {
        Supply::Fixed { shares, .. } => shares
            .iter()
            .any(|share| share.vesting != VestingTerms::default()),
        Supply::Minted { .. } => false,
    };
    vests || !terms.milestones.is_empty()
}

/// The contracts beside an escrow that was announced in one of these blocks.
///
/// # Errors
/// [`FindError`].
pub async fn find_after_sale(
    endpoints: &Endpoints,
    escrow: EscrowAddress,
    terms: &Terms,
    announced: (u64, u64),
) -> Result<AfterSalePlace, FindError> {
    if !promises_after_sale(terms) {
        return Ok(AfterSalePlace::default());
    }
    let not_kept = |what: &str, problem| FindError::NotKept {
        what: what.to_owned(),
        problem,
    };
    let numbers = numbers::read(terms)
        .map_err(|_| not_kept("what comes after the sale", "no contract keeps these terms"))?;
    let chain = Chain {
        endpoints,
        escrow: escrow.contract.into(),
        block: endpoints.head().await?,
        own: AfterSaleCode::compute().await?,
    };
    let there = chain.terms().await?;
    let mut place = AfterSalePlace::default();
    if let Some(release) = &numbers.release {
        chain.require_milestones(there.beneficiary, release).await?;
        place.milestones = Some(there.beneficiary);
    }
    let topics = [
        Some(OfferingFactory::VestingMade::SIGNATURE_HASH),
        Some(chain.escrow.into_word()),
    ];
    let logs = endpoints.logs_about(&topics, announced).await?;
    for (at, share) in numbers.shares.iter().enumerate() {
        let Some(vesting) = share.vesting else {
            continue;
        };
        let made = logs.iter().filter_map(|log| {
            let made = OfferingFactory::VestingMade::decode_raw_log(log.topics.clone(), &log.data);
            made.ok().filter(|made| made.share == U256::from(at))
        });
        let mut found = None;
        for candidate in made.map(|made| made.vesting) {
            if chain
                .keeps(candidate, (share, vesting), there.token)
                .await?
            {
                found = Some(candidate);
                break;
            }
        }
        let what = format!("the vesting of `{}`", share.name);
        let found = found.ok_or_else(|| not_kept(&what, "no contract holds the share"))?;
        let at = u8::try_from(at).map_err(|_| not_kept(&what, "there are too many shares"))?;
        place.vestings.insert(at, found);
    }
    Ok(place)
}

/// A chain as it is at a block.
struct Chain<'e> {
    endpoints: &'e Endpoints,
    escrow: Address,
    block: u64,
    own: AfterSaleCode,
}

impl Chain<'_> {
    /// What a contract answers; `None` where that is nothing of the kind.
    async fn call<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
    ) -> Result<Option<C::Return>, EndpointError> {
        let data = call.abi_encode().into();
        let answer = self.endpoints.call(contract, data, self.block).await?;
        Ok(C::abi_decode_returns(&answer).ok())
    }

    async fn code(&self, contract: Address) -> Result<Bytes, EndpointError> {
        self.endpoints
            .account("eth_getCode", contract, self.block)
            .await
    }

    async fn terms(&self) -> Result<EscrowTerms, FindError> {
        let words = self.call(self.escrow, &IEscrow::termsCall {}).await?;
        let terms = words.and_then(|words| EscrowTerms::from_words(words).ok());
        terms.ok_or_else(|| FindError::NotKept {
            what: "the escrow".to_owned(),
            problem: "it says no terms",
        })
    }

    /// What stands behind the clone in the code of a contract that runs ours.
    async fn arguments(
        &self,
        contract: Address,
        own: B256,
    ) -> Result<Option<Vec<u8>>, EndpointError> {
        let code = self.code(contract).await?;
        let Some(implementation) = implementation(&code) else {
            return Ok(None);
        };
        if keccak256(self.code(implementation).await?) != own {
            return Ok(None);
        }
        let alone = clone_code(implementation, &[]);
        Ok(code.strip_prefix(&alone[..]).map(<[u8]>::to_vec))
    }

    async fn require_milestones(
        &self,
        contract: Address,
        release: &ReleaseNumbers,
    ) -> Result<(), FindError> {
        let not_kept = |problem| FindError::NotKept {
            what: "the release by milestones".to_owned(),
            problem,
        };
        let arguments = self.arguments(contract, self.own.milestones).await?;
        let arguments = arguments.ok_or_else(|| not_kept("the escrow pays somebody else"))?;
        let there = IMilestones::Plan::abi_decode(&arguments).ok();
        let same = there.is_some_and(|there| there == plan(there.beneficiary, release));
        if !same {
            return Err(not_kept("the plan in the code is another one"));
        }
        let told = self.call(contract, &Vesting::escrowCall {}).await?;
        if told != Some(self.escrow) {
            return Err(not_kept("it belongs to another escrow"));
        }
        Ok(())
    }

    /// Whether a contract holds a share as the terms have it.
    async fn keeps(
        &self,
        contract: Address,
        (share, vesting): (&ShareNumbers, VestingNumbers),
        token: Address,
    ) -> Result<bool, FindError> {
        let arguments = self.arguments(contract, self.own.vesting).await?;
        let plan = arguments.and_then(|arguments| Vesting::Plan::abi_decode(&arguments).ok());
        let planned = plan.is_some_and(|plan| {
            (plan.whole, plan.cliff, plan.duration)
                == (share.amount, vesting.cliff, vesting.duration)
        });
        if !planned {
            return Ok(false);
        }
        let told = self.call(contract, &Vesting::escrowCall {}).await?;
        let given = self.call(contract, &Vesting::releasedCall {}).await?;
        let call = SaleToken::balanceOfCall { account: contract };
        let held = self.call(token, &call).await?.zip(given);
        let whole = held.is_some_and(|(held, given)| held.saturating_add(given) >= share.amount);
        Ok(told == Some(self.escrow) && whole)
    }
}
