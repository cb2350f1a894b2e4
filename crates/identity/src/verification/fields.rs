//! What a person says about themself, and what they show: the kinds, and what is a value of each.

use super::VerificationError;

macro_rules! fields {
    ($($name:ident = $code:literal, $what:literal;)*) => {
        /// Something that a person says about themself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PersonalField { $(#[doc = $what] $name,)* }

        impl PersonalField {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As stored and shown.
            #[must_use]
            pub const fn as_code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The field of this text.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.as_code() == code)
            }
        }
    };
}

fields! {
    FullName = "full_name", "The whole name, as in the document.";
    BirthDate = "birth_date", "The date of birth, `1990-12-31`.";
    Address = "address", "Street, number, place and code.";
    Country = "country", "The country of residence, two letters of ISO 3166-1.";
    SourceOfFunds = "source_of_funds", "Where the money comes from.";
    Wallet = "wallet", "The address from which the person pays on an EVM chain.";
}

impl PersonalField {
    /// Takes a value apart from white space around it, and refuses what is none.
    ///
    /// # Errors
    /// [`VerificationError::Value`], which never repeats the value.
    pub fn parse(self, text: &str) -> Result<&str, VerificationError> {
        let text = text.trim();
        let (is_value, why) = match self {
            Self::FullName => (
                is_line(text, 200),
                "1 to 200 characters of one line, as in the document",
            ),
            Self::BirthDate => (is_date(text), "a day since 1900, written 1990-12-31"),
            Self::Address => (
                is_text(text, 500),
                "1 to 500 characters: street, number, place and code",
            ),
            Self::Country => (
                is_country(text),
                "the country's two capital letters of ISO 3166-1",
            ),
            Self::SourceOfFunds => (is_text(text, 2_000), "1 to 2000 characters"),
            Self::Wallet => (
                is_wallet(text),
                "0x and 40 hexadecimal digits of an EVM address",
            ),
        };
        if is_value {
            Ok(text)
        } else {
            Err(VerificationError::Value {
                field: self.as_code(),
                why,
            })
        }
    }
}

fn is_line(text: &str, most: usize) -> bool {
    is_text(text, most) && !text.contains('\n')
}

/// Lines of text without control characters: nothing that could pretend to be something else where it is shown.
fn is_text(text: &str, most: usize) -> bool {
    let is_shown = |letter: char| letter == '\n' || !letter.is_control();
    !text.is_empty() && text.chars().count() <= most && text.chars().all(is_shown)
}

fn is_date(text: &str) -> bool {
    let digits = |from: usize, to: usize| {
        let part = text.get(from..to)?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok())?
    };
    let marks = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (Some(year), Some(month), Some(day), true) =
        (digits(0, 4), digits(5, 7), digits(8, 10), marks)
    else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1900..=2100).contains(&year) && (1..=days).contains(&day)
}

fn is_wallet(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or_default();
    digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split(' ').any(|country| country == text)
}

/// The officially assigned codes of ISO 3166-1 alpha-2.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM \
    MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT \
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// What an upload shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UploadKind {
    /// A passport or identity card.
    Identity,
    /// The person with the document in their hand.
    ProofOfLife,
    /// A letter or bill with name and address.
    ProofOfAddress,
    /// Where the money comes from.
    SourceOfFunds,
}

impl UploadKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Identity,
        Self::ProofOfLife,
        Self::ProofOfAddress,
        Self::SourceOfFunds,
    ];

    /// As stored and shown.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::ProofOfLife => "proof_of_life",
            Self::ProofOfAddress => "proof_of_address",
            Self::SourceOfFunds => "source_of_funds",
        }
    }

    /// The kind of this text.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_of_its_kind() {
        use PersonalField::{Address, BirthDate, Country, FullName, SourceOfFunds, Wallet};
        let long = "x".repeat(201);
        let wallet = "0x00112233445566778899aabbCCDDEEFF00112233";
        let table = [
            (FullName, "Anna Lindqvist-Øst", true),
            (FullName, " Anna ", true),
            (FullName, "", false),
            (FullName, "  ", false),
            (FullName, "Anna\nLindqvist", false),
            (FullName, "Anna\u{1b}[31m", false),
            (FullName, &long, false),
            (BirthDate, "1990-12-31", true),
            (BirthDate, "2000-02-29", true),
            (BirthDate, "1900-02-29", false),
            (BirthDate, "1990-13-01", false),
            (BirthDate, "1990-00-10", false),
            (BirthDate, "1990-04-31", false),
            (BirthDate, "1899-12-31", false),
            (BirthDate, "31.12.1990", false),
            (BirthDate, "+990-12-31", false),
            (BirthDate, "19990-1-01", false),
            (BirthDate, "1990-12-3\u{e9}", false),
            (Address, "Kaj 4\n111 30 Stockholm", true),
            (Address, "Kaj 4\r\n", true),
            (Address, "Kaj\u{0}", false),
            (Country, "SE", true),
            (Country, "se", false),
            (Country, "XX", false),
            (Country, "E ", false),
            (Country, "D A", false),
            (SourceOfFunds, "Wages", true),
            (Wallet, wallet, true),
            (Wallet, "0x0011", false),
        ];
        for (field, text, expected) in table {
            match field.parse(text) {
                Ok(value) => assert!(expected && value == text.trim(), "{field:?} {text:?}"),
                Err(error) => {
                    assert!(!expected, "{field:?} {text:?}");
                    assert_eq!(error.code(), "A903");
                    let said = error.to_string();
                    assert!(text.len() < 4 || !said.contains(text), "{said}");
                }
            }
        }
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }
}
