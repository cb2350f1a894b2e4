//! A verification as JSON, for its person and for those who look at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use softcap_identity::{
    Admission, AdmissionLimit, AdmissionState, Case, CaseOverview, CaseState, Need, OpenValues,
    Reason, StateKind, Upload, VerificationLevel, WantedRound,
};
use utoipa::ToSchema;

use super::{
    Service,
    amount::Money,
    keys::{instant, time_text},
};
use crate::problem::ApiError;

/// How far a person is verified.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LevelName {
    /// Address of mail alone, which everybody has.
    Email,
    /// Name, date of birth, address and country.
    Identity,
    /// A document, and a picture of its holder.
    Document,
    /// Where the money comes from.
    SourceOfFunds,
}

impl From<LevelName> for VerificationLevel {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Email => Self::Email,
            LevelName::Identity => Self::Identity,
            LevelName::Document => Self::Document,
            LevelName::SourceOfFunds => Self::SourceOfFunds,
        }
    }
}

impl From<VerificationLevel> for LevelName {
    fn from(level: VerificationLevel) -> Self {
        match level {
            VerificationLevel::Email => Self::Email,
            VerificationLevel::Identity => Self::Identity,
            VerificationLevel::Document => Self::Document,
            VerificationLevel::SourceOfFunds => Self::SourceOfFunds,
        }
    }
}

/// Where a verification stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CaseStateName {
    /// The person fills it in.
    Open,
    /// It waits for a reviewer.
    Submitted,
    /// Somebody looks at it.
    InReview,
    /// The person is asked for more.
    NeedsMore,
    /// The person is verified.
    Approved,
    /// The person is verified, and it is time to look again.
    RecheckDue,
    /// The person is not verified.
    Refused,
    /// The time of an approval is over.
    Expired,
}

impl From<CaseStateName> for StateKind {
    fn from(name: CaseStateName) -> Self {
        match name {
            CaseStateName::Open => Self::Open,
            CaseStateName::Submitted => Self::Submitted,
            CaseStateName::InReview => Self::InReview,
            CaseStateName::NeedsMore => Self::NeedsMore,
            CaseStateName::Approved => Self::Approved,
            CaseStateName::RecheckDue => Self::RecheckDue,
            CaseStateName::Refused => Self::Refused,
            CaseStateName::Expired => Self::Expired,
        }
    }
}

impl From<StateKind> for CaseStateName {
    fn from(kind: StateKind) -> Self {
        match kind {
            StateKind::Open => Self::Open,
            StateKind::Submitted => Self::Submitted,
            StateKind::InReview => Self::InReview,
            StateKind::NeedsMore => Self::NeedsMore,
            StateKind::Approved => Self::Approved,
            StateKind::RecheckDue => Self::RecheckDue,
            StateKind::Refused => Self::Refused,
            StateKind::Expired => Self::Expired,
        }
    }
}

/// A reason, as a code and in words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReasonView {
    /// The stable code.
    #[schema(example = "unreadable")]
    code: &'static str,
    /// What it means.
    what: &'static str,
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.as_code(),
            what: reason.what(),
        }
    }
}

pub(super) fn reasons(reasons: &[Reason]) -> Vec<ReasonView> {
    reasons.iter().map(ReasonView::from).collect()
}

/// Something that is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NeedView {
    /// A field, or `upload_` and the kind of a file.
    #[schema(example = "birth_date")]
    what: &'static str,
    /// Why it is asked for.
    why: &'static str,
}

impl From<&Need> for NeedView {
    fn from(need: &Need) -> Self {
        Self {
            what: need.as_code(),
            why: need.why(),
        }
    }
}

/// A case without anything that its person said or showed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseView {
    /// Whose.
    person: String,
    /// How far they want to be, or are, verified.
    level: LevelName,
    /// Where it stands.
    state: CaseStateName,
    /// Grows with each change; who decides says which one they read.
    version: i64,
    /// How often more may still be asked for before somebody must decide.
    rounds_left: u8,
    /// Why more is needed, or why it was refused; else empty.
    reasons: Vec<ReasonView>,
    /// Who has it in review, or decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<String>,
    /// From when an approval counts no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// From when it is due to be looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    recheck_at: Option<String>,
    /// When it was begun.
    began_at: String,
    /// When it last changed.
    changed_at: String,
}

impl From<&Case> for CaseView {
    fn from(case: &Case) -> Self {
        let (mut officer, mut until, mut recheck, mut why) = (None, None, None, Vec::new());
        match &case.state {
            CaseState::Open | CaseState::Submitted | CaseState::Expired => {}
            CaseState::InReview { by } => officer = Some(by),
            CaseState::NeedsMore { by, reasons } | CaseState::Refused { by, reasons } => {
                officer = Some(by);
                why = self::reasons(reasons);
            }
            CaseState::Approved {
                by,
                until: end,
                recheck_at,
            } => {
                officer = Some(by);
                until = Some(time_text(*end));
                recheck = Some(time_text(*recheck_at));
            }
            CaseState::RecheckDue { by, until: end } => {
                officer = Some(by);
                until = Some(time_text(*end));
            }
        }
        Self {
            person: case.person.to_string(),
            level: case.level.into(),
            state: case.state.kind().into(),
            version: case.version,
            rounds_left: case.rounds_left(),
            reasons: why,
            officer: officer.map(ToString::to_string),
            until,
            recheck_at: recheck,
            began_at: time_text(case.began_at),
            changed_at: time_text(case.changed_at),
        }
    }
}

/// A round of an offering.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundBody {
    /// Name of the offering.
    #[schema(example = "harbour")]
    pub(super) offering: String,
    /// Name of the round in its terms.
    #[schema(example = "early bird")]
    pub(super) round: String,
}

