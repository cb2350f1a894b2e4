//! An authenticator in software, with all that can be wrong about one. It follows the formats of WebAuthn
//! level 3, sections 6.1 (authenticator data), 6.5.1 (attested credential data) and 5.8.1 (client data).
//!
//! Those by others bring what no test is worth: `webauthn-authenticator-rs` OpenSSL, the `passkey` crates
//! another order of JSON maps in every crate of the build.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// One passkey of one person at one site.
pub(crate) struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    person: String,
    /// What it signs next time.
    pub(crate) counter: u32,
    /// The page it is used on.
    pub(crate) origin: String,
    /// The site that it signs for.
    pub(crate) site: String,
    /// Whether somebody touched a sensor.
    pub(crate) verifies: bool,
    /// An old challenge to answer instead of the one that is asked.
    pub(crate) challenge: Option<String>,
}

impl Authenticator {
    /// A new one; another seed is another device.
    pub(crate) fn new(seed: u8, origin: &str) -> Self {
        let host = origin.split_once("://").unwrap().1;
        Self {
            key: SigningKey::from_slice(&[seed; 32]).unwrap(),
            id: vec![seed; 20],
            person: String::new(),
            counter: 1,
            origin: origin.to_owned(),
            site: host.split(':').next().unwrap().to_owned(),
            verifies: true,
            challenge: None,
        }
    }

    /// `navigator.credentials.create`, as `toJSON` shows it.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        options["user"]["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.person);
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut data = self.data(ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // COSE_Key { kty: EC2, alg: ES256, crv: P-256, x, y }
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": {
                "attestationObject": text(&object),
                "clientDataJSON": text(&self.client_data("webauthn.create", options)),
                "transports": ["internal"],
            },
            "clientExtensionResults": { "credProps": { "rk": true } },
        })
    }

    /// `navigator.credentials.get`, as `toJSON` shows it.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": {
                "authenticatorData": text(&data),
                "clientDataJSON": text(&client_data),
                "signature": text(signature.to_der().as_bytes()),
                "userHandle": self.person,
            },
            "clientExtensionResults": {},
        })
    }

    fn data(&mut self, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.site.as_bytes()).to_vec();
        let verified = if self.verifies { USER_VERIFIED } else { 0 };
        data.push(USER_PRESENT | verified | more);
        data.extend(self.counter.to_be_bytes());
        self.counter += 1;
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let asked = options["challenge"].as_str().unwrap();
        let challenge = self.challenge.as_deref().unwrap_or(asked);
        let data = json!({
            "type": kind,
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }
}

fn text(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
