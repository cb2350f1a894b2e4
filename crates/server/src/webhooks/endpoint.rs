//! What is known of an endpoint and of its deliveries.

use super::address::EndpointUrl;

/// An endpoint to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEndpoint {
    /// The offering whose messages it gets.
    pub offering: String,
    /// Who registered it: an id of the identity crate.
    pub owner: String,
    /// Where it is called.
    pub url: EndpointUrl,
    /// The kinds of messages it gets, such as `contribution.accepted`; none means all.
    pub kinds: Vec<String>,
}

/// A registered endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id, `ep_...`.
    pub id: String,
    /// The offering.
    pub offering: String,
    /// Who registered it.
    pub owner: String,
    /// Where it is called.
    pub url: String,
    /// The kinds of messages it gets; none means all.
    pub kinds: Vec<String>,
    /// Counts its secrets; 1 is the first.
    pub secret_number: i64,
    /// Whether it is called.
    pub state: EndpointState,
    /// Unix milliseconds since when no call succeeded.
    pub failing_since_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_ms: i64,
}

impl Endpoint {
    /// Whether it gets messages of this kind now.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        let is_chosen = self.kinds.is_empty() || self.kinds.iter().any(|chosen| chosen == kind);
        self.state == EndpointState::Active && is_chosen
    }
}

/// Whether an endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It is.
    Active,
    /// Its owner switched it off.
    SwitchedOff,
    /// No call succeeded for the configured number of days.
    FailedTooLong,
}

impl EndpointState {
    pub(super) fn as_code(self) -> i64 {
        match self {
            Self::Active => 0,
            Self::SwitchedOff => 1,
            Self::FailedTooLong => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Active,
            1 => Self::SwitchedOff,
            _ => Self::FailedTooLong,
        }
    }
}

/// A message on its way to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: String,
    /// Its kind.
    pub kind: String,
    /// How far it is.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: i64,
    /// Unix milliseconds of the next attempt, while it waits.
    pub due_ms: i64,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Waiting,
    /// The endpoint answered with a status of 200 to 299.
    Delivered,
    /// All attempts failed, or the endpoint was switched off.
    GivenUp,
}

impl DeliveryState {
    pub(super) fn as_code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Delivered => 1,
            Self::GivenUp => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Waiting,
            1 => Self::Delivered,
            _ => Self::GivenUp,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Unix milliseconds when it began.
    pub at_ms: i64,
    /// The HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// The first KiB of the answer, or why there was none.
    pub answer: String,
}

impl Attempt {
    /// Whether the endpoint took the message.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}
