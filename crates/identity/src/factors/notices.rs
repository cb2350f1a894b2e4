//! What a person is told by mail about their factors.

use super::{FactorError, FactorName, Factors};
use crate::{PersonId, Warning};

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
    /// A reset that two people approved was ended.
    ResetStopped,
    /// A reset is done.
    ResetDone,
}

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
            Self::ResetStopped => "your second factors stay",
            Self::ResetDone => "your second factors were set aside",
        }
    }

    fn body(self) -> String {
        match self {
            Self::TotpAdded => "From now on a code of the new authenticator app is asked for when you log in with your password; \
                 codes of an app before it do not count any more."
                .to_owned(),
            Self::PasskeyAdded(label) => format!(
                "From now on the passkey \"{label}\" logs you in."
            ),
            Self::RecoveryCodesMade => {
                "Recovery codes that you had before do not count any more.".to_owned()
            }
            Self::RecoveryCodeUsed => "A login was completed with a recovery code instead of an app or a passkey. The code is used up. If few \
                 are left, make new ones."
                .to_owned(),
            Self::CodesGuessed => "Somebody gave your right password and then several wrong codes; that login was \
                 ended. If it was you, try again with a new code. If it was not you, your password is known to \
                 others."
                .to_owned(),
            Self::PasskeyCopied => "A passkey of yours answered with a counter that had been used before, and was \
                 refused. That happens when there is a copy of it. Remove this passkey and add a new one."
                .to_owned(),
            Self::Removed(factor) => format!("It was {}.", name(factor)),
            Self::RemovalBegun(factor) => format!(
                "Somebody who is logged in as you, probably you, asked to remove {}. It goes in 72 hours. Until then it \
                 counts as before, and you can take the removal back where your factors are shown.",
                name(factor),
            ),
            Self::TakenBack => "The removal of a second factor was taken back; it goes on counting. If you did \
                 not ask for the removal, others act in your name."
                .to_owned(),
            Self::ResetStopped => "Your second factors are not set aside: that was ended. They go on counting."
                .to_owned(),
            Self::ResetDone => "As was announced to you, your authenticator app, passkeys and recovery codes count no more. All sessions were \
                 ended, keys that you made are revoked, and applications act for you no more. When you log in with your \
                 password, a code comes to this address, with which you add a new second factor; nothing else can be done \
                 before."
                .to_owned(),
            Self::RemovalDone => "The removal that was announced to you is done. If no other second factor is left, your password alone \
                 logs you in from now on."
                .to_owned(),
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
    /// A notice as a warning to its person, ready for a transaction.
    pub(super) async fn notice(
        &self,
        person: PersonId,
        notice: Notice<'_>,
    ) -> Result<Warning, FactorError> {
        let owner = self
            .people
            .find(person)
            .await?
            .ok_or(FactorError::Missing)?;
        let warning = self
            .people
            .warning(&owner, notice.subject(), &notice.body());
        Ok(warning?)
    }
}
