//! What is wrong with a file that a command reads: where, what is there, what is allowed.

use std::fmt;

use softcap_offering::InvestorIdError;

use crate::{decimal::DecimalError, instant::InstantError, limit_price::LimitPriceError};

/// The first fault of an input file. Shows as one line:
/// `C131: sale.csv, line 7, column amount: "-5" is negative; allowed: ...`.
#[derive(Debug)]
pub(crate) struct InputError(Box<(Place, InputFault)>);

/// Where in an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as the caller named it.
    pub(crate) file: String,
    /// Line, from 1; `None` where the whole file is meant.
    pub(crate) line: Option<u64>,
    /// What of the line.
    pub(crate) spot: Spot,
}

/// What of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// All of it.
    Line,
    /// A column of a table, by name.
    Column(String),
    /// A key, and the character of the line (from 1) at which it or its value stands.
    Key {
        /// Its name; empty where the syntax is broken.
        key: String,
        /// Character of the line, if it is known.
        column: Option<usize>,
    },
}

/// What is wrong. The display says what happened, then what is allowed or what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputFault {
    /// The system refuses to open or read it.
    #[error("cannot be read ({0}); allowed: a file that this user may read")]
    Unreadable(std::io::Error),
    /// A directory, a pipe, a device.
    #[error("is {0}; allowed: a regular file")]
    NotAFile(&'static str),
    /// Nothing in it.
    #[error(
        "is empty; allowed: a header line with the columns {wanted}, then one line for each row"
    )]
    Empty {
        /// The required columns.
        wanted: String,
    },
    /// A line that no honest row needs.
    #[error("the line is longer than {limit} bytes; allowed: one row to a line")]
    LineTooLong {
        /// Most bytes.
        limit: usize,
    },
    /// More than is read into memory.
    #[error("is larger than {limit} bytes; allowed: a file up to that size")]
    FileTooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// Bytes that are no text.
    #[error("byte 0x{byte:02x} is not UTF-8; allowed: text in UTF-8{hint}")]
    NotUtf8 {
        /// The first byte that does not fit.
        byte: u8,
        /// More for a known case.
        hint: &'static str,
    },
    /// A control character.
    #[error("holds the control character U+{0:04X}; allowed: printable text")]
    ControlCharacter(u8),
    /// A carriage return that ends no line.
    #[error("holds a carriage return inside the line; allowed: lines that end in LF or CR LF")]
    LoneCarriageReturn,
    /// A quoted field that goes on in the next line.
    #[error(
        "a quoted field does not end on its line; allowed: fields without line breaks, quotes in pairs"
    )]
    QuotedNewline,
    /// A quote in the middle of a field.
    #[error(
        "{found} has a quote in the wrong place; allowed: quotes around a whole field, and doubled inside it"
    )]
    StrayQuote {
        /// The field.
        found: Shown,
    },
    /// Another number of fields than the header has.
    #[error("the row has {found} fields; allowed: {expected}, as in the header")]
    FieldCount {
        /// In the row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// A required column is not there.
    #[error("the column {name} is missing; allowed: {known}")]
    ColumnMissing {
        /// The column.
        name: &'static str,
        /// All known columns.
        known: String,
    },
    /// A column twice.
    #[error("the column stands here and before; allowed: each column once")]
    ColumnDoubled,
    /// A column of another meaning.
    #[error("{found} is not a known column; allowed: {known}{hint}")]
    ColumnUnknown {
        /// Its name.
        found: Shown,
        /// All known columns.
        known: String,
        /// What was perhaps meant.
        hint: String,
    },
    /// Too many columns.
    #[error("the header has more than {limit} columns; allowed: at most {limit}")]
    TooManyColumns {
        /// Most columns.
        limit: usize,
    },
    /// The column of the other clock.
    #[error("the terms' clock counts {clock}; allowed: the column {wanted} instead")]
    WrongClockColumn {
        /// What positions are.
        clock: &'static str,
        /// The column to use.
        wanted: &'static str,
    },
    /// No amount.
    #[error("{found} {error}; allowed: {allowed}")]
    Number {
        /// What is there.
        found: Shown,
        /// Why it is none.
        error: DecimalError,
        /// The form.
        allowed: String,
    },
    /// No date.
    #[error(
        "{found} {error}; allowed: a date with zone, to the millisecond, for example 2026-03-01T12:00:00Z or 2026-03-01T13:00:00.250+01:00"
    )]
    Instant {
        /// What is there.
        found: Shown,
        /// Why it is none.
        error: InstantError,
    },
    /// No block height.
    #[error("{found} is not a block height; allowed: digits, at most {most}")]
    Height {
        /// What is there.
        found: Shown,
        /// The largest.
        most: u64,
    },
    /// No limit price.
    #[error(
        "{found} {error}; allowed: money per whole token such as 0.25, or MONEY/TOKENS such as 100/50"
    )]
    LimitPrice {
        /// What is there.
        found: Shown,
        /// Why it is none.
        error: LimitPriceError,
    },
    /// A currency that the terms do not name.
    #[error("{found} is not a currency of the terms; allowed: {known}")]
    Currency {
        /// What is there.
        found: Shown,
        /// The currencies of the terms.
        known: String,
    },
    /// No investor id.
    #[error(
        "{found}: {error}; allowed: an EVM address, or 1 to 100 letters, digits and . _ : @ + / = -"
    )]
    Investor {
        /// What is there.
        found: Shown,
        /// Why it is none.
        error: InvestorIdError,
    },
    /// No reference.
    #[error(
        "{found} is not a reference; allowed: {least} to {most} printable ASCII characters without comma and quote, no blank at the ends"
    )]
    Reference {
        /// What is there.
        found: Shown,
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// An id twice.
    #[error("{found} stands already {first}; allowed: each contribution_id once")]
    Doubled {
        /// The id.
        found: Shown,
        /// Where before, for example `on line 3`.
        first: String,
    },
    /// TOML that does not parse.
    #[error("is not TOML ({0}); allowed: tables that begin with [[entry]]")]
    Syntax(String),
    /// A key that means nothing there.
    #[error("the key is not known here; allowed: {known}{hint}")]
    KeyUnknown {
        /// All keys of the place.
        known: String,
        /// What was perhaps meant.
        hint: String,
    },
    /// A required key is not there.
    #[error("the key {key} is missing; allowed: {allowed}")]
    KeyMissing {
        /// The key.
        key: &'static str,
        /// What it would hold.
        allowed: String,
    },
    /// A value of another type or form.
    #[error("{found} does not fit; allowed: {allowed}")]
    Value {
        /// What is there.
        found: Shown,
        /// What may be.
        allowed: String,
    },
    /// Two keys of which only one may stand.
    #[error("stands beside {other}; allowed: only one of the two")]
    KeysExclude {
        /// The other key.
        other: &'static str,
    },
    /// A name that the terms do not hold.
    #[error("{found} is no {what} of the terms; allowed: {known}")]
    NameUnknown {
        /// What is there.
        found: Shown,
        /// What it should name.
        what: &'static str,
        /// The names of the terms.
        known: String,
    },
    /// A contribution that is not there when the entry needs it.
    #[error(
        "no contribution {found} stands before this entry; allowed: the contribution_id of a row, or of a sealed bid, that comes earlier"
    )]
    NotYetThere {
        /// What is there.
        found: Shown,
    },
    /// An anchor that never came.
    #[error(
        "there is no contribution {found} to stand after; allowed: the contribution_id of a row, or of a sealed bid that has a place itself"
    )]
    NoSuchAnchor {
        /// What is there.
        found: Shown,
    },
    /// Money of another currency than the contribution's.
    #[error("the contribution is in {expected}, not in {found}; allowed: an amount in {expected}")]
    OtherCurrency {
        /// The unit of the entry.
        found: String,
        /// The currency of the contribution.
        expected: String,
    },
}

