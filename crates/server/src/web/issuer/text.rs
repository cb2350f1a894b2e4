//! The text of terms, for who writes it: stored as it is, right or wrong, and what the checker says stands beside it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::Verb;

use super::{
    super::{
        form::{Errors, Form},
        page::{page, page_with, see_other},
        visit::Visit,
    },
    Member,
    findings::{Checked, Finding},
    guide::{is_about_the_name, require_some_write, words_of},
};
use crate::{
    api::{Service, create_draft, draft_of, replace_draft},
    extract::{Path, Query},
    problem::{ApiError, ProblemCode},
};

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TextForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    terms: String,
    /// Which text of the draft the form began with.
    #[serde(default)]
    version: String,
    /// `check`: only say what is wrong.
    #[serde(default)]
    act: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TextQuery {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "issuer/text.html")]
struct TextPage {
    visit: Visit,
    errors: Errors,
    name: String,
    is_new: bool,
    terms: String,
    version: String,
    findings: Vec<Finding>,
    /// The text was looked at, and what came of it stands above.
    is_checked: bool,
    is_overtaken: bool,
    /// The guided form cannot say all of it.
    only_text: bool,
}

impl TextForm {
    /// Browsers send line ends as mails have them; terms are stored as files are.
    fn text(&self) -> String {
        self.terms.replace("\r\n", "\n")
    }

    fn page(self, visit: Visit, is_new: bool) -> TextPage {
        TextPage {
            terms: self.text(),
            name: self.name,
            version: self.version,
            is_new,
            errors: Errors::default(),
            findings: Vec::new(),
            is_checked: false,
            is_overtaken: false,
            only_text: false,
            visit,
        }
    }
}

impl TextPage {
    fn look(&mut self) {
        let checked = Checked::new(self.visit.language, &self.terms);
        self.findings = checked.findings;
        self.is_checked = true;
    }
}

pub(super) async fn new_page(visit: Visit, Member(caller): Member) -> Result<Response, ApiError> {
    require_some_write(&caller)?;
    page(&TextForm::default().page(visit, true))
}

pub(super) async fn create(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Member(caller): Member,
    Form(form): Form<TextForm>,
) -> Result<Response, ApiError> {
    require_some_write(&caller)?;
    let is_check = form.act == "check";
    let mut answer = form.page(visit, true);
    if is_check {
        answer.look();
        return page(&answer);
    }
    let name = answer.name.trim().to_owned();
    match create_draft(&service, &caller, &name, answer.terms.clone()).await {
        Ok(draft) => return see_other(&format!("/issuer/drafts/{}?done=saved", draft.name)),
        Err(error) if is_about_the_name(&error) => {
            if let Ok(known) = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await
                && known.terms == answer.terms
            {
                return see_other(&format!("/issuer/drafts/{name}?done=saved"));
            }
            let is_terms = words_of(&error).starts_with("terms: ");
            let field = if is_terms { "terms" } else { "name" };
            answer.errors.add(field, words_of(&error));
        }
        Err(error) => return Err(error),
    }
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

pub(super) async fn edit_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Query(query): Query<TextQuery>,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let form = TextForm {
        name,
        terms: draft.terms,
        version: draft.version,
        act: String::new(),
    };
    let mut answer = form.page(visit, false);
    answer.look();
    answer.only_text = query.done == "only-text";
    page(&answer)
}

pub(super) async fn replace(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(mut form): Form<TextForm>,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    form.name.clone_from(&name);
    let is_check = form.act == "check";
    let mut answer = form.page(visit, false);
    if is_check {
        answer.look();
        return page(&answer);
    }
    let done = format!("/issuer/drafts/{name}?done=saved");
    if draft.terms == answer.terms {
        return see_other(&done);
    }
    if draft.version == answer.version {
        match replace_draft(&service, &caller, &draft, answer.terms.clone()).await {
            Ok(_) => return see_other(&done),
            Err(ApiError::Own {
                code: ProblemCode::ConditionFailed,
                ..
            }) => {}
            Err(error) if is_about_the_name(&error) => {
                answer.errors.add("terms", words_of(&error));
                return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
            }
            Err(error) => return Err(error),
        }
    }
    // The form now knows the other text: sending it again replaces that one.
    answer.version = draft.version;
    answer.is_overtaken = true;
    page_with(StatusCode::CONFLICT, &answer)
}
