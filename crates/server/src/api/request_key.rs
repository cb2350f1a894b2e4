//! Names of requests: what makes an entry count once.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use softcap_identity::{AdmissionId, ProposalId};
use softcap_offering::RequestId;
use zeroize::Zeroizing;

/// Turns an API key and its Idempotency-Key into the request id of an entry. Keyed, because the
/// record is public and an Idempotency-Key may be guessable.
pub struct RequestKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for RequestKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RequestKey(..)")
    }
}

impl RequestKey {
    /// Of 32 random bytes that stay the same over starts.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The first 16 bytes of HMAC-SHA-256 over the caller's name, zero byte and Idempotency-Key.
    pub(super) fn request(&self, caller: &str, idempotency_key: &str) -> RequestId {
        self.of(caller, idempotency_key)
    }

    /// Of what was proposed and approved. No name of a caller is this word, as with imports.
    pub(super) fn proposal(&self, id: ProposalId) -> RequestId {
        self.of("proposal", &id.to_string())
    }

    /// Of an admission that a verification granted.
    pub(crate) fn admission(&self, id: AdmissionId) -> RequestId {
        self.of("admission", &id.to_string())
    }

    /// Of what takes it back.
    pub(crate) fn revocation(&self, id: AdmissionId) -> RequestId {
        self.of("revocation", &id.to_string())
    }

    /// Of a row of an import, whoever sends it. No id of a key is this word: it is shorter.
    pub(super) fn import(&self, row: &str) -> RequestId {
        self.of("import", row)
    }

    pub(super) fn of(&self, who: &str, what: &str) -> RequestId {
        let mut id = [0; 16];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.0) {
            mac.update(who.as_bytes());
            mac.update(&[0]);
            mac.update(what.as_bytes());
            for (to, from) in id.iter_mut().zip(mac.finalize().into_bytes()) {
                *to = from;
            }
        }
        RequestId(id)
    }
}
