//! Results that must stay the same, byte by byte, from version to version.

use std::fs;

use crate::workplace::{Workplace, workspace};

/// Set to 1 to write the files anew: a deliberate act, whose difference is then read.
const REGENERATE: &str = "SOFTCAP_REGENERATE_GOLDEN";

/// Compares a file with the one of that name in `tests/golden`.
#[track_caller]
pub(crate) fn same_as_golden(name: &str, content: &[u8]) {
    let path = workspace("crates/cli/tests/golden").join(name);
    if std::env::var_os(REGENERATE).is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
    }
    let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        golden == content,
        "{name} is another one than in tests/golden; {REGENERATE}=1 writes it anew\n{}",
        String::from_utf8_lossy(content)
    );
}

#[test]
fn the_starter_settles_to_the_same_bytes() {
    let place = Workplace::settled();
    for name in [
        "settlement.csv",
        "investors.csv",
        "settlement.json",
        "checkpoint",
    ] {
        let content = place.bytes(&format!("result/{name}"));
        same_as_golden(&format!("starter/{name}"), &content);
    }
    // The journal's root is the third line of the checkpoint, in base64; here as people see it.
    let root = place.json("result/settlement.json")["journal"]["root"]
        .as_str()
        .unwrap()
        .to_owned();
    same_as_golden("starter/journal-root", format!("{root}\n").as_bytes());
}
