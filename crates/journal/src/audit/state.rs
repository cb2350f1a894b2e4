//! Which rows of the audit are in its log, and where: the state of the audit log's machine.

use std::{collections::BTreeMap, io};

use sha2::{Digest as _, Sha256};
use softcap_offering::Sequence;
use softcap_proof::{
    audit_entry::{AuditOutcome, AuditRow, AuditText},
    entry::Reader,
    hex,
};

const MAGIC: &[u8; 14] = b"softcap audit\n";
/// The form of the bytes. It rises with every change of what stands in them.
const STATE_VERSION: u8 = 1;

/// Rows whose numbers follow each other, in entries that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    number: u64,
    entry: u64,
    count: u64,
}

impl Run {
    /// The number that would be the next of it.
    fn end(&self) -> u64 {
        self.number.saturating_add(self.count)
    }
}

/// What the log says. Small: without lost rows it is one run, however many rows there are.
#[derive(Debug, Default)]
pub struct AuditState {
    entries: u64,
    runs: Vec<Run>,
    acts: BTreeMap<Box<str>, u64>,
}

impl AuditState {
    /// The highest number of a row in the log; 0 when there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.end() - 1)
    }

    /// The entry of the row with a number.
    #[must_use]
    pub fn entry_of(&self, number: u64) -> Option<u64> {
        let after = self.runs.partition_point(|run| run.number <= number);
        let run = self.runs.get(after.checked_sub(1)?)?;
        let place = number - run.number;
        (place < run.count).then(|| run.entry + place)
    }

    /// The numbers that were passed over, each first and last of some: their rows were gone before the log had them.
    pub fn gaps(&self) -> impl Iterator<Item = (u64, u64)> {
        let begins = std::iter::once(1).chain(self.runs.iter().map(Run::end));
        let runs = begins.zip(&self.runs);
        runs.filter(|(begin, run)| run.number > *begin)
            .map(|(begin, run)| (begin, run.number - 1))
    }

    /// How many rows there are of each act.
    pub fn acts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.acts.iter().map(|(act, rows)| (&**act, *rows))
    }

    pub(super) fn apply(&mut self, row: &AuditRow<'_>) -> AuditOutcome {
        let entry = self.entries;
        self.entries += 1;
        if let Some(first) = self.entry_of(row.number) {
            return AuditOutcome::RepeatOf(Sequence(first));
        }
        if row.number <= self.last() {
            return AuditOutcome::Late;
        }
        match self.runs.last_mut() {
            Some(run) if run.end() == row.number && run.entry + run.count == entry => {
                run.count += 1;
            }
            Some(_) | None => self.runs.push(Run {
                number: row.number,
                entry,
                count: 1,
            }),
        }
        *self.acts.entry(act_name(row.act)).or_default() += 1;
        AuditOutcome::Noted
    }

    /// The state, and behind it its SHA-256.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let Self {
            entries,
            runs,
            acts,
        } = self;
        let mut bytes = MAGIC.to_vec();
        bytes.push(STATE_VERSION);
        let number = |number: u64, bytes: &mut Vec<u8>| {
            bytes.extend_from_slice(&number.to_be_bytes());
        };
        number(*entries, &mut bytes);
        number(runs.len() as u64, &mut bytes);
        for run in runs {
            number(run.number, &mut bytes);
            number(run.entry, &mut bytes);
            number(run.count, &mut bytes);
        }
        number(acts.len() as u64, &mut bytes);
        for (act, rows) in acts {
            let written = AuditText::Whole(act).write(&mut bytes);
            written.map_err(io::Error::other)?;
            number(*rows, &mut bytes);
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        Ok(bytes)
    }

    /// Reads what [`AuditState::to_bytes`] made, and nothing else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let (bytes, hash) = bytes.split_last_chunk::<32>().ok_or(CUT_OFF)?;
        let content = bytes
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.strip_prefix(&[STATE_VERSION]))
            .ok_or("this is not the state of an audit log in form 1")?;
        if <[u8; 32]>::from(Sha256::digest(bytes)) != *hash {
            return Err(CUT_OFF);
        }
        let mut reader = Reader::new(content);
        let mut state = Self {
            entries: reader.u64()?,
            ..Self::default()
        };
        for _ in 0..reader.u64()? {
            let run = Run {
                number: reader.u64()?,
                entry: reader.u64()?,
                count: reader.u64()?,
            };
            state.add_run(run)?;
        }
        for _ in 0..reader.u64()? {
            let AuditText::Whole(act) = AuditText::read(&mut reader)? else {
                return Err("an act has no name");
            };
            let is_next = state
                .acts
                .last_key_value()
                .is_none_or(|last| **last.0 < *act);
            if !is_next {
                return Err("acts are not in order");
            }
            state.acts.insert(act.into(), reader.u64()?);
        }
        if reader.rest_len() > 0 {
            return Err("there are bytes after the end");
        }
        Ok(state)
    }

    fn add_run(&mut self, run: Run) -> Result<(), &'static str> {
        let last = self.runs.last();
        let number = last.map_or(1, Run::end);
        let entry = last.map_or(0, |last| last.entry + last.count);
        let continues = last.is_some() && run.number == number && run.entry == entry;
        let ends = run.entry.checked_add(run.count);
        let is_whole = run.count > 0
            && run.number >= number
            && run.entry >= entry
            && run.number.checked_add(run.count - 1).is_some()
            && ends.is_some_and(|end| end <= self.entries);
        if continues || !is_whole {
            return Err("rows are not in order");
        }
        self.runs.push(run);
        Ok(())
    }
}

