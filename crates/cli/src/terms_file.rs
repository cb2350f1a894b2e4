//! Reading `offering.toml` from a disk that may hold anything.

use std::{fs::File, io::Read as _, path::Path};

use softcap_offering::terms::Terms;

use crate::failure::Failure;

/// Largest file that is read; the parser refuses less than that by itself.
const LARGEST: u64 = 2 << 20;

/// The text of a file of terms.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let file = path.display().to_string();
    let unreadable = |source| Failure::Unreadable { file: file.clone(), source };
    let handle = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let length = handle.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if length as u64 > LARGEST {
        let source = std::io::Error::other(format!("larger than {LARGEST} bytes"));
        return Err(unreadable(source));
    }
    Ok(text)
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
