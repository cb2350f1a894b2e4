//! The commands of the README on the example sale.

use serde_json::{Value, json};
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};

use crate::workplace::{SETTLE, Workplace, workspace};

#[test]
fn settle_says_what_came_out_and_verify_agrees() {
    let place = Workplace::starter();
    let settled = place.run(&SETTLE).succeeded();
    assert!(settled.out.starts_with(
        "Harbour succeeded: 25000 EUR raised, 270000 HBR sold\n15 contributions of 9 investors, 22 entries\n"
    ), "{settled:?}");
    assert!(
        settled
            .out
            .ends_with("check it with: softcap verify result\n"),
        "{settled:?}"
    );
    assert_eq!(settled.err, "", "{settled:?}");

    let verified = place.run(&["verify", "result"]).succeeded();
    let summary = place.json("result/settlement.json");
    for (said, root) in [
        ("terms hash ", &summary["terms_hash"]),
        ("journal root     ", &summary["journal"]["root"]),
        ("settlement root  ", &summary["settlement_tree"]["root"]),
    ] {
        let said = format!("{said}{}", root.as_str().unwrap());
        assert!(verified.out.contains(&said), "{said} in {verified:?}");
    }
    assert!(
        verified
            .out
            .starts_with("verified: consistent; unsigned: nobody vouches for it; "),
        "{verified:?}"
    );
    assert!(
        verified.out.contains(
            "22 entries; 15 rows of contributions, 9 of investors; the offering succeeded"
        ),
        "{verified:?}"
    );

    let value = place
        .run(&["verify", "result", "--json"])
        .succeeded()
        .value();
    assert_eq!(value["verified"], true);
    assert_eq!(value["signature"], "unsigned");
    assert_eq!(value["terms_hash_given"], false);
    assert_eq!(value["journal_root"], summary["journal"]["root"]);
    assert_eq!(value["settlement_root"], summary["settlement_tree"]["root"]);
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let place = Workplace::settled();
    let mut again = SETTLE;
    again[8] = "again/result";
    std::fs::create_dir(place.path().join("again")).unwrap();
    place.run(&again).succeeded();
    let mut names: Vec<_> = std::fs::read_dir(place.path().join("result"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "checkpoint",
            "investors.csv",
            "journal",
            "journal.hashes",
            "manifest.json",
            "offering.toml",
            "report.html",
            "settlement.csv",
            "settlement.json",
            "settlement.tree",
            "terms.json",
        ]
    );
    for name in names {
        assert!(
            place.bytes(&format!("result/{name}")) == place.bytes(&format!("again/result/{name}")),
            "{name}"
        );
    }
}

#[test]
fn the_report_is_one_page_with_the_roots() {
    let place = Workplace::settled();
    let page = place.text("result/report.html");
    let summary = place.json("result/settlement.json");
    for part in [
        &summary["terms_hash"],
        &summary["journal"]["root"],
        &summary["settlement_tree"]["root"],
    ] {
        assert!(page.contains(part.as_str().unwrap()), "{part}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("<svg"));
    assert!(!page.contains("<script") && !page.contains("src=\"http"));
}

#[test]
fn a_dry_run_computes_the_same_and_writes_nothing() {
    let place = Workplace::starter();
    let before = place.everything();
    let dry = place
        .run(&[&SETTLE[..], &["--dry-run", "--json"]].concat())
        .succeeded()
        .value();
    let text = place
        .run(&[&SETTLE[..7], &["--dry-run"]].concat())
        .succeeded();
    assert!(
        text.out.ends_with("dry run: nothing was written\n"),
        "{text:?}"
    );
    assert!(place.everything() == before);
    let real = place
        .run(&[&SETTLE[..], &["--json"]].concat())
        .succeeded()
        .value();
    assert_eq!(dry, real);
    assert_eq!(
        real["journal_root"],
        place.json("result/settlement.json")["journal"]["root"]
    );
}

fn word(text: &str) -> [u8; 32] {
    let mut word = [0; 32];
    match text.strip_prefix("0x") {
        Some(digits) => {
            assert_eq!(digits.len(), 64);
            for (place, byte) in word.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap();
            }
        }
        None => word[16..].copy_from_slice(&text.parse::<u128>().unwrap().to_be_bytes()),
    }
    word
}

fn words(value: &Value) -> Vec<[u8; 32]> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|each| word(each.as_str().unwrap()))
        .collect()
}

