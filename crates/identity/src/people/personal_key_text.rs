//! The file of the personal key, and how one key takes the place of another.
//!
//! A key that never was another is 64 hexadecimal digits. Later the file has a line `seal HEX` for the key that seals, a line
//! `open HEX` for one that opens what was sealed before, while there is such, and a line `tags HEX` for the first key of all,
//! which goes on to hash: what is found by a hash could not be found under another one.

use zeroize::Zeroizing;

use super::{
    PersonError, PersonalKey,
    random_id::{hex, random_bytes},
};

/// The secrets of a file. It has no `Debug`.
pub struct PersonalKeyText {
    seals: Zeroizing<[u8; 32]>,
    older: Vec<Zeroizing<[u8; 32]>>,
    tags: Zeroizing<[u8; 32]>,
}

impl PersonalKeyText {
    /// Reads a file; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(only) = secret(text.trim()) {
            return Some(Self {
                seals: only.clone(),
                older: Vec::new(),
                tags: only,
            });
        }
        let (mut seals, mut older, mut tags) = (None, Vec::new(), None);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (word, digits) = line.trim().split_once(' ')?;
            let secret = secret(digits)?;
            match word {
                "seal" if seals.is_none() => seals = Some(secret),
                "open" => older.push(secret),
                "tags" if tags.is_none() => tags = Some(secret),
                _ => return None,
            }
        }
        Some(Self {
            seals: seals?,
            older,
            tags: tags?,
        })
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let mut line = |word: &str, secret: &[u8; 32]| {
            let digits = Zeroizing::new(hex(secret));
            for part in [word, " ", &digits, "\n"] {
                text.push_str(part);
            }
        };
        line("seal", &self.seals);
        for secret in &self.older {
            line("open", secret);
        }
        line("tags", &self.tags);
        text
    }

    /// What names the key for good, whichever one seals: 64 digits.
    #[must_use]
    pub fn lasting(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(&*self.tags))
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> PersonalKey {
        PersonalKey::of(&self.seals, &self.older, &self.tags)
    }

    /// Whether something may be sealed with a key of before.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        !self.older.is_empty()
    }

    /// A new key seals from now on, and what was sealed before still opens.
    ///
    /// # Errors
    /// [`PersonError::Randomness`].
    pub fn begin_change(&mut self) -> Result<(), PersonError> {
        let new = Zeroizing::new(random_bytes()?);
        let old = std::mem::replace(&mut self.seals, new);
        self.older.push(old);
        Ok(())
    }

    /// The keys of before are gone: what is still sealed with one opens never again.
    pub fn end_change(&mut self) {
        self.older.clear();
    }
}

fn secret(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 64 || !digits.bytes().all(is_digit) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (place, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * place..2 * place + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Domain};

    const PLACE: Column<'static> = Column {
        table: "person",
        column: "email",
        row: "00112233445566778899aabbccddeeff",
    };

    #[test]
    fn a_key_takes_the_place_of_another_and_both_open_meanwhile() {
        let first = "1b".repeat(32);
        let mut file = PersonalKeyText::parse(&format!("{first}\n")).unwrap();
        let before = file.key();
        let sealed = before.seal(&PLACE, b"anna").unwrap();
        assert!(!file.is_changing());
        file.begin_change().unwrap();
        let read = PersonalKeyText::parse(&file.to_text()).unwrap();
        assert!(read.is_changing());
        let meanwhile = read.key();
        assert_eq!(&*meanwhile.open(&PLACE, &sealed).unwrap(), b"anna");
        assert!(!meanwhile.is_newest(sealed.as_bytes()));
        let anew = meanwhile.seal(&PLACE, b"anna").unwrap();
        assert!(meanwhile.is_newest(anew.as_bytes()));
        // Who has not the new key does not open it.
        assert!(before.open(&PLACE, &anew).is_err());
        file.end_change();
        let after = PersonalKeyText::parse(&file.to_text()).unwrap();
        assert!(!after.is_changing());
        assert_eq!(&*after.key().open(&PLACE, &anew).unwrap(), b"anna");
        assert!(after.key().open(&PLACE, &sealed).is_err());
        // What is found by a hash is still found, and the file has the same name.
        let tag = |key: &PersonalKey| key.tag(Domain::Email, b"anna@example.org");
        assert_eq!(tag(&before), tag(&after.key()));
        assert_eq!(*after.lasting(), first);
    }

    #[test]
    fn what_is_no_file_of_a_key_is_refused() {
        let digits = "0a".repeat(32);
        for wrong in [
            String::new(),
            digits[1..].to_owned(),
            digits.to_uppercase(),
            format!("seal {digits}"),
            format!("tags {digits}"),
            format!("seal {digits}\nseal {digits}\ntags {digits}"),
            format!("seal {digits}\ntags {digits}\nshut {digits}"),
            format!("seal {digits}\ntags 00"),
        ] {
            assert!(PersonalKeyText::parse(&wrong).is_none(), "{wrong}");
        }
        assert!(PersonalKeyText::parse(&format!("tags {digits}\n\nseal {digits}\n")).is_some());
    }
}
