//! The text of terms as the fields of the guided form, where the form can say all of it.

use softcap_offering::terms::Terms;
use toml::de::{DeTable, DeValue};

use super::{
    super::language::Language,
    fields::{Fields, List},
    terms_text::{numeraire, terms_text, token},
};

/// The fields that make this text, or other words for the same terms; `None` where the form cannot say something of it.
pub(super) fn fields_of(language: Language, text: &str) -> Option<Fields> {
    let document = DeTable::parse(text).ok()?;
    let fields = read(language, document.get_ref());
    let made = terms_text(language, &fields);
    let is_same = match (Terms::parse(text), Terms::parse(&made)) {
        (Ok(theirs), Ok(ours)) => theirs.hash() == ours.hash(),
        // Unfinished terms have no hash: only a text of the form itself is surely the same.
        _ => made == text,
    };
    is_same.then_some(fields)
}

fn read(language: Language, root: &DeTable<'_>) -> Fields {
    let mut fields = Fields::default();
    let empty = DeTable::default();
    let token_table = table(root, "token").unwrap_or(&empty);
    let supply = table(token_table, "supply").unwrap_or(&empty);
    for (key, name) in [
        ("name", "title"),
        ("origin", "origin"),
        ("early_close", "early-close"),
        ("unsold", "unsold"),
    ] {
        fields.set(name, text(root, key));
    }
    for (key, usual) in [("early-close", "never"), ("unsold", "burned")] {
        if fields.get(key).is_empty() {
            fields.set(key, usual);
        }
    }
    for key in ["name", "symbol", "decimals"] {
        fields.set(&format!("token-{key}"), text(token_table, key));
    }
    read_currencies(language, &mut fields, root);
    let mut units = Units {
        language,
        money: numeraire(&fields).0.to_owned(),
        token: token(&fields).0.to_owned(),
    };
    if let Some(named) = root
        .get("numeraire")
        .and_then(|value| value.get_ref().as_str())
    {
        named.clone_into(&mut units.money);
    }
    for (key, name) in [
        ("soft_cap", "soft-cap"),
        ("hard_cap", "hard-cap"),
        ("investor_max", "investor-max"),
    ] {
        fields.set(name, units.amount(&text(root, key), &units.money));
    }
    fields.set("refund-deadline", instant(&text(root, "refund_deadline")));
    fields.set(
        "supply-total",
        units.amount(&text(supply, "total"), &units.token),
    );
    fields.set(
        "supply-sale",
        units.amount(&text(supply, "for_sale"), &units.token),
    );
    if let Some(vesting) = table(token_table, "sale_vesting") {
        fields.set("sale-cliff", days(&text(vesting, "cliff")));
        fields.set("sale-duration", days(&text(vesting, "duration")));
    }
    read_shares(&units, &mut fields, token_table);
    read_rights(&mut fields, root);
    read_milestones(&units, &mut fields, root);
    read_rounds(&units, &mut fields, root);
    fields
}

fn table<'a>(of: &'a DeTable<'_>, key: &str) -> Option<&'a DeTable<'a>> {
    of.get(key)?.get_ref().as_table()
}

fn tables<'a>(of: &'a DeTable<'_>, key: &str) -> Vec<&'a DeTable<'a>> {
    let list = of.get(key).and_then(|value| value.get_ref().as_array());
    let all = list.into_iter().flat_map(|list| list.iter());
    all.filter_map(|value| value.get_ref().as_table()).collect()
}

/// A text or a number, as it would be typed.
fn text(of: &DeTable<'_>, key: &str) -> String {
    match of.get(key).map(|value| value.get_ref()) {
        Some(DeValue::String(text)) => text.to_string(),
        Some(DeValue::Integer(number)) => number.to_string(),
        // What the form cannot say makes another text, and the comparison sees it.
        Some(
            DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_),
        )
        | None => String::new(),
    }
}

/// `14 days` as `14`.
fn days(span: &str) -> String {
    let number = span
        .strip_suffix(" days")
        .or_else(|| span.strip_suffix(" day"));
    match number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(number) => number.to_owned(),
        None => span.to_owned(),
    }
}

