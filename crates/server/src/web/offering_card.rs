//! An offering in a few words: for the list of all, its own page, and the calendar.

use softcap_journal::OfferingLog;
use softcap_offering::{
    Offering, Phase, Position,
    terms::{Bound, Terms, Window},
};

use super::{amounts, language::Language, times::When};
use crate::api::phase_name;

/// Steps in which a bar is drawn.
pub(super) const BAR_STEPS: u32 = 600;

/// Where visitors look for an offering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    /// It takes contributions now, or will again.
    Open,
    /// Nothing began yet.
    Announced,
    /// Nothing more is taken.
    Ended,
}

impl Shelf {
    /// In the order of the page.
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Announced, Self::Ended];

    /// In addresses.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Announced => "announced",
            Self::Ended => "ended",
        }
    }

    pub(super) const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Draft | Phase::Announced => Self::Announced,
            Phase::Open(_) | Phase::Paused | Phase::BetweenRounds => Self::Open,
            Phase::Closed
            | Phase::Cancelled
            | Phase::Expired
            | Phase::Distributing
            | Phase::Refunding
            | Phase::Finished => Self::Ended,
        }
    }
}

/// The colour that goes with a phase; the word stands beside it.
pub(super) const fn tone(phase: Phase) -> &'static str {
    match phase {
        Phase::Open(_) | Phase::Distributing => "good",
        Phase::Paused | Phase::Refunding | Phase::Expired => "poor",
        Phase::Cancelled => "stop",
        Phase::Announced | Phase::BetweenRounds => "info",
        Phase::Draft | Phase::Closed | Phase::Finished => "",
    }
}

/// The word for a phase.
pub(super) fn phase_words(language: Language, phase: Phase) -> String {
    language.say(&format!("phase-{}", phase_name(phase)))
}

/// An offering in a list.
#[derive(Clone, Debug)]
pub(super) struct OfferingCard {
    /// In addresses.
    pub(super) name: String,
    /// For people.
    pub(super) title: String,
    /// What is sold.
    pub(super) token: String,
    pub(super) shelf: Shelf,
    pub(super) phase: String,
    pub(super) tone: &'static str,
    /// When the first window begins and the last one ends.
    pub(super) opens: Option<When>,
    pub(super) closes: Option<When>,
    /// The same in unix milliseconds, for calendars.
    pub(super) span: Option<(u64, u64)>,
    pub(super) raised: String,
    /// How far it is, in a sentence.
    pub(super) progress: Option<String>,
    /// The most that can come, before anything can.
    pub(super) most: Option<String>,
    /// How long the bar is of [`BAR_STEPS`].
    pub(super) bar: u32,
}

impl OfferingCard {
    pub(super) fn new(language: Language, log: &OfferingLog) -> Self {
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        let terms = &log.terms;
        let phase = offering.phase();
        let span = whole_span(offering);
        let raised = offering.raised().0;
        let cap = cap_value(terms.hard_cap);
        let progress = cap.and_then(|cap| {
            let percent = amounts::percent(language, raised, cap)?;
            let cap = amounts::value(language, terms, cap).text;
            Some(language.tell(
                "card-progress",
                &[("percent", (&percent).into()), ("cap", (&cap).into())],
            ))
        });
        let unit = &terms.numeraire;
        let short = |units| amounts::short(language, units, unit.decimals, &unit.symbol);
        Self {
            name: log.row.name.to_string(),
            title: terms.name.clone(),
            token: format!("{} ({})", terms.token.name, terms.token.symbol),
            shelf: Shelf::of(phase),
            phase: phase_words(language, phase),
            tone: tone(phase),
            opens: span.map(|(from, _)| When::at(language, from)),
            closes: span.map(|(_, until)| When::at(language, until)),
            span: span.map(|(from, until)| (from.0, until.0)),
            raised: short(raised),
            progress,
            most: cap
                .filter(|_| Shelf::of(phase) == Shelf::Announced)
                .map(short),
            bar: cap.map_or(0, |cap| amounts::length(raised, cap, BAR_STEPS)),
        }
    }
}

/// A cap that is counted in money.
pub(super) fn cap_value(cap: Option<Bound>) -> Option<u128> {
    match cap? {
        Bound::Value(value) => Some(value.0),
        Bound::Tokens(_) => None,
    }
}

/// From the first window's begin to the last one's end, as pauses have moved them.
fn whole_span(offering: &Offering) -> Option<(Position, Position)> {
    let windows = || windows(offering.terms(), offering);
    let from = windows().map(|(_, window)| window.from).min()?;
    let until = windows().map(|(_, window)| window.end_exclusive()).max()?;
    Some((from, until))
}

/// The windows of all rounds on the first clock line, by place of the round.
pub(super) fn windows<'a>(
    terms: &'a Terms,
    offering: &'a Offering,
) -> impl Iterator<Item = (u8, Window)> + 'a {
    let line = softcap_offering::LineIndex(0);
    (0_u8..).take(terms.rounds.len()).filter_map(move |place| {
        let round = softcap_offering::RoundIndex(place);
        Some((place, offering.round_window(round, line)?))
    })
}
