//! Whether a report of leaked keys that says it is GitHub's is signed by GitHub.
//!
//! The keys are those of `https://api.github.com/meta/public_keys/secret_scanning`, which the operator saves as a file: a
//! server that fetched them would have to reach the internet for a report that is as good without a signature.

use std::{fs, path::Path};

use axum::http::HeaderMap;
use base64ct::{Base64, Encoding as _};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
use serde::Deserialize;

use crate::error::ServerError;

const IDENTIFIER: &str = "github-public-key-identifier";
const SIGNATURE: &str = "github-public-key-signature";
/// What stands before the point in the DER form of every public key on P-256 (RFC 5480, section 2; the point is not compressed).
const BEFORE_POINT: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What a report says about its signature.
#[derive(Debug)]
pub(crate) struct Signed<'a> {
    key: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// None where nothing is said.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let (key, signature) = (headers.get(IDENTIFIER), headers.get(SIGNATURE));
        (key.is_some() || signature.is_some()).then(|| Self {
            key: key.map_or(&[], |value| value.as_bytes()),
            signature: signature.map_or(&[], |value| value.as_bytes()),
        })
    }
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSigned {
    /// The key is not in the file, or there is no file.
    UnknownKey,
    /// The key is in the file as one that is not used any more.
    OldKey,
    /// The signature is not one of this key over this body.
    WrongSignature,
}

impl NotSigned {
    pub(crate) const fn as_sentence(self) -> &'static str {
        match self {
            Self::UnknownKey => "no key of this identifier is configured",
            Self::OldKey => "the key is not used any more",
            Self::WrongSignature => "the signature is not that of this key over this body",
        }
    }
}

#[derive(Debug, Deserialize)]
struct KeyFile {
    public_keys: Vec<KeyOfFile>,
}

#[derive(Debug, Deserialize)]
struct KeyOfFile {
    key_identifier: String,
    key: String,
    is_current: bool,
}

#[derive(Debug)]
struct PublicKey {
    identifier: String,
    /// Not compressed: 65 bytes.
    point: Vec<u8>,
    is_current: bool,
}

/// The keys that sign reports.
#[derive(Debug, Default)]
pub(crate) struct LeakReporters {
    keys: Vec<PublicKey>,
}

impl LeakReporters {
    /// Those of a file, if one is configured.
    ///
    /// # Errors
    /// [`ServerError::LeakKeys`].
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, ServerError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let refused = |why: String| ServerError::LeakKeys {
            path: path.to_owned(),
            why,
        };
        let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        Self::parse(&text).map_err(refused)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: KeyFile = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let keys = file.public_keys.into_iter().map(|key| {
            let point = point(&key.key).ok_or_else(|| {
                let identifier: String = key.key_identifier.chars().take(64).collect();
                format!("the key {identifier} is no public key on P-256 in PEM")
            })?;
            Ok(PublicKey {
                identifier: key.key_identifier,
                point,
                is_current: key.is_current,
            })
        });
        let keys: Result<Vec<_>, String> = keys.collect();
        Ok(Self { keys: keys? })
    }

    /// Whether a body is signed as it says.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub(crate) fn verify(&self, signed: &Signed<'_>, body: &[u8]) -> Result<(), NotSigned> {
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.identifier.as_bytes() == signed.key);
        let key = key.ok_or(NotSigned::UnknownKey)?;
        if !key.is_current {
            return Err(NotSigned::OldKey);
        }
        let text = std::str::from_utf8(signed.signature).unwrap_or_default();
        let signature = Base64::decode_vec(text).map_err(|_| NotSigned::WrongSignature)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.point)
            .verify(body, &signature)
            .map_err(|_| NotSigned::WrongSignature)
    }
}

fn point(pem: &str) -> Option<Vec<u8>> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
    let point = key.as_ref().strip_prefix(&BEFORE_POINT)?;
    (point.len() == 65 && point.first() == Some(&4)).then(|| point.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that GitHub's documentation of the partner program gave; others verify it in their tests too.
    const KEY: &str = "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n\
         kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n\
         -----END PUBLIC KEY-----\n";
    const SIGNED: &str = "MEQCIAfgjgz6Ou/3DXMYZBervz1TKCHFsvwMcbuJhNZse622AiAG86/cku2XdcmFWNHl2WSJi2fkE8t+auvB24eURaOd2A==";
    const BODY: &str = "[{\"type\":\"github_oauth_token\",\"token\":\"cb4985f91f740272c0234202299f43808034d7f5\",\
         \"url\":\" https://github.com/github/faketestrepo/blob/b0dd59c0b500650cacd4551ca5989a6194001b10/production.env\"}]";

    fn keys(identifier: &str, pem: &str, is_current: bool) -> String {
        serde_json::json!({ "public_keys": [
            { "key_identifier": identifier, "key": pem, "is_current": is_current },
        ] })
        .to_string()
    }

    fn verify(keys: &str, key: &str, signature: &str, body: &str) -> Result<(), NotSigned> {
        let signed = Signed {
            key: key.as_bytes(),
            signature: signature.as_bytes(),
        };
        LeakReporters::parse(keys)
            .unwrap()
            .verify(&signed, body.as_bytes())
    }

    #[test]
    fn the_documented_example_is_signed_and_nothing_else() {
        let current = keys(KEY, PEM, true);
        assert_eq!(verify(&current, KEY, SIGNED, BODY), Ok(()));
        let longer = format!("{BODY}\n");
        let other = SIGNED.replace("MEQCIAf", "MEQCIAg");
        for (key, signature, body, why) in [
            (KEY, SIGNED, longer.as_str(), NotSigned::WrongSignature),
            (KEY, other.as_str(), BODY, NotSigned::WrongSignature),
            (KEY, "", BODY, NotSigned::WrongSignature),
            (KEY, "%%%", BODY, NotSigned::WrongSignature),
            ("90a4", SIGNED, BODY, NotSigned::UnknownKey),
            ("", SIGNED, BODY, NotSigned::UnknownKey),
        ] {
            assert_eq!(
                verify(&current, key, signature, body),
                Err(why),
                "{key} {signature}"
            );
        }
        let old = verify(&keys(KEY, PEM, false), KEY, SIGNED, BODY);
        assert_eq!(old, Err(NotSigned::OldKey));
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused() {
        let wrong_curve = PEM.replace("MFkwEwYH", "MFkwEwYI");
        for text in [
            "",
            "{}",
            &keys(KEY, "no key", true),
            &keys(KEY, &wrong_curve, true),
        ] {
            assert!(LeakReporters::parse(text).is_err(), "{text}");
        }
    }
}
