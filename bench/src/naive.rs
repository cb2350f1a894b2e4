//! The obvious way to take contributions, as a baseline: PostgreSQL, a transaction for each, which
//! locks the offering's row and the account's, writes one row and answers. It gives no order that
//! anybody could prove, and no receipt.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{failure::BenchFailure, floor::block_on};

const POOL: u32 = 32;

const TABLES: &str = "
    CREATE TABLE offering (id BIGINT PRIMARY KEY, raised NUMERIC NOT NULL, cap NUMERIC NOT NULL);
    CREATE TABLE account (investor TEXT PRIMARY KEY, available NUMERIC NOT NULL);
    CREATE TABLE contribution (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        request TEXT NOT NULL UNIQUE,
        investor TEXT NOT NULL REFERENCES account,
        currency TEXT NOT NULL,
        amount NUMERIC NOT NULL,
        reference TEXT NOT NULL,
        made TIMESTAMPTZ NOT NULL DEFAULT now()
    );
    INSERT INTO offering VALUES (1, 0, 1e26);
";

/// Serves until it is killed. The key is not looked at: what is measured is the database.
pub(crate) fn serve(url: &str, investors: i64) -> Result<(), BenchFailure> {
    block_on(async {
        let pool = PgPoolOptions::new()
            .max_connections(POOL)
            .connect(url)
            .await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        sqlx::query(
            "INSERT INTO account SELECT (100000 + n)::text, 9e20 FROM generate_series(0, $1 - 1) n",
        )
        .bind(investors)
        .execute(&pool)
        .await?;
        let routes = Router::new()
            .route("/v1/offerings/{offering}/contributions", post(contribute))
            .with_state(Arc::new(pool));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("http://{}", listener.local_addr()?);
        axum::serve(listener, routes).await?;
        Ok(())
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contribution {
    investor: String,
    currency: String,
    amount: String,
    reference: String,
}

#[derive(Debug, Serialize)]
struct Taken {
    id: i64,
    accepted: String,
}

async fn contribute(
    State(pool): State<Arc<PgPool>>,
    headers: HeaderMap,
    Json(new): Json<Contribution>,
) -> Result<(StatusCode, Json<Taken>), (StatusCode, String)> {
    let request = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    let request = request.ok_or((StatusCode::BAD_REQUEST, "no Idempotency-Key".to_owned()))?;
    match take(&pool, request, &new).await {
        Ok(Some(id)) => Ok((
            StatusCode::CREATED,
            Json(Taken {
                id,
                accepted: new.amount,
            }),
        )),
        Ok(None) => Err((StatusCode::CONFLICT, "refused".to_owned())),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

/// The number of the contribution; nothing when cap or balance do not allow it.
async fn take(
    pool: &PgPool,
    request: &str,
    new: &Contribution,
) -> Result<Option<i64>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let fits: bool = sqlx::query_scalar(
        "SELECT raised + $1::numeric <= cap FROM offering WHERE id = 1 FOR UPDATE",
    )
    .bind(&new.amount)
    .fetch_one(&mut *transaction)
    .await?;
    let covered: Option<bool> = sqlx::query_scalar(
        "SELECT available >= $1::numeric FROM account WHERE investor = $2 FOR UPDATE",
    )
    .bind(&new.amount)
    .bind(&new.investor)
    .fetch_optional(&mut *transaction)
    .await?;
    if !fits || covered != Some(true) {
        return Ok(None);
    }
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO contribution (request, investor, currency, amount, reference)
         VALUES ($1, $2, $3, $4::numeric, $5) ON CONFLICT (request) DO NOTHING RETURNING id",
    )
    .bind(request)
    .bind(&new.investor)
    .bind(&new.currency)
    .bind(&new.amount)
    .bind(&new.reference)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(id) = id else {
        return sqlx::query_scalar("SELECT id FROM contribution WHERE request = $1")
            .bind(request)
            .fetch_optional(&mut *transaction)
            .await;
    };
    sqlx::query("UPDATE offering SET raised = raised + $1::numeric WHERE id = 1")
        .bind(&new.amount)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE account SET available = available - $1::numeric WHERE investor = $2")
        .bind(&new.amount)
        .bind(&new.investor)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(id))
}
