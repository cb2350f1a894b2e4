//! The page: by the state of the case it asks, waits, says why, or says what one may do.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{
    Admission, AdmissionState, CaseOverview, CaseState, Filling, Need, PersonId, PersonalField,
    Reason, StateKind, Upload, UploadKind, VerificationError, VerificationLevel, WantedRound,
};
use softcap_offering::terms::Access;

use crate::{
    api::{Service, of_verification},
    extract::Query,
    problem::ApiError,
    web::{
        amounts,
        entrance::safe_place,
        form::{Errors, Form},
        language::{Language, Value},
        offering_card::Shelf,
        page::{page, page_with, see_other},
        times::When,
        visit::Visit,
    },
};

/// Levels that can be asked for.
const LEVELS: [VerificationLevel; 3] = [
    VerificationLevel::Identity,
    VerificationLevel::Document,
    VerificationLevel::SourceOfFunds,
];
/// Bytes of a thousandth of a megabyte.
const KILO: u64 = 1_000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ShowQuery {
    /// Where somebody came from, and goes back to.
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct BeginForm {
    #[serde(default)]
    level: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NextForm {
    #[serde(default)]
    next: String,
}

/// A level, and what it asks for.
struct LevelView {
    code: &'static str,
    name: String,
    what: String,
    is_chosen: bool,
}

/// A field of the form.
struct FieldView {
    code: &'static str,
    label: String,
    hint: String,
    value: String,
    is_long: bool,
    autocomplete: &'static str,
    error: Option<String>,
}

/// A round that one may ask to take part in.
struct RoundView {
    value: String,
    words: String,
    is_chosen: bool,
}

/// A kind of file, with those that are there.
struct KindView {
    code: &'static str,
    field: &'static str,
    error: Option<String>,
    label: String,
    hint: String,
    is_needed: bool,
    files: Vec<FileView>,
}

struct FileView {
    id: String,
    words: String,
    came: When,
}

struct AdmissionView {
    offering: String,
    title: String,
    round: String,
    limit: String,
    until: When,
    state: String,
    may_contribute: bool,
}

#[derive(Template)]
#[template(path = "own_check/page.html")]
pub(super) struct CheckPage {
    pub(super) visit: Visit,
    pub(super) errors: Errors,
    /// The state as the interface calls it; `none` before a case.
    state: &'static str,
    name: String,
    sentence: String,
    tone: &'static str,
    until: Option<When>,
    reasons: Vec<String>,
    rounds_left: String,
    levels: Vec<LevelView>,
    level: String,
    fields: Vec<FieldView>,
    rounds: Vec<RoundView>,
    kinds: Vec<KindView>,
    most_bytes: String,
    missing: Vec<String>,
    admissions: Vec<AdmissionView>,
    /// Whether it is the person's turn.
    is_own_turn: bool,
    may_begin: bool,
    next: String,
    done: Option<String>,
}

/// What is typed where something was wrong with it, and where.
pub(super) type Typed = BTreeMap<String, String>;

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(query): Query<ShowQuery>,
) -> Result<Response, ApiError> {
    let done = match query.done.as_str() {
        "saved" => Some(visit.say("own-check-saved")),
        "shown" => Some(visit.say("own-check-shown")),
        "removed" => Some(visit.say("own-check-removed")),
        "sent" => Some(visit.say("own-check-sent")),
        _ => None,
    };
    let mut shown = check_page(
        &service,
        visit,
        &query.next,
        (Errors::default(), &Typed::new()),
    )
    .await?;
    shown.done = done;
    page(&shown)
}

/// The page again, with what is wrong.
pub(super) async fn wrong(
    service: &Service,
    visit: Visit,
    next: &str,
    (errors, typed): (Errors, &Typed),
) -> Result<Response, ApiError> {
    let shown = check_page(service, visit, next, (errors, typed)).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

/// Back to the page, which remembers where somebody came from.
pub(super) fn back(next: &str, done: &str) -> Result<Response, ApiError> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("done", done);
    if !next.is_empty() {
        pairs.append_pair("next", safe_place(next));
    }
    see_other(&format!("/account/verification?{}", pairs.finish()))
}

async fn case_of(
    service: &Service,
    person: PersonId,
) -> Result<(Option<CaseOverview>, Vec<Upload>, Typed), ApiError> {
    let cases = service.verifications();
    let overview = match cases.overview(person).await {
        Ok(overview) => Some(overview),
        Err(VerificationError::NoCase) => None,
        Err(error) => return Err(of_verification(error)),
    };
    let uploads = cases.uploads(person).await.map_err(of_verification)?;
    let said = match cases.own_values(person).await {
        Ok(said) => said,
        Err(VerificationError::Destroyed) => Vec::new(),
        Err(error) => return Err(of_verification(error)),
    };
    let said = said
        .iter()
        .map(|(field, text)| (field.as_code().to_owned(), text.as_str().to_owned()));
    Ok((overview, uploads, said.collect()))
}

async fn check_page(
    service: &Service,
    visit: Visit,
    next: &str,
    (errors, typed): (Errors, &Typed),
) -> Result<CheckPage, ApiError> {
    let language = visit.language;
    let person = visit.session()?.person;
    let (overview, uploads, said) = case_of(service, person).await?;
    let state = overview.as_ref().map(|overview| &overview.case.state);
    let kind = state.map(CaseState::kind);
    let level = overview.as_ref().map(|overview| overview.case.level);
    let code = kind.map_or("none", StateKind::as_code);
    let missing = overview
        .as_ref()
        .map_or(&[][..], |overview| &overview.missing);
    let wanted = overview
        .as_ref()
        .map_or(&[][..], |overview| &overview.rounds);
    let admissions = overview
        .as_ref()
        .map_or(&[][..], |overview| &overview.admissions);
    let rounds_left = overview
        .as_ref()
        .map_or(0, |overview| overview.case.rounds_left());
    let (until, reasons) = told_by(language, state);
    Ok(CheckPage {
        name: language.say(&format!("own-check-{code}-name")),
        sentence: language.say(&format!("own-check-{code}")),
        tone: tone(kind),
        until,
        reasons,
        rounds_left: language.tell(
            "own-check-rounds-left",
            &[("count", Value::Count(rounds_left.into()))],
        ),
        levels: levels(language, level),
        level: level.map_or_else(String::new, |level| level_name(language, level)),
        fields: fields(language, level, &said, (&errors, typed)),
        rounds: rounds(service, language, wanted),
        kinds: kinds(language, level, &uploads, (missing, &errors)),
        most_bytes: language.say("own-check-file-hint"),
        missing: missing
            .iter()
            .map(|need| need_words(language, *need))
            .collect(),
        admissions: admissions
            .iter()
            .map(|admission| admission_view(service, language, admission))
            .collect(),
        is_own_turn: kind.is_some_and(StateKind::is_persons_turn),
        may_begin: kind.is_none_or(|kind| {
            matches!(
                kind,
                StateKind::Approved
                    | StateKind::RecheckDue
                    | StateKind::Refused
                    | StateKind::Expired
            )
        }),
        state: code,
        next: if next.is_empty() {
            String::new()
        } else {
            safe_place(next).to_owned()
        },
        done: None,
        errors,
        visit,
    })
}

const fn tone(kind: Option<StateKind>) -> &'static str {
    match kind {
        None | Some(StateKind::Open | StateKind::Submitted | StateKind::InReview) => "info",
        Some(StateKind::NeedsMore | StateKind::RecheckDue | StateKind::Expired) => "poor",
        Some(StateKind::Approved) => "good",
        Some(StateKind::Refused) => "stop",
    }
}

