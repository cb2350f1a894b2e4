//! The address of a wallet.

use std::{fmt, str::FromStr};

use alloy_primitives::Address;

use super::WalletError;

/// An address of an EVM chain, as 20 bytes. Personal, so that `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WalletAddress(Address);

impl WalletAddress {
    /// The bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 20] {
        self.0.into_array()
    }
}

impl FromStr for WalletAddress {
    type Err = WalletError;

    /// Hexadecimal after `0x`: in one case, or with the checksum of ERC-55.
    fn from_str(text: &str) -> Result<Self, WalletError> {
        let digits = text.strip_prefix("0x").ok_or(WalletError::Address)?;
        let has_case = |test: fn(&u8) -> bool| digits.as_bytes().iter().any(test);
        let is_mixed = has_case(u8::is_ascii_uppercase) && has_case(u8::is_ascii_lowercase);
        let parsed = if is_mixed {
            Address::parse_checksummed(text, None).ok()
        } else {
            text.parse().ok()
        };
        parsed.map(Self).ok_or(WalletError::Address)
    }
}

/// With the checksum of ERC-55, as EIP-4361 wants it.
impl fmt::Display for WalletAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_checksum(None))
    }
}

impl fmt::Debug for WalletAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WalletAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first addresses of ERC-55, and what is none.
    #[test]
    fn a_wrong_letter_of_a_checksum_is_noticed() {
        for right in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let parsed: WalletAddress = right.parse().unwrap();
            assert_eq!(parsed.to_string(), right);
            let lower = right.to_ascii_lowercase();
            assert_eq!(lower.parse::<WalletAddress>().unwrap(), parsed);
            assert!(!format!("{parsed:?}").contains("5aAeb"));
        }
        for wrong in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
            "0x",
            "",
        ] {
            assert!(wrong.parse::<WalletAddress>().is_err(), "{wrong}");
        }
    }
}
