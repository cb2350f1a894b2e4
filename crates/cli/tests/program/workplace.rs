//! A folder of its own in which the program runs, and what it answers.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const SOFTCAP: &str = env!("CARGO_BIN_EXE_softcap");

/// Arguments that settle the files of the starter into `result`.
pub(crate) const SETTLE: [&str; 9] = [
    "settle",
    "--terms",
    "offering.toml",
    "--contributions",
    "contributions.csv",
    "--entries",
    "entries.toml",
    "--out",
    "result",
];

/// A temporary folder, removed at the end.
pub(crate) struct Workplace {
    folder: TempDir,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    File(Vec<u8>),
    /// A file too large to hold; its length.
    Large(u64),
    Folder,
    Link(PathBuf),
    Other,
}

/// What a run gave.
pub(crate) struct Answer {
    command: String,
    /// Exit code; `None` when a signal ended the program.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A folder of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

impl Workplace {
    pub(crate) fn empty() -> Self {
        // The real path: a link on the way to the folder would be refused as output.
        let base = std::env::temp_dir().canonicalize().unwrap();
        Self {
            folder: tempfile::Builder::new()
                .prefix("softcap-test-")
                .tempdir_in(base)
                .unwrap(),
        }
    }

    /// With the three files of the starter.
    pub(crate) fn starter() -> Self {
        let place = Self::empty();
        for name in ["offering.toml", "contributions.csv", "entries.toml"] {
            fs::copy(
                workspace("examples/starter").join(name),
                place.path().join(name),
            )
            .unwrap();
        }
        place
    }

    /// With the starter settled into `result`.
    pub(crate) fn settled() -> Self {
        let place = Self::starter();
        place.run(&SETTLE).succeeded();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).unwrap()
    }

    /// Replaces a text that stands exactly once in a file.
    pub(crate) fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.text(name);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {name}");
        self.write(name, text.replace(old, new));
    }

    /// A file that claims to be so long and takes no room.
    pub(crate) fn sparse(&self, name: &str, begin: &str, length: u64) {
        self.write(name, begin);
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path().join(name))
            .unwrap();
        file.set_len(length).unwrap();
    }

    /// The program with arguments, in this folder, with nobody to answer questions.
    pub(crate) fn softcap(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SOFTCAP);
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        let output = self.softcap(arguments).output().unwrap();
        Answer::new(format!("softcap {}", arguments.join(" ")), output)
    }

    /// Runs a shell script in this folder; in it `"$@"` is the program with the arguments.
    pub(crate) fn shell(&self, script: &str, arguments: &[&str]) -> Answer {
        let output = Command::new("sh")
            .args(["-c", script, "sh", SOFTCAP])
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Answer::new(
            format!("{script} # softcap {}", arguments.join(" ")),
            output,
        )
    }

    /// Everything that is there, hidden things too.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Thing> {
        let mut things = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let kind = fs::symlink_metadata(&path).unwrap();
                let thing = if kind.is_symlink() {
                    Thing::Link(fs::read_link(&path).unwrap())
                } else if kind.is_dir() {
                    folders.push(path.clone());
                    Thing::Folder
                } else if !kind.is_file() {
                    Thing::Other
                } else if kind.len() > 1 << 26 {
                    Thing::Large(kind.len())
                } else {
                    Thing::File(fs::read(&path).unwrap())
                };
                things.insert(path.strip_prefix(self.path()).unwrap().to_owned(), thing);
            }
        }
        things
    }

    /// Names of what is directly there, hidden things too.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Answer {
    pub(crate) fn new(command: String, output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        let answer = Self {
            command,
            code: status.code(),
            out: String::from_utf8(stdout).expect("standard output is text"),
            err: String::from_utf8(stderr).expect("standard error is text"),
        };
        assert!(!answer.err.contains("panicked"), "{answer:?}");
        answer
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// The data for machines.
    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: not one JSON value in {self:?}"))
    }

    /// Fails unless the program refused with one message that holds each of the parts.
    #[track_caller]
    pub(crate) fn refused(&self, parts: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "one message in {self:?}");
        assert!(self.err.starts_with("error: "), "{self:?}");
        self.says(parts);
    }

    /// Fails unless the message holds each of the parts, in their order.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) {
        let mut rest = self.err.as_str();
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("{part:?} is not at its place in {self:?}");
            };
            rest = after;
        }
    }

    /// Fails unless standard output holds the same refusal for machines.
    #[track_caller]
    pub(crate) fn refused_as_json(&self) {
        assert_eq!(self.code, Some(2), "{self:?}");
        let value = self.value();
        let code = value["error"]["code"].as_str().unwrap();
        let message = value["error"]["message"].as_str().unwrap();
        assert!(code.len() == 4 && code.is_ascii(), "{self:?}");
        assert!(
            self.err.ends_with(&format!("error: {message}\n")),
            "{self:?}"
        );
        assert!(message.starts_with(&format!("{code}: ")), "{self:?}");
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            code,
            out: data,
            err,
        } = self;
        write!(
            out,
            "\n$ {command}\n{data}--- standard error, exit code {code:?}\n{err}"
        )
    }
}
