//! Signed results: what `verify` rests on, and what it refuses.

use crate::workplace::{SETTLE, Workplace};

/// Makes a key and gives its public half.
fn make_key(place: &Workplace, name: &str, file: &str) -> String {
    let answer = place
        .run(&["key", "--name", name, "--out", file, "--json"])
        .succeeded();
    answer.value()["verifier_key"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_is_for_its_owner_alone_and_never_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Workplace::empty();
    let answer = place
        .run(&[
            "key",
            "--name",
            "softcap.example/harbour",
            "--out",
            "log.key",
        ])
        .succeeded();
    let text = place.text("log.key");
    // PRIVATE+KEY+NAME+ID+KEY, and a plus may stand in the last part, too.
    let secret = text.trim_end().splitn(5, '+').nth(4).unwrap();
    assert!(!answer.out.contains(secret) && !answer.err.contains(secret));
    assert!(
        answer
            .out
            .starts_with("public key: softcap.example/harbour+"),
        "{answer:?}"
    );
    let mode = std::fs::metadata(place.path().join("log.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = make_key(&place, "softcap.example/harbour", "other.key");
    assert!(!answer.out.contains(&other), "two keys are two keys");
}

#[test]
fn a_signature_decides_with_a_key_from_elsewhere() {
    let place = Workplace::starter();
    let key = make_key(&place, "softcap.example/harbour", "log.key");
    let settled = place
        .run(&[&SETTLE[..], &["--key", "log.key", "--json"]].concat())
        .succeeded()
        .value();
    assert_eq!(settled["signer"].as_str().unwrap(), key);
    let hash = settled["terms_hash"].as_str().unwrap().to_owned();

    let answer = place.run(&["verify", "result"]).succeeded();
    let from_bundle = format!(
        "verified: consistent; signed by {key}; compare this key and the terms hash {hash} with a source you trust\n"
    );
    assert!(answer.out.starts_with(&from_bundle), "{answer:?}");
    let value = place
        .run(&["verify", "result", "--json"])
        .succeeded()
        .value();
    assert_eq!(
        (&value["signature"], &value["key"]),
        (&"key from the bundle".into(), &key.clone().into())
    );

    let given = place
        .run(&["verify", "result", "--key", &key, "--terms-hash", &hash])
        .succeeded();
    assert!(
        !given.out.contains("source you trust"),
        "nothing is left to compare: {given:?}"
    );
    let value = place
        .run(&[
            "verify",
            "result",
            "--key",
            &key,
            "--terms-hash",
            &hash,
            "--json",
        ])
        .succeeded()
        .value();
    assert_eq!(
        (&value["signature"], &value["terms_hash_given"]),
        (&"key given".into(), &true.into())
    );
    // Hash in capitals is the same number.
    place
        .run(&["verify", "result", "--terms-hash", &hash.to_uppercase()])
        .succeeded();
}

#[test]
fn another_key_or_hash_decides_against_the_result() {
    let place = Workplace::starter();
    let key = make_key(&place, "softcap.example/harbour", "log.key");
    let other = make_key(&place, "softcap.example/harbour", "other.key");
    place
        .run(&[&SETTLE[..], &["--key", "log.key"]].concat())
        .succeeded();
    let summary = place.json("result/settlement.json");
    let hash = summary["terms_hash"].as_str().unwrap();
    let wrong_hash = hash.replace(&hash[..4], "0000");
    for (arguments, code, parts) in [
        (
            &["--key", &other][..],
            "V111",
            &[
                "the checkpoint has no signature by softcap.example/harbour+",
                "unless the key you gave is the wrong one",
            ][..],
        ),
        (
            &["--terms-hash", &wrong_hash],
            "V112",
            &["expected was 0000", "unless the hash you gave"],
        ),
        (
            &["--key", &key, "--terms-hash", &wrong_hash],
            "V112",
            &["expected was 0000"],
        ),
        (&["--key", &other, "--terms-hash", hash], "V111", &[]),
    ] {
        refuted(&place, arguments, code, parts);
    }
}

/// `verify` with these flags finds something, for people and for machines.
fn refuted(place: &Workplace, flags: &[&str], code: &str, parts: &[&str]) {
    let arguments = [&["verify", "result"], flags].concat();
    let answer = place.run(&arguments);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(
        answer
            .out
            .starts_with(&format!("not verified: result: {code}: ")),
        "{answer:?}"
    );
    for part in parts {
        assert!(answer.out.contains(part), "{part} in {answer:?}");
    }
    let answer = place.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(
        (&answer.value()["verified"], &answer.value()["code"]),
        (&false.into(), &code.into())
    );
}

#[test]
fn an_unsigned_result_does_not_pass_for_a_signed_one() {
    let place = Workplace::settled();
    let key = make_key(&place, "softcap.example/harbour", "log.key");
    refuted(
        &place,
        &["--key", &key],
        "V111",
        &["checkpoint: the checkpoint has no signature"],
    );
}

/// Somebody settles other contributions with a key of their own: consistent in itself, and caught
/// by what a stranger knows.
#[test]
fn a_forged_result_is_consistent_and_caught_by_what_is_known() {
    let place = Workplace::settled();
    let honest = place.json("result/settlement.json");
    std::fs::remove_dir_all(place.path().join("result")).unwrap();
    let key = make_key(&place, "softcap.example/harbour", "log.key");
    let forged = make_key(&place, "softcap.example/harbour", "forged.key");
    place.replace("contributions.csv", "EUR,3000\nc-003", "EUR,3001\nc-003");
    place
        .run(&[&SETTLE[..], &["--key", "forged.key"]].concat())
        .succeeded();
    let answer = place.run(&["verify", "result"]).succeeded();
    assert!(
        answer
            .out
            .contains(&format!("signed by {forged}; compare this key")),
        "{answer:?}"
    );
    assert_ne!(
        place.json("result/settlement.json")["journal"]["root"],
        honest["journal"]["root"]
    );
    refuted(&place, &["--key", &key], "V111", &[]);
}

#[test]
fn the_issuer_signs_offline_and_a_reader_with_the_key_decides() {
    let place = Workplace::starter();
    let key = make_key(&place, "example.org/issuer", "issuer.key");
    let other = make_key(&place, "example.org/other", "other.key");
    let sign = ["offering", "sign", "offering.toml", "--key", "issuer.key"];
    let answer = place.run(&[&sign[..], &["--json"]].concat()).succeeded();
    assert_eq!(answer.value()["issuer_key"].as_str().unwrap(), key);
    let note = place.text("offering.sig");
    let hash = answer.value()["terms_hash"].as_str().unwrap().to_owned();
    let begin = format!("softcap terms/v1\nsoftcap.example/harbour\n{hash}\n\n");
    assert!(note.starts_with(&begin), "{note}");
    // It overwrites nothing.
    place.run(&sign).refused(&["C305", "offering.sig"]);
    assert_eq!(place.text("offering.sig"), note);

    let settle = [&SETTLE[..], &["--signature", "offering.sig"]].concat();
    place.run(&settle).succeeded();
    assert_eq!(place.text("result/offering.sig"), note);
    let answer = place.run(&["verify", "result"]).succeeded();
    assert!(
        answer.out.contains("in the name of example.org/issuer"),
        "{answer:?}"
    );
    let with_key = ["verify", "result", "--issuer-key", &key];
    let answer = place.run(&with_key).succeeded();
    assert!(
        answer
            .out
            .contains(&format!("signed by the issuer's key you gave, {key}")),
        "{answer:?}"
    );
    let answer = place.run(&["verify", "result", "--issuer-key", &other]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("V114"), "{answer:?}");

    // A signature is of these terms, down to a name.
    let changed = place.text("offering.toml");
    let changed = changed.replacen("name = \"Harbour\"", "name = \"Haven\"", 1);
    place.write("offering.toml", changed);
    std::fs::remove_dir_all(place.path().join("result")).unwrap();
    let answer = place.run(&settle);
    answer.refused(&["P209"]);
    assert!(!place.path().join("result").exists());
    // Broken terms are not signed.
    place.write("offering.toml", "rules = 1");
    std::fs::remove_file(place.path().join("offering.sig")).unwrap();
    let answer = place.run(&sign);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    answer.says(&["C306"]);
    assert!(!place.path().join("offering.sig").exists());
}

#[test]
fn without_a_signature_no_key_of_an_issuer_is_satisfied() {
    let place = Workplace::settled();
    let key = make_key(&place, "example.org/issuer", "issuer.key");
    let answer = place.run(&["verify", "result", "--issuer-key", &key]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.contains("V114"), "{answer:?}");
}
