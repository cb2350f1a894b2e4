//! What the issuer does at the desk. Each form counts once; what the rules of the offering refuse is said on the desk.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::Act;

use super::{
    super::{
        form::{Errors, Form},
        page::{page_with, see_other},
        visit::Visit,
    },
    Member,
    desk::desk_again,
    guide::words_of,
    terms_text::instant,
};
use crate::{
    api::{EntryView, IdempotencyKey, Operation, OutcomeView, Service, operate_as},
    extract::Path,
    problem::{ApiError, ProblemCode},
};

/// Why somebody pauses, goes on, closes or cancels. Words of this list stand in the audit, where no free text may tell of
/// people.
const REASONS: [&str; 5] = ["technical", "attack", "authority", "new-facts", "other"];

/// The reasons with their words.
pub(super) fn reasons(visit: &Visit) -> Vec<(&'static str, String)> {
    let words = |reason: &str| match reason {
        "technical" => visit.say("reason-technical"),
        "attack" => visit.say("reason-attack"),
        "authority" => visit.say("reason-authority"),
        "new-facts" => visit.say("reason-new-facts"),
        _ => visit.say("reason-other"),
    };
    REASONS
        .into_iter()
        .map(|reason| (reason, words(reason)))
        .collect()
}

/// A deed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct DeedForm {
    #[serde(default)]
    pub(super) act: String,
    #[serde(default)]
    once: String,
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    round: String,
    /// The name of the offering, typed.
    #[serde(default)]
    pub(super) confirm: String,
    #[serde(default)]
    pub(super) hash: String,
    #[serde(default)]
    pub(super) until: String,
}

pub(super) async fn operate(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(form): Form<DeedForm>,
) -> Result<Response, ApiError> {
    let key = IdempotencyKey::of_form(&form.once);
    let answer = match operation(&visit, &name, &form) {
        Ok(operation) => operate_as(&service, &name, (&caller, &key), &operation)
            .await
            .map_err(Fault::of),
        Err(fault) => Err(fault),
    };
    let entry = match answer {
        Ok(entry) => entry,
        Err(Fault::Field(field, words)) => {
            let mut errors = Errors::default();
            errors.add(field, words);
            let answer = desk_again(&service, visit, &name, (&caller, &form), errors).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
        }
        Err(Fault::Other(error)) => return Err(error),
    };
    if !form.reason.is_empty() {
        note_reason(&service, &visit, &name, &form).await;
    }
    see_other(&outcome_place(
        &format!("/issuer/offerings/{name}"),
        &form.act,
        &entry,
    ))
}

/// What is wrong with a form: a field of it, or something else.
enum Fault {
    Field(&'static str, String),
    Other(ApiError),
}

impl Fault {
    fn of(error: ApiError) -> Self {
        let words = words_of(&error);
        let is_field = matches!(
            error,
            ApiError::Own {
                code: ProblemCode::Invalid,
                ..
            }
        );
        match words.split_once(": ") {
            Some(("hash", why)) if is_field => Self::Field("hash", why.to_owned()),
            Some(("round", why)) if is_field => Self::Field("close-reason", why.to_owned()),
            _ => Self::Other(error),
        }
    }
}

fn operation(visit: &Visit, name: &str, form: &DeedForm) -> Result<Operation, Fault> {
    let reason = match form.act.as_str() {
        "pause" | "resume" => Some("pause-reason"),
        "close" => Some("close-reason"),
        "cancel" => Some("cancel-reason"),
        _ => None,
    };
    if let Some(field) = reason.filter(|_| !REASONS.contains(&form.reason.as_str())) {
        return Err(Fault::Field(field, visit.say("desk-choose-reason")));
    }
    Ok(match form.act.as_str() {
        "pause" => Operation::Pause {},
        "resume" => Operation::Resume {},
        "close" => Operation::Close {
            round: form.round.clone(),
        },
        "cancel" if form.confirm.trim() == name => Operation::Cancel {},
        "cancel" => {
            let words = visit
                .language
                .tell("announce-confirm-wrong", &[("name", name.into())]);
            return Err(Fault::Field("confirm", words));
        }
        "document" => Operation::Document {
            hash: form.hash.trim().to_ascii_lowercase(),
            withdrawal_until: until(form.until.trim())
                .ok_or_else(|| Fault::Field("until", visit.say("desk-until-wrong")))?,
        },
        _ => {
            let error = ApiError::invalid("act", "it is none of this page");
            return Err(Fault::Other(error));
        }
    })
}

/// A moment in unix milliseconds, or that none was typed; `None` for what is no moment.
fn until(typed: &str) -> Option<Option<u64>> {
    if typed.is_empty() {
        return Some(None);
    }
    let time: jiff::Timestamp = instant(typed).parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(Some)
}

/// Where the page that was acted on says what became of it.
pub(super) fn outcome_place(page: &str, done: &str, entry: &EntryView) -> String {
    match &entry.outcome {
        OutcomeView::Refused { refusal } => format!("{page}?refused={}", refusal.code),
        OutcomeView::Contributed { .. }
        | OutcomeView::Done
        | OutcomeView::Refunded { .. }
        | OutcomeView::Settled { .. }
        | OutcomeView::RepeatOf { .. } => format!("{page}?done={done}"),
    }
}

/// The reason is for the audit: the record takes the deed alone. It is done by then, whatever becomes of the note.
async fn note_reason(service: &Service, visit: &Visit, name: &str, form: &DeedForm) {
    let Ok(session) = visit.session() else {
        return;
    };
    let (actor, subject) = (
        format!("person:{}", session.person),
        format!("offering:{name}"),
    );
    let code = format!("{} because {}", form.act, form.reason);
    let written = service
        .audit()
        .add(&actor, Act::Call, (&subject, &code), service.now());
    if let Err(error) = written.await {
        tracing::error!(%error, %actor, %subject, %code, "a reason has no row in the audit");
    }
}
