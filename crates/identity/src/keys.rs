//! The service: make, list, rotate, revoke, and let in.
//!
//! Letting in is a look-up in memory and one HMAC. Changes made here hold at once; changes made by other
//! nodes hold when [`Keys::refresh`] has seen them, and a node that has not heard from the database for
//! [`KeySettings::stale_after`] lets no key in ([`Denied::Stale`]): a key that may have been revoked is
//! worth less than an honest "not now". Reads that need no key are not affected.

use std::{
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
    AuditEntry, Created, Denied, KeyError, KeyId, KeyPolicy, KeyRecord, KeySettings, KeyText,
    LastUse, NewKey, Peppers, Principal, Reach, Rotation, Standing, Ticks, UnixMillis, Warning,
    audit,
    cache::{Cache, CachedKey, KEPT},
    clock::in_nanos,
    pepper::Tag,
    records::{self, Insertion, NewRow, StoredKey},
    watch::Notebook,
};

/// A use is written down once in this time.
const NOTE_EVERY: Duration = Duration::from_secs(60);
const LONGEST_NAME: usize = 200;
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
                "0017_wallets"
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

    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyError::Wider`] when a key asks for more than it has, [`KeyError::Expiry`],
    /// [`KeyError::Name`], [`KeyError::TooManyKeys`], [`KeyError::MakerStopped`], and what the database says.
    pub async fn create(
        &self,
        actor: &Actor,
        new: NewKey,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        self.create_and_tell(actor, new, None, now).await
    }

    /// As [`Keys::create`]; the warning is sent with it. For keys that a person makes.
    ///
    /// # Errors
    /// Those of [`Keys::create`].
    pub async fn create_and_tell(
        &self,
        actor: &Actor,
        new: NewKey,
        warning: Option<Warning>,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        check_name("a label", &new.label)?;
        check_name("an owner", &new.owner)?;
        let settings = &self.inner.settings;
        let mut expires_at = settings.expiry(new.expires_at, now)?;
        if let (Actor::Key(principal), None) = (actor, new.expires_at) {
            expires_at = expires_at.min(principal.policy().expires_at);
        }
        let policy = KeyPolicy {
            environment: new.environment,
            scopes: new.scopes,
            addresses: new.addresses,
            expires_at,
            limit: new.limit.unwrap_or(settings.default_limit),
        };
        may_act_on(actor, &new.owner, &policy)?;
        let live = records::count_live(&self.inner.database, now).await?;
        if live >= i64::from(settings.most_keys) {
            return Err(KeyError::TooManyKeys {
                most: settings.most_keys,
            });
        }
        let record = |id| KeyRecord {
            id,
            number: 0,
            owner: new.owner,
            label: new.label,
            policy,
            created_at: now,
            created_by: actor.to_string(),
            revoked_at: None,
            replaces: None,
            replaced_by: None,
            last_use: None,
            used: Vec::new(),
            is_canary: new.is_canary,
        };
        let text = KeyText::random(new.environment)?;
        let row = self.new_row(&text, record(text.id()), actor, warning);
        self.store(actor, row, text, now).await
    }

    /// Makes a key with the policy of an old one, which goes on working for a while. Each names the
    /// other.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::NotLive`], [`KeyError::Wider`], [`KeyError::Overlap`],
    /// [`KeyError::Expiry`], [`KeyError::MakerStopped`], and what the database says.
    pub async fn rotate(
        &self,
        actor: &Actor,
        id: KeyId,
        rotation: Rotation,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        self.rotate_and_tell(actor, id, rotation, None, now).await
    }

    /// As [`Keys::rotate`]; the warning is sent with it. For a person, who gets a new secret by it.
    ///
    /// # Errors
    /// Those of [`Keys::rotate`].
    pub async fn rotate_and_tell(
        &self,
        actor: &Actor,
        id: KeyId,
        rotation: Rotation,
        warning: Option<Warning>,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        let settings = &self.inner.settings;
        let old = records::find(&self.inner.database, id).await?.record;
        may_act_on(actor, &old.owner, &old.policy)?;
        if !old.is_live(now) || old.replaced_by.is_some() {
            return Err(KeyError::NotLive(id));
        }
        let asked = rotation.expires_at.unwrap_or(old.policy.expires_at);
        let policy = KeyPolicy {
            expires_at: settings.expiry(Some(asked), now)?,
            ..old.policy
        };
        may_act_on(actor, &old.owner, &policy)?;
        let old_ends = settings.overlap_end(rotation.overlap, now)?;
        let text = KeyText::random(policy.environment)?;
        let record = KeyRecord {
            id: text.id(),
            policy,
            created_at: now,
            created_by: actor.to_string(),
            replaces: Some(id),
            last_use: None,
            ..old
        };
        let row = self.new_row(&text, record, actor, warning);
        self.store(actor, row, text, old_ends).await
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
        if key.is_use_due(now, NOTE_EVERY) {
            let used = LastUse {
                at: now,
                from: peer.to_canonical(),
            };
            self.inner.notebook.used(text.id(), used);
        }
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
            let tries = self.inner.tries.load(Ordering::Acquire);
            let _one = self.inner.refreshing.lock().await;
            // Whoever waited for another's try shares its end, else a crowd would try one by one.
            let tried = self.inner.tries.load(Ordering::Acquire) != tries;
            if !tried && self.is_stale() {
                // What went wrong is told by the background task; here the key is just not let in.
                let _ = self.refresh_alone().await;
            }
        }
        self.authenticate_at_cost(text, peer, now, cost)
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
        let record = key.record();
        if !self.is_text_of(key, text) {
            return Err(Denied::WrongSecret);
        }
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

    fn new_row(
        &self,
        text: &KeyText,
        record: KeyRecord,
        actor: &Actor,
        warning: Option<Warning>,
    ) -> NewRow {
        let pepper = self.inner.peppers.current();
        NewRow {
            key: StoredKey {
                record,
                pepper: pepper.id().to_owned(),
                tag: pepper.tag(text),
                changed: 0,
            },
            minted_by: match actor {
                Actor::Operator(_) | Actor::Person(_) => None,
                Actor::Key(principal) => Some(principal.key_id()),
            },
            made_by: match actor {
                Actor::Operator(_) | Actor::Key(_) => None,
                Actor::Person(standing) => Some(standing.person()),
            },
            warning,
        }
    }

    async fn store(
        &self,
        actor: &Actor,
        row: NewRow,
        text: KeyText,
        old_ends: UnixMillis,
    ) -> Result<Created, KeyError> {
        let old = row.key.record.replaces.unwrap_or(text.id());
        let actor = actor.to_string();
        let stored = records::insert(&self.inner.database, &row, &actor, old_ends).await?;
        let stored = match stored {
            Insertion::Stored(stored) => stored,
            Insertion::Replaced => return Err(KeyError::NotLive(old)),
            Insertion::MakerStopped => return Err(KeyError::MakerStopped),
        };
        let new = stored.iter().find(|key| key.record.id == text.id());
        let record = new.ok_or(KeyError::Missing(text.id()))?.record.clone();
        self.take_over(stored);
        Ok(Created { record, text })
    }

    pub(crate) fn take_over(&self, keys: Vec<StoredKey>) {
        self.inner.cache.apply(keys, &self.inner.peppers);
    }

    pub(crate) fn forget_old(&self, now: UnixMillis) {
        self.inner.cache.forget(now.minus(KEPT));
    }

    pub(crate) fn notebook(&self) -> &Notebook {
        &self.inner.notebook
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

/// Narrow only: the rule for everything a key does to keys, also to rotate, which gives a new secret
/// away. Every key is within itself.
fn may_act_on(actor: &Actor, owner: &str, policy: &KeyPolicy) -> Result<(), KeyError> {
    match actor {
        Actor::Operator(_) => Ok(()),
        Actor::Key(principal)
            if principal.owner() == owner && policy.is_within(principal.policy()) =>
        {
            Ok(())
        }
        Actor::Person(standing) if standing.may_give(&policy.scopes) => Ok(()),
        Actor::Key(_) | Actor::Person(_) => Err(KeyError::Wider),
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), KeyError> {
    let long = (1..=LONGEST_NAME).contains(&name.chars().count());
    if long && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(KeyError::Name { what })
    }
}
