//! How far an offering is: what was raised against the caps, and the price now and next.

use softcap_offering::{Offering, Phase, Position, RoundIndex, Verdict, terms::Pricing};

use super::{
    amounts,
    language::{Language, Value},
    offering_card::{BAR_STEPS, Shelf, cap_value, windows},
    times::When,
};

/// What was raised, in words and as lengths of a bar.
#[derive(Clone, Debug)]
pub(super) struct Raise {
    pub(super) raised: String,
    /// Share of the hard cap; empty where it is not counted in money.
    pub(super) share: String,
    /// One sentence that says where the offering stands against its caps.
    pub(super) sentence: String,
    /// Length of the bar, of [`BAR_STEPS`]; the whole is the hard cap.
    pub(super) bar: u32,
    /// Place of the soft cap on the bar.
    pub(super) soft_mark: Option<u32>,
    pub(super) soft_cap: Option<String>,
    pub(super) hard_cap: Option<String>,
    /// What a token costs now, where there is such a price.
    pub(super) price_now: Option<String>,
    /// What it costs next, and from when.
    pub(super) price_next: Option<(String, When)>,
}

impl Raise {
    pub(super) fn new(language: Language, offering: &Offering) -> Self {
        let terms = offering.terms();
        let raised = offering.raised().0;
        let value = |units: u128| amounts::value(language, terms, units).text;
        let (soft, hard) = (cap_value(terms.soft_cap), cap_value(terms.hard_cap));
        let share = hard.and_then(|cap| amounts::percent(language, raised, cap));
        let sentence = ended(language, offering, &value)
            .unwrap_or_else(|| sentence(language, raised, soft, hard, &value));
        let now = offering.now_stamp().position;
        Self {
            raised: value(raised),
            share: share.unwrap_or_default(),
            sentence,
            bar: hard.map_or(0, |cap| amounts::length(raised, cap, BAR_STEPS)),
            soft_mark: hard
                .zip(soft)
                .map(|(hard, soft)| amounts::length(soft, hard, BAR_STEPS)),
            soft_cap: soft.map(value),
            hard_cap: hard.map(value),
            price_now: price_at(language, offering, open_round(offering), now),
            price_next: next_price(language, offering, now),
        }
    }
}

/// What became of an offering whose windows are over.
fn ended(
    language: Language,
    offering: &Offering,
    value: &dyn Fn(u128) -> String,
) -> Option<String> {
    let verdict = offering.settlement().map(|held| held.settled);
    let key = match verdict.map(|settled| settled.verdict) {
        Some(Verdict::Succeeded) => "raise-succeeded",
        Some(Verdict::Failed) => "raise-failed",
        Some(Verdict::Cancelled) => "raise-cancelled",
        Some(Verdict::Expired) => "raise-expired",
        None if Shelf::of(offering.phase()) == Shelf::Ended => "raise-over",
        None => return None,
    };
    let raised = verdict.map_or_else(String::new, |settled| value(settled.raised.0));
    Some(language.tell(key, &[("raised", Value::Text(&raised))]))
}

fn sentence(
    language: Language,
    raised: u128,
    soft: Option<u128>,
    hard: Option<u128>,
    value: &dyn Fn(u128) -> String,
) -> String {
    let so_far = value(raised);
    let missing = soft.map(|soft| soft.saturating_sub(raised));
    let room = hard.map(|hard| hard.saturating_sub(raised));
    let key = match (missing, room) {
        (_, Some(0)) => "raise-full",
        (Some(0), Some(_)) => "raise-soft-reached",
        (Some(_), _) => "raise-soft-missing",
        (None, Some(_)) => "raise-room",
        (None, None) => "raise-plain",
    };
    let missing = missing.map_or_else(String::new, value);
    let room = room.map_or_else(String::new, value);
    language.tell(
        key,
        &[
            ("raised", Value::Text(&so_far)),
            ("missing", Value::Text(&missing)),
            ("room", Value::Text(&room)),
        ],
    )
}

/// The round that takes contributions now.
pub(super) fn open_round(offering: &Offering) -> Option<RoundIndex> {
    match offering.phase() {
        Phase::Open(round) => Some(round),
        Phase::Draft
        | Phase::Announced
        | Phase::Paused
        | Phase::BetweenRounds
        | Phase::Closed
        | Phase::Cancelled
        | Phase::Expired
        | Phase::Distributing
        | Phase::Refunding
        | Phase::Finished => None,
    }
}

/// What a token costs in a round at a position.
pub(super) fn price_at(
    language: Language,
    offering: &Offering,
    round: Option<RoundIndex>,
    position: Position,
) -> Option<String> {
    let price = offering.quoted_price(round?, position)?;
    amounts::price(language, offering.terms(), price)
}

/// The next price that time brings: a step of the open round, or the next round's first one.
fn next_price(language: Language, offering: &Offering, now: Position) -> Option<(String, When)> {
    let terms = offering.terms();
    let steps = open_round(offering)
        .and_then(|round| terms.rounds.get(round.index()).map(|known| (round, known)))
        .into_iter()
        .flat_map(|(round, known)| match &known.pricing {
            Pricing::Steps { steps } => steps.iter().map(|step| (round, step.from)).collect(),
            Pricing::Fixed { .. }
            | Pricing::Linear { .. }
            | Pricing::Tiers { .. }
            | Pricing::Dutch { .. }
            | Pricing::Bids { .. } => Vec::new(),
        });
    let rounds = windows(terms, offering).map(|(place, window)| (RoundIndex(place), window.from));
    let (round, from) = steps
        .chain(rounds)
        .filter(|(_, from)| *from > now)
        .min_by_key(|(_, from)| *from)?;
    let price = price_at(language, offering, Some(round), from)?;
    Some((price, When::at(language, from)))
}
