//! Codes of other crates, in the words that the pages of problems show.

use std::{borrow::Cow, fmt};

/// A stable code of another crate, for its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeText {
    /// The code as it stands in a problem.
    pub(crate) code: Cow<'static, str>,
    /// What happened.
    pub(crate) title: Cow<'static, str>,
    /// What to do.
    pub(crate) remedy: Cow<'static, str>,
}

impl CodeText {
    /// Of an error of another crate, in its own words.
    pub(crate) fn of(error: &impl fmt::Display, code: &'static str, remedy: &'static str) -> Self {
        Self {
            code: code.into(),
            title: sentence_of(error).into(),
            remedy: remedy.into(),
        }
    }
}

/// The words of an error of another crate without the code that they begin with, beginning with a capital.
fn sentence_of(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    let words = text
        .split_once(": ")
        .map_or(text.as_str(), |(_, words)| words);
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}
