//! A sink that compares: what is written into it must be what the file holds.

use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use super::{BundleSource, Place, VerifyError};
use crate::bundle::{BundleFile, BundleSink};
use crate::settlement_file::part_at;

/// Where a file first differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Byte of the file.
    pub(super) offset: u64,
    line: u64,
    column: u64,
    /// The expected line up to its end, as far as it was written at once.
    expected_line: Vec<u8>,
    kind: DifferenceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DifferenceKind {
    Byte,
    EndsEarly,
    GoesOn,
}

/// The differences of all files so far.
#[derive(Debug, Default)]
pub(super) struct Differences(Vec<(BundleFile, Difference)>);

impl Differences {
    /// The difference in the first file that has one.
    pub(super) fn take_first(&mut self) -> Option<(BundleFile, Difference)> {
        self.0.sort_by_key(|(file, _)| *file);
        if self.0.is_empty() {
            None
        } else {
            Some(self.0.remove(0))
        }
    }
}

/// Opens the files of a bundle for comparison.
pub(super) struct CompareSink<'a> {
    source: &'a dyn BundleSource,
    found: &'a Mutex<Differences>,
}

impl<'a> CompareSink<'a> {
    pub(super) fn new(source: &'a dyn BundleSource, found: &'a Mutex<Differences>) -> Self {
        Self { source, found }
    }

    fn report(&self, file: BundleFile, difference: Difference) -> io::Error {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.0.push((file, difference));
        io::Error::other("the file differs")
    }
}

impl<'a> BundleSink for CompareSink<'a> {
    type File = CompareWriter<'a>;

    fn create(&self, file: BundleFile) -> io::Result<CompareWriter<'a>> {
        let sink = CompareSink::new(self.source, self.found);
        Ok(CompareWriter::new(
            self.source.open(file.name())?,
            file,
            sink,
        ))
    }

    fn close(&self, _: BundleFile, open: CompareWriter<'a>) -> io::Result<()> {
        open.end()
    }
}

/// One file, compared with what is written.
pub(super) struct CompareWriter<'a> {
    reader: Box<dyn Read + Send + 'a>,
    file: BundleFile,
    sink: CompareSink<'a>,
    piece: Vec<u8>,
    offset: u64,
    line: u64,
    /// What was written since the last end of a line; empty for files that are not text.
    line_begin: Vec<u8>,
}

impl<'a> CompareWriter<'a> {
    fn new(reader: Box<dyn Read + Send + 'a>, file: BundleFile, sink: CompareSink<'a>) -> Self {
        Self {
            reader,
            file,
            sink,
            piece: Vec::new(),
            offset: 0,
            line: 1,
            line_begin: Vec::new(),
        }
    }

    fn compare(&mut self, expected: &[u8]) -> io::Result<()> {
        self.piece.resize(expected.len(), 0);
        let length = read_up_to(&mut self.reader, &mut self.piece)?;
        if self.piece[..length] == *expected {
            self.advance(expected);
            return Ok(());
        }
        let same = self.piece[..length]
            .iter()
            .zip(expected)
            .take_while(|(a, b)| a == b)
            .count();
        let kind = if same == length {
            DifferenceKind::EndsEarly
        } else {
            DifferenceKind::Byte
        };
        let (before, after) = expected.split_at(same);
        self.advance(before);
        Err(self.report(kind, after))
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if !is_text(self.file) {
            return;
        }
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.line_begin.clear();
                self.line_begin.extend_from_slice(&bytes[last + 1..]);
            }
            None => self.line_begin.extend_from_slice(bytes),
        }
    }

    /// The difference stands before `expected`.
    fn report(&self, kind: DifferenceKind, expected: &[u8]) -> io::Error {
        let mut expected_line = self.line_begin.clone();
        if is_text(self.file) {
            expected_line.extend(expected.iter().take_while(|byte| **byte != b'\n'));
        }
        let column = self.line_begin.len() as u64 + 1;
        let (offset, line) = (self.offset, self.line);
        let difference = Difference {
            offset,
            line,
            column,
            expected_line,
            kind,
        };
        self.sink.report(self.file, difference)
    }

    fn end(mut self) -> io::Result<()> {
        if read_up_to(&mut self.reader, &mut [0])? > 0 {
            return Err(self.report(DifferenceKind::GoesOn, &[]));
        }
        Ok(())
    }
}

impl Write for CompareWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.compare(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_text(file: BundleFile) -> bool {
    match file {
        BundleFile::SettlementTree | BundleFile::Journal | BundleFile::JournalHashes => false,
        BundleFile::Offering
        | BundleFile::OfferingSignature
        | BundleFile::Terms
        | BundleFile::Checkpoint
        | BundleFile::SettlementTable
        | BundleFile::InvestorsTable
        | BundleFile::Summary
        | BundleFile::Report
        | BundleFile::Annotations
        | BundleFile::Manifest => true,
    }
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Difference {
    /// The error that names file and place; `leaves` are those of the settlement tree.
    pub(super) fn into_error(self, file: BundleFile, leaves: u64) -> VerifyError {
        let problem = match self.kind {
            DifferenceKind::Byte => "it is not what follows from terms and journal",
            DifferenceKind::EndsEarly => "it ends before all that follows from terms and journal",
            DifferenceKind::GoesOn => "it goes on after all that follows from terms and journal",
        };
        VerifyError::Differs {
            file,
            place: self.place(file, leaves),
            problem: problem.to_owned(),
        }
    }

    fn place(&self, file: BundleFile, leaves: u64) -> Place {
        match file {
            BundleFile::SettlementTable | BundleFile::InvestorsTable if self.line > 1 => {
                let expected = String::from_utf8_lossy(&self.expected_line);
                let id = expected.split(',').next().unwrap_or_default().to_owned();
                let before = self.column as usize - 1;
                let commas = self
                    .expected_line
                    .iter()
                    .take(before)
                    .filter(|byte| **byte == b',')
                    .count();
                Place::Row {
                    row: self.line - 1,
                    id,
                    field: commas as u64 + 1,
                }
            }
            BundleFile::SettlementTree => Place::Tree(part_at(self.offset, leaves)),
            BundleFile::Journal | BundleFile::JournalHashes => Place::Entry {
                entry: self.offset / 32,
            },
            BundleFile::Offering
            | BundleFile::OfferingSignature
            | BundleFile::Terms
            | BundleFile::Checkpoint
            | BundleFile::SettlementTable
            | BundleFile::InvestorsTable
            | BundleFile::Summary
            | BundleFile::Report
            | BundleFile::Annotations
            | BundleFile::Manifest => Place::Line {
                line: self.line,
                column: Some(self.column),
            },
        }
    }
}
