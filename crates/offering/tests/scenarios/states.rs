//! The state of an offering as bytes: whatever the tables lead to is written, read and goes on as if
//! nothing had happened, and what is wrong in the bytes is found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId, LineIndex, Offering, Outcome,
    Position, RoundIndex, STATE_VERSION, Stamp, StateError, terms::Terms,
};

use super::{ALL, script, stages::STAGES};

/// Hashes of the states in which the tables end, under `rules = 1`. A line that changes means that old
/// records no longer replay to the same bytes: `STATE_VERSION` must rise, or the engine is wrong.
const GOLDEN: &str = include_str!("state_hashes_rules_1.txt");

/// Where the hash of the terms begins and ends: behind the mark and the form.
const HEADER: std::ops::Range<usize> = 15..47;

fn written(offering: &Offering) -> Vec<u8> {
    let mut bytes = Vec::new();
    let hash = offering.write_state(&mut bytes).unwrap();
    assert_eq!(hash, offering.state_hash());
    assert_eq!(hash[..], bytes[bytes.len() - 32..]);
    bytes
}

fn read(offering: &Offering, bytes: &[u8]) -> Result<Offering, StateError> {
    Offering::read_state(Arc::new(offering.terms().clone()), 0, bytes)
}

/// The bytes with the right hash at their end.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    bytes.extend(hash);
    bytes
}

/// Every stage with its bytes.
fn stages() -> impl Iterator<Item = (&'static str, Offering, Vec<u8>)> {
    STAGES.into_iter().map(|(name, phase, table)| {
        let scene = script::play(table, |_| ()).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(scene.offering.phase(), phase, "{name}");
        let bytes = written(&scene.offering);
        (name, scene.offering, bytes)
    })
}

#[test]
fn every_table_goes_on_from_bytes_and_ends_in_its_golden_state() {
    let mut golden = BTreeMap::new();
    for (name, table) in ALL.into_iter().flatten() {
        let plain = script::play(table, |_| ()).unwrap();
        let mut seed = 0;
        let stored = script::play(table, |offering| {
            seed += 1;
            let bytes = written(offering);
            let terms = Arc::new(offering.terms().clone());
            *offering = Offering::read_state(terms, seed, bytes.as_slice()).unwrap();
        });
        let stored = stored.unwrap_or_else(|why| panic!("{name}, from bytes: {why}"));
        let hash = plain.offering.state_hash();
        assert_eq!(stored.offering.state_hash(), hash, "{name}");
        assert_eq!(stored.refusals, plain.refusals, "{name}");
        assert_eq!(golden.insert(name, hash), None, "two tables named {name}");
    }
    let mut text = String::new();
    for (name, hash) in golden {
        for byte in hash {
            let _ = write!(text, "{byte:02x}");
        }
        let _ = writeln!(text, "  {name}");
    }
    assert!(
        text == GOLDEN,
        "state_hashes_rules_1.txt would have to be:\n{text}"
    );
}

#[test]
fn a_state_of_every_stage_is_read_as_it_was_written() {
    for (name, offering, bytes) in stages() {
        let copy = read(&offering, &bytes).unwrap_or_else(|why| panic!("{name}: {why}"));
        // With the same seed also the hash tables are equal: nothing at all is lost.
        assert!(
            format!("{copy:?}") == format!("{offering:?}"),
            "{name} is read as another state"
        );
        assert_eq!(copy.check_invariants(), Ok(()), "{name}");
    }
}

#[test]
fn a_flipped_bit_a_cut_and_one_byte_more_are_found() {
    for (name, offering, bytes) in stages() {
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                let found = read(&offering, &flipped).is_err();
                assert!(found, "{name}: bit {bit} of byte {place}");
            }
            let cut = read(&offering, &bytes[..place]).unwrap_err();
            let offset = place as u64;
            assert_eq!(cut, StateError::CutOff { offset }, "{name}");
        }
        let longer = [&bytes[..], &[0]].concat();
        let offset = bytes.len() as u64;
        let error = read(&offering, &longer).unwrap_err();
        assert_eq!(error, StateError::TrailingBytes { offset }, "{name}");
    }
}

