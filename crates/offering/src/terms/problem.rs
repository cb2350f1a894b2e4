//! What is wrong or dangerous in terms, each with a stable code, a place, a sentence and a remedy.

use std::fmt;

/// One finding about an `offering.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsProblem {
    /// Which rule found it.
    pub code: TermsCode,
    /// How bad it is; follows from the code.
    pub severity: Severity,
    /// Path of the key, for example `round[1].pricing.price`; rounds count from 0.
    pub key: String,
    /// Where in the text; `None` for a finding about [`Terms`](super::Terms) without their text.
    pub place: Option<Place>,
    /// What is wrong and what follows from it.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// A place in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Character of the line.
    pub column: usize,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The terms are not valid.
    Error,
    /// The terms are valid and take something from investors that they may not expect; pages show
    /// it in red before paying.
    Red,
    /// The terms are valid, and an investor should know this.
    Warning,
}

impl TermsProblem {
    /// A finding without a place.
    pub(super) fn new(
        code: TermsCode,
        key: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: code.severity(),
            key: key.into(),
            place: None,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for TermsProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(out, "line {}, column {}: ", place.line, place.column)?;
        }
        write!(out, "{} {}", self.severity, self.code)?;
        if !self.key.is_empty() {
            write!(out, " at `{}`", self.key)?;
        }
        write!(out, ": {}", self.message)?;
        if !self.hint.is_empty() {
            write!(out, "; {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for TermsProblem {}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Error => "error",
            Self::Red => "red warning",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal $severity:ident,)*) => {
        /// Codes of findings. A code is never given a second meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum TermsCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl TermsCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable form, for example `T103`.
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

            /// How bad a finding with this code is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    /// The text is not TOML.
    Syntax = "T101" Error,
    /// The text is larger than 1 MiB.
    TextTooLarge = "T102" Error,
    /// A key that the language does not have here.
    UnknownKey = "T103" Error,
    /// A key that must be there.
    MissingKey = "T104" Error,
    /// A value of another kind than the key takes.
    WrongType = "T105" Error,
    /// A word that is not one of the allowed ones.
    UnknownWord = "T106" Error,
    /// More entries than a list may have.
    TooMany = "T107" Error,
    /// A name, symbol or origin with characters or a length that is not allowed.
    BadName = "T108" Error,
    /// A name that is used twice where it must be unique.
    Duplicate = "T109" Error,
    /// There are more problems than are listed.
    MoreProblems = "T110" Error,
    /// Rules that this engine does not know.
    UnknownRules = "T111" Error,
    /// Two keys that cannot stand together.
    KeyConflict = "T112" Error,
    /// A bare number where an amount, a percentage or a span belongs.
    BareNumber = "T120" Error,
    /// Not a decimal number.
    BadNumber = "T121" Error,
    /// A number with more than 38 digits.
    TooManyDigits = "T122" Error,
    /// More decimals than the unit has.
    TooManyDecimals = "T123" Error,
    /// A negative number.
    Negative = "T124" Error,
    /// A missing unit, or one that is not allowed here.
    WrongUnit = "T125" Error,
    /// Not a price of the form `100 HBR per ETH`.
    BadPrice = "T126" Error,
    /// Not a percentage of the form `12.5 %`.
    BadPercent = "T127" Error,
    /// Not a ratio of the form `198/1000` or `25 %`.
    BadRatio = "T128" Error,
    /// Zero where something must be there.
    Zero = "T129" Error,
    /// A number beyond 128 bits.
    DoesNotFit = "T130" Error,
    /// Not a date of the form `2026-03-01T12:00:00Z`.
    BadDate = "T140" Error,
    /// A date without time zone.
    DateWithoutZone = "T141" Error,
    /// A number where a date belongs.
    NumberForDate = "T142" Error,
    /// Not a block height.
    BadHeight = "T143" Error,
    /// Not a span of the form `14 days` or `1000 blocks`.
    BadSpan = "T144" Error,
    /// A date before 2009 or after 2100, or a block height that looks like a time.
    DateOutOfRange = "T145" Error,
    /// One position where the heights of several chains would be needed.
    SeveralLines = "T146" Error,
    /// A window that closes before it opens.
    WindowReversed = "T201" Error,
    /// A pricing and an allocation that do not make sense together.
    PairRefused = "T202" Error,
    /// Parts of the supply that do not add up.
    SupplySplit = "T203" Error,
    /// Rounding once per investor where the price depends on the contribution's place.
    RoundingScope = "T204" Error,
    /// Rounding up where a batch shares out a limited supply.
    RoundingUpInBatch = "T205" Error,
    /// A round that shares out nothing, because it has no cap or supply.
    RoomMissing = "T206" Error,
    /// Money kept on a rail that always returns it.
    KeptOnEvm = "T207" Error,
    /// A soft cap above the hard cap or the supply.
    SoftCapTooHigh = "T208" Error,
    /// Milestones that do not release exactly everything.
    MilestoneSum = "T210" Error,
    /// Bids that need one currency, the numeraire.
    BidCurrency = "T211" Error,
    /// A pricing that needs money as numeraire.
    NumeraireIsToken = "T212" Error,
    /// A lottery drawn before its round is over.
    LotteryTooEarly = "T213" Error,
    /// Reveals that end before the bids do.
    RevealTooEarly = "T214" Error,
    /// Prices, rates and rounding units whose product is beyond 128 bits.
    ProductTooLarge = "T215" Error,
    /// Rounding once per investor at a rate that changes.
    RecordedRatePerInvestor = "T216" Error,
    /// Steps that are out of order or leave a part of the window without a price.
    StepOrder = "T218" Error,
    /// Tiers that are out of order.
    TierOrder = "T219" Error,
    /// A Dutch price that does not fall.
    DutchOrder = "T220" Error,
    /// A reservation that ends outside the window.
    ReservationEnd = "T221" Error,
    /// A refund deadline before the sale can have been settled.
    DeadlineTooEarly = "T222" Error,
    /// A rate for the numeraire, or none for another currency.
    RateMismatch = "T223" Error,
    /// A minimum above its maximum.
    MinimumAboveMaximum = "T224" Error,
    /// A percentage above 100 where a part of something is meant.
    PartAboveWhole = "T225" Error,
    /// A right to object that nothing is there for, or that nobody keeps.
    ObjectionsUseless = "T226" Error,
    /// A deadline for milestones before the last one can be released.
    ReleaseDeadlineTooEarly = "T227" Error,
    /// A root that no contract takes.
    RootUseless = "T228" Error,
    /// A team share above what is sold, without vesting.
    TeamShare = "W201" Warning,
    /// The smallest allowed contribution buys nothing.
    BuysNothing = "W202" Warning,
    /// A cap that can never be reached.
    CapUnreachable = "W203" Warning,
    /// Nothing says when investors can take their money back if the issuer is gone.
    NoRefundDeadline = "W204" Warning,
    /// Money that does not fit is kept.
    KeepsMoney = "W205" Red,
    /// A public round without a withdrawal right.
    NoWithdrawalRight = "W206" Warning,
    /// A rule that the rail cannot enforce by itself.
    RailCannotEnforce = "W207" Warning,
    /// A token ceiling takes tokens and keeps the money.
    CeilingKeepsMoney = "W208" Red,
    /// One round on two rails: no escrow can see the other one.
    TwoRails = "W209" Warning,
    /// The issuer may end a round when it likes.
    EarlyClose = "W210" Warning,
    /// A bonus above 100 %.
    HugeBonus = "W211" Warning,
    /// No soft cap: the issuer keeps whatever came in.
    NoSoftCap = "W212" Warning,
    /// Nothing bounds how much is sold.
    Unbounded = "W213" Warning,
    /// Equal bids are told apart by the investor's id.
    TieById = "W214" Warning,
    /// Pauses that can stop the sale for more than it lasts.
    LongPause = "W215" Warning,
    /// A withdrawal right shorter than 14 days.
    ShortWithdrawalRight = "W216" Warning,
    /// Rates that may be a day old or jump by half.
    LooseRate = "W217" Warning,
}

impl fmt::Display for TermsCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ascending_and_carry_their_severity() {
        let codes: Vec<&str> = TermsCode::ALL.iter().map(|code| code.as_str()).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        for code in TermsCode::ALL {
            let error = code.severity() == Severity::Error;
            assert_eq!(code.as_str().starts_with('T'), error, "{code}");
            assert!(code.meaning().ends_with('.'), "{code}: {}", code.meaning());
        }
    }
}
