//! How much an application may contribute for a person, in each currency.

use std::{fmt, str::FromStr};

use super::OauthError;

const LONGEST_SYMBOL: usize = 32;
const MOST: usize = 64;

/// The most in one currency, in its smallest units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountLimit {
    /// The currency's symbol.
    pub symbol: String,
    /// Places of its smallest unit: what they are called alone does not say how large an amount is.
    pub decimals: u8,
    /// In one contribution.
    pub each: Option<u128>,
    /// In all, of what was put in and did not come back.
    pub total: Option<u128>,
}

/// Limits of a grant. Where there are none, it has no limits; where there are some, nothing is contributed in other
/// currencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AmountLimits(Vec<AmountLimit>);

impl AmountLimits {
    /// Of one for each currency; what limits nothing is left out.
    ///
    /// # Errors
    /// [`OauthError::Limits`] for two of one currency, more than 64, or what is no symbol.
    pub fn new(limits: impl IntoIterator<Item = AmountLimit>) -> Result<Self, OauthError> {
        let limits = limits.into_iter();
        let mut all: Vec<_> = limits
            .filter(|limit| limit.each.is_some() || limit.total.is_some())
            .collect();
        all.sort_by(|a, b| a.currency().cmp(&b.currency()));
        let is_plain = |limit: &AmountLimit| {
            let is_visible = |byte: u8| byte.is_ascii_graphic();
            (1..=LONGEST_SYMBOL).contains(&limit.symbol.len())
                && limit.symbol.bytes().all(is_visible)
        };
        let mut pairs = all.iter().zip(all.iter().skip(1));
        let is_twice = pairs.any(|(one, next)| one.currency() == next.currency());
        if is_twice || all.len() > MOST || !all.iter().all(is_plain) {
            return Err(OauthError::Limits);
        }
        Ok(Self(all))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &AmountLimit> {
        self.0.iter()
    }

    /// That of a currency.
    #[must_use]
    pub fn of(&self, symbol: &str, decimals: u8) -> Option<&AmountLimit> {
        let mut all = self.0.iter();
        all.find(|limit| limit.currency() == (symbol, decimals))
    }

    /// Whether these allow nothing that others do not allow.
    #[must_use]
    pub fn is_within(&self, wider: &Self) -> bool {
        if wider.is_empty() {
            return true;
        }
        let within = |mine: Option<u128>, theirs: Option<u128>| match (mine, theirs) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(theirs)) => mine <= theirs,
        };
        !self.is_empty()
            && self.0.iter().all(|limit| {
                let other = wider.of(&limit.symbol, limit.decimals);
                other.is_some_and(|other| {
                    within(limit.each, other.each) && within(limit.total, other.total)
                })
            })
    }
}

impl AmountLimit {
    fn currency(&self) -> (&str, u8) {
        (&self.symbol, self.decimals)
    }
}

/// A line for each, as stored: `EUR 2 10000 50000`, `-` for none.
impl fmt::Display for AmountLimits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |units: Option<u128>| units.map_or("-".to_owned(), |units| units.to_string());
        for (place, limit) in self.0.iter().enumerate() {
            if place > 0 {
                out.write_str("\n")?;
            }
            let (each, total) = (text(limit.each), text(limit.total));
            write!(out, "{} {} {each} {total}", limit.symbol, limit.decimals)?;
        }
        Ok(())
    }
}

impl FromStr for AmountLimits {
    type Err = OauthError;

    fn from_str(text: &str) -> Result<Self, OauthError> {
        let units = |text: &str| match text {
            "-" => Some(None),
            text => text.parse().ok().map(Some),
        };
        let read = |line: &str| {
            let mut parts = line.split(' ');
            let limit = AmountLimit {
                symbol: parts.next()?.to_owned(),
                decimals: parts.next()?.parse().ok()?,
                each: units(parts.next()?)?,
                total: units(parts.next()?)?,
            };
            parts.next().is_none().then_some(limit)
        };
        let all: Option<Vec<_>> = text.lines().map(read).collect();
        Self::new(all.ok_or(OauthError::Limits)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> AmountLimits {
        text.parse().unwrap()
    }

    #[test]
    fn limits_are_read_as_they_are_written_and_nothing_else_is() {
        let text = "BTC 8 - 5\nEUR 2 10000 340282366920938463463374607431768211455";
        assert_eq!(limits(text).to_string(), text);
        assert_eq!(limits("EUR 2 - -\nBTC 8 1 -").to_string(), "BTC 8 1 -");
        assert!(limits("").is_empty());
        let none = limits(text);
        assert_eq!(none.of("EUR", 18), None, "another unit is another currency");
        for wrong in [
            "EUR",
            "EUR 2 1",
            "EUR 2 1 1 1",
            "EUR 256 1 1",
            "EUR 2 -1 1",
            "EUR 2 1 1\nEUR 2 2 2",
            " 2 1 1",
        ] {
            assert!(wrong.parse::<AmountLimits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_allows_no_more_in_any_currency_is_within() {
        let table = [
            ("", "", true),
            ("EUR 2 5 9", "", true),
            ("", "EUR 2 5 9", false),
            ("EUR 2 5 9", "EUR 2 5 9", true),
            ("EUR 2 4 9", "EUR 2 5 9", true),
            ("EUR 2 6 9", "EUR 2 5 9", false),
            ("EUR 2 5 10", "EUR 2 5 9", false),
            ("EUR 2 - 9", "EUR 2 5 9", false),
            ("EUR 2 5 9", "EUR 2 - 9", true),
            ("EUR 2 5 9", "EUR 2 5 9\nBTC 8 1 1", true),
            ("EUR 2 5 9\nBTC 8 1 1", "EUR 2 5 9", false),
            ("EUR 18 5 9", "EUR 2 5 9", false),
        ];
        for (mine, theirs, expected) in table {
            let within = limits(mine).is_within(&limits(theirs));
            assert_eq!(within, expected, "{mine} in {theirs}");
        }
    }
}
