//! Checkpoints and their signatures: one text per checkpoint, every changed byte found, and the same
//! bytes as the `signed_note` and `tlog_tiles` crates (ports of Go's `sumdb/note` and `sumdb/tlog`).
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

use proptest::prelude::*;
use softcap_proof::{Checkpoint, CheckpointNote, ProofError, Root, SigningKey, VerifierKey};

const ORIGIN: &str = "example.com/offering";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

/// The example of the C2SP tlog-checkpoint specification.
const SPEC_BODY: &str = "example.com/behind-the-sofa\n\
                         20852163\n\
                         CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const SPEC_SIGNATURE: &str = "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRD\
                              eOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 17, Root([9; 32])).expect("an origin")
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_entropy(ORIGIN, &[seed; 32]).expect("a name")
}

fn code(result: Result<&Checkpoint, ProofError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "verified")
}

#[test]
fn the_example_of_the_specification_is_read_and_printed_back() {
    let text = format!("{SPEC_BODY}\n{SPEC_SIGNATURE}");
    let note = CheckpointNote::parse(text.as_bytes()).expect("a signed checkpoint");
    assert_eq!(note.to_string(), text);
    assert_eq!(note.unverified().origin(), "example.com/behind-the-sofa");
    assert_eq!(note.unverified().size(), 20_852_163);
    assert_eq!(note.unverified().root().0[..4], [0x0a, 0xc5, 0x18, 0x6a]);
    let CheckpointNote::Signed(signed) = note else {
        panic!("it has a signature line")
    };
    assert!(
        signed
            .claimed_signers()
            .eq([("example.com/behind-the-sofa", 0x033d_e0ae)])
    );
}

#[test]
fn unsigned_is_a_state_of_its_own() {
    let note = CheckpointNote::parse(SPEC_BODY.as_bytes()).expect("a checkpoint");
    assert!(matches!(note, CheckpointNote::Unsigned(_)));
    assert_eq!(note.to_string(), SPEC_BODY);
    assert_eq!(code(note.verify(key(1).verifier_key())), "P204");
}

#[test]
fn a_signature_is_worth_what_its_key_is_worth() {
    let signed = checkpoint().sign(&key(1));
    assert_eq!(
        signed.verify(key(1).verifier_key()).expect("its key"),
        &checkpoint()
    );
    assert_eq!(
        code(signed.verify(key(2).verifier_key())),
        "P204",
        "same name, other key"
    );
    let renamed = SigningKey::from_entropy("example.com/other", &[1; 32]).expect("a name");
    assert_eq!(
        code(signed.verify(renamed.verifier_key())),
        "P204",
        "same key, other name"
    );
}

#[test]
fn other_signatures_are_kept_and_ignored_and_false_ones_are_not() {
    let line_of = |checkpoint: &Checkpoint, key: &SigningKey| {
        let text = checkpoint.sign(key).to_string();
        text.split_once("\n\n").expect("a note").1.to_owned()
    };
    let (body, ours) = (checkpoint().to_string(), key(1));
    let own_line = line_of(&checkpoint(), &ours);
    let witness = line_of(&checkpoint(), &key(2));
    let later = Checkpoint::new(ORIGIN, 18, Root([9; 32])).expect("an origin");
    let false_line = line_of(&later, &ours);
    let unknown_type = "— example.com/witness AAAAAQI=\n";
    let rows = [
        (format!("{own_line}{witness}{unknown_type}"), "verified"),
        (format!("{unknown_type}{witness}{own_line}"), "verified"),
        (format!("{own_line}{own_line}"), "verified"),
        (format!("{witness}{unknown_type}"), "P204"),
        (false_line.clone(), "P205"),
        (format!("{own_line}{false_line}"), "P205"),
        (format!("{false_line}{own_line}"), "P205"),
    ];
    for (lines, expected) in rows {
        let text = format!("{body}\n{lines}");
        let note = CheckpointNote::parse(text.as_bytes()).expect("well-formed");
        assert_eq!(note.to_string(), text);
        assert_eq!(code(note.verify(ours.verifier_key())), expected, "{lines}");
    }
}

