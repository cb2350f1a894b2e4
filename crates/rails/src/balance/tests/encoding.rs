//! Bytes: one spelling, whatever is wrong is found, and the tags stay what they are.

use proptest::prelude::*;
use softcap_offering::{
    Amount, Command, Outcome, Position, RequestId, Sequence, Stamp, TransferId,
};
use softcap_proof::{ProofError, hex};

use super::model::{person, with_currencies};
use crate::balance::{
    BalanceCommand, BalanceCommands, BalanceEntry, BalanceOutcome, BalanceRefusal,
    BalanceStateError, Balances, Direction, decode, encode, encode_command,
};

fn entry(command: BalanceCommand<'_>) -> BalanceEntry<'_> {
    BalanceEntry {
        sequence: Sequence(1),
        time: Position(2),
        request: None,
        command,
    }
}

fn money(direction: Direction) -> BalanceCommand<'static> {
    BalanceCommand::OpenTransfer {
        transfer: TransferId([0xaa; 16]),
        direction,
        person: person(0xbb),
        offering: "quay",
        currency: "EUR",
        amount: Amount(300),
    }
}

fn commands() -> Vec<(BalanceCommand<'static>, &'static str)> {
    let (aa, transfer) = ("aa".repeat(16), TransferId([0xaa; 16]));
    let bb = "bb".repeat(16);
    let of_money = format!("{bb}0003455552");
    let rows = [
        (
            BalanceCommand::AddCurrency {
                symbol: "EUR",
                decimals: 2,
            },
            "01000345555202".to_owned(),
        ),
        (
            BalanceCommand::Deposit {
                person: person(0xbb),
                currency: "EUR",
                amount: Amount(0),
                reference: "r",
            },
            format!("02{of_money}00000172"),
        ),
        (
            BalanceCommand::Withdraw {
                person: person(0xbb),
                currency: "EUR",
                amount: Amount(1),
                reference: "",
            },
            format!("03{of_money}01010000"),
        ),
        (
            money(Direction::ToOffering),
            format!("04{aa}{of_money}02012c000471756179"),
        ),
        (
            money(Direction::FromOffering),
            format!("05{aa}{of_money}02012c000471756179"),
        ),
        (
            BalanceCommand::FinishTransfer { transfer },
            format!("06{aa}"),
        ),
        (
            BalanceCommand::CancelTransfer { transfer },
            format!("07{aa}"),
        ),
    ];
    rows.map(|(command, bytes)| (command, &*bytes.leak()))
        .into()
}

#[test]
fn tags_are_part_of_the_record() {
    let outcomes = [
        (BalanceOutcome::Done, "01"),
        (BalanceOutcome::Refused(BalanceRefusal::Zero), "0200c9"),
        (BalanceOutcome::RepeatOf(Sequence(7)), "030000000000000007"),
    ];
    for (command, bytes) in commands() {
        for (outcome, tail) in outcomes {
            for request in [None, Some(RequestId([0xcc; 16]))] {
                let mut entry = entry(command);
                entry.request = request;
                let mut leaf = Vec::new();
                encode(&entry, &outcome, &mut leaf).unwrap();
                let (version, id) = match request {
                    None => ("81", String::new()),
                    Some(_) => ("82", "cc".repeat(16)),
                };
                let head = format!("{version}00000000000000010000000000000002{id}");
                assert_eq!(hex(&leaf), format!("{head}{bytes}{tail}"));
                assert_eq!(decode(&leaf).unwrap(), (entry, outcome));
                for short in 0..leaf.len() {
                    assert!(decode(&leaf[..short]).is_err());
                }
                leaf.push(0);
                assert!(decode(&leaf).is_err());
            }
        }
    }
}

#[test]
fn a_batch_body_holds_what_was_put_in() {
    let mut body = Vec::new();
    let mut expected = Vec::new();
    for (place, (command, _)) in commands().into_iter().enumerate() {
        let entry = BalanceEntry {
            sequence: Sequence(5 + place as u64),
            time: Position(9),
            request: (place % 2 == 0).then_some(RequestId([3; 16])),
            command,
        };
        encode_command(&entry, &mut body).unwrap();
        expected.push(entry);
    }
    let read: Result<Vec<_>, _> = BalanceCommands::new(&body, Sequence(5)).collect();
    assert_eq!(read.unwrap(), expected);
    let cut: Vec<_> = BalanceCommands::new(&body[..body.len() - 1], Sequence(5)).collect();
    assert_eq!(cut.len(), expected.len());
    assert!(matches!(
        cut.last(),
        Some(Err(ProofError::EntryMalformed { .. }))
    ));
    // Another clock line.
    body[0] = 1;
    let first = BalanceCommands::new(&body, Sequence(5)).next().unwrap();
    assert!(matches!(first, Err(ProofError::EntryMalformed { .. })));
}

