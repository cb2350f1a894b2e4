//! The issuer's signature in a bundle: who vouches for the terms, and what is refused.

use super::forgeries::repair_manifest;
use super::{blamed, check, with};
use crate::bundle::tests::{CLOSE, Folder, MemorySink, TERMS, at, empty_bundle, terms};
use crate::bundle::{BundleFile, BundleWriter};
use crate::verify::{IssuerTrust, Trust, VerifyError, verify};
use crate::{SignedTerms, SigningKey};

const SIGNATURE: BundleFile = BundleFile::OfferingSignature;

fn issuer(seed: u8) -> SigningKey {
    SigningKey::from_entropy("example.org/issuer", &[seed; 32]).unwrap()
}

fn signed_by(key: &SigningKey) -> SignedTerms {
    SignedTerms::sign(&terms().origin, terms().hash().0, key).unwrap()
}

fn signed_bundle() -> Folder {
    let sink = MemorySink::default();
    let mut bundle = BundleWriter::new(TERMS.as_bytes(), terms(), at(CLOSE - 1), &sink).unwrap();
    bundle.add_signature(&signed_by(&issuer(1))).unwrap();
    bundle.settle(at(CLOSE), None).unwrap().finish().unwrap();
    sink.0.into_inner().unwrap()
}

fn by(key: &SigningKey, folder: &Folder) -> Result<IssuerTrust, VerifyError> {
    let trust = Trust {
        issuer_key: Some(key.verifier_key().clone()),
        ..Trust::default()
    };
    verify(folder, &trust, &mut |_| {}).map(|verified| verified.issuer)
}

#[test]
fn a_signature_is_decided_by_the_key_that_the_reader_gives() {
    let folder = signed_bundle();
    let verified = check(&folder).unwrap();
    let name = "example.org/issuer".to_owned();
    assert_eq!(verified.issuer, IssuerTrust::Claimed(vec![name]));
    assert!(
        verified
            .to_string()
            .contains("in the name of example.org/issuer")
    );
    let given = IssuerTrust::Given(issuer(1).verifier_key().clone());
    assert_eq!(by(&issuer(1), &folder).unwrap(), given);
    for (folder, key) in [(&folder, issuer(2)), (&empty_bundle(), issuer(1))] {
        let error = by(&key, folder).unwrap_err();
        assert_eq!((error.code(), error.file()), ("V114", Some(SIGNATURE)));
    }
    assert_eq!(
        check(&empty_bundle()).unwrap().issuer,
        IssuerTrust::Unsigned
    );
}

#[test]
fn a_changed_missing_or_foreign_signature_is_found() {
    let folder = signed_bundle();
    let content = folder[SIGNATURE.name()].clone();
    for place in 0..content.len() {
        let mut changed = content.clone();
        changed[place] ^= [0x01, 0x20, 0x80, 0xff][place % 4];
        let changed = with(&folder, SIGNATURE, changed);
        assert_eq!(blamed(&changed).0, SIGNATURE, "byte {place}");
        // Where the manifest is made to fit, only the key tells.
        assert!(
            by(&issuer(1), &repair_manifest(changed)).is_err(),
            "byte {place}"
        );
    }
    let mut missing = folder.clone();
    missing.remove(SIGNATURE.name());
    assert_eq!(check(&missing).unwrap_err().code(), "V104");

    let other = SignedTerms::sign(&terms().origin, [7; 32], &issuer(1)).unwrap();
    let other = with(&folder, SIGNATURE, other.to_string().into_bytes());
    assert_eq!(check(&repair_manifest(other)).unwrap_err().code(), "V114");
    // Another issuer's is no difference to who trusts nobody, and one to who trusts this one.
    let other = signed_by(&issuer(2)).to_string().into_bytes();
    let other = repair_manifest(with(&folder, SIGNATURE, other));
    check(&other).unwrap();
    assert_eq!(by(&issuer(1), &other).unwrap_err().code(), "V114");
}

#[test]
fn a_signature_of_other_terms_is_not_written() {
    let sink = MemorySink::default();
    let mut bundle = BundleWriter::new(TERMS.as_bytes(), terms(), at(CLOSE - 1), &sink).unwrap();
    let other = SignedTerms::sign(&terms().origin, [7; 32], &issuer(1)).unwrap();
    assert_eq!(bundle.add_signature(&other).unwrap_err().code(), "P209");
}
