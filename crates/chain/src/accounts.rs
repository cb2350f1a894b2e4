//! Accounts that everybody has the keys of.

use alloy_primitives::{Address, B256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};

use crate::error::ChainError;

/// The words that development tools share. Everybody knows them: whoever sends real money to an
/// account made from them has lost it.
pub const PUBLIC_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// More accounts than this are more than anybody looks at.
pub const MOST_ACCOUNTS: u32 = 1_000;

/// What each account holds at first: ten thousand coins, in wei.
pub(crate) const FIRST_BALANCE: u128 = 10_000_000_000_000_000_000_000;

/// An account whose key is public.
#[derive(Clone, Debug)]
pub struct DevelopmentAccount {
    signer: PrivateKeySigner,
}

impl DevelopmentAccount {
    /// The address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The key, which is no secret.
    #[must_use]
    pub fn key(&self) -> B256 {
        self.signer.to_bytes()
    }

    /// Signs for the account.
    #[must_use]
    pub fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }
}

/// The first accounts of [`PUBLIC_MNEMONIC`], at the path that wallets use (`m/44'/60'/0'/0/i`).
///
/// # Errors
/// [`ChainError::Accounts`] for more than [`MOST_ACCOUNTS`].
pub fn development_accounts(count: u32) -> Result<Vec<DevelopmentAccount>, ChainError> {
    let failed = |problem: String| ChainError::Accounts { problem };
    if count > MOST_ACCOUNTS {
        return Err(failed(format!("{count} accounts")));
    }
    let parent = MnemonicBuilder::english()
        .phrase(PUBLIC_MNEMONIC)
        .derivation_path("m/44'/60'/0'/0")
        .and_then(|builder| builder.build_key())
        .map_err(|error| failed(error.to_string()))?;
    (0..count)
        .map(|index| {
            parent
                .child(index)
                .map(|key| DevelopmentAccount {
                    signer: key.signer(),
                })
                .map_err(|error| failed(error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};

    use super::*;

    /// Addresses and keys as Hardhat and Anvil print them.
    #[test]
    fn the_accounts_are_those_of_other_tools() {
        let accounts = development_accounts(2).unwrap();
        assert_eq!(
            accounts[0].address(),
            address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        );
        assert_eq!(
            accounts[0].key(),
            b256!("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
        );
        assert_eq!(
            accounts[1].address(),
            address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
        );
    }

    #[test]
    fn more_accounts_than_anybody_looks_at_are_refused() {
        let error = development_accounts(MOST_ACCOUNTS + 1).unwrap_err();
        assert!(error.to_string().starts_with("E108"), "{error}");
    }
}
