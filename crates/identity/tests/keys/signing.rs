//! Keys that sign, on several nodes; and forms that are sent twice.

use ed25519_dalek::{Signer as _, SigningKey};
use softcap_identity::{KeyMaking, KeyRecord, SIGNATURE_LIFE, SentForm, SignatureKey, SignedCall};

use super::*;

fn public(pair: &SigningKey) -> SignatureKey {
    use base64ct::Encoding as _;
    base64ct::Base64::encode_string(pair.verifying_key().as_bytes())
        .parse()
        .unwrap()
}

/// A call that says this, signed.
async fn call(
    keys: &Keys,
    (pair, key): (&SigningKey, &KeyRecord),
    (base, created): (&str, UnixMillis),
    here: &Installation,
) -> Result<Principal, Denied> {
    let signature = pair.sign(base.as_bytes()).to_bytes();
    let call = SignedCall {
        key: key.id,
        base: base.as_bytes(),
        signature: &signature,
        created,
        expires: None,
    };
    keys.authenticate_signed(&call, here.home, here.now, cost(1))
        .await
}

pub(crate) async fn a_signature_is_used_once_whichever_node_gets_it(here: &Installation) {
    let (one, other) = (here.node().await, here.node().await);
    let pair = SigningKey::from_bytes(&[7; 32]);
    let making = KeyMaking::default();
    let new = (new_key("offerings:read:*"), public(&pair));
    let key = one
        .create_signing(&operator(), new, &making, here.now)
        .await
        .unwrap();
    assert_eq!(
        one.find(key.id).await.unwrap().public_key,
        Some(public(&pair))
    );
    other.refresh().await.unwrap();
    let signer = (&pair, &key);

    let principal = call(&one, signer, ("first", here.now), here).await.unwrap();
    assert_eq!(principal.key_id(), key.id);
    assert!(principal.allows(Verb::OfferingsRead, "spring"));
    for node in [&one, &other] {
        let again = call(node, signer, ("first", here.now), here).await;
        assert_eq!(again.unwrap_err(), Denied::UsedSignature);
    }
    // Of many at the same time, on two nodes, one gets through.
    let (one_again, other_again) = (one.clone(), other.clone());
    let crowd = (0..20).map(|place| {
        let node = if place % 2 == 0 {
            &one_again
        } else {
            &other_again
        };
        call(node, signer, ("second", here.now), here)
    });
    let all = futures_util::future::join_all(crowd).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    // What two nodes write together, each in an order of its own, is each used once, too.
    let names: Vec<_> = (0..8).map(|name| format!("together {name}")).collect();
    let (forwards, backwards) = (names.iter(), names.iter().rev());
    let here_first = forwards.map(|name| (&one_again, name));
    let there_first = backwards.map(|name| (&other_again, name));
    let crowd = here_first
        .chain(there_first)
        .map(|(node, name)| call(node, signer, (name, here.now), here));
    let all = futures_util::future::join_all(crowd).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), names.len());

    let stranger = SigningKey::from_bytes(&[8; 32]);
    let foreign = call(&one, (&stranger, &key), ("third", here.now), here).await;
    assert_eq!(foreign.unwrap_err(), Denied::WrongSignature);
    let old = here.now.minus(SIGNATURE_LIFE);
    let late = call(&one, signer, ("fourth", old), here).await;
    assert_eq!(late.unwrap_err(), Denied::OldSignature);
    // A key with a secret is not one that signs.
    let secret = one
        .create(&operator(), new_key(""), here.now)
        .await
        .unwrap();
    let none = call(&one, (&pair, &secret.record), ("fifth", here.now), here).await;
    assert_eq!(none.unwrap_err(), Denied::WrongSignature);

    one.revoke(&operator(), key.id, Reach::Alone, here.now)
        .await
        .unwrap();
    let revoked = call(&one, signer, ("sixth", here.now), here).await;
    assert_eq!(revoked.unwrap_err(), Denied::Revoked);
    // No pepper is needed for it.
    let peppers = one.peppers_in_use(here.now).await.unwrap();
    assert!(!peppers.contains(&String::new()));
    here.ticks.advance(SECOND);
    let fresh = call(&one, signer, ("seventh", here.now), here).await;
    assert_eq!(
        fresh.unwrap_err(),
        Denied::Revoked,
        "a stale node asks once"
    );
}

pub(crate) async fn a_form_makes_one_key(here: &Installation) {
    let keys = here.node().await;
    let form = |once| KeyMaking {
        warning: None,
        form: Some(SentForm::new("person:1", once)),
    };
    let make = async |once| {
        let new = new_key("offerings:read:*");
        keys.create_and_tell(&operator(), new, &form(once), here.now)
            .await
    };
    let first = make("a").await.unwrap();
    let id = first.text.id();
    let again = make("a").await.unwrap_err();
    assert!(
        matches!(again, KeyError::MadeBefore(made) if made == id),
        "{again}"
    );
    let other = make("b").await.unwrap();
    assert_ne!(other.text.id(), id);
    // Replacing it twice by one form says so too, though it is replaced by then.
    let rotation = Rotation {
        overlap: HOUR,
        expires_at: None,
    };
    let rotate = async || {
        keys.rotate_and_tell(&operator(), (id, rotation), &form("c"), here.now)
            .await
    };
    let next = rotate().await.unwrap().text.id();
    let again = rotate().await.unwrap_err();
    assert!(
        matches!(again, KeyError::MadeBefore(made) if made == next),
        "{again}"
    );
}
