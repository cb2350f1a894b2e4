//! Signing secrets: derived from one key and the endpoint's id, so that none is stored.

use std::{
    fmt,
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use softcap_identity::Fingerprint;
use zeroize::Zeroizing;

use crate::error::ServerError;

/// Bytes a key must have at least.
const KEY_BYTES: usize = 32;
/// Separates this use of the key from any other.
const PURPOSE: &[u8] = b"softcap webhook secret v1";

/// The service's key for webhooks.
#[derive(Clone)]
pub struct WebhookKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for WebhookKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookKey(..)")
    }
}

/// The secret of one endpoint; shown to its owner once, in the form `whsec_...`.
pub struct EndpointSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for EndpointSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EndpointSecret(..)")
    }
}

impl WebhookKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`ServerError::WebhookKey`].
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let wrong = |why: String| ServerError::WebhookKey {
            path: path.to_owned(),
            why,
        };
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        if bytes.len() < KEY_BYTES {
            return Err(wrong(format!("it has {} bytes", bytes.len())));
        }
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Reads the key at `path`; if there is no file, makes one that its owner alone may read.
    ///
    /// # Errors
    /// [`ServerError::WebhookKey`].
    pub fn read_or_make(path: &Path) -> Result<Self, ServerError> {
        let wrong = |why: String| ServerError::WebhookKey {
            path: path.to_owned(),
            why,
        };
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(|error| wrong(error.to_string()))?;
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| {
                file.write_all(bytes.as_ref())?;
                file.sync_all()
            });
        match made {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
        Self::read(path)
    }

    /// What the database knows of it.
    #[must_use]
    pub(crate) fn fingerprint(&self, name: &str) -> Fingerprint {
        Fingerprint::of(name, &self.0)
    }

    /// The secret with this number of an endpoint; a new number is a new secret.
    #[must_use]
    pub fn secret(&self, endpoint: &str, number: i64) -> EndpointSecret {
        let mut mac = keyed(&self.0);
        mac.update(PURPOSE);
        mac.update(&number.to_be_bytes());
        mac.update(endpoint.as_bytes());
        EndpointSecret(Zeroizing::new(mac.finalize().into_bytes().into()))
    }
}

/// HMAC takes a key of any length, so the error of the general interface cannot occur; an empty
/// key in its place would only make a signature that nobody accepts.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

impl EndpointSecret {
    /// The form that libraries of Standard Webhooks take.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("whsec_{}", Base64::encode_string(self.0.as_ref())))
    }

    /// The value of `webhook-signature`.
    #[must_use]
    pub(crate) fn sign(&self, message: &str, unix_seconds: i64, body: &str) -> String {
        let mut mac = keyed(self.0.as_ref());
        mac.update(format!("{message}.{unix_seconds}.").as_bytes());
        mac.update(body.as_bytes());
        let signature = mac.finalize().into_bytes();
        format!("v1,{}", Base64::encode_string(&signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> WebhookKey {
        WebhookKey(Zeroizing::new(vec![byte; 32]))
    }

    #[test]
    fn each_endpoint_number_and_key_has_its_own_secret() {
        let secret = key(1).secret("ep_a", 1);
        assert!(secret.to_text().starts_with("whsec_"));
        let same = key(1).secret("ep_a", 1);
        assert_eq!(secret.to_text(), same.to_text());
        let others = [
            key(1).secret("ep_b", 1),
            key(1).secret("ep_a", 2),
            key(2).secret("ep_a", 1),
        ];
        for other in others {
            assert_ne!(secret.to_text(), other.to_text());
        }
        assert!(!format!("{secret:?} {:?}", key(7)).contains("7, 7"));
    }

    #[test]
    fn an_independent_library_accepts_the_signature_and_nothing_else() {
        let secret = key(1).secret("ep_a", 1);
        let receiver = standardwebhooks::Webhook::new(&secret.to_text()).unwrap();
        let theirs = receiver.sign("msg_1", 1_700_000_000, b"{\"a\":1}").unwrap();
        assert_eq!(secret.sign("msg_1", 1_700_000_000, "{\"a\":1}"), theirs);
        for other in [
            secret.sign("msg_2", 1_700_000_000, "{\"a\":1}"),
            secret.sign("msg_1", 1_700_000_001, "{\"a\":1}"),
            secret.sign("msg_1", 1_700_000_000, "{\"a\":2}"),
        ] {
            assert_ne!(other, theirs);
        }
    }

    #[test]
    fn a_key_is_made_once_and_only_for_its_owner() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("webhook.key");
        assert!(WebhookKey::read(&path).is_err());
        let made = WebhookKey::read_or_make(&path).unwrap();
        let again = WebhookKey::read_or_make(&path).unwrap();
        assert_eq!(*made.0, *again.0);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        let error = WebhookKey::read(&path).unwrap_err().to_string();
        assert!(
            error.starts_with("H913") && error.contains("5 bytes"),
            "{error}"
        );
    }
}
