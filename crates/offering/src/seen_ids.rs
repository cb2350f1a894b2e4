//! Ids that count once: which entry of the journal used an id first.

use crate::{Sequence, chunked::Chunked, investors::hash, lookup::Lookup};

/// What an entry says that whoever entered it may say again: an entry whose request was seen before
/// changes nothing. A server makes it with a keyed hash of who asked and of the key they gave.
///
/// Zero is no request: it has no encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub [u8; 16]);

/// Money between a platform's balances and an account in the offering: the same id on both sides, so
/// that each side moves it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub [u8; 16]);

/// Ids in the order of the entries that used them first.
///
/// A table takes 27 to 30 bytes per id (16 of the id, a slot of the look-up), and 16 for each stretch
/// of entries with ids. It grows by one chunk or one small shard at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenIds {
    pub(crate) lookup: Lookup,
    pub(crate) ids: Chunked<[u8; 16]>,
    /// The number of an id's entry is its index plus `skipped` of the last run that begins at or
    /// before it: most ids stand in entries that follow each other.
    pub(crate) runs: Chunked<Run>,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    first: u32,
    skipped: u64,
}

/// Whether an id was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// This entry is the first with it.
    First,
    /// The entry that used it.
    Before(Sequence),
    /// It was not there, and 2^32 - 1 others are.
    Full,
}

impl SeenIds {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// The entry that used an id first.
    pub(crate) fn find(&self, id: [u8; 16]) -> Option<Sequence> {
        let index = self.index_of(hash(self.seed, &id), id)?;
        Some(self.sequence_of(index))
    }

    /// Brings near where some ids would be found. New ones have nothing beyond that.
    pub(crate) fn touch(&self, ids: impl Iterator<Item = [u8; 16]>) {
        self.lookup.touch(ids.map(|id| hash(self.seed, &id)));
    }

    /// Notes that an entry uses an id; entries come in order, each with one id at most.
    pub(crate) fn note(&mut self, id: [u8; 16], entry: Sequence) -> Seen {
        let hash = hash(self.seed, &id);
        if let Some(index) = self.index_of(hash, id) {
            return Seen::Before(self.sequence_of(index));
        }
        let next = u32::try_from(self.ids.len()).ok();
        let Some(index) = next.filter(|&index| index < u32::MAX) else {
            return Seen::Full;
        };
        let skipped = entry.0.saturating_sub(u64::from(index));
        if self.runs.last().is_none_or(|run| run.skipped != skipped) {
            self.runs.push(Run {
                first: index,
                skipped,
            });
        }
        self.lookup.insert(hash, index);
        self.ids.push(id);
        Seen::First
    }

    /// All ids with the entries that used them first, in order: what a snapshot holds, and what
    /// [`SeenIds::note`] makes the same table of.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([u8; 16], Sequence)> + '_ {
        (0_u32..)
            .zip(self.ids.iter())
            .map(|(index, id)| (*id, self.sequence_of(index)))
    }

    /// Bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.lookup.heap_bytes()
            + self.ids.len() * size_of::<[u8; 16]>()
            + self.runs.len() * size_of::<Run>()
    }

    fn index_of(&self, hash: u64, id: [u8; 16]) -> Option<u32> {
        self.lookup.find(hash, |index| {
            usize::try_from(index).is_ok_and(|place| self.ids.get(place) == Some(&id))
        })
    }

    fn sequence_of(&self, index: u32) -> Sequence {
        let after = self.runs.partition_point(|run| run.first <= index);
        let run = after.checked_sub(1).and_then(|place| self.runs.get(place));
        Sequence(u64::from(index) + run.map_or(0, |run| run.skipped))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> [u8; 16] {
        // Half of the ids differ in the last byte only.
        let mut id = [7; 16];
        id[..8].copy_from_slice(&(number / 2).to_be_bytes());
        id[15] = u8::try_from(number % 2).unwrap();
        id
    }

    proptest! {
        /// Against a plain map, with stretches of entries without ids between.
        #[test]
        fn the_first_entry_with_an_id_is_found(
            entries in proptest::collection::vec((any::<bool>(), 0_u64..40, 0_u64..5), 0..200),
            seed in any::<u64>(),
        ) {
            let mut seen = SeenIds::new(seed);
            let mut plain = BTreeMap::new();
            let mut entry = 0;
            for (jumps, number, gap) in entries {
                entry += 1 + if jumps { gap << 33 } else { 0 };
                let expected = plain.get(&number).map_or(Seen::First, |first| Seen::Before(*first));
                prop_assert_eq!(seen.find(id(number)), plain.get(&number).copied());
                prop_assert_eq!(seen.note(id(number), Sequence(entry)), expected);
                plain.entry(number).or_insert(Sequence(entry));
            }
            let mut listed: Vec<_> = plain.into_iter().map(|(number, at)| (id(number), at)).collect();
            listed.sort_by_key(|row| row.1);
            prop_assert_eq!(seen.iter().collect::<Vec<_>>(), listed);
        }
    }

    #[test]
    fn it_takes_30_bytes_for_an_id_and_nothing_without() {
        let mut seen = SeenIds::new(5);
        assert_eq!(seen.heap_bytes(), 0);
        assert_eq!(seen.find(id(0)), None);
        let count = 1_000_000_u64;
        for entry in 0..count {
            assert_eq!(seen.note(id(entry), Sequence(entry + 1)), Seen::First);
        }
        let each = seen.heap_bytes() / usize::try_from(count).unwrap();
        assert!((26..=30).contains(&each), "{each} bytes for an id");
        assert_eq!(seen.runs.len(), 1);
    }

    #[test]
    fn ids_with_one_hash_are_told_apart() {
        let (one, other) = (id(0), id(1));
        let mut seen = SeenIds::new(0);
        seen.note(one, Sequence(3));
        // As if both had the hash of the first.
        assert_eq!(seen.index_of(hash(0, &one), other), None);
        assert_eq!(seen.index_of(hash(0, &one), one), Some(0));
    }
}
