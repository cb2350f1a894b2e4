//! The table of budgets, in the service's database.

use softcap_database::{Database, DatabaseError, Migrations, migrations, on_reader, on_writer};
use softcap_identity::{PersonId, UnixMillis};
use softcap_offering::Amount;

use super::budget::{Budget, Limits};

/// Budgets. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Budgets(Database);

type Row = (
    String,
    i16,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

/// A budget, with its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InCurrency {
    /// Symbol of the currency.
    pub(crate) symbol: String,
    /// Places of its smallest unit.
    pub(crate) decimals: u8,
    /// What is allowed.
    pub(crate) budget: Budget,
}

impl Budgets {
    fn migrations() -> Migrations {
        migrations!("budgets", "budgets", ["0001_budget"])
    }

    /// Opens the table in the service's database, and makes it if it is not there.
    pub(crate) async fn open(database: Database) -> Result<Self, DatabaseError> {
        Self::migrations().run(&database).await?;
        Ok(Self(database))
    }

    /// All budgets of a person, by currency.
    pub(crate) async fn of(&self, person: PersonId) -> Result<Vec<InCurrency>, DatabaseError> {
        let rows: Vec<Row> = on_reader!(&self.0, |pool| {
            sqlx::query_as(
                "SELECT symbol, decimals, year, offering, next_year, next_offering, next_at FROM budget
                 WHERE person = $1",
            )
            .bind(person.to_string())
            .fetch_all(pool)
            .await
        })?;
        let mut all: Vec<_> = rows.into_iter().filter_map(budget_of).collect();
        // Here, because the order of texts is a setting of the database.
        all.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        Ok(all)
    }

    /// What a person allows themself in a currency.
    pub(crate) async fn find(
        &self,
        person: PersonId,
        (symbol, decimals): (&str, u8),
    ) -> Result<Budget, DatabaseError> {
        let all = self.of(person).await?.into_iter();
        let mut found = all.filter(|held| held.symbol == symbol && held.decimals == decimals);
        Ok(found
            .next()
            .map_or_else(Budget::default, |held| held.budget))
    }

    /// Puts a budget in the place of the one before. Two that are set at the same time are not both kept, and neither is
    /// more than was allowed before for a day.
    pub(crate) async fn put(
        &self,
        person: PersonId,
        held: &InCurrency,
    ) -> Result<(), DatabaseError> {
        let text = |amount: Option<Amount>| amount.map(|amount| amount.0.to_string());
        let Budget { now, next } = held.budget;
        let (later, from) = next.unzip();
        let later = later.unwrap_or_default();
        on_writer!(&self.0, |pool| {
            sqlx::query(
                "INSERT INTO budget (person, symbol, decimals, year, offering, next_year, next_offering, next_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (person, symbol, decimals) DO UPDATE SET year = excluded.year,
                     offering = excluded.offering, next_year = excluded.next_year,
                     next_offering = excluded.next_offering, next_at = excluded.next_at",
            )
            .bind(person.to_string())
            .bind(&held.symbol)
            .bind(i16::from(held.decimals))
            .bind(text(now.year))
            .bind(text(now.offering))
            .bind(text(later.year))
            .bind(text(later.offering))
            .bind(from.map(UnixMillis::get))
            .execute(pool)
            .await
            .map(drop)
        })
    }

    /// Forgets everything of a person.
    pub(crate) async fn forget(&self, person: PersonId) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query("DELETE FROM budget WHERE person = $1")
                .bind(person.to_string())
                .execute(pool)
                .await
                .map(drop)
        })
    }
}

/// A row that nobody changed by hand can always be read.
fn budget_of(row: Row) -> Option<InCurrency> {
    let (symbol, decimals, year, offering, next_year, next_offering, next_at) = row;
    let read = |text: Option<String>| match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(|units| Some(Amount(units))),
    };
    let now = Limits {
        year: read(year)?,
        offering: read(offering)?,
    };
    let later = Limits {
        year: read(next_year)?,
        offering: read(next_offering)?,
    };
    Some(InCurrency {
        symbol,
        decimals: u8::try_from(decimals).ok()?,
        budget: Budget {
            now,
            next: next_at.map(|at| (later, UnixMillis::new(at))),
        },
    })
}

#[cfg(test)]
mod tests {
    use softcap_database::{DatabaseUrl, temporary::TemporaryPostgres};

    use super::*;

    async fn a_budget_is_one_of_a_person_and_a_currency(url: &DatabaseUrl) {
        let database = Database::open(url, "service").await.unwrap();
        let budgets = Budgets::open(database.clone()).await.unwrap();
        let person = |text: &str| text.repeat(16).parse::<PersonId>().unwrap();
        let (anna, eve) = (person("01"), person("02"));
        let at = UnixMillis::new(50);
        let wanted = Limits {
            year: Some(Amount(u128::MAX)),
            offering: None,
        };
        let mut held = InCurrency {
            symbol: "EUR".to_owned(),
            decimals: 2,
            budget: Budget::default().wish(wanted, at),
        };
        budgets.put(anna, &held).await.unwrap();
        held.budget = held.budget.wish(Limits::default(), at);
        budgets.put(anna, &held).await.unwrap();
        assert_eq!(budgets.of(anna).await.unwrap(), vec![held.clone()]);
        assert_eq!(budgets.of(eve).await.unwrap(), Vec::new());
        let found = budgets.find(anna, ("EUR", 2)).await.unwrap();
        assert_eq!(found, held.budget);
        let other = budgets.find(anna, ("EUR", 18)).await.unwrap();
        assert_eq!(other, Budget::default());
        budgets.forget(eve).await.unwrap();
        budgets.forget(anna).await.unwrap();
        assert_eq!(budgets.of(anna).await.unwrap(), Vec::new());
        database.close().await;
    }

    #[tokio::test]
    async fn on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Folder(folder.path().to_owned());
        a_budget_is_one_of_a_person_and_a_currency(&url).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn on_postgres() {
        let server = TemporaryPostgres::start().unwrap();
        let url = server.database("budgets").await.unwrap();
        a_budget_is_one_of_a_person_and_a_currency(&url).await;
    }
}
