//! Documents in the order of their entries.

use super::{coded::Coded, error::StateError, reader::Reader, writer::Writer};
use crate::{DocumentExit, Sequence, documents::Document};

impl Coded for Document {
    fn write(&self, out: &mut Writer<'_>) {
        let Self {
            sequence,
            stamp,
            hash,
            exit,
        } = self;
        sequence.write(out);
        stamp.write(out);
        hash.write(out);
        exit.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            sequence: Coded::read(input)?,
            stamp: Coded::read(input)?,
            hash: Coded::read(input)?,
            exit: Coded::read(input)?,
        })
    }
}

/// As the position up to which it opens withdrawals, if it does.
impl Coded for DocumentExit {
    fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::None => None,
            Self::WithdrawalUntil(until) => Some(*until),
        }
        .write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, StateError> {
        let until: Option<_> = Coded::read(input)?;
        Ok(until.map_or(Self::None, Self::WithdrawalUntil))
    }
}

/// Entries rise, and all of them were made.
pub(super) fn read(input: &mut Reader<'_>, next: Sequence) -> Result<Vec<Document>, StateError> {
    let documents: Vec<Document> = Coded::read(input)?;
    let last_is_there = documents.last().is_none_or(|last| last.sequence < next);
    if last_is_there && documents.is_sorted_by(|a, b| a.sequence < b.sequence) {
        Ok(documents)
    } else {
        Err(input.malformed("documents are not in the order of entries"))
    }
}
