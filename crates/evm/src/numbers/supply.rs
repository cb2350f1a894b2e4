//! What the token contract mints, and how much of it the escrow sells.

use alloy_primitives::U256;
use softcap_offering::terms::{Bound, Share, Supply, Terms, Token, Unsold, Vesting};
use softcap_offering::{Span, Tokens};

use super::{Reasons, schedule};
use crate::unkept::UnkeptCode;

/// Bits of the counter of tokens for sale.
const FOR_SALE_BITS: usize = 96;

/// A share of the supply.
#[derive(Clone, Debug)]
pub(crate) struct ShareNumbers {
    pub(crate) name: String,
    pub(crate) amount: U256,
    /// `None` where it is free at once.
    pub(crate) vesting: Option<VestingNumbers>,
}

/// When a share becomes free, in seconds from settlement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VestingNumbers {
    pub(crate) cliff: U256,
    pub(crate) duration: U256,
}

/// The shares for which an address is needed, in the order of the terms.
pub(crate) fn share_names(terms: &Terms) -> Vec<&str> {
    match &terms.token.supply {
        Supply::Fixed { shares, .. } => shares.iter().map(|share| share.name.as_str()).collect(),
        Supply::Minted { .. } => Vec::new(),
    }
}

pub(super) fn shares(reasons: &mut Reasons, token: &Token) -> Vec<ShareNumbers> {
    let Token {
        // Given to the token contract as they are.
        name: _,
        symbol: _,
        decimals: _,
        supply,
        sale_vesting,
    } = token;
    if *sale_vesting != Vesting::default() {
        reasons.add(
            UnkeptCode::SaleVesting,
            "token.sale_vesting",
            "a claim gives all tokens at once",
            "leave it out",
        );
    }
    match supply {
        Supply::Fixed {
            total: _,
            for_sale: _,
            shares,
        } => shares
            .iter()
            .enumerate()
            .map(|(place, share)| fixed(reasons, place, share))
            .collect(),
        Supply::Minted { max: _, shares } => {
            if !shares.is_empty() {
                reasons.add(
                    UnkeptCode::MintedShares,
                    "token.share",
                    "the token contract mints everything when it is announced, and does not know then \
                     what will be sold",
                    "use `supply = { kind = \"fixed\" }` with shares as amounts",
                );
            }
            Vec::new()
        }
    }
}

fn fixed(reasons: &mut Reasons, place: usize, share: &Share<Tokens>) -> ShareNumbers {
    let key = format!("token.share[{place}].vesting");
    ShareNumbers {
        name: share.name.clone(),
        amount: U256::from(share.size.0),
        vesting: vesting(reasons, &key, share.vesting),
    }
}

fn vesting(reasons: &mut Reasons, key: &str, vesting: Vesting) -> Option<VestingNumbers> {
    let Vesting { cliff, duration } = vesting;
    if duration == Span(0) {
        // The cliff lies inside the duration.
        return None;
    }
    let mut seconds = |key: String, span| {
        schedule::span_after_sale(reasons, UnkeptCode::ShareVesting, &key, span)
    };
    let cliff = seconds(format!("{key}.cliff"), cliff);
    let duration = seconds(format!("{key}.duration"), duration);
    Some(VestingNumbers {
        cliff: cliff?,
        duration: duration?,
    })
}

/// Most tokens the escrow sells: the least of what bounds them; `supply` is that of its rounds.
pub(super) fn for_sale(
    reasons: &mut Reasons,
    token: &Token,
    unsold: Unsold,
    supply: Option<Tokens>,
    hard_cap: Option<Bound>,
) -> Option<U256> {
    let most = token.supply.most_for_sale();
    let capped = match hard_cap {
        Some(Bound::Tokens(cap)) => Some(cap),
        Some(Bound::Value(_)) | None => None,
    };
    let Some(least) = [most, supply, capped].into_iter().flatten().min() else {
        reasons.add(
            UnkeptCode::NoSupply,
            "token.supply",
            "nothing bounds the tokens on sale, and the token contract mints all of them at the start",
            "use a fixed supply, or set `max`",
        );
        return None;
    };
    match unsold {
        Unsold::Burned => {}
        Unsold::Treasury if most.is_some_and(|most| most > least) => reasons.add(
            UnkeptCode::NeverOffered,
            "unsold",
            "the terms give the treasury tokens that the round cannot sell, and the escrow never holds them",
            "lower `for_sale` to what the round can sell, or use `unsold = \"burned\"`",
        ),
        Unsold::Treasury => {}
    }
    let least = U256::from(least.0);
    if least.bit_len() > FOR_SALE_BITS {
        reasons.add(
            UnkeptCode::SupplyTooLarge,
            "token.supply",
            "the escrow counts up to 2^96 - 1 smallest units of the token (79 billion with 18 decimals)",
            "sell fewer tokens, or give the token fewer decimals",
        );
    }
    Some(least)
}
