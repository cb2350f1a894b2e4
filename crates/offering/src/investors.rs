//! The table of investors: id to index, and what the rules count for each.
//!
//! Iteration is by index only, so the order of the look-up never reaches an outcome, and neither does
//! the seed of its hash.

use crate::{InvestorId, InvestorIndex, chunked::Chunked, lookup::Lookup};

/// Ids up to this length are held in the record itself.
const INLINE: usize = 23;
const SPILLED: u8 = 255;
const ADDRESS: u8 = 254;

/// What is counted for one investor. It fills one cache line: a contribution of somebody among
/// millions costs one miss here, not two.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Investor {
    /// Length and bytes of a short opaque id, [`ADDRESS`] and 20 bytes, or [`SPILLED`] and the
    /// index of the id in `spilled` as 8 bytes.
    pub(crate) key: [u8; INLINE + 1],
    /// Round to which `round_value` and `round_tokens` belong.
    pub(crate) round: u8,
    /// Newest admission, plus one; 0: none.
    pub(crate) admission: u32,
    /// Accepted value in that round.
    pub(crate) round_value: u128,
    /// Tokens in that round.
    pub(crate) round_tokens: u128,
}

/// All investors of an offering.
#[derive(Clone, Debug)]
pub(crate) struct Investors {
    pub(crate) lookup: Lookup,
    pub(crate) records: Chunked<Investor>,
    /// Accepted value in all rounds, where the terms limit it.
    pub(crate) totals: Chunked<u128>,
    pub(crate) total: TotalValue,
    pub(crate) spilled: Chunked<Box<str>>,
    pub(crate) seed: u64,
}

/// Whether the terms ask for an investor's value over all rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TotalValue {
    Counted,
    NotAsked,
}

/// A fast 64-bit hash of short keys (multiply and fold, as in wyhash), seeded so that nobody can
/// choose ids that collide. Not cryptographic: a bad distribution costs time, never an outcome.
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        let [low, high] = [product & u128::from(u64::MAX), product >> 64];
        u64::try_from(low).unwrap_or(0) ^ u64::try_from(high).unwrap_or(0)
    };
    let mut state = seed ^ ODD;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = fold(state ^ u64::from_le_bytes(word), ODD ^ seed.rotate_left(32));
    }
    fold(state ^ bytes.len() as u64, ODD)
}

impl Investors {
    pub(crate) fn new(seed: u64, total: TotalValue) -> Self {
        Self {
            lookup: Lookup::default(),
            records: Chunked::default(),
            totals: Chunked::default(),
            total,
            spilled: Chunked::default(),
            seed,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn id(&self, index: InvestorIndex) -> InvestorId<'_> {
        id_of(&self.records[index.index()].key, &self.spilled)
    }

    pub(crate) fn find(&self, id: InvestorId<'_>) -> Option<InvestorIndex> {
        self.find_hashed(self.hash_of(id), id)
    }

    fn find_hashed(&self, hash: u64, id: InvestorId<'_>) -> Option<InvestorIndex> {
        let is_right = |index| self.id(InvestorIndex(index)) == id;
        self.lookup.find(hash, is_right).map(InvestorIndex)
    }

    /// Brings the records of some investors near.
    pub(crate) fn touch<'a>(&self, ids: impl Iterator<Item = InvestorId<'a>>) {
        let hashes = ids.map(|id| self.hash_of(id));
        self.lookup.touch_records(hashes, |place| {
            self.records.get(place).map_or(0, |record| record.round)
        });
    }

    /// The investor with this id, made if there is none; `None` when 2^32 - 1 are there.
    pub(crate) fn find_or_insert(&mut self, id: InvestorId<'_>) -> Option<InvestorIndex> {
        let hash = self.hash_of(id);
        if let Some(index) = self.find_hashed(hash, id) {
            return Some(index);
        }
        // The look-up holds the index plus one.
        let index = u32::try_from(self.records.len() + 1).ok()? - 1;
        self.lookup.insert(hash, index);
        if self.total == TotalValue::Counted {
            self.totals.push(0);
        }
        let key = self.key_of(id);
        self.records.push(Investor {
            key,
            round: u8::MAX,
            admission: 0,
            round_value: 0,
            round_tokens: 0,
        });
        Some(InvestorIndex(index))
    }

    pub(crate) fn get(&self, index: InvestorIndex) -> &Investor {
        &self.records[index.index()]
    }

    pub(crate) fn get_mut(&mut self, index: InvestorIndex) -> &mut Investor {
        &mut self.records[index.index()]
    }

    /// Accepted value in all rounds; zero where the terms do not limit it.
    pub(crate) fn total_value(&self, index: InvestorIndex) -> u128 {
        self.totals.get(index.index()).copied().unwrap_or(0)
    }

    pub(crate) fn set_total_value(&mut self, index: InvestorIndex, value: u128) {
        if self.total == TotalValue::Counted {
            self.totals[index.index()] = value;
        }
    }

    /// Bytes held, for the benchmark of the state's size.
    pub(crate) fn heap_bytes(&self) -> usize {
        let tables = self.lookup.heap_bytes();
        let text: usize = self
            .spilled
            .iter()
            .map(|id| id.len() + size_of::<Box<str>>())
            .sum();
        let totals = self.totals.len() * size_of::<u128>();
        tables + self.records.len() * size_of::<Investor>() + totals + text
    }

