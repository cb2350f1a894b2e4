//! The public half of a pair of keys, with whose other half a program signs its requests.

use std::{fmt, str::FromStr};

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};

use crate::KeyError;

/// What stands before the 32 bytes in the usual frame of a public key (RFC 8410, section 4): the same for all of Ed25519.
const FRAME: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// A key as PEM has some 110 characters.
const LONGEST: usize = 300;

/// A public key (Ed25519). There is nothing secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureKey(Box<VerifyingKey>);

impl SignatureKey {
    /// Of its 32 bytes; none that many signatures would fit.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then(|| Self(Box::new(key)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether this is a signature over these bytes by the other half. There is one for each message that anybody but the
    /// signer could make of it.
    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(bytes, &signature).is_ok()
    }
}

/// As PEM (`openssl pkey -pubout`), the base64 of its DER, or its 32 bytes in base64 or base64url.
impl FromStr for SignatureKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(KeyError::PublicKey);
        }
        let framed = text
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END));
        let letters: String = framed.unwrap_or(text).split_whitespace().collect();
        let bytes = Base64::decode_vec(&letters)
            .or_else(|_| Base64UrlUnpadded::decode_vec(&letters))
            .map_err(|_| KeyError::PublicKey)?;
        let point = match bytes.strip_prefix(&FRAME) {
            Some(point) => point,
            None if framed.is_none() => &bytes,
            None => return Err(KeyError::PublicKey),
        };
        Self::from_slice(point).ok_or(KeyError::PublicKey)
    }
}

/// Its 32 bytes in base64.
impl fmt::Display for SignatureKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&Base64::encode_string(self.as_bytes()))
    }
}

impl fmt::Debug for SignatureKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SignatureKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `test-key-ed25519` of RFC 9421, appendix B.1.4.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n\
        -----END PUBLIC KEY-----\n";
    const BASE64: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

    /// RFC 9421, appendix B.2.6.
    const BASE: &str = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
        \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
        \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
        \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
    const SIGNATURE: &str =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";

    #[test]
    fn the_signature_of_the_standard_is_by_its_key_and_no_other_is() {
        let key: SignatureKey = PEM.parse().unwrap();
        let signature: [u8; 64] = Base64::decode_vec(SIGNATURE).unwrap().try_into().unwrap();
        assert!(key.verifies(BASE.as_bytes(), &signature));
        assert!(!key.verifies(BASE.replace("POST", "PUT").as_bytes(), &signature));
        for place in [0, 31, 32, 63] {
            let mut other = signature;
            other[place] ^= 1;
            assert!(!key.verifies(BASE.as_bytes(), &other), "{place}");
        }
    }

    #[test]
    fn a_key_is_read_in_the_forms_that_programs_write_and_in_no_other() {
        let key: SignatureKey = PEM.parse().unwrap();
        assert_eq!(key.to_string(), BASE64);
        let der = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
        let url = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
        for text in [BASE64, der, url, &PEM.replace('\n', "\r\n")] {
            assert_eq!(text.parse::<SignatureKey>().unwrap(), key, "{text}");
        }
        let private = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n\
            -----END PRIVATE KEY-----";
        // Of small order: it would verify what nobody signed.
        let weak = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let long = "A".repeat(301);
        for wrong in ["", "x", private, weak, &long, &BASE64[4..], &der[4..]] {
            let error = wrong.parse::<SignatureKey>().unwrap_err();
            assert!(matches!(error, KeyError::PublicKey), "{wrong}");
            assert!(!error.to_string().contains("n4Ni"), "{error}");
        }
    }
}
