//! Entries of the platform's log: their leaves and their batch bodies, as those of
//! [`softcap_proof::entry`], with commands, outcomes and version bytes of their own. The table of all
//! tags stands in `docs/balances.md`.

use softcap_offering::{Amount, LineIndex, Position, RequestId, Sequence, Stamp, TransferId};
use softcap_proof::{
    ProofError,
    entry::{Frames, LEAF_MAX, Reader, encode_frame, write_amount, write_request, write_text},
};

use super::{BalanceCommand, BalanceOutcome, BalanceRefusal, Direction, PersonId};

/// The version byte of a leaf whose entry came with no request. No leaf of an offering begins with it.
const VERSION: u8 = 129;
/// The version byte of a leaf with a request.
const VERSION_WITH_REQUEST: u8 = 130;

// Tags are part of the record: a number never changes and is never used again.
const ADD_CURRENCY: u8 = 1;
const DEPOSIT: u8 = 2;
const WITHDRAW: u8 = 3;
const OPEN_TO_OFFERING: u8 = 4;
const OPEN_FROM_OFFERING: u8 = 5;
const FINISH_TRANSFER: u8 = 6;
const CANCEL_TRANSFER: u8 = 7;

const DONE: u8 = 1;
const REFUSED: u8 = 2;
const REPEAT_OF: u8 = 3;

/// One record of the platform's log, without its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceEntry<'a> {
    /// Its place in the order.
    pub sequence: Sequence,
    /// When, in unix milliseconds.
    pub time: Position,
    /// What makes it count once, if it came with that; never zero.
    pub request: Option<RequestId>,
    /// What happened.
    pub command: BalanceCommand<'a>,
}

/// Appends the leaf of an entry and its outcome.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] when a text is not an [entry
/// text](softcap_proof::entry::is_entry_text) or a request is zero. Then `leaf` is as long as before.
pub fn encode(
    entry: &BalanceEntry<'_>,
    outcome: &BalanceOutcome,
    leaf: &mut Vec<u8>,
) -> Result<(), ProofError> {
    let begin = leaf.len();
    leaf.push(match entry.request {
        None => VERSION,
        Some(_) => VERSION_WITH_REQUEST,
    });
    leaf.extend_from_slice(&entry.sequence.0.to_be_bytes());
    leaf.extend_from_slice(&entry.time.0.to_be_bytes());
    let result = write_request(entry.request, leaf)
        .and_then(|()| write_command(&entry.command, leaf))
        .map(|()| write_outcome(outcome, leaf));
    result.map_err(|problem| {
        leaf.truncate(begin);
        not_encodable(entry, problem)
    })
}

fn not_encodable(entry: &BalanceEntry<'_>, problem: &'static str) -> ProofError {
    ProofError::EntryNotEncodable {
        sequence: entry.sequence.0,
        problem,
    }
}

/// Reads a leaf. Strict: what it accepts, [`encode`] turns into the same bytes again.
///
/// # Errors
/// [`ProofError::EntryMalformed`] with the byte at which it stops making sense.
pub fn decode(leaf: &[u8]) -> Result<(BalanceEntry<'_>, BalanceOutcome), ProofError> {
    let mut reader = Reader::new(leaf);
    read_leaf(&mut reader).map_err(|problem| ProofError::EntryMalformed {
        offset: reader.offset(),
        problem,
    })
}

fn read_leaf<'a>(
    reader: &mut Reader<'a>,
) -> Result<(BalanceEntry<'a>, BalanceOutcome), &'static str> {
    if reader.rest_len() > LEAF_MAX {
        return Err("the leaf is longer than 65,535 bytes");
    }
    let with_request = match reader.byte()? {
        VERSION => false,
        VERSION_WITH_REQUEST => true,
        _ => return Err("the version is neither 129 nor 130"),
    };
    let entry = BalanceEntry {
        sequence: Sequence(reader.u64()?),
        time: Position(reader.u64()?),
        request: if with_request {
            Some(reader.request()?)
        } else {
            None
        },
        command: read_command(reader)?,
    };
    let outcome = read_outcome(reader)?;
    if reader.rest_len() > 0 {
        return Err("there are bytes after the outcome");
    }
    Ok((entry, outcome))
}

/// Appends an entry to a batch body; its sequence number is not in it.
///
/// # Errors
/// [`ProofError::EntryNotEncodable`] as [`encode`].
pub fn encode_command(entry: &BalanceEntry<'_>, body: &mut Vec<u8>) -> Result<(), ProofError> {
    let stamp = Stamp {
        line: LineIndex(0),
        position: entry.time,
    };
    let encode = |body: &mut Vec<u8>| write_command(&entry.command, body);
    encode_frame(stamp, entry.request, encode, body)
        .map_err(|problem| not_encodable(entry, problem))
}

/// The entries of a batch body in order. Strict: what it accepts, [`encode_command`] turns into the
/// same bytes again. After an error there are no more.
#[derive(Debug)]
pub struct BalanceCommands<'a> {
    frames: Frames<'a>,
}

impl<'a> BalanceCommands<'a> {
    /// Reads a body whose first entry has the number `first`.
    #[must_use]
    pub fn new(body: &'a [u8], first: Sequence) -> Self {
        Self {
            frames: Frames::new(body, first),
        }
    }
}

impl<'a> Iterator for BalanceCommands<'a> {
    type Item = Result<BalanceEntry<'a>, ProofError>;

