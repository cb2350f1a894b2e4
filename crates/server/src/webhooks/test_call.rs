//! A call that tells nothing but that calls arrive: made at once, once, and noted beside the others.

use softcap_database::{DatabaseError, on_writer};

use super::{
    client::Call,
    cursor::NewMessage,
    deliverer::Webhooks,
    endpoint::{Attempt, DeliveryState, Endpoint},
    store::{ADD_MESSAGE, Store},
};

/// One that is over. An endpoint that was forgotten meanwhile has none.
const ADD_DELIVERY: &str = "INSERT INTO webhook_delivery (message, endpoint, state, attempts, due)
     SELECT $1, id, $3, 1, $4 FROM webhook_endpoint WHERE id = $2";
const ADD_ATTEMPT: &str = "INSERT INTO webhook_attempt
     (message, endpoint, at, status, duration_ms, answer) VALUES ($1, $2, $3, $4, $5, $6)";

/// What was sent, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCall {
    /// The value of `webhook-id`.
    pub message: String,
    /// The value of `webhook-timestamp`.
    pub timestamp: i64,
    /// The value of `webhook-signature`.
    pub signature: String,
    /// The bytes that were signed with them.
    pub body: String,
    /// The answer, or why there was none.
    pub attempt: Attempt,
}

impl Webhooks {
    /// Calls an endpoint once, also one that is switched off: whoever switches it on wants to know first. The call is no
    /// success or failure of the endpoint's, and is not made again by itself.
    ///
    /// # Errors
    /// What the database says; the call was made then.
    pub async fn test(
        &self,
        endpoint: &Endpoint,
        message: NewMessage,
        now_ms: i64,
    ) -> Result<TestCall, DatabaseError> {
        let secret = self.secret_of(endpoint);
        let call = Call {
            url: endpoint.url.clone(),
            message: message.id,
            body: message.body,
            now_ms,
        };
        let attempt = self.caller().call(&call, &secret).await;
        let about = (endpoint, message.kind);
        self.store().add_test(&call, about, &attempt).await?;
        let timestamp = call.seconds();
        Ok(TestCall {
            signature: secret.sign(&call.message, timestamp, &call.body),
            message: call.message,
            timestamp,
            body: call.body,
            attempt,
        })
    }
}

impl Store {
    async fn add_test(
        &self,
        call: &Call,
        (endpoint, kind): (&Endpoint, &str),
        attempt: &Attempt,
    ) -> Result<(), DatabaseError> {
        let state = if attempt.is_success() {
            DeliveryState::Delivered
        } else {
            DeliveryState::GivenUp
        };
        on_writer!(&self.0, |pool| async {
            let mut work = pool.begin().await?;
            let add = sqlx::query(ADD_MESSAGE).bind(&call.message);
            let add = add.bind(&endpoint.offering).bind(kind).bind(&call.body);
            add.bind(call.now_ms).execute(&mut *work).await?;
            let add = sqlx::query(ADD_DELIVERY)
                .bind(&call.message)
                .bind(&endpoint.id);
            let add = add.bind(state.as_code()).bind(call.now_ms);
            add.execute(&mut *work).await?;
            let add = sqlx::query(ADD_ATTEMPT)
                .bind(&call.message)
                .bind(&endpoint.id);
            let add = add
                .bind(attempt.at_ms)
                .bind(attempt.status.map_or(0, i64::from));
            let add = add.bind(attempt.duration_ms).bind(&attempt.answer);
            add.execute(&mut *work).await?;
            work.commit().await
        }
        .await)
    }
}
