//! The guided form as the text of terms. A number gets the unit that its field has; anything else is written as it was
//! typed, so that an unfinished draft can be stored and the checker says what is wrong with it.

use std::fmt::Write as _;

use super::{
    super::{amounts, language::Language},
    fields::{Fields, List},
};

/// Places that a price may have.
const PRICE_PLACES: u8 = 18;

/// The text of `offering.toml`.
pub(super) fn terms_text(language: Language, fields: &Fields) -> String {
    let mut text = Writer {
        language,
        fields,
        out: String::from("rules = 1\n"),
    };
    text.head();
    text.token();
    text.currencies();
    text.rights();
    text.milestones();
    text.rounds();
    text.out
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            sign if sign.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

/// Whether somebody typed a number, and not words of the language of terms.
fn is_number(typed: &str) -> bool {
    typed.chars().any(|sign| sign.is_ascii_digit()) && !typed.chars().any(char::is_alphabetic)
}

/// A typed number as terms write it; as it is where it is none, which the form marks.
pub(super) fn figure(language: Language, typed: &str, decimals: u8) -> String {
    match amounts::parse(language, typed, decimals) {
        Ok(units) => {
            let plain = amounts::plain(units, decimals);
            let short = match plain.split_once('.') {
                Some(_) => plain.trim_end_matches('0').trim_end_matches('.'),
                None => &plain,
            };
            short.to_owned()
        }
        Err(_) => typed.to_owned(),
    }
}

/// `14` as `14 days`.
fn days(typed: &str) -> String {
    match typed {
        "" => String::new(),
        "1" => "1 day".to_owned(),
        typed if typed.bytes().all(|byte| byte.is_ascii_digit()) => format!("{typed} days"),
        typed => typed.to_owned(),
    }
}

/// What a field for date and time sends, which is taken as UTC.
pub(super) fn instant(typed: &str) -> String {
    let typed = typed.replacen(' ', "T", 1);
    let is_local = typed.len() >= 16
        && typed
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-:T.".contains(&byte));
    match (is_local, typed.len()) {
        (true, 16) => format!("{typed}:00Z"),
        (true, _) => format!("{typed}Z"),
        (false, _) => typed,
    }
}

struct Writer<'a> {
    language: Language,
    fields: &'a Fields,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.out, "{key} = {value}");
    }

    fn table(&mut self, name: &str) {
        let _ = writeln!(self.out, "\n{name}");
    }

    /// A text, unless nothing was typed.
    fn text(&mut self, key: &str, typed: &str) {
        if !typed.is_empty() {
            self.line(key, &quoted(typed));
        }
    }

    /// A whole number.
    fn count(&mut self, key: &str, typed: &str) {
        if typed.parse::<u32>().is_ok() {
            self.line(key, typed);
        } else {
            self.text(key, typed);
        }
    }

    /// A choice that is written only where it is not the usual one.
    fn choice(&mut self, key: &str, typed: &str, usual: &str) {
        if typed != usual {
            self.text(key, typed);
        }
    }

    fn amount(&self, typed: &str, (symbol, decimals): (&str, u8)) -> String {
        if is_number(typed) {
            format!("{} {symbol}", figure(self.language, typed, decimals))
        } else {
            typed.to_owned()
        }
    }

    fn money(&mut self, key: &str, typed: &str) {
        let amount = self.amount(typed, numeraire(self.fields));
        self.text(key, &amount);
    }

    fn tokens(&mut self, key: &str, typed: &str) {
        let amount = self.amount(typed, token(self.fields));
        self.text(key, &amount);
    }

    fn head(&mut self) {
        let fields = self.fields;
        self.text("name", fields.get("title"));
        self.text("origin", fields.get("origin"));
        if fields.rows(List::Currencies) > 1 {
            self.text("numeraire", numeraire(fields).0);
        }
        self.money("soft_cap", fields.get("soft-cap"));
        self.money("hard_cap", fields.get("hard-cap"));
        self.money("investor_max", fields.get("investor-max"));
        self.text("refund_deadline", &instant(fields.get("refund-deadline")));
        self.choice("early_close", fields.get("early-close"), "never");
        self.choice("unsold", fields.get("unsold"), "burned");
        self.table("[clock]");
        self.line("kind", "\"time\"");
    }

    fn token(&mut self) {
        let fields = self.fields;
        self.table("[token]");
        self.text("name", fields.get("token-name"));
        self.text("symbol", fields.get("token-symbol"));
        self.count("decimals", fields.get("token-decimals"));
        self.vesting(
            "sale_vesting",
            fields.get("sale-cliff"),
            fields.get("sale-duration"),
        );
        self.table("[token.supply]");
        self.line("kind", "\"fixed\"");
        self.tokens("total", fields.get("supply-total"));
        self.tokens("for_sale", fields.get("supply-sale"));
        for place in 0..fields.rows(List::Shares) {
            let of = |key: &str| fields.of_row(List::Shares, place, key);
            self.table("[[token.share]]");
            self.text("holder", of("holder"));
            self.text("name", of("name"));
            self.tokens("amount", of("amount"));
            self.vesting("vesting", of("cliff"), of("duration"));
        }
    }

    fn vesting(&mut self, key: &str, cliff: &str, duration: &str) {
        if cliff.is_empty() && duration.is_empty() {
            return;
        }
        let part = |name: &str, typed: &str| {
            (!typed.is_empty()).then(|| format!("{name} = {}", quoted(&days(typed))))
        };
        let parts: Vec<String> = [part("cliff", cliff), part("duration", duration)]
            .into_iter()
            .flatten()
            .collect();
        self.line(key, &format!("{{ {} }}", parts.join(", ")));
    }

    fn currencies(&mut self) {
        let fields = self.fields;
        for place in 0..fields.rows(List::Currencies) {
            let of = |key: &str| fields.of_row(List::Currencies, place, key);
            let symbol = of("symbol");
            let is_bare = !symbol.is_empty()
                && symbol
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let key = if is_bare {
                symbol.to_owned()
            } else {
                quoted(symbol)
            };
            self.table(&format!("[currency.{key}]"));
            self.count("decimals", of("decimals"));
            self.text("rail", of("rail"));
            let rate = of("rate");
            let rate = if is_number(rate) {
                let figure = figure(self.language, rate, PRICE_PLACES);
                format!("{figure} {} per {symbol}", numeraire(fields).0)
            } else {
                rate.to_owned()
            };
            self.text("rate", &rate);
        }
    }

    fn rights(&mut self) {
        let fields = self.fields;
        let span = fields.get("withdrawal-days");
        if !span.is_empty() {
            self.table("[withdrawal]");
            self.text("span", &days(span));
            self.text("who", fields.get("withdrawal-who"));
        }
        let longest = fields.get("pause-longest");
        if !longest.is_empty() {
            self.table("[pause]");
            self.text("longest", &days(longest));
            self.count("count", fields.get("pause-count"));
            self.text("end", fields.get("pause-end"));
        }
    }

    fn milestones(&mut self) {
        let fields = self.fields;
        for place in 0..fields.rows(List::Milestones) {
            let of = |key: &str| fields.of_row(List::Milestones, place, key);
            self.table("[[milestone]]");
            self.text("name", of("name"));
            let part = of("part");
            let part = if is_number(part) && !part.contains(['%', '/']) {
                format!("{} %", figure(self.language, part, 2))
            } else {
                part.to_owned()
            };
            self.text("part", &part);
            self.text("after", &days(of("after")));
        }
    }

    /// A price of one token, as terms write it.
    fn price(&self, typed: &str) -> String {
        if is_number(typed) {
            let figure = figure(self.language, typed, PRICE_PLACES);
            let (money, token) = (numeraire(self.fields).0, token(self.fields).0);
            format!("{figure} {money} per {token}")
        } else {
            typed.to_owned()
        }
    }

    /// An inline table of what was typed.
    fn inline(&mut self, key: &str, kind: &str, parts: &[(&str, String)]) {
        let mut all = format!("kind = {}", quoted(kind));
        for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = write!(all, ", {name} = {}", quoted(value));
        }
        self.line(key, &format!("{{ {all} }}"));
    }

    fn pricing(&mut self, place: usize) {
        let fields = self.fields;
        let of = |key: &str| fields.of_row(List::Rounds, place, key);
        let price = self.price(of("price"));
        match of("pricing") {
            "steps" => {
                let first = (instant(of("from")), price);
                let later = of("steps").split(';').map(str::trim);
                let later = later.filter(|step| !step.is_empty()).map(|step| {
                    let (from, price) = step.split_once(' ').unwrap_or((step, ""));
                    (instant(from), self.price(price.trim()))
                });
                let steps: Vec<String> = std::iter::once(first)
                    .chain(later)
                    .map(|(from, price)| {
                        format!("{{ from = {}, price = {} }}", quoted(&from), quoted(&price))
                    })
                    .collect();
                let steps = steps.join(", ");
                self.line(
                    "pricing",
                    &format!("{{ kind = \"steps\", steps = [{steps}] }}"),
                );
            }
            "linear" => {
                let bonus = of("bonus");
                let bonus = if is_number(bonus) && !bonus.contains('%') {
                    format!("{} %", figure(self.language, bonus, 2))
                } else {
                    bonus.to_owned()
                };
                let parts = [
                    ("base", price),
                    ("bonus", bonus),
                    ("per", days(of("bonus-per"))),
                    ("until", instant(of("bonus-until"))),
                ];
                self.inline("pricing", "linear", &parts);
            }
            "dutch" => {
                let parts = [
                    ("start", price),
                    ("end", self.price(of("price-end"))),
                    ("granularity", of("price-every").to_owned()),
                ];
                self.inline("pricing", "dutch", &parts);
            }
            "bids" => {
                let least = self.amount(of("proceeds"), numeraire(fields));
                self.inline("pricing", "bids", &[("min_proceeds", least)]);
            }
            _ => self.text("price", &price),
        }
    }

    fn allocation(&mut self, place: usize) {
        let fields = self.fields;
        let of = |key: &str| fields.of_row(List::Rounds, place, key);
        // Bids have one rule, and terms that say nothing mean it.
        let usual = if of("pricing") == "bids" {
            "pro_rata"
        } else {
            "first_come"
        };
        match of("allocation") {
            kind @ "pro_rata_capped" => {
                let cap = self.amount(of("ask-most"), numeraire(fields));
                self.inline("allocation", kind, &[("cap", cap)]);
            }
            kind @ "lottery" => {
                let parts = [
                    ("source", of("seed-source").to_owned()),
                    ("instant", instant(of("seed-instant"))),
                    ("marginal", of("marginal").to_owned()),
                ];
                self.inline("allocation", kind, &parts);
            }
            kind @ "guaranteed" => {
                let until = instant(of("reserved-until"));
                self.inline("allocation", kind, &[("until", until)]);
            }
            word => self.choice("allocation", word, usual),
        }
    }

    fn rounds(&mut self) {
        let fields = self.fields;
        for place in 0..fields.rows(List::Rounds) {
            let of = |key: &str| fields.of_row(List::Rounds, place, key);
            self.table("[[round]]");
            self.text("name", of("name"));
            self.text("from", &instant(of("from")));
            self.text("until", &instant(of("until")));
            self.line("end", "\"exclusive\"");
            self.pricing(place);
            self.allocation(place);
            self.choice("access", of("access"), "public");
            self.money("cap", of("cap"));
            self.tokens("supply", of("supply"));
            let least = self.amount(of("least"), numeraire(fields));
            let most = self.amount(of("most"), numeraire(fields));
            let bound = |name: &str, amount: &str| {
                (!amount.is_empty()).then(|| format!("{name} = {}", quoted(amount)))
            };
            let bounds: Vec<String> = [bound("min", &least), bound("max", &most)]
                .into_iter()
                .flatten()
                .collect();
            if !bounds.is_empty() {
                self.line("contribution", &format!("{{ {} }}", bounds.join(", ")));
            }
        }
    }
}

fn places(typed: &str) -> u8 {
    typed.parse().unwrap_or(PRICE_PLACES).min(30)
}

/// The unit of caps and limits: the first currency.
pub(super) fn numeraire(fields: &Fields) -> (&str, u8) {
    let of = |key: &str| fields.of_row(List::Currencies, 0, key);
    (of("symbol"), places(of("decimals")))
}

/// The unit of tokens.
pub(super) fn token(fields: &Fields) -> (&str, u8) {
    (
        fields.get("token-symbol"),
        places(fields.get("token-decimals")),
    )
}
