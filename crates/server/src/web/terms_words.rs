//! The terms of an offering in words and numbers.

use softcap_offering::{
    Ratio,
    terms::{
        Access, Allocation, Bound, EarlyClose, Limit, Pricing, Rail, Round, Supply, Terms, Unsold,
        WithdrawalHolder,
    },
};

use super::{
    amounts,
    language::{Language, Value},
    times::{When, span},
};

/// A line of facts.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) words: String,
}

/// What the whole offering promises.
pub(super) fn facts(language: Language, terms: &Terms) -> Vec<Fact> {
    let value = |units: u128| amounts::value(language, terms, units).text;
    let bound = |bound: Bound| match bound {
        Bound::Value(units) => value(units.0),
        Bound::Tokens(units) => amounts::tokens(language, terms, units.0).text,
    };
    let mut facts = Vec::new();
    let mut say = |name: &str, words: String| {
        let name = language.say(name);
        facts.push(Fact { name, words });
    };
    match terms.soft_cap {
        Some(cap) => say(
            "soft-cap",
            language.tell("terms-soft-cap", &[("cap", (&bound(cap)).into())]),
        ),
        None => say("soft-cap", language.say("terms-no-soft-cap")),
    }
    match terms.hard_cap {
        Some(cap) => say(
            "hard-cap",
            language.tell("terms-hard-cap", &[("cap", (&bound(cap)).into())]),
        ),
        None => say("hard-cap", language.say("terms-no-hard-cap")),
    }
    if let Some(most) = terms.investor_max {
        say(
            "terms-limit",
            language.tell("terms-investor-max", &[("limit", (&value(most.0)).into())]),
        );
    }
    say("terms-exit", withdrawal(language, terms));
    if let Some(deadline) = terms.refund_deadline {
        let when = When::at(language, deadline).text;
        say(
            "terms-deadline",
            language.tell("terms-deadline-words", &[("when", (&when).into())]),
        );
    }
    match terms.pause {
        Some(pause) => {
            let longest = span(language, pause.longest);
            let values = [
                ("longest", Value::Text(&longest)),
                ("count", Value::Count(u64::from(pause.count))),
            ];
            say("terms-pause", language.tell("terms-pause-words", &values));
        }
        None => say("terms-pause", language.say("terms-no-pause")),
    }
    let early = match terms.early_close {
        EarlyClose::Never => "terms-early-never",
        EarlyClose::Allowed => "terms-early-allowed",
        EarlyClose::AfterSoftCap => "terms-early-soft",
    };
    say("terms-early", language.say(early));
    let unsold = match terms.unsold {
        Unsold::Burned => "terms-unsold-burned",
        Unsold::Treasury => "terms-unsold-treasury",
    };
    say("terms-unsold", language.say(unsold));
    facts
}

/// The right to take a contribution back, in a sentence.
pub(super) fn withdrawal(language: Language, terms: &Terms) -> String {
    let Some(right) = terms.withdrawal else {
        return language.say("terms-no-exit");
    };
    let key = match right.who {
        WithdrawalHolder::Everyone => "terms-exit-everyone",
        WithdrawalHolder::Marked => "terms-exit-marked",
    };
    let long = match right.until {
        Some(until) => language.tell(
            "terms-until",
            &[("when", (&When::at(language, until).text).into())],
        ),
        None => language.tell(
            "terms-for",
            &[("span", (&span(language, right.span)).into())],
        ),
    };
    language.tell(key, &[("long", (&long).into())])
}

/// Who holds the money, and what that means for who wants it back.
pub(super) fn custody(language: Language, rail: Rail) -> String {
    match rail {
        Rail::Evm => language.say("custody-evm"),
        Rail::Bitcoin => language.say("custody-bitcoin"),
        Rail::Balance => language.say("custody-balance"),
    }
}

/// Who may take part in a round.
pub(super) fn access(language: Language, round: &Round) -> String {
    match round.access {
        Access::Public => language.say("access-public"),
        Access::Admitted => language.say("access-admitted"),
    }
}

