//! From the first entry to the manifest: the one order in which a bundle is written.

use std::io::Write;
use std::sync::Arc;

use softcap_offering::terms::Terms;
use softcap_offering::{Command, Offering, Outcome, RequestId, Sequence, Stamp};

use super::tables::write_file;
use super::{
    BundleFile, BundleSink, Commitments, DigestWriter, FileDigest, Manifest, References, Tables,
    write_summary, write_tables, write_terms,
};
use crate::checkpoint::Checkpoint;
use crate::entry::Entry;
use crate::error::ProofError;
use crate::journal::{JournalEnd, JournalWriter};
use crate::note_key::SigningKey;
use crate::signed_terms::SignedTerms;

type Files = Vec<(BundleFile, FileDigest)>;

/// A bundle whose journal still grows.
#[derive(Debug)]
pub struct BundleWriter<'a, S: BundleSink> {
    sink: &'a S,
    offering: Offering,
    references: References,
    journal: JournalWriter<S::File, S::File>,
    files: Files,
}

impl<'a, S: BundleSink> BundleWriter<'a, S>
where
    S::File: 'static,
{
    /// Writes the terms and announces them at `stamp`. `text` is the file that `terms` were parsed
    /// from.
    ///
    /// # Errors
    /// [`ProofError::BundleIo`], and those of [`BundleWriter::record`].
    pub fn new(
        text: &[u8],
        terms: Arc<Terms>,
        stamp: Stamp,
        sink: &'a S,
    ) -> Result<Self, ProofError> {
        let offering = Offering::new(terms);
        let mut files = vec![write_file(sink, BundleFile::Offering, |out| {
            out.write_all(text)
        })?];
        files.push(write_terms(&offering, sink)?);
        let create = |file| {
            sink.create(file)
                .map_err(|source| ProofError::BundleIo { file, source })
        };
        let (journal, hashes) = (
            create(BundleFile::Journal)?,
            create(BundleFile::JournalHashes)?,
        );
        let journal = JournalWriter::new(journal, hashes);
        let terms_hash = offering.terms_hash();
        let references = References::new();
        let mut writer = Self {
            sink,
            offering,
            references,
            journal,
            files,
        };
        writer.record(stamp, &Command::Announce { terms_hash })?;
        Ok(writer)
    }

    /// Adds the issuer's signature of the terms. Whose it is, is for the caller to verify.
    ///
    /// # Errors
    /// [`ProofError::OtherTermsSigned`], [`ProofError::BundleIo`].
    pub fn add_signature(&mut self, signed: &SignedTerms) -> Result<(), ProofError> {
        signed.require(&self.offering.terms().origin, self.offering.terms_hash())?;
        let text = signed.to_string();
        let written = write_file(self.sink, BundleFile::OfferingSignature, |out| {
            out.write_all(text.as_bytes())
        })?;
        self.files.push(written);
        Ok(())
    }

    /// The offering as far as it is recorded.
    #[must_use]
    pub fn offering(&self) -> &Offering {
        &self.offering
    }

    /// Applies a command and records it with its outcome as the next entry.
    ///
    /// # Errors
    /// [`ProofError::EntryNotEncodable`], [`ProofError::JournalStopped`]. The bundle is of no use then.
    pub fn record(
        &mut self,
        stamp: Stamp,
        command: &Command<'_>,
    ) -> Result<(Sequence, Outcome), ProofError> {
        self.record_request(stamp, None, command)
    }

    /// As [`BundleWriter::record`], of a command that came with a request.
    ///
    /// # Errors
    /// The same.
    pub fn record_request(
        &mut self,
        stamp: Stamp,
        request: Option<RequestId>,
        command: &Command<'_>,
    ) -> Result<(Sequence, Outcome), ProofError> {
        let sequence = self.offering.next_sequence();
        let outcome = self.offering.apply_request(stamp, request, command);
        self.references.note(&self.offering, command);
        // Only references and numbers are cloned.
        let entry = Entry {
            sequence,
            stamp,
            request,
            command: command.clone(),
        };
        self.journal.append(&entry, &outcome)?;
        Ok((sequence, outcome))
    }

    /// Settles at `stamp`, writes the tables and the tree, publishes its root, ends the journal, and
    /// writes checkpoint and summary. Without a key the checkpoint is unsigned.
    ///
    /// # Errors
    /// [`ProofError::SettleRefused`] when the state machine refuses it, [`ProofError::BundleIo`],
    /// [`ProofError::JournalIo`], and those of recording.
    pub fn settle(
        mut self,
        stamp: Stamp,
        key: Option<&SigningKey>,
    ) -> Result<SettledBundle<'a, S>, ProofError> {
        if let (_, Outcome::Refused(refusal)) = self.record(stamp, &Command::Settle)? {
            return Err(ProofError::SettleRefused { refusal });
        }
        let tables = write_tables(&self.offering, &self.references, self.sink)?;
        if let Some(root) = tables.root {
            let settlement_root = root.0;
            if let (_, Outcome::Refused(refusal)) =
                self.record(stamp, &Command::Publish { settlement_root })?
            {
                return Err(ProofError::SettleRefused { refusal });
            }
        }
        self.seal(&tables, key)
    }

    /// As [`BundleWriter::settle`], where the settlement and its root are among the recorded entries
    /// already: for the log of a running offering.
    ///
    /// # Errors
    /// [`ProofError::NotSettled`], and those of [`BundleWriter::settle`].
    pub fn finish_recorded(
        self,
        key: Option<&SigningKey>,
    ) -> Result<SettledBundle<'a, S>, ProofError> {
        let tables = write_tables(&self.offering, &self.references, self.sink)?;
        self.seal(&tables, key)
    }

    fn seal(
        self,
        tables: &Tables,
        key: Option<&SigningKey>,
    ) -> Result<SettledBundle<'a, S>, ProofError> {
        let Self {
            sink,
            offering,
            references: _,
            journal,
            mut files,
        } = self;
        let JournalEnd {
            journal,
            hashes,
            size,
            root,
            journal_digest,
            hashes_digest,
        } = journal.finish()?;
        for (file, open) in [
            (BundleFile::Journal, journal),
            (BundleFile::JournalHashes, hashes),
        ] {
            sink.close(file, open)
                .map_err(|source| ProofError::BundleIo { file, source })?;
        }
        files.push((BundleFile::Journal, journal_digest));
        files.push((BundleFile::JournalHashes, hashes_digest));
        files.extend_from_slice(&tables.files);

        let checkpoint = Checkpoint::new(&offering.terms().origin, size, root)?;
        let note = key.map_or_else(
            || checkpoint.to_string(),
            |key| checkpoint.sign(key).to_string(),
        );
        files.push(write_file(sink, BundleFile::Checkpoint, |out| {
            out.write_all(note.as_bytes())
        })?);
        let commitments = Commitments {
            journal_root: root,
            journal_size: size,
        };
        files.push(write_summary(&offering, &commitments, tables, sink)?);
        let signer = key.map(|key| key.verifier_key().clone());
        let manifest = Manifest::new(signer, files);
        Ok(SettledBundle {
            sink,
            offering,
            commitments,
            tables: tables.clone(),
            manifest,
        })
    }
}

