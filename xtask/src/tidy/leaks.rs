//! Traces of the machine somebody worked on: folders of that machine and private registries.

use std::path::Path;

use super::{Finding, TextFile};

/// Folders that exist on one machine only. In pieces, so that this file passes its own rule.
const HOMES: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
];

/// Software that serves private copies of package registries.
const PRIVATE_REGISTRIES: [&str; 2] = [concat!("artif", "actory"), concat!("nexus/", "repository")];

/// What must not be found in a file.
#[derive(Debug)]
pub(super) struct Needles {
    folders: Vec<String>,
}

impl Needles {
    /// The general ones, this checkout, and the folder of the person who runs it.
    pub(super) fn of(root: &Path) -> Self {
        let mut folders: Vec<String> = HOMES.map(str::to_owned).into();
        let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
        for folder in std::iter::once(root.to_owned()).chain(home) {
            // `/src` or `/app` are words of ordinary documentation; two levels are a real place.
            if folder.components().count() > 2 {
                folders.push(folder.to_string_lossy().into_owned());
            }
        }
        Self { folders }
    }
}

/// Lines that name a folder of somebody's machine or a private registry.
pub(super) fn machine_traces(files: &[TextFile], needles: &Needles) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(file.text.lines()) {
            if let Some(folder) = needles
                .folders
                .iter()
                .find(|folder| starts_a_path(line, folder))
            {
                let message =
                    format!("`{folder}` is a folder of one machine; write a relative path");
                findings.push(Finding::failure(&file.path, number, message));
            }
            if PRIVATE_REGISTRIES.iter().any(|name| line.contains(name)) {
                let message = "this names a private registry; a stranger cannot reach it";
                findings.push(Finding::failure(&file.path, number, message));
            }
            if file.path.ends_with("package-lock.json") && is_resolved_elsewhere(line) {
                let message = "this names a registry; set omit-lockfile-registry-resolved=true in \
                               .npmrc and lock again";
                findings.push(Finding::failure(&file.path, number, message));
            }
        }
    }
    findings
}

/// Whether the folder stands in the line as the start of a path, not inside a longer one such as
/// `docs/home/`.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(place, _)| {
        let before = line
            .get(..place)
            .and_then(|before| before.chars().next_back());
        !before
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '}' | ')'))
    })
}

fn is_resolved_elsewhere(line: &str) -> bool {
    line.trim_start().starts_with("\"resolved\":") && line.contains("://")
}

#[cfg(test)]
mod tests {
    use super::super::tests::text_file;
    use super::*;

    fn findings(path: &str, line: &str) -> usize {
        let needles = Needles::of(Path::new("/builds/softcap-7"));
        machine_traces(&[text_file(path, &format!("first\n{line}\n"))], &needles).len()
    }

    #[test]
    fn folders_of_a_machine_are_found() {
        for (line, expected) in [
            ("run /ho~me/ada/softcap/x", 1),
            ("\"/Us~ers/ada\"", 1),
            ("cd /wo~rk/main", 1),
            ("PATH=/ro~ot/.cargo/bin", 1),
            ("built in /builds/softcap-7/target", 1),
            ("see docs/ho~me/page.md and ./ro~ot/x", 0),
            ("https://example.com/ho~me/", 0),
            ("../shared/sales", 0),
            ("/tmp/out", 0),
        ] {
            // The tilde keeps these cases from breaking the rule they test.
            assert_eq!(findings("a.md", &line.replace('~', "")), expected, "{line}");
        }
    }

    #[test]
    fn private_registries_are_found() {
        for (path, line, expected) in [
            (
                "a.toml",
                "index = \"https://x.example/artif~actory/api\"",
                1,
            ),
            (
                "e/package-lock.json",
                "  \"resolved\": \"https://npm.example/a.tgz\",",
                1,
            ),
            ("e/package-lock.json", "  \"resolved\": \"../local\",", 0),
            (
                "notes.md",
                "  \"resolved\": \"https://npm.example/a.tgz\",",
                0,
            ),
        ] {
            assert_eq!(findings(path, &line.replace('~', "")), expected, "{line}");
        }
    }

    #[test]
    fn a_checkout_at_the_top_of_the_disk_does_not_ban_an_ordinary_word() {
        let needles = Needles::of(Path::new("/src"));
        assert!(!needles.folders.contains(&"/src".to_owned()));
    }
}
