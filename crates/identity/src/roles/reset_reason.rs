//! How it was shown that somebody lost their second factors: codes, so that nothing about the person is kept.

/// Why factors are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetReason {
    /// The person came, and showed who they are.
    SeenInPerson,
    /// The person showed who they are on a video call.
    SeenOnVideo,
    /// The person showed again the document with which they were verified.
    DocumentShownAgain,
    /// The person is one of the organisation, and a colleague vouches for them.
    KnownToStaff,
}

impl ResetReason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::SeenInPerson,
        Self::SeenOnVideo,
        Self::DocumentShownAgain,
        Self::KnownToStaff,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_code(self) -> &'static str {
        match self {
            Self::SeenInPerson => "seen_in_person",
            Self::SeenOnVideo => "seen_on_video",
            Self::DocumentShownAgain => "document_shown_again",
            Self::KnownToStaff => "known_to_staff",
        }
    }

    /// The one of this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_code() == code)
    }
}
