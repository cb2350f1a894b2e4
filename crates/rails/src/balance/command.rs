//! What can happen to balances, and what comes of it.

use std::fmt;

use softcap_offering::{Amount, Sequence, TransferId};

use super::BalanceRefusal;

/// Somebody with money on the platform: random bytes. Who it is stands elsewhere, where it can be
/// erased; the log cannot be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub [u8; 16]);

impl fmt::Display for PersonId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Which way a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the balance of a person into an account in an offering.
    ToOffering,
    /// Back.
    FromOffering,
}

/// One thing that happens. Amounts are in smallest units of their currency.
///
/// References are for the operator's books. They can never be erased: no names in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceCommand<'a> {
    /// From now on there is money of this currency.
    AddCurrency {
        /// As in the terms of offerings.
        symbol: &'a str,
        /// Places of the smallest unit.
        decimals: u8,
    },
    /// Money of a person arrived.
    Deposit {
        /// Whose.
        person: PersonId,
        /// Its symbol.
        currency: &'a str,
        /// How much.
        amount: Amount,
        /// How the operator finds the payment.
        reference: &'a str,
    },
    /// Money is paid out to a person.
    Withdraw {
        /// Whose.
        person: PersonId,
        /// Its symbol.
        currency: &'a str,
        /// How much.
        amount: Amount,
        /// How the operator finds the payment.
        reference: &'a str,
    },
    /// A transfer begins. On the way to an offering the money is no longer available from now on.
    OpenTransfer {
        /// What makes it count once.
        transfer: TransferId,
        /// Which way.
        direction: Direction,
        /// Whose money.
        person: PersonId,
        /// Name of the offering.
        offering: &'a str,
        /// Its symbol.
        currency: &'a str,
        /// How much.
        amount: Amount,
    },
    /// The offering did its part: the transfer is over.
    FinishTransfer {
        /// Which.
        transfer: TransferId,
    },
    /// The offering refused its part, for good: all is as before.
    CancelTransfer {
        /// Which.
        transfer: TransferId,
    },
}

/// What an entry did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceOutcome {
    /// What it says.
    Done,
    /// Nothing.
    Refused(BalanceRefusal),
    /// Nothing: an earlier entry came with the same request, or opened the same transfer.
    RepeatOf(Sequence),
}
