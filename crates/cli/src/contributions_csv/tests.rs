//! The whole reader: files in, commands or one message out.

use std::{
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    io::Cursor,
};

use proptest::prelude::*;
use softcap_offering::{
    Amount, CurrencyIndex, InvestorId, LimitPrice, LineIndex, Position, Stamp, terms::Terms,
};

use super::{Batch, ContributionsFile, Source, Summary, fixture};
use crate::input_error::InputError;

/// All ids have one of two hashes, so that nearly every row is looked up again.
#[derive(Default)]
struct PoorHasher(u64);

impl Hasher for PoorHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= bytes.iter().fold(0, |sum, byte| sum ^ u64::from(*byte)) & 1;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn read_with(
    text: &[u8],
    terms: &Terms,
    hasher: &(impl BuildHasher + Sync),
    block: usize,
    consume: impl FnMut(&Batch) -> Result<(), InputError>,
) -> Result<Summary, InputError> {
    let bytes = u64::try_from(text.len()).unwrap();
    let source = Source {
        name: "sale.csv",
        terms,
        hasher,
        bytes,
        block,
    };
    source.read_all(&mut Cursor::new(text), consume)
}

/// Each row as one line of text.
fn rows_of(text: &[u8], terms: &Terms, block: usize) -> Result<Vec<String>, InputError> {
    let mut rows = Vec::new();
    let summary = read_with(text, terms, &RandomState::new(), block, |batch| {
        rows.extend(
            batch
                .rows()
                .map(|row| format!("{row:?} {:?}", row.annotations())),
        );
        Ok(())
    })?;
    assert_eq!(summary.rows, u64::try_from(rows.len()).unwrap());
    Ok(rows)
}

fn message(text: &[u8], terms: &Terms) -> String {
    match rows_of(text, terms, 1 << 16) {
        Ok(rows) => format!("accepted: {} rows", rows.len()),
        Err(error) => error.to_string(),
    }
}

const HEADER: &str = "contribution_id,investor,received_at,currency,amount";
const ROW: &str = "a,alice,2026-03-01T12:00:00Z,BTC,1.5";

