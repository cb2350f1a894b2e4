//! Which mails somebody gets about offerings, and ending them by one click.

mod unsubscribe;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use softcap_identity::{MailLanguage, PersonError, PersonId};

use super::{
    form::Form,
    language::Language,
    page::{page, see_other},
    visit::Visit,
};
use crate::{
    api::{Service, of_database, of_person},
    extract::Query,
    notices::{Choice, EVERY_OFFERING, NoticeKind, is_wanted},
    problem::{ApiError, ProblemCode},
};

pub(super) use unsubscribe::routes as unsubscribe_routes;

/// The page of one's own mails.
pub(super) fn pages() -> Router<Arc<Service>> {
    Router::new()
        .route("/account/notifications", get(show).post(set))
        .route("/account/notifications/language", post(set_language))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Of which offering; empty or `*` for all.
    #[serde(default)]
    offering: String,
    #[serde(default)]
    done: String,
}

/// What is ticked.
#[derive(Debug, Default, Deserialize)]
struct Ticks {
    #[serde(default)]
    offering: String,
    contribution: Option<String>,
    result: Option<String>,
    payout: Option<String>,
    opening: Option<String>,
    price: Option<String>,
    /// What is said of all counts again.
    clear: Option<String>,
}

impl Ticks {
    const fn has(&self, kind: NoticeKind) -> bool {
        match kind {
            NoticeKind::Contribution => self.contribution.is_some(),
            NoticeKind::Result => self.result.is_some(),
            NoticeKind::Payout => self.payout.is_some(),
            NoticeKind::Opening => self.opening.is_some(),
            NoticeKind::Price => self.price.is_some(),
        }
    }
}

struct KindView {
    code: &'static str,
    name: String,
    text: String,
    is_on: bool,
}

struct OfferingView {
    name: String,
    title: String,
    is_chosen: bool,
    /// Whether something is said of it alone.
    is_own: bool,
}

#[derive(Template)]
#[template(path = "own_notices/page.html")]
struct NoticesPage {
    visit: Visit,
    /// Of which offering; none for all.
    offering: Option<String>,
    place: String,
    heading: String,
    /// Whether something is said of this offering alone.
    is_own: bool,
    kinds: Vec<KindView>,
    offerings: Vec<OfferingView>,
    /// Of the mails.
    languages: Vec<LanguageView>,
    sends_mail: bool,
    done: Option<String>,
}

struct LanguageView {
    code: &'static str,
    name: &'static str,
    is_chosen: bool,
}

#[derive(Debug, Default, Deserialize)]
struct LanguageForm {
    #[serde(default)]
    language: String,
}

/// The title of what is asked for, and its place in the table.
fn asked_of(service: &Service, offering: &str) -> Result<(String, Option<String>), ApiError> {
    if offering.is_empty() || offering == EVERY_OFFERING {
        return Ok((EVERY_OFFERING.to_owned(), None));
    }
    let log = service.offering(offering)?;
    Ok((log.row.name.to_string(), Some(log.terms.name.clone())))
}

async fn choices(service: &Service, person: PersonId) -> Result<Vec<Choice>, ApiError> {
    let choices = service.notices().of(person).await;
    choices.map_err(of_database)
}

async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, ApiError> {
    let choices = choices(&service, visit.session()?.person).await?;
    let (place, title) = asked_of(&service, &asked.offering)?;
    let is_of = |choice: &Choice, name: &str| choice.offering == name;
    let kinds = NoticeKind::ALL.into_iter().map(|kind| {
        let code = kind.code();
        KindView {
            code,
            name: visit.say(&format!("notice-{code}")),
            text: visit.say(&format!("notice-{code}-text")),
            is_on: is_wanted(&choices, &place, kind),
        }
    });
    let offerings = service.journal().offerings().into_iter().map(|log| {
        let name = log.row.name.to_string();
        OfferingView {
            is_chosen: name == place,
            is_own: choices.iter().any(|choice| is_of(choice, &name)),
            title: log.terms.name.clone(),
            name,
        }
    });
    let person = service.people().find(visit.session()?.person).await;
    let person = person.map_err(of_person)?;
    let person = person.ok_or_else(|| of_person(PersonError::NoSession))?;
    let languages = Language::ALL.map(|language| LanguageView {
        code: language.code(),
        name: language.own_name(),
        is_chosen: Language::from(person.language) == language,
    });
    let heading = title.unwrap_or_else(|| visit.say("notice-all"));
    page(&NoticesPage {
        is_own: place != EVERY_OFFERING && choices.iter().any(|choice| is_of(choice, &place)),
        offering: (place != EVERY_OFFERING).then(|| place.clone()),
        kinds: kinds.collect(),
        offerings: offerings.collect(),
        languages: languages.into(),
        sends_mail: service.sends_mail(),
        done: (asked.done == "set").then(|| visit.say("notice-set")),
        place,
        heading,
        visit,
    })
}

async fn set(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(ticks): Form<Ticks>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let (place, _) = asked_of(&service, &ticks.offering)?;
    if ticks.clear.is_some() {
        if place == EVERY_OFFERING {
            return Err(ProblemCode::NotFound.into());
        }
        let cleared = service.notices().clear(person, &place).await;
        cleared.map_err(of_database)?;
    } else {
        let said = NoticeKind::ALL.map(|kind| Choice {
            offering: place.clone(),
            kind,
            is_on: ticks.has(kind),
        });
        let put = service.notices().put(person, &said).await;
        put.map_err(of_database)?;
    }
    let place: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
    see_other(&format!("/account/notifications?offering={place}&done=set"))
}

async fn set_language(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<LanguageForm>,
) -> Result<Response, ApiError> {
    let language = MailLanguage::from_code(&form.language)
        .ok_or_else(|| ApiError::invalid("language", "one of those that are offered"))?;
    let set = service.people().set_language(visit.session()?, language);
    set.await.map_err(of_person)?;
    see_other("/account/notifications?done=set")
}
