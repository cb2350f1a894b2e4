//! From bytes to a transaction that this chain may take.

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::SignerRecoverable as _};
use alloy_eips::eip2718::Decodable2718 as _;
use alloy_primitives::{TxKind, U256};
use revm::context::TxEnv;

use crate::{block::SignedTransaction, error::ChainError};

/// Decodes a signed transaction and finds who signed it. What depends on the state is not judged.
///
/// # Errors
/// [`ChainError::Undecodable`], `Unsupported`, `Unprotected`, `WrongChain`, `Signature`.
pub(crate) fn decode(bytes: &[u8], chain_id: u64) -> Result<SignedTransaction, ChainError> {
    let mut rest = bytes;
    let envelope = TxEnvelope::decode_2718(&mut rest).map_err(|error| ChainError::Undecodable {
        problem: error.to_string(),
    })?;
    if !rest.is_empty() {
        return Err(ChainError::Undecodable {
            problem: format!("{} bytes follow it", rest.len()),
        });
    }
    match envelope {
        TxEnvelope::Legacy(_) | TxEnvelope::Eip2930(_) | TxEnvelope::Eip1559(_) => {}
        TxEnvelope::Eip4844(_) => return Err(ChainError::Unsupported { kind: "blobs" }),
        TxEnvelope::Eip7702(_) => return Err(ChainError::Unsupported { kind: "set code" }),
    }
    let signed = envelope.chain_id().ok_or(ChainError::Unprotected)?;
    if signed != chain_id {
        return Err(ChainError::WrongChain {
            signed,
            expected: chain_id,
        });
    }
    // Also refuses the second signature that exists for each first one (EIP-2).
    envelope
        .try_into_recovered()
        .map_err(|_| ChainError::Signature)
}

/// The transaction as the machine takes it.
pub(crate) fn environment(transaction: &SignedTransaction) -> TxEnv {
    let envelope = transaction.inner();
    TxEnv {
        tx_type: envelope.tx_type().into(),
        caller: transaction.signer(),
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        kind: envelope.kind(),
        value: envelope.value(),
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: Vec::new(),
    }
}

/// The most that a transaction can take from its sender, in wei.
pub(crate) fn highest_cost(transaction: &SignedTransaction) -> U256 {
    let envelope = transaction.inner();
    U256::from(envelope.max_fee_per_gas())
        .saturating_mul(U256::from(envelope.gas_limit()))
        .saturating_add(envelope.value())
}

/// The contract that a transaction would make.
pub(crate) fn created(transaction: &SignedTransaction) -> Option<alloy_primitives::Address> {
    let envelope = transaction.inner();
    match envelope.kind() {
        TxKind::Create => Some(transaction.signer().create(envelope.nonce())),
        TxKind::Call(_) => None,
    }
}
