//! Keys against real databases: the same scenarios on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

mod administering;
mod calling;
mod sharing;
mod signing;

use std::{net::IpAddr, num::NonZeroU32, str::FromStr as _, time::Duration};

use softcap_database::{Database, DatabaseUrl, on_writer, temporary::TemporaryPostgres};
use softcap_identity::{
    Act, Actor, AddressList, AuditTable, Created, Denied, Environment, KeyError, KeySettings, Keys,
    NewKey, Pepper, Peppers, Principal, RateLimit, Reach, Rotation, Scopes, Ticks, UnixMillis,
    Verb,
};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);
const PEPPER: &str = "p1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const NEW_PEPPER: &str = "p2:100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Nodes on one database with one clock that is moved by hand.
struct Installation {
    database: Database,
    ticks: Ticks,
    now: UnixMillis,
    home: IpAddr,
}

impl Installation {
    async fn new(database: Database) -> Self {
        Keys::migrations().run(&database).await.unwrap();
        Self {
            database,
            ticks: Ticks::by_hand(),
            now: UnixMillis::now(),
            home: "198.51.100.7".parse().unwrap(),
        }
    }

    async fn node(&self) -> Keys {
        self.node_with(&[PEPPER], KeySettings::standard().unwrap())
            .await
    }

    async fn node_with(&self, peppers: &[&str], settings: KeySettings) -> Keys {
        let mut known = peppers.iter().map(|text| Pepper::from_str(text).unwrap());
        let peppers = Peppers::new(known.next().unwrap(), known.collect()).unwrap();
        let database = self.database.clone();
        Keys::open(database, peppers, settings, self.ticks.clone())
            .await
            .unwrap()
    }

    fn enter(&self, keys: &Keys, key: &Created) -> Result<Principal, Denied> {
        keys.authenticate(&key.text.reveal(), self.home, self.now)
    }

    fn refusal(&self, keys: &Keys, key: &Created) -> Denied {
        self.enter(keys, key).unwrap_err()
    }
}

fn operator() -> Actor {
    Actor::Operator("anna".to_owned())
}

fn new_key(scopes: &str) -> NewKey {
    NewKey {
        label: "night job".to_owned(),
        owner: "issuer-7".to_owned(),
        environment: Environment::Live,
        scopes: scopes.parse().unwrap(),
        addresses: AddressList::default(),
        expires_at: None,
        limit: None,
        is_canary: false,
    }
}

fn cost(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// All scenarios, one after the other on one database.
async fn all_scenarios(database: Database) {
    let here = Installation::new(database).await;
    administering::keys_are_listed_in_order_and_bounded(&here).await;
    administering::a_key_lives_and_is_revoked_on_every_node(&here).await;
    calling::a_stale_node_asks_once_before_it_refuses(&here).await;
    calling::a_wrong_caller_is_refused_and_written_down(&here).await;
    administering::a_rotated_key_overlaps_with_its_successor(&here).await;
    administering::a_key_is_replaced_once_when_two_nodes_do_it(&here).await;
    administering::a_key_makes_only_weaker_keys(&here).await;
    calling::the_last_use_is_written_once_a_minute(&here).await;
    calling::keys_move_to_a_new_pepper_when_they_are_used(&here).await;
    calling::what_a_key_is_used_for_is_remembered(&here).await;
    administering::the_audit_keeps_every_row_and_no_secret(&here).await;
    administering::calls_at_once_have_a_row_each_whoever_goes_away(&here).await;
    signing::a_signature_is_used_once_whichever_node_gets_it(&here).await;
    signing::a_form_makes_one_key(&here).await;
    sharing::nodes_share_the_limit_of_a_key(&here).await;
    sharing::what_could_not_be_told_is_told_later(&here).await;
    sharing::nodes_share_the_limits_of_others(&here).await;
    sharing::a_node_counts_nothing_that_was_before_it_began(&here).await;
    administering::a_key_that_nobody_uses_ends(&here).await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    all_scenarios(Database::open(&url, "identity").await.unwrap()).await;
}

#[tokio::test]
async fn on_postgres() {
    let server = TemporaryPostgres::start().unwrap();
    let database = Database::open(&server.url(), "identity").await.unwrap();
    all_scenarios(database.clone()).await;
    database.close().await;
}

#[tokio::test]
async fn without_the_database_no_key_is_let_in_and_nothing_noted_is_lost() {
    let mut server = TemporaryPostgres::start().unwrap();
    let here = Installation::new(Database::open(&server.url(), "identity").await.unwrap()).await;
    let keys = here.node().await;
    let key = keys
        .create(&operator(), new_key("offerings:read:*"), here.now)
        .await
        .unwrap();
    assert!(here.enter(&keys, &key).is_ok());
    server.kill();
    // Within the second a key goes on working, then it does not, whatever is tried.
    here.ticks.advance(SECOND - Duration::from_nanos(1));
    assert!(here.enter(&keys, &key).is_ok());
    here.ticks.advance(Duration::from_nanos(1));
    let text = key.text.reveal();
    let enter = keys
        .authenticate_or_refresh(&text, here.home, here.now, cost(1))
        .await;
    assert_eq!(enter.unwrap_err(), Denied::Stale);
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let (keys, text) = (keys.clone(), text.clone());
            let (home, now) = (here.home, here.now);
            tokio::spawn(async move {
                keys.authenticate_or_refresh(&text, home, now, cost(1))
                    .await
                    .unwrap_err()
            })
        })
        .collect();
    for one in crowd {
        assert_eq!(one.await.unwrap(), Denied::Stale);
    }
    assert!(keys.write_notes(here.now).await.is_err());
    server.resume().unwrap();
    // The server listens before it has recovered: ask until it answers, as the background task does.
    let mut tries = 0;
    while let Err(error) = keys.refresh().await {
        tries += 1;
        assert!(tries < 300, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(here.enter(&keys, &key).is_ok());
    keys.write_notes(here.now).await.unwrap();
    assert!(keys.find(key.text.id()).await.unwrap().last_use.is_some());
    let rows = keys.audit(0, 1000).await.unwrap();
    assert!(rows.iter().any(|row| row.code == "key_stale"));
    here.database.close().await;
}

#[tokio::test]
async fn the_background_task_brings_changes_in_and_notes_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Folder(folder.path().to_owned());
    let database = Database::open(&url, "identity").await.unwrap();
    let here = Installation::new(database).await;
    let (one, other) = (here.node().await, here.node().await);
    let _watch = other.watch();
    let key = one
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap();
    // Each wait is for an event that the task brings about; the bound only ends a broken one.
    let mut tries = 0;
    while here.enter(&other, &key).is_err() {
        tries += 1;
        assert!(tries < 600, "the new key never came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    one.revoke(&operator(), key.text.id(), Reach::Alone, here.now)
        .await
        .unwrap();
    while here.enter(&other, &key).is_ok() {
        tries += 1;
        assert!(tries < 600, "the revocation never came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while other.find(key.text.id()).await.unwrap().last_use.is_none() {
        tries += 1;
        assert!(tries < 1200, "the last use was never written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
