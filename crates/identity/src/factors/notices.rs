//! What a person is told by mail about their factors.

use super::{FactorError, FactorName, Factors};
use crate::{
    PersonId,
    people::{SealedMail, Text},
};

/// What happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notice<'a> {
    /// An authenticator app counts from now on.
    TotpAdded,
    /// A passkey of this name counts from now on.
    PasskeyAdded(&'a str),
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A login was ended because of wrong codes.
    CodesGuessed,
    /// An answer of a passkey that may be a copy was refused.
    PasskeyCopied,
    /// A factor is gone.
    Removed(FactorName),
    /// A factor will be gone after the delay.
    RemovalBegun(FactorName),
    /// A removal was taken back.
    TakenBack,
    /// A removal that was begun is done.
    RemovalDone,
}

const NOT_YOU: &str = "If it was not you, log in at once, remove what is not yours, end all other sessions and change \
     your password.";

impl Notice<'_> {
    fn subject(self) -> &'static str {
        match self {
            Self::TotpAdded => "an authenticator app was added",
            Self::PasskeyAdded(_) => "a passkey was added",
            Self::RecoveryCodesMade => "new recovery codes were made",
            Self::RecoveryCodeUsed => "a recovery code was used",
            Self::CodesGuessed => "somebody who knows your password has no code",
            Self::PasskeyCopied => "there may be a copy of your passkey",
            Self::Removed(_) | Self::RemovalDone => "a second factor was removed",
            Self::RemovalBegun(_) => "your last second factor will be removed",
            Self::TakenBack => "your second factor stays",
        }
    }

    fn body(self) -> String {
        match self {
            Self::TotpAdded => format!(
                "From now on a code of the new authenticator app is asked for when you log in with your password; \
                 codes of an app before it do not count any more.\n{NOT_YOU}"
            ),
            Self::PasskeyAdded(label) => format!(
                "From now on the passkey \"{label}\" logs you in.\n{NOT_YOU}"
            ),
            Self::RecoveryCodesMade => {
                format!("Recovery codes that you had before do not count any more.\n{NOT_YOU}")
            }
            Self::RecoveryCodeUsed => format!(
                "A login was completed with a recovery code instead of an app or a passkey. The code is used up. If few \
                 are left, make new ones.\n{NOT_YOU}"
            ),
            Self::CodesGuessed => "Somebody gave your right password and then several wrong codes; that login was \
                 ended. If it was you, try again with a new code. If it was not you, your password is known to \
                 others: change it now."
                .to_owned(),
            Self::PasskeyCopied => "A passkey of yours answered with a counter that had been used before, and was \
                 refused. That happens when there is a copy of it. Remove this passkey and add a new one."
                .to_owned(),
            Self::Removed(factor) => format!("It was {}.\n{NOT_YOU}", name(factor)),
            Self::RemovalBegun(factor) => format!(
                "Somebody who is logged in as you, probably you, asked to remove {}. It goes in 72 hours. Until then it \
                 counts as before, and you can take the removal back where your factors are shown.\n{NOT_YOU}",
                name(factor),
            ),
            Self::TakenBack => "The removal of a second factor was taken back; it goes on counting. If you did \
                 not ask for the removal, change your password and end all other sessions."
                .to_owned(),
            Self::RemovalDone => format!(
                "The removal that was announced to you is done. If no other second factor is left, your password alone \
                 logs you in from now on.\n{NOT_YOU}"
            ),
        }
    }
}

fn name(factor: FactorName) -> &'static str {
    match factor {
        FactorName::Totp => "your authenticator app",
        FactorName::Passkey(_) => "a passkey",
    }
}

impl Factors {
    /// A notice as a mail to its person, ready for a transaction.
    pub(super) async fn notice(
        &self,
        person: PersonId,
        notice: Notice<'_>,
    ) -> Result<SealedMail, FactorError> {
        let owner = self
            .people
            .find(person)
            .await?
            .ok_or(FactorError::Missing)?;
        let text = Text::new(self.people.site(), notice.subject(), notice.body());
        Ok(self
            .people
            .seal_mail(&owner.email, &text.subject, &text.body)?)
    }
}
