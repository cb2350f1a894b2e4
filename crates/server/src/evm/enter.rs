//! Logs of an escrow become entries, in their order, in batches that stand whole or not at all.

use softcap_evm::{ChainEntries, ChainEntry, Difference, EscrowLog, LogPlace, check_root};
use softcap_journal::{Answer, Intake, JournalError, OfferingLog, Submission};
use softcap_offering::{LineIndex, Outcome, Position, Sequence, Stamp};
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
    entries.look_ahead(seen);
    for one in seen {
        if batch.len() >= AT_ONCE || (entries.needs_the_record(&one.event) && !batch.is_empty()) {
            append(log, &mut batch, looked_at).await?;
        }
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        if looked_at.is_none_or(|place| one.place > place) {
            check_root(one, offering).map_err(NotEntered::Differs)?;
        }
        batch.extend(entries.of(one, offering));
    }
    append(log, &mut batch, looked_at).await
}

async fn append(
    log: &OfferingLog,
    batch: &mut Vec<ChainEntry>,
    looked_at: Option<LogPlace>,
) -> Result<(), NotEntered> {
    let made = std::mem::take(batch);
    let reached = log
        .sequencer
        .read()
        .machine()
        .offering()
        .latest(LineIndex(0));
    let submissions = made.iter().map(|entry| submission(entry, reached));
    let submissions = submissions.collect::<Result<_, _>>()?;
    let answers = log.sequencer.submit_all(submissions).await?;
    let mut leaves = Vec::with_capacity(made.len());
    for answer in answers {
        leaves.push(became(log, answer).await?);
    }
    let state = log.sequencer.read();
    for (entry, leaf) in made.iter().zip(&leaves) {
        let (known, outcome) = decode(leaf).map_err(JournalError::from)?;
        match entry.check_known(&known.command, &outcome, state.machine().offering()) {
            Err(difference) if looked_at.is_none_or(|place| entry.place > place) => {
                return Err(NotEntered::Differs(difference));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// An entry of the chain is never stopped: what it says has happened. After a reorganisation that a person has
/// confirmed the chain's time may be behind that of the record, which does not run back.
fn submission(entry: &ChainEntry, reached: Position) -> Result<Submission, JournalError> {
    let mut body = Vec::new();
    let whole = Entry {
        sequence: Sequence(0),
        stamp: Stamp {
            position: entry.stamp().position.max(reached),
            ..entry.stamp()
        },
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

/// The leaf of an entry, also of one that was there before: a stop may have come before it was compared.
async fn became(log: &OfferingLog, answer: Answer) -> Result<Vec<u8>, JournalError> {
    let leaf = match answer {
        Answer::Entered { batch, index } => batch.leaf(index).unwrap_or_default().to_vec(),
        Answer::Known { first, .. } => log.reader.leaf(first).await?,
    };
    match decode(&leaf)?.1 {
        // Another node entered it at the same time.
        Outcome::RepeatOf(first) => log.reader.leaf(first.0).await,
        Outcome::Contributed(_)
        | Outcome::Refused(_)
        | Outcome::Done
        | Outcome::Refunded { .. }
        | Outcome::RefundedAndPromoted { .. }
        | Outcome::Settled(_) => Ok(leaf),
    }
}
