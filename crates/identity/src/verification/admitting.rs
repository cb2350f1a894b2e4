//! Admissions on their way into a record, for whoever knows the offerings.
//!
//! A row is claimed before anything is entered, and stays claimed until it is known what the record says. The request of
//! the entry follows from the admission's name, so that a claim which a stop left behind is entered again and is the same
//! entry. What was never claimed when a person is refused is never entered.

use softcap_database::{on_reader, on_writer};

use zeroize::Zeroizing;

use super::{
    Admission, AdmissionId, AdmissionState, Need, PersonalField, VerificationError, Verifications,
    admission::AdmissionRow,
};
use crate::Domain;

/// What is to be done with an admission that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Enter it.
    Enter(Admission),
    /// Enter it, if it is not there yet, and then that it is taken back.
    TakeBack(Admission),
}

const OPEN: &str = "SELECT id, person, offering, round, limit_units, decimals, withdrawal, until_at, state, \
     entry, revocation FROM verification_admission WHERE state IN ('due', 'entering', 'revoke_due') \
     ORDER BY made_at, id LIMIT $1";
const CLAIM: &str =
    "UPDATE verification_admission SET state = 'entering' WHERE id = $1 AND state = 'due'";
/// A person may have been refused meanwhile: then the number of the entry is kept, and the state.
const ENTERED: &str = "UPDATE verification_admission SET entry = $2, \
     state = CASE state WHEN 'entering' THEN $3 ELSE state END WHERE id = $1";
const BIND_WALLET: &str = "UPDATE verification_admission SET wallet_tag = $2 \
     WHERE id = $1 AND state = 'permitted' AND (wallet_tag IS NULL OR wallet_tag = $2)";
const REVOKED: &str = "UPDATE verification_admission SET revocation = $2, state = 'revoked' \
     WHERE id = $1 AND state = 'revoke_due'";

impl Verifications {
    /// Admissions that somebody has to enter or take back, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_admissions(&self, most: u32) -> Result<Vec<Admission>, VerificationError> {
        let rows: Vec<AdmissionRow> = on_reader!(self.book.database(), |pool| {
            sqlx::query_as(OPEN)
                .bind(i64::from(most))
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(AdmissionRow::read).collect()
    }

    /// Claims one of them; `None` when it is not to be entered any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_admission(
        &self,
        admission: Admission,
    ) -> Result<Option<Claimed>, VerificationError> {
        match admission.state {
            AdmissionState::Entering => Ok(Some(Claimed::Enter(admission))),
            AdmissionState::RevokeDue => Ok(Some(Claimed::TakeBack(admission))),
            AdmissionState::Due => {
                let id = admission.id.to_string();
                let claimed = on_writer!(self.book.database(), |pool| sqlx::query(CLAIM)
                    .bind(&id)
                    .execute(pool)
                    .await
                    .map(|done| done.rows_affected()))?;
                Ok((claimed == 1).then_some(Claimed::Enter(admission)))
            }
            AdmissionState::Proposed
            | AdmissionState::Entered
            | AdmissionState::Permitted
            | AdmissionState::Refused
            | AdmissionState::Cancelled
            | AdmissionState::Revoked => Ok(None),
        }
    }

    /// What the record says of an admission that was entered.
    ///
    /// # Errors
    /// What the database says; it is asked for again then, and is the same entry.
    pub async fn note_entered(
        &self,
        id: AdmissionId,
        entry: u64,
        is_refused: bool,
    ) -> Result<(), VerificationError> {
        let state = if is_refused {
            AdmissionState::Refused
        } else {
            AdmissionState::Entered
        };
        self.note_admission(id, Some(entry), state).await
    }

    /// A contract decides who takes part: the person may ask for a permit.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_permitted(&self, id: AdmissionId) -> Result<(), VerificationError> {
        self.note_admission(id, None, AdmissionState::Permitted)
            .await
    }

    async fn note_admission(
        &self,
        id: AdmissionId,
        entry: Option<u64>,
        state: AdmissionState,
    ) -> Result<(), VerificationError> {
        on_writer!(self.book.database(), |pool| sqlx::query(ENTERED)
            .bind(id.to_string())
            .bind(entry.and_then(|entry| i64::try_from(entry).ok()))
            .bind(state.as_code())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The admission was taken back, by an entry where the record has one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_revoked(
        &self,
        id: AdmissionId,
        entry: Option<u64>,
    ) -> Result<(), VerificationError> {
        on_writer!(self.book.database(), |pool| sqlx::query(REVOKED)
            .bind(id.to_string())
            .bind(entry.and_then(|entry| i64::try_from(entry).ok()))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The wallet for which a permit may be signed now: that of the person, who counts as verified, and the same as for
    /// each permit of this admission before. It is written down first.
    ///
    /// # Errors
    /// [`VerificationError::Step`] for who is not verified, [`VerificationError::Missing`] without a wallet,
    /// [`VerificationError::OtherWallet`], and what the database says.
    pub async fn wallet_for_permit(
        &self,
        admission: &Admission,
    ) -> Result<Zeroizing<String>, VerificationError> {
        let case = self.case(admission.person).await?;
        let state = case.state.kind();
        if !state.is_verified() {
            let step = "asking for a permit";
            return Err(VerificationError::Step { state, step });
        }
        let values = self.open_values(admission.person).await?;
        let mut wallets = values.into_iter();
        let wallet = wallets.find(|(field, _)| *field == PersonalField::Wallet);
        let missing = || VerificationError::Missing(vec![Need::Field(PersonalField::Wallet)]);
        let (_, wallet) = wallet.ok_or_else(missing)?;
        let plain = Zeroizing::new(wallet.to_ascii_lowercase());
        let tag = self.people.key().tag(Domain::Wallet, plain.as_bytes());
        let bound = on_writer!(self.book.database(), |pool| sqlx::query(BIND_WALLET)
            .bind(admission.id.to_string())
            .bind(tag.as_slice())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        if bound == 1 {
            Ok(wallet)
        } else {
            Err(VerificationError::OtherWallet)
        }
    }
}