#[test]
fn a_row_becomes_a_command_with_its_stamp() {
    let terms = fixture::time_terms();
    let text = "\u{feff}x_note,amount,currency,limit_price,received_at,source_ref,investor,contribution_id\r\n\
        \"hi, \"\"you\"\"\",\"0.5\",ETH,100/50,1970-01-01T00:00:01.5Z,,0xEB68aa2764b4a9a943658b2e61db4c902b2ebf85,a 1\r\n\
        \r\n\
        ,2,BTC,,1970-01-01T00:00:01Z,tx#7,bob,b";
    let mut seen = 0;
    read_with(
        text.as_bytes(),
        &terms,
        &RandomState::new(),
        1 << 16,
        |batch| {
            for row in batch.rows() {
                seen += 1;
                let contribute = row.contribute;
                let line = LineIndex(0);
                if seen == 1 {
                    assert_eq!(row.line, 2);
                    assert_eq!(
                        row.stamp,
                        Stamp {
                            line,
                            position: Position(1_500)
                        }
                    );
                    assert_eq!(contribute.reference, "a 1");
                    let address = "0xeb68aa2764b4a9a943658b2e61db4c902b2ebf85";
                    assert_eq!(contribute.investor, InvestorId::parse(address).unwrap());
                    assert_eq!(contribute.currency, CurrencyIndex(1));
                    assert_eq!(contribute.amount, Amount(500_000_000_000_000_000));
                    let limit = LimitPrice {
                        money: 10_000_000_000,
                        tokens: 5_000_000_000,
                    };
                    assert_eq!(contribute.limit, Some(limit));
                    assert_eq!(contribute.source, None);
                    assert_eq!(row.annotations(), [("x_note", "hi, \"you\"".into())]);
                } else {
                    assert_eq!(row.line, 4);
                    assert_eq!(contribute.investor, InvestorId::Opaque("bob"));
                    assert_eq!(contribute.amount, Amount(200_000_000));
                    assert_eq!((contribute.limit, contribute.source), (None, Some("tx#7")));
                    assert_eq!(row.annotations(), [("x_note", "".into())]);
                }
            }
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn heights_stand_on_the_line_of_the_currency() {
    let terms = fixture::block_terms();
    let text = "contribution_id,investor,block_height,currency,amount\n\
        a,alice,460654,BTC,1\nb,bob,3487504,ETH,1\n";
    let mut stamps = Vec::new();
    read_with(
        text.as_bytes(),
        &terms,
        &RandomState::new(),
        1 << 16,
        |batch| {
            stamps.extend(batch.rows().map(|row| row.stamp));
            Ok(())
        },
    )
    .unwrap();
    let stamp = |line, position| Stamp {
        line: LineIndex(line),
        position: Position(position),
    };
    assert_eq!(stamps, [stamp(0, 460_654), stamp(1, 3_487_504)]);
}

/// Each bad file and the begin of its message; `H` stands for the header, `R` for a good row.
#[test]
fn bad_input_ends_in_one_clear_message() {
    let terms = fixture::time_terms();
    let table: &[(&str, &str)] = &[
        (
            "",
            "C103: sale.csv: is empty; allowed: a header line with the columns contribution_id, investor, received_at, currency, amount",
        ),
        ("\u{feff}", "C103: "),
        ("\n\r\n\n", "C103: "),
        ("H", "accepted: 0 rows"),
        ("H\nR\n\n", "accepted: 1 rows"),
        ("H\r\nR\r\n", "accepted: 1 rows"),
        (
            "contribution_id,investor,received_at,currency\n",
            "C120: sale.csv, line 1: the column amount is missing; allowed: contribution_id, investor, received_at, currency, amount, and if wanted source_ref",
        ),
        (
            "H,amount\n",
            "C121: sale.csv, line 1, column \"amount\": the column stands here and before",
        ),
        ("H,x_a,x_a\n", "C121: sale.csv, line 1, column \"x_a\""),
        (
            "H,ammount\n",
            "C122: sale.csv, line 1, column \"ammount\": \"ammount\" is not a known column; allowed: contribution_id, ",
        ),
        ("H, amount\n", "C122: "),
        ("H,x_\n", "C122: "),
        ("H,x_a b\n", "C122: "),
        ("contribution_id;investor\n", "C122: "),
        (
            "H,block_height\n",
            "C124: sale.csv, line 1, column \"block_height\": the terms' clock counts time; allowed: the column received_at instead",
        ),
        ("R\n", "C122: sale.csv, line 1, column \"a\""),
        (
            "H\nR\nb,bob\n",
            "C112: sale.csv, line 3: the row has 2 fields; allowed: 5, as in the header",
        ),
        ("H\nR,\n", "C112: sale.csv, line 2: the row has 6 fields"),
        ("H\na,alice,2026-03-01T12:00:00Z,BTC,1,000\n", "C112: "),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,\"1,000\"\n",
            "C134: sale.csv, line 2, column amount: \"1,000\" has a separator between digits; allowed: digits, then if wanted a point and at most 8 decimals (BTC), for example 0.5",
        ),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,\n",
            "C130: sale.csv, line 2, column amount: \"\" is empty",
        ),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,-1\n",
            "C131: sale.csv, line 2, column amount: \"-1\" is negative",
        ),
        ("H\na,alice,2026-03-01T12:00:00Z,BTC,+1\n", "C132: "),
        ("H\na,alice,2026-03-01T12:00:00Z,BTC,1e3\n", "C133: "),
        ("H\na,alice,2026-03-01T12:00:00Z,BTC, 1\n", "C134: "),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,1.123456789\n",
            "C137: sale.csv, line 2, column amount: \"1.123456789\" has more decimals than the unit",
        ),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,1234567890123456789012345678901234567890\n",
            "C136: ",
        ),
        (
            "H\na,alice,2026-03-01T12:00:00Z,BTC,340282366920938463463374607431768211456\n",
            "C138: ",
        ),
        (
            "H\na,alice,2026-03-01T12:00:00,BTC,1\n",
            "C141: sale.csv, line 2, column received_at: \"2026-03-01T12:00:00\" has no zone; allowed: a date with zone",
        ),
        ("H\na,alice,2026-03-01T12:00:60Z,BTC,1\n", "C142: "),
        ("H\na,alice,2026-02-30T12:00:00Z,BTC,1\n", "C143: "),
        ("H\na,alice,1969-03-01T12:00:00Z,BTC,1\n", "C144: "),
        ("H\na,alice,2026-03-01T12:00:00.0001Z,BTC,1\n", "C145: "),
        ("H\na,alice,,BTC,1\n", "C140: "),
        (
            "H\na,alice,2026-03-01T12:00:00Z,XRP,1\n",
            "C150: sale.csv, line 2, column currency: \"XRP\" is not a currency of the terms; allowed: BTC, ETH",
        ),
        ("H\na,alice,2026-03-01T12:00:00Z,btc,1\n", "C150: "),
        (
            "H\na,,2026-03-01T12:00:00Z,BTC,1\n",
            "C151: sale.csv, line 2, column investor: \"\": an investor id is empty",
        ),
        ("H\na,al ice,2026-03-01T12:00:00Z,BTC,1\n", "C151: "),
        (
            "H\n,alice,2026-03-01T12:00:00Z,BTC,1\n",
            "C152: sale.csv, line 2, column contribution_id: \"\" is not a reference; allowed: 1 to 64 printable",
        ),
        ("H\na ,alice,2026-03-01T12:00:00Z,BTC,1\n", "C152: "),
        ("H\n\"a,b\",alice,2026-03-01T12:00:00Z,BTC,1\n", "C152: "),
        ("H\n\"a\"\"b\",alice,2026-03-01T12:00:00Z,BTC,1\n", "C152: "),
        ("H\nä,alice,2026-03-01T12:00:00Z,BTC,1\n", "C152: "),
        (
            "H\nR\nb,bob,2026-03-01T12:00:00Z,BTC,1\nR\n",
            "C153: sale.csv, line 4, column contribution_id: \"a\" stands already on line 2; allowed: each contribution_id once",
        ),
        ("H,limit_price\nR,0.1\n", "accepted: 1 rows"),
        (
            "H,limit_price\nR,0\n",
            "C146: sale.csv, line 2, column limit_price: \"0\" is a price of zero",
        ),
        ("H,limit_price\nR,1/-2\n", "C131: "),
        (
            "H\n\"a\nb\",alice,2026-03-01T12:00:00Z,BTC,1\n",
            "C110: sale.csv, line 2: a quoted field does not end on its line",
        ),
        (
            "H\na\"b,alice,2026-03-01T12:00:00Z,BTC,1\n",
            "C111: sale.csv, line 2: \"a\\\"b\" has a quote in the wrong place",
        ),
        ("\"contribution_id\n", "C110: sale.csv, line 1"),
        (
            "H,x_n\nR,a\0b\n",
            "C107: sale.csv, line 2, column x_n: holds the control character U+0000",
        ),
        (
            "H\nR\na\u{1b}[2J,alice\n",
            "C107: sale.csv, line 3, column contribution_id: holds the control character U+001B",
        ),
        ("H,x_n\nR,a\tb\n", "accepted: 1 rows"),
        (
            "H,x_n\nR,a\rb\n",
            "C108: sale.csv, line 2, column x_n: holds a carriage return",
        ),
        ("H\rR\r", "C108: sale.csv, line 1: "),
    ];
    for (text, expected) in table {
        let text = text.replace('H', HEADER).replace('R', ROW);
        // The letters also stand in words of the table; those are none.
        let text = text.replace(&format!("X{ROW}P"), "XRP");
        let message = message(text.as_bytes(), &terms);
        assert!(
            message.starts_with(expected),
            "{text:?}\n  gave {message}\n  not  {expected}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_column() {
    let terms = fixture::time_terms();
    let mut text =
        format!("{HEADER},x_n\n{ROW},\"fine, \u{e9}\"\nb,bob,2026-03-01T12:00:00Z,BTC,1,caf")
            .into_bytes();
    text.extend_from_slice(b"\xE9\n");
    let expected =
        "C106: sale.csv, line 3, column x_n: byte 0xe9 is not UTF-8; allowed: text in UTF-8";
    assert_eq!(message(&text, &terms), expected);
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(HEADER.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(message(&utf16, &terms).ends_with("this looks like UTF-16, save it as UTF-8"));
}

#[test]
fn block_heights_are_digits() {
    let terms = fixture::block_terms();
    let header = "contribution_id,investor,block_height,currency,amount";
    for (height, expected) in [
        ("0", "accepted: 1 rows"),
        ("9007199254740991", "accepted: 1 rows"),
        (
            "9007199254740992",
            "C147: sale.csv, line 2, column block_height: ",
        ),
        ("+5", "C147: "),
        ("-5", "C147: "),
        ("", "C147: "),
        ("5.0", "C147: "),
    ] {
        let message = message(
            format!("{header}\na,alice,{height},BTC,1\n").as_bytes(),
            &terms,
        );
        assert!(message.starts_with(expected), "{height}: {message}");
    }
    let message = message(format!("{HEADER}\n").as_bytes(), &terms);
    assert!(message.starts_with(
        "C124: sale.csv, line 1, column \"received_at\": the terms' clock counts block heights"
    ));
}

#[test]
fn a_line_of_two_gigabytes_is_not_read_whole() {
    /// A good header, then one endless line; counts what was asked for.
    struct Endless<'c> {
        header: Cursor<Vec<u8>>,
        given: &'c std::sync::atomic::AtomicU64,
    }
    impl std::io::Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let mut count = self.header.read(buffer)?;
            if count == 0 {
                buffer.fill(b'a');
                count = buffer.len();
            }
            let more = u64::try_from(count).unwrap();
            self.given
                .fetch_add(more, std::sync::atomic::Ordering::Relaxed);
            Ok(count)
        }
    }
    impl std::io::Seek for Endless<'_> {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.header.seek(to)
        }
    }
    let given = std::sync::atomic::AtomicU64::new(0);
    let header = Cursor::new(format!("{HEADER}\n{ROW}\n").into_bytes());
    let terms = fixture::time_terms();
    let hasher = RandomState::new();
    let source = Source {
        name: "sale.csv",
        terms: &terms,
        hasher: &hasher,
        bytes: 1 << 31,
        block: 1 << 16,
    };
    let read = source.read_all::<InputError>(
        &mut Endless {
            header,
            given: &given,
        },
        |_| Ok(()),
    );
    let message = read.unwrap_err().to_string();
    assert!(message.starts_with("C104: sale.csv, line 3"), "{message}");
    assert!(given.into_inner() < 1 << 20);
    // A line within a block is measured too.
    let long = format!("{HEADER},x_n\n{ROW},{}\n", "a".repeat(70_000));
    let read = rows_of(long.as_bytes(), &terms, 1 << 20)
        .unwrap_err()
        .to_string();
    assert!(read.starts_with("C104: sale.csv, line 2"), "{read}");
}

