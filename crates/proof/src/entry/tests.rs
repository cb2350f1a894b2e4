//! Golden bytes (made by a second implementation, in Python, from `docs/journal-format.md`), round
//! trips over all commands, and what a decoder must refuse.

mod requests;
mod strategies;

use proptest::prelude::*;
use softcap_offering::{
    Admit, Amount, Command, Contribute, Contributed, CurrencyIndex, DocumentExit, EscrowAddress,
    Funding, InvestorId, LimitPrice, LineIndex, Outcome, Position, Ratio, Refusal, ReturnReason,
    RoundIndex, Sequence, Settled, Stamp, Tokens, TransferId, Value, Verdict, WithdrawalMark,
};

use super::{Entry, decode, encode, is_entry_text};
use crate::ProofError;
use crate::journal_tree::LeafHash;

const HASH: [u8; 32] = [0xab; 32];
const PERSON: InvestorId<'_> = InvestorId::Opaque("p7");
const ADDRESS: InvestorId<'_> = InvestorId::Address([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
]);
const CD16: &str = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd";
const AB32: &str = "abababababababababababababababababababababababababababababababab";
/// Bytes before the command: version, sequence, line, position.
const HEAD: usize = 18;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn entry(command: Command<'_>) -> Entry<'_> {
    Entry {
        sequence: Sequence(7),
        stamp: Stamp {
            line: LineIndex(0),
            position: Position(1_381_142_446_000),
        },
        request: None,
        command,
    }
}

fn leaf_of(entry: &Entry<'_>, outcome: &Outcome) -> Vec<u8> {
    let mut leaf = Vec::new();
    encode(entry, outcome, &mut leaf).unwrap();
    leaf
}

fn golden_commands() -> Vec<(Command<'static>, String)> {
    let with_hash = |before: &str, after: &str| format!("{before}{AB32}{after}");
    let contribution = Sequence(5);
    let plain = Contribute {
        investor: PERSON,
        currency: CurrencyIndex(0),
        amount: Amount(1 << 64),
        limit: None,
        reference: "c-1",
        source: None,
        funding: Funding::Arrived,
    };
    let bid = Contribute {
        investor: ADDRESS,
        currency: CurrencyIndex(1),
        amount: Amount(255),
        limit: Some(LimitPrice {
            money: 100,
            tokens: 50,
        }),
        reference: "c-2",
        source: Some("tx9"),
        funding: Funding::Arrived,
    };
    let admit = Admit {
        round: RoundIndex(1),
        investor: PERSON,
        limit: Some(Value(1000)),
        expires: Some(Position(9)),
        guaranteed: Value(0),
        withdrawal: WithdrawalMark::Marked,
    };
    vec![
        (Command::Announce { terms_hash: HASH }, with_hash("01", "")),
        (
            Command::Admit(admit),
            "02010100027037010203e80100000000000000090001".into(),
        ),
        (
            Command::Revoke {
                round: RoundIndex(2),
                investor: ADDRESS,
            },
            "030200000102030405060708090a0b0c0d0e0f10111213".into(),
        ),
        (
            Command::Rate {
                currency: CurrencyIndex(1),
                rate: Ratio::new(300, 7).unwrap(),
            },
            "040102012c0107".into(),
        ),
        (
            Command::Contribute(plain),
            "0501000270370009010000000000000000000003632d3100".into(),
        ),
        (
            Command::Contribute(bid),
            "0500000102030405060708090a0b0c0d0e0f101112130101ff01016401320003632d32010003747839"
                .into(),
        ),
        (
            Command::Commit {
                investor: PERSON,
                locked: Amount(256),
                commitment: HASH,
                reference: "s-1",
                funding: Funding::Arrived,
            },
            with_hash("060100027037020100", "0003732d31"),
        ),
        (
            Command::Reveal {
                bid: contribution,
                amount: Amount(200),
                limit: LimitPrice {
                    money: 3,
                    tokens: 2,
                },
                salt: HASH,
            },
            with_hash("07000000000000000501c801030102", ""),
        ),
        (
            Command::Withdraw { contribution },
            "080000000000000005".into(),
        ),
        (
            Command::Return {
                contribution,
                amount: Amount(17),
                reason: ReturnReason::OverLimit,
            },
            "090000000000000005011102".into(),
        ),
        (Command::Pause, "0a".into()),
        (Command::Resume, "0b".into()),
        (
            Command::Seed {
                round: RoundIndex(1),
                seed: HASH,
                proof: &[0xff, 0],
            },
            with_hash("0c01", "0002ff00"),
        ),
        (
            Command::Document {
                hash: HASH,
                exit: DocumentExit::None,
            },
            with_hash("0d", "00"),
        ),
        (
            Command::Document {
                hash: HASH,
                exit: DocumentExit::WithdrawalUntil(Position(77)),
            },
            with_hash("0d", "01000000000000004d"),
        ),
        (
            Command::Close {
                round: RoundIndex(3),
            },
            "0e03".into(),
        ),
        (Command::Cancel, "0f".into()),
        (Command::Tick, "10".into()),
        (Command::Settle, "11".into()),
        (
            Command::Publish {
                settlement_root: HASH,
            },
            with_hash("12", ""),
        ),
        (
            Command::Distribute {
                investor: PERSON,
                tokens: Tokens(u128::MAX),
            },
            "13010002703710ffffffffffffffffffffffffffffffff".into(),
        ),
        (
            Command::PayRefund {
                investor: PERSON,
                currency: CurrencyIndex(1),
            },
            "14010002703701".into(),
        ),
        (
            Command::Vest {
                share: 1,
                tokens: Tokens(1),
            },
            "15010101".into(),
        ),
        (Command::Release { milestone: 2 }, "1602".into()),
        (
            Command::Fund {
                transfer: TransferId([0xcd; 16]),
                investor: PERSON,
                currency: CurrencyIndex(1),
                amount: Amount(256),
            },
            format!("17{CD16}010002703701020100"),
        ),
        (
            Command::TakeBack {
                transfer: TransferId([0xcd; 16]),
                investor: ADDRESS,
                currency: CurrencyIndex(0),
                amount: Amount(7),
            },
            format!("18{CD16}00000102030405060708090a0b0c0d0e0f10111213000107"),
        ),
        (
            Command::Contribute(Contribute {
                funding: Funding::Account,
                ..plain
            }),
            "1901000270370009010000000000000000000003632d3100".into(),
        ),
        (
            Command::Commit {
                investor: PERSON,
                locked: Amount(256),
                commitment: HASH,
                reference: "s-1",
                funding: Funding::Account,
            },
            with_hash("1a0100027037020100", "0003732d31"),
        ),
        (
            Command::Contribute(Contribute {
                funding: Funding::Chain {
                    accepted: Amount(256),
                },
                ..plain
            }),
            "1b01000270370009010000000000000000000003632d3100020100".into(),
        ),
        (
            Command::Escrow(EscrowAddress {
                chain_id: 31_337,
                contract: [0xab; 20],
                currency: CurrencyIndex(1),
            }),
            format!("1c0000000000007a69{}01", "ab".repeat(20)),
        ),
    ]
}

fn golden_outcomes() -> Vec<(Outcome, &'static str)> {
    let part = Contributed {
        round: RoundIndex(1),
        accepted: Amount(100),
        refunded: Amount(20),
        waiting: Amount(3),
        kept: Amount(0),
        tokens: Tokens(7),
        reason: Some(Refusal::HardCapReached),
    };
    let whole = Contributed {
        round: RoundIndex(0),
        refunded: Amount(0),
        waiting: Amount(0),
        tokens: Tokens(0),
        reason: None,
        ..part
    };
    let succeeded = Settled {
        verdict: Verdict::Succeeded,
        raised: Value(1000),
        sold: Tokens(5),
    };
    let expired = Settled {
        verdict: Verdict::Expired,
        raised: Value(0),
        sold: Tokens(0),
    };
    let amount = Amount(17);
    vec![
        (Outcome::Contributed(part), "01010164011401030001070100ce"),
        (Outcome::Contributed(whole), "010001640000000000"),
        (Outcome::Refused(Refusal::NotYetOpen), "020065"),
        (Outcome::Done, "03"),
        (Outcome::Refunded { amount }, "040111"),
        (
            Outcome::RefundedAndPromoted {
                amount,
                promoted: 2,
            },
            "05011100000002",
        ),
        (Outcome::Settled(succeeded), "06010203e80105"),
        (Outcome::Settled(expired), "06040000"),
        (Outcome::RepeatOf(Sequence(5)), "070000000000000005"),
    ]
}

#[test]
fn every_command_has_its_golden_bytes() {
    for (command, expected) in golden_commands() {
        let entry = entry(command);
        let leaf = leaf_of(&entry, &Outcome::Done);
        assert_eq!(hex(&leaf[..HEAD]), "010000000000000007000000014192813fb0");
        assert_eq!(
            hex(&leaf[HEAD..]),
            format!("{expected}03"),
            "{:?}",
            entry.command
        );
        assert_eq!(decode(&leaf).unwrap(), (entry, Outcome::Done));
    }
}

#[test]
fn every_outcome_has_its_golden_bytes() {
    for (outcome, expected) in golden_outcomes() {
        let entry = entry(Command::Tick);
        let leaf = leaf_of(&entry, &outcome);
        assert_eq!(hex(&leaf[HEAD + 1..]), expected, "{outcome:?}");
        assert_eq!(decode(&leaf).unwrap(), (entry, outcome));
    }
}

#[test]
fn a_whole_leaf_and_its_hash() {
    let leaf = unhex(concat!(
        "010000000000000007000000014192813fb0",
        "0501000270370009010000000000000000000003632d3100",
        "010001640000000000"
    ));
    let (entry, outcome) = decode(&leaf).unwrap();
    assert_eq!(leaf_of(&entry, &outcome), leaf);
    assert_eq!(
        hex(&LeafHash::of(&leaf).0),
        "c1677f9618f51e75f75f2f65953e3b0c041ee7a6dc0ba47e69b8f7e04998e702"
    );
}

#[test]
fn a_second_spelling_is_refused_where_it_begins_to_differ() {
    // What follows the head, the offset named, the problem named.
    let table = [
        ("", 18, "ends within"),
        ("00", 19, "no command"),
        ("1d", 19, "no command"),
        ("10", 19, "ends within"),
        ("1000", 20, "no outcome"),
        ("1008", 20, "no outcome"),
        ("100300", 20, "after the outcome"),
        ("10020001", 22, "no refusal"),
        ("10040100", 22, "zero byte"),
        ("100411", 21, "more than 16"),
        ("10060500 00", 21, "no verdict"),
        ("0400 0102 0104 03", 24, "lowest terms"),
        ("0400 0101 00 03", 23, "denominator zero"),
        ("0e", 19, "ends within"),
        ("0300 02", 21, "kind of an investor"),
        ("0300 01 0000 03", 23, "not one"),
        ("0300 01 0001 2c 03", 24, "not one"),
        ("09 0000000000000005 0111 00 03", 30, "no return reason"),
        ("05 01 0002 7037 00 0101 02", 28, "neither 0 nor 1"),
        ("05 01 0002 7037 00 0101 01 0101 00", 31, "no tokens"),
        ("05 01 0002 7037 00 0101 00 0001 2c", 31, "printable ASCII"),
        ("05 01 0002 7037 00 0101 00 0001 80", 31, "printable ASCII"),
    ];
    for (rest, offset, problem) in table {
        let text = format!(
            "010000000000000007000000014192813fb0{}",
            rest.replace(' ', "")
        );
        match decode(&unhex(&text)) {
            Err(ProofError::EntryMalformed {
                offset: at,
                problem: what,
            }) => {
                assert!(what.contains(problem), "{rest}: {what}");
                assert_eq!(at, offset, "{rest}: {what}");
            }
            other => panic!("{rest}: {other:?}"),
        }
    }
    let address_as_text = format!(
        "01000000000000000700000001419281 3fb0 0300 01 002a {} 03",
        hex(b"0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85")
    );
    let error = decode(&unhex(&address_as_text.replace(' ', ""))).unwrap_err();
    assert!(
        error.to_string().contains("spelled as an opaque id"),
        "{error}"
    );
}

#[test]
fn what_has_no_encoding_is_refused_and_leaves_the_buffer_as_it_was() {
    let long = "r".repeat(256);
    let proof = vec![0; 65_535];
    let commit = |reference| Command::Commit {
        investor: PERSON,
        locked: Amount(1),
        commitment: HASH,
        reference,
        funding: Funding::Arrived,
    };
    let limit = LimitPrice {
        money: 1,
        tokens: 0,
    };
    let table = [
        commit(long.as_str()),
        commit("a,b"),
        commit("a\nb"),
        commit("\u{e4}"),
        Command::Reveal {
            bid: Sequence(1),
            amount: Amount(1),
            limit,
            salt: HASH,
        },
        Command::Seed {
            round: RoundIndex(0),
            seed: HASH,
            proof: &proof,
        },
        Command::Revoke {
            round: RoundIndex(0),
            investor: InvestorId::Opaque("a b"),
        },
        Command::Revoke {
            round: RoundIndex(0),
            investor: InvestorId::Opaque(""),
        },
    ];
    for command in table {
        let mut leaf = b"before".to_vec();
        let error = encode(&entry(command), &Outcome::Done, &mut leaf).unwrap_err();
        assert!(
            matches!(error, ProofError::EntryNotEncodable { sequence: 7, .. }),
            "{error}"
        );
        assert_eq!(leaf, b"before");
    }
    assert!(is_entry_text("") && is_entry_text("a b~") && is_entry_text(&long[..255]));
}

/// What a fuzzer would run: any bytes are refused or are the one spelling of an entry.
fn fuzz_decode(leaf: &[u8]) -> bool {
    match decode(leaf) {
        Ok((entry, outcome)) => {
            assert_eq!(
                leaf_of(&entry, &outcome),
                leaf,
                "a second spelling was accepted"
            );
            true
        }
        Err(ProofError::EntryMalformed { offset, .. }) => {
            assert!(offset <= leaf.len());
            false
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_flipped_bit_and_every_cut_of_the_golden_leaves_is_refused_or_another_entry() {
    let mut accepted = 0;
    for (command, _) in golden_commands() {
        for (outcome, _) in golden_outcomes() {
            let leaf = leaf_of(&entry(command.clone()), &outcome);
            for bit in 0..leaf.len() * 8 {
                let mut changed = leaf.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                accepted += usize::from(fuzz_decode(&changed));
            }
            for length in 0..leaf.len() {
                assert!(!fuzz_decode(&leaf[..length]), "a cut leaf was accepted");
            }
            let mut longer = leaf;
            longer.push(0);
            assert!(!fuzz_decode(&longer), "a byte was added unseen");
        }
    }
    assert!(
        accepted > 1000,
        "flips in numbers and hashes give other entries"
    );
}

proptest! {
    #[test]
    fn entries_come_back(owned in strategies::entry(), outcome in strategies::outcome()) {
        let entry = owned.borrowed();
        let leaf = leaf_of(&entry, &outcome);
        prop_assert_eq!(decode(&leaf).unwrap(), (entry, outcome));
    }

    #[test]
    fn random_bytes_are_refused_or_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_decode(&bytes);
        let mut with_head = vec![1; 1];
        with_head.extend(&bytes);
        fuzz_decode(&with_head);
    }

    #[test]
    fn changed_entries_are_refused_or_canonical(
        owned in strategies::entry(),
        outcome in strategies::outcome(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let entry = owned.borrowed();
        let mut leaf = leaf_of(&entry, &outcome);
        for (place, byte) in changes {
            let place = place.index(leaf.len());
            leaf[place] = byte;
        }
        fuzz_decode(&leaf);
    }
}
