//! `softcap offering sign`: the issuer's signature of terms, made offline.

use std::{fs::OpenOptions, io::Write as _, path::Path, process::ExitCode};

use serde_json::json;
use softcap_proof::SignedTerms;

use super::settle::read_key;
use crate::{arguments::SignArguments, console::Console, failure::Failure, terms_file, text_file};

/// Largest file of a signature in bytes.
const LARGEST_SIGNATURE: u64 = 1 << 16;

pub(crate) fn run(arguments: &SignArguments, console: &Console) -> Result<ExitCode, Failure> {
    let key = read_key(&arguments.key)?;
    let (terms, _) = terms_file::read(&arguments.terms)?;
    let signed = SignedTerms::sign(&terms.origin, terms.hash().0, &key)?;
    let file = arguments.out.display().to_string();
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&arguments.out)
        .map_err(|source| unwritable(&file, source))?;
    let written = out.write_all(signed.to_string().as_bytes());
    if let Err(source) = written.and_then(|()| out.sync_all()) {
        // Half a signature is none, and stands in the way of the next one.
        let _ = std::fs::remove_file(&arguments.out);
        return Err(unwritable(&file, source));
    }
    let (hash, public) = (terms.hash().to_string(), key.verifier_key().to_string());
    console.data(
        format_args!("terms hash: {hash}\nissuer key: {public}\nsignature:  {file}"),
        &json!({
            "origin": terms.origin,
            "terms_hash": hash,
            "issuer_key": public,
            "file": file,
        }),
    );
    Ok(ExitCode::SUCCESS)
}

fn unwritable(file: &str, source: std::io::Error) -> Failure {
    Failure::Unwritable {
        file: file.to_owned(),
        source,
    }
}

/// A signature from its file.
pub(super) fn read_signature(path: &Path) -> Result<SignedTerms, Failure> {
    let text = text_file::read(path, LARGEST_SIGNATURE)?;
    SignedTerms::parse(text.as_bytes()).map_err(|error| Failure::KeyFile {
        file: path.display().to_string(),
        error,
    })
}
