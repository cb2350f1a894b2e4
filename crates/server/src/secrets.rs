//! The secrets of a node, made at the first start: files that their owner alone may read.
//!
//! Several nodes on one PostgreSQL need the same ones: copy the folder `secrets` of the first. The database
//! knows their fingerprints, so that a node with other ones, or with none, does not start.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use softcap_database::Database;
use softcap_identity::{
    Fingerprint, KnownSecrets, Pepper, Peppers, PersonalKey, PersonalKeyText, SigningSeed,
};
use softcap_proof::SigningKey;
use zeroize::Zeroizing;

use crate::{
    api::RequestKey,
    error::{SecretFault, ServerError},
    webhooks::WebhookKey,
};

/// Name of the key that signs checkpoints.
const LOG_KEY_NAME: &str = "softcap/log";
/// Name of the key that signs calls to webhooks, and of its file.
const WEBHOOK_KEY: &str = "webhook.key";

/// What a node keeps secret.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) log_key: SigningKey,
    pub(crate) peppers: Peppers,
    pub(crate) requests: RequestKey,
    pub(crate) personal: PersonalKey,
    pub(crate) id_tokens: SigningSeed,
    pub(crate) webhooks: WebhookKey,
}

impl Secrets {
    /// Reads those of a folder, and makes them beside a database that has never been used with any.
    /// `webhook_key` names a file elsewhere. The database has the tables of [`softcap_identity::Keys`].
    pub(crate) async fn open(
        folder: &Path,
        webhook_key: Option<&Path>,
        database: &Database,
    ) -> Result<Self, ServerError> {
        let shared = Shared::open(folder, database)?;
        let log_key = shared.read_or_make("log.key", || {
            let key = SigningKey::from_entropy(LOG_KEY_NAME, &*random()?);
            key.map(|key| key.to_secret_text())
                .map_err(io::Error::other)
        });
        let log_key = log_key.await?.parsed(SigningKey::parse)?;
        let peppers = read_peppers(&shared).await?;
        let requests = shared.read_or_make("requests.key", random_hex).await?;
        let requests = RequestKey::new(*requests.parsed(secret_bytes)?);
        let personal = read_personal_key(&shared).await?;
        let id_tokens = shared.read_or_make("oauth.key", random_hex).await?;
        let id_tokens = SigningSeed::new(id_tokens.parsed(secret_bytes)?);
        let webhooks = match webhook_key {
            Some(path) => WebhookKey::read(path)?,
            None => {
                shared.require_file(WEBHOOK_KEY).await?;
                WebhookKey::read_or_make(&folder.join(WEBHOOK_KEY))?
            }
        };
        let place = webhook_key.map_or_else(|| folder.join(WEBHOOK_KEY), Path::to_owned);
        let fingerprint = webhooks.fingerprint(WEBHOOK_KEY);
        shared.require(WEBHOOK_KEY, place, fingerprint).await?;
        Ok(Self {
            log_key,
            peppers,
            requests,
            personal,
            id_tokens,
            webhooks,
        })
    }
}

/// The pepper of API keys, for whoever makes keys beside a running server. The database has the tables
/// of [`softcap_identity::Keys`].
///
/// # Errors
/// [`ServerError::Secret`], [`ServerError::OtherSecret`].
pub async fn peppers(folder: &Path, database: &Database) -> Result<Peppers, ServerError> {
    read_peppers(&Shared::open(folder, database)?).await
}

/// The key of what is personal, for whoever looks for a person beside a running server. The database has the tables of
/// [`softcap_identity::Keys`].
///
/// # Errors
/// [`ServerError::Secret`], [`ServerError::OtherSecret`].
pub async fn personal_key(folder: &Path, database: &Database) -> Result<PersonalKey, ServerError> {
    read_personal_key(&Shared::open(folder, database)?).await
}

/// Name of the file of the key of what is personal.
const PERSONAL_KEY: &str = "personal.key";

async fn read_personal_key(shared: &Shared<'_>) -> Result<PersonalKey, ServerError> {
    shared.require_file(PERSONAL_KEY).await?;
    let path = shared.folder.join(PERSONAL_KEY);
    let text = read_or_make(&path, random_hex)?;
    let key = parse_personal_key(&path, &text)?;
    // The part that never changes: a node that has it may still lack the newest key, and then opens nothing new.
    let fingerprint = Fingerprint::of(PERSONAL_KEY, key.lasting().as_bytes());
    shared.require(PERSONAL_KEY, path, fingerprint).await?;
    Ok(key.key())
}

