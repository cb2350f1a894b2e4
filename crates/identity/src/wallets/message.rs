//! The message that a wallet shows and signs (EIP-4361, "Sign-In with Ethereum").
//!
//! It is written here and compared as a whole when it comes back, so that nothing of a foreign text is ever read: what a
//! page of somebody else had signed names another domain, and is no message of this site.

use jiff::Timestamp;

use super::{WalletAddress, WalletError, WalletPurpose};
use crate::UnixMillis;

/// What stands in a message.
pub(super) struct MessageParts<'a> {
    /// `https://sale.example`.
    pub(super) origin: &'a str,
    pub(super) address: WalletAddress,
    pub(super) chain_id: u64,
    pub(super) purpose: WalletPurpose,
    /// Letters and digits only.
    pub(super) nonce: &'a str,
    pub(super) issued_at: UnixMillis,
    pub(super) ends_at: UnixMillis,
}

impl MessageParts<'_> {
    /// The text, in the order of the grammar of EIP-4361.
    pub(super) fn text(&self) -> Result<String, WalletError> {
        let Self {
            origin,
            address,
            chain_id,
            nonce,
            ..
        } = self;
        // A scheme is named where it is not the one that wallets expect.
        let domain = origin.strip_prefix("https://").unwrap_or(origin);
        let statement = self.purpose.statement();
        let (issued, ends) = (time(self.issued_at)?, time(self.ends_at)?);
        Ok(format!(
            "{domain} wants you to sign in with your Ethereum account:\n\
             {address}\n\
             \n\
             {statement}\n\
             \n\
             URI: {origin}\n\
             Version: 1\n\
             Chain ID: {chain_id}\n\
             Nonce: {nonce}\n\
             Issued At: {issued}\n\
             Expiration Time: {ends}"
        ))
    }
}

/// The address and the chain of a message that this site wrote.
pub(super) fn read(text: &str) -> Option<(WalletAddress, u64)> {
    let mut lines = text.lines();
    let address = lines.nth(1)?.parse().ok()?;
    let chain = lines.find_map(|line| line.strip_prefix("Chain ID: "))?;
    Some((address, chain.parse().ok()?))
}

/// RFC 3339, whole seconds.
fn time(at: UnixMillis) -> Result<String, WalletError> {
    Timestamp::from_second(at.get().div_euclid(1000))
        .map(|time| time.to_string())
        .map_err(|_| WalletError::Row("a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the example of EIP-4361 is laid out.
    #[test]
    fn a_message_is_laid_out_as_the_standard_says() {
        let parts = MessageParts {
            origin: "https://sale.example",
            address: "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
                .parse()
                .unwrap(),
            chain_id: 11_155_111,
            purpose: WalletPurpose::LogIn,
            nonce: "32891757f0a1b2c3",
            issued_at: UnixMillis::new(1_632_989_124_123),
            ends_at: UnixMillis::new(1_632_989_424_123),
        };
        let expected = "sale.example wants you to sign in with your Ethereum account:\n\
             0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n\n\
             Log in. This costs nothing and moves no money.\n\n\
             URI: https://sale.example\nVersion: 1\nChain ID: 11155111\nNonce: 32891757f0a1b2c3\n\
             Issued At: 2021-09-30T08:05:24Z\nExpiration Time: 2021-09-30T08:10:24Z";
        let text = parts.text().unwrap();
        assert_eq!(text, expected);
        assert_eq!(read(&text), Some((parts.address, 11_155_111)));
        let local = MessageParts {
            origin: "http://localhost:8080",
            ..parts
        };
        let first = local.text().unwrap();
        assert!(first.starts_with("http://localhost:8080 wants you to sign in"));
        assert_eq!(read("nothing"), None);
        assert_eq!(read("a\nb\nChain ID: 1"), None);
    }
}
