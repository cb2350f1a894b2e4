//! The service: make, list, rotate, revoke, and let in.
//!
//! Letting in is a look-up in memory and one HMAC. Changes made here hold at once; changes made by other
//! nodes hold when [`Keys::refresh`] has seen them, and a node that has not heard from the database for
//! [`KeySettings::stale_after`] lets no key in ([`Denied::Stale`]): a key that may have been revoked is
//! worth less than an honest "not now". Reads that need no key are not affected.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use softcap_database::{Database, DatabaseError, Migrations, migrations};

use crate::{
    AuditEntry, Denied, KeyError, KeyId, KeyRecord, KeySettings, KeyText, LastUse, Peppers,
    Principal, Reach, Standing, Ticks, UnixMillis, audit,
    cache::{Cache, CachedKey, KEPT},
    clock::in_nanos,
    first_uses::{FirstUses, UseQueue},
    key_making::may_act_on,
    pepper::Tag,
    records::{self, StoredKey},
    use_exchange::Subject,
    watch::Notebook,
};

/// A use is written down once in this time.
const NOTE_EVERY: Duration = Duration::from_secs(60);
const ONE: NonZeroU32 = NonZeroU32::MIN;

/// Who asks for a key to be made or changed.
#[derive(Debug, Clone)]
pub enum Actor {
    /// Somebody with access to the machine, by name.
    Operator(String),
    /// A key. It may only make and change keys within itself. Whether it has the verb `keys:write` is
    /// the caller's to check.
    Key(Principal),
    /// A person with a role. An owner of the organisation makes any key, others keys that may only do what they may
    /// themselves. Whether they have `keys:write`, and have shown enough for it, is the caller's to check.
    Person(Standing),
}

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(name) => write!(out, "operator:{name}"),
            Self::Key(principal) => write!(out, "key:{}", principal.key_id()),
            Self::Person(standing) => write!(out, "person:{}", standing.person()),
        }
    }
}

/// The keys of an installation. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Keys {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    peppers: Peppers,
    settings: KeySettings,
    ticks: Ticks,
    cache: Cache,
    notebook: Notebook,
    /// Signatures that were used.
    signatures: Arc<UseQueue>,
    /// The last change that was seen.
    seen: AtomicI64,
    /// Ticks at the start of the last refresh that succeeded.
    fresh: AtomicU64,
    /// One refresh at a time.
    refreshing: tokio::sync::Mutex<()>,
    /// Refreshes that have ended, well or not.
    tries: AtomicU64,
}

impl Keys {
    /// The tables of this crate, to be brought up to date before [`Keys::open`].
    #[must_use]
    pub fn migrations() -> Migrations {
        migrations!(
            "identity",
            "migrations",
            [
                "0001_api_keys",
                "0002_known_secret",
                "0003_people",
                "0004_factors",
                "0005_roles",
                "0006_key_uses",
                "0007_audit_log",
                "0008_disabled_people",
                "0009_freeze",
                "0010_alerts",
                "0011_signals",
                "0012_verification",
                "0013_erasure",
                "0014_alert_calls",
                "0015_key_expiry",
                "0016_oauth",
                "0017_wallets",
                "0018_signing_keys",
                "0019_grant_limits",
                "0020_jwks_uri",
                "0021_told",
                "0022_address_change",
                "0023_factor_reset",
                "0024_invitations",
                "0025_mail_language",
                "0026_sign_in",
                "0027_grants_without_amounts",
                "0028_call_use"
            ]
        )
    }

    /// Loads all keys. Then start [`Keys::watch`], without which keys stop working after
    /// [`KeySettings::stale_after`].
    ///
    /// # Errors
    /// What the database says; [`KeyError::Row`] for a damaged row.
    pub async fn open(
        database: Database,
        peppers: Peppers,
        settings: KeySettings,
        ticks: Ticks,
    ) -> Result<Self, KeyError> {
        let keys = Self {
            inner: Arc::new(Inner {
                cache: Cache::new(ticks.clone()),
                signatures: FirstUses::queue(database.clone(), "key_signature"),
                database,
                peppers,
                settings,
                ticks,
                notebook: Notebook::default(),
                seen: AtomicI64::new(0),
                fresh: AtomicU64::new(0),
                refreshing: tokio::sync::Mutex::new(()),
                tries: AtomicU64::new(0),
            }),
        };
        keys.refresh().await?;
        Ok(keys)
    }

