//! Cosignatures of witnesses: the bytes of the specification computed another way, what is no
//! cosignature, and when a witness may sign.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

use proptest::prelude::*;
use softcap_proof::{
    Checkpoint, CheckpointNote, Cosignature, JournalTree, LeafHash, NodeHash, Root,
    SignedCheckpoint, SigningKey, WitnessKey,
    cosignature::{Contradiction, witness},
    journal_tree::consistency_proof,
};

fn log_key() -> SigningKey {
    SigningKey::from_entropy("example.com/offering", &[1; 32]).expect("a name")
}

fn witness_key(seed: u8) -> SigningKey {
    SigningKey::from_entropy("witness.example/w1", &[seed; 32]).expect("a name")
}

fn checkpoint(size: u64, root: u8) -> Checkpoint {
    Checkpoint::new("example.com/offering", size, Root([root; 32])).expect("an origin")
}

fn parse(text: &str) -> SignedCheckpoint {
    match CheckpointNote::parse(text.as_bytes()).expect("a checkpoint") {
        CheckpointNote::Signed(signed) => signed,
        CheckpointNote::Unsigned(_) => panic!("it has signature lines"),
    }
}

fn code(result: Result<u64, softcap_proof::ProofError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "verified")
}

#[test]
fn no_changed_character_of_a_cosigned_checkpoint_is_verified() {
    let key = witness_key(2);
    let public = WitnessKey::of(&key);
    let mut signed = checkpoint(17, 9).sign(&log_key());
    signed.put_cosignature(&Cosignature::sign(&checkpoint(17, 9), &key, 5).expect("a time"));
    let text = signed.to_string();
    assert_eq!(parse(&text).cosigned(&public).expect("signed"), 5);
    let log_line = text.find("\n\n").expect("a note") + 2;
    let witness_line = text.rfind('—').expect("a line");
    for (place, old) in text.char_indices() {
        // Another line of the log itself is none of the witness's business.
        if (log_line..witness_line).contains(&place) {
            continue;
        }
        for new in ['A', 'B', '1', '\n', ' '] {
            if new == old {
                continue;
            }
            let mut changed = text.clone();
            changed.replace_range(place..place + old.len_utf8(), new.encode_utf8(&mut [0; 4]));
            if let Ok(CheckpointNote::Signed(note)) = CheckpointNote::parse(changed.as_bytes()) {
                let refused = code(note.cosigned(&public));
                assert!(
                    matches!(refused, "P204" | "P205" | "P206"),
                    "{refused}: {changed}"
                );
            }
        }
    }
}

#[test]
fn a_line_is_what_the_specification_says() {
    use signed_note::{Note, StandardSigner, Verifier, VerifierList};

    /// What signed_note does not know: the line's signature is over other bytes than the text.
    struct Timestamped(WitnessKey, signed_note::StandardVerifier);

    impl Verifier for Timestamped {
        fn name(&self) -> &str {
            self.0.name()
        }

        fn key_id(&self) -> u32 {
            self.0.id()
        }

        fn verify(&self, text: &[u8], line: &[u8]) -> bool {
            let (time, signature) = line.split_at(8);
            let time = u64::from_be_bytes(time.try_into().expect("8 bytes"));
            let head = format!("cosignature/v1\ntime {time}\n");
            self.1.verify(&[head.as_bytes(), text].concat(), signature)
        }
    }

    let key = witness_key(2);
    let public = WitnessKey::of(&key);
    let mut signed = checkpoint(17, 9).sign(&log_key());
    let line = Cosignature::sign(&checkpoint(17, 9), &key, 1_679_315_147).expect("a time");
    signed.put_cosignature(&line);
    let note = Note::from_bytes(signed.to_string().as_bytes()).expect("a note");
    let standard = signed_note::StandardVerifier::new(&key.verifier_key().to_string());
    let standard = standard.expect("a key");
    let log = signed_note::StandardVerifier::new(&log_key().verifier_key().to_string());
    let list = VerifierList::new(vec![
        Box::new(Timestamped(public.clone(), standard)),
        Box::new(log.expect("a key")),
    ]);
    assert_eq!(note.verify(&list).expect("both are right").0.len(), 2);

    // The same bytes, made by the other implementation.
    let head = "cosignature/v1\ntime 1679315147\n";
    let signer = StandardSigner::new(&key.to_secret_text()).expect("a key");
    let text = format!("{head}{}", checkpoint(17, 9));
    let theirs = signed_note::Signer::sign(&signer, text.as_bytes()).expect("a signature");
    let raw = [&1_679_315_147_u64.to_be_bytes()[..], &theirs].concat();
    let name = public.name().to_owned();
    let theirs = signed_note::Signature::new(name, public.id(), raw).expect("a line");
    assert_eq!(theirs.to_bytes(), line.to_string().into_bytes());

    // The id is over the type byte 0x04 and the key.
    let text = public.to_string();
    let data = text.rsplit('+').next().expect("a key");
    let data = <base64ct::Base64 as base64ct::Encoding>::decode_vec(data).expect("base64");
    assert_eq!(data[0], 4);
    assert_eq!(signed_note::key_id(public.name(), &data), public.id());
}

