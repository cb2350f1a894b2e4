//! Keys against real databases: the same scenarios on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

use std::{net::IpAddr, num::NonZeroU32, str::FromStr as _, time::Duration};

use softcap_database::{Database, DatabaseUrl, on_writer, temporary_postgres::TemporaryPostgres};
use softcap_identity::{
    Act, Actor, AddressList, Created, Denied, Environment, KeyError, KeySettings, Keys, NewKey,
    Pepper, Peppers, Principal, RateLimit, Reach, Rotation, Scopes, Ticks, UnixMillis, Verb,
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
    }
}

fn cost(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn a_key_lives_and_is_revoked_on_every_node(here: &Installation) {
    let (one, other) = (here.node().await, here.node().await);
    let new = new_key("offerings:read:* contributions:write:spring");
    let key = one.create(&operator(), new, here.now).await.unwrap();

    let principal = here.enter(&one, &key).unwrap();
    assert_eq!(principal.key_id(), key.text.id());
    assert_eq!(principal.owner(), "issuer-7");
    assert_eq!(principal.environment(), Environment::Live);
    assert!(principal.allows(Verb::ContributionsWrite, "spring"));
    assert!(!principal.allows(Verb::ContributionsWrite, "autumn"));
    assert!(!principal.allows(Verb::KeysWrite, "spring"));

    assert_eq!(here.refusal(&other, &key), Denied::Unknown);
    other.refresh().await.unwrap();
    assert!(here.enter(&other, &key).is_ok());

    let revoked = one
        .revoke(&operator(), key.text.id(), Reach::Alone, here.now)
        .await
        .unwrap();
    assert_eq!(revoked.len(), 1);
    assert_eq!(here.refusal(&one, &key), Denied::Revoked);
    // The other node has not asked yet; when it has, or when a second has passed, the key is out.
    assert!(here.enter(&other, &key).is_ok());
    here.ticks.advance(SECOND - Duration::from_nanos(1));
    assert!(here.enter(&other, &key).is_ok());
    here.ticks.advance(Duration::from_nanos(1));
    assert_eq!(here.refusal(&other, &key), Denied::Stale);
    other.refresh().await.unwrap();
    assert_eq!(here.refusal(&other, &key), Denied::Revoked);
    one.refresh().await.unwrap();
    assert_eq!(here.refusal(&one, &key), Denied::Revoked);

    let again = one
        .revoke(&operator(), key.text.id(), Reach::Alone, here.now)
        .await
        .unwrap();
    assert_eq!(again, []);
    assert_eq!(here.refusal(&here.node().await, &key), Denied::Revoked);
    let record = one.find(key.text.id()).await.unwrap();
    assert_eq!(record.revoked_at, Some(here.now));
    assert!(!record.is_live(here.now));
}

async fn a_stale_node_asks_once_before_it_refuses(here: &Installation) {
    let keys = here.node().await;
    let key = keys
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap();
    let text = key.text.reveal();
    here.ticks.advance(HOUR);
    assert_eq!(here.refusal(&keys, &key), Denied::Stale);
    let enter = keys
        .authenticate_or_refresh(&text, here.home, here.now, cost(1))
        .await;
    assert_eq!(enter.unwrap().key_id(), key.text.id());
    assert!(here.enter(&keys, &key).is_ok());
    let junk = keys
        .authenticate_or_refresh("junk", here.home, here.now, cost(1))
        .await;
    assert_eq!(junk.unwrap_err(), Denied::Malformed);
}

async fn a_wrong_caller_is_refused_and_written_down(here: &Installation) {
    let keys = here.node().await;
    let mut new = new_key("offerings:read:*");
    new.addresses = "198.51.100.0/24 2001:db8::/32".parse().unwrap();
    new.limit = Some(RateLimit::new(10, 2).unwrap());
    let expires_at = here.now.plus(HOUR);
    new.expires_at = Some(expires_at);
    let key = keys.create(&operator(), new, here.now).await.unwrap();
    let text = key.text.reveal();
    let before = keys.audit(0, 1000).await.unwrap().last().unwrap().number;

    let peer = |text: &str| text.parse::<IpAddr>().unwrap();
    let refusal =
        |text: &str, from: &str, now| keys.authenticate(text, peer(from), now).unwrap_err();
    // Another key's secret with a right checksum, and the same key for the other environment.
    let stranger = with_another_secret(&text);
    let test = text.replace("live", "test");
    let wait = Duration::from_millis(100);
    for from in ["203.0.113.1", "::ffff:203.0.113.1", "2001:db9::1"] {
        let denied = Denied::Address { peer: peer(from) };
        assert_eq!(refusal(&text, from, here.now), denied);
    }
    assert_eq!(refusal("", "198.51.100.7", here.now), Denied::Malformed);
    assert_eq!(
        refusal(&stranger, "198.51.100.7", here.now),
        Denied::WrongSecret
    );
    assert_eq!(
        refusal(&test, "198.51.100.7", here.now),
        Denied::WrongSecret
    );
    // A wrong secret from a wrong address, or for a key that is over, learns neither.
    assert_eq!(
        refusal(&stranger, "203.0.113.1", expires_at),
        Denied::WrongSecret
    );
    assert_eq!(refusal(&text, "203.0.113.1", expires_at), Denied::Expired);

    // None of these took anything from the limit of two at once.
    for from in ["::ffff:198.51.100.7", "2001:db8::1"] {
        assert!(keys.authenticate(&text, peer(from), here.now).is_ok());
    }
    assert_eq!(
        refusal(&text, "198.51.100.7", here.now),
        Denied::Limited { wait }
    );
    here.ticks.advance(wait);
    let last = UnixMillis::new(expires_at.get() - 1);
    let principal = keys.authenticate(&text, here.home, last).unwrap();
    assert_eq!(principal.charge(cost(1)), Err(Denied::Limited { wait }));
    assert_eq!(principal.charge(cost(3)), Err(Denied::TooDear { burst: 2 }));
    here.ticks.advance(2 * wait);
    assert_eq!(principal.charge(cost(2)), Ok(()));

    keys.write_notes(here.now).await.unwrap();
    keys.write_notes(here.now).await.unwrap();
    let id = key.text.id().to_string();
    let rows: Vec<_> = keys
        .audit(before, 1000)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.act, row.actor, row.subject, row.code, row.times))
        .collect();
    let row = |subject: &str, code: &str, times| {
        let (actor, subject) = ("-".to_owned(), subject.to_owned());
        (Act::Deny, actor, subject, code.to_owned(), times)
    };
    let expected = [
        row(&id, "key_address", 3),
        row(&id, "key_expired", 1),
        row(&id, "key_limited", 1),
        row(&id, "key_wrong_secret", 3),
        row("-", "key_malformed", 1),
    ];
    assert_eq!(rows, expected);
    let totals: Vec<_> = keys.denials().filter(|(_, times)| *times > 0).collect();
    let sum: u64 = totals.iter().map(|(_, times)| times).sum();
    assert_eq!((totals.len(), sum), (5, 9));
}

