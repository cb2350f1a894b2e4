//! Terms: what an offering promises, once parsed and validated.
//!
//! The fields are what the rest of the engine reads. They are built only by [`Terms::parse`], so
//! no later code checks a term again.

mod canonical;
mod lint;
mod parse;
mod problem;

pub use canonical::TermsHash;
pub use lint::lint;
pub use parse::{Inspection, inspect};
pub use problem::{Place, Severity, TermsCode, TermsProblem};

use crate::{
    Amount, BasisPoints, CurrencyIndex, LineIndex, Position, Ratio, RoundingMode, Span, Tokens,
    Value,
};

/// The content of `offering.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Version of the rules the engine applies; the only one so far is 1.
    pub rules: u32,
    /// Name of the offering, for people.
    pub name: String,
    /// Origin line of the journal's checkpoints, for example `example.org/harbour`.
    pub origin: String,
    /// What is sold.
    pub token: Token,
    /// Money that is taken, in the order of the settlement's columns.
    pub currencies: Vec<Currency>,
    /// The unit in which caps and limits are counted.
    pub numeraire: Numeraire,
    /// What positions mean.
    pub clock: Clock,
    /// Rounds in order; the first that is open and admits a person takes the contribution.
    pub rounds: Vec<Round>,
    /// Below this everybody is refunded.
    pub soft_cap: Option<Cap>,
    /// Above this nothing more is accepted.
    pub hard_cap: Option<Cap>,
    /// How equal claims are told apart.
    pub tie: TieRule,
    /// What becomes of units that rounding leaves over in a batch allocation.
    pub dust: DustRule,
    /// An investor's tokens are cut to this at settlement; the money stays accepted.
    pub token_ceiling: Option<Tokens>,
    /// Whose tokens are cut to the ceiling.
    pub token_ceiling_scope: CeilingScope,
    /// Largest value one investor may have accepted over all rounds.
    pub investor_max: Option<Value>,
    /// Whether and how long the issuer may stop contributions.
    pub pause: Option<PauseTerms>,
    /// The investors' right to take a contribution back.
    pub withdrawal: Option<WithdrawalRight>,
    /// What becomes of room that a withdrawal or a return frees.
    pub freed_room: FreedRoom,
    /// Whether the issuer may close a round before its window ends.
    pub early_close: EarlyClose,
    /// If nothing was settled by then, everybody may take the money back.
    pub refund_deadline: Option<Position>,
    /// What becomes of tokens that nobody bought.
    pub unsold: Unsold,
    /// In which steps the accepted money is released to the issuer; empty: at once.
    pub milestones: Vec<Milestone>,
    /// The investors' right to stop the steps. Only a contract keeps it.
    pub objections: Option<Objections>,
    /// How a contract that cannot compute the outcome takes it. Only a contract keeps it.
    pub root: Option<RootSettlement>,
}

/// The token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// For people.
    pub name: String,
    /// Short form that amounts carry.
    pub symbol: String,
    /// Decimal places of the smallest unit.
    pub decimals: u8,
    /// How many there are.
    pub supply: Supply,
    /// Vesting of what investors bought.
    pub sale_vesting: Vesting,
}

/// How many tokens there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Supply {
    /// A fixed number, split: `for_sale + shares == total`.
    Fixed {
        /// All that will ever exist.
        total: Tokens,
        /// The part that rounds may sell.
        for_sale: Tokens,
        /// The other parts.
        shares: Vec<Share<Tokens>>,
    },
    /// Created as sold, with shares on top: `minted == sold + shares`.
    Minted {
        /// Most that may be sold, if bounded.
        max: Option<Tokens>,
        /// The shares on top, each a ratio of what was sold.
        shares: Vec<Share<ShareOfSold>>,
    },
}

/// A part of the supply that is not sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share<Size> {
    /// Its name in reports.
    pub name: String,
    /// Who holds it.
    pub holder: Holder,
    /// How large it is.
    pub size: Size,
    /// When it becomes free.
    pub vesting: Vesting,
}

/// A ratio of what was sold, and its rounding to the token's smallest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareOfSold {
    /// Share units per sold unit.
    pub ratio: Ratio,
    /// Rounding of the product.
    pub rounding: RoundingMode,
}

