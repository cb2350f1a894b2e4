//! A look-up from hashes to indices that touches one cache line and never stops the world.
//!
//! A hundred contributions in a stampede come from a hundred people at random among millions, so a
//! look-up costs what its cache misses cost. The usual table has a miss for its control bytes and
//! one for its slot; here both are one word, and eight words share a line. Sharded, because a table
//! that grows stops everything for as long as it takes to move what is in it: a shard moves a
//! four-thousandth of that, and needs no look at the records to do so. It grows by a quarter, so that
//! a slot costs 11 to 14 bytes.
//!
//! There is no iteration, so neither the order of the slots nor the hash can reach an outcome.

use std::hint::black_box;

const SHARDS: u64 = 4096;
/// Hashes whose records are brought near together.
const TOGETHER: usize = 64;
/// Slots of a new shard.
const FIRST: usize = 8;

/// Hash to index; the caller tells equal hashes apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    /// None before the first insertion.
    shards: Vec<Shard>,
}

/// Open addressing with linear probing, at most three quarters full. A slot is 32 bits of the hash
/// above the index plus one; 0 is empty.
#[derive(Clone, Debug, Default)]
struct Shard {
    slots: Vec<u64>,
    used: usize,
}

impl Lookup {
    /// The index with this hash that is the right one.
    pub(crate) fn find(&self, hash: u64, is_right: impl Fn(u32) -> bool) -> Option<u32> {
        let shard = self.shards.get(shard_of(hash))?;
        let tag = tag_of(hash);
        let mut place = shard.home(tag)?;
        loop {
            let slot = shard.slots[place];
            if slot == 0 {
                return None;
            }
            if slot >> 32 == tag {
                let index = index_in(slot);
                if is_right(index) {
                    return Some(index);
                }
            }
            place = shard.after(place);
        }
    }

    /// Brings near where some hashes would be found.
    pub(crate) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        black_box(
            hashes
                .map(|hash| self.line(hash))
                .fold(0, u64::wrapping_add),
        );
    }

    /// Brings near where some hashes are found, and the records that have them; `look` reads one of those. A processor
    /// waits for as many cache misses at once as it has instructions in sight, so each loop that waits does nothing
    /// else: hashing, in a loop of its own, would push all but two or three of them out of sight.
    pub(crate) fn touch_records(
        &self,
        mut hashes: impl Iterator<Item = u64>,
        look: impl Fn(usize) -> u8,
    ) {
        let mut group = [0; TOGETHER];
        let mut likely = [0; TOGETHER];
        loop {
            let mut count = 0;
            for (place, hash) in group.iter_mut().zip(&mut hashes) {
                *place = hash;
                count += 1;
            }
            self.touch(group[..count].iter().copied());
            // Whether it is the right record is not asked: the answer would have to be waited for.
            for (place, hash) in likely.iter_mut().zip(&group[..count]) {
                let index = self.find(*hash, |_| true);
                let index = index.and_then(|index| usize::try_from(index).ok());
                *place = index.unwrap_or(usize::MAX);
            }
            let records = likely[..count].iter().map(|place| look(*place));
            black_box(records.fold(0, u8::wrapping_add));
            if count < TOGETHER {
                return;
            }
        }
    }

    /// The first slot in which a hash may be.
    fn line(&self, hash: u64) -> u64 {
        self.shards.get(shard_of(hash)).map_or(0, |shard| {
            shard
                .home(tag_of(hash))
                .map_or(0, |place| shard.slots[place])
        })
    }

    /// Adds an index that is not there.
    pub(crate) fn insert(&mut self, hash: u64, index: u32) {
        if self.shards.is_empty() {
            self.shards = (0..SHARDS).map(|_| Shard::default()).collect();
        }
        let shard = &mut self.shards[shard_of(hash)];
        if (shard.used + 1) * 4 > shard.slots.len() * 3 {
            shard.grow();
        }
        shard.place(tag_of(hash) << 32 | (u64::from(index) + 1));
        shard.used += 1;
    }

    /// Bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.capacity()).sum();
        slots * size_of::<u64>() + self.shards.len() * size_of::<Shard>()
    }
}

impl Shard {
    /// Where a tag is looked for first: the tag's share of the slots. `None` in a shard that holds
    /// nothing.
    fn home(&self, tag: u64) -> Option<usize> {
        let slots = self.slots.len() as u64;
        if slots == 0 {
            return None;
        }
        usize::try_from((tag * slots) >> 32).ok()
    }

    fn after(&self, place: usize) -> usize {
        let next = place + 1;
        if next == self.slots.len() { 0 } else { next }
    }

