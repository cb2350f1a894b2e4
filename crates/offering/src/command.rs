//! Commands: everything that can happen to an offering.
//!
//! A command is what the journal records. Its text fields are borrowed so that a journal of
//! millions of entries is replayed without an allocation per entry.

use crate::{
    Amount, CurrencyIndex, EscrowAddress, Funding, InvestorId, Position, Ratio, RoundIndex,
    Sequence, Tokens, TransferId, Value,
};

/// One thing that happens to an offering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// The first entry: the terms are frozen.
    Announce {
        /// SHA-256 of the canonical terms.
        terms_hash: [u8; 32],
    },
    /// Lets an investor into a round. A later one replaces the earlier.
    Admit(Admit<'a>),
    /// Takes an admission back; what was accepted stays.
    Revoke {
        /// The round.
        round: RoundIndex,
        /// Whose admission.
        investor: InvestorId<'a>,
    },
    /// A new rate of a currency with recorded rates, in numeraire units per currency unit.
    Rate {
        /// The currency.
        currency: CurrencyIndex,
        /// Its value.
        rate: Ratio,
    },
    /// Money that arrived, or that the investor has in an account here.
    Contribute(Contribute<'a>),
    /// A sealed bid: money locked, amount and limit price hidden in a salted hash.
    Commit {
        /// Who bids.
        investor: InvestorId<'a>,
        /// Money locked, a multiple of the terms' step, in the currency of the round.
        locked: Amount,
        /// [`sealed_bid_commitment`](crate::sealed_bid_commitment) of what is revealed later.
        commitment: [u8; 32],
        /// The issuer's or rail's name for it.
        reference: &'a str,
        /// Where the money is.
        funding: Funding,
    },
    /// Opens a sealed bid.
    Reveal {
        /// Sequence number of the sealed bid's entry.
        bid: Sequence,
        /// The money bid, at most what was locked.
        amount: Amount,
        /// The limit price.
        limit: LimitPrice,
        /// The salt of the hash.
        salt: [u8; 32],
    },
    /// An investor takes a contribution back under the terms' right of withdrawal.
    Withdraw {
        /// Sequence number of the contribution's entry.
        contribution: Sequence,
    },
    /// The issuer returns a contribution, in whole or in part.
    Return {
        /// Sequence number of the contribution's entry.
        contribution: Sequence,
        /// How much goes back.
        amount: Amount,
        /// Why, as a code.
        reason: ReturnReason,
    },
    /// Stops contributions.
    Pause,
    /// Ends a pause early.
    Resume,
    /// The seed of a lottery round, with the proof of its source.
    Seed {
        /// The round.
        round: RoundIndex,
        /// The seed.
        seed: [u8; 32],
        /// What proves that it came from the source and instant in the terms (a drand signature, a
        /// block header); opaque here, at most 1,024 bytes.
        proof: &'a [u8],
    },
    /// A version of a document. A supplement may open the right of withdrawal again.
    Document {
        /// SHA-256 of the document.
        hash: [u8; 32],
        /// Whether it opens a right of withdrawal.
        exit: DocumentExit,
    },
    /// The issuer closes a round before its window ends.
    Close {
        /// The round.
        round: RoundIndex,
    },
    /// The issuer gives up; everybody is refunded.
    Cancel,
    /// Nothing but the time; what follows from it happens.
    Tick,
    /// Fixes who gets what.
    Settle,
    /// The root of the settlement tree, so that a signed checkpoint commits to it.
    Publish {
        /// The root.
        settlement_root: [u8; 32],
    },
    /// An investor's tokens were handed over as far as they are vested.
    Distribute {
        /// Whose.
        investor: InvestorId<'a>,
        /// How many.
        tokens: Tokens,
    },
    /// An investor's refund was paid.
    PayRefund {
        /// Whose.
        investor: InvestorId<'a>,
        /// In which currency; the whole of what is due is paid.
        currency: CurrencyIndex,
    },
    /// Tokens of a share (team, treasury, advisers) were handed over as far as they are vested.
    Vest {
        /// Place of the share in the terms.
        share: u8,
        /// How many.
        tokens: Tokens,
    },
    /// A part of the accepted money was released to the issuer.
    Release {
        /// Place of the milestone in the terms.
        milestone: u8,
    },
    /// A platform moved money into an investor's account in the offering.
    Fund {
        /// Its id; the first entry with it decides, also when it is refused.
        transfer: TransferId,
        /// Whose account.
        investor: InvestorId<'a>,
        /// In which currency.
        currency: CurrencyIndex,
        /// How much.
        amount: Amount,
    },
    /// A platform took free money of an investor's account out of the offering again.
    TakeBack {
        /// Its id, from the same ids as those of [`Command::Fund`].
        transfer: TransferId,
        /// Whose account.
        investor: InvestorId<'a>,
        /// In which currency.
        currency: CurrencyIndex,
        /// How much.
        amount: Amount,
    },
    /// Names the escrow contract that holds the money of a currency. What happens to the money from
    /// here on is what the contract did, and the chain's time is the log's.
    Escrow(EscrowAddress),
}

/// An admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admit<'a> {
    /// The round.
    pub round: RoundIndex,
    /// Who is let in.
    pub investor: InvestorId<'a>,
    /// Most the person may have accepted in the round.
    pub limit: Option<Value>,
    /// From here on the admission is void.
    pub expires: Option<Position>,
    /// Reserved in a round with guaranteed allocations.
    pub guaranteed: Value,
    /// Whether the person has the right of withdrawal where the terms give it to the marked.
    pub withdrawal: WithdrawalMark,
}

