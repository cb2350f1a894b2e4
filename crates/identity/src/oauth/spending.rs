//! What an application contributed for a person, held to the limits of the grant.
//!
//! The record says what was contributed; here stands only which requests were of which grant. A contribution is written down
//! *before* it is entered, under the lock of its grant, so that of two at the same time the second sees the first. From then on
//! it counts as much as the record says of it: nothing where it was refused, and what did not come back where it was taken.
//! Until the record says something, it counts in full, for ten minutes: longer than any request is on its way.

use std::time::Duration;

use softcap_database::{on_reader, on_writer, row};

use super::{AmountLimits, GrantId, Oauth, OauthError};
use crate::UnixMillis;

/// How long something counts that the record does not know.
const ON_ITS_WAY: Duration = Duration::from_secs(600);

/// A contribution that an application makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSpend {
    /// Names its entry.
    pub request: [u8; 16],
    /// In which offering.
    pub offering: String,
    /// The currency's symbol.
    pub symbol: String,
    /// Places of its smallest unit.
    pub decimals: u8,
    /// Smallest units.
    pub amount: u128,
}

/// What the record says of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InRecord {
    /// Nothing, as far as is known here.
    Unknown,
    /// So much was put in with it and did not come back.
    Inside(u128),
}

/// What the grant's applications put in and did not get back, in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The currency's symbol.
    pub symbol: String,
    /// Places of its smallest unit.
    pub decimals: u8,
    /// Smallest units.
    pub amount: u128,
}

row! {
    struct SpendRow {
        request: Vec<u8>,
        offering: String,
        symbol: String,
        decimals: i64,
        amount: String,
        noted_at: i64,
    }
}

const ROWS: &str = "SELECT request, offering, symbol, decimals, amount, noted_at FROM oauth_spend \
     WHERE grant_id = $1";
/// Takes the lock of a grant, and gives its limits as they are now.
const LOCK: &str = "UPDATE oauth_grant SET used_at = used_at WHERE id = $1 AND ended_at IS NULL \
     RETURNING limits";
const NOTE: &str = "INSERT INTO oauth_spend (grant_id, offering, request, symbol, decimals, amount, noted_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (grant_id, offering, request, symbol, decimals) \
     DO UPDATE SET amount = excluded.amount, noted_at = excluded.noted_at";

impl SpendRow {
    fn read(self) -> Result<(AppSpend, UnixMillis), OauthError> {
        let damaged = || OauthError::damaged("oauth_spend", &self.offering);
        let spend = AppSpend {
            request: self.request.as_slice().try_into().map_err(|_| damaged())?,
            symbol: self.symbol.clone(),
            decimals: u8::try_from(self.decimals).map_err(|_| damaged())?,
            amount: self.amount.parse().map_err(|_| damaged())?,
            offering: self.offering.clone(),
        };
        Ok((spend, UnixMillis::new(self.noted_at)))
    }
}

/// How much one counts.
fn counts(
    (spend, noted_at): &(AppSpend, UnixMillis),
    in_record: InRecord,
    now: UnixMillis,
) -> u128 {
    match in_record {
        InRecord::Inside(amount) => amount,
        InRecord::Unknown if now < noted_at.plus(ON_ITS_WAY) => spend.amount,
        InRecord::Unknown => 0,
    }
}