/// As a field for date and time takes it: in UTC, without a zone.
fn instant(text: &str) -> String {
    let Ok(time) = text.parse::<jiff::Timestamp>() else {
        return text.to_owned();
    };
    let utc = time.to_string();
    let local = utc.trim_end_matches('Z');
    local.strip_suffix(":00").unwrap_or(local).to_owned()
}

/// What the numbers of the form are counted in.
struct Units {
    language: Language,
    money: String,
    token: String,
}

impl Units {
    /// `10_000 EUR` as `10000`, if that is the unit of the field.
    fn amount(&self, text: &str, unit: &str) -> String {
        let number = text
            .strip_suffix(unit)
            .and_then(|rest| rest.strip_suffix(' '));
        number.map_or_else(|| text.to_owned(), |number| self.typed(number))
    }

    /// A number of terms as it is typed in the language.
    fn typed(&self, number: &str) -> String {
        let number = number.replace('_', "");
        let Some((whole, part)) = number.split_once('.') else {
            return number;
        };
        // Three places behind one sign could be thousands.
        let end = if part.len() == 3 { "0" } else { "" };
        let sign = match self.language {
            Language::English => '.',
            Language::German => ',',
        };
        format!("{whole}{sign}{part}{end}")
    }

    fn price(&self, text: &str) -> String {
        self.amount(text, &format!("{} per {}", self.money, self.token))
    }
}

fn read_currencies(language: Language, fields: &mut Fields, root: &DeTable<'_>) {
    let Some(all) = table(root, "currency") else {
        return;
    };
    let mut named: Vec<_> = all.iter().collect();
    named.sort_by_key(|(key, _)| key.span().start);
    fields.set_rows(List::Currencies, named.len());
    let money = named
        .first()
        .map(|(key, _)| key.get_ref().to_string())
        .unwrap_or_default();
    for (place, (key, value)) in named.into_iter().enumerate() {
        let symbol = key.get_ref();
        let Some(known) = value.get_ref().as_table() else {
            continue;
        };
        let units = Units {
            language,
            money: money.clone(),
            token: symbol.to_string(),
        };
        let mut set = |key: &str, value: String| {
            fields.set_in_row(List::Currencies, place, key, value);
        };
        set("symbol", symbol.to_string());
        set("decimals", text(known, "decimals"));
        set("rail", text(known, "rail"));
        set("rate", units.price(&text(known, "rate")));
    }
}

fn read_shares(units: &Units, fields: &mut Fields, token: &DeTable<'_>) {
    let shares = tables(token, "share");
    fields.set_rows(List::Shares, shares.len());
    for (place, share) in shares.into_iter().enumerate() {
        let mut set = |key: &str, value: String| {
            fields.set_in_row(List::Shares, place, key, value);
        };
        set("holder", text(share, "holder"));
        set("name", text(share, "name"));
        set("amount", units.amount(&text(share, "amount"), &units.token));
        if let Some(vesting) = table(share, "vesting") {
            set("cliff", days(&text(vesting, "cliff")));
            set("duration", days(&text(vesting, "duration")));
        }
    }
}

fn read_rights(fields: &mut Fields, root: &DeTable<'_>) {
    if let Some(right) = table(root, "withdrawal") {
        fields.set("withdrawal-days", days(&text(right, "span")));
        fields.set("withdrawal-who", text(right, "who"));
    }
    if let Some(pause) = table(root, "pause") {
        fields.set("pause-longest", days(&text(pause, "longest")));
        fields.set("pause-count", text(pause, "count"));
        fields.set("pause-end", text(pause, "end"));
    }
}

fn read_milestones(units: &Units, fields: &mut Fields, root: &DeTable<'_>) {
    let steps = tables(root, "milestone");
    fields.set_rows(List::Milestones, steps.len());
    for (place, step) in steps.into_iter().enumerate() {
        let part = text(step, "part");
        let part = part
            .strip_suffix(" %")
            .map_or(part.clone(), |number| units.typed(number));
        fields.set_in_row(List::Milestones, place, "name", text(step, "name"));
        fields.set_in_row(List::Milestones, place, "part", part);
        fields.set_in_row(List::Milestones, place, "after", days(&text(step, "after")));
    }
}

