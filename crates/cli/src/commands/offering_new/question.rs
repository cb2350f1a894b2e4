//! The questions: what is asked, what it means for investors, and which texts are answers.

use crate::{decimal, instant::InstantReader};

/// Something the terms need to know. Each default may depend on the answers before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Name,
    Symbol,
    Origin,
    Decimals,
    Currency,
    Rail,
    Price,
    Total,
    Team,
    TeamCliff,
    TeamVesting,
    Treasury,
    SoftCap,
    HardCap,
    Minimum,
    InvestorMax,
    Allocation,
    From,
    Until,
    Withdrawal,
}

/// The answer where a limit is not wanted.
pub(super) const NONE: &str = "none";

/// Longest vesting and right of withdrawal that is taken, in days.
const MOST_DAYS: u16 = 3_660;

impl Question {
    /// All, in the order in which they are asked.
    pub(super) const ALL: [Self; 20] = [
        Self::Name,
        Self::Symbol,
        Self::Origin,
        Self::Decimals,
        Self::Currency,
        Self::Rail,
        Self::Price,
        Self::Total,
        Self::Team,
        Self::TeamCliff,
        Self::TeamVesting,
        Self::Treasury,
        // The larger cap first: the other one is judged against it.
        Self::HardCap,
        Self::SoftCap,
        Self::Minimum,
        Self::InvestorMax,
        Self::Allocation,
        Self::From,
        Self::Until,
        Self::Withdrawal,
    ];

