//! The clock of the machine is set, or stands still while the machine sleeps, and the sale goes on or
//! waits for a person.
//!
//! The server's own clock is turned by a few lines of C that are loaded before the C library. They are
//! compiled here, by the compiler that SQLite needs anyway; a ready library that does this would be one
//! more program to install, and turns the monotonic clock as well unless it is told not to.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt as _,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use softcap_proof::entry::decode;
use tempfile::TempDir;

use crate::{
    bundle::end_and_verify,
    client::{Answer, Client, OFFERING},
    record::{Held, Record, same_bytes},
    server::{Server, TERMS},
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A clock that the test turns, and what makes a program read it.
struct TurnedClock {
    folder: TempDir,
    ahead: File,
}

impl TurnedClock {
    /// One that shows the machine's time.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("turned_clock.c");
        fs::write(&source, include_str!("turned_clock.c")).unwrap();
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let output = Command::new(compiler)
            .args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
            .args([folder.path().join("turned_clock.so"), source])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let mut file = OpenOptions::new();
        file.create_new(true).write(true);
        let ahead = file.open(folder.path().join("ahead")).unwrap();
        let clock = Self { folder, ahead };
        clock.turn(0);
        clock
    }

    /// A node that reads this clock, and does not run yet.
    fn server(&self) -> Server {
        let path = |name: &str| self.folder.path().join(name).into_os_string();
        Server::embedded()
            .with_variable("LD_PRELOAD", path("turned_clock.so"))
            .with_variable("TURNED_CLOCK", path("ahead"))
    }

    /// Sets the clock so many milliseconds ahead of the machine's.
    fn turn(&self, ahead: i64) {
        self.ahead.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
    }
}

/// The machine's time, in unix milliseconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn later(time: u64, span: i64) -> u64 {
    time.checked_add_signed(span).unwrap()
}

/// An offering from which everybody may withdraw for two weeks.
async fn announced(server: &mut Server) -> Client {
    let client = server.client();
    server.start();
    let right = "[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"\n[[round]]";
    client.announce(&TERMS.replace("[[round]]", right)).await;
    client
}

/// Contributes, and gives the position of the entry.
async fn enter(client: &Client, key: &str, held: &mut Vec<Held>) -> u64 {
    position(key, &client.contribute(key, "p-1", 100).await, held)
}

fn position(key: &str, answer: &Answer, held: &mut Vec<Held>) -> u64 {
    let one = Held {
        key: key.to_owned(),
        sequence: answer.sequence(),
        body: answer.body.clone(),
    };
    let receipt = one.receipt();
    held.push(one);
    let (entry, _) = decode(receipt.leaf()).unwrap();
    entry.stamp.position.0
}

/// Contributions are refused with a code that says "later", without an entry.
async fn refused(client: &Client, key: &str) {
    let before = client.get(OFFERING).await.json()["entries"].clone();
    let answer = client.contribute(key, "p-1", 100).await;
    assert_eq!(answer.problem(), (503, "J202".to_owned()), "{answer:?}");
    assert!(answer.retry_after.is_some(), "{answer:?}");
    assert!(answer.text().contains("clock"), "{answer:?}");
    assert_eq!(client.get(OFFERING).await.json()["entries"], before);
}

