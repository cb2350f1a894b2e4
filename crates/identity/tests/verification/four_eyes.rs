//! Above a limit two people approve, by the proposals of roles.

use softcap_identity::{
    AdmissionState, Approved, Decision, PersonId, Proposal, ProposalState, Reason, StateKind,
};

use crate::{NOW, Office, approval};

const ABOVE: u128 = 1_500_001;

async fn proposed(office: &Office, anna: PersonId, version: i64) -> Proposal {
    let approved = office
        .cases
        .approve(office.rita, anna, approval(version, ABOVE), NOW);
    match approved.await.unwrap() {
        Approved::Proposed(proposal) => proposal,
        Approved::Done(case) => panic!("{case:?}"),
    }
}

async fn decide(
    office: &Office,
    by: PersonId,
    proposal: &Proposal,
    decision: Decision,
) -> Result<Proposal, &'static str> {
    let decided = office.roles.decide(by, proposal.id, decision, NOW).await;
    decided.map_err(|error| error.code())
}

async fn granted(office: &Office, anna: PersonId) -> Vec<AdmissionState> {
    let overview = office.cases.overview(anna).await.unwrap();
    let states = overview.admissions.iter().map(|admission| admission.state);
    states.collect()
}

pub(crate) async fn v2_3_5_above_the_limit_two_people_approve(office: &Office) {
    let (anna, version) = office.in_review().await;
    let proposal = proposed(office, anna, version).await;
    assert_eq!(office.state(anna).await, StateKind::InReview);
    assert_eq!(granted(office, anna).await, [AdmissionState::Proposed]);
    let mut open = office
        .cases
        .open_admissions(1_000)
        .await
        .unwrap()
        .into_iter();
    assert!(open.all(|admission| admission.person != anna));
    let alone = decide(office, office.rita, &proposal, Decision::Approve).await;
    assert_eq!(alone.unwrap_err(), "A705");
    let own = decide(office, anna, &proposal, Decision::Approve).await;
    assert_eq!(own.unwrap_err(), "A710");
    // The same person is not proposed twice.
    let twice = office
        .cases
        .approve(office.omar, anna, approval(version, ABOVE), NOW);
    assert!(twice.await.unwrap_err().to_string().starts_with("A709"));
    for _ in 0..2 {
        let done = decide(office, office.omar, &proposal, Decision::Approve).await;
        let state = done.unwrap().state;
        assert!(matches!(state, ProposalState::Approved { by, .. } if by == office.omar));
    }
    assert_eq!(office.state(anna).await, StateKind::Approved);
    // What was prepared and could not be proposed grants nothing.
    let states = granted(office, anna).await;
    let count = |state| states.iter().filter(|other| **other == state).count();
    assert_eq!(states.len(), 2);
    assert_eq!(count(AdmissionState::Due), 1);
    assert_eq!(count(AdmissionState::Cancelled), 1);
    let acts = office.acts(anna).await;
    let approvals = acts.iter().filter(|act| *act == "approve_verification");
    assert_eq!(approvals.count(), 1, "{acts:?}");
}

pub(crate) async fn what_changed_since_it_was_proposed_is_not_approved(office: &Office) {
    let (anna, version) = office.in_review().await;
    let proposal = proposed(office, anna, version).await;
    let reasons = vec![Reason::Unreadable];
    let asked = office
        .cases
        .ask_more(office.rita, (anna, version), reasons, NOW);
    asked.await.unwrap();
    office.cases.submit(anna, NOW).await.unwrap();
    office.cases.take(office.rita, anna, NOW).await.unwrap();
    let changed = decide(office, office.omar, &proposal, Decision::Approve).await;
    assert_eq!(changed.unwrap_err(), "A708");
    assert_eq!(office.state(anna).await, StateKind::InReview);
    assert_eq!(granted(office, anna).await, [AdmissionState::Proposed]);
}

pub(crate) async fn what_is_declined_grants_nothing(office: &Office) {
    let (anna, version) = office.in_review().await;
    let proposal = proposed(office, anna, version).await;
    let declined = decide(office, office.omar, &proposal, Decision::Decline).await;
    declined.unwrap();
    assert_eq!(granted(office, anna).await, [AdmissionState::Cancelled]);
    assert_eq!(office.state(anna).await, StateKind::InReview);
    // The reviewer may propose something else.
    proposed(office, anna, version).await;
}
