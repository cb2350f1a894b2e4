//! Keys as rows.

use std::{net::IpAddr, str::FromStr, time::Duration};

use softcap_database::{Database, DatabaseError, on_reader, on_writer, row};

use crate::{
    Act, AlertKind, KeyError, KeyId, KeyMaking, KeyPolicy, PersonId, RateLimit, Scope, SentForm,
    SignatureKey, UnixMillis, Verb,
    alerts::{HABITS, KEEP_HABITS, raise, raise_found, tell},
    audit,
    key_signals::{judge_key, key_uses},
    pepper::Tag,
    signals::KeyUse,
};

/// What is known of a key, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public part.
    pub id: KeyId,
    /// The place in the order of keys made; a cursor for [`crate::Keys::list`].
    pub number: i64,
    /// On whose behalf it acts; opaque here.
    pub owner: String,
    /// What people call it.
    pub label: String,
    /// All that restricts it.
    pub policy: KeyPolicy,
    /// The public half of the pair that it signs with; none where it has a secret.
    pub public_key: Option<SignatureKey>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// `operator:NAME` or `key:ID`.
    pub created_by: String,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
    /// The key it took the place of.
    pub replaces: Option<KeyId>,
    /// The key that took its place.
    pub replaced_by: Option<KeyId>,
    /// The last use that was written down, about a minute old at most.
    pub last_use: Option<LastUse>,
    /// What it was ever used for, ten seconds old at most.
    pub used: Vec<Verb>,
    /// See [`crate::NewKey`].
    pub is_canary: bool,
}

/// When and from where a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: UnixMillis,
    /// From where: personal data, kept in this one place.
    pub from: IpAddr,
}

impl KeyRecord {
    /// The scopes whose verb it never was used for: what it could do without.
    pub fn unused_scopes(&self) -> impl Iterator<Item = &Scope> {
        let scopes = self.policy.scopes.iter();
        scopes.filter(|scope| !self.used.contains(&scope.verb))
    }

    /// From when it is switched off if it is not used again.
    #[must_use]
    pub fn idle_at(&self, after: Duration) -> UnixMillis {
        let last = self.last_use.map_or(self.created_at, |used| used.at);
        last.plus(after)
    }

    /// Whether it is neither expired nor revoked.
    #[must_use]
    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.revoked_at.is_none() && now < self.policy.expires_at
    }
}

/// A record with what checks a secret.
#[derive(Clone)]
pub(crate) struct StoredKey {
    pub(crate) record: KeyRecord,
    pub(crate) pepper: String,
    pub(crate) tag: Tag,
    /// The number of its last change.
    pub(crate) changed: i64,
}

row! {
    struct KeyRow {
        id: String,
        number: i64,
        environment: String,
        owner: String,
        label: String,
        scopes: String,
        addresses: String,
        per_second: i64,
        burst: i64,
        created_at: i64,
        created_by: String,
        expires_at: i64,
        revoked_at: Option<i64>,
        replaces: Option<String>,
        replaced_by: Option<String>,
        pepper: String,
        tag: Vec<u8>,
        last_used_at: Option<i64>,
        last_used_from: Option<String>,
        used_verbs: String,
        is_canary: i64,
        public_key: Option<Vec<u8>>,
        changed: i64,
    }
}

impl KeyRow {
    fn read(self) -> Result<StoredKey, KeyError> {
        let id = self.id.clone();
        self.read_fields().map_err(|error| KeyError::Row {
            id,
            what: error.to_string(),
        })
    }

    fn read_fields(self) -> Result<StoredKey, KeyError> {
        let small = |number: i64| u32::try_from(number).map_err(|_| KeyError::Limit);
        let other = |id: Option<String>| id.as_deref().map(KeyId::from_str).transpose();
        let policy = KeyPolicy {
            environment: self.environment.parse()?,
            scopes: self.scopes.parse()?,
            addresses: self.addresses.parse()?,
            expires_at: UnixMillis::new(self.expires_at),
            limit: RateLimit::new(small(self.per_second)?, small(self.burst)?)?,
        };
        let from = self.last_used_from.and_then(|text| text.parse().ok());
        let last_use = self.last_used_at.zip(from).map(|(at, from)| LastUse {
            at: UnixMillis::new(at),
            from,
        });
        let tag = Tag::from_slice(&self.tag).ok_or_else(|| KeyError::Row {
            id: self.id.clone(),
            what: "its tag has another length than 32".to_owned(),
        })?;
        let public_key = self.public_key.as_deref().map(|bytes| {
            SignatureKey::from_slice(bytes).ok_or_else(|| KeyError::Row {
                id: self.id.clone(),
                what: "its public key is none".to_owned(),
            })
        });
        let record = KeyRecord {
            public_key: public_key.transpose()?,
            id: self.id.parse()?,
            number: self.number,
            owner: self.owner,
            label: self.label,
            policy,
            created_at: UnixMillis::new(self.created_at),
            created_by: self.created_by,
            revoked_at: self.revoked_at.map(UnixMillis::new),
            replaces: other(self.replaces)?,
            replaced_by: other(self.replaced_by)?,
            last_use,
            // A verb of another version of this program is none of this one.
            used: self
                .used_verbs
                .split(' ')
                .filter_map(|verb| verb.parse().ok())
                .collect(),
            is_canary: self.is_canary != 0,
        };
        Ok(StoredKey {
            record,
            pepper: self.pepper,
            tag,
            changed: self.changed,
        })
    }
}

