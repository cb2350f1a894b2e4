//! Signed JSON in compact form (RFC 7515): taken apart, and judged by a key that is known before.
//!
//! The mathematics is that of `p256` and `ed25519-dalek`. What is here is the frame, closed as far as it can be: two
//! algorithms, of which the key decides one, and no header that would bring another key along.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{SigningKey, signature::Signer as _};
use serde_json::Value;

use super::jwk::{Algorithm, KeySet, PublicKey};

/// Nothing of ours is longer.
const LONGEST: usize = 8_192;

/// A text that may be signed JSON. Nothing in it is true yet.
pub(super) struct Jws<'a> {
    algorithm: Algorithm,
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a text apart. `None` when it is no such thing, its algorithm is not one of the two, or its header brings
    /// or names a key in a way in which only an attacker would. A proof of possession alone brings its key.
    pub(super) fn read(text: &'a str, brings_key: bool) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = object(header)?;
        let claims = object(claims)?;
        let refused = ["jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64"];
        if refused.iter().any(|name| !header[name].is_null()) {
            return None;
        }
        if header["jwk"].is_null() == brings_key {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::of(header["alg"].as_str()?)?,
            header,
            claims,
            signed,
            signature: Base64UrlUnpadded::decode_vec(signature).ok()?,
        })
    }

    /// What kind of thing it says to be, in lower case.
    pub(super) fn kind(&self) -> Option<String> {
        self.header["typ"].as_str().map(str::to_ascii_lowercase)
    }

    /// The name of the key, if it has one.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header["kid"].as_str()
    }

    /// The claims, if one of these keys signed them.
    pub(super) fn signed_by(&self, keys: &KeySet) -> Option<&Value> {
        let mut named = keys.named(self.key_id());
        named
            .any(|key| key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature))
            .then_some(&self.claims)
    }

    /// The key that it brings, if that key signed it, and the claims.
    pub(super) fn by_own_key(&self) -> Option<(PublicKey, &Value)> {
        let key = PublicKey::read(&self.header["jwk"])?;
        let is_signed = key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature);
        is_signed.then_some((key, &self.claims))
    }

    /// The claims before anybody looked at the signature: only to find out whose keys are to be asked.
    pub(super) fn unverified(&self) -> &Value {
        &self.claims
    }
}

fn object(part: &str) -> Option<Value> {
    let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then_some(value)
}

/// Signs claims with ES256.
pub(super) fn sign(key: &SigningKey, id: &str, claims: &Value) -> String {
    let text = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let header = serde_json::json!({ "alg": "ES256", "kid": id, "typ": "JWT" });
    let signed = format!("{}.{}", text(&header), text(claims));
    let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
    let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn part(value: &Value) -> String {
        Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
    }

    fn pair() -> (SigningKey, KeySet) {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let public = PublicKey::of_p256("one".to_owned(), key.verifying_key());
        (key, KeySet::of(vec![public]))
    }

    #[test]
    fn what_is_signed_is_read_and_a_changed_letter_is_not() {
        let (key, keys) = pair();
        let text = sign(&key, "one", &json!({ "sub": "anna" }));
        let jws = Jws::read(&text, false).unwrap();
        assert_eq!(jws.signed_by(&keys).unwrap()["sub"], "anna");
        assert_eq!(jws.kind().as_deref(), Some("jwt"));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            if changed != text {
                let read = Jws::read(&changed, false);
                let claims = read
                    .as_ref()
                    .and_then(|jws| jws.signed_by(&keys))
                    .map(|claims| claims["sub"].clone());
                assert!(claims.is_none(), "{at}");
            }
        }
        let (_, others) = {
            let key = SigningKey::from_slice(&[8; 32]).unwrap();
            let public = PublicKey::of_p256("one".to_owned(), key.verifying_key());
            (key, KeySet::of(vec![public]))
        };
        assert!(jws.signed_by(&others).is_none());
    }

    #[test]
    fn v9_1_2_none_and_shared_secrets_are_no_algorithms() {
        let (_, keys) = pair();
        let claims = part(&json!({ "sub": "anna" }));
        for alg in [
            "none", "None", "NONE", "HS256", "HS512", "RS256", "PS256", "ES384", "ES256K", "",
        ] {
            let header = part(&json!({ "alg": alg }));
            for signature in ["", "AAAA"] {
                let text = format!("{header}.{claims}.{signature}");
                assert!(Jws::read(&text, false).is_none(), "{alg}");
            }
        }
        let mac = crate::mac::hmac_sha256(keys.to_json().to_string().as_bytes(), &[b"x"]);
        let header = part(&json!({ "alg": "HS256" }));
        let mac = Base64UrlUnpadded::encode_string(&mac);
        assert!(Jws::read(&format!("{header}.{claims}.{mac}"), false).is_none());
    }

    #[test]
    fn v9_1_3_a_header_that_brings_or_names_a_key_is_refused() {
        let (key, keys) = pair();
        let jwk = PublicKey::of_p256("x".to_owned(), key.verifying_key()).to_json();
        for (name, value) in [
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/chain")),
            ("x5c", json!(["AAAA"])),
            ("jwk", jwk.clone()),
            ("crit", json!(["exp"])),
            ("b64", json!(false)),
        ] {
            let mut header = json!({ "alg": "ES256", "kid": "one" });
            header[name] = value;
            let signed = format!("{}.{}", part(&header), part(&json!({})));
            let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
            let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
            let text = format!("{signed}.{signature}");
            assert!(Jws::read(&text, false).is_none(), "{name}");
            if name == "jwk" {
                // A proof of possession brings its key, and proves no more than that.
                let proof = Jws::read(&text, true).unwrap();
                assert!(proof.by_own_key().is_some());
                assert!(proof.signed_by(&keys).is_some());
            }
        }
        let bare = sign(&key, "one", &json!({}));
        assert!(Jws::read(&bare, true).is_none());
    }

    #[test]
    fn junk_is_no_signed_json() {
        let long = format!("{}.e30.AA", "A".repeat(9_000));
        for junk in [
            "",
            ".",
            "..",
            "a.b",
            "e30.e30",
            "e30.e30.",
            "W10.e30.AA",
            "%.%.%",
            &long,
        ] {
            assert!(Jws::read(junk, false).is_none(), "{junk}");
        }
    }
}
