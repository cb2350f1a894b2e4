//! Amounts as people read and type them: integers of the smallest unit and places, never a floating point number.
//!
//! What people get is rounded down, what they pay up, and a cap that is nearly reached is not shown as reached.

use softcap_offering::{Ratio, RoundingMode, terms::Terms};

use super::language::Language;
use crate::token_cost::TokenCost;

/// Keeps number and unit on one line.
const NO_BREAK: char = '\u{a0}';
/// More places than this are not padded with zeros: tokens and coins have up to thirty.
const PADDED: u8 = 4;
/// From here on a short form leaves digits out: ten millions.
const SHORTENED: u128 = 10_000_000;

impl Language {
    pub(super) const fn decimal_sign(self) -> char {
        match self {
            Self::English => '.',
            Self::German => ',',
        }
    }

    const fn group_sign(self) -> char {
        match self {
            Self::English => ',',
            Self::German => '.',
        }
    }
}

/// A whole number with its groups.
pub(crate) fn count(language: Language, number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(language.group_sign());
        }
        text.push(digit);
    }
    text
}

/// All digits of an amount without its unit. Up to four places are all written, of more those that say something.
pub(crate) fn number(language: Language, units: u128, decimals: u8) -> String {
    let scale = scale(decimals);
    let (whole, part) = (units / scale, units % scale);
    let mut text = count(language, whole);
    if decimals == 0 {
        return text;
    }
    let width = usize::from(decimals);
    let digits = format!("{part:0width$}");
    let digits = if decimals > PADDED {
        digits.trim_end_matches('0')
    } else {
        &digits
    };
    if !digits.is_empty() {
        text.push(language.decimal_sign());
        text.push_str(digits);
    }
    text
}

/// As a program takes it: a point, no groups, no unit. What a button copies.
pub(crate) fn plain(units: u128, decimals: u8) -> String {
    let scale = scale(decimals);
    let width = usize::from(decimals);
    match decimals {
        0 => units.to_string(),
        _ => format!("{}.{:0width$}", units / scale, units % scale),
    }
}

/// An amount with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// All digits and the unit.
    pub(crate) text: String,
    /// The same for a program.
    pub(crate) plain: String,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

/// An amount of a unit.
pub(crate) fn amount(language: Language, units: u128, decimals: u8, symbol: &str) -> Shown {
    Shown {
        text: format!("{}{NO_BREAK}{symbol}", number(language, units, decimals)),
        plain: plain(units, decimals),
    }
}

/// Money of a currency of the terms.
pub(crate) fn money(language: Language, terms: &Terms, currency: usize, units: u128) -> Shown {
    terms.currencies.get(currency).map_or_else(
        || amount(language, units, 0, ""),
        |known| amount(language, units, known.decimals, &known.symbol),
    )
}

/// A value in the numeraire of the terms.
pub(crate) fn value(language: Language, terms: &Terms, units: u128) -> Shown {
    let unit = &terms.numeraire;
    amount(language, units, unit.decimals, &unit.symbol)
}

/// Tokens of the terms.
pub(crate) fn tokens(language: Language, terms: &Terms, units: u128) -> Shown {
    amount(language, units, terms.token.decimals, &terms.token.symbol)
}

/// For a card: five digits from ten millions on, rounded down, and a word for the size.
pub(crate) fn short(language: Language, units: u128, decimals: u8, symbol: &str) -> String {
    let whole = units / scale(decimals);
    if whole < SHORTENED {
        return amount(language, units, decimals, symbol).text;
    }
    let (step, word) = if whole >= 10_000_000_000 {
        (1_000_000_000, "size-billion")
    } else {
        (1_000_000, "size-million")
    };
    let hundredths = whole / (step / 100);
    let figure = number(language, hundredths, 2);
    format!("{figure}{NO_BREAK}{}{NO_BREAK}{symbol}", language.say(word))
}

/// What one token costs, from token units per unit of the numeraire; rounded up where it has no end, and says so.
pub(crate) fn price(language: Language, terms: &Terms, price: Ratio) -> Option<String> {
    let unit = &terms.numeraire;
    let cost = TokenCost::of(terms, price)?;
    let sign = if cost.is_exact { "" } else { "≈\u{a0}" };
    // A coin of eighteen places would be all zeros.
    let always = if unit.decimals > PADDED {
        0
    } else {
        unit.decimals
    };
    let figure = at_least(language, cost.units, cost.places, always);
    Some(format!("{sign}{figure}{NO_BREAK}{}", unit.symbol))
}

/// A number of which zeros are left out beyond the places that are always written.
fn at_least(language: Language, units: u128, places: u8, always: u8) -> String {
    let (mut units, mut places) = (units, places);
    while places > always && units.is_multiple_of(10) {
        units /= 10;
        places -= 1;
    }
    let whole = count(language, units / scale(places));
    if places == 0 {
        return whole;
    }
    let width = usize::from(places);
    let part = units % scale(places);
    format!("{whole}{}{part:0width$}", language.decimal_sign())
}

