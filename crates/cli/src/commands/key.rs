//! `softcap key`: a key that signs checkpoints.

use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    process::ExitCode,
};

use serde_json::json;
use softcap_proof::SigningKey;

use crate::{arguments::KeyArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &KeyArguments, console: &Console) -> Result<ExitCode, Failure> {
    let file = arguments.out.display().to_string();
    let unwritable = |source| Failure::Unwritable {
        file: file.clone(),
        source,
    };
    let mut entropy = [0; 32];
    let mut source = std::fs::File::open("/dev/urandom").map_err(unwritable)?;
    source.read_exact(&mut entropy).map_err(unwritable)?;
    let key = SigningKey::from_entropy(&arguments.name, &entropy)?;
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&arguments.out)
        .map_err(unwritable)?;
    let mut write = || {
        out.write_all(key.to_secret_text().as_bytes())?;
        out.write_all(b"\n")?;
        out.sync_all()
    };
    if let Err(error) = write() {
        // Half a key is of no use and stands in the way of the next one; there is no more to say
        // than why it could not be written.
        let _ = std::fs::remove_file(&arguments.out);
        return Err(unwritable(error));
    }
    let public = key.verifier_key().to_string();
    console.data(
        format_args!("public key: {public}\nsecret key: {file} (keep it; it cannot be made again)"),
        &json!({ "verifier_key": public, "file": file }),
    );
    Ok(ExitCode::SUCCESS)
}
