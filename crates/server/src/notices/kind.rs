//! Kinds of mails that people choose.

/// What a mail is about. The codes are in tables and addresses, and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// What became of a contribution: counted, in part, refused, taken back.
    Contribution,
    /// The offering is settled: tokens, or money back.
    Result,
    /// Tokens were handed over, or money was paid back.
    Payout,
    /// A round opens.
    Opening,
    /// The price changes within a day.
    Price,
}

impl NoticeKind {
    /// All of them, in the order of the page.
    pub(crate) const ALL: [Self; 5] = [
        Self::Contribution,
        Self::Result,
        Self::Payout,
        Self::Opening,
        Self::Price,
    ];

    /// In tables and addresses.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::Result => "result",
            Self::Payout => "payout",
            Self::Opening => "opening",
            Self::Price => "price",
        }
    }

    /// The one of this code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether it comes to who said nothing: what is about their own money does.
    pub(crate) const fn by_default(self) -> bool {
        match self {
            Self::Contribution | Self::Result | Self::Payout => true,
            Self::Opening | Self::Price => false,
        }
    }
}
