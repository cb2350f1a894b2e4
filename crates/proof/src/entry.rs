//! Entries: the one encoding of what a leaf of the journal's tree hashes.
//!
//! A leaf is version, sequence number, stamp, request if there is one, command and outcome, in this
//! order; the table of all tags stands in `docs/journal-format.md`. The encoding is canonical: an
//! entry has one encoding, and [`decode`] refuses every other spelling, so that equal meaning and
//! equal bytes are the same thing. Numbers are big endian. Decoded texts and ids borrow from the leaf;
//! nothing is allocated.
//!
//! A journal's outcomes follow from its commands, so that what a database has to keep of an entry is
//! less: [`encode_command`] and [`Commands`] are the batch body. Logs of other machines have commands of
//! their own and share the rest: [`encode_frame`], [`Frames`], [`Reader`] and the `write_` functions.
//!
//! ```
//! use softcap_offering::{Command, Outcome, Sequence, Stamp};
//! use softcap_proof::entry::{Entry, decode, encode};
//!
//! let entry = Entry {
//!     sequence: Sequence(7),
//!     stamp: Stamp::default(),
//!     request: None,
//!     command: Command::Tick,
//! };
//! let mut leaf = Vec::new();
//! encode(&entry, &Outcome::Done, &mut leaf)?;
//! assert_eq!(decode(&leaf)?, (entry, Outcome::Done));
//! # Ok::<(), softcap_proof::ProofError>(())
//! ```

mod batch;
mod command;
mod outcome;
mod read;
#[cfg(test)]
mod tests;
mod write;

use softcap_offering::{Command, LineIndex, Outcome, Position, RequestId, Sequence, Stamp};

pub use batch::{Commands, Frame, Frames, encode_command, encode_frame};
pub use read::Reader;
pub use write::{amount as write_amount, request as write_request, text as write_text};

use crate::error::ProofError;

/// The version byte of a leaf whose entry came with no request.
pub const VERSION: u8 = 1;
/// The version byte of a leaf with a request.
pub const VERSION_WITH_REQUEST: u8 = 2;
/// Longest leaf in bytes: what the 16-bit length of a C2SP entry bundle can say.
pub const LEAF_MAX: usize = 65_535;
/// Longest command in bytes, its tag included, that stands in a batch body: with the longest head and
/// the longest outcome it is a leaf that is just not too long.
pub const COMMAND_MAX: usize = LEAF_MAX - HEAD_MAX - outcome::LONGEST;
/// Longest contribution reference or source in bytes.
pub const TEXT_MAX: usize = 255;

/// Bytes of a leaf before the command: version, sequence number, line, position, request.
const HEAD_MAX: usize = 1 + 8 + 1 + 8 + 16;

/// One record of the journal, without its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the total order.
    pub sequence: Sequence,
    /// Where in the schedule it stands.
    pub stamp: Stamp,
    /// What makes it count once, if it came with that; never zero.
    pub request: Option<RequestId>,
    /// What happened.
    pub command: Command<'a>,
}

/// Appends the leaf of an entry and its outcome to `leaf`, which is how a buffer is reused: clear it,
/// or let leaves follow each other.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] when a text is too long or has a character that is not allowed,
/// when a limit price is for no tokens, when a request is zero, or when the leaf would be longer than
/// [`LEAF_MAX`]. Then `leaf` is as long as before.
pub fn encode(entry: &Entry<'_>, outcome: &Outcome, leaf: &mut Vec<u8>) -> Result<(), ProofError> {
    let begin = leaf.len();
    let mut head = [VERSION; 18];
    if entry.request.is_some() {
        head[0] = VERSION_WITH_REQUEST;
    }
    head[1..9].copy_from_slice(&entry.sequence.0.to_be_bytes());
    head[9] = entry.stamp.line.0;
    head[10..].copy_from_slice(&entry.stamp.position.0.to_be_bytes());
    leaf.extend_from_slice(&head);
    let result = write::request(entry.request, leaf)
        .and_then(|()| command::encode(&entry.command, leaf))
        .and_then(|()| {
            outcome::encode(outcome, leaf);
            if leaf.len() - begin > LEAF_MAX {
                Err("the leaf is longer than 65,535 bytes")
            } else {
                Ok(())
            }
        });
    result.map_err(|problem| {
        leaf.truncate(begin);
        not_encodable(entry, problem)
    })
}

fn not_encodable(entry: &Entry<'_>, problem: &'static str) -> ProofError {
    ProofError::EntryNotEncodable {
        sequence: entry.sequence.0,
        problem,
    }
}

/// Reads a leaf. Strict: what it accepts, [`encode`] turns into the same bytes again.
///
/// # Errors
/// [`ProofError::EntryMalformed`] with the byte at which it stops making sense.
pub fn decode(leaf: &[u8]) -> Result<(Entry<'_>, Outcome), ProofError> {
    let mut reader = Reader::new(leaf);
    read_leaf(&mut reader).map_err(|problem| ProofError::EntryMalformed {
        offset: reader.offset(),
        problem,
    })
}

fn read_leaf<'a>(reader: &mut Reader<'a>) -> Result<(Entry<'a>, Outcome), &'static str> {
    if reader.rest_len() > LEAF_MAX {
        return Err("the leaf is longer than 65,535 bytes");
    }
    let with_request = match reader.byte()? {
        VERSION => false,
        VERSION_WITH_REQUEST => true,
        _ => return Err("the version is neither 1 nor 2"),
    };
    let sequence = Sequence(reader.u64()?);
    let line = LineIndex(reader.byte()?);
    let position = Position(reader.u64()?);
    let request = if with_request {
        Some(reader.request()?)
    } else {
        None
    };
    let command = command::decode(reader)?;
    let outcome = outcome::decode(reader)?;
    if reader.rest_len() > 0 {
        return Err("there are bytes after the outcome");
    }
    Ok((
        Entry {
            sequence,
            stamp: Stamp { line, position },
            request,
            command,
        },
        outcome,
    ))
}

/// Whether a reference or source can stand in an entry: at most [`TEXT_MAX`] printable ASCII
/// characters (blanks too), no comma and no quotation mark, so that the tables of a bundle need no
/// quoting.
#[must_use]
pub fn is_entry_text(text: &str) -> bool {
    text.len() <= TEXT_MAX
        && text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'"')
}
