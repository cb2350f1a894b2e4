//! From the first word of a person to a decision, and what comes after it.

use std::sync::Arc;

use softcap_identity::{
    Admission, AdmissionState, Approval, Approved, CaseState, Claimed, Filling, Need, PersonId,
    PersonalField, Reason, Screening, StateKind, Submission, UnixMillis, UploadKind,
    VerificationLevel,
};

use crate::{DAY, NOW, Office, SAID, approval, code, early_bird, filled, person};

async fn admissions(office: &Office, anna: PersonId) -> Vec<Admission> {
    office.cases.overview(anna).await.unwrap().admissions
}

async fn admission_state(office: &Office, anna: PersonId) -> AdmissionState {
    admissions(office, anna).await.last().unwrap().state
}

/// The open admission of a person, as the worker finds it.
async fn open(office: &Office, anna: PersonId) -> Option<Admission> {
    let open = office.cases.open_admissions(1_000).await.unwrap();
    open.into_iter().find(|admission| admission.person == anna)
}

/// How many mails about verifications wait; none does after it.
async fn told(office: &Office) -> usize {
    let mut told = 0;
    while let Some(mail) = office.people.claim_mail(NOW).await.unwrap() {
        told += usize::from(mail.subject == "Harbour: your verification");
        office.people.mail_is_sent(&mail).await.unwrap();
    }
    told
}

pub(crate) async fn from_the_first_word_to_the_approval(office: &Office) {
    told(office).await;
    let (anna, version) = office.in_review().await;
    let values = office.cases.read(office.rita, anna, NOW).await.unwrap();
    let read: Vec<_> = values
        .iter()
        .map(|(field, text)| (*field, text.as_str()))
        .collect();
    assert_eq!(read, SAID);
    let done = office
        .cases
        .approve(office.rita, anna, approval(version, 1_500_000), NOW)
        .await
        .unwrap();
    let Approved::Done(case) = done else {
        panic!("{done:?}");
    };
    let expected = CaseState::Approved {
        by: office.rita,
        until: NOW.plus(365 * DAY),
        recheck_at: NOW.plus(180 * DAY),
    };
    assert_eq!(case.state, expected);
    assert_eq!(office.cases.case(anna).await.unwrap().state, expected);
    let granted = admissions(office, anna).await;
    assert_eq!(granted.len(), 1);
    assert_eq!(granted[0].grant.round, early_bird());
    assert_eq!(granted[0].grant.limit.unwrap().units, 1_500_000);
    assert_eq!(granted[0].until, NOW.plus(365 * DAY));
    assert_eq!(granted[0].state, AdmissionState::Due);
    let acts = office.acts(anna).await;
    let expected = [
        "begin_verification identity",
        "fill_verification full_name birth_date address country",
        "submit_verification identity",
        "take_verification",
        "read_verification values",
        "approve_verification",
    ];
    assert_eq!(acts, expected);
    // The person is told.
    assert_eq!(told(office).await, 1);
}

pub(crate) async fn what_is_missing_is_said_and_nothing_is_skipped(office: &Office) {
    let anna = person(&office.database).await;
    let cases = &office.cases;
    assert_eq!(code(cases.overview(anna).await), "A901");
    assert_eq!(code(cases.submit(anna, NOW).await), "A901");
    let email = cases.begin(anna, VerificationLevel::Email, NOW).await;
    assert_eq!(code(email), "A910");
    let begun = cases.begin(anna, VerificationLevel::Document, NOW).await;
    begun.unwrap();
    let again = cases.begin(anna, VerificationLevel::Document, NOW).await;
    assert_eq!(code(again), "A902");
    assert_eq!(code(cases.submit(anna, NOW).await), "A904");
    // V2.3.1: no reviewer gets at what was not submitted.
    assert_eq!(code(cases.take(office.rita, anna, NOW).await), "A902");
    let filling = Filling {
        values: vec![(PersonalField::Country, "Sweden".to_owned())],
        ..Filling::default()
    };
    let wrong = cases.fill(anna, filling, NOW).await;
    assert_eq!(code(wrong), "A903");
    assert_eq!(cases.overview(anna).await.unwrap().fields, []);
    cases.fill(anna, filled(), NOW).await.unwrap();
    let overview = cases.overview(anna).await.unwrap();
    let uploads = [
        Need::Upload(UploadKind::Identity),
        Need::Upload(UploadKind::ProofOfLife),
    ];
    assert_eq!(overview.missing, uploads);
    assert_eq!(overview.rounds, [early_bird()]);
    // Less is asked for at a lower level.
    let lower = Filling {
        level: Some(VerificationLevel::Identity),
        ..Filling::default()
    };
    cases.fill(anna, lower, NOW).await.unwrap();
    cases.submit(anna, NOW).await.unwrap();
    // What others look at does not change under them.
    let late = cases.fill(anna, filled(), NOW).await;
    assert_eq!(code(late), "A902");
    assert_eq!(code(cases.submit(anna, NOW).await), "A902");
}

