//! Commands in a leaf: a tag, then the fields in the order of `docs/journal-format.md`.

use softcap_offering::{
    Admit, Amount, Command, Contribute, CurrencyIndex, DocumentExit, EscrowAddress, Funding,
    InvestorId, Position, ReturnReason, RoundIndex, Sequence, Tokens, TransferId, Value,
    WithdrawalMark,
};

use super::read::Reader;
use super::write;

// Tags are part of the record: a number never changes and is never used again.
const ANNOUNCE: u8 = 1;
const ADMIT: u8 = 2;
const REVOKE: u8 = 3;
const RATE: u8 = 4;
const CONTRIBUTE: u8 = 5;
const COMMIT: u8 = 6;
const REVEAL: u8 = 7;
const WITHDRAW: u8 = 8;
const RETURN: u8 = 9;
const PAUSE: u8 = 10;
const RESUME: u8 = 11;
const SEED: u8 = 12;
const DOCUMENT: u8 = 13;
const CLOSE: u8 = 14;
const CANCEL: u8 = 15;
const TICK: u8 = 16;
const SETTLE: u8 = 17;
const PUBLISH: u8 = 18;
const DISTRIBUTE: u8 = 19;
const PAY_REFUND: u8 = 20;
const VEST: u8 = 21;
const RELEASE: u8 = 22;
const FUND: u8 = 23;
const TAKE_BACK: u8 = 24;
const CONTRIBUTE_FROM_ACCOUNT: u8 = 25;
const COMMIT_FROM_ACCOUNT: u8 = 26;
const CONTRIBUTE_ON_CHAIN: u8 = 27;
const ESCROW: u8 = 28;

pub(super) fn encode(command: &Command<'_>, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    match command {
        Command::Announce { terms_hash } => tagged(ANNOUNCE, terms_hash, leaf),
        Command::Admit(admit) => return encode_admit(admit, leaf),
        Command::Revoke { round, investor } => {
            leaf.extend_from_slice(&[REVOKE, round.0]);
            return write::investor(*investor, leaf);
        }
        Command::Rate { currency, rate } => {
            leaf.extend_from_slice(&[RATE, currency.0]);
            write::ratio(*rate, leaf);
        }
        Command::Contribute(contribute) => return encode_contribute(contribute, leaf),
        Command::Commit {
            investor,
            locked,
            commitment,
            reference,
            funding,
        } => {
            leaf.push(match funding {
                Funding::Arrived => COMMIT,
                Funding::Account => COMMIT_FROM_ACCOUNT,
                Funding::Chain { .. } => return Err("a contract takes no sealed bids"),
            });
            write::investor(*investor, leaf)?;
            write::amount(locked.0, leaf);
            leaf.extend_from_slice(commitment);
            return write::text(reference, leaf);
        }
        Command::Reveal {
            bid,
            amount,
            limit,
            salt,
        } => {
            tagged(REVEAL, &bid.0.to_be_bytes(), leaf);
            write::amount(amount.0, leaf);
            write::limit(*limit, leaf)?;
            leaf.extend_from_slice(salt);
        }
        Command::Withdraw { contribution } => {
            tagged(WITHDRAW, &contribution.0.to_be_bytes(), leaf);
        }
        Command::Return {
            contribution,
            amount,
            reason,
        } => {
            tagged(RETURN, &contribution.0.to_be_bytes(), leaf);
            write::amount(amount.0, leaf);
            leaf.push(reason.code());
        }
        Command::Pause => leaf.push(PAUSE),
        Command::Resume => leaf.push(RESUME),
        Command::Seed { round, seed, proof } => {
            leaf.extend_from_slice(&[SEED, round.0]);
            leaf.extend_from_slice(seed);
            return write::bytes(proof, leaf);
        }
        Command::Document { hash, exit } => {
            tagged(DOCUMENT, hash, leaf);
            match exit {
                DocumentExit::None => leaf.push(0),
                DocumentExit::WithdrawalUntil(until) => tagged(1, &until.0.to_be_bytes(), leaf),
            }
        }
        Command::Close { round } => leaf.extend_from_slice(&[CLOSE, round.0]),
        Command::Cancel => leaf.push(CANCEL),
        Command::Tick => leaf.push(TICK),
        Command::Settle => leaf.push(SETTLE),
        Command::Publish { settlement_root } => tagged(PUBLISH, settlement_root, leaf),
        Command::Distribute { .. }
        | Command::PayRefund { .. }
        | Command::Vest { .. }
        | Command::Release { .. }
        | Command::Fund { .. }
        | Command::TakeBack { .. } => return encode_hand_over(command, leaf),
        Command::Escrow(at) => {
            tagged(ESCROW, &at.chain_id.to_be_bytes(), leaf);
            leaf.extend_from_slice(&at.contract);
            leaf.push(at.currency.0);
        }
    }
    Ok(())
}