/// The id of a key with a secret that is not its own, and a checksum that fits.
fn with_another_secret(text: &str) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (id, secret) = (&text[8..20], "z".repeat(32));
    let mut rest = crc32fast::hash(format!("{id}{secret}").as_bytes());
    let mut crc = String::new();
    for _ in 0..6 {
        crc.insert(0, char::from(ALPHABET[(rest % 62) as usize]));
        rest /= 62;
    }
    format!("sc_live_{id}_{secret}_{crc}")
}

async fn a_rotated_key_overlaps_with_its_successor(here: &Installation) {
    let keys = here.node().await;
    let other = here.node().await;
    let mut new = new_key("offerings:read:*");
    new.limit = Some(RateLimit::new(1, 2).unwrap());
    let old = keys.create(&operator(), new, here.now).await.unwrap();
    assert!(here.enter(&keys, &old).is_ok());
    let rotation = Rotation {
        overlap: HOUR,
        expires_at: None,
    };
    let id = old.text.id();
    let new = keys
        .rotate(&operator(), id, rotation, here.now)
        .await
        .unwrap();
    assert_eq!(new.record.policy, old.record.policy);
    assert_eq!(new.record.replaces, Some(id));
    assert_ne!(*new.text.reveal(), *old.text.reveal());
    let ended = keys.find(id).await.unwrap();
    assert_eq!(ended.replaced_by, Some(new.text.id()));
    assert_eq!(ended.policy.expires_at, here.now.plus(HOUR));

    other.refresh().await.unwrap();
    let end = here.now.plus(HOUR);
    for keys in [&keys, &other] {
        let enter = |key: &Created, now| keys.authenticate(&key.text.reveal(), here.home, now);
        assert!(enter(&new, here.now).is_ok());
        assert!(enter(&old, UnixMillis::new(end.get() - 1)).is_ok());
        assert_eq!(enter(&old, end).unwrap_err(), Denied::Expired);
        assert!(enter(&new, end).is_ok());
    }
    // The count of the old key went on through its change: two uses of two.
    assert!(matches!(here.refusal(&keys, &old), Denied::Limited { .. }));

    let twice = keys
        .rotate(&operator(), id, rotation, here.now)
        .await
        .unwrap_err();
    assert!(matches!(twice, KeyError::NotLive(_)), "{twice}");
    let id = new.text.id();
    let long = Rotation {
        overlap: 24 * 31 * HOUR,
        ..rotation
    };
    let error = keys
        .rotate(&operator(), id, long, here.now)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyError::Overlap { .. }), "{error}");
    // An overlap never makes a key live longer than it would have.
    let last = new.record.policy.expires_at;
    let late = UnixMillis::new(last.get() - 1);
    let rotation = Rotation {
        overlap: HOUR,
        expires_at: Some(late.plus(24 * HOUR)),
    };
    keys.rotate(&operator(), id, rotation, late).await.unwrap();
    assert_eq!(keys.find(id).await.unwrap().policy.expires_at, last);
}