pub(crate) async fn more_is_asked_for_three_times_at_most(office: &Office) {
    let cases = &office.cases;
    let (anna, mut version) = office.in_review().await;
    for round in 0..3 {
        let reasons = vec![Reason::Unreadable, Reason::Differs];
        let asked = cases.ask_more(office.rita, (anna, version), reasons.clone(), NOW);
        let case = asked.await.unwrap();
        let by = office.rita;
        assert_eq!(case.state, CaseState::NeedsMore { by, reasons });
        assert_eq!(case.rounds, round + 1);
        assert_eq!(cases.case(anna).await.unwrap(), case);
        cases.submit(anna, NOW).await.unwrap();
        version = cases.take(office.rita, anna, NOW).await.unwrap().version;
    }
    let asked = cases.ask_more(office.rita, (anna, version), vec![Reason::Unreadable], NOW);
    assert_eq!(code(asked.await), "A905");
    let refused = cases.refuse(office.rita, (anna, version), vec![Reason::Unreadable], NOW);
    refused.await.unwrap();
    let again = cases.begin(anna, VerificationLevel::Identity, NOW).await;
    assert_eq!(code(again), "A902");
    // A mistake of a reviewer is mended by a reviewer.
    cases.take(office.omar, anna, NOW).await.unwrap();
}

pub(crate) async fn who_is_refused_later_loses_what_was_granted(office: &Office) {
    let cases = &office.cases;
    let (anna, version) = office.in_review().await;
    let approved = cases.approve(office.rita, anna, approval(version, 100), NOW);
    approved.await.unwrap();
    let skipped = cases.refuse(
        office.rita,
        (anna, version + 1),
        vec![Reason::Sanctions],
        NOW,
    );
    assert_eq!(code(skipped.await), "A902");
    let version = cases.take(office.omar, anna, NOW).await.unwrap().version;
    // In review again, what was granted stands.
    assert_eq!(admission_state(office, anna).await, AdmissionState::Due);
    let refused = cases.refuse(office.omar, (anna, version), vec![Reason::Sanctions], NOW);
    refused.await.unwrap();
    // Nobody had begun to enter it, and nobody does now.
    assert_eq!(
        admission_state(office, anna).await,
        AdmissionState::Cancelled
    );
    assert_eq!(open(office, anna).await, None);
    let last = office.acts(anna).await.pop().unwrap();
    assert_eq!(last, "refuse_verification sanctions");
}

pub(crate) async fn a_claimed_admission_is_taken_back_in_the_record(office: &Office) {
    let cases = &office.cases;
    let (anna, version) = office.in_review().await;
    let approved = cases.approve(office.rita, anna, approval(version, 100), NOW);
    approved.await.unwrap();
    let due = open(office, anna).await.unwrap();
    let claimed = cases.claim_admission(due.clone()).await.unwrap();
    assert_eq!(claimed, Some(Claimed::Enter(due.clone())));
    // Another worker that read the same row gets nothing: it is entered once.
    assert_eq!(cases.claim_admission(due.clone()).await.unwrap(), None);
    // What a stop left claimed is found again.
    let left = open(office, anna).await.unwrap();
    assert_eq!(left.state, AdmissionState::Entering);
    // Refused while it is on its way.
    let version = cases.take(office.omar, anna, NOW).await.unwrap().version;
    let refused = cases.refuse(office.omar, (anna, version), vec![Reason::NotGenuine], NOW);
    refused.await.unwrap();
    cases.note_entered(due.id, 7, false).await.unwrap();
    let found = open(office, anna).await.unwrap();
    assert_eq!(
        (found.state, found.entry),
        (AdmissionState::RevokeDue, Some(7))
    );
    let claimed = cases.claim_admission(found.clone()).await.unwrap();
    assert_eq!(claimed, Some(Claimed::TakeBack(found)));
    cases.note_revoked(due.id, Some(8)).await.unwrap();
    let [over] = admissions(office, anna).await.try_into().unwrap();
    assert_eq!(over.state, AdmissionState::Revoked);
    assert_eq!((over.entry, over.revocation), (Some(7), Some(8)));
    assert_eq!(open(office, anna).await, None);
}

