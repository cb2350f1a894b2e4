//! The answers so far, and the defaults of all others.

use jiff::{SignedDuration, Timestamp};
use softcap_offering::{Ratio, RoundingMode};

use super::question::{NONE, Question};
use crate::{
    decimal::{self, InUnits},
    instant::InstantReader,
    report::grouped,
};

/// Days from today to the default beginning.
const DAYS_AHEAD: i64 = 30;
/// Days of the default window.
const DAYS_OPEN: i64 = 21;
/// Days after the last right of withdrawal in which the issuer has to settle.
const DAYS_TO_SETTLE: i64 = 60;

/// Answers; what is not answered has its default.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    given: Vec<(Question, String)>,
    /// Where the default dates count from.
    today: Timestamp,
}

/// An amount in smallest units and their decimals.
type Units = (u128, u8);

impl Answers {
    pub(super) fn new(today: Timestamp) -> Self {
        Self {
            given: Vec::new(),
            today,
        }
    }

    /// With one more answer.
    pub(super) fn with(&self, question: Question, answer: String) -> Self {
        let mut answers = self.clone();
        answers.given.retain(|(other, _)| *other != question);
        answers.given.push((question, answer));
        answers
    }

    /// Whether a question has a meaning after the answers so far.
    pub(super) fn is_asked(&self, question: Question) -> bool {
        match question {
            Question::TeamCliff | Question::TeamVesting => self.hundredths(Question::Team) > 0,
            Question::Name
            | Question::Symbol
            | Question::Origin
            | Question::Decimals
            | Question::Currency
            | Question::Rail
            | Question::Price
            | Question::Total
            | Question::Team
            | Question::Treasury
            | Question::SoftCap
            | Question::HardCap
            | Question::Minimum
            | Question::InvestorMax
            | Question::Allocation
            | Question::From
            | Question::Until
            | Question::Withdrawal => true,
        }
    }

    /// The symbol in which the answer counts, if it is an amount.
    pub(super) fn unit(&self, question: Question) -> Option<String> {
        match question {
            Question::Price
            | Question::SoftCap
            | Question::HardCap
            | Question::Minimum
            | Question::InvestorMax => Some(self.get(Question::Currency)),
            Question::Total => Some(self.symbol()),
            Question::Name
            | Question::Symbol
            | Question::Origin
            | Question::Decimals
            | Question::Currency
            | Question::Rail
            | Question::Team
            | Question::TeamCliff
            | Question::TeamVesting
            | Question::Treasury
            | Question::Allocation
            | Question::From
            | Question::Until
            | Question::Withdrawal => None,
        }
    }

    /// The answer, or its default.
    pub(super) fn get(&self, question: Question) -> String {
        let given = self.given.iter().find(|(other, _)| *other == question);
        given.map_or_else(|| self.default(question), |(_, answer)| answer.clone())
    }

    fn default(&self, question: Question) -> String {
        let fixed = match question {
            Question::Name => "Harbour",
            Question::Symbol => "HBR",
            Question::Origin => return format!("example.org/{}", self.symbol().to_lowercase()),
            Question::Decimals => match self.rail().as_str() {
                "evm" => "18",
                "bitcoin" => "8",
                _ => "6",
            },
            Question::Currency => "EUR",
            Question::Rail => match self.get(Question::Currency).as_str() {
                "ETH" | "USDC" | "USDT" | "DAI" => "evm",
                "BTC" => "bitcoin",
                _ => "balance",
            },
            Question::Price => match self.get(Question::Currency).as_str() {
                "ETH" => "0.0001",
                "BTC" => "0.00001",
                _ => "0.10",
            },
            Question::Total => "1_000_000",
            // A large team leaves no room for a treasury of the same size.
            Question::Treasury if self.hundredths(Question::Team) > 7_000 => "0",
            Question::Team | Question::Treasury => "20",
            Question::TeamCliff => "365",
            Question::TeamVesting => "1461",
            Question::SoftCap => return self.money(one_digit(self.hard_cap().0 / 4)),
            Question::HardCap => return self.money(self.sale_value().0),
            Question::Minimum => return self.money(one_digit(self.hard_cap().0 / 5_000).max(1)),
            Question::InvestorMax => {
                let tenth = one_digit(self.hard_cap().0 / 10);
                return self.money(tenth.max(self.minimum()).max(1));
            }
            Question::Allocation => "first_come",
            Question::From => return noon(self.today, DAYS_AHEAD),
            Question::Until => return later(&self.get(Question::From), DAYS_OPEN),
            Question::Withdrawal => "14",
        };
        fixed.to_owned()
    }

    fn symbol(&self) -> String {
        self.get(Question::Symbol)
    }

    fn rail(&self) -> String {
        self.get(Question::Rail)
    }