async fn a_key_is_replaced_once_when_two_nodes_do_it(here: &Installation) {
    let (one, other) = (here.node().await, here.node().await);
    let key = one
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap();
    let rotation = Rotation {
        overlap: HOUR,
        expires_at: None,
    };
    let before = one.list(None, 0, 1000).await.unwrap().len();
    let actor = operator();
    let (first, second) = tokio::join!(
        one.rotate(&actor, key.text.id(), rotation, here.now),
        other.rotate(&actor, key.text.id(), rotation, here.now),
    );
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
    let error = first.err().or(second.err()).unwrap();
    assert!(matches!(error, KeyError::NotLive(_)), "{error}");
    assert_eq!(one.list(None, 0, 1000).await.unwrap().len(), before + 1);
}

async fn a_key_makes_only_weaker_keys(here: &Installation) {
    let keys = here.node().await;
    let mut new = new_key("keys:write:* offerings:read:*");
    new.addresses = "198.51.100.0/24".parse().unwrap();
    new.limit = Some(RateLimit::new(10, 20).unwrap());
    new.expires_at = Some(here.now.plus(24 * HOUR));
    let parent = keys
        .create(&operator(), new.clone(), here.now)
        .await
        .unwrap();
    let actor = Actor::Key(here.enter(&keys, &parent).unwrap());

    let wider: [fn(&mut NewKey); 6] = [
        |new| new.scopes = Scopes::everything(),
        |new| new.addresses = AddressList::default(),
        |new| new.limit = None,
        |new| new.expires_at = new.expires_at.map(|end| end.plus(SECOND)),
        |new| new.environment = Environment::Test,
        |new| new.owner.push('7'),
    ];
    for (index, widen) in wider.into_iter().enumerate() {
        let mut asked = new.clone();
        widen(&mut asked);
        let error = keys.create(&actor, asked, here.now).await.unwrap_err();
        assert!(matches!(error, KeyError::Wider), "{index}: {error}");
    }
    let mut narrow = new.clone();
    narrow.scopes = "offerings:read:spring keys:write:*".parse().unwrap();
    narrow.expires_at = None;
    let child = keys.create(&actor, narrow.clone(), here.now).await.unwrap();
    assert_eq!(
        child.record.policy.expires_at,
        parent.record.policy.expires_at
    );
    assert_eq!(child.record.created_by, format!("key:{}", parent.text.id()));

    // A weaker key cannot have the secret of a stronger one, nor end it.
    let weak = Actor::Key(here.enter(&keys, &child).unwrap());
    let rotation = Rotation {
        overlap: Duration::ZERO,
        expires_at: None,
    };
    let id = parent.text.id();
    let error = keys
        .rotate(&weak, id, rotation, here.now)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyError::Wider), "{error}");
    let error = keys
        .revoke(&weak, id, Reach::Alone, here.now)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyError::Wider), "{error}");
    let later = Rotation {
        expires_at: Some(here.now.plus(25 * HOUR)),
        ..rotation
    };
    let error = keys
        .rotate(&weak, child.text.id(), later, here.now)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyError::Wider), "{error}");

    // A line of keys made with a stolen one ends with it; the operator's own keys stay.
    let own = keys.create(&operator(), new, here.now).await.unwrap();
    let successor = keys
        .rotate(&weak, child.text.id(), rotation, here.now)
        .await
        .unwrap();
    let deepest = Actor::Key(here.enter(&keys, &successor).unwrap());
    let grandchild = keys.create(&deepest, narrow, here.now).await.unwrap();
    let reach = Reach::WithMinted;
    let revoked = keys.revoke(&operator(), id, reach, here.now).await.unwrap();
    assert_eq!(revoked.len(), 4);
    for key in [&parent, &child, &successor, &grandchild] {
        assert_eq!(here.refusal(&keys, key), Denied::Revoked);
    }
    assert!(here.enter(&keys, &own).is_ok());
}

