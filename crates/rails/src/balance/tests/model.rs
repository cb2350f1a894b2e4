//! Random entries against a model that knows nothing but a list of movements.

use std::collections::BTreeMap;

use proptest::prelude::*;
use softcap_offering::{Amount, Position, RequestId, Sequence, TransferId};

use crate::balance::{
    Balance, BalanceCommand, BalanceEntry, BalanceOutcome, BalanceRefusal, Balances, Direction,
    PersonId, decode, encode,
};

const SYMBOLS: [&str; 3] = ["EUR", "USDC", "none"];
const OFFERINGS: [&str; 2] = ["harbour", "quay"];

pub(super) fn person(number: u8) -> PersonId {
    PersonId([number; 16])
}

fn command() -> impl Strategy<Value = BalanceCommand<'static>> {
    let money = (0_u8..3, 0_usize..3, amount());
    let money = money.prop_map(|(who, symbol, amount)| (person(who), SYMBOLS[symbol], amount));
    let id = (0_u8..12).prop_map(|number| TransferId([number; 16]));
    let kind = prop_oneof![Just(0), Just(1), 2..5_u8, 5..7_u8, 7..9_u8, Just(9)];
    (kind, money, id, any::<bool>()).prop_map(
        |(kind, (person, currency, amount), transfer, side)| {
            let offering = OFFERINGS[usize::from(side)];
            let open = |direction| BalanceCommand::OpenTransfer {
                transfer,
                direction,
                person,
                offering,
                currency,
                amount,
            };
            let reference = "r";
            match kind {
                0 => BalanceCommand::Deposit {
                    person,
                    currency,
                    amount,
                    reference,
                },
                1 => BalanceCommand::Withdraw {
                    person,
                    currency,
                    amount,
                    reference,
                },
                2..5 => open(Direction::ToOffering),
                5 | 6 => open(Direction::FromOffering),
                7 | 8 => BalanceCommand::FinishTransfer { transfer },
                _ => BalanceCommand::CancelTransfer { transfer },
            }
        },
    )
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => 0_u128..60,
        1 => Just(u128::MAX / 2),
        1 => Just(u128::MAX),
    ]
    .prop_map(Amount)
}

