//! What kinds of files are taken, and how one is told from another.

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A PDF document.
    Pdf,
    /// A picture of a camera.
    Jpeg,
    /// A picture of a screen.
    Png,
}

impl MediaType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Jpeg, Self::Png];

    /// As `Content-Type` says it, and as stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The kind of this text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.as_code() == code)
    }

    /// How the name of such a file ends.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// What every file of the kind begins with: ISO 32000 7.5.2, ITU-T T.81 B.1.1.3, ISO/IEC 15948 5.2.
    const fn beginning(self) -> &'static [u8] {
        match self {
            Self::Pdf => b"%PDF-",
            Self::Jpeg => &[0xff, 0xd8, 0xff],
            Self::Png => &[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a],
        }
    }

    /// Whether a file that begins like this may be one.
    pub(super) fn begins(self, bytes: &[u8]) -> bool {
        bytes.starts_with(self.beginning())
    }
}

/// So many bytes tell all kinds apart.
pub(super) const TELLING: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        let table: [(&[u8], Option<MediaType>); 9] = [
            (b"%PDF-1.7\n", Some(MediaType::Pdf)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(MediaType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some(MediaType::Png)),
            (b"<svg xmlns=", None),
            (b"<!DOCTYPE html>", None),
            (b"\n%PDF-1.7", None),
            (b"\x89PNG\n\x1a\n", None),
            (b"GIF89a", None),
            (b"", None),
        ];
        for (bytes, expected) in table {
            let found = MediaType::ALL.into_iter().find(|kind| kind.begins(bytes));
            assert_eq!(found, expected, "{bytes:?}");
        }
        let longest = MediaType::ALL.iter().map(|kind| kind.beginning().len());
        assert_eq!(longest.max(), Some(TELLING));
    }
}
