//! Sentences of the pages for mails, in the language of their reader.

use softcap_offering::{ContributionIndex, Offering, Position, RoundIndex};

use super::{
    language::Language,
    raise::price_at,
    state_words::{Told, told},
    times::When,
};
use crate::contribution_state::{ResultOnChain, facts};

/// A price from a time on.
pub(crate) struct PriceWords {
    /// What one token costs.
    pub(crate) cost: String,
    /// Since, or from when.
    pub(crate) when: String,
}

/// What is the matter with a contribution.
pub(crate) fn contribution_words(
    language: Language,
    offering: &Offering,
    index: ContributionIndex,
) -> Told {
    // A mail is told of an entry, which is older than what the chain does with the result.
    let facts = facts(offering, index, ResultOnChain::Undisputed);
    told(language, offering, &facts, None)
}

/// What a token costs in a round from a position on.
pub(crate) fn price_words(
    language: Language,
    offering: &Offering,
    round: RoundIndex,
    at: Position,
) -> PriceWords {
    let cost = price_at(language, offering, Some(round), at);
    PriceWords {
        cost: cost.unwrap_or_else(|| language.say("mail-price-open")),
        when: When::at(language, at).text,
    }
}
