//! Keys that stand where none should are found, and never shown.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::workplace::Workplace;

/// An example key of Binance's documentation.
const BINANCE: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

/// A place with a source tree, and the key that stands in it.
fn tree() -> (Workplace, String) {
    let place = Workplace::empty();
    let made = ["api-key", "new", "--data", "data", "--label", "x", "--test"];
    let made = place.run(&[&made[..], &["--json"]].concat()).succeeded();
    let key = made.value()["key"].as_str().unwrap().to_owned();
    for (file, text) in [
        ("tree/clean.rs", "fn main() {}\n".to_owned()),
        (
            "tree/deep/notes.md",
            format!("first line\r\nthe key is `{key}`\n"),
        ),
        (
            "tree/binance.toml",
            format!("[binance]\nsecret = \"{BINANCE}\"\n"),
        ),
        ("tree/.git/objects/packed", format!("{key}\n")),
        ("tree/picture", format!("\0{key}\n")),
    ] {
        let path = place.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    symlink(
        place.path().join("tree/deep"),
        place.path().join("tree/link"),
    )
    .unwrap();
    (place, key)
}

#[test]
fn keys_are_found_in_a_tree_and_not_shown() {
    let (place, key) = tree();
    let answer = place.run(&["scan", "tree", "--json"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(!answer.out.contains(&key) && !answer.out.contains(BINANCE));
    let value = answer.value();
    assert_eq!(value["files"], 3);
    let found: Vec<_> = value["findings"].as_array().unwrap().iter().collect();
    let places = found.iter().map(|finding| {
        json!([
            finding["file"],
            finding["line"],
            finding["column"],
            finding["kind"]
        ])
    });
    let expected = [
        json!(["tree/binance.toml", 2, 11, "exchange_key"]),
        json!(["tree/deep/notes.md", 2, 13, "softcap_key"]),
    ];
    assert_eq!(places.collect::<Vec<_>>(), expected);
    // The public part, by which it is revoked.
    assert_eq!(found[1]["shown"], key.split('_').nth(2).unwrap());
    let text = place.run(&["scan", "tree/deep", "tree/clean.rs"]);
    assert!(text.out.ends_with("1 finding in 2 files\n"), "{text:?}");
    assert!(
        text.out
            .contains("tree/deep/notes.md:2:13: a key of Softcap (test)"),
        "{text:?}"
    );
}

#[test]
fn nothing_to_find_is_a_success_and_nothing_to_read_an_error() {
    let (place, _) = tree();
    let clean = place.run(&["scan", "tree/clean.rs"]).succeeded();
    assert_eq!(clean.out, "nothing found in 1 files\n");
    let missing = place.run(&["scan", "tree/clean.rs", "nowhere"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(
        missing.err.contains("C304") && missing.err.contains("nowhere"),
        "{missing:?}"
    );
}

/// As a log of a server whose lines have no end, or a file of one line.
#[test]
fn a_line_of_many_megabytes_is_read_in_pieces() {
    let (place, key) = tree();
    let mut text = vec![b' '; 5 << 20];
    text.splice(3_000_000..3_000_000, format!("token={key}").into_bytes());
    std::fs::write(place.path().join("long"), text).unwrap();
    let answer = place.run(&["scan", "long", "--json"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(answer.value()["findings"][0]["line"], 1);
}
