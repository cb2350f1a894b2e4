//! Logs of an escrow become entries, in their order, in batches that stand whole or not at all.

use softcap_evm::{ChainEntries, ChainEntry, Difference, EscrowLog, LogPlace};
use softcap_journal::{Answer, Intake, JournalError, OfferingLog, Submission};
use softcap_offering::{Outcome, Sequence};
use softcap_proof::entry::{Entry, decode, encode_command};

/// Most entries that are appended at once.
const AT_ONCE: usize = 2_048;

/// Why logs were not entered.
#[derive(Debug)]
pub(super) enum NotEntered {
    /// The record cannot take them now.
    Record(JournalError),
    /// The record says something else than the contract.
    Differs(Difference),
}

impl From<JournalError> for NotEntered {
    fn from(error: JournalError) -> Self {
        Self::Record(error)
    }
}

/// Enters logs; returns when they are on disk and every outcome was compared with what the contract did.
/// Differences up to `looked_at` were looked at by a person, and stop nothing.
pub(super) async fn enter(
    log: &OfferingLog,
    entries: &mut ChainEntries,
    seen: &[EscrowLog],
    looked_at: Option<LogPlace>,
) -> Result<(), NotEntered> {
    let mut batch: Vec<ChainEntry> = Vec::new();
    for one in seen {
        if batch.len() >= AT_ONCE || (entries.needs_the_record(&one.event) && !batch.is_empty()) {
            append(log, &mut batch, looked_at).await?;
        }
        let state = log.sequencer.read();
        batch.extend(entries.of(one, state.machine().offering()));
    }
    append(log, &mut batch, looked_at).await
}

async fn append(
    log: &OfferingLog,
    batch: &mut Vec<ChainEntry>,
    looked_at: Option<LogPlace>,
) -> Result<(), NotEntered> {
    let made = std::mem::take(batch);
    let submissions = made.iter().map(submission).collect::<Result<_, _>>()?;
    let answers = log.sequencer.submit_all(submissions).await?;
    let mut outcomes = Vec::with_capacity(made.len());
    for answer in answers {
        outcomes.push(outcome(log, answer).await?);
    }
    let state = log.sequencer.read();
    for (entry, outcome) in made.iter().zip(&outcomes) {
        match entry.check(outcome, state.machine().offering()) {
            Err(difference) if looked_at.is_none_or(|place| entry.place > place) => {
                return Err(NotEntered::Differs(difference));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// An entry of the chain is never stopped: what it says has happened.
fn submission(entry: &ChainEntry) -> Result<Submission, JournalError> {
    let mut body = Vec::new();
    let whole = Entry {
        sequence: Sequence(0),
        stamp: entry.stamp(),
        request: Some(entry.request),
        command: entry.command(),
    };
    encode_command(&whole, &mut body)?;
    Ok(Submission {
        intake: Intake::Other,
        request: Some(entry.request),
        body,
    })
}

/// What became of an entry, also of one that was there before: a stop may have come before it was
/// compared.
async fn outcome(log: &OfferingLog, answer: Answer) -> Result<Outcome, JournalError> {
    let outcome = match answer {
        Answer::Entered { batch, index } => decode(batch.leaf(index).unwrap_or_default())?.1,
        Answer::Known { first } => decode(&log.reader.leaf(first).await?)?.1,
    };
    match outcome {
        // Another node entered it at the same time.
        Outcome::RepeatOf(first) => Ok(decode(&log.reader.leaf(first.0).await?)?.1),
        Outcome::Contributed(_)
        | Outcome::Refused(_)
        | Outcome::Done
        | Outcome::Refunded { .. }
        | Outcome::RefundedAndPromoted { .. }
        | Outcome::Settled(_) => Ok(outcome),
    }
}
