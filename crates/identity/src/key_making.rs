//! Making keys, and putting one in the place of another.
//!
//! A key shows who it is in one of two ways. With a *secret* it is a text that is shown once ([`Created`]). With a
//! *public key* it signs each request, and there is nothing to show: the program has the other half already.

use crate::{
    Actor, Created, KeyError, KeyId, KeyMaking, KeyPolicy, KeyRecord, KeyText, Keys, NewKey,
    Rotation, SignatureKey, UnixMillis,
    pepper::Tag,
    records::{self, Insertion, NewRow, StoredKey},
};

const LONGEST_NAME: usize = 200;

impl Keys {
    /// Makes a key with a secret.
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
        self.create_and_tell(actor, new, &KeyMaking::default(), now)
            .await
    }

    /// As [`Keys::create`]; with what a page knows of it.
    ///
    /// # Errors
    /// Those of [`Keys::create`]; [`KeyError::MadeBefore`] for a form that was sent before.
    pub async fn create_and_tell(
        &self,
        actor: &Actor,
        new: NewKey,
        making: &KeyMaking,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        let text = KeyText::random(new.environment)?;
        let record = self.new_record(actor, (text.id(), new), now).await?;
        let row = self.row_of_text(&text, record);
        let record = self.store(actor, (row, making), now).await?;
        Ok(Created { record, text })
    }

    /// Makes a key that signs its requests with the other half of `public_key`.
    ///
    /// # Errors
    /// Those of [`Keys::create_and_tell`].
    pub async fn create_signing(
        &self,
        actor: &Actor,
        (new, public_key): (NewKey, SignatureKey),
        making: &KeyMaking,
        now: UnixMillis,
    ) -> Result<KeyRecord, KeyError> {
        let mut record = self.new_record(actor, (KeyId::random()?, new), now).await?;
        record.public_key = Some(public_key);
        self.store(actor, (row_that_signs(record), making), now)
            .await
    }

    /// Makes a key with the policy of an old one, which goes on working for a while. Each names the
    /// other.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::NotLive`], [`KeyError::Wider`], [`KeyError::Overlap`],
    /// [`KeyError::Expiry`], [`KeyError::MakerStopped`], [`KeyError::Signs`], and what the database says.
    pub async fn rotate(
        &self,
        actor: &Actor,
        id: KeyId,
        rotation: Rotation,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        self.rotate_and_tell(actor, (id, rotation), &KeyMaking::default(), now)
            .await
    }

    /// As [`Keys::rotate`]; with what a page knows of it.
    ///
    /// # Errors
    /// Those of [`Keys::rotate`]; [`KeyError::MadeBefore`] for a form that was sent before.
    pub async fn rotate_and_tell(
        &self,
        actor: &Actor,
        (id, rotation): (KeyId, Rotation),
        making: &KeyMaking,
        now: UnixMillis,
    ) -> Result<Created, KeyError> {
        let (record, old_ends) = self.successor(actor, (id, rotation), making, now).await?;
        // Whoever has a public key here has no secret that could be stolen; nobody gets one unasked.
        if record.public_key.is_some() {
            return Err(KeyError::Signs(id));
        }
        let text = KeyText::random(record.policy.environment)?;
        let id = text.id();
        let row = self.row_of_text(&text, KeyRecord { id, ..record });
        let record = self.store(actor, (row, making), old_ends).await?;
        Ok(Created { record, text })
    }

    /// As [`Keys::rotate_and_tell`], by a key that signs its requests, whichever way the old one showed who it is.
    ///
    /// # Errors
    /// Those of [`Keys::rotate_and_tell`], without [`KeyError::Signs`].
    pub async fn rotate_to_signing(
        &self,
        actor: &Actor,
        (id, rotation, public_key): (KeyId, Rotation, SignatureKey),
        making: &KeyMaking,
        now: UnixMillis,
    ) -> Result<KeyRecord, KeyError> {
        let (record, old_ends) = self.successor(actor, (id, rotation), making, now).await?;
        let record = KeyRecord {
            id: KeyId::random()?,
            public_key: Some(public_key),
            ..record
        };
        self.store(actor, (row_that_signs(record), making), old_ends)
            .await
    }

    async fn new_record(
        &self,
        actor: &Actor,
        (id, new): (KeyId, NewKey),
        now: UnixMillis,
    ) -> Result<KeyRecord, KeyError> {
        check_name("a label", &new.label)?;
        check_name("an owner", &new.owner)?;
        let settings = self.settings();
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
        let live = records::count_live(self.database(), now).await?;
        if live >= i64::from(settings.most_keys) {
            return Err(KeyError::TooManyKeys {
                most: settings.most_keys,
            });
        }
        Ok(KeyRecord {
            id,
            number: 0,
            owner: new.owner,
            label: new.label,
            policy,
            public_key: None,
            created_at: now,
            created_by: actor.to_string(),
            revoked_at: None,
            replaces: None,
            replaced_by: None,
            last_use: None,
            used: Vec::new(),
            is_canary: new.is_canary,
        })
    }

    /// The key that takes the place of another, without an id of its own, and when the old one ends.
    async fn successor(
        &self,
        actor: &Actor,
        (id, rotation): (KeyId, Rotation),
        making: &KeyMaking,
        now: UnixMillis,
    ) -> Result<(KeyRecord, UnixMillis), KeyError> {
        let settings = self.settings();
        let old = records::find(self.database(), id).await?.record;
        may_act_on(actor, &old.owner, &old.policy)?;
        if !old.is_live(now) || old.replaced_by.is_some() {
            let before = records::made_by_form(self.database(), making).await?;
            return Err(before.map_or(KeyError::NotLive(id), KeyError::MadeBefore));
        }
        let asked = rotation.expires_at.unwrap_or(old.policy.expires_at);
        let policy = KeyPolicy {
            expires_at: settings.expiry(Some(asked), now)?,
            ..old.policy
        };
        may_act_on(actor, &old.owner, &policy)?;
        let old_ends = settings.overlap_end(rotation.overlap, now)?;
        let record = KeyRecord {
            policy,
            created_at: now,
            created_by: actor.to_string(),
            replaces: Some(id),
            last_use: None,
            ..old
        };
        Ok((record, old_ends))
    }

    fn row_of_text(&self, text: &KeyText, record: KeyRecord) -> StoredKey {
        let pepper = self.peppers().current();
        StoredKey {
            record,
            pepper: pepper.id().to_owned(),
            tag: pepper.tag(text),
            changed: 0,
        }
    }

    async fn store(
        &self,
        actor: &Actor,
        (key, making): (StoredKey, &KeyMaking),
        old_ends: UnixMillis,
    ) -> Result<KeyRecord, KeyError> {
        let id = key.record.id;
        let old = key.record.replaces.unwrap_or(id);
        let row = NewRow {
            key,
            minted_by: match actor {
                Actor::Operator(_) | Actor::Person(_) => None,
                Actor::Key(principal) => Some(principal.key_id()),
            },
            made_by: match actor {
                Actor::Operator(_) | Actor::Key(_) => None,
                Actor::Person(standing) => Some(standing.person()),
            },
            making,
        };
        let actor = actor.to_string();
        let stored = records::insert(self.database(), &row, &actor, old_ends).await?;
        let stored = match stored {
            Insertion::Stored(stored) => stored,
            Insertion::Replaced => return Err(KeyError::NotLive(old)),
            Insertion::MakerStopped => return Err(KeyError::MakerStopped),
            Insertion::MadeBefore(id) => return Err(KeyError::MadeBefore(id)),
        };
        let new = stored.iter().find(|key| key.record.id == id);
        let record = new.ok_or(KeyError::Missing(id))?.record.clone();
        self.take_over(stored);
        Ok(record)
    }
}

/// A key without a secret: no pepper has this name, so that no text is one of it.
fn row_that_signs(record: KeyRecord) -> StoredKey {
    StoredKey {
        record,
        pepper: String::new(),
        tag: Tag::NONE,
        changed: 0,
    }
}

/// Narrow only: the rule for everything a key does to keys, also to rotate, which gives a new secret
/// away. Every key is within itself.
pub(crate) fn may_act_on(actor: &Actor, owner: &str, policy: &KeyPolicy) -> Result<(), KeyError> {
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
