//! What the checker of terms says, beside the field or the line that it is about.

use softcap_offering::terms::{ClockKind, Inspection, Severity, Terms, TermsProblem, inspect};

use super::{
    super::{form::Errors, language::Language},
    fields::{Fields, List, row_field},
};

/// A finding on a page.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// Line of the text, from 1; none of what stands in no line.
    pub(super) line: Option<usize>,
    /// The line itself, as far as it fits.
    pub(super) excerpt: String,
    /// How bad it is, in a word, and the colour that goes with it.
    pub(super) severity: String,
    pub(super) tone: &'static str,
    /// Its code in the documentation of terms.
    pub(super) code: &'static str,
    /// What is wrong and what follows from it; English, as everywhere.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: String,
    severity_kind: Severity,
}

/// A text of terms, and what the checker says of it.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    /// The terms, if they can be announced here.
    pub(super) terms: Option<Terms>,
    pub(super) findings: Vec<Finding>,
}

/// Characters of a line that are shown.
const EXCERPT: usize = 120;

impl Checked {
    pub(super) fn new(language: Language, text: &str) -> Self {
        let Inspection { terms, problems } = inspect(text);
        let mut findings: Vec<Finding> = problems
            .iter()
            .map(|problem| Finding::new(language, text, problem))
            .collect();
        let is_foreign = |terms: &Terms| terms.clock.kind == ClockKind::Block;
        if terms.as_ref().is_some_and(is_foreign) {
            findings.insert(0, Finding::foreign_clock(language));
        }
        Self {
            terms: terms.filter(|terms| !is_foreign(terms)),
            findings,
        }
    }

    /// What must be mended before the terms can be announced.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Error)
    }

    /// What takes something from investors that they may not expect: the issuer confirms each.
    pub(super) fn red(&self) -> impl Iterator<Item = &Finding> {
        self.of(Severity::Red)
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let all = self.findings.iter();
        all.filter(move |finding| finding.severity_kind == severity)
    }
}

impl Finding {
    fn new(language: Language, text: &str, problem: &TermsProblem) -> Self {
        let line = problem.place.map(|place| place.line);
        let excerpt = line.and_then(|line| text.lines().nth(line.checked_sub(1)?));
        let (severity, tone) = match problem.severity {
            Severity::Error => (language.say("finding-error"), "stop"),
            Severity::Red => (language.say("finding-red"), "stop"),
            Severity::Warning => (language.say("finding-warning"), "poor"),
        };
        Self {
            line,
            excerpt: excerpt.unwrap_or_default().chars().take(EXCERPT).collect(),
            severity,
            tone,
            code: problem.code.as_str(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            severity_kind: problem.severity,
        }
    }

    fn foreign_clock(language: Language) -> Self {
        Self {
            line: None,
            excerpt: String::new(),
            severity: language.say("finding-error"),
            tone: "stop",
            code: "",
            message: language.say("finding-foreign-clock"),
            hint: String::new(),
            severity_kind: Severity::Error,
        }
    }
}

/// Notes each error beside the field that it is about.
pub(super) fn mark(fields: &Fields, text: &str, errors: &mut Errors) {
    let Err(problems) = Terms::parse(text) else {
        return;
    };
    for problem in problems {
        let field = field_of(fields, &problem.key);
        let words = if problem.hint.is_empty() {
            problem.message
        } else {
            format!("{}; {}", problem.message, problem.hint)
        };
        errors.add(field, words);
    }
}

/// Keys of terms and the fields that write them; the first prefix counts.
const FIELDS: [(&str, &str); 20] = [
    ("name", "title"),
    ("origin", "origin"),
    ("soft_cap", "soft-cap"),
    ("hard_cap", "hard-cap"),
    ("investor_max", "investor-max"),
    ("refund_deadline", "refund-deadline"),
    ("early_close", "early-close"),
    ("unsold", "unsold"),
    ("token.name", "token-name"),
    ("token.symbol", "token-symbol"),
    ("token.decimals", "token-decimals"),
    ("token.sale_vesting.cliff", "sale-cliff"),
    ("token.sale_vesting", "sale-duration"),
    ("token.supply.for_sale", "supply-sale"),
    ("token.supply", "supply-total"),
    ("withdrawal.who", "withdrawal-who"),
    ("withdrawal", "withdrawal-days"),
    ("pause.count", "pause-count"),
    ("pause.end", "pause-end"),
    ("pause", "pause-longest"),
];

/// The field of a key of terms; the first one of the form where no field writes it.
fn field_of(fields: &Fields, key: &str) -> String {
    if let Some(rest) = key.strip_prefix("currency.") {
        return currency_field(fields, rest);
    }
    let lists = [
        ("token.share[", List::Shares),
        ("round[", List::Rounds),
        ("milestone[", List::Milestones),
    ];
    for (prefix, list) in lists {
        if let Some((place, key)) = key
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once(']'))
        {
            let place = place.parse().unwrap_or(0);
            return row_field(list, place, row_key(list, key.trim_start_matches('.')));
        }
    }
    let found = FIELDS.iter().find(|(prefix, _)| is_below(key, prefix));
    found.map_or("title", |(_, field)| *field).to_owned()
}

