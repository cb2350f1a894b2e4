//! The state of a contribution in one sentence, with what comes next, when, and what can be done. Every page asks here.

use softcap_offering::{Offering, Position, Reason};

use super::{
    amounts,
    entry_words::rule_words,
    language::{Language, Value},
    offering_card::windows,
    times::When,
};
use crate::contribution_state::{BeforeEntry, Facts, Place, State, Voiding, state_before};

/// A state as pages show it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// A word or two, for lists.
    pub(crate) name: String,
    /// The colour that goes with it; the word stands beside it.
    pub(super) tone: &'static str,
    /// What happened, and where the money is.
    pub(crate) sentence: String,
    /// What happens next.
    pub(crate) next: String,
    /// By when, if that is known.
    pub(crate) when: Option<When>,
}

/// The colour of a state.
pub(super) const fn tone(state: State) -> &'static str {
    match state {
        State::Counted | State::Claimable | State::Claimed | State::Allocated | State::InRange => {
            "good"
        }
        State::CountedPart
        | State::Vesting
        | State::Underpaid
        | State::OutOfRange
        | State::Late
        | State::Held
        | State::NeedsIdentity
        | State::Unmatched
        | State::Contestable
        | State::Voided
        | State::Refundable => "poor",
        State::Refused | State::Failed | State::Dropped | State::Reorged | State::Unknown => "stop",
        State::Draft
        | State::NeedsApproval
        | State::WaitingSignature
        | State::DeclinedSignature
        | State::Sent
        | State::Replaced
        | State::AddressOpen
        | State::Confirming
        | State::Reserved
        | State::Waiting
        | State::Withdrawn
        | State::EndedUndecided
        | State::ClaimSent
        | State::RefundSent
        | State::Refunded => "info",
    }
}

/// A state with these values, as every page says it.
pub(super) fn tell(
    language: Language,
    state: State,
    values: &[(&str, Value<'_>)],
    when: Option<When>,
) -> Told {
    let code = state.code();
    Told {
        name: language.say(&format!("state-{code}-name")),
        tone: tone(state),
        sentence: language.tell(&format!("state-{code}"), values),
        next: language.tell(&format!("state-{code}-next"), values),
        when,
    }
}

/// What somebody reads who must be checked first.
pub(super) fn needs_check(language: Language) -> Told {
    let (item, usual) = (language.say("check-item"), language.say("check-usual"));
    let values = [("item", Value::Text(&item)), ("usual", Value::Text(&usual))];
    let state = state_before(Some(BeforeEntry::Unchecked));
    tell(language, state, &values, None)
}

/// The state of a contribution in the record. What the network takes for a claim is known where somebody asked it.
pub(super) fn told(
    language: Language,
    offering: &Offering,
    facts: &Facts,
    fee: Option<&str>,
) -> Told {
    let terms = offering.terms();
    let row = &facts.row;
    let money = |units: u128| amounts::money(language, terms, row.currency.index(), units).text;
    let round = row.round.and_then(|round| terms.rounds.get(round.index()));
    let place = match facts.place {
        Place::Account => language.say("place-account"),
        Place::Issuer => language.say("place-rail"),
        Place::Contract => language.say("place-contract"),
        Place::Wallet => language.say("place-wallet"),
    };
    let fee = fee.map_or_else(|| language.say("fee-unknown"), ToOwned::to_owned);
    let rule = match (facts.voiding, row.reason, facts.back == row.refunded) {
        (Some(Voiding::Root), ..) => language.say("rule-root-void"),
        (Some(Voiding::Late), ..) => language.say("rule-claims-over"),
        (None, None, false) => language.say("rule-soft-cap"),
        (None, reason, _) => rule(language, reason),
    };
    let texts = [
        ("amount", money(row.contributed.0)),
        ("accepted", money(row.accepted.0)),
        ("change", money(facts.back.0)),
        (
            "tokens",
            amounts::tokens(language, terms, row.tokens.0).text,
        ),
        (
            "given",
            amounts::tokens(language, terms, facts.handed_over.0).text,
        ),
        (
            "all",
            amounts::tokens(language, terms, offering.tokens_of(row.investor).0).text,
        ),
        (
            "sequence",
            amounts::count(language, u128::from(row.sequence.0)),
        ),
        (
            "round",
            round.map_or_else(String::new, |round| round.name.clone()),
        ),
        ("rule", rule),
        ("place", place),
        ("fee", fee),
    ];
    let values: Vec<(&str, Value<'_>)> = texts
        .iter()
        .map(|(name, text)| (*name, text.into()))
        .collect();
    let when = facts
        .contest_until
        .or_else(|| decided_by(offering, facts.state));
    let when = when.map(|at| When::at(language, at));
    tell(language, facts.state, &values, when)
}

/// Why less than all was taken, in a sentence.
fn rule(language: Language, reason: Option<Reason>) -> String {
    match reason {
        Some(Reason::Refused(refusal)) => rule_words(language, refusal),
        Some(Reason::SoftCapMissed) => language.say("rule-soft-cap"),
        Some(Reason::Cancelled) => language.say("rule-cancelled"),
        Some(Reason::Expired) => language.say("rule-expired"),
        Some(Reason::Withdrawn | Reason::Returned(_) | Reason::Sealed) => String::new(),
        None => language.say("rule-given-up"),
    }
}

/// By when a state ends by itself, where the terms say so.
fn decided_by(offering: &Offering, state: State) -> Option<Position> {
    let terms = offering.terms();
    if matches!(state, State::Waiting | State::Counted | State::CountedPart) {
        let ends = windows(terms, offering).map(|(_, window)| window.end_exclusive());
        return ends.max();
    }
    terms
        .refund_deadline
        .filter(|_| state == State::EndedUndecided)
}

#[cfg(test)]
mod tests;
