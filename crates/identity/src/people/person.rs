//! A human who has signed up.

use super::{
    EmailAddress, MailLanguage, PersonError,
    random_id::{id_text, random_bytes},
};
use crate::UnixMillis;

/// Names a person for good: 16 random bytes. The same bytes name the person in the platform's balances.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId([u8; 16]);

impl PersonId {
    /// A new one.
    ///
    /// # Errors
    /// [`PersonError::Randomness`].
    pub fn random() -> Result<Self, PersonError> {
        random_bytes().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

id_text!(PersonId, PersonError::Id);

/// How many factors somebody has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The password or a wallet alone.
    One,
    /// A second factor too, or a passkey.
    Two,
}

impl Level {
    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::One, Self::Two]
            .into_iter()
            .find(|level| level.as_code() == code)
    }
}

/// What a person may read about themself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Where mail for them goes; it was proved by a mail.
    pub email: EmailAddress,
    /// The address that takes its place soon, proved as well; what warns the person goes to both.
    pub coming: Option<EmailAddress>,
    /// When they signed up.
    pub made_at: UnixMillis,
    /// When the password was set; none for who logs in without one.
    pub password_at: Option<UnixMillis>,
    /// What their sessions must have shown before they may do anything: two factors once there is a second one.
    pub needs: Level,
    /// The language of mails to them.
    pub language: MailLanguage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_lower_case_digits_and_not_zero() {
        let id = PersonId::random().unwrap();
        assert_eq!(id.to_string().parse::<PersonId>().unwrap(), id);
        let known: PersonId = "00112233445566778899aabbccddeeff".parse().unwrap();
        assert_eq!(known.to_bytes()[..3], [0x00, 0x11, 0x22]);
        for wrong in [
            "",
            "00112233445566778899AABBCCDDEEFF",
            "00000000000000000000000000000000",
            "+0112233445566778899aabbccddeeff",
            "00112233445566778899aabbccddeeff00",
        ] {
            let error = wrong.parse::<PersonId>().unwrap_err();
            assert!(matches!(error, PersonError::Id), "{wrong}");
        }
    }
}
