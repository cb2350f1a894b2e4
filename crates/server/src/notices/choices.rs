//! The table of what people want to be told, in the service's database.

use softcap_database::{Database, DatabaseError, Migrations, migrations, on_reader, on_writer};
use softcap_identity::PersonId;

use super::NoticeKind;

/// In the place of a name: all offerings for which nothing else is said. No offering has this name.
pub(crate) const EVERY_OFFERING: &str = "*";

const WANTERS: &str =
    "SELECT DISTINCT person FROM notice_choice c WHERE kind = $1 AND is_on = 1 AND person > $3
         AND (offering = $2 OR (offering = '*' AND NOT EXISTS (
             SELECT 1 FROM notice_choice d
             WHERE d.person = c.person AND d.kind = $1 AND d.offering = $2 AND d.is_on = 0)))
     ORDER BY person LIMIT $4";

/// What people want. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Choices(Database);

/// What somebody said about a kind of mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Name of the offering, or [`EVERY_OFFERING`].
    pub(crate) offering: String,
    /// Of which mails.
    pub(crate) kind: NoticeKind,
    /// Whether they come.
    pub(crate) is_on: bool,
}

/// Whether mails of a kind about an offering come to who chose so: what is said of the offering goes before what is said of
/// all, and that before what the kind does by itself.
pub(crate) fn is_wanted(choices: &[Choice], offering: &str, kind: NoticeKind) -> bool {
    let of = |place: &str| {
        let mut said = choices.iter();
        let said = said.find(|choice| choice.kind == kind && choice.offering == place);
        said.map(|choice| choice.is_on)
    };
    of(offering)
        .or_else(|| of(EVERY_OFFERING))
        .unwrap_or(kind.by_default())
}

impl Choices {
    fn migrations() -> Migrations {
        migrations!("notices", "notices", ["0001_notice_choice"])
    }

    /// Opens the table in the service's database, and makes it if it is not there.
    pub(crate) async fn open(database: Database) -> Result<Self, DatabaseError> {
        Self::migrations().run(&database).await?;
        Ok(Self(database))
    }

    /// All that a person said.
    pub(crate) async fn of(&self, person: PersonId) -> Result<Vec<Choice>, DatabaseError> {
        let rows: Vec<(String, String, i64)> = on_reader!(&self.0, |pool| {
            sqlx::query_as("SELECT offering, kind, is_on FROM notice_choice WHERE person = $1")
                .bind(person.to_string())
                .fetch_all(pool)
                .await
        })?;
        let rows = rows.into_iter().filter_map(|(offering, kind, is_on)| {
            Some(Choice {
                offering,
                kind: NoticeKind::of_code(&kind)?,
                is_on: is_on != 0,
            })
        });
        let mut all: Vec<Choice> = rows.collect();
        // Here, because the order of texts is a setting of the database.
        all.sort_by(|a, b| (&a.offering, a.kind.code()).cmp(&(&b.offering, b.kind.code())));
        Ok(all)
    }

    /// Puts what is said now in the place of what was said before.
    pub(crate) async fn put(
        &self,
        person: PersonId,
        choices: &[Choice],
    ) -> Result<(), DatabaseError> {
        let person = person.to_string();
        on_writer!(&self.0, |pool| {
            async {
            let mut work = pool.begin().await?;
            for choice in choices {
                sqlx::query(
                    "INSERT INTO notice_choice (person, offering, kind, is_on) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (person, offering, kind) DO UPDATE SET is_on = excluded.is_on",
                )
                .bind(&person)
                .bind(&choice.offering)
                .bind(choice.kind.code())
                .bind(i64::from(choice.is_on))
                .execute(&mut *work)
                .await?;
            }
            work.commit().await
        }
        .await
        })
    }