    fn hash_of(&self, id: InvestorId<'_>) -> u64 {
        hash_id(self.seed, id)
    }

    fn key_of(&mut self, id: InvestorId<'_>) -> [u8; INLINE + 1] {
        let mut key = [0; INLINE + 1];
        match id {
            InvestorId::Address(address) => {
                key[0] = ADDRESS;
                key[1..21].copy_from_slice(&address);
            }
            InvestorId::Opaque(text) if text.len() <= INLINE => {
                key[0] = u8::try_from(text.len()).unwrap_or(0);
                key[1..=text.len()].copy_from_slice(text.as_bytes());
            }
            InvestorId::Opaque(text) => {
                key[0] = SPILLED;
                key[1..9].copy_from_slice(&(self.spilled.len() as u64).to_le_bytes());
                self.spilled.push(text.into());
            }
        }
        key
    }
}

fn hash_id(seed: u64, id: InvestorId<'_>) -> u64 {
    match id {
        InvestorId::Address(address) => hash(seed, &address),
        InvestorId::Opaque(text) => hash(seed, text.as_bytes()),
    }
}

fn id_of<'a>(key: &'a [u8; INLINE + 1], spilled: &'a Chunked<Box<str>>) -> InvestorId<'a> {
    match key[0] {
        ADDRESS => {
            let mut address = [0; 20];
            address.copy_from_slice(&key[1..21]);
            InvestorId::Address(address)
        }
        SPILLED => {
            let mut place = [0; 8];
            place.copy_from_slice(&key[1..9]);
            let place = usize::try_from(u64::from_le_bytes(place)).unwrap_or(usize::MAX);
            InvestorId::Opaque(spilled.get(place).map_or("", AsRef::as_ref))
        }
        length => {
            let bytes = &key[1..=usize::from(length)];
            InvestorId::Opaque(std::str::from_utf8(bytes).unwrap_or(""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_neighbours_spreads_over_all_bits() {
        let mut ones = [0_u32; 64];
        for number in 0..4_096_u64 {
            let hash = hash(7, &number.to_le_bytes());
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += u32::from(hash >> bit & 1 == 1);
            }
        }
        for (bit, count) in ones.into_iter().enumerate() {
            assert!(
                (1_700..2_400).contains(&count),
                "bit {bit} is set {count} times of 4,096"
            );
        }
        assert_ne!(hash(7, b"person-1"), hash(8, b"person-1"));
        assert_ne!(hash(7, b"a"), hash(7, b"a\0"));
    }

    /// Answers of an implementation with big integers, written separately.
    #[test]
    fn the_hash_has_known_answers() {
        let table: [(u64, &str, u64); 5] = [
            (0, "", 0xbe8c_ab64_4efd_da51),
            (0, "a", 0x616f_a109_ae75_f93b),
            (1, "person-1", 0xedbf_4c9a_c683_3925),
            (7, "person-12", 0x2521_93fc_c2a9_3d43),
            (
                0xfedc_ba98_7654_3210,
                "a-name-too-long-to-be-held-inline",
                0x1dde_ec7b_4b2f_b9fa,
            ),
        ];
        for (seed, id, answer) in table {
            assert_eq!(hash(seed, id.as_bytes()), answer, "{seed} {id}");
        }
    }

    #[test]
    fn it_says_how_much_it_holds() {
        let mut investors = Investors::new(0, TotalValue::Counted);
        let empty = investors.heap_bytes();
        let long = "a-name-too-long-to-be-held-inline";
        investors.find_or_insert(InvestorId::Opaque(long));
        let lookup = investors.lookup.heap_bytes() - Lookup::default().heap_bytes();
        let expected =
            size_of::<Investor>() + size_of::<u128>() + long.len() + size_of::<Box<str>>();
        assert_eq!(investors.heap_bytes() - empty - lookup, expected);
    }

    #[test]
    fn every_kind_of_id_is_found_again_under_any_seed() {
        for seed in [0, 1, u64::MAX] {
            let mut investors = Investors::new(seed, TotalValue::Counted);
            let ids: Vec<String> = (0..5_000_u32)
                .map(|n| match n % 3 {
                    0 => format!("0x{n:040x}"),
                    1 => format!("person-{n}"),
                    _ => format!("a-name-too-long-to-be-held-inline-{n}"),
                })
                .collect();
            for (place, id) in ids.iter().enumerate() {
                let id = InvestorId::parse(id).unwrap();
                assert_eq!(investors.find(id), None);
                let index = investors.find_or_insert(id).unwrap();
                assert_eq!(index.index(), place);
                assert_eq!(investors.find_or_insert(id), Some(index));
            }
            for (place, text) in ids.iter().enumerate() {
                let id = InvestorId::parse(text).unwrap();
                let index = investors.find(id).unwrap();
                assert_eq!(index.index(), place);
                assert_eq!(investors.id(index).to_string(), *text);
            }
            assert_eq!(investors.len(), ids.len());
        }
    }
}