impl Oauth {
    /// Writes down that an application is about to contribute, where the grant allows it. `in_record` says what became of
    /// others; the same contribution once more counts once.
    ///
    /// # Errors
    /// [`OauthError::OtherCurrency`], [`OauthError::OverEach`], [`OauthError::OverTotal`]: nothing is written then;
    /// [`OauthError::NoGrant`]; what the database says.
    pub async fn note_spend(
        &self,
        grant: GrantId,
        spend: &AppSpend,
        in_record: &(dyn Fn(&AppSpend) -> InRecord + Sync),
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        let id = grant.to_string();
        let decimals = i64::from(spend.decimals);
        let noted: Result<(), OauthError> = on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            let lock = sqlx::query_scalar(LOCK).bind(&id);
            let limits: Option<String> = lock.fetch_optional(&mut *work).await?;
            let Some(limits) = limits else {
                return Ok(Err(OauthError::NoGrant));
            };
            let rows = sqlx::query_as(ROWS).bind(&id);
            let rows: Vec<SpendRow> = rows.fetch_all(&mut *work).await?;
            let noted = match allowed((&limits, rows), spend, in_record, now) {
                Ok(amount) => amount,
                Err(error) => return Ok(Err(error)),
            };
            let note = sqlx::query(NOTE).bind(&id).bind(&spend.offering);
            let note = note.bind(spend.request.as_slice()).bind(&spend.symbol);
            let note = note.bind(decimals).bind(noted.to_string());
            note.bind(now.get()).execute(&mut *work).await?;
            work.commit().await?;
            Ok::<_, sqlx::Error>(Ok(()))
        }
        .await)?;
        noted
    }

    /// As [`Oauth::note_spend`], and nothing is written.
    ///
    /// # Errors
    /// Those of [`Oauth::note_spend`].
    pub async fn require_spend(
        &self,
        grant: GrantId,
        spend: &AppSpend,
        in_record: &(dyn Fn(&AppSpend) -> InRecord + Sync),
        now: UnixMillis,
    ) -> Result<(), OauthError> {
        const LIMITS: &str = "SELECT limits FROM oauth_grant WHERE id = $1 AND ended_at IS NULL";
        let id = grant.to_string();
        let limits: Option<String> =
            on_reader!(self.database(), |pool| sqlx::query_scalar(LIMITS)
                .bind(&id)
                .fetch_optional(pool)
                .await)?;
        let limits = limits.ok_or(OauthError::NoGrant)?;
        let rows: Vec<SpendRow> = on_reader!(self.database(), |pool| sqlx::query_as(ROWS)
            .bind(&id)
            .fetch_all(pool)
            .await)?;
        allowed((&limits, rows), spend, in_record, now).map(drop)
    }

    /// What was put in under a grant and did not come back, by currency.
    ///
    /// # Errors
    /// [`OauthError::Row`], and what the database says.
    pub async fn spent(
        &self,
        grant: GrantId,
        in_record: &(dyn Fn(&AppSpend) -> InRecord + Sync),
        now: UnixMillis,
    ) -> Result<Vec<Spent>, OauthError> {
        let rows: Vec<SpendRow> = on_reader!(self.database(), |pool| sqlx::query_as(ROWS)
            .bind(grant.to_string())
            .fetch_all(pool)
            .await)?;
        let mut all: Vec<Spent> = Vec::new();
        for row in rows {
            let row = row.read()?;
            let amount = counts(&row, in_record(&row.0), now);
            let AppSpend {
                symbol, decimals, ..
            } = row.0;
            let mut known = all.iter_mut();
            match known.find(|one| one.symbol == symbol && one.decimals == decimals) {
                Some(known) => known.amount = known.amount.saturating_add(amount),
                None => all.push(Spent {
                    symbol,
                    decimals,
                    amount,
                }),
            }
        }
        Ok(all)
    }
}

/// As how much a contribution is to be written down, if it may be made beside all others.
fn allowed(
    (limits, rows): (&str, Vec<SpendRow>),
    spend: &AppSpend,
    in_record: &(dyn Fn(&AppSpend) -> InRecord + Sync),
    now: UnixMillis,
) -> Result<u128, OauthError> {
    let limits: AmountLimits = limits.parse()?;
    let (mut others, mut noted) = (0_u128, spend.amount);
    for row in rows {
        let row = row.read()?;
        let is_same_unit = row.0.symbol == spend.symbol && row.0.decimals == spend.decimals;
        if !is_same_unit {
            continue;
        }
        let amount = counts(&row, in_record(&row.0), now);
        if row.0.request == spend.request && row.0.offering == spend.offering {
            // One of the two is entered, and nobody knows which: the larger counts until the record says.
            noted = noted.max(amount);
        } else {
            others = others.saturating_add(amount);
        }
    }
    if limits.is_empty() {
        return Ok(noted);
    }
    let limit = limits.of(&spend.symbol, spend.decimals);
    let limit = limit.ok_or(OauthError::OtherCurrency)?;
    if limit.each.is_some_and(|each| spend.amount > each) {
        return Err(OauthError::OverEach);
    }
    match limit.total {
        Some(total) if others.saturating_add(noted) > total => Err(OauthError::OverTotal),
        Some(_) | None => Ok(noted),
    }
}
