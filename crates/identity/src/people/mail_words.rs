//! The languages of mails, and what is said in them.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};

type Bundle = fluent_bundle::concurrent::FluentBundle<FluentResource>;

const ENGLISH: &str = include_str!("mail_words/en.ftl");
const GERMAN: &str = include_str!("mail_words/de.ftl");

static ENGLISH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("en", ENGLISH));
static GERMAN_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("de", GERMAN));

/// A language of mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MailLanguage {
    /// English: of whoever chose none.
    #[default]
    English,
    /// German.
    German,
}

impl MailLanguage {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// As stored, and as browsers call it.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The one of this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.as_code() == code)
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH_BUNDLE,
            Self::German => &GERMAN_BUNDLE,
        }
    }

    /// A part of a mail. A part without words is shown by its name: the tests find it first.
    pub(super) fn say(self, words: &MailWords, part: &str) -> String {
        let message = self.bundle().get_message(words.key);
        let found = message.and_then(|message| message.get_attribute(part));
        let Some(attribute) = found else {
            return format!("{}.{part}", words.key);
        };
        let mut values = FluentArgs::with_capacity(words.values.len());
        for (name, value) in &words.values {
            let value = match value {
                Value::Text(text) => FluentValue::from(text.as_str()),
                Value::Count(count) => FluentValue::from(*count),
            };
            values.set(*name, value);
        }
        let mut problems: Vec<FluentError> = Vec::new();
        let (bundle, pattern) = (self.bundle(), attribute.value());
        let said = bundle.format_pattern(pattern, Some(&values), &mut problems);
        said.into_owned()
    }
}

/// What a mail says, before it is known in which language.
#[derive(Clone, Debug)]
pub(crate) struct MailWords {
    key: &'static str,
    values: Vec<(&'static str, Value)>,
}

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Count(u64),
}

impl MailWords {
    /// Words without values.
    pub(crate) fn of(key: &'static str) -> Self {
        Self {
            key,
            values: Vec::new(),
        }
    }

    /// The same with a value: a text, or the code of something that each language has words for.
    pub(crate) fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.values.push((name, Value::Text(text.into())));
        self
    }

    /// The same with a number of something.
    pub(crate) fn with_count(mut self, name: &'static str, count: u64) -> Self {
        self.values.push((name, Value::Count(count)));
        self
    }
}

/// What cannot be read is left out: the tests find it first.
fn bundle(code: &str, text: &str) -> Bundle {
    let languages = code.parse().ok().into_iter().collect();
    let mut bundle = Bundle::new_concurrent(languages);
    // The marks of isolation would stand in mails.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(text.to_owned());
    let resource = resource.unwrap_or_else(|(what_is_right, _)| what_is_right);
    let _ = bundle.add_resource(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;

    /// The variables of each part (`key.part`) of a language, in the order of their names.
    fn parts(text: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::<String, Vec<String>>::new();
        let (mut key, mut part) = (String::new(), String::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|sign: char| sign.is_ascii_lowercase()) {
                line.split(" =").next().unwrap().clone_into(&mut key);
                key.clone_into(&mut part);
            } else if let Some(rest) = line.trim_start().strip_prefix('.') {
                part = format!("{key}.{}", rest.split(" =").next().unwrap());
            }
            let variables = found.entry(part.clone()).or_default();
            for rest in line.split("{ $").skip(1) {
                let name: String = rest.chars().take_while(|sign| *sign != ' ').collect();
                variables.push(name);
            }
            variables.sort();
            variables.dedup();
        }
        found
    }

    #[test]
    fn every_mail_has_the_same_parts_with_the_same_values_in_each_language() {
        for text in [ENGLISH, GERMAN] {
            let read = FluentResource::try_new(text.to_owned());
            read.map_err(|(_, problems)| problems).unwrap();
        }
        let (english, mut german) = (parts(ENGLISH), parts(GERMAN));
        // "within" takes another case.
        german.remove("days-of");
        assert_eq!(english, german);
        assert!(english.len() > 100, "{}", english.len());
    }

    #[test]
    fn every_part_is_said_in_each_language_without_anything_missing() {
        let values = [
            ("label", "till"),
            ("place", "harbour"),
            ("reach", "one"),
            ("role", "owner"),
            ("kind", "spraying"),
            ("factor", "totp"),
            ("reason", "differs"),
            ("address", "192.0.2.1"),
            ("origin", "https://sale.example"),
            ("site", "Harbour"),
            ("issuer", "https://id.harbour.example"),
        ];
        for name in parts(ENGLISH).into_keys() {
            let Some((key, part)) = name.split_once('.') else {
                continue;
            };
            let mut said = Vec::new();
            for language in MailLanguage::ALL {
                let words = MailWords::of(key.to_owned().leak());
                let words = values
                    .iter()
                    .fold(words, |words, (name, text)| words.with(name, *text))
                    .with_count("days", 3);
                let text = language.say(&words, part);
                assert!(!text.contains(['{', '}', '\u{2068}']), "{name}: {text}");
                assert!(!text.contains(&name), "{name}: {text}");
                said.push(text);
            }
            assert_ne!(said[0], said[1], "{name} is not translated");
        }
    }

    #[test]
    fn what_is_said_has_words_and_all_words_are_said() {
        fn sources(folder: &Path, into: &mut String) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    sources(&path, into);
                } else if !path.ends_with("mail_words.rs") {
                    into.push_str(&fs::read_to_string(path).unwrap());
                }
            }
        }
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let names = parts(ENGLISH).into_keys();
        let keys: BTreeSet<String> = names
            .filter_map(|name| Some(name.split_once('.')?.0.to_owned()))
            .collect();
        for rest in all.split("MailWords::of(\"").skip(1) {
            let key = rest.split('"').next().unwrap();
            assert!(keys.contains(key), "no words for {key}");
        }
        for key in keys {
            assert!(all.contains(&format!("\"{key}\"")), "nothing says {key}");
        }
    }
}
