//! Numbers of the engine in the units and words of the terms.

use softcap_offering::{
    Amount, CurrencyIndex, LineIndex, Offering, Position, Ratio, Refusal, RoundIndex, RoundingMode,
    Span, Tokens, Value,
    terms::{Bound, ClockKind, Limit, Terms, Window, WindowEnd},
};

use super::{
    calculation::Formula,
    exact::{Exact, Way},
};

/// The units of an offering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) terms: &'a Terms,
}

impl<'a> Words<'a> {
    pub(super) fn of(offering: &'a Offering) -> Self {
        Self {
            terms: offering.terms(),
        }
    }

    pub(super) fn symbol(self, currency: CurrencyIndex) -> &'a str {
        self.terms
            .currencies
            .get(currency.index())
            .map_or("", |known| &known.symbol)
    }

    fn decimals(self, currency: CurrencyIndex) -> u8 {
        self.terms
            .currencies
            .get(currency.index())
            .map_or(0, |known| known.decimals)
    }

    pub(super) fn numeraire(self) -> &'a str {
        &self.terms.numeraire.symbol
    }

    pub(super) fn token(self) -> &'a str {
        &self.terms.token.symbol
    }

    /// Money in whole units. Decimals of terms are few, so that it always fits.
    pub(super) fn money(self, currency: CurrencyIndex, amount: Amount) -> Exact {
        Exact::units(amount.0, self.decimals(currency)).unwrap_or(Exact::ZERO)
    }

    pub(super) fn value(self, value: Value) -> Exact {
        Exact::units(value.0, self.terms.numeraire.decimals).unwrap_or(Exact::ZERO)
    }

    pub(super) fn tokens(self, tokens: Tokens) -> Exact {
        Exact::units(tokens.0, self.terms.token.decimals).unwrap_or(Exact::ZERO)
    }

    pub(super) fn money_text(self, currency: CurrencyIndex, amount: Amount) -> String {
        format!("{} {}", self.money(currency, amount), self.symbol(currency))
    }

    pub(super) fn value_text(self, value: Value) -> String {
        format!("{} {}", self.value(value), self.numeraire())
    }

    pub(super) fn tokens_text(self, tokens: Tokens) -> String {
        format!("{} {}", self.tokens(tokens), self.token())
    }

    pub(super) fn bound_text(self, bound: Bound) -> String {
        match bound {
            Bound::Value(value) => self.value_text(value),
            Bound::Tokens(tokens) => self.tokens_text(tokens),
        }
    }

    /// A bound of one contribution, or a count in its unit.
    pub(super) fn limit_text(self, limit: Limit) -> String {
        match limit {
            Limit::Value(value) => self.value_text(value),
            Limit::Tokens(tokens) => self.tokens_text(tokens),
            Limit::Money(currency, amount) => self.money_text(currency, amount),
        }
    }

    /// A count in the unit of a bound.
    pub(super) fn in_unit_of(self, bound: Bound, count: u128) -> Exact {
        match bound {
            Bound::Value(_) => self.value(Value(count)),
            Bound::Tokens(_) => self.tokens(Tokens(count)),
        }
    }

    pub(super) fn unit_of(self, bound: Bound) -> &'a str {
        match bound {
            Bound::Value(_) => self.numeraire(),
            Bound::Tokens(_) => self.token(),
        }
    }

    /// One smallest unit of the numeraire.
    pub(super) fn value_step(self) -> Exact {
        self.value(Value(1))
    }

    /// One smallest unit of a currency.
    pub(super) fn money_step(self, currency: CurrencyIndex) -> Exact {
        self.money(currency, Amount(1))
    }

    /// Whether a unit of the currency is a unit of the numeraire, so that the rate says nothing.
    pub(super) fn is_numeraire(self, currency: CurrencyIndex, rate: Ratio) -> bool {
        self.symbol(currency) == self.numeraire() && rate == Ratio::ONE
    }

    fn scaled(ratio: Ratio, from: u8, to: u8) -> Option<Exact> {
        let ratio = Exact::ratio(ratio.num(), ratio.den())?;
        ratio
            .times(Exact::units(1, to)?)?
            .over(Exact::units(1, from)?)
    }

    /// A rate in whole units: numeraire per unit of the currency.
    fn rate(self, currency: CurrencyIndex, rate: Ratio) -> Option<Exact> {
        Self::scaled(rate, self.decimals(currency), self.terms.numeraire.decimals)
    }

    /// A price in whole units: tokens per unit of the numeraire.
    pub(super) fn price(self, price: Ratio) -> Option<Exact> {
        Self::scaled(
            price,
            self.terms.numeraire.decimals,
            self.terms.token.decimals,
        )
    }

    /// Money per token in whole units, from numeraire units per token unit.
    pub(super) fn cost(self, cost: Ratio) -> Option<Exact> {
        Self::scaled(
            cost,
            self.terms.token.decimals,
            self.terms.numeraire.decimals,
        )
    }

    /// Tokens per unit of a currency in whole units.
    pub(super) fn per_money(self, currency: CurrencyIndex, factor: Ratio) -> Option<Exact> {
        Self::scaled(factor, self.decimals(currency), self.terms.token.decimals)
    }

    /// A rate as it reads best: `2500 EUR per ETH`, or turned round where only that has an end.
    pub(super) fn rate_text(self, currency: CurrencyIndex, rate: Ratio) -> String {
        let (symbol, numeraire) = (self.symbol(currency), self.numeraire());
        self.rate(currency, rate).map_or_else(String::new, |rate| {
            ratio_text(rate, &per(numeraire, symbol), &per(symbol, numeraire))
        })
    }

    /// A price as it reads best: `10 HBR per EUR`, or `3 EUR per HBR`.
    pub(super) fn price_text(self, price: Ratio) -> String {
        let (token, numeraire) = (self.token(), self.numeraire());
        self.price(price).map_or_else(String::new, |price| {
            ratio_text(price, &per(token, numeraire), &per(numeraire, token))
        })
    }

    /// Money per token: `0.1 EUR per HBR`.
    pub(super) fn cost_text(self, cost: Ratio) -> String {
        let (token, numeraire) = (self.token(), self.numeraire());
        self.cost(cost).map_or_else(String::new, |cost| {
            format!("{cost} {}", per(numeraire, token))
        })
    }

    /// `money` valued in the numeraire: times the rate, or over its inverse.
    pub(super) fn valued(
        self,
        money: Formula,
        currency: CurrencyIndex,
        rate: Ratio,
    ) -> Option<Formula> {
        if self.is_numeraire(currency, rate) {
            return Some(money);
        }
        let (symbol, numeraire) = (self.symbol(currency), self.numeraire());
        let rate = self.rate(currency, rate)?;
        Some(by_ratio(
            money,
            rate,
            &per(numeraire, symbol),
            &per(symbol, numeraire),
        ))
    }

    /// The money that a value is: over the rate, or times its inverse.
    pub(super) fn unvalued(
        self,
        value: Formula,
        currency: CurrencyIndex,
        rate: Ratio,
    ) -> Option<Formula> {
        if self.is_numeraire(currency, rate) {
            return Some(value);
        }
        let (symbol, numeraire) = (self.symbol(currency), self.numeraire());
        let inverse = self.rate(currency, rate)?.inverse()?;
        Some(by_ratio(
            value,
            inverse,
            &per(symbol, numeraire),
            &per(numeraire, symbol),
        ))
    }

    /// The tokens that a value of the numeraire buys.
    pub(super) fn priced(self, value: Formula, price: Ratio) -> Option<Formula> {
        let (token, numeraire) = (self.token(), self.numeraire());
        Some(by_ratio(
            value,
            self.price(price)?,
            &per(token, numeraire),
            &per(numeraire, token),
        ))
    }

    /// The value that tokens cost at a price.
    pub(super) fn unpriced(self, tokens: Formula, price: Ratio) -> Option<Formula> {
        let (token, numeraire) = (self.token(), self.numeraire());
        let inverse = self.price(price)?.inverse()?;
        Some(by_ratio(
            tokens,
            inverse,
            &per(numeraire, token),
            &per(token, numeraire),
        ))
    }

    pub(super) fn round_name(self, round: RoundIndex) -> String {
        let name = self
            .terms
            .rounds
            .get(round.index())
            .map_or("", |round| &round.name);
        format!("round \"{name}\"")
    }

    pub(super) fn position_text(self, line: LineIndex, position: Position) -> String {
        match self.terms.clock.kind {
            ClockKind::Time => i64::try_from(position.0)
                .ok()
                .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                .map_or_else(|| format!("{position} ms"), |time| time.to_string()),
            ClockKind::Block => {
                let chain = self
                    .terms
                    .clock
                    .lines
                    .get(line.index())
                    .map_or("", String::as_str);
                format!("block {position} of {chain}")
            }
        }
    }

    /// Seconds, or blocks.
    pub(super) fn span(self, span: Span) -> Exact {
        let decimals = match self.terms.clock.kind {
            ClockKind::Time => 3,
            ClockKind::Block => 0,
        };
        Exact::units(span.0.into(), decimals).unwrap_or(Exact::ZERO)
    }

    pub(super) fn span_unit(self) -> &'static str {
        match self.terms.clock.kind {
            ClockKind::Time => "seconds",
            ClockKind::Block => "blocks",
        }
    }

    pub(super) fn window_text(self, line: LineIndex, window: Window) -> String {
        let from = self.position_text(line, window.from);
        let until = self.position_text(line, window.until);
        match window.end {
            WindowEnd::Inclusive => format!("from {from} up to and including {until}"),
            WindowEnd::Exclusive => format!("from {from} until just before {until}"),
        }
    }
}

