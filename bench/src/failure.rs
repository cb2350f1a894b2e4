//! Why a benchmark could not be measured.

use std::fmt;

/// What went wrong, in a sentence.
#[derive(Debug)]
pub(crate) struct BenchFailure(pub(crate) String);

impl fmt::Display for BenchFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<E: std::error::Error> From<E> for BenchFailure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
