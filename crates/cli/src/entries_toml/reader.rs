//! Tables of a TOML file whose values know their line and column.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::input_error::{InputError, InputFault, Place, Shown, Spot, did_you_mean};

/// A file and where its lines begin.
pub(super) struct TextFile<'t> {
    name: &'t str,
    text: &'t str,
    /// Offsets of the lines, so that naming a place does not read the file again.
    lines: Vec<usize>,
}

impl<'t> TextFile<'t> {
    pub(super) fn new(name: &'t str, text: &'t str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|place| place + 1);
        Self {
            name,
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// Line and character of the line, from 1.
    fn place(&self, offset: usize) -> (u64, usize) {
        let line = self.lines.partition_point(|begin| *begin <= offset);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self
            .text
            .get(begin..offset)
            .map_or(1, |before| before.chars().count() + 1);
        (u64::try_from(line).unwrap_or(u64::MAX), column)
    }
}

/// Line and character of the line of an offset, from 1.
pub(super) fn place_in(text: &str, offset: usize) -> (u64, usize) {
    TextFile::new("", text).place(offset)
}

/// A table and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Table<'t> {
    file: &'t TextFile<'t>,
    table: &'t DeTable<'t>,
    begin: usize,
}

/// A value and the key it stands under.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    file: &'t TextFile<'t>,
    pub(super) key: &'static str,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Table<'t> {
    pub(super) fn root(file: &'t TextFile<'t>, table: &'t DeTable<'t>) -> Self {
        Self {
            file,
            table,
            begin: 0,
        }
    }

    /// The line where it begins.
    pub(super) fn line(&self) -> u64 {
        self.file.place(self.begin).0
    }

    /// Refuses keys that are not known here; the first one of the file is named.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), InputError> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let name = key.get_ref().as_ref();
        let hint = did_you_mean(name, known.iter().copied());
        let fault = InputFault::KeyUnknown {
            known: known.join(", "),
            hint,
        };
        Err(self
            .file
            .error(&Shown::new(name).to_string(), key.span().start, fault))
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &'static str) -> Option<Entry<'t>> {
        let value = self.table.get(key)?;
        Some(Entry {
            file: self.file,
            key,
            value,
        })
    }

    /// The value of a key that must be there; `allowed` says what it would hold.
    pub(super) fn require(
        &self,
        key: &'static str,
        allowed: &str,
    ) -> Result<Entry<'t>, InputError> {
        self.get(key).ok_or_else(|| self.missing(key, allowed))
    }

    /// The error of a key that is not there.
    pub(super) fn missing(&self, key: &'static str, allowed: &str) -> InputError {
        let fault = InputFault::KeyMissing {
            key,
            allowed: allowed.to_owned(),
        };
        self.file.error(key, self.begin, fault)
    }

    /// The tables of a list of tables; none when the key is not there.
    pub(super) fn tables(&self, key: &'static str) -> Result<Vec<Table<'t>>, InputError> {
        let Some(entry) = self.get(key) else {
            return Ok(Vec::new());
        };
        let fault = || entry.does_not_fit("tables that begin with [[entry]]");
        let values = entry.value.get_ref().as_array().ok_or_else(fault)?;
        let table = |value: &'t Spanned<DeValue<'t>>| {
            let table = value.get_ref().as_table().ok_or_else(fault)?;
            Ok(Table {
                file: entry.file,
                table,
                begin: value.span().start,
            })
        };
        values.iter().map(table).collect()
    }
}

impl TextFile<'_> {
    fn error(&self, key: &str, offset: usize, fault: InputFault) -> InputError {
        let (line, column) = self.place(offset);
        let spot = Spot::Key {
            key: key.to_owned(),
            column: Some(column),
        };
        InputError::new(
            Place {
                file: self.name.to_owned(),
                line: Some(line),
                spot,
            },
            fault,
        )
    }
}

impl<'t> Entry<'t> {
    /// A fault of the value.
    pub(super) fn error(&self, fault: InputFault) -> InputError {
        self.file.error(self.key, self.value.span().start, fault)
    }

    /// The fault that a value has another type or form.
    pub(super) fn does_not_fit(&self, allowed: &str) -> InputError {
        let found = match self.value.get_ref() {
            DeValue::String(text) => Shown::new(text),
            value @ (DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_)) => Shown::new(value.type_str()),
        };
        self.error(InputFault::Value {
            found,
            allowed: allowed.to_owned(),
        })
    }

    /// A string.
    pub(super) fn text(&self, allowed: &str) -> Result<&'t str, InputError> {
        self.value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.does_not_fit(allowed))
    }

    /// A string, or a date that TOML knows as such, in the form in which it was written.
    pub(super) fn date_text(&self, allowed: &str) -> Result<String, InputError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Datetime(date) => Ok(date.to_string()),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => Err(self.does_not_fit(allowed)),
        }
    }

    /// A number that is not negative.
    pub(super) fn whole_number(&self, allowed: &str) -> Result<u64, InputError> {
        let number = self.value.get_ref().as_integer();
        number
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok())
            .ok_or_else(|| self.does_not_fit(allowed))
    }

    /// The elements of a list.
    pub(super) fn list(&self, allowed: &str) -> Result<Vec<Entry<'t>>, InputError> {
        let values = self
            .value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.does_not_fit(allowed))?;
        Ok(values
            .iter()
            .map(|value| Entry { value, ..*self })
            .collect())
    }

    /// The place of a name in a list of the terms.
    pub(super) fn name_of(&self, what: &'static str, names: &[&str]) -> Result<usize, InputError> {
        let text = self.text(&format!("the name of a {what}: {}", names.join(", ")))?;
        names.iter().position(|name| *name == text).ok_or_else(|| {
            let found = Shown::new(text);
            self.error(InputFault::NameUnknown {
                found,
                what,
                known: names.join(", "),
            })
        })
    }
}
