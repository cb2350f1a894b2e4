//! Who holds which part of the tokens, and when each part becomes free: drawn here, with a table beside it.

use softcap_offering::{
    Tokens,
    terms::{Share, Supply, Terms, Vesting},
};

use super::{amounts, language::Language, terms_words::holder_words, times::span};

/// Steps in which bars are drawn.
const STEPS: u32 = 600;
/// Classes of colours; whatever comes after the fourth is grey.
const CLASSES: [&str; 5] = ["c1", "c2", "c3", "c4", "c5"];

/// A part of the supply.
#[derive(Clone, Debug)]
pub(super) struct SupplyPart {
    pub(super) name: String,
    pub(super) tokens: String,
    pub(super) percent: String,
    /// When it is free, in words.
    pub(super) vesting: String,
    /// Colour, and place and length on the bar of the whole.
    pub(super) class: &'static str,
    pub(super) at: u32,
    pub(super) length: u32,
    /// Place of cliff and end on the bar of time.
    pub(super) cliff_at: u32,
    pub(super) end_at: u32,
    units: u128,
    vests: Vesting,
}

/// The whole supply.
#[derive(Clone, Debug)]
pub(super) struct SupplyView {
    pub(super) parts: Vec<SupplyPart>,
    /// Where the bar of time ends, in words; empty when everything is free at once.
    pub(super) longest: String,
}

impl SupplyView {
    /// Of a fixed supply, or of one that is minted up to a bound; `None` where nobody knows how many there will be.
    pub(super) fn new(language: Language, terms: &Terms) -> Option<Self> {
        let sale = terms.token.sale_vesting;
        let sold = language.say("holder-sale");
        let mut parts: Vec<SupplyPart> = match &terms.token.supply {
            Supply::Fixed {
                for_sale, shares, ..
            } => {
                let others = shares.iter().map(|share| part(language, share, share.size));
                others.chain([new_part(sold, *for_sale, sale)]).collect()
            }
            Supply::Minted { max, shares } => {
                let max = (*max)?;
                let others = shares
                    .iter()
                    .filter_map(|share| Some(part(language, share, share.size.of(max)?)));
                others.chain([new_part(sold, max, sale)]).collect()
            }
        };
        parts.sort_by_key(|part| std::cmp::Reverse(part.units));
        let total = parts
            .iter()
            .try_fold(0_u128, |sum, part| sum.checked_add(part.units))?;
        let longest = parts
            .iter()
            .map(|part| part.vests.duration.max(part.vests.cliff))
            .max()?;
        let mut at = 0;
        for (place, part) in parts.iter_mut().enumerate() {
            part.class = CLASSES.get(place).copied().unwrap_or("c5");
            part.at = at;
            part.length = amounts::length(part.units, total, STEPS);
            at += part.length;
            part.percent = amounts::percent(language, part.units, total).unwrap_or_default();
            part.tokens = amounts::tokens(language, terms, part.units).text;
            part.vesting = vesting_words(language, part.vests);
            let on_time =
                |span: u64| amounts::length(u128::from(span), u128::from(longest.0), STEPS);
            part.cliff_at = on_time(part.vests.cliff.0);
            part.end_at = on_time(part.vests.duration.0.max(part.vests.cliff.0));
        }
        Some(Self {
            longest: if longest.0 == 0 {
                String::new()
            } else {
                span(language, longest)
            },
            parts,
        })
    }
}

fn part<Size>(language: Language, share: &Share<Size>, tokens: Tokens) -> SupplyPart {
    let name = if share.name.is_empty() {
        holder_words(language, share.holder)
    } else {
        share.name.clone()
    };
    new_part(name, tokens, share.vesting)
}

fn new_part(name: String, tokens: Tokens, vests: Vesting) -> SupplyPart {
    SupplyPart {
        name,
        tokens: String::new(),
        percent: String::new(),
        vesting: String::new(),
        class: "",
        at: 0,
        length: 0,
        cliff_at: 0,
        end_at: 0,
        units: tokens.0,
        vests,
    }
}

fn vesting_words(language: Language, vesting: Vesting) -> String {
    let (cliff, all) = (
        span(language, vesting.cliff),
        span(language, vesting.duration),
    );
    if vesting.duration.0 == 0 && vesting.cliff.0 == 0 {
        return language.say("vesting-none");
    }
    let values = [("cliff", (&cliff).into()), ("all", (&all).into())];
    if vesting.cliff.0 == 0 {
        language.tell("vesting-linear", &values)
    } else if vesting.duration <= vesting.cliff {
        language.tell("vesting-cliff", &values)
    } else {
        language.tell("vesting-both", &values)
    }
}
