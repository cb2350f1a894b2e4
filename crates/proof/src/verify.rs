//! Verifying a bundle: everything is computed again from `offering.toml` and `journal`, and compared
//! byte for byte with what the bundle holds.
//!
//! A bundle that was forged as a whole is consistent too. What makes the difference is a key or a
//! terms hash from a source that the reader trusts ([`Trust`]); the verdict ([`Verified`]) always says
//! on what it rests.
//!
//! A difference is named by file and place. Where one file contradicts another, the manifest, which
//! protects itself by its last line, says which of the two was changed; a forger who repairs the
//! manifest as well is caught by the recomputation.

mod compare;
mod error;
mod replay;
mod source;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::{Arc, Mutex};

use softcap_offering::Offering;
use softcap_offering::terms::Terms;

use crate::bundle::{
    BundleFile, Commitments, FileDigest, Manifest, References, Tables, write_summary, write_tables,
    write_terms,
};
use crate::checkpoint::{Checkpoint, CheckpointNote};
use crate::error::ProofError;
use crate::signed_terms::SignedTerms;
use compare::{CompareSink, Differences};
use replay::Replayed;
use source::{digest, read_small};

pub use error::{Place, VerifyError};
pub use source::BundleSource;
pub use verdict::{IssuerTrust, Progress, SignatureTrust, Stage, Trust, Verified};

/// Longest `offering.toml` in bytes.
const OFFERING_MAX: u64 = 16 << 20;
/// Longest manifest and checkpoint in bytes.
const SMALL_MAX: u64 = 1 << 20;

/// Verifies a bundle. `progress` is called now and then.
///
/// # Errors
/// The first difference found, see [`VerifyError`].
pub fn verify(
    source: &dyn BundleSource,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, VerifyError> {
    verify_and_keep(source, trust, progress).map(|kept| kept.verified)
}

/// A verified bundle with the state that was computed from it.
#[derive(Debug)]
pub struct Kept {
    /// The verdict.
    pub verified: Verified,
    /// The settled offering.
    pub offering: Offering,
    /// The references of its contributions, in order.
    pub references: References,
}

/// As [`verify`]; keeps the state, for whoever explains or proves parts of it.
///
/// # Errors
/// Those of [`verify`].
pub fn verify_and_keep(
    source: &dyn BundleSource,
    trust: &Trust,
    progress: &mut dyn FnMut(Progress),
) -> Result<Kept, VerifyError> {
    let manifest = read_manifest(source)?;
    check_names(source, &manifest)?;
    let bundle = Bundle { source, manifest };
    let terms = bundle.terms()?;
    let note = bundle.checkpoint()?;
    let expected_entries = note.as_ref().map_or(0, |note| note.unverified().size());

    let mut offering = Offering::new(terms);
    let found = Mutex::new(Differences::default());
    let sink = CompareSink::new(source, &found);
    let mut files = vec![bundle.listed(BundleFile::Offering)?];
    files.push(bundle.compared(&found, 0, write_terms(&offering, &sink))?);
    if let Some(expected) = trust.terms_hash
        && expected != offering.terms_hash()
    {
        let found = offering.terms_hash();
        return Err(VerifyError::OtherTermsHash { expected, found });
    }
    let issuer = bundle.check_issuer(&offering, trust)?;
    if bundle.has(BundleFile::OfferingSignature) {
        files.push(bundle.listed(BundleFile::OfferingSignature)?);
    }

    let replayed = bundle.replay(&mut offering, expected_entries, progress)?;
    files.extend_from_slice(&replayed.files);
    let signature = bundle.check_checkpoint(note, &offering, &replayed, trust)?;
    files.push(bundle.listed(BundleFile::Checkpoint)?);

    progress(Progress {
        stage: Stage::Comparing,
        done: 0,
        total: expected_entries,
    });
    let investors = offering.investor_count() as u64;
    let tables = write_tables(&offering, &replayed.references, &sink);
    let tables = bundle.compared(&found, investors, tables)?;
    check_published(&replayed, &tables)?;
    files.extend_from_slice(&tables.files);
    let commitments = Commitments {
        journal_root: replayed.root,
        journal_size: replayed.size,
    };
    let summary = write_summary(&offering, &commitments, &tables, &sink);
    files.push(bundle.compared(&found, 0, summary)?);
    for file in [BundleFile::Report, BundleFile::Annotations] {
        if bundle.has(file) {
            files.push(bundle.unchanged(file)?);
        }
    }
    bundle.check_manifest(files)?;
    progress(Progress {
        stage: Stage::Comparing,
        done: expected_entries,
        total: expected_entries,
    });
    let verified = Verified::new(&offering, &replayed, &tables, (signature, issuer), trust);
    Ok(Kept {
        verified,
        offering,
        references: replayed.references,
    })
}

fn read_manifest(source: &dyn BundleSource) -> Result<Manifest, VerifyError> {
    let bytes = read_small(source, BundleFile::Manifest, SMALL_MAX)?;
    Manifest::parse(&bytes).map_err(|problem| VerifyError::Differs {
        file: BundleFile::Manifest,
        place: Place::Line {
            line: problem.line,
            column: None,
        },
        problem: problem.problem.to_owned(),
    })
}

/// The folder holds what the manifest lists, and nothing else.
fn check_names(source: &dyn BundleSource, manifest: &Manifest) -> Result<(), VerifyError> {
    let mut names = source
        .names()
        .map_err(|source| VerifyError::FolderUnreadable { source })?;
    names.sort_unstable();
    for name in &names {
        let listed = BundleFile::from_name(name)
            .is_some_and(|file| file == BundleFile::Manifest || manifest.digest(file).is_some());
        if !listed {
            return Err(VerifyError::FileUnexpected { name: name.clone() });
        }
    }
    for file in BundleFile::ALL {
        let expected = file.is_required() || manifest.digest(file).is_some();
        if expected
            && names
                .binary_search_by(|name| name.as_str().cmp(file.name()))
                .is_err()
        {
            return Err(VerifyError::FileMissing { file });
        }
    }
    Ok(())
}

fn check_published(replayed: &Replayed, tables: &Tables) -> Result<(), VerifyError> {
    match (&tables.root, &replayed.published) {
        (Some(root), Some((_, published))) if root.0 == *published => Ok(()),
        (Some(_) | None, Some((entry, _))) => Err(VerifyError::Differs {
            file: BundleFile::Journal,
            place: Place::Entry { entry: *entry },
            problem: "it publishes a root that is not the settlement's".to_owned(),
        }),
        (Some(_), None) => Err(VerifyError::NotPublished),
        (None, None) => Ok(()),
    }
}

/// What is verified: a folder, and the manifest read from it.
struct Bundle<'a> {
    source: &'a dyn BundleSource,
    manifest: Manifest,
}

