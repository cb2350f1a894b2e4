//! Public keys as JSON (RFC 7517): P-256 and Ed25519. There are no others here: no RSA, no shared secrets.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::signature::Verifier as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::OauthError;

/// How something is signed. The list is closed: what is not in it, `none` and `HS256` among it, does not exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    EdDsa,
}

impl Algorithm {
    /// The names that are offered. `Ed25519` is what RFC 9864 calls `EdDSA` over that curve.
    pub(super) const NAMES: [&'static str; 3] = ["ES256", "EdDSA", "Ed25519"];

    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    P256(Box<p256::ecdsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    id: Option<String>,
    material: Material,
}

impl PublicKey {
    /// Of the members of a JWK. `None` when it is of another kind, is not on its curve, or holds what is secret.
    pub(super) fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk[name].as_str();
        let bytes = |name: &str| Base64UrlUnpadded::decode_vec(text(name)?).ok();
        // A private key was shown to somebody: it is none any more. `k` would be a shared secret.
        if ["d", "k", "p", "q"].iter().any(|name| !jwk[name].is_null()) {
            return None;
        }
        let is_for_signing = text("use").is_none_or(|purpose| purpose == "sig");
        if !is_for_signing {
            return None;
        }
        let (material, algorithm) = match (text("kty")?, text("crv")?) {
            ("EC", "P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
                (Material::P256(Box::new(key)), Algorithm::Es256)
            }
            ("OKP", "Ed25519") => {
                let point: [u8; 32] = bytes("x")?.try_into().ok()?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&point).ok()?;
                if key.is_weak() {
                    return None;
                }
                (Material::Ed25519(Box::new(key)), Algorithm::EdDsa)
            }
            _ => return None,
        };
        if text("alg").is_some_and(|named| Algorithm::of(named) != Some(algorithm)) {
            return None;
        }
        let id = text("kid").map(str::to_owned);
        Some(Self { id, material })
    }

    pub(super) fn of_p256(id: String, key: &p256::ecdsa::VerifyingKey) -> Self {
        Self {
            id: Some(id),
            material: Material::P256(Box::new(*key)),
        }
    }

    /// The members that make the key, in the order in which RFC 7638 hashes them.
    fn members(&self) -> String {
        let text = Base64UrlUnpadded::encode_string;
        match &self.material {
            Material::P256(key) => {
                let point = key.to_sec1_point(false);
                let coordinate = |from: usize| {
                    let bytes = point.as_bytes().get(from..from + 32);
                    text(bytes.unwrap_or_default())
                };
                let (x, y) = (coordinate(1), coordinate(33));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Material::Ed25519(key) => {
                let x = text(key.as_bytes());
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
        }
    }

    /// Its thumbprint (RFC 7638).
    pub(super) fn thumbprint(&self) -> String {
        Base64UrlUnpadded::encode_string(&Sha256::digest(self.members()))
    }

    /// As JSON, with its name and what it is for.
    pub(super) fn to_json(&self) -> Value {
        let mut jwk: Value = serde_json::from_str(&self.members()).unwrap_or_default();
        let alg = match &self.material {
            Material::P256(_) => "ES256",
            Material::Ed25519(_) => "EdDSA",
        };
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(alg);
        if let Some(id) = &self.id {
            jwk["kid"] = json!(id);
        }
        jwk
    }

    /// Whether a signature of this kind over these bytes is by this key.
    pub(super) fn verifies(&self, algorithm: Algorithm, bytes: &[u8], signature: &[u8]) -> bool {
        match (&self.material, algorithm) {
            (Material::P256(key), Algorithm::Es256) => {
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(bytes, &signature).is_ok())
            }
            (Material::Ed25519(key), Algorithm::EdDsa) => {
                ed25519_dalek::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok())
            }
            (Material::P256(_), Algorithm::EdDsa) | (Material::Ed25519(_), Algorithm::Es256) => {
                false
            }
        }
    }
}

/// The public keys of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<PublicKey>);

impl KeySet {
    const MOST: usize = 10;