/// What is handed over after the sale, and what is moved into accounts and out of them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the caller's match is the exhaustive one"
)]
fn encode_hand_over(command: &Command<'_>, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    match command {
        Command::Distribute { investor, tokens } => {
            leaf.push(DISTRIBUTE);
            write::investor(*investor, leaf)?;
            write::amount(tokens.0, leaf);
        }
        Command::PayRefund { investor, currency } => {
            leaf.push(PAY_REFUND);
            write::investor(*investor, leaf)?;
            leaf.push(currency.0);
        }
        Command::Vest { share, tokens } => {
            leaf.extend_from_slice(&[VEST, *share]);
            write::amount(tokens.0, leaf);
        }
        Command::Release { milestone } => leaf.extend_from_slice(&[RELEASE, *milestone]),
        Command::Fund {
            transfer,
            investor,
            currency,
            amount,
        } => {
            tagged(FUND, &transfer.0, leaf);
            return encode_money(*investor, *currency, *amount, leaf);
        }
        Command::TakeBack {
            transfer,
            investor,
            currency,
            amount,
        } => {
            tagged(TAKE_BACK, &transfer.0, leaf);
            return encode_money(*investor, *currency, *amount, leaf);
        }
        _ => return Err("the command has no tag"),
    }
    Ok(())
}

fn tagged(tag: u8, bytes: &[u8], leaf: &mut Vec<u8>) {
    leaf.push(tag);
    leaf.extend_from_slice(bytes);
}

fn encode_admit(admit: &Admit<'_>, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    leaf.extend_from_slice(&[ADMIT, admit.round.0]);
    write::investor(admit.investor, leaf)?;
    match admit.limit {
        None => leaf.push(0),
        Some(limit) => {
            leaf.push(1);
            write::amount(limit.0, leaf);
        }
    }
    match admit.expires {
        None => leaf.push(0),
        Some(expires) => tagged(1, &expires.0.to_be_bytes(), leaf),
    }
    write::amount(admit.guaranteed.0, leaf);
    leaf.push(match admit.withdrawal {
        WithdrawalMark::Unmarked => 0,
        WithdrawalMark::Marked => 1,
    });
    Ok(())
}

fn encode_money(
    investor: InvestorId<'_>,
    currency: CurrencyIndex,
    amount: Amount,
    leaf: &mut Vec<u8>,
) -> Result<(), &'static str> {
    write::investor(investor, leaf)?;
    leaf.push(currency.0);
    write::amount(amount.0, leaf);
    Ok(())
}

