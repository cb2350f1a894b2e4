//! Bytes of a block as text, and the text as lines.

use std::ops::Range;

use super::blocks::LONGEST_LINE;
use crate::input_error::InputFault;

/// A fault of a text, and the place of its first bad byte.
#[derive(Debug)]
pub(super) struct TextFault {
    /// Line breaks before it.
    pub(super) lines: u64,
    /// Commas outside of quotes before it on its line: the place of its column.
    pub(super) column: usize,
    pub(super) fault: InputFault,
}

/// Whether single lines have to be looked at for characters that may not stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controls {
    /// There are none in the whole block.
    Absent,
    /// There is one.
    Present,
}

/// A block as text.
pub(super) fn text_of(block: Vec<u8>) -> Result<String, TextFault> {
    String::from_utf8(block).map_err(|error| {
        let bytes = error.as_bytes();
        let (before, rest) = bytes.split_at(error.utf8_error().valid_up_to());
        let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
        let hint = if utf16 {
            "; this looks like UTF-16, save it as UTF-8"
        } else {
            ""
        };
        let byte = rest.first().copied().unwrap_or(0);
        let lines = memchr::memchr_iter(b'\n', before).count();
        let begin = memchr::memrchr(b'\n', before).map_or(0, |last| last + 1);
        TextFault {
            lines: u64::try_from(lines).unwrap_or(u64::MAX),
            column: columns_before(&before[begin..]),
            fault: InputFault::NotUtf8 { byte, hint },
        }
    })
}

/// Looks for control characters other than tabs and the ends of lines. Bytes are compared without
/// a branch for each, which compilers turn into few instructions.
pub(super) fn controls_of(text: &str) -> Controls {
    let bytes = text.as_bytes();
    let bad = |byte: u8| {
        (byte < b' ') & (byte != b'\n') & (byte != b'\r') & (byte != b'\t') | (byte == 0x7f)
    };
    let any_in = |chunk: &[u8]| chunk.iter().fold(false, |any, byte| any | bad(*byte));
    let lone_return =
        || memchr::memchr_iter(b'\r', bytes).any(|place| bytes.get(place + 1) != Some(&b'\n'));
    if bytes.chunks(4096).any(any_in) || lone_return() {
        Controls::Present
    } else {
        Controls::Absent
    }
}

/// The line that begins at a place, without its end, and where the next one begins.
pub(super) fn next_line(text: &[u8], begin: usize) -> Option<(Range<usize>, usize)> {
    let rest = text.get(begin..).filter(|rest| !rest.is_empty())?;
    let Some(length) = memchr::memchr(b'\n', rest) else {
        return Some((begin..text.len(), text.len()));
    };
    let end = begin + length;
    let carriage_return = length > 0 && rest[length - 1] == b'\r';
    Some((begin..end - usize::from(carriage_return), end + 1))
}

/// Refuses a line that is too long, or holds a character that may not stand in a file.
pub(super) fn check_line(line: &str, controls: Controls) -> Result<(), TextFault> {
    let fault_at = |at: usize, fault| TextFault {
        lines: 0,
        column: columns_before(&line.as_bytes()[..at]),
        fault,
    };
    if line.len() > LONGEST_LINE {
        return Err(fault_at(
            0,
            InputFault::LineTooLong {
                limit: LONGEST_LINE,
            },
        ));
    }
    if controls == Controls::Absent {
        return Ok(());
    }
    let bad = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    match line.bytes().position(|byte| bad(&byte)) {
        None => Ok(()),
        Some(at) => Err(match line.as_bytes()[at] {
            b'\r' => fault_at(at, InputFault::LoneCarriageReturn),
            byte => fault_at(at, InputFault::ControlCharacter(byte)),
        }),
    }
}

/// Commas outside of quotes.
fn columns_before(line: &[u8]) -> usize {
    let mut quoted = false;
    line.iter()
        .filter(|byte| {
            quoted ^= **byte == b'"';
            **byte == b',' && !quoted
        })
        .count()
}