/// Whether an admission carries the right of withdrawal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithdrawalMark {
    /// No.
    #[default]
    Unmarked,
    /// Yes.
    Marked,
}

/// Money that arrived, or that the investor has in an account here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribute<'a> {
    /// Whose.
    pub investor: InvestorId<'a>,
    /// In which currency.
    pub currency: CurrencyIndex,
    /// How much.
    pub amount: Amount,
    /// Most money per token, in auctions.
    pub limit: Option<LimitPrice>,
    /// The issuer's or rail's name for it (`contribution_id`).
    pub reference: &'a str,
    /// Where it was seen (a transaction hash), if anything.
    pub source: Option<&'a str>,
    /// Where the money is.
    pub funding: Funding,
}

/// The most money a bid gives for tokens: `money` numeraire units for `tokens` token units.
///
/// Not reduced, because an exchange of `money` for at least `tokens` is how bidders and
/// contracts state it, and how ties are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitPrice {
    /// Numeraire units.
    pub money: u128,
    /// Token units; not zero.
    pub tokens: u128,
}

/// Why the issuer returned money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnReason {
    /// Before the round closed, at the issuer's discretion.
    Discretion,
    /// Over a limit of the terms that only a person could see (several addresses of one person).
    OverLimit,
    /// The person did not finish proving who they are.
    IdentityNotProved,
    /// A sanctions list names the person (for example article 2 of Regulation (EU) 269/2014).
    Sanctions,
    /// A court or authority ordered it.
    Order,
    /// The person may not hold the token by law.
    NotEligible,
    /// The money was stolen or sent in error.
    WrongfulPayment,
}

impl ReturnReason {
    /// All of them, with their codes.
    pub const ALL: [(Self, u8, &'static str); 7] = [
        (Self::Discretion, 1, "discretion"),
        (Self::OverLimit, 2, "over_limit"),
        (Self::IdentityNotProved, 3, "identity_not_proved"),
        (Self::Sanctions, 4, "sanctions"),
        (Self::Order, 5, "order"),
        (Self::NotEligible, 6, "not_eligible"),
        (Self::WrongfulPayment, 7, "wrongful_payment"),
    ];

    /// The stable code.
    pub fn code(self) -> u8 {
        Self::ALL
            .iter()
            .find(|row| row.0 == self)
            .map_or(0, |row| row.1)
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.2)
    }

    /// The reason with a code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// The reason with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    /// Whether law asks for it, so that it is still possible after the round closed.
    pub fn is_of_law(self) -> bool {
        match self {
            Self::Discretion | Self::OverLimit => false,
            Self::IdentityNotProved
            | Self::Sanctions
            | Self::Order
            | Self::NotEligible
            | Self::WrongfulPayment => true,
        }
    }
}

/// Whether a document opens a right of withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentExit {
    /// It informs.
    None,
    /// Everybody who contributed before may withdraw up to this position.
    WithdrawalUntil(Position),
}
