//! Leaves with a request, and batch bodies.

use super::*;
use crate::entry::{COMMAND_MAX, Commands, LEAF_MAX, encode_command};
use softcap_offering::RequestId;

const ID: RequestId = RequestId([0xef; 16]);
const EF16: &str = "efefefefefefefefefefefefefefefef";

fn asked(command: Command<'_>) -> Entry<'_> {
    Entry {
        request: Some(ID),
        ..entry(command)
    }
}

fn body_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for entry in entries {
        encode_command(entry, &mut body).unwrap();
    }
    body
}

fn read(body: &[u8]) -> Result<Vec<Entry<'_>>, ProofError> {
    Commands::new(body, Sequence(7)).collect()
}

#[test]
fn a_leaf_with_a_request_has_version_2_and_the_request_after_the_position() {
    for (command, expected) in golden_commands() {
        let entry = asked(command);
        let leaf = leaf_of(&entry, &Outcome::RepeatOf(Sequence(5)));
        let head = format!("020000000000000007000000014192813fb0{EF16}");
        assert_eq!(hex(&leaf), format!("{head}{expected}070000000000000005"));
        assert_eq!(
            decode(&leaf).unwrap(),
            (entry, Outcome::RepeatOf(Sequence(5)))
        );
    }
}

#[test]
fn a_batch_body_has_its_golden_bytes() {
    let (later, mut second) = (Sequence(8), asked(Command::Release { milestone: 2 }));
    second.sequence = later;
    let entries = [entry(Command::Tick), second];
    let body = body_of(&entries);
    let plain = "000000014192813fb000000110";
    let with_request = format!("000000014192813fb001{EF16}00021602");
    assert_eq!(hex(&body), format!("{plain}{with_request}"));
    assert_eq!(read(&body).unwrap(), entries);
    assert_eq!(read(&[]).unwrap(), []);
}

#[test]
fn a_second_spelling_of_a_body_is_refused_where_it_begins_to_differ() {
    let zero = "00".repeat(16);
    let head = "00 0000 0141 9281 3fb0";
    let table = [
        (head.to_owned(), 9, "ends within"),
        (format!("{head} 02 0001 10"), 10, "neither 0 nor 1"),
        (format!("{head} 00 0000 10"), 13, "not as long as it says"),
        (format!("{head} 00 0002 10"), 13, "not as long as it says"),
        (format!("{head} 00 0001"), 12, "ends within"),
        (format!("{head} 00 0001 1d"), 13, "no command"),
        (format!("{head} 00 ff84 10"), 12, "longer than"),
        (format!("{head} 01 {zero} 0001 10"), 26, "request is zero"),
        (format!("{head} 01 {EF16} 0001 10 00"), 30, "ends within"),
    ];
    for (text, offset, problem) in table {
        let body = unhex(&text.replace(' ', ""));
        let mut commands = Commands::new(&body, Sequence(7));
        let error = commands.find_map(Result::err);
        let Some(ProofError::EntryMalformed {
            offset: at,
            problem: what,
        }) = error
        else {
            panic!("{text}: {error:?}");
        };
        assert!(what.contains(problem), "{text}: {what}");
        assert_eq!(at, offset, "{text}: {what}");
        assert!(commands.next().is_none(), "{text}: it goes on");
    }
    let body = body_of(&[entry(Command::Tick), entry(Command::Tick)]);
    let numbers: Vec<_> = Commands::new(&body, Sequence(u64::MAX))
        .map(|entry| entry.is_ok())
        .collect();
    assert_eq!(numbers, [false], "there is no number after the last");
}

#[test]
fn a_request_of_zero_has_no_encoding() {
    let zero = Entry {
        request: Some(RequestId([0; 16])),
        ..entry(Command::Tick)
    };
    let mut bytes = b"before".to_vec();
    for error in [
        encode(&zero, &Outcome::Done, &mut bytes).unwrap_err(),
        encode_command(&zero, &mut bytes).unwrap_err(),
    ] {
        assert!(error.to_string().contains("a request is zero"), "{error}");
        assert_eq!(bytes, b"before");
    }
    let leaf = format!(
        "020000000000000007000000014192813fb0{}1003",
        "00".repeat(16)
    );
    let error = decode(&unhex(&leaf)).unwrap_err();
    assert!(error.to_string().contains("a request is zero"), "{error}");
}

/// Whatever the outcome, what stands in a body has a leaf.
#[test]
fn the_longest_command_of_a_body_has_a_leaf_that_is_just_not_too_long() {
    let proof = vec![3; LEAF_MAX];
    // Tag, round, seed and the length of the proof.
    let around = 1 + 1 + 32 + 2;
    let seed = |length: usize| {
        asked(Command::Seed {
            round: RoundIndex(1),
            seed: HASH,
            proof: &proof[..length],
        })
    };
    let most = u128::MAX;
    let longest = Outcome::Contributed(Contributed {
        round: RoundIndex(1),
        accepted: Amount(most),
        refunded: Amount(most),
        waiting: Amount(most),
        kept: Amount(most),
        tokens: Tokens(most),
        reason: Some(Refusal::Zero),
    });
    let fits = seed(COMMAND_MAX - around);
    let body = body_of(std::slice::from_ref(&fits));
    assert_eq!(read(&body).unwrap(), std::slice::from_ref(&fits));
    assert_eq!(leaf_of(&fits, &longest).len(), LEAF_MAX);
    let too_long = seed(COMMAND_MAX - around + 1);
    let error = encode_command(&too_long, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("65,411"), "{error}");
    assert_eq!(COMMAND_MAX, 65_411);
}

/// What a fuzzer would run: any bytes are refused or are the one spelling of some entries.
fn fuzz_body(body: &[u8]) -> bool {
    match read(body) {
        Ok(entries) => {
            assert_eq!(body_of(&entries), body, "a second spelling was accepted");
            true
        }
        Err(ProofError::EntryMalformed { offset, .. }) => {
            assert!(offset <= body.len());
            false
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_flipped_bit_of_a_body_is_refused_or_other_entries() {
    let entries: Vec<_> = golden_commands()
        .into_iter()
        .enumerate()
        .map(|(place, (command, _))| {
            if place % 2 == 0 {
                entry(command)
            } else {
                asked(command)
            }
        })
        .collect();
    let body = body_of(&entries);
    let mut accepted = 0;
    for bit in 0..body.len() * 8 {
        let mut changed = body.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        accepted += usize::from(fuzz_body(&changed));
    }
    assert!(accepted > 1000, "flips in numbers and hashes are entries");
}

proptest! {
    #[test]
    fn bodies_come_back(owned in proptest::collection::vec(strategies::entry(), 0..8)) {
        let entries: Vec<_> = (7..)
            .zip(&owned)
            .map(|(number, owned)| Entry { sequence: Sequence(number), ..owned.borrowed() })
            .collect();
        let body = body_of(&entries);
        prop_assert_eq!(read(&body).unwrap(), entries);
        for cut in 0..body.len().min(300) {
            fuzz_body(&body[..cut]);
        }
    }

    #[test]
    fn random_bodies_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_body(&bytes);
    }
}
