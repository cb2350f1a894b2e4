//! What was typed into a form with many fields, kept as it was for showing it again.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Texts by the name of their field. A box that is not ticked, and a field that the form does not have, is no text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// The text of a field without blanks around it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// Whether there is a text in a field, or its box is ticked.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The same with one text more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), text.into());
        self
    }
}