#[test]
fn lines_of_other_keys_and_broken_ones_are_told_apart() {
    let (ours, other) = (witness_key(2), witness_key(3));
    let public = WitnessKey::of(&ours);
    let mut signed = checkpoint(17, 9).sign(&log_key());
    assert_eq!(code(signed.cosigned(&public)), "P204");
    signed.put_cosignature(&Cosignature::sign(&checkpoint(17, 9), &other, 5).expect("a time"));
    assert_eq!(code(signed.cosigned(&public)), "P204");
    for time in [7, 6] {
        let line = Cosignature::sign(&checkpoint(17, 9), &ours, time).expect("a time");
        assert_eq!(
            line.verify(&checkpoint(17, 9), &public).expect("its own"),
            time
        );
        assert_eq!(code(line.verify(&checkpoint(18, 9), &public)), "P205");
        assert_eq!(
            code(line.verify(&checkpoint(17, 9), &WitnessKey::of(&other))),
            "P204"
        );
        signed.put_cosignature(&line);
        assert_eq!(signed.cosigned(&public).expect("signed"), time);
    }
    assert_eq!(signed.claimed_signers().count(), 3, "one line for each key");
    signed
        .verify(log_key().verifier_key())
        .expect("the log's own line stays");

    let late = Cosignature::sign(&checkpoint(1, 1), &ours, 1 << 63).expect_err("64 bits");
    assert_eq!(late.code(), "P206");
    let line = Cosignature::sign(&checkpoint(1, 1), &ours, 5)
        .expect("a time")
        .to_string();
    let of_a_log = checkpoint(1, 1).sign(&ours).to_string();
    let of_bytes = |bytes: &[u8]| {
        let data = <base64ct::Base64 as base64ct::Encoding>::encode_string(bytes);
        format!("— witness.example/w1 {data}\n")
    };
    assert!(
        Cosignature::parse(&of_bytes(&[0x7f; 76])).is_ok(),
        "well-formed, whoever made it"
    );
    for wrong in [
        "",
        "—",
        &line[..line.len() - 5],
        &line.replace("— ", "- "),
        of_a_log.split_once("\n\n").expect("a note").1,
        &of_bytes(&[0x80; 76]),
        &of_bytes(&[0x7f; 75]),
        &of_bytes(&[0x7f; 77]),
        &format!("{line}{line}"),
    ] {
        let error = Cosignature::parse(wrong).expect_err("not a cosignature");
        assert_eq!(error.code(), "P206", "{wrong}");
    }
    // The type byte is a part of the text and of the id.
    let text = public.to_string();
    assert_eq!(WitnessKey::parse(&text).expect("its own text"), public);
    assert!(text.contains("+B"), "{text}");
    for text in [
        ours.verifier_key().to_string(),
        text.replacen("+B", "+A", 1),
    ] {
        let error = WitnessKey::parse(&text).expect_err("no witness");
        assert_eq!(error.code(), "P201", "{text}");
    }
}

