//! Typed access to a parsed TOML document that remembers places and which keys were asked for.
//!
//! Everything here reports what is wrong and goes on, so that one run names as many problems as
//! possible. Paths are only built for keys the language has, so an enemy's key cannot grow them.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeArray, DeTable, DeValue};

use super::super::problem::{Place, TermsCode, TermsProblem};

/// Problems listed before the rest is only counted.
const MAX_PROBLEMS: usize = 200;
/// Characters of the author's text that a message repeats.
const MAX_QUOTE: usize = 60;

/// Collects problems of one text.
pub(in crate::terms) struct Reader<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    outline: BTreeMap<String, usize>,
    problems: Vec<TermsProblem>,
    left_out: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            text,
            line_starts,
            outline: BTreeMap::new(),
            problems: Vec::new(),
            left_out: 0,
        }
    }

    /// Adds a problem at a byte offset of the text.
    pub(super) fn report(
        &mut self,
        code: TermsCode,
        key: &str,
        offset: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.left_out += 1;
            return;
        }
        let mut problem = TermsProblem::new(code, key, message, hint);
        problem.place = Some(self.place(offset));
        self.problems.push(problem);
    }

    /// Adds a problem at a key that was read before, or at the nearest key above it.
    pub(super) fn report_at(
        &mut self,
        code: TermsCode,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let offset = self.offset_of(key);
        self.report(code, key, offset, message, hint);
    }

    /// The place of a key, or of the nearest key above it.
    pub(in crate::terms) fn place_of(&self, key: &str) -> Place {
        self.place(self.offset_of(key))
    }

    fn offset_of(&self, key: &str) -> usize {
        let mut path = key;
        loop {
            if let Some(offset) = self.outline.get(path) {
                return *offset;
            }
            match path.rfind(['.', '[']) {
                Some(cut) => path = path.get(..cut).unwrap_or_default(),
                None => return 0,
            }
        }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Place {
            line,
            column: before.chars().count() + 1,
        }
    }

    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// All problems in the order of the text.
    pub(super) fn into_problems(mut self) -> Vec<TermsProblem> {
        self.problems.sort_by_key(|problem| problem.place);
        if self.left_out > 0 {
            self.problems.push(TermsProblem::new(
                TermsCode::MoreProblems,
                "",
                format!("{} more problems are not listed", self.left_out),
                "correct the first ones and run the check again",
            ));
        }
        self.problems
    }

    fn remember(&mut self, path: &str, offset: usize) {
        self.outline.entry(path.to_owned()).or_insert(offset);
    }
}

/// A short, printable piece of the author's text for a message.
pub(super) fn quote(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(MAX_QUOTE)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MAX_QUOTE).is_some() {
        short.push_str("...");
    }
    short
}

/// The candidate nearest to what was written, if it is near.
fn nearest<'c>(written: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // No word of the language is as long as that, so a longer text is near none either.
    let written: String = written
        .chars()
        .take(MAX_QUOTE)
        .flat_map(char::to_lowercase)
        .collect();
    candidates
        .map(|candidate| {
            (
                strsim::osa_distance(&written, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// A list of words for a hint.
pub(super) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// A table whose keys are asked for by name; what nobody asks for is unknown.
pub(super) struct Section<'a> {
    pub(super) path: String,
    pub(super) offset: usize,
    table: &'a DeTable<'a>,
    known: BTreeSet<&'static str>,
}

/// A key and its value.
pub(super) struct Entry<'a> {
    pub(super) path: String,
    pub(super) offset: usize,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: &'a DeTable<'a>) -> Self {
        Self {
            path: String::new(),
            offset: 0,
            table,
            known: BTreeSet::new(),
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn take(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
    ) -> Option<Entry<'a>> {
        self.known.insert(name);
        let (key, value) = self.table.get_key_value(name)?;
        let path = self.path_of(name);
        reader.remember(&path, key.span().start);
        Some(Entry {
            path,
            offset: value.span().start,
            value: value.get_ref(),
        })
    }

    /// The value of a key that must be there.
    pub(super) fn require(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        example: &str,
    ) -> Option<Entry<'a>> {
        let entry = self.take(reader, name);
        if entry.is_none() {
            let message = format!("`{name}` is missing");
            reader.report(
                TermsCode::MissingKey,
                &self.path_of(name),
                self.offset,
                message,
                format!("add `{name} = {example}`"),
            );
        }
        entry
    }

    /// One of some words, or the default when the key is not there.
    pub(super) fn choice_or<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        choices: &[(&'static str, T)],
        default: T,
    ) -> T {
        self.take(reader, name)
            .and_then(|entry| entry.choice(reader, choices))
            .unwrap_or(default)
    }

    /// A table below this one.
    pub(super) fn section(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
    ) -> Option<Section<'a>> {
        self.take(reader, name)
            .and_then(|entry| entry.section(reader))
    }

    /// The tables of a list `[[name]]`, at most `limit` of them.
    pub(super) fn sections(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        limit: usize,
    ) -> Vec<Section<'a>> {
        let Some(entry) = self.take(reader, name) else {
            return Vec::new();
        };
        let entries = entry.items(reader, limit);
        entries
            .into_iter()
            .filter_map(|item| item.section(reader))
            .collect()
    }

    /// Every key of a table whose keys are names chosen by the author, in the order of the text.
    pub(super) fn named(&self, reader: &mut Reader<'_>, limit: usize) -> Vec<(&'a str, Entry<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        if entries.len() > limit {
            reader.report(
                TermsCode::TooMany,
                &self.path,
                self.offset,
                format!("{} entries where at most {limit} may stand", entries.len()),
                "leave some out",
            );
            entries.truncate(limit);
        }
        let mut named = Vec::new();
        for (key, value) in entries {
            let name: &'a str = key.get_ref();
            if !is_symbol(name) {
                reader.report(
                    TermsCode::BadName,
                    &self.path,
                    key.span().start,
                    format!("`{}` is not a symbol", quote(name)),
                    SYMBOL_HINT,
                );
                continue;
            }
            let path = self.path_of(name);
            reader.remember(&path, key.span().start);
            named.push((
                name,
                Entry {
                    path,
                    offset: value.span().start,
                    value: value.get_ref(),
                },
            ));
        }
        named
    }

    /// Whether a key is there, without reading it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Reports every key that was not asked for.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if self.known.contains(name) {
                continue;
            }
            let hint = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", one_of(self.known.iter().copied())),
            };
            let path = self.path_of(&quote(name));
            let message = format!("unknown key `{}`", quote(name));
            reader.report(
                TermsCode::UnknownKey,
                &path,
                key.span().start,
                message,
                hint,
            );
        }
    }
}