impl InputFault {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "C101",
            Self::NotAFile(_) => "C102",
            Self::Empty { .. } => "C103",
            Self::LineTooLong { .. } => "C104",
            Self::FileTooLarge { .. } => "C105",
            Self::NotUtf8 { .. } => "C106",
            Self::ControlCharacter(_) => "C107",
            Self::LoneCarriageReturn => "C108",
            Self::QuotedNewline => "C110",
            Self::StrayQuote { .. } => "C111",
            Self::FieldCount { .. } => "C112",
            Self::ColumnMissing { .. } => "C120",
            Self::ColumnDoubled => "C121",
            Self::ColumnUnknown { .. } => "C122",
            Self::TooManyColumns { .. } => "C123",
            Self::WrongClockColumn { .. } => "C124",
            Self::Number { error, .. } => error.code(),
            Self::Instant { error, .. } => error.code(),
            Self::LimitPrice { error, .. } => error.code(),
            Self::Height { .. } => "C147",
            Self::Currency { .. } => "C150",
            Self::Investor { .. } => "C151",
            Self::Reference { .. } => "C152",
            Self::Doubled { .. } => "C153",
            Self::Syntax(_) => "C160",
            Self::KeyUnknown { .. } => "C161",
            Self::KeyMissing { .. } => "C162",
            Self::Value { .. } => "C163",
            Self::KeysExclude { .. } => "C164",
            Self::NameUnknown { .. } => "C165",
            Self::NotYetThere { .. } => "C170",
            Self::NoSuchAnchor { .. } => "C171",
            Self::OtherCurrency { .. } => "C172",
        }
    }
}

