//! The state of balances as bytes: a snapshot, and a hash that machines compare.
//!
//! Only what nothing else says is written: deposits, withdrawals, what is in offerings and transfers.
//! What is on its way and what is available follows.
//! The bytes depend on the entries alone. `docs/balances.md` describes them.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use softcap_offering::TransferId;
use softcap_proof::entry::{Reader, write_amount, write_text};

use super::{
    Balances, Direction, PersonId, TransferStage,
    balances::{Account, AccountKey, Part, TransferRecord},
};

/// The form of the bytes. It rises with every change of what stands in them.
pub const STATE_VERSION: u8 = 1;

const MAGIC: &[u8; 17] = b"softcap balances\n";
/// What is handed on at a time.
const PIECE: usize = 1 << 16;

/// Why bytes are not the state of balances. They are a cache: replay the log without them.
///
/// Codes are stable and never reused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BalanceStateError {
    /// B101: the source of the bytes failed.
    #[error("B101: the balances could not be read: {0}; check the disk, or replay the log")]
    Source(io::ErrorKind),
    /// B102: they are something else, or of another version.
    #[error(
        "B102: this is not the state of balances in form {STATE_VERSION}; delete it and replay the log"
    )]
    Foreign,
    /// B103: the hash at the end is not that of the bytes before it.
    #[error("B103: the state of balances is cut off or damaged; delete it and replay the log")]
    Damaged,
    /// B104: something in them cannot be part of a state.
    #[error(
        "B104: the state of balances is wrong at byte {offset}: {problem}; delete it and replay the log"
    )]
    Malformed {
        /// Where it stands.
        offset: usize,
        /// What is wrong there.
        problem: &'static str,
    },
}

impl BalanceStateError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(_) => "B101",
            Self::Foreign => "B102",
            Self::Damaged => "B103",
            Self::Malformed { .. } => "B104",
        }
    }
}

/// Collects bytes and hands them on piece by piece, hashed.
struct Pieces<'a> {
    buffer: Vec<u8>,
    hasher: Sha256,
    out: &'a mut dyn Write,
}

