//! How long it takes from a demo that is up to a first contribution by somebody who follows the pages and reads nothing else.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use serde_json::json;

use super::{SOFTCAP, ask_script, nothing_is_wrong};

/// The demo, and its folder.
struct Demo {
    folder: tempfile::TempDir,
    origin: String,
    child: Child,
}

impl Demo {
    /// Up as soon as it says which offering is open to visitors.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let mut child = Command::new(SOFTCAP)
            .args(["demo", "--data", "demo", "--investors", "20"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut lines = said.lines().map_while(Result::ok);
        let found = lines.find(|line| line.starts_with("open to you: "));
        assert!(found.is_some(), "no demo");
        // What it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            folder,
            origin: format!("http://127.0.0.1:{port}"),
            child,
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_first_contribution_is_few_clicks_and_few_words_away_from_a_demo_that_is_up() {
    let demo = Demo::start();
    let more = json!({
        "origin": demo.origin,
        "mail": demo.folder.path().join("demo/mail"),
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
    });
    let said = ask_script("first.mjs", &more);
    nothing_is_wrong(&said);
    assert_eq!(said["errors"], json!([]));
    assert_eq!(said["state"], "counted", "{said}");
    let number = |name: &str| said[name].as_u64().unwrap();
    let (clicks, words, signs) = (number("clicks"), number("words"), number("signs"));
    // Four words are read in a second, a click takes one and a half, a sign typed a third (the keystroke-level model of Card,
    // Moran and Newell has 1.1 s for pointing, 0.2 s for the button, and 0.28 s for a sign).
    let acts = clicks * 3 / 2 + signs / 3;
    println!(
        "a first contribution: {clicks} clicks and {signs} signs to type, about {acts} s; {words} words on the way, about {} s \
         for who reads each of them",
        words / 4
    );
    for (step, seen) in said["steps"].as_array().unwrap().iter().enumerate() {
        println!("  {}. {seen}", step + 1);
    }
    assert!(clicks <= 14, "{clicks} clicks");
    assert!(signs <= 50, "{signs} signs");
    // Two minutes, in which every word on the way is read.
    assert!(acts + words / 4 < 120, "{acts} s, {words} words");
}
