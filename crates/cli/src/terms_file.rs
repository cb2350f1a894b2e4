//! Reading `offering.toml`.

use std::path::Path;

use softcap_offering::terms::Terms;

use crate::{failure::Failure, text_file};

/// Largest file that is read; the parser refuses less than that by itself.
const LARGEST: u64 = 2 << 20;

/// The text of a file of terms.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    Ok(text_file::read(path, LARGEST)?)
}

/// The terms in a file, and its text.
pub(crate) fn read(path: &Path) -> Result<(Terms, String), Failure> {
    let text = read_text(path)?;
    let terms = Terms::parse(&text).map_err(|problems| Failure::Terms {
        file: path.display().to_string(),
        problems,
    })?;
    Ok((terms, text))
}
