//! Random movements, with ends of the process between their steps, against a model of plain numbers.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::Config};
use softcap_rails::balance::Direction;

use super::super::Opened;
use super::*;

const OFFERINGS: [&str; 2] = ["harbour", "quay"];

#[derive(Clone, Debug)]
enum Action {
    Deposit(u8, u128),
    Withdraw(u8, u128),
    Contribute(u8, usize, u128),
    /// Only the first steps of it, and then the process ends, if a number says so.
    Move(Opened, Option<usize>),
}

fn action() -> impl Strategy<Value = Action> {
    let (who, place, amount) = (1_u8..3, 0_usize..2, 0_u128..40);
    let opened = (
        0_u8..8,
        who.clone(),
        place.clone(),
        amount.clone(),
        any::<bool>(),
    );
    let opened = opened.prop_map(|(id, who, place, amount, to)| Opened {
        direction: if to {
            Direction::ToOffering
        } else {
            Direction::FromOffering
        },
        movement: Movement {
            transfer: TransferId([id; 16]),
            person: person(who),
            offering: name(OFFERINGS[place]),
            currency: "EUR".to_owned(),
            amount: Amount(amount),
        },
    });
    prop_oneof![
        2 => (who.clone(), amount.clone()).prop_map(|(who, amount)| Action::Deposit(who, amount)),
        1 => (who.clone(), amount.clone()).prop_map(|(who, amount)| Action::Withdraw(who, amount)),
        2 => (who, place, amount)
            .prop_map(|(who, place, amount)| Action::Contribute(who, place, amount)),
        6 => (opened, proptest::option::weighted(0.3, 0_usize..3))
            .prop_map(|(opened, steps)| Action::Move(opened, steps)),
    ]
}

/// What everybody has: nothing but sums.
#[derive(Default)]
struct Model {
    available: BTreeMap<PersonId, u128>,
    /// Free, and used by contributions.
    accounts: BTreeMap<(PersonId, LogName), (u128, u128)>,
    transfers: BTreeMap<TransferId, (Opened, Moved)>,
}

impl Model {
    /// `None` when the id is of another transfer.
    fn run(&mut self, wanted: &Opened) -> Option<Moved> {
        let Movement {
            transfer,
            person,
            ref offering,
            amount: Amount(amount),
            ..
        } = wanted.movement;
        if let Some((known, moved)) = self.transfers.get(&transfer) {
            return (known == wanted).then_some(*moved);
        }
        let refused = |refusal| Some(Moved::RefusedByPlatform(refusal));
        if amount == 0 {
            return refused(BalanceRefusal::Zero);
        }
        let available = self.available.entry(person).or_default();
        let account = self.accounts.entry((person, offering.clone())).or_default();
        let moved = match wanted.direction {
            Direction::ToOffering if *available < amount => {
                return refused(BalanceRefusal::InsufficientBalance);
            }
            Direction::ToOffering => {
                *available -= amount;
                account.0 += amount;
                Moved::Done
            }
            Direction::FromOffering if account.0 + account.1 < amount => {
                return refused(BalanceRefusal::NotInOffering);
            }
            Direction::FromOffering if account.0 < amount => {
                Moved::RefusedByOffering(Refusal::InsufficientFunds)
            }
            Direction::FromOffering => {
                account.0 -= amount;
                *available += amount;
                Moved::Done
            }
        };
        self.transfers.insert(transfer, (wanted.clone(), moved));
        Some(moved)
    }

    async fn check(&self, world: &World) {
        for who in [person(1), person(2)] {
            let held = world.balance(who);
            let available = self.available.get(&who).copied().unwrap_or_default();
            assert_eq!(held.available.0, available);
            let mut in_offerings = 0;
            for offering in OFFERINGS {
                let account = world.account(who, offering).await;
                let expected = self.accounts.get(&(who, name(offering)));
                let (free, used) = expected.copied().unwrap_or_default();
                assert_eq!((account.available.0, account.held.0), (free, used));
                in_offerings += free + used;
            }
            assert_eq!(held.in_offerings.0, in_offerings);
        }
    }
}

/// Runs until the process ends or there is no more to do; how many actions were done.
async fn run(world: &World, model: &mut Model, actions: &[Action]) -> usize {
    let transfers = world.transfers();
    for (done, action) in actions.iter().enumerate() {
        match action {
            Action::Deposit(who, amount) => {
                world.deposit(person(*who), *amount).await;
                *model.available.entry(person(*who)).or_default() += amount;
            }
            Action::Withdraw(who, amount) => {
                let held = model.available.entry(person(*who)).or_default();
                let paid = *amount > 0 && *amount <= *held;
                let withdraw = BalanceCommand::Withdraw {
                    person: person(*who),
                    currency: "EUR",
                    amount: Amount(*amount),
                    reference: "",
                };
                let outcome = world.record(withdraw).await;
                assert_eq!(outcome == BalanceOutcome::Done, paid);
                *held -= if paid { *amount } else { 0 };
            }
            Action::Contribute(who, place, amount) => {
                let key = (person(*who), name(OFFERINGS[*place]));
                let account = model.accounts.entry(key).or_default();
                let taken = *amount >= 5 && *amount <= account.0;
                let outcome = world
                    .contribute(person(*who), OFFERINGS[*place], *amount)
                    .await;
                let was_taken = matches!(outcome, Outcome::Contributed(_));
                assert_eq!(was_taken, taken, "{outcome:?}");
                if taken {
                    *account = (account.0 - amount, account.1 + amount);
                }
            }
            Action::Move(wanted, None) => {
                let moved = match wanted.direction {
                    Direction::ToOffering => transfers.fund(&wanted.movement).await,
                    Direction::FromOffering => transfers.take_back(&wanted.movement).await,
                };
                match model.run(wanted) {
                    Some(expected) => assert_eq!(moved.unwrap(), expected),
                    None => assert!(matches!(moved, Err(JournalError::OtherTransfer))),
                }
            }
            Action::Move(wanted, Some(steps)) => {
                if *steps > 0 && matches!(transfers.open(wanted).await, Ok(Ok(_))) {
                    model.run(wanted).unwrap();
                    if *steps > 1 {
                        transfers.enter(wanted).await.unwrap();
                    }
                }
                return done + 1;
            }
        }
        model.check(world).await;
    }
    actions.len()
}

proptest! {
    #![proptest_config(Config { cases: 10, ..Config::default() })]
    #[test]
    fn all_money_is_where_the_model_says(
        actions in proptest::collection::vec(action(), 10..50),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        session(folder.path(), async |world| {
            world.begin().await;
            world.announce_quay().await;
        });
        model.available.insert(person(1), 100);
        let mut rest = actions.as_slice();
        while !rest.is_empty() {
            let done = session(folder.path(), async |world| {
                let recovered = world.transfers().recover().await.unwrap();
                assert!(recovered.left.is_empty(), "{recovered:?}");
                model.check(world).await;
                run(world, &mut model, rest).await
            });
            rest = &rest[done..];
        }
    }
}