#[test]
fn what_is_not_a_checkpoint_is_refused_at_its_line() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let line = SPEC_SIGNATURE;
    let rows: Vec<(Vec<u8>, usize)> = [
        (String::new(), 1),
        ("\n".to_owned(), 2),
        ("origin\n".to_owned(), 2),
        ("origin\n5\n".to_owned(), 3),
        (format!("\n5\n{root}\n"), 1),
        (format!("origin\n05\n{root}\n"), 2),
        (format!("origin\n+5\n{root}\n"), 2),
        (format!("origin\n5 \n{root}\n"), 2),
        (format!("origin\n\n{root}\n"), 2),
        (format!("origin\n18446744073709551616\n{root}\n"), 2),
        ("origin\n5\nCsUY\n".to_owned(), 3),
        (format!("origin\n5\n{}\n", root.replace("q2I=", "q2J=")), 3),
        (format!("origin\n5\n{}\n", root.trim_end_matches('=')), 3),
        (format!("origin\n5\n{root}"), 3),
        (format!("ori\rgin\n5\n{root}\n"), 1),
        (format!("origin\r\n5\r\n{root}\r\n"), 1),
        (format!("origin\n5\n{root}\n\n"), 5),
        (format!("origin\n5\n{root}\n\n{}", line.trim_end()), 5),
        (format!("origin\n5\n{root}\n\n{line}\n"), 6),
        (format!("origin\n5\n{root}\n\n{line}\n{line}"), 6),
        (format!("origin\n5\n{root}\n\n{line}more\n"), 6),
        (format!("origin\n5\n{root}\n\n- name AAAAAQI=\n"), 5),
        (format!("origin\n5\n{root}\n\n— a+b AAAAAQI=\n"), 5),
        (format!("origin\n5\n{root}\n\n— name AAAAAQ==\n"), 5),
        (format!("origin\n5\n{root}\n\n— name AAAAAQI\n"), 5),
        (format!("origin\n5\n{root}\n\n— bad name AAAAAQI=\n"), 5),
        (format!("origin\n5\n{root}\n\n{}", line.repeat(101)), 105),
        ("x".repeat(1_000_001), 1),
    ]
    .into_iter()
    .map(|(text, line)| (text.into_bytes(), line))
    .chain([(b"origin\n\xff5\n".to_vec(), 2)])
    .collect();
    for (row, (text, expected)) in rows.iter().enumerate() {
        match CheckpointNote::parse(text) {
            Err(ProofError::CheckpointMalformed { line, .. }) => {
                assert_eq!(line, *expected, "row {row}");
            }
            other => panic!("row {row}: {other:?}"),
        }
    }
    for origin in ["", "two\nlines", "tab\t"] {
        let error = Checkpoint::new(origin, 0, Root::empty()).expect_err("not an origin");
        assert_eq!(error.code(), "P203");
    }
}

#[test]
fn extension_lines_of_a_foreign_log_are_signed_over_and_kept() {
    let text = format!("{SPEC_BODY}one more\nand another\n");
    let note = CheckpointNote::parse(text.as_bytes()).expect("a checkpoint");
    assert_eq!(note.unverified().extension(), "one more\nand another\n");
    assert_eq!(note.to_string(), text);
    let signed = note.unverified().sign(&key(1));
    let without = signed.to_string().replace("one more\n", "");
    let changed = CheckpointNote::parse(without.as_bytes()).expect("a checkpoint");
    assert_eq!(code(changed.verify(key(1).verifier_key())), "P205");
}

#[test]
fn no_changed_byte_of_a_signed_checkpoint_verifies() {
    let ours = key(1);
    let text = checkpoint().sign(&ours).to_string().into_bytes();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[at] ^= 1 << bit;
            let verified = CheckpointNote::parse(&changed)
                .is_ok_and(|note| note.verify(ours.verifier_key()).is_ok());
            assert!(!verified, "byte {at} bit {bit}");
        }
    }
}

#[test]
fn signed_note_and_tlog_tiles_make_the_same_bytes() {
    use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
    let peter = SigningKey::parse(PETER_SECRET).expect("Go's key");
    let signed = checkpoint().sign(&peter).to_string();

    let root = tlog_tiles::tlog::Hash([9; 32]);
    let body = tlog_tiles::checkpoint::Checkpoint::new(ORIGIN, 17, root, "").expect("valid");
    let mut note = Note::new(&body.to_bytes(), &[]).expect("a note");
    let signer = StandardSigner::new(PETER_SECRET).expect("Go's key");
    note.add_sigs(&[&signer]).expect("a signature");
    assert_eq!(String::from_utf8(note.to_bytes()).expect("text"), signed);

    let verifier = VerifierKey::parse(PETER).expect("Go's key");
    let theirs = CheckpointNote::parse(&note.to_bytes()).expect("a checkpoint");
    assert_eq!(theirs.verify(&verifier).expect("signed"), &checkpoint());
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(PETER).expect("a key"))]);
    let ours = Note::from_bytes(signed.as_bytes()).expect("a note");
    assert_eq!(ours.verify(&known).expect("signed").0.len(), 1);
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        SPEC_BODY,
        SPEC_SIGNATURE,
        "\n",
        "\n— name AAAAAQI=\n",
        "— name AAAAAQJ=\n",
        "— ",
        "origin\n0\n",
        "00",
        " ",
        "=",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_checkpoint_is_read_back_and_any_key_signs(
        origin in "[^\\p{C}\\n]{1,40}",
        size in any::<u64>(),
        root in any::<[u8; 32]>(),
        seed in any::<[u8; 32]>(),
    ) {
        let checkpoint = Checkpoint::new(&origin, size, Root(root)).expect("an origin");
        let body = CheckpointNote::parse(checkpoint.to_string().as_bytes()).expect("its own text");
        prop_assert_eq!(body, CheckpointNote::Unsigned(checkpoint.clone()));
        let key = SigningKey::from_entropy("key", &seed).expect("a name");
        let text = checkpoint.sign(&key).to_string();
        let note = CheckpointNote::parse(text.as_bytes()).expect("its own text");
        let verifier = VerifierKey::parse(&key.verifier_key().to_string()).expect("its own text");
        prop_assert_eq!(note.verify(&verifier).expect("signed"), &checkpoint);
    }

    /// Pieces of checkpoints in any order: whatever is accepted has only this one spelling.
    #[test]
    fn any_text_is_refused_or_printed_back(pieces in prop::collection::vec(piece(), 0..12)) {
        let text = pieces.concat();
        if let Ok(note) = CheckpointNote::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
