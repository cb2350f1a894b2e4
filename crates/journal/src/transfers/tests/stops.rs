//! A process that ends between any two steps.

use softcap_rails::balance::Direction;

use super::super::{Entered, Opened};
use super::*;

/// What the offering does with its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Done,
    Refused,
}

const WANTED: u8 = 9;

/// Everything before the transfer; the transfer, and how it must end.
async fn before(world: &World, direction: Direction, ending: Ending) -> (Opened, Moved) {
    world.begin().await;
    let transfers = world.transfers();
    let (amount, moved) = match (direction, ending) {
        (Direction::ToOffering, Ending::Done) => (60, Moved::Done),
        (Direction::ToOffering, Ending::Refused) => {
            let cancelled = world.in_offering("harbour", &Command::Cancel).await;
            assert_eq!(cancelled, Outcome::Done);
            (60, Moved::RefusedByOffering(Refusal::OfferingCancelled))
        }
        (Direction::FromOffering, Ending::Done) => {
            let moved = transfers.fund(&movement(1, 60)).await.unwrap();
            assert_eq!(moved, Moved::Done);
            (25, Moved::Done)
        }
        (Direction::FromOffering, Ending::Refused) => {
            let moved = transfers.fund(&movement(1, 60)).await.unwrap();
            assert_eq!(moved, Moved::Done);
            let taken = world.contribute(person(1), "harbour", 40).await;
            assert!(matches!(taken, Outcome::Contributed(_)));
            (25, Moved::RefusedByOffering(Refusal::InsufficientFunds))
        }
    };
    let opened = Opened {
        direction,
        movement: movement(WANTED, amount),
    };
    (opened, moved)
}

/// Available, in offerings, ever funded and ever taken back, as they must be in the end.
fn expected(direction: Direction, ending: Ending) -> [u128; 4] {
    match (direction, ending) {
        (Direction::ToOffering, Ending::Done) => [40, 60, 60, 0],
        (Direction::ToOffering, Ending::Refused) => [100, 0, 0, 0],
        (Direction::FromOffering, Ending::Done) => [65, 35, 60, 25],
        (Direction::FromOffering, Ending::Refused) => [40, 60, 60, 0],
    }
}

async fn totals(world: &World) -> [u128; 4] {
    let held = world.balance(person(1));
    let account = world.account(person(1), "harbour").await;
    let (available, in_offerings) = (held.available.0, held.in_offerings.0);
    [
        available,
        in_offerings,
        account.funded.0,
        account.taken_back.0,
    ]
}

async fn again(world: &World, opened: &Opened) -> Moved {
    let transfers = world.transfers();
    match opened.direction {
        Direction::ToOffering => transfers.fund(&opened.movement).await.unwrap(),
        Direction::FromOffering => transfers.take_back(&opened.movement).await.unwrap(),
    }
}

/// Runs the first `steps` of a transfer, ends, starts again, recovers, and asks for the same transfer
/// again and again.
fn stop_after(steps: usize, direction: Direction, ending: Ending, with_snapshot: bool) {
    let shown = format!("{steps} steps, {direction:?}, {ending:?}, snapshot {with_snapshot}");
    let folder = tempfile::tempdir().unwrap();
    let (opened, moved) = session(folder.path(), async |world| {
        let (opened, moved) = before(world, direction, ending).await;
        if with_snapshot {
            world.journal.snapshot().unwrap();
        }
        let transfers = world.transfers();
        if steps > 0 {
            transfers.open(&opened).await.unwrap().unwrap();
        }
        if steps > 1 {
            let entered = transfers.enter(&opened).await.unwrap();
            assert_eq!(entered == Entered::Done, ending == Ending::Done, "{shown}");
            if steps > 2 {
                transfers.close(&opened, entered).await.unwrap();
            }
        }
        (opened, moved)
    });
    let (sizes, hash) = session(folder.path(), async |world| {
        let recovered = world.transfers().recover().await.unwrap();
        assert!(recovered.left.is_empty(), "{shown}: {recovered:?}");
        let was_open = usize::from(steps == 1 || steps == 2);
        let counts = match ending {
            Ending::Done => (was_open, 0),
            Ending::Refused => (0, was_open),
        };
        assert_eq!((recovered.finished, recovered.cancelled), counts, "{shown}");
        if steps > 0 {
            assert_eq!(totals(world).await, expected(direction, ending), "{shown}");
        }
        assert_eq!(again(world, &opened).await, moved, "{shown}");
        assert_eq!(totals(world).await, expected(direction, ending), "{shown}");
        (world.sizes(), world.state_hash())
    });
    session(folder.path(), async |world| {
        assert_eq!(world.state_hash(), hash, "{shown}");
        assert_eq!(again(world, &opened).await, moved, "{shown}");
        let recovered = world.transfers().recover().await.unwrap();
        assert_eq!((recovered.finished, recovered.cancelled), (0, 0), "{shown}");
        assert_eq!(totals(world).await, expected(direction, ending), "{shown}");
        assert_eq!(
            world.sizes(),
            sizes,
            "{shown}: what is done makes no entries"
        );
    });
}

#[test]
fn money_to_an_offering_arrives_once_wherever_the_process_ends() {
    for steps in 0..=3 {
        for ending in [Ending::Done, Ending::Refused] {
            stop_after(steps, Direction::ToOffering, ending, steps % 2 == 0);
        }
    }
}

#[test]
fn money_from_an_offering_arrives_once_wherever_the_process_ends() {
    for steps in 0..=3 {
        for ending in [Ending::Done, Ending::Refused] {
            stop_after(steps, Direction::FromOffering, ending, steps % 2 == 1);
        }
    }
}

/// Each step twice: a recovery that runs beside whoever asked.
#[test]
fn a_step_that_is_done_twice_is_done_once() {
    for direction in [Direction::ToOffering, Direction::FromOffering] {
        for ending in [Ending::Done, Ending::Refused] {
            let folder = tempfile::tempdir().unwrap();
            session(folder.path(), async |world| {
                let (opened, moved) = before(world, direction, ending).await;
                let transfers = world.transfers();
                for _ in 0..2 {
                    transfers.open(&opened).await.unwrap().unwrap();
                }
                let entered = transfers.enter(&opened).await.unwrap();
                // As if the state had not been looked at: the entry itself, once more.
                let log = transfers.offering(&opened.movement.offering).unwrap();
                let number = world
                    .numbers
                    .find(person(1), &name("harbour"))
                    .await
                    .unwrap();
                let number = number.unwrap();
                let command = opened.command(&number, CurrencyIndex(0));
                let index = submit(&log, &command).await.unwrap();
                let repeated = super::super::entered(&log, index, &command).await.unwrap();
                assert_eq!(repeated, entered);
                for _ in 0..2 {
                    transfers.close(&opened, entered).await.unwrap();
                }
                assert_eq!(again(world, &opened).await, moved);
                assert_eq!(totals(world).await, expected(direction, ending));
            });
        }
    }
}
