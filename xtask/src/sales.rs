//! The recorded sales of 2013-2018, which lie beside the checkout and not in it.
//!
//! The tests of each sale read them through `SOFTCAP_SALES`. Where a file is missing those tests
//! cannot check every row, and the run has to say so. `SOFTCAP_SALES_REQUIRED=1`, which the tests
//! themselves read, makes a missing file a failure.

use std::path::PathBuf;

use crate::workspace::Workspace;

/// Names the folder of the recorded sales.
pub(crate) const FOLDER_VARIABLE: &str = "SOFTCAP_SALES";

/// Each recorded sale and the files its test reads.
const SALES: [(&str, &[&str]); 6] = [
    ("mastercoin-2013", &["contributions.csv", "expected.csv"]),
    (
        "cosmos-2017",
        &["contributions.csv", "expected_investors.csv", "returns.csv"],
    ),
    ("bancor-2017", &["contributions.csv", "expected.csv"]),
    ("ethereum-2014", &["expected_investors.csv"]),
    ("easyauction-vectors", &["vectors.json"]),
    ("omni-vectors", &["vectors.json"]),
];

/// The folder the tests shall read: what the variable says, else `../shared/sales`. Relative to the
/// workspace and made absolute, because each test binary runs in the folder of its own package.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    let named = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
    workspace
        .root()
        .join(named.unwrap_or_else(|| PathBuf::from("../shared/sales")))
}

/// One sentence on which recorded sales the run could check row by row.
pub(crate) fn sentence(folder: &std::path::Path) -> String {
    let missing: Vec<&str> = SALES
        .iter()
        .filter(|(sale, files)| {
            !files
                .iter()
                .all(|file| folder.join(sale).join(file).is_file())
        })
        .map(|(sale, _)| *sale)
        .collect();
    if missing.is_empty() {
        "recorded sales: all files present, every row of every sale was open to the tests"
            .to_owned()
    } else {
        format!(
            "recorded sales NOT checked row by row (files missing): {}; set {FOLDER_VARIABLE} to \
             their folder",
            missing.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_with_one_file_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (sale, files) in SALES {
            std::fs::create_dir(folder.path().join(sale)).unwrap();
            for file in files {
                std::fs::write(folder.path().join(sale).join(file), "x").unwrap();
            }
        }
        assert!(sentence(folder.path()).starts_with("recorded sales: all files present"));
        std::fs::remove_file(folder.path().join("cosmos-2017/returns.csv")).unwrap();
        let sentence = sentence(folder.path());
        assert!(sentence.contains("NOT checked"), "{sentence}");
        assert!(
            sentence.contains(": cosmos-2017; set SOFTCAP_SALES"),
            "{sentence}"
        );
    }

    #[test]
    fn without_the_folder_every_sale_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let sentence = sentence(&folder.path().join("nothing"));
        for (sale, _) in SALES {
            assert!(
                sentence.contains(sale),
                "{sale} is not named in: {sentence}"
            );
        }
    }
}
