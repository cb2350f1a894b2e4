//! The record of a sale on the chain: the server of the demo follows it while it goes on, as any server does, and its bundle
//! is verified and compared with the chain.

use std::{collections::BTreeMap, path::Path, time::Duration};

use alloy_primitives::{Address, U256};
use serde_json::json;
use softcap_chain::InProcess;
use softcap_evm::{Asked, Endpoint, Place, ReadAt, RpcClient};
use softcap_offering::Offering;
use softcap_proof::verify::Trust;
use tokio::time::sleep;

use super::{Host, Stage, log_of};
use crate::{
    bundle_folder::BundleFolder,
    commands::{
        bundle_of_log, verify,
        verify_chain::{self, OnChain, Plan},
    },
    console::Console,
    failure::Failure,
};

/// Between two looks how far the server is.
const PAUSE: Duration = Duration::from_millis(20);

/// A sale as the rules of the journal have it, beside its chain.
pub(super) struct Record {
    pub(super) offering: Offering,
    pub(super) on_chain: OnChain,
    /// What the contract accepted of each wallet, by its events.
    pub(super) accepted: BTreeMap<Address, U256>,
}

/// Tells the server where the money is; it follows the contract from there on.
pub(super) async fn name_escrow(
    host: Host<'_>,
    name: &str,
    place: Place,
    block: u64,
) -> Result<(), Failure> {
    let path = format!("/v1/offerings/{name}/escrow");
    let body = json!({ "contract": place.escrow.to_string(), "block": block });
    let key = format!("escrow-{name}");
    host.client.post(&path, &key, &body).await?;
    Ok(())
}

/// Waits until the server has followed the sale to its end, writes the bundle of its record, and compares it with the chain.
pub(super) async fn write(
    stage: &Stage,
    host: Host<'_>,
    name: &str,
    out: &Path,
    console: &Console,
) -> Result<Record, Failure> {
    let log = log_of(host.service, name)?;
    let head = stage.node.height();
    let bar = console.progress("following", Some(head));
    loop {
        let status = host.service.rails().status(&log.row.name);
        let status = status.unwrap_or_default();
        if let Some(alarm) = status.alarm {
            return Err(Failure::Runtime(std::io::Error::other(alarm)));
        }
        bar.set_position(status.followed);
        if status.followed >= head {
            break;
        }
        sleep(PAUSE).await;
    }
    bar.finish_and_clear();
    bundle_of_log::write(&log, host.service.journal().key(), out).await?;
    let folder = BundleFolder::open(out)?;
    let kept = verify::checked(&folder, &Trust::default(), console)?;
    let said = verify_chain::record_of_bundle(&folder, &kept.verified)?;
    let in_process = Endpoint {
        name: "the demo's chain".to_owned(),
        client: RpcClient::new(InProcess::new(stage.node.clone()), true),
    };
    let plan = Plan::new(vec![in_process], ReadAt::Deep(0), Asked::Everybody);
    let on_chain = verify_chain::compare(&plan, &said, &kept.offering, console).await?;
    let mut accepted = BTreeMap::new();
    let escrow = on_chain.escrow();
    for event in &stage.client.contributed(escrow).await? {
        *accepted.entry(event.investor).or_insert(U256::ZERO) += U256::from(event.accepted);
    }
    Ok(Record {
        offering: kept.offering,
        on_chain,
        accepted,
    })
}
