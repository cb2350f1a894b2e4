//! Signing up with a wallet. The address of mail is proved as for everybody: [`crate::People::sign_up`] sends the code.

use softcap_database::DatabaseError;

use super::{ProvenWallet, WalletError, Wallets};
use crate::{PersonError, PersonId, UnixMillis, people::Entered};

impl Wallets {
    /// The owner of an address of mail, who has the code, becomes a person who logs in with this wallet.
    ///
    /// # Errors
    /// [`PersonError::Code`], [`WalletError::ChallengeOver`], [`WalletError::Known`], none of which uses up the code; what the
    /// database says.
    pub async fn confirm_sign_up(
        &self,
        code: &str,
        proven: ProvenWallet,
        now: UnixMillis,
    ) -> Result<PersonId, WalletError> {
        let row = self.row(proven.address)?;
        let entered = self
            .people
            .sign_up_with_wallet(code, (&row, &proven.challenge), now)
            .await;
        match entered {
            Ok(Entered::Yes(id)) => Ok(id),
            Ok(Entered::CodeOver | Entered::AddressKnown) => Err(PersonError::Code.into()),
            Ok(Entered::MessageOver) => Err(WalletError::ChallengeOver),
            Err(PersonError::Database(DatabaseError::Taken(_))) => Err(WalletError::Known),
            Err(error) => Err(error.into()),
        }
    }
}
