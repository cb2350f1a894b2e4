//! What an operator does with a record: check it, rebuild what is derived, keep and restore it.

mod check;
mod guard;
mod sale;