/// Who holds a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The people who build it.
    Team,
    /// The issuer's treasury.
    Treasury,
    /// Advisers.
    Advisers,
    /// Anybody else, as the share's name says.
    Other,
}

/// Linear vesting after a cliff: nothing before `cliff`, then `elapsed / duration` of the whole,
/// all of it from `duration` on. Both count from settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vesting {
    /// Nothing is free before.
    pub cliff: Span,
    /// Everything is free from here on; zero: at once.
    pub duration: Span,
}

/// Money that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    /// Short form that amounts carry.
    pub symbol: String,
    /// Decimal places of the smallest unit.
    pub decimals: u8,
    /// How it arrives and leaves.
    pub rail: Rail,
    /// Its clock line.
    pub line: LineIndex,
    /// Its value in the numeraire.
    pub rate: RateTerm,
    /// How tokens bought with it are rounded.
    pub rounding: Rounding,
    /// Added to every accepted payment when tokens are computed (Ethereum 2014 gave back the
    /// network fee this way); never money.
    pub credit: Amount,
}

/// How money arrives and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rail {
    /// An escrow contract.
    Evm,
    /// Bitcoin addresses of the issuer.
    Bitcoin,
    /// Balances on the platform.
    Balance,
}

/// The value of a currency: smallest units of the numeraire per smallest unit of the currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateTerm {
    /// Fixed for the whole offering.
    Fixed(Ratio),
    /// The newest recorded rate entry.
    Recorded {
        /// Key of the source, for example `kraken:ETHUSD`.
        source: String,
        /// A rate older than this is no rate.
        max_age: Span,
        /// Largest change from one rate to the next.
        max_step: BasisPoints,
    },
}

/// How tokens are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// Which way.
    pub mode: RoundingMode,
    /// To which multiple of the token's smallest unit; not zero.
    pub unit: Tokens,
    /// How often.
    pub per: RoundingScope,
}

/// How often tokens are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoundingScope {
    /// Each contribution by itself, then added.
    #[default]
    Contribution,
    /// The exact sum of one investor's contributions in that currency and round, once.
    Investor,
}

/// The unit in which caps and limits are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numeraire {
    /// Symbol that amounts carry.
    pub symbol: String,
    /// Decimal places of its smallest unit.
    pub decimals: u8,
}

/// What positions mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Time or block heights.
    pub kind: ClockKind,
    /// Names of the clock lines: `time`, or the chains.
    pub lines: Vec<String>,
    /// How far an entry's position may lie behind the latest one of its line. Block times are not
    /// monotone; a contribution is judged by its own position.
    pub tolerance: Span,
}

/// Time or block heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    /// Unix milliseconds.
    Time,
    /// Block heights, one line per chain.
    Block,
}

/// A part of the offering with rules of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its name.
    pub name: String,
    /// Its window on each clock line; `None` where it takes no money of that line.
    pub windows: Vec<Option<Window>>,
    /// How many tokens a unit of money buys.
    pub pricing: Pricing,
    /// Who gets how much when more is asked than is on sale.
    pub allocation: Allocation,
    /// Most money it accepts.
    pub cap: Option<Value>,
    /// Most tokens it sells.
    pub supply: Option<Tokens>,
    /// Least of one contribution; every bound holds, zero money is refused unless one says `0`.
    pub contribution_min: Vec<Limit>,
    /// Most of one contribution.
    pub contribution_max: Vec<Limit>,
    /// Least an investor must have in the round after a contribution.
    pub investor_min: Option<Value>,
    /// Most an investor may have accepted in the round, over all contributions.
    pub investor_max: Option<Bound>,
    /// Who may take part.
    pub access: Access,
    /// What happens to what does not fit under a cap or the supply.
    pub over_cap: Misfit,
    /// What happens to what does not fit under a limit of a contribution or an investor.
    pub over_limit: Misfit,
    /// Which currencies it takes, by place in the terms; sorted.
    pub currencies: Vec<CurrencyIndex>,
}

/// A half-open stretch of a clock line. How the terms state the last position is kept, because
/// people compare it with what they announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First position inside.
    pub from: Position,
    /// The end as the terms state it.
    pub until: Position,
    /// Whether `until` itself is inside.
    pub end: WindowEnd,
}

