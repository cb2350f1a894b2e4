//! Opening a sealed bid, after its round: what was in it comes from the file that its owner kept.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_journal::OfferingLog;
use softcap_offering::{Amount, Command, LimitPrice, sealed_bid_commitment};
use softcap_proof::{entry::decode, from_hex};

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
    api::{OpenedBid, Service, of_journal, own_contribution, own_name_of, reveal_own},
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
    let wrong = match read(&form.secret) {
        None => "sealed-secret-wrong",
        // The rules would refuse it too, and that would stand in the log for ever.
        Some(opened) if !is_sealed(&log, sequence, &opened).await? => "sealed-secret-other",
        Some(opened) => {
            reveal_own(&service, &log, person, (sequence, &form.once, &opened)).await?;
            return see_other(&place);
        }
    };
    let mut errors = Errors::default();
    errors.add("secret", visit.say(wrong));
    let answer = open_page(visit, &log, (sequence, &window), form, errors);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer)
}

/// Whether this is what was sealed in an entry.
async fn is_sealed(log: &OfferingLog, sequence: u64, opened: &OpenedBid) -> Result<bool, ApiError> {
    let receipt = log.reader.receipt(sequence).await.map_err(of_journal)?;
    let (entry, _) = decode(receipt.leaf()).map_err(|error| ApiError::internal(&error))?;
    let Command::Commit {
        investor,
        commitment,
        ..
    } = entry.command
    else {
        return Ok(false);
    };
    let (
        hash,
        OpenedBid {
            amount,
            limit,
            salt,
        },
    ) = (log.terms.hash().0, opened);
    Ok(sealed_bid_commitment(&hash, investor, *amount, *limit, salt) == commitment)
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