fn read_all(rows: Vec<KeyRow>) -> Result<Vec<StoredKey>, KeyError> {
    rows.into_iter().map(KeyRow::read).collect()
}

/// Takes the number of the next change, and with it the lock under which keys change.
pub(crate) const NEXT_CHANGE: &str =
    "UPDATE api_key_change SET value = value + 1 WHERE one = 1 RETURNING value";

/// A key that is not stored yet. Its number and change are given by the database.
pub(crate) struct NewRow<'a> {
    pub(crate) key: StoredKey,
    /// The key that asked for it, unless an operator did.
    pub(crate) minted_by: Option<KeyId>,
    /// The person who asked for it.
    pub(crate) made_by: Option<PersonId>,
    /// What that person is told, and by which form they made it.
    pub(crate) making: &'a KeyMaking,
}

/// What became of a new key.
pub(crate) enum Insertion<K = Vec<StoredKey>> {
    /// It is stored: it, and the one that it replaces, as they are now.
    Stored(K),
    /// The old one was replaced or revoked meanwhile; nothing is stored.
    Replaced,
    /// The key or person that asked for it was revoked or frozen meanwhile; nothing is stored.
    MakerStopped,
    /// The form was sent before, and made this one; nothing is stored.
    MadeBefore(KeyId),
}

/// Whoever makes a key and is stopped already: the key, the person. Asked under the lock of [`NEXT_CHANGE`], so that no
/// key outlives a revocation or a freeze that was under way.
const STOPPED: &str = "SELECT (SELECT COUNT(*) FROM api_key WHERE id = $1 AND revoked_at IS NOT NULL) \
     + (SELECT COUNT(*) FROM person WHERE id = $2 AND (frozen_at IS NOT NULL OR disabled_at IS NOT NULL))";

const INSERT: &str = "INSERT INTO api_key (id, number, environment, owner, label, scopes, \
     addresses, per_second, burst, created_at, created_by, minted_by, expires_at, replaces, \
     pepper, tag, is_canary, public_key, form, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
     $11, $12, $13, $14, $15, $16, $17, $18, $19, $2) RETURNING *";
/// The key that a form made.
const BY_FORM: &str = "SELECT id FROM api_key WHERE form = $1";
const REPLACE: &str = "UPDATE api_key SET replaced_by = $2, changed = $3, expires_at = \
     CASE WHEN expires_at < $4 THEN expires_at ELSE $4 END \
     WHERE id = $1 AND replaced_by IS NULL AND revoked_at IS NULL RETURNING *";