/// Whether the stated end is inside the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowEnd {
    /// The stated end is the last position inside.
    Inclusive,
    /// The stated end is the first position outside.
    Exclusive,
}

impl Window {
    /// The first position after the window.
    pub fn end_exclusive(self) -> Position {
        match self.end {
            WindowEnd::Inclusive => self.until.after(Span(1)),
            WindowEnd::Exclusive => self.until,
        }
    }

    /// Whether a position is inside.
    pub fn contains(self, position: Position) -> bool {
        self.from <= position && position < self.end_exclusive()
    }
}

/// A bound in money of the numeraire or in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Counted in the numeraire.
    Value(Value),
    /// Counted in tokens.
    Tokens(Tokens),
}

/// A cap of the whole offering.
pub type Cap = Bound;

/// A bound of one contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Counted in the numeraire.
    Value(Value),
    /// Counted in tokens.
    Tokens(Tokens),
    /// Counted in one currency; says nothing about others.
    Money(CurrencyIndex, Amount),
}

/// Who may take part in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Only who has an admission entry.
    Admitted,
}

/// What happens to what does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Misfit {
    /// What fits is accepted, the rest is returned.
    #[default]
    Partial,
    /// The whole contribution is refused; a smaller one may still fit.
    Refuse,
    /// What fits is accepted, the rest is kept and counts as nothing (proof of burn).
    Kept,
}

/// How many tokens a unit of money buys. A price is a [`Ratio`] of token units per unit of the
/// numeraire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// One price.
    Fixed {
        /// The price.
        price: Ratio,
    },
    /// A price for each stretch of the schedule.
    Steps {
        /// Each holds from its position up to the next one's; sorted. On a block clock with
        /// several lines, positions are those of the round's one line.
        steps: Vec<PriceStep>,
    },
    /// A bonus that falls linearly to nothing.
    Linear {
        /// Price without bonus.
        base: Ratio,
        /// Bonus for each `per` of distance to `until`.
        bonus: BasisPoints,
        /// The stretch for which `bonus` is given.
        per: Span,
        /// Where the bonus reaches nothing.
        until: Position,
        /// The distance counts in whole multiples of this (1,000 ms on a clock of seconds).
        granularity: Span,
    },
    /// The price depends on what was raised before.
    Tiers {
        /// Sorted by `up_to`; only the last may be unbounded.
        tiers: Vec<Tier>,
        /// What a purchase pays that crosses a boundary.
        crossing: Crossing,
    },
    /// The price per token falls until the supply is sold; everybody pays the clearing price.
    Dutch {
        /// Money per token at the start: numeraire units per token unit.
        start: Ratio,
        /// Money per token at the end of the window, also the lowest price.
        end: Ratio,
        /// The price changes once each such stretch.
        granularity: Span,
    },
    /// Bids with one clearing price.
    Bids {
        /// Least money for the whole supply; zero: any price.
        min_proceeds: Value,
        /// Open, or sealed by commit and reveal.
        sealing: Sealing,
    },
}

/// A price from a position on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceStep {
    /// First position at which it holds.
    pub from: Position,
    /// Token units per numeraire unit.
    pub price: Ratio,
}

/// A price up to an amount raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Gross amount raised in the round at which it ends.
    pub up_to: Option<Value>,
    /// Token units per numeraire unit.
    pub price: Ratio,
}

/// What a purchase pays that crosses a tier's boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Each part the price of its tier.
    Split,
    /// All of it the price of the tier in which it begins.
    Before,
}

/// Open bids, or sealed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealing {
    /// The limit price is in the contribution.
    Open,
    /// The contribution locks money; amount and limit price are revealed later.
    Sealed {
        /// Money is locked in multiples of this many units of the round's currency.
        lock_step: Amount,
        /// Reveals count up to this position (exclusive), and from the end of the window on.
        reveal_until: Position,
        /// Part of the locked money that is kept when a bid is not revealed.
        bond: BasisPoints,
    },
}

