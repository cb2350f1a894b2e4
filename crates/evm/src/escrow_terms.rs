//! `IEscrow.Terms` as the contract holds them: 32 words.
//!
//! `sol!` has no struct of so many members, so this one is written out. A test compares names and order with
//! `contracts/abi/`, and another count of members does not compile.

use alloy_primitives::{Address, B256, U256};
use softcap_offering::terms::{Allocation, Pricing, Round, Terms};

/// Words of the struct.
pub const TERMS_WORDS: usize = 32;
/// Words of the terms in the code of a clone.
pub const PACKED_WORDS: usize = 12;
/// Bits of a maximum there; all of them set stand for none.
const MAXIMUM_BITS: usize = 80;

/// What becomes of money above a cap or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// What fits is accepted, the rest goes back.
    Partial,
    /// The whole contribution is refused.
    Refuse,
    /// Of caps only: all of it comes in and is shared out pro rata at settlement.
    Share,
}

/// How many tokens a unit of money buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricingKind {
    /// One price.
    Fixed,
    /// A price from each step's position on.
    Steps,
    /// A bonus that falls to nothing.
    Linear,
}

/// What a pause does to the end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseEnding {
    /// Nothing.
    Fixed,
    /// It moves by as long as the pause was.
    Moves,
}

/// Which contract keeps some terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscrowKind {
    /// `Escrow`: nobody takes a contribution back.
    Plain,
    /// `WithdrawableEscrow`: everybody may for a while.
    Withdrawable,
    /// `RootEscrow`: who gets what comes as a root.
    Root,
    /// `RoundsEscrow`: several rounds share one outcome.
    Rounds,
    /// `WithdrawableRoundsEscrow`: they do, and everybody may take contributions back for a while.
    WithdrawableRounds,
}

/// What becomes of an investor's account in the contract once the tokens are out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterClaim {
    /// It is emptied, for which the chain gives gas back.
    Empty,
    /// It stays, because milestones weigh objections by it.
    Keep,
}

impl AfterClaim {
    /// What a factory makes of these terms.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        if terms.milestones.is_empty() {
            Self::Empty
        } else {
            Self::Keep
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::Keep => 1,
        }
    }
}

impl EscrowKind {
    /// The one that keeps these terms, where a contract does.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        if terms.root.is_some() {
            return Self::Root;
        }
        let right = terms.withdrawal;
        let right = right.filter(|right| right.until.is_some() || right.span.0 > 0);
        Self::by_formula(terms.rounds.len() > 1, right.is_some())
    }

    fn by_formula(has_rounds: bool, gives_back: bool) -> Self {
        match (has_rounds, gives_back) {
            (false, false) => Self::Plain,
            (false, true) => Self::Withdrawable,
            (true, false) => Self::Rounds,
            (true, true) => Self::WithdrawableRounds,
        }
    }

    /// Whether it has several rounds, each with permits of its own.
    #[must_use]
    pub fn has_rounds(self) -> bool {
        match self {
            Self::Plain | Self::Withdrawable | Self::Root => false,
            Self::Rounds | Self::WithdrawableRounds => true,
        }
    }

    /// Whether contributions can be taken back from it for a while.
    #[must_use]
    pub fn gives_back(self) -> bool {
        match self {
            Self::Plain | Self::Rounds | Self::Root => false,
            Self::Withdrawable | Self::WithdrawableRounds => true,
        }
    }

    /// Whether this contract comes to the outcome of a round: it computes it, or takes what the record decides.
    #[must_use]
    pub fn decides(self, round: &Round) -> bool {
        match self {
            Self::Plain | Self::Withdrawable => match round.allocation {
                Allocation::FirstCome | Allocation::ProRata => {
                    !matches!(round.pricing, Pricing::Bids { .. })
                }
                Allocation::ProRataCapped { .. }
                | Allocation::WaterFilling
                | Allocation::Lottery { .. }
                | Allocation::Guaranteed { .. } => false,
            },
            Self::Rounds | Self::WithdrawableRounds => {
                let by_price = matches!(
                    round.pricing,
                    Pricing::Fixed { .. } | Pricing::Steps { .. } | Pricing::Linear { .. }
                );
                by_price && round.allocation == Allocation::FirstCome
            }
            // Whatever the record decides.
            Self::Root => true,
        }
    }
}