/// How much of a whole, rounded down to hundredths of a percent, so that "100" means reached.
pub(crate) fn percent(language: Language, part: u128, whole: u128) -> Option<String> {
    let share = Ratio::new(part, whole)?.times(10_000, RoundingMode::Down)?;
    let figure = number(language, share, 2);
    Some(match language {
        Language::English => format!("{figure}%"),
        Language::German => format!("{figure}{NO_BREAK}%"),
    })
}

/// How long a part is drawn, of so many steps; a whole that is nothing has no length.
pub(crate) fn length(part: u128, whole: u128, steps: u32) -> u32 {
    let drawn = Ratio::new(part.min(whole), whole)
        .and_then(|share| share.times(u128::from(steps), RoundingMode::Down));
    drawn
        .and_then(|drawn| u32::try_from(drawn).ok())
        .unwrap_or(0)
}

/// 10 to the number of places; places come from terms, which have at most 30.
fn scale(decimals: u8) -> u128 {
    10_u128
        .checked_pow(u32::from(decimals))
        .unwrap_or(u128::MAX)
}

/// Why what was typed is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountFault {
    /// Nothing was typed.
    Empty,
    /// Not digits with at most one decimal sign.
    NotANumber,
    /// A sign that could part thousands as well as decimals.
    Ambiguous,
    /// More places than the unit has.
    TooFine,
    /// Larger than any amount.
    TooLarge,
    /// Nothing.
    Zero,
}

impl AmountFault {
    /// The words for it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Empty => "amount-empty",
            Self::NotANumber => "amount-not-a-number",
            Self::Ambiguous => "amount-ambiguous",
            Self::TooFine => "amount-too-fine",
            Self::TooLarge => "amount-too-large",
            Self::Zero => "amount-zero",
        }
    }
}

/// Reads an amount as people type it: `1,000.50`, `1 000,5`, `1.000,50`, with spaces anywhere. What could mean two
/// amounts is refused.
pub(crate) fn parse(language: Language, text: &str, decimals: u8) -> Result<u128, AmountFault> {
    let text: String = text
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, '\u{202f}' | '\'' | '’'))
        .collect();
    if text.is_empty() {
        return Err(AmountFault::Empty);
    }
    if !text
        .chars()
        .all(|sign| sign.is_ascii_digit() || sign == '.' || sign == ',')
    {
        return Err(AmountFault::NotANumber);
    }
    let decimal = decimal_sign_of(language, &text)?;
    let (whole, part) = match decimal {
        Some(sign) => text.rsplit_once(sign).unwrap_or((&text, "")),
        None => (text.as_str(), ""),
    };
    let whole = without_groups(whole)?;
    if part.contains(['.', ',']) || (whole.is_empty() && part.is_empty()) {
        return Err(AmountFault::NotANumber);
    }
    let part = part.trim_end_matches('0');
    let missing = usize::from(decimals)
        .checked_sub(part.len())
        .ok_or(AmountFault::TooFine)?;
    let digits = format!("{whole}{part}{}", "0".repeat(missing));
    let units: u128 = digits.parse().map_err(|_| AmountFault::TooLarge)?;
    if units == 0 {
        return Err(AmountFault::Zero);
    }
    Ok(units)
}

/// Which sign parts the decimals, if one does.
fn decimal_sign_of(language: Language, text: &str) -> Result<Option<char>, AmountFault> {
    let last = text.rfind(['.', ',']);
    let Some(last) = last else { return Ok(None) };
    let sign = if text.get(last..).is_some_and(|rest| rest.starts_with('.')) {
        '.'
    } else {
        ','
    };
    let times = text.matches(sign).count();
    if text.contains(if sign == '.' { ',' } else { '.' }) {
        // Two signs: the last one parts the decimals, once.
        return if times == 1 {
            Ok(Some(sign))
        } else {
            Err(AmountFault::NotANumber)
        };
    }
    if times > 1 {
        return Ok(None);
    }
    let (before, after) = text.split_at(last);
    let like_a_group = after.len() == 4 && (1..=3).contains(&before.len()) && before != "0";
    match (like_a_group, sign == language.group_sign()) {
        (true, true) => Ok(None),
        (true, false) => Err(AmountFault::Ambiguous),
        (false, _) => Ok(Some(sign)),
    }
}

