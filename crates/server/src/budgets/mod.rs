//! What people allow themselves: no more than so much in a year, and in one offering. A brake of one's own choosing: less
//! acts at once, more after a day, so that nobody takes it off in the heat of a sale. It stands in no record, binds nobody
//! but the person's own sessions, and is erased with them.

mod budget;
mod store;

pub(crate) use budget::{Limits, Over, Spent};
pub(crate) use store::{Budgets, InCurrency};
