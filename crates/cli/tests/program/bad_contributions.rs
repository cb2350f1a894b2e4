//! Every kind of bad `contributions.csv`: one message with file, line, column and what is allowed,
//! exit code 2, and nothing written. What the reader does at its edges is tested beside it; here
//! the whole program has to hold.

use crate::workplace::{SETTLE, Workplace};

const HEADER: &str = "contribution_id,investor,received_at,currency,amount";
const ROW: &str = "c-1,alice,2026-03-10T12:00:00Z,EUR,100";

/// Runs `settle` for people and for machines: both refuse, and nothing in the folder changes.
#[track_caller]
pub(crate) fn refuses(place: &Workplace, arguments: &[&str], parts: &[&str]) {
    let before = place.everything();
    place.run(arguments).refused(parts);
    place
        .run(&[arguments, &["--json"]].concat())
        .refused_as_json();
    assert!(
        place.everything() == before,
        "{arguments:?} wrote something"
    );
}

/// A row whose field of that number is another one.
fn row(field: usize, value: &str) -> Vec<u8> {
    let mut fields: Vec<&str> = ROW.split(',').collect();
    fields[field] = value;
    format!("{HEADER}\n{ROW}\n{}\n", fields.join(",")).into_bytes()
}

fn file(lines: &[&str]) -> Vec<u8> {
    lines.join("\n").into_bytes()
}