fn is_below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn row_key(list: List, key: &str) -> &'static str {
    let table: &[(&str, &str)] = match list {
        List::Shares => &[
            ("holder", "holder"),
            ("name", "name"),
            ("vesting.cliff", "cliff"),
            ("vesting", "duration"),
            ("", "amount"),
        ],
        List::Rounds => &[
            ("from", "from"),
            ("until", "until"),
            ("price", "price"),
            ("pricing.steps", "steps"),
            ("pricing.bonus", "bonus"),
            ("pricing.per", "bonus-per"),
            ("pricing.until", "bonus-until"),
            ("pricing.end", "price-end"),
            ("pricing.granularity", "price-every"),
            ("pricing.min_proceeds", "proceeds"),
            ("pricing", "price"),
            ("allocation.cap", "ask-most"),
            ("allocation.source", "seed-source"),
            ("allocation.instant", "seed-instant"),
            ("allocation.marginal", "marginal"),
            ("allocation.until", "reserved-until"),
            ("allocation", "allocation"),
            ("supply", "supply"),
            ("access", "access"),
            ("cap", "cap"),
            ("contribution.max", "most"),
            ("contribution", "least"),
            ("", "name"),
        ],
        List::Milestones => &[("part", "part"), ("after", "after"), ("", "name")],
        List::Currencies => &[
            ("decimals", "decimals"),
            ("rail", "rail"),
            ("rate", "rate"),
            ("", "symbol"),
        ],
    };
    let found = table
        .iter()
        .find(|(prefix, _)| prefix.is_empty() || is_below(key, prefix));
    found.map_or("name", |(_, field)| *field)
}

fn currency_field(fields: &Fields, rest: &str) -> String {
    let list = List::Currencies;
    let (symbol, key) = rest.split_once('.').unwrap_or((rest, ""));
    let place =
        (0..fields.rows(list)).find(|place| fields.of_row(list, *place, "symbol") == symbol);
    row_field(list, place.unwrap_or(0), row_key(list, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_stands_beside_the_field_that_it_is_about() {
        let mut fields = Fields::default();
        fields.set_rows(List::Currencies, 2);
        fields.set_in_row(List::Currencies, 1, "symbol", "ETH");
        for (key, field) in [
            ("soft_cap", "soft-cap"),
            ("round[1].pricing.price", "round-1-price"),
            ("round[0].pricing.bonus", "round-0-bonus"),
            ("round[0].allocation.instant", "round-0-seed-instant"),
            ("round[0].until", "round-0-until"),
            ("round[2]", "round-2-name"),
            ("token.share[0].vesting.cliff", "share-0-cliff"),
            ("token.share[3].amount", "share-3-amount"),
            ("token.supply", "supply-total"),
            ("currency.ETH.rate", "currency-1-rate"),
            ("currency", "title"),
            ("milestone[1].part", "milestone-1-part"),
            ("pause.longest", "pause-longest"),
            ("", "title"),
        ] {
            assert_eq!(field_of(&fields, key), field, "{key}");
        }
    }

    #[test]
    fn errors_stop_an_announcement_and_red_warnings_are_confirmed() {
        const STARTER: &str = include_str!("../../../../../examples/starter/offering.toml");
        let right = Checked::new(Language::English, STARTER);
        assert!(right.terms.is_some());
        assert_eq!(right.errors().count(), 0);
        let wrong = STARTER.replace("10_000 EUR", "10_000 EURO");
        let wrong = Checked::new(Language::English, &wrong);
        assert!(wrong.terms.is_none());
        let first = wrong.errors().next().unwrap();
        assert!(first.excerpt.contains("EURO"), "{first:?}");
        assert_eq!(first.line, Some(9));
    }
}
