//! Money between the balances of the platform and the accounts of offerings.
//!
//! A transfer touches two logs, and no transaction spans both. Three steps, each of them one entry or
//! none: the platform opens it, the offering does its part, the platform closes it. Whatever ends in
//! between, the platform's open transfers say what is still to be done; a step that was done already
//! is seen by the transfer's id and not done again. So a transfer happens once on both sides or on
//! neither, and the only state in between is an open one.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use softcap_offering::{
    Amount, Command, CurrencyIndex, InvestorId, Outcome, Refusal, Sequence, TransferId,
    terms::{Rail, Terms},
};
use softcap_proof::entry::decode;
use softcap_rails::balance::{
    BalanceCommand, BalanceOutcome, BalanceRefusal, Direction, PersonId, Transfer, TransferStage,
};

use crate::{
    Answer, Intake, InvestorNumbers, Journal, JournalError, LogName, OfferingLog, PlatformLog,
    Submission, encode_at_batch_time,
};

/// Moves money between the platform and offerings. Made for each use; it holds nothing of its own.
#[derive(Clone, Copy, Debug)]
pub struct Transfers<'a> {
    journal: &'a Journal,
    numbers: &'a InvestorNumbers,
}

/// Money that is to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What makes it count once; whoever asks chooses it at random, and asks again with the same.
    pub transfer: TransferId,
    /// Whose money.
    pub person: PersonId,
    /// Name of the offering.
    pub offering: LogName,
    /// Symbol of the currency, the same on both sides.
    pub currency: String,
    /// In smallest units.
    pub amount: Amount,
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The money is on the other side.
    Done,
    /// The platform did not let it begin.
    RefusedByPlatform(BalanceRefusal),
    /// The offering refused; the money is where it was.
    RefusedByOffering(Refusal),
    /// The offering knows the id from something else, so that this cannot happen any more; the money
    /// is where it was.
    IdUsedInOffering,
}

/// What a recovery did.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Transfers whose money is on the other side now.
    pub finished: usize,
    /// Transfers whose money is where it was.
    pub cancelled: usize,
    /// Those that are still open, and why.
    pub left: Vec<(TransferId, JournalError)>,
}

/// A transfer that the platform opened.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Opened {
    direction: Direction,
    movement: Movement,
}

/// What the offering did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entered {
    Done,
    Refused(Refusal),
    IdUsed,
}

impl<'a> Transfers<'a> {
    /// Between the logs of a journal.
    #[must_use]
    pub fn new(journal: &'a Journal, numbers: &'a InvestorNumbers) -> Self {
        Self { journal, numbers }
    }

    /// Moves available money of a person into the person's account in an offering.
    ///
    /// # Errors
    /// [`JournalError::OtherTransfer`] when the id was used for something else,
    /// [`JournalError::NotOnBalance`] when the offering does not take the currency from balances, and
    /// what the logs say. After a passing error the transfer may be open: ask again with the same id,
    /// or leave it to [`Transfers::recover`].
    pub async fn fund(&self, movement: &Movement) -> Result<Moved, JournalError> {
        self.run(Direction::ToOffering, movement).await
    }

    /// Moves free money from a person's account in an offering back to the balance.
    ///
    /// # Errors
    /// As [`Transfers::fund`].
    pub async fn take_back(&self, movement: &Movement) -> Result<Moved, JournalError> {
        self.run(Direction::FromOffering, movement).await
    }

    async fn run(&self, direction: Direction, movement: &Movement) -> Result<Moved, JournalError> {
        let _in_use = self.numbers.in_use().await;
        let opened = Opened {
            direction,
            movement: movement.clone(),
        };
        match self.open(&opened).await? {
            Ok(TransferStage::Finished) => return Ok(Moved::Done),
            Ok(TransferStage::Open | TransferStage::Cancelled) => {}
            Err(refusal) => return Ok(Moved::RefusedByPlatform(refusal)),
        }
        let entered = self.enter(&opened).await?;
        self.close(&opened, entered).await?;
        Ok(match entered {
            Entered::Done => Moved::Done,
            Entered::Refused(refusal) => Moved::RefusedByOffering(refusal),
            Entered::IdUsed => Moved::IdUsedInOffering,
        })
    }