/// Behind a right hash, bytes are either refused or the one spelling of a state, which can be looked at.
#[test]
fn a_forged_state_has_one_spelling_or_none() {
    let mut taken = 0;
    for (name, offering, bytes) in stages() {
        for place in 0..bytes.len() - 32 {
            let byte = bytes[place];
            for forged in (0..8)
                .map(|bit| byte ^ (1 << bit))
                .chain([0, 239, 240, 255])
            {
                let mut forgery = bytes.clone();
                forgery[place] = forged;
                let forgery = sealed(forgery);
                if let Ok(copy) = read(&offering, &forgery) {
                    assert!(written(&copy) == forgery, "{name}: {forged} at {place}");
                    look_at(&copy);
                    taken += usize::from(forged != byte);
                }
            }
        }
    }
    assert!(taken > 100, "amounts may be forged, and {taken} were");
}

/// Whatever a state says, showing it does not end in a panic.
fn look_at(offering: &Offering) {
    let (phase, stamps) = (offering.phase(), offering.settlement_stamps());
    assert_eq!(
        stamps.len(),
        offering.terms().clock.lines.len(),
        "{phase:?}"
    );
    assert_eq!(offering.rows().count(), offering.contribution_count());
    let mut rows = offering.investor_rows();
    while let Some(row) = rows.next() {
        assert_eq!(offering.find_investor(row.id), Some(row.investor));
    }
    for round in (0..).take(offering.terms().rounds.len()).map(RoundIndex) {
        let now = offering.now_stamp().position;
        let _ = (offering.raised(), offering.quoted_price(round, now));
    }
}

#[test]
fn the_header_says_whose_state_it_is() {
    let (_, offering, bytes) = stages().next().unwrap();
    let (_, other, _) = stages().nth(1).unwrap();
    let with = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        read(&offering, &bytes).unwrap_err()
    };
    assert_eq!(with(0, b'S'), StateError::Foreign);
    assert_eq!(u32::from(bytes[HEADER.start - 1]), STATE_VERSION);
    let version = 99;
    assert_eq!(with(HEADER.start - 1, 99), StateError::Version { version });
    assert_eq!(bytes[HEADER], offering.terms_hash());
    let terms_hash = offering.terms_hash();
    let error = read(&other, &bytes).unwrap_err();
    assert_eq!(error, StateError::OtherTerms { terms_hash });
    let last = bytes.len() - 1;
    let offset = bytes.len() as u64 - 32;
    assert_eq!(with(last, !bytes[last]), StateError::Damaged { offset });
}

/// What a number that is too long, a count without items and a list out of order say.
#[test]
fn what_is_malformed_is_named_with_its_place() {
    let (_, offering, bytes) = stages().next().unwrap();
    // Behind the header of a draft: its stage, the next number, the line's position.
    let with = |place: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.splice(place..=place, new.iter().copied());
        read(&offering, &sealed(bytes)).unwrap_err()
    };
    let at = HEADER.end;
    assert_eq!(bytes[at..at + 3], [0, 1, 1]);
    // (where, instead of one byte, offset behind what is wrong, what)
    let table: [(usize, &[u8], usize, &str); 5] = [
        (at, &[5], at + 1, "there is no such stage"),
        (
            at + 1,
            &[240, 1],
            at + 3,
            "a number is longer than it must be",
        ),
        (
            at + 1,
            &[241, 255, 0],
            at + 4,
            "a number is longer than it must be",
        ),
        (
            at + 1,
            &[248, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            at + 11,
            "a number is too large",
        ),
        (at, &[4], bytes.len() - 32, ""),
    ];
    for (place, new, offset, problem) in table {
        let error = with(place, new);
        if problem.is_empty() {
            let cut = matches!(
                error,
                StateError::Malformed { .. } | StateError::CutOff { .. }
            );
            assert!(cut, "a settled state without a settlement: {error}");
        } else {
            let offset = offset as u64;
            assert_eq!(error, StateError::Malformed { offset, problem });
        }
    }
}

