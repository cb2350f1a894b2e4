//! How much an application may contribute: the part of a form that asks for it, and reading it.

use std::collections::BTreeSet;

use maud::{Markup, html};
use softcap_identity::{AmountLimit, AmountLimits, AppScopes, OauthError, Params, Spent, Verb};

use crate::web::{Visit, amounts};

/// Why a form about a grant cannot be taken.
#[derive(Debug)]
pub(super) enum FormFault {
    /// Something that no page of ours sends.
    Protocol(OauthError),
    /// Something that was typed: what to say about it.
    Typed(String),
}

impl From<OauthError> for FormFault {
    fn from(error: OauthError) -> Self {
        Self::Protocol(error)
    }
}

/// What a form asks about amounts.
pub(super) struct AmountForm<'a> {
    /// Currencies that can be limited.
    pub(super) currencies: &'a BTreeSet<(String, u8)>,
    /// The limits as they are.
    pub(super) limits: &'a AmountLimits,
    /// What is used of them.
    pub(super) spent: &'a [Spent],
    /// What was typed before.
    pub(super) typed: Option<&'a Params>,
}

#[derive(Clone, Copy)]
enum Bound {
    Each,
    Total,
}

impl Bound {
    fn field(self, symbol: &str, decimals: u8) -> String {
        let name = match self {
            Self::Each => "each",
            Self::Total => "total",
        };
        format!("{name}-{symbol}/{decimals}")
    }

    fn of(self, limits: &AmountLimits, symbol: &str, decimals: u8) -> Option<u128> {
        let limit = limits.of(symbol, decimals)?;
        match self {
            Self::Each => limit.each,
            Self::Total => limit.total,
        }
    }

    fn words(self, visit: &Visit) -> String {
        match self {
            Self::Each => visit.say("app-amount-each"),
            Self::Total => visit.say("app-amount-total"),
        }
    }
}

/// Whether amounts are asked for at all.
pub(super) fn contributes(scopes: &AppScopes) -> bool {
    let mut all = scopes.scopes.iter();
    all.any(|scope| scope.verb == Verb::ContributionsWrite)
}

fn as_typed(visit: &Visit, units: Option<u128>, decimals: u8) -> String {
    units.map_or_else(String::new, |units| {
        amounts::number(visit.language, units, decimals)
    })
}

/// A field for each bound in each currency. A page may have several of these forms: `form` begins the ids of this one.
pub(super) fn amount_choices(visit: &Visit, form: &str, asked: &AmountForm<'_>) -> Markup {
    let hint = format!("{form}-amounts-hint");
    html! {
        fieldset class="field" aria-describedby=(hint) {
            legend { (visit.say("app-amounts")) }
            span class="hint" id=(hint) { (visit.say("app-amounts-hint")) }
            @for (symbol, decimals) in asked.currencies {
                div class="row" {
                    @for bound in [Bound::Each, Bound::Total] {
                        (amount_field(visit, form, asked, (bound, symbol, *decimals)))
                    }
                }
                @if asked.limits.of(symbol, *decimals).is_some() {
                    p class="quiet" { (visit.say("app-amount-used")) " " (used(visit, asked, symbol, *decimals)) }
                }
            }
        }
    }
}

fn amount_field(
    visit: &Visit,
    form: &str,
    asked: &AmountForm<'_>,
    (bound, symbol, decimals): (Bound, &str, u8),
) -> Markup {
    let name = bound.field(symbol, decimals);
    let id = format!("{form}-{name}");
    let typed = asked
        .typed
        .and_then(|params| params.one(&name).ok().flatten());
    let known = as_typed(visit, bound.of(asked.limits, symbol, decimals), decimals);
    let value = typed.map_or(known, str::to_owned);
    html! {
        div class="field" {
            label for=(id) { (symbol) " " (bound.words(visit)) }
            input class="amount-in" id=(id) name=(name) value=(value) inputmode="decimal" autocomplete="off" maxlength="60";
        }
    }
}

fn used(visit: &Visit, asked: &AmountForm<'_>, symbol: &str, decimals: u8) -> String {
    let mut spent = asked.spent.iter();
    let spent = spent.find(|one| one.symbol == symbol && one.decimals == decimals);
    let units = spent.map_or(0, |one| one.amount);
    amounts::amount(visit.language, units, decimals, symbol).text
}

/// What a person typed, where the limits are these now. A field that says what it said stays as it is.
pub(super) fn amount_limits(
    visit: &Visit,
    params: &Params,
    asked: &AmountForm<'_>,
) -> Result<AmountLimits, FormFault> {
    let mut all = Vec::new();
    for (symbol, decimals) in asked.currencies {
        let read = |bound: Bound| -> Result<Option<u128>, FormFault> {
            let text = params.one(&bound.field(symbol, *decimals))?;
            let text = text.unwrap_or_default().trim();
            let known = bound.of(asked.limits, symbol, *decimals);
            if text == as_typed(visit, known, *decimals) {
                return Ok(known);
            }
            match amounts::parse(visit.language, text, *decimals) {
                Ok(units) => Ok(Some(units)),
                Err(amounts::AmountFault::Empty) => Ok(None),
                Err(amounts::AmountFault::Zero) => Ok(Some(0)),
                Err(fault) => Err(FormFault::Typed(format!(
                    "{symbol} {}: {}",
                    bound.words(visit),
                    visit.say(fault.key())
                ))),
            }
        };
        all.push(AmountLimit {
            symbol: symbol.clone(),
            decimals: *decimals,
            each: read(Bound::Each)?,
            total: read(Bound::Total)?,
        });
    }
    Ok(AmountLimits::new(all)?)
}
