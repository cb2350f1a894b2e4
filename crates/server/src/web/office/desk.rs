//! The review desk: who wants to be verified, what they said and showed, and the decision with its reasons.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use softcap_identity::{
    Admission, AdmissionLimit, Approval, Approved, Case, CaseOverview, CaseState, PersonalField,
    Reason, ResourcePattern, Right, RoundGrant, StateKind, Upload, WantedRound,
};

use super::super::{
    amounts,
    fields::Fields,
    form::{Errors, Form},
    page::{page, page_with, see_other},
    times::When,
    visit::Visit,
};
use super::second_eyes::{Waiting, waiting};
use crate::{
    api::{
        Service, Staff, approve_case, ask_case_for_more, case_of, case_values, cases_seen,
        refuse_case, take_case,
    },
    extract::{Path, Query},
    problem::ApiError,
};

/// Cases of a page.
const ROWS: u32 = 50;
/// The states by which cases are looked for, in the order of a case's life.
const STATES: [StateKind; 8] = [
    StateKind::Submitted,
    StateKind::InReview,
    StateKind::NeedsMore,
    StateKind::RecheckDue,
    StateKind::Approved,
    StateKind::Refused,
    StateKind::Expired,
    StateKind::Open,
];

/// A case in the list.
struct CaseRow {
    person: String,
    level: &'static str,
    state: String,
    tone: &'static str,
    changed: When,
}

/// A choice of states.
struct Filter {
    place: String,
    words: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "office/cases.html")]
struct CasesPage {
    visit: Visit,
    filters: Vec<Filter>,
    rows: Vec<CaseRow>,
}

/// A file that the person showed.
struct FileRow {
    id: String,
    kind: String,
    media: &'static str,
    kilobytes: u64,
    made: When,
}

/// A reason that a decision may give.
struct ReasonRow {
    code: &'static str,
    what: &'static str,
    is_chosen: bool,
}

/// A round that the person wants to take part in.
struct RoundRow {
    /// Its place among them, which names the fields of the form.
    place: usize,
    offering: String,
    round: String,
    symbol: String,
    limit: String,
    is_chosen: bool,
}

/// An admission that was granted.
struct AdmissionRow {
    offering: String,
    round: String,
    state: &'static str,
    /// Up to how much.
    limit: Option<String>,
    entry: Option<u64>,
}

#[derive(Template)]
#[template(path = "office/case.html")]
struct CasePage {
    visit: Visit,
    errors: Errors,
    case: CaseRow,
    version: i64,
    rounds_left: u8,
    why: Vec<&'static str>,
    flags: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
    fields: Vec<String>,
    files: Vec<FileRow>,
    rounds: Vec<RoundRow>,
    admissions: Vec<AdmissionRow>,
    reasons: Vec<ReasonRow>,
    /// Above which limits two look.
    four_eyes: String,
    may_review: bool,
    is_in_review: bool,
    done: Option<String>,
    waiting: Option<Waiting>,
}

