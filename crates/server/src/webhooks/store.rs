//! The tables of endpoints, messages, deliveries and attempts.

use softcap_database::{Database, DatabaseError, Migrations, migrations, on_reader, on_writer};

use super::{
    client::Call,
    endpoint::{Attempt, Delivery, DeliveryState, Endpoint, EndpointState},
};

/// How long a claimed delivery is left alone; longer than a call can take.
const LEASE_MS: i64 = 120_000;

/// Nothing happens when the message is there already, so that it can be repeated after a crash.
pub(super) const ADD_MESSAGE: &str =
    "INSERT INTO webhook_message (id, offering, kind, body, created)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
/// A delivery for each endpoint that wants the message.
pub(super) const ADD_DELIVERIES: &str = "INSERT INTO webhook_delivery
     (message, endpoint, state, attempts, due)
     SELECT $1, id, 0, 0, $2 FROM webhook_endpoint
     WHERE offering = $3 AND state = 0 AND (kinds = '' OR kinds LIKE $4)
     ON CONFLICT DO NOTHING";

#[derive(Clone, Debug)]
pub(super) struct Store(pub(super) Database);

/// A delivery that is due.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) endpoint: String,
    pub(super) secret_number: i64,
    pub(super) call: Call,
    /// Attempts begun before this one.
    pub(super) attempts: i64,
    due_ms: i64,
}

impl Due {
    /// Until when the node that claimed it has it for itself.
    fn lease_ms(&self) -> i64 {
        self.call.now_ms + LEASE_MS
    }
}

type EndpointRow = (
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    i64,
);

fn endpoint(row: EndpointRow) -> Endpoint {
    let (id, offering, owner, url, kinds, secret_number, state, failing_since_ms, created_ms) = row;
    let kinds = kinds.split(',').filter(|kind| !kind.is_empty());
    Endpoint {
        kinds: kinds.map(str::to_owned).collect(),
        state: EndpointState::from_code(state),
        id,
        offering,
        owner,
        url,
        secret_number,
        failing_since_ms,
        created_ms,
    }
}

impl Store {
    pub(super) fn migrations() -> Migrations {
        migrations!(
            "webhooks",
            "migrations",
            ["0001_webhooks", "0002_cursor", "0003_old_messages"]
        )
    }

    pub(super) async fn open(database: Database) -> Result<Self, DatabaseError> {
        Self::migrations().run(&database).await?;
        Ok(Self(database))
    }