fn parse_personal_key(path: &Path, text: &str) -> Result<PersonalKeyText, ServerError> {
    PersonalKeyText::parse(text).ok_or_else(|| unusable(path, &"it is no personal key"))
}

/// A step by which one key of what is personal takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalKeyStep {
    /// A new key seals, and the one before still opens.
    Begin,
    /// The keys of before are gone.
    End,
}

/// Takes a step in the file of a folder of secrets; nodes read it at their start. `false`: it was taken before.
///
/// # Errors
/// [`ServerError::Secret`].
pub fn change_personal_key(folder: &Path, step: PersonalKeyStep) -> Result<bool, ServerError> {
    let path = folder.join(PERSONAL_KEY);
    let text = fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?;
    let mut key = parse_personal_key(&path, &Zeroizing::new(text))?;
    match step {
        PersonalKeyStep::Begin if key.is_changing() => return Ok(false),
        PersonalKeyStep::End if !key.is_changing() => return Ok(false),
        PersonalKeyStep::Begin => key.begin_change().map_err(ServerError::People)?,
        PersonalKeyStep::End => key.end_change(),
    }
    write_whole(&path, &key.to_text()).map_err(|error| unusable(&path, &error))?;
    Ok(true)
}

async fn read_peppers(shared: &Shared<'_>) -> Result<Peppers, ServerError> {
    let pepper = shared.read_or_make("pepper", || {
        let made = Pepper::random("first").map_err(io::Error::other)?;
        Ok(made.reveal())
    });
    pepper.await?.parsed(|text| {
        let current: Pepper = text.parse()?;
        Peppers::new(current, Vec::new())
    })
}

/// A folder of secrets that all nodes on a database have in common.
struct Shared<'a> {
    folder: &'a Path,
    known: KnownSecrets<'a>,
}

/// The text of a secret, and its file.
struct SecretText {
    path: PathBuf,
    text: Zeroizing<String>,
}

impl SecretText {
    fn parsed<T, E: std::fmt::Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ServerError> {
        parse(self.text.trim()).map_err(|error| unusable(&self.path, &error))
    }
}

impl<'a> Shared<'a> {
    fn open(folder: &'a Path, database: &'a Database) -> Result<Self, ServerError> {
        fs::create_dir_all(folder).map_err(|source| ServerError::System {
            what: "making the folder of secrets",
            source,
        })?;
        let known = KnownSecrets::of(database);
        Ok(Self { folder, known })
    }

    /// A secret that is the one of the database, or becomes it.
    async fn read_or_make(
        &self,
        name: &'static str,
        make: impl FnOnce() -> io::Result<Zeroizing<String>>,
    ) -> Result<SecretText, ServerError> {
        self.require_file(name).await?;
        let path = self.folder.join(name);
        let text = read_or_make(&path, make)?;
        let fingerprint = Fingerprint::of(name, text.trim().as_bytes());
        self.require(name, path.clone(), fingerprint).await?;
        Ok(SecretText { path, text })
    }

    /// A secret that the database is used with is not made anew.
    async fn require_file(&self, name: &str) -> Result<(), ServerError> {
        let path = self.folder.join(name);
        if !path.exists() && self.known.find(name).await?.is_some() {
            let what = SecretFault::Missing;
            return Err(ServerError::OtherSecret { path, what });
        }
        Ok(())
    }

    async fn require(
        &self,
        name: &str,
        path: PathBuf,
        fingerprint: Fingerprint,
    ) -> Result<(), ServerError> {
        if self.known.is_or_becomes(name, fingerprint).await? {
            return Ok(());
        }
        let what = SecretFault::Different;
        Err(ServerError::OtherSecret { path, what })
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> ServerError {
    ServerError::Secret {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

fn random() -> io::Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn random_hex() -> io::Result<Zeroizing<String>> {
    Ok(Zeroizing::new(softcap_proof::hex(&*random()?)))
}

fn secret_bytes(text: &str) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    let bytes = softcap_proof::from_hex(text).and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(Zeroizing::new)
        .ok_or("it is not 64 hexadecimal digits")
}

/// Reads a secret, or makes it: written whole under another name and renamed, so that a stop in between
/// leaves none or all of it.
fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> io::Result<Zeroizing<String>>,
) -> Result<Zeroizing<String>, ServerError> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(path, &error)),
    }
    let written = || {
        let text = make()?;
        write_whole(path, &text)?;
        Ok(text)
    };
    written().map_err(|error: io::Error| unusable(path, &error))
}

/// Writes a file under another name and renames it.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}
