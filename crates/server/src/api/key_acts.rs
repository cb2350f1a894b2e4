//! What is done with keys, for programs and for pages: make, list, replace, end.

use std::{str::FromStr as _, time::Duration};

use axum::http::StatusCode;
use softcap_identity::{
    Actor, AddressList, Created, Environment, KeyError, KeyId, KeyMaking, KeyRecord, KeyText,
    NewKey, RateLimit, Reach, Rotation, Scopes, SentForm, SignatureKey, UnixMillis, Verb,
};

use super::{
    Service,
    caller::Caller,
    keys::{NewKeyBody, RotationBody, expiry},
    person_problem::of_person,
};
use crate::problem::{ApiError, ProblemCode};

/// A key that was made.
pub(crate) struct MadeKey {
    /// What is stored.
    pub(crate) record: KeyRecord,
    /// Its secret, to be shown once; none where it signs.
    pub(crate) text: Option<KeyText>,
}

/// What a form of a page did.
pub(crate) enum SentForKey {
    /// It made a key.
    Made(Box<MadeKey>),
    /// It was sent before, and made this one then.
    MadeBefore(KeyId),
}

impl SentForKey {
    fn of(made: Result<MadeKey, KeyError>) -> Result<Self, ApiError> {
        match made {
            Ok(made) => Ok(Self::Made(Box::new(made))),
            Err(KeyError::MadeBefore(id)) => Ok(Self::MadeBefore(id)),
            Err(error) => Err(of_keys(error)),
        }
    }
}

impl From<KeyRecord> for MadeKey {
    fn from(record: KeyRecord) -> Self {
        Self { record, text: None }
    }
}

impl From<Created> for MadeKey {
    fn from(created: Created) -> Self {
        Self {
            record: created.record,
            text: Some(created.text),
        }
    }
}

/// Makes a key within what the caller may, and tells a person who makes one by mail.
pub(crate) async fn make_key(
    service: &Service,
    caller: &Caller,
    body: NewKeyBody,
) -> Result<MadeKey, ApiError> {
    make(service, caller, body, None).await?.map_err(of_keys)
}

/// As [`make_key`], for a form with the value that it was rendered with: it makes one key, however often it is sent.
pub(crate) async fn make_key_by_form(
    service: &Service,
    caller: &Caller,
    body: NewKeyBody,
    once: &str,
) -> Result<SentForKey, ApiError> {
    SentForKey::of(make(service, caller, body, given_once(once)).await?)
}

/// What no page of ours rendered says nothing about whether it was sent before.
fn given_once(once: &str) -> Option<&str> {
    (!once.is_empty()).then_some(once)
}

async fn make(
    service: &Service,
    caller: &Caller,
    body: NewKeyBody,
    once: Option<&str>,
) -> Result<Result<MadeKey, KeyError>, ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let public_key = public_key(body.public_key.as_deref())?;
    let given = Given::by(caller);
    let addresses = match &body.networks {
        None => given.addresses,
        Some(networks) => AddressList::from_str(&networks.join(" ")).map_err(of_keys)?,
    };
    let limit = match &body.limit {
        None => given.limit,
        Some(limit) => Some(RateLimit::new(limit.per_second, limit.burst).map_err(of_keys)?),
    };
    let new = NewKey {
        label: body.label,
        owner: caller.owner(),
        environment: body.environment.map_or(given.environment, Into::into),
        scopes: Scopes::from_str(&body.scopes.join(" ")).map_err(of_keys)?,
        addresses,
        expires_at: body.expires_at.as_deref().map(expiry).transpose()?,
        limit,
        is_canary: body.canary,
    };
    let actor = caller.actor()?;
    let making = making(service, &actor, &new.label, once).await?;
    let (keys, now) = (&service.keys, UnixMillis::now());
    let made = match public_key {
        Some(public) => {
            let made = keys.create_signing(&actor, (new, public), &making, now);
            made.await.map(MadeKey::from)
        }
        None => {
            let made = keys.create_and_tell(&actor, new, &making, now).await;
            made.map(MadeKey::from)
        }
    };
    if made.is_ok() {
        note_sensitive_act(service, &actor).await;
    }
    Ok(made)
}

fn public_key(text: Option<&str>) -> Result<Option<SignatureKey>, ApiError> {
    text.map(SignatureKey::from_str)
        .transpose()
        .map_err(of_keys)
}

/// The keys that the caller sees, in the order they were made, after the one of a number.
pub(crate) async fn list_keys(
    service: &Service,
    caller: &Caller,
    after: i64,
    most: u32,
) -> Result<Vec<KeyRecord>, ApiError> {
    caller.require_on_all(Verb::KeysRead)?;
    let records = service.keys.list(owner_seen(caller), after, most).await;
    records.map_err(of_keys)
}

/// A key that the caller sees.
pub(crate) async fn find_key(
    service: &Service,
    caller: &Caller,
    id: &str,
) -> Result<KeyRecord, ApiError> {
    caller.require_on_all(Verb::KeysRead)?;
    own_key(service, caller, id).await
}

/// Puts a key in the place of another one.
pub(crate) async fn rotate_key(
    service: &Service,
    caller: &Caller,
    id: &str,
    body: RotationBody,
) -> Result<MadeKey, ApiError> {
    let made = rotate(service, caller, (id, body), None).await?;
    made.map_err(of_keys)
}

/// As [`rotate_key`], once for each form.
pub(crate) async fn rotate_key_by_form(
    service: &Service,
    caller: &Caller,
    (id, body): (&str, RotationBody),
    once: &str,
) -> Result<SentForKey, ApiError> {
    SentForKey::of(rotate(service, caller, (id, body), given_once(once)).await?)
}

