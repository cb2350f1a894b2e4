//! `IRootEscrow.Terms` as the contract holds them: 23 words.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue as _;

pub use crate::bindings::root_escrow::IRootEscrow::Terms as RootTerms;
use crate::bindings::root_factory::RootEscrowFactory::PriceFrom;
use crate::numbers::RootNumbers;
use crate::parties::Parties;

/// Bits of a price limit; in the word of a price its second is above.
const LIMIT_BITS: usize = 72;
/// Words of the struct, which are the first ones in the code of a clone.
pub const ROOT_TERMS_WORDS: usize = 23;

/// The members in the order and with the names of the contract.
pub fn root_members(terms: &RootTerms) -> [(&'static str, B256); ROOT_TERMS_WORDS] {
    let number = |value: U256| B256::from(value);
    [
        ("termsHash", terms.termsHash),
        ("issuer", terms.issuer.into_word()),
        ("beneficiary", terms.beneficiary.into_word()),
        ("verifier", terms.verifier.into_word()),
        ("currency", terms.currency.into_word()),
        ("token", terms.token.into_word()),
        ("treasury", terms.treasury.into_word()),
        ("round", number(terms.round)),
        ("opens", number(terms.opens)),
        ("closes", number(terms.closes)),
        ("rootDeadline", number(terms.rootDeadline)),
        ("challengePeriod", number(terms.challengePeriod)),
        ("claimPeriod", number(terms.claimPeriod)),
        ("challengeShare", number(terms.challengeShare)),
        ("softCap", number(terms.softCap)),
        ("hardCap", number(terms.hardCap)),
        ("forSale", number(terms.forSale)),
        ("contributionMin", number(terms.contributionMin)),
        ("contributionMax", number(terms.contributionMax)),
        ("investorMax", number(terms.investorMax)),
        ("floor", number(terms.floor)),
        ("ceiling", number(terms.ceiling)),
        ("priceUnit", number(terms.priceUnit)),
    ]
}

/// The terms with `token` empty: the factory makes it.
pub(crate) fn root_terms(terms_hash: B256, parties: &Parties, numbers: &RootNumbers) -> RootTerms {
    RootTerms {
        termsHash: terms_hash,
        issuer: parties.issuer,
        beneficiary: parties.beneficiary,
        verifier: parties.verifier.unwrap_or_default(),
        currency: parties.paid_in.address(),
        token: Address::ZERO,
        treasury: parties.treasury.unwrap_or_default(),
        round: U256::ZERO,
        opens: numbers.window.opens,
        closes: numbers.window.closes,
        rootDeadline: numbers.deadline,
        challengePeriod: numbers.challenge,
        claimPeriod: numbers.claims,
        challengeShare: numbers.share,
        softCap: numbers.soft_cap,
        hardCap: numbers.prices.hard_cap,
        forSale: numbers.for_sale,
        contributionMin: numbers.limits.contribution_min,
        contributionMax: numbers.limits.contribution_max,
        investorMax: numbers.limits.investor_max,
        floor: numbers.prices.floor,
        ceiling: numbers.prices.ceiling,
        priceUnit: numbers.prices.unit,
    }
}

/// With the token that the factory made.
pub(crate) fn with_token(terms: &RootTerms, token: Address) -> RootTerms {
    RootTerms {
        token,
        ..terms.clone()
    }
}

/// What stands in the code of the escrow behind the 45 bytes of the clone: the struct as it is encoded, then a word for
/// each price by time.
pub(crate) fn code_arguments(terms: &RootTerms, prices: &[PriceFrom]) -> Vec<u8> {
    let mut code = terms.abi_encode();
    for price in prices {
        let word: U256 = (price.from << LIMIT_BITS) | price.limit;
        code.extend_from_slice(&word.to_be_bytes::<32>());
    }
    code
}
