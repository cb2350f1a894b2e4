//! What a reviewer does with the case of a person, by programs and by pages: each asks first whether they may.

use softcap_identity::{
    Approval, Approved, Case, CaseOverview, OpenValues, PersonId, ResourcePattern, Right,
    StateKind, UnixMillis, Upload, reasons_of,
};

use super::{
    Service,
    caller::Staff,
    person_problem::of_person,
    verification_problem::{of_approval, of_verification},
};
use crate::{admissions::enter_admissions, problem::ApiError};

/// A person by the id in an address.
pub(super) fn named(person: &str) -> Result<PersonId, ApiError> {
    person.parse().map_err(of_person)
}

/// Cases of a state, or of all, those that changed longest ago first, after one of them.
pub(crate) async fn cases_seen(
    service: &Service,
    staff: &Staff,
    (state, after): (Option<StateKind>, Option<(UnixMillis, PersonId)>),
    most: u32,
) -> Result<Vec<Case>, ApiError> {
    staff.require(Right::ReadVerifications, &ResourcePattern::Every)?;
    let cases = service.verifications.list(state, after, most).await;
    cases.map_err(of_verification)
}

/// A case and the names of its files, without what the person said and showed.
pub(crate) async fn case_of(
    service: &Service,
    staff: &Staff,
    person: &str,
) -> Result<(CaseOverview, Vec<Upload>), ApiError> {
    staff.require(Right::ReadVerifications, &ResourcePattern::Every)?;
    let (cases, person) = (&service.verifications, named(person)?);
    let overview = cases.overview(person).await.map_err(of_verification)?;
    let uploads = cases.uploads(person).await.map_err(of_verification)?;
    Ok((overview, uploads))
}

/// What the person said. That it was read is a row of the audit.
pub(crate) async fn case_values(
    service: &Service,
    staff: &Staff,
    person: &str,
) -> Result<OpenValues, ApiError> {
    staff.require(Right::ReviewVerifications, &ResourcePattern::Every)?;
    let (reviewer, now) = (staff.standing().person(), service.now());
    let said = service.verifications.read(reviewer, named(person)?, now);
    said.await.map_err(of_verification)
}

/// Takes a case for review.
pub(crate) async fn take_case(
    service: &Service,
    staff: &Staff,
    person: &str,
) -> Result<Case, ApiError> {
    staff.require(Right::ReviewVerifications, &ResourcePattern::Every)?;
    let (reviewer, now) = (staff.standing().person(), service.now());
    let taken = service.verifications.take(reviewer, named(person)?, now);
    taken.await.map_err(of_verification)
}

/// Asks the person for more, about the version that was read.
pub(crate) async fn ask_case_for_more(
    service: &Service,
    staff: &Staff,
    (person, version): (&str, i64),
    codes: &[String],
) -> Result<Case, ApiError> {
    staff.require(Right::ReviewVerifications, &ResourcePattern::Every)?;
    let reasons = reasons_of(codes).map_err(of_verification)?;
    let (cases, read) = (&service.verifications, (named(person)?, version));
    let reviewer = staff.standing().person();
    let asked = cases.ask_more(reviewer, read, reasons, service.now());
    asked.await.map_err(of_verification)
}

/// Approves a case, or proposes it to a second officer; what counts is entered at once.
pub(crate) async fn approve_case(
    service: &Service,
    staff: &Staff,
    person: PersonId,
    approval: Approval,
) -> Result<Approved, ApiError> {
    staff.require(Right::DecideVerifications, &ResourcePattern::Every)?;
    let (cases, reviewer) = (&service.verifications, staff.standing().person());
    let approved = cases.approve(reviewer, person, approval, service.now());
    let approved = approved.await.map_err(of_approval)?;
    if let Approved::Done(_) = &approved {
        enter_admissions(service).await;
    }
    Ok(approved)
}

/// Refuses a person, about the version that was read; admissions are taken back at once.
pub(crate) async fn refuse_case(
    service: &Service,
    staff: &Staff,
    (person, version): (&str, i64),
    codes: &[String],
) -> Result<Case, ApiError> {
    staff.require(Right::DecideVerifications, &ResourcePattern::Every)?;
    let reasons = reasons_of(codes).map_err(of_verification)?;
    let (cases, read) = (&service.verifications, (named(person)?, version));
    let reviewer = staff.standing().person();
    let refused = cases.refuse(reviewer, read, reasons, service.now());
    let case = refused.await.map_err(of_verification)?;
    enter_admissions(service).await;
    Ok(case)
}
