//! `softcap rebuild`: what is derived from the record, written anew.

use std::process::ExitCode;

use serde_json::{Value, json};
use softcap_journal::{LogName, Rebuilt, rebuild};

use super::{record_folder, serve::block_on};
use crate::{arguments::RecordArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &RecordArguments, console: &Console) -> Result<ExitCode, Failure> {
    let (url, folder) = record_folder::place(&arguments.data)?;
    let bar = console.progress("rebuilding", None);
    let rebuilt = block_on(async {
        let mut progress = |name: &LogName, entries| {
            bar.set_message(name.to_string());
            bar.set_position(entries);
        };
        Ok(rebuild(&url, &folder, &mut progress).await?)
    });
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    let lines: Vec<String> = rebuilt
        .iter()
        .map(|log| {
            format!(
                "{}: {} entries replayed, root {}, {} tiles and a snapshot written",
                log.name, log.entries, log.root, log.tiles
            )
        })
        .chain([format!("rebuilt: {} log(s)", rebuilt.len())])
        .collect();
    let logs: Vec<Value> = rebuilt.iter().map(value).collect();
    console.data(lines.join("\n"), &json!({ "logs": logs }));
    Ok(ExitCode::SUCCESS)
}

fn value(log: &Rebuilt) -> Value {
    json!({
        "log": log.name.as_str(),
        "entries": log.entries,
        "root": log.root.to_string(),
        "tiles": log.tiles,
    })
}