    fn place(&mut self, slot: u64) {
        let Some(mut place) = self.home(slot >> 32) else {
            return;
        };
        while self.slots[place] != 0 {
            place = self.after(place);
        }
        self.slots[place] = slot;
    }

    fn grow(&mut self) {
        let size = (self.slots.len() + self.slots.len() / 4).max(FIRST);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            self.place(slot);
        }
    }
}

fn shard_of(hash: u64) -> usize {
    usize::try_from(hash & (SHARDS - 1)).unwrap_or(0)
}

/// The upper half; the shard is chosen by bits of the lower one.
fn tag_of(hash: u64) -> u64 {
    hash >> 32
}

fn index_in(slot: u64) -> u32 {
    u32::try_from((slot & u64::from(u32::MAX)) - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that all meet in one shard and one slot, and hashes that spread.
    fn hashes(spread: u64) -> impl Iterator<Item = u64> {
        (0..3_000_u64).map(move |n| n.wrapping_mul(spread))
    }

    #[test]
    fn it_finds_what_was_inserted_and_nothing_else() {
        for spread in [0, 1, 4096, 1 << 32, 0x9e37_79b9_7f4a_7c15] {
            let mut lookup = Lookup::default();
            for (index, hash) in (0..).zip(hashes(spread)) {
                assert_eq!(lookup.find(hash, |found| found == index), None);
                lookup.insert(hash, index);
            }
            for (index, hash) in (0..).zip(hashes(spread)) {
                assert_eq!(lookup.find(hash, |found| found == index), Some(index));
            }
            assert_eq!(lookup.find(77, |_| false), None);
        }
    }

    #[test]
    fn shards_and_tags_come_from_different_bits() {
        let hash = 0x1234_5678_9abc_def0;
        assert_eq!(shard_of(hash), 0xef0);
        assert_eq!(tag_of(hash), 0x1234_5678);
    }

    #[test]
    fn it_says_how_much_it_holds() {
        let mut lookup = Lookup::default();
        let empty = lookup.heap_bytes();
        assert_eq!(empty, 0);
        lookup.insert(5, 0);
        let shards = 4096 * size_of::<Shard>();
        assert_eq!(lookup.heap_bytes(), shards + FIRST * size_of::<u64>());
    }

    #[test]
    fn a_shard_grows_by_a_quarter_when_three_quarters_are_full() {
        // (entries, slots)
        let table = [
            (0, 0),
            (1, 8),
            (6, 8),
            (7, 10),
            (8, 12),
            (9, 12),
            (10, 15),
            (11, 15),
            (12, 18),
        ];
        for (entries, slots) in table {
            let mut lookup = Lookup::default();
            (0..entries).for_each(|index| lookup.insert(u64::from(index) << 32, index));
            let shard = lookup.shards.first().cloned().unwrap_or_default();
            assert_eq!(shard.slots.len(), slots, "{entries} entries");
            assert_eq!(shard.used, entries as usize);
        }
    }

    #[test]
    fn records_of_hashes_are_looked_at_in_groups() {
        let spread = 0x9e37_79b9_7f4a_7c15;
        let mut lookup = Lookup::default();
        for (index, hash) in (0..).zip(hashes(spread)) {
            lookup.insert(hash, index);
        }
        for count in [0, 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER] {
            let looked = std::cell::RefCell::new(Vec::new());
            lookup.touch_records(hashes(spread).take(count), |place| {
                looked.borrow_mut().push(place);
                0
            });
            let expected: Vec<usize> = (0..count).collect();
            assert_eq!(looked.into_inner(), expected, "{count}");
        }
    }

    #[test]
    fn a_touch_looks_at_the_first_place_of_a_hash() {
        let mut lookup = Lookup::default();
        let hash = 3 << 32 | 9;
        assert_eq!(lookup.line(hash), 0);
        lookup.insert(hash, 76);
        assert_eq!(lookup.line(hash), 3 << 32 | 77);
        // The upper half of the tags begins in the middle.
        assert_eq!(lookup.line(1 << 63 | 9), 0);
    }

    #[test]
    fn it_stays_below_three_quarters() {
        let mut lookup = Lookup::default();
        for (index, hash) in (0..).zip(hashes(0x9e37_79b9_7f4a_7c15)) {
            lookup.insert(hash, index);
        }
        for shard in &lookup.shards {
            assert!(shard.used * 4 <= shard.slots.len() * 3);
            assert_eq!(
                shard.slots.iter().filter(|slot| **slot != 0).count(),
                shard.used
            );
        }
    }
}
