//! Entries files in, journals or one message out.

use std::hash::RandomState;

use proptest::prelude::*;
use softcap_offering::{
    Command, LineIndex, Position, Ratio, ReturnReason, Sequence, Stamp, terms::Terms,
};

use super::{Action, Entries, EntrySink, Merge, kinds};
use crate::{
    contributions_csv::{ContributionsFile, fixture},
    input_error::{InputError, InputFault},
};

/// Writes one line for each entry; numbers them from 1, as after an announcement.
struct Journal(Vec<String>);

impl EntrySink for Journal {
    type Error = InputError;

    fn append(&mut self, stamp: Stamp, command: &Command<'_>) -> Result<Sequence, InputError> {
        let text = match command {
            Command::Contribute(contribute) => format!("contribute {}", contribute.reference),
            Command::Commit { reference, .. } => format!("commit {reference}"),
            Command::Admit(admit) => format!("admit {}", admit.investor),
            Command::Withdraw { contribution } => format!("withdraw {contribution}"),
            Command::Return {
                contribution,
                amount,
                reason,
            } => {
                format!("return {contribution} {amount} {}", reason.name())
            }
            Command::Reveal { bid, amount, .. } => format!("reveal {bid} {amount}"),
            Command::Announce { .. }
            | Command::Revoke { .. }
            | Command::Rate { .. }
            | Command::Pause
            | Command::Resume
            | Command::Seed { .. }
            | Command::Document { .. }
            | Command::Close { .. }
            | Command::Cancel
            | Command::Tick
            | Command::Settle
            | Command::Publish { .. }
            | Command::Distribute { .. }
            | Command::PayRefund { .. }
            | Command::Vest { .. }
            | Command::Release { .. }
            | Command::Fund { .. }
            | Command::TakeBack { .. }
            | Command::Escrow(_) => format!("{command:?}")
                .split([' ', '{'])
                .next()
                .unwrap()
                .to_lowercase(),
        };
        self.0
            .push(format!("{}@{} {text}", stamp.line, stamp.position));
        Ok(Sequence(u64::try_from(self.0.len()).unwrap()))
    }
}

fn journal(terms: &Terms, csv: &str, toml: &str) -> Result<Vec<String>, InputError> {
    let entries = Entries::parse(toml.as_bytes(), "entries.toml", terms)?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sale.csv");
    std::fs::write(&path, csv).unwrap();
    let mut merge = Merge::new(&entries, Stamp::default());
    let mut journal = Journal(Vec::new());
    merge.start(&mut journal)?;
    ContributionsFile::open(&path)?.read(terms, &RandomState::new(), |batch| {
        batch
            .rows()
            .try_for_each(|row| merge.contribution(&row, &mut journal))
    })?;
    merge.finish(&mut journal)?;
    Ok(journal.0)
}

