//! Another address of mail: asked for, proved by a code, and waited for.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{AddressChange, AddressChangeStage, PersonError};

use super::password::fresh_first;
use crate::{
    api::{self, Service, of_person},
    extract::Query,
    problem::{ApiError, ProblemCode},
    web::{
        form::{Errors, Form},
        language::Value,
        page::{page, page_with, see_other},
        times::When,
        visit::Visit,
    },
};

const PLACE: &str = "/account/address";

#[derive(Debug, Deserialize)]
pub(super) struct AddressQuery {
    #[serde(default)]
    done: String,
}

/// It has no `Debug`, because it holds an address.
#[derive(Deserialize)]
pub(super) struct AddressForm {
    #[serde(default)]
    email: String,
}

/// It has no `Debug`, because it holds a code.
#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
}

/// A change that is on its way.
pub(in crate::web) struct ChangeRow {
    pub(in crate::web) email: String,
    /// Until when its code works; while it is awaited.
    pub(in crate::web) code_until: Option<When>,
    /// When it is in force; once it is proved.
    pub(in crate::web) due: Option<When>,
}

#[derive(Template)]
#[template(path = "own_account/address.html")]
struct AddressPage {
    visit: Visit,
    errors: Errors,
    /// The address in force.
    present: String,
    typed: String,
    change: Option<ChangeRow>,
    /// How many days a proved address waits.
    days: u64,
    done: Option<String>,
}

impl AddressPage {
    fn lead(&self) -> String {
        let days = [("days", Value::Count(self.days))];
        self.visit.language.tell("address-lead", &days)
    }
}

impl ChangeRow {
    fn new(visit: &Visit, change: &AddressChange) -> Self {
        let language = visit.language;
        let (code_until, due) = match change.stage {
            AddressChangeStage::Code { until } => (Some(When::of(language, until)), None),
            AddressChangeStage::Time { due_at } => (None, Some(When::of(language, due_at))),
        };
        Self {
            email: change.email.as_str().to_owned(),
            code_until,
            due,
        }
    }
}

/// What the person asked for, if it is on its way.
pub(in crate::web) async fn change_of(
    service: &Service,
    visit: &Visit,
) -> Result<Option<ChangeRow>, ApiError> {
    let person = visit.session()?.person;
    let change = service.address_changes().find(person, service.now()).await;
    let change = change.map_err(of_person)?;
    Ok(change.map(|change| ChangeRow::new(visit, &change)))
}

async fn address_page(service: &Service, visit: Visit) -> Result<AddressPage, ApiError> {
    let delay = service.address_changes().delay();
    Ok(AddressPage {
        change: change_of(service, &visit).await?,
        present: visit.email().unwrap_or_default().to_owned(),
        errors: Errors::default(),
        typed: String::new(),
        days: delay.as_secs().div_ceil(86_400),
        done: None,
        visit,
    })
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<AddressQuery>,
) -> Result<Response, ApiError> {
    let mut shown = address_page(&service, visit).await?;
    // Who would ask for an address shows first that it is them; what is on its way is seen without.
    let is_fresh = shown.visit.session()?.require_fresh(service.now()).is_ok();
    if shown.change.is_none() && !is_fresh {
        return fresh_first(PLACE);
    }
    shown.done = match query.done.as_str() {
        "asked" => Some(shown.visit.say("address-asked")),
        "begun" => Some(shown.visit.say("address-begun")),
        _ => None,
    };
    page(&shown)
}

pub(super) async fn ask(
    State(service): State<Arc<Service>>,
    visit: Visit,
    device: api::Visitor,
    Form(form): Form<AddressForm>,
) -> Result<Response, ApiError> {
    if !service.sends_mail() {
        return Err(ProblemCode::NoMail.into());
    }
    let session = visit.session()?.clone();
    if session.require_fresh(service.now()).is_err() {
        return fresh_first(PLACE);
    }
    let asked = match form.email.trim().parse() {
        Ok(email) => {
            let (changes, from) = (service.address_changes(), device.0.address);
            changes.ask(&session, &email, from, service.now()).await
        }
        Err(error) => Err(error),
    };
    let words = match asked {
        Ok(()) => return see_other(&format!("{PLACE}?done=asked")),
        Err(PersonError::Email) => visit.say("email-wrong"),
        Err(PersonError::SameAddress) => visit.say("address-same"),
        // The page shows the one that waits.
        Err(PersonError::AddressChangeWaits) => return see_other(PLACE),
        Err(error) => return Err(of_person(error)),
    };
    let mut shown = address_page(&service, visit).await?;
    shown.errors.add("email", words);
    shown.typed = form.email;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

pub(super) async fn confirm(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let session = visit.session()?.clone();
    let changes = service.address_changes();
    match changes.confirm(&session, &form.code, service.now()).await {
        Ok(_) => return see_other(&format!("{PLACE}?done=begun")),
        Err(PersonError::Code) => {}
        Err(error) => return Err(of_person(error)),
    }
    let mut shown = address_page(&service, visit).await?;
    if shown.change.is_none() {
        // Its hour is over: the page asks for the address again.
        return see_other(PLACE);
    }
    let words = shown.visit.say("mail-code-wrong");
    shown.errors.add("code", words);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

pub(super) async fn end(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let session = visit.session()?;
    match service.address_changes().end(session, service.now()).await {
        // Ended twice is ended.
        Ok(()) | Err(PersonError::NoAddressChange) => see_other("/account?done=address-kept"),
        Err(error) => Err(of_person(error)),
    }
}
