//! The guided form: terms field by field, checked when they are stored, kept as they were typed when they are wrong.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use softcap_identity::Verb;

use super::{
    super::{
        amounts,
        form::{Errors, Form},
        language::Language,
        page::{page, page_with, see_other},
        visit::Visit,
    },
    Member,
    fields::{Act, Fields, List},
    findings,
    guide_form::{GroupView, beginning, groups},
    terms_fields::fields_of,
    terms_text::{numeraire, terms_text, token},
};
use crate::{
    api::{Service, create_draft, draft_of, replace_draft},
    drafts::Draft,
    extract::Path,
    problem::{ApiError, ProblemCode},
};

/// Places that a price may have.
const PRICE_PLACES: u8 = 18;

#[derive(Template)]
#[template(path = "issuer/guide.html")]
struct GuidePage {
    visit: Visit,
    errors: Errors,
    /// In addresses; typed where the draft is not there yet.
    name: String,
    is_new: bool,
    /// Which text of the draft the form began with.
    version: String,
    groups: Vec<GroupView>,
    /// Somebody else stored another text meanwhile.
    is_overtaken: bool,
    /// The text has remarks or an order that the form would lose.
    loses_words: bool,
}

fn form_page(visit: Visit, fields: &Fields, errors: Errors, draft: Option<&Draft>) -> GuidePage {
    let groups = groups(&visit, fields, &errors);
    GuidePage {
        name: draft.map_or_else(|| fields.get("name").to_owned(), |draft| draft.name.clone()),
        is_new: draft.is_none(),
        version: draft.map_or_else(String::new, |draft| draft.version.clone()),
        groups,
        is_overtaken: false,
        loses_words: false,
        errors,
        visit,
    }
}

pub(super) async fn new_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    require_some_write(&caller)?;
    let host = service
        .origin()
        .split_once("://")
        .map_or("", |(_, host)| host);
    let fields = beginning(host);
    page(&form_page(visit, &fields, Errors::default(), None))
}

/// Whoever may write no terms anywhere is not shown a form for them.
pub(super) fn require_some_write(caller: &crate::api::Caller) -> Result<(), ApiError> {
    if caller.may_somewhere(Verb::OfferingsWrite) {
        Ok(())
    } else {
        // The words that it would be refused with.
        caller.require_on_all(Verb::OfferingsWrite)
    }
}

pub(super) async fn create(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Member(caller): Member,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    require_some_write(&caller)?;
    let mut fields = Fields::of(pairs);
    let name = fields.get("name").to_owned();
    let act = fields.act();
    if changes_rows(&mut fields, act) {
        return page(&form_page(visit, &fields, Errors::default(), None));
    }
    let text = terms_text(visit.language, &fields);
    let mut errors = Errors::default();
    if name.is_empty() {
        errors.add("name", visit.say("guide-name-empty"));
    }
    if act == Act::Save {
        check(&visit, &fields, &text, &mut errors);
    }
    if errors.is_empty() {
        match create_draft(&service, &caller, &name, text.clone()).await {
            Ok(draft) => return see_other(&format!("/issuer/drafts/{}?done=saved", draft.name)),
            Err(error) if is_about_the_name(&error) => {
                // The same form sent twice made the draft the first time.
                if let Ok(known) = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await
                    && known.terms == text
                {
                    return see_other(&format!("/issuer/drafts/{name}?done=saved"));
                }
                errors.add("name", words_of(&error));
            }
            Err(error) => return Err(error),
        }
    }
    let answer = form_page(visit, &fields, errors, None);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

/// Refusals that another name may help against.
pub(super) fn is_about_the_name(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Own {
            code: ProblemCode::Conflict | ProblemCode::Invalid | ProblemCode::NotAllowed,
            ..
        }
    )
}

/// What a refusal says this time.
pub(super) fn words_of(error: &ApiError) -> String {
    match error {
        ApiError::Own { code, detail, .. } if detail.is_empty() => code.title().to_owned(),
        ApiError::Own { detail, .. } => detail.to_string(),
        ApiError::Domain { title, detail, .. } if detail.is_empty() => title.to_string(),
        ApiError::Domain { detail, .. } => detail.clone(),
        ApiError::Caused { code, .. } => code.title().to_owned(),
        ApiError::Challenged { error, .. } => words_of(error),
    }
}

