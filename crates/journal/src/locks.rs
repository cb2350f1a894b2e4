//! Locks whose holder may have panicked.
//!
//! A panic while a log is applied is a defect that ends the program in a release build. In a debug
//! build the reader of the state goes on, and the writer, whose task is gone, takes nothing more.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
