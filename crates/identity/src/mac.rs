//! HMAC-SHA-256 over parts.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Over the parts one after the other. Where two lists of parts could be the same bytes, the caller puts
/// something between them.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so that its error cannot occur.
    let mut hash =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into_bytes().into()
}
