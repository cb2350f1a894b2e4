//! Bad arguments: folders that cannot take a result, keys, hashes, ids that nobody has.

use std::os::unix::fs::symlink;

use crate::{
    bad_contributions::refuses,
    workplace::{SETTLE, Workplace},
};

/// `settle` into a folder of that name.
fn settle_into(out: &str) -> [&str; 9] {
    let mut arguments = SETTLE;
    arguments[8] = out;
    arguments
}

#[test]
fn a_result_goes_only_where_nothing_is() {
    let place = Workplace::settled();
    for name in ["elsewhere", "closed"] {
        std::fs::create_dir(place.path().join(name)).unwrap();
    }
    symlink("elsewhere", place.path().join("link")).unwrap();
    symlink("nowhere", place.path().join("dangling")).unwrap();
    place.write("file", "mine");
    for (out, parts) in [
        (
            "result",
            &["C201: result: the folder is not empty; name a new folder"][..],
        ),
        ("result/", &["C201: result: the folder is not empty"]),
        ("result/deeper/../../result", &["result", ";"]),
        (
            "link",
            &["C203: link: is a symbolic link; name the folder by its real path"],
        ),
        ("link/", &["C203: link: is a symbolic link"]),
        ("link/inside", &["C203: link: is a symbolic link"]),
        ("dangling", &["C203: dangling: is a symbolic link"]),
        (
            "file",
            &["C202: file: is there and is not a folder; name a new folder"],
        ),
        (
            "file/inside",
            &["C205: ", "file", "name a folder whose parent exists"],
        ),
        (
            "missing/result",
            &[
                "C205: missing: No such file or directory (os error 2); name a folder whose parent exists",
            ],
        ),
        ("..", &["C204: ..: does not name a folder"]),
        ("/", &["C204: /: does not name a folder"]),
    ] {
        refuses(&place, &settle_into(out), parts);
    }
    place.run(&["verify", "result"]).succeeded();
    place.run(&settle_into("elsewhere")).succeeded();
}

#[test]
fn a_bad_key_is_named_and_never_shown() {
    let place = Workplace::starter();
    place
        .run(&[
            "key",
            "--name",
            "softcap.example/harbour",
            "--out",
            "log.key",
        ])
        .succeeded();
    let key = place.text("log.key");
    // PRIVATE+KEY+NAME+ID+KEY, and a plus may stand in the last part, too.
    let secret = key.trim_end().splitn(5, '+').nth(4).unwrap().to_owned();
    let signed = [&SETTLE[..], &["--key", "bad.key"]].concat();
    for bad in [
        "",
        "secret",
        &key[..key.len() - 5],
        &key.replace("PRIVATE+KEY+", ""),
        &format!("{key}{key}"),
    ] {
        place.write("bad.key", bad);
        refuses(
            &place,
            &signed,
            &[
                "P201: bad.key: not a signing key: ",
                "PRIVATE+KEY+NAME+ID+KEY",
            ],
        );
        let answer = place.run(&signed);
        assert!(!answer.err.contains(&secret[..16]), "{answer:?}");
    }
    std::fs::remove_file(place.path().join("bad.key")).unwrap();
    refuses(&place, &signed, &["bad.key: cannot be read (No such file"]);
    let again = [
        "key",
        "--name",
        "softcap.example/harbour",
        "--out",
        "log.key",
    ];
    refuses(
        &place,
        &again,
        &[
            "log.key cannot be written (File exists",
            "allowed: a new file",
        ],
    );
    refuses(
        &place,
        &["key", "--name", "two words", "--out", "new.key"],
        &["P202: key name \"two words\""],
    );
    refuses(
        &place,
        &["key", "--name", "n", "--out", "missing/new.key"],
        &["missing/new.key cannot be written"],
    );
    let answer = place.shell(
        "trap '' XFSZ; ulimit -f 0; exec \"$@\"",
        &["key", "--name", "n", "--out", "new.key"],
    );
    answer.refused(&["new.key cannot be written (File too large"]);
    assert!(
        !place.names().contains(&"new.key".to_owned()),
        "half a key is left"
    );
}

#[test]
fn a_hash_or_key_of_another_form_is_refused() {
    let place = Workplace::settled();
    let hash = "f".repeat(64);
    for (arguments, parts) in [
        (
            &["verify", "result", "--terms-hash", "3f8a"][..],
            &["C301: --terms-hash: it has another length; allowed: 64 hexadecimal digits"][..],
        ),
        (
            &[
                "verify",
                "result",
                "--terms-hash",
                &hash.replace("ff", "0x"),
            ],
            &["C301: --terms-hash: it is not hexadecimal; allowed: 64"],
        ),
        (
            &[
                "verify",
                "result",
                "--terms-hash",
                &hash.replace("ff", "+1"),
            ],
            &["C301: --terms-hash: it is not hexadecimal"],
        ),
        (
            &["verify", "result", "--key", "harbour"],
            &[
                "C301: --key: not a verifier key: ",
                "allowed: a public key as `softcap key` prints it",
            ],
        ),
    ] {
        refuses(&place, arguments, parts);
    }
}

#[test]
fn what_nobody_has_is_not_there() {
    let place = Workplace::settled();
    for (arguments, parts) in [
        (
            &["verify", "nowhere"][..],
            &["C307: nowhere is no result folder (No such file"][..],
        ),
        (
            &["verify", "offering.toml"],
            &["C307: offering.toml is no result folder (Not a directory"],
        ),
        (
            &["proof", "nowhere", "--investor", "20413"],
            &["C307: nowhere is no result folder"],
        ),
        (
            &["explain", "nowhere", "--contribution", "c-001"],
            &["C307: nowhere is no result folder"],
        ),
        (
            &["proof", "result", "--investor", "20414"],
            &["C302: investor \"20414\" is not in result; use an id of investors.csv"],
        ),
        (
            &["proof", "result", "--investor", "\u{1b}[2J"],
            &["C302: investor ", "is not in result"],
        ),
        (
            &["explain", "result", "--contribution", "c-999"],
            &[
                "C302: contribution \"c-999\" is not in result, whose first is c-001 and last is c-015; use a contribution_id",
            ],
        ),
        (
            &["explain", "result", "--contribution", ""],
            &["C302: contribution ", "is not in result"],
        ),
    ] {
        refuses(&place, arguments, parts);
    }
    let answer = place.run(&["proof", "result", "--investor", "\u{1b}[2J"]);
    assert!(!answer.err.contains('\u{1b}'), "{answer:?}");
}

#[test]
fn an_argument_that_is_missing_or_unknown_is_named() {
    let place = Workplace::starter();
    let before = place.everything();
    for (arguments, part) in [
        (
            &[
                "settle",
                "--terms",
                "offering.toml",
                "--contributions",
                "contributions.csv",
            ][..],
            "--out <DIR>",
        ),
        (&["settle", "--out", "result"], "--terms <FILE>"),
        (&["proof", "result"], "--investor <ID>"),
        (
            &["offering", "simulate", "offering.toml", "--investors", "0"],
            "--investors",
        ),
        (
            &["offering", "simulate", "offering.toml", "--seed", "-1"],
            "-1",
        ),
        (
            &[&SETTLE[..], &["--key", "a", "--key", "b"]].concat(),
            "--key",
        ),
        (&settle_into(""), "--out <DIR>"),
    ] {
        let answer = place.run(arguments);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(2), ""),
            "{answer:?}"
        );
        answer.says(&["error: ", part]);
    }
    assert!(place.everything() == before);
}
