//! The log of the platform's balances.

use std::io::{Read, Write};

use softcap_offering::{Position, RequestId, Sequence};
use softcap_proof::ProofError;
use softcap_rails::balance::{
    BalanceCommand, BalanceCommands, BalanceEntry, BalanceOutcome, Balances, decode, encode,
    encode_command,
};

use crate::{
    Answer, BATCH_TIME, BatchRow, Intake, JournalError, Leaves, Machine, PrivateLog, StateFailure,
    Submission, machine::parting,
};

/// The machine of the platform's log.
#[derive(Debug, Default)]
pub struct PlatformMachine {
    balances: Balances,
}

impl PlatformMachine {
    /// The balances.
    #[must_use]
    pub fn balances(&self) -> &Balances {
        &self.balances
    }
}

impl Machine for PlatformMachine {
    /// Its batches are small, and its people few beside those of a stampede.
    fn apply_batch(
        &mut self,
        first: u64,
        time: u64,
        body: &[u8],
        leaves: &mut Leaves,
    ) -> Result<(), ProofError> {
        let mut leaf = Vec::new();
        for entry in BalanceCommands::new(body, Sequence(first)) {
            let mut entry = entry?;
            if entry.time == BATCH_TIME {
                entry.time = Position(time);
            }
            let outcome = self.balances.apply(entry.request, &entry.command);
            leaf.clear();
            encode(&entry, &outcome, &mut leaf)?;
            leaves.push(&leaf);
        }
        Ok(())
    }

    fn find_request(&self, request: RequestId) -> Option<u64> {
        self.balances.find_request(request).map(|first| first.0)
    }

    fn is_same_command(leaf: &[u8], body: &[u8]) -> bool {
        let submitted = BalanceCommands::new(body, Sequence(0)).next();
        match (decode(leaf), submitted) {
            (Ok((entry, _)), Some(Ok(submitted))) => entry.command == submitted.command,
            (Ok(_) | Err(_), _) => false,
        }
    }

    fn first_difference(&self, row: &BatchRow, leaves: &Leaves) -> Option<u64> {
        let entered = BalanceCommands::new(&row.body, Sequence(row.first)).map(|entry| {
            let mut entry = entry.ok()?;
            if entry.time == BATCH_TIME {
                entry.time = Position(row.time);
            }
            Some(entry)
        });
        let kept = leaves.iter().map(|leaf| Some(decode(leaf).ok()?.0));
        parting(row.first, entered, kept)
    }

    fn write_state(&self, out: &mut dyn Write) -> std::io::Result<[u8; 32]> {
        self.balances.write_state(out)
    }

    fn empty(&self) -> Self {
        Self::default()
    }

    fn with_state(&self, input: &mut dyn Read) -> Result<Self, StateFailure> {
        let balances =
            Balances::read_state(input).map_err(|error| StateFailure(error.to_string()))?;
        Ok(Self { balances })
    }
}

/// The platform's log, running. Its receipts are for the operator's own books.
pub type PlatformLog = PrivateLog<PlatformMachine>;

impl PlatformLog {
    /// Records an entry, and says what became of it. With a request that came before it is the first
    /// entry's number and outcome, and no new entry.
    ///
    /// # Errors
    /// [`JournalError::OtherContent`] when the request came with another command, and as
    /// [`crate::Sequencer::submit`].
    pub async fn record(
        &self,
        request: Option<RequestId>,
        command: &BalanceCommand<'_>,
    ) -> Result<(Sequence, BalanceOutcome), JournalError> {
        let entry = BalanceEntry {
            sequence: Sequence(0),
            time: BATCH_TIME,
            request,
            command: *command,
        };
        let mut body = Vec::new();
        encode_command(&entry, &mut body)?;
        let submission = Submission {
            intake: Intake::Other,
            request,
            body,
        };
        let (index, leaf) = match self.sequencer.submit(submission).await? {
            Answer::Entered { batch, index } => {
                let leaf = batch.leaf(index).map(<[u8]>::to_vec);
                let size = batch.size();
                (
                    index,
                    leaf.ok_or(JournalError::NoSuchEntry { index, size })?,
                )
            }
            Answer::Known { first, body } => {
                let leaf = self.reader.leaf(first).await?;
                if !PlatformMachine::is_same_command(&leaf, &body) {
                    return Err(JournalError::OtherContent { first });
                }
                (first, leaf)
            }
        };
        let (_, outcome) = decode(&leaf)?;
        Ok((Sequence(index), outcome))
    }
}
