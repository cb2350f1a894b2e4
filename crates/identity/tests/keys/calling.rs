//! Who is let in, and what is written down about it.

use std::net::IpAddr;

use super::*;

pub(crate) async fn a_stale_node_asks_once_before_it_refuses(here: &Installation) {
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

pub(crate) async fn a_wrong_caller_is_refused_and_written_down(here: &Installation) {
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

pub(crate) async fn the_last_use_is_written_once_a_minute(here: &Installation) {
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

pub(crate) async fn keys_move_to_a_new_pepper_when_they_are_used(here: &Installation) {
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

pub(crate) async fn what_a_key_is_used_for_is_remembered(here: &Installation) {
    let keys = here.node().await;
    let new = new_key("offerings:read:* investors:read:* accounts:read:harbour");
    let key = keys.create(&operator(), new, here.now).await.unwrap();
    let unused = async |keys: &Keys| {
        let record = keys.find(key.text.id()).await.unwrap();
        let scopes = record.unused_scopes().map(ToString::to_string);
        scopes.collect::<Vec<_>>()
    };
    let all = unused(&keys).await;
    assert_eq!(all.len(), 3);
    let holder = here.enter(&keys, &key).unwrap();
    // What is asked for and refused is no use.
    assert!(!holder.allows(Verb::OfferingsWrite, "harbour"));
    assert!(!holder.allows(Verb::AccountsRead, "bridge"));
    assert!(holder.allows(Verb::OfferingsRead, "harbour"));
    keys.write_notes(here.now).await.unwrap();
    assert_eq!(
        unused(&keys).await,
        ["investors:read:*", "accounts:read:harbour"]
    );
    // Another node, started later, adds to it.
    let other = here.node().await;
    let holder = here.enter(&other, &key).unwrap();
    assert!(holder.allows_on_all(Verb::InvestorsRead));
    other.write_notes(here.now).await.unwrap();
    assert_eq!(unused(&keys).await, ["accounts:read:harbour"]);
}