#[test]
fn too_many_columns_are_refused() {
    let terms = fixture::time_terms();
    let header = |count: usize| {
        let annotations: String = (0..count - 5).map(|place| format!(",x_{place}")).collect();
        message(format!("{HEADER}{annotations}\n").as_bytes(), &terms)
    };
    assert_eq!(header(64), "accepted: 0 rows");
    assert!(header(65).starts_with("C123: sale.csv, line 1"));
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &std::path::Path| ContributionsFile::open(path).unwrap_err().to_string();
    let directory = open(folder.path());
    assert!(
        directory.contains("is a directory") && directory.starts_with("C102"),
        "{directory}"
    );
    assert!(open(&folder.path().join("none.csv")).starts_with("C101"));
    #[cfg(unix)]
    assert!(open(std::path::Path::new("/dev/zero")).starts_with("C102"));
    let path = folder.path().join("sale.csv");
    std::fs::write(&path, format!("{HEADER}\n{ROW}\n")).unwrap();
    let file = ContributionsFile::open(&path).unwrap();
    assert_eq!(file.bytes(), std::fs::metadata(&path).unwrap().len());
    let terms = fixture::time_terms();
    let summary = file
        .read(&terms, &RandomState::new(), |_| Ok::<_, InputError>(()))
        .unwrap();
    assert_eq!(summary, Summary { rows: 1 });
}