/// Stores a key and, in the same transaction, ends the one it replaces at `old_ends`.
pub(crate) async fn insert(
    database: &Database,
    new: &NewRow<'_>,
    actor: &str,
    old_ends: UnixMillis,
) -> Result<Insertion, KeyError> {
    let StoredKey {
        record,
        pepper,
        tag,
        ..
    } = &new.key;
    let policy = &record.policy;
    let id = record.id.as_str();
    let old = record.replaces;
    let at = record.created_at.get();
    let public_key = record.public_key.as_ref();
    let public_key = public_key.map(|key| key.as_bytes().as_slice());
    let form = new
        .making
        .form
        .as_ref()
        .map(|form| form.as_bytes().as_slice());
    let inserted: Insertion<Vec<KeyRow>> = on_writer!(database, |pool| async {
        let mut work = pool.begin().await?;
        let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
            .fetch_one(&mut *work)
            .await?;
        let stopped = sqlx::query_scalar(STOPPED);
        let stopped = stopped.bind(new.minted_by.as_ref().map(KeyId::as_str));
        let stopped = stopped.bind(new.made_by.map(|person| person.to_string()));
        let stopped: i64 = stopped.fetch_one(&mut *work).await?;
        if stopped > 0 {
            work.rollback().await?;
            return Ok(Insertion::MakerStopped);
        }
        // Asked under the lock of keys, so that of two who send it at once one makes a key.
        if let Some(form) = form {
            let before = sqlx::query_scalar(BY_FORM).bind(form);
            let before: Option<String> = before.fetch_optional(&mut *work).await?;
            if let Some(before) = before.and_then(|id| id.parse().ok()) {
                work.rollback().await?;
                return Ok(Insertion::MadeBefore(before));
            }
        }
        let insert = sqlx::query_as(INSERT)
            .bind(id)
            .bind(change)
            .bind(policy.environment.as_code())
            .bind(&record.owner)
            .bind(&record.label)
            .bind(policy.scopes.to_string())
            .bind(policy.addresses.to_string())
            .bind(i64::from(policy.limit.per_second()))
            .bind(i64::from(policy.limit.burst()))
            .bind(at)
            .bind(&record.created_by)
            .bind(new.minted_by.as_ref().map(KeyId::as_str))
            .bind(policy.expires_at.get())
            .bind(old.as_ref().map(KeyId::as_str))
            .bind(pepper)
            .bind(tag.as_slice())
            .bind(i64::from(record.is_canary))
            .bind(public_key)
            .bind(form);
        let mut rows: Vec<KeyRow> = vec![insert.fetch_one(&mut *work).await?];
        let note = sqlx::query(audit::ADD).bind(at).bind(actor);
        let note = note
            .bind(Act::Create.as_code())
            .bind(id)
            .bind("")
            .bind(1_i64);
        note.execute(&mut *work).await?;
        if let Some(old) = &old {
            let replace = sqlx::query_as(REPLACE).bind(old.as_str()).bind(id);
            let replace = replace.bind(change).bind(old_ends.get());
            let Some(replaced) = replace.fetch_optional(&mut *work).await? else {
                work.rollback().await?;
                return Ok(Insertion::Replaced);
            };
            rows.push(replaced);
            let note = sqlx::query(audit::ADD).bind(at).bind(actor);
            let note = note.bind(Act::Rotate.as_code()).bind(old.as_str()).bind(id);
            note.bind(1_i64).execute(&mut *work).await?;
        }
        if let Some(warning) = &new.making.warning {
            tell!(work, warning, record.created_at);
        }
        work.commit().await?;
        Ok::<_, sqlx::Error>(Insertion::Stored(rows))
    }
    .await)?;
    Ok(match inserted {
        Insertion::Stored(rows) => Insertion::Stored(read_all(rows)?),
        Insertion::Replaced => Insertion::Replaced,
        Insertion::MakerStopped => Insertion::MakerStopped,
        Insertion::MadeBefore(id) => Insertion::MadeBefore(id),
    })
}

/// The key that a form made, if it was sent before.
pub(crate) async fn made_by_form(
    database: &Database,
    making: &KeyMaking,
) -> Result<Option<KeyId>, KeyError> {
    let Some(form) = making.form.as_ref().map(SentForm::as_bytes) else {
        return Ok(None);
    };
    let id: Option<String> = on_reader!(database, |pool| sqlx::query_scalar(BY_FORM)
        .bind(form.as_slice())
        .fetch_optional(pool)
        .await)?;
    Ok(id.as_deref().map(KeyId::from_str).transpose()?)
}

/// Revokes a key, and if wished those it minted and those they minted. Gives the keys that were not
/// revoked before.
pub(crate) async fn revoke(
    database: &Database,
    id: KeyId,
    with_minted: bool,
    actor: &str,
    now: UnixMillis,
) -> Result<Vec<StoredKey>, KeyError> {
    const ONE: &str = "UPDATE api_key SET revoked_at = $2, changed = $3 \
         WHERE revoked_at IS NULL AND id = $1 RETURNING *";
    const LINE: &str = "UPDATE api_key SET revoked_at = $2, changed = $3 \
         WHERE revoked_at IS NULL AND id IN (WITH RECURSIVE line (id) AS (SELECT $1 UNION \
         SELECT minted.id FROM api_key AS minted JOIN line ON minted.minted_by = line.id) \
         SELECT id FROM line) RETURNING *";
    let text = if with_minted { LINE } else { ONE };
    let rows: Vec<KeyRow> = on_writer!(database, |pool| async {
        let mut work = pool.begin().await?;
        let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
            .fetch_one(&mut *work)
            .await?;
        let revoke = sqlx::query_as(text)
            .bind(id.as_str())
            .bind(now.get())
            .bind(change);
        let rows: Vec<KeyRow> = revoke.fetch_all(&mut *work).await?;
        for row in &rows {
            let note = sqlx::query(audit::ADD).bind(now.get()).bind(actor);
            let note = note
                .bind(Act::Revoke.as_code())
                .bind(&row.id)
                .bind("")
                .bind(1_i64);
            note.execute(&mut *work).await?;
        }
        work.commit().await?;
        Ok::<_, sqlx::Error>(rows)
    }
    .await)?;
    read_all(rows)
}

