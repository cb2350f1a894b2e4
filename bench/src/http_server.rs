//! Servers as processes of their own: the real one, and the baselines, which are this program again.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use softcap_offering::terms::Terms;
use softcap_proof::{SigningKey, VerifierKey, hex, receipt::Receipt};

use crate::{
    failure::BenchFailure,
    http_load::{Client, get, post},
    measure,
};

/// Name of the offering.
pub(crate) const OFFERING: &str = "bench";

/// A server; killed with the value.
#[derive(Debug)]
pub(crate) struct RunningServer {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Open, so that the server can write to it.
    _output: BufReader<ChildStdout>,
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // Both fail only when it ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl RunningServer {
    /// Starts a server, and waits until it prints its address. What it logs goes to `server.log` in
    /// `folder`, which it works in.
    pub(crate) fn start(command: &mut Command, folder: &Path) -> Result<Self, BenchFailure> {
        let log = folder.join("server.log");
        let mut child = command
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).create(true).open(&log)?)
            .spawn()?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| BenchFailure("a server without output".into()))?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                let _ = child.wait();
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(BenchFailure(format!("{command:?} did not start: {said}")));
            }
            if let Some((_, rest)) = line.split_once("http://") {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')
                    .unwrap_or(rest.len());
                let address = rest.get(..end).unwrap_or_default().parse()?;
                return Ok(Self {
                    child,
                    address,
                    _output: output,
                });
            }
        }
    }

    /// The largest memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        measure::memory(&self.child, "VmHWM:")
    }

    /// The memory now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        measure::memory(&self.child, "VmRSS:")
    }

    /// Processor time so far, in seconds.
    pub(crate) fn processor(&self) -> f64 {
        measure::processor(&self.child)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) -> Result<(), BenchFailure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// An installation of the real server.
#[derive(Debug)]
pub(crate) struct Installation {
    program: PathBuf,
    /// A folder, or the address of a PostgreSQL.
    data: String,
    folder: PathBuf,
    pub(crate) key: String,
}

impl Installation {
    /// Makes a key with a limit of so many requests a second.
    pub(crate) fn create(
        program: &Path,
        data: String,
        folder: &Path,
        per_second: u32,
    ) -> Result<Self, BenchFailure> {
        std::fs::create_dir_all(folder)?;
        let limit = per_second.to_string();
        let output = Command::new(program)
            .args([
                "--json", "api-key", "new", "--label", "bench", "--test", "--data",
            ])
            .args([&data, "--per-second", &limit])
            .current_dir(folder)
            .output()?;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let key = answer["key"].as_str().ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            BenchFailure(format!("no key: {said}{answer}"))
        })?;
        Ok(Self {
            program: program.to_owned(),
            data,
            folder: folder.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The same installation as another node of its PostgreSQL: the same keys, a folder of its own.
    pub(crate) fn another_node(&self, folder: &Path) -> Result<Self, BenchFailure> {
        let (from, to) = (self.secrets(), folder.join("softcap-node/secrets"));
        std::fs::create_dir_all(&to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(Self {
            program: self.program.clone(),
            data: self.data.clone(),
            folder: folder.to_owned(),
            key: self.key.clone(),
        })
    }

    fn secrets(&self) -> PathBuf {
        if self.data.contains("://") {
            self.folder.join("softcap-node/secrets")
        } else {
            Path::new(&self.data).join("secrets")
        }
    }

    /// Starts the server on a free port with variables of its environment.
    pub(crate) fn serve_with(
        &self,
        variables: &[(&str, &str)],
    ) -> Result<RunningServer, BenchFailure> {
        let mut command = Command::new(&self.program);
        command.args(["serve", "--data", &self.data, "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        RunningServer::start(&mut command, &self.folder)
    }

    /// Starts the server on a port: 0 for a free one.
    pub(crate) fn serve(&self, port: u16) -> Result<RunningServer, BenchFailure> {
        let mut command = Command::new(&self.program);
        let listen = format!("127.0.0.1:{port}");
        command.args(["serve", "--data", &self.data, "--listen", &listen]);
        RunningServer::start(&mut command, &self.folder)
    }

    /// The key that receipts are verified with.
    pub(crate) fn log_key(&self) -> Result<VerifierKey, BenchFailure> {
        let text = std::fs::read_to_string(self.secrets().join("log.key"))?;
        Ok(SigningKey::parse(text.trim())?.verifier_key().clone())
    }

    /// Announces an offering under these terms.
    pub(crate) fn announce(&self, server: &RunningServer, terms: &str) -> Result<(), BenchFailure> {
        self.announce_as(server, OFFERING, terms)
    }

    /// The same under another name.
    pub(crate) fn announce_as(
        &self,
        server: &RunningServer,
        name: &str,
        terms: &str,
    ) -> Result<(), BenchFailure> {
        let parsed = Terms::parse(terms)
            .map_err(|problems| BenchFailure(format!("the terms are wrong: {problems:?}")))?;
        let body = json!({ "name": name, "terms": terms, "terms_hash": hex(&parsed.hash().0) });
        let mut request = Vec::new();
        post(
            "/v1/offerings",
            &self.key,
            &format!("announce-{name}"),
            &body.to_string(),
            &mut request,
        );
        ask(server.address, &request).map(drop)
    }

    /// What stands at a path.
    pub(crate) fn read(&self, server: &RunningServer, path: &str) -> Result<Value, BenchFailure> {
        ask(server.address, &get(path, &self.key))
    }
}

/// The answer to one request, which must be a success.
pub(crate) fn ask(address: SocketAddr, request: &[u8]) -> Result<Value, BenchFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut client = Client::connect(address).await?;
        let answer = client.ask(request).await?;
        if (200..300).contains(&answer.status) {
            return Ok(serde_json::from_slice(answer.body)?);
        }
        let said = String::from_utf8_lossy(answer.body);
        Err(BenchFailure(format!("{}: {said}", answer.status)))
    })
}

/// Checks that the receipts of these answers verify; says how many they are.
pub(crate) fn verify(answers: &[Vec<u8>], key: &VerifierKey) -> Result<usize, BenchFailure> {
    for body in answers {
        let answer: Value = serde_json::from_slice(body)?;
        let receipt = Receipt::parse(answer["receipt"].as_str().unwrap_or_default().as_bytes())?;
        let proved = receipt.verify(key)?;
        if Some(proved.entry.sequence.0) != answer["sequence"].as_u64() {
            return Err(BenchFailure(
                "an answer has the receipt of another entry".into(),
            ));
        }
    }
    Ok(answers.len())
}