#[test]
fn what_has_no_encoding_leaves_no_trace() {
    let long = "a".repeat(256);
    let table = [
        ("EUR,", None),
        ("\u{e4}", None),
        (long.as_str(), None),
        ("EUR", Some(RequestId([0; 16]))),
    ];
    for (symbol, request) in table {
        let mut entry = entry(BalanceCommand::AddCurrency {
            symbol,
            decimals: 2,
        });
        entry.request = request;
        let mut bytes = vec![1];
        encode(&entry, &BalanceOutcome::Done, &mut bytes).unwrap_err();
        encode_command(&entry, &mut bytes).unwrap_err();
        assert_eq!(bytes, [1]);
    }
}

#[test]
fn a_leaf_of_an_offering_is_none_of_the_platform() {
    let entry = softcap_proof::entry::Entry {
        sequence: Sequence(0),
        stamp: Stamp::default(),
        request: None,
        command: Command::Tick,
    };
    let mut leaf = Vec::new();
    softcap_proof::entry::encode(&entry, &Outcome::Done, &mut leaf).unwrap();
    assert!(decode(&leaf).is_err());
    let mut leaf = Vec::new();
    let own = self::entry(commands()[0].0);
    encode(&own, &BalanceOutcome::Done, &mut leaf).unwrap();
    assert!(softcap_proof::entry::decode(&leaf).is_err());
}

/// A state with everything in it.
fn full() -> Balances {
    let mut balances = with_currencies();
    let deposit = BalanceCommand::Deposit {
        person: person(0xbb),
        currency: "EUR",
        amount: Amount(1000),
        reference: "",
    };
    balances.apply(Some(RequestId([4; 16])), &deposit);
    for id in 0..3 {
        let BalanceCommand::OpenTransfer { amount, .. } = money(Direction::ToOffering) else {
            panic!("it is one")
        };
        let transfer = TransferId([id; 16]);
        let direction = match id {
            2 => Direction::FromOffering,
            _ => Direction::ToOffering,
        };
        let open = BalanceCommand::OpenTransfer {
            transfer,
            direction,
            person: person(0xbb),
            offering: "quay",
            currency: "EUR",
            amount,
        };
        assert_eq!(balances.apply(None, &open), BalanceOutcome::Done);
        if id == 0 {
            balances.apply(None, &BalanceCommand::FinishTransfer { transfer });
        }
    }
    assert_eq!(balances.open_transfers().count(), 2);
    balances
}

fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let content = bytes.len() - 32;
    let hash = Sha256::digest(&bytes[..content]);
    bytes[content..].copy_from_slice(&hash);
    bytes
}

#[test]
fn a_damaged_state_is_found() {
    let balances = full();
    let mut bytes = Vec::new();
    balances.write_state(&mut bytes).unwrap();
    assert_eq!(
        Balances::read_state(&mut bytes.as_slice()).unwrap(),
        balances
    );
    for place in 0..bytes.len() {
        let mut other = bytes.clone();
        other[place] ^= 1;
        assert!(Balances::read_state(&mut other.as_slice()).is_err());
        assert!(Balances::read_state(&mut &bytes[..place]).is_err());
    }
    let foreign = rehashed([b"x", &bytes[1..]].concat());
    let error = Balances::read_state(&mut foreign.as_slice()).unwrap_err();
    assert_eq!(
        (error.code(), &error),
        ("B102", &BalanceStateError::Foreign)
    );
    let longer = rehashed([&bytes[..bytes.len() - 32], &[0; 33]].concat());
    let error = Balances::read_state(&mut longer.as_slice()).unwrap_err();
    assert_eq!(error.code(), "B104");
}

proptest! {
    /// Whoever forges a state with a right hash gets balances that add up, and their only spelling.
    #[test]
    fn a_forged_state_is_refused_or_adds_up(place in 18_usize..300, byte in any::<u8>()) {
        let mut bytes = Vec::new();
        full().write_state(&mut bytes).unwrap();
        let place = place.min(bytes.len() - 33);
        bytes[place] = byte;
        let bytes = rehashed(bytes);
        if let Ok(read) = Balances::read_state(&mut bytes.as_slice()) {
            prop_assert!(read.is_consistent());
            let mut again = Vec::new();
            read.write_state(&mut again).unwrap();
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn bytes_from_anybody_have_one_meaning(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let leaf = [&[129, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2], bytes.as_slice()].concat();
        if let Ok((entry, outcome)) = decode(&leaf) {
            let mut again = Vec::new();
            encode(&entry, &outcome, &mut again).unwrap();
            prop_assert_eq!(again, leaf);
        }
    }
}
