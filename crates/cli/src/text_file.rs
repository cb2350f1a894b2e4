//! Whole text files from a disk that may hold anything: terms, entries, keys.

use std::{io::Read as _, path::Path};

use crate::{
    contributions_csv::open_regular,
    input_error::{InputError, InputFault, Place, Spot},
};

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
/// C101 when the system refuses, C102 when it is no regular file, C105 when it is larger, C106 with
/// the line when it is not UTF-8.
pub(crate) fn read(path: &Path, limit: u64) -> Result<String, InputError> {
    let name = path.display().to_string();
    let too_large = || InputError::of_file(&name, InputFault::FileTooLarge { limit });
    let (file, bytes) = open_regular(path)?;
    if bytes > limit {
        return Err(too_large());
    }
    let mut content = Vec::new();
    // The file may grow while it is read.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| InputError::of_file(&name, InputFault::Unreadable(error)))?;
    if u64::try_from(content.len()).is_ok_and(|read| read > limit) {
        return Err(too_large());
    }
    String::from_utf8(content).map_err(|error| not_utf8(&name, &error))
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> InputError {
    let bytes = error.as_bytes();
    let (before, rest) = bytes.split_at(error.utf8_error().valid_up_to());
    let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let place = Place {
        file: name.to_owned(),
        line: u64::try_from(line).ok(),
        spot: Spot::Line,
    };
    let fault = InputFault::NotUtf8 {
        byte: rest.first().copied().unwrap_or(0),
        hint: if utf16 {
            "; this looks like UTF-16, save it as UTF-8"
        } else {
            ""
        },
    };
    InputError::new(place, fault)
}
