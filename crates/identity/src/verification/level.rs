//! How much is known of a person, and what must be there before somebody looks at it.

use super::{PersonalField, UploadKind};

/// How far a person is verified. Each level includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerificationLevel {
    /// The address of mail, which everybody has proved who signed up.
    Email,
    /// Name, date of birth, address and country, as the person says them.
    Identity,
    /// A document that says the same, and a picture that shows who holds it.
    Document,
    /// Where the money comes from.
    SourceOfFunds,
}

impl VerificationLevel {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [
        Self::Email,
        Self::Identity,
        Self::Document,
        Self::SourceOfFunds,
    ];

    /// As stored and shown.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Identity => "identity",
            Self::Document => "document",
            Self::SourceOfFunds => "source_of_funds",
        }
    }

    /// The level of this text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_code() == code)
    }

    /// What it asks for beyond the level below it.
    const fn asks(self) -> &'static [Need] {
        match self {
            Self::Email => &[],
            Self::Identity => &[
                Need::Field(PersonalField::FullName),
                Need::Field(PersonalField::BirthDate),
                Need::Field(PersonalField::Address),
                Need::Field(PersonalField::Country),
            ],
            Self::Document => &[
                Need::Upload(UploadKind::Identity),
                Need::Upload(UploadKind::ProofOfLife),
            ],
            Self::SourceOfFunds => &[
                Need::Field(PersonalField::SourceOfFunds),
                Need::Upload(UploadKind::SourceOfFunds),
            ],
        }
    }

    /// Everything it asks for.
    pub fn needs(self) -> impl Iterator<Item = Need> {
        let levels = Self::ALL.into_iter().filter(move |level| *level <= self);
        levels.flat_map(|level| level.asks().iter().copied())
    }

    /// What of it is not there.
    pub fn missing(self, fields: &[PersonalField], uploads: &[UploadKind]) -> Vec<Need> {
        let is_missing = |need: &Need| match need {
            Need::Field(field) => !fields.contains(field),
            Need::Upload(kind) => !uploads.contains(kind),
        };
        self.needs().filter(is_missing).collect()
    }
}

/// One thing that a level asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Something that the person says.
    Field(PersonalField),
    /// Something that shows it.
    Upload(UploadKind),
}

impl Need {
    /// As shown.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Field(field) => field.as_code(),
            Self::Upload(UploadKind::Identity) => "upload_identity",
            Self::Upload(UploadKind::ProofOfLife) => "upload_proof_of_life",
            Self::Upload(UploadKind::ProofOfAddress) => "upload_proof_of_address",
            Self::Upload(UploadKind::SourceOfFunds) => "upload_source_of_funds",
        }
    }

    /// Why it is asked for, in a sentence for the person.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::Field(PersonalField::FullName) => {
                "The name as it stands in the passport or identity card."
            }
            Self::Field(PersonalField::BirthDate) => {
                "The date of birth, which tells people of one name apart."
            }
            Self::Field(PersonalField::Address) => "Where you live: the law asks for it.",
            Self::Field(PersonalField::Country) => {
                "The country where you live, which decides what the law allows."
            }
            Self::Field(PersonalField::SourceOfFunds) => {
                "Where the money comes from, in a sentence or two."
            }
            Self::Field(PersonalField::Wallet) => {
                "The address from which you pay: a permit is for one address."
            }
            Self::Upload(UploadKind::Identity) => {
                "A passport or identity card, whole and readable, not over."
            }
            Self::Upload(UploadKind::ProofOfLife) => {
                "A picture of you with the document in your hand."
            }
            Self::Upload(UploadKind::ProofOfAddress) => {
                "A letter or bill with name and address, not older than three months."
            }
            Self::Upload(UploadKind::SourceOfFunds) => {
                "A document that shows where the money comes from."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_asks_for_what_the_ones_below_ask_for_too() {
        let codes = |level: VerificationLevel| {
            let needs = level.needs().map(Need::as_code);
            needs.collect::<Vec<_>>().join(" ")
        };
        let identity = "full_name birth_date address country";
        let document = format!("{identity} upload_identity upload_proof_of_life");
        let funds = format!("{document} source_of_funds upload_source_of_funds");
        assert_eq!(codes(VerificationLevel::Email), "");
        assert_eq!(codes(VerificationLevel::Identity), identity);
        assert_eq!(codes(VerificationLevel::Document), document);
        assert_eq!(codes(VerificationLevel::SourceOfFunds), funds);
    }

    #[test]
    fn what_is_there_is_not_missing() {
        let fields = [
            PersonalField::FullName,
            PersonalField::BirthDate,
            PersonalField::Address,
        ];
        let missing = VerificationLevel::Document.missing(&fields, &[UploadKind::ProofOfLife]);
        let expected = [
            Need::Field(PersonalField::Country),
            Need::Upload(UploadKind::Identity),
        ];
        assert_eq!(missing, expected);
        assert_eq!(VerificationLevel::Email.missing(&[], &[]), []);
    }
}