async fn the_last_use_is_written_once_a_minute(here: &Installation) {
    let keys = here.node().await;
    let key = keys
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap();
    let text = key.text.reveal();
    let used = async |from: &str, after: u64| {
        let now = here.now.plus(Duration::from_secs(after));
        keys.authenticate(&text, from.parse().unwrap(), now)
            .unwrap();
        keys.write_notes(now).await.unwrap();
        let last = keys.find(key.text.id()).await.unwrap().last_use.unwrap();
        let seconds = (last.at.get() - here.now.get()) / 1000;
        (last.from.to_string(), seconds)
    };
    assert_eq!(
        used("::ffff:198.51.100.7", 0).await,
        ("198.51.100.7".to_owned(), 0)
    );
    assert_eq!(
        used("2001:db8::1", 59).await,
        ("198.51.100.7".to_owned(), 0)
    );
    assert_eq!(
        used("2001:db8::1", 60).await,
        ("2001:db8::1".to_owned(), 60)
    );
    assert_eq!(
        used("2001:db8::2", 119).await,
        ("2001:db8::1".to_owned(), 60)
    );
}

async fn keys_move_to_a_new_pepper_when_they_are_used(here: &Installation) {
    let before = here.node().await;
    let new = new_key("offerings:read:*");
    let used = before
        .create(&operator(), new.clone(), here.now)
        .await
        .unwrap();
    let unused = before.create(&operator(), new, here.now).await.unwrap();
    let standard = KeySettings::standard().unwrap();
    let during = here
        .node_with(&[NEW_PEPPER, PEPPER], standard.clone())
        .await;
    assert!(here.enter(&during, &used).is_ok());
    during.write_notes(here.now).await.unwrap();
    assert!(here.enter(&during, &used).is_ok());
    let ids = during.peppers_in_use(here.now).await.unwrap();
    assert_eq!(ids, ["p1", "p2"]);

    let after = here.node_with(&[NEW_PEPPER], standard).await;
    assert!(here.enter(&after, &used).is_ok());
    assert_eq!(here.refusal(&after, &unused), Denied::WrongSecret);
    assert!(here.enter(&during, &unused).is_ok());
}