/// As `@openzeppelin/merkle-tree` computes it: the leaf is hashed twice, pairs are sorted.
#[test]
fn every_proof_leads_to_the_root() {
    let place = Workplace::settled();
    let summary = place.json("result/settlement.json");
    let table = place.text("result/investors.csv");
    let mut leaves = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let proof = place
            .run(&["proof", "result", "--investor", fields[0], "--json"])
            .succeeded()
            .value();
        let values = words(&proof["values"]);
        assert_eq!(proof["types"], summary["settlement_tree"]["leaf_encoding"]);
        // Tokens have 6 decimals and are whole here.
        let tokens: u128 = fields[1].parse().unwrap();
        assert_eq!(values[1], word(&(tokens * 1_000_000).to_string()), "{line}");
        let leaf = Keccak256::digest(Keccak256::digest(values.concat()));
        let root = words(&proof["proof"]).iter().fold(leaf, |node, sibling| {
            let (low, high) = if node[..] < sibling[..] {
                (&node[..], &sibling[..])
            } else {
                (&sibling[..], &node[..])
            };
            Keccak256::digest([low, high].concat())
        });
        assert_eq!(
            root.as_slice(),
            word(summary["settlement_tree"]["root"].as_str().unwrap()),
            "{line}"
        );
        assert_eq!(proof["root"], summary["settlement_tree"]["root"]);
        leaves.push(leaf);
    }
    leaves.sort();
    leaves.dedup();
    assert_eq!(leaves.len(), 9, "each investor has a leaf of their own");
    let text = place
        .run(&["proof", "result", "--investor", "35590"])
        .succeeded();
    assert!(
        text.out
            .starts_with("investor         35590\nroot             0x"),
        "{text:?}"
    );
    assert!(
        text.out
            .contains("tokens           60000000000 (smallest units)\n"),
        "{text:?}"
    );
}

#[test]
fn no_proof_comes_from_a_result_that_does_not_hold_together() {
    let place = Workplace::settled();
    place.replace("result/investors.csv", "35590,60000,", "35590,60001,");
    for arguments in [
        &["proof", "result", "--investor", "35590"][..],
        &["proof", "result", "--investor", "20413", "--json"],
    ] {
        let answer = place.run(arguments);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        answer.says(&["error: V106: investors.csv, row 3 (35590), field 2"]);
        assert!(!answer.out.contains("siblings"), "{answer:?}");
    }
}

#[test]
fn every_contribution_is_explained_to_its_row() {
    let place = Workplace::settled();
    for line in place.text("result/settlement.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [
            id,
            _,
            currency,
            contributed,
            accepted,
            refunded,
            kept,
            tokens,
            reason,
        ] = fields[..]
        else {
            panic!("{line}");
        };
        let text = place
            .run(&["explain", "result", "--contribution", id])
            .succeeded();
        assert!(
            text.out
                .starts_with(&format!("Contribution {id} of Harbour\n")),
            "{text:?}"
        );
        for (name, amount, unit) in [
            ("contributed", contributed, currency),
            ("accepted", accepted, currency),
            ("refunded", refunded, currency),
            ("kept", kept, currency),
            ("tokens", tokens, "HBR"),
        ] {
            let last: Vec<_> = text
                .out
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>())
                .filter(|words| words.first() == Some(&name) && words.len() == 3)
                .collect();
            assert_eq!(last.last().unwrap()[..], [name, amount, unit], "{text:?}");
        }
        assert!(text.out.contains(reason), "{reason} in {text:?}");
        place
            .run(&["explain", "result", "--contribution", id, "--json"])
            .succeeded()
            .value();
    }
}

#[test]
fn annotations_are_in_the_result_only_when_asked_for_and_never_in_the_journal() {
    let place = Workplace::starter();
    let text = place.text("contributions.csv");
    let plain = place.run(&SETTLE).succeeded();
    std::fs::rename(place.path().join("result"), place.path().join("plain")).unwrap();
    let mut lines = text.lines();
    let mut annotated = format!("{},x_note,x_desk\n", lines.next().unwrap());
    for (place, line) in lines.enumerate() {
        annotated += &format!("{line},\"SECRET-{place}, \"\"quoted\"\"\",DESK\n");
    }
    place.write("contributions.csv", annotated);

    let without = place.run(&SETTLE).succeeded();
    assert_eq!(without.out, plain.out);
    std::fs::rename(place.path().join("result"), place.path().join("without")).unwrap();
    place
        .run(&[&SETTLE[..], &["--with-annotations"]].concat())
        .succeeded();
    let table = place.text("result/annotations.csv");
    assert!(
        table.starts_with(
            "contribution_id,x_note,x_desk\nc-001,\"SECRET-0, \"\"quoted\"\"\",DESK\n"
        ),
        "{table}"
    );
    assert_eq!(table.lines().count(), 16);

    for (folder, holders) in [
        ("plain", vec![]),
        ("without", vec![]),
        ("result", vec!["annotations.csv"]),
    ] {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(place.path().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let bytes = place.bytes(&format!("{folder}/{name}"));
            if bytes.windows(6).any(|window| window == b"SECRET") {
                found.push(name);
            }
        }
        assert_eq!(found, holders, "{folder}");
        place.run(&["verify", folder]).succeeded();
    }
    assert_eq!(place.bytes("plain/journal"), place.bytes("result/journal"));
}

