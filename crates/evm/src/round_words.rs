//! The rounds of a sale as the factory is told, and as they lie in the code of a clone.

use alloy_primitives::{Address, B256, U256};
use softcap_offering::terms::Access;

use crate::bindings::rounds_factory::IRounds::Round;
use crate::escrow_terms::{AfterClaim, EscrowTerms, Misfit, PauseEnding, PricingKind};
use crate::numbers::RoundNumbers;
use crate::parties::Parties;

/// The words of the packed terms in which rounds can differ: `RoundTerms.sol` has them behind the terms of the sale.
const FIRST: usize = 1;
const WORDS: usize = 7;

/// What the factory is told of each round.
pub(crate) fn rounds(parties: &Parties, numbers: &[RoundNumbers]) -> Vec<Round> {
    let one = |(round, before): (&RoundNumbers, Option<&RoundNumbers>)| Round {
        verifier: match round.access {
            Access::Admitted => parties.verifier.unwrap_or_default(),
            Access::Public => Address::ZERO,
        },
        opens: round.window.opens,
        closes: round.window.closes,
        contributionMin: round.bounds.contribution_min,
        contributionMax: round.bounds.contribution_max,
        investorMin: round.bounds.investor_min,
        investorMax: round.bounds.investor_max,
        hardCap: round.bounds.hard_cap,
        forSale: round.bounds.for_sale,
        overCap: round.over_cap.code(),
        overLimit: round.over_limit.code(),
        priceNumerator: round.price.numerator,
        priceDenominator: round.price.denominator,
        bonus: round.price.bonus,
        bonusPer: round.price.bonus_per,
        bonusUntil: round.price.bonus_until,
        bonusGranularity: round.price.bonus_granularity,
        continued: before.is_some_and(|before| before.number == round.number),
    };
    let before = [None].into_iter().chain(numbers.iter().map(Some));
    numbers.iter().zip(before).map(one).collect()
}

/// Each with the number of its round, as the contract counts them.
pub(crate) fn numbered(rounds: &[Round]) -> impl Iterator<Item = (usize, &Round)> {
    let mut begun = 0_usize;
    rounds.iter().map(move |round| {
        if !round.continued {
            begun += 1;
        }
        (begun.saturating_sub(1), round)
    })
}

/// The words of a round behind the terms of the sale.
pub(crate) fn round_words(sale: &EscrowTerms, (number, round): (usize, &Round)) -> Vec<U256> {
    let packed = as_terms(sale, (number, round)).packed(AfterClaim::Empty);
    packed.into_iter().skip(FIRST).take(WORDS).collect()
}

/// A round as terms of an escrow: `asTerms` of `RoundTerms.sol`.
fn as_terms(sale: &EscrowTerms, (number, round): (usize, &Round)) -> EscrowTerms {
    let misfit = |code: u8| Misfit::from_code(code).unwrap_or(Misfit::Refuse);
    EscrowTerms {
        terms_hash: B256::ZERO,
        issuer: Address::ZERO,
        beneficiary: Address::ZERO,
        verifier: round.verifier,
        currency: sale.currency,
        token: Address::ZERO,
        treasury: Address::ZERO,
        round: U256::from(number),
        opens: round.opens,
        closes: round.closes,
        refund_deadline: sale.refund_deadline,
        soft_cap: sale.soft_cap,
        hard_cap: round.hardCap,
        for_sale: round.forSale,
        contribution_min: round.contributionMin,
        contribution_max: round.contributionMax,
        investor_min: round.investorMin,
        investor_max: round.investorMax,
        over_cap: misfit(round.overCap),
        over_limit: misfit(round.overLimit),
        pricing: PricingKind::Linear,
        price_numerator: round.priceNumerator,
        price_denominator: round.priceDenominator,
        bonus: round.bonus,
        bonus_per: round.bonusPer,
        bonus_until: round.bonusUntil,
        bonus_granularity: round.bonusGranularity,
        pause_longest: sale.pause_longest,
        pause_count: sale.pause_count,
        withdrawal_span: sale.withdrawal_span,
        withdrawal_until: sale.withdrawal_until,
        pause_end: PauseEnding::Fixed,
    }
}