/// `EUR per ETH`.
fn per(of: &str, per: &str) -> String {
    format!("{of} per {per}")
}

fn ratio_text(ratio: Exact, unit: &str, turned: &str) -> String {
    match ratio
        .inverse()
        .filter(|inverse| inverse.is_decimal() && !ratio.is_decimal())
    {
        Some(inverse) => format!("{inverse} {turned}"),
        None => format!("{ratio} {unit}"),
    }
}

/// Times a ratio, or over its inverse where only that is a decimal with an end.
fn by_ratio(amount: Formula, ratio: Exact, unit: &str, turned: &str) -> Formula {
    match ratio
        .inverse()
        .filter(|inverse| inverse.is_decimal() && !ratio.is_decimal())
    {
        Some(inverse) => amount.over(Formula::number(inverse, turned)),
        None => amount.times(Formula::number(ratio, unit)),
    }
}

pub(super) fn way(mode: RoundingMode) -> Way {
    match mode {
        RoundingMode::Down => Way::Down,
        RoundingMode::HalfUp => Way::HalfUp,
        RoundingMode::HalfEven => Way::HalfEven,
    }
}

/// Number, name, what happened, what to do.
pub(super) fn refusal_text(refusal: Refusal) -> String {
    let (code, name) = (refusal.code(), refusal.name());
    format!("{code} {name}: {} {}", refusal.sentence(), refusal.remedy())
}
