//! Reading the hashes that test vectors are printed as.
#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on says why and fails"
)]

/// The 32 bytes that 64 hex digits stand for, with or without `0x`.
pub(crate) fn hash(hex: &str) -> [u8; 32] {
    let digits = hex.strip_prefix("0x").unwrap_or(hex);
    assert_eq!(digits.len(), 64, "not a hash of 32 bytes: {hex}");
    std::array::from_fn(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("hex digits"))
}
