//! Sales of the past through the program: the files it writes are compared with what was paid out.
//!
//! The records are read from the folder that `SOFTCAP_SALES` names, `../shared/sales` beside the
//! workspace without it. Where a file is missing the run says which sale was not checked, or fails
//! with `SOFTCAP_SALES_REQUIRED=1`.

use std::{collections::HashMap, path::PathBuf};

use crate::workplace::{Workplace, workspace};

/// A table by column.
struct Table {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn of(text: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(text);
        let header = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        Self {
            header,
            rows: reader.records().map(Result::unwrap).collect(),
        }
    }

    fn column(&self, name: &str) -> usize {
        self.header
            .iter()
            .position(|column| column == name)
            .unwrap_or_else(|| panic!("no column {name} in {:?}", self.header))
    }

    /// Values of a column by those of another.
    fn by<'t>(&'t self, key: &str, value: &str) -> HashMap<&'t str, &'t str> {
        let (key, value) = (self.column(key), self.column(value));
        self.rows
            .iter()
            .map(|row| (&row[key], &row[value]))
            .collect()
    }
}

/// A decimal number without zeros that say nothing.
fn plain(number: &str) -> &str {
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    if number.is_empty() { "0" } else { number }
}

/// The path of a record; `None`, and said, when it is not there and need not be.
fn record(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SOFTCAP_SALES").map_or("../shared/sales".into(), PathBuf::from);
    let path = workspace("").join(folder).join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var_os("SOFTCAP_SALES_REQUIRED").is_some_and(|value| value == "1");
    assert!(!required, "{} is missing", path.display());
    println!("not checked: {name} is missing; set SOFTCAP_SALES to the folder of recorded sales");
    None
}

/// Settles and verifies a sale; `None` where it is not recorded here.
fn settled(terms: &str, sale: &str, entries: Option<&str>) -> Option<Workplace> {
    let contributions = record(&format!("{sale}/contributions.csv"))?;
    let terms = workspace("examples/history").join(terms);
    let place = Workplace::empty();
    let (terms, contributions) = (terms.to_str().unwrap(), contributions.to_str().unwrap());
    let mut arguments = vec![
        "settle",
        "--terms",
        terms,
        "--contributions",
        contributions,
        "--out",
        "result",
    ];
    if let Some(entries) = entries {
        place.write("entries.toml", entries);
        arguments.extend(["--entries", "entries.toml"]);
    }
    let answer = place.run(&arguments).succeeded();
    assert!(!answer.err.contains("had no effect"), "{answer:?}");
    let verified = place.run(&["verify", "result"]).succeeded();
    assert!(
        verified.out.contains("the offering succeeded"),
        "{verified:?}"
    );
    Some(place)
}

/// Compares the tokens of each contribution; gives how many match. Nothing went back.
fn each_contribution(place: &Workplace, sale: &str) -> Option<usize> {
    let expected = Table::of(&std::fs::read(record(&format!("{sale}/expected.csv"))?).unwrap());
    let settlement = Table::of(&place.bytes("result/settlement.csv"));
    let tokens = settlement.by("contribution_id", "tokens");
    let [contributed, accepted, refunded, kept] =
        ["contributed", "accepted", "refunded", "kept"].map(|name| settlement.column(name));
    for row in &settlement.rows {
        assert_eq!(
            (&row[accepted], &row[refunded], &row[kept]),
            (&row[contributed], "0", "0"),
            "{row:?}"
        );
    }
    assert_eq!(settlement.rows.len(), expected.rows.len());
    for (id, wanted) in expected.by("contribution_id", "tokens") {
        assert_eq!(plain(tokens[id]), plain(wanted), "{id}");
    }
    Some(expected.rows.len())
}

#[test]
fn mastercoin_2013() {
    let sale = "mastercoin-2013";
    let Some(place) = settled("mastercoin-2013/offering.toml", sale, None) else {
        return;
    };
    let Some(matching) = each_contribution(&place, sale) else {
        return;
    };
    assert_eq!(matching, 526);
    let summary = place.json("result/settlement.json");
    assert_eq!(summary["sold"]["units"], "56316235762218");
    assert_eq!(
        summary["currencies"][0]["accepted"]["display"],
        "4726.88317033 BTC"
    );
    assert_eq!(
        Table::of(&place.bytes("result/investors.csv")).rows.len(),
        338
    );
}

#[test]
fn bancor_2017() {
    let sale = "bancor-2017";
    let Some(place) = settled("bancor-2017/offering.toml", sale, None) else {
        return;
    };
    let Some(matching) = each_contribution(&place, sale) else {
        return;
    };
    assert_eq!(matching, 13_373);
    let summary = place.json("result/settlement.json");
    assert_eq!(
        summary["currencies"][0]["accepted"]["display"],
        "396619.891803711283883108 ETH"
    );
    assert_eq!(
        Table::of(&place.bytes("result/investors.csv")).rows.len(),
        10_887
    );
}

/// With the cap that was meant to be revealed.
#[test]
fn bancor_2017_under_the_cap_of_250_000() {
    let Some(place) = settled("bancor-2017/offering-250k.toml", "bancor-2017", None) else {
        return;
    };
    let settlement = Table::of(&place.bytes("result/settlement.csv"));
    let [contributed, accepted, refunded, reason] =
        ["contributed", "accepted", "refunded", "reason"].map(|name| settlement.column(name));
    let whole: Vec<_> = settlement
        .rows
        .iter()
        .filter(|row| !row[reason].is_empty())
        .collect();
    assert_eq!(whole.len(), 1_138);
    for row in whole {
        assert_eq!(
            (&row[accepted], &row[refunded]),
            ("0", &row[contributed]),
            "{row:?}"
        );
    }
    assert_eq!(settlement.rows.len(), 13_373);
}

/// The issuer gave one investor back what was over their cap, as the record says.
const COSMOS_RETURN: &str = "\
[[entry]]
kind = \"return\"
after = \"eth-3487504-1\"
contribution = \"eth-3487504-1\"
amount = \"17_890 ETH\"
reason = \"over_limit\"
";

#[test]
fn cosmos_2017() {
    let sale = "cosmos-2017";
    let Some(place) = settled("cosmos-2017/offering.toml", sale, Some(COSMOS_RETURN)) else {
        return;
    };
    let Some(expected) = record(&format!("{sale}/expected_investors.csv")) else {
        return;
    };
    let expected = Table::of(&std::fs::read(expected).unwrap());
    let investors = Table::of(&place.bytes("result/investors.csv"));
    assert_eq!((investors.rows.len(), expected.rows.len()), (864, 864));
    for column in ["tokens", "accepted_BTC", "accepted_ETH", "refunded_ETH"] {
        let computed = investors.by("investor", column);
        for (investor, wanted) in expected.by("investor", column) {
            assert_eq!(
                plain(computed[investor]),
                plain(wanted),
                "{column} of {investor}"
            );
        }
    }
    for column in ["refunded_BTC", "kept_BTC", "kept_ETH"] {
        assert!(
            investors
                .by("investor", column)
                .values()
                .all(|amount| *amount == "0"),
            "{column}"
        );
    }
    let capped = "aff9f5a716cdd701304eae6fc7f42c80fdeea584";
    assert_eq!(investors.by("investor", "accepted_ETH")[capped], "22110");
    assert_eq!(investors.by("investor", "refunded_ETH")[capped], "17890");
    assert_eq!(investors.by("investor", "tokens")[capped], "10000000");
}
