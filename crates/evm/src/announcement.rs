//! From frozen terms and addresses to what the factory is told.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue as _;
use softcap_offering::terms::{Access, Rail, Terms, Token, Unsold};

use crate::{
    after_sale_plans::AfterSalePlans,
    bindings::{
        factory::{EscrowFactory, SaleToken},
        rounds_factory::IRounds::Round,
    },
    escrow_terms::EscrowTerms,
    numbers::{self, Numbers, ShareNumbers},
    parties::{PaidIn, Parties},
    round_words::{numbered, round_words, rounds},
    unkept::{Unkept, UnkeptCode},
};

/// The signatures of the factories' functions, from the ABI.
const ANNOUNCE: &str = include_str!(concat!(env!("OUT_DIR"), "/announce.signature"));
const ANNOUNCE_WITH_AFTER_SALE: &str =
    include_str!(concat!(env!("OUT_DIR"), "/announceWithAfterSale.signature"));
const ANNOUNCE_ROUNDS: &str = include_str!(concat!(env!("OUT_DIR"), "/announceRounds.signature"));
const ANNOUNCE_ROUNDS_WITH_AFTER_SALE: &str = include_str!(concat!(
    env!("OUT_DIR"),
    "/announceRoundsWithAfterSale.signature"
));

/// What the factory is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The terms, with `token` empty: the factory makes it.
    pub terms: EscrowTerms,
    /// The price steps, sorted; none for other prices.
    pub steps: Vec<EscrowFactory::Step>,
    /// The token.
    pub token: EscrowFactory::TokenPlan,
    /// What comes after the sale.
    pub after_sale: AfterSalePlans,
    /// The rounds where there are several, and each further price of one; then the terms are those of the sale as a whole.
    pub rounds: Vec<Round>,
}

impl Announcement {
    /// Calldata for the factory.
    pub fn calldata(&self) -> Bytes {
        // The prepared ABI has an array of words where the real one has a struct, and each factory's repeats the structs of the
        // others: same encoding, other selector.
        let (terms, plan) = (self.terms.words(), self.token.clone());
        let steps = || self.steps.clone();
        let rounds = || self.rounds.clone();
        let after_sale = || {
            let after_sale = &self.after_sale;
            (after_sale.release_argument(), after_sale.vestings.clone())
        };
        let (signature, arguments) = match (self.rounds.is_empty(), self.after_sale.is_empty()) {
            (true, true) => (ANNOUNCE, (terms, steps(), plan).abi_encode_params()),
            (true, false) => {
                let (release, vestings) = after_sale();
                let arguments = (terms, steps(), plan, release, vestings);
                (ANNOUNCE_WITH_AFTER_SALE, arguments.abi_encode_params())
            }
            (false, true) => (ANNOUNCE_ROUNDS, (terms, rounds(), plan).abi_encode_params()),
            (false, false) => {
                let (release, vestings) = after_sale();
                let arguments = (terms, rounds(), plan, release, vestings);
                (
                    ANNOUNCE_ROUNDS_WITH_AFTER_SALE,
                    arguments.abi_encode_params(),
                )
            }
        };
        [&keccak256(signature)[..4], &arguments].concat().into()
    }

    /// What stands in the code of the escrow behind the 45 bytes of the clone, once `token` is known.
    pub fn code_arguments(&self, token: Address) -> Vec<u8> {
        let terms = EscrowTerms {
            token,
            ..self.terms.clone()
        };
        let step = |step: &EscrowFactory::Step| {
            (step.from << 216) | (step.numerator << 108) | step.denominator
        };
        let steps = self.steps.iter().map(step);
        let claimed = self.after_sale.after_claim();
        let rounds = numbered(&self.rounds);
        let rounds = rounds.flat_map(|(number, round)| round_words(&terms, (number, round)));
        let words = terms.packed(claimed).into_iter().chain(steps).chain(rounds);
        words
            .flat_map(|word: U256| word.to_be_bytes::<32>())
            .collect()
    }
}

/// Whether a round of these terms takes money on an EVM chain.
pub fn takes_evm(terms: &Terms) -> bool {
    terms
        .currencies
        .iter()
        .any(|currency| currency.rail == Rail::Evm)
}

/// Everything in the terms that an escrow cannot keep; empty if it keeps them all.
pub fn unkept(terms: &Terms) -> Vec<Unkept> {
    let reasons = match terms.root {
        Some(root) => numbers::read_root(terms, root).err(),
        None => numbers::read(terms).err(),
    };
    reasons.unwrap_or_default()
}

/// What the factory is told about these terms.
///
/// # Errors
/// Every reason why a contract cannot keep them. Nothing is cut off to make it fit.
pub fn announcement(terms: &Terms, parties: &Parties) -> Result<Announcement, Vec<Unkept>> {
    let mut reasons = Vec::new();
    let numbers = numbers::read(terms).map_err(|found| reasons.extend(found));
    check_parties(terms, parties, &mut reasons);
    match numbers {
        Ok(numbers) if reasons.is_empty() => Ok(assemble(terms, parties, numbers)),
        Ok(_) | Err(()) => Err(reasons),
    }
}

