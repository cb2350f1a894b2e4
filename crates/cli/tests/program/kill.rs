//! A process that ends in the middle leaves no half result: the folder is absent, or whole.

use std::{
    fmt::Write as _,
    fs,
    os::unix::process::ExitStatusExt as _,
    process::{Child, ExitStatus},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::workplace::{SETTLE, Workplace};

const ROWS: usize = 200_000;

/// Moments as thousandths of all bytes of the result that are written, drawn once.
const MOMENTS: [u64; 6] = [0, 83, 412, 587, 905, 1000];

/// Names of folders in the making.
const UNFINISHED: &str = ".softcap-unfinished-";

fn large_sale() -> Workplace {
    let place = Workplace::starter();
    let mut text = String::from("contribution_id,investor,received_at,currency,amount\n");
    for row in 0..ROWS {
        let (investor, second, cents) = (row * 7 % 90_001, row * 60 / ROWS, row % 97);
        writeln!(
            text,
            "k-{row},{investor},2026-03-10T12:00:{second:02}Z,EUR,11.{cents:02}"
        )
        .unwrap();
    }
    place.write("contributions.csv", text);
    place.write("entries.toml", "");
    place
}

/// Bytes in the unfinished folder, if there is one that is not of an earlier run.
fn unfinished_bytes(place: &Workplace, earlier: &[String]) -> Option<u64> {
    let new = |name: &String| name.starts_with(UNFINISHED) && !earlier.contains(name);
    let folder = place.path().join(place.names().into_iter().find(new)?);
    // Files come and go while this looks.
    let files = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let kinds = files.filter_map(|file| file.metadata().ok());
    Some(kinds.map(|kind| kind.len()).sum())
}

/// Settles, sends a signal as soon as so many bytes of the result are there, and waits for the end.
fn interrupt(place: &Workplace, signal: Signal, bytes: u64) -> ExitStatus {
    let earlier = place.names();
    let mut child = spawn(place);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if unfinished_bytes(place, &earlier).is_some_and(|written| written >= bytes) {
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
            kill(id, signal).unwrap();
            return child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn spawn(place: &Workplace) -> Child {
    let mut command = place.softcap(&SETTLE);
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    command.spawn().unwrap()
}

/// Settles everything once; gives the size of the result and its journal root.
fn whole(place: &Workplace) -> (u64, String) {
    place.run(&SETTLE).succeeded();
    let folder = fs::read_dir(place.path().join("result")).unwrap();
    let bytes = folder
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let root = root(place);
    fs::remove_dir_all(place.path().join("result")).unwrap();
    (bytes, root)
}

fn root(place: &Workplace) -> String {
    place.json("result/settlement.json")["journal"]["root"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The result is not there, or it is whole and verifies; it is removed then.
fn absent_or_whole(place: &Workplace, expected_root: &str) -> bool {
    if !place.path().join("result").exists() {
        return false;
    }
    place.run(&["verify", "result"]).succeeded();
    assert_eq!(root(place), expected_root);
    fs::remove_dir_all(place.path().join("result")).unwrap();
    true
}

#[test]
fn a_killed_settle_leaves_no_half_result() {
    let place = large_sale();
    let (bytes, expected_root) = whole(&place);
    let before = place.names();
    let mut killed = 0;
    for moment in MOMENTS {
        // What earlier kills left stays there: it must not stand in the way.
        let status = interrupt(&place, Signal::SIGKILL, bytes * moment / 1000);
        if !absent_or_whole(&place, &expected_root) {
            assert_eq!(status.signal(), Some(9), "{moment}: {status}");
            killed += 1;
        }
        // What is left is hidden, and its name says what it is.
        let mut left = place.names();
        left.retain(|name| !before.contains(name));
        assert!(
            left.iter().all(|name| name.starts_with(UNFINISHED)),
            "{left:?}"
        );
        assert_eq!(left.len(), killed, "{left:?}");
    }
    assert!(
        killed >= 3,
        "only {killed} of the signals came in the middle"
    );
    place.run(&SETTLE).succeeded();
    assert!(absent_or_whole(&place, &expected_root));
}

#[test]
fn ctrl_c_removes_what_is_unfinished() {
    let place = large_sale();
    let (bytes, expected_root) = whole(&place);
    let before = place.names();
    let mut interrupted = 0;
    for (moment, signal) in [
        (0, Signal::SIGINT),
        (300, Signal::SIGTERM),
        (700, Signal::SIGINT),
        (990, Signal::SIGINT),
    ] {
        let status = interrupt(&place, signal, bytes * moment / 1000);
        let is_whole = absent_or_whole(&place, &expected_root);
        if status.code() == Some(130) {
            interrupted += 1;
        } else {
            // It came after the end.
            assert!(is_whole && status.success(), "{moment}: {status}");
        }
        assert_eq!(place.names(), before, "{moment}");
    }
    assert!(
        interrupted >= 2,
        "only {interrupted} of the signals came in the middle"
    );
}
