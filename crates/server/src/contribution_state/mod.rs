//! The state of a contribution, on every rail: one word for what happened, and with it one sentence on every page.
//!
//! [`decide`] is a pure function of what is known: the record, where its clock stands, and what a chain says. Pages, the
//! interface and files ask it, and none of them composes a state of its own. What cannot be known is [`State::Unknown`],
//! never a guess about money. `docs/contribution-states.md` is written from this table.

mod decide;
mod on_chain;
mod record;

pub(crate) use decide::BeforeEntry;
use decide::{Course, Entered, Known, Part, Payout, Source, Stage, decide};
pub(crate) use on_chain::{ResultOnChain, Voiding};
pub(crate) use record::{Facts, OnItsWay, Place, facts, facts_while};

/// The state of what has no entry yet; of what nobody can ask about now, where nothing is known.
pub(crate) const fn state_before(known: Option<BeforeEntry>) -> State {
    let (source, before) = match known {
        Some(before) => (Source::Reached, before),
        None => (Source::Unreachable, BeforeEntry::Pending),
    };
    decide(Known {
        source,
        stage: Stage::Before(before),
    })
}

/// Where money travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnRail {
    /// On every rail.
    Every,
    /// Balances of the platform.
    Balance,
    /// A chain of either kind.
    Chain,
    /// An EVM chain.
    Evm,
    /// Bitcoin.
    Bitcoin,
}

impl OnRail {
    /// As the table says it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Every => "every",
            Self::Balance => "balance",
            Self::Chain => "evm, bitcoin",
            Self::Evm => "evm",
            Self::Bitcoin => "bitcoin",
        }
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $rail:ident, [$($button:literal),*];)*) => {
        /// What is the matter with a contribution. Names are public and never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum State { $($(#[$doc])* $name,)* }

        impl State {
            /// All of them, in the order in which a contribution may meet them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// In the interface, in files and in the names of words.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// On which rails it happens.
            pub(crate) const fn rail(self) -> OnRail {
                match self { $(Self::$name => OnRail::$rail,)* }
            }

            /// What the reader can do, the main thing first.
            pub(crate) const fn buttons(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($button),*],)* }
            }
        }
    };
}

states! {
    /// Nothing was sent.
    Draft = "draft", Every, ["continue", "discard"];
    /// The person must show something first.
    NeedsIdentity = "needs_identity", Every, ["finish-check"];
    /// The token must be approved first.
    NeedsApproval = "needs_approval", Evm, ["approve", "cancel"];
    /// The wallet asks.
    WaitingSignature = "waiting_signature", Evm, ["ask-again", "stop"];
    /// The wallet's owner said no.
    DeclinedSignature = "declined_signature", Evm, ["try-again"];
    /// Sent, in no block yet.
    Sent = "sent", Chain, ["view", "speed-up"];
    /// Another transaction took its place.
    Replaced = "replaced", Chain, ["view"];
    /// The network forgot it.
    Dropped = "dropped", Chain, ["start-again"];
    /// The contract said no.
    Failed = "failed", Evm, ["try-again", "details"];
    /// An address waits for money.
    AddressOpen = "address_open", Bitcoin, ["copy-address", "copy-amount", "open-wallet"];
    /// In a block that is not deep enough.
    Confirming = "confirming", Chain, ["view"];
    /// Less arrived than was asked.
    Underpaid = "underpaid", Bitcoin, ["pay-rest", "return"];
    /// Arrived after the end.
    Late = "late", Every, ["give-address"];
    /// In the account of the offering, and in no contribution.
    Reserved = "reserved", Balance, ["contribute", "take-back"];
    /// Its block was undone.
    Reorged = "reorged", Chain, ["view"];
    /// In the order; what it gets is decided later.
    Waiting = "waiting", Every, ["withdraw", "receipt"];
    /// Taken whole.
    Counted = "counted", Every, ["withdraw", "receipt"];
    /// Taken in part.
    CountedPart = "counted_part", Every, ["withdraw", "receipt"];
    /// A bid that buys at the price of now.
    InRange = "in_range", Evm, ["raise-limit"];
    /// A bid below the price of now.
    OutOfRange = "out_of_range", Evm, ["raise-limit"];
    /// A rule said no; the money is back.
    Refused = "refused", Every, ["receipt"];
    /// A check is open.
    Held = "held", Every, ["contact"];
    /// Taken back by its investor, or returned by the issuer.
    Withdrawn = "withdrawn", Every, ["receipt"];
    /// The sale is over, and nothing is computed yet.
    EndedUndecided = "ended_undecided", Every, ["withdraw", "verify"];
    /// The result is there, and tokens come later.
    Allocated = "allocated", Every, ["receipt", "verify"];
    /// The result is there, and those who paid can object to it.
    Contestable = "contestable", Evm, ["object", "verify"];
    /// Tokens can be taken.
    Claimable = "claimable", Evm, ["claim"];
    /// The claim is on its way.
    ClaimSent = "claim_sent", Evm, ["view"];
    /// All tokens were handed over.
    Claimed = "claimed", Every, ["receipt"];
    /// Some tokens were handed over, and more follow.
    Vesting = "vesting", Every, ["receipt"];
    /// The result counts no more for it, and the money waits in the contract.
    Voided = "voided", Evm, ["take-refund", "verify"];
    /// The money is the investor's again, and waits.
    Refundable = "refundable", Every, ["take-refund"];
    /// The refund is on its way.
    RefundSent = "refund_sent", Chain, ["view"];
    /// The money is back.
    Refunded = "refunded", Every, ["receipt"];
    /// Money of nobody known.
    Unmatched = "unmatched", Chain, ["claim-as-mine"];
    /// It cannot be said now.
    Unknown = "unknown", Every, ["reload", "check-chain"];
}
