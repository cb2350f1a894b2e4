//! The record of a sale on the chain: what the contract took, in the order of the chain, settled by the same rules as
//! every other sale and verified.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use alloy_primitives::{Address, U256};
use softcap_evm::{ContributedLog, Place};
use softcap_offering::{Offering, terms::Terms};
use softcap_proof::{bundle::display_decimal, verify::Trust};

use super::Stage;
use crate::{
    arguments::SettleArguments, bundle_folder::BundleFolder, commands::settle, commands::verify,
    console::Console, failure::Failure,
};

/// A sale as the rules of the journal have it, and what it was made from.
pub(super) struct Record {
    pub(super) offering: Offering,
    /// What the contract accepted of each wallet, by its events.
    pub(super) accepted: BTreeMap<Address, U256>,
}

/// Writes what the chain says as the files of `softcap settle`, settles and verifies them.
pub(super) async fn write(
    stage: &Stage,
    place: Place,
    text: &str,
    terms: &Terms,
    folder: &Path,
    console: &Console,
) -> Result<Record, Failure> {
    let events = stage.client.contributed(place.escrow).await?;
    let input = folder.with_extension("input");
    let keep = |name: &str, content: &str| {
        let file = input.join(name);
        fs::create_dir_all(&input)
            .and_then(|()| fs::write(&file, content))
            .map_err(|source| Failure::Unwritable {
                file: file.display().to_string(),
                source,
            })?;
        Ok::<_, Failure>(file)
    };
    let decimals = terms.numeraire.decimals;
    let arguments = SettleArguments {
        terms: keep("offering.toml", text)?,
        contributions: keep("contributions.csv", &contributions(&events, terms))?,
        entries: Some(keep("entries.toml", &admissions(&events, decimals))?),
        out: Some(folder.to_owned()),
        key: None,
        signature: None,
        with_annotations: false,
        dry_run: false,
    };
    settle::settled(&arguments, console)?;
    let folder = BundleFolder::open(folder)?;
    let mut accepted = BTreeMap::new();
    for event in &events {
        *accepted.entry(event.investor).or_insert(U256::ZERO) += U256::from(event.accepted);
    }
    Ok(Record {
        offering: verify::checked(&folder, &Trust::default(), console)?.offering,
        accepted,
    })
}

fn contributions(events: &[ContributedLog], terms: &Terms) -> String {
    let mut table = "contribution_id,investor,received_at,currency,amount,source_ref\n".to_owned();
    let (symbol, decimals) = (&terms.numeraire.symbol, terms.numeraire.decimals);
    for event in events {
        let (block, index) = (event.block, event.log_index);
        let second = i64::try_from(event.timestamp).ok();
        let time = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
        let time = time.map_or_else(String::new, |time| time.to_string());
        let amount = display_decimal(event.amount, decimals);
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "{block}-{index},{},{time},{symbol},{amount},{}",
            event.investor, event.transaction
        );
    }
    table
}

/// Each wallet is admitted with the cap that its first contribution names.
fn admissions(events: &[ContributedLog], decimals: u8) -> String {
    let mut admitted = BTreeSet::new();
    let mut file = String::new();
    for event in events {
        if admitted.insert(event.investor) {
            let limit = display_decimal(event.cap, decimals);
            let _ = writeln!(
                file,
                "[[entry]]\nkind = \"admit\"\nat = \"start\"\ninvestor = \"{}\"\nlimit = \"{limit} ETH\"",
                event.investor
            );
        }
    }
    file
}