async fn keys_are_listed_in_order_and_bounded(here: &Installation) {
    let keys = here.node().await;
    let mut new = new_key("");
    new.owner = "listed".to_owned();
    let mut ids = Vec::new();
    for label in ["a", "b", "c"] {
        new.label = label.to_owned();
        ids.push(
            keys.create(&operator(), new.clone(), here.now)
                .await
                .unwrap()
                .text
                .id(),
        );
    }
    let first = keys.list(Some("listed"), 0, 2).await.unwrap();
    assert_eq!(first.iter().map(|key| key.id).collect::<Vec<_>>(), ids[..2]);
    let rest = keys.list(Some("listed"), first[1].number, 2).await.unwrap();
    assert_eq!(
        rest.iter()
            .map(|key| key.label.as_str())
            .collect::<Vec<_>>(),
        ["c"]
    );
    assert_eq!(keys.list(Some("nobody"), 0, 9).await.unwrap(), []);

    for wrong in ["", "a\nb", &"x".repeat(201)] {
        new.label = wrong.to_owned();
        let error = keys
            .create(&operator(), new.clone(), here.now)
            .await
            .unwrap_err();
        assert!(matches!(error, KeyError::Name { .. }), "{error}");
    }
    let full = KeySettings {
        most_keys: 3,
        ..KeySettings::standard().unwrap()
    };
    let full = here.node_with(&[PEPPER], full).await;
    let error = full
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap_err();
    assert!(
        matches!(error, KeyError::TooManyKeys { most: 3 }),
        "{error}"
    );
}

async fn the_audit_keeps_every_row_and_no_secret(here: &Installation) {
    let keys = here.node().await;
    let key = keys
        .create(&operator(), new_key("keys:write:*"), here.now)
        .await
        .unwrap();
    let id = key.text.id();
    let first = keys.audit(0, 1000).await.unwrap().last().unwrap().number;
    let actor = Actor::Key(here.enter(&keys, &key).unwrap());
    let rotation = Rotation {
        overlap: HOUR,
        expires_at: None,
    };
    let new = keys.rotate(&actor, id, rotation, here.now).await.unwrap();
    keys.revoke(&operator(), id, Reach::Alone, here.now)
        .await
        .unwrap();
    let rows = keys.audit(first - 1, 1000).await.unwrap();
    let short: Vec<_> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}",
                row.actor,
                row.act.as_code(),
                row.subject,
                row.code
            )
        })
        .collect();
    let new_id = new.text.id();
    let expected = [
        format!("operator:anna create {id} "),
        format!("key:{id} create {new_id} "),
        format!("key:{id} rotate {id} {new_id}"),
        format!("operator:anna revoke {id} "),
    ];
    assert_eq!(short, expected);
    let secret = key.text.reveal()[21..53].to_owned();
    let shown = format!(
        "{rows:?} {key:?} {actor:?} {keys:?} {:?}",
        keys.list(None, 0, 999).await
    );
    assert!(!shown.contains(&secret));

    for text in [
        "UPDATE identity_audit SET code = 'x'",
        "DELETE FROM identity_audit",
    ] {
        let result = on_writer!(&here.database, |pool| sqlx::query(text)
            .execute(pool)
            .await
            .map(drop));
        let error = result.unwrap_err().to_string();
        assert!(error.contains("append only"), "{error}");
    }
    assert_eq!(keys.audit(first - 1, 1000).await.unwrap(), rows);
}

/// All scenarios, one after the other on one database.
async fn all_scenarios(database: Database) {
    let here = Installation::new(database).await;
    keys_are_listed_in_order_and_bounded(&here).await;
    a_key_lives_and_is_revoked_on_every_node(&here).await;
    a_stale_node_asks_once_before_it_refuses(&here).await;
    a_wrong_caller_is_refused_and_written_down(&here).await;
    a_rotated_key_overlaps_with_its_successor(&here).await;
    a_key_is_replaced_once_when_two_nodes_do_it(&here).await;
    a_key_makes_only_weaker_keys(&here).await;
    the_last_use_is_written_once_a_minute(&here).await;
    keys_move_to_a_new_pepper_when_they_are_used(&here).await;
    the_audit_keeps_every_row_and_no_secret(&here).await;
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