#[test]
fn the_consumer_ends_the_reading() {
    let terms = fixture::time_terms();
    let rows: String = (0..10_000)
        .map(|id| format!("{id}{}\n", &ROW[1..]))
        .collect();
    let text = format!("{HEADER}\n{rows}");
    let mut calls = 0;
    let stopped = read_with(
        text.as_bytes(),
        &terms,
        &RandomState::new(),
        1 << 12,
        |_| {
            calls += 1;
            let fault = crate::input_error::InputFault::QuotedNewline;
            if calls == 3 {
                Err(InputError::of_file("consumer", fault))
            } else {
                Ok(())
            }
        },
    );
    assert!(stopped.unwrap_err().to_string().contains("consumer"));
    assert_eq!(calls, 3);
}

proptest! {
    /// Where blocks end changes nothing.
    #[test]
    fn block_sizes_change_nothing(
        ids in prop::collection::vec("[a-z0-9]{1,9}", 0..60),
        size in 1..300_usize,
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let terms = fixture::time_terms();
        let rows: String = ids.iter().map(|id| format!("{id}{}{end}", &ROW[1..])).collect();
        let text = format!("{HEADER}{end}{rows}");
        let one = rows_of(text.as_bytes(), &terms, 1 << 20).map_err(|error| error.to_string());
        let many = rows_of(text.as_bytes(), &terms, size).map_err(|error| error.to_string());
        prop_assert_eq!(one, many);
    }

    /// Doubled ids are found exactly, whatever the hashes do.
    #[test]
    fn doubled_ids_are_found_exactly(ids in prop::collection::vec("[a-c]{1,3}", 0..9)) {
        let terms = fixture::time_terms();
        let rows: String = ids.iter().map(|id| format!("{id}{}\n", &ROW[1..])).collect();
        let text = format!("{HEADER}\n{rows}");
        let first = (0..ids.len()).find_map(|later| {
            ids[..later].iter().position(|id| *id == ids[later]).map(|before| (before, later))
        });
        let poor = BuildHasherDefault::<PoorHasher>::default();
        let by_poor = read_with(text.as_bytes(), &terms, &poor, 64, |_| Ok(()));
        let by_good = read_with(text.as_bytes(), &terms, &RandomState::new(), 64, |_| Ok(()));
        for read in [by_poor, by_good] {
            match (first, read) {
                (None, read) => prop_assert!(read.is_ok()),
                (Some((before, later)), read) => {
                    let message = read.unwrap_err().to_string();
                    let begin = format!("C153: sale.csv, line {}", later + 2);
                    let end = format!("stands already on line {};", before + 2);
                    prop_assert!(message.starts_with(&begin) && message.contains(&end), "{}", message);
                }
            }
        }
    }
}

