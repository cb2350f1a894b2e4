//! What is asked of [`crate::Keys`], and what comes of it.

use std::time::Duration;

use crate::{AddressList, Environment, KeyRecord, KeyText, RateLimit, Scopes, UnixMillis};

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