    /// Of a JWK set (RFC 7517, section 5).
    ///
    /// # Errors
    /// [`OauthError::Client`] when it has none or more than ten keys, or one that is not understood.
    pub fn read(set: &Value) -> Result<Self, OauthError> {
        let wrong = || {
            let why = "jwks holds 1 to 10 public keys on P-256 (ES256) or Ed25519 (EdDSA), and nothing secret";
            OauthError::Client(why.into())
        };
        let keys = set["keys"].as_array().ok_or_else(wrong)?;
        if !(1..=Self::MOST).contains(&keys.len()) {
            return Err(wrong());
        }
        let keys: Option<Vec<_>> = keys.iter().map(PublicKey::read).collect();
        keys.map(Self).ok_or_else(wrong)
    }

    /// Of a set that somebody else keeps: those that are understood. Others, of other algorithms, may stand beside them.
    ///
    /// # Errors
    /// [`OauthError::Client`] when none or more than ten are.
    pub fn read_known(set: &Value) -> Result<Self, OauthError> {
        let keys = set["keys"].as_array();
        let keys: Vec<_> = keys
            .into_iter()
            .flatten()
            .filter_map(PublicKey::read)
            .collect();
        if (1..=Self::MOST).contains(&keys.len()) {
            return Ok(Self(keys));
        }
        let why = "jwks_uri leads to 1 to 10 public keys on P-256 (ES256) or Ed25519 (EdDSA)";
        Err(OauthError::Client(why.into()))
    }

    /// Whether a key of this name is in it; any is meant where no name is given.
    #[must_use]
    pub fn has(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let keys: Vec<_> = self.0.iter().map(PublicKey::to_json).collect();
        json!({ "keys": keys })
    }

    pub(super) fn of(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// Those that may be meant: the named one, or all where no name is given.
    pub(super) fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a PublicKey> {
        let keys = self.0.iter();
        keys.filter(move |key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.2 and A.3.
    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// RFC 7515, appendix A.3.
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn key(text: &str) -> Option<PublicKey> {
        PublicKey::read(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(key(ED25519).unwrap().thumbprint(), expected);
    }

    #[test]
    fn signatures_of_the_standards_verify_and_changed_ones_do_not() {
        let table = [
            (
                ED25519,
                Algorithm::EdDsa,
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            ),
            (
                P256,
                Algorithm::Es256,
                "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ),
        ];
        for (jwk, algorithm, text, signature) in table {
            let key = key(jwk).unwrap();
            let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
            assert!(key.verifies(algorithm, text.as_bytes(), &signature));
            assert!(!key.verifies(algorithm, &text.as_bytes()[1..], &signature));
            let other = [Algorithm::Es256, Algorithm::EdDsa].map(|other| other == algorithm);
            let wrong = if other[0] {
                Algorithm::EdDsa
            } else {
                Algorithm::Es256
            };
            assert!(!key.verifies(wrong, text.as_bytes(), &signature));
        }
    }

    #[test]
    fn v9_1_2_keys_of_other_kinds_and_secrets_are_no_keys() {
        for wrong in [
            r#"{"kty":"oct","k":"c2VjcmV0"}"#,
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#,
            r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
            // Not on the curve.
            r#"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#,
            // Of small order.
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            "{}",
        ] {
            assert!(key(wrong).is_none(), "{wrong}");
        }
        let with = |member: &str| ED25519.replace("}", &format!(",{member}}}"));
        let set = |keys: &[&str]| {
            let keys: Vec<Value> = keys
                .iter()
                .map(|key| serde_json::from_str(key).unwrap())
                .collect();
            KeySet::read_known(&json!({ "keys": keys }))
        };
        let rsa = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#;
        assert_eq!(set(&[rsa, P256, ED25519]).unwrap().0.len(), 2);
        assert!(set(&[rsa]).is_err() && set(&[]).is_err() && set(&[P256; 11]).is_err());
        assert!(key(&with(r#""d":"AA""#)).is_none());
        assert!(key(&with(r#""use":"enc""#)).is_none());
        assert!(key(&with(r#""alg":"ES256""#)).is_none());
        assert!(key(&with(r#""alg":"EdDSA""#)).is_some());
    }
}
