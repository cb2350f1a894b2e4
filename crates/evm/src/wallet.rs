//! A key in a file or in the environment. It is never printed.

use std::{env, fs, path::Path};

use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;

use crate::error::EvmError;

/// Where a key is looked for when no file is named.
pub const KEY_VARIABLE: &str = "SOFTCAP_EVM_KEY";

/// The key on the first line of a file, else that of the environment.
///
/// # Errors
/// [`EvmError::Key`], which names the place and not what stands there.
pub fn read_wallet(file: Option<&Path>) -> Result<PrivateKeySigner, EvmError> {
    let (place, text) = match file {
        Some(file) => (file.display().to_string(), fs::read_to_string(file).ok()),
        None => (
            format!("the variable {KEY_VARIABLE}"),
            env::var(KEY_VARIABLE).ok(),
        ),
    };
    let line = text.as_deref().and_then(|text| text.lines().next());
    let key = line.and_then(|line| line.trim().parse::<B256>().ok());
    key.and_then(|key| PrivateKeySigner::from_bytes(&key).ok())
        .ok_or(EvmError::Key { place })
}