/// The digits of a whole number, whose groups have three digits each.
fn without_groups(text: &str) -> Result<String, AmountFault> {
    let mut groups = text.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    let mut is_grouped = false;
    for group in groups {
        is_grouped = true;
        if group.len() != 3 {
            return Err(AmountFault::NotANumber);
        }
        digits.push_str(group);
    }
    if is_grouped && !(1..=3).contains(&first.len()) {
        return Err(AmountFault::NotANumber);
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, German};

    #[test]
    fn digits_are_never_lost_and_units_never_break_off() {
        let table = [
            (English, 125_000, 2, "EUR", "1,250.00\u{a0}EUR", "1250.00"),
            (German, 125_000, 2, "EUR", "1.250,00\u{a0}EUR", "1250.00"),
            (English, 5, 2, "EUR", "0.05\u{a0}EUR", "0.05"),
            (
                English,
                12_345_678,
                0,
                "JPY",
                "12,345,678\u{a0}JPY",
                "12345678",
            ),
            (German, 1_500_000, 6, "HBR", "1,5\u{a0}HBR", "1.500000"),
            (English, 2_000_000, 6, "HBR", "2\u{a0}HBR", "2.000000"),
            (
                English,
                1,
                18,
                "ETH",
                "0.000000000000000001\u{a0}ETH",
                "0.000000000000000001",
            ),
        ];
        for (language, units, decimals, symbol, text, plain) in table {
            let shown = amount(language, units, decimals, symbol);
            assert_eq!((shown.text.as_str(), shown.plain.as_str()), (text, plain));
        }
        let most = amount(English, u128::MAX, 30, "X").text;
        assert!(most.starts_with("340,282,366.92"), "{most}");
    }

    #[test]
    fn a_price_has_the_places_of_its_currency_and_no_zeros_beyond() {
        let terms = |numeraire: &str, decimals: u8, price: &str| {
            let text = format!(
                "rules = 1\nname = \"P\"\norigin = \"softcap.example/p\"\n[clock]\nkind = \"time\"\n\
                 [token]\nname = \"T\"\nsymbol = \"TOK\"\ndecimals = 6\n[token.supply]\nkind = \"minted\"\n\
                 [currency.{numeraire}]\ndecimals = {decimals}\nrail = \"balance\"\n[[round]]\nname = \"r\"\n\
                 from = \"2026-03-01T00:00:00Z\"\nuntil = \"2026-03-02T00:00:00Z\"\nend = \"exclusive\"\n\
                 price = \"{price}\"\n"
            );
            Terms::parse(&text).unwrap()
        };
        let table = [
            ("EUR", 2, "0.1 EUR per TOK", Some("0.10\u{a0}EUR")),
            (
                "EUR",
                2,
                "3 TOK per EUR",
                Some("≈\u{a0}0.33333334\u{a0}EUR"),
            ),
            ("ETH", 18, "0.0007 ETH per TOK", Some("0.0007\u{a0}ETH")),
        ];
        for (numeraire, decimals, words, expected) in table {
            let terms = terms(numeraire, decimals, words);
            let softcap_offering::terms::Pricing::Fixed { price: ratio } = terms.rounds[0].pricing
            else {
                panic!("{words}");
            };
            assert_eq!(
                price(English, &terms, ratio).as_deref(),
                expected,
                "{words}"
            );
        }
    }

    #[test]
    fn a_part_is_rounded_down_so_that_nothing_looks_reached() {
        assert_eq!(
            percent(English, 999_999, 1_000_000).as_deref(),
            Some("99.99%")
        );
        assert_eq!(percent(German, 1, 1).as_deref(), Some("100,00\u{a0}%"));
        assert_eq!(percent(English, 1, 0), None);
        assert_eq!(
            (
                length(999, 1_000, 100),
                length(5, 0, 100),
                length(9, 3, 100)
            ),
            (99, 0, 100)
        );
        assert_eq!(
            short(English, 1_299_999_900, 2, "EUR"),
            "12.99\u{a0}million\u{a0}EUR"
        );
        assert_eq!(
            short(English, 999_999_999, 2, "EUR"),
            "9,999,999.99\u{a0}EUR"
        );
    }

    #[test]
    fn what_people_type_is_read_or_refused_but_never_guessed() {
        use AmountFault::{Ambiguous, Empty, NotANumber, TooFine, TooLarge, Zero};
        let table = [
            (English, "1,000.50", 2, Ok(100_050)),
            (German, "1 000,5", 2, Ok(100_050)),
            (German, "1.000,50", 2, Ok(100_050)),
            (English, "1\u{202f}000\u{a0}000", 2, Ok(100_000_000)),
            (English, "1,000", 2, Ok(100_000)),
            (German, "1.000", 2, Ok(100_000)),
            (German, "1,000", 2, Err(Ambiguous)),
            (English, "1.000", 3, Err(Ambiguous)),
            (English, "0.125", 3, Ok(125)),
            (German, "0,125", 3, Ok(125)),
            (English, "1,234,567", 0, Ok(1_234_567)),
            (English, "12,34,567", 0, Err(NotANumber)),
            (English, "1234,567.8", 1, Err(NotANumber)),
            (English, "1.234.567,8", 1, Ok(12_345_678)),
            (English, "12.5", 0, Err(TooFine)),
            (English, "12.50", 1, Ok(125)),
            (English, " 7 ", 0, Ok(7)),
            (English, ".5", 2, Ok(50)),
            (English, "5.", 2, Ok(500)),
            (English, ".", 2, Err(NotANumber)),
            (English, "-5", 2, Err(NotANumber)),
            (English, "1e3", 2, Err(NotANumber)),
            (English, "٣", 2, Err(NotANumber)),
            (English, "", 2, Err(Empty)),
            (English, "0.00", 2, Err(Zero)),
            (
                English,
                "340282366920938463463374607431768211456",
                0,
                Err(TooLarge),
            ),
        ];
        for (language, text, decimals, expected) in table {
            assert_eq!(
                parse(language, text, decimals),
                expected,
                "{text} {language}"
            );
        }
    }
}
