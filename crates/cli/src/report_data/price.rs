//! Exact prices, and the one direction in which a page tells them.
//!
//! `0.08 EUR per HBR` and `2,000 ETH per BTC` are both how their sales were announced. A page uses
//! one direction for all its prices: the one in which they take fewer digits.

use ruint::aliases::U512;
use softcap_offering::{LimitPrice, Ratio};

use crate::{decimal::InUnits, report::grouped};

use super::words::whole_units;

/// Digits of a price that has no exact decimal.
const DIGITS: u32 = 6;
/// Most decimals of a number of 128 bits.
const MOST_DECIMALS: u8 = 38;

/// Whole tokens per whole unit of money, exactly: `tokens / money`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price {
    tokens: U512,
    money: U512,
}

/// Which of the two is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// `1 HBR = 0.08 EUR`.
    MoneyPerToken,
    /// `1 BTC = 2,000 ETH`.
    TokensPerMoney,
}

/// The two units of a price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) token: &'a str,
    pub(super) token_decimals: u8,
    pub(super) money: &'a str,
    pub(super) money_decimals: u8,
}

/// Ten to a power below 78, where it still fits.
fn power(exponent: u8) -> U512 {
    U512::from(10).pow(U512::from(exponent))
}

impl Pair<'_> {
    /// A price in token units per money unit.
    pub(super) fn price(&self, ratio: Ratio) -> Price {
        Price {
            tokens: U512::from(ratio.num()) * power(self.money_decimals),
            money: U512::from(ratio.den()) * power(self.token_decimals),
        }
    }

    /// A price in money units per token unit; `None` of zero, at which money buys without end.
    pub(super) fn money_price(&self, ratio: Ratio) -> Option<Price> {
        ratio.inverse().map(|ratio| self.price(ratio))
    }

    /// A clearing price; `None` of zero.
    pub(super) fn clearing(&self, price: LimitPrice) -> Option<Price> {
        Ratio::new(price.tokens, price.money).map(|ratio| self.price(ratio))
    }

    /// The direction in which the prices together take fewer digits (zeros at the end of a whole
    /// number cost nothing, those after the point do); tokens per money where that decides nothing,
    /// unless money then buys only a part of a token.
    pub(super) fn direction(prices: &[Price]) -> Direction {
        let digits = |number: fn(&Price) -> Option<InUnits>| {
            prices.iter().try_fold(0_u32, |sum, price| {
                let InUnits { units, decimals } = number(price)?;
                let digits = units.checked_ilog10().map_or(0, |power| power + 1) - zeros(units);
                Some(sum + digits.max(u32::from(decimals)))
            })
        };
        let per_token = digits(|price| exact(price.money, price.tokens));
        let per_money = digits(|price| exact(price.tokens, price.money));
        let part = prices
            .iter()
            .any(|price| price.tokens < price.money && !price.tokens.is_zero());
        match (per_token, per_money) {
            (Some(a), Some(b)) if a < b || (a == b && part) => Direction::MoneyPerToken,
            (Some(_), None) => Direction::MoneyPerToken,
            (None | Some(_), Some(_)) => Direction::TokensPerMoney,
            (None, None) if part => Direction::MoneyPerToken,
            (None, None) => Direction::TokensPerMoney,
        }
    }

    /// `1 HBR = 0.08 EUR`; where there is no exact decimal, six digits and the exact exchange.
    pub(super) fn words(&self, price: Price, direction: Direction) -> String {
        let (num, den, one, other) = match direction {
            Direction::MoneyPerToken if !price.tokens.is_zero() => {
                (price.money, price.tokens, self.token, self.money)
            }
            Direction::MoneyPerToken | Direction::TokensPerMoney => {
                (price.tokens, price.money, self.money, self.token)
            }
        };
        if let Some(number) = exact(num, den) {
            return format!(
                "1 {one} = {} {other}",
                whole_units(number.units, number.decimals)
            );
        }
        let near = near(num, den);
        let near = format!(
            "1 {one} = about {} {other}",
            whole_units(near.units, near.decimals)
        );
        let common = price.tokens.gcd(price.money);
        let whole = |number: U512| u128::try_from(number / common).ok();
        match (whole(price.tokens), whole(price.money)) {
            (Some(tokens), Some(money)) => format!(
                "{near}, exactly {} {} for {} {}",
                grouped(tokens),
                self.token,
                grouped(money),
                self.money
            ),
            _ => near,
        }
    }

    /// What a chart of such prices counts: `EUR per HBR`.
    pub(super) fn label(&self, direction: Direction) -> String {
        match direction {
            Direction::MoneyPerToken => format!("{} per {}", self.money, self.token),
            Direction::TokensPerMoney => format!("{} per {}", self.token, self.money),
        }
    }
}

impl Price {
    fn oriented(self, direction: Direction) -> (U512, U512) {
        match direction {
            Direction::MoneyPerToken => (self.money, self.tokens),
            Direction::TokensPerMoney => (self.tokens, self.money),
        }
    }

    /// Decimals that a drawing of this price needs: all of an exact one, else six digits.
    pub(super) fn decimals(self, direction: Direction) -> u8 {
        let (num, den) = self.oriented(direction);
        exact(num, den)
            .filter(|number| number.decimals <= 12)
            .unwrap_or(near(num, den))
            .decimals
    }

