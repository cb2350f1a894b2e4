//! The guided form as it is shown: which fields there are, in which order, with what was typed and what is wrong with it.

use super::{
    super::{form::Errors, visit::Visit},
    fields::{Fields, List, row_field, rows_field},
    terms_text::{numeraire, token},
};

/// How a field is typed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    /// Digits.
    Number,
    /// An amount of the numeraire.
    Money,
    /// An amount of the token.
    Tokens,
    /// Date and time in UTC.
    Instant,
    /// One of some words of terms, each with words for people.
    Choice(&'static [(&'static str, &'static str)]),
}

/// A field: its name, the words beside it, and a hint or nothing.
type Definition = (&'static str, Kind, &'static str, &'static str);

const BASICS: &[Definition] = &[
    ("title", Kind::Text, "guide-title", ""),
    ("origin", Kind::Text, "guide-origin", "guide-origin-hint"),
];
const TOKEN: &[Definition] = &[
    ("token-name", Kind::Text, "guide-token-name", ""),
    (
        "token-symbol",
        Kind::Text,
        "guide-token-symbol",
        "guide-symbol-hint",
    ),
    (
        "token-decimals",
        Kind::Number,
        "guide-decimals",
        "guide-token-decimals-hint",
    ),
    (
        "supply-total",
        Kind::Tokens,
        "guide-supply-total",
        "guide-supply-total-hint",
    ),
    ("supply-sale", Kind::Tokens, "guide-supply-sale", ""),
    (
        "sale-cliff",
        Kind::Number,
        "guide-sale-cliff",
        "guide-days-hint",
    ),
    ("sale-duration", Kind::Number, "guide-sale-duration", ""),
];
const SHARE: &[Definition] = &[
    (
        "holder",
        Kind::Choice(&[
            ("team", "holder-team"),
            ("treasury", "holder-treasury"),
            ("advisers", "holder-advisers"),
            ("other", "holder-other"),
        ]),
        "guide-share-holder",
        "",
    ),
    (
        "name",
        Kind::Text,
        "guide-share-name",
        "guide-optional-hint",
    ),
    ("amount", Kind::Tokens, "guide-share-amount", ""),
    (
        "cliff",
        Kind::Number,
        "guide-share-cliff",
        "guide-days-hint",
    ),
    ("duration", Kind::Number, "guide-share-duration", ""),
];
const CURRENCY: &[Definition] = &[
    (
        "symbol",
        Kind::Text,
        "guide-currency-symbol",
        "guide-symbol-hint",
    ),
    ("decimals", Kind::Number, "guide-decimals", ""),
    (
        "rail",
        Kind::Choice(&[
            ("balance", "guide-rail-balance"),
            ("evm", "guide-rail-evm"),
            ("bitcoin", "guide-rail-bitcoin"),
        ]),
        "guide-rail",
        "",
    ),
    ("rate", Kind::Money, "guide-rate", "guide-rate-hint"),
];
const CAPS: &[Definition] = &[
    ("soft-cap", Kind::Money, "soft-cap", "guide-soft-cap-hint"),
    ("hard-cap", Kind::Money, "hard-cap", "guide-hard-cap-hint"),
    (
        "investor-max",
        Kind::Money,
        "guide-investor-max",
        "guide-optional-hint",
    ),
    (
        "refund-deadline",
        Kind::Instant,
        "terms-deadline",
        "guide-deadline-hint",
    ),
];
const ROUND: &[Definition] = &[
    ("name", Kind::Text, "guide-round-name", ""),
    ("from", Kind::Instant, "guide-round-from", ""),
    (
        "until",
        Kind::Instant,
        "guide-round-until",
        "guide-round-until-hint",
    ),
    (
        "pricing",
        Kind::Choice(&[
            ("fixed", "guide-pricing-fixed"),
            ("steps", "guide-pricing-steps"),
            ("linear", "guide-pricing-linear"),
            ("dutch", "guide-pricing-dutch"),
            ("bids", "guide-pricing-bids"),
        ]),
        "guide-pricing",
        "guide-show-hint",
    ),
    ("price", Kind::Money, "guide-round-price", ""),
    (
        "steps",
        Kind::Text,
        "guide-price-steps",
        "guide-price-steps-hint",
    ),
    (
        "bonus",
        Kind::Number,
        "guide-price-bonus",
        "guide-price-bonus-hint",
    ),
    (
        "bonus-per",
        Kind::Number,
        "guide-price-bonus-per",
        "guide-days-hint",
    ),
    ("bonus-until", Kind::Instant, "guide-price-bonus-until", ""),
    (
        "price-end",
        Kind::Money,
        "guide-price-end",
        "guide-price-end-hint",
    ),
    (
        "price-every",
        Kind::Text,
        "guide-price-every",
        "guide-price-every-hint",
    ),
    (
        "proceeds",
        Kind::Money,
        "guide-proceeds",
        "guide-optional-hint",
    ),
    (
        "access",
        Kind::Choice(&[
            ("public", "guide-access-public"),
            ("admitted", "guide-access-admitted"),
        ]),
        "round-who",
        "",
    ),
    (
        "allocation",
        Kind::Choice(&[
            ("first_come", "allocation-first-come"),
            ("pro_rata", "allocation-pro-rata"),
            ("pro_rata_capped", "allocation-pro-rata-capped"),
            ("water_filling", "allocation-water-filling"),
            ("lottery", "allocation-lottery"),
            ("guaranteed", "allocation-guaranteed"),
        ]),
        "guide-allocation",
        "guide-show-hint",
    ),
    ("ask-most", Kind::Money, "guide-ask-most", ""),
    (
        "seed-source",
        Kind::Text,
        "guide-seed-source",
        "guide-seed-source-hint",
    ),
    (
        "seed-instant",
        Kind::Instant,
        "guide-seed-instant",
        "guide-seed-instant-hint",
    ),
    (
        "marginal",
        Kind::Choice(&[
            ("partial", "guide-marginal-partial"),
            ("skip", "guide-marginal-skip"),
        ]),
        "guide-marginal",
        "",
    ),
    (
        "reserved-until",
        Kind::Instant,
        "guide-reserved-until",
        "guide-reserved-until-hint",
    ),
    (
        "supply",
        Kind::Tokens,
        "guide-round-supply",
        "guide-round-supply-hint",
    ),
    ("cap", Kind::Money, "guide-round-cap", "guide-optional-hint"),
    (
        "least",
        Kind::Money,
        "guide-round-least",
        "guide-optional-hint",
    ),
    (
        "most",
        Kind::Money,
        "guide-round-most",
        "guide-optional-hint",
    ),
];
const RIGHTS: &[Definition] = &[
    (
        "withdrawal-days",
        Kind::Number,
        "guide-withdrawal-days",
        "guide-withdrawal-hint",
    ),
    (
        "withdrawal-who",
        Kind::Choice(&[
            ("everyone", "guide-withdrawal-everyone"),
            ("marked", "guide-withdrawal-marked"),
        ]),
        "guide-withdrawal-who",
        "",
    ),
    (
        "pause-longest",
        Kind::Number,
        "guide-pause-longest",
        "guide-pause-hint",
    ),
    ("pause-count", Kind::Number, "guide-pause-count", ""),
    (
        "pause-end",
        Kind::Choice(&[
            ("moves", "guide-pause-moves"),
            ("fixed", "guide-pause-fixed"),
        ]),
        "guide-pause-end",
        "",
    ),
    (
        "early-close",
        Kind::Choice(&[
            ("never", "terms-early-never"),
            ("after_soft_cap", "terms-early-soft"),
            ("allowed", "terms-early-allowed"),
        ]),
        "terms-early",
        "",
    ),
    (
        "unsold",
        Kind::Choice(&[
            ("burned", "terms-unsold-burned"),
            ("treasury", "terms-unsold-treasury"),
        ]),
        "terms-unsold",
        "",
    ),
];
const MILESTONE: &[Definition] = &[
    ("name", Kind::Text, "guide-milestone-name", ""),
    ("part", Kind::Number, "guide-milestone-part", ""),
    (
        "after",
        Kind::Number,
        "guide-milestone-after",
        "guide-milestone-after-hint",
    ),
];

/// Whether a field of a round says something about the price and the rule that were chosen.
fn is_about_the_round(key: &str, pricing: &str, allocation: &str) -> bool {
    match key {
        "price" => pricing != "bids",
        "steps" => pricing == "steps",
        "bonus" | "bonus-per" | "bonus-until" => pricing == "linear",
        "price-end" | "price-every" => pricing == "dutch",
        "proceeds" => pricing == "bids",
        "ask-most" => allocation == "pro_rata_capped",
        "seed-source" | "seed-instant" | "marginal" => allocation == "lottery",
        "reserved-until" => allocation == "guaranteed",
        _ => true,
    }
}

/// A field as the template shows it.
pub(super) struct FieldView {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) value: String,
    pub(super) error: Option<String>,
    /// Written behind it.
    pub(super) unit: String,
    pub(super) kind: &'static str,
    /// Value, words, and whether it is chosen.
    pub(super) choices: Vec<(&'static str, String, bool)>,
}

impl FieldView {
    /// What describes the field, by the ids of the elements that do.
    pub(super) fn described_by(&self) -> String {
        let id = &self.id;
        let mut by = Vec::new();
        if !self.hint.is_empty() {
            by.push(format!("{id}-hint"));
        }
        if self.error.is_some() {
            by.push(format!("{id}-error"));
        }
        by.join(" ")
    }
}

/// A row of a list.
pub(super) struct RowView {
    pub(super) title: String,
    /// Which fields there are depends on what is chosen in it.
    pub(super) has_choices: bool,
    pub(super) fields: Vec<FieldView>,
    pub(super) remove: String,
}

/// A list of rows.
pub(super) struct ListView {
    pub(super) rows_field: String,
    pub(super) count: usize,
    pub(super) rows: Vec<RowView>,
    /// Value and words of the button for another one, unless there are as many as fit.
    pub(super) add: Option<(String, String)>,
}

/// A part of the form.
pub(super) struct GroupView {
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) fields: Vec<FieldView>,
    pub(super) list: Option<ListView>,
}

