//! The audit bundle of a settled offering, made from its log.
//!
//! A bundle ends with the entry that publishes the root of the settlement, so that it is the same
//! whenever and wherever it is made. What the log says after it, of tokens and money that are handed
//! over, is read from the log.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Seek as _, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use softcap_offering::{Command, Offering, Outcome, Stamp};
use softcap_proof::{
    ProofError, SignedTerms, SigningKey,
    bundle::{BundleFile, BundleSink, BundleWriter, DigestWriter, FileDigest, SettledBundle},
    entry::{Entry, decode},
};
use tar::{Builder, EntryType, Header};

use crate::{JournalError, OfferingLog, bundle_leaves, tile_edge::TILE};

/// Writes the bundle of a settled offering from its log, but for what is opaque to verification and
/// the manifest. `observe` sees each entry after the first, its outcome, and the offering after it.
///
/// # Errors
/// [`ProofError::NotSettled`] when the root of the settlement is not in the log yet, those of
/// [`BundleWriter`], [`JournalError::Damaged`] when the log does not lead to its own root, and what the
/// database says.
pub async fn write_bundle<'s, S: BundleSink>(
    log: &OfferingLog,
    key: &SigningKey,
    sink: &'s S,
    mut observe: impl FnMut(&Entry<'_>, &Outcome, &Offering),
) -> Result<SettledBundle<'s, S>, JournalError>
where
    S::File: 'static,
{
    let announced = announced(log).await?;
    let text = log.row.document.as_bytes();
    let mut bundle = BundleWriter::new(text, log.terms.clone(), announced, sink)?;
    if let Some(issuer) = &log.row.issuer {
        bundle.add_signature(&SignedTerms::parse(issuer.note.as_bytes())?)?;
    }
    let size = log.reader.size();
    let mut next = 1;
    let mut is_whole = false;
    while next < size && !is_whole {
        let tile = log.reader.tile(-1, next / TILE as u64).await?;
        let known = usize::try_from(next % TILE as u64).unwrap_or_default();
        for leaf in bundle_leaves(&tile).skip(known) {
            let (entry, _) = decode(leaf)?;
            let (_, outcome) = bundle.record_request(entry.stamp, entry.request, &entry.command)?;
            observe(&entry, &outcome, bundle.offering());
            next += 1;
            is_whole = is_last(&entry.command, &outcome, bundle.offering());
            if is_whole {
                break;
            }
        }
    }
    if !is_whole {
        return Err(ProofError::NotSettled.into());
    }
    let bundle = bundle.finish_recorded(Some(key))?;
    if log.reader.root_at(next).await? != bundle.commitments().journal_root {
        return Err(JournalError::Damaged {
            log: log.row.name.to_string(),
            index: next - 1,
            problem: "what follows from the entries up to this one is not what the log says"
                .to_owned(),
        });
    }
    Ok(bundle)
}

/// When the terms were announced.
async fn announced(log: &OfferingLog) -> Result<Stamp, JournalError> {
    let first = log.reader.leaf(0).await?;
    let (entry, _) = decode(&first)?;
    Ok(entry.stamp)
}

/// Whether an entry is the last one of a bundle: it published the root, or it settled an offering in
/// which nobody took part, so that there is none.
fn is_last(command: &Command<'_>, outcome: &Outcome, offering: &Offering) -> bool {
    match outcome {
        Outcome::Done => matches!(command, Command::Publish { .. }),
        Outcome::Settled(_) => offering.investor_count() == 0,
        Outcome::Contributed(_)
        | Outcome::Refused(_)
        | Outcome::Refunded { .. }
        | Outcome::RefundedAndPromoted { .. }
        | Outcome::RepeatOf(_) => false,
    }
}

/// A bundle as a tar archive, in a file without a name: it goes when this does.
#[derive(Debug)]
pub struct BundleArchive {
    file: File,
    digest: FileDigest,
}

impl BundleArchive {
    /// Makes the archive of a settled offering: its files in a folder of the offering's name. A log and
    /// a key give the same bytes whenever they are asked. For a moment `folder` has room for them twice.
    ///
    /// # Errors
    /// As [`write_bundle`]; [`JournalError::File`] when `folder` has no room.
    pub async fn make(
        log: &OfferingLog,
        key: &SigningKey,
        folder: &Path,
    ) -> Result<Self, JournalError> {
        let files = NamelessFiles {
            folder: folder.to_owned(),
            closed: Mutex::default(),
        };
        let bundle = write_bundle(log, key, &files, |_, _, _| {}).await?;
        bundle.finish()?;
        let closed = files.closed.into_inner();
        let closed = closed.unwrap_or_else(PoisonError::into_inner);
        let archive = tempfile::tempfile_in(folder);
        let archive = archive.and_then(|file| pack(log.row.name.as_str(), closed, file));
        let (file, digest) = archive.map_err(JournalError::file(folder))?;
        Ok(Self { file, digest })
    }

    /// Its size and SHA-256.
    #[must_use]
    pub fn digest(&self) -> FileDigest {
        self.digest
    }

    /// Reads up to so many bytes from a place; none at the end.
    ///
    /// # Errors
    /// What the system says.
    pub fn read_at(&self, place: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut piece = vec![0; most];
        let read = self.file.read_at(&mut piece, place)?;
        piece.truncate(read);
        Ok(piece)
    }
}

fn pack(
    folder: &str,
    files: BTreeMap<BundleFile, File>,
    archive: File,
) -> io::Result<(File, FileDigest)> {
    let mut builder = Builder::new(DigestWriter::new(BufWriter::new(archive)));
    for (name, mut file) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(file.metadata()?.len());
        header.set_mode(0o644);
        for zero in [Header::set_uid, Header::set_gid, Header::set_mtime] {
            zero(&mut header, 0);
        }
        file.rewind()?;
        builder.append_data(&mut header, format!("{folder}/{name}"), file)?;
    }
    let (writer, digest) = builder.into_inner()?.finish()?;
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    Ok((file, digest))
}

/// Files without names, until they are packed.
#[derive(Debug)]
struct NamelessFiles {
    folder: PathBuf,
    closed: Mutex<BTreeMap<BundleFile, File>>,
}

impl BundleSink for NamelessFiles {
    type File = File;

    fn create(&self, _: BundleFile) -> io::Result<File> {
        tempfile::tempfile_in(&self.folder)
    }

    fn close(&self, file: BundleFile, mut open: File) -> io::Result<()> {
        open.flush()?;
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.insert(file, open);
        Ok(())
    }
}
