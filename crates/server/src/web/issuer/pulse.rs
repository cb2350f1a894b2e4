//! How fast contributions come, which rules refuse them and what is strange about it, in words.

use serde::Serialize;
use softcap_offering::Refusal;

use super::super::{
    amounts,
    entry_words::rule_words,
    language::{Language, Value},
};
use crate::desk_pulse::{ByRule, Figures, Strange};

/// A rule that refused or cut contributions.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RefusedBy {
    pub(super) rule: String,
    pub(super) whole: String,
    pub(super) cut: String,
}

/// The last ten minutes in numbers.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    /// Contributions a second, now and at most.
    pub(super) rate: String,
    pub(super) peak: String,
    /// Those that were taken at least in part.
    pub(super) minute: String,
    pub(super) ten_minutes: String,
    pub(super) refused: Vec<RefusedBy>,
    pub(super) strange: Vec<String>,
}

impl Pulse {
    pub(super) fn new(language: Language, figures: &Figures) -> Self {
        let number = |count: u64| amounts::count(language, u128::from(count));
        // Where older entries of the ten minutes were not looked at there were more than these.
        let at_least = |count: u64| {
            if figures.is_part {
                language.tell("pulse-more", &[("count", (&number(count)).into())])
            } else {
                number(count)
            }
        };
        let row = |rule: &ByRule| {
            Some(RefusedBy {
                rule: rule_words(language, Refusal::from_code(rule.code)?),
                whole: number(rule.whole),
                cut: number(rule.cut),
            })
        };
        Self {
            rate: amounts::number(language, u128::from(figures.rate_tenths), 1),
            peak: number(figures.peak),
            minute: number(figures.minute),
            ten_minutes: at_least(figures.ten_minutes),
            refused: figures.by_rule.iter().filter_map(row).collect(),
            strange: figures
                .strange
                .iter()
                .map(|strange| strange_words(language, *strange))
                .collect(),
        }
    }
}

fn strange_words(language: Language, strange: Strange) -> String {
    let (key, values) = match strange {
        Strange::ManyRefused(refused, came) => (
            "strange-refused",
            vec![("refused", refused), ("count", came)],
        ),
        Strange::Burst(now, usual) => ("strange-burst", vec![("count", now), ("usual", usual)]),
        Strange::Silence(before) => ("strange-silence", vec![("count", before)]),
    };
    let texts: Vec<(&str, String)> = values
        .into_iter()
        .map(|(name, count)| (name, amounts::count(language, u128::from(count))))
        .collect();
    let values: Vec<(&str, Value<'_>)> = texts
        .iter()
        .map(|(name, text)| (*name, Value::Text(text)))
        .collect();
    language.tell(key, &values)
}
