//! Bad terms and bad entries: each problem with file, line, column, key and what to do instead.

use crate::{
    bad_contributions::refuses,
    workplace::{Answer, SETTLE, Workplace},
};

/// What is written instead of what, and the parts of the message.
const TERMS: &[(&str, &str, &[&str])] = &[
    (
        "soft_cap = \"10_000 EUR\"",
        "softcap = \"10_000 EUR\"",
        &["offering.toml: line 9, column 1", "`softcap`", "soft_cap"],
    ),
    (
        "soft_cap = \"10_000 EUR\"",
        "soft_cap = 10000",
        &["offering.toml: line 9, column", "`soft_cap`", "EUR"],
    ),
    (
        "soft_cap = \"10_000 EUR\"",
        "soft_cap = \"10_000\"",
        &["offering.toml: line 9, column", "`soft_cap`", "EUR"],
    ),
    (
        "soft_cap = \"10_000 EUR\"",
        "soft_cap = \"-10_000 EUR\"",
        &["offering.toml: line 9, column", "`soft_cap`"],
    ),
    (
        "soft_cap = \"10_000 EUR\"",
        "soft_cap = \"10_000 EUR",
        &["offering.toml: line 9, column"],
    ),
    (
        "from = \"2026-03-02T12:00:00Z\"",
        "from = \"2026-03-02T12:00:00\"",
        &["offering.toml: line", "`round[0].from`", "zone"],
    ),
    (
        "from = \"2026-03-02T12:00:00Z\"",
        "from = \"2026-02-30T12:00:00Z\"",
        &["offering.toml: line", "`round[0].from`"],
    ),
    (
        "from = \"2026-03-02T12:00:00Z\"",
        "from = 1772452800000",
        &["offering.toml: line", "`round[0].from`"],
    ),
    (
        "price = \"0.08 EUR per HBR\"",
        "price = 0.08",
        &["offering.toml: line", "`round[0].price`", "per"],
    ),
    (
        "rules = 1 ",
        "rules = 2 ",
        &["offering.toml: line 4, column", "`rules`"],
    ),
    (
        "name = \"public\"",
        "name = \"early bird\"",
        &["offering.toml: line", "`round[1].name`"],
    ),
];

#[test]
fn bad_terms_are_named_with_line_column_and_key() {
    let place = Workplace::starter();
    let good = place.text("offering.toml");
    for (old, new, parts) in TERMS {
        place.write("offering.toml", good.replace(old, new));
        let before = place.everything();
        for arguments in [&SETTLE[..], &["offering", "simulate", "offering.toml"]] {
            let answer = place.run(arguments);
            assert_eq!(
                (answer.code, answer.out.as_str()),
                (Some(2), ""),
                "{answer:?}"
            );
            answer.says(parts);
            answer.says(&["error: C306: offering.toml: 1 error in the terms"]);
            let answer = place.run(&[arguments, &["--json"]].concat());
            answer.refused_as_json();
            assert_eq!(
                answer.value()["error"]["problems"]
                    .as_array()
                    .unwrap()
                    .len(),
                1
            );
        }
        checked(&place.run(&["offering", "check", "offering.toml"]), parts);
        assert!(place.everything() == before, "{new}");
    }
}

/// The linter prints what it finds as data.
fn checked(answer: &Answer, parts: &[&str]) {
    assert_eq!(answer.code, Some(2), "{answer:?}");
    let mut rest = answer.out.as_str();
    for part in parts {
        rest = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part:?} in {answer:?}"))
            .1;
    }
}

#[test]
fn all_problems_of_terms_are_said_at_once() {
    let place = Workplace::starter();
    place.replace(
        "offering.toml",
        "soft_cap = \"10_000 EUR\"",
        "soft_cap = 10000",
    );
    place.replace(
        "offering.toml",
        "decimals = 2\n",
        "decimals = 2\ncolour = \"red\"\n",
    );
    let answer = place.run(&SETTLE);
    answer.says(&[
        "`soft_cap`",
        "`currency.EUR.colour`",
        "error: C306: offering.toml: 2 errors",
    ]);
    assert_eq!(answer.err.lines().count(), 3, "{answer:?}");
}

#[test]
fn terms_that_are_no_text_are_refused() {
    let place = Workplace::starter();
    let good = place.bytes("offering.toml");
    place.write("offering.toml", [&good[..], b"# Z\xFCrich\n"].concat());
    let last = format!(
        "offering.toml, line {}: byte 0xfc is not UTF-8; allowed: text in UTF-8",
        good.iter().filter(|byte| **byte == b'\n').count() + 1
    );
    refuses(&place, &SETTLE, &[&last]);
    place.write("offering.toml", [b"\xFF\xFE", &good[..]].concat());
    refuses(
        &place,
        &SETTLE,
        &[
            "offering.toml, line 1: byte 0xff is not UTF-8",
            "UTF-16, save it as UTF-8",
        ],
    );
    place.write("offering.toml", "");
    let answer = place.run(&SETTLE);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    answer.says(&["offering.toml: ", "missing", "error: C306: offering.toml: "]);
}

