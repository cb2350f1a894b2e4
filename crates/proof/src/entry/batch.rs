//! The batch body: entries without numbers and outcomes, one after the other.
//!
//! Numbers follow from the number of the first, outcomes from a replay. What is accepted here has a
//! leaf whatever its outcome: nothing enters a journal that its tree could not hold.

use softcap_offering::{LineIndex, Position, RequestId, Sequence, Stamp};

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
    let encode = |body: &mut Vec<u8>| command::encode(&entry.command, body);
    encode_frame(entry.stamp, entry.request, encode, body)
        .map_err(|problem| not_encodable(entry, problem))
}

/// Appends one entry of any log to a batch body: its stamp, its request, and the command that
/// `encode` appends, after the length of that.
///
/// # Errors
/// What is wrong with the entry. Then `body` is as long as before.
pub fn encode_frame(
    stamp: Stamp,
    request: Option<RequestId>,
    encode: impl FnOnce(&mut Vec<u8>) -> Result<(), &'static str>,
    body: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let begin = body.len();
    body.push(stamp.line.0);
    body.extend_from_slice(&stamp.position.0.to_be_bytes());
    body.push(u8::from(request.is_some()));
    let result = write::request(request, body).and_then(|()| {
        let length_at = body.len();
        body.extend_from_slice(&[0, 0]);
        let command_at = body.len();
        encode(body)?;
        let length = body.len() - command_at;
        let length = u16::try_from(length).ok();
        let length = length.filter(|length| usize::from(*length) <= COMMAND_MAX);
        let length = length.ok_or(TOO_LONG)?;
        body[length_at..command_at].copy_from_slice(&length.to_be_bytes());
        Ok(())
    });
    if result.is_err() {
        body.truncate(begin);
    }
    result
}

/// One entry of a batch body of any log.
#[derive(Debug)]
pub struct Frame<C> {
    /// Its place in the total order.
    pub sequence: Sequence,
    /// Where in the schedule it stands.
    pub stamp: Stamp,
    /// What makes it count once, if it came with that.
    pub request: Option<RequestId>,
    /// What happened.
    pub command: C,
}

/// Reads what [`encode_frame`] wrote, entry by entry. After an error there are no more.
#[derive(Debug)]
pub struct Frames<'a> {
    body: Reader<'a>,
    next: u64,
}

impl<'a> Frames<'a> {
    /// Reads a body whose first entry has the number `first`.
    #[must_use]
    pub fn new(body: &'a [u8], first: Sequence) -> Self {
        Self {
            body: Reader::new(body),
            next: first.0,
        }
    }

    /// The next entry, its command read by `decode`; `None` at the end.
    ///
    /// # Errors
    /// [`ProofError::EntryMalformed`] with the byte of the body at which it stops making sense.
    pub fn read<C>(
        &mut self,
        decode: impl FnOnce(&mut Reader<'a>) -> Result<C, &'static str>,
    ) -> Option<Result<Frame<C>, ProofError>> {
        if self.body.rest_len() == 0 {
            return None;
        }
        let frame = self.read_frame(decode);
        Some(frame.map_err(|problem| {
            let offset = self.body.offset();
            self.body = Reader::new(&[]);
            ProofError::EntryMalformed { offset, problem }
        }))
    }

    fn read_frame<C>(
        &mut self,
        decode: impl FnOnce(&mut Reader<'a>) -> Result<C, &'static str>,
    ) -> Result<Frame<C>, &'static str> {
        let reader = &mut self.body;
        let line = LineIndex(reader.byte()?);
        let position = Position(reader.u64()?);
        let request = reader.option(Reader::request)?;
        let length = usize::from(reader.u16()?);
        if length > COMMAND_MAX {
            return Err(TOO_LONG);
        }
        let end = reader.offset() + length;
        let command = decode(reader)?;
        if reader.offset() != end {
            return Err("the command is not as long as it says");
        }
        let sequence = Sequence(self.next);
        self.next = self
            .next
            .checked_add(1)
            .ok_or("its number is beyond 2^64")?;
        Ok(Frame {
            sequence,
            stamp: Stamp { line, position },
            request,
            command,
        })
    }
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
    frames: Frames<'a>,
}

impl<'a> Commands<'a> {
    /// Reads a body whose first entry has the number `first`.
    #[must_use]
    pub fn new(body: &'a [u8], first: Sequence) -> Self {
        Self {
            frames: Frames::new(body, first),
        }
    }
}

impl<'a> Iterator for Commands<'a> {
    type Item = Result<Entry<'a>, ProofError>;

    /// [`ProofError::EntryMalformed`] with the byte of the body at which it stops making sense.
    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.frames.read(command::decode)?;
        Some(frame.map(|frame| Entry {
            sequence: frame.sequence,
            stamp: frame.stamp,
            request: frame.request,
            command: frame.command,
        }))
    }
}
