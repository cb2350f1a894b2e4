//! What a person is told by mail about their factors.

use super::{FactorError, FactorName, Factors};
use crate::{PersonId, Warning, people::MailWords};

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
    fn words(self) -> MailWords {
        match self {
            Self::TotpAdded => MailWords::of("app-added"),
            Self::PasskeyAdded(label) => MailWords::of("passkey-added").with("label", label),
            Self::RecoveryCodesMade => MailWords::of("recovery-codes-made"),
            Self::RecoveryCodeUsed => MailWords::of("recovery-code-used"),
            Self::CodesGuessed => MailWords::of("codes-guessed"),
            Self::PasskeyCopied => MailWords::of("passkey-copied"),
            Self::Removed(factor) => MailWords::of("factor-removed").with("factor", code(factor)),
            Self::RemovalBegun(factor) => {
                MailWords::of("factor-removal-begun").with("factor", code(factor))
            }
            Self::TakenBack => MailWords::of("factor-stays"),
            Self::RemovalDone => MailWords::of("factor-removal-done"),
            Self::ResetStopped => MailWords::of("factors-stay"),
            Self::ResetDone => MailWords::of("factors-reset"),
        }
    }
}

/// By which each language knows what to call it.
const fn code(factor: FactorName) -> &'static str {
    match factor {
        FactorName::Totp => "totp",
        FactorName::Passkey(_) => "passkey",
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
        Ok(self.people.warning(&owner, notice.words())?)
    }
}