    /// Ends a key at once, for good. Revoking it again changes nothing. Gives what was revoked now.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::Wider`], and what the database says.
    pub async fn revoke(
        &self,
        actor: &Actor,
        id: KeyId,
        reach: Reach,
        now: UnixMillis,
    ) -> Result<Vec<KeyRecord>, KeyError> {
        let key = records::find(&self.inner.database, id).await?.record;
        // A person with the right may end any key: that makes nothing wider.
        if !matches!(actor, Actor::Person(_)) {
            may_act_on(actor, &key.owner, &key.policy)?;
        }
        let database = &self.inner.database;
        let with_minted = reach == Reach::WithMinted;
        let revoked = records::revoke(database, id, with_minted, &actor.to_string(), now).await?;
        let shown = revoked.iter().map(|key| key.record.clone()).collect();
        self.take_over(revoked);
        Ok(shown)
    }

    /// Revokes a key and all keys that were made with it for whoever shows its whole text, which is proof enough: the key is
    /// known to somebody who should not have it, or to its holder. Gives its id, also when it was revoked before; `None` where
    /// the text is no key of this installation.
    ///
    /// # Errors
    /// What the database says.
    pub async fn revoke_shown(
        &self,
        text: &str,
        now: UnixMillis,
    ) -> Result<Option<KeyId>, KeyError> {
        let Ok(text) = KeyText::parse(text) else {
            return Ok(None);
        };
        let id = text.id();
        let key = self.inner.cache.get(&id);
        if !key.is_some_and(|key| self.is_text_of(&key, &text)) {
            return Ok(None);
        }
        let actor = format!("holder:{id}");
        let revoked = records::revoke(&self.inner.database, id, true, &actor, now).await?;
        self.take_over(revoked);
        Ok(Some(id))
    }

    /// One key, live or not.
    ///
    /// # Errors
    /// [`KeyError::Missing`], and what the database says.
    pub async fn find(&self, id: KeyId) -> Result<KeyRecord, KeyError> {
        Ok(records::find(&self.inner.database, id).await?.record)
    }

