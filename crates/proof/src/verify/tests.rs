//! Any single change of a bundle is found, and the right file is named.

mod forgeries;
mod issuers;

use std::io::{self, Read};

use super::{BundleSource, Place, SignatureTrust, Trust, VerifyError, verify};
use crate::bundle::BundleFile;
use crate::bundle::tests::{Folder, empty_bundle, key, small_bundle};

impl BundleSource for Folder {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let content = self.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(content.as_slice()))
    }
}

fn check(folder: &Folder) -> Result<super::Verified, VerifyError> {
    verify(folder, &Trust::default(), &mut |_| {})
}

/// The file that verification names for a changed bundle; it must find something.
fn blamed(folder: &Folder) -> (BundleFile, VerifyError) {
    let error = check(folder).expect_err("the change was not found");
    match error.file() {
        Some(file) => (file, error),
        None => panic!("no file is named: {error}"),
    }
}

/// Reads a changed bundle whose one file differs.
fn with(folder: &Folder, file: BundleFile, content: Vec<u8>) -> Folder {
    let mut changed = folder.clone();
    changed.insert(file.name().to_owned(), content);
    changed
}

#[test]
fn a_bundle_as_written_is_verified_and_says_what_it_rests_on() {
    let verified = check(&small_bundle(None, false, false)).unwrap();
    assert_eq!(
        (verified.entries, verified.contributions, verified.investors),
        (11, 6, 5)
    );
    assert_eq!(verified.signature, SignatureTrust::Unsigned);
    assert!(verified.to_string().contains("unsigned"), "{verified}");

    let folder = small_bundle(Some(&key()), true, true);
    let verified = check(&folder).unwrap();
    let signed = key().verifier_key().clone();
    assert_eq!(
        verified.signature,
        SignatureTrust::FromBundle(signed.clone())
    );
    let trust = Trust {
        issuer_key: None,
        key: Some(signed.clone()),
        terms_hash: Some(verified.terms_hash),
    };
    let decided = verify(&folder, &trust, &mut |_| {}).unwrap();
    assert_eq!(decided.signature, SignatureTrust::Given(signed));
    assert!(decided.terms_hash_given);
}

#[test]
fn an_empty_sale_is_verified_and_a_tree_in_it_is_unexpected() {
    let mut folder = empty_bundle();
    let verified = check(&folder).unwrap();
    assert_eq!(
        (
            verified.entries,
            verified.investors,
            verified.settlement_root
        ),
        (2, 0, None)
    );
    let tree = small_bundle(None, false, false)["settlement.tree"].clone();
    folder.insert("settlement.tree".to_owned(), tree);
    assert_eq!(check(&folder).unwrap_err().code(), "V105");
}

#[test]
fn another_key_or_terms_hash_is_refused() {
    let other = crate::SigningKey::from_entropy("softcap.example/harbour", &[1; 32]).unwrap();
    let by_other = Trust {
        issuer_key: None,
        key: Some(other.verifier_key().clone()),
        terms_hash: None,
    };
    for bundle in [
        small_bundle(Some(&key()), false, false),
        small_bundle(None, false, false),
    ] {
        let error = verify(&bundle, &by_other, &mut |_| {}).unwrap_err();
        assert_eq!(error.code(), "V111", "{error}");
        let other_terms = Trust {
            issuer_key: None,
            key: None,
            terms_hash: Some([3; 32]),
        };
        let error = verify(&bundle, &other_terms, &mut |_| {}).unwrap_err();
        assert_eq!(error.code(), "V112", "{error}");
    }
}

#[test]
fn every_changed_byte_of_every_file_is_found_and_its_file_named() {
    for folder in [
        small_bundle(Some(&key()), true, false),
        small_bundle(None, false, true),
    ] {
        for file in BundleFile::ALL {
            let Some(content) = folder.get(file.name()) else {
                continue;
            };
            for place in 0..content.len() {
                let mut changed = content.clone();
                changed[place] ^= [0x01, 0x20, 0x80, 0xff][place % 4];
                let (named, error) = blamed(&with(&folder, file, changed));
                assert_eq!(named, file, "byte {place} of {file}: {error}");
            }
        }
    }
}

/// Where each entry begins in a journal.
fn entry_offsets(journal: &[u8]) -> Vec<usize> {
    let mut offsets = vec![0];
    let mut at = 0;
    while at < journal.len() {
        at += 2 + usize::from(u16::from_be_bytes([journal[at], journal[at + 1]]));
        offsets.push(at);
    }
    offsets
}

fn entry_of(error: &VerifyError) -> Option<u64> {
    if let VerifyError::Differs {
        place: Place::Entry { entry },
        ..
    }
    | VerifyError::OutcomeDiffers { entry, .. } = error
    {
        return Some(*entry);
    }
    matches!(error, VerifyError::OtherTermsAnnounced { .. }).then_some(0)
}