impl Bundle<'_> {
    /// A file with its digest as the manifest lists it.
    fn listed(&self, file: BundleFile) -> Result<(BundleFile, FileDigest), VerifyError> {
        let digest = self
            .manifest
            .digest(file)
            .ok_or_else(|| VerifyError::Differs {
                file: BundleFile::Manifest,
                place: Place::Whole,
                problem: format!("it does not list {file}"),
            })?;
        Ok((file, digest))
    }

    /// Whether the bundle lists a file.
    fn has(&self, file: BundleFile) -> bool {
        self.manifest.digest(file).is_some()
    }

    /// The issuer's signature is one of these terms, and by the key that the reader gave.
    fn check_issuer(&self, offering: &Offering, trust: &Trust) -> Result<IssuerTrust, VerifyError> {
        let file = BundleFile::OfferingSignature;
        if !self.has(file) {
            return match &trust.issuer_key {
                None => Ok(IssuerTrust::Unsigned),
                Some(key) => Err(VerifyError::NotSignedByIssuer {
                    source: ProofError::TermsNotSigned {
                        name: key.name().to_owned(),
                        id: key.id(),
                    },
                }),
            };
        }
        let bytes = read_small(self.source, file, SMALL_MAX)?;
        if self.manifest.digest(file) != Some(FileDigest::of(&bytes)) {
            return Err(not_listed(file));
        }
        let checked = || -> Result<IssuerTrust, ProofError> {
            let signed = SignedTerms::parse(&bytes)?;
            signed.require(&offering.terms().origin, offering.terms_hash())?;
            let Some(key) = &trust.issuer_key else {
                let names = signed.claimed_signers().map(str::to_owned);
                return Ok(IssuerTrust::Claimed(names.collect()));
            };
            signed.verify(key)?;
            Ok(IssuerTrust::Given(key.clone()))
        };
        checked().map_err(|source| VerifyError::NotSignedByIssuer { source })
    }

    /// Whether a file is not the one that the manifest lists.
    fn is_changed(&self, file: BundleFile) -> Result<bool, VerifyError> {
        Ok(self.manifest.digest(file) != Some(digest(self.source, file)?))
    }

    /// A file that only the manifest vouches for.
    fn unchanged(&self, file: BundleFile) -> Result<(BundleFile, FileDigest), VerifyError> {
        if self.is_changed(file)? {
            return Err(not_listed(file));
        }
        self.listed(file)
    }

    /// Reads and parses `offering.toml`.
    fn terms(&self) -> Result<Arc<Terms>, VerifyError> {
        let file = BundleFile::Offering;
        let bytes = read_small(self.source, file, OFFERING_MAX)?;
        let changed = self.manifest.digest(file) != Some(FileDigest::of(&bytes));
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let problem = "it is not UTF-8".to_owned();
            return Err(VerifyError::Differs {
                file,
                place: Place::Whole,
                problem,
            });
        };
        let terms = Terms::parse(text).map_err(|problems| {
            let first = problems.first();
            let line = first.and_then(|problem| problem.place);
            VerifyError::Differs {
                file,
                place: line.map_or(Place::Whole, |place| Place::Line {
                    line: place.line as u64,
                    column: Some(place.column as u64),
                }),
                problem: first.map_or_else(String::new, |problem| problem.message.clone()),
            }
        })?;
        if changed {
            Err(not_listed(file))
        } else {
            Ok(Arc::new(terms))
        }
    }

    /// Reads the checkpoint; `None` when it is not one, which is reported once the right one is known.
    fn checkpoint(&self) -> Result<Option<CheckpointNote>, VerifyError> {
        let bytes = read_small(self.source, BundleFile::Checkpoint, SMALL_MAX)?;
        Ok(CheckpointNote::parse(&bytes).ok())
    }

    /// Replays the journal; a finding is blamed on the file that was changed.
    fn replay(
        &self,
        offering: &mut Offering,
        expected_entries: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Replayed, VerifyError> {
        let finding = match replay::replay(self.source, offering, expected_entries, progress) {
            Ok(replayed) => return Ok(replayed),
            Err(replay::Stopped::Unreadable(error)) => return Err(error),
            Err(replay::Stopped::Found(finding)) => finding,
        };
        let hashes_only =
            !self.is_changed(BundleFile::Journal)? && self.is_changed(BundleFile::JournalHashes)?;
        Err(finding.into_error(hashes_only))
    }

    /// The checkpoint is that of the journal, and signed by whom the manifest and the reader say.
    fn check_checkpoint(
        &self,
        note: Option<CheckpointNote>,
        offering: &Offering,
        replayed: &Replayed,
        trust: &Trust,
    ) -> Result<SignatureTrust, VerifyError> {
        let file = BundleFile::Checkpoint;
        let invalid = |source: ProofError| VerifyError::NotVerifiable { source };
        let origin = &offering.terms().origin;
        let expected = Checkpoint::new(origin, replayed.size, replayed.root).map_err(invalid)?;
        let bytes = read_small(self.source, file, SMALL_MAX)?;
        let body = expected.to_string();
        if !bytes.starts_with(body.as_bytes()) {
            let same = body
                .bytes()
                .zip(&bytes)
                .take_while(|(a, b)| a == *b)
                .count();
            let line = 1 + body
                .bytes()
                .take(same)
                .filter(|byte| *byte == b'\n')
                .count();
            return Err(VerifyError::Differs {
                file,
                place: Place::Line {
                    line: line as u64,
                    column: None,
                },
                problem: "it is not the checkpoint of this journal".to_owned(),
            });
        }
        let changed = self.is_changed(file)?;
        let signature_line = || VerifyError::Differs {
            file,
            place: Place::Line {
                line: 5,
                column: None,
            },
            problem: "its signature is not the one that was written".to_owned(),
        };
        let note = note.filter(|_| !changed).ok_or_else(signature_line)?;
        if let Some(key) = &trust.key {
            note.verify(key)
                .map_err(|source| VerifyError::NotSignedByKey { source })?;
            return Ok(SignatureTrust::Given(key.clone()));
        }
        match (&self.manifest.signer, &note) {
            (Some(key), _) => {
                note.verify(key)
                    .map_err(|source| VerifyError::NotSignedByKey { source })?;
                Ok(SignatureTrust::FromBundle(key.clone()))
            }
            (None, CheckpointNote::Unsigned(_)) => Ok(SignatureTrust::Unsigned),
            (None, CheckpointNote::Signed(_)) => Err(VerifyError::Differs {
                file: BundleFile::Manifest,
                place: Place::Line {
                    line: 3,
                    column: None,
                },
                problem: "it names no signer, and the checkpoint is signed".to_owned(),
            }),
        }
    }

    /// Turns the failure of writing into a comparing sink into the difference it stands for.
    /// `leaves` are those of the settlement tree.
    fn compared<T>(
        &self,
        found: &Mutex<Differences>,
        leaves: u64,
        result: Result<T, ProofError>,
    ) -> Result<T, VerifyError> {
        let mut found = found
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((file, difference)) = found.take_first() {
            return Err(difference.into_error(file, leaves));
        }
        result.map_err(|error| {
            if let ProofError::BundleIo { file, source } = error {
                VerifyError::FileUnreadable { file, source }
            } else if matches!(error, ProofError::NotSettled) {
                VerifyError::NotSettled
            } else {
                VerifyError::NotVerifiable { source: error }
            }
        })
    }

    /// The manifest lists what was computed; a bundle without investors lists no tree.
    fn check_manifest(&self, files: Vec<(BundleFile, FileDigest)>) -> Result<(), VerifyError> {
        let expected = Manifest::new(self.manifest.signer.clone(), files).to_json();
        let text = self.manifest.to_json();
        if expected == text {
            return Ok(());
        }
        let same = expected
            .lines()
            .zip(text.lines())
            .take_while(|(a, b)| a == b)
            .count();
        Err(VerifyError::Differs {
            file: BundleFile::Manifest,
            place: Place::Line {
                line: same as u64 + 1,
                column: None,
            },
            problem: "the file is not as it is listed here".to_owned(),
        })
    }
}

fn not_listed(file: BundleFile) -> VerifyError {
    VerifyError::Differs {
        file,
        place: Place::Whole,
        problem: "its size and SHA-256 are not those in manifest.json".to_owned(),
    }
}