/// Content, and the parts of the message.
type Case = (Vec<u8>, Vec<&'static str>);

/// Bytes that are no text, or no lines.
fn texts() -> Vec<Case> {
    let csv = "contributions.csv";
    let utf16 = format!("{HEADER}\n{ROW}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<_>>();
    vec![
        (
            vec![],
            vec![
                "C103: contributions.csv: is empty; allowed: a header line with the columns contribution_id,",
            ],
        ),
        (
            [b"\xFF\xFE".as_slice(), &utf16].concat(),
            vec![
                csv,
                "line 1",
                "0xff is not UTF-8",
                "UTF-16, save it as UTF-8",
            ],
        ),
        (
            row(1, "").into_iter().chain(*b"c-2,Z\xFCrich").collect(),
            vec![csv, "line", "allowed: "],
        ),
        (
            [
                &row(0, "c-2")[..],
                b"c-3,Z\xFCrich,2026-03-10T12:00:00Z,EUR,1\n",
            ]
            .concat(),
            vec![
                "contributions.csv, line 4, column investor: byte 0xfc is not UTF-8; allowed: text in UTF-8",
            ],
        ),
        (
            file(&[HEADER, ROW, "\"c-2\nx\",bob,2026-03-10T12:00:00Z,EUR,1"]),
            vec![
                "contributions.csv, line 3: a quoted field does not end on its line; allowed: fields without line breaks",
            ],
        ),
        (
            file(&[
                HEADER,
                &format!("c-2,{},2026-03-10T12:00:00Z,EUR,1", "a".repeat(1 << 17)),
            ]),
            vec![csv, "line 2", "allowed: "],
        ),
    ]
}

/// Columns that are missing, doubled, unknown, or of the other clock.
fn headers() -> Vec<Case> {
    let csv = "contributions.csv";
    vec![
        (
            file(&[
                "contribution_id,investor,received_at,currency",
                "c-1,a,2026-03-10T12:00:00Z,EUR",
            ]),
            vec![
                csv,
                "line 1",
                "the column amount is missing; allowed: contribution_id, investor, received_at, currency, amount",
            ],
        ),
        (
            file(&[
                "contribution_id,investor,received_at,currency,amount,amount",
                ROW,
            ]),
            vec![
                csv,
                "line 1",
                "\"amount\"",
                "stands here and before; allowed: each column once",
            ],
        ),
        (
            file(&[
                "contribution_id,investor,received_at,currency,amount,note",
                ROW,
            ]),
            vec![
                csv,
                "line 1",
                "\"note\" is not a known column; allowed: contribution_id, investor, received_at, currency, amount",
                "x_",
            ],
        ),
        (
            file(&["contribution_id,investor,block_height,currency,amount", ROW]),
            vec![
                csv,
                "line 1",
                "block_height",
                "counts time; allowed: the column received_at",
            ],
        ),
        (
            file(&[HEADER, ROW, "c-2,bob"]),
            vec!["contributions.csv, line 3: the row has 2 fields; allowed: 5"],
        ),
    ]
}

/// Amounts that are none.
fn amounts() -> Vec<Case> {
    let forty = "9".repeat(40);
    vec![
        (
            row(4, "-1"),
            vec![
                "contributions.csv, line 3, column amount: \"-1\" is negative; allowed: digits",
                "at most 2 decimals (EUR)",
            ],
        ),
        (
            row(4, "1e3"),
            vec![
                "contributions.csv, line 3, column amount: \"1e3\"",
                "allowed: digits",
            ],
        ),
        (
            row(4, &forty),
            vec![
                "contributions.csv, line 3, column amount: \"9999",
                "allowed: digits",
            ],
        ),
        (
            row(4, "1.001"),
            vec![
                "contributions.csv, line 3, column amount: \"1.001\" has more decimals",
                "allowed: digits",
                "at most 2 decimals (EUR)",
            ],
        ),
        (
            row(4, "NaN"),
            vec![
                "contributions.csv, line 3, column amount: \"NaN\"",
                "allowed: digits",
            ],
        ),
    ]
}

/// Dates that are none.
fn dates() -> Vec<Case> {
    vec![
        (
            row(2, "2026-03-10T12:00:00"),
            vec![
                "contributions.csv, line 3, column received_at: \"2026-03-10T12:00:00\" has no zone; allowed: a date with zone",
            ],
        ),
        (
            row(2, "10.03.2026"),
            vec![
                "contributions.csv, line 3, column received_at: \"10.03.2026\" is not a date",
                "for example 2026-03-01T12:00:00Z",
            ],
        ),
        (
            row(2, "2026-02-30T12:00:00Z"),
            vec![
                "contributions.csv, line 3, column received_at",
                "does not exist; allowed: ",
            ],
        ),
        (
            row(2, "1773144000000"),
            vec![
                "contributions.csv, line 3, column received_at",
                "allowed: a date with zone",
            ],
        ),
    ]
}

/// Currencies, investors and ids.
fn names() -> Vec<Case> {
    vec![
        (
            row(3, "USD"),
            vec![
                "contributions.csv, line 3, column currency: \"USD\" is not a currency of the terms; allowed: EUR, ETH",
            ],
        ),
        (
            row(1, "al ice"),
            vec![
                "contributions.csv, line 3, column investor: \"al ice\"",
                "allowed: an EVM address, or 1 to 100 letters",
            ],
        ),
        (
            row(0, "c-1"),
            vec![
                "contributions.csv, line 3, column contribution_id: \"c-1\" stands already on line 2; allowed: each contribution_id once",
            ],
        ),
        (
            row(0, "c\u{1b}[2J"),
            vec![
                "contributions.csv, line 3, column contribution_id: holds the control character U+001B; allowed: printable text",
            ],
        ),
    ]
}

#[test]
fn each_bad_file_ends_in_one_message_and_nothing_is_written() {
    let place = Workplace::settled();
    std::fs::rename(place.path().join("result"), place.path().join("earlier")).unwrap();
    place.write("entries.toml", "");
    let table = [texts(), headers(), amounts(), dates(), names()].concat();
    for (content, parts) in table {
        place.write("contributions.csv", content);
        refuses(&place, &SETTLE, &parts);
    }
    place.write("contributions.csv", file(&[HEADER, ROW]));
    place.run(&SETTLE).succeeded();
    place.run(&["verify", "earlier"]).succeeded();
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_change_nothing() {
    let place = Workplace::settled();
    let text = place.text("contributions.csv").replace('\n', "\r\n");
    place.write("windows.csv", format!("\u{feff}{text}"));
    let mut arguments = SETTLE;
    arguments[4] = "windows.csv";
    std::fs::rename(place.path().join("result"), place.path().join("other")).unwrap();
    place.run(&arguments).succeeded();
    for name in [
        "journal",
        "settlement.csv",
        "investors.csv",
        "manifest.json",
    ] {
        let (unix, windows) = (format!("other/{name}"), format!("result/{name}"));
        assert!(place.bytes(&unix) == place.bytes(&windows), "{name}");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let place = Workplace::starter();
    std::fs::create_dir(place.path().join("folder")).unwrap();
    place.shell("mkfifo pipe", &[]).succeeded();
    let (terms, contributions, entries) = (2, 4, 6);
    for flag in [terms, contributions, entries] {
        for (there, message) in [
            ("folder", "folder: is a directory; allowed: a regular file"),
            (
                "pipe",
                "pipe: is a pipe or a device; allowed: a regular file",
            ),
            (
                "nowhere",
                "nowhere: cannot be read (No such file or directory",
            ),
        ] {
            let mut arguments = SETTLE;
            arguments[flag] = there;
            refuses(&place, &arguments, &[message]);
        }
    }
}

/// Two gigabytes in one line: the address space that the program may use is far smaller.
#[test]
fn a_line_without_end_is_refused_with_little_memory() {
    let place = Workplace::starter();
    let two_gigabytes = 2 << 30;
    place.sparse("line.csv", HEADER, two_gigabytes);
    place.sparse("row.csv", &format!("{HEADER}\n{ROW}\nc-2,"), two_gigabytes);
    place.sparse("long.toml", "# ", two_gigabytes);
    let limit = "ulimit -v 700000 && exec \"$@\"";
    for (flag, name, parts) in [
        (
            4,
            "line.csv",
            [
                "line.csv, line 1",
                "the line is longer than",
                "allowed: one row to a line",
            ],
        ),
        (
            4,
            "row.csv",
            [
                "row.csv, line 3",
                "the line is longer than",
                "allowed: one row to a line",
            ],
        ),
        (
            6,
            "long.toml",
            [
                "long.toml",
                "is larger than",
                "allowed: a file up to that size",
            ],
        ),
        (
            2,
            "long.toml",
            [
                "long.toml",
                "is larger than",
                "allowed: a file up to that size",
            ],
        ),
    ] {
        let mut arguments = SETTLE;
        arguments[flag] = name;
        place.shell(limit, &arguments).refused(&parts);
    }
    assert!(!place.names().contains(&"result".to_owned()));
    // The limit itself is no obstacle to honest files.
    place.shell(limit, &SETTLE).succeeded();
}