/// All parts of the form.
pub(super) fn groups(visit: &Visit, fields: &Fields, errors: &Errors) -> Vec<GroupView> {
    let form = Form {
        visit,
        fields,
        errors,
    };
    let rounds = form.list(List::Rounds, ROUND, ("guide-round", "guide-add-round"));
    let shares = form.list(List::Shares, SHARE, ("guide-share", "guide-add-share"));
    let money = form.list(
        List::Currencies,
        CURRENCY,
        ("currency", "guide-add-currency"),
    );
    let steps = form.list(
        List::Milestones,
        MILESTONE,
        ("guide-milestone", "guide-add-milestone"),
    );
    vec![
        form.group(("guide-basics", ""), BASICS, None),
        form.group(("guide-money", "guide-money-lead"), &[], Some(money)),
        form.group(("guide-token", "guide-token-lead"), TOKEN, Some(shares)),
        form.group(("guide-caps", "guide-caps-lead"), CAPS, None),
        form.group(("rounds-title", "guide-rounds-lead"), &[], Some(rounds)),
        form.group(("guide-rights", "guide-rights-lead"), RIGHTS, None),
        form.group(
            ("guide-milestones", "guide-milestones-lead"),
            &[],
            Some(steps),
        ),
    ]
}

struct Form<'a> {
    visit: &'a Visit,
    fields: &'a Fields,
    errors: &'a Errors,
}

