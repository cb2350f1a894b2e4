//! Journals longer than a batch, and writers and files that fail.

use std::io::{self, Write};

use proptest::prelude::*;
use softcap_offering::{Command, Outcome, RoundIndex, Sequence, Stamp};

use super::{BATCH, JournalReader, JournalWriter};
use crate::ProofError;
use crate::bundle::FileDigest;
use crate::entry::Entry;
use crate::journal_tree::{LeafHash, root};

/// An entry whose leaf is `extra` bytes longer than the shortest of its kind.
fn seed_entry(number: u64, proof: &[u8]) -> Entry<'_> {
    let command = Command::Seed {
        round: RoundIndex(0),
        seed: [3; 32],
        proof,
    };
    Entry {
        sequence: Sequence(number),
        stamp: Stamp::default(),
        request: None,
        command,
    }
}

#[test]
fn a_journal_of_many_batches_comes_back_with_root_and_digests() {
    let proof = vec![7; 60_000];
    let lengths: Vec<usize> = (0..200_usize).map(|n| n * n * 37 % 60_001).collect();
    let mut writer = JournalWriter::new(Vec::new(), Vec::new());
    for (number, length) in (0..).zip(&lengths) {
        writer
            .append(&seed_entry(number, &proof[..*length]), &Outcome::Done)
            .unwrap();
        assert_eq!(writer.size(), number + 1);
    }
    let end = writer.finish().unwrap();
    assert!(
        end.journal.len() > 10 * BATCH,
        "the test needs several batches"
    );
    assert_eq!(end.journal_digest, FileDigest::of(&end.journal));
    assert_eq!(end.hashes_digest, FileDigest::of(&end.hashes));

    let mut reader = JournalReader::new(end.journal.as_slice());
    let (mut hashes, mut expected, mut at) = (Vec::new(), 0, 0);
    while let Some(block) = reader.next_block().unwrap() {
        assert_eq!(block.first(), expected);
        for (number, offset, leaf) in block.leaves() {
            assert_eq!((number, offset), (expected, at));
            assert_eq!(leaf.len(), 18 + 36 + lengths[number as usize] + 1);
            hashes.push(LeafHash::of(leaf));
            expected += 1;
            at += 2 + leaf.len() as u64;
        }
    }
    assert_eq!((expected, at), (200, end.journal.len() as u64));
    assert_eq!(end.root, root(&hashes));
    assert_eq!(
        end.hashes,
        hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>()
    );
}

#[test]
fn an_entry_out_of_order_or_without_encoding_is_refused_and_the_journal_goes_on() {
    let mut writer = JournalWriter::new(Vec::new(), Vec::new());
    let too_long = vec![0; 65_535];
    let error = writer
        .append(&seed_entry(1, &[]), &Outcome::Done)
        .unwrap_err();
    assert_eq!(error.code(), "P402");
    let error = writer
        .append(&seed_entry(0, &too_long), &Outcome::Done)
        .unwrap_err();
    assert_eq!(error.code(), "P402");
    writer.append(&seed_entry(0, &[]), &Outcome::Done).unwrap();
    let end = writer.finish().unwrap();
    assert_eq!((end.size, end.journal.len()), (1, 2 + 55));
}

#[derive(Debug)]
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        if taken == 0 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(taken)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_in_its_own_error() {
    let proof = vec![0; 50_000];
    for (journal, hashes) in [(3 * BATCH, usize::MAX), (usize::MAX, 40), (0, 0)] {
        let mut writer = JournalWriter::new(Full { room: journal }, Full { room: hashes });
        for number in 0..200 {
            match writer.append(&seed_entry(number, &proof), &Outcome::Done) {
                Ok(()) => {}
                Err(ProofError::JournalStopped) => break,
                Err(error) => panic!("{error}"),
            }
        }
        let error = writer.finish().unwrap_err();
        let ProofError::JournalIo { source, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    }
}

#[test]
fn a_cut_journal_gives_its_whole_entries_and_then_says_where_it_ends() {
    let mut writer = JournalWriter::new(Vec::new(), Vec::new());
    for number in 0..3 {
        writer
            .append(&seed_entry(number, &[]), &Outcome::Done)
            .unwrap();
    }
    let journal = writer.finish().unwrap().journal;
    for length in 0..journal.len() {
        let mut reader = JournalReader::new(&journal[..length]);
        let whole = length / 57;
        if whole > 0 {
            assert_eq!(
                reader.next_block().unwrap().unwrap().leaves().count(),
                whole
            );
        }
        let (entry, offset) = (whole as u64, whole as u64 * 57);
        match reader.next_block() {
            Ok(None) => assert_eq!(length % 57, 0),
            Err(ProofError::JournalMalformed {
                entry: at,
                offset: byte,
                ..
            }) => {
                assert_ne!(length % 57, 0);
                assert_eq!((at, byte), (entry, offset));
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_as_leaves_that_add_up(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        // Small first bytes make short leaves, so that several fit.
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte % 3).collect();
        let mut reader = JournalReader::new(bytes.as_slice());
        let mut read = Vec::new();
        let end = loop {
            match reader.next_block() {
                Ok(Some(block)) => read.extend_from_slice(block.bytes()),
                Ok(None) => break bytes.len(),
                Err(ProofError::JournalMalformed { offset, .. }) => break offset as usize,
                Err(error) => panic!("{error}"),
            }
        };
        prop_assert_eq!(&read[..], &bytes[..end]);
    }
}
