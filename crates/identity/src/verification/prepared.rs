//! An approval that waits for a second person.

use super::VerificationError;
use crate::{
    PersonId, UnixMillis,
    people::{id_text, parse_id, random_bytes},
};

/// Names what a first reviewer would approve: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DecisionId([u8; 16]);

impl DecisionId {
    pub(super) fn random() -> Result<Self, VerificationError> {
        Ok(Self(random_bytes()?))
    }

    /// Of its text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_id(text).map(Self)
    }
}

id_text!(DecisionId);

/// What a second person approves: the case as the first one read it, and how long the approval counts. What is granted with
/// it stands beside it as admissions that are proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreparedApproval {
    pub(crate) decision: DecisionId,
    pub(crate) person: PersonId,
    pub(crate) version: i64,
    pub(crate) until: UnixMillis,
    pub(crate) recheck_at: UnixMillis,
}

/// Approves a case that is in review and was not changed since: person, version, second person, end, look again, now.
pub(crate) const APPROVE_CASE: &str = "UPDATE verification SET state = 'approved', version = version + 1, officer = $3, \
     reasons = '', until_at = $4, recheck_at = $5, changed_at = $6 \
     WHERE person = $1 AND version = $2 AND state = 'in_review'";
/// Grants what was proposed with a decision.
pub(crate) const GRANT_PROPOSED: &str =
    "UPDATE verification_admission SET state = 'due' WHERE decision = $1 AND state = 'proposed'";
/// Ends what was proposed with a decision that was declined.
pub(crate) const CANCEL_PROPOSED: &str = "UPDATE verification_admission SET state = 'cancelled' \
     WHERE decision = $1 AND state = 'proposed'";
/// Ends what else was proposed for a person.
pub(crate) const END_PROPOSED: &str = "UPDATE verification_admission SET state = 'cancelled' \
     WHERE person = $1 AND state = 'proposed'";

/// Makes an approval count in a transaction that is called `$work`: who approves, what, what the person is told, now. Whether
/// the case was still as the first reviewer read it; else nothing is done, and the transaction is to be rolled back.
macro_rules! approve {
    ($work:ident, $by:expr, $approval:expr, $mail:expr, $now:expr) => {{
        let approval: $crate::verification::PreparedApproval = $approval;
        let mail: Option<$crate::people::SealedMail> = $mail;
        let (person, by) = (approval.person.to_string(), $by.to_string());
        let approve = sqlx::query($crate::verification::APPROVE_CASE).bind(&person);
        let approve = approve.bind(approval.version).bind(&by);
        let approve = approve.bind(approval.until.get());
        let approve = approve.bind(approval.recheck_at.get());
        let approve = approve.bind($now.get()).execute(&mut *$work).await?;
        let is_as_read = approve.rows_affected() == 1;
        if is_as_read {
            let grant = sqlx::query($crate::verification::GRANT_PROPOSED);
            let grant = grant.bind(approval.decision.to_string());
            grant.execute(&mut *$work).await?;
            let end = sqlx::query($crate::verification::END_PROPOSED).bind(&person);
            end.execute(&mut *$work).await?;
            let actor = $crate::people::actor(&by);
            let act = $crate::Act::ApproveVerification;
            $crate::audit::note!($work, $now, &actor, act, &person, "");
            if let Some(mail) = mail {
                let add = sqlx::query($crate::people::ADD_MAIL).bind(&mail.id);
                let add = add.bind(&mail.recipient).bind(&mail.message);
                add.bind($now.get()).execute(&mut *$work).await?;
            }
        }
        is_as_read
    }};
}
pub(crate) use approve;
