//! `softcap backup`: a consistent copy of a server's data, encrypted with age.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    process::ExitCode,
};

use age::x25519::Recipient;
use jiff::Timestamp;
use serde_json::json;
use softcap_journal::{BackedUp, back_up, back_up_person_keys};
use softcap_server::{BackupKind, MadeBackup, note_backup};

use super::serve::block_on;
use crate::{arguments::BackupArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &BackupArguments, console: &Console) -> Result<ExitCode, Failure> {
    let recipients = recipients(&arguments.recipient)?;
    let file = arguments.out.display().to_string();
    let out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&arguments.out)
        .map_err(|source| Failure::Unwritable {
            file: file.clone(),
            source,
        })?;
    let written = block_on(write(arguments, &recipients, out, &file));
    if written.is_err() {
        // Half a backup is none, and stands in the way of the next one.
        let _ = fs::remove_file(&arguments.out);
    }
    let BackedUp { files } = written?;
    leave_word(arguments, files.len(), console);
    console.data(
        format_args!(
            "backed up: {} files of {} into {file}, for {} recipient(s)",
            files.len(),
            arguments.data.display(),
            recipients.len()
        ),
        &json!({ "file": file, "holds": files, "recipients": recipients.len() }),
    );
    Ok(ExitCode::SUCCESS)
}

/// A backup is good also where nobody can be told of it.
fn leave_word(arguments: &BackupArguments, files: usize, console: &Console) {
    let kind = if arguments.person_keys {
        BackupKind::PersonKeys
    } else {
        BackupKind::Data
    };
    let made = MadeBackup {
        at: u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0),
        files: u64::try_from(files).unwrap_or(u64::MAX),
    };
    if let Err(error) = note_backup(&arguments.data, kind, made) {
        console.say(format_args!(
            "the server's pages do not show this backup: {}: {error}",
            arguments.data.display()
        ));
    }
}

fn recipients(texts: &[String]) -> Result<Vec<Recipient>, Failure> {
    let parse = |text: &String| {
        text.parse().map_err(|problem: &str| Failure::Argument {
            flag: "recipient",
            problem: problem.to_owned(),
            allowed: "a public key as age-keygen prints it: age1...",
        })
    };
    texts.iter().map(parse).collect()
}

async fn write(
    arguments: &BackupArguments,
    recipients: &[Recipient],
    out: fs::File,
    file: &str,
) -> Result<BackedUp, Failure> {
    let unwritable = |source: io::Error| Failure::Unwritable {
        file: file.to_owned(),
        source,
    };
    let recipients = recipients
        .iter()
        .map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients)
        .map_err(|error| unwritable(io::Error::other(error.to_string())))?;
    let mut sealed = encryptor
        .wrap_output(BufWriter::with_capacity(1 << 20, out))
        .map_err(unwritable)?;
    let backed_up = if arguments.person_keys {
        back_up_person_keys(&arguments.data, &mut sealed).await?
    } else {
        let uploads = arguments.uploads.clone();
        let uploads = uploads.unwrap_or_else(|| arguments.data.join("uploads"));
        back_up(&arguments.data, &uploads, &mut sealed).await?
    };
    let mut out = sealed.finish().map_err(unwritable)?;
    out.flush().map_err(unwritable)?;
    out.get_ref().sync_all().map_err(unwritable)?;
    Ok(backed_up)
}
