//! Who is calling, once a key has been accepted.

use std::{fmt, num::NonZeroU32, sync::Arc};

use crate::{Denied, Environment, KeyId, KeyPolicy, Verb, cache::CachedKey};

/// The holder of a key that was accepted for this request. Valid for this request only: a later one
/// asks again, because the key may be revoked meanwhile.
#[derive(Clone)]
pub struct Principal {
    key: Arc<CachedKey>,
    left: u32,
}

impl Principal {
    pub(crate) fn new(key: Arc<CachedKey>, left: u32) -> Self {
        Self { key, left }
    }

    /// How many more requests could come at once when this one was let in.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }

    /// The key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key.record().id
    }

    /// On whose behalf it acts; opaque here.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.key.record().owner
    }

    /// Live or test.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.key.record().policy.environment
    }

    /// All that restricts it.
    #[must_use]
    pub fn policy(&self) -> &KeyPolicy {
        &self.key.record().policy
    }

    /// Whether it may do this to the resource of this id. What it is allowed counts as what it is used for.
    #[must_use]
    pub fn allows(&self, verb: Verb, resource: &str) -> bool {
        let allowed = self.policy().scopes.allows(verb, resource);
        if allowed {
            self.key.used_for(verb);
        }
        allowed
    }

    /// Whether it may do this to every resource: for acts on no single one. What it is allowed counts as what it is used for.
    #[must_use]
    pub fn allows_on_all(&self, verb: Verb) -> bool {
        let allowed = self.policy().scopes.allows_on_all(verb);
        if allowed {
            self.key.used_for(verb);
        }
        allowed
    }

    pub(crate) fn key(&self) -> &CachedKey {
        &self.key
    }

    /// Takes more from the limit than the one request already taken: for a request whose cost is known
    /// only when its body is, for example a list of contributions.
    ///
    /// # Errors
    /// [`Denied::Limited`] and [`Denied::TooDear`]; nothing is taken then.
    pub fn charge(&self, cost: NonZeroU32) -> Result<(), Denied> {
        self.key.charge(cost).map(drop)
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Principal({})", self.key_id())
    }
}
