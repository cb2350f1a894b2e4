//! The part of RFC 8785 JSON that terms need: strings, lists and tables with sorted keys.

use std::collections::BTreeMap;
use std::fmt;

/// The part of JSON that is needed.
pub(super) enum Json {
    Text(String),
    List(Vec<Json>),
    Table(Table),
}

/// Keys are ASCII, so the byte order of the map is the UTF-16 order of RFC 8785.
#[derive(Default)]
pub(super) struct Table(BTreeMap<String, Json>);

impl Json {
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Table(Table(entries)) => {
                out.push('{');
                for (number, (key, value)) in entries.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// A string as RFC 8785 section 3.2.2.2 writes it.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

pub(super) fn text(value: impl fmt::Display) -> Json {
    Json::Text(value.to_string())
}

impl Table {
    pub(super) fn kind(kind: &str) -> Self {
        Self::default().put("kind", text(kind))
    }

    pub(super) fn put(mut self, key: &str, value: Json) -> Self {
        self.0.insert(key.to_owned(), value);
        self
    }

    pub(super) fn put_some(self, key: &str, value: Option<Json>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    pub(super) fn json(self) -> Json {
        Json::Table(self)
    }
}

pub(super) fn list<T>(items: &[T], item: impl Fn(&T) -> Json) -> Json {
    Json::List(items.iter().map(item).collect())
}