#[test]
fn a_changed_byte_of_the_journal_or_its_hashes_is_named_with_its_entry() {
    let folder = small_bundle(Some(&key()), false, false);
    let journal = &folder["journal"];
    let offsets = entry_offsets(journal);
    for place in 0..journal.len() {
        for flip in [1, 0x40] {
            let mut changed = journal.clone();
            changed[place] ^= flip;
            let (_, error) = blamed(&with(&folder, BundleFile::Journal, changed));
            let entry = offsets.partition_point(|offset| *offset <= place) as u64 - 1;
            assert_eq!(entry_of(&error), Some(entry), "byte {place}: {error}");
        }
    }
    let hashes = &folder["journal.hashes"];
    for place in 0..hashes.len() {
        let mut changed = hashes.clone();
        changed[place] ^= 4;
        let (_, error) = blamed(&with(&folder, BundleFile::JournalHashes, changed));
        assert_eq!(
            entry_of(&error),
            Some(place as u64 / 32),
            "byte {place}: {error}"
        );
    }
}

#[test]
fn a_changed_byte_of_a_table_or_text_is_named_with_its_row_or_line() {
    let folder = small_bundle(Some(&key()), false, false);
    let tables = [BundleFile::SettlementTable, BundleFile::InvestorsTable];
    let texts = [BundleFile::Summary, BundleFile::Terms];
    for file in tables.into_iter().chain(texts) {
        let content = folder[file.name()].clone();
        for place in 0..content.len() {
            let line_begin = content[..place]
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |at| at + 1);
            let number = content[..place].iter().filter(|b| **b == b'\n').count() as u64;
            let fields = content[line_begin..place]
                .iter()
                .filter(|b| **b == b',')
                .count() as u64;
            let first = content[line_begin..]
                .split(|b| matches!(b, b',' | b'\n'))
                .next()
                .unwrap();
            let expected = if number > 0 && tables.contains(&file) {
                let id = String::from_utf8(first.to_vec()).unwrap();
                Place::Row {
                    row: number,
                    id,
                    field: fields + 1,
                }
            } else {
                let column = Some((place - line_begin) as u64 + 1);
                Place::Line {
                    line: number + 1,
                    column,
                }
            };
            let mut changed = content.clone();
            changed[place] ^= 1;
            let error = blamed(&with(&folder, file, changed)).1;
            let VerifyError::Differs { place: found, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(found, expected, "byte {place} of {file}");
        }
    }
}

#[test]
fn cut_longer_doubled_and_swapped_files_are_found() {
    for folder in [
        small_bundle(Some(&key()), true, true),
        small_bundle(None, false, false),
    ] {
        for file in BundleFile::ALL {
            let Some(content) = folder.get(file.name()) else {
                continue;
            };
            for length in (0..content.len()).step_by(7).chain([content.len() - 1]) {
                let (named, error) = blamed(&with(&folder, file, content[..length].to_vec()));
                assert_eq!(named, file, "cut to {length}: {error}");
            }
            let doubled = [content.as_slice(), content].concat();
            for more in [
                [content.as_slice(), b"\n"].concat(),
                [b" ", content.as_slice()].concat(),
                doubled,
            ] {
                let (named, error) = blamed(&with(&folder, file, more));
                assert_eq!(named, file, "longer: {error}");
            }
            for place in (0..=content.len()).step_by(11) {
                let mut inserted = content.clone();
                inserted.insert(place, b'0');
                assert_eq!(
                    blamed(&with(&folder, file, inserted)).0,
                    file,
                    "inserted at {place}"
                );
            }
        }
    }
}

#[test]
fn dropped_swapped_and_doubled_entries_are_named() {
    let folder = small_bundle(Some(&key()), false, false);
    let journal = &folder["journal"];
    let offsets = entry_offsets(journal);
    let entries: Vec<&[u8]> = offsets
        .windows(2)
        .map(|pair| &journal[pair[0]..pair[1]])
        .collect();
    for place in 0..entries.len() {
        let mut dropped = entries.clone();
        dropped.remove(place);
        let mut doubled = entries.clone();
        doubled.insert(place, entries[place]);
        for (changed, expected) in [(dropped, place), (doubled, place + 1)] {
            let (named, error) = blamed(&with(&folder, BundleFile::Journal, changed.concat()));
            assert_eq!(named, BundleFile::Journal);
            assert_eq!(entry_of(&error), Some(expected as u64), "{error}");
        }
        if place > 0 {
            let mut swapped = entries.clone();
            swapped.swap(place - 1, place);
            let (named, error) = blamed(&with(&folder, BundleFile::Journal, swapped.concat()));
            assert_eq!(named, BundleFile::Journal);
            assert_eq!(entry_of(&error), Some(place as u64 - 1), "{error}");
        }
    }
}

#[test]
fn missing_and_unexpected_files_are_named() {
    let folder = small_bundle(Some(&key()), true, false);
    for file in BundleFile::ALL {
        let mut changed = folder.clone();
        changed.remove(file.name());
        let error = check(&changed).unwrap_err();
        assert_eq!(
            (error.code(), error.file()),
            ("V104", Some(file)),
            "{error}"
        );
    }
    for name in ["settlement.csv~", "annotations.csv", ".DS_Store"] {
        let mut changed = small_bundle(None, false, false);
        changed.insert(name.to_owned(), Vec::new());
        let error = check(&changed).unwrap_err();
        let VerifyError::FileUnexpected { name: found } = error else {
            panic!("{error}")
        };
        assert_eq!(found, name);
    }
}