    /// Of an offering what is said of all counts again.
    pub(crate) async fn clear(
        &self,
        person: PersonId,
        offering: &str,
    ) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query("DELETE FROM notice_choice WHERE person = $1 AND offering = $2")
                .bind(person.to_string())
                .bind(offering)
                .execute(pool)
                .await
                .map(drop)
        })
    }

    /// People who asked for mails of a kind about an offering, after one, in an order that stays the same.
    pub(crate) async fn wanters(
        &self,
        (offering, kind): (&str, NoticeKind),
        after: &str,
        most: i64,
    ) -> Result<Vec<String>, DatabaseError> {
        let rows: Vec<(String,)> = on_reader!(&self.0, |pool| {
            sqlx::query_as(WANTERS)
                .bind(kind.code())
                .bind(offering)
                .bind(after)
                .bind(most)
                .fetch_all(pool)
                .await
        })?;
        Ok(rows.into_iter().map(|(person,)| person).collect())
    }

    /// Forgets everything of a person.
    pub(crate) async fn forget(&self, person: PersonId) -> Result<(), DatabaseError> {
        on_writer!(&self.0, |pool| {
            sqlx::query("DELETE FROM notice_choice WHERE person = $1")
                .bind(person.to_string())
                .execute(pool)
                .await
                .map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use softcap_database::{DatabaseUrl, temporary::TemporaryPostgres};

    use super::*;

    fn choice(offering: &str, kind: NoticeKind, is_on: bool) -> Choice {
        Choice {
            offering: offering.to_owned(),
            kind,
            is_on,
        }
    }

    #[test]
    fn what_is_said_of_an_offering_goes_before_what_is_said_of_all() {
        use NoticeKind::{Contribution, Opening};
        let said = [
            choice("*", Contribution, false),
            choice("a", Contribution, true),
            choice("*", Opening, true),
            choice("b", Opening, false),
        ];
        let table = [
            ("a", Contribution, true),
            ("b", Contribution, false),
            ("a", Opening, true),
            ("b", Opening, false),
            ("a", NoticeKind::Result, true),
            ("a", NoticeKind::Price, false),
        ];
        for (offering, kind, expected) in table {
            assert_eq!(
                is_wanted(&said, offering, kind),
                expected,
                "{offering} {kind:?}"
            );
        }
    }

    async fn choices_are_kept_and_found(url: &DatabaseUrl) {
        let database = Database::open(url, "service").await.unwrap();
        let choices = Choices::open(database.clone()).await.unwrap();
        let person = |text: &str| text.repeat(16).parse::<PersonId>().unwrap();
        let (anna, bela, eve) = (person("01"), person("02"), person("03"));
        let opening = NoticeKind::Opening;
        choices
            .put(anna, &[choice("a", opening, true)])
            .await
            .unwrap();
        choices
            .put(
                bela,
                &[choice("*", opening, true), choice("a", opening, false)],
            )
            .await
            .unwrap();
        choices
            .put(eve, &[choice("*", opening, true)])
            .await
            .unwrap();
        let wanters = async |offering: &str, after: &str| {
            choices
                .wanters((offering, opening), after, 9)
                .await
                .unwrap()
        };
        assert_eq!(wanters("a", "").await, [anna.to_string(), eve.to_string()]);
        assert_eq!(wanters("b", "").await, [bela.to_string(), eve.to_string()]);
        assert_eq!(wanters("a", &anna.to_string()).await, [eve.to_string()]);
        choices.clear(bela, "a").await.unwrap();
        choices
            .put(eve, &[choice("*", opening, false)])
            .await
            .unwrap();
        assert_eq!(wanters("a", "").await, [anna.to_string(), bela.to_string()]);
        assert_eq!(
            choices.of(eve).await.unwrap(),
            [choice("*", opening, false)]
        );
        choices.forget(anna).await.unwrap();
        assert_eq!(choices.of(anna).await.unwrap(), []);
        database.close().await;
    }

    #[tokio::test]
    async fn on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        choices_are_kept_and_found(&DatabaseUrl::Folder(folder.path().to_owned())).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn on_postgres() {
        let server = TemporaryPostgres::start().unwrap();
        let url = server.database("notices").await.unwrap();
        choices_are_kept_and_found(&url).await;
    }
}
