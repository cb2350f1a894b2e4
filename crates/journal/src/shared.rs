//! What the writer of a log shares with its readers.

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicBool, Ordering},
};

use crate::locks::{read, write};
use crate::{Hold, Log};

/// The log, and what stops it.
#[derive(Debug)]
pub(crate) struct Shared<M> {
    pub(crate) log: RwLock<Log<M>>,
    stopped: RwLock<Option<Arc<str>>>,
    confirmed: AtomicBool,
    held: RwLock<Option<Hold>>,
}

impl<M> Shared<M> {
    pub(crate) fn of(log: Log<M>) -> Self {
        Self {
            log: RwLock::new(log),
            stopped: RwLock::new(None),
            confirmed: AtomicBool::new(false),
            held: RwLock::new(None),
        }
    }

    /// The clock is right, and what stopped contributions is over.
    pub(crate) fn confirm(&self) {
        self.confirmed.store(true, Ordering::Release);
        self.set_stopped(None);
    }

    /// Whether somebody confirmed the clock since the last question.
    pub(crate) fn takes_confirmation(&self) -> bool {
        self.confirmed.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn held(&self) -> Option<Hold> {
        let held = read(&self.held);
        held.clone()
    }

    pub(crate) fn set_held(&self, hold: Option<Hold>) {
        let mut held = write(&self.held);
        *held = hold;
    }

    pub(crate) fn stopped(&self) -> Option<Arc<str>> {
        let held = read(&self.stopped);
        held.clone()
    }

    pub(crate) fn set_stopped(&self, reason: Option<Arc<str>>) {
        let mut held = write(&self.stopped);
        *held = reason;
    }
}
