//! The languages of the pages, and what is said in them.
//!
//! English is complete and German proves that another one can be. A key is a literal wherever it is used, so that a
//! test finds every one of them in both.

use std::{fmt, sync::LazyLock};

use axum::http::{HeaderMap, header};
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use softcap_identity::MailLanguage;

type Bundle = fluent_bundle::concurrent::FluentBundle<FluentResource>;

/// The cookie in which the choice of a visitor stands. It names no person.
pub(crate) const LANGUAGE_COOKIE: &str = "softcap-language";

/// The files of a language. A new one stands in both folders.
macro_rules! words {
    ($language:literal) => {
        words!($language: "frame", "problems", "problem_codes", "design", "public", "offering", "calculator", "record", "account", "investor", "states", "applications", "issuer", "issuer_desk", "issuer_guide", "issuer_pricing", "issuer_invite", "issuer_rehearsal", "wallet", "own_check", "own_account", "own_budget", "own_notices", "sealed_bid", "mails", "rules", "developer", "office", "raise_chart", "sign_in")
    };
    ($language:literal: $($name:literal),*) => {
        &[$(include_str!(concat!("words/", $language, "/", $name, ".ftl"))),*]
    };
}

const ENGLISH: &[&str] = words!("en");
const GERMAN: &[&str] = words!("de");

static ENGLISH_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("en", ENGLISH));
static GERMAN_BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle("de", GERMAN));

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// A value in a sentence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Words, an amount or a time, as they are shown.
    Text(&'a str),
    /// How many, for the form of the noun.
    Count(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// As browsers call it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// As its speakers call it.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The one of this code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }

    /// The same for mails.
    pub(crate) const fn mail(self) -> MailLanguage {
        match self {
            Self::English => MailLanguage::English,
            Self::German => MailLanguage::German,
        }
    }

    /// What the visitor chose before, else the first of `Accept-Language` that there is, else English.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let cookies = cookies.filter_map(|line| line.to_str().ok());
        let chosen = cookies.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == LANGUAGE_COOKIE).then(|| Self::of_code(value))?
        });
        chosen
            .or_else(|| Self::accepted(headers))
            .unwrap_or_default()
    }

    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let line = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut wishes: Vec<(u32, Self)> = line
            .split(',')
            .filter_map(|wish| {
                let (range, weight) = wish.split_once(';').unwrap_or((wish, "q=1"));
                let code = range.trim().split('-').next()?.to_ascii_lowercase();
                Some((thousandths(weight)?, Self::of_code(&code)?))
            })
            .filter(|(weight, _)| *weight > 0)
            .collect();
        // Stable, so that of equal wishes the first one counts.
        wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        wishes.first().map(|(_, language)| *language)
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH_BUNDLE,
            Self::German => &GERMAN_BUNDLE,
        }
    }

    /// A sentence without values.
    pub(crate) fn say(self, key: &str) -> String {
        self.tell(key, &[])
    }

    /// A sentence with values. A key that nobody wrote words for is shown as it is: the tests find it first.
    pub(crate) fn tell(self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            let value = match value {
                Value::Text(text) => FluentValue::from(*text),
                Value::Count(count) => FluentValue::from(*count),
            };
            arguments.set(*name, value);
        }
        let mut problems: Vec<FluentError> = Vec::new();
        let said = bundle.format_pattern(pattern, Some(&arguments), &mut problems);
        said.into_owned()
    }

    /// Whether there are words for a key.
    pub(crate) fn knows(self, key: &str) -> bool {
        self.bundle().has_message(key)
    }
}

impl From<MailLanguage> for Language {
    fn from(language: MailLanguage) -> Self {
        match language {
            MailLanguage::English => Self::English,
            MailLanguage::German => Self::German,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// `q=0.8` as 800.
fn thousandths(weight: &str) -> Option<u32> {
    let number = weight.trim().strip_prefix("q=")?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole: u32 = whole.parse().ok()?;
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole.min(1) * 1000 + digits.parse::<u32>().ok()?)
}

/// What cannot be read in a file of words is left out: the tests find it first.
fn bundle(code: &str, files: &[&str]) -> Bundle {
    let languages = code.parse().ok().into_iter().collect();
    let mut bundle = Bundle::new_concurrent(languages);
    // The marks would stand in attributes, files and mails too, and both languages run the same way.
    bundle.set_use_isolating(false);
    for text in files {
        let resource = FluentResource::try_new((*text).to_owned());
        let resource = resource.unwrap_or_else(|(what_is_right, _)| what_is_right);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

#[cfg(test)]
mod tests;