/// The body of a fuzz target: whatever the bytes are, there are rows or one message.
fn fuzz(bytes: &[u8], terms: &Terms) {
    let mut rows = 0;
    let read = read_with(bytes, terms, &RandomState::new(), 256, |batch| {
        for row in batch.rows() {
            rows += 1;
            // Reading the row again by its annotations must agree with its header.
            let columns = row.annotations().len();
            assert!(columns <= 64 && !row.contribute.reference.is_empty());
        }
        Ok(())
    });
    match read {
        Ok(summary) => assert_eq!(summary.rows, rows),
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.starts_with('C') && message.contains("allowed: "),
                "{message}"
            );
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn fuzz_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz(&bytes, &fixture::time_terms());
    }

    #[test]
    fn fuzz_mutations(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = format!(
            "{HEADER},limit_price,x_n\r\n{ROW},1/2,\"a, \"\"b\"\"\"\r\nb{},0.1,\n\"c\"{},,é\n",
            &ROW[1..], &ROW[1..],
        ).into_bytes();
        for (place, kind, byte) in changes {
            let at = place.index(bytes.len());
            // Characters with a meaning find more than any byte does.
            let telling = b",\"\n\r.-+eZ:T09\0\xC3"[usize::from(byte) % 15];
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] = telling,
                2 => bytes.insert(at, telling),
                _ => drop(bytes.remove(at)),
            }
        }
        fuzz(&bytes, &fixture::time_terms());
    }
}
