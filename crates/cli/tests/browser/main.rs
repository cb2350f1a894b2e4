//! The program in a browser that is not ours: a person signs up, adds a passkey and logs in with it; strangers and investors
//! do on the pages what they come for, also from a wallet on a chain.
//!
//! Needs `SOFTCAP_BROWSER`, the folder that `cargo xtask browser` prints.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod accounts;
mod developer;
mod first;
mod issuer;
mod objections;
mod office;
mod own;
mod raise;
mod review;
mod sealed;
mod sign_in;
mod wallets;

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

/// The program under test.
const SOFTCAP: &str = env!("CARGO_BIN_EXE_softcap");

/// A node whose site has a host name, because passkeys need one.
struct Site {
    folder: TempDir,
    origin: String,
    child: Child,
}

impl Site {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The origin must be known before the server listens. Whoever takes the port in between ends the test.
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let origin = format!("http://localhost:{port}");
        let mut child = Command::new(SOFTCAP)
            .args(["serve", "--data", "data", "--json"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .env("SOFTCAP_SITE_ORIGIN", &origin)
            .env("SOFTCAP_SITE_NAME", "Harbour")
            .env("SOFTCAP_MAIL_FOLDER", folder.path().join("mail"))
            .envs(variables.iter().copied())
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
fn run(script: &str, site: &Site, more: &Value) -> Value {
    let mut question = json!({
        "origin": site.origin,
        "mail": site.folder.path().join("mail"),
    });
    if let (Some(all), Some(own)) = (question.as_object_mut(), more.as_object()) {
        all.extend(own.clone());
    }
    ask_script(script, &question)
}

/// What no journey may show: something that assistive technology cannot use, a request to elsewhere, or an error in a console.
/// A status in the four hundreds is an answer that a journey asks for.
fn nothing_is_wrong(said: &Value) {
    assert_eq!(said["violations"], json!([]), "axe {}", said["engine"]);
    assert_eq!(said["foreign"], json!([]), "loaded from elsewhere");
    let errors = said["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .filter(|error| !error.to_string().contains("status of 4"))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// The same of whatever is at an origin.
fn ask_script(script: &str, question: &Value) -> Value {
    let packages = std::env::var("SOFTCAP_BROWSER").expect(MISSING);
    let mut question = question.clone();
    question["packages"] = json!(packages);
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
    let said = run("passkey.mjs", &site, &json!({}));
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

impl Site {
    /// A key that may do everything, of whoever runs the machine.
    fn key(&self) -> String {
        let made = Command::new(SOFTCAP)
            .args([
                "api-key", "new", "--data", "data", "--label", "journey", "--test",
            ])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(made.stdout).unwrap();
        said.lines().next().unwrap_or_default().to_owned()
    }
}

#[test]
fn people_do_what_they_come_for_on_the_pages() {
    const STARTER: &str = include_str!("../../../../examples/starter/offering.toml");
    let site = Site::start();
    // Names a folder for a picture of each page.
    let pictures = std::env::var("SOFTCAP_PICTURES").ok();
    let more = json!({
        "key": site.key(),
        "offering": "harbour",
        "terms": STARTER,
        "pictures": pictures,
    });
    let said = run("journeys.mjs", &site, &more);
    nothing_is_wrong(&said);
    for (page, weight) in said["weights"].as_object().unwrap() {
        assert!(weight.as_u64().unwrap() < 100_000, "{page}: {weight}");
    }
    assert!(said["scriptBytes"].as_u64().unwrap() < 30_000, "{said}");
    assert_eq!(said["receipt"], "The receipt is right");
    assert!(
        said["falseReceipt"]
            .to_string()
            .contains("There is a problem")
    );
    assert_eq!(said["focus"], "summary");
    assert_eq!(said["kept"], "12 apples");
    assert_eq!(said["state"], "counted");
    assert_eq!(
        said["again"], said["place"],
        "who goes back sees what came of it"
    );
    assert_eq!(said["withPasskey"], "Your contributions");
    assert_eq!(said["takenBack"], "withdrawn");
    assert_eq!(said["firstStop"], "skip");
    let readout = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    assert!(
        readout("chartEnd").ends_with(": 8,280.00\u{a0}EUR"),
        "{said}"
    );
    assert!(readout("chartBegin").contains("EUR"), "{said}");
    assert!(
        readout("chartLive").ends_with(": 9,000.00\u{a0}EUR"),
        "{said}"
    );
    assert!(said["chartRows"].as_u64().unwrap() >= 1, "{said}");
    assert_eq!(said["chartBare"], true);
    assert_eq!(said["withoutScript"], "counted");
    assert!(said["utc"].to_string().contains("UTC"), "{}", said["utc"]);
    assert!(
        !said["localTime"].to_string().contains("UTC"),
        "{}",
        said["localTime"]
    );
    assert_eq!(said["otherClocks"], json!([]));
}