    /// [`ProofError::EntryMalformed`] with the byte of the body at which it stops making sense.
    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.frames.read(read_command)?;
        Some(frame.and_then(|frame| {
            if frame.stamp.line != LineIndex(0) {
                self.frames = Frames::new(&[], frame.sequence);
                return Err(ProofError::EntryMalformed {
                    offset: 0,
                    problem: "the platform's log has one clock line",
                });
            }
            Ok(BalanceEntry {
                sequence: frame.sequence,
                time: frame.stamp.position,
                request: frame.request,
                command: frame.command,
            })
        }))
    }
}

fn write_command(command: &BalanceCommand<'_>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    match *command {
        BalanceCommand::AddCurrency { symbol, decimals } => {
            out.push(ADD_CURRENCY);
            write_text(symbol, out)?;
            out.push(decimals);
        }
        BalanceCommand::Deposit {
            person,
            currency,
            amount,
            reference,
        } => {
            out.push(DEPOSIT);
            write_money(person, currency, amount, out)?;
            write_text(reference, out)?;
        }
        BalanceCommand::Withdraw {
            person,
            currency,
            amount,
            reference,
        } => {
            out.push(WITHDRAW);
            write_money(person, currency, amount, out)?;
            write_text(reference, out)?;
        }
        BalanceCommand::OpenTransfer {
            transfer,
            direction,
            person,
            offering,
            currency,
            amount,
        } => {
            out.push(match direction {
                Direction::ToOffering => OPEN_TO_OFFERING,
                Direction::FromOffering => OPEN_FROM_OFFERING,
            });
            out.extend_from_slice(&transfer.0);
            write_money(person, currency, amount, out)?;
            write_text(offering, out)?;
        }
        BalanceCommand::FinishTransfer { transfer } => {
            out.push(FINISH_TRANSFER);
            out.extend_from_slice(&transfer.0);
        }
        BalanceCommand::CancelTransfer { transfer } => {
            out.push(CANCEL_TRANSFER);
            out.extend_from_slice(&transfer.0);
        }
    }
    Ok(())
}

fn write_money(
    person: PersonId,
    currency: &str,
    amount: Amount,
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    out.extend_from_slice(&person.0);
    write_text(currency, out)?;
    write_amount(amount.0, out);
    Ok(())
}

fn read_command<'a>(reader: &mut Reader<'a>) -> Result<BalanceCommand<'a>, &'static str> {
    Ok(match reader.byte()? {
        ADD_CURRENCY => BalanceCommand::AddCurrency {
            symbol: reader.text()?,
            decimals: reader.byte()?,
        },
        DEPOSIT => BalanceCommand::Deposit {
            person: person(reader)?,
            currency: reader.text()?,
            amount: amount(reader)?,
            reference: reader.text()?,
        },
        WITHDRAW => BalanceCommand::Withdraw {
            person: person(reader)?,
            currency: reader.text()?,
            amount: amount(reader)?,
            reference: reader.text()?,
        },
        OPEN_TO_OFFERING => read_open(reader, Direction::ToOffering)?,
        OPEN_FROM_OFFERING => read_open(reader, Direction::FromOffering)?,
        FINISH_TRANSFER => BalanceCommand::FinishTransfer {
            transfer: transfer(reader)?,
        },
        CANCEL_TRANSFER => BalanceCommand::CancelTransfer {
            transfer: transfer(reader)?,
        },
        _ => return Err("there is no command with this tag"),
    })
}

fn read_open<'a>(
    reader: &mut Reader<'a>,
    direction: Direction,
) -> Result<BalanceCommand<'a>, &'static str> {
    let transfer = transfer(reader)?;
    let (person, currency, amount) = (person(reader)?, reader.text()?, amount(reader)?);
    Ok(BalanceCommand::OpenTransfer {
        transfer,
        direction,
        person,
        offering: reader.text()?,
        currency,
        amount,
    })
}

fn person(reader: &mut Reader<'_>) -> Result<PersonId, &'static str> {
    reader.array().map(PersonId)
}

fn transfer(reader: &mut Reader<'_>) -> Result<TransferId, &'static str> {
    reader.array().map(TransferId)
}

fn amount(reader: &mut Reader<'_>) -> Result<Amount, &'static str> {
    reader.amount().map(Amount)
}

fn write_outcome(outcome: &BalanceOutcome, out: &mut Vec<u8>) {
    match outcome {
        BalanceOutcome::Done => out.push(DONE),
        BalanceOutcome::Refused(refusal) => {
            out.push(REFUSED);
            out.extend_from_slice(&refusal.code().to_be_bytes());
        }
        BalanceOutcome::RepeatOf(first) => {
            out.push(REPEAT_OF);
            out.extend_from_slice(&first.0.to_be_bytes());
        }
    }
}

fn read_outcome(reader: &mut Reader<'_>) -> Result<BalanceOutcome, &'static str> {
    Ok(match reader.byte()? {
        DONE => BalanceOutcome::Done,
        REFUSED => {
            let code = reader.array().map(u16::from_be_bytes)?;
            let refusal = BalanceRefusal::from_code(code);
            BalanceOutcome::Refused(refusal.ok_or("there is no refusal with this code")?)
        }
        REPEAT_OF => BalanceOutcome::RepeatOf(Sequence(reader.u64()?)),
        _ => return Err("there is no outcome with this tag"),
    })
}
