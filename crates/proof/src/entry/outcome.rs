//! Outcomes in a leaf: a tag, then the fields in the order of `docs/journal-format.md`.

use softcap_offering::{
    Amount, Contributed, Outcome, Refusal, RoundIndex, Sequence, Settled, Tokens, Value, Verdict,
};

use super::read::Reader;
use super::write;

// Tags are part of the record: a number never changes and is never used again.
const CONTRIBUTED: u8 = 1;
const REFUSED: u8 = 2;
const DONE: u8 = 3;
const REFUNDED: u8 = 4;
const REFUNDED_AND_PROMOTED: u8 = 5;
const SETTLED: u8 = 6;
const REPEAT_OF: u8 = 7;

/// Bytes of the longest outcome: a contribution with five amounts of 17 bytes and a reason.
pub(super) const LONGEST: usize = 1 + 1 + 5 * 17 + 3;

pub(super) fn encode(outcome: &Outcome, leaf: &mut Vec<u8>) {
    match outcome {
        Outcome::Contributed(contributed) => {
            leaf.extend_from_slice(&[CONTRIBUTED, contributed.round.0]);
            write::amount(contributed.accepted.0, leaf);
            write::amount(contributed.refunded.0, leaf);
            write::amount(contributed.waiting.0, leaf);
            write::amount(contributed.kept.0, leaf);
            write::amount(contributed.tokens.0, leaf);
            match contributed.reason {
                None => leaf.push(0),
                Some(reason) => {
                    leaf.push(1);
                    leaf.extend_from_slice(&reason.code().to_be_bytes());
                }
            }
        }
        Outcome::Refused(refusal) => {
            leaf.push(REFUSED);
            leaf.extend_from_slice(&refusal.code().to_be_bytes());
        }
        Outcome::Done => leaf.push(DONE),
        Outcome::Refunded { amount } => {
            leaf.push(REFUNDED);
            write::amount(amount.0, leaf);
        }
        Outcome::RefundedAndPromoted { amount, promoted } => {
            leaf.push(REFUNDED_AND_PROMOTED);
            write::amount(amount.0, leaf);
            leaf.extend_from_slice(&promoted.to_be_bytes());
        }
        Outcome::Settled(settled) => {
            leaf.extend_from_slice(&[SETTLED, verdict_code(settled.verdict)]);
            write::amount(settled.raised.0, leaf);
            write::amount(settled.sold.0, leaf);
        }
        Outcome::RepeatOf(first) => {
            leaf.push(REPEAT_OF);
            leaf.extend_from_slice(&first.0.to_be_bytes());
        }
    }
}

pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Outcome, &'static str> {
    Ok(match reader.byte()? {
        CONTRIBUTED => Outcome::Contributed(Contributed {
            round: RoundIndex(reader.byte()?),
            accepted: Amount(reader.amount()?),
            refunded: Amount(reader.amount()?),
            waiting: Amount(reader.amount()?),
            kept: Amount(reader.amount()?),
            tokens: Tokens(reader.amount()?),
            reason: reader.option(refusal)?,
        }),
        REFUSED => Outcome::Refused(refusal(reader)?),
        DONE => Outcome::Done,
        REFUNDED => Outcome::Refunded {
            amount: Amount(reader.amount()?),
        },
        REFUNDED_AND_PROMOTED => Outcome::RefundedAndPromoted {
            amount: Amount(reader.amount()?),
            promoted: reader.u32()?,
        },
        SETTLED => Outcome::Settled(Settled {
            verdict: verdict(reader.byte()?)?,
            raised: Value(reader.amount()?),
            sold: Tokens(reader.amount()?),
        }),
        REPEAT_OF => Outcome::RepeatOf(Sequence(reader.u64()?)),
        _ => return Err("there is no outcome with this tag"),
    })
}

fn refusal(reader: &mut Reader<'_>) -> Result<Refusal, &'static str> {
    Refusal::from_code(reader.u16()?).ok_or("there is no refusal with this code")
}

fn verdict_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Succeeded => 1,
        Verdict::Failed => 2,
        Verdict::Cancelled => 3,
        Verdict::Expired => 4,
    }
}

fn verdict(code: u8) -> Result<Verdict, &'static str> {
    match code {
        1 => Ok(Verdict::Succeeded),
        2 => Ok(Verdict::Failed),
        3 => Ok(Verdict::Cancelled),
        4 => Ok(Verdict::Expired),
        _ => Err("there is no verdict with this code"),
    }
}
