//! What a person does with their own verification.

use super::{
    Case, CaseState, PersonalField, Step, Submission, VerificationError, VerificationLevel,
    Verifications, WantedRound,
    admission::require_rounds,
    after,
    book::{Change, Note},
    verifications::by,
};
use crate::{Act, PersonId, UnixMillis};

/// What a person writes into their case. What is `None`, and a field that is not named, stays.
#[derive(Clone, Default)]
pub struct Filling {
    /// How far they want to be verified.
    pub level: Option<VerificationLevel>,
    /// What they say.
    pub values: Vec<(PersonalField, String)>,
    /// Where they want to take part.
    pub rounds: Option<Vec<WantedRound>>,
}

/// Says nothing of what it holds.
impl std::fmt::Debug for Filling {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Filling({} values)", self.values.len())
    }
}

impl Verifications {
    /// Begins a verification, or begins it anew after an approval, its end, or a refusal.
    ///
    /// # Errors
    /// [`VerificationError::Level`], [`VerificationError::Step`] while it is under way, and what the database says.
    pub async fn begin(
        &self,
        person: PersonId,
        level: VerificationLevel,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        if level == VerificationLevel::Email {
            return Err(VerificationError::Level);
        }
        let (read_at, case) = match self.book.find(person).await? {
            None => (None, new_case(person, level, now)),
            Some(found) => {
                let state = after(&found.state, Step::Reopen, found.rounds, now)?;
                let state = state.unwrap_or(CaseState::Open);
                // Who was refused has used up one of the tries.
                let rounds = match found.state {
                    CaseState::Refused { .. } => found.rounds + 1,
                    CaseState::Open
                    | CaseState::Submitted
                    | CaseState::InReview { .. }
                    | CaseState::NeedsMore { .. }
                    | CaseState::Approved { .. }
                    | CaseState::RecheckDue { .. }
                    | CaseState::Expired => 0,
                };
                let next = Case {
                    level,
                    rounds,
                    ..self.next(&found, state)
                };
                (Some(found.version), next)
            }
        };
        let note = Note {
            actor: by(person),
            act: Act::BeginVerification,
            code: level.as_code().to_owned(),
        };
        let written = self.book.write(read_at, &case, (Vec::new(), note), now);
        written.await?;
        Ok(case)
    }

    /// Writes into a case while it is the person's turn.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::Step`] while it is not the person's turn,
    /// [`VerificationError::Value`], [`VerificationError::Level`], [`VerificationError::Rounds`], and what the database
    /// says.
    pub async fn fill(
        &self,
        person: PersonId,
        filling: Filling,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let case = self.case(person).await?;
        require_turn(&case, "filling it in")?;
        let mut names = Vec::with_capacity(filling.values.len());
        let mut changes = Vec::with_capacity(filling.values.len() + 1);
        // Everything is judged before a key is made.
        for (field, text) in &filling.values {
            names.push((*field, field.parse(text)?));
        }
        if filling.level == Some(VerificationLevel::Email) {
            return Err(VerificationError::Level);
        }
        if let Some(rounds) = filling.rounds {
            require_rounds(&rounds)?;
            changes.push(Change::Rounds(rounds));
        }
        for (field, text) in &names {
            let sealed = self.seal_value(person, (*field, text), now).await?;
            changes.push(Change::Value(*field, sealed));
        }
        let next = Case {
            level: filling.level.unwrap_or(case.level),
            ..self.next(&case, case.state.clone())
        };
        let codes: Vec<_> = names.iter().map(|(field, _)| field.as_code()).collect();
        let note = Note {
            actor: by(person),
            act: Act::FillVerification,
            code: codes.join(" "),
        };
        let written = self
            .book
            .write(Some(case.version), &next, (changes, note), now);
        written.await?;
        Ok(next)
    }

    /// Says that the case is complete.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], [`VerificationError::Step`], [`VerificationError::Missing`], and what the database
    /// says.
    pub async fn submit(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Case, VerificationError> {
        let overview = self.overview(person).await?;
        let case = overview.case;
        let state = after(&case.state, Step::Submit, case.rounds, now)?;
        if !overview.missing.is_empty() {
            return Err(VerificationError::Missing(overview.missing));
        }
        let values = self.open_values(person).await?;
        let uploads = self.upload_kinds(person).await?;
        let flags = self.screening.look(&Submission {
            level: case.level,
            values: &values,
            uploads: &uploads,
        });
        let next = Case {
            flags,
            ..self.next(&case, state.unwrap_or(CaseState::Submitted))
        };
        let note = Note {
            actor: by(person),
            act: Act::SubmitVerification,
            code: case.level.as_code().to_owned(),
        };
        let written = self
            .book
            .write(Some(case.version), &next, (Vec::new(), note), now);
        written.await?;
        Ok(next)
    }

    /// What the person said, as they may read it again.
    ///
    /// # Errors
    /// [`VerificationError::Destroyed`], and what the database says.
    pub async fn own_values(
        &self,
        person: PersonId,
    ) -> Result<super::OpenValues, VerificationError> {
        self.open_values(person).await
    }
}

fn new_case(person: PersonId, level: VerificationLevel, now: UnixMillis) -> Case {
    Case {
        person,
        level,
        state: CaseState::Open,
        version: 1,
        rounds: 0,
        flags: Vec::new(),
        began_at: now,
        changed_at: now,
    }
}

/// Refuses what a person changes while others look at it.
pub(super) fn require_turn(case: &Case, step: &'static str) -> Result<(), VerificationError> {
    let state = case.state.kind();
    if state.is_persons_turn() {
        Ok(())
    } else {
        Err(VerificationError::Step { state, step })
    }
}