fn encode_contribute(contribute: &Contribute<'_>, leaf: &mut Vec<u8>) -> Result<(), &'static str> {
    leaf.push(match contribute.funding {
        Funding::Arrived => CONTRIBUTE,
        Funding::Account => CONTRIBUTE_FROM_ACCOUNT,
        Funding::Chain { .. } => CONTRIBUTE_ON_CHAIN,
    });
    encode_money(
        contribute.investor,
        contribute.currency,
        contribute.amount,
        leaf,
    )?;
    match contribute.limit {
        None => leaf.push(0),
        Some(limit) => {
            leaf.push(1);
            write::limit(limit, leaf)?;
        }
    }
    write::text(contribute.reference, leaf)?;
    match contribute.source {
        None => leaf.push(0),
        Some(source) => {
            leaf.push(1);
            write::text(source, leaf)?;
        }
    }
    if let Funding::Chain { accepted } = contribute.funding {
        write::amount(accepted.0, leaf);
    }
    Ok(())
}

pub(super) fn decode<'a>(reader: &mut Reader<'a>) -> Result<Command<'a>, &'static str> {
    Ok(match reader.byte()? {
        ANNOUNCE => Command::Announce {
            terms_hash: reader.array()?,
        },
        ADMIT => Command::Admit(decode_admit(reader)?),
        REVOKE => Command::Revoke {
            round: round(reader)?,
            investor: reader.investor()?,
        },
        RATE => Command::Rate {
            currency: currency(reader)?,
            rate: reader.ratio()?,
        },
        CONTRIBUTE => Command::Contribute(decode_contribute(reader, Funding::Arrived)?),
        CONTRIBUTE_FROM_ACCOUNT => {
            Command::Contribute(decode_contribute(reader, Funding::Account)?)
        }
        CONTRIBUTE_ON_CHAIN => {
            let contribute = decode_contribute(reader, Funding::Arrived)?;
            let accepted = Amount(reader.amount()?);
            Command::Contribute(Contribute {
                funding: Funding::Chain { accepted },
                ..contribute
            })
        }
        ESCROW => Command::Escrow(EscrowAddress {
            chain_id: reader.u64()?,
            contract: reader.array()?,
            currency: currency(reader)?,
        }),
        COMMIT => decode_commit(reader, Funding::Arrived)?,
        COMMIT_FROM_ACCOUNT => decode_commit(reader, Funding::Account)?,
        REVEAL => Command::Reveal {
            bid: Sequence(reader.u64()?),
            amount: Amount(reader.amount()?),
            limit: reader.limit()?,
            salt: reader.array()?,
        },
        WITHDRAW => Command::Withdraw {
            contribution: Sequence(reader.u64()?),
        },
        RETURN => Command::Return {
            contribution: Sequence(reader.u64()?),
            amount: Amount(reader.amount()?),
            reason: ReturnReason::from_code(reader.byte()?)
                .ok_or("there is no return reason with this code")?,
        },
        PAUSE => Command::Pause,
        RESUME => Command::Resume,
        SEED => Command::Seed {
            round: round(reader)?,
            seed: reader.array()?,
            proof: reader.bytes()?,
        },
        DOCUMENT => Command::Document {
            hash: reader.array()?,
            exit: document_exit(reader)?,
        },
        CLOSE => Command::Close {
            round: round(reader)?,
        },
        CANCEL => Command::Cancel,
        TICK => Command::Tick,
        SETTLE => Command::Settle,
        PUBLISH => Command::Publish {
            settlement_root: reader.array()?,
        },
        DISTRIBUTE => Command::Distribute {
            investor: reader.investor()?,
            tokens: Tokens(reader.amount()?),
        },
        PAY_REFUND => Command::PayRefund {
            investor: reader.investor()?,
            currency: currency(reader)?,
        },
        VEST => Command::Vest {
            share: reader.byte()?,
            tokens: Tokens(reader.amount()?),
        },
        RELEASE => Command::Release {
            milestone: reader.byte()?,
        },
        FUND => Command::Fund {
            transfer: TransferId(reader.array()?),
            investor: reader.investor()?,
            currency: currency(reader)?,
            amount: Amount(reader.amount()?),
        },
        TAKE_BACK => Command::TakeBack {
            transfer: TransferId(reader.array()?),
            investor: reader.investor()?,
            currency: currency(reader)?,
            amount: Amount(reader.amount()?),
        },
        _ => return Err("there is no command with this tag"),
    })
}

fn decode_admit<'a>(reader: &mut Reader<'a>) -> Result<Admit<'a>, &'static str> {
    Ok(Admit {
        round: round(reader)?,
        investor: reader.investor()?,
        limit: reader.option(|reader| reader.amount().map(Value))?,
        expires: reader.option(|reader| reader.u64().map(Position))?,
        guaranteed: Value(reader.amount()?),
        withdrawal: match reader.byte()? {
            0 => WithdrawalMark::Unmarked,
            1 => WithdrawalMark::Marked,
            _ => return Err("the withdrawal mark is neither 0 nor 1"),
        },
    })
}

fn decode_commit<'a>(
    reader: &mut Reader<'a>,
    funding: Funding,
) -> Result<Command<'a>, &'static str> {
    Ok(Command::Commit {
        investor: reader.investor()?,
        locked: Amount(reader.amount()?),
        commitment: reader.array()?,
        reference: reader.text()?,
        funding,
    })
}

fn decode_contribute<'a>(
    reader: &mut Reader<'a>,
    funding: Funding,
) -> Result<Contribute<'a>, &'static str> {
    Ok(Contribute {
        investor: reader.investor()?,
        currency: currency(reader)?,
        amount: Amount(reader.amount()?),
        limit: reader.option(Reader::limit)?,
        reference: reader.text()?,
        source: reader.option(Reader::text)?,
        funding,
    })
}

fn document_exit(reader: &mut Reader<'_>) -> Result<DocumentExit, &'static str> {
    Ok(match reader.option(|reader| reader.u64().map(Position))? {
        None => DocumentExit::None,
        Some(until) => DocumentExit::WithdrawalUntil(until),
    })
}

fn round(reader: &mut Reader<'_>) -> Result<RoundIndex, &'static str> {
    reader.byte().map(RoundIndex)
}

fn currency(reader: &mut Reader<'_>) -> Result<CurrencyIndex, &'static str> {
    reader.byte().map(CurrencyIndex)
}