impl InputError {
    /// A fault at a place.
    pub(crate) fn new(place: Place, fault: InputFault) -> Self {
        Self(Box::new((place, fault)))
    }

    /// A fault of a file as a whole.
    pub(crate) fn of_file(file: &str, fault: InputFault) -> Self {
        Self::new(
            Place {
                file: file.to_owned(),
                line: None,
                spot: Spot::Line,
            },
            fault,
        )
    }

    /// The stable code, for example `C131`.
    pub(crate) fn code(&self) -> &'static str {
        self.fault().code()
    }

    /// Where.
    pub(crate) fn place(&self) -> &Place {
        &self.0.0
    }

    /// What.
    pub(crate) fn fault(&self) -> &InputFault {
        &self.0.1
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ", line {line}")?;
        }
        match &self.spot {
            Spot::Line => Ok(()),
            Spot::Column(name) => write!(out, ", column {name}"),
            Spot::Key { key, column } => {
                if let Some(column) = column {
                    write!(out, ", column {column}")?;
                }
                if key.is_empty() {
                    Ok(())
                } else {
                    write!(out, ", key {key}")
                }
            }
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.code(), self.place(), self.fault())
    }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The display of the fault already tells the cause.
        None
    }
}

/// A piece of a hostile file, safe to show: quoted, shortened, control and other characters that do
/// not print as escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    /// Most characters that are shown.
    const MOST: usize = 60;

    /// Makes a text safe to show.
    pub(crate) fn new(text: &str) -> Self {
        let mut shown = String::from("\"");
        let mut characters = text.chars();
        for character in characters.by_ref().take(Self::MOST) {
            let plain = character == ' '
                || character == '\''
                || (!character.is_whitespace() && !is_invisible(character));
            if plain && character != '"' && character != '\\' {
                shown.push(character);
            } else {
                shown.extend(character.escape_default());
            }
        }
        let rest = characters.count();
        shown.push('"');
        if rest > 0 {
            shown.push_str(&format!(" (and {rest} more characters)"));
        }
        Self(shown)
    }
}

/// Characters that would move the cursor, vanish, or turn the direction of the message around.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// `; did you mean amount?` when one of the known names is close to what is there.
pub(crate) fn did_you_mean<'n>(found: &str, known: impl Iterator<Item = &'n str>) -> String {
    // A name longer than any key cannot be close to one, and comparing it would take long.
    if found.len() > 64 {
        return String::new();
    }
    let lower = found.trim().to_lowercase();
    known
        .map(|name| (strsim::jaro_winkler(&lower, name), name))
        .filter(|(closeness, _)| *closeness > 0.8)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or(String::new(), |(_, name)| format!("; did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_cannot_reach_the_terminal() {
        let table = [
            ("-5", "\"-5\""),
            ("a\u{1b}[2J\0", "\"a\\u{1b}[2J\\u{0}\""),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("\u{202e}evil", "\"\\u{202e}evil\""),
            ("Zürich it's", "\"Zürich it's\""),
            ("a\tb\u{a0}", "\"a\\tb\\u{a0}\""),
        ];
        for (text, expected) in table {
            assert_eq!(Shown::new(text).to_string(), expected);
        }
        let long = Shown::new(&"9".repeat(100)).to_string();
        assert_eq!(
            long,
            format!("\"{}\" (and 40 more characters)", "9".repeat(60))
        );
    }

    #[test]
    fn a_message_names_code_file_line_and_column() {
        let place = Place {
            file: "sale.csv".into(),
            line: Some(7),
            spot: Spot::Column("amount".into()),
        };
        let fault = InputFault::Number {
            found: Shown::new("-5"),
            error: DecimalError::Negative,
            allowed: "digits".into(),
        };
        let error = InputError::new(place, fault);
        assert_eq!(
            error.to_string(),
            "C131: sale.csv, line 7, column amount: \"-5\" is negative; allowed: digits"
        );
    }

    #[test]
    fn near_names_are_offered() {
        let known = || ["amount", "currency", "investor"].into_iter();
        assert_eq!(did_you_mean("ammount", known()), "; did you mean amount?");
        assert_eq!(
            did_you_mean("Currency ", known()),
            "; did you mean currency?"
        );
        assert_eq!(did_you_mean("xyz", known()), "");
        assert_eq!(did_you_mean(&"amount".repeat(1000), known()), "");
    }
}
