//! The table of states: whole in both languages, and the page of the documentation follows from it.

use std::{fmt::Write as _, fs, path::Path};

use super::*;
use crate::web::states_page::{VALUES, buttons};

const HEAD: &str = "# What can be the matter with a contribution

A contribution is in one of these states at any time, on every rail. The word in the first column stands in the interface
(`state`), in tables that are exported and on its page; the sentence is what its owner reads, and no page makes one of its own.
`{amount}` and the like are filled in. Where a time is known it stands beside what comes next. What cannot be known now is
`unknown`, never a guess about money.

Of the buttons those are shown that lead somewhere now. What a wallet sent is followed by sender and nonce from the moment its
page told the hash: `replaced` is the same call with another fee, `dropped` a nonce that was used for something else, or a
transaction that no node has after ten minutes, `reorged` one whose block was undone. Some are decided and
worded, and nothing makes them yet: `address_open`, `underpaid`, `late` and `unmatched`, because bitcoin addresses have no pages;
`in_range` and `out_of_range`, because no price is known while bids stand; `held`, because no check is opened after a contribution;
and `reserved`, which the table of contributions says in a line above itself. `contestable` and `voided` are what a contract does with a
result that is a root; the record has no entry of money that is taken then, so that lists say `voided` also afterwards, and the page of the
contribution asks the contract.

This page is written from the program (`SOFTCAP_WRITE_DOCS=1 cargo test -p softcap-server --lib state_words`).

| state | rail | in lists | sentence | next | buttons |
|---|---|---|---|---|---|
";

fn shown(language: Language, state: State) -> Told {
    let texts = VALUES.map(|name| (name, format!("{{{name}}}")));
    let values: Vec<(&str, Value<'_>)> = texts
        .iter()
        .map(|(name, text)| (*name, text.into()))
        .collect();
    tell(language, state, &values, None)
}

#[test]
fn every_state_has_its_words_in_every_language() {
    for language in Language::ALL {
        for state in State::ALL {
            let told = shown(language, *state);
            for words in [&told.name, &told.sentence, &told.next] {
                assert!(
                    !words.starts_with("state-"),
                    "{state:?} {language}: {words}"
                );
                assert!(!words.contains("{$"), "{state:?} {language}: {words}");
            }
            let buttons = buttons(language, *state);
            assert!(
                !buttons.contains("button-"),
                "{state:?} {language}: {buttons}"
            );
        }
    }
}

#[test]
fn the_page_of_states_is_what_the_program_says() {
    let mut page = HEAD.to_owned();
    for state in State::ALL {
        let told = shown(Language::English, *state);
        let (code, rail) = (state.code(), state.rail().words());
        let buttons = buttons(Language::English, *state);
        let Told {
            name,
            sentence,
            next,
            ..
        } = told;
        let _ = writeln!(
            page,
            "| `{code}` | {rail} | {name} | {sentence} | {next} | {buttons} |"
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contribution-states.md");
    if std::env::var_os("SOFTCAP_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page, "run it again with SOFTCAP_WRITE_DOCS=1");
}