    /// The price times `10^decimals`, rounded half up, for drawing; the largest number where it does
    /// not fit.
    pub(super) fn drawn(self, direction: Direction, decimals: u8) -> u128 {
        let (num, den) = self.oriented(direction);
        rounded(num, den, decimals).unwrap_or(u128::MAX)
    }
}

/// Zeros at the end of a number.
fn zeros(mut number: u128) -> u32 {
    let mut count = 0;
    while number != 0 && number.is_multiple_of(10) {
        number /= 10;
        count += 1;
    }
    count
}

/// `num / den` as a decimal, if it ends and fits.
fn exact(num: U512, den: U512) -> Option<InUnits> {
    if den.is_zero() {
        return None;
    }
    let mut scaled = num;
    for decimals in 0..=MOST_DECIMALS {
        let (quotient, rest) = scaled.div_rem(den);
        if rest.is_zero() {
            return u128::try_from(quotient)
                .ok()
                .map(|units| InUnits { units, decimals });
        }
        scaled = scaled.checked_mul(U512::from(10))?;
    }
    None
}

/// `num / den` with at least six digits that count, rounded half up.
fn near(num: U512, den: U512) -> InUnits {
    let enough = 10_u128.pow(DIGITS - 1);
    (0..=MOST_DECIMALS)
        .find_map(|decimals| {
            let units = rounded(num, den, decimals)?;
            (units >= enough).then_some(InUnits { units, decimals })
        })
        .unwrap_or(InUnits {
            units: 0,
            decimals: 0,
        })
}

fn rounded(num: U512, den: U512, decimals: u8) -> Option<u128> {
    if den.is_zero() {
        return None;
    }
    let (quotient, rest) = num.checked_mul(power(decimals))?.div_rem(den);
    let up = u128::from(rest >= den - rest);
    u128::try_from(quotient).ok()?.checked_add(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair<'static> = Pair {
        token: "HBR",
        token_decimals: 6,
        money: "EUR",
        money_decimals: 2,
    };

    /// Whole tokens for whole money.
    fn price(tokens: u128, money: u128) -> Price {
        PAIR.price(Ratio::new(tokens * 10_000, money).unwrap())
    }

    #[test]
    fn prices_are_told_in_the_direction_with_fewer_digits() {
        let table: [(&[(u128, u128)], &str); 9] = [
            (&[(25, 2)], "1 HBR = 0.08 EUR"),
            (&[(100, 1)], "1 EUR = 100 HBR"),
            (&[(1, 250)], "1 HBR = 250 EUR"),
            (&[(3, 1)], "1 EUR = 3 HBR"),
            (&[(1, 3)], "1 HBR = 3 EUR"),
            (&[(25, 2), (10, 1)], "1 HBR = 0.08 EUR"),
            (&[(1_970, 1), (2_000, 1)], "1 EUR = 1,970 HBR"),
            (
                &[(7, 3)],
                "1 EUR = about 2.33333 HBR, exactly 7 HBR for 3 EUR",
            ),
            (&[(0, 1)], "1 EUR = 0 HBR"),
        ];
        for (prices, words) in table {
            let prices: Vec<Price> = prices.iter().map(|&(t, m)| price(t, m)).collect();
            let direction = Pair::direction(&prices);
            assert_eq!(PAIR.words(prices[0], direction), words);
        }
    }

    #[test]
    fn the_exact_exchange_is_left_out_only_where_it_has_no_room() {
        let odd = PAIR.price(Ratio::new(u128::MAX, u128::MAX - 1).unwrap());
        let words = PAIR.words(odd, Direction::TokensPerMoney);
        assert_eq!(words, "1 EUR = about 0.0001 HBR");
    }

    #[test]
    fn a_drawing_has_the_decimals_that_it_needs() {
        let third = price(1, 3);
        assert_eq!(third.decimals(Direction::TokensPerMoney), 6);
        assert_eq!(third.drawn(Direction::TokensPerMoney, 6), 333_333);
        assert_eq!(price(25, 2).decimals(Direction::MoneyPerToken), 2);
        assert_eq!(price(25, 2).drawn(Direction::MoneyPerToken, 2), 8);
        assert_eq!(price(2, 3).drawn(Direction::TokensPerMoney, 0), 1);
        assert_eq!(price(0, 3).drawn(Direction::MoneyPerToken, 0), u128::MAX);
    }

    #[test]
    fn the_largest_and_smallest_prices_have_words() {
        let wide = Pair {
            token: "A",
            token_decimals: 0,
            money: "B",
            money_decimals: 30,
        };
        let narrow = Pair {
            token: "A",
            token_decimals: 30,
            money: "B",
            money_decimals: 0,
        };
        let (most, least) = (
            Ratio::new(u128::MAX, 1).unwrap(),
            Ratio::new(1, u128::MAX).unwrap(),
        );
        for direction in [Direction::MoneyPerToken, Direction::TokensPerMoney] {
            for (pair, ratio) in [(wide, most), (narrow, least)] {
                let price = pair.price(ratio);
                assert!(pair.words(price, direction).starts_with("1 "));
                price.drawn(direction, price.decimals(direction));
            }
        }
        assert_eq!(
            wide.clearing(LimitPrice {
                money: 0,
                tokens: 5
            }),
            None
        );
    }
}