fn assemble(terms: &Terms, parties: &Parties, numbers: Numbers) -> Announcement {
    let after_sale = AfterSalePlans::new(parties, &numbers);
    Announcement {
        terms: EscrowTerms {
            terms_hash: B256::from(terms.hash().0),
            issuer: parties.issuer,
            beneficiary: parties.beneficiary,
            verifier: parties.verifier.unwrap_or_default(),
            currency: parties.paid_in.address(),
            token: Address::ZERO,
            treasury: parties.treasury.unwrap_or_default(),
            round: U256::from(numbers.rounds.last().map_or(0, |last| last.number + 1)),
            opens: numbers.window.opens,
            closes: numbers.window.closes,
            refund_deadline: numbers.refund_deadline,
            soft_cap: numbers.bounds.soft_cap,
            hard_cap: numbers.bounds.hard_cap,
            for_sale: numbers.bounds.for_sale,
            contribution_min: numbers.bounds.contribution_min,
            contribution_max: numbers.bounds.contribution_max,
            investor_min: numbers.bounds.investor_min,
            investor_max: numbers.bounds.investor_max,
            over_cap: numbers.over_cap,
            over_limit: numbers.over_limit,
            pricing: numbers.price.kind,
            price_numerator: numbers.price.numerator,
            price_denominator: numbers.price.denominator,
            bonus: numbers.price.bonus,
            bonus_per: numbers.price.bonus_per,
            bonus_until: numbers.price.bonus_until,
            bonus_granularity: numbers.price.bonus_granularity,
            pause_longest: numbers.pause.longest,
            pause_count: numbers.pause.count,
            withdrawal_span: numbers.withdrawal.span,
            withdrawal_until: numbers.withdrawal.until,
            pause_end: numbers.pause.end,
        },
        steps: numbers.price.steps,
        token: token_plan(&terms.token, parties, numbers.shares),
        after_sale,
        rounds: rounds(parties, &numbers.rounds),
    }
}

/// The token, with the holders of its shares.
pub(crate) fn token_plan(
    token: &Token,
    parties: &Parties,
    shares: Vec<ShareNumbers>,
) -> EscrowFactory::TokenPlan {
    let share = |share: ShareNumbers| SaleToken::Share {
        holder: parties
            .holders
            .get(&share.name)
            .copied()
            .unwrap_or_default(),
        amount: share.amount,
    };
    EscrowFactory::TokenPlan {
        name: token.name.clone(),
        symbol: token.symbol.clone(),
        decimals: token.decimals,
        shares: shares.into_iter().map(share).collect(),
    }
}

pub(crate) fn check_parties(terms: &Terms, parties: &Parties, reasons: &mut Vec<Unkept>) {
    let mut add = |code: UnkeptCode, key: String, remedy: &'static str| {
        reasons.push(Unkept {
            code,
            key,
            message: code.meaning().trim_end_matches('.').to_owned(),
            remedy,
        });
    };
    let admitted = terms
        .rounds
        .iter()
        .any(|round| round.access == Access::Admitted);
    match (admitted, parties.verifier) {
        (true, None) => add(
            UnkeptCode::VerifierMissing,
            "--verifier".to_owned(),
            "give the address whose key signs permits",
        ),
        (false, Some(_)) => add(
            UnkeptCode::VerifierUnused,
            "--verifier".to_owned(),
            "leave it out, or write `access = \"admitted\"` in the round",
        ),
        (true, Some(_)) | (false, None) => {}
    }
    match (terms.unsold, parties.treasury) {
        (Unsold::Treasury, None) => add(
            UnkeptCode::TreasuryMissing,
            "--treasury".to_owned(),
            "give the address that unsold tokens go to",
        ),
        (Unsold::Burned, Some(_)) => add(
            UnkeptCode::TreasuryUnused,
            "--treasury".to_owned(),
            "leave it out: these terms burn unsold tokens",
        ),
        (Unsold::Treasury, Some(_)) | (Unsold::Burned, None) => {}
    }
    let coin = parties.paid_in == PaidIn::Coin;
    if let Some(currency) = terms.currencies.first().filter(|_| coin)
        && currency.decimals != 18
    {
        add(
            UnkeptCode::CoinDecimals,
            format!("currency.{}.decimals", currency.symbol),
            "write `decimals = 18`, or give the address of the ERC-20 with --currency",
        );
    }
    let names = numbers::share_names(terms);
    for name in names
        .iter()
        .filter(|name| !parties.holders.contains_key(**name))
    {
        add(
            UnkeptCode::HolderMissing,
            format!("--holder {name}=ADDRESS"),
            "give the address that gets this share",
        );
    }
    for name in parties
        .holders
        .keys()
        .filter(|name| !names.contains(&name.as_str()))
    {
        add(
            UnkeptCode::HolderUnknown,
            format!("--holder {name}"),
            "leave it out, or correct the name of the share",
        );
    }
    check_zero(parties, &mut add);
}

fn check_zero(parties: &Parties, add: &mut impl FnMut(UnkeptCode, String, &'static str)) {
    let named = [
        ("--issuer", Some(parties.issuer)),
        ("--beneficiary", Some(parties.beneficiary)),
        ("--verifier", parties.verifier),
        ("--treasury", parties.treasury),
    ];
    let currency = match parties.paid_in {
        PaidIn::Coin => None,
        PaidIn::Token(token) => Some(("--currency", Some(token))),
    };
    let holders = parties
        .holders
        .values()
        .map(|holder| ("--holder", Some(*holder)));
    let zero = |(_, address): &(&str, Option<Address>)| *address == Some(Address::ZERO);
    for (option, _) in named
        .into_iter()
        .chain(currency)
        .chain(holders)
        .filter(zero)
    {
        add(
            UnkeptCode::ZeroAddress,
            option.to_owned(),
            "give an address that somebody holds the key of",
        );
    }
}