/// Whether only rows or fields come or go.
fn changes_rows(fields: &mut Fields, act: Act) -> bool {
    match act {
        Act::Show => {}
        Act::Add(list) => fields.add_row(list),
        Act::Remove(list, place) => fields.remove_row(list, place),
        Act::Save | Act::Keep => return false,
    }
    true
}

/// What is wrong: numbers that could mean two amounts, then what the checker of terms says.
fn check(visit: &Visit, fields: &Fields, text: &str, errors: &mut Errors) {
    let money = numeraire(fields).1;
    let tokens = token(fields).1;
    let mut all: Vec<(String, u8)> = [
        ("soft-cap", money),
        ("hard-cap", money),
        ("investor-max", money),
        ("supply-total", tokens),
        ("supply-sale", tokens),
    ]
    .map(|(field, places)| (field.to_owned(), places))
    .to_vec();
    let rows = [
        (List::Shares, "amount", tokens),
        (List::Rounds, "price", PRICE_PLACES),
        (List::Rounds, "price-end", PRICE_PLACES),
        (List::Rounds, "supply", tokens),
        (List::Rounds, "proceeds", money),
        (List::Rounds, "ask-most", money),
        (List::Rounds, "cap", money),
        (List::Rounds, "least", money),
        (List::Rounds, "most", money),
        (List::Currencies, "rate", PRICE_PLACES),
    ];
    for (list, key, places) in rows {
        for place in 0..fields.rows(list) {
            all.push((super::fields::row_field(list, place, key), places));
        }
    }
    for (field, places) in all {
        if let Some(key) = fault(visit.language, fields.get(&field), places) {
            errors.add(field, visit.say(key));
        }
    }
    // Beside what is no number the checker would only say so again.
    if errors.is_empty() {
        findings::mark(fields, text, errors);
    }
}

/// Words for a number that cannot be read; what holds letters is judged as a term.
fn fault(language: Language, typed: &str, places: u8) -> Option<&'static str> {
    if typed.is_empty() || typed.chars().any(char::is_alphabetic) {
        return None;
    }
    amounts::parse(language, typed, places)
        .err()
        .map(|fault| fault.key())
}

pub(super) async fn edit_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let Some(fields) = fields_of(visit.language, &draft.terms) else {
        return see_other(&format!("/issuer/drafts/{name}/text?done=only-text"));
    };
    let loses_words = draft.terms != terms_text(visit.language, &fields);
    let mut answer = form_page(visit, &fields, Errors::default(), Some(&draft));
    answer.loses_words = loses_words;
    page(&answer)
}

pub(super) async fn replace(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let mut fields = Fields::of(pairs);
    let seen = fields.get("version").to_owned();
    let act = fields.act();
    if changes_rows(&mut fields, act) {
        let mut answer = form_page(visit, &fields, Errors::default(), Some(&draft));
        answer.version = seen;
        return page(&answer);
    }
    let text = terms_text(visit.language, &fields);
    let mut errors = Errors::default();
    if act == Act::Save {
        check(&visit, &fields, &text, &mut errors);
    }
    if !errors.is_empty() {
        let mut answer = form_page(visit, &fields, errors, Some(&draft));
        answer.version = seen;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    }
    // Stored as it is already: by this form, sent twice.
    if draft.terms == text {
        return see_other(&format!("/issuer/drafts/{name}?done=saved"));
    }
    if draft.version == seen {
        match replace_draft(&service, &caller, &draft, text).await {
            Ok(_) => return see_other(&format!("/issuer/drafts/{name}?done=saved")),
            Err(ApiError::Own {
                code: ProblemCode::ConditionFailed,
                ..
            }) => {}
            Err(error) => return Err(error),
        }
    }
    // The form now knows the other text: sending it again replaces that one.
    let mut answer = form_page(visit, &fields, errors, Some(&draft));
    answer.is_overtaken = true;
    page_with(StatusCode::CONFLICT, &answer)
}
