//! The statement that uses a code up, for the transactions in which it does something.

use crate::PersonId;

/// An invitation whose code somebody shows.
#[derive(Clone, Debug)]
pub(crate) struct UsedInvitation {
    /// Its name.
    pub(crate) id: String,
    /// The keyed hash of the code.
    pub(crate) tag: Vec<u8>,
    /// Who accepts it.
    pub(crate) person: PersonId,
    /// What it is to, as the audit has it.
    pub(crate) code: String,
}

/// Of those who show a code at the same time one gets the row: tag, person, now.
pub(crate) const USE: &str = "UPDATE invitation SET accepted_by = $2, accepted_at = $3 WHERE tag = $1 \
     AND accepted_by IS NULL AND withdrawn_at IS NULL AND expires_at > $3";

/// Uses a code up in a transaction that is called `$work`, with its row of the audit; whether it still worked.
macro_rules! use_invitation {
    ($work:ident, $used:expr, $now:expr) => {{
        let used = &$used;
        let accept = sqlx::query($crate::invitations::USE)
            .bind(used.tag.as_slice())
            .bind(used.person.to_string())
            .bind($now.get());
        let is_used = accept.execute(&mut *$work).await?.rows_affected() == 1;
        if is_used {
            $crate::audit::note!(
                $work,
                $now,
                format!("person:{}", used.person),
                $crate::Act::AcceptInvitation,
                format!("invitation:{}", used.id),
                used.code.as_str()
            );
        }
        is_used
    }};
}
pub(crate) use use_invitation;
