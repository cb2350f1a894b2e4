//! Any changed byte of a result is found, and the file is named. All bytes of all files are tried in
//! the tests of the library; here some of each, through the program.

use crate::workplace::{Answer, SETTLE, Workplace};

/// Files up to this size are tried at each byte, larger ones at so many.
const SMALL: usize = 400;
const TRIED: usize = 40;

/// A sequence that is the same in each run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX generator; its upper bits are good enough to pick places.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// A signed result with annotations: every kind of file.
fn full_result() -> Workplace {
    let place = Workplace::starter();
    place
        .run(&[
            "key",
            "--name",
            "softcap.example/harbour",
            "--out",
            "log.key",
        ])
        .succeeded();
    let text = place.text("contributions.csv");
    let annotated: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(row, line)| {
            if row == 0 {
                format!("{line},x_note")
            } else {
                format!("{line},{row}")
            }
        })
        .collect();
    place.write("contributions.csv", annotated.join("\n"));
    place
        .run(&[&SETTLE[..], &["--key", "log.key", "--with-annotations"]].concat())
        .succeeded();
    place
}

fn files(place: &Workplace) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(place.path().join("result"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 12, "{names:?}");
    names
}

#[track_caller]
fn finds(answer: &Answer, file: &str) {
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(answer.err, "", "{answer:?}");
    let value = answer.value();
    assert_eq!(value["verified"], false, "{answer:?}");
    assert_eq!(value["file"], file, "{answer:?}");
}

#[test]
fn a_changed_byte_is_found_and_its_file_named() {
    let place = full_result();
    let mut draws = Draws(20_260_301);
    let mut changed = 0;
    for name in files(&place) {
        let file = format!("result/{name}");
        let good = place.bytes(&file);
        let last = good.len() - 1;
        let places: Vec<usize> = if good.len() < SMALL {
            (0..good.len()).collect()
        } else {
            [0, last]
                .into_iter()
                .chain((2..TRIED).map(|_| draws.below(last)))
                .collect()
        };
        for at in places {
            let mut bad = good.clone();
            bad[at] ^= u8::try_from(1 + draws.below(255)).unwrap();
            place.write(&file, bad);
            let answer = place.run(&["verify", "result", "--json"]);
            println!("{name}, byte {at}");
            finds(&answer, &name);
            changed += 1;
        }
        place.write(&file, good);
    }
    assert!(changed > 10 * TRIED, "only {changed} bytes were tried");
    place.run(&["verify", "result"]).succeeded();
}

#[test]
fn a_file_that_is_cut_longer_gone_or_no_file_is_named() {
    let place = full_result();
    for name in files(&place) {
        let file = format!("result/{name}");
        let path = place.path().join(&file);
        let good = place.bytes(&file);
        for bad in [
            &good[..good.len() - 1],
            &good[..good.len() / 2],
            &[],
            &[&good[..], b"\n"].concat(),
            &[&good[..], &good].concat(),
        ] {
            place.write(&file, bad);
            finds(&place.run(&["verify", "result", "--json"]), &name);
        }
        std::fs::remove_file(&path).unwrap();
        finds(&place.run(&["verify", "result", "--json"]), &name);
        std::fs::create_dir(&path).unwrap();
        finds(&place.run(&["verify", "result", "--json"]), &name);
        std::fs::remove_dir(&path).unwrap();
        place.shell(&format!("mkfifo {file}"), &[]).succeeded();
        finds(&place.run(&["verify", "result", "--json"]), &name);
        std::fs::remove_file(&path).unwrap();
        place.write(&file, good);
    }
    place.run(&["verify", "result"]).succeeded();
}

#[test]
fn a_file_too_many_is_found() {
    let place = full_result();
    place.write("result/extra.csv", "");
    let answer = place.run(&["verify", "result"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(
        answer
            .out
            .starts_with("not verified: result: V105: unexpected file \"extra.csv\"; "),
        "{answer:?}"
    );
}

#[test]
fn a_change_is_named_with_its_row_or_entry() {
    let place = full_result();
    let settlement = place.text("result/settlement.csv");
    place.write(
        "result/settlement.csv",
        settlement.replace(
            "c-007,90217,EUR,2500.5,2500.5",
            "c-007,90217,EUR,2500.5,2500.4",
        ),
    );
    let answer = place.run(&["verify", "result"]);
    assert!(
        answer
            .out
            .starts_with("not verified: result: V106: settlement.csv, row 7 (c-007), field 5: "),
        "{answer:?}"
    );
    place.write("result/settlement.csv", settlement);
    let mut journal = place.bytes("result/journal");
    let at = journal
        .windows(5)
        .position(|window| window == b"c-007")
        .unwrap();
    journal[at + 4] = b'8';
    place.write("result/journal", journal);
    let answer = place.run(&["verify", "result"]);
    assert!(
        answer
            .out
            .starts_with("not verified: result: V106: journal, entry 9"),
        "{answer:?}"
    );
}

/// Files that pretend to be huge cost little memory.
#[test]
fn a_file_without_end_is_found_with_little_memory() {
    let place = full_result();
    for name in files(&place) {
        let file = format!("result/{name}");
        let good = place.bytes(&file);
        let handle = std::fs::OpenOptions::new()
            .write(true)
            .open(place.path().join(&file))
            .unwrap();
        handle.set_len(1 << 28).unwrap();
        let answer = place.shell(
            "ulimit -v 700000 && exec \"$@\"",
            &["verify", "result", "--json"],
        );
        finds(&answer, &name);
        place.write(&file, good);
    }
}
