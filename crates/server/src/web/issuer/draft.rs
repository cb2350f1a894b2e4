//! A draft: whether it can be announced, what the checker says of it, and what would come of it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;
use softcap_proof::hex;

use super::{
    super::{
        form::Form,
        page::{page, see_other},
        times::When,
        visit::Visit,
    },
    Member,
    findings::{Checked, Finding},
    rehearsal,
    terms_fields::fields_of,
    trial::{self, Case},
};
use crate::{
    api::{Service, draft_of, remove_draft},
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
};

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    #[serde(default)]
    version: String,
}

#[derive(Template)]
#[template(path = "issuer/draft.html")]
struct DraftPage {
    visit: Visit,
    name: String,
    title: String,
    changed: When,
    version: String,
    done: Option<String>,
    /// Something must be mended before it can be announced.
    is_wrong: bool,
    /// No rehearsal is missing before it can be.
    is_rehearsed: bool,
    terms_hash: Option<String>,
    findings: Vec<Finding>,
    cases: Vec<Case>,
    may_write: bool,
    has_form: bool,
}

pub(super) async fn draft(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let draft = match draft_of(&service, &caller, Verb::OfferingsRead, &name).await {
        Ok(draft) => draft,
        // It was announced: what it became stands there.
        Err(_)
            if caller.require(Verb::OfferingsRead, &name).is_ok()
                && service.offering(&name).is_ok() =>
        {
            return see_other(&format!("/issuer/offerings/{name}"));
        }
        Err(error) => return Err(error),
    };
    let language = visit.language;
    let checked = Checked::new(language, &draft.terms);
    let is_wrong = checked.errors().next().is_some();
    let terms = checked.terms.map(Arc::new);
    let cases = match &terms {
        Some(terms) => trial::cases(language, terms).await?,
        None => Vec::new(),
    };
    let is_rehearsed = match &terms {
        Some(terms) => rehearsal::known(&service, terms).await?.0.is_enough(),
        None => false,
    };
    let done = match query.done.as_str() {
        "saved" => Some(visit.say("draft-saved")),
        "no-preview" => Some(visit.say("draft-no-preview")),
        _ => None,
    };
    page(&DraftPage {
        title: terms
            .as_ref()
            .map_or_else(|| name.clone(), |terms| terms.name.clone()),
        terms_hash: terms.as_ref().map(|terms| hex(&terms.hash().0)),
        changed: When::new(language, u64::try_from(draft.changed_ms).unwrap_or(0)),
        may_write: caller.require(Verb::OfferingsWrite, &name).is_ok(),
        has_form: fields_of(language, &draft.terms).is_some(),
        version: draft.version,
        findings: checked.findings,
        is_wrong,
        is_rehearsed,
        cases,
        done,
        name,
        visit,
    })
}

pub(super) async fn remove(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<RemoveForm>,
) -> Result<Response, ApiError> {
    let draft = match draft_of(&service, &caller, Verb::OfferingsWrite, &name).await {
        Ok(draft) => draft,
        // Sent twice: it is gone.
        Err(ApiError::Own {
            code: ProblemCode::NotFound,
            ..
        }) => return see_other("/issuer?done=removed"),
        Err(error) => return Err(error),
    };
    if draft.version != form.version {
        return Err(ProblemCode::ConditionFailed.into());
    }
    remove_draft(&service, &caller, &draft).await?;
    see_other("/issuer?done=removed")
}
