//! Lower-case hexadecimal, the form of every hash in a bundle's texts.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends two digits per byte.
pub(crate) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// The text of some bytes, two digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// The bytes of lower-case digits, two for each; `None` for every other text.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?))
        .collect()
}

/// The 32 bytes of 64 lower-case digits.
pub(crate) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    from_hex(text)?.try_into().ok()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_comes_back_and_other_spellings_do_not() {
        let hash: [u8; 32] = std::array::from_fn(|place| (place * 9) as u8);
        let text = hex(&hash);
        let mut pushed = Vec::new();
        push_hex(&hash, &mut pushed);
        assert_eq!(pushed, text.as_bytes());
        assert_eq!(&text[..8], "0009121b");
        assert_eq!(parse_hash(&text), Some(hash));
        assert_eq!(parse_hash(&text.to_uppercase()), None);
        assert_eq!(parse_hash(&text[1..]), None);
        assert_eq!(from_hex(""), Some(Vec::new()));
        assert_eq!(from_hex("0a\u{661}f"), None);
    }
}
