//! Codes of other crates, in the words that the pages of problems show.

use std::borrow::Cow;

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
