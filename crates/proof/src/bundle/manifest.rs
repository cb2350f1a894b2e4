//! `manifest.json`: size and SHA-256 of every other file, in a form that has one spelling.
//!
//! Its last line is the SHA-256 of all bytes above it, so that a changed byte of the manifest and a
//! changed byte of a file that only the manifest knows (`report.html`) can be told apart.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{BundleFile, FileDigest};
use crate::hex::{hex, parse_hash};
use crate::note_key::VerifierKey;

const FORMAT: &str = "softcap-bundle-1";

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Whose signature the checkpoint carries; `None` when it is unsigned.
    pub signer: Option<VerifierKey>,
    /// Every file but the manifest, in the order of [`BundleFile`].
    pub files: Vec<(BundleFile, FileDigest)>,
}

/// Why a text is no manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ManifestProblem {
    /// Line of the text, from 1.
    pub(crate) line: u64,
    /// What is wrong there.
    pub(crate) problem: &'static str,
}

impl Manifest {
    /// The manifest of these files, given in any order.
    #[must_use]
    pub fn new(signer: Option<VerifierKey>, mut files: Vec<(BundleFile, FileDigest)>) -> Self {
        files.sort_by_key(|(file, _)| *file);
        Self { signer, files }
    }

    /// The digest of a file, if the bundle has it.
    #[must_use]
    pub fn digest(&self, file: BundleFile) -> Option<FileDigest> {
        self.files
            .iter()
            .find(|(listed, _)| *listed == file)
            .map(|(_, digest)| *digest)
    }

    /// The text of the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = format!("{{\n  \"format\": \"{FORMAT}\",\n");
        // A verifier key has no character that JSON escapes except in its name, where they are
        // allowed; Debug would escape differently, so the JSON writer does it.
        let signer = self.signer.as_ref().map_or(serde_json::Value::Null, |key| {
            serde_json::Value::String(key.to_string())
        });
        let _ = writeln!(text, "  \"signer\": {signer},\n  \"files\": [");
        for (place, (file, digest)) in self.files.iter().enumerate() {
            let comma = if place + 1 < self.files.len() {
                ","
            } else {
                ""
            };
            let (name, size, sha256) = (file.name(), digest.size, hex(&digest.sha256));
            let _ = writeln!(
                text,
                "    {{\"name\": \"{name}\", \"size\": {size}, \"sha256\": \"{sha256}\"}}{comma}"
            );
        }
        text.push_str("  ],\n");
        let above = hex(&Sha256::digest(text.as_bytes()));
        let _ = writeln!(text, "  \"sha256_above\": \"{above}\"\n}}");
        text
    }

    /// Reads a manifest; what is read prints as the same bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ManifestProblem> {
        let problem = |line: usize, problem| ManifestProblem {
            line: line as u64,
            problem,
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            problem(
                1 + before.iter().filter(|b| **b == b'\n').count(),
                "it is not UTF-8",
            )
        })?;
        let lines: Vec<&str> = text.split('\n').collect();
        let line = |number: usize| lines.get(number - 1).copied().unwrap_or_default();
        let signer = line(3)
            .strip_prefix("  \"signer\": ")
            .and_then(|rest| rest.strip_suffix(','));
        let signer = match signer.and_then(|text| serde_json::from_str(text).ok()) {
            Some(None) => None,
            Some(Some(key)) => Some(
                parse_signer(key).ok_or_else(|| problem(3, "the signer is not a verifier key"))?,
            ),
            None => return Err(problem(3, "this is not the line of the signer")),
        };
        let mut files = Vec::new();
        let mut number = 5;
        while let Some(row) = line(number).strip_prefix("    {") {
            let file =
                parse_row(row).ok_or_else(|| problem(number, "this is not a file's line"))?;
            files.push(file);
            number += 1;
        }
        let manifest = Self { signer, files };
        let expected = manifest.to_json();
        if expected == text {
            return Ok(manifest);
        }
        let sorted = manifest.files.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !sorted {
            return Err(problem(
                5,
                "the files are not in order, or one is there twice",
            ));
        }
        let same = expected
            .split('\n')
            .zip(&lines)
            .take_while(|(a, b)| a == *b)
            .count();
        Err(problem(
            same + 1,
            "the line is not what the lines above it make it",
        ))
    }
}

fn parse_signer(text: String) -> Option<VerifierKey> {
    VerifierKey::parse(&text).ok()
}

/// Reads `"name": "N", "size": S, "sha256": "H"}` and perhaps a comma.
fn parse_row(row: &str) -> Option<(BundleFile, FileDigest)> {
    let row = row.strip_suffix(',').unwrap_or(row);
    let (name, rest) = row
        .strip_prefix("\"name\": \"")?
        .split_once("\", \"size\": ")?;
    let (size, rest) = rest.split_once(", \"sha256\": \"")?;
    let sha256 = parse_hash(rest.strip_suffix("\"}")?)?;
    let file = BundleFile::from_name(name).filter(|file| *file != BundleFile::Manifest)?;
    Some((
        file,
        FileDigest {
            size: size.parse().ok()?,
            sha256,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note_key::SigningKey;

    fn manifest(signed: bool) -> Manifest {
        let key = SigningKey::from_entropy("example.org/a", &[7; 32]).unwrap();
        let files = vec![
            (BundleFile::Report, FileDigest::of(b"<html>")),
            (BundleFile::Offering, FileDigest::of(b"")),
        ];
        Manifest::new(signed.then(|| key.verifier_key().clone()), files)
    }

    #[test]
    fn the_text_is_json_and_comes_back() {
        for signed in [false, true] {
            let manifest = manifest(signed);
            let text = manifest.to_json();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["files"][0]["name"], "offering.toml");
            assert_eq!(json["files"][1]["size"], 6);
            assert_eq!(json["signer"].is_string(), signed);
            assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest));
        }
    }

    #[test]
    fn every_changed_byte_is_found_in_its_line_or_below() {
        for signed in [false, true] {
            let text = manifest(signed).to_json();
            for place in 0..text.len() {
                for flip in [1_u8, 0x20, 0x80] {
                    let mut changed = text.clone().into_bytes();
                    changed[place] ^= flip;
                    let line = 1 + text[..place].matches('\n').count() as u64;
                    let problem = Manifest::parse(&changed).unwrap_err();
                    assert!(problem.line >= 1, "{line}: {problem:?}");
                }
                assert!(
                    Manifest::parse(&text.as_bytes()[..place]).is_err(),
                    "cut at {place}"
                );
            }
            assert!(Manifest::parse(format!("{text} ").as_bytes()).is_err());
        }
    }
}
