//! `softcap restore`: a data folder from a backup, verified before it has its name.

use std::{fs::File, io::BufReader, process::ExitCode};

use serde_json::{Value, json};
use softcap_journal::{Restored, Restoring, restore};

use super::serve::block_on;
use crate::{arguments::RestoreArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &RestoreArguments, console: &Console) -> Result<ExitCode, Failure> {
    let file = arguments.from.display().to_string();
    let unreadable = |file: String| move |source| Failure::Unreadable { file, source };
    let sealed = |problem: String| Failure::Sealed {
        file: file.clone(),
        problem,
    };
    let identity = arguments.identity.display().to_string();
    let keys = File::open(&arguments.identity).map_err(unreadable(identity.clone()))?;
    let identities = age::IdentityFile::from_buffer(BufReader::new(keys))
        .map_err(unreadable(identity))?
        .into_identities()
        .map_err(|error| sealed(error.to_string()))?;
    let backup = File::open(&arguments.from).map_err(unreadable(file.clone()))?;
    let mut archive = age::Decryptor::new_buffered(BufReader::new(backup))
        .and_then(|decryptor| {
            decryptor.decrypt(
                identities
                    .iter()
                    .map(|identity| &**identity as &dyn age::Identity),
            )
        })
        .map_err(|error| sealed(error.to_string()))?;
    let restoring = match &arguments.checkpoints {
        Some(folder) => Restoring::Checkpoints(folder),
        None if arguments.complete => Restoring::Complete,
        None => Restoring::Unknown,
    };
    let restored =
        block_on(async { Ok(restore(&mut archive, &arguments.data, restoring).await?) })?;
    let mut lines: Vec<String> = restored
        .iter()
        .map(|log| {
            format!(
                "{}: {} entries verified, root {}",
                log.name, log.checked.entries, log.checked.root
            )
        })
        .collect();
    lines.push(format!("restored: {}", arguments.data.display()));
    if restoring == Restoring::Unknown {
        lines.push(format!(
            "nothing is entered until the newest checkpoint of each log, kept elsewhere, is in {}",
            arguments.data.join("checkpoints").display()
        ));
    }
    let logs: Vec<Value> = restored.iter().map(value).collect();
    console.data(
        lines.join("\n"),
        &json!({ "data": arguments.data.display().to_string(), "logs": logs }),
    );
    Ok(ExitCode::SUCCESS)
}

fn value(log: &Restored) -> Value {
    json!({
        "log": log.name.as_str(),
        "entries": log.checked.entries,
        "root": log.checked.root.to_string(),
    })
}