impl Pieces<'_> {
    fn number(&mut self, number: u64) {
        self.buffer.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        write_text(text, &mut self.buffer).map_err(io::Error::other)
    }

    fn account(&mut self, key: AccountKey) {
        self.buffer.extend_from_slice(&key.0.0);
        self.buffer.push(key.1);
    }

    fn end_of_row(&mut self) -> io::Result<()> {
        if self.buffer.len() >= PIECE {
            self.hand_on()?;
        }
        Ok(())
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl Balances {
    /// Writes the state; returns its hash, which also stands at the end.
    ///
    /// # Errors
    /// What `out` answers. What was written up to then is no state.
    pub fn write_state(&self, out: &mut dyn Write) -> io::Result<[u8; 32]> {
        let Self {
            next,
            currencies,
            offerings,
            offering_places: _,
            accounts,
            parts,
            transfers,
            open: _,
            requests,
        } = self;
        let mut out = Pieces {
            buffer: Vec::with_capacity(2 * PIECE),
            hasher: Sha256::new(),
            out,
        };
        out.buffer.extend_from_slice(MAGIC);
        out.buffer.push(STATE_VERSION);
        out.number(*next);
        out.number(currencies.len() as u64);
        for currency in currencies {
            out.text(&currency.symbol)?;
            out.buffer.push(currency.decimals);
        }
        out.number(offerings.len() as u64);
        for offering in offerings {
            out.text(offering)?;
            out.end_of_row()?;
        }
        out.number(accounts.len() as u64);
        for (key, account) in accounts {
            out.account(*key);
            write_amount(account.deposited, &mut out.buffer);
            write_amount(account.withdrawn, &mut out.buffer);
            out.end_of_row()?;
        }
        out.number(parts.len() as u64);
        for ((account, offering), part) in parts {
            out.account(*account);
            out.number((*offering).into());
            write_amount(part.held, &mut out.buffer);
            out.end_of_row()?;
        }
        out.number(transfers.len() as u64);
        for (id, record) in transfers {
            write_transfer(*id, record, &mut out);
            out.end_of_row()?;
        }
        out.number(requests.len() as u64);
        for (request, first) in requests {
            out.buffer.extend_from_slice(&request.0);
            out.number(*first);
            out.end_of_row()?;
        }
        out.hand_on()?;
        let hash: [u8; 32] = out.hasher.finalize().into();
        out.out.write_all(&hash)?;
        Ok(hash)
    }

    /// SHA-256 of what [`Balances::write_state`] writes before the hash.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        // A sink takes everything, and texts of the state were entry texts before.
        self.write_state(&mut io::sink()).unwrap_or_default()
    }

    /// Reads what [`Balances::write_state`] wrote, and nothing else. Takes memory in proportion to the
    /// bytes.
    ///
    /// # Errors
    /// [`BalanceStateError`].
    pub fn read_state(input: &mut dyn Read) -> Result<Self, BalanceStateError> {
        let mut bytes = Vec::new();
        input
            .read_to_end(&mut bytes)
            .map_err(|error| BalanceStateError::Source(error.kind()))?;
        let (bytes, hash) = bytes
            .split_last_chunk::<32>()
            .ok_or(BalanceStateError::Damaged)?;
        let content = bytes
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.strip_prefix(&[STATE_VERSION]));
        let content = content.ok_or(BalanceStateError::Foreign)?;
        if <[u8; 32]>::from(Sha256::digest(bytes)) != *hash {
            return Err(BalanceStateError::Damaged);
        }
        let mut reader = Reader::new(content);
        Self::read(&mut reader).map_err(|problem| BalanceStateError::Malformed {
            offset: MAGIC.len() + 1 + reader.offset(),
            problem,
        })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let mut state = Self {
            next: reader.u64()?,
            ..Self::default()
        };
        for _ in 0..reader.u64()? {
            let (symbol, decimals) = (reader.text()?, reader.byte()?);
            state
                .add_currency(symbol, decimals)
                .map_err(|_| "a currency is not one, or there twice")?;
        }
        for place in 0..reader.u64()? {
            let place = u32::try_from(place).map_err(|_| "there are too many offerings")?;
            let name = reader.text()?;
            if state.offering_places.insert(name.into(), place).is_some() {
                return Err("an offering is there twice");
            }
            state.offerings.push(name.into());
        }
        state.read_accounts(reader)?;
        state.read_parts(reader)?;
        state.read_transfers(reader)?;
        state.derive()?;
        let mut last = None;
        for _ in 0..reader.u64()? {
            let (request, first) = (reader.request()?, reader.u64()?);
            if last.replace(request) >= Some(request) {
                return Err("requests are not in order");
            }
            state.check_number(first)?;
            state.requests.insert(request, first);
        }
        if reader.rest_len() > 0 {
            return Err("there are bytes after the end");
        }
        Ok(state)
    }

    fn check_number(&self, number: u64) -> Result<(), &'static str> {
        if number < self.next {
            Ok(())
        } else {
            Err("there is no entry with this number")
        }
    }

    fn read_key(&self, reader: &mut Reader<'_>) -> Result<AccountKey, &'static str> {
        let key = (PersonId(reader.array()?), reader.byte()?);
        if usize::from(key.1) < self.currencies.len() {
            Ok(key)
        } else {
            Err("there is no such currency")
        }
    }

    fn read_offering(&self, reader: &mut Reader<'_>) -> Result<u32, &'static str> {
        let place = u32::try_from(reader.u64()?).ok();
        place
            .filter(|place| self.offerings.get(*place as usize).is_some())
            .ok_or("there is no such offering")
    }

    fn read_accounts(&mut self, reader: &mut Reader<'_>) -> Result<(), &'static str> {
        let mut last = None;
        for _ in 0..reader.u64()? {
            let key = self.read_key(reader)?;
            if last.replace(key) >= Some(key) {
                return Err("accounts are not in order");
            }
            let account = Account {
                deposited: reader.amount()?,
                withdrawn: reader.amount()?,
                ..Account::default()
            };
            if account.deposited == 0 {
                return Err("an account has no deposits");
            }
            self.accounts.insert(key, account);
        }
        Ok(())
    }

    fn read_parts(&mut self, reader: &mut Reader<'_>) -> Result<(), &'static str> {
        let mut last = None;
        for _ in 0..reader.u64()? {
            let key = (self.read_key(reader)?, self.read_offering(reader)?);
            if last.replace(key) >= Some(key) {
                return Err("parts of accounts are not in order");
            }
            let part = Part {
                held: reader.amount()?,
                ..Part::default()
            };
            self.parts.insert(key, part);
        }
        Ok(())
    }

    fn read_transfers(&mut self, reader: &mut Reader<'_>) -> Result<(), &'static str> {
        let mut last = None;
        for _ in 0..reader.u64()? {
            let id = TransferId(reader.array()?);
            if last.replace(id) >= Some(id) {
                return Err("transfers are not in order");
            }
            let record = self.read_transfer(reader)?;
            let part = self.parts.get_mut(&(record.account, record.offering));
            let part = part.ok_or("a transfer is of no account")?;
            if record.stage == TransferStage::Open {
                let sum = match record.direction {
                    Direction::ToOffering => &mut part.arriving,
                    Direction::FromOffering => &mut part.returning,
                };
                *sum = sum.checked_add(record.amount).ok_or(TOO_MUCH)?;
                if self.open.insert(record.opened, id).is_some() {
                    return Err("one entry opened two transfers");
                }
            }
            self.transfers.insert(id, record);
        }
        Ok(())
    }

    fn read_transfer(&self, reader: &mut Reader<'_>) -> Result<TransferRecord, &'static str> {
        let direction = match reader.byte()? {
            0 => Direction::ToOffering,
            1 => Direction::FromOffering,
            _ => return Err("the direction is neither 0 nor 1"),
        };
        let stage = match reader.byte()? {
            0 => TransferStage::Open,
            1 => TransferStage::Finished,
            2 => TransferStage::Cancelled,
            _ => return Err("the stage is none of 0, 1 and 2"),
        };
        let record = TransferRecord {
            direction,
            stage,
            account: self.read_key(reader)?,
            offering: self.read_offering(reader)?,
            amount: reader.amount()?,
            opened: reader.u64()?,
        };
        self.check_number(record.opened)?;
        if record.amount == 0 {
            return Err("a transfer is of nothing");
        }
        Ok(record)
    }

    /// What is in offerings, what is available, and the sums of the currencies.
    fn derive(&mut self) -> Result<(), &'static str> {
        for ((key, _), part) in &self.parts {
            let account = self.accounts.get_mut(key);
            let account = account.ok_or("a part is of no account")?;
            if part.returning > part.held {
                return Err("more is on its way back than there was");
            }
            let sum = account.in_offerings.checked_add(part.arriving);
            let sum = sum.and_then(|sum| sum.checked_add(part.held));
            account.in_offerings = sum.ok_or(TOO_MUCH)?;
        }
        for (key, account) in &mut self.accounts {
            let left = account.deposited.checked_sub(account.withdrawn);
            let left = left.and_then(|left| left.checked_sub(account.in_offerings));
            account.available = left.ok_or(TOO_MUCH)?;
            let currency = self.currencies.get_mut(usize::from(key.1));
            let sums = &mut currency.ok_or("there is no such currency")?.sums;
            let deposited = sums.deposited.checked_add(account.deposited);
            sums.deposited = deposited.ok_or(TOO_MUCH)?;
            // No more than what was deposited.
            sums.withdrawn += account.withdrawn;
            sums.available += account.available;
            sums.in_offerings += account.in_offerings;
        }
        Ok(())
    }
}

const TOO_MUCH: &str = "more money went out than came in";

fn write_transfer(id: TransferId, record: &TransferRecord, out: &mut Pieces<'_>) {
    let TransferRecord {
        direction,
        account,
        offering,
        amount,
        opened,
        stage,
    } = record;
    out.buffer.extend_from_slice(&id.0);
    out.buffer.push(match direction {
        Direction::ToOffering => 0,
        Direction::FromOffering => 1,
    });
    out.buffer.push(match stage {
        TransferStage::Open => 0,
        TransferStage::Finished => 1,
        TransferStage::Cancelled => 2,
    });
    out.account(*account);
    out.number((*offering).into());
    write_amount(*amount, &mut out.buffer);
    out.number(*opened);
}