/// Rows `id`, `seconds after 1970`, currency.
fn time_csv(rows: &[(&str, u64, &str)]) -> String {
    let row = |(id, second, currency): &(&str, u64, &str)| {
        format!("{id},i-{id},1970-01-01T00:00:{second:02}Z,{currency},1\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("contribution_id,investor,received_at,currency,amount\n{rows}")
}

fn entry(keys: &str) -> String {
    format!("[[entry]]\n{}\n", keys.replace("; ", "\n"))
}

fn refusal(terms: &Terms, text: &str) -> String {
    match Entries::parse(text.as_bytes(), "entries.toml", terms) {
        Ok(entries) => format!("accepted: {}", entries.len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn entries_and_contributions_come_into_one_order() {
    let terms = fixture::time_terms();
    let csv = time_csv(&[
        ("a", 10, "BTC"),
        ("b", 20, "ETH"),
        ("c", 15, "BTC"),
        ("d", 30, "BTC"),
    ]);
    let toml: String = [
        "kind = 'tick'; at = 'end'",
        "kind = 'cancel'; at = '1970-01-01T00:00:40Z'",
        "kind = 'tick'; at = 1970-01-01T00:00:12Z",
        "kind = 'pause'; at = '1970-01-01T00:00:11Z'",
        "kind = 'resume'; at = '1970-01-01T00:00:12Z'",
        "kind = 'tick'; at = '1970-01-01T00:00:10Z'",
        "kind = 'withdraw'; contribution = 'a'; after = 'c'",
        "kind = 'close'; round = 'public'; after = 'a'",
        "kind = 'return'; contribution = 'b'; amount = '1_0.5 ETH'; reason = 'over_limit'; after = 'c'",
        "kind = 'admit'; round = 'early'; investors = ['x', 'y']; at = 'start'",
    ]
    .map(entry)
    .concat();
    let expected = [
        "0@0 admit x",
        "0@0 admit y",
        "0@10000 tick",
        "0@10000 contribute a",
        "0@10000 close",
        "0@11000 pause",
        "0@12000 tick",
        "0@12000 resume",
        "0@20000 contribute b",
        "0@15000 contribute c",
        "0@15000 withdraw 4",
        "0@15000 return 9 10500000000000000000 over_limit",
        "0@30000 contribute d",
        "0@40000 cancel",
        "0@40000 tick",
    ];
    assert_eq!(journal(&terms, &csv, &toml).unwrap(), expected);
}

#[test]
fn the_end_is_the_latest_position_of_the_last_line() {
    let terms = fixture::block_terms();
    let csv = "contribution_id,investor,block_height,currency,amount\n\
        b,bob,3487504,ETH,1\na,alice,460700,BTC,1\nc,carol,460654,BTC,1\n";
    let toml: String = [
        "kind = 'tick'; at = 'end'",
        "kind = 'pause'; at_height = 4_000_000; chain = 'ethereum'",
        "kind = 'resume'; at_height = 460_690; chain = 'bitcoin'",
        "kind = 'cancel'; at_height = 500_000; chain = 'bitcoin'",
    ]
    .map(entry)
    .concat();
    let expected = [
        "1@3487504 contribute b",
        "0@460690 resume",
        "0@460700 contribute a",
        "0@460654 contribute c",
        "1@4000000 pause",
        "0@500000 cancel",
        "0@500000 tick",
    ];
    assert_eq!(journal(&terms, csv, &toml).unwrap(), expected);
    let end = entry("kind = 'tick'; at = 'end'");
    assert_eq!(
        journal(&terms, csv, &end)
            .unwrap()
            .last()
            .map(String::as_str),
        Some("0@460700 tick")
    );
    let empty = "contribution_id,investor,block_height,currency,amount\n";
    assert_eq!(journal(&terms, empty, &end).unwrap(), ["0@0 tick"]);
}

/// The example of the Cosmos sale: the return of 17,890 ETH.
#[test]
fn the_return_of_the_cosmos_sale_is_written_in_five_lines() {
    let terms = fixture::block_terms();
    let csv = "contribution_id,investor,block_height,currency,amount\n\
        eth-3487504-1,aff9f5a716cdd701304eae6fc7f42c80fdeea584,3487504,ETH,20000\n";
    for place in ["after = 'eth-3487504-1'", "at = 'end'"] {
        let toml = entry(&format!(
            "kind = 'return'; {place}; contribution = 'eth-3487504-1'; amount = '17890 ETH'; \
             reason = 'over_limit'"
        ));
        let expected = [
            "1@3487504 contribute eth-3487504-1",
            "1@3487504 return 1 17890000000000000000000 over_limit",
        ];
        assert_eq!(journal(&terms, csv, &toml).unwrap(), expected);
    }
}

fn commit(id: &str, place: &str) -> String {
    let hash = "ab".repeat(32);
    entry(&format!(
        "kind = 'commit'; contribution_id = '{id}'; investor = 'i'; locked = '100 EUR'; \
         commitment = '{hash}'; {place}"
    ))
}

fn reveal(id: &str, place: &str) -> String {
    let salt = "0x".to_owned() + &"01".repeat(32);
    entry(&format!(
        "kind = 'reveal'; bid = '{id}'; amount = '90 EUR'; limit_price = '90/30'; salt = '{salt}'; \
         {place}"
    ))
}

#[test]
fn sealed_bids_are_anchors_too() {
    let terms = fixture::sealed_terms();
    let csv = time_csv(&[("a", 1, "EUR"), ("b", 2, "EUR")]);
    let toml = [
        reveal("bid-1", "after = 'bid-2'"),
        commit("bid-2", "after = 'bid-1'"),
        commit("bid-1", "after = 'a'"),
        entry("kind = 'tick'; after = 'a'"),
        entry("kind = 'withdraw'; contribution = 'bid-2'; at = 'end'"),
    ]
    .concat();
    let expected = [
        "0@1000 contribute a",
        "0@1000 commit bid-1",
        "0@1000 commit bid-2",
        "0@1000 reveal 2 9000",
        "0@1000 tick",
        "0@2000 contribute b",
        "0@2000 withdraw 3",
    ];
    assert_eq!(journal(&terms, &csv, &toml).unwrap(), expected);
    // A chain of bids, each after the one before, needs no deep stack.
    let chain: String = (0..20_000)
        .map(|id| commit(&format!("n{}", id + 1), &format!("after = 'n{id}'")))
        .chain([commit("n0", "at = 'start'")])
        .collect();
    assert_eq!(journal(&terms, &csv, &chain).unwrap().len(), 20_003);
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let terms = fixture::time_terms();
    let csv = time_csv(&[("a", 1, "BTC"), ("b", 2, "ETH")]);
    let withdraw = |contribution: &str, place: &str| {
        entry(&format!(
            "kind = 'withdraw'; contribution = '{contribution}'; {place}"
        ))
    };
    let back = |amount: &str| {
        entry(&format!(
            "kind = 'return'; contribution = 'a'; amount = '{amount}'; reason = 'order'; at = 'end'"
        ))
    };
    let tick = entry("kind = 'tick'; at = 'end'");
    let table = [
        (
            withdraw("b", "after = 'a'"),
            "C170: entries.toml, line 1, key contribution: no contribution \"b\" stands before this entry",
        ),
        (withdraw("nobody", "at = 'end'"), "C170: "),
        (withdraw("a", "at = '1970-01-01T00:00:00Z'"), "C170: "),
        (
            withdraw("a", "at = 'start'"),
            "C170: entries.toml, line 4, column 6, key at: ",
        ),
        (
            tick.clone() + &withdraw("a", "after = 'nobody'"),
            "C171: entries.toml, line 4, key after: there is no contribution \"nobody\" to stand after",
        ),
        (
            back("1 ETH"),
            "C172: entries.toml, line 1, key amount: the contribution is in BTC, not in ETH",
        ),
        (
            commit("a", "at = 'end'").replace("EUR", "BTC"),
            "C153: entries.toml, line 1, key contribution_id: \"a\" stands already on line 2 of the contributions",
        ),
        // Two bids that wait for each other never come.
        (
            (commit("p", "after = 'q'") + &commit("q", "after = 'p'")).replace("EUR", "BTC"),
            "C171: entries.toml, line 1, key after",
        ),
    ];
    for (toml, expected) in table {
        let message = match journal(&terms, &csv, &toml) {
            Ok(lines) => format!("accepted: {lines:?}"),
            Err(error) => error.to_string(),
        };
        assert!(
            message.starts_with(expected),
            "{toml}\n  gave {message}\n  not  {expected}"
        );
    }
}

/// Entries and the begin of their message.
#[test]
fn bad_entries_end_in_one_clear_message() {
    let terms = fixture::time_terms();
    let hash = "ab".repeat(32);
    let long = "ab".repeat(1025);
    let seed = format!("kind = 'seed'; at = 'end'; round = 'public'; seed = '{hash}'; proof = ''");
    let table = [
        ("kind = 'tick'; at = 'end'".to_owned(), "accepted: 1"),
        (seed.clone(), "accepted: 1"),
        (format!("kind = 'document'; at = 'end'; hash = '0x{hash}'; withdrawal_until = 2026-03-01T12:00:00+01:00"), "accepted: 1"),
        ("kind = 'admit'; at = 'start'; round = 'early'; investor = 'x'; limit = '1.5 BTC'; guaranteed = '1 BTC'; expires = '2026-03-02T00:00:00Z'; withdrawal = 'marked'".to_owned(), "accepted: 1"),
        ("at = 'end'".to_owned(), "C162: entries.toml, line 1, column 1, key kind: the key kind is missing; allowed: one of admit, revoke, "),
        ("kind = 'tick'".to_owned(), "C162: entries.toml, line 1, column 1, key after: the key after is missing; allowed: after = a contribution_id; or at = a date with zone, \"start\" or \"end\""),
        ("kind = 'tik'; at = 'end'".to_owned(), "C163: entries.toml, line 2, column 8, key kind: \"tik\" does not fit; allowed: admit, "),
        ("kind = 'settle'; at = 'end'".to_owned(), "C163: "),
        ("kind = 7; at = 'end'".to_owned(), "C163: entries.toml, line 2, column 8, key kind: \"integer\" does not fit"),
        ("kind = 'tick'; at = 'end'; after = 'a'".to_owned(), "C164: entries.toml, line 3, column 6, key at: stands beside after; allowed: only one of the two"),
        ("kind = 'tick'; at = 'end'; amuont = '1 BTC'".to_owned(), "C161: entries.toml, line 4, column 1, key \"amuont\": the key is not known here; allowed: kind, after, at, at_height, chain"),
        ("kind = 'withdraw'; at = 'end'; contributoin = 'a'".to_owned(), "C161: entries.toml, line 4, column 1, key \"contributoin\": the key is not known here; allowed: kind, after, at, at_height, chain, contribution; did you mean contribution?"),
        ("kind = 'tick'; at_height = 5".to_owned(), "C163: "),
        ("kind = 'tick'; at = 'end'; chain = 'time'".to_owned(), "C164: "),
        ("kind = 'tick'; at = '2026-03-01T12:00:00'".to_owned(), "C141: entries.toml, line 3, column 6, key at: \"2026-03-01T12:00:00\" has no zone"),
        ("kind = 'tick'; at = 2026-03-01".to_owned(), "C140: "),
        ("kind = 'tick'; at = 12".to_owned(), "C163: "),
        ("kind = 'tick'; after = 'a,b'".to_owned(), "C152: "),
        ("kind = 'close'; at = 'end'".to_owned(), "C162: entries.toml, line 1, column 1, key round: the key round is missing; allowed: one of early, public"),
        ("kind = 'close'; at = 'end'; round = 'erly'".to_owned(), "C165: entries.toml, line 4, column 9, key round: \"erly\" is no round of the terms; allowed: early, public"),
        ("kind = 'admit'; at = 'end'; round = 'early'".to_owned(), "C162: "),
        ("kind = 'admit'; at = 'end'; round = 'early'; investors = []".to_owned(), "C163: "),
        ("kind = 'admit'; at = 'end'; round = 'early'; investors = ['a', 'b c']".to_owned(), "C151: entries.toml, line 5, column 19, key investors: \"b c\": "),
        ("kind = 'admit'; at = 'end'; round = 'early'; investors = ['a']; investor = 'b'".to_owned(), "C164: "),
        ("kind = 'admit'; at = 'end'; round = 'early'; investor = 'b'; limit = '5 ETH'".to_owned(), "C163: entries.toml, line 6, column 9, key limit: \"5 ETH\" does not fit; allowed: an amount in BTC"),
        ("kind = 'admit'; at = 'end'; round = 'early'; investor = 'b'; limit = 5".to_owned(), "C163: "),
        ("kind = 'admit'; at = 'end'; round = 'early'; investor = 'b'; withdrawal = 'yes'".to_owned(), "C163: "),
        ("kind = 'rate'; at = 'end'; rate = '0 BTC per ETH'".to_owned(), "C163: "),
        ("kind = 'rate'; at = 'end'; rate = '5 ETH per XRP'".to_owned(), "C163: "),
        ("kind = 'rate'; at = 'end'; rate = '5 BTC per XRP'".to_owned(), "C150: "),
        ("kind = 'rate'; at = 'end'; rate = '-5 BTC per ETH'".to_owned(), "C131: "),
        ("kind = 'return'; at = 'end'; contribution = 'a'; amount = '1'; reason = 'order'".to_owned(), "C163: entries.toml, line 5, column 10, key amount: \"1\" does not fit; allowed: a string with an amount and its unit, for example \"17_890.5 BTC\""),
        ("kind = 'return'; at = 'end'; contribution = 'a'; amount = '1  BTC'; reason = 'order'".to_owned(), "C163: "),
        ("kind = 'return'; at = 'end'; contribution = 'a'; amount = '1.123456789 BTC'; reason = 'order'".to_owned(), "C137: "),
        ("kind = 'return'; at = 'end'; contribution = 'a'; amount = '1 BTC'; reason = 'mood'".to_owned(), "C163: entries.toml, line 6, column 10, key reason: \"mood\" does not fit; allowed: one of discretion, over_limit, "),
        (seed.replace("seed = 'ab", "seed = 'b"), "C163: "),
        (seed.replace("seed = 'ab", "seed = 'gg"), "C163: "),
        (seed.replace("proof = ''", &format!("proof = '{long}'")), "C163: "),
    ];
    for (keys, expected) in table {
        let message = refusal(&terms, &entry(&keys));
        assert!(
            message.starts_with(expected),
            "{keys}\n  gave {message}\n  not  {expected}"
        );
    }
    let whole = [
        ("", "accepted: 0"),
        ("entry = []", "accepted: 0"),
        ("[entry]\nkind = 'tick'", "C163: entries.toml, line 1, "),
        (
            "[[entries]]\nkind = 'tick'",
            "C161: entries.toml, line 1, column 3, key \"entries\": the key is not known here; allowed: entry; did you mean entry?",
        ),
        ("entry = [1]", "C163: "),
        ("[[entry]]\nkind = ", "C160: entries.toml, line 2, column 8"),
        (
            "[[entry]]\nkind = 'tick'\nkind = 'tick'",
            "C160: entries.toml, line 3",
        ),
        ("[[entry]]\nkind = 'a\0'", "C160: "),
    ];
    for (text, expected) in whole {
        let message = refusal(&terms, text);
        assert!(
            message.starts_with(expected),
            "{text}\n  gave {message}\n  not  {expected}"
        );
    }
    let twice = commit("a", "at = 'end'") + &commit("a", "at = 'end'");
    let message = refusal(&fixture::sealed_terms(), &twice);
    assert!(message.starts_with("C153: entries.toml, line 8, key contribution_id: \"a\" stands already in the entry of line 1"), "{message}");
    let error = Entries::parse(b"[[entry]]\nkind = '\xFF'", "e", &terms).unwrap_err();
    assert!(error.to_string().starts_with("C106: e, line 2"));
    let nested = "a = ".to_owned() + &"[".repeat(100_000);
    assert!(refusal(&terms, &nested).starts_with("C160"));
}

#[test]
fn heights_need_their_chain() {
    let terms = fixture::block_terms();
    let table = [
        (
            "kind = 'tick'; at_height = 5; chain = 'bitcoin'",
            "accepted: 1",
        ),
        (
            "kind = 'tick'; at_height = 5",
            "C162: entries.toml, line 1, column 1, key chain: the key chain is missing; allowed: one of bitcoin, ethereum",
        ),
        ("kind = 'tick'; at_height = 5; chain = 'doge'", "C165: "),
        ("kind = 'tick'; at_height = -5; chain = 'bitcoin'", "C163: "),
        (
            "kind = 'tick'; at_height = '5'; chain = 'bitcoin'",
            "C163: ",
        ),
        ("kind = 'tick'; at = '2026-03-01T12:00:00Z'", "C163: "),
        (
            "kind = 'admit'; at = 'start'; investor = 'x'; expires = 5",
            "accepted: 1",
        ),
    ];
    for (keys, expected) in table {
        let message = refusal(&terms, &entry(keys));
        assert!(
            message.starts_with(expected),
            "{keys}\n  gave {message}\n  not  {expected}"
        );
    }
}

#[test]
fn rates_are_exact_in_both_directions() {
    let terms = fixture::time_terms();
    // BTC has 8 decimals, ETH 18: units of BTC for each unit of ETH.
    let table = [
        ("0.05 BTC per ETH", 5, 1_000_000_000_000),
        ("0.05 BTC per 1 ETH", 5, 1_000_000_000_000),
        ("1 ETH per 0.05 BTC", 5, 1_000_000_000_000),
        ("20.00 ETH per BTC", 5, 1_000_000_000_000),
        ("3 ETH per BTC", 1, 30_000_000_000),
        ("0.000000000001 BTC per ETH", 1, 10_u128.pow(22)),
        ("1_000 BTC per ETH", 1, 10_000_000),
    ];
    for (text, num, den) in table {
        let toml = entry(&format!("kind = 'rate'; at = 'end'; rate = '{text}'"));
        let entries = Entries::parse(toml.as_bytes(), "entries.toml", &terms).unwrap();
        let Action::Rate { currency, rate } = &entries.list[0].action else {
            panic!("{text}")
        };
        assert_eq!(currency.0, 1, "{text}");
        assert_eq!(*rate, Ratio::new(num, den).unwrap(), "{text}");
    }
}

#[test]
fn entries_in_any_order_stand_where_their_position_says() {
    // Many entries at many positions, in reverse: each must stand before its contribution.
    let terms = fixture::time_terms();
    let csv = time_csv(&[("a", 30, "BTC"), ("b", 50, "BTC")]);
    let toml: String = (0..60)
        .rev()
        .map(|s| entry(&format!("kind = 'tick'; at = '1970-01-01T00:00:{s:02}Z'")))
        .collect();
    let lines = journal(&terms, &csv, &toml).unwrap();
    assert_eq!(
        lines.iter().position(|line| line.contains("contribute a")),
        Some(31)
    );
    assert_eq!(
        lines.iter().position(|line| line.contains("contribute b")),
        Some(52)
    );
    assert_eq!(lines.last().map(String::as_str), Some("0@59000 tick"));
    assert_eq!(lines.len(), 62);
}

/// The documentation names each kind, each key and each reason, and its examples are valid.
#[test]
fn the_documentation_is_complete() {
    let text = include_str!("../../../../docs/entries.md");
    for (kind, keys) in kinds::all() {
        let titles = text.lines().filter(|line| line.starts_with("### "));
        assert!(
            titles
                .flat_map(|line| line[4..].split(", "))
                .any(|title| title == kind),
            "docs/entries.md has no section for {kind}"
        );
        for key in keys {
            assert!(
                text.contains(&format!("`{key}`")),
                "docs/entries.md does not name {key}"
            );
        }
    }
    for (_, _, reason) in ReturnReason::ALL {
        assert!(
            text.contains(&format!("`{reason}`")),
            "docs/entries.md does not name {reason}"
        );
    }
    let mut examples = text
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let cosmos = Entries::parse(
        examples.next().unwrap().as_bytes(),
        "docs",
        &fixture::block_terms(),
    );
    assert_eq!(cosmos.unwrap().len(), 1);
    let admit = examples.next().unwrap().replace("EUR", "BTC");
    let admit = Entries::parse(admit.as_bytes(), "docs", &fixture::time_terms()).unwrap();
    let Action::Admit(admission, investors) = &admit.list[0].action else {
        panic!("{admit:?}")
    };
    assert_eq!(investors.len(), 2);
    assert_eq!(admission.limit.unwrap().0, 500_000_000_000);
    assert_eq!(examples.next(), None);
}

#[test]
fn files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let terms = fixture::time_terms();
    let path = folder.path().join("entries.toml");
    std::fs::write(
        &path,
        "\u{feff}[[entry]]\r\nkind = 'tick'\r\nat = 'end'\r\n",
    )
    .unwrap();
    assert_eq!(Entries::read(&path, &terms).unwrap().len(), 1);
    let error = Entries::read(folder.path(), &terms).unwrap_err();
    assert!(matches!(error.fault(), InputFault::NotAFile("a directory")));
    // A file with a hole: large by its size, and never read.
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = Entries::read(&path, &terms).unwrap_err();
    assert!(matches!(error.fault(), InputFault::FileTooLarge { .. }));
}

/// The body of a fuzz target.
fn fuzz(bytes: &[u8], terms: &Terms) {
    match Entries::parse(bytes, "entries.toml", terms) {
        Ok(entries) => {
            let mut journal = Journal(Vec::new());
            let stamp = Stamp {
                line: LineIndex(0),
                position: Position(0),
            };
            let mut merge = Merge::new(&entries, stamp);
            let merged = merge
                .start(&mut journal)
                .and_then(|()| merge.finish(&mut journal));
            if let Err(error) = merged {
                assert!(error.code().starts_with("C17"), "{error}");
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("allowed: "), "{message}");
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn fuzz_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzz(&bytes, &fixture::time_terms());
    }

    #[test]
    fn fuzz_mutations(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let text = commit("p", "at = 'end'").replace("EUR", "BTC")
            + &reveal("p", "at = 'end'").replace("EUR", "BTC")
            + &entry("kind = 'admit'; at = 'start'; round = 'early'; investors = ['x', 'y']; limit = '1_0.5 BTC'")
            + &entry("kind = 'rate'; at = 2026-03-01T12:00:00Z; rate = '0.05 BTC per 1 ETH'");
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in changes {
            let at = place.index(bytes.len());
            let telling = b"'\"[]{}=.\n_ -9\0\xC3#"[usize::from(byte) % 16];
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] = telling,
                2 => bytes.insert(at, telling),
                _ => drop(bytes.remove(at)),
            }
        }
        fuzz(&bytes, &fixture::time_terms());
    }
}
