//! Refusals: why a command had no effect.
//!
//! A refusal is part of the record: its number never changes and is never used again.

macro_rules! refusals {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal, $remedy:literal; )*) => {
        /// Why a command had no effect, or a contribution was not accepted whole.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Refusal {
            $( $(#[$doc])* #[doc = $sentence] $name = $code, )*
        }

        impl Refusal {
            /// Every refusal there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable number.
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// What happened.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// What to do.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// The refusal with a number.
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// The name in files, in snake case.
            pub fn name(self) -> String {
                let mut name = String::new();
                for letter in stringify_name(self).chars() {
                    if letter.is_ascii_uppercase() && !name.is_empty() {
                        name.push('_');
                    }
                    name.push(letter.to_ascii_lowercase());
                }
                name
            }
        }

        fn stringify_name(refusal: Refusal) -> &'static str {
            match refusal { $(Refusal::$name => stringify!($name),)* }
        }
    };
}

refusals! {
    NotYetOpen = 101, "No round is open yet.", "Wait for the next round's window.";
    WindowOver = 102, "The last window is over.", "The sale has ended; nothing can be contributed.";
    BetweenRounds = 103, "No round is open between the windows.", "Wait for the next round's window.";
    Paused = 104, "The issuer has paused contributions.", "Wait for the end of the pause; withdrawals stay open.";
    RoundClosed = 105, "The issuer has closed the round.", "Wait for the next round, if there is one.";
    OfferingCancelled = 106, "The offering was cancelled.", "Take the refund.";
    OfferingSettled = 107, "The offering is settled.", "Claim tokens or take the refund.";
    PositionWentBack = 108, "The entry's position lies behind the order by more than the terms tolerate.", "Record entries in the order in which they happened.";
    NotAnnounced = 109, "The terms are not announced.", "The first entry must announce the terms.";
    AlreadyAnnounced = 110, "The terms are announced already.", "Announce once.";
    WrongTerms = 111, "The announced hash is not the hash of these terms.", "Use the terms that were announced.";
    DeadlinePassed = 112, "The deadline for settling has passed; everybody may take the money back.", "Take the refund.";
    BelowMinimum = 201, "The contribution is below the minimum.", "Contribute at least the minimum.";
    AboveMaximum = 202, "The contribution is above the maximum.", "Contribute less.";
    BelowInvestorMinimum = 203, "The investor's total would stay below the minimum.", "Contribute at least the minimum per investor.";
    InvestorLimit = 204, "The investor's limit is reached.", "Nothing more can be accepted from this investor in this round.";
    RoundCapReached = 205, "The round's cap is reached.", "Wait for the next round, if there is one.";
    HardCapReached = 206, "The hard cap is reached.", "The sale is full.";
    SoldOut = 207, "The tokens on sale are sold.", "Wait for the next round, if there is one.";
    BuysNothing = 208, "The amount is worth nothing in the unit of the numeraire, or buys no token.", "Contribute more.";
    Zero = 209, "The amount is zero.", "Contribute more than nothing.";
    Outbid = 210, "The clearing price is above the bid's limit.", "The money goes back.";
    NotDrawn = 211, "The lottery did not draw this investor.", "The money goes back.";
    Oversubscribed = 212, "More was asked than is on sale; the rest goes back.", "Nothing to do.";
    Waiting = 213, "There was no room; the contribution waited for freed room and got none.", "The money goes back.";
    InsufficientFunds = 214, "The free money of the account does not cover the amount.", "Move more money into the account, or ask for less.";
    NotAdmitted = 301, "The investor is not admitted to the round.", "Ask the issuer for an admission.";
    AdmissionExpired = 302, "The admission has expired.", "Ask the issuer for a new admission.";
    AdmissionLimit = 303, "The limit of the admission is reached.", "Ask the issuer for a higher limit.";
    AdmissionRevoked = 304, "The admission was revoked.", "Ask the issuer why.";
    UnknownRound = 305, "There is no such round.", "Use a round of the terms.";
    GuaranteeNotOffered = 306, "The round has no guaranteed allocations.", "Admit without a guarantee.";
    GuaranteesExceedCap = 307, "The guarantees would exceed the room of the round.", "Guarantee less.";
    CurrencyNotTaken = 401, "The round does not take this currency.", "Pay in a currency of the round.";
    NoRate = 402, "There is no rate for the currency yet.", "Wait for a rate.";
    RateStale = 403, "The newest rate is older than the terms allow.", "Wait for a new rate.";
    RateStep = 404, "The rate differs from the one before by more than the terms allow.", "Check the source; an exceptional move needs several steps.";
    RateIsFixed = 405, "The currency has a fixed rate.", "Record rates only for currencies with recorded rates.";
    RateIsZero = 406, "The rate is zero.", "Record a rate above zero.";
    UnknownCurrency = 407, "There is no such currency.", "Use a currency of the terms.";
    NoAccounts = 408, "Money of this currency is not held in accounts.", "Pay on the currency's own rail.";
    NoEscrow = 409, "No escrow holds money of this currency.", "Pay on the currency's own rail.";
    OnlyThroughEscrow = 410, "Money of this currency comes in through the escrow contract only.", "Pay into the escrow.";
    EscrowDiffers = 411, "The escrow accepted another amount than the terms give at this place in the order.", "Pay nothing out; compare the contract's terms with the record.";
    EscrowIsFixed = 412, "The record follows an escrow already, or money has come in.", "Name the escrow once, before the first contribution.";
    LimitPriceMissing = 501, "A bid needs a limit price.", "Bid with the most you would pay per token.";
    LimitPriceNotAsked = 502, "The round has no bids; a limit price has no meaning.", "Contribute without a limit price.";
    BelowReserve = 503, "The limit price is below the reserve.", "Bid at least the reserve.";
    SealedBidLive = 504, "The investor already has a live sealed bid in the round.", "One sealed bid per person and round.";
    LockStep = 505, "The locked money is not a multiple of the step.", "Lock a multiple of the step.";
    RevealMismatch = 506, "Amount, price and salt do not match the sealed bid.", "Reveal what was sealed.";
    RevealTooEarly = 507, "Bids are revealed after the round's window.", "Wait for the end of the window.";
    RevealTooLate = 508, "The time to reveal is over.", "The money goes back, less the bond of the terms.";
    AlreadyRevealed = 509, "The bid is revealed already.", "Reveal once.";
    NotSealed = 510, "The entry is not a sealed bid.", "Reveal a sealed bid.";
    BidsAreSealed = 511, "The round takes sealed bids only.", "Commit a sealed bid.";
    BidsAreOpen = 512, "The round takes no sealed bids.", "Contribute with a limit price.";
    NotRevealed = 513, "The bid was not revealed in time.", "The money goes back, less the bond of the terms.";
    RevealAboveLock = 514, "The revealed amount is above the locked money.", "Reveal at most what was locked.";
    NoWithdrawalRight = 601, "The terms give no right of withdrawal.", "Nothing to do.";
    WithdrawalOver = 602, "The time to withdraw is over.", "Nothing to do.";
    NoSuchContribution = 603, "There is no contribution with this number.", "Use the sequence number of the contribution's receipt.";
    NothingLeft = 604, "Nothing of the contribution is left.", "Nothing to do.";
    MoreThanAccepted = 605, "More than what is accepted cannot be returned.", "Return at most what is accepted.";
    RoundOverForReturns = 606, "The round is closed; returns need a reason of law.", "Name a reason of law.";
    NotBetweenSeedAndSettlement = 607, "Nothing is returned between a lottery's seed and settlement.", "Wait for settlement.";
    NotMarkedForWithdrawal = 608, "The right of withdrawal is not given to this investor.", "Nothing to do.";
    SealedBidStays = 609, "A sealed bid is withdrawn or returned only after it was revealed.", "Reveal the bid first.";
    PauseNotInTerms = 701, "The terms allow no pause.", "Nothing to do.";
    PausesUsedUp = 702, "The number of pauses in the terms is used up.", "Nothing to do.";
    AlreadyPaused = 703, "The offering is paused already.", "Wait for the end of the pause.";
    NotPaused = 704, "The offering is not paused.", "Nothing to resume.";
    TooEarlyToSettle = 705, "A round, a right of withdrawal or a reveal is still open.", "Settle when all of them are over.";
    NotSettled = 706, "The offering is not settled.", "Settle first.";
    SeedMissing = 707, "A lottery has no seed yet.", "Record the seed.";
    EarlyCloseNotInTerms = 708, "The terms do not let the issuer close early.", "Wait for the end of the window.";
    NoLottery = 709, "The round has no lottery.", "Record seeds only for lotteries.";
    SeedTooEarly = 710, "The seed's instant is not reached.", "Wait for the instant in the terms.";
    SeedTwice = 711, "The lottery has its seed.", "A seed is recorded once.";
    AlreadyPublished = 712, "The settlement's root is published.", "Publish once.";
    RoundNotOpen = 713, "The round is not open.", "Close a round while it is open.";
    SeedProofTooLong = 714, "The proof of the seed is longer than 1,024 bytes.", "Record a hash of it.";
    NotSucceeded = 801, "The offering did not succeed.", "Take the refund.";
    NothingToClaim = 802, "Nothing is due.", "Nothing to do.";
    NotVested = 803, "More than what is vested cannot be handed over.", "Wait for vesting.";
    UnknownInvestor = 804, "The investor is not known here.", "Use the id of the contribution.";
    UnknownShare = 805, "There is no such share.", "Use a share of the terms.";
    UnknownMilestone = 806, "There is no such milestone.", "Use a milestone of the terms.";
    MilestoneOrder = 807, "Milestones are released in order, once each.", "Release the next one.";
    MilestoneTooEarly = 808, "The milestone's time is not reached.", "Wait for its time.";
    AmountTooLarge = 901, "The amount is beyond what the arithmetic can hold.", "Use a smaller amount.";
    Inconsistent = 903, "The totals do not add up; this is a defect of the engine.", "Do not pay out; report it with the journal.";
    TooManyEntries = 902, "The offering has reached the largest number of contributions or investors.", "Nothing more can be recorded.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for (place, refusal) in Refusal::ALL.iter().enumerate() {
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
            assert!(
                !Refusal::ALL[..place]
                    .iter()
                    .any(|other| other.code() == refusal.code())
            );
            assert!(refusal.sentence().ends_with('.') && refusal.remedy().ends_with('.'));
        }
        assert_eq!(Refusal::HardCapReached.name(), "hard_cap_reached");
        assert_eq!(Refusal::from_code(1), None);
    }
}