impl RoundBody {
    /// A round that is there.
    pub(super) fn read(&self, service: &Service) -> Result<WantedRound, ApiError> {
        let log = service.offering(&self.offering)?;
        let mut rounds = log.terms.rounds.iter();
        if rounds.all(|round| round.name != self.round) {
            return Err(ApiError::invalid(
                "round",
                "the terms have no round of this name",
            ));
        }
        let offering = self.offering.parse();
        Ok(WantedRound {
            offering: offering
                .map_err(|_| ApiError::invalid("offering", "the name of an offering"))?,
            round: self.round.clone(),
        })
    }
}

impl From<&WantedRound> for RoundBody {
    fn from(round: &WantedRound) -> Self {
        Self {
            offering: round.offering.as_str().to_owned(),
            round: round.round.clone(),
        }
    }
}

/// What became of an admission.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AdmissionStateName {
    /// It waits for a second officer.
    Proposed,
    /// It is granted and will be entered.
    Due,
    /// It is being entered.
    Entering,
    /// It is in the record: the person may contribute.
    Entered,
    /// A contract takes the money: ask for a permit.
    Permitted,
    /// The record refused it.
    Refused,
    /// It was never entered.
    Cancelled,
    /// It will be taken back in the record.
    RevokeDue,
    /// It was taken back.
    Revoked,
}

impl From<AdmissionState> for AdmissionStateName {
    fn from(state: AdmissionState) -> Self {
        match state {
            AdmissionState::Proposed => Self::Proposed,
            AdmissionState::Due => Self::Due,
            AdmissionState::Entering => Self::Entering,
            AdmissionState::Entered => Self::Entered,
            AdmissionState::Permitted => Self::Permitted,
            AdmissionState::Refused => Self::Refused,
            AdmissionState::Cancelled => Self::Cancelled,
            AdmissionState::RevokeDue => Self::RevokeDue,
            AdmissionState::Revoked => Self::Revoked,
        }
    }
}

/// What an approval lets the person do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantedView {
    /// Its name.
    id: String,
    /// Name of the offering.
    offering: String,
    /// Name of the round.
    round: String,
    /// Most that may be accepted; absent: what the terms allow to everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Money>,
    /// From when it is void.
    until: String,
    /// What became of it.
    state: AdmissionStateName,
    /// The number of its entry in the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    /// The number of the entry that took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<u64>,
    /// Whether this server signs the permit that a contract asks for; absent where an entry is enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    permits_are_signed: Option<bool>,
}

impl GrantedView {
    fn new(admission: &Admission, service: &Service) -> Self {
        let grant = &admission.grant;
        let offering = grant.round.offering.as_str();
        let symbol = service
            .offering(offering)
            .map_or_else(|_| String::new(), |log| log.terms.numeraire.symbol.clone());
        let money = |limit: AdmissionLimit| Money::new(limit.units, limit.decimals, &symbol);
        let needs_permit = admission.state == AdmissionState::Permitted;
        Self {
            id: admission.id.to_string(),
            offering: offering.to_owned(),
            round: grant.round.round.clone(),
            limit: grant.limit.map(money),
            until: time_text(admission.until),
            state: admission.state.into(),
            entry: admission.entry,
            revocation: admission.revocation,
            permits_are_signed: needs_permit.then(|| service.permits.are_signed()),
        }
    }
}

/// A file that the person showed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UploadView {
    /// Its name.
    id: String,
    /// `identity`, `proof_of_life`, `proof_of_address` or `source_of_funds`.
    kind: &'static str,
    /// `application/pdf`, `image/jpeg` or `image/png`.
    media: &'static str,
    /// Its size.
    bytes: u64,
    /// When it came.
    made_at: String,
}

impl From<&Upload> for UploadView {
    fn from(upload: &Upload) -> Self {
        Self {
            id: upload.id.to_string(),
            kind: upload.kind.as_code(),
            media: upload.media.as_code(),
            bytes: upload.bytes,
            made_at: time_text(upload.made_at),
        }
    }
}

/// A case, what is there of it, and what is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OverviewView {
    /// The case.
    case: CaseView,
    /// What the level asks for and is not there.
    missing: Vec<NeedView>,
    /// Names of the fields that are filled in.
    fields: Vec<&'static str>,
    /// Files.
    uploads: Vec<UploadView>,
    /// Rounds that the person wants to take part in.
    rounds: Vec<RoundBody>,
    /// What was granted.
    admissions: Vec<GrantedView>,
}

impl OverviewView {
    pub(super) fn new(overview: &CaseOverview, uploads: &[Upload], service: &Service) -> Self {
        let fields = overview.fields.iter().map(|field| field.as_code());
        let granted = overview.admissions.iter();
        Self {
            case: (&overview.case).into(),
            missing: overview.missing.iter().map(NeedView::from).collect(),
            fields: fields.collect(),
            uploads: uploads.iter().map(UploadView::from).collect(),
            rounds: overview.rounds.iter().map(RoundBody::from).collect(),
            admissions: granted
                .map(|admission| GrantedView::new(admission, service))
                .collect(),
        }
    }
}

/// What a person said, by the name of the field.
pub(super) fn values(values: &OpenValues) -> BTreeMap<&'static str, String> {
    let named = values.iter();
    named
        .map(|(field, text)| (field.as_code(), text.as_str().to_owned()))
        .collect()
}

/// A time that may be left out.
pub(super) fn time(
    field: &str,
    text: Option<&str>,
) -> Result<Option<softcap_identity::UnixMillis>, ApiError> {
    text.map(|text| instant(field, text)).transpose()
}
