//! The table of what wallets were asked for, in the service's database.

use std::{collections::BTreeSet, str::FromStr as _};

use alloy_primitives::{Address, B256};
use softcap_database::{
    Database, DatabaseError, Migrations, migrations, on_reader, on_writer, row,
};
use softcap_evm::Turn;
use softcap_identity::{PersonId, UnixMillis};
use softcap_journal::LogName;
use softcap_offering::Amount;

use super::act::{ActId, ActKind, SentNote, Stage, WalletAct};

/// Acts of a person that are shown and looked for.
const MOST_SHOWN: i64 = 50;
/// Acts of a person that were never sent, at most: the oldest of more go.
const MOST_UNSENT: i64 = 50;

/// What wallets were asked for. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct WalletActs(Database);

row! {
    struct Row {
        id: String,
        person: String,
        offering: String,
        kind: String,
        wallet: String,
        amount: String,
        stage: String,
        entries: i64,
        made_at: i64,
        hash: Option<String>,
        first_hash: Option<String>,
        turn: Option<String>,
        since: Option<i64>,
        sent_at: Option<i64>,
        block: Option<i64>,
        entry: Option<i64>,
        price_limit: Option<String>,
    }
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, person, offering, kind, wallet, amount, stage, entries, made_at, hash, first_hash, turn, since, ",
            "sent_at, block, entry, price_limit FROM wallet_act WHERE ",
            $where
        )
    };
}

impl WalletActs {
    fn migrations() -> Migrations {
        migrations!(
            "wallet_acts",
            "wallet_acts",
            ["0001_wallet_act", "0002_price_limit"]
        )
    }

    /// Opens the table in the service's database, and makes it if it is not there.
    pub(crate) async fn open(database: Database) -> Result<Self, DatabaseError> {
        Self::migrations().run(&database).await?;
        Ok(Self(database))
    }

