//! Bounds on what one client can take from the others.

use softcap_identity::{CallRates, KeyError, RateLimit};

use super::ConfigError;

/// How many calls may come at once, for each of those in a second.
const BURST: u32 = 10;

/// Bounds on what one client can take from the others.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LimitsSection {
    /// Open connections. One more is answered 503 and closed.
    #[config(env = "SOFTCAP_CONNECTIONS", default = 20000)]
    pub connections: u32,

    /// Seconds from the opening of a connection, or from its last answer, until the head of the next
    /// request must be complete. An idle connection is closed after this time too.
    #[config(env = "SOFTCAP_HEADER_SECONDS", default = 60)]
    pub header_seconds: u32,

    /// Seconds until the body of a request must be complete.
    #[config(env = "SOFTCAP_BODY_SECONDS", default = 15)]
    pub body_seconds: u32,

    /// Largest body in bytes, where an operation does not name its own.
    #[config(env = "SOFTCAP_BODY_BYTES", default = 65536)]
    pub body_bytes: u32,

    /// Seconds until an answer must begin; after that the client gets 503 and asks again.
    #[config(env = "SOFTCAP_ANSWER_SECONDS", default = 30)]
    pub answer_seconds: u32,

    /// Seconds that a client may take no byte of its answer before the connection is closed.
    #[config(env = "SOFTCAP_WRITE_SECONDS", default = 30)]
    pub write_seconds: u32,

    /// Refused contributions of one investor in one minute that become entries of an offering's log.
    /// Further ones are answered 429, until the next minute. Each node counts its own.
    #[config(env = "SOFTCAP_REFUSALS_PER_MINUTE", default = 30)]
    pub refusals_per_minute: u32,

    /// Calls of one person in a second, over all their sessions, in the long run; ten times as many at once. Further ones
    /// are answered 429. Nodes of one database share this limit, and the two below.
    #[config(env = "SOFTCAP_CALLS_PER_PERSON", default = 20)]
    pub calls_per_person: u32,

    /// The same for an application, for each of the people that let it act.
    #[config(env = "SOFTCAP_CALLS_PER_APP", default = 50)]
    pub calls_per_app: u32,

    /// The same for an address (64 bits of IPv6) from which come calls without a key, a session or a token that holds.
    #[config(env = "SOFTCAP_CALLS_PER_SOURCE", default = 500)]
    pub calls_per_source: u32,

    /// Seconds that a stop waits for the requests that were accepted.
    #[config(env = "SOFTCAP_STOP_SECONDS", default = 20)]
    pub stop_seconds: u32,
}

impl LimitsSection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            self.connections,
            self.header_seconds,
            self.body_seconds,
            self.body_bytes,
            self.answer_seconds,
            self.write_seconds,
            self.refusals_per_minute,
        ];
        if positive.contains(&0) {
            return Err(ConfigError::Contradiction(
                "limits: each but stop_seconds must be at least 1",
            ));
        }
        self.call_rates()
            .map(drop)
            .map_err(|_| ConfigError::Contradiction("limits: calls_per_... are from 1 to 100000"))
    }

    /// How fast people, applications and networks may call.
    ///
    /// # Errors
    /// [`KeyError::Limit`] for a rate of zero or of more than 100,000.
    pub(crate) fn call_rates(&self) -> Result<CallRates, KeyError> {
        let rate = |per_second: u32| RateLimit::new(per_second, per_second.saturating_mul(BURST));
        Ok(CallRates {
            person: rate(self.calls_per_person)?,
            app: rate(self.calls_per_app)?,
            source: rate(self.calls_per_source)?,
        })
    }
}
