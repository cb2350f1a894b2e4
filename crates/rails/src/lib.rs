//! How money arrives and leaves. Pure.
//!
//! [`balance`]: the platform holds people's money, and moves it into the accounts of offerings and
//! back.

pub mod balance;