async fn confirm(client: &Client) {
    let path = format!("{OFFERING}/confirmation");
    let answer = client.post(&path, "confirm", &Value::Null).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// What an operator sees of a stop: on the offering, in the readiness and the numbers.
async fn alarm(client: &Client) -> [String; 3] {
    let offering = client.get(OFFERING).await.json()["stopped"].clone();
    let ready = client.get("/readyz").await.json();
    let parts = ready["components"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "contributions");
    let numbers = client.get("/metrics").await.text();
    let stopped = numbers
        .lines()
        .find(|line| line.starts_with("softcap_log_stopped{"));
    [
        offering.as_str().unwrap_or_default().to_owned(),
        part.unwrap()["state"].as_str().unwrap().to_owned(),
        stopped.unwrap().rsplit_once(' ').unwrap().1.to_owned(),
    ]
}

/// No entry of the log stands before the one before it, or after this time.
fn in_order_until(record: &Record, latest: u64) {
    let mut last = 0;
    for leaf in &record.leaves {
        let (entry, _) = decode(leaf).unwrap();
        let position = entry.stamp.position.0;
        assert!(last <= position, "{last} is before {position}");
        assert!(position <= latest, "{position} is after {latest}");
        last = position;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_a_day_ahead_stops_money_coming_in_and_not_going_out() {
    let clock = TurnedClock::new();
    let mut server = clock.server();
    let client = announced(&mut server).await;
    let mut held = Vec::new();
    let begun = now();
    for key in ["withdrawn", "returned", "kept"] {
        let position = enter(&client, key, &mut held).await;
        assert!((begun..=now()).contains(&position), "{position}");
    }
    let quiet = [String::new(), "ready".to_owned(), "0".to_owned()];
    assert_eq!(alarm(&client).await, quiet);

    clock.turn(DAY);
    refused(&client, "at the wrong time").await;
    let [reason, state, number] = alarm(&client).await;
    assert!(reason.contains("clock jumped"), "{reason}");
    assert_eq!([state.as_str(), number.as_str()], ["warning", "1"]);
    assert!(server.errors().contains("the clock jumped"));
    // What is known is answered, and money goes out as before.
    let again = client.contribute("kept", "p-1", 100).await;
    assert_eq!(again.body, held[2].body);
    let withdrawal = format!("{OFFERING}/contributions/{}/withdrawal", held[0].sequence);
    let answer = client.post(&withdrawal, "w", &Value::Null).await;
    assert_eq!(answer.json()["outcome"]["kind"], "refunded", "{answer:?}");
    let back = json!({ "kind": "return", "contribution": held[1].sequence, "amount": "100", "reason": "order" });
    let operations = format!("{OFFERING}/operations");
    let answer = client.post(&operations, "r", &back).await;
    assert_eq!(answer.json()["outcome"]["kind"], "refunded", "{answer:?}");

    // A clock that is set right does not undo the stop: a person says so.
    clock.turn(0);
    refused(&client, "still waiting").await;
    confirm(&client).await;
    assert_eq!(alarm(&client).await, quiet);
    enter(&client, "still waiting", &mut held).await;
    let record = Record::fetch(&client).await;
    in_order_until(&record, now());
    let offering = record.check(&server.verifier(), &held).unwrap();
    assert_eq!(offering.contribution_count(), 4);
    assert_eq!(offering.raised().0, 200, "two of four went back");

    // A jump that is right is confirmed as well, and then time goes on from there.
    clock.turn(DAY);
    refused(&client, "a day later").await;
    confirm(&client).await;
    let position = enter(&client, "a day later", &mut held).await;
    assert!(position >= later(begun, DAY), "{position}");
    let record = Record::fetch(&client).await;
    in_order_until(&record, later(now(), DAY));
    record.check(&server.verifier(), &held).unwrap();
    same_bytes(&client, &held).await;
    end_and_verify(&server, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_an_hour_behind_lets_time_stand_still_and_the_sale_go_on() {
    let clock = TurnedClock::new();
    let mut server = clock.server();
    let client = announced(&mut server).await;
    let mut held = Vec::new();
    let before = enter(&client, "before", &mut held).await;
    clock.turn(-HOUR);
    for key in ["behind", "behind again"] {
        let position = enter(&client, key, &mut held).await;
        assert_eq!(position, before, "{key}");
    }
    // So does a start with such a clock.
    server.kill();
    server.start();
    assert_eq!(enter(&client, "started behind", &mut held).await, before);
    // Where the clock is right again, time goes on: that is no jump.
    clock.turn(0);
    let right = now();
    let position = enter(&client, "right again", &mut held).await;
    assert!((right..=now()).contains(&position), "{position}");
    let record = Record::fetch(&client).await;
    in_order_until(&record, now());
    record.check(&server.verifier(), &held).unwrap();
    same_bytes(&client, &held).await;
    end_and_verify(&server, &client).await;
}

/// The process stands still, and so does its monotonic clock, while the time of day goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_waits_for_a_person() {
    let clock = TurnedClock::new();
    let mut server = clock.server();
    let client = announced(&mut server).await;
    let mut held = Vec::new();
    let before = enter(&client, "before", &mut held).await;
    let process = Pid::from_raw(i32::try_from(server.process()).unwrap());
    kill(process, Signal::SIGSTOP).unwrap();
    clock.turn(2 * HOUR);
    kill(process, Signal::SIGCONT).unwrap();
    refused(&client, "after").await;
    confirm(&client).await;
    let position = enter(&client, "after", &mut held).await;
    assert!(position >= later(before, 2 * HOUR), "{position}");
    let record = Record::fetch(&client).await;
    in_order_until(&record, later(now(), 2 * HOUR));
    record.check(&server.verifier(), &held).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_a_day_after_the_newest_entry_waits_for_a_person() {
    let clock = TurnedClock::new();
    let mut server = clock.server();
    let client = announced(&mut server).await;
    let mut held = Vec::new();
    enter(&client, "before", &mut held).await;
    // A night's rest is none of it.
    let night = DAY - MINUTE;
    let evening = now();
    restart(&mut server, &clock, night);
    let position = enter(&client, "in the morning", &mut held).await;
    assert!(position >= later(evening, night), "{position}");

    restart(&mut server, &clock, night + DAY + MINUTE);
    refused(&client, "a day later").await;
    assert_eq!(alarm(&client).await[1], "warning");
    same_bytes(&client, &held).await;
    let record = Record::fetch(&client).await;
    in_order_until(&record, later(now(), night));
    // Another start is no confirmation.
    restart(&mut server, &clock, night + DAY + MINUTE);
    refused(&client, "a day later").await;
    confirm(&client).await;
    enter(&client, "a day later", &mut held).await;
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &held).unwrap();
    end_and_verify(&server, &client).await;
}

fn restart(server: &mut Server, clock: &TurnedClock, ahead: i64) {
    let status = server.stop();
    assert!(status.success(), "{status}: {}", server.errors());
    clock.turn(ahead);
    server.start();
}