/// Who gets how much when more is asked than is on sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// In the order of the journal.
    FirstCome,
    /// Everybody the same part.
    ProRata,
    /// Everybody the same part of what they asked up to a cap.
    ProRataCapped {
        /// What one person may ask at most.
        cap: Value,
    },
    /// Everybody the same amount, up to what they asked.
    WaterFilling,
    /// Drawn by a public seed.
    Lottery {
        /// Where the seed comes from, for example `drand:quicknet`.
        source: String,
        /// The instant the seed is drawn; the round is closed before it.
        instant: Position,
        /// Whether the last winner may be filled in part.
        marginal: MarginalWinner,
    },
    /// Reserved amounts up to a date, the rest in the order of the journal.
    Guaranteed {
        /// From here on what was reserved and not used is free for all.
        until: Position,
    },
}

/// What the last winner of a lottery gets when not all of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginalWinner {
    /// What is left.
    Partial,
    /// Nothing.
    Skip,
}

/// How equal claims are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieRule {
    /// They share in proportion.
    #[default]
    ProRata,
    /// The smaller request first, then the smaller id (by length, then by bytes).
    ById,
}

/// What becomes of units that rounding leaves over in a batch allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DustRule {
    /// One unit each to the largest remainders, then by a hash of terms and id.
    #[default]
    LargestRemainder,
    /// Nobody gets them; they stay unsold.
    Unassigned,
}

/// Whose tokens are cut to the token ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CeilingScope {
    /// Everybody's.
    #[default]
    Everyone,
    /// Those of whom the issuer returned money as over a limit (Cosmos 2017: one person was cut by
    /// hand, three others had more).
    ReturnedOverLimit,
}

/// Bounds of the issuer's pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseTerms {
    /// A pause ends by itself after this.
    pub longest: Span,
    /// How many there may be.
    pub count: u32,
    /// Whether ends of windows move by the length of a pause.
    pub end: PauseEnd,
}

/// Whether a pause moves the ends of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseEnd {
    /// Windows end when the terms say.
    Fixed,
    /// The end of the open window, and both ends of later ones, move by the length of the pause.
    Moves,
}

/// The investors' right to take a contribution back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithdrawalRight {
    /// How long it lasts from the contribution; a later fixed date ends it for all.
    pub span: Span,
    /// If set, the right ends for everybody at this position instead.
    pub until: Option<Position>,
    /// Who has it.
    pub who: WithdrawalHolder,
}

/// Who has the right of withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalHolder {
    /// Everybody.
    Everyone,
    /// Those whose admission says so (retail investors under MiCA article 13).
    Marked,
}

/// What becomes of freed room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FreedRoom {
    /// The next contribution may use it.
    #[default]
    Reopen,
    /// Contributions that did not fit wait and get it in order.
    WaitingList,
    /// Nobody gets it.
    Closed,
}

/// Whether the issuer may close a round early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyClose {
    /// No.
    #[default]
    Never,
    /// At any time.
    Allowed,
    /// Once the soft cap is reached.
    AfterSoftCap,
}

/// What becomes of tokens that nobody bought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsold {
    /// They are destroyed or never created.
    #[default]
    Burned,
    /// The treasury gets them.
    Treasury,
}

/// When those who paid stop the release of money, and when it ends by itself. What was not released
/// goes back for their tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objections {
    /// Objections of so much of the accepted money stop every further step.
    pub share: BasisPoints,
    /// How long objections may come after a step was announced.
    pub span: Span,
    /// How long after settlement the last step is released at the latest.
    pub deadline: Span,
}

/// How a contract takes the outcome that it cannot compute: as a root, which those who paid may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootSettlement {
    /// What bids may name; `None` where the terms say every price.
    pub bids: Option<BidLimits>,
    /// Objections of so much of the contributed money make a root void.
    pub share: BasisPoints,
    /// How long objections may come after the root.
    pub challenge: Span,
    /// How long after that tokens are claimed; what was not claimed by then is refunded.
    pub claims: Span,
}

/// The prices that bids may name where a contract takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidLimits {
    /// Highest price: numeraire units per token unit.
    pub ceiling: Ratio,
    /// Bids name whole numeraire units for so many tokens.
    pub price_unit: Tokens,
}

/// One step of fund release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// Part of the accepted money.
    pub part: BasisPoints,
    /// How long after settlement at the earliest.
    pub after: Span,
}
