//! `softcap offering rehearse`: the whole sale with people who do not exist, on the engine and on a chain in this process.

use std::{path::Path, process::ExitCode, sync::Arc};

use serde_json::json;
use softcap_offering::terms::Terms;
use softcap_server::{PlayedSale, rehearse};

use crate::{console::Console, failure::Failure, terms_file};

pub(crate) fn run(file: &Path, console: &Console) -> Result<ExitCode, Failure> {
    let (terms, _) = terms_file::read(file)?;
    let hash = terms.hash().to_string();
    let sales = played(file, terms)?;
    let faults = faults(&sales);
    let mut text = String::new();
    for sale in &sales {
        text.push_str(&format!("{sale}\n"));
        for fault in sale.faults() {
            text.push_str(&format!("  {fault}\n"));
        }
    }
    let passed = faults.is_empty();
    text.push_str(if passed {
        "the rehearsal passed"
    } else {
        "the rehearsal did not pass"
    });
    let value = json!({
        "terms_hash": hash,
        "passed": passed,
        "sales": sales.iter().map(PlayedSale::value).collect::<Vec<_>>(),
    });
    console.data(text, &value);
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Refuses terms whose rehearsal does not pass, before anything is sent anywhere.
pub(super) fn require_rehearsed(
    file: &Path,
    terms: Terms,
    console: &Console,
) -> Result<(), Failure> {
    console.say(format_args!(
        "rehearsing the sale on a chain in this process"
    ));
    let faults = faults(&played(file, terms)?);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::NotRehearsed {
        file: file.display().to_string(),
        faults,
    })
}

fn played(file: &Path, terms: Terms) -> Result<Vec<PlayedSale>, Failure> {
    rehearse(&Arc::new(terms)).ok_or_else(|| Failure::NotRehearsed {
        file: file.display().to_string(),
        faults: vec!["sealed bids cannot be rehearsed".to_owned()],
    })
}

fn faults(sales: &[PlayedSale]) -> Vec<String> {
    sales.iter().flat_map(PlayedSale::faults).collect()
}