#[derive(Template)]
#[template(path = "office/case_values.html")]
struct ValuesPage {
    visit: Visit,
    person: String,
    values: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CasesQuery {
    #[serde(default)]
    state: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DoneQuery {
    #[serde(default)]
    done: String,
}

impl CaseRow {
    fn new(visit: &Visit, case: &Case) -> Self {
        let kind = case.state.kind();
        Self {
            person: case.person.to_string(),
            level: case.level.as_code(),
            state: state_words(visit, kind),
            tone: tone(kind),
            changed: When::of(visit.language, case.changed_at),
        }
    }
}

fn state_words(visit: &Visit, kind: StateKind) -> String {
    match kind {
        StateKind::Open => visit.say("case-open"),
        StateKind::Submitted => visit.say("case-submitted"),
        StateKind::InReview => visit.say("case-in-review"),
        StateKind::NeedsMore => visit.say("case-needs-more"),
        StateKind::Approved => visit.say("case-approved"),
        StateKind::RecheckDue => visit.say("case-recheck-due"),
        StateKind::Refused => visit.say("case-refused"),
        StateKind::Expired => visit.say("case-expired"),
    }
}

const fn tone(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Submitted | StateKind::RecheckDue => "poor",
        StateKind::InReview => "info",
        StateKind::Approved => "good",
        StateKind::Refused => "stop",
        StateKind::Open | StateKind::NeedsMore | StateKind::Expired => "",
    }
}

pub(super) async fn cases(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Query(query): Query<CasesQuery>,
) -> Result<Response, ApiError> {
    let all = query.state == "all";
    let wish = StateKind::from_code(&query.state).unwrap_or(StateKind::Submitted);
    let state = (!all).then_some(wish);
    let found = cases_seen(&service, &staff, (state, None), ROWS).await?;
    let filter = |code: &str, words: String, is_chosen| Filter {
        place: format!("/office/verifications?state={code}"),
        words,
        is_chosen,
    };
    let by_state = STATES.into_iter().map(|kind| {
        filter(
            kind.as_code(),
            state_words(&visit, kind),
            state == Some(kind),
        )
    });
    let mut filters: Vec<Filter> = by_state.collect();
    filters.push(filter("all", visit.say("alerts-all"), all));
    page(&CasesPage {
        filters,
        rows: found
            .iter()
            .map(|case| CaseRow::new(&visit, case))
            .collect(),
        visit,
    })
}

/// What a page about a case is made of.
struct Looked {
    overview: CaseOverview,
    uploads: Vec<Upload>,
    may_review: bool,
}

async fn look(service: &Service, staff: &Staff, person: &str) -> Result<Looked, ApiError> {
    let (overview, uploads) = case_of(service, staff, person).await?;
    let right = Right::ReviewVerifications;
    Ok(Looked {
        overview,
        uploads,
        may_review: staff.standing().has(right, &ResourcePattern::Every),
    })
}

pub(super) async fn case(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(person): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, ApiError> {
    let looked = look(&service, &staff, &person).await?;
    let done = match query.done.as_str() {
        "taken" => Some(visit.say("case-is-taken")),
        "more" => Some(visit.say("case-is-asked")),
        "refused" => Some(visit.say("case-is-refused")),
        "approved" => Some(visit.say("case-is-approved")),
        "proposed" => Some(visit.say("case-is-proposed")),
        "confirmed" => Some(visit.say("case-is-confirmed")),
        "declined" => Some(visit.say("case-is-declined")),
        _ => None,
    };
    let about = looked.overview.case.person;
    let waiting = waiting(&service, &visit, &staff, about).await?;
    let view = view(
        &service,
        visit,
        looked,
        (&Fields::default(), Errors::default()),
    );
    page(&CasePage {
        done,
        waiting,
        ..view
    })
}

fn view(
    service: &Service,
    visit: Visit,
    looked: Looked,
    (typed, errors): (&Fields, Errors),
) -> CasePage {
    let CaseOverview {
        case,
        fields,
        missing,
        rounds,
        admissions,
    } = looked.overview;
    let why = match &case.state {
        CaseState::NeedsMore { reasons, .. } | CaseState::Refused { reasons, .. } => {
            reasons.iter().map(|reason| reason.what()).collect()
        }
        CaseState::Open
        | CaseState::Submitted
        | CaseState::InReview { .. }
        | CaseState::Approved { .. }
        | CaseState::RecheckDue { .. }
        | CaseState::Expired => Vec::new(),
    };
    let reasons = Reason::ALL.iter().map(|reason| ReasonRow {
        code: reason.as_code(),
        what: reason.what(),
        is_chosen: typed.has(&format!("reason-{}", reason.as_code())),
    });
    let wanted = rounds.iter().enumerate();
    let above = service.verifications().policy().four_eyes_above;
    let above = amounts::count(visit.language, u128::from(above));
    CasePage {
        version: case.version,
        rounds_left: case.rounds_left(),
        why,
        flags: case.flags.iter().map(|reason| reason.what()).collect(),
        missing: missing
            .iter()
            .map(|need| (need.as_code(), need.why()))
            .collect(),
        fields: fields
            .iter()
            .map(|field| field_words(&visit, *field))
            .collect(),
        files: looked
            .uploads
            .iter()
            .map(|file| file_row(&visit, file))
            .collect(),
        rounds: wanted
            .map(|(place, round)| round_row(service, typed, place, round))
            .collect(),
        admissions: admissions
            .iter()
            .map(|admission| admission_row(&visit, admission))
            .collect(),
        reasons: reasons.collect(),
        four_eyes: visit
            .language
            .tell("case-four-eyes", &[("amount", (&above).into())]),
        may_review: looked.may_review,
        is_in_review: case.state.kind() == StateKind::InReview,
        case: CaseRow::new(&visit, &case),
        done: None,
        waiting: None,
        visit,
        errors,
    }
}

/// What a person says, as their own page calls it.
fn field_words(visit: &Visit, field: PersonalField) -> String {
    visit.say(&format!("own-check-need-{}", field.as_code()))
}

fn file_row(visit: &Visit, upload: &Upload) -> FileRow {
    FileRow {
        id: upload.id.to_string(),
        kind: visit.say(&format!("own-check-need-upload_{}", upload.kind.as_code())),
        media: upload.media.as_code(),
        kilobytes: upload.bytes.div_ceil(1_000),
        made: When::of(visit.language, upload.made_at),
    }
}

fn round_row(service: &Service, typed: &Fields, place: usize, round: &WantedRound) -> RoundRow {
    let log = service.offering(round.offering.as_str());
    RoundRow {
        place,
        offering: log.as_ref().map_or_else(
            |_| round.offering.as_str().to_owned(),
            |log| log.terms.name.clone(),
        ),
        round: round.round.clone(),
        symbol: log.map_or_else(|_| String::new(), |log| log.terms.numeraire.symbol.clone()),
        limit: typed.text(&format!("limit-{place}")).to_owned(),
        is_chosen: typed.has(&format!("round-{place}")),
    }
}

fn admission_row(visit: &Visit, admission: &Admission) -> AdmissionRow {
    let limit = admission.grant.limit.as_ref();
    AdmissionRow {
        limit: limit.map(|limit| amounts::number(visit.language, limit.units, limit.decimals)),
        offering: admission.grant.round.offering.as_str().to_owned(),
        round: admission.grant.round.round.clone(),
        state: admission.state.as_code(),
        entry: admission.entry,
    }
}

/// What the person said. That it was read is a row of the audit.
pub(super) async fn values(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(person): Path<String>,
) -> Result<Response, ApiError> {
    let said = case_values(&service, &staff, &person).await?;
    let values = said.iter();
    page(&ValuesPage {
        values: values
            .map(|(field, text)| (field_words(&visit, *field), text.as_str().to_owned()))
            .collect(),
        visit,
        person,
    })
}

pub(super) async fn take(
    State(service): State<Arc<Service>>,
    staff: Staff,
    Path(person): Path<String>,
) -> Result<Response, ApiError> {
    take_case(&service, &staff, &person).await?;
    see_other(&format!("/office/verifications/{person}?done=taken"))
}

/// The version that the reviewer read, and the reasons they chose.
fn reasons(fields: &Fields) -> (i64, Vec<String>) {
    let chosen = Reason::ALL.iter().map(|reason| reason.as_code());
    let chosen = chosen.filter(|code| fields.has(&format!("reason-{code}")));
    let version = fields.text("version").parse().unwrap_or(0);
    (version, chosen.map(str::to_owned).collect())
}

/// A decision that needs reasons, and what it is called when it is done.
#[derive(Clone, Copy)]
enum WithReasons {
    More,
    Refusal,
}

pub(super) async fn more(
    service: State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    path: Path<String>,
    form: Form<Fields>,
) -> Result<Response, ApiError> {
    with_reasons(service, visit, (staff, path), form, WithReasons::More).await
}

pub(super) async fn refuse(
    service: State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    path: Path<String>,
    form: Form<Fields>,
) -> Result<Response, ApiError> {
    with_reasons(service, visit, (staff, path), form, WithReasons::Refusal).await
}

async fn with_reasons(
    State(service): State<Arc<Service>>,
    visit: Visit,
    (staff, Path(person)): (Staff, Path<String>),
    Form(fields): Form<Fields>,
    decision: WithReasons,
) -> Result<Response, ApiError> {
    let (version, codes) = reasons(&fields);
    if codes.is_empty() {
        let mut errors = Errors::default();
        errors.add("reasons", visit.say("case-reasons-none"));
        let looked = look(&service, &staff, &person).await?;
        let answer = view(&service, visit, looked, (&fields, errors));
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    }
    let read = (person.as_str(), version);
    let done = match decision {
        WithReasons::More => {
            ask_case_for_more(&service, &staff, read, &codes).await?;
            "more"
        }
        WithReasons::Refusal => {
            refuse_case(&service, &staff, read, &codes).await?;
            "refused"
        }
    };
    see_other(&format!("/office/verifications/{person}?done={done}"))
}

pub(super) async fn approve(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
    Path(person): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, ApiError> {
    let looked = look(&service, &staff, &person).await?;
    let wanted = looked.overview.rounds.iter().enumerate();
    let chosen = wanted.filter(|(place, _)| fields.has(&format!("round-{place}")));
    let grants: Option<Vec<RoundGrant>> = chosen
        .map(|(place, round)| {
            grant(
                &service,
                &visit,
                fields.text(&format!("limit-{place}")),
                round,
            )
        })
        .collect();
    let Some(grants) = grants else {
        let mut errors = Errors::default();
        errors.add("rounds", visit.say("case-limit-wrong"));
        let answer = view(&service, visit, looked, (&fields, errors));
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &answer);
    };
    let approval = Approval {
        version: fields.text("version").parse().unwrap_or(0),
        until: None,
        grants,
    };
    let person = looked.overview.case.person;
    let done = match approve_case(&service, &staff, person, approval).await? {
        Approved::Done(_) => "approved",
        Approved::Proposed(_) => "proposed",
    };
    see_other(&format!("/office/verifications/{person}?done={done}"))
}

/// What is granted in a round; `None` where the limit is no amount of its numeraire.
fn grant(service: &Service, visit: &Visit, limit: &str, round: &WantedRound) -> Option<RoundGrant> {
    let log = service.offering(round.offering.as_str()).ok()?;
    let decimals = log.terms.numeraire.decimals;
    let limit = if limit.is_empty() {
        None
    } else {
        let units = amounts::parse(visit.language, limit, decimals).ok()?;
        Some(AdmissionLimit { units, decimals })
    };
    Some(RoundGrant {
        round: round.clone(),
        limit,
        withdrawal: false,
    })
}
