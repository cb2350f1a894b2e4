//! A witness beside a server that is honest, and beside one that goes back on what it signed.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, RwLock},
};

use hyper::Method;
use serde_json::Value;
use softcap_proof::{
    CheckpointNote, Cosignature, NodeHash, SignedCheckpoint, SigningKey, VerifierKey, WitnessKey,
    WitnessRequest, from_hex,
};

use crate::{
    client::{Client, OFFERING},
    server::{SOFTCAP, Server, TERMS},
};

/// A witness that the operator of a server named.
struct Witness {
    key: WitnessKey,
    log_key: VerifierKey,
    state: &'static str,
}

impl Witness {
    /// Its key and state are in the server's folder, from which the program is run.
    fn named_by(server: &Server) -> Self {
        let new = [
            "key",
            "--name",
            "witness.example/w1",
            "--out",
            "witness.key",
        ];
        assert!(server.softcap(&new).output().unwrap().status.success());
        let text = fs::read_to_string(server.path().join("witness.key")).unwrap();
        let key = WitnessKey::of(&SigningKey::parse(text.trim_end()).unwrap());
        let config = format!("[witnesses]\nkeys = [\"{key}\"]\n");
        fs::write(server.path().join("softcap.toml"), config).unwrap();
        Self {
            key,
            log_key: server.verifier(),
            state: "seen",
        }
    }

    fn arguments(&self, server: &Server, more: &[&str]) -> Vec<String> {
        let url = format!("{}{OFFERING}", server.url().read().unwrap());
        let log_key = self.log_key.to_string();
        let all = [
            &[
                "witness",
                &url,
                "--log-key",
                &log_key,
                "--key",
                "witness.key",
            ],
            &["--state", self.state, "--patience", "0", "--json"][..],
            more,
        ];
        all.concat().into_iter().map(str::to_owned).collect()
    }

