//! What is asked of [`crate::Keys`], and what comes of it.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::{AddressList, Environment, KeyRecord, KeyText, RateLimit, Scopes, UnixMillis, Warning};

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What people call it: 1 to 200 characters.
    pub label: String,
    /// On whose behalf it acts: 1 to 200 characters, opaque here.
    pub owner: String,
    /// Live or test.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Scopes,
    /// From where; empty: from everywhere.
    pub addresses: AddressList,
    /// Until when; the operator's default if none.
    pub expires_at: Option<UnixMillis>,
    /// How fast; the operator's default if none.
    pub limit: Option<RateLimit>,
    /// Whether nobody has a reason to use it: it is put where a thief looks, can do nothing, is answered as a key that is
    /// unknown, and raises an alert at once.
    pub is_canary: bool,
}

/// What else belongs to the making of a key.
#[derive(Debug, Default)]
pub struct KeyMaking {
    /// What the person who makes it is told, in the same transaction.
    pub warning: Option<Warning>,
    /// The form that it is made by, which makes one key however often it is sent.
    pub form: Option<SentForm>,
}

/// A form of a page, which makes one key at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentForm([u8; 32]);

impl SentForm {
    /// Of who sent it, and of the value that it was rendered with.
    #[must_use]
    pub fn new(actor: &str, once: &str) -> Self {
        // No actor has a space.
        Self(Sha256::digest(format!("{actor} {once}")).into())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A key that was made.
#[derive(Debug)]
pub struct Created {
    /// What is stored.
    pub record: KeyRecord,
    /// The key. Show it once; it cannot be had again.
    pub text: KeyText,
}

/// How a key is replaced.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// How long the old key goes on working, unless it expires before.
    pub overlap: Duration,
    /// When the new one expires; when the old one would have, if none.
    pub expires_at: Option<UnixMillis>,
}

/// How far a revocation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This key.
    Alone,
    /// This key, those made with it (also by rotating itself), those made with them, and so on: for a
    /// key that was stolen.
    WithMinted,
}