    /// Notes a new act; one of this name stays as it is.
    pub(crate) async fn add(&self, act: &WalletAct) -> Result<(), DatabaseError> {
        let person = act.person.to_string();
        on_writer!(&self.0, |pool| {
            async {
            let mut work = pool.begin().await?;
            sqlx::query(
                "INSERT INTO wallet_act (id, person, offering, kind, wallet, amount, stage, entries, made_at, price_limit)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
            )
            .bind(act.id.to_string())
            .bind(&person)
            .bind(act.offering.to_string())
            .bind(act.kind.code())
            .bind(act.wallet.to_string())
            .bind(act.amount.0.to_string())
            .bind(act.stage.code())
            .bind(signed(act.after))
            .bind(act.made_at.get())
            .bind(act.limit.map(|limit| limit.0.to_string()))
            .execute(&mut *work)
            .await?;
            sqlx::query(
                "DELETE FROM wallet_act WHERE person = $1 AND hash IS NULL AND stage <> 'done' AND id NOT IN (
                     SELECT id FROM wallet_act WHERE person = $1 AND hash IS NULL ORDER BY made_at DESC LIMIT $2)",
            )
            .bind(&person)
            .bind(MOST_UNSENT)
            .execute(&mut *work)
            .await?;
            work.commit().await
        }
        .await
        })
    }

    /// An act of a person.
    pub(crate) async fn find(
        &self,
        person: PersonId,
        id: &ActId,
    ) -> Result<Option<WalletAct>, DatabaseError> {
        let row: Option<Row> = on_reader!(&self.0, |pool| {
            sqlx::query_as(select!("id = $1 AND person = $2"))
                .bind(id.to_string())
                .bind(person.to_string())
                .fetch_optional(pool)
                .await
        })?;
        Ok(row.and_then(act_of))
    }

    /// The newest acts of a person.
    pub(crate) async fn of_person(
        &self,
        person: PersonId,
    ) -> Result<Vec<WalletAct>, DatabaseError> {
        let rows: Vec<Row> = on_reader!(&self.0, |pool| {
            sqlx::query_as(select!("person = $1 ORDER BY made_at DESC, id LIMIT $2"))
                .bind(person.to_string())
                .bind(MOST_SHOWN)
                .fetch_all(pool)
                .await
        })?;
        Ok(rows.into_iter().filter_map(act_of).collect())
    }

    /// The wallets with which a person sent something, with the offerings.
    pub(crate) async fn wallets(
        &self,
        person: PersonId,
    ) -> Result<BTreeSet<(LogName, Address)>, DatabaseError> {
        let rows: Vec<(String, String)> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
                "SELECT DISTINCT offering, wallet FROM wallet_act
                 WHERE person = $1 AND (hash IS NOT NULL OR stage = 'done')",
            )
            .bind(person.to_string())
            .fetch_all(pool)
            .await
        })?;
        let read = |(offering, wallet): (String, String)| {
            Some((LogName::from_str(&offering).ok()?, wallet.parse().ok()?))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Who sent something with a wallet first, in an offering.
    pub(crate) async fn owner_of(
        &self,
        offering: &LogName,
        wallet: Address,
    ) -> Result<Option<PersonId>, DatabaseError> {
        let row: Option<(String,)> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
                "SELECT person FROM wallet_act WHERE offering = $1 AND wallet = $2
                     AND (hash IS NOT NULL OR stage = 'done') ORDER BY made_at, id LIMIT 1",
            )
            .bind(offering.to_string())
            .bind(wallet.to_string())
            .fetch_optional(pool)
            .await
        })?;
        Ok(row.and_then(|(person,)| person.parse().ok()))
    }

    /// Says how far an act came that nothing was sent for.
    pub(crate) async fn move_on(&self, act: &WalletAct, to: Stage) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query(
                "UPDATE wallet_act SET stage = $2 WHERE id = $1 AND stage IN ('draft', 'asked', 'declined')",
            )
            .bind(act.id.to_string())
            .bind(to.code())
            .execute(pool)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// Forgets an act that nothing was sent for.
    pub(crate) async fn discard(&self, act: &WalletAct) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query(
                "DELETE FROM wallet_act WHERE id = $1 AND stage IN ('draft', 'asked', 'declined')",
            )
            .bind(act.id.to_string())
            .execute(pool)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// Notes what was sent, unless something was noted before.
    pub(crate) async fn note_sent(
        &self,
        act: &WalletAct,
        sent: &SentNote,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query(
                "UPDATE wallet_act SET stage = 'sent', hash = $2, first_hash = $2, turn = $3, since = $4, sent_at = $5
                 WHERE id = $1 AND stage IN ('draft', 'asked', 'declined')",
            )
            .bind(act.id.to_string())
            .bind(sent.hash.to_string())
            .bind(sent.turn.map(turn_text))
            .bind(signed(sent.since))
            .bind(sent.at.get())
            .execute(pool)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// Notes what a look at the chain found.
    pub(crate) async fn note_seen(
        &self,
        act: &WalletAct,
        seen: &SentNote,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query(
                "UPDATE wallet_act SET hash = $2, turn = $3, block = $4 WHERE id = $1 AND stage = 'sent'",
            )
            .bind(act.id.to_string())
            .bind(seen.hash.to_string())
            .bind(seen.turn.map(turn_text))
            .bind(seen.block.map(signed))
            .execute(pool)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// Notes that an act is done, and the entry of the record, if it is one.
    pub(crate) async fn finish(
        &self,
        act: &WalletAct,
        entry: Option<u64>,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query("UPDATE wallet_act SET stage = 'done', entry = $2 WHERE id = $1")
                .bind(act.id.to_string())
                .bind(entry.map(signed))
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Forgets everything of a person.
    pub(crate) async fn forget(&self, person: PersonId) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query("DELETE FROM wallet_act WHERE person = $1")
                .bind(person.to_string())
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn turn_text(turn: Turn) -> String {
    format!("{}:{}", turn.sender, turn.nonce)
}

fn turn_of(text: &str) -> Option<Turn> {
    let (sender, nonce) = text.split_once(':')?;
    Some(Turn {
        sender: sender.parse().ok()?,
        nonce: nonce.parse().ok()?,
    })
}

/// A row that nobody changed by hand can always be read.
fn act_of(row: Row) -> Option<WalletAct> {
    let number = |number: i64| u64::try_from(number).ok();
    let sent = match (&row.hash, &row.first_hash, row.since, row.sent_at) {
        (Some(hash), Some(first), Some(since), Some(at)) => Some(SentNote {
            hash: B256::from_str(hash).ok()?,
            first_hash: B256::from_str(first).ok()?,
            turn: row.turn.as_deref().and_then(turn_of),
            since: number(since)?,
            at: UnixMillis::new(at),
            block: row.block.and_then(number),
        }),
        (None, ..) | (_, None, ..) | (_, _, None, _) | (.., None) => None,
    };
    let limit = match row.price_limit {
        Some(limit) => Some(Amount(limit.parse().ok()?)),
        None => None,
    };
    Some(WalletAct {
        id: row.id.parse().ok()?,
        person: row.person.parse().ok()?,
        offering: row.offering.parse().ok()?,
        kind: ActKind::of_code(&row.kind)?,
        wallet: row.wallet.parse().ok()?,
        amount: Amount(row.amount.parse().ok()?),
        limit,
        stage: Stage::of_code(&row.stage)?,
        after: number(row.entries)?,
        made_at: UnixMillis::new(row.made_at),
        sent,
        entry: row.entry.and_then(number),
    })
}