/// How a round prices, in a sentence.
pub(super) fn pricing(language: Language, terms: &Terms, round: &Round) -> String {
    let price = |ratio: Ratio| amounts::price(language, terms, ratio).unwrap_or_default();
    // Auctions name money per token, and prices tokens per money.
    let upside = |ratio: Ratio| ratio.inverse().map(price).unwrap_or_default();
    let token = &terms.token.symbol;
    match &round.pricing {
        Pricing::Fixed { price: fixed } => {
            let values = [("price", price(*fixed)), ("token", token.clone())];
            told(language, "pricing-fixed", &values)
        }
        Pricing::Steps { steps } => told(
            language,
            "pricing-steps",
            &[
                (
                    "first",
                    steps
                        .first()
                        .map(|step| price(step.price))
                        .unwrap_or_default(),
                ),
                (
                    "last",
                    steps
                        .last()
                        .map(|step| price(step.price))
                        .unwrap_or_default(),
                ),
                ("count", steps.len().to_string()),
                ("token", token.clone()),
            ],
        ),
        Pricing::Linear {
            base,
            bonus,
            per,
            until,
            ..
        } => told(
            language,
            "pricing-linear",
            &[
                ("price", price(*base)),
                (
                    "bonus",
                    amounts::percent(language, u128::from(bonus.0), 10_000).unwrap_or_default(),
                ),
                ("span", span(language, *per)),
                ("when", When::at(language, *until).text),
                ("token", token.clone()),
            ],
        ),
        Pricing::Tiers { tiers, .. } => told(
            language,
            "pricing-tiers",
            &[
                (
                    "first",
                    tiers
                        .first()
                        .map(|tier| price(tier.price))
                        .unwrap_or_default(),
                ),
                (
                    "last",
                    tiers
                        .last()
                        .map(|tier| price(tier.price))
                        .unwrap_or_default(),
                ),
                ("token", token.clone()),
            ],
        ),
        Pricing::Dutch { start, end, .. } => told(
            language,
            "pricing-dutch",
            &[
                ("first", upside(*start)),
                ("last", upside(*end)),
                ("token", token.clone()),
            ],
        ),
        Pricing::Bids { .. } => language.say("pricing-bids"),
    }
}

/// Who gets how much when more is asked than is there.
pub(super) fn allocation(language: Language, round: &Round) -> String {
    match round.allocation {
        Allocation::FirstCome => language.say("allocation-first-come"),
        Allocation::ProRata => language.say("allocation-pro-rata"),
        Allocation::ProRataCapped { .. } => language.say("allocation-pro-rata-capped"),
        Allocation::WaterFilling => language.say("allocation-water-filling"),
        Allocation::Lottery { .. } => language.say("allocation-lottery"),
        Allocation::Guaranteed { .. } => language.say("allocation-guaranteed"),
    }
}

/// The least and most of one contribution, if the round says so.
pub(super) fn limits(language: Language, terms: &Terms, round: &Round) -> Option<String> {
    let one = |limit: &Limit| match limit {
        Limit::Value(units) => amounts::value(language, terms, units.0).text,
        Limit::Tokens(units) => amounts::tokens(language, terms, units.0).text,
        Limit::Money(currency, units) => {
            amounts::money(language, terms, currency.index(), units.0).text
        }
    };
    let all = |limits: &[Limit]| limits.iter().map(one).collect::<Vec<_>>().join(", ");
    let (least, most) = (all(&round.contribution_min), all(&round.contribution_max));
    let values = [("least", least.clone()), ("most", most.clone())];
    match (least.is_empty(), most.is_empty()) {
        (true, true) => None,
        (false, true) => Some(told(language, "limits-least", &values)),
        (true, false) => Some(told(language, "limits-most", &values)),
        (false, false) => Some(told(language, "limits-both", &values)),
    }
}

fn told(language: Language, key: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, Value<'_>)> = values
        .iter()
        .map(|(name, text)| (*name, text.into()))
        .collect();
    language.tell(key, &values)
}

/// The name of a share for people: its own, else who holds it.
pub(super) fn holder_words(language: Language, holder: softcap_offering::terms::Holder) -> String {
    use softcap_offering::terms::Holder;
    match holder {
        Holder::Team => language.say("holder-team"),
        Holder::Treasury => language.say("holder-treasury"),
        Holder::Advisers => language.say("holder-advisers"),
        Holder::Other => language.say("holder-other"),
    }
}

/// Whether the supply is fixed, in a sentence.
pub(super) fn supply_words(language: Language, terms: &Terms) -> String {
    match &terms.token.supply {
        Supply::Fixed { total, .. } => {
            let total = amounts::tokens(language, terms, total.0).text;
            told(language, "supply-fixed", &[("total", total)])
        }
        Supply::Minted { max: Some(max), .. } => {
            let most = amounts::tokens(language, terms, max.0).text;
            told(language, "supply-minted-bounded", &[("most", most)])
        }
        Supply::Minted { max: None, .. } => language.say("supply-minted"),
    }
}