    fn command(&self, server: &Server, more: &[&str]) -> Command {
        let arguments = self.arguments(server, more);
        server.softcap(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// One look at the log, whose line is posted.
    fn look(&self, server: &Server) -> Output {
        self.command(server, &["--once", "--post"])
            .output()
            .unwrap()
    }

    /// As [`Self::look`], at a log that is as it should be: the size that was cosigned.
    fn cosigns(&self, server: &Server) -> u64 {
        let output = self.look(server);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let note = self.checked(value["checkpoint"].as_str().unwrap());
        assert_eq!(note.to_string(), kept(server));
        note.unverified().size()
    }

    /// A checkpoint that the log and this witness signed.
    fn checked(&self, text: &str) -> SignedCheckpoint {
        let note = signed(text);
        note.verify(&self.log_key).unwrap();
        note.cosigned(&self.key).unwrap();
        note
    }

    /// One look at a log that contradicts itself: nothing is cosigned, and both checkpoints are shown.
    fn raises(&self, server: &Server, alarm: &str) -> [SignedCheckpoint; 2] {
        let before = kept(server);
        let output = self.look(server);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{alarm}: {error}");
        assert!(error.contains("ALARM: "), "{alarm}: {error}");
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["alarm"], alarm, "{value}");
        assert_eq!(kept(server), before, "{alarm}");
        let shown = ["known", "seen"].map(|name| value[name].as_str().unwrap());
        let evidence = server.path().join(value["file"].as_str().unwrap());
        let evidence = fs::read_to_string(evidence).unwrap();
        for text in shown {
            assert!(evidence.contains(text), "{alarm}: {evidence}");
        }
        let [known, seen] = shown.map(signed);
        assert_eq!(known.to_string(), before, "{alarm}");
        // Both are the log's own words. A tree that was put back has the line that it was given when it
        // was new; no other tree has one.
        seen.verify(&self.log_key).unwrap();
        assert_eq!(
            seen.cosigned(&self.key).is_ok(),
            alarm == "shrunk",
            "{alarm}"
        );
        [known, seen]
    }
}

fn signed(text: &str) -> SignedCheckpoint {
    match CheckpointNote::parse(text.as_bytes()).unwrap() {
        CheckpointNote::Signed(signed) => signed,
        CheckpointNote::Unsigned(_) => panic!("nobody signed {text}"),
    }
}

/// What the witness cosigned last, on its disk.
fn kept(server: &Server) -> String {
    fs::read_to_string(server.path().join("seen/checkpoint")).unwrap()
}

async fn checkpoint(client: &Client) -> SignedCheckpoint {
    signed(
        &client
            .get(&format!("{OFFERING}/log/checkpoint"))
            .await
            .text(),
    )
}

async fn contribute(client: &Client, names: &[&str]) {
    for name in names {
        assert_eq!(client.contribute(name, "p-1", 100).await.status, 201);
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// A server that runs, whose operator named a witness, with an offering.
async fn served() -> (Server, Client, Witness) {
    let mut server = Server::embedded();
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    assert!(server.stop().success());
    let witness = Witness::named_by(&server);
    server.start();
    (server, client, witness)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_log_is_cosigned_and_shows_it() {
    let (mut server, client, witness) = served().await;
    assert_eq!(witness.cosigns(&server), 1);
    for size in [1, 3] {
        if size == 3 {
            contribute(&client, &["one", "two"]).await;
            assert!(checkpoint(&client).await.cosigned(&witness.key).is_err());
        }
        assert_eq!(witness.cosigns(&server), size);
        let shown = checkpoint(&client).await;
        assert_eq!(shown.unverified().size(), size);
        witness.checked(&shown.to_string());
    }
    let posted = client.get(&format!("{OFFERING}/log/cosignatures")).await;
    let posted = posted.json();
    assert_eq!(posted[0]["witness"], "witness.example/w1");
    assert_eq!(posted[0]["size"], 3);

    // They are there after a start, too.
    assert!(server.stop().success());
    server.start();
    witness.checked(&checkpoint(&client).await.to_string());

    // Another key is not that of the log: nothing is cosigned, and it is no alarm.
    let other = Witness {
        log_key: SigningKey::from_entropy(witness.log_key.name(), &[9; 32])
            .unwrap()
            .verifier_key()
            .clone(),
        key: witness.key.clone(),
        state: "elsewhere",
    };
    let output = other.look(&server);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no signature"), "{error}");
    assert!(!server.path().join("elsewhere/checkpoint").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_put_back_or_forked_is_caught() {
    let (mut server, client, witness) = served().await;
    contribute(&client, &["one"]).await;
    assert_eq!(witness.cosigns(&server), 2);
    assert!(server.stop().success());
    let older = server.path().join("older");
    copy(&server.data(), &older);
    server.start();
    contribute(&client, &["two", "three"]).await;
    assert_eq!(witness.cosigns(&server), 4);
    assert!(server.stop().success());

    // An operator who wants two entries away takes the kept checkpoints away as well.
    fs::remove_dir_all(server.data()).unwrap();
    copy(&older, &server.data());
    fs::remove_dir_all(server.data().join("checkpoints")).unwrap();
    server.start();
    let [known, seen] = witness.raises(&server, "shrunk");
    assert_eq!(
        (known.unverified().size(), seen.unverified().size()),
        (4, 2)
    );

    contribute(&client, &["other two", "other three"]).await;
    let [known, seen] = witness.raises(&server, "forked");
    assert_eq!(
        (known.unverified().size(), seen.unverified().size()),
        (4, 4)
    );
    assert_ne!(known.unverified().root(), seen.unverified().root());

    contribute(&client, &["other four"]).await;
    let [known, seen] = witness.raises(&server, "not_continued");
    assert_eq!(
        (known.unverified().size(), seen.unverified().size()),
        (4, 5)
    );
}

/// A witness that follows a log until it is dropped.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_stays_serves_what_it_cosigned() {
    let (server, client, witness) = served().await;
    let mut stays = witness.command(&server, &["--every", "1", "--listen", "127.0.0.1:0"]);
    stays.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut stays = Following(stays.spawn().unwrap());
    let said = BufReader::new(stays.0.stderr.take().unwrap()).lines();
    let mut said = said.map(Result::unwrap);
    let url = said.find_map(|line| {
        let url = line.strip_prefix("listening on ")?;
        Some(url.strip_suffix("/checkpoint").unwrap().to_owned())
    });
    let served = Client::new(Arc::new(RwLock::new(url.unwrap())), String::new());
    // What else it says is read, so that it never waits for a reader.
    let rest = std::thread::spawn(move || said.for_each(drop));
    for size in 1..4 {
        if size > 1 {
            contribute(&client, &[&format!("entry {size}")]).await;
        }
        let note = loop {
            let answer = served.send(Method::GET, "/checkpoint", None, None).await;
            match answer.unwrap() {
                answer if answer.status == 404 => {}
                answer => {
                    let note = witness.checked(&answer.text());
                    if note.unverified().size() == size {
                        break note;
                    }
                    assert!(note.unverified().size() < size, "{note}");
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(
            note.unverified().root(),
            checkpoint(&client).await.unverified().root()
        );
    }
    assert_eq!(served.get("/other").await.status, 404);

    // A second one over the same folder could cosign something else.
    let second = witness.look(&server);
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("another witness uses"), "{error}");
    drop(stays);
    rest.join().unwrap();
}

/// A witness that is told of a log by others.
struct Pushed {
    process: Child,
    address: String,
}

impl Pushed {
    fn start(server: &Server, witness: &Witness) -> Self {
        let log_key = witness.log_key.to_string();
        let mut command = server.softcap(&[
            "witness",
            "--origin",
            "softcap.example/harbour",
            "--log-key",
            &log_key,
            "--key",
            "witness.key",
            "--state",
            witness.state,
            "--listen",
            "127.0.0.1:0",
            "--json",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = said.find_map(|line| {
            let line = line.unwrap();
            let url = line.strip_prefix("listening on http://")?;
            Some(url.strip_suffix("/checkpoint").unwrap().to_owned())
        });
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || said.for_each(drop));
        Self {
            process,
            address: address.unwrap(),
        }
    }

    /// Status and body of the answer to a push.
    fn push(&self, body: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head =
            format!("POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: {length}\r\n\r\n");
        socket.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

impl Drop for Pushed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

/// What a log sends to a witness that cosigned `old` entries of it.
async fn push_from(client: &Client, old: u64) -> WitnessRequest {
    let note = checkpoint(client).await;
    let new = note.unverified().size();
    let mut proof = Vec::new();
    if 0 < old && old < new {
        let path = format!("{OFFERING}/log/consistency?old={old}&new={new}");
        let answer = client.get(&path).await.json();
        let hashes = answer["proof"].as_array().unwrap().iter();
        let hash = |hash: &Value| {
            NodeHash(
                from_hex(hash.as_str().unwrap())
                    .unwrap()
                    .try_into()
                    .unwrap(),
            )
        };
        proof.extend(hashes.map(hash));
    }
    let note = CheckpointNote::Signed(note);
    WitnessRequest { old, proof, note }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_is_pushed_to_cosigns_what_continues_and_ends_at_a_fork() {
    let (mut server, client, witness) = served().await;
    let mut pushed = Pushed::start(&server, &witness);
    let cosigned = |pushed: &Pushed, request: &WitnessRequest| {
        let (status, line) = pushed.push(&request.to_string());
        assert_eq!(status, 200, "{line}");
        let line = Cosignature::parse(&line).unwrap();
        line.verify(request.note.unverified(), &witness.key)
            .unwrap();
    };
    cosigned(&pushed, &push_from(&client, 0).await);
    contribute(&client, &["one", "two"]).await;
    let stale = push_from(&client, 0).await.to_string();
    assert_eq!(pushed.push(&stale), (409, "1\n".to_owned()));
    let grown = push_from(&client, 1).await;
    cosigned(&pushed, &grown);
    witness.checked(&kept(&server));

    // Killed and started again, it knows what it cosigned; who looks by itself goes on from there.
    drop(pushed);
    assert_eq!(witness.cosigns(&server), 3);
    pushed = Pushed::start(&server, &witness);
    assert_eq!(pushed.push(&stale), (409, "3\n".to_owned()));
    assert_eq!(pushed.push("old 3\n\nnothing\n").0, 400);

    // The operator takes the log back and lets it grow another way.
    let before = kept(&server);
    assert!(server.stop().success());
    fs::remove_dir_all(server.data().join("checkpoints")).unwrap();
    for file in [
        "journal.db",
        "journal.db-wal",
        "journal.db-shm",
        "derived.db",
        "snapshots",
    ] {
        let path = server.data().join(file);
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
    server.start();
    client.announce(TERMS).await;
    contribute(&client, &["other one", "other two"]).await;
    let fork = push_from(&client, 3).await.to_string();
    assert_eq!(pushed.push(&fork), (409, "3\n".to_owned()));
    let status = pushed.process.wait().unwrap();
    assert_eq!(status.code(), Some(1));
    let mut said = String::new();
    let out = pushed.process.stdout.as_mut().unwrap();
    out.read_to_string(&mut said).unwrap();
    let said = serde_json::Deserializer::from_str(&said).into_iter::<Value>();
    let alarm = said.last().unwrap().unwrap();
    assert_eq!(alarm["alarm"], "forked", "{alarm}");
    assert_eq!(alarm["known"], before.as_str());
    let evidence = fs::read_to_string(server.path().join(alarm["file"].as_str().unwrap())).unwrap();
    assert!(evidence.contains(&before), "{evidence}");
    assert_eq!(kept(&server), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_not_cosigned() {
    let (server, client, witness) = served().await;
    let full = "mkdir seen && mount -t tmpfs -o size=4k none seen && head -c 4096 /dev/zero > seen/ballast";
    let script = crate::disk::in_a_namespace(full);
    let output = Command::new("sh")
        .args(["-c", &script, "sh", SOFTCAP])
        .args(witness.arguments(&server, &["--once", "--post"]))
        .current_dir(server.path())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("No space left"), "{error}");
    assert!(
        !String::from_utf8(output.stdout)
            .unwrap()
            .contains("witness.example")
    );
    let shown = checkpoint(&client).await;
    assert_eq!(shown.claimed_signers().count(), 1, "{shown}");
    // With room it is.
    assert_eq!(witness.cosigns(&server), 1);
}