/// The order of rows is the order of the sale: who comes first under a cap is served.
#[test]
fn the_order_of_rows_decides() {
    let place = Workplace::settled();
    std::fs::rename(place.path().join("result"), place.path().join("before")).unwrap();
    let text = place.text("contributions.csv");
    let mut lines: Vec<&str> = text.lines().collect();
    let (last, next) = (13, 14);
    assert!(lines[last].starts_with("c-013,") && lines[next].starts_with("c-014,"));
    // One instant for both, so that only the order is another.
    let late = lines[last].replace("2026-03-20T23:59:59Z", "2026-03-21T08:00:00Z");
    lines[last] = lines[next];
    lines[next] = &late;
    place.write("contributions.csv", lines.join("\n"));
    place.run(&SETTLE).succeeded();
    let row = |folder: &str, id: &str| {
        let table = place.text(&format!("{folder}/settlement.csv"));
        table
            .lines()
            .find(|line| line.starts_with(id))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        row("before", "c-014"),
        "c-014,57749,EUR,100,0,100,0,0,hard_cap_reached"
    );
    assert_eq!(row("result", "c-014"), "c-014,57749,EUR,100,100,0,0,1000,");
    assert_eq!(
        row("before", "c-013"),
        "c-013,83301,ETH,2,1.3998,0.6002,0,34995,hard_cap_reached"
    );
    assert_eq!(
        row("result", "c-013"),
        "c-013,83301,ETH,2,1.3598,0.6402,0,33995,hard_cap_reached"
    );
    let root =
        |folder: &str| place.json(&format!("{folder}/settlement.json"))["journal"]["root"].clone();
    assert_ne!(root("before"), root("result"));
    place.run(&["verify", "result"]).succeeded();
}

/// Root of RFC 6962 over hashes of leaves.
fn journal_root(leaves: &[&[u8]]) -> Vec<u8> {
    match leaves {
        [] => panic!("a journal has entries"),
        [leaf] => leaf.to_vec(),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let nodes = [vec![1], journal_root(left), journal_root(right)].concat();
            Sha256::digest(nodes).to_vec()
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a stranger can recompute with a hash function and nothing of Softcap.
#[test]
fn the_hashes_are_those_of_the_files() {
    let place = Workplace::settled();
    let summary = place.json("result/settlement.json");
    let terms = Sha256::digest(place.bytes("result/terms.json"));
    assert_eq!(summary["terms_hash"], hex(&terms));
    let hashes = place.bytes("result/journal.hashes");
    let leaves: Vec<&[u8]> = hashes.chunks(32).collect();
    assert_eq!(summary["journal"]["size"], leaves.len());
    assert_eq!(summary["journal"]["root"], hex(&journal_root(&leaves)));
    let manifest = place.text("result/manifest.json");
    for file in serde_json::from_str::<Value>(&manifest).unwrap()["files"]
        .as_array()
        .unwrap()
    {
        let bytes = place.bytes(&format!("result/{}", file["name"].as_str().unwrap()));
        assert_eq!(file["size"], bytes.len());
        assert_eq!(file["sha256"], hex(&Sha256::digest(&bytes)), "{file}");
    }
    let (above, last) = manifest.split_once("  \"sha256_above\": ").unwrap();
    assert_eq!(last, format!("\"{}\"\n}}\n", hex(&Sha256::digest(above))));
}

#[test]
fn a_check_says_what_a_server_does_with_terms_that_are_right() {
    let place = Workplace::starter();
    let check = |arguments: &[&str]| place.run(&[&["offering", "check"], arguments].concat());
    let answer = check(&["offering.toml", "--json"]);
    assert_eq!(answer.value()["server"], json!({ "announces": true }));
    assert!(!check(&["offering.toml"]).out.contains("note:"));

    let blocks = workspace("examples/history/counterparty-2014/offering.toml");
    let blocks = blocks.display().to_string();
    let answer = check(&[&blocks]);
    // They are valid, so that the note is no error.
    assert_ne!(answer.code, Some(2), "{answer:?}");
    assert!(
        answer.out.contains("note: the clock counts blocks"),
        "{answer:?}"
    );
    let value = check(&[&blocks, "--json"]).value();
    assert_eq!(value["valid"], json!(true));
    assert_eq!(value["server"]["announces"], json!(false));
}
