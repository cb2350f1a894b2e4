//! The balances of a platform: a state machine whose entries are a private log.
//!
//! Money of a person is *available*, or in an offering. It comes in by a deposit and leaves by a
//! withdrawal, both recorded by an operator. Between the platform and the account of an investor in an
//! offering it moves by *transfers*, which concern two logs that share no transaction; so each has an
//! id that counts once in both, and is recorded here before anything happens there:
//!
//! | here | in the offering | then here |
//! |---|---|---|
//! | open a transfer: the money is no longer available | `Fund` | finish, or cancel if that was refused |
//! | open a return: nothing moves yet | `TakeBack` | finish: the money is available; or cancel |
//!
//! Whatever stops in between, the open transfers say what is still to be done, and doing a step twice
//! is doing it once. An open transfer can always be finished and always be cancelled.
//!
//! At any time, per person and currency and in sum per currency:
//! `deposited == withdrawn + available + in offerings`.

mod balances;
mod command;
mod entry;
mod payments_csv;
mod refusal;
mod state;
#[cfg(test)]
mod tests;
mod views;

pub use balances::{Balances, MAX_CURRENCIES, MAX_DECIMALS};
pub use command::{BalanceCommand, BalanceOutcome, Direction, PersonId};
pub use entry::{BalanceCommands, BalanceEntry, decode, encode, encode_command};
pub use payments_csv::{
    PAYMENTS_HEADER, Payment, PaymentField, PaymentKind, PaymentProblem, read_payments,
};
pub use refusal::BalanceRefusal;
pub use state::{BalanceStateError, STATE_VERSION};
pub use views::{Balance, CurrencyUnit, Held, Transfer, TransferStage};