fn history(length: u64, salt: u8) -> Vec<LeafHash> {
    (0..length)
        .map(|n| LeafHash::of(&[&n.to_be_bytes()[..], &[salt]].concat()))
        .collect()
}

fn head(leaves: &[LeafHash]) -> Checkpoint {
    let mut tree = JournalTree::new();
    for leaf in leaves {
        tree.append(*leaf);
    }
    Checkpoint::new("example.com/offering", tree.size(), tree.root()).expect("an origin")
}

#[test]
fn every_way_to_contradict_oneself_has_its_name() {
    let honest = history(40, 0);
    let known = head(&honest[..20]);
    let proof = consistency_proof(&honest, 20).expect("sizes");
    let later = head(&honest);
    assert_eq!(witness(None, &later, &[]), Ok(()));
    assert_eq!(witness(Some(&known), &known, &[]), Ok(()));
    assert_eq!(witness(Some(&known), &later, &proof), Ok(()));
    assert_eq!(
        witness(Some(&known), &later, &proof[1..]),
        Err(Contradiction::NotContinued)
    );
    assert_eq!(
        witness(Some(&known), &head(&honest[..19]), &[]),
        Err(Contradiction::Shrunk)
    );
    let mut other = honest.clone();
    other[7] = LeafHash::of(b"another entry");
    assert_eq!(
        witness(Some(&known), &head(&other[..20]), &[]),
        Err(Contradiction::Forked)
    );
    // No proof of the other history leads from what was known.
    let forged = consistency_proof(&other, 20).expect("sizes");
    assert_eq!(
        witness(Some(&known), &head(&other), &forged),
        Err(Contradiction::NotContinued)
    );
    let renamed = Checkpoint::new("example.com/other", 40, later.root()).expect("an origin");
    assert_eq!(
        witness(Some(&known), &renamed, &proof),
        Err(Contradiction::OtherOrigin)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_continues_the_known_tree_is_cosigned(
        old in 1_u64..40,
        more in 0_u64..40,
        changed in 0_u64..80,
    ) {
        let honest = history(old + more, 0);
        let known = head(&honest[..usize::try_from(old).expect("small")]);
        let mut leaves = honest;
        let is_honest = match leaves.get_mut(usize::try_from(changed).expect("small")) {
            Some(leaf) => {
                *leaf = LeafHash::of(b"another entry");
                changed >= old
            }
            None => true,
        };
        let proof: Vec<NodeHash> = consistency_proof(&leaves, old).expect("sizes");
        let decided = witness(Some(&known), &head(&leaves), &proof);
        prop_assert_eq!(decided.is_ok(), is_honest, "{:?}", decided);
    }

    #[test]
    fn any_line_is_refused_or_printed_back(
        time in any::<u64>(),
        size in any::<u64>(),
        cut in 0_usize..200,
    ) {
        let key = witness_key(4);
        if let Ok(line) = Cosignature::sign(&checkpoint(size, 3), &key, time) {
            let text = line.to_string();
            prop_assert_eq!(&Cosignature::parse(&text).expect("its own text"), &line);
            let public = WitnessKey::of(&key);
            prop_assert_eq!(line.verify(&checkpoint(size, 3), &public).expect("signed"), time);
            let cut: String = text.chars().take(cut).collect();
            if let Ok(read) = Cosignature::parse(&cut) {
                prop_assert_eq!(read, line);
            }
        } else {
            prop_assert!(time > i64::MAX.unsigned_abs());
        }
    }
}
