//! Whether everybody has on the chain what the record says.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use softcap_evm::{EvmError, Place};

use super::{Stage, recorded::Record, wallets::Exits};
use crate::failure::Failure;

/// Compares each wallet's tokens, what was accepted and what went back. How many.
pub(super) async fn with_chain(
    stage: &Stage,
    place: Place,
    record: &Record,
    exits: &Exits,
) -> Result<usize, Failure> {
    let amounts = exits
        .paid
        .iter()
        .map(|(investor, out)| (*investor, out.amount()));
    let mut paid: BTreeMap<Address, U256> = amounts.collect();
    let mut differences = Vec::new();
    let mut compared = 0;
    let mut rows = record.offering.investor_rows();
    while let Some(row) = rows.next() {
        let Ok(investor) = row.id.to_string().parse::<Address>() else {
            differences.push(format!("{} is no wallet", row.id));
            continue;
        };
        let totals = row.totals.first().copied().unwrap_or_default();
        let tokens = U256::from(row.tokens.0);
        let accepted = U256::from(totals.accepted.0);
        let taken = record.accepted.get(&investor).copied().unwrap_or_default();
        let held = stage.client.token_balance(place.token, investor).await?;
        let out = paid.remove(&investor).unwrap_or_default();
        let mut same = |what: &str, chain: U256, record: U256| {
            if chain != record {
                differences.push(format!(
                    "{investor}: {what} {chain} on the chain, {record} in the record"
                ));
            }
        };
        same("tokens", held, tokens);
        if tokens.is_zero() && accepted.is_zero() {
            // The sale failed: what the contract had accepted went back, the rest had never left.
            same("money back", out, taken);
        } else {
            same("accepted", taken, accepted);
            same("tokens claimed", out, tokens);
        }
        compared += 1;
    }
    for investor in paid.keys() {
        differences.push(format!("{investor} was paid and is not in the record"));
    }
    if differences.is_empty() {
        Ok(compared)
    } else {
        Err(EvmError::Different {
            address: place.escrow,
            differences,
        }
        .into())
    }
}

/// One difference.
pub(super) fn different(place: Place, what: &str) -> EvmError {
    EvmError::Different {
        address: place.escrow,
        differences: vec![what.to_owned()],
    }
}
