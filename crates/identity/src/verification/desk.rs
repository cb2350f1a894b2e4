//! What a reviewer does with the verification of somebody else.

use super::{
    Admission, AdmissionState, Case, CaseState, DecisionId, OpenValues, PreparedApproval, Reason,
    RoundGrant, Step, VerificationError, Verifications, WantedRound,
    admission::AdmissionId,
    after,
    book::{Change, Note},
    verifications::by,
};
use crate::{
    Act, PersonId, Proposal, ProposedAct, RoleError, UnixMillis, audit::note, people::MailWords,
};

/// What a reviewer would approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The version of the case that they read.
    pub version: i64,
    /// From when it counts no more; without a wish as late as the policy allows.
    pub until: Option<UnixMillis>,
    /// What it lets the person do.
    pub grants: Vec<RoundGrant>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// It counts.
    Done(Case),
    /// It counts when a second person approves it.
    Proposed(Proposal),
}

/// A step was not taken: by the rules of verification, or by those of proposals.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Verification.
    #[error(transparent)]
    Verification(#[from] VerificationError),
    /// Proposals.
    #[error(transparent)]
    Role(#[from] RoleError),
}

impl Verifications {
    /// Takes a case for review. Takes it from another reviewer too, who may be ill.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::Step`], [`VerificationError::OwnCase`], and what the database
    /// says.
    pub async fn take(
        &self,
        reviewer: PersonId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let case = self.of_another(reviewer, person).await?;
        let step = Step::Take { by: reviewer };
        self.step(&case, step, (Act::TakeVerification, Vec::new()), now)
            .await
    }

    /// What a person said, for a reviewer. That it was read is written down first.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::OwnCase`], [`VerificationError::Destroyed`], and what the
    /// database says.
    pub async fn read(
        &self,
        reviewer: PersonId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<OpenValues, VerificationError> {
        self.of_another(reviewer, person).await?;
        self.note_reading(reviewer, person, "values", now).await?;
        self.open_values(person).await
    }

    /// Asks the person for more, and says what.
    ///
    /// # Errors
    /// [`VerificationError::Changed`], [`VerificationError::NoMoreRounds`], [`VerificationError::Reasons`], and those of
    /// [`Verifications::take`].
    pub async fn ask_more(
        &self,
        reviewer: PersonId,
        (person, version): (PersonId, i64),
        reasons: Vec<Reason>,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let case = self.of_another(reviewer, person).await?;
        require_version(&case, version)?;
        let words = MailWords::of("verification-more");
        let mail = self
            .people
            .mail_about_verification(person, words, &reasons)
            .await?;
        let changes = mail.map(Change::Tell).into_iter().collect();
        let step = Step::AskMore {
            by: reviewer,
            reasons,
        };
        self.step(&case, step, (Act::AskMore, changes), now).await
    }

    /// Refuses a person, also one who was approved before: what was granted is taken back, and no money is lost by it.
    ///
    /// # Errors
    /// Those of [`Verifications::ask_more`].
    pub async fn refuse(
        &self,
        reviewer: PersonId,
        (person, version): (PersonId, i64),
        reasons: Vec<Reason>,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let case = self.of_another(reviewer, person).await?;
        require_version(&case, version)?;
        let words = MailWords::of("verification-refused");
        let mail = self
            .people
            .mail_about_verification(person, words, &reasons)
            .await?;
        let mut changes = vec![Change::TakeBack];
        changes.extend(mail.map(Change::Tell));
        let step = Step::Refuse {
            by: reviewer,
            reasons,
        };
        self.step(&case, step, (Act::RefuseVerification, changes), now)
            .await
    }

    /// Approves a case, or proposes it to a second person where the policy asks for two.
    ///
    /// # Errors
    /// [`VerificationError::Changed`], [`VerificationError::Until`], [`VerificationError::NotWanted`], those of
    /// [`Verifications::take`], and those of [`crate::Roles::propose`].
    pub async fn approve(
        &self,
        reviewer: PersonId,
        person: PersonId,
        approval: Approval,
        now: UnixMillis,
    ) -> Result<Approved, ApprovalError> {
        let case = self.of_another(reviewer, person).await?;
        require_version(&case, approval.version)?;
        let until = self.policy.until(approval.until, now)?;
        let recheck_at = now.plus(self.policy.recheck_after).min(until);
        let step = Step::Approve {
            by: reviewer,
            until,
            recheck_at,
        };
        // Refuses what is no next step before anything is written.
        after(&case.state, step.clone(), case.rounds, now)?;
        let wanted = self.book.rounds(person).await?;
        require_wanted(&wanted, &approval.grants)?;
        let needs_two = self.policy.needs_two(&approval.grants);
        let state = if needs_two {
            AdmissionState::Proposed
        } else {
            AdmissionState::Due
        };
        let mut admissions = Vec::with_capacity(approval.grants.len());
        for grant in approval.grants {
            admissions.push(Admission {
                id: AdmissionId::random()?,
                person,
                grant,
                until,
                state,
                entry: None,
                revocation: None,
            });
        }
        if needs_two {
            let prepared = PreparedApproval {
                decision: DecisionId::random()?,
                person,
                version: case.version,
                until,
                recheck_at,
            };
            self.book.prepare(&prepared, &admissions, now).await?;
            let act = ProposedAct::ApproveVerification {
                person,
                decision: prepared.decision,
            };
            let proposal = self.roles.propose(reviewer, act, now).await?;
            return Ok(Approved::Proposed(proposal));
        }
        let mail = self.people.mail_about_verification(person, approved(), &[]);
        let mail = mail.await.map_err(VerificationError::from)?;
        let admit = admissions.into_iter().map(Change::Admit);
        let changes = [Change::EndProposed].into_iter().chain(admit);
        let changes = changes.chain(mail.map(Change::Tell)).collect();
        let done = self
            .step(&case, step, (Act::ApproveVerification, changes), now)
            .await?;
        Ok(Approved::Done(done))
    }

    /// Writes down that a reviewer saw something of a person, before they see it.
    pub(super) async fn note_reading(
        &self,
        reviewer: PersonId,
        person: PersonId,
        what: &str,
        now: UnixMillis,
    ) -> Result<(), VerificationError> {
        let (actor, who) = (by(reviewer), person.to_string());
        softcap_database::on_writer!(self.book.database(), |pool| async {
            let mut work = pool.begin().await?;
            note!(work, now, &actor, Act::ReadVerification, &who, what);
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// A case that is not the reviewer's own.
    pub(super) async fn of_another(
        &self,
        reviewer: PersonId,
        person: PersonId,
    ) -> Result<Case, VerificationError> {
        if reviewer == person {
            return Err(VerificationError::OwnCase);
        }
        self.case(person).await
    }

    async fn step(
        &self,
        case: &Case,
        step: Step,
        (act, changes): (Act, Vec<Change>),
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let (reviewer, code) = match &step {
            Step::Take { by } | Step::Approve { by, .. } => (*by, String::new()),
            Step::AskMore { by, reasons } | Step::Refuse { by, reasons } => {
                (*by, super::reason::stored(reasons))
            }
            Step::Reopen | Step::Submit | Step::Pass => (case.person, String::new()),
        };
        let asks = matches!(step, Step::AskMore { .. });
        let state = after(&case.state, step, case.rounds, now)?;
        let state: CaseState = state.unwrap_or_else(|| case.state.clone());
        let next = Case {
            rounds: case.rounds + u8::from(asks),
            ..self.next(case, state)
        };
        let note = Note {
            actor: by(reviewer),
            act,
            code,
        };
        let written = self
            .book
            .write(Some(case.version), &next, (changes, note), now);
        written.await?;
        Ok(next)
    }
}

/// What the person is told of an approval.
pub(crate) fn approved() -> MailWords {
    MailWords::of("verification-approved")
}

fn require_version(case: &Case, version: i64) -> Result<(), VerificationError> {
    if case.version == version {
        Ok(())
    } else {
        Err(VerificationError::Changed)
    }
}

/// A reviewer grants what the person asked for, each once, and nothing else.
fn require_wanted(wanted: &[WantedRound], grants: &[RoundGrant]) -> Result<(), VerificationError> {
    let mut rounds: Vec<_> = grants.iter().map(|grant| &grant.round).collect();
    rounds.sort();
    rounds.dedup();
    let is_wanted = rounds.iter().all(|round| wanted.contains(round));
    if is_wanted && rounds.len() == grants.len() {
        Ok(())
    } else {
        Err(VerificationError::NotWanted)
    }
}
