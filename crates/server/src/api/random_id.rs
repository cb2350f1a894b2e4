//! Ids of 16 random bytes: people and transfers.

use softcap_proof::from_hex;

use crate::problem::ApiError;

/// Reads 32 lower-case hexadecimal digits that are not all zero.
pub(super) fn parse_id(field: &str, text: &str) -> Result<[u8; 16], ApiError> {
    let id = from_hex(text).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    id.filter(|id| *id != [0; 16]).ok_or_else(|| {
        ApiError::invalid(
            field,
            "32 lower-case hexadecimal digits, not all of them zero",
        )
    })
}
