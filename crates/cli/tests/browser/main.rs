//! The program in a browser that is not ours: a person signs up, adds a passkey and logs in with it.
//!
//! Needs `SOFTCAP_BROWSER`, the folder that `cargo xtask browser` prints.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{
    io::{BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const MISSING: &str = "no browser for this test: run `cargo xtask browser` once and set SOFTCAP_BROWSER \
    to the folder it prints (`cargo xtask test` does both)";

/// A node whose site has a host name, because passkeys need one.
struct Site {
    folder: TempDir,
    origin: String,
    child: Child,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The origin must be known before the server listens. Whoever takes the port in between ends the test.
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let origin = format!("http://localhost:{port}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_softcap"))
            .args(["serve", "--data", "data", "--json"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .env("SOFTCAP_SITE_ORIGIN", &origin)
            .env("SOFTCAP_SITE_NAME", "Harbour")
            .env("SOFTCAP_MAIL_FOLDER", folder.path().join("mail"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        // The object ends where it ends: the program goes on and says no more.
        let said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        assert!(said.flatten().next().is_some(), "no server");
        Self {
            folder,
            origin,
            child,
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a script of this folder with a browser, and what it said.
fn run(script: &str, site: &Site) -> Value {
    let packages = std::env::var("SOFTCAP_BROWSER").expect(MISSING);
    let question = json!({
        "packages": packages,
        "origin": site.origin,
        "mail": site.folder.path().join("mail"),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/browser")
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
fn a_browser_registers_a_passkey_and_logs_in_with_it() {
    let site = Site::start();
    let said = run("passkey.mjs", &site);
    let statuses = [
        ("signUp", 202),
        ("confirmed", 201),
        ("loggedIn", 201),
        ("begun", 201),
        ("added", 201),
        ("factors", 200),
        ("loggedOut", 204),
        ("out", 401),
        ("half", 201),
        ("halfMe", 403),
        ("halfOut", 204),
        ("passkey", 201),
        ("again", 409),
        ("me", 200),
    ];
    for (step, status) in statuses {
        assert_eq!(said[step]["status"], status, "{step}: {}", said[step]);
    }
    // The credential is one that needs no address, which the browser says itself.
    assert_eq!(
        said["created"]["clientExtensionResults"]["credProps"]["rk"],
        true
    );
    assert_eq!(said["factors"]["body"]["passkeys"][0]["label"], "virtual");
    let cookie = &said["cookies"][0];
    for (field, expected) in [
        ("name", json!("__Host-softcap")),
        ("httpOnly", json!(true)),
        ("secure", json!(true)),
        ("sameSite", json!("Lax")),
        ("path", json!("/")),
    ] {
        assert_eq!(cookie[field], expected, "{cookie}");
    }
    assert_eq!(said["half"]["body"]["level"], "one");
    assert_eq!(said["halfMe"]["body"]["code"], "A410");
    assert_eq!(said["passkey"]["body"]["level"], "two");
    assert_eq!(
        said["passkey"]["body"]["person"],
        said["loggedIn"]["body"]["person"]
    );
    assert_eq!(said["again"]["body"]["code"], "A520");
    assert_eq!(said["me"]["body"]["email"], "ada@example.org");
    // The browser itself refuses who is not verified, and pages of another host.
    assert_eq!(said["unverified"]["refused"], "NotAllowedError");
    assert_eq!(said["phishing"]["refused"], "SecurityError");
    assert_eq!(said["foreign"]["refused"], "TypeError");
}
