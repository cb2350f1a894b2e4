//! The batch body: entries without numbers and outcomes, one after the other.
//!
//! Numbers follow from the number of the first, outcomes from a replay. What is accepted here has a
//! leaf whatever its outcome: nothing enters a journal that its tree could not hold.

use softcap_offering::{LineIndex, Position, Sequence, Stamp};

use super::read::Reader;
use super::{COMMAND_MAX, Entry, command, not_encodable, write};
use crate::error::ProofError;

const TOO_LONG: &str = "the command is longer than 65,411 bytes";

/// Appends an entry to a batch body; its sequence number is not in it.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] as [`encode`](super::encode), also for a command that is longer
/// than [`COMMAND_MAX`]. Then `body` is as long as before.
pub fn encode_command(entry: &Entry<'_>, body: &mut Vec<u8>) -> Result<(), ProofError> {
    let begin = body.len();
    body.push(entry.stamp.line.0);
    body.extend_from_slice(&entry.stamp.position.0.to_be_bytes());
    body.push(u8::from(entry.request.is_some()));
    let result = write::request(entry.request, body).and_then(|()| {
        let length_at = body.len();
        body.extend_from_slice(&[0, 0]);
        let command_at = body.len();
        command::encode(&entry.command, body)?;
        let length = body.len() - command_at;
        let length = u16::try_from(length).ok();
        let length = length.filter(|length| usize::from(*length) <= COMMAND_MAX);
        let length = length.ok_or(TOO_LONG)?;
        body[length_at..command_at].copy_from_slice(&length.to_be_bytes());
        Ok(())
    });
    result.map_err(|problem| {
        body.truncate(begin);
        not_encodable(entry, problem)
    })
}

/// The entries of a batch body in order. Strict: what it accepts, [`encode_command`] turns into the
/// same bytes again. After an error there are no more.
///
/// ```
/// use softcap_offering::{Command, Sequence, Stamp};
/// use softcap_proof::entry::{Commands, Entry, encode_command};
///
/// let tick = |number| Entry {
///     sequence: Sequence(number),
///     stamp: Stamp::default(),
///     request: None,
///     command: Command::Tick,
/// };
/// let mut body = Vec::new();
/// encode_command(&tick(7), &mut body)?;
/// encode_command(&tick(8), &mut body)?;
/// let entries: Result<Vec<_>, _> = Commands::new(&body, Sequence(7)).collect();
/// assert_eq!(entries?, [tick(7), tick(8)]);
/// # Ok::<(), softcap_proof::ProofError>(())
/// ```
#[derive(Debug)]
pub struct Commands<'a> {
    body: Reader<'a>,
    next: u64,
}

impl<'a> Commands<'a> {
    /// Reads a body whose first entry has the number `first`.
    #[must_use]
    pub fn new(body: &'a [u8], first: Sequence) -> Self {
        Self {
            body: Reader::new(body),
            next: first.0,
        }
    }

    fn read(&mut self) -> Result<Entry<'a>, &'static str> {
        let reader = &mut self.body;
        let line = LineIndex(reader.byte()?);
        let position = Position(reader.u64()?);
        let request = reader.option(Reader::request)?;
        let length = usize::from(reader.u16()?);
        if length > COMMAND_MAX {
            return Err(TOO_LONG);
        }
        let end = reader.offset() + length;
        let command = command::decode(reader)?;
        if reader.offset() != end {
            return Err("the command is not as long as it says");
        }
        let sequence = Sequence(self.next);
        self.next = self
            .next
            .checked_add(1)
            .ok_or("its number is beyond 2^64")?;
        Ok(Entry {
            sequence,
            stamp: Stamp { line, position },
            request,
            command,
        })
    }
}

impl<'a> Iterator for Commands<'a> {
    type Item = Result<Entry<'a>, ProofError>;

    /// [`ProofError::EntryMalformed`] with the byte of the body at which it stops making sense.
    fn next(&mut self) -> Option<Self::Item> {
        if self.body.rest_len() == 0 {
            return None;
        }
        let entry = self.read();
        Some(entry.map_err(|problem| {
            let offset = self.body.offset();
            self.body = Reader::new(&[]);
            ProofError::EntryMalformed { offset, problem }
        }))
    }
}
