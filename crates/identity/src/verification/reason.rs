//! Why more is asked for, or why not: codes, so that no free text about a person is kept or published.

use super::VerificationError;

/// Most reasons of one decision.
pub(super) const MOST_REASONS: usize = 8;

macro_rules! reasons {
    ($($name:ident = $code:literal, $what:literal;)*) => {
        /// A reason that a reviewer gives.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $(#[doc = $what] $name,)* }

        impl Reason {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As stored and shown.
            #[must_use]
            pub const fn as_code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What the person is told.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

reasons! {
    Unreadable = "unreadable", "A document cannot be read: take the picture again in good light, without reflections.";
    Incomplete = "incomplete", "A part of a document is missing: show all of it, both sides of a card.";
    DocumentOver = "document_over", "A document is over: show one that is valid today.";
    WrongDocument = "wrong_document", "A document is not of the kind that was asked for.";
    Differs = "differs", "What the documents say differs from what you wrote: correct one or the other.";
    FaceDiffers = "face_differs", "The picture does not show the person of the document.";
    AddressNotProved = "address_not_proved", "The address is not proved: show a letter or bill that is not older than three months.";
    FundsNotProved = "funds_not_proved", "It is not clear where the money comes from: show more of it.";
    UnderAge = "under_age", "You are not old enough to take part.";
    CountryNotServed = "country_not_served", "People who live in this country cannot take part.";
    Duplicate = "duplicate", "You are verified under another account already.";
    Sanctions = "sanctions", "The law does not allow to deal with you.";
    NotGenuine = "not_genuine", "A document is not genuine.";
    LawOther = "law_other", "The law does not allow it; the operator says more on request.";
}

/// Reads the reasons of a decision: at least one, each of them once.
///
/// # Errors
/// [`VerificationError::Reasons`].
pub fn reasons_of<T: AsRef<str>>(codes: &[T]) -> Result<Vec<Reason>, VerificationError> {
    let mut reasons = Vec::with_capacity(codes.len());
    for code in codes {
        let known = Reason::ALL.iter().copied();
        let mut found = known.filter(|reason| reason.as_code() == code.as_ref());
        let reason = found.next().ok_or(VerificationError::Reasons)?;
        if reasons.contains(&reason) {
            return Err(VerificationError::Reasons);
        }
        reasons.push(reason);
    }
    if reasons.is_empty() || reasons.len() > MOST_REASONS {
        return Err(VerificationError::Reasons);
    }
    Ok(reasons)
}

/// As stored: with spaces between them.
pub(super) fn stored(reasons: &[Reason]) -> String {
    let codes: Vec<_> = reasons.iter().map(|reason| reason.as_code()).collect();
    codes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_known_and_each_is_given_once() {
        let table: [(&[&str], bool); 6] = [
            (&["unreadable"], true),
            (&["unreadable", "differs"], true),
            (&[], false),
            (&["unreadable", "unreadable"], false),
            (&["Unreadable"], false),
            (&["because I say so"], false),
        ];
        for (codes, expected) in table {
            assert_eq!(reasons_of(codes).is_ok(), expected, "{codes:?}");
        }
        let many: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_code()).collect();
        assert!(reasons_of(&many).is_err());
    }
}