    /// Keys in the order they were made, after the one of this number, at most `most`; of all owners or
    /// of one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(
        &self,
        owner: Option<&str>,
        after: i64,
        most: u32,
    ) -> Result<Vec<KeyRecord>, KeyError> {
        records::list(&self.inner.database, owner, after, most).await
    }

    /// After how long without a use a key ends.
    #[must_use]
    pub fn idle_after(&self) -> Duration {
        self.inner.settings.idle_after
    }

    /// Rows of the audit after the one of this number, at most `most`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit(&self, after: i64, most: u32) -> Result<Vec<AuditEntry>, DatabaseError> {
        audit::after(&self.inner.database, after, most).await
    }

    /// The ids of the peppers that live keys are stored with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn peppers_in_use(&self, now: UnixMillis) -> Result<Vec<String>, DatabaseError> {
        records::peppers(&self.inner.database, now).await
    }

    /// How often each reason was given since the start, for metrics.
    pub fn denials(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.inner.notebook.totals()
    }

    /// Keys in memory.
    #[must_use]
    pub fn cached(&self) -> usize {
        self.inner.cache.len()
    }

    /// Who holds this key, for one request from `peer`. No statement, no wait, no lock that others hold
    /// for long.
    ///
    /// `peer` is the address of the connection, or what a proxy on the operator's list says.
    ///
    /// # Errors
    /// See [`Denied`]; tell the caller [`Denied::answer`] only.
    pub fn authenticate(
        &self,
        text: &str,
        peer: IpAddr,
        now: UnixMillis,
    ) -> Result<Principal, Denied> {
        self.authenticate_at_cost(text, peer, now, ONE)
    }

    /// As [`Keys::authenticate`], for a request that costs more than one of the limit.
    ///
    /// # Errors
    /// See [`Denied`]; tell the caller [`Denied::answer`] only.
    pub fn authenticate_at_cost(
        &self,
        text: &str,
        peer: IpAddr,
        now: UnixMillis,
        cost: NonZeroU32,
    ) -> Result<Principal, Denied> {
        let note = |known: Option<KeyId>, denied: Denied| {
            self.inner.notebook.denied(known, denied);
            denied
        };
        let text = KeyText::parse(text).map_err(|_| note(None, Denied::Malformed))?;
        if self.is_stale() {
            return Err(note(None, Denied::Stale));
        }
        let Some(key) = self.inner.cache.get(&text.id()) else {
            // The same work as for a key that exists.
            let _ = self.inner.peppers.current().tag(&text).is(&Tag::NONE);
            return Err(note(None, Denied::Unknown));
        };
        let left = self
            .judge(&key, &text, peer, now, cost)
            .map_err(|denied| note(Some(text.id()), denied))?;
        self.note_use(&key, peer, now);
        self.move_to_current_pepper(&key, &text);
        Ok(Principal::new(key, left))
    }

    /// As [`Keys::authenticate_at_cost`], but a node that has not heard from the database asks it once
    /// before it refuses, so that a slow moment of the background task costs time and no request.
    ///
    /// # Errors
    /// See [`Denied`].
    pub async fn authenticate_or_refresh(
        &self,
        text: &str,
        peer: IpAddr,
        now: UnixMillis,
        cost: NonZeroU32,
    ) -> Result<Principal, Denied> {
        if self.is_stale() && KeyText::parse(text).is_ok() {
            // Apart: it is rare, and every request would carry room for it.
            Box::pin(self.refresh_if_stale()).await;
        }
        self.authenticate_at_cost(text, peer, now, cost)
    }

    /// Asks the database once where it was not heard from for too long.
    pub(crate) async fn refresh_if_stale(&self) {
        if !self.is_stale() {
            return;
        }
        let tries = self.inner.tries.load(Ordering::Acquire);
        let _one = self.inner.refreshing.lock().await;
        // Whoever waited for another's try shares its end, else a crowd would try one by one.
        let tried = self.inner.tries.load(Ordering::Acquire) != tries;
        if !tried && self.is_stale() {
            // What went wrong is told by the background task; here the key is just not let in.
            let _ = self.refresh_alone().await;
        }
    }

    /// Notes that a key was used, once in a while.
    pub(crate) fn note_use(&self, key: &CachedKey, peer: IpAddr, now: UnixMillis) {
        if key.is_use_due(now, NOTE_EVERY) {
            let used = LastUse {
                at: now,
                from: peer.to_canonical(),
            };
            self.inner.notebook.used(key.record().id, used);
        }
    }

    /// Takes over what other nodes, or this one, changed: one statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn refresh(&self) -> Result<(), KeyError> {
        let _one = self.inner.refreshing.lock().await;
        self.refresh_alone().await
    }

    async fn refresh_alone(&self) -> Result<(), KeyError> {
        let result = self.ask_for_changes().await;
        self.inner.tries.fetch_add(1, Ordering::Release);
        result
    }

    async fn ask_for_changes(&self) -> Result<(), KeyError> {
        let inner = &self.inner;
        // Whatever is committed before this instant is in the answer.
        let started = inner.ticks.nanos();
        let seen = inner.seen.load(Ordering::Acquire);
        let over = UnixMillis::now().minus(KEPT);
        let answer = records::changed_since(&inner.database, seen, over);
        let keys = tokio::time::timeout(inner.settings.stale_after, answer)
            .await
            .map_err(|_| DatabaseError::Gone("it does not answer in time".to_owned()))??;
        if let Some(last) = keys.last() {
            inner.seen.store(last.changed, Ordering::Release);
        }
        self.take_over(keys);
        inner.fresh.fetch_max(started, Ordering::Release);
        Ok(())
    }

    /// Whether the database answered lately, so that keys are let in.
    #[must_use]
    pub fn is_current(&self) -> bool {
        !self.is_stale()
    }

    fn is_stale(&self) -> bool {
        let fresh = self.inner.fresh.load(Ordering::Acquire);
        let age = self.inner.ticks.nanos().saturating_sub(fresh);
        age >= in_nanos(self.inner.settings.stale_after)
    }

    /// The secret first: who does not hold it learns nothing else.
    fn judge(
        &self,
        key: &CachedKey,
        text: &KeyText,
        peer: IpAddr,
        now: UnixMillis,
        cost: NonZeroU32,
    ) -> Result<u32, Denied> {
        if !self.is_text_of(key, text) {
            return Err(Denied::WrongSecret);
        }
        self.judge_holder(key, peer, now, cost)
    }

    /// As [`Self::judge`], of somebody who showed that the key is theirs.
    pub(crate) fn judge_holder(
        &self,
        key: &CachedKey,
        peer: IpAddr,
        now: UnixMillis,
        cost: NonZeroU32,
    ) -> Result<u32, Denied> {
        let record = key.record();
        if record.is_canary {
            // Also when it is over: whoever has it has found it.
            if key.is_use_due(now, NOTE_EVERY) {
                let used = LastUse {
                    at: now,
                    from: peer.to_canonical(),
                };
                self.inner.notebook.canary(record.id, used);
            }
            return Err(Denied::Unknown);
        }
        if record.revoked_at.is_some() {
            return Err(Denied::Revoked);
        }
        if now >= record.policy.expires_at {
            return Err(Denied::Expired);
        }
        if !record.policy.addresses.allows(peer) {
            return Err(Denied::Address { peer });
        }
        key.charge(cost)
    }

    /// One HMAC, whether there is something to compare it with or not.
    fn is_text_of(&self, key: &CachedKey, text: &KeyText) -> bool {
        let pepper = key.pepper.and_then(|index| self.inner.peppers.get(index));
        let (pepper, tag) = match pepper {
            Some(pepper) => (pepper, key.tag),
            None => (self.inner.peppers.current(), Tag::NONE),
        };
        pepper.tag(text).is(&tag)
    }

    fn move_to_current_pepper(&self, key: &CachedKey, text: &KeyText) {
        let Some(index) = key.pepper.filter(|index| *index > 0) else {
            return;
        };
        let Some(old) = self.inner.peppers.get(index) else {
            return;
        };
        if key.moving.swap(true, Ordering::Relaxed) {
            return;
        }
        let new = self.inner.peppers.current();
        let (from, to) = (old.id().to_owned(), new.id().to_owned());
        self.inner
            .notebook
            .moved(text.id(), from, to, new.tag(text));
    }

    pub(crate) fn take_over(&self, keys: Vec<StoredKey>) {
        self.inner.cache.apply(keys, &self.inner.peppers);
    }

    pub(crate) fn forget_old(&self, now: UnixMillis) {
        self.inner.cache.forget(now.minus(KEPT));
    }

    /// What each key was let in for since this was asked last.
    pub(crate) fn take_uses(&self) -> Vec<(Subject, u32)> {
        let uses = self.inner.cache.take_uses();
        uses.into_iter()
            .map(|(id, cost)| (Subject::of_key(id), cost))
            .collect()
    }

    /// Takes what keys were let in for on other nodes from their limits here.
    pub(crate) fn owe(&self, uses: &HashMap<Subject, u32>) {
        let used = |id| uses.get(&Subject::of_key(id)).copied();
        self.inner.cache.owe(|id| used(id).unwrap_or(0));
    }

    pub(crate) fn signatures(&self) -> &Arc<UseQueue> {
        &self.inner.signatures
    }

    pub(crate) fn notebook(&self) -> &Notebook {
        &self.inner.notebook
    }

    pub(crate) fn peppers(&self) -> &Peppers {
        &self.inner.peppers
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn settings(&self) -> &KeySettings {
        &self.inner.settings
    }
}
