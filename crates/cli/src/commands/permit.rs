//! `softcap permit`: lets a wallet into a round on a chain.

use std::process::ExitCode;

use alloy_primitives::U256;
use serde_json::json;
use softcap_evm::{
    ChainClient, EvmError, Permit, PermitDomain, bindings::rounds::IRounds, read_wallet,
    sale_terms_at,
};

use super::serve::block_on;
use crate::{arguments::PermitArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &PermitArguments, console: &Console) -> Result<ExitCode, Failure> {
    let verifier = read_wallet(arguments.key_file.as_deref())?;
    let client = ChainClient::http(&arguments.rpc)?;
    let (permit, round, signature) = block_on(async {
        let terms = sale_terms_at(&client, arguments.escrow).await?;
        if terms.verifier() != verifier.address() {
            return Err(EvmError::NotVerifier {
                key: verifier.address(),
                verifier: terms.verifier(),
            }
            .into());
        }
        let now = client.head().await?.timestamp;
        let permit = Permit {
            investor: arguments.investor,
            max: arguments.max,
            expiry: U256::from(now) + U256::from(arguments.valid),
        };
        let round = match (terms.kind().has_rounds(), arguments.round) {
            (true, Some(round)) => U256::from(round),
            (true, None) => {
                let position = U256::from(now);
                let call = IRounds::roundAtCall { position };
                client.call(arguments.escrow, &call).await?
            }
            (false, _) => terms.round(),
        };
        let domain = PermitDomain {
            chain_id: client.chain_id().await?,
            escrow: arguments.escrow,
            round,
            terms_hash: terms.terms_hash(),
        };
        let signature = permit.sign(&domain, &verifier).await?;
        Ok((permit, round, signature))
    })?;
    let Permit {
        investor,
        max,
        expiry,
    } = permit;
    console.data(
        format_args!(
            "investor:  {investor}\nmax:       {max}\nexpiry:    {expiry}\nsignature: {signature}"
        ),
        &json!({
            "escrow": arguments.escrow,
            "investor": investor,
            "max": max.to_string(),
            "expiry": expiry.to_string(),
            "round": round.to_string(),
            "signature": signature,
        }),
    );
    Ok(ExitCode::SUCCESS)
}