async fn rotate(
    service: &Service,
    caller: &Caller,
    (id, body): (&str, RotationBody),
    once: Option<&str>,
) -> Result<Result<MadeKey, KeyError>, ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let public_key = public_key(body.public_key.as_deref())?;
    let old = own_key(service, caller, id).await?;
    let rotation = Rotation {
        overlap: Duration::from_secs(body.overlap_seconds.into()),
        expires_at: body.expires_at.as_deref().map(expiry).transpose()?,
    };
    let actor = caller.actor()?;
    let making = making(service, &actor, &old.label, once).await?;
    let (keys, now) = (&service.keys, UnixMillis::now());
    let made = match public_key {
        Some(public) => {
            let made = keys.rotate_to_signing(&actor, (old.id, rotation, public), &making, now);
            made.await.map(MadeKey::from)
        }
        None => {
            let made = keys.rotate_and_tell(&actor, (old.id, rotation), &making, now);
            made.await.map(MadeKey::from)
        }
    };
    if made.is_ok() {
        note_sensitive_act(service, &actor).await;
    }
    Ok(made)
}

/// Ends a key, and what was made with it where that is asked for; what this ended.
pub(crate) async fn revoke_key(
    service: &Service,
    caller: &Caller,
    id: &str,
    reach: Reach,
) -> Result<Vec<KeyRecord>, ApiError> {
    caller.require_on_all(Verb::KeysWrite)?;
    let key = own_key(service, caller, id).await?;
    let actor = caller.actor()?;
    let now = UnixMillis::now();
    let revoked = service.keys.revoke(&actor, key.id, reach, now).await;
    revoked.map_err(of_keys)
}

/// Whose keys somebody sees: a key those of its owner, a person those of everybody.
fn owner_seen(caller: &Caller) -> Option<&str> {
    match caller {
        Caller::Key(principal) => Some(principal.owner()),
        Caller::Person(_) | Caller::App(_) => None,
    }
}

/// What a new key gets where nothing is said.
struct Given {
    environment: Environment,
    addresses: AddressList,
    limit: Option<RateLimit>,
}

impl Given {
    fn by(caller: &Caller) -> Self {
        match caller {
            Caller::Key(principal) => Self {
                environment: principal.environment(),
                addresses: principal.policy().addresses.clone(),
                limit: Some(principal.policy().limit),
            },
            Caller::Person(_) | Caller::App(_) => Self {
                environment: Environment::Live,
                addresses: AddressList::default(),
                limit: None,
            },
        }
    }
}

async fn own_key(service: &Service, caller: &Caller, id: &str) -> Result<KeyRecord, ApiError> {
    let id = KeyId::from_str(id).map_err(|_| no_key())?;
    let record = service.keys.find(id).await.map_err(of_keys)?;
    if owner_seen(caller).is_none_or(|owner| owner == record.owner) {
        Ok(record)
    } else {
        Err(no_key())
    }
}

/// Judges that a person made a key. It is made already: what cannot be judged is only written to the log.
async fn note_sensitive_act(service: &Service, actor: &Actor) {
    let Actor::Person(standing) = actor else {
        return;
    };
    let (people, now) = (&service.people, service.now());
    if let Err(error) = people.note_sensitive_act(standing.person(), now).await {
        tracing::warn!(%error, "that a person made a key was not judged");
    }
}

/// What the person who makes a key is told by mail, nothing to who is none; and by which form they make it.
async fn making(
    service: &Service,
    actor: &Actor,
    label: &str,
    once: Option<&str>,
) -> Result<KeyMaking, ApiError> {
    let warning = match actor {
        Actor::Person(standing) => {
            let warning = service.people.warning_of_key(standing.person(), label);
            Some(warning.await.map_err(of_person)?)
        }
        Actor::Key(_) | Actor::Operator(_) => None,
    };
    let form = once.map(|once| SentForm::new(&actor.to_string(), once));
    Ok(KeyMaking { warning, form })
}

fn no_key() -> ApiError {
    ApiError::not_found("there is no key of this id")
}

pub(super) fn of_keys(error: KeyError) -> ApiError {
    match &error {
        KeyError::Missing(_) => no_key(),
        KeyError::Wider | KeyError::MakerStopped => {
            refused(StatusCode::FORBIDDEN, ProblemCode::NotAllowed, &error)
        }
        KeyError::NotLive(_)
        | KeyError::TooManyKeys { .. }
        | KeyError::MadeBefore(_)
        | KeyError::Signs(_) => refused(StatusCode::CONFLICT, ProblemCode::Conflict, &error),
        KeyError::Text(_)
        | KeyError::Verb(_)
        | KeyError::Resource(_)
        | KeyError::TooManyScopes
        | KeyError::Network(_)
        | KeyError::HostBits { .. }
        | KeyError::EveryAddress
        | KeyError::TooManyNetworks
        | KeyError::Limit
        | KeyError::Expiry { .. }
        | KeyError::Overlap { .. }
        | KeyError::PublicKey
        | KeyError::Name { .. } => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            ProblemCode::Invalid,
            &error,
        ),
        KeyError::Database(database) if database.is_passing() => {
            ApiError::caused(ProblemCode::NoRoom, &error)
        }
        KeyError::Database(_)
        | KeyError::Pepper(_)
        | KeyError::Randomness
        | KeyError::Row { .. } => ApiError::internal(&error),
    }
}

/// The words of the crate that refused, under its own code: `K301: what happened`.
fn refused(status: StatusCode, like: ProblemCode, error: &KeyError) -> ApiError {
    let text = error.to_string();
    let (code, sentence) = text.split_once(": ").unwrap_or((like.code(), &text));
    ApiError::Domain {
        status,
        code: code.to_owned().into(),
        title: like.title().into(),
        detail: sentence.to_owned(),
        remedy: like.remedy().into(),
    }
}
