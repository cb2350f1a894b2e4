//! A QR code as a drawing in the page: black on white in the dark too, with the quiet zone that readers need.

use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the code (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;

/// A code as one path of squares.
#[derive(Clone, Debug)]
pub(super) struct Qr {
    /// Modules of a side, with the quiet zone.
    pub(super) side: usize,
    /// The dark ones.
    pub(super) path: String,
}

impl Qr {
    /// Of a text; `None` where it is longer than a code holds.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (place % width + QUIET, place / width + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some(Self {
            side: width + 2 * QUIET,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_a_white_frame() {
        let code = Qr::of("otpauth://totp/Harbour:ada?secret=ABCDEFGH&issuer=Harbour").unwrap();
        let last = code.side - 5;
        for (x, y) in [(4, 4), (last, 4), (4, last)] {
            assert!(code.path.contains(&format!("M{x} {y}h1")), "{x} {y}");
        }
        for edge in [3, code.side - 4] {
            assert!(!code.path.contains(&format!("M{edge} ")), "{edge}");
        }
        assert!(Qr::of(&"x".repeat(3_000)).is_none());
    }
}
