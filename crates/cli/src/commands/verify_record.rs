//! `softcap verify --data`: replay every log of a server from its first entry.

use std::process::ExitCode;

use serde_json::{Value, json};
use softcap_journal::{CheckedLog, LogCheck, LogName, check_record};
use softcap_proof::hex;

use super::{record_folder, serve::block_on};
use crate::{console::Console, failure::Failure};

pub(super) fn run(data: &str, console: &Console) -> Result<ExitCode, Failure> {
    let (url, folder) = record_folder::place(data)?;
    let bar = console.progress("replaying", None);
    let checks = block_on(async {
        let mut progress = |name: &LogName, entries| {
            bar.set_message(name.to_string());
            bar.set_position(entries);
        };
        Ok(check_record(&url, &folder, &mut progress).await?)
    });
    bar.finish_and_clear();
    let checks = checks?;
    let found = checks.iter().filter(|check| check.result.is_err()).count();
    let lines: Vec<String> = checks.iter().map(line).collect();
    let verdict = match (checks.len(), found) {
        (0, _) => "verified: the record has no log".to_owned(),
        (_, 0) => format!(
            "verified: {} log(s), each replayed from entry 0",
            checks.len()
        ),
        (all, found) => format!("not verified: {found} of {all} log(s) do not hold together"),
    };
    console.data(
        lines
            .into_iter()
            .chain([verdict])
            .collect::<Vec<_>>()
            .join("\n"),
        &json!({ "verified": found == 0, "logs": checks.iter().map(value).collect::<Vec<_>>() }),
    );
    Ok(ExitCode::from(u8::from(found > 0)))
}

fn line(check: &LogCheck) -> String {
    match &check.result {
        Ok(log) => format!(
            "{}: {} entries, root {}, state {}; {} tiles and {} snapshot(s) agree",
            check.name,
            log.entries,
            log.root,
            hex(&log.state_hash),
            log.tiles,
            log.snapshots
        ),
        Err(error) => error.to_string(),
    }
}

fn value(check: &LogCheck) -> Value {
    match &check.result {
        Ok(log) => whole(check, log),
        Err(error) => json!({
            "log": check.name.as_str(),
            "verified": false,
            "entry": error.entry(),
            "problem": error.to_string(),
        }),
    }
}

fn whole(check: &LogCheck, log: &CheckedLog) -> Value {
    json!({
        "log": check.name.as_str(),
        "verified": true,
        "origin": log.origin,
        "entries": log.entries,
        "root": log.root.to_string(),
        "state_hash": hex(&log.state_hash),
        "tiles": log.tiles,
        "snapshots": log.snapshots,
    })
}
