//! Files that a person shows: sealed with the person's own key in a folder, outside of every database and record.
//!
//! A file comes under another name, is synced, gets its name, and only then its row: what a stop leaves behind is a file
//! without a row, which a sweep removes. A file that is deleted loses its row first, for the same reason.

use std::{fmt, io, path::PathBuf, sync::Arc};

use softcap_database::{on_reader, row};
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
};
use zeroize::Zeroizing;

use super::{
    Case, MediaType, UploadKind, VerificationError, Verifications,
    book::{Change, Note},
    media::TELLING,
    own::require_turn,
    verifications::by,
};
use crate::{
    Act, Column, KeyPurpose, PersonId, PersonalKey, UnixMillis,
    people::{CHUNK, HEADER, SEALED_CHUNK, SealedStream, id_text, parse_id, random_bytes},
};

/// How often a row is tried while other uploads of the same person come in.
const TRIES: u32 = 20;
/// A file without a row that is older than this is nobody's.
const ABANDONED: std::time::Duration = std::time::Duration::from_hours(1);
const UNFINISHED: &str = "unfinished";

/// Where files are, and how large and how many they may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadSettings {
    /// The folder. Several nodes on one database need one that all of them see.
    pub folder: PathBuf,
    /// Most bytes of a file.
    pub most_bytes: u64,
    /// Most files of a person.
    pub most_files: usize,
}

/// Names a file: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadId([u8; 16]);

id_text!(UploadId, VerificationError::NoUpload);

/// A file that a person showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name.
    pub id: UploadId,
    /// What it shows.
    pub kind: UploadKind,
    /// What it is.
    pub media: MediaType,
    /// Its size in the clear.
    pub bytes: u64,
    /// When it came.
    pub made_at: UnixMillis,
}

row! {
    pub(super) struct UploadRow {
        id: String,
        kind: String,
        media: String,
        bytes: i64,
        made_at: i64,
    }
}

impl UploadRow {
    fn read(self) -> Result<Upload, VerificationError> {
        let row = self.id.clone();
        self.parse().ok_or_else(|| super::case::damaged(row))
    }

    fn parse(self) -> Option<Upload> {
        Some(Upload {
            id: self.id.parse().ok()?,
            kind: UploadKind::from_code(&self.kind)?,
            media: MediaType::from_code(&self.media)?,
            bytes: u64::try_from(self.bytes).ok()?,
            made_at: UnixMillis::new(self.made_at),
        })
    }
}

const OF_PERSON: &str = "SELECT id, kind, media, bytes, made_at FROM verification_upload \
     WHERE person = $1 ORDER BY made_at, id";

/// A file that comes in.
pub struct Receiving {
    cases: Verifications,
    person: PersonId,
    upload: Upload,
    key: Arc<PersonalKey>,
    prefix: [u8; HEADER],
    number: u32,
    file: File,
    place: Unfinished,
    /// What came and is not sealed yet.
    waits: Zeroizing<Vec<u8>>,
    is_told: bool,
}

/// Says nothing of what comes.
impl fmt::Debug for Receiving {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Receiving({})", self.upload.id)
    }
}