    /// Drives every open transfer on: at a start, and every now and then.
    ///
    /// # Errors
    /// [`JournalError::NoSuchLog`] when the platform has no log. What one transfer meets is in
    /// [`Recovered::left`].
    pub async fn recover(&self) -> Result<Recovered, JournalError> {
        self.recover_opened_before(Sequence(u64::MAX)).await
    }

    /// As [`Transfers::recover`], for transfers that an entry of the platform below `before` opened: a
    /// newer one is most likely driven by whoever asked for it, and a step done twice, though it counts
    /// once, is another entry.
    ///
    /// # Errors
    /// As [`Transfers::recover`].
    pub async fn recover_opened_before(&self, before: Sequence) -> Result<Recovered, JournalError> {
        let _in_use = self.numbers.in_use().await;
        let platform = self.journal.platform()?;
        let open: Result<Vec<Opened>, _> = {
            let log = platform.sequencer.read();
            let open = log.machine().balances().open_transfers();
            let old = open.take_while(|transfer| transfer.opened < before);
            old.map(Opened::of).collect()
        };
        let mut recovered = Recovered::default();
        for opened in open? {
            match self.finish(&opened).await {
                Ok(Entered::Done) => recovered.finished += 1,
                Ok(Entered::Refused(_) | Entered::IdUsed) => recovered.cancelled += 1,
                Err(error) => recovered.left.push((opened.movement.transfer, error)),
            }
        }
        Ok(recovered)
    }

    async fn finish(&self, opened: &Opened) -> Result<Entered, JournalError> {
        let entered = self.enter(opened).await?;
        self.close(opened, entered).await?;
        Ok(entered)
    }

    /// Forgets which numbers a person had in offerings. What stands in the logs under those numbers is
    /// nobody's then.
    ///
    /// # Errors
    /// [`JournalError::HasMoney`] while money of the person is in an account of an offering that could
    /// come back, or on its way.
    pub async fn forget(&self, person: PersonId) -> Result<(), JournalError> {
        let leaving = self.numbers.leave(person).await?;
        // From here on no node begins to move money of the person. What one began before is in the
        // database: open in the platform's log, or over and then in that of the offering.
        let platform = self.journal.platform()?;
        platform.sequencer.caught_up().await?;
        let on_the_way = {
            let log = platform.sequencer.read();
            let mut open = log.machine().balances().open_transfers();
            open.any(|transfer| transfer.person == person)
        };
        if on_the_way {
            return Err(JournalError::HasMoney);
        }
        for (offering, number) in leaving.rows() {
            let log = self.offering(offering)?;
            log.sequencer.caught_up().await?;
            if has_money(&log, number) {
                return Err(JournalError::HasMoney);
            }
        }
        leaving.erase().await
    }

    fn offering(&self, name: &LogName) -> Result<Arc<OfferingLog>, JournalError> {
        let log = self.journal.offering(name);
        log.ok_or_else(|| JournalError::NoSuchLog(name.to_string()))
    }

