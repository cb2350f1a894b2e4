//! The secrets of a node, made at the first start: files that their owner alone may read.
//!
//! Several nodes on one PostgreSQL need the same ones: copy the folder `secrets` of the first.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use softcap_identity::{Pepper, Peppers};
use softcap_proof::SigningKey;
use zeroize::Zeroizing;

use crate::{api::RequestKey, error::ServerError};

/// Name of the key that signs checkpoints.
const LOG_KEY_NAME: &str = "softcap/log";

/// What a node keeps secret.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) log_key: SigningKey,
    pub(crate) peppers: Peppers,
    pub(crate) requests: RequestKey,
}

impl Secrets {
    /// Reads them, and makes those that are missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, ServerError> {
        fs::create_dir_all(folder).map_err(|source| ServerError::System {
            what: "making the folder of secrets",
            source,
        })?;
        let log_key = folder.join("log.key");
        let text = read_or_make(&log_key, || {
            let key = SigningKey::from_entropy(LOG_KEY_NAME, &*random()?);
            key.map(|key| key.to_secret_text())
                .map_err(io::Error::other)
        })?;
        let log_key = SigningKey::parse(text.trim()).map_err(|error| unusable(&log_key, &error))?;
        let peppers = peppers(folder)?;
        let requests = folder.join("requests.key");
        let text = read_or_make(&requests, || {
            Ok(Zeroizing::new(softcap_proof::hex(&*random()?)))
        })?;
        let requests = request_key(text.trim())
            .ok_or_else(|| unusable(&requests, &"it is not 64 hexadecimal digits"))?;
        Ok(Self {
            log_key,
            peppers,
            requests,
        })
    }
}

/// The pepper of API keys, for whoever makes keys beside a running server.
///
/// # Errors
/// [`ServerError::Secret`].
pub fn peppers(folder: &Path) -> Result<Peppers, ServerError> {
    fs::create_dir_all(folder).map_err(|source| ServerError::System {
        what: "making the folder of secrets",
        source,
    })?;
    let pepper = folder.join("pepper");
    let text = read_or_make(&pepper, || {
        let made = Pepper::random("first").map_err(io::Error::other)?;
        Ok(made.reveal())
    })?;
    let current: Pepper = text.parse().map_err(|error| unusable(&pepper, &error))?;
    Peppers::new(current, Vec::new()).map_err(|error| unusable(&pepper, &error))
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

fn request_key(text: &str) -> Option<RequestKey> {
    let bytes = softcap_proof::from_hex(text)?;
    bytes.try_into().ok().map(RequestKey::new)
}

/// Reads a secret, or makes it: written whole under another name and renamed, so that a stop in between
/// leaves none or all of it.
fn read_or_make(
    path: &PathBuf,
    make: impl FnOnce() -> io::Result<Zeroizing<String>>,
) -> Result<Zeroizing<String>, ServerError> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(path, &error)),
    }
    let written = || {
        let text = make()?;
        let unfinished = path.with_extension("unfinished");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        Ok(text)
    };
    written().map_err(|error: io::Error| unusable(path, &error))
}
