//! A server in a process of its own.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::BufReader,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, RwLock},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use softcap_proof::{SigningKey, VerifierKey};
use tempfile::TempDir;

use crate::client::Client;

/// The program under test.
pub(crate) const SOFTCAP: &str = env!("CARGO_BIN_EXE_softcap");

/// An offering that is open for decades. Contributions of 5 cents at least.
pub(crate) const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
soft_cap = "1 EUR"
hard_cap = "1_000_000 EUR"
refund_deadline = "2099-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 2
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "10 HBR per 1 EUR"
contribution = { min = "0.05 EUR" }
"#;

/// A folder in which a node runs, and its server while it runs. Both are gone with the value.
pub(crate) struct Server {
    folder: TempDir,
    /// What `--data` names: a folder below, or an address.
    data: String,
    /// Runs before the program, for example to limit what it may write; `"$@"` is the program.
    wrapper: Option<String>,
    /// Set for the program while it serves.
    variables: Vec<(&'static str, OsString)>,
    url: Arc<RwLock<String>>,
    child: Option<Child>,
}

/// How a program that did not serve ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) error: String,
}

impl Server {
    /// A node with an embedded database that does not run yet.
    pub(crate) fn embedded() -> Self {
        Self::with_data("data")
    }

    /// A node with any database. Every node works in a folder of its own.
    pub(crate) fn with_data(data: &str) -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("softcap-faults-")
                .tempdir()
                .unwrap(),
            data: data.to_owned(),
            wrapper: None,
            variables: Vec::new(),
            url: Arc::new(RwLock::new(String::new())),
            child: None,
        }
    }

    /// As this node, with the program run by a shell script.
    pub(crate) fn wrapped(mut self, script: &str) -> Self {
        self.wrapper = Some(script.to_owned());
        self
    }

    /// As this node, with a variable in the environment of its server.
    pub(crate) fn with_variable(mut self, name: &'static str, value: OsString) -> Self {
        self.variables.push((name, value));
        self
    }

    /// The folder that the node works in.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What `--data` names in this node's folder.
    pub(crate) fn data_argument(&self) -> &str {
        &self.data
    }

    /// The folder of the record, of an embedded one.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join(&self.data)
    }

    /// The folder of secrets: in the data folder, or beside where there is none.
    pub(crate) fn secrets(&self) -> PathBuf {
        let node = if self.data.contains("://") {
            self.path().join("softcap-node")
        } else {
            self.data()
        };
        node.join("secrets")
    }

    /// The key that checks its checkpoints.
    pub(crate) fn verifier(&self) -> VerifierKey {
        verifier_in(&self.secrets())
    }

    /// As [`Server::verifier`], of a process that sees another disk in its data folder.
    pub(crate) fn verifier_of_process(&self) -> VerifierKey {
        let secrets = self.secrets();
        let seen = format!("/proc/{}/root{}", self.process(), secrets.display());
        verifier_in(Path::new(&seen))
    }

    /// The program in this node's folder.
    pub(crate) fn softcap(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SOFTCAP);
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Makes a key that may do everything, and a client that has it.
    pub(crate) fn client(&self) -> Client {
        let arguments = [
            "api-key",
            "new",
            "--data",
            &self.data,
            "--label",
            "faults",
            "--test",
            "--per-second",
            "400000",
            "--json",
        ];
        let output = self.softcap(&arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        Client::new(self.url(), made["key"].as_str().unwrap().to_owned())
    }

    /// Starts the program without waiting for anything.
    pub(crate) fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let serve = ["serve", "--data", &self.data, "--listen", "127.0.0.1:0"];
        let mut command = match &self.wrapper {
            None => Command::new(SOFTCAP),
            Some(script) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", script, "sh", SOFTCAP]);
                shell
            }
        };
        command
            .args(serve)
            .arg("--json")
            .envs(self.variables.clone())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.log());
        self.child = Some(command.spawn().unwrap());
    }

    /// Starts the program; returns when it serves.
    pub(crate) fn start(&mut self) {
        self.spawn();
        let child = self.child.as_mut().unwrap();
        // The object ends where it ends: the program goes on and says no more.
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        let said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let said = said.flatten().next();
        let said = said.unwrap_or_else(|| panic!("no server: {}", self.errors()));
        *self.url.write().unwrap() = said["url"].as_str().unwrap().to_owned();
    }

    /// Starts a program that must not come to serve, and waits for its end.
    pub(crate) fn fails_to_start(&mut self) -> Ended {
        let before = self.errors().len();
        self.spawn();
        let mut child = self.child.take().unwrap();
        // Ends with the program, or with the object that says where it serves.
        let out = BufReader::new(child.stdout.take().unwrap());
        let said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let out = said
            .flatten()
            .next()
            .map_or_else(String::new, |said| said.to_string());
        if out.contains("\"url\"") {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it serves: {out}");
        }
        let status = child.wait().unwrap();
        let error = self.errors().split_off(before) + &out;
        Ended {
            code: status.code(),
            error,
        }
    }

    /// Ends the process in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it does not run");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks the server to end, as a service manager does.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it does not run");
        let id = i32::try_from(child.id()).unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        child.wait().unwrap()
    }

    /// Where it listens, in this life and the next ones.
    pub(crate) fn url(&self) -> Arc<RwLock<String>> {
        Arc::clone(&self.url)
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.as_ref().expect("it does not run").id()
    }

    /// What all its processes wrote to standard error.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(self.path().join("errors")).unwrap_or_default()
    }

    fn log(&self) -> File {
        let path = self.path().join("errors");
        let mut file = OpenOptions::new();
        file.create(true).append(true).open(path).unwrap()
    }
}

fn verifier_in(secrets: &Path) -> VerifierKey {
    let text = fs::read_to_string(secrets.join("log.key")).unwrap();
    let key = SigningKey::parse(text.trim()).unwrap();
    key.verifier_key().clone()
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}