const ENTRIES: &[(&str, &[&str])] = &[
    (
        "kind = \"admitt\"\nat = \"start\"",
        &[
            "entries.toml, line 2, column 8, key kind: \"admitt\" does not fit; allowed: admit, revoke,",
            "did you mean admit?",
        ],
    ),
    (
        "kind = \"settle\"\nat = \"end\"",
        &[
            "entries.toml, line 2",
            "softcap settle adds this one itself",
        ],
    ),
    (
        "at = \"start\"",
        &[
            "entries.toml, line 1",
            "the key kind is missing; allowed: one of admit,",
        ],
    ),
    (
        "kind = \"pause\"",
        &[
            "entries.toml, line 1",
            "the key after is missing; allowed: after = a contribution_id; or at =",
        ],
    ),
    (
        "kind = \"pause\"\nafter = \"c-999\"",
        &[
            "entries.toml, line 1, key after: there is no contribution \"c-999\" to stand after; allowed: the contribution_id of a row",
        ],
    ),
    (
        "kind = \"withdraw\"\nat = \"start\"\ncontribution = \"c-001\"",
        &[
            "entries.toml, line 3",
            "no contribution \"c-001\" stands before this entry; allowed: ",
        ],
    ),
    (
        "kind = \"withdraw\"\nafter = \"c-001\"\ncontribution = \"c-002\"",
        &[
            "entries.toml, line",
            "no contribution \"c-002\" stands before this entry; allowed: ",
        ],
    ),
    (
        "kind = \"pause\"\nafter = \"c-001\"\nfor = \"1 day\"",
        &[
            "entries.toml, line 4, column 1, key \"for\": the key is not known here; allowed: kind, after, at",
        ],
    ),
    (
        "kind = \"pause\"\nafter = \"c-001\"\nat = \"end\"",
        &[
            "entries.toml, line",
            "stands beside after; allowed: only one of the two",
        ],
    ),
    (
        "kind = \"pause\"\nat = \"2026-03-10\"",
        &["entries.toml, line 3", "key at: ", "allowed: "],
    ),
    (
        "kind = \"pause\"\nat_height = 5",
        &[
            "entries.toml, line 3",
            "key at_height: ",
            "allowed: after = a contribution_id; or at = a date with zone",
        ],
    ),
    (
        "kind = \"return\"\nafter = \"c-002\"\ncontribution = \"c-002\"\namount = 5\nreason = \"over_limit\"",
        &["entries.toml, line 5", "key amount: ", "allowed: "],
    ),
    (
        "kind = \"return\"\nafter = \"c-002\"\ncontribution = \"c-002\"\namount = \"5 ETH\"\nreason = \"over_limit\"",
        &[
            "entries.toml, line",
            "the contribution is in EUR, not in ETH; allowed: an amount in EUR",
        ],
    ),
    (
        "kind = \"return\"\nafter = \"c-002\"\ncontribution = \"c-002\"\namount = \"5 EUR\"\nreason = \"because\"",
        &[
            "entries.toml, line 6",
            "key reason: \"because\" does not fit; allowed: one of ",
        ],
    ),
    (
        "kind = \"close\"\nat = \"end\"\nround = \"earlybird\"",
        &[
            "entries.toml, line 4",
            "key round: \"earlybird\" is no round of the terms; allowed: early bird, public",
        ],
    ),
    ("kind = ", &["entries.toml, line 2", "is not TOML"]),
];

#[test]
fn bad_entries_are_named_with_line_column_and_key() {
    let place = Workplace::starter();
    for (entry, parts) in ENTRIES {
        place.write("entries.toml", format!("[[entry]]\n{entry}\n"));
        refuses(&place, &SETTLE, parts);
    }
    place.write(
        "entries.toml",
        "[[entries]]\nkind = \"tick\"\nat = \"end\"\n",
    );
    refuses(
        &place,
        &SETTLE,
        &[
            "entries.toml, line 1, column 3, key \"entries\": the key is not known here; allowed: entry",
        ],
    );
    place.write("entries.toml", b"[[entry]]\n# \xFF\n");
    refuses(
        &place,
        &SETTLE,
        &["entries.toml, line 2: byte 0xff is not UTF-8"],
    );
    // No entries at all are no error.
    place.write("entries.toml", "");
    place.run(&SETTLE).succeeded();
}
