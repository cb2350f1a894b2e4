//! A draft as everybody would see it once it is announced.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use softcap_identity::Verb;
use softcap_offering::{Command, LineIndex, Offering, Position, Stamp, terms::Terms};

use super::{
    super::{offering::preview_page, page::see_other, visit::Visit},
    Member,
    findings::Checked,
};
use crate::{
    api::{Service, draft_of},
    extract::Path,
    problem::ApiError,
};

pub(super) async fn preview(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsRead, &name).await?;
    match Checked::new(visit.language, &draft.terms).terms {
        Some(terms) => preview_page(visit, name, &announced(terms)),
        None => see_other(&format!("/issuer/drafts/{name}?done=no-preview")),
    }
}

/// An offering that only exists here.
pub(super) fn announced(terms: Terms) -> Offering {
    let mut offering = Offering::new(Arc::new(terms));
    let terms_hash = offering.terms_hash();
    let start = Stamp {
        line: LineIndex(0),
        position: Position(0),
    };
    offering.apply(start, &Command::Announce { terms_hash });
    offering
}
