//! The service: everything about verification goes through it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{
    Admission, ByHand, Case, CaseState, Need, PersonalField, Reason, Screening, StateKind,
    UploadKind, UploadSettings, VerificationError, VerificationPolicy, WantedRound, after,
    book::{Book, Change, Note},
    state::Step,
};
use crate::{
    Act, Column, People, PersonError, PersonId, PersonKeys, Roles, Sealed, UnixMillis,
    people::{MailWords, SealedMail, Text, actor},
    person_keys::KeyPurpose,
};

/// Cases that one round of the clock changes at most.
const ROUND: u32 = 100;

/// The verifications of an installation; its tables are those of [`crate::Keys::migrations`]. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Verifications {
    pub(super) people: People,
    pub(super) roles: Roles,
    pub(super) keys: PersonKeys,
    pub(super) policy: VerificationPolicy,
    pub(super) uploads: UploadSettings,
    pub(super) screening: Arc<dyn Screening>,
    pub(super) book: Book,
}

/// A case with what a person may see of it, and a reviewer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOverview {
    /// The case.
    pub case: Case,
    /// What is filled in.
    pub fields: Vec<PersonalField>,
    /// What the level asks for and is not there.
    pub missing: Vec<Need>,
    /// Where the person wants to take part.
    pub rounds: Vec<WantedRound>,
    /// What was granted.
    pub admissions: Vec<Admission>,
}

/// Values in the clear.
pub type OpenValues = Vec<(PersonalField, Zeroizing<String>)>;

impl Verifications {
    /// Those of these people, looked at by hand.
    #[must_use]
    pub fn new(
        people: People,
        roles: Roles,
        keys: PersonKeys,
        (policy, uploads): (VerificationPolicy, UploadSettings),
    ) -> Self {
        let book = Book::new(people.database().clone());
        let screening = Arc::new(ByHand);
        Self {
            people,
            roles,
            keys,
            policy,
            uploads,
            screening,
            book,
        }
    }

    /// The same, with somebody who looks at submissions before a reviewer does.
    #[must_use]
    pub fn screened_by(self, screening: Arc<dyn Screening>) -> Self {
        Self { screening, ..self }
    }

    /// What an approval needs.
    #[must_use]
    pub const fn policy(&self) -> &VerificationPolicy {
        &self.policy
    }

    /// The case of a person.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], and what the database says.
    pub async fn case(&self, person: PersonId) -> Result<Case, VerificationError> {
        let found = self.book.find(person).await?;
        found.ok_or(VerificationError::NoCase)
    }

    /// The case of a person, what is there of it and what is missing.
    ///
    /// # Errors
    /// [`VerificationError::NoCase`], and what the database says.
    pub async fn overview(&self, person: PersonId) -> Result<CaseOverview, VerificationError> {
        let case = self.case(person).await?;
        let fields = self.fields(person).await?;
        let missing = case
            .level
            .missing(&fields, &self.upload_kinds(person).await?);
        Ok(CaseOverview {
            missing,
            rounds: self.book.rounds(person).await?,
            admissions: self.book.admissions(person).await?,
            fields,
            case,
        })
    }

    /// Cases of a state, or of all, in the order of their last change, after a time and a person.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(
        &self,
        state: Option<StateKind>,
        after: Option<(UnixMillis, PersonId)>,
        most: u32,
    ) -> Result<Vec<Case>, VerificationError> {
        let (changed, person) = after.map_or((i64::MIN, String::new()), |(at, person)| {
            (at.get(), person.to_string())
        });
        self.book.list(state, (changed, &person), most).await
    }

    /// Lets time change what it changes: an approval becomes due for another look, or is over. How many cases changed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pass_time(&self, now: UnixMillis) -> Result<usize, VerificationError> {
        let mut changed = 0;
        for case in self.book.due(now, ROUND).await? {
            let (act, note) = (Act::AgeVerification, "clock".to_owned());
            let Some(state) = after(&case.state, Step::Pass, case.rounds, now)? else {
                continue;
            };
            let told = if state.kind() == StateKind::Expired {
                MailWords::of("verification-over")
            } else {
                MailWords::of("verification-again")
            };
            let mail = self
                .people
                .mail_about_verification(case.person, told, &[])
                .await?;
            let next = self.next(&case, state);
            let changes = mail.map(Change::Tell).into_iter().collect();
            let note = Note {
                actor: note,
                act,
                code: next.state.kind().as_code().to_owned(),
            };
            match self
                .book
                .write(Some(case.version), &next, (changes, note), now)
                .await
            {
                Ok(()) => changed += 1,
                // Somebody was at it at this moment: it is looked at again in the next round.
                Err(VerificationError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    /// The same case in another state.
    #[expect(
        clippy::unused_self,
        reason = "reads as what the service does to a case"
    )]
    pub(super) fn next(&self, case: &Case, state: CaseState) -> Case {
        Case {
            state,
            version: case.version + 1,
            ..case.clone()
        }
    }

    pub(super) async fn fields(
        &self,
        person: PersonId,
    ) -> Result<Vec<PersonalField>, VerificationError> {
        let rows = self.book.values(person).await?;
        let mut fields: Vec<_> = rows
            .iter()
            .filter_map(|row| PersonalField::from_code(&row.field))
            .collect();
        fields.sort_unstable();
        Ok(fields)
    }

    pub(super) async fn upload_kinds(
        &self,
        person: PersonId,
    ) -> Result<Vec<UploadKind>, VerificationError> {
        self.book.upload_kinds(person).await
    }

    /// What a person said, in the clear.
    pub(super) async fn open_values(
        &self,
        person: PersonId,
    ) -> Result<OpenValues, VerificationError> {
        let rows = self.book.values(person).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.keys.find(person, KeyPurpose::Verification).await?;
        let key = key.ok_or(VerificationError::Destroyed)?;
        let who = person.to_string();
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(field) = PersonalField::from_code(&row.field) else {
                return Err(super::case::damaged(who));
            };
            let column = value_column(field, &who);
            let text = key.open_text(&column, row.sealed)?;
            values.push((field, text));
        }
        values.sort_by_key(|(field, _)| *field);
        Ok(values)
    }

    pub(super) async fn seal_value(
        &self,
        person: PersonId,
        (field, text): (PersonalField, &str),
        now: UnixMillis,
    ) -> Result<Sealed, VerificationError> {
        let key = self
            .keys
            .find_or_make(person, KeyPurpose::Verification, now)
            .await?;
        let who = person.to_string();
        Ok(key.seal(&value_column(field, &who), text.as_bytes())?)
    }
}

impl People {
    /// A mail about a person's verification; none when the person is not there any more.
    pub(crate) async fn mail_about_verification(
        &self,
        person: PersonId,
        words: MailWords,
        reasons: &[Reason],
    ) -> Result<Option<SealedMail>, PersonError> {
        let Some(person) = self.find(person).await? else {
            return Ok(None);
        };
        let text = Text::verification(self.site(), person.language, words, reasons);
        self.seal_mail(&person.email, &text.subject, &text.body)
            .map(Some)
    }
}

pub(super) fn value_column(field: PersonalField, person: &str) -> Column<'_> {
    Column {
        table: "verification_value",
        column: field.as_code(),
        row: person,
    }
}

pub(super) fn by(person: PersonId) -> String {
    actor(&person.to_string())
}