/// All movements so far, one line each: whose, currency, from where, to where, how much. A pocket is
/// counted by adding everything up again.
#[derive(Default)]
struct Model {
    movements: Vec<(PersonId, &'static str, Pocket, Pocket, u128)>,
    transfers: BTreeMap<TransferId, (BalanceCommand<'static>, Option<&'static str>, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pocket {
    World,
    Available,
    Arriving(&'static str),
    Held(&'static str),
    Returning(&'static str),
}

impl Model {
    fn sum(&self, wanted: impl Fn(PersonId, &str, Pocket) -> bool) -> u128 {
        let part = |into: bool| {
            let own = self.movements.iter().filter(|row| {
                let pocket = if into { row.3 } else { row.2 };
                wanted(row.0, row.1, pocket)
            });
            own.fold((0_u128, 0_u128), |(high, low), row| {
                let (low, over) = low.overflowing_add(row.4);
                (high + u128::from(over), low)
            })
        };
        let (into, out) = (part(true), part(false));
        // Two words, because all that ever moved may exceed one.
        let borrow = u128::from(into.1 < out.1);
        assert_eq!(into.0 - borrow, out.0);
        into.1.wrapping_sub(out.1)
    }

    fn of(&self, who: PersonId, currency: &str, pocket: Pocket) -> u128 {
        self.sum(|person, symbol, at| (person, symbol, at) == (who, currency, pocket))
    }

    fn apply(&mut self, entry: u64, command: &BalanceCommand<'static>) -> BalanceOutcome {
        match self.decide(entry, command) {
            Ok(None) => BalanceOutcome::Done,
            Ok(Some(first)) => BalanceOutcome::RepeatOf(Sequence(first)),
            Err(refusal) => BalanceOutcome::Refused(refusal),
        }
    }

    fn decide(
        &mut self,
        entry: u64,
        command: &BalanceCommand<'static>,
    ) -> Result<Option<u64>, BalanceRefusal> {
        let known = |symbol: &str| match symbol {
            "none" => Err(BalanceRefusal::UnknownCurrency),
            _ => Ok(()),
        };
        let some = |amount: Amount| match amount.0 {
            0 => Err(BalanceRefusal::Zero),
            _ => Ok(amount.0),
        };
        match *command {
            BalanceCommand::AddCurrency { .. } => Err(BalanceRefusal::CurrencyExists),
            BalanceCommand::Deposit {
                person,
                currency,
                amount,
                ..
            } => {
                known(currency)?;
                let amount = some(amount)?;
                let deposits = self.movements.iter().filter(|row| {
                    (row.1, row.2, row.3) == (currency, Pocket::World, Pocket::Available)
                });
                let sum = deposits
                    .map(|row| row.4)
                    .try_fold(amount, u128::checked_add);
                sum.ok_or(BalanceRefusal::AmountTooLarge)?;
                let row = (person, currency, Pocket::World, Pocket::Available, amount);
                self.movements.push(row);
                Ok(None)
            }
            BalanceCommand::Withdraw {
                person,
                currency,
                amount,
                ..
            } => {
                known(currency)?;
                let amount = some(amount)?;
                if self.of(person, currency, Pocket::Available) < amount {
                    return Err(BalanceRefusal::InsufficientBalance);
                }
                let row = (person, currency, Pocket::Available, Pocket::World, amount);
                self.movements.push(row);
                Ok(None)
            }
            BalanceCommand::OpenTransfer {
                transfer,
                direction,
                person,
                offering,
                currency,
                amount,
            } => {
                if let Some(known) = self.transfers.get(&transfer) {
                    return Ok(Some(known.2));
                }
                known(currency)?;
                let amount = some(amount)?;
                let (from, to, refusal) = match direction {
                    Direction::ToOffering => (
                        Pocket::Available,
                        Pocket::Arriving(offering),
                        BalanceRefusal::InsufficientBalance,
                    ),
                    Direction::FromOffering => (
                        Pocket::Held(offering),
                        Pocket::Returning(offering),
                        BalanceRefusal::NotInOffering,
                    ),
                };
                if self.of(person, currency, from) < amount {
                    return Err(refusal);
                }
                self.movements.push((person, currency, from, to, amount));
                self.transfers.insert(transfer, (*command, None, entry));
                Ok(None)
            }
            BalanceCommand::FinishTransfer { transfer } => self.end(transfer, "finished"),
            BalanceCommand::CancelTransfer { transfer } => self.end(transfer, "cancelled"),
        }
    }

    fn end(
        &mut self,
        transfer: TransferId,
        how: &'static str,
    ) -> Result<Option<u64>, BalanceRefusal> {
        let known = self.transfers.get_mut(&transfer);
        let (command, ended, _) = known.ok_or(BalanceRefusal::NoSuchTransfer)?;
        match *ended {
            Some("finished") => return Err(BalanceRefusal::TransferFinished),
            Some(_) => return Err(BalanceRefusal::TransferCancelled),
            None => *ended = Some(how),
        }
        let BalanceCommand::OpenTransfer {
            direction,
            person,
            offering,
            currency,
            amount,
            ..
        } = *command
        else {
            panic!("only openings are kept")
        };
        let (between, far, near) = match direction {
            Direction::ToOffering => (
                Pocket::Arriving(offering),
                Pocket::Held(offering),
                Pocket::Available,
            ),
            Direction::FromOffering => (
                Pocket::Returning(offering),
                Pocket::Available,
                Pocket::Held(offering),
            ),
        };
        let to = if how == "finished" { far } else { near };
        self.movements
            .push((person, currency, between, to, amount.0));
        Ok(None)
    }

    fn check(&self, balances: &Balances) {
        for who in (0..3).map(person) {
            for symbol in SYMBOLS {
                let held = balances.balance(who, symbol);
                let available = self.of(who, symbol, Pocket::Available);
                assert_eq!(held.available.0, available, "{who} {symbol}");
                assert_adds_up(held);
                for offering in OFFERINGS {
                    let part = balances.in_offering(who, offering, symbol);
                    let of = |pocket| self.of(who, symbol, pocket);
                    assert_eq!(part.arriving.0, of(Pocket::Arriving(offering)));
                    assert_eq!(part.returning.0, of(Pocket::Returning(offering)));
                    // Here what is on its way back is held until it is back.
                    let held = of(Pocket::Held(offering)) + of(Pocket::Returning(offering));
                    assert_eq!(part.held.0, held);
                }
            }
        }
        let open: Vec<_> = balances.open_transfers().map(|open| open.id).collect();
        let mut expected: Vec<_> = self
            .transfers
            .iter()
            .filter(|row| row.1.1.is_none())
            .collect();
        expected.sort_by_key(|row| row.1.2);
        let expected: Vec<_> = expected.iter().map(|row| *row.0).collect();
        assert_eq!(open, expected);
        assert!(balances.is_consistent());
        for symbol in SYMBOLS {
            assert_adds_up(balances.total(symbol));
        }
    }
}

pub(super) fn assert_adds_up(balance: Balance) {
    let Balance {
        deposited,
        withdrawn,
        available,
        in_offerings,
    } = balance;
    let sum = withdrawn
        .checked_add(available)
        .and_then(|sum| sum.checked_add(in_offerings));
    assert_eq!(Some(deposited), sum);
}

pub(super) fn with_currencies() -> Balances {
    let mut balances = Balances::new();
    for (symbol, decimals) in [("EUR", 2), ("USDC", 6)] {
        let added = balances.apply(None, &BalanceCommand::AddCurrency { symbol, decimals });
        assert_eq!(added, BalanceOutcome::Done);
    }
    balances
}

proptest! {
    #[test]
    fn every_outcome_and_every_balance_is_that_of_the_model(
        entries in proptest::collection::vec((0_u8..20, command()), 0..120),
        cut in 0_usize..120,
    ) {
        let mut balances = with_currencies();
        let (mut model, mut requests) = (Model::default(), BTreeMap::new());
        let mut finished = 0;
        for (place, (request, command)) in entries.iter().enumerate() {
            let number = balances.next_sequence().0;
            // A few entries share a request; most have none.
            let request = (1..8).contains(request).then_some(RequestId([*request; 16]));
            let first = request.and_then(|request| requests.get(&request).copied());
            let expected = match first {
                Some(first) => BalanceOutcome::RepeatOf(Sequence(first)),
                None => model.apply(number, command),
            };
            request.map(|request| requests.entry(request).or_insert(number));
            let outcome = balances.apply(request, command);
            prop_assert_eq!(outcome, expected, "{:?}", command);
            model.check(&balances);
            finished += usize::from(outcome == BalanceOutcome::Done);

            let entry = BalanceEntry { sequence: Sequence(number), time: Position(5), request, command: *command };
            let mut leaf = Vec::new();
            encode(&entry, &outcome, &mut leaf).unwrap();
            prop_assert_eq!(decode(&leaf).unwrap(), (entry, outcome));

            if place == cut {
                let mut bytes = Vec::new();
                let hash = balances.write_state(&mut bytes).unwrap();
                prop_assert_eq!(hash, balances.state_hash());
                let read = Balances::read_state(&mut bytes.as_slice()).unwrap();
                prop_assert_eq!(&read, &balances);
                balances = read;
            }
        }
        for request in requests {
            prop_assert_eq!(balances.find_request(request.0), Some(Sequence(request.1)));
        }
        prop_assert!(finished <= entries.len());
    }
}
