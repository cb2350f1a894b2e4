//! Limits of amounts: set, held by the database when two come at once, and counted by what a record says.

use std::{collections::BTreeMap, sync::Mutex};

use softcap_identity::{AppSpend, GrantId, InRecord, LeftOfGrant, Spent};

use super::*;

/// A record that knows what somebody says.
#[derive(Default)]
struct Record(Mutex<BTreeMap<u8, u128>>);

impl Record {
    fn enter(&self, name: u8, inside: u128) {
        self.0.lock().unwrap().insert(name, inside);
    }

    fn says(&self, spend: &AppSpend) -> InRecord {
        let known = self.0.lock().unwrap();
        let inside = known.get(&spend.request[0]).copied();
        inside.map_or(InRecord::Unknown, InRecord::Inside)
    }
}

fn spend(name: u8, amount: u128) -> AppSpend {
    AppSpend {
        request: [name; 16],
        offering: "harbour".to_owned(),
        symbol: "EUR".to_owned(),
        decimals: 2,
        amount,
    }
}

/// A grant with these limits.
async fn limited(here: &Installation, email: &str, limits: &str) -> (Session, GrantId, Issued) {
    let (_, session, issued) = here.tokens(email).await;
    let grants = here.oauth.grants(session.person, here.now).await.unwrap();
    let grant = grants.first().unwrap();
    let left = LeftOfGrant {
        scopes: grant.scopes.clone(),
        expires_at: grant.expires_at,
        limits: limits.parse().unwrap(),
    };
    let id = grant.id;
    let narrowed = here.oauth.narrow(session.person, id, &left, here.now);
    narrowed.await.unwrap();
    (session, id, issued)
}

async fn note(
    here: &Installation,
    grant: GrantId,
    spend: &AppSpend,
    record: &Record,
) -> &'static str {
    let look = |spend: &AppSpend| record.says(spend);
    let noted = here.oauth.note_spend(grant, spend, &look, here.now).await;
    noted.map_or_else(|error| error.code(), |()| "noted")
}

async fn used(here: &Installation, grant: GrantId, record: &Record) -> Vec<Spent> {
    let look = |spend: &AppSpend| record.says(spend);
    here.oauth.spent(grant, &look, here.now).await.unwrap()
}

pub(crate) async fn what_is_contributed_counts_as_the_record_says(here: &Installation) {
    let (session, grant, issued) = limited(here, "spend@example.org", "EUR 2 60 100").await;
    let bearer = here.bearer(&issued.access).await.unwrap();
    assert_eq!(bearer.limits.to_string(), "EUR 2 60 100");
    let record = Record::default();
    assert_eq!(note(here, grant, &spend(1, 61), &record).await, "A847");
    let other = AppSpend {
        decimals: 18,
        ..spend(1, 1)
    };
    assert_eq!(note(here, grant, &other, &record).await, "A846");
    assert_eq!(note(here, grant, &spend(1, 60), &record).await, "noted");
    // The same once more counts once, whether the record knows it or not; and so does a larger one of its name.
    assert_eq!(note(here, grant, &spend(1, 60), &record).await, "noted");
    assert_eq!(note(here, grant, &spend(1, 10), &record).await, "noted");
    assert_eq!(note(here, grant, &spend(2, 41), &record).await, "A848");
    assert_eq!(note(here, grant, &spend(2, 40), &record).await, "noted");
    // Refused: it never counted. Taken, and a part came back: the rest counts.
    record.enter(2, 0);
    record.enter(1, 25);
    let spent = used(here, grant, &record).await;
    assert_eq!(spent.iter().map(|one| one.amount).collect::<Vec<_>>(), [25]);
    assert_eq!(note(here, grant, &spend(3, 60), &record).await, "noted");
    assert_eq!(note(here, grant, &spend(4, 16), &record).await, "A848");
    // What the record does not know after ten minutes never came.
    let later = here.later(10 * MINUTE);
    assert_eq!(note(&later, grant, &spend(4, 60), &record).await, "noted");
    assert_eq!(note(&later, grant, &spend(5, 16), &record).await, "A848");
    // And where it comes after all, it counts.
    record.enter(3, 60);
    assert_eq!(note(&later, grant, &spend(5, 1), &record).await, "A848");

    here.oauth
        .end_grant(session.person, grant, here.now)
        .await
        .unwrap();
    assert_eq!(note(here, grant, &spend(6, 1), &record).await, "A842");
}

pub(crate) async fn of_many_at_once_no_more_go_through_than_are_allowed(here: &Installation) {
    let (_, grant, _) = limited(here, "spend-crowd@example.org", "EUR 2 - 35").await;
    let record = Record::default();
    let crowd = (1..=12).map(|name| {
        let record = &record;
        async move { note(here, grant, &spend(name, 10), record).await }
    });
    let said = futures_util::future::join_all(crowd).await;
    let noted = said.iter().filter(|said| **said == "noted").count();
    assert_eq!(noted, 3, "{said:?}");
    assert!(said.iter().all(|said| ["noted", "A848"].contains(said)));
}

pub(crate) async fn limits_are_narrowed_and_never_widened(here: &Installation) {
    let (session, grant, _) = limited(here, "spend-less@example.org", "EUR 2 60 100").await;
    let before = here.oauth.grant(session.person, grant, here.now).await;
    let before = before.unwrap();
    for (limits, expected) in [
        ("EUR 2 61 100", "A845"),
        ("EUR 2 60 100\nBTC 8 1 1", "A845"),
        ("EUR 2 60 -", "A845"),
        ("", "A845"),
        ("EUR 2 50 100", "done"),
        ("EUR 2 60 100", "A845"),
    ] {
        let left = LeftOfGrant {
            scopes: before.scopes.clone(),
            expires_at: before.expires_at,
            limits: limits.parse().unwrap(),
        };
        let narrowed = here.oauth.narrow(session.person, grant, &left, here.now);
        let said = narrowed
            .await
            .map_or_else(|error| error.code(), |()| "done");
        assert_eq!(said, expected, "{limits}");
    }
}

/// The change of the tables ends them once; here on what is there.
pub(crate) async fn what_was_granted_before_amounts_existed_is_asked_for_again(
    here: &Installation,
) {
    const END: &str = include_str!("../../migrations/sqlite/0027_grants_without_amounts.sql");
    const ON_POSTGRES: &str =
        include_str!("../../migrations/postgres/0027_grants_without_amounts.sql");
    assert_eq!(END, ON_POSTGRES);
    let (session, grant, with_limits) =
        limited(here, "spend-new@example.org", "EUR 2 60 100").await;
    let (_, older, unlimited) = here.tokens("spend-old@example.org").await;
    let may = async |issued: &Issued| here.bearer(&issued.access).await.is_some();
    assert!(may(&unlimited).await && may(&with_limits).await);
    for person in [session.person, older.person] {
        const MORE: &str =
            "UPDATE oauth_grant SET scopes = scopes || ' contributions:write:*' WHERE person = $1";
        softcap_database::on_writer!(&here.database, |pool| sqlx::query(MORE)
            .bind(person.to_string())
            .execute(pool)
            .await
            .map(drop))
        .unwrap();
    }
    softcap_database::on_writer!(&here.database, |pool| sqlx::query(END)
        .execute(pool)
        .await
        .map(drop))
    .unwrap();
    assert!(!may(&unlimited).await);
    assert!(may(&with_limits).await);
    let kept = here.oauth.grant(session.person, grant, here.now).await;
    assert!(kept.is_ok());
}