/// A bundle that lacks only what is opaque to verification, and the manifest.
#[derive(Debug)]
pub struct SettledBundle<'a, S> {
    sink: &'a S,
    offering: Offering,
    commitments: Commitments,
    tables: Tables,
    manifest: Manifest,
}

impl<S: BundleSink> SettledBundle<'_, S> {
    /// The settled offering.
    #[must_use]
    pub fn offering(&self) -> &Offering {
        &self.offering
    }

    /// Root and size of the journal.
    #[must_use]
    pub fn commitments(&self) -> &Commitments {
        &self.commitments
    }

    /// The settlement's root and leaf encoding.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The files so far, with the checkpoint's signer.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Adds `report.html` or `annotations.csv`, whose content verification does not interpret. `write`
    /// gets the open file.
    ///
    /// # Errors
    /// [`ProofError::BundleIo`].
    pub fn add_opaque(
        &mut self,
        file: OpaqueFile,
        write: impl FnOnce(&mut DigestWriter<S::File>) -> std::io::Result<()>,
    ) -> Result<(), ProofError> {
        let file = match file {
            OpaqueFile::Report => BundleFile::Report,
            OpaqueFile::Annotations => BundleFile::Annotations,
        };
        let written = write_file(self.sink, file, write)?;
        self.manifest.files.push(written);
        Ok(())
    }

    /// Writes the manifest, the last file.
    ///
    /// # Errors
    /// [`ProofError::BundleIo`].
    pub fn finish(self) -> Result<Manifest, ProofError> {
        let manifest = Manifest::new(self.manifest.signer, self.manifest.files);
        let text = manifest.to_json();
        write_file(self.sink, BundleFile::Manifest, |out| {
            out.write_all(text.as_bytes())
        })?;
        Ok(manifest)
    }
}

/// A file that only the manifest vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpaqueFile {
    /// `report.html`.
    Report,
    /// `annotations.csv`.
    Annotations,
}