    /// First step: the platform opens the transfer. Done already when it knows the same one, which may
    /// be over.
    async fn open(
        &self,
        wanted: &Opened,
    ) -> Result<Result<TransferStage, BalanceRefusal>, JournalError> {
        let platform = self.journal.platform()?;
        let movement = &wanted.movement;
        if let Some(stage) = self.known_stage(&platform, wanted)? {
            return Ok(Ok(stage));
        }
        let log = self.offering(&movement.offering)?;
        let terms = &log.terms;
        let (_, decimals) = place_of(terms, &movement.currency)?;
        let differs = {
            let log = platform.sequencer.read();
            let mut known = log.machine().balances().currencies();
            known.any(|unit| unit.symbol == movement.currency && unit.decimals != decimals)
        };
        if differs {
            return Err(JournalError::NotOnBalance(movement.currency.clone()));
        }
        self.numbers
            .find_or_draw(movement.person, &movement.offering)
            .await?;
        let command = BalanceCommand::OpenTransfer {
            transfer: movement.transfer,
            direction: wanted.direction,
            person: movement.person,
            offering: movement.offering.as_str(),
            currency: &movement.currency,
            amount: movement.amount,
        };
        match platform.record(None, &command).await?.1 {
            BalanceOutcome::Done => Ok(Ok(TransferStage::Open)),
            BalanceOutcome::Refused(refusal) => Ok(Err(refusal)),
            // Somebody was faster with the same id.
            BalanceOutcome::RepeatOf(_) => {
                let stage = self.known_stage(&platform, wanted)?;
                Ok(Ok(stage.unwrap_or(TransferStage::Open)))
            }
        }
    }

    /// How far the transfer is if the platform knows it, which must then be this one.
    fn known_stage(
        &self,
        platform: &PlatformLog,
        wanted: &Opened,
    ) -> Result<Option<TransferStage>, JournalError> {
        let log = platform.sequencer.read();
        let balances = log.machine().balances();
        match balances.transfer(wanted.movement.transfer) {
            None => Ok(None),
            Some(known) if Opened::of(known)? == *wanted => Ok(Some(known.stage)),
            Some(_) => Err(JournalError::OtherTransfer),
        }
    }

    /// Second step: the offering does its part. Done already when an entry with the id is there, whose
    /// outcome it is then.
    async fn enter(&self, opened: &Opened) -> Result<Entered, JournalError> {
        let movement = &opened.movement;
        let log = self.offering(&movement.offering)?;
        let number = self
            .numbers
            .find_or_draw_settled(movement.person, &movement.offering)
            .await?;
        let (currency, _) = place_of(&log.terms, &movement.currency)?;
        let command = opened.command(&number, currency);
        let known = {
            let state = log.sequencer.read();
            state.machine().offering().find_transfer(movement.transfer)
        };
        let index = match known {
            Some(index) => index,
            None => submit(&log, &command).await?,
        };
        entered(&log, index, &command).await
    }

    /// Third step: the platform notes what the offering did. Done already when somebody noted it.
    async fn close(&self, opened: &Opened, entered: Entered) -> Result<(), JournalError> {
        let platform = self.journal.platform()?;
        let transfer = opened.movement.transfer;
        let (wanted, already, command) = match entered {
            Entered::Done => (
                TransferStage::Finished,
                BalanceRefusal::TransferFinished,
                BalanceCommand::FinishTransfer { transfer },
            ),
            Entered::Refused(_) | Entered::IdUsed => (
                TransferStage::Cancelled,
                BalanceRefusal::TransferCancelled,
                BalanceCommand::CancelTransfer { transfer },
            ),
        };
        let stage = {
            let log = platform.sequencer.read();
            let known = log.machine().balances().transfer(transfer);
            known.map(|known| known.stage)
        };
        if stage == Some(wanted) {
            return Ok(());
        }
        match platform.record(None, &command).await? {
            (_, BalanceOutcome::Done) => Ok(()),
            (_, BalanceOutcome::Refused(refusal)) if refusal == already => Ok(()),
            (index, BalanceOutcome::Refused(_) | BalanceOutcome::RepeatOf(_)) => {
                Err(JournalError::Damaged {
                    log: platform.row.name.to_string(),
                    index: index.0,
                    problem: "it closed a transfer in another way than the offering did".to_owned(),
                })
            }
        }
    }
}

impl Opened {
    fn of(transfer: Transfer<'_>) -> Result<Self, JournalError> {
        Ok(Self {
            direction: transfer.direction,
            movement: Movement {
                transfer: transfer.id,
                person: transfer.person,
                offering: transfer.offering.parse()?,
                currency: transfer.currency.to_owned(),
                amount: transfer.amount,
            },
        })
    }