    /// Decimal places of the money.
    pub(super) fn money_decimals(&self) -> u8 {
        match self.get(Question::Currency).as_str() {
            "ETH" | "DAI" => 18,
            "BTC" => 8,
            "USDC" | "USDT" => 6,
            _ => match self.rail().as_str() {
                "evm" => 18,
                "bitcoin" => 8,
                _ => 2,
            },
        }
    }

    fn token_decimals(&self) -> u8 {
        self.get(Question::Decimals).parse().unwrap_or(0)
    }

    fn money(&self, units: u128) -> String {
        show((units, self.money_decimals()))
    }

    /// A percentage in hundredths of a per cent.
    pub(super) fn hundredths(&self, question: Question) -> u128 {
        let number = decimal::parse_grouped(&self.get(question)).and_then(|n| n.to_units(2));
        number.unwrap_or(0)
    }

    /// Days of an answer.
    pub(super) fn days(&self, question: Question) -> i64 {
        self.get(question).parse().unwrap_or(0)
    }

    fn units(&self, question: Question, decimals: u8) -> Units {
        let number = decimal::parse_grouped(&self.get(question)).and_then(|n| n.to_units(decimals));
        (number.unwrap_or(0), decimals)
    }

    fn hard_cap(&self) -> Units {
        self.units(Question::HardCap, self.money_decimals())
    }

    /// Tokens of a share, rounded down.
    pub(super) fn share(&self, question: Question) -> Units {
        let (total, decimals) = self.units(Question::Total, self.token_decimals());
        let part = Ratio::new(self.hundredths(question), 10_000);
        let units = part
            .and_then(|part| part.times(total, RoundingMode::Down))
            .unwrap_or(0);
        (units, decimals)
    }

    /// What team and treasury leave.
    pub(super) fn for_sale(&self) -> Units {
        let (total, decimals) = self.units(Question::Total, self.token_decimals());
        let shares = self.share(Question::Team).0 + self.share(Question::Treasury).0;
        (total.saturating_sub(shares), decimals)
    }

    /// What all tokens on sale cost, rounded down; zero where that has no room.
    fn sale_value(&self) -> Units {
        let decimals = self.money_decimals();
        let (tokens, token_decimals) = self.for_sale();
        let value = || {
            let price = decimal::parse_grouped(&self.get(Question::Price)).ok()?;
            let money = decimal::power_of_ten(u32::from(decimals))?.checked_mul(price.digits)?;
            let one = decimal::power_of_ten(u32::from(token_decimals) + price.scale)?;
            Ratio::new(money, one)?.times(tokens, RoundingMode::Down)
        };
        (value().unwrap_or(0), decimals)
    }

    fn minimum(&self) -> u128 {
        self.units(Question::Minimum, self.money_decimals()).0
    }

    /// Whether the limit of one investor leaves room for a single contribution.
    pub(super) fn lets_anybody_in(&self) -> bool {
        let most = self.units(Question::InvestorMax, self.money_decimals()).0;
        self.investor_max().is_none() || most >= self.minimum()
    }

    /// The limit of one investor, unless there is none.
    pub(super) fn investor_max(&self) -> Option<String> {
        let answer = self.get(Question::InvestorMax);
        (answer != NONE).then_some(answer)
    }

    /// When everybody may take the money back if nothing was settled.
    pub(super) fn refund_deadline(&self) -> String {
        later(
            &self.get(Question::Until),
            self.days(Question::Withdrawal) + DAYS_TO_SETTLE,
        )
    }
}

/// An amount as the file has it: in whole units, with groups.
pub(super) fn show((units, decimals): Units) -> String {
    let text = InUnits { units, decimals }.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(
        |_| whole.to_owned(),
        |whole| grouped(whole).replace(',', "_"),
    );
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}

/// Cut to the first digit, because a default should look like one.
fn one_digit(number: u128) -> u128 {
    let step = 10_u128.pow(number.checked_ilog10().unwrap_or(0));
    number - number % step
}

fn noon(today: Timestamp, days: i64) -> String {
    let midday = "%Y-%m-%dT12:00:00Z";
    let day = SignedDuration::from_hours(24 * days);
    today
        .saturating_add(day)
        .map_or_else(|_| String::new(), |at| at.strftime(midday).to_string())
}

/// The same time of the day, days later, in UTC.
fn later(from: &str, days: i64) -> String {
    let moved = || {
        let at = InstantReader::default().read(from.as_bytes()).ok()?;
        let at = Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
        let at = at
            .saturating_add(SignedDuration::from_hours(24 * days))
            .ok()?;
        // Whole seconds: the contract's clock has nothing finer.
        Some(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    moved().unwrap_or_else(|| from.to_owned())
}
