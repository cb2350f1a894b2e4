//! A client with a key of its own, in software.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use softcap_identity::{ClientAuthentication, ClientKeys, KeySet};

pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.0.verifying_key().to_sec1_point(false);
        let text =
            |from: usize| Base64UrlUnpadded::encode_string(&point.as_bytes()[from..from + 32]);
        json!({ "kty": "EC", "crv": "P-256", "x": text(1), "y": text(33) })
    }

    pub(crate) fn authentication(&self) -> ClientAuthentication {
        let set = KeySet::read(&json!({ "keys": [self.jwk()] })).unwrap();
        ClientAuthentication::PrivateKeyJwt(ClientKeys::Given(set))
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature: Signature = self.0.sign(signed.as_bytes());
        let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
        format!("{signed}.{signature}")
    }

    /// A proof of possession.
    pub(crate) fn proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        self.sign(&header, claims)
    }
}
