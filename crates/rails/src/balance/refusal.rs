//! Why an entry did nothing.
//!
//! A refusal is part of the record: its number never changes and is never used again.

macro_rules! refusals {
    ($( $name:ident = $code:literal, $word:literal, $sentence:literal, $remedy:literal; )*) => {
        /// Why an entry of the platform's log did nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum BalanceRefusal {
            $( #[doc = $sentence] $name = $code, )*
        }

        impl BalanceRefusal {
            /// Every refusal there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable number.
            #[must_use]
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// The stable name, in snake case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What happened.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// What to do.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// The refusal with a number.
            #[must_use]
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

refusals! {
    UnknownCurrency = 101, "unknown_currency", "The platform has no such currency.", "Add the currency, or use one that is there.";
    CurrencyExists = 102, "currency_exists", "The currency is there already.", "Nothing to do; its decimals never change.";
    NotACurrency = 103, "not_a_currency", "A symbol has 1 to 16 letters, digits, hyphens and full stops, and a currency at most 30 decimals.", "Correct the symbol or the decimals.";
    TooManyCurrencies = 104, "too_many_currencies", "There are 255 currencies.", "No more can be added.";
    Zero = 201, "zero", "The amount is zero.", "Use an amount above zero.";
    InsufficientBalance = 202, "insufficient_balance", "The available balance does not cover the amount.", "Deposit more, take money back from an offering, or ask for less.";
    AmountTooLarge = 203, "amount_too_large", "All deposits of the currency together would exceed 2^128 - 1.", "Use a smaller amount.";
    NotInOffering = 204, "not_in_offering", "The person has less in the offering than the amount, or returns of it are under way.", "Wait for open transfers, or ask for less.";
    NoSuchTransfer = 301, "no_such_transfer", "No transfer with this id was opened.", "Open it first.";
    TransferFinished = 302, "transfer_finished", "The transfer is finished.", "Nothing to do.";
    TransferCancelled = 303, "transfer_cancelled", "The transfer was cancelled.", "Open another one, with an id of its own.";
    TooManyOfferings = 401, "too_many_offerings", "Money went to 2^32 - 1 offerings.", "No further offering can be reached from here.";
}