    pub(super) async fn add_endpoint(&self, new: &Endpoint) -> Result<(), DatabaseError> {
        let kinds = match new.kinds.as_slice() {
            [] => String::new(),
            kinds => format!(",{},", kinds.join(",")),
        };
        on_writer!(&self.0, |pool| sqlx::query(
            "INSERT INTO webhook_endpoint
             (id, offering, owner, url, kinds, secret_number, state, failing_since, created)
             VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)"
        )
        .bind(&new.id)
        .bind(&new.offering)
        .bind(&new.owner)
        .bind(&new.url)
        .bind(&kinds)
        .bind(new.secret_number)
        .bind(new.state.as_code())
        .bind(new.created_ms)
        .execute(pool)
        .await
        .map(drop))
    }

    pub(super) async fn endpoint(&self, id: &str) -> Result<Option<Endpoint>, DatabaseError> {
        let row: Option<EndpointRow> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
            "SELECT id, offering, owner, url, kinds, secret_number, state, failing_since, created
             FROM webhook_endpoint WHERE id = $1"
        )
        .bind(id)
        .fetch_optional(pool)
        .await
        })?;
        Ok(row.map(endpoint))
    }

    pub(super) async fn endpoints(&self, offering: &str) -> Result<Vec<Endpoint>, DatabaseError> {
        let rows: Vec<EndpointRow> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
            "SELECT id, offering, owner, url, kinds, secret_number, state, failing_since, created
             FROM webhook_endpoint WHERE offering = $1 ORDER BY created, id"
        )
        .bind(offering)
        .fetch_all(pool)
        .await
        })?;
        Ok(rows.into_iter().map(endpoint).collect())
    }

    /// The number of the new secret; `None`: there is no such endpoint.
    pub(super) async fn next_secret(&self, id: &str) -> Result<Option<i64>, DatabaseError> {
        let row: Option<(i64,)> = on_writer!(&self.0, |pool| sqlx::query_as(
            "UPDATE webhook_endpoint SET secret_number = secret_number + 1 WHERE id = $1
             RETURNING secret_number"
        )
        .bind(id)
        .fetch_optional(pool)
        .await)?;
        Ok(row.map(|(number,)| number))
    }

    /// Whether there was such an endpoint. What waits for one that is no longer called is given up.
    pub(super) async fn set_state(
        &self,
        id: &str,
        state: EndpointState,
    ) -> Result<bool, DatabaseError> {
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_endpoint SET state = $2, failing_since = NULL WHERE id = $1"
        )
        .bind(id)
        .bind(state.as_code())
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        if state != EndpointState::Active {
            self.give_up_waiting(id).await?;
        }
        Ok(changed > 0)
    }

    async fn give_up_waiting(&self, endpoint: &str) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_delivery SET state = 2 WHERE endpoint = $1 AND state = 0"
        )
        .bind(endpoint)
        .execute(pool)
        .await
        .map(drop))
    }

    /// Stores a message and a delivery for each endpoint that wants it; nothing that is there
    /// already, so that it can be repeated after a crash.
    pub(super) async fn add_message(
        &self,
        call: &Call,
        offering: &str,
        kind: &str,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| sqlx::query(ADD_MESSAGE)
            .bind(&call.message)
            .bind(offering)
            .bind(kind)
            .bind(&call.body)
            .bind(call.now_ms)
            .execute(pool)
            .await
            .map(drop))?;
        on_writer!(&self.0, |pool| sqlx::query(ADD_DELIVERIES)
            .bind(&call.message)
            .bind(call.now_ms)
            .bind(offering)
            .bind(format!("%,{kind},%"))
            .execute(pool)
            .await
            .map(drop))
    }

    pub(super) async fn due(&self, now_ms: i64, most: i64) -> Result<Vec<Due>, DatabaseError> {
        type Row = (String, String, String, String, i64, i64, i64);
        let rows: Vec<Row> = on_reader!(&self.0, |pool| sqlx::query_as(
            "SELECT d.message, d.endpoint, m.body, e.url, e.secret_number, d.attempts, d.due
             FROM webhook_delivery d
             JOIN webhook_message m ON m.id = d.message
             JOIN webhook_endpoint e ON e.id = d.endpoint
             WHERE d.state = 0 AND d.due <= $1 AND e.state = 0
             ORDER BY d.due, d.message LIMIT $2"
        )
        .bind(now_ms)
        .bind(most)
        .fetch_all(pool)
        .await)?;
        let due = |(message, endpoint, body, url, secret_number, attempts, due_ms): Row| Due {
            endpoint,
            secret_number,
            attempts,
            due_ms,
            call: Call {
                url,
                message,
                body,
                now_ms,
            },
        };
        Ok(rows.into_iter().map(due).collect())
    }

    /// Takes a delivery for this node. Whoever comes second finds another due time and gets nothing;
    /// a node that dies leaves it due again after the lease.
    pub(super) async fn claim(&self, due: &Due) -> Result<bool, DatabaseError> {
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_delivery SET attempts = attempts + 1, due = $4
             WHERE message = $1 AND endpoint = $2 AND state = 0 AND due = $3"
        )
        .bind(&due.call.message)
        .bind(&due.endpoint)
        .bind(due.due_ms)
        .bind(due.lease_ms())
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Notes an attempt, and what became of the delivery unless somebody asked meanwhile that it be
    /// replayed: then it is due again, and stays so.
    pub(super) async fn add_attempt(
        &self,
        due: &Due,
        attempt: &Attempt,
        state: DeliveryState,
        next_due_ms: i64,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| sqlx::query(
            "INSERT INTO webhook_attempt (message, endpoint, at, status, duration_ms, answer)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
        )
        .bind(&due.call.message)
        .bind(&due.endpoint)
        .bind(attempt.at_ms)
        .bind(attempt.status.map_or(0, i64::from))
        .bind(attempt.duration_ms)
        .bind(&attempt.answer)
        .execute(pool)
        .await
        .map(drop))?;
        on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_delivery SET state = $3, due = $4
             WHERE message = $1 AND endpoint = $2 AND state = 0 AND due = $5"
        )
        .bind(&due.call.message)
        .bind(&due.endpoint)
        .bind(state.as_code())
        .bind(next_due_ms)
        .bind(due.lease_ms())
        .execute(pool)
        .await
        .map(drop))
    }

    pub(super) async fn succeeded(&self, endpoint: &str) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_endpoint SET failing_since = NULL
             WHERE id = $1 AND failing_since IS NOT NULL"
        )
        .bind(endpoint)
        .execute(pool)
        .await
        .map(drop))
    }

    /// Remembers a failure; true when the endpoint is switched off because it has failed since
    /// `limit_ms` or longer.
    pub(super) async fn failed(
        &self,
        endpoint: &str,
        now_ms: i64,
        limit_ms: i64,
    ) -> Result<bool, DatabaseError> {
        on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_endpoint SET failing_since = $2
             WHERE id = $1 AND failing_since IS NULL"
        )
        .bind(endpoint)
        .bind(now_ms)
        .execute(pool)
        .await
        .map(drop))?;
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_endpoint SET state = 2
             WHERE id = $1 AND state = 0 AND failing_since <= $2"
        )
        .bind(endpoint)
        .bind(limit_ms)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        if changed > 0 {
            self.give_up_waiting(endpoint).await?;
        }
        Ok(changed > 0)
    }

    /// Whether there was such a delivery to an endpoint that is called.
    pub(super) async fn replay(
        &self,
        endpoint: &str,
        message: &str,
        now_ms: i64,
    ) -> Result<bool, DatabaseError> {
        let changed = on_writer!(&self.0, |pool| sqlx::query(
            "UPDATE webhook_delivery SET state = 0, attempts = 0, due = $3
             WHERE endpoint = $1 AND message = $2 AND EXISTS
             (SELECT 1 FROM webhook_endpoint e WHERE e.id = $1 AND e.state = 0)"
        )
        .bind(endpoint)
        .bind(message)
        .bind(now_ms)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(changed > 0)
    }

    pub(super) async fn deliveries(
        &self,
        endpoint: &str,
        most: i64,
    ) -> Result<Vec<Delivery>, DatabaseError> {
        let rows: Vec<(String, String, i64, i64, i64)> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
                "SELECT d.message, m.kind, d.state, d.attempts, d.due
                 FROM webhook_delivery d JOIN webhook_message m ON m.id = d.message
                 WHERE d.endpoint = $1 ORDER BY m.created DESC, m.id DESC LIMIT $2",
            )
            .bind(endpoint)
            .bind(most)
            .fetch_all(pool)
            .await
        })?;
        let delivery = |(message, kind, state, attempts, due_ms)| Delivery {
            message,
            kind,
            state: DeliveryState::from_code(state),
            attempts,
            due_ms,
        };
        Ok(rows.into_iter().map(delivery).collect())
    }

    pub(super) async fn attempts(
        &self,
        endpoint: &str,
        message: &str,
    ) -> Result<Vec<Attempt>, DatabaseError> {
        let rows: Vec<(i64, i64, i64, String)> = on_reader!(&self.0, |pool| sqlx::query_as(
            "SELECT at, status, duration_ms, answer FROM webhook_attempt
             WHERE endpoint = $1 AND message = $2 ORDER BY at"
        )
        .bind(endpoint)
        .bind(message)
        .fetch_all(pool)
        .await)?;
        let attempt = |(at_ms, status, duration_ms, answer)| Attempt {
            at_ms,
            status: u16::try_from(status).ok().filter(|status| *status > 0),
            duration_ms,
            answer,
        };
        Ok(rows.into_iter().map(attempt).collect())
    }
}
