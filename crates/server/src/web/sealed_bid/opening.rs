//! Opening a sealed bid, after its round: what was in it comes from the file that its owner kept.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_journal::OfferingLog;
use softcap_offering::{Amount, LimitPrice};
use softcap_proof::from_hex;

use super::{
    super::{
        form::{Errors, Form, once},
        page::{page, page_with, see_other},
        times::When,
        visit::Visit,
    },
    Window,
};
use crate::{
    api::{OpenedBid, Service, own_contribution, own_name_of, reveal_own},
    extract::Path,
    problem::{ApiError, ProblemCode},
};

#[derive(Debug, Default, Deserialize)]
pub(super) struct OpenForm {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    once: String,
}

/// The file that the browser made.
#[derive(Deserialize)]
struct Kept {
    amount: String,
    money: String,
    tokens: String,
    salt: String,
}

#[derive(Template)]
#[template(path = "sealed_bid/open.html")]
struct OpenPage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    sequence: u64,
    from: Option<When>,
    until: When,
    is_open: bool,
    secret: String,
    once: String,
}

/// When a bid of the visitor is opened.
async fn own_window(
    service: &Service,
    visit: &Visit,
    log: &OfferingLog,
    sequence: u64,
) -> Result<Window, ApiError> {
    let own = own_name_of(service, log, visit.session()?.person, sequence).await?;
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let index = own_contribution(offering, own.id(), sequence).ok_or(ProblemCode::NotFound)?;
    let window = Window::of(offering, &offering.row(index), service.now());
    Ok(window.ok_or(ProblemCode::NotFound)?)
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let window = own_window(&service, &visit, &log, sequence).await?;
    let form = OpenForm {
        once: once()?,
        ..OpenForm::default()
    };
    page(&open_page(
        visit,
        &log,
        (sequence, &window),
        form,
        Errors::default(),
    ))
}

fn open_page(
    visit: Visit,
    log: &OfferingLog,
    (sequence, window): (u64, &Window),
    form: OpenForm,
    errors: Errors,
) -> OpenPage {
    OpenPage {
        errors,
        name: log.row.name.to_string(),
        title: log.terms.name.clone(),
        sequence,
        from: window.from.map(|from| When::at(visit.language, from)),
        until: When::at(visit.language, window.until),
        is_open: window.is_open,
        secret: form.secret,
        once: form.once,
        visit,
    }
}

pub(super) async fn open(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path((name, sequence)): Path<(String, u64)>,
    Form(form): Form<OpenForm>,
) -> Result<Response, ApiError> {
    let log = service.offering(&name)?;
    let place = format!("/contributions/{name}/{sequence}?done=opened");
    let person = visit.session()?.person;
    let window = match own_window(&service, &visit, &log, sequence).await {
        Ok(window) => window,
        // It is open already: what came of it is on its page.
        Err(ApiError::Own {
            code: ProblemCode::NotFound,
            ..
        }) => return see_other(&format!("/contributions/{name}/{sequence}")),
        Err(error) => return Err(error),
    };
    let Some(opened) = read(&form.secret) else {
        let mut errors = Errors::default();
        errors.add("secret", visit.say("sealed-secret-wrong"));
        let answer = open_page(visit, &log, (sequence, &window), form, errors);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    };
    reveal_own(&service, &log, person, (sequence, &form.once, &opened)).await?;
    see_other(&place)
}

fn read(text: &str) -> Option<OpenedBid> {
    let kept: Kept = serde_json::from_str(text.trim()).ok()?;
    let salt = from_hex(&kept.salt)?;
    Some(OpenedBid {
        amount: Amount(kept.amount.parse().ok()?),
        limit: LimitPrice {
            money: kept.money.parse().ok()?,
            tokens: kept.tokens.parse().ok()?,
        },
        salt: salt.try_into().ok()?,
    })
}