const CUT_OFF: &str = "the state of the audit log is cut off or damaged";

/// What an act is counted under.
fn act_name(act: AuditText<'_>) -> Box<str> {
    match act {
        AuditText::Whole(act) => act.into(),
        AuditText::Digest(digest) => format!("sha256:{}", hex(&digest)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(numbers: &[u64]) -> (AuditState, Vec<AuditOutcome>) {
        let mut state = AuditState::default();
        let outcomes = numbers.iter().map(|number| {
            state.apply(&AuditRow {
                number: *number,
                at: 0,
                actor: AuditText::of(""),
                act: AuditText::of(if number % 2 == 0 { "even" } else { "odd" }),
                subject: AuditText::of(""),
                code: AuditText::of(""),
                times: 1,
            })
        });
        let outcomes = outcomes.collect();
        (state, outcomes)
    }

    #[test]
    fn a_row_is_noted_once_and_what_was_passed_over_is_named() {
        use AuditOutcome::{Late, Noted, RepeatOf};
        let (state, outcomes) = state(&[3, 4, 4, 5, 9, 7, 10, 3]);
        let expected = [
            Noted,
            Noted,
            RepeatOf(Sequence(1)),
            Noted,
            Noted,
            Late,
            Noted,
            RepeatOf(Sequence(0)),
        ];
        assert_eq!(outcomes, expected);
        assert_eq!(state.last(), 10);
        assert_eq!(state.gaps().collect::<Vec<_>>(), [(1, 2), (6, 8)]);
        let entries: Vec<_> = (0..=11).map(|number| state.entry_of(number)).collect();
        let none = None;
        let expected = [
            none,
            none,
            none,
            Some(0),
            Some(1),
            Some(3),
            none,
            none,
            none,
            Some(4),
            Some(6),
            none,
        ];
        assert_eq!(entries, expected);
        assert_eq!(state.acts().collect::<Vec<_>>(), [("even", 2), ("odd", 3)]);
    }

    #[test]
    fn a_log_without_gaps_is_one_run() {
        let numbers: Vec<u64> = (1..=1000).collect();
        let (state, _) = state(&numbers);
        assert_eq!((state.runs.len(), state.gaps().count()), (1, 0));
    }

    #[test]
    fn a_state_is_read_as_it_was_written_and_no_other_bytes_are() {
        for numbers in [&[][..], &[1, 2, 3], &[3, 4, 4, 5, 9, 7, 10, 3]] {
            let bytes = state(numbers).0.to_bytes().unwrap();
            let again = AuditState::from_bytes(&bytes).unwrap();
            assert_eq!(again.to_bytes().unwrap(), bytes);
            for place in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[place] ^= 1;
                assert!(AuditState::from_bytes(&changed).is_err(), "{place}");
                assert!(AuditState::from_bytes(&bytes[..place]).is_err(), "{place}");
            }
        }
    }

    #[test]
    fn runs_that_contradict_each_other_are_no_state() {
        let runs = |runs: &[(u64, u64, u64)]| {
            let runs = runs.iter().map(|(number, entry, count)| Run {
                number: *number,
                entry: *entry,
                count: *count,
            });
            let state = AuditState {
                entries: 10,
                runs: runs.collect(),
                acts: BTreeMap::new(),
            };
            AuditState::from_bytes(&state.to_bytes().unwrap())
        };
        assert!(runs(&[(1, 0, 5), (7, 5, 5)]).is_ok());
        for wrong in [
            &[(0, 0, 5)][..],
            &[(1, 0, 0)],
            &[(1, 0, 11)],
            &[(1, 0, 5), (6, 5, 5)],
            &[(1, 0, 5), (5, 6, 1)],
            &[(1, 0, 5), (9, 4, 1)],
            &[(u64::MAX, 0, 2)],
        ] {
            assert!(runs(wrong).is_err(), "{wrong:?}");
        }
    }
}