#[test]
fn errors_have_a_code_and_a_remedy() {
    let all = [
        StateError::Source {
            offset: 1,
            kind: io::ErrorKind::Other,
        },
        StateError::CutOff { offset: 1 },
        StateError::Foreign,
        StateError::Version { version: 2 },
        StateError::OtherTerms {
            terms_hash: [0; 32],
        },
        StateError::Malformed {
            offset: 1,
            problem: "no",
        },
        StateError::Damaged { offset: 1 },
        StateError::TrailingBytes { offset: 1 },
    ];
    for (number, error) in (101..).zip(all) {
        assert_eq!(error.code(), format!("S{number}"));
        assert!(error.remedy().ends_with('.'), "{error}");
    }
}

/// Gives a few bytes at a time, breaks off now and then, and may fail at some place.
struct Slow<'a> {
    bytes: &'a [u8],
    step: usize,
    fails_at: usize,
    reads: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        if self.reads.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.fails_at == 0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let most = self.step.min(self.fails_at).min(buffer.len());
        let count = self.bytes.read(&mut buffer[..most])?;
        self.fails_at -= count;
        Ok(count)
    }
}

/// Some thousand contributions of people with every kind of id: more than fits one piece.
fn large() -> Offering {
    let (_, draft, _) = stages().next().unwrap();
    let mut offering = Offering::new(Arc::new(draft.terms().clone()));
    let at = |position| Stamp {
        line: LineIndex(0),
        position: Position(position),
    };
    let terms_hash = offering.terms_hash();
    offering.apply(at(1), &Command::Announce { terms_hash });
    for number in 0..9_000_u64 {
        let person = number * 7 % 2_500;
        let id = match person % 3 {
            0 => format!("0x{person:040x}"),
            1 => format!("p{person}"),
            _ => format!("somebody-with-a-name-that-is-rather-long-{person}"),
        };
        let contribute = Contribute {
            investor: InvestorId::parse(&id).unwrap(),
            currency: CurrencyIndex(0),
            amount: Amount(1 + u128::from(number).pow(5)),
            limit: None,
            reference: "r",
            source: None,
            funding: Funding::Arrived,
        };
        let stamp = at(100 + number / 100);
        let outcome = offering.apply(stamp, &Command::Contribute(contribute));
        assert!(matches!(outcome, Outcome::Contributed(_)), "{outcome:?}");
    }
    offering
}

#[test]
fn a_state_of_many_pieces_is_read_from_any_source() {
    let offering = large();
    let bytes = written(&offering);
    assert!(bytes.len() > 3 << 16, "{} bytes", bytes.len());
    let terms: Arc<Terms> = Arc::new(offering.terms().clone());
    let debug = format!("{offering:?}");
    for step in [1, 37, 1 << 16, 1 << 20] {
        let slow = |fails_at| Slow {
            bytes: &bytes,
            step,
            fails_at,
            reads: 0,
        };
        let copy = Offering::read_state(Arc::clone(&terms), 0, slow(usize::MAX)).unwrap();
        assert!(format!("{copy:?}") == debug, "in steps of {step}");
        for fails_at in [0, 7, 100_000, bytes.len() - 1] {
            let error = Offering::read_state(Arc::clone(&terms), 0, slow(fails_at)).unwrap_err();
            let kind = io::ErrorKind::ConnectionReset;
            let offset = fails_at as u64;
            assert_eq!(
                error,
                StateError::Source { offset, kind },
                "in steps of {step}"
            );
        }
    }
}

#[test]
fn a_full_disk_is_said() {
    let offering = large();
    let mut small = [0; 100_000];
    let error = offering.write_state(&mut &mut small[..]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

proptest! {
    /// Anything at all behind a right header and before a right hash ends in an offering or an error.
    #[test]
    fn noise_is_no_state(noise in prop::collection::vec(
        prop_oneof![4 => 0..4_u8, 1 => any::<u8>()], 0..300,
    ), stage in 0..9_usize, from in any::<prop::sample::Index>()) {
        let (_, offering, bytes) = stages().nth(stage).unwrap();
        let keep = HEADER.end + from.index(bytes.len() - 32 - HEADER.end);
        let mut forgery = bytes[..keep].to_vec();
        forgery.extend(noise);
        forgery.extend([0; 32]);
        let forgery = sealed(forgery);
        if let Ok(copy) = read(&offering, &forgery) {
            prop_assert_eq!(written(&copy), forgery);
        }
    }
}
