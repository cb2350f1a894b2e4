//! Every key that is used has words in both languages, with the same values.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use axum::http::HeaderValue;
use fluent_bundle::FluentResource;

use crate::notices::NoticeKind;

use super::*;

/// Variables by key.
type Keys = BTreeMap<String, BTreeSet<String>>;

fn keys(files: &[&str]) -> Keys {
    let mut found = Keys::new();
    for text in files {
        FluentResource::try_new((*text).to_owned())
            .map_err(|(_, problems)| problems)
            .unwrap();
        let mut current: Option<String> = None;
        for line in text.lines() {
            let begins = line.starts_with(|letter: char| letter.is_ascii_alphabetic());
            if let Some((key, _)) = line.split_once(" =").filter(|_| begins) {
                assert!(
                    found.insert(key.to_owned(), BTreeSet::new()).is_none(),
                    "{key} twice"
                );
                current = Some(key.to_owned());
            }
            let Some(variables) = current.as_ref().and_then(|key| found.get_mut(key)) else {
                continue;
            };
            for part in line.split('$').skip(1) {
                let name: String = part
                    .chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
                    .collect();
                variables.insert(name);
            }
        }
    }
    found
}

fn files_below(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push(path);
        }
    }
}

/// Everything that may use words.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    files_below(&root.join("src/web"), "rs", &mut files);
    files_below(&root.join("src/api/oauth"), "rs", &mut files);
    files_below(&root.join("src/notices"), "rs", &mut files);
    files_below(&root.join("templates"), "html", &mut files);
    // Tests name keys to look for them.
    files.retain(|file| !file.ends_with("tests.rs"));
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts.collect()
}

/// What stands in `say("...")` and `tell("...", ...)` of code and templates.
fn used() -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for text in sources() {
        for call in ["say(", "tell("] {
            for part in text.split(call).skip(1) {
                let literal = part.trim_start().strip_prefix('"');
                if let Some((key, _)) = literal.and_then(|rest| rest.split_once('"')) {
                    used.insert(key.to_owned());
                }
            }
        }
    }
    used
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_values() {
    let (english, german) = (keys(ENGLISH), keys(GERMAN));
    for (key, variables) in &english {
        assert_eq!(german.get(key), Some(variables), "{key}");
    }
    for key in german.keys() {
        assert!(english.contains_key(key), "{key} is German only");
    }
}

#[test]
fn every_key_that_is_used_has_words() {
    let english = keys(ENGLISH);
    for key in used().into_iter().chain(notices()) {
        assert!(english.contains_key(&key), "no words for {key}");
    }
}

/// What is said of each kind of mails.
fn notices() -> impl Iterator<Item = String> {
    let codes = NoticeKind::ALL.into_iter().map(NoticeKind::code);
    codes.flat_map(|code| [format!("notice-{code}"), format!("notice-{code}-text")])
}

#[test]
fn no_words_are_left_that_nothing_says() {
    // These are made of a code: of a state, a phase, a problem, a verdict, what a wallet does.
    const MADE: [&str; 9] = [
        "state-",
        "button-",
        "phase-",
        "problem-",
        "act-",
        "way-",
        "own-check-",
        "privacy-",
        "rule-",
    ];
    const VERDICTS: [&str; 4] = ["succeeded", "failed", "cancelled", "expired"];
    let sources = sources();
    for key in keys(ENGLISH).into_keys() {
        let is_verdict = key
            .strip_prefix("outcome-")
            .is_some_and(|verdict| VERDICTS.contains(&verdict));
        let is_notice = notices().any(|notice| notice == key);
        if is_verdict || is_notice || MADE.iter().any(|made| key.starts_with(made)) {
            continue;
        }
        let literal = format!("\"{key}\"");
        let is_said = sources.iter().any(|text| text.contains(&literal));
        assert!(is_said, "nothing says {key}");
    }
}

#[test]
fn the_first_language_that_is_there_counts_and_a_choice_goes_before() {
    let table = [
        (None, None, "en"),
        (Some("de"), None, "de"),
        (Some("fr, de;q=0.5, en;q=0.4"), None, "de"),
        (Some("de;q=0.2, en-GB;q=0.9"), None, "en"),
        (Some("de;q=0"), None, "en"),
        (Some("de-AT"), Some("a=b; softcap-language=en"), "en"),
        (Some("en"), Some("softcap-language=de"), "de"),
        (Some("de"), Some("softcap-language=xx"), "de"),
        (Some("\u{7f}"), None, "en"),
    ];
    for (accepted, cookie, expected) in table {
        let mut headers = HeaderMap::new();
        if let Some(value) = accepted.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(header::ACCEPT_LANGUAGE, value);
        }
        if let Some(value) = cookie {
            headers.insert(header::COOKIE, HeaderValue::from_static(value));
        }
        let found = Language::of_headers(&headers).code();
        assert_eq!(found, expected, "{accepted:?} {cookie:?}");
    }
}
