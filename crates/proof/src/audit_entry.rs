//! Entries of the audit log: their leaves and their batch bodies. The table of all bytes stands in `docs/audit.md`.
//!
//! A row of the audit is carried as it is: this crate does not know what acts there are. The encoding is canonical, as
//! that of [`crate::entry`]: an entry has one encoding, and [`decode`] refuses every other spelling.
//!
//! ```
//! use softcap_offering::{Position, Sequence};
//! use softcap_proof::audit_entry::{AuditEntry, AuditOutcome, AuditRow, AuditText, decode, encode};
//!
//! let entry = AuditEntry {
//!     sequence: Sequence(0),
//!     time: Position(1_700_000_000_000),
//!     row: AuditRow {
//!         number: 1,
//!         at: 1_700_000_000_000,
//!         actor: AuditText::of("operator:root"),
//!         act: AuditText::of("create"),
//!         subject: AuditText::of("k3v9q0w2m1xz"),
//!         code: AuditText::of(""),
//!         times: 1,
//!     },
//! };
//! let mut leaf = Vec::new();
//! encode(&entry, &AuditOutcome::Noted, &mut leaf)?;
//! assert_eq!(decode(&leaf)?, (entry, AuditOutcome::Noted));
//! # Ok::<(), softcap_proof::ProofError>(())
//! ```

use sha2::{Digest as _, Sha256};
use softcap_offering::{Position, RequestId, Sequence};

use crate::{
    ProofError,
    entry::{LEAF_MAX, Reader},
};

/// The version byte of a leaf, and of a row in a batch body. No leaf of another log begins with it.
pub const VERSION: u8 = 193;
/// The longest text in bytes that is carried whole.
pub const WHOLE_MAX: usize = 4096;

/// Instead of a length: the SHA-256 of a longer text follows.
const IS_DIGEST: u16 = 0xffff;
/// Before the number of a row in the request that makes it count once.
const REQUEST: [u8; 8] = *b"auditrow";

// Tags are part of the record: a number never changes and is never used again.
const NOTED: u8 = 1;
const REPEAT_OF: u8 = 2;
const LATE: u8 = 3;

/// A text of a row. What is too long for an entry is carried as its hash, so that every row can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditText<'a> {
    /// As it is, at most [`WHOLE_MAX`] bytes.
    Whole(&'a str),
    /// SHA-256 of a longer one.
    Digest([u8; 32]),
}

impl<'a> AuditText<'a> {
    /// How a text is carried.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        if text.len() > WHOLE_MAX {
            Self::Digest(Sha256::digest(text.as_bytes()).into())
        } else {
            Self::Whole(text)
        }
    }

    /// Appends it.
    ///
    /// # Errors
    /// When a text that is said to be whole is longer than [`WHOLE_MAX`].
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        match self {
            Self::Whole(text) => {
                let length = u16::try_from(text.len()).ok();
                let length = length.filter(|length| usize::from(*length) <= WHOLE_MAX);
                let length = length.ok_or(TOO_LONG)?;
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            Self::Digest(digest) => {
                out.extend_from_slice(&IS_DIGEST.to_be_bytes());
                out.extend_from_slice(digest);
            }
        }
        Ok(())
    }

    /// Reads what [`AuditText::write`] wrote.
    ///
    /// # Errors
    /// When it is not that.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, &'static str> {
        let length = reader.u16()?;
        if length == IS_DIGEST {
            return reader.array().map(Self::Digest);
        }
        if usize::from(length) > WHOLE_MAX {
            return Err(TOO_LONG);
        }
        let bytes = reader.take(usize::from(length))?;
        std::str::from_utf8(bytes)
            .map(Self::Whole)
            .map_err(|_| "a text is not UTF-8")
    }
}

const TOO_LONG: &str = "a text is longer than 4,096 bytes";

/// A row of the audit. What each of its texts says is the business of who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditRow<'a> {
    /// Its number in the table, from 1, without gaps.
    pub number: u64,
    /// When, in unix milliseconds.
    pub at: i64,
    /// Who.
    pub actor: AuditText<'a>,
    /// What.
    pub act: AuditText<'a>,
    /// To what.
    pub subject: AuditText<'a>,
    /// What else there is to say.
    pub code: AuditText<'a>,
    /// How often.
    pub times: i64,
}

impl AuditRow<'_> {
    /// What makes it count once.
    #[must_use]
    pub fn request(&self) -> RequestId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&REQUEST);
        id[8..].copy_from_slice(&self.number.to_be_bytes());
        RequestId(id)
    }
}