/// The terms of one escrow. Each member is described in `contracts/src/IEscrow.sol`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowTerms {
    /// SHA-256 of the terms' canonical JSON.
    pub terms_hash: B256,
    /// May pause, revoke, return and cancel.
    pub issuer: Address,
    /// Gets the accepted money after settlement.
    pub beneficiary: Address,
    /// Signs permits; zero for a public round.
    pub verifier: Address,
    /// The ERC-20 people pay with; zero for the coin.
    pub currency: Address,
    /// The ERC-20 that is sold; zero until it is announced.
    pub token: Address,
    /// Gets unsold tokens; zero if they are burned.
    pub treasury: Address,
    /// Number of the round in the terms, from 0. Of a sale with several rounds as a whole: how many there are.
    pub round: U256,
    /// First second of the window.
    pub opens: U256,
    /// First second after the window.
    pub closes: U256,
    /// Nothing settled by then: everybody takes the money back.
    pub refund_deadline: U256,
    /// Least money for a sale; 0 for none.
    pub soft_cap: U256,
    /// Most money.
    pub hard_cap: U256,
    /// Most tokens.
    pub for_sale: U256,
    /// Least of one contribution.
    pub contribution_min: U256,
    /// Most of one contribution; the largest number for no maximum.
    pub contribution_max: U256,
    /// Least of one investor.
    pub investor_min: U256,
    /// Most of one investor; the largest number for no maximum.
    pub investor_max: U256,
    /// What does not fit under a cap.
    pub over_cap: Misfit,
    /// What does not fit under a limit.
    pub over_limit: Misfit,
    /// Which formula the price has.
    pub pricing: PricingKind,
    /// Token units per unit of money: numerator.
    pub price_numerator: U256,
    /// Token units per unit of money: denominator.
    pub price_denominator: U256,
    /// Basis points for each `bonus_per` seconds before `bonus_until`.
    pub bonus: U256,
    /// The stretch for which the bonus is given, in seconds.
    pub bonus_per: U256,
    /// Where the bonus reaches nothing.
    pub bonus_until: U256,
    /// The distance counts in whole multiples of this, in seconds.
    pub bonus_granularity: U256,
    /// A pause ends by itself after so many seconds.
    pub pause_longest: U256,
    /// There may be so many pauses.
    pub pause_count: U256,
    /// Seconds for which each contribution may be taken back; 0 for none.
    pub withdrawal_span: U256,
    /// First second at which none may any more; 0 for none.
    pub withdrawal_until: U256,
    /// What a pause does to the end of the window.
    pub pause_end: PauseEnding,
}

/// A word that is no value of its member's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongWord {
    /// Its place.
    pub index: usize,
}

impl EscrowTerms {
    /// Which contract keeps them.
    pub fn kind(&self) -> EscrowKind {
        let has_no_right = (self.withdrawal_span | self.withdrawal_until).is_zero();
        EscrowKind::by_formula(!self.round.is_zero(), !has_no_right)
    }