impl<'a> Entry<'a> {
    /// Adds a problem at this value.
    pub(super) fn report(
        &self,
        reader: &mut Reader<'_>,
        code: TermsCode,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        reader.report(code, &self.path, self.offset, message, hint);
    }

    fn wrong_type(&self, reader: &mut Reader<'_>, wanted: &str) {
        let found = self.value.type_str();
        let message = format!("found {found} where {wanted} belongs");
        self.report(
            reader,
            TermsCode::WrongType,
            message,
            format!("write {wanted}"),
        );
    }

    /// A string.
    pub(super) fn text(&self, reader: &mut Reader<'_>) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type(reader, "a string in quotes");
        }
        text
    }

    /// A table.
    pub(super) fn section(&self, reader: &mut Reader<'_>) -> Option<Section<'a>> {
        let Some(table) = self.value.as_table() else {
            self.wrong_type(reader, "a table");
            return None;
        };
        let (path, offset) = (self.path.clone(), self.offset);
        Some(Section {
            path,
            offset,
            table,
            known: BTreeSet::new(),
        })
    }

    /// The items of an array, at most `limit` of them.
    pub(super) fn items(&self, reader: &mut Reader<'_>, limit: usize) -> Vec<Entry<'a>> {
        let Some(array) = self.value.as_array() else {
            self.wrong_type(reader, "a list");
            return Vec::new();
        };
        let array: &'a DeArray<'a> = array;
        if array.len() > limit {
            let message = format!("{} entries where at most {limit} may stand", array.len());
            self.report(reader, TermsCode::TooMany, message, "leave some out");
        }
        let mut items = Vec::new();
        for (number, item) in array.iter().take(limit).enumerate() {
            let path = format!("{}[{number}]", self.path);
            let offset = item.span().start;
            reader.remember(&path, offset);
            items.push(Entry {
                path,
                offset,
                value: item.get_ref(),
            });
        }
        items
    }

    /// A whole number from 0 to `most`; counts only, never amounts.
    pub(super) fn count(&self, reader: &mut Reader<'_>, most: u32) -> Option<u32> {
        let number = self
            .value
            .as_integer()
            .filter(|number| number.radix() == 10);
        let Some(number) = number else {
            self.wrong_type(reader, "a whole number without quotes");
            return None;
        };
        let count = number
            .as_str()
            .parse::<u32>()
            .ok()
            .filter(|count| *count <= most);
        if count.is_none() {
            let message = format!(
                "`{}` is not a number from 0 to {most}",
                quote(number.as_str())
            );
            self.report(
                reader,
                TermsCode::BadNumber,
                message,
                format!("at most {most}"),
            );
        }
        count
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(
        &self,
        reader: &mut Reader<'_>,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(reader)?;
        let found = choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice);
        if found.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            let hint = match nearest(text, words.clone()) {
                Some(near) => format!("did you mean `{near}`? Allowed: {}", one_of(words)),
                None => format!("allowed: {}", one_of(words)),
            };
            let message = format!("`{}` is not a word of the language here", quote(text));
            self.report(reader, TermsCode::UnknownWord, message, hint);
        }
        found
    }

    /// A name for people: 1 to 100 characters without control characters.
    pub(super) fn name(&self, reader: &mut Reader<'_>) -> Option<String> {
        let text = self.text(reader)?;
        let length = text.chars().count();
        let printable = !text.chars().any(char::is_control);
        if length == 0 || length > 100 || !printable || text.trim() != text {
            let message = format!("`{}` is not a name", quote(text));
            let hint = "1 to 100 characters, without control characters or outer spaces";
            self.report(reader, TermsCode::BadName, message, hint);
            return None;
        }
        Some(text.to_owned())
    }

    /// A symbol that amounts carry.
    pub(super) fn symbol(&self, reader: &mut Reader<'_>) -> Option<String> {
        let text = self.text(reader)?;
        if !is_symbol(text) {
            let message = format!("`{}` is not a symbol", quote(text));
            self.report(reader, TermsCode::BadName, message, SYMBOL_HINT);
            return None;
        }
        Some(text.to_owned())
    }
}

const SYMBOL_HINT: &str = "1 to 16 letters, digits, `-` or `.`, and not the word `per`";

fn is_symbol(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=16).contains(&text.len())
        && text.bytes().all(allowed)
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !text.eq_ignore_ascii_case("per")
}