/// The number of the row that a request is of.
#[must_use]
pub fn number_of(request: RequestId) -> Option<u64> {
    let (begin, number) = request.0.split_first_chunk::<8>()?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    (*begin == REQUEST).then_some(number)
}

/// One record of the audit log, without its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// Its place in the order.
    pub sequence: Sequence,
    /// When it was entered, in unix milliseconds.
    pub time: Position,
    /// What it carries.
    pub row: AuditRow<'a>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// The row is in the log with this entry. Where its number is not the next one, the rows between were lost.
    Noted,
    /// The row was in the log before; this entry says nothing.
    RepeatOf(Sequence),
    /// A row of a higher number was entered before, and this one was not there then.
    Late,
}

/// Appends the leaf of an entry and its outcome.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] when a text that is said to be whole is too long. Then `leaf` is as long as before.
pub fn encode(
    entry: &AuditEntry<'_>,
    outcome: &AuditOutcome,
    leaf: &mut Vec<u8>,
) -> Result<(), ProofError> {
    let begin = leaf.len();
    leaf.push(VERSION);
    leaf.extend_from_slice(&entry.sequence.0.to_be_bytes());
    leaf.extend_from_slice(&entry.time.0.to_be_bytes());
    write_row(&entry.row, leaf).map_err(|problem| {
        leaf.truncate(begin);
        ProofError::EntryNotEncodable {
            sequence: entry.sequence.0,
            problem,
        }
    })?;
    match outcome {
        AuditOutcome::Noted => leaf.push(NOTED),
        AuditOutcome::RepeatOf(first) => {
            leaf.push(REPEAT_OF);
            leaf.extend_from_slice(&first.0.to_be_bytes());
        }
        AuditOutcome::Late => leaf.push(LATE),
    }
    Ok(())
}

/// Reads a leaf. Strict: what it accepts, [`encode`] turns into the same bytes again.
///
/// # Errors
/// [`ProofError::EntryMalformed`] with the byte at which it stops making sense.
pub fn decode(leaf: &[u8]) -> Result<(AuditEntry<'_>, AuditOutcome), ProofError> {
    let mut reader = Reader::new(leaf);
    read_leaf(&mut reader).map_err(|problem| ProofError::EntryMalformed {
        offset: reader.offset(),
        problem,
    })
}

fn read_leaf<'a>(reader: &mut Reader<'a>) -> Result<(AuditEntry<'a>, AuditOutcome), &'static str> {
    if reader.rest_len() > LEAF_MAX {
        return Err("the leaf is longer than 65,535 bytes");
    }
    read_version(reader)?;
    let entry = AuditEntry {
        sequence: Sequence(reader.u64()?),
        time: Position(reader.u64()?),
        row: read_row(reader)?,
    };
    let outcome = match reader.byte()? {
        NOTED => AuditOutcome::Noted,
        REPEAT_OF => AuditOutcome::RepeatOf(Sequence(reader.u64()?)),
        LATE => AuditOutcome::Late,
        _ => return Err("there is no outcome with this tag"),
    };
    if reader.rest_len() > 0 {
        return Err("there are bytes after the outcome");
    }
    Ok((entry, outcome))
}

/// Appends a row to a batch body; number and time of its entry are not in it.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] as [`encode`]. Then `body` is as long as before.
pub fn encode_row(row: &AuditRow<'_>, body: &mut Vec<u8>) -> Result<(), ProofError> {
    let begin = body.len();
    body.push(VERSION);
    write_row(row, body).map_err(|problem| {
        body.truncate(begin);
        ProofError::EntryNotEncodable {
            sequence: row.number,
            problem,
        }
    })
}

/// The rows of a batch body in order. Strict: what it accepts, [`encode_row`] turns into the same bytes again. After an
/// error there are no more.
#[derive(Debug)]
pub struct AuditRows<'a> {
    body: Reader<'a>,
}

impl<'a> AuditRows<'a> {
    /// Reads a body.
    #[must_use]
    pub fn new(body: &'a [u8]) -> Self {
        Self {
            body: Reader::new(body),
        }
    }
}

impl<'a> Iterator for AuditRows<'a> {
    type Item = Result<AuditRow<'a>, ProofError>;

    /// [`ProofError::EntryMalformed`] with the byte of the body at which it stops making sense.
    fn next(&mut self) -> Option<Self::Item> {
        if self.body.rest_len() == 0 {
            return None;
        }
        let row = read_version(&mut self.body).and_then(|()| read_row(&mut self.body));
        Some(row.map_err(|problem| {
            let offset = self.body.offset();
            self.body = Reader::new(&[]);
            ProofError::EntryMalformed { offset, problem }
        }))
    }
}

