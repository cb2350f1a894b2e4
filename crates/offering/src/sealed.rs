//! The commitment of a sealed bid.

use sha2::{Digest, Sha256};

use crate::{Amount, InvestorId, LimitPrice};

/// SHA-256 over a domain, the terms, the bidder, what is hidden, and 32 bytes of salt:
/// `"softcap/sealed-bid/v1" || 0x00 || terms_hash || id_length (u16 BE) || id || amount (u128 BE) ||
/// price money (u128 BE) || price tokens (u128 BE) || salt`.
///
/// The bidder is in it so that nobody can copy another person's hash and open it after them.
pub fn sealed_bid_commitment(
    terms_hash: &[u8; 32],
    investor: InvestorId<'_>,
    amount: Amount,
    limit: LimitPrice,
    salt: &[u8; 32],
) -> [u8; 32] {
    let id = investor.to_string();
    let length = u16::try_from(id.len()).unwrap_or(u16::MAX);
    let mut hash = Sha256::new();
    hash.update(b"softcap/sealed-bid/v1\0");
    hash.update(terms_hash);
    hash.update(length.to_be_bytes());
    hash.update(id.as_bytes());
    hash.update(amount.0.to_be_bytes());
    hash.update(limit.money.to_be_bytes());
    hash.update(limit.tokens.to_be_bytes());
    hash.update(salt);
    hash.finalize().into()
}
