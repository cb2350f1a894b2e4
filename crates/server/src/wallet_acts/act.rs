//! One thing that a wallet is asked for.

use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256};
use softcap_evm::Turn;
use softcap_identity::{PersonId, UnixMillis};
use softcap_journal::LogName;
use softcap_offering::Amount;

/// Names an act: the 32 hexadecimal digits of the form that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActId(String);

impl FromStr for ActId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_hex = |sign: u8| sign.is_ascii_digit() || (b'a'..=b'f').contains(&sign);
        (text.len() == 32 && text.bytes().all(is_hex))
            .then(|| Self(text.to_owned()))
            .ok_or(())
    }
}

impl fmt::Display for ActId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $case:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$of])* $case,)* }

        impl $name {
            /// In the table and in addresses.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$case => $code,)* }
            }

            /// The one of this code.
            pub(crate) fn of_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$case),)* _ => None }
            }
        }
    };
}

codes! {
    /// What the wallet is asked for.
    ActKind {
        /// Money for the escrow.
        Contribute = "contribute",
        /// Tokens out of it.
        Claim = "claim",
        /// Money out of it, when the sale did not take place or the issuer returned it.
        Refund = "refund",
        /// Money out of it by the right of withdrawal.
        Withdraw = "withdrawal",
        /// A word against the root of the settlement.
        Object = "objection",
        /// A word against the release of a milestone.
        ObjectRelease = "release_objection",
        /// Tokens for their part of the money that is not released any more.
        GiveBack = "give_back",
    }
}

impl ActKind {
    /// Whether it moves nothing.
    pub(crate) const fn is_objection(self) -> bool {
        match self {
            Self::Object | Self::ObjectRelease => true,
            Self::Contribute | Self::Claim | Self::Refund | Self::Withdraw | Self::GiveBack => {
                false
            }
        }
    }

    /// Whether the record has no entry of it: the chain alone says that it counts.
    pub(crate) const fn is_beside_record(self) -> bool {
        matches!(self, Self::GiveBack) || self.is_objection()
    }
}

codes! {
    /// How far it came, as far as somebody said so.
    Stage {
        /// The wallet was not asked yet.
        Draft = "draft",
        /// It was asked, and nobody knows what it said.
        Asked = "asked",
        /// It said no.
        Declined = "declined",
        /// It sent a transaction.
        Sent = "sent",
        /// It is in the record; or, of an objection, deep enough in the chain.
        Done = "done",
    }
}

/// One thing that a wallet is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WalletAct {
    /// Its name.
    pub(crate) id: ActId,
    /// Whose.
    pub(crate) person: PersonId,
    /// In which offering.
    pub(crate) offering: LogName,
    /// What.
    pub(crate) kind: ActKind,
    /// Which wallet.
    pub(crate) wallet: Address,
    /// Smallest units, of tokens where they are given back; zero where the contract knows how much.
    pub(crate) amount: Amount,
    /// Of a bid, the most that is paid for one token, in smallest units of money.
    pub(crate) limit: Option<Amount>,
    /// How far it came.
    pub(crate) stage: Stage,
    /// Entries of the record before it.
    pub(crate) after: u64,
    /// When it was begun.
    pub(crate) made_at: UnixMillis,
    /// The transaction, once one was sent.
    pub(crate) sent: Option<SentNote>,
    /// The entry that it became.
    pub(crate) entry: Option<u64>,
}

/// What is noted of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SentNote {
    /// The one that is followed now.
    pub(crate) hash: B256,
    /// The one that was sent first.
    pub(crate) first_hash: B256,
    /// Sender and nonce, once a node has shown it.
    pub(crate) turn: Option<Turn>,
    /// The newest block when it was noted.
    pub(crate) since: u64,
    /// When it was noted.
    pub(crate) at: UnixMillis,
    /// The block in which it was seen last.
    pub(crate) block: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_acts_are_what_forms_send_and_nothing_else() {
        let name = "00112233445566778899aabbccddeeff";
        assert_eq!(name.parse::<ActId>().unwrap().to_string(), name);
        for wrong in ["", "0011", &name.to_uppercase(), &name.replace('f', "g")] {
            assert!(wrong.parse::<ActId>().is_err(), "{wrong}");
        }
    }
}
