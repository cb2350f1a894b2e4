//! Making, replacing, ending and listing keys.

use futures_util::FutureExt as _;

use super::*;

pub(crate) async fn a_key_lives_and_is_revoked_on_every_node(here: &Installation) {
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

pub(crate) async fn a_rotated_key_overlaps_with_its_successor(here: &Installation) {
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

pub(crate) async fn a_key_is_replaced_once_when_two_nodes_do_it(here: &Installation) {
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

pub(crate) async fn a_key_makes_only_weaker_keys(here: &Installation) {
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

pub(crate) async fn keys_are_listed_in_order_and_bounded(here: &Installation) {
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

pub(crate) async fn the_audit_keeps_every_row_and_no_secret(here: &Installation) {
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

pub(crate) async fn a_key_that_nobody_uses_ends(here: &Installation) {
    const DAY: Duration = Duration::from_hours(24);
    let (keys, other) = (here.node().await, here.node().await);
    let make = async || {
        let mut new = new_key("offerings:read:*");
        new.expires_at = Some(here.now.plus(360 * DAY));
        keys.create(&operator(), new, here.now).await.unwrap()
    };
    let (idle, used) = (make().await, make().await);
    other.refresh().await.unwrap();
    let end = here.now.plus(90 * DAY);
    assert_eq!(idle.record.idle_at(keys.idle_after()), end);
    let last = end.minus(Duration::from_millis(1));
    let enter =
        |keys: &Keys, key: &Created, at| keys.authenticate(&key.text.reveal(), here.home, at);
    let ids = |ended: Vec<softcap_identity::KeyRecord>| {
        ended.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert!(!ids(keys.end_idle(last).await.unwrap()).contains(&idle.text.id()));
    // A use on one node is known to the one that looks.
    enter(&other, &used, last).unwrap();
    other.write_notes(last).await.unwrap();
    let ended = ids(keys.end_idle(end).await.unwrap());
    assert!(ended.contains(&idle.text.id()) && !ended.contains(&used.text.id()));
    assert_eq!(ids(keys.end_idle(end).await.unwrap()), []);
    other.refresh().await.unwrap();
    for node in [&keys, &other] {
        assert_eq!(enter(node, &idle, end).unwrap_err(), Denied::Expired);
        enter(node, &used, end).unwrap();
    }
    let rows = keys.audit(0, 10_000).await.unwrap();
    let of_idle = rows.iter().filter(|row| row.act == Act::EndIdle);
    let id = idle.text.id().to_string();
    assert_eq!(of_idle.filter(|row| row.subject == id).count(), 1);
}

pub(crate) async fn calls_at_once_have_a_row_each_whoever_goes_away(here: &Installation) {
    let keys = here.node().await;
    let before = keys.audit(0, 1000).await.unwrap().last().unwrap().number;
    let (one, other) = (
        AuditTable::new(here.database.clone()),
        AuditTable::new(here.database.clone()),
    );
    let mut callers = Vec::new();
    for number in 0..600 {
        let (table, now) = (
            if number % 2 == 0 { &one } else { &other }.clone(),
            here.now,
        );
        callers.push(tokio::spawn(async move {
            let code = number.to_string();
            let mut added =
                Box::pin(table.add("key:a", Act::Call, ("offering:harbour", &code), now));
            // Every third caller asks, and goes away before there is an answer.
            if number % 3 == 0 {
                assert!(added.as_mut().now_or_never().is_none());
                return;
            }
            added.await.unwrap();
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    // Rows are written in turns, and this one takes the turn after all that came before it.
    for table in [&one, &other] {
        let last = table.add("key:a", Act::Call, ("offering:harbour", "last"), here.now);
        last.await.unwrap();
    }
    let rows = keys.audit(before, 1000).await.unwrap();
    let mut codes: Vec<_> = rows.iter().map(|row| row.code.as_str()).collect();
    codes.sort_unstable();
    let numbers = (0..600).map(|number| number.to_string());
    let mut expected: Vec<_> = numbers
        .chain(["last".to_owned(), "last".to_owned()])
        .collect();
    expected.sort_unstable();
    assert_eq!(codes, expected);
}