fn read_version(reader: &mut Reader<'_>) -> Result<(), &'static str> {
    match reader.byte()? {
        VERSION => Ok(()),
        _ => Err("the version is not 193"),
    }
}

fn write_row(row: &AuditRow<'_>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    out.extend_from_slice(&row.number.to_be_bytes());
    out.extend_from_slice(&row.at.to_be_bytes());
    for text in [row.actor, row.act, row.subject, row.code] {
        text.write(out)?;
    }
    out.extend_from_slice(&row.times.to_be_bytes());
    Ok(())
}

fn read_row<'a>(reader: &mut Reader<'a>) -> Result<AuditRow<'a>, &'static str> {
    Ok(AuditRow {
        number: reader.u64()?,
        at: reader.array().map(i64::from_be_bytes)?,
        actor: AuditText::read(reader)?,
        act: AuditText::read(reader)?,
        subject: AuditText::read(reader)?,
        code: AuditText::read(reader)?,
        times: reader.array().map(i64::from_be_bytes)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_hex;

    fn row(number: u64, code: &str) -> AuditRow<'_> {
        AuditRow {
            number,
            at: 5,
            actor: AuditText::of("key:a"),
            act: AuditText::of("deny"),
            subject: AuditText::of("-"),
            code: AuditText::of(code),
            times: 2,
        }
    }

    fn leaf(number: u64, code: &str, outcome: AuditOutcome) -> Vec<u8> {
        let entry = AuditEntry {
            sequence: Sequence(7),
            time: Position(9),
            row: row(number, code),
        };
        let mut leaf = Vec::new();
        encode(&entry, &outcome, &mut leaf).unwrap();
        leaf
    }

    /// Written by hand from docs/audit.md.
    #[test]
    fn a_leaf_has_the_bytes_of_the_documentation() {
        let expected = concat!(
            "c1",
            "0000000000000007",
            "0000000000000009",
            "0000000000000003",
            "0000000000000005",
            "00056b65793a61",
            "000464656e79",
            "00012d",
            "0000",
            "0000000000000002",
            "01",
        );
        let made = leaf(3, "", AuditOutcome::Noted);
        assert_eq!(made, from_hex(expected).unwrap());
    }

    #[test]
    fn what_is_read_is_written_again_and_nothing_else_is_read() {
        let long = "x".repeat(WHOLE_MAX + 1);
        for (code, outcome) in [
            ("", AuditOutcome::Noted),
            (
                "caf\u{e9}, \"quoted\"\n",
                AuditOutcome::RepeatOf(Sequence(3)),
            ),
            (long.as_str(), AuditOutcome::Late),
        ] {
            let made = leaf(u64::MAX, code, outcome);
            let (entry, read) = decode(&made).unwrap();
            assert_eq!((entry.row, read), (row(u64::MAX, code), outcome));
            for end in 0..made.len() {
                assert!(decode(&made[..end]).is_err(), "{end}");
            }
            for place in 0..made.len() {
                let mut changed = made.clone();
                changed[place] ^= 0x80;
                if let Ok((entry, outcome)) = decode(&changed) {
                    let mut again = Vec::new();
                    encode(&entry, &outcome, &mut again).unwrap();
                    assert_eq!(again, changed);
                }
            }
            assert!(decode(&[made.as_slice(), &[0]].concat()).is_err());
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_its_hash() {
        let longest = "x".repeat(WHOLE_MAX);
        assert_eq!(AuditText::of(&longest), AuditText::Whole(&longest));
        let longer = "x".repeat(WHOLE_MAX + 1);
        let digest = <[u8; 32]>::from(Sha256::digest(longer.as_bytes()));
        assert_eq!(AuditText::of(&longer), AuditText::Digest(digest));
        assert!(AuditText::Whole(&longer).write(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_body_holds_its_rows_in_order() {
        let mut body = Vec::new();
        encode_row(&row(1, "a"), &mut body).unwrap();
        encode_row(&row(2, "b"), &mut body).unwrap();
        let read: Result<Vec<_>, _> = AuditRows::new(&body).collect();
        assert_eq!(read.unwrap(), [row(1, "a"), row(2, "b")]);
        body.pop();
        let read: Vec<_> = AuditRows::new(&body).collect();
        assert!(matches!(read.as_slice(), [Ok(_), Err(_)]), "{read:?}");
    }

    #[test]
    fn the_number_of_a_row_and_its_request_follow_from_each_other() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(number_of(row(number, "").request()), Some(number));
        }
        assert_eq!(number_of(RequestId([7; 16])), None);
    }
}
