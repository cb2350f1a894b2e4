//! Shares of team, treasury and advisers after the sale: what is free, and what was handed over.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_offering::{
    Offering, Position, Span, Tokens,
    terms::{Share, Supply},
};

use super::{
    super::{amounts, form::Form, language::Language, page::see_other, terms_words::holder_words},
    Member,
    desk_acts::outcome_place,
};
use crate::{
    api::{IdempotencyKey, Operation, Service, operate_as},
    extract::Path,
    problem::ApiError,
};

/// A share as the page shows it.
pub(super) struct ShareRow {
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) whole: String,
    pub(super) given: String,
    /// What is free now and not handed over yet; its plain number is sent.
    pub(super) free: Option<(String, String)>,
}

/// The shares of an offering that succeeded, in the order of the terms.
pub(super) fn share_rows(language: Language, offering: &Offering, now: Position) -> Vec<ShareRow> {
    let Some(held) = offering.settlement() else {
        return Vec::new();
    };
    let terms = offering.terms();
    let supply = &terms.token.supply;
    let names: Vec<String> = match supply {
        Supply::Fixed { shares, .. } => shares.iter().map(|share| name(language, share)).collect(),
        Supply::Minted { shares, .. } => shares.iter().map(|share| name(language, share)).collect(),
    };
    let tokens = |units: u128| amounts::tokens(language, terms, units).text;
    let elapsed = Span(now.0.saturating_sub(held.at.position.0));
    let all = names.into_iter().zip(&held.shares).enumerate();
    let rows = all.filter(|(_, (_, whole))| !whole.is_zero());
    rows.map(|(place, (name, whole))| {
        let given = offering.share_handed_over(place);
        let free = supply
            .share_vesting(place)
            .map_or(Tokens(0), |vesting| vesting.free(*whole, elapsed));
        let ready = free.0.saturating_sub(given.0);
        ShareRow {
            place,
            name,
            whole: tokens(whole.0),
            given: tokens(given.0),
            free: (ready > 0).then(|| (tokens(ready), ready.to_string())),
        }
    })
    .collect()
}

fn name<Size>(language: Language, share: &Share<Size>) -> String {
    if share.name.is_empty() {
        holder_words(language, share.holder)
    } else {
        share.name.clone()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ShareForm {
    #[serde(default)]
    once: String,
    #[serde(default)]
    share: u8,
    #[serde(default)]
    tokens: String,
}

pub(super) async fn hand_over(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<ShareForm>,
) -> Result<Response, ApiError> {
    // One page has a form for each share and one value.
    let key = IdempotencyKey::of_form(&format!("{} share {}", form.once, form.share));
    let operation = Operation::Vest {
        share: form.share,
        tokens: form.tokens,
    };
    let entry = operate_as(&service, &name, (&caller, &key), &operation).await?;
    let page = format!("/issuer/offerings/{name}/settlement");
    see_other(&outcome_place(&page, "handed", &entry))
}