    /// What stands before the default.
    pub(super) fn prompt(self) -> &'static str {
        match self {
            Self::Name => "Name of the offering",
            Self::Symbol => "Symbol of the token",
            Self::Origin => "Name of the public record",
            Self::Decimals => "Decimal places of the token",
            Self::Currency => "Money that is taken",
            Self::Rail => "How it is paid (evm, bitcoin, balance)",
            Self::Price => "Money for one token",
            Self::Total => "Tokens that will ever exist",
            Self::Team => "Per cent of them for the team",
            Self::TeamCliff => "Days until the team gets its first token",
            Self::TeamVesting => "Days until the team has all of them",
            Self::Treasury => "Per cent for the treasury",
            Self::SoftCap => "Soft cap",
            Self::HardCap => "Hard cap",
            Self::Minimum => "Least of one contribution",
            Self::InvestorMax => "Most of one investor (or none)",
            Self::Allocation => "Who gets how much (first_come, pro_rata, water_filling)",
            Self::From => "First instant of the sale",
            Self::Until => "First instant after the sale",
            Self::Withdrawal => "Days in which a contribution can be taken back",
        }
    }

    /// What the answer means for investors.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Name => "Investors see it on every page and document.",
            Self::Symbol => "Amounts of tokens carry it: 100 HBR.",
            Self::Origin => {
                "Host and path that name the record; receipts of investors are signed under it."
            }
            Self::Decimals => {
                "How finely a token can be divided; nobody loses more than the last place."
            }
            Self::Currency => "Contributions come in it, and refunds go back in it.",
            Self::Rail => {
                "evm: a contract holds the money and nobody can stop a refund. bitcoin and balance: \
                 the issuer or the platform holds it."
            }
            Self::Price => "Everybody pays the same.",
            Self::Total => "Fixed for ever, so nobody's share is diluted later.",
            Self::Team => "What the team holds was not paid for by anybody.",
            Self::TeamCliff => "Before, the team cannot sell anything to those who paid.",
            Self::TeamVesting => {
                "The longer it takes, the longer the team shares the investors' risk."
            }
            Self::Treasury => {
                "The issuer spends it; what is left after team and treasury is for sale."
            }
            Self::SoftCap => "If less is accepted, everybody gets everything back.",
            Self::HardCap => "More is never accepted, whoever asks.",
            Self::Minimum => "Smaller contributions are refused whole.",
            Self::InvestorMax => {
                "What one person asks beyond it goes back, so that others get something."
            }
            Self::Allocation => {
                "first_come: the order decides. pro_rata: everybody the same part of what they ask. \
                 water_filling: everybody the same amount, up to what they ask."
            }
            Self::From => "Contributions before it are refused.",
            Self::Until => "Contributions from it on are refused.",
            Self::Withdrawal => {
                "14 days is what retail buyers in the European Union have by law; 0: none."
            }
        }
    }

    /// The flag of the command line that answers it.
    pub(super) fn flag(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Symbol => Some("symbol"),
            Self::Currency => Some("currency"),
            Self::Price => Some("price"),
            Self::SoftCap => Some("soft-cap"),
            Self::HardCap => Some("hard-cap"),
            Self::From => Some("from"),
            Self::Until => Some("until"),
            Self::Origin
            | Self::Decimals
            | Self::Rail
            | Self::Total
            | Self::Team
            | Self::TeamCliff
            | Self::TeamVesting
            | Self::Treasury
            | Self::Minimum
            | Self::InvestorMax
            | Self::Allocation
            | Self::Withdrawal => None,
        }
    }

    /// Which texts are answers.
    pub(super) fn allowed(self) -> &'static str {
        match self {
            Self::Name => "1 to 100 printable characters",
            Self::Symbol | Self::Currency => "1 to 16 letters, digits, - or .",
            Self::Origin => "host and path without scheme, as example.org/harbour",
            Self::Decimals => "a whole number from 0 to 30",
            Self::Rail => "evm, bitcoin or balance",
            Self::Price | Self::Total | Self::SoftCap | Self::HardCap | Self::Minimum => {
                "a number above zero, as 0.25 or 25_000"
            }
            Self::InvestorMax => "a number above zero, as 0.25 or 25_000, or none",
            Self::Team | Self::Treasury => "a number from 0 to below 100, as 20 or 12.5",
            Self::TeamCliff | Self::TeamVesting | Self::Withdrawal => {
                "a whole number of days from 0 to 3660"
            }
            Self::Allocation => "first_come, pro_rata or water_filling",
            Self::From | Self::Until => "a date with its zone, as 2027-03-01T12:00:00Z",
        }
    }

    /// The answer as the file has it, or `None` where the text is of another form. Whether it fits
    /// the other answers is for the checks of the terms to say.
    pub(super) fn read(self, text: &str) -> Option<String> {
        let text = text.trim();
        let word = |words: &[&str]| {
            let text = text.to_ascii_lowercase().replace([' ', '-'], "_");
            words.contains(&text.as_str()).then_some(text)
        };
        match self {
            Self::Name => {
                let printable = !text.chars().any(char::is_control);
                ((1..=100).contains(&text.chars().count()) && printable).then(|| text.to_owned())
            }
            Self::Symbol | Self::Currency => {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
                ((1..=16).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
            }
            Self::Origin => {
                let fits = |c: char| c.is_ascii_graphic() && !"\"\\+".contains(c);
                (!text.is_empty() && text.chars().all(fits)).then(|| text.to_owned())
            }
            Self::Decimals => text
                .parse()
                .ok()
                .filter(|places: &u8| *places <= 30)
                .map(|places| places.to_string()),
            Self::Rail => word(&["evm", "bitcoin", "balance"]),
            Self::Allocation => word(&["first_come", "pro_rata", "water_filling"]),
            Self::InvestorMax if text.eq_ignore_ascii_case(NONE) => Some(NONE.to_owned()),
            Self::Price
            | Self::Total
            | Self::SoftCap
            | Self::HardCap
            | Self::Minimum
            | Self::InvestorMax => {
                let number = decimal::parse_grouped(text).ok()?;
                (number.digits > 0).then(|| text.to_owned())
            }
            Self::Team | Self::Treasury => {
                let number = decimal::parse_grouped(text).ok()?;
                let hundredths = number.to_units(2).ok()?;
                (hundredths < 10_000).then(|| text.to_owned())
            }
            Self::TeamCliff | Self::TeamVesting | Self::Withdrawal => text
                .parse()
                .ok()
                .filter(|days: &u16| *days <= MOST_DAYS)
                .map(|days| days.to_string()),
            Self::From | Self::Until => InstantReader::default()
                .read(text.as_bytes())
                .ok()
                .map(|_| text.to_owned()),
        }
    }
}
