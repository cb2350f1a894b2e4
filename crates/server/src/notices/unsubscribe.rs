//! Ending mails of a kind without logging in: the address in a mail's header names who, which offering and which kind, with a
//! code that only the service can make. It ends these mails and does nothing else, however often it is called.

use std::str::FromStr as _;

use softcap_database::DatabaseError;
use softcap_identity::PersonId;
use softcap_journal::LogName;
use softcap_proof::hex;

use super::{Choice, NoticeKind};
use crate::api::Service;

/// Which mails are to end.
#[derive(Clone, Debug)]
pub(crate) struct Unsubscribe {
    person: PersonId,
    /// About which offering.
    pub(crate) offering: LogName,
    /// Of which kind.
    pub(crate) kind: NoticeKind,
}

/// Where one click ends mails of a kind about an offering.
pub(crate) fn unsubscribe_path(
    service: &Service,
    person: PersonId,
    (offering, kind): (&LogName, NoticeKind),
) -> String {
    let what = format!("{person}/{offering}/{}", kind.code());
    let code = hex(&service.unsubscribe_code(&what));
    format!("/unsubscribe/{what}/{code}")
}

impl Unsubscribe {
    /// Of an address; `None` where the service did not make it.
    pub(crate) fn read(
        service: &Service,
        (person, offering, kind): (&str, &str, &str),
        code: &str,
    ) -> Option<Self> {
        let wanted = service.unsubscribe_code(&format!("{person}/{offering}/{kind}"));
        // Hashed, so that how long the answer takes says nothing of how much of a code is right.
        if service.unsubscribe_code(code) != service.unsubscribe_code(&hex(&wanted)) {
            return None;
        }
        Some(Self {
            person: person.parse().ok()?,
            offering: LogName::from_str(offering).ok()?,
            kind: NoticeKind::of_code(kind)?,
        })
    }

    /// Ends them.
    pub(crate) async fn end(&self, service: &Service) -> Result<(), DatabaseError> {
        let choice = Choice {
            offering: self.offering.to_string(),
            kind: self.kind,
            is_on: false,
        };
        service.notices().put(self.person, &[choice]).await
    }
}