/// A file under another name, which is gone when nobody gave it its own.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What cannot be removed now is swept later.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Verifications {
    /// The files that a person showed, in the order they came.
    ///
    /// # Errors
    /// What the database says.
    pub async fn uploads(&self, person: PersonId) -> Result<Vec<Upload>, VerificationError> {
        let rows: Vec<UploadRow> = on_reader!(self.book.database(), |pool| {
            sqlx::query_as(OF_PERSON)
                .bind(person.to_string())
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(UploadRow::read).collect()
    }

    /// Begins to take a file of a person whose turn it is.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::Step`], [`VerificationError::TooMany`],
    /// [`VerificationError::Room`], and what the database says.
    pub async fn receive(
        &self,
        person: PersonId,
        (kind, media): (UploadKind, MediaType),
        now: UnixMillis,
    ) -> Result<Receiving, VerificationError> {
        self.require_place(person).await?;
        let id = UploadId(random_bytes()?);
        let key = self
            .keys
            .find_or_make(person, KeyPurpose::Verification, now)
            .await?;
        let settings = &self.uploads;
        fs::create_dir_all(&settings.folder)
            .await
            .map_err(no_room)?;
        let path = settings.folder.join(format!("{id}.{UNFINISHED}"));
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .await
            .map_err(no_room)?;
        let place = Unfinished(Some(path));
        let name = id.to_string();
        let (_, prefix) = SealedStream::begin(&key, content(&name))?;
        file.write_all(&prefix).await.map_err(no_room)?;
        let upload = Upload {
            id,
            kind,
            media,
            bytes: 0,
            made_at: now,
        };
        Ok(Receiving {
            cases: self.clone(),
            person,
            upload,
            key,
            prefix,
            number: 0,
            file,
            place,
            waits: Zeroizing::new(Vec::with_capacity(2 * CHUNK)),
            is_told: false,
        })
    }

    /// The case of a person who may show one more file.
    async fn require_place(&self, person: PersonId) -> Result<Case, VerificationError> {
        let case = self.case(person).await?;
        require_turn(&case, "showing a file")?;
        if self.uploads(person).await?.len() >= self.uploads.most_files {
            return Err(VerificationError::TooMany(self.uploads.most_files));
        }
        Ok(case)
    }

    /// Takes a file back while it is the person's turn.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::Step`], [`VerificationError::NoUpload`], and what the database
    /// says.
    pub async fn take_back(
        &self,
        person: PersonId,
        id: UploadId,
        now: UnixMillis,
    ) -> Result<(), VerificationError> {
        let case = self.case(person).await?;
        require_turn(&case, "taking a file back")?;
        self.find_upload(person, id).await?;
        let note = Note {
            actor: by(person),
            act: Act::DropUpload,
            code: id.to_string(),
        };
        let next = self.next(&case, case.state.clone());
        let changes = vec![Change::DropUpload(id)];
        let written = self
            .book
            .write(Some(case.version), &next, (changes, note), now);
        written.await?;
        self.remove_file(id).await;
        Ok(())
    }

    pub(super) async fn find_upload(
        &self,
        person: PersonId,
        id: UploadId,
    ) -> Result<Upload, VerificationError> {
        let uploads = self.uploads(person).await?;
        let found = uploads.into_iter().find(|upload| upload.id == id);
        found.ok_or(VerificationError::NoUpload)
    }

    /// A file of a person, for a reviewer. That it was read is written down first.
    ///
    /// # Errors
    /// [`VerificationError::OwnCase`], [`VerificationError::NoUpload`], [`VerificationError::Destroyed`],
    /// [`VerificationError::File`], and what the database says.
    pub async fn show(
        &self,
        reviewer: PersonId,
        (person, id): (PersonId, UploadId),
        now: UnixMillis,
    ) -> Result<Showing, VerificationError> {
        self.of_another(reviewer, person).await?;
        let upload = self.find_upload(person, id).await?;
        self.note_reading(reviewer, person, &id.to_string(), now)
            .await?;
        self.open_upload(person, upload).await
    }

    /// A file of a person, for themself or for who gives out everything that is held of them.
    ///
    /// # Errors
    /// [`VerificationError::Destroyed`], [`VerificationError::File`], and what the database says.
    pub async fn open_upload(
        &self,
        person: PersonId,
        upload: Upload,
    ) -> Result<Showing, VerificationError> {
        let key = self.keys.find(person, KeyPurpose::Verification).await?;
        let key = key.ok_or(VerificationError::Destroyed)?;
        let path = self.path(upload.id);
        let mut file = File::open(&path)
            .await
            .map_err(|_| VerificationError::File)?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header)
            .await
            .map_err(|_| VerificationError::File)?;
        let name = upload.id.to_string();
        SealedStream::resume(&key, content(&name), &header)?;
        Ok(Showing {
            upload,
            key,
            header,
            number: 0,
            left: upload.bytes,
            is_over: false,
            file,
        })
    }

    /// Removes files that have no row, and are not coming in at this moment: what stops left behind. How many.
    ///
    /// # Errors
    /// What the database says, or the folder.
    pub async fn sweep_uploads(&self, now: UnixMillis) -> Result<usize, VerificationError> {
        const TEXT: &str = "SELECT id FROM verification_upload WHERE id = $1";
        let mut entries = match fs::read_dir(&self.uploads.folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(_) => return Err(VerificationError::File),
        };
        let mut removed = 0;
        while let Some(entry) = entries
            .next_entry()
            .await
            .map_err(|_| VerificationError::File)?
        {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let stem = name.split('.').next().unwrap_or_default();
            if parse_id(stem).is_none() {
                continue;
            }
            let found: Option<String> = on_reader!(self.book.database(), |pool| {
                sqlx::query_scalar(TEXT)
                    .bind(stem)
                    .fetch_optional(pool)
                    .await
            })?;
            if (found.is_some() && stem == name) || !is_abandoned(&entry, now).await {
                continue;
            }
            removed += usize::from(fs::remove_file(entry.path()).await.is_ok());
        }
        Ok(removed)
    }

    pub(crate) async fn remove_file(&self, id: UploadId) {
        // What cannot be removed now has no row, and is swept later.
        let _ = fs::remove_file(self.path(id)).await;
    }

    fn path(&self, id: UploadId) -> PathBuf {
        self.uploads.folder.join(id.to_string())
    }
}

async fn is_abandoned(entry: &fs::DirEntry, now: UnixMillis) -> bool {
    let changed = entry.metadata().await.and_then(|about| about.modified());
    let Ok(changed) = changed else { return false };
    let since = changed
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis::new(0).plus(since) <= now.minus(ABANDONED)
}