/// Ends the keys that nobody has used since `since`. Gives those that ended.
pub(crate) async fn end_idle(
    database: &Database,
    since: UnixMillis,
    now: UnixMillis,
) -> Result<Vec<StoredKey>, KeyError> {
    const FIND: &str = "SELECT id FROM api_key WHERE revoked_at IS NULL AND expires_at > $1 \
         AND created_at <= $2 AND COALESCE(last_used_at, 0) <= $2 AND is_canary = 0 LIMIT 1";
    const END: &str = "UPDATE api_key SET expires_at = $1, changed = $3 \
         WHERE revoked_at IS NULL AND expires_at > $1 \
         AND created_at <= $2 AND COALESCE(last_used_at, 0) <= $2 AND is_canary = 0 RETURNING *";
    let found: Option<(String,)> = on_reader!(database, |pool| sqlx::query_as(FIND)
        .bind(now.get())
        .bind(since.get())
        .fetch_optional(pool)
        .await)?;
    // Mostly there is none, and then nothing is written.
    if found.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<KeyRow> = on_writer!(database, |pool| async {
        let mut work = pool.begin().await?;
        let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
            .fetch_one(&mut *work)
            .await?;
        let end = sqlx::query_as(END).bind(now.get()).bind(since.get());
        let rows: Vec<KeyRow> = end.bind(change).fetch_all(&mut *work).await?;
        for row in &rows {
            let note = sqlx::query(audit::ADD).bind(now.get()).bind("-");
            let note = note.bind(Act::EndIdle.as_code()).bind(&row.id);
            note.bind("").bind(1_i64).execute(&mut *work).await?;
        }
        work.commit().await?;
        Ok::<_, sqlx::Error>(rows)
    }
    .await)?;
    read_all(rows)
}

/// Keys changed after the change of this number, without those that were over at `over`.
pub(crate) async fn changed_since(
    database: &Database,
    change: i64,
    over: UnixMillis,
) -> Result<Vec<StoredKey>, KeyError> {
    const TEXT: &str =
        "SELECT * FROM api_key WHERE changed > $1 AND expires_at > $2 ORDER BY changed";
    let rows: Vec<KeyRow> = on_reader!(database, |pool| sqlx::query_as(TEXT)
        .bind(change)
        .bind(over.get())
        .fetch_all(pool)
        .await)?;
    read_all(rows)
}

