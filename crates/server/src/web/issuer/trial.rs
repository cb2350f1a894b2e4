//! What would come of a sale if few or many came: beside the terms, by the engine of the real sale.

use std::sync::Arc;

use softcap_offering::{Verdict, terms::Terms};

use super::super::{
    amounts,
    language::Language,
    offering_card::{BAR_STEPS, cap_value},
};
use crate::{
    api::{Attempted, Ending, attempt, full_sale},
    problem::ApiError,
};

/// A sale to which so much comes.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// How much comes, in words.
    pub(super) demand: String,
    pub(super) amount: String,
    /// How it would end, and the colour that goes with it.
    pub(super) outcome: String,
    pub(super) tone: &'static str,
    pub(super) raised: String,
    pub(super) sold: String,
    /// Contributions of which not all is taken.
    pub(super) cut: String,
    /// Length of the bar of what is raised.
    pub(super) bar: u32,
}

/// The cases of these terms; none where nothing can be tried out: bids have prices of their own, and rates are not known
/// before.
pub(super) async fn cases(language: Language, terms: &Arc<Terms>) -> Result<Vec<Case>, ApiError> {
    let Some(whole) = full_sale(terms) else {
        return Ok(Vec::new());
    };
    let terms = Arc::clone(terms);
    let played = tokio::task::spawn_blocking(move || {
        let longest = whole;
        let play = |(key, demand): (&str, u128)| {
            let played = attempt(&terms, demand);
            case(language, &terms, (key, demand), &played, longest)
        };
        demands(&terms, whole).into_iter().map(play).collect()
    });
    played.await.map_err(|error| ApiError::internal(&error))
}

/// How much comes in each case, with the words for it.
fn demands(terms: &Terms, whole: u128) -> Vec<(&'static str, u128)> {
    let mut all = vec![("trial-nobody", 0)];
    match cap_value(terms.soft_cap) {
        Some(soft) => {
            all.push(("trial-below-soft", soft / 2));
            all.push(("trial-soft", soft));
        }
        None => all.push(("trial-half", whole / 2)),
    }
    all.push(("trial-full", whole));
    all.push(("trial-twice", whole.saturating_mul(2)));
    all
}

fn case(
    language: Language,
    terms: &Terms,
    (key, demand): (&str, u128),
    played: &Attempted,
    longest: u128,
) -> Case {
    let value = |units: u128| amounts::value(language, terms, units).text;
    let (outcome, tone) = match played.ending {
        Ending::Settled(Verdict::Succeeded) if played.raised.0 >= longest => {
            (language.say("trial-sold-out"), "good")
        }
        Ending::Settled(Verdict::Succeeded) => (language.say("trial-succeeds"), "good"),
        Ending::Settled(Verdict::Failed | Verdict::Cancelled | Verdict::Expired) => {
            (language.say("trial-fails"), "poor")
        }
        Ending::NotYetKnown => (language.say("trial-unknown"), ""),
    };
    Case {
        demand: language.say(key),
        amount: value(demand),
        outcome,
        tone,
        raised: value(played.raised.0),
        sold: amounts::tokens(language, terms, played.sold.0).text,
        cut: amounts::count(language, u128::try_from(played.cut).unwrap_or(u128::MAX)),
        bar: amounts::length(played.raised.0, longest, BAR_STEPS),
    }
}