/// Until when an approval counts, and why something is missing or was refused.
fn told_by(language: Language, state: Option<&CaseState>) -> (Option<When>, Vec<String>) {
    let words = |reasons: &[Reason]| {
        let all = reasons.iter();
        all.map(|reason| language.say(&format!("own-check-reason-{}", reason.as_code())))
            .collect()
    };
    match state {
        Some(CaseState::NeedsMore { reasons, .. } | CaseState::Refused { reasons, .. }) => {
            (None, words(reasons))
        }
        Some(CaseState::Approved { until, .. } | CaseState::RecheckDue { until, .. }) => {
            (Some(When::of(language, *until)), Vec::new())
        }
        Some(
            CaseState::Open
            | CaseState::Submitted
            | CaseState::InReview { .. }
            | CaseState::Expired,
        )
        | None => (None, Vec::new()),
    }
}

fn level_name(language: Language, level: VerificationLevel) -> String {
    language.say(&format!("own-check-level-{}", level.as_code()))
}

fn levels(language: Language, chosen: Option<VerificationLevel>) -> Vec<LevelView> {
    let view = |level: VerificationLevel| LevelView {
        code: level.as_code(),
        name: level_name(language, level),
        what: language.say(&format!("own-check-level-{}-what", level.as_code())),
        is_chosen: chosen.unwrap_or(VerificationLevel::Identity) == level,
    };
    LEVELS.into_iter().map(view).collect()
}

fn need_words(language: Language, need: Need) -> String {
    language.say(&format!("own-check-need-{}", need.as_code()))
}

