//! What is typed into the guided form: one text for each field, whatever it is.

use std::collections::BTreeMap;

/// Rows of a list at most, so that the page stays light; who needs more writes the text.
const MOST_ROWS: usize = 8;
/// Of rounds there may be more: sales with a price for each week have a dozen of them.
const MOST_ROUNDS: usize = 18;

/// The lists of the form. A field of a row is `STEM-PLACE-KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Money that is taken.
    Currencies,
    /// Parts of the supply that are not sold.
    Shares,
    /// When, and at which price.
    Rounds,
    /// Steps in which money is released.
    Milestones,
}

impl List {
    pub(super) const ALL: [Self; 4] = [
        Self::Currencies,
        Self::Shares,
        Self::Rounds,
        Self::Milestones,
    ];

    pub(super) const fn stem(self) -> &'static str {
        match self {
            Self::Currencies => "currency",
            Self::Shares => "share",
            Self::Rounds => "round",
            Self::Milestones => "milestone",
        }
    }

    const fn most(self) -> usize {
        match self {
            Self::Rounds => MOST_ROUNDS,
            Self::Currencies | Self::Shares | Self::Milestones => MOST_ROWS,
        }
    }
}

/// What a button of the form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Store it if it is right.
    Save,
    /// Store it as it is.
    Keep,
    /// The fields of what was chosen, and nothing else.
    Show,
    /// One row more.
    Add(List),
    /// One row less.
    Remove(List, usize),
}

impl Act {
    fn of(text: &str) -> Self {
        let list = |stem: &str| List::ALL.into_iter().find(|list| list.stem() == stem);
        match text {
            "keep" => return Self::Keep,
            "show" => return Self::Show,
            _ => {}
        }
        if let Some(list) = text.strip_prefix("add-").and_then(list) {
            return Self::Add(list);
        }
        let removed = text.strip_prefix("remove-").and_then(|rest| {
            let (stem, place) = rest.rsplit_once('-')?;
            Some(Self::Remove(list(stem)?, place.parse().ok()?))
        });
        removed.unwrap_or(Self::Save)
    }
}

/// The fields of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// As a browser sent them; of two of the same name the last one counts.
    pub(super) fn of(pairs: Vec<(String, String)>) -> Self {
        let trimmed = |(name, value): (String, String)| (name, value.trim().to_owned());
        Self(pairs.into_iter().map(trimmed).collect())
    }

    /// What was typed; nothing where there is no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A field of a row.
    pub(super) fn of_row(&self, list: List, place: usize, key: &str) -> &str {
        self.get(&row_field(list, place, key))
    }

    pub(super) fn set_in_row(
        &mut self,
        list: List,
        place: usize,
        key: &str,
        value: impl Into<String>,
    ) {
        self.set(&row_field(list, place, key), value);
    }

    /// How many rows a list has.
    pub(super) fn rows(&self, list: List) -> usize {
        let count = self.get(&rows_field(list)).parse().unwrap_or(0);
        list.most().min(count)
    }

    pub(super) fn set_rows(&mut self, list: List, count: usize) {
        self.set(&rows_field(list), count.min(list.most()).to_string());
    }

    /// Whether another row fits.
    pub(super) fn has_room(&self, list: List) -> bool {
        self.rows(list) < list.most()
    }

    /// What the pressed button asks for; a form that is sent by the enter key is to be stored.
    pub(super) fn act(&self) -> Act {
        Act::of(self.get("act"))
    }

    pub(super) fn add_row(&mut self, list: List) {
        self.set_rows(list, self.rows(list) + 1);
    }

    /// Takes a row out; those after it move up.
    pub(super) fn remove_row(&mut self, list: List, place: usize) {
        let count = self.rows(list);
        if place >= count {
            return;
        }
        let mut kept = BTreeMap::new();
        for (name, value) in std::mem::take(&mut self.0) {
            match place_of(list, &name) {
                Some((found, _)) if found == place => {}
                Some((found, key)) if found > place => {
                    kept.insert(row_field(list, found - 1, key), value);
                }
                Some(_) | None => {
                    kept.insert(name, value);
                }
            }
        }
        self.0 = kept;
        self.set_rows(list, count - 1);
    }
}

/// Name of a field of a row.
pub(super) fn row_field(list: List, place: usize, key: &str) -> String {
    format!("{}-{place}-{key}", list.stem())
}

/// Name of the hidden field with the number of rows.
pub(super) fn rows_field(list: List) -> String {
    format!("{}-rows", list.stem())
}

/// The row of a field, and its key there.
fn place_of(list: List, name: &str) -> Option<(usize, &str)> {
    let rest = name.strip_prefix(list.stem())?.strip_prefix('-')?;
    let (place, key) = rest.split_once('-')?;
    Some((place.parse().ok()?, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_taken_out_leaves_no_gap_and_touches_no_other_list() {
        let mut fields = Fields::default();
        fields.set_rows(List::Rounds, 3);
        for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
            fields.set_in_row(List::Rounds, place, "name", name);
        }
        fields.set_in_row(List::Shares, 1, "name", "kept");
        fields.remove_row(List::Rounds, 1);
        assert_eq!(fields.rows(List::Rounds), 2);
        let name = |place| fields.of_row(List::Rounds, place, "name");
        assert_eq!((name(0), name(1), name(2)), ("a", "c", ""));
        assert_eq!(fields.of_row(List::Shares, 1, "name"), "kept");
        let before = fields.clone();
        fields.remove_row(List::Rounds, 7);
        assert_eq!(fields, before);
    }

    #[test]
    fn a_button_says_what_is_to_be_done() {
        let table = [
            ("", Act::Save),
            ("save", Act::Save),
            ("keep", Act::Keep),
            ("show", Act::Show),
            ("add-round", Act::Add(List::Rounds)),
            ("remove-share-2", Act::Remove(List::Shares, 2)),
            ("remove-share-x", Act::Save),
            ("add-nothing", Act::Save),
        ];
        for (text, expected) in table {
            let mut fields = Fields::default();
            fields.set("act", text);
            assert_eq!(fields.act(), expected, "{text}");
        }
    }
}
