//! The documents of an offering (white paper, risk notes): each version as its entry published it.

use crate::{DocumentExit, Offering, Position, Refusal, Sequence, Stamp};

/// A version of a document. Its number is its place among all of them, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its entry.
    pub sequence: Sequence,
    /// Where its entry stands.
    pub stamp: Stamp,
    /// SHA-256 of the document.
    pub hash: [u8; 32],
    /// Whether it opened a right of withdrawal.
    pub exit: DocumentExit,
}

impl Offering {
    /// Every document in the order of their entries.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    pub(crate) fn record_document(&mut self, document: Document) -> Result<(), Refusal> {
        if let DocumentExit::WithdrawalUntil(until) = document.exit {
            self.require_running()?;
            self.open_exit(document.sequence, until);
        }
        self.documents.push(document);
        Ok(())
    }

    /// A supplement adds an exit and shortens none. One that ends no later than this one is covered by
    /// it, so the list falls in positions and stays short.
    fn open_exit(&mut self, before: Sequence, until: Position) {
        let covered = |open: &mut (Sequence, Position)| open.1 <= until;
        while self.document_exits.pop_if(covered).is_some() {}
        self.document_exits.push((before, until));
    }
}
