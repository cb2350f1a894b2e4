//! Texts from an enemy: whatever the bytes are, reading them ends in terms or in problems.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use softcap_offering::terms::inspect;

const SEEDS: &[&str] = &[
    include_str!("../../../examples/starter/offering.toml"),
    include_str!("../../../examples/history/cosmos-2017/offering.toml"),
    include_str!("../../../examples/history/ethereum-2014/offering.toml"),
    include_str!("../../../examples/history/bancor-2017/offering.toml"),
    include_str!("../../../examples/history/counterparty-2014/offering.toml"),
    include_str!("../../../examples/history/easyauction/offering.toml"),
];

/// Pieces that reach deep into the reader.
const PIECES: &[&str] = &[
    "99999999999999999999999999999999999999",
    "-",
    "0",
    ".",
    "_",
    "%",
    "/",
    " per ",
    "\"",
    "'",
    "[",
    "]",
    "[[round]]",
    "{",
    "}",
    "=",
    "\n",
    "#",
    "\u{feff}",
    "\0",
    "é",
    "1e9",
    "inf",
    "nan",
    "true",
    "[]",
    "{}",
    "18446744073709551615",
    "2026-03-01T12:00:00Z",
    "9999-12-31T23:59:60Z",
    "0001-01-01T00:00:00-23:59",
    "18446744073709551615 weeks",
    "blocks",
    "kind = \"block\"",
    "kind = \"dutch\"",
    "kind = \"steps\"",
    "every = \"1 ms\"",
    "340282366920938463463374607431768211455 HBR",
    "decimals = 30",
    "decimals = 0",
];

/// The fuzz body: any bytes.
fn read(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let inspection = inspect(&text);
    let lines = text.lines().count().max(1) + 1;
    for problem in &inspection.problems {
        assert!(!problem.to_string().is_empty());
        assert!(
            problem
                .place
                .is_none_or(|place| (1..=lines).contains(&place.line)),
            "{problem}"
        );
    }
    match inspection.terms {
        Some(terms) => assert_eq!(terms.hash(), terms.clone().hash()),
        None => assert!(
            !inspection.problems.is_empty(),
            "refused without a reason:\n{text}"
        ),
    }
}

/// A small generator with a fixed seed, so that a failure can be repeated.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut draw = Draw(0x5eed_0001);
    for _ in 0..2_000 {
        let length = draw.below(300);
        let bytes: Vec<u8> = (0..length).map(|_| draw.next().to_le_bytes()[3]).collect();
        read(&bytes);
    }
}

#[test]
fn mutated_terms_never_panic() {
    let mut draw = Draw(0x5eed_0002);
    let mut valid = 0;
    for _ in 0..4_000 {
        let mut bytes = SEEDS[draw.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=draw.below(4) {
            let at = draw.below(bytes.len());
            let end = (at + draw.below(12)).min(bytes.len());
            match draw.below(4) {
                0 => bytes[at] = draw.next().to_le_bytes()[0],
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = PIECES[draw.below(PIECES.len())].bytes();
                    drop(bytes.splice(at..end, piece));
                }
                _ => {
                    let copy = bytes[at..end].to_vec();
                    let to = draw.below(bytes.len());
                    drop(bytes.splice(to..to, copy));
                }
            }
        }
        valid += usize::from(inspect(&String::from_utf8_lossy(&bytes)).terms.is_some());
        read(&bytes);
    }
    assert!(
        valid > 100,
        "only {valid} mutants were valid: the mutations do not reach the engine"
    );
}

/// Whole values are swapped for hostile ones, so that the text stays TOML and reaches every reader.
#[test]
fn hostile_values_in_every_place_never_panic() {
    let values = [
        "\"\"",
        "\" \"",
        "\"per\"",
        "-1",
        "0",
        "1.5",
        "nan",
        "true",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "\"99999999999999999999999999999999999999 HBR\"",
        "\"0.00000000000000000000000000000000000001 EUR per HBR\"",
        "\"1 HBR per 99999999999999999999999999999999999999 EUR\"",
        "\"18446744073709551615 days\"",
        "\"9999-12-31T23:59:59Z\"",
        "18446744073709551616",
        "\"4294967295 %\"",
        "\"1/0\"",
        "1979-05-27",
        "\"340282366920938463463374607431768211455 ETH\"",
        "0xff",
        "\"\\u0000\"",
    ];
    for seed in SEEDS {
        let lines: Vec<&str> = seed.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some((key, _)) = line.split_once(" = ") else {
                continue;
            };
            for value in values {
                let mut changed: Vec<String> =
                    lines.iter().map(|line| (*line).to_owned()).collect();
                changed[number] = format!("{key} = {value}");
                read(changed.join("\n").as_bytes());
            }
        }
    }
}

#[test]
fn deep_and_wide_texts_end_in_problems() {
    let deep = format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let dotted = format!("{} = 1", vec!["a"; 20_000].join("."));
    let wide = (0..60_000)
        .map(|number| format!("k{number} = 1\n"))
        .collect::<String>();
    let rounds = "[[round]]\n".repeat(50_000);
    let long = format!("name = \"{}\"", "x".repeat(1 << 19));
    let many = format!("soft_cap = [{}]", "1,".repeat(200_000));
    for text in [deep, dotted, wide, rounds, long, many] {
        read(text.as_bytes());
    }
}