fn read_rounds(units: &Units, fields: &mut Fields, root: &DeTable<'_>) {
    let rounds = tables(root, "round");
    fields.set_rows(List::Rounds, rounds.len());
    for (place, round) in rounds.into_iter().enumerate() {
        let or = |key: &str, usual: &str| {
            let said = text(round, key);
            if said.is_empty() {
                usual.to_owned()
            } else {
                said
            }
        };
        let mut set = |key: &str, value: String| {
            fields.set_in_row(List::Rounds, place, key, value);
        };
        set("name", text(round, "name"));
        set("from", instant(&text(round, "from")));
        set("until", instant(&text(round, "until")));
        for (key, value) in pricing(units, round) {
            set(key, value);
        }
        for (key, value) in allocation(units, round) {
            set(key, value);
        }
        set("access", or("access", "public"));
        set("cap", units.amount(&text(round, "cap"), &units.money));
        set("supply", units.amount(&text(round, "supply"), &units.token));
        if let Some(bounds) = table(round, "contribution") {
            set("least", units.amount(&text(bounds, "min"), &units.money));
            set("most", units.amount(&text(bounds, "max"), &units.money));
        }
    }
}

/// The fields of a round's price.
fn pricing(units: &Units, round: &DeTable<'_>) -> Vec<(&'static str, String)> {
    let Some(table) = table(round, "pricing") else {
        let price = units.price(&text(round, "price"));
        return vec![("pricing", "fixed".to_owned()), ("price", price)];
    };
    let kind = text(table, "kind");
    let price = |key: &str| units.price(&text(table, key));
    let mut fields = match kind.as_str() {
        "steps" => {
            let steps = tables(table, "steps");
            let mut all = steps.iter().map(|step| {
                (
                    instant(&text(step, "from")),
                    units.price(&text(step, "price")),
                )
            });
            let first = all.next().unwrap_or_default().1;
            let later: Vec<String> = all.map(|(from, price)| format!("{from} {price}")).collect();
            vec![("price", first), ("steps", later.join("; "))]
        }
        "linear" => {
            let bonus = text(table, "bonus");
            let bonus = bonus
                .strip_suffix(" %")
                .map_or(bonus.clone(), |number| units.typed(number));
            vec![
                ("price", price("base")),
                ("bonus", bonus),
                ("bonus-per", days(&text(table, "per"))),
                ("bonus-until", instant(&text(table, "until"))),
            ]
        }
        "dutch" => vec![
            ("price", price("start")),
            ("price-end", price("end")),
            ("price-every", text(table, "granularity")),
        ],
        "bids" => {
            let least = text(table, "min_proceeds");
            vec![("proceeds", units.amount(&least, &units.money))]
        }
        // A price by a table, or one that the form does not have, which the comparison sees.
        _ => vec![("price", price("price"))],
    };
    fields.push(("pricing", kind));
    fields
}

