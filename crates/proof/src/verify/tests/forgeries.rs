//! Bundles forged as a whole: hashes, checkpoint and manifest are made to fit, so that only the
//! recomputation can tell.

use softcap_offering::{Command, Outcome, Refusal, Tokens};

use super::{check, entry_offsets};
use crate::bundle::tests::{Folder, key, small_bundle};
use crate::bundle::{BundleFile, FileDigest, Manifest};
use crate::checkpoint::{Checkpoint, CheckpointNote};
use crate::entry::{Entry, decode, encode};
use crate::hex::hex;
use crate::journal_tree::{LeafHash, root};
use crate::verify::{SignatureTrust, Trust, VerifyError, verify};

/// Decodes every entry, lets `change` alter it, and repairs whatever only repeats the journal.
fn forge(change: impl Fn(u64, &mut Entry<'_>, &mut Outcome) -> bool) -> Folder {
    let mut folder = small_bundle(Some(&key()), false, false);
    let journal = folder["journal"].clone();
    let (mut forged, mut hashes) = (Vec::new(), Vec::new());
    for (number, pair) in entry_offsets(&journal).windows(2).enumerate() {
        let (mut entry, mut outcome) = decode(&journal[pair[0] + 2..pair[1]]).unwrap();
        if !change(number as u64, &mut entry, &mut outcome) {
            continue;
        }
        let mut leaf = Vec::new();
        encode(&entry, &outcome, &mut leaf).unwrap();
        hashes.push(LeafHash::of(&leaf));
        forged.extend_from_slice(&(leaf.len() as u16).to_be_bytes());
        forged.extend_from_slice(&leaf);
    }
    folder.insert("journal".into(), forged);
    folder.insert(
        "journal.hashes".into(),
        hashes.iter().flat_map(|hash| hash.0).collect(),
    );
    let size = hashes.len() as u64;
    let checkpoint = Checkpoint::new("softcap.example/harbour", size, root(&hashes)).unwrap();
    folder.insert(
        "checkpoint".into(),
        checkpoint.sign(&key()).to_string().into_bytes(),
    );
    repair_manifest(folder)
}

pub(super) fn repair_manifest(mut folder: Folder) -> Folder {
    folder.remove("manifest.json");
    let files = folder
        .iter()
        .map(|(name, content)| {
            (
                BundleFile::from_name(name).unwrap(),
                FileDigest::of(content),
            )
        })
        .collect();
    let signed = matches!(
        CheckpointNote::parse(&folder["checkpoint"]).unwrap(),
        CheckpointNote::Signed(_)
    );
    let signer = signed.then(|| key().verifier_key().clone());
    let manifest = Manifest::new(signer, files).to_json();
    folder.insert("manifest.json".into(), manifest.into_bytes());
    folder
}

#[test]
fn nothing_forged_is_verified() {
    check(&forge(|_, _, _| true)).unwrap();
}

#[test]
fn an_outcome_that_the_rules_do_not_give_is_named() {
    let folder = forge(|number, _, outcome| {
        if let Outcome::Contributed(contributed) = outcome
            && number == 2
        {
            contributed.tokens = Tokens(contributed.tokens.0 + 1);
        }
        true
    });
    let error = check(&folder).unwrap_err();
    let VerifyError::OutcomeDiffers {
        entry: 2,
        recorded,
        computed,
    } = error
    else {
        panic!("{error}")
    };
    assert_ne!(recorded, computed);

    let folder = forge(|number, _, outcome| {
        if number == 5 {
            *outcome = Outcome::Refused(Refusal::NotAdmitted);
        }
        true
    });
    let error = check(&folder).unwrap_err();
    assert!(
        matches!(error, VerifyError::OutcomeDiffers { entry: 5, .. }),
        "{error}"
    );
}

#[test]
fn other_terms_than_announced_are_named() {
    let folder = forge(|_, entry, _| {
        if let Command::Announce { terms_hash } = &mut entry.command {
            terms_hash[0] ^= 1;
        }
        true
    });
    let error = check(&folder).unwrap_err();
    assert!(
        matches!(error, VerifyError::OtherTermsAnnounced { .. }),
        "{error}"
    );
}

#[test]
fn another_root_or_none_is_named() {
    let folder = forge(|_, entry, _| {
        if let Command::Publish { settlement_root } = &mut entry.command {
            settlement_root[31] ^= 1;
        }
        true
    });
    let error = check(&folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        "journal, entry 10: it publishes a root that is not the settlement's"
    );
    let error = check(&forge(|number, _, _| number < 10)).unwrap_err();
    assert!(matches!(error, VerifyError::NotPublished), "{error}");
    let error = check(&forge(|number, _, _| number < 9)).unwrap_err();
    assert!(matches!(error, VerifyError::NotSettled), "{error}");
}

#[test]
fn a_checkpoint_of_another_journal_is_named() {
    let other = small_bundle(Some(&key()), false, true);
    let mut folder = small_bundle(Some(&key()), false, false);
    folder.insert("checkpoint".into(), other["checkpoint"].clone());
    let error = check(&repair_manifest(folder)).unwrap_err();
    assert_eq!(
        (error.code(), error.file()),
        ("V106", Some(BundleFile::Checkpoint)),
        "{error}"
    );
    assert!(
        error.to_string().starts_with("checkpoint, line 3"),
        "{error}"
    );
}

#[test]
fn a_table_with_a_repaired_manifest_is_still_found() {
    for file in [
        "settlement.csv",
        "investors.csv",
        "settlement.json",
        "settlement.tree",
        "terms.json",
    ] {
        let mut folder = small_bundle(Some(&key()), false, false);
        let content = folder.get_mut(file).unwrap();
        let last = content.len() - 2;
        content[last] ^= 1;
        let error = check(&repair_manifest(folder)).unwrap_err();
        assert_eq!(error.file().map(BundleFile::name), Some(file), "{error}");
    }
}

#[test]
fn a_wholly_forged_bundle_is_consistent_and_only_trust_tells() {
    let honest = small_bundle(Some(&key()), false, false);
    let forged = small_bundle(None, false, true);
    let verified = check(&forged).unwrap();
    assert_eq!(verified.signature, SignatureTrust::Unsigned);
    let trust = Trust {
        issuer_key: None,
        key: Some(key().verifier_key().clone()),
        terms_hash: None,
    };
    verify(&honest, &trust, &mut |_| {}).unwrap();
    let error = verify(&forged, &trust, &mut |_| {}).unwrap_err();
    assert!(
        matches!(error, VerifyError::NotSignedByKey { .. }),
        "{error}"
    );
    assert!(verified.to_string().contains(&hex(&verified.terms_hash)));
}