impl Form<'_> {
    fn group(
        &self,
        (title, lead): (&str, &str),
        definitions: &[Definition],
        list: Option<ListView>,
    ) -> GroupView {
        GroupView {
            title: self.visit.say(title),
            lead: self.words(lead),
            fields: definitions
                .iter()
                .map(|definition| self.field(definition.0.to_owned(), definition))
                .collect(),
            list,
        }
    }

    fn list(&self, list: List, definitions: &[Definition], (title, add): (&str, &str)) -> ListView {
        let count = self.fields.rows(list);
        let rows = (0..count).map(|place| RowView {
            title: format!("{} {}", self.visit.say(title), place + 1),
            has_choices: list == List::Rounds,
            fields: definitions
                .iter()
                // The first currency is what the rates of the others are counted in.
                .filter(|definition| match list {
                    List::Currencies => place > 0 || definition.0 != "rate",
                    List::Rounds => {
                        let of = |key: &str| self.fields.of_row(list, place, key);
                        is_about_the_round(definition.0, of("pricing"), of("allocation"))
                    }
                    List::Shares | List::Milestones => true,
                })
                .map(|definition| self.field(row_field(list, place, definition.0), definition))
                .collect(),
            remove: format!("remove-{}-{place}", list.stem()),
        });
        ListView {
            rows_field: rows_field(list),
            count,
            rows: rows.collect(),
            add: self
                .fields
                .has_room(list)
                .then(|| (format!("add-{}", list.stem()), self.visit.say(add))),
        }
    }

    fn words(&self, key: &str) -> String {
        if key.is_empty() {
            String::new()
        } else {
            self.visit.say(key)
        }
    }

    fn field(&self, id: String, (_, kind, label, hint): &Definition) -> FieldView {
        let value = self.fields.get(&id).to_owned();
        let (of_money, of_token) = (numeraire(self.fields).0, token(self.fields).0);
        let choices = match kind {
            Kind::Choice(all) => self.choices(all, &value),
            Kind::Text | Kind::Number | Kind::Money | Kind::Tokens | Kind::Instant => Vec::new(),
        };
        FieldView {
            label: self.visit.say(label),
            hint: self.words(hint),
            error: self.errors.of(&id).map(str::to_owned),
            unit: match kind {
                Kind::Money => of_money.to_owned(),
                Kind::Tokens => of_token.to_owned(),
                Kind::Text | Kind::Number | Kind::Instant | Kind::Choice(_) => String::new(),
            },
            kind: match kind {
                Kind::Text => "text",
                Kind::Number => "number",
                Kind::Money | Kind::Tokens => "amount",
                // What no field for dates can hold is shown as it was typed.
                Kind::Instant if is_local(&value) => "instant",
                Kind::Instant => "text",
                Kind::Choice(_) => "choice",
            },
            choices,
            value,
            id,
        }
    }

    fn choices(
        &self,
        all: &[(&'static str, &'static str)],
        value: &str,
    ) -> Vec<(&'static str, String, bool)> {
        all.iter()
            .map(|(code, words)| (*code, self.visit.say(words), *code == value))
            .collect()
    }
}

/// Whether a field for date and time can hold it.
fn is_local(value: &str) -> bool {
    value.is_empty()
        || (value.len() >= 16
            && value
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"-:T.".contains(&byte)))
}

/// The form that nobody has filled in yet.
pub(super) fn beginning(host: &str) -> Fields {
    let mut fields = Fields::default();
    fields.set("origin", format!("{host}/"));
    fields.set("token-decimals", "6");
    fields.set("withdrawal-days", "14");
    fields.set_rows(List::Currencies, 1);
    fields.set_in_row(List::Currencies, 0, "symbol", "EUR");
    fields.set_in_row(List::Currencies, 0, "decimals", "2");
    fields.set_rows(List::Rounds, 1);
    fields
}
