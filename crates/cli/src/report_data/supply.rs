//! Who gets which part of the supply.

use softcap_offering::{
    Settlement, Span, Tokens, Verdict,
    terms::{Holder, Share, Supply, Unsold, Vesting},
};

use crate::report::{Amount, SupplyKind, SupplyShare};

use super::words::{Words, whole_units};

/// The parts in the order of the terms: what was sold, the shares, what nobody bought. None unless
/// the offering succeeded, because then no token exists.
///
/// Tokens that are minted only as they are sold have no unsold part: it never existed.
pub(super) fn supply(words: Words<'_>, settlement: &Settlement) -> Vec<SupplyShare> {
    if settlement.settled.verdict != Verdict::Succeeded {
        return Vec::new();
    }
    let token = &words.terms.token;
    let part = |kind, label: &str, tokens: Tokens, vesting| SupplyShare {
        kind,
        label: label.to_owned(),
        tokens: Amount {
            text: whole_units(tokens.0, token.decimals),
            value: tokens.0,
        },
        vesting: vesting_words(words, vesting),
    };
    let mut parts = vec![part(
        SupplyKind::Sale,
        "Sold to investors",
        settlement.settled.sold,
        token.sale_vesting,
    )];
    let shares: Vec<(&str, Holder, Vesting)> = match &token.supply {
        Supply::Fixed { shares, .. } => shares.iter().map(head).collect(),
        Supply::Minted { shares, .. } => shares.iter().map(head).collect(),
    };
    for ((name, holder, vesting), tokens) in shares.into_iter().zip(&settlement.shares) {
        parts.push(part(kind(holder), &label(name, holder), *tokens, vesting));
    }
    let fixed = matches!(token.supply, Supply::Fixed { .. });
    if fixed && !settlement.unsold.is_zero() {
        let label = match words.terms.unsold {
            Unsold::Burned => "Not sold: burned or never created",
            Unsold::Treasury => "Not sold: goes to the treasury",
        };
        parts.push(part(
            SupplyKind::Unsold,
            label,
            settlement.unsold,
            Vesting::default(),
        ));
    }
    parts
}

fn head<Size>(share: &Share<Size>) -> (&str, Holder, Vesting) {
    (&share.name, share.holder, share.vesting)
}

fn kind(holder: Holder) -> SupplyKind {
    match holder {
        Holder::Team => SupplyKind::Team,
        Holder::Treasury => SupplyKind::Treasury,
        Holder::Advisers => SupplyKind::Advisers,
        Holder::Other => SupplyKind::Other,
    }
}

/// `Team`, or `Team: founders` where the share has a name of its own.
fn label(name: &str, holder: Holder) -> String {
    let (word, plain) = match holder {
        Holder::Team => ("Team", "team"),
        Holder::Treasury => ("Treasury", "treasury"),
        Holder::Advisers => ("Advisers", "advisers"),
        Holder::Other => return name.to_owned(),
    };
    if name == plain {
        word.to_owned()
    } else {
        format!("{word}: {name}")
    }
}

/// When tokens become free, counted from settlement; `None` if at once.
pub(super) fn vesting_words(words: Words<'_>, vesting: Vesting) -> Option<String> {
    let Vesting { cliff, duration } = vesting;
    if cliff == Span(0) && duration == Span(0) {
        return None;
    }
    if cliff >= duration {
        return Some(format!("all after {}", words.span(cliff)));
    }
    let end = format!("little by little, all after {}", words.span(duration));
    if cliff == Span(0) {
        return Some(end);
    }
    Some(format!("nothing for {}, then {end}", words.span(cliff)))
}
