//! Why a contract cannot keep some terms, each with a stable code, a place, a sentence and a remedy.

use std::fmt;

/// One reason why no escrow can be announced with some terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unkept {
    /// Which rule found it.
    pub code: UnkeptCode,
    /// Path of the key, for example `round[0].pricing`; an option of the command where an address is missing.
    pub key: String,
    /// What the contract cannot keep.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl fmt::Display for Unkept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            key,
            message,
            remedy,
        } = self;
        write!(out, "{} at `{key}`: {message}; {remedy}", code.as_str())
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// Codes of reasons. A code is never given a second meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum UnkeptCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl UnkeptCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable form, for example `R103`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What the rule behind the code says.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*).trim_ascii(),)*
                }
            }
        }
    };
}

codes! {
    /// An escrow that takes the outcome as a root holds the money of one round.
    SeveralRounds = "R101",
    /// An escrow takes one currency.
    SeveralCurrencies = "R102",
    /// The money comes on another rail.
    OtherRail = "R103",
    /// Caps and limits are counted in something else than the currency.
    OtherNumeraire = "R104",
    /// A credit on top of each payment.
    Credit = "R105",
    /// Positions that are block heights.
    BlockClock = "R106",
    /// A position or a span that is no whole second.
    PartOfSecond = "R107",
    /// A position beyond what the contract counts, the year 2106.
    TooLate = "R108",
    /// An allocation that needs all contributions at once.
    Allocation = "R109",
    /// A price that is no formula of time.
    Pricing = "R110",
    /// Rounding in another way than the contract's.
    Rounding = "R111",
    /// A soft cap in tokens.
    SoftCapInTokens = "R112",
    /// A limit of an investor or a contribution in tokens.
    LimitInTokens = "R113",
    /// A minimum of zero.
    ZeroMinimum = "R114",
    /// Nothing bounds the money that may be accepted.
    NoHardCap = "R115",
    /// A hard cap beyond the contract's counter, 2^88 - 1.
    HardCapTooLarge = "R116",
    /// Nothing bounds the tokens that may be sold.
    NoSupply = "R117",
    /// More tokens for sale than the contract's counter holds, 2^96 - 1.
    SupplyTooLarge = "R118",
    /// One investor may have more money accepted than the contract's counter holds, 2^80 - 1.
    InvestorMoney = "R119",
    /// One investor may get more tokens than the contract's counter holds, 2^88 - 1.
    InvestorTokens = "R120",
    /// A price that is zero, too fine for a step, or beyond what the record computes.
    Price = "R121",
    /// More price steps than fit the contract's code, 754.
    TooManySteps = "R122",
    /// No price at the beginning of the window.
    FirstStepLate = "R123",
    /// Money that does not fit is kept.
    KeptMoney = "R124",
    /// A ceiling that cuts tokens and not money.
    TokenCeiling = "R125",
    /// A pause that moves the windows of several rounds.
    MovingPause = "R126",
    /// A pause of more than 366 days, or one that could end after the year 2106.
    LongPause = "R127",
    /// A right to take a contribution back that only some have, or beside milestones or vesting.
    Withdrawal = "R128",
    /// Freed room that goes to a waiting list or to nobody.
    FreedRoom = "R129",
    /// A round that the issuer may close early.
    EarlyClose = "R130",
    /// No refund deadline.
    NoRefundDeadline = "R131",
    /// A refund deadline that is not after the window.
    EarlyRefundDeadline = "R132",
    /// Money that is released in steps.
    Milestones = "R133",
    /// Bought tokens that become free over time.
    SaleVesting = "R134",
    /// A share of the supply that becomes free over time.
    ShareVesting = "R135",
    /// Shares that are minted as a part of what was sold.
    MintedShares = "R136",
    /// Tokens for the treasury that the round never offers.
    NeverOffered = "R137",
    /// A minimum above a maximum.
    MinimumAboveMaximum = "R138",
    /// A soft cap above the hard cap.
    SoftCapAboveHardCap = "R139",
    /// Objections that only a majority could bring together.
    StopShare = "R140",
    /// A step of the release that releases nothing.
    EmptyMilestone = "R141",
    /// A span after settlement of more than 36,500 days.
    LongSpan = "R142",
    /// A pause, where the outcome comes as a root.
    NoPause = "R143",
    /// A limit under which a part of a contribution would be taken, where the outcome comes as a root.
    WholeContributions = "R145",
    /// A minimum for an investor, where the outcome comes as a root.
    InvestorMinimum = "R146",
    /// A ceiling of price limits that the contract cannot count.
    Ceiling = "R147",
    /// A time for objections or for claims below a day or above 3,650 days.
    RootPeriod = "R148",
    /// A ceiling of price limits beside a price that the terms say.
    CeilingBesidePrice = "R149",
    /// Rounds that overlap, or are out of order, or more than an escrow has, 16.
    RoundOrder = "R150",
    /// The coin of a chain has 18 decimals.
    CoinDecimals = "R151",
    /// A round for admitted people needs somebody who signs permits.
    VerifierMissing = "R152",
    /// Nobody signs permits of a round that is open to everybody.
    VerifierUnused = "R153",
    /// Unsold tokens go to a treasury whose address is missing.
    TreasuryMissing = "R154",
    /// A treasury for tokens that are burned.
    TreasuryUnused = "R155",
    /// A share of the supply whose holder's address is missing.
    HolderMissing = "R156",
    /// An address for a share that the terms do not have.
    HolderUnknown = "R157",
    /// The address zero, which nobody can use.
    ZeroAddress = "R158",
}