    /// What it is in the offering.
    fn command<'n>(&self, number: &'n str, currency: CurrencyIndex) -> Command<'n> {
        let (transfer, amount) = (self.movement.transfer, self.movement.amount);
        let investor = InvestorId::Opaque(number);
        match self.direction {
            Direction::ToOffering => Command::Fund {
                transfer,
                investor,
                currency,
                amount,
            },
            Direction::FromOffering => Command::TakeBack {
                transfer,
                investor,
                currency,
                amount,
            },
        }
    }
}

/// Whether money of an investor could come back from an offering.
fn has_money(log: &OfferingLog, number: &str) -> bool {
    let state = log.sequencer.read();
    let state = state.machine().offering();
    let investor = state.find_investor(InvestorId::Opaque(number));
    let places = (0_u8..).take(log.terms.currencies.len()).map(CurrencyIndex);
    let mut accounts = places.filter_map(|place| Some(state.account(investor?, place)));
    accounts.any(|held| !held.available.is_zero() || !held.held.is_zero())
}

/// The place of a currency in the terms, and its decimals.
fn place_of(terms: &Terms, symbol: &str) -> Result<(CurrencyIndex, u8), JournalError> {
    let mut known = (0_u8..).zip(&terms.currencies);
    let found =
        known.find(|(_, currency)| currency.symbol == symbol && currency.rail == Rail::Balance);
    found
        .map(|(place, currency)| (CurrencyIndex(place), currency.decimals))
        .ok_or_else(|| JournalError::NotOnBalance(symbol.to_owned()))
}

async fn submit(log: &OfferingLog, command: &Command<'_>) -> Result<Sequence, JournalError> {
    let submission = Submission {
        intake: Intake::Other,
        request: None,
        body: encode_at_batch_time(command, None)?,
    };
    Ok(match log.sequencer.submit(submission).await? {
        Answer::Entered { index, .. } => Sequence(index),
        Answer::Known { first, .. } => Sequence(first),
    })
}

/// What an entry did, if it is the one that is wanted.
async fn entered(
    log: &OfferingLog,
    index: Sequence,
    wanted: &Command<'_>,
) -> Result<Entered, JournalError> {
    let mut index = index.0;
    loop {
        let leaf = log.reader.leaf(index).await?;
        let (entry, outcome) = decode(&leaf)?;
        if let Outcome::RepeatOf(first) = outcome
            && first.0 < index
        {
            index = first.0;
            continue;
        }
        if entry.command != *wanted {
            return if is_of_another_investor(&entry.command, wanted) {
                Err(JournalError::UnclearTransfer { index })
            } else {
                Ok(Entered::IdUsed)
            };
        }
        return match outcome {
            Outcome::Done => Ok(Entered::Done),
            Outcome::Refused(refusal) => Ok(Entered::Refused(refusal)),
            Outcome::Contributed(_)
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::Settled(_)
            | Outcome::RepeatOf(_) => Err(JournalError::Damaged {
                log: log.row.name.to_string(),
                index,
                problem: "a transfer cannot have this outcome".to_owned(),
            }),
        };
    }
}

/// Whether two transfers differ in nothing but the investor: then the number of a person may have been
/// lost, and it is not for a program to say that money did not move.
fn is_of_another_investor(entry: &Command<'_>, wanted: &Command<'_>) -> bool {
    money(entry).is_some() && money(entry) == money(wanted)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of all commands two are transfers"
)]
fn money(command: &Command<'_>) -> Option<(Direction, CurrencyIndex, Amount)> {
    match command {
        Command::Fund {
            currency, amount, ..
        } => Some((Direction::ToOffering, *currency, *amount)),
        Command::TakeBack {
            currency, amount, ..
        } => Some((Direction::FromOffering, *currency, *amount)),
        _ => None,
    }
}
