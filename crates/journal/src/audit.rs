//! The audit log: every row of the audit, once and in order, whoever changes the table afterwards.

mod reading;
mod state;

use std::io::{Read, Write};

use softcap_offering::{Position, RequestId, Sequence};
use softcap_proof::{
    ProofError,
    audit_entry::{self, AuditEntry, AuditRow, AuditRows, decode, encode, encode_row},
};

pub use reading::AuditReading;
pub use state::AuditState;

use crate::{
    BatchRow, Intake, JournalError, Leaves, Machine, PrivateLog, StateFailure, Submission,
    machine::parting,
};

/// The machine of the audit log.
#[derive(Debug, Default)]
pub struct AuditMachine {
    state: AuditState,
}

impl AuditMachine {
    /// Which rows are in the log.
    #[must_use]
    pub fn state(&self) -> &AuditState {
        &self.state
    }
}

impl Machine for AuditMachine {
    /// Each node carries the rows of all.
    const UNREAD: u32 = 0;

    fn apply_batch(
        &mut self,
        first: u64,
        time: u64,
        body: &[u8],
        leaves: &mut Leaves,
    ) -> Result<(), ProofError> {
        let mut leaf = Vec::new();
        for entry in entries(first, time, body) {
            let entry = entry?;
            let outcome = self.state.apply(&entry.row);
            leaf.clear();
            encode(&entry, &outcome, &mut leaf)?;
            leaves.push(&leaf);
        }
        Ok(())
    }

    fn find_request(&self, request: RequestId) -> Option<u64> {
        self.state.entry_of(audit_entry::number_of(request)?)
    }

    fn is_same_command(leaf: &[u8], body: &[u8]) -> bool {
        match (decode(leaf), AuditRows::new(body).next()) {
            (Ok((entry, _)), Some(Ok(row))) => entry.row == row,
            (Ok(_) | Err(_), _) => false,
        }
    }

    fn first_difference(&self, row: &BatchRow, leaves: &Leaves) -> Option<u64> {
        let entered = entries(row.first, row.time, &row.body).map(Result::ok);
        let kept = leaves.iter().map(|leaf| Some(decode(leaf).ok()?.0));
        parting(row.first, entered, kept)
    }

    fn write_state(&self, out: &mut dyn Write) -> std::io::Result<[u8; 32]> {
        let bytes = self.state.to_bytes()?;
        out.write_all(&bytes)?;
        Ok(bytes.last_chunk().copied().unwrap_or_default())
    }

    fn empty(&self) -> Self {
        Self::default()
    }

    fn with_state(&self, input: &mut dyn Read) -> Result<Self, StateFailure> {
        let mut bytes = Vec::new();
        let read = input.read_to_end(&mut bytes);
        read.map_err(|error| StateFailure(error.to_string()))?;
        let state = AuditState::from_bytes(&bytes);
        let state = state.map_err(|problem| StateFailure(problem.to_owned()))?;
        Ok(Self { state })
    }
}

/// The entries of a batch. All of them stand at its time.
fn entries(
    first: u64,
    time: u64,
    body: &[u8],
) -> impl Iterator<Item = Result<AuditEntry<'_>, ProofError>> {
    (first..)
        .zip(AuditRows::new(body))
        .map(move |(sequence, row)| {
            Ok(AuditEntry {
                sequence: Sequence(sequence),
                time: Position(time),
                row: row?,
            })
        })
}

/// The audit log, running.
pub type AuditLog = PrivateLog<AuditMachine>;

impl AuditLog {
    /// The highest number of a row that is in the log, as far as this node has read it.
    #[must_use]
    pub fn last_row(&self) -> u64 {
        self.sequencer.read().machine().state().last()
    }

    /// Enters rows that follow each other, in one batch; returns when they are on disk. A row that is in the log already,
    /// also by another node, is not entered again. Some thousands at most.
    ///
    /// # Errors
    /// As [`Sequencer::submit_all`](crate::Sequencer::submit_all). Then it is open which of them were entered: try again
    /// from [`AuditLog::last_row`] on.
    pub async fn note(&self, rows: &[AuditRow<'_>]) -> Result<(), JournalError> {
        let mut submissions = Vec::with_capacity(rows.len());
        for row in rows {
            let mut body = Vec::new();
            encode_row(row, &mut body)?;
            submissions.push(Submission {
                intake: Intake::Other,
                request: Some(row.request()),
                body,
            });
        }
        self.sequencer.submit_all(submissions).await.map(|_| ())
    }
}
