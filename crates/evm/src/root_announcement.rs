//! From frozen terms and addresses to what the factory of escrows is told that take a root.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use softcap_offering::terms::{RootSettlement, Terms};

use crate::announcement::{check_parties, token_plan};
use crate::bindings::{
    factory::EscrowFactory,
    root_factory::RootEscrowFactory::{self, PriceFrom},
};
use crate::numbers::{self, LimitFrom};
use crate::parties::Parties;
use crate::root_terms::{RootTerms, code_arguments, root_terms, with_token};
use crate::unkept::Unkept;

/// What the factory is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootAnnouncement {
    /// The terms, with `token` empty: the factory makes it.
    pub terms: RootTerms,
    /// The price from a second on, as a limit, sorted; none where one limit is for the whole window, or investors name theirs.
    pub prices: Vec<PriceFrom>,
    /// The token.
    pub token: EscrowFactory::TokenPlan,
}

impl RootAnnouncement {
    /// Calldata for the factory.
    pub fn calldata(&self) -> Bytes {
        // The ABI of this factory repeats the structs of others, which are encoded the same.
        let (terms, prices) = (self.terms.clone(), self.prices.clone());
        let arguments = (terms, prices, self.token.clone()).abi_encode_params();
        let selector = RootEscrowFactory::announceCall::SELECTOR;
        [&selector[..], &arguments].concat().into()
    }

    /// What stands in the code of the escrow behind the 45 bytes of the clone, once `token` is known.
    pub fn code_arguments(&self, token: Address) -> Vec<u8> {
        code_arguments(&with_token(&self.terms, token), &self.prices)
    }
}

/// What the factory is told about terms that say how a root is contested.
///
/// # Errors
/// Every reason why the contract cannot keep them. Nothing is cut off to make it fit.
pub fn root_announcement(
    terms: &Terms,
    root: RootSettlement,
    parties: &Parties,
) -> Result<RootAnnouncement, Vec<Unkept>> {
    let mut reasons = Vec::new();
    let numbers = numbers::read_root(terms, root).map_err(|found| reasons.extend(found));
    check_parties(terms, parties, &mut reasons);
    match numbers {
        Ok(numbers) if reasons.is_empty() => Ok(RootAnnouncement {
            terms: root_terms(B256::from(terms.hash().0), parties, &numbers),
            prices: prices(&numbers.by_time),
            token: token_plan(&terms.token, parties, numbers.shares),
        }),
        Ok(_) | Err(()) => Err(reasons),
    }
}

fn prices(by_time: &[LimitFrom]) -> Vec<PriceFrom> {
    let limits = by_time.iter();
    limits
        .map(|each| PriceFrom {
            from: U256::from(each.from),
            limit: each.limit,
        })
        .collect()
}