    /// The members in the order and with the names of the contract.
    pub fn members(&self) -> [(&'static str, B256); TERMS_WORDS] {
        let number = |value: U256| B256::from(value);
        let small = |value: u8| B256::left_padding_from(&[value]);
        [
            ("termsHash", self.terms_hash),
            ("issuer", self.issuer.into_word()),
            ("beneficiary", self.beneficiary.into_word()),
            ("verifier", self.verifier.into_word()),
            ("currency", self.currency.into_word()),
            ("token", self.token.into_word()),
            ("treasury", self.treasury.into_word()),
            ("round", number(self.round)),
            ("opens", number(self.opens)),
            ("closes", number(self.closes)),
            ("refundDeadline", number(self.refund_deadline)),
            ("softCap", number(self.soft_cap)),
            ("hardCap", number(self.hard_cap)),
            ("forSale", number(self.for_sale)),
            ("contributionMin", number(self.contribution_min)),
            ("contributionMax", number(self.contribution_max)),
            ("investorMin", number(self.investor_min)),
            ("investorMax", number(self.investor_max)),
            ("overCap", small(self.over_cap.code())),
            ("overLimit", small(self.over_limit.code())),
            ("pricing", small(self.pricing.code())),
            ("priceNumerator", number(self.price_numerator)),
            ("priceDenominator", number(self.price_denominator)),
            ("bonus", number(self.bonus)),
            ("bonusPer", number(self.bonus_per)),
            ("bonusUntil", number(self.bonus_until)),
            ("bonusGranularity", number(self.bonus_granularity)),
            ("pauseLongest", number(self.pause_longest)),
            ("pauseCount", number(self.pause_count)),
            ("withdrawalSpan", number(self.withdrawal_span)),
            ("withdrawalUntil", number(self.withdrawal_until)),
            ("pauseEnd", small(self.pause_end.code())),
        ]
    }

    /// As they are encoded.
    pub fn words(&self) -> [B256; TERMS_WORDS] {
        self.members().map(|(_, word)| word)
    }

    /// As they lie in the code of a clone: `pack` of `contracts/src/EscrowTerms.sol`, whose factory refuses what does
    /// not fit its place.
    pub fn packed(&self, claimed: AfterClaim) -> [U256; PACKED_WORDS] {
        let person = |address: Address| U256::from_be_bytes(address.into_word().0);
        let code = |code: u8| U256::from(code);
        let none = (U256::from(1) << MAXIMUM_BITS) - U256::from(1);
        let maximum = |most: U256| if most == U256::MAX { none } else { most };
        [
            self.terms_hash.into(),
            person(self.verifier)
                | (self.round << 160)
                | (self.pause_longest << 192)
                | (self.pause_count << 224),
            self.opens
                | (self.closes << 40)
                | (self.refund_deadline << 80)
                | (code(self.pricing.code()) << 120)
                | (code(self.over_cap.code()) << 128)
                | (code(self.over_limit.code()) << 136)
                | (self.withdrawal_span << 144)
                | (self.withdrawal_until << 184)
                | (code(self.pause_end.code()) << 224),
            self.contribution_min | (maximum(self.contribution_max) << 80) | (self.soft_cap << 160),
            self.investor_min | (maximum(self.investor_max) << 80) | (self.hard_cap << 160),
            self.for_sale | (person(self.currency) << 96),
            self.price_numerator | (self.price_denominator << 128),
            self.bonus
                | (self.bonus_per << 64)
                | (self.bonus_until << 104)
                | (self.bonus_granularity << 144),
            person(self.token),
            person(self.issuer),
            person(self.beneficiary) | (code(claimed.code()) << 160),
            person(self.treasury),
        ]
    }

    /// From their encoding.
    ///
    /// # Errors
    /// A word holds no value of its member's type.
    pub fn from_words(words: [B256; TERMS_WORDS]) -> Result<Self, WrongWord> {
        let mut reader = Reader { words, next: 0 };
        Ok(Self {
            terms_hash: reader.word(),
            issuer: reader.address()?,
            beneficiary: reader.address()?,
            verifier: reader.address()?,
            currency: reader.address()?,
            token: reader.address()?,
            treasury: reader.address()?,
            round: reader.number(),
            opens: reader.number(),
            closes: reader.number(),
            refund_deadline: reader.number(),
            soft_cap: reader.number(),
            hard_cap: reader.number(),
            for_sale: reader.number(),
            contribution_min: reader.number(),
            contribution_max: reader.number(),
            investor_min: reader.number(),
            investor_max: reader.number(),
            over_cap: reader.code(Misfit::from_code)?,
            over_limit: reader.code(Misfit::from_code)?,
            pricing: reader.code(PricingKind::from_code)?,
            price_numerator: reader.number(),
            price_denominator: reader.number(),
            bonus: reader.number(),
            bonus_per: reader.number(),
            bonus_until: reader.number(),
            bonus_granularity: reader.number(),
            pause_longest: reader.number(),
            pause_count: reader.number(),
            withdrawal_span: reader.number(),
            withdrawal_until: reader.number(),
            pause_end: reader.code(PauseEnding::from_code)?,
        })
    }
}

/// Takes one word after the other. The count of words is part of the type, so there is always a next one.
struct Reader {
    words: [B256; TERMS_WORDS],
    next: usize,
}

impl Reader {
    fn word(&mut self) -> B256 {
        let word = self.words.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        word
    }

    fn number(&mut self) -> U256 {
        self.word().into()
    }

    fn address(&mut self) -> Result<Address, WrongWord> {
        let index = self.next;
        let word = self.word();
        let address = Address::from_word(word);
        if address.into_word() == word {
            Ok(address)
        } else {
            Err(WrongWord { index })
        }
    }

    fn code<T>(&mut self, from: fn(u8) -> Option<T>) -> Result<T, WrongWord> {
        let index = self.next;
        u8::try_from(self.number())
            .ok()
            .and_then(from)
            .ok_or(WrongWord { index })
    }
}

impl Misfit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Partial => 0,
            Self::Refuse => 1,
            Self::Share => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Partial, Self::Refuse, Self::Share]
            .get(usize::from(code))
            .copied()
    }
}

impl PauseEnding {
    fn code(self) -> u8 {
        match self {
            Self::Fixed => 0,
            Self::Moves => 1,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Fixed, Self::Moves].get(usize::from(code)).copied()
    }
}

impl PricingKind {
    fn code(self) -> u8 {
        match self {
            Self::Fixed => 0,
            Self::Steps => 1,
            Self::Linear => 2,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Fixed, Self::Steps, Self::Linear]
            .get(usize::from(code))
            .copied()
    }
}