pub(crate) async fn find(database: &Database, id: KeyId) -> Result<StoredKey, KeyError> {
    const TEXT: &str = "SELECT * FROM api_key WHERE id = $1";
    let row: Option<KeyRow> = on_reader!(database, |pool| sqlx::query_as(TEXT)
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.ok_or(KeyError::Missing(id))?.read()
}

/// In the order they were made, of all owners or of one.
pub(crate) async fn list(
    database: &Database,
    owner: Option<&str>,
    after: i64,
    most: u32,
) -> Result<Vec<KeyRecord>, KeyError> {
    const ALL: &str = "SELECT * FROM api_key WHERE number > $1 ORDER BY number LIMIT $2";
    const OF_ONE: &str =
        "SELECT * FROM api_key WHERE number > $1 AND owner = $3 ORDER BY number LIMIT $2";
    let most = i64::from(most);
    let rows: Vec<KeyRow> = on_reader!(database, |pool| match owner {
        None =>
            sqlx::query_as(ALL)
                .bind(after)
                .bind(most)
                .fetch_all(pool)
                .await,
        Some(owner) => {
            let query = sqlx::query_as(OF_ONE).bind(after).bind(most).bind(owner);
            query.fetch_all(pool).await
        }
    })?;
    let records = read_all(rows)?.into_iter().map(|key| key.record);
    Ok(records.collect())
}

pub(crate) async fn count_live(database: &Database, now: UnixMillis) -> Result<i64, DatabaseError> {
    const TEXT: &str = "SELECT COUNT(*) FROM api_key WHERE revoked_at IS NULL AND expires_at > $1";
    on_reader!(database, |pool| sqlx::query_scalar(TEXT)
        .bind(now.get())
        .fetch_one(pool)
        .await)
}

/// The ids of peppers that some live key still needs.
pub(crate) async fn peppers(
    database: &Database,
    now: UnixMillis,
) -> Result<Vec<String>, DatabaseError> {
    const TEXT: &str = "SELECT DISTINCT pepper FROM api_key \
         WHERE revoked_at IS NULL AND expires_at > $1 AND public_key IS NULL ORDER BY pepper";
    on_reader!(database, |pool| sqlx::query_scalar(TEXT)
        .bind(now.get())
        .fetch_all(pool)
        .await)
}

/// What was noted while requests were answered, written in one transaction.
pub(crate) struct Notes {
    pub(crate) at: UnixMillis,
    pub(crate) uses: Vec<(KeyId, LastUse)>,
    /// Subject, code, how often.
    pub(crate) denials: Vec<(String, &'static str, i64)>,
    /// Key, and all that it was ever used for.
    pub(crate) verbs: Vec<(KeyId, String)>,
    /// Key, the pepper it was stored with, the one now, its new tag.
    pub(crate) moves: Vec<(KeyId, String, String, Tag)>,
    /// Keys that nobody has a reason to use, and that were used.
    pub(crate) canaries: Vec<KeyId>,
    /// From where and with what keys came, in order.
    pub(crate) came: Vec<(KeyId, Vec<(UnixMillis, KeyUse)>)>,
}

impl Notes {
    pub(crate) fn is_empty(&self) -> bool {
        self.uses.is_empty()
            && self.denials.is_empty()
            && self.verbs.is_empty()
            && self.moves.is_empty()
            && self.canaries.is_empty()
            && self.came.is_empty()
    }
}

pub(crate) async fn write(database: &Database, notes: &Notes) -> Result<Vec<StoredKey>, KeyError> {
    const USE: &str = "UPDATE api_key SET last_used_at = $2, last_used_from = $3 \
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    const VERBS: &str = "UPDATE api_key SET used_verbs = $2 WHERE id = $1";
    const MOVE: &str = "UPDATE api_key SET pepper = $3, tag = $4, changed = $5 \
         WHERE id = $1 AND pepper = $2 RETURNING *";
    let rows: Vec<KeyRow> = on_writer!(database, |pool| async {
        let mut work = pool.begin().await?;
        let mut rows = Vec::new();
        if !notes.moves.is_empty() {
            let change: i64 = sqlx::query_scalar(NEXT_CHANGE)
                .fetch_one(&mut *work)
                .await?;
            for (id, old, new, tag) in &notes.moves {
                let query = sqlx::query_as(MOVE).bind(id.as_str()).bind(old).bind(new);
                let query = query.bind(tag.as_slice()).bind(change);
                let moved: Option<KeyRow> = query.fetch_optional(&mut *work).await?;
                rows.extend(moved);
            }
        }
        for id in &notes.canaries {
            raise!(work, AlertKind::CanaryUsed, id.as_str(), notes.at);
        }
        for (id, uses) in key_uses(notes) {
            let stored: Option<Vec<u8>> = sqlx::query_scalar(HABITS)
                .bind(id.as_str())
                .fetch_optional(&mut *work)
                .await?;
            let (state, found) = judge_key(stored, &uses);
            let keep = sqlx::query(KEEP_HABITS).bind(id.as_str()).bind(state);
            keep.bind(notes.at.get()).execute(&mut *work).await?;
            if let Some(found) = &found {
                raise_found!(work, AlertKind::UnusualKeyUse, id.as_str(), found, notes.at);
            }
        }
        for (id, used) in &notes.uses {
            let query = sqlx::query(USE).bind(id.as_str()).bind(used.at.get());
            query
                .bind(used.from.to_string())
                .execute(&mut *work)
                .await?;
        }
        for (id, verbs) in &notes.verbs {
            let query = sqlx::query(VERBS).bind(id.as_str()).bind(verbs);
            query.execute(&mut *work).await?;
        }
        for (subject, code, times) in &notes.denials {
            let query = sqlx::query(audit::ADD).bind(notes.at.get()).bind("-");
            let query = query.bind(Act::Deny.as_code()).bind(subject).bind(*code);
            query.bind(*times).execute(&mut *work).await?;
        }
        work.commit().await?;
        Ok::<_, sqlx::Error>(rows)
    }
    .await)?;
    read_all(rows)
}