/// The fields of who gets how much.
fn allocation(units: &Units, round: &DeTable<'_>) -> Vec<(&'static str, String)> {
    let Some(table) = table(round, "allocation") else {
        let said = text(round, "allocation");
        let is_bids =
            self::table(round, "pricing").is_some_and(|table| text(table, "kind") == "bids");
        let usual = if is_bids { "pro_rata" } else { "first_come" };
        let word = if said.is_empty() {
            usual.to_owned()
        } else {
            said
        };
        return vec![("allocation", word)];
    };
    let marginal = text(table, "marginal");
    vec![
        ("allocation", text(table, "kind")),
        ("ask-most", units.amount(&text(table, "cap"), &units.money)),
        ("seed-source", text(table, "source")),
        ("seed-instant", instant(&text(table, "instant"))),
        ("marginal", marginal),
        ("reserved-until", instant(&text(table, "until"))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTER: &str = include_str!("../../../../../examples/starter/offering.toml");

    #[test]
    fn what_the_form_wrote_the_form_reads_in_either_language() {
        // The form has no rounding, and says nothing where the usual thing holds.
        let starter = STARTER.replace(
            "rounding = { mode = \"down\", unit = \"0.01 HBR\", per = \"contribution\" }\n",
            "",
        );
        let hash = Terms::parse(&starter).unwrap().hash();
        for language in Language::ALL {
            let fields = fields_of(language, &starter).unwrap();
            let text = terms_text(language, &fields);
            assert_eq!(Terms::parse(&text).unwrap().hash(), hash, "{text}");
            let again = fields_of(language, &text).unwrap();
            assert_eq!(terms_text(language, &again), text);
        }
    }

    /// Each price and each rule that is not sealed or by amount: written, read, and the same terms.
    #[test]
    fn each_price_and_rule_is_written_and_read_again() {
        let base = STARTER.replace(
            "rounding = { mode = \"down\", unit = \"0.01 HBR\", per = \"contribution\" }\n",
            "",
        );
        let public = "price = \"0.10 EUR per HBR\"";
        assert!(base.contains(public), "{base}");
        for rule in [
            "pricing = { kind = \"steps\", steps = [{ from = \"2026-03-09T12:00:00Z\", price = \"0.10 EUR per HBR\" }, { from = \"2026-03-12T12:00:00Z\", price = \"0.125 EUR per HBR\" }, { from = \"2026-03-15T12:00:30Z\", price = \"0.15 EUR per HBR\" }] }",
            "pricing = { kind = \"linear\", base = \"0.10 EUR per HBR\", bonus = \"2.5 %\", per = \"7 days\", until = \"2026-03-20T12:00:00Z\" }",
            "pricing = { kind = \"dutch\", start = \"0.20 EUR per HBR\", end = \"0.05 EUR per HBR\", granularity = \"1 hour\" }\nsupply = \"100_000 HBR\"",
            "price = \"0.10 EUR per HBR\"\nallocation = { kind = \"pro_rata_capped\", cap = \"1_000 EUR\" }\ncap = \"20_000 EUR\"",
            "price = \"0.10 EUR per HBR\"\nallocation = { kind = \"lottery\", source = \"drand:quicknet\", instant = \"2026-03-24T12:00:00Z\", marginal = \"skip\" }\ncap = \"20_000 EUR\"",
            "price = \"0.10 EUR per HBR\"\nallocation = { kind = \"guaranteed\", until = \"2026-03-12T12:00:00Z\" }\ncap = \"20_000 EUR\"",
        ] {
            // What waits for a seed cannot be moved by a pause.
            let pause = if rule.contains("lottery") {
                "fixed"
            } else {
                "moves"
            };
            let text = base
                .replace(public, rule)
                .replace("end = \"moves\"", &format!("end = \"{pause}\""))
                .replace("allocation = \"first_come\"\n", "");
            let theirs = Terms::parse(&text).unwrap_or_else(|error| panic!("{rule}: {error:?}"));
            for language in Language::ALL {
                let fields = fields_of(language, &text).unwrap_or_else(|| panic!("{rule}"));
                let made = terms_text(language, &fields);
                let ours = Terms::parse(&made).unwrap();
                assert_eq!(ours.hash(), theirs.hash(), "{made}");
            }
        }
    }

    #[test]
    fn what_the_form_cannot_say_is_left_to_the_text() {
        assert_eq!(fields_of(Language::English, STARTER), None, "rounding");
        for text in ["", "rules =", "rules = 1\nnonsense = 5\n"] {
            assert_eq!(fields_of(Language::English, text), None, "{text}");
        }
    }

    #[test]
    fn an_unfinished_form_comes_back_as_it_was_typed() {
        let mut fields = Fields::default();
        fields.set("title", "He said \"sale\" \\ \n");
        fields.set("soft-cap", "a lot");
        fields.set_rows(List::Rounds, 1);
        fields.set_in_row(List::Rounds, 0, "from", "tomorrow");
        fields.set_in_row(List::Rounds, 0, "price", "1.1250");
        fields.set_rows(List::Currencies, 1);
        fields.set_in_row(List::Currencies, 0, "symbol", "EUR");
        let text = terms_text(Language::English, &fields);
        let read = fields_of(Language::English, &text).unwrap();
        assert_eq!(read.get("title"), "He said \"sale\" \\ \n");
        assert_eq!(read.get("soft-cap"), "a lot");
        assert_eq!(read.of_row(List::Rounds, 0, "from"), "tomorrow");
        assert_eq!(read.of_row(List::Rounds, 0, "price"), "1.1250");
    }
}