pub(crate) async fn time_makes_it_due_and_ends_it(office: &Office) {
    let cases = &office.cases;
    let (anna, version) = office.in_review().await;
    let wish = Approval {
        until: Some(NOW.plus(200 * DAY)),
        ..approval(version, 100)
    };
    for until in [NOW, NOW.plus(366 * DAY)] {
        let wrong = Approval {
            until: Some(until),
            ..wish.clone()
        };
        let refused = cases.approve(office.rita, anna, wrong, NOW).await;
        assert!(refused.unwrap_err().to_string().starts_with("A909"));
    }
    cases.approve(office.rita, anna, wish, NOW).await.unwrap();
    let at = |days| NOW.plus(days * DAY);
    for (when, expected) in [
        (at(179), StateKind::Approved),
        (at(180), StateKind::RecheckDue),
        (at(199), StateKind::RecheckDue),
        (at(200), StateKind::Expired),
        (at(900), StateKind::Expired),
    ] {
        while cases.pass_time(when).await.unwrap() > 0 {}
        assert_eq!(office.state(anna).await, expected, "{when:?}");
    }
    let acts = office.acts(anna).await;
    let aged: Vec<_> = acts
        .iter()
        .filter(|act| act.starts_with("age_verification"))
        .collect();
    assert_eq!(
        aged,
        ["age_verification recheck_due", "age_verification expired"]
    );
    let anew = cases.begin(anna, VerificationLevel::Identity, at(900));
    assert_eq!(anew.await.unwrap().state, CaseState::Open);
    // What was said before is still there.
    assert_eq!(cases.overview(anna).await.unwrap().missing, []);
}

pub(crate) async fn nobody_decides_about_themself_or_on_what_they_did_not_read(office: &Office) {
    let cases = &office.cases;
    let (anna, version) = office.in_review().await;
    assert_eq!(code(cases.take(anna, anna, NOW).await), "A908");
    assert_eq!(code(cases.read(anna, anna, NOW).await), "A908");
    let own = cases.approve(anna, anna, approval(version, 1), NOW).await;
    assert!(own.unwrap_err().to_string().starts_with("A908"));
    let old = cases.approve(office.rita, anna, approval(version - 1, 1), NOW);
    assert!(old.await.unwrap_err().to_string().starts_with("A907"));
    let old = cases.refuse(office.rita, (anna, version - 1), vec![Reason::Differs], NOW);
    assert_eq!(code(old.await), "A907");
    let mut other = approval(version, 1);
    other.grants[0].round.round = "public".to_owned();
    let unasked = cases.approve(office.rita, anna, other, NOW).await;
    assert!(unasked.unwrap_err().to_string().starts_with("A913"));
    assert_eq!(office.state(anna).await, StateKind::InReview);
    assert_eq!(admissions(office, anna).await, []);
}

pub(crate) async fn two_reviewers_at_the_same_time_make_one_decision(office: &Office) {
    let cases = &office.cases;
    let (anna, version) = office.in_review().await;
    let approve = cases.approve(office.rita, anna, approval(version, 100), NOW);
    let refuse = cases.refuse(office.omar, (anna, version), vec![Reason::Differs], NOW);
    let (approved, refused) = tokio::join!(approve, refuse);
    assert_ne!(approved.is_ok(), refused.is_ok());
    let acts = office.acts(anna).await;
    let decisions = acts.iter().filter(|act| {
        act.starts_with("approve_verification") || act.starts_with("refuse_verification")
    });
    assert_eq!(decisions.count(), 1, "{acts:?}");
    let granted = admissions(office, anna).await.len();
    assert_eq!(granted, usize::from(approved.is_ok()));
}

/// Finds a country that is not served.
#[derive(Debug)]
struct OnlyNorway;

impl Screening for OnlyNorway {
    fn look(&self, submission: &Submission<'_>) -> Vec<Reason> {
        let is_norway = |(field, text): &(PersonalField, _)| {
            let text: &zeroize::Zeroizing<String> = text;
            *field == PersonalField::Country && text.as_str() == "NO"
        };
        if submission.values.iter().any(is_norway) {
            Vec::new()
        } else {
            vec![Reason::CountryNotServed]
        }
    }
}

pub(crate) async fn what_a_screening_finds_is_for_the_reviewer(office: &Office) {
    let cases = office.cases.clone().screened_by(Arc::new(OnlyNorway));
    for (country, expected) in [("SE", vec![Reason::CountryNotServed]), ("NO", vec![])] {
        let anna = person(&office.database).await;
        let begun = cases.begin(anna, VerificationLevel::Identity, NOW).await;
        begun.unwrap();
        let mut filling = filled();
        filling
            .values
            .push((PersonalField::Country, country.to_owned()));
        cases.fill(anna, filling, NOW).await.unwrap();
        let case = cases.submit(anna, NOW).await.unwrap();
        // It decides nothing.
        assert_eq!(case.state, CaseState::Submitted);
        assert_eq!(cases.case(anna).await.unwrap().flags, expected);
    }
    let after = Some((UnixMillis::new(0), office.rita));
    let waiting = cases.list(Some(StateKind::Submitted), after, 1_000).await;
    assert!(waiting.unwrap().len() >= 2);
}
