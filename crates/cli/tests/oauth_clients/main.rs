//! The program as the authorization server of clients by others, which are strict about what a server must say, and beside
//! a server by others, which is asked the same wrong things.
//!
//! Needs `SOFTCAP_OAUTH`, the folder that `cargo xtask oauth` prints.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod sign_in;

use std::{
    io::{BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};
use tempfile::TempDir;

const MISSING: &str = "no clients for this test: run `cargo xtask oauth` once and set SOFTCAP_OAUTH \
    to the folder it prints (`cargo xtask test` does both)";
const SOFTCAP: &str = env!("CARGO_BIN_EXE_softcap");

/// A node on a port of its own, and a key that may do everything.
struct Site {
    folder: TempDir,
    origin: String,
    key: String,
    child: Serving,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let origin = free_origin();
        let made = Command::new(SOFTCAP)
            .args(["api-key", "new", "--data", "data", "--json"])
            .args(["--label", "test", "--per-second", "1000"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        Self {
            // After the key was made: a node that has just read all keys asks for no other one.
            child: Serving(serve(folder.path(), &origin)),
            folder,
            origin,
            key: made["key"].as_str().unwrap().to_owned(),
        }
    }
}

/// The origin must be known before the server listens. Whoever takes the port in between ends the test.
fn free_origin() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", free.local_addr().unwrap())
}

/// Starts the program, and waits until it serves.
fn serve(folder: &Path, origin: &str) -> Child {
    serve_with(folder, origin, &[])
}

/// The same, with more of the environment.
fn serve_with(folder: &Path, origin: &str, variables: &[(&str, &str)]) -> Child {
    let address = origin.strip_prefix("http://").unwrap();
    let mut child = Command::new(SOFTCAP)
        .args(["serve", "--data", "data", "--json"])
        .args(["--listen", address])
        .env("SOFTCAP_SITE_ORIGIN", origin)
        .env("SOFTCAP_SITE_NAME", "Harbour")
        .env("SOFTCAP_MAIL_FOLDER", folder.join("mail"))
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.as_mut().unwrap());
    // The object ends where it ends: the program goes on and says no more.
    let said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
    assert!(said.flatten().next().is_some(), "no server");
    child
}

/// A program that ends with this.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Site {
    /// What a script is told of it.
    fn question(&self) -> Value {
        let packages = std::env::var("SOFTCAP_OAUTH").expect(MISSING);
        json!({
            "packages": packages,
            "origin": self.origin,
            "key": self.key,
            "mail": self.folder.path().join("mail"),
        })
    }
}

/// Runs a script of this folder, and what it said.
fn run(script: &str, site: &Site) -> Value {
    ask(script, &site.question())
}

fn ask(script: &str, question: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/oauth_clients")
        .join(script);
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("Node.js 20 or later with npm");
    let mut input = node.stdin.take().unwrap();
    input.write_all(question.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{} failed", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn oauth4webapi_completes_every_flow() {
    let site = Site::start();
    let said = run("oauth4webapi.mjs", &site);
    let done = [
        "code",
        "pushed",
        "bound",
        "refresh",
        "revocation",
        "introspection",
        "credentials",
        "device",
        "userinfo",
    ];
    for flow in done {
        assert_eq!(said[flow], "done", "{flow}: {said}");
    }
}

#[test]
fn openid_client_completes_every_flow() {
    let site = Site::start();
    let said = run("openid_client.mjs", &site);
    let done = [
        "code",
        "pushed",
        "bound",
        "refresh",
        "revocation",
        "introspection",
        "credentials",
        "device",
        "userinfo",
    ];
    for flow in done {
        assert_eq!(said[flow], "done", "{flow}: {said}");
    }
}

/// Each wrong request with what both servers answered; where they differ, `docs/oauth.md` names the request and the clause.
#[test]
fn wrong_requests_are_answered_as_another_server_answers_them() {
    let site = Site::start();
    let said = run("differential.mjs", &site);
    let asked = said.as_array().unwrap();
    assert!(asked.len() >= 60, "{}", asked.len());
    let documented = include_str!("../../../../docs/oauth.md");
    let mut unknown = Vec::new();
    for request in asked {
        let name = request["name"].as_str().unwrap();
        let is_documented = documented.contains(&format!("| `{name}` |"));
        if (request["ours"] != request["theirs"]) != is_documented {
            unknown.push(request);
        }
    }
    assert!(
        unknown.is_empty(),
        "{}",
        serde_json::to_string_pretty(&unknown).unwrap()
    );
}

/// Status and body of an answer; none when the server went away.
fn exchange(origin: &str, request: &str) -> Option<(u16, Value)> {
    let mut socket = TcpStream::connect(origin.strip_prefix("http://").unwrap()).ok()?;
    socket.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    socket.read_to_string(&mut text).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = text.split_once("\r\n\r\n")?;
    Some((status, serde_json::from_str(body).ok()?))
}

fn refresh(origin: &str, client: &str, token: &str) -> Option<(u16, Value)> {
    let body = format!("grant_type=refresh_token&client_id={client}&refresh_token={token}");
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(origin, &request)
}

fn may(origin: &str, token: &str) -> u16 {
    let request = format!(
        "GET /oauth/userinfo HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    exchange(origin, &request).unwrap().0
}

#[test]
fn v10_4_5_of_fifty_refreshes_and_a_kill_one_succeeds_at_most_and_a_replay_ends_the_family() {
    let mut site = Site::start();
    let had = run("tokens.mjs", &site);
    let text = |name: &str| had[name].as_str().unwrap().to_owned();
    let (client, token, access) = (text("client"), text("refresh"), text("access"));
    assert_eq!(may(&site.origin, &access), 200);
    let (tell, told) = mpsc::channel();
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let (origin, client, token) = (site.origin.clone(), client.clone(), token.clone());
            let tell = tell.clone();
            thread::spawn(move || {
                let answer = refresh(&origin, &client, &token);
                let _ = tell.send(());
                answer
            })
        })
        .collect();
    // As soon as one has its answer, as others are under way.
    told.recv().unwrap();
    site.child.0.kill().unwrap();
    site.child.0.wait().unwrap();
    let answers = crowd.into_iter().filter_map(|one| one.join().unwrap());
    let mut given: Vec<_> = answers.filter(|(status, _)| *status == 200).collect();
    site.child = Serving(serve(site.folder.path(), &site.origin));
    // An answer that was lost on the way may have been the one; the first replay may be it, too.
    for _ in 0..2 {
        let again = refresh(&site.origin, &client, &token).unwrap();
        given.extend((again.0 == 200).then_some(again));
    }
    assert!(given.len() <= 1, "{given:?}");
    assert_eq!(may(&site.origin, &access), 401);
    for (_, tokens) in given {
        assert_eq!(
            may(&site.origin, tokens["access_token"].as_str().unwrap()),
            401
        );
        let next = tokens["refresh_token"].as_str().unwrap();
        let refused = refresh(&site.origin, &client, next).unwrap();
        assert_eq!(
            (refused.0, &refused.1["error"]),
            (400, &json!("invalid_grant"))
        );
    }
}