fn fields(
    language: Language,
    level: Option<VerificationLevel>,
    said: &Typed,
    (errors, typed): (&Errors, &Typed),
) -> Vec<FieldView> {
    let needs = level.map(|level| level.needs().collect::<Vec<_>>());
    let needs = needs.unwrap_or_default();
    let is_asked = |field: &PersonalField| {
        // The wallet is asked of nobody, and needed by who pays from one.
        *field == PersonalField::Wallet || needs.contains(&Need::Field(*field))
    };
    let asked = PersonalField::ALL.iter().copied().filter(is_asked);
    asked
        .map(|field| {
            let code = field.as_code();
            let value = typed.get(code).or_else(|| said.get(code));
            FieldView {
                code,
                label: need_words(language, Need::Field(field)),
                hint: language.say(&format!("own-check-hint-{code}")),
                value: value.cloned().unwrap_or_default(),
                is_long: matches!(field, PersonalField::Address | PersonalField::SourceOfFunds),
                autocomplete: autocomplete(field),
                error: errors.of(code).map(ToOwned::to_owned),
            }
        })
        .collect()
}

const fn autocomplete(field: PersonalField) -> &'static str {
    match field {
        PersonalField::FullName => "name",
        PersonalField::BirthDate => "bday",
        PersonalField::Address => "street-address",
        PersonalField::Country => "country",
        PersonalField::SourceOfFunds | PersonalField::Wallet => "off",
    }
}

/// Rounds that let in who was checked, of offerings that are not over.
fn rounds(service: &Service, language: Language, wanted: &[WantedRound]) -> Vec<RoundView> {
    let mut views = Vec::new();
    for log in service.journal().offerings() {
        let phase = log.sequencer.read().machine().offering().phase();
        if Shelf::of(phase) == Shelf::Ended {
            continue;
        }
        let admitted = log.terms.rounds.iter();
        for round in admitted.filter(|round| round.access == Access::Admitted) {
            let name = log.row.name.to_string();
            let is_chosen = wanted
                .iter()
                .any(|wanted| wanted.offering.as_str() == name && wanted.round == round.name);
            let values = [
                ("offering", Value::Text(&log.terms.name)),
                ("round", Value::Text(&round.name)),
            ];
            views.push(RoundView {
                words: language.tell("own-check-round", &values),
                value: format!("{name}/{}", round.name),
                is_chosen,
            });
        }
    }
    views
}

fn kinds(
    language: Language,
    level: Option<VerificationLevel>,
    uploads: &[Upload],
    (missing, errors): (&[Need], &Errors),
) -> Vec<KindView> {
    let needs: Vec<Need> = level
        .into_iter()
        .flat_map(VerificationLevel::needs)
        .collect();
    let mut views = Vec::new();
    for kind in UploadKind::ALL {
        let need = Need::Upload(kind);
        let own = uploads.iter().filter(|upload| upload.kind == kind);
        let files: Vec<FileView> = own
            .map(|upload| FileView {
                id: upload.id.to_string(),
                words: format!(
                    "{}, {}\u{a0}kB",
                    upload.media.ending().to_ascii_uppercase(),
                    amounts::count(language, upload.bytes.div_ceil(KILO).into()),
                ),
                came: When::of(language, upload.made_at),
            })
            .collect();
        // A proof of the address is asked for by a reviewer only.
        if needs.contains(&need) || kind == UploadKind::ProofOfAddress || !files.is_empty() {
            views.push(KindView {
                code: kind.as_code(),
                field: need.as_code(),
                error: errors.of(need.as_code()).map(ToOwned::to_owned),
                label: need_words(language, need),
                hint: language.say(&format!("own-check-hint-{}", need.as_code())),
                is_needed: missing.contains(&need),
                files,
            });
        }
    }
    views
}

fn admission_view(service: &Service, language: Language, admission: &Admission) -> AdmissionView {
    let grant = &admission.grant;
    let name = grant.round.offering.as_str().to_owned();
    let log = service.offering(&name).ok();
    let symbol = log.as_ref().map(|log| log.terms.numeraire.symbol.clone());
    let limit = grant.limit.map(|limit| {
        amounts::amount(
            language,
            limit.units,
            limit.decimals,
            symbol.as_deref().unwrap_or(""),
        )
        .text
    });
    AdmissionView {
        title: log.map_or_else(|| name.clone(), |log| log.terms.name.clone()),
        round: grant.round.round.clone(),
        limit: limit.unwrap_or_else(|| language.say("own-check-no-limit")),
        until: When::of(language, admission.until),
        state: language.say(&format!(
            "own-check-admission-{}",
            admission.state.as_code()
        )),
        may_contribute: matches!(
            admission.state,
            AdmissionState::Entered | AdmissionState::Permitted
        ),
        offering: name,
    }
}

fn level_of(code: &str) -> Option<VerificationLevel> {
    VerificationLevel::from_code(code).filter(|level| LEVELS.contains(level))
}

pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<BeginForm>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let Some(level) = level_of(&form.level) else {
        let mut errors = Errors::default();
        errors.add("level", visit.say("own-check-choose-level"));
        return wrong(&service, visit, &form.next, (errors, &Typed::new())).await;
    };
    let begun = service.verifications().begin(person, level, service.now());
    match begun.await {
        // Begun twice is begun.
        Ok(_)
        | Err(VerificationError::Step {
            state: StateKind::Open | StateKind::NeedsMore,
            ..
        }) => back(&form.next, ""),
        Err(error) => Err(of_verification(error)),
    }
}

/// The fields, as the browser sends them: those of the form, and each round that is chosen.
pub(super) async fn fill(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let mut typed = Typed::new();
    let (mut rounds, mut next, mut level) = (Vec::new(), String::new(), None);
    for (name, text) in pairs {
        match name.as_str() {
            "round" => rounds.extend(wanted_round(&text)),
            "next" => next = text,
            "level" => level = level_of(&text),
            _ => {
                typed.insert(name, text.replace("\r\n", "\n"));
            }
        }
    }
    let mut errors = Errors::default();
    let mut values = Vec::new();
    for field in PersonalField::ALL.iter().copied() {
        let Some(text) = typed
            .get(field.as_code())
            .filter(|text| !text.trim().is_empty())
        else {
            continue;
        };
        let text = read_value(field, text);
        match field.parse(&text) {
            Ok(_) => values.push((field, text)),
            Err(_) => {
                let code = field.as_code();
                errors.add(code, visit.say(&format!("own-check-wrong-{code}")));
            }
        }
    }
    if !errors.is_empty() {
        return wrong(&service, visit, &next, (errors, &typed)).await;
    }
    let filling = Filling {
        level,
        values,
        rounds: Some(rounds),
    };
    let filled = service.verifications().fill(person, filling, service.now());
    filled.await.map_err(of_verification)?;
    back(&next, "saved")
}

/// Two letters of a country are the same in capitals; the rest is as it was typed.
fn read_value(field: PersonalField, text: &str) -> String {
    match field {
        PersonalField::Country => text.trim().to_ascii_uppercase(),
        PersonalField::FullName
        | PersonalField::BirthDate
        | PersonalField::Address
        | PersonalField::SourceOfFunds
        | PersonalField::Wallet => text.to_owned(),
    }
}

/// A round as the form names it; one that is not there is not asked for.
fn wanted_round(text: &str) -> Option<WantedRound> {
    let (offering, round) = text.split_once('/')?;
    Some(WantedRound {
        offering: offering.parse().ok()?,
        round: round.to_owned(),
    })
}

pub(super) async fn submit(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Form(form): Form<NextForm>,
) -> Result<Response, ApiError> {
    let person = visit.session()?.person;
    let submitted = service.verifications().submit(person, service.now());
    match submitted.await {
        // Sent twice is sent.
        Ok(_)
        | Err(VerificationError::Step {
            state: StateKind::Submitted | StateKind::InReview,
            ..
        }) => back(&form.next, "sent"),
        Err(VerificationError::Missing(missing)) => {
            let mut errors = Errors::default();
            for need in missing {
                let words = need_words(visit.language, need);
                let values = [("what", Value::Text(&words))];
                errors.add(
                    need.as_code(),
                    visit.language.tell("own-check-is-missing", &values),
                );
            }
            wrong(&service, visit, &form.next, (errors, &Typed::new())).await
        }
        Err(error) => Err(of_verification(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_a_check_has_words_in_every_language() {
        let mut keys = vec![
            "own-check-none".to_owned(),
            "own-check-none-name".to_owned(),
        ];
        for kind in StateKind::ALL {
            keys.push(format!("own-check-{}", kind.as_code()));
            keys.push(format!("own-check-{}-name", kind.as_code()));
        }
        let reasons = Reason::ALL.iter();
        keys.extend(reasons.map(|reason| format!("own-check-reason-{}", reason.as_code())));
        for level in LEVELS {
            keys.push(format!("own-check-level-{}", level.as_code()));
            keys.push(format!("own-check-level-{}-what", level.as_code()));
        }
        let fields = PersonalField::ALL.iter().copied();
        for field in fields.clone() {
            keys.push(format!("own-check-wrong-{}", field.as_code()));
        }
        let uploads = UploadKind::ALL.into_iter().map(Need::Upload);
        for need in fields.map(Need::Field).chain(uploads) {
            keys.push(format!("own-check-need-{}", need.as_code()));
            keys.push(format!("own-check-hint-{}", need.as_code()));
        }
        for language in Language::ALL {
            for key in &keys {
                assert!(language.knows(key), "{language}: {key}");
            }
        }
    }
}
