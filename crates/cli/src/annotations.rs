//! `annotations.csv`: the `x_` columns of the contributions, for a result that carries them. They are
//! never in the journal, because a public log cannot be erased.

use csv_core::{WriteResult, Writer};

use crate::contributions_csv::Row;

/// A table that grows.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    csv: Vec<u8>,
}

impl Annotations {
    /// Adds the annotations of a contribution; a sale without such columns has an empty table.
    pub(crate) fn add(&mut self, row: &Row<'_>) {
        let annotations = row.annotations();
        if annotations.is_empty() {
            return;
        }
        if self.csv.is_empty() {
            let names = annotations.iter().map(|(name, _)| *name);
            self.record(std::iter::once("contribution_id").chain(names));
        }
        let values = annotations.iter().map(|(_, value)| value.as_ref());
        self.record(std::iter::once(row.contribute.reference).chain(values));
    }

    /// The finished table.
    pub(crate) fn into_csv(self) -> Vec<u8> {
        self.csv
    }

    fn record<'f>(&mut self, fields: impl Iterator<Item = &'f str>) {
        let mut writer = Writer::new();
        for (place, field) in fields.enumerate() {
            if place > 0 {
                self.write(|out| writer.delimiter(out));
            }
            let mut rest = field.as_bytes();
            while self.write(|out| {
                let (result, read, written) = writer.field(rest, out);
                rest = rest.get(read..).unwrap_or_default();
                (result, written)
            }) {}
        }
        self.write(|out| writer.terminator(out));
    }

    /// Appends what `step` writes; whether it has more to write.
    fn write(&mut self, step: impl FnOnce(&mut [u8]) -> (WriteResult, usize)) -> bool {
        let mut buffer = [0; 256];
        let (result, written) = step(&mut buffer);
        self.csv
            .extend_from_slice(buffer.get(..written).unwrap_or_default());
        matches!(result, WriteResult::OutputFull)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut annotations = Annotations::default();
        let long = "y".repeat(1_000);
        annotations.record(["c-1", "plain", "with, comma", "with \"quotes\"", &long].into_iter());
        let expected = format!("c-1,plain,\"with, comma\",\"with \"\"quotes\"\"\",{long}\n");
        assert_eq!(String::from_utf8(annotations.into_csv()).unwrap(), expected);
    }
}
