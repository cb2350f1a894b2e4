//! One call to an endpoint: to a checked address only, without following redirects.

use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use tokio::time::{Instant, timeout};

use super::{
    address::AddressRules, endpoint::Attempt, guarded_client::GuardedClient, secret::EndpointSecret,
};

/// How long a call may take in all.
const CALL_TIME: Duration = Duration::from_secs(15);
/// Bytes of an answer that are kept.
const ANSWER_BYTES: usize = 1024;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) url: String,
    pub(super) message: String,
    pub(super) body: String,
    /// The time that is signed.
    pub(super) now_ms: i64,
}

impl Call {
    /// The value of `webhook-timestamp`.
    pub(super) fn seconds(&self) -> i64 {
        self.now_ms.div_euclid(1_000)
    }
}

/// Makes the calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    client: GuardedClient,
}

impl Caller {
    pub(super) fn new(rules: AddressRules) -> Self {
        let client = GuardedClient::new(rules);
        Self { client }
    }

    pub(super) async fn call(&self, call: &Call, secret: &EndpointSecret) -> Attempt {
        let started = Instant::now();
        let outcome = timeout(CALL_TIME, self.exchange(call, secret)).await;
        let (status, answer) = match outcome {
            Ok(Ok((status, answer))) => (Some(status), answer),
            Ok(Err(why)) => (None, why),
            Err(_) => (None, "no answer within 15 seconds".to_owned()),
        };
        Attempt {
            at_ms: call.now_ms,
            status,
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            answer,
        }
    }

    async fn exchange(
        &self,
        call: &Call,
        secret: &EndpointSecret,
    ) -> Result<(u16, String), String> {
        // Checked again: the rules may be stricter now than when the endpoint was registered.
        let url = self.client.checked(&call.url)?;
        let seconds = call.seconds();
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::USER_AGENT,
                concat!("softcap/", env!("CARGO_PKG_VERSION")),
            )
            .header("webhook-id", &call.message)
            .header("webhook-timestamp", seconds)
            .header(
                "webhook-signature",
                secret.sign(&call.message, seconds, &call.body),
            )
            .body(Full::new(Bytes::from(call.body.clone())))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut kept = Vec::new();
        while kept.len() < ANSWER_BYTES {
            // A status is an answer, even when its body breaks off.
            let Some(Ok(frame)) = body.frame().await else {
                break;
            };
            if let Some(data) = frame.data_ref() {
                let room = ANSWER_BYTES - kept.len();
                kept.extend_from_slice(data.get(..room).unwrap_or(data));
            }
        }
        // PostgreSQL stores no zero byte in a text.
        let answer = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
        Ok((status, answer))
    }
}