impl Receiving {
    /// Takes what came next.
    ///
    /// # Errors
    /// [`VerificationError::TooLarge`], [`VerificationError::NotThatType`], [`VerificationError::Room`]; nothing is left
    /// of the file then.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), VerificationError> {
        let most = self.cases.uploads.most_bytes;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.upload.bytes = self.upload.bytes.saturating_add(length);
        if self.upload.bytes > most {
            return Err(VerificationError::TooLarge(most));
        }
        self.waits.extend_from_slice(bytes);
        if !self.is_told && self.waits.len() >= TELLING {
            self.require_type()?;
        }
        // The last chunk is marked as such, so that one is kept until more comes.
        while self.waits.len() > CHUNK {
            let rest = self.waits.split_off(CHUNK);
            let chunk = std::mem::replace(&mut self.waits, Zeroizing::new(rest));
            self.write(&chunk, false).await?;
        }
        Ok(())
    }

    fn require_type(&mut self) -> Result<(), VerificationError> {
        self.is_told = true;
        if self.upload.media.begins(&self.waits) {
            Ok(())
        } else {
            Err(VerificationError::NotThatType)
        }
    }

    async fn write(&mut self, chunk: &[u8], is_last: bool) -> Result<(), VerificationError> {
        let name = self.upload.id.to_string();
        let mut stream = SealedStream::resume(&self.key, content(&name), &self.prefix)?;
        stream.skip_to(self.number);
        let sealed = stream.seal(chunk, is_last)?;
        self.number += 1;
        self.file.write_all(&sealed).await.map_err(no_room)
    }

    /// The file is complete: it is kept from here on.
    ///
    /// # Errors
    /// Those of [`Receiving::push`] and of [`Verifications::receive`], which are judged again; what the database says.
    pub async fn finish(mut self, now: UnixMillis) -> Result<Upload, VerificationError> {
        if !self.is_told {
            self.require_type()?;
        }
        let last = std::mem::take(&mut *self.waits);
        let last = Zeroizing::new(last);
        self.write(&last, true).await?;
        self.file.flush().await.map_err(no_room)?;
        self.file.sync_all().await.map_err(no_room)?;
        let path = self.cases.path(self.upload.id);
        if let Some(unfinished) = &self.place.0 {
            fs::rename(unfinished, &path).await.map_err(no_room)?;
        }
        // From here on it is removed under its own name unless it gets a row.
        self.place.0 = Some(path);
        let folder = File::open(&self.cases.uploads.folder).await;
        folder.map_err(no_room)?.sync_all().await.map_err(no_room)?;
        self.enter(now).await?;
        self.place.0 = None;
        Ok(self.upload)
    }

    /// Makes the row, beside other files of the person that come in at the same time.
    async fn enter(&self, now: UnixMillis) -> Result<(), VerificationError> {
        let cases = &self.cases;
        for _ in 0..TRIES {
            let case = cases.require_place(self.person).await?;
            let note = Note {
                actor: by(self.person),
                act: Act::AddUpload,
                code: format!("{} {}", self.upload.kind.as_code(), self.upload.id),
            };
            let next = cases.next(&case, case.state.clone());
            let changes = vec![Change::Upload(self.upload)];
            let written = cases
                .book
                .write(Some(case.version), &next, (changes, note), now);
            match written.await {
                Err(VerificationError::Changed) => {}
                written => return written,
            }
        }
        Err(VerificationError::Changed)
    }
}

/// A file that is shown.
pub struct Showing {
    /// What it is.
    pub upload: Upload,
    key: Arc<PersonalKey>,
    header: [u8; HEADER],
    number: u32,
    left: u64,
    is_over: bool,
    file: File,
}

/// Says nothing of what it shows.
impl fmt::Debug for Showing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Showing({})", self.upload.id)
    }
}

impl Showing {
    /// The next bytes in the clear; `None` at the end.
    ///
    /// # Errors
    /// [`VerificationError::File`] when the file ends early or goes on, [`crate::PersonError::Sealed`] when it was
    /// changed.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, VerificationError> {
        if self.is_over {
            return Ok(None);
        }
        let mut sealed = Vec::with_capacity(SEALED_CHUNK);
        let most = u64::try_from(SEALED_CHUNK).unwrap_or(u64::MAX);
        (&mut self.file)
            .take(most)
            .read_to_end(&mut sealed)
            .await
            .map_err(|_| VerificationError::File)?;
        let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        let is_last = self.left <= chunk;
        let name = self.upload.id.to_string();
        let mut stream = SealedStream::resume(&self.key, content(&name), &self.header)?;
        stream.skip_to(self.number);
        let plain = stream.open(&sealed, is_last)?;
        self.number += 1;
        self.left = self
            .left
            .saturating_sub(u64::try_from(plain.len()).unwrap_or(u64::MAX));
        if is_last {
            self.is_over = true;
            if self.left > 0 {
                return Err(VerificationError::File);
            }
        }
        Ok(Some(plain))
    }
}

fn content(id: &str) -> Column<'_> {
    Column {
        table: "verification_upload",
        column: "content",
        row: id,
    }
}

fn no_room(error: io::Error) -> VerificationError {
    tracing::warn!(kind = ?error.kind(), "an upload cannot be written");
    VerificationError::Room
}
