//! What a random sale comes to beside its rows: accounts, and everything that is handed over.

use softcap_offering::{
    AccountBalance, Amount, Command, CurrencyIndex, InvestorId, Offering, Outcome, Phase, Position,
    Stamp, TransferId, Verdict,
};

use super::super::fraction::big;
use super::super::moves::PEOPLE;
use super::{Store, Table};

impl Table {
    fn currencies(&self) -> impl Iterator<Item = CurrencyIndex> + use<> {
        (0..u8::try_from(self.terms.currencies.len()).unwrap()).map(CurrencyIndex)
    }

    fn account(&self, who: InvestorId<'_>, currency: CurrencyIndex) -> AccountBalance {
        let known = self.engine.find_investor(who);
        known.map_or(AccountBalance::default(), |index| {
            self.engine.account(index, currency)
        })
    }

    /// Every account has what the model says, and the accounts of a currency add up.
    pub(super) fn compare_accounts(&self) -> Result<(), String> {
        for currency in self.currencies() {
            let mut sums = [0; 5];
            for who in PEOPLE {
                let investor = InvestorId::parse(who).unwrap();
                let engine = columns(self.account(investor, currency));
                let model = self.model.account(who, currency.index());
                if engine.map(big) != model {
                    return Err(format!(
                        "account of {who}: engine {engine:?}, model {model:?}"
                    ));
                }
                for (sum, part) in sums.iter_mut().zip(engine) {
                    *sum += part;
                }
            }
            if columns(self.engine.account_totals(currency)) != sums {
                return Err(format!("the accounts of {currency} are not {sums:?}"));
            }
        }
        Ok(())
    }

    /// Everything due is handed over, once; then nothing is left to do.
    pub(super) fn hand_over(&mut self) -> Result<(), String> {
        for turn in [Turn::First, Turn::Second] {
            self.hand_over_to_people(turn)?;
            if let Store::Every(_) = self.store {
                self.read_again()?;
            }
            self.hand_over_the_rest(turn)?;
        }
        match self.engine.phase() {
            Phase::Finished => Ok(()),
            other => Err(format!("all is handed over, and the phase is {other:?}")),
        }
    }

    fn hand_over_to_people(&mut self, turn: Turn) -> Result<(), String> {
        let succeeded = self.succeeded();
        for (who, (tokens, _)) in self.people() {
            let investor = InvestorId::parse(&who).unwrap();
            let command = Command::Distribute { investor, tokens };
            self.once(turn, &command, succeeded && tokens.0 > 0)?;
            for currency in self.currencies() {
                // What came from an account is back in it already.
                let due = self.model.refund_due(&who, currency.index()) > big(0);
                self.once(turn, &Command::PayRefund { investor, currency }, due)?;
                let free = self.account(investor, currency).available;
                self.empty_account(investor, currency, free)?;
            }
        }
        Ok(())
    }

    fn hand_over_the_rest(&mut self, turn: Turn) -> Result<(), String> {
        let succeeded = self.succeeded();
        let shares = self.engine.settlement().unwrap().shares.clone();
        for (share, tokens) in (0..).zip(shares) {
            let command = Command::Vest { share, tokens };
            self.once(turn, &command, succeeded && tokens.0 > 0)?;
        }
        for milestone in 0..u8::try_from(self.terms.milestones.len()).unwrap() {
            self.once(turn, &Command::Release { milestone }, succeeded)?;
        }
        Ok(())
    }

    /// All that is free can be taken back, and not a unit more.
    fn empty_account(
        &mut self,
        investor: InvestorId<'_>,
        currency: CurrencyIndex,
        free: Amount,
    ) -> Result<(), String> {
        for (amount, possible) in [(free.0 + 1, false), (free.0, free.0 > 0), (1, false)] {
            let mut transfer = [0xff; 16];
            transfer[..8].copy_from_slice(&self.engine.next_sequence().0.to_be_bytes());
            let command = Command::TakeBack {
                transfer: TransferId(transfer),
                investor,
                currency,
                amount: Amount(amount),
            };
            expect(&mut self.engine, &command, possible)?;
        }
        Ok(())
    }

    fn once(&mut self, turn: Turn, command: &Command<'_>, due: bool) -> Result<(), String> {
        expect(&mut self.engine, command, due && turn == Turn::First)
    }

    fn succeeded(&self) -> bool {
        let settlement = self.engine.settlement();
        settlement.is_some_and(|held| held.settled.verdict == Verdict::Succeeded)
    }
}

/// How often everything is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    First,
    Second,
}

/// A command long after the sale is done, or it is refused.
fn expect(engine: &mut Offering, command: &Command<'_>, due: bool) -> Result<(), String> {
    let now = engine.now_stamp();
    let later = Stamp {
        position: Position(now.position.0.max(1 << 50)),
        ..now
    };
    let done = engine.apply(later, command) == Outcome::Done;
    if done == due {
        Ok(())
    } else {
        Err(format!("{command:?} was done: {done}"))
    }
}

fn columns(account: AccountBalance) -> [u128; 5] {
    let AccountBalance {
        funded,
        taken_back,
        held,
        available,
        spent,
    } = account;
    [funded, taken_back, held, available, spent].map(|amount| amount.0)
}
