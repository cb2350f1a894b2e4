//! Who shows a key of their own: proofs of possession, assertions of clients; and what this server signs.

use serde_json::{Value, json};
use softcap_identity::{ShownProof, Verb};

use super::{signer::Signer, *};

const URL: &str = "https://sale.example/v1/me";

fn shown(text: &str) -> ShownProof<'_> {
    ShownProof {
        text,
        method: "GET",
        url: URL,
        token: None,
    }
}

impl Installation {
    fn claims(&self, jti: &str) -> Value {
        let iat = self.now.get() / 1_000;
        json!({ "jti": jti, "htm": "GET", "htu": URL, "iat": iat, "nonce": self.oauth.nonce(self.now) })
    }

    async fn prove(&self, shown: &ShownProof<'_>) -> Result<String, OauthError> {
        self.oauth.prove(shown, self.now).await
    }
}

pub(crate) async fn v10_3_5_a_proof_is_for_one_request_by_one_key(here: &Installation) {
    let signer = Signer::new(1);
    let good = signer.proof(&here.claims("p-1"));
    let key = here.prove(&shown(&good)).await.unwrap();
    assert_eq!(key.len(), 43);
    // Replayed, also with the same name in another proof of the same key; another key has names of its own.
    assert_eq!(
        fault(here.prove(&shown(&good)).await),
        Some(Fault::InvalidDpopProof)
    );
    let other = Signer::new(2).proof(&here.claims("p-1"));
    assert_ne!(here.prove(&shown(&other)).await.unwrap(), key);
    let changed = |name: &str, value: Value| {
        let mut claims = here.claims("p-2");
        claims[name] = value;
        signer.proof(&claims)
    };
    let iat = here.now.get() / 1_000;
    for (name, value) in [
        ("htm", json!("POST")),
        ("htm", json!("get")),
        ("htu", json!("https://sale.example/v1/me/")),
        ("htu", json!("http://sale.example/v1/me")),
        ("htu", json!("https://evil.example/v1/me")),
        ("iat", json!(iat - 301)),
        ("iat", json!(iat + 301)),
        ("iat", json!("now")),
        ("jti", json!("")),
        ("jti", json!("x".repeat(201))),
        ("jti", Value::Null),
    ] {
        let refused = here.prove(&shown(&changed(name, value.clone()))).await;
        assert_eq!(
            fault(refused),
            Some(Fault::InvalidDpopProof),
            "{name} {value}"
        );
    }
    for nonce in [
        Value::Null,
        json!("guess"),
        json!(here.oauth.nonce(here.now.minus(10 * MINUTE))),
    ] {
        let refused = here.prove(&shown(&changed("nonce", nonce.clone()))).await;
        assert_eq!(fault(refused), Some(Fault::UseDpopNonce), "{nonce}");
    }
    let header = json!({ "typ": "JWT", "alg": "ES256", "jwk": signer.jwk() });
    let no_proof = signer.sign(&header, &here.claims("p-3"));
    let by_another = {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": signer.jwk() });
        Signer::new(2).sign(&header, &here.claims("p-4"))
    };
    for wrong in [no_proof.as_str(), &by_another, "junk", ""] {
        let refused = here.prove(&shown(wrong)).await;
        assert_eq!(fault(refused), Some(Fault::InvalidDpopProof), "{wrong}");
    }
    // With a token it is about that token.
    let about = |token| ShownProof {
        token,
        ..shown(&good)
    };
    assert_eq!(
        fault(here.prove(&about(Some("sc_at_x"))).await),
        Some(Fault::InvalidDpopProof)
    );
}

pub(crate) async fn v10_4_14_a_bound_token_is_given_to_its_key_only(here: &Installation) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("proof-bound@example.org").await;
    let scope = "offline_access settlements:write:*";
    let code = here.code(&client, &session, scope).await;
    let redeem = async |key: Option<&str>| {
        let redemption = Redemption {
            code: &code,
            redirect: Some(REDIRECT),
            verifier: VERIFIER,
            key,
        };
        here.oauth.redeem(&client, &redemption, here.now).await
    };
    // What cannot be taken back is done with a bound token only.
    assert_eq!(fault(redeem(None).await), Some(Fault::InvalidDpopProof));
    let issued = redeem(Some("key one")).await.unwrap();
    assert!(issued.is_bound);
    let bearer = here.bearer(&issued.access).await.unwrap();
    assert_eq!(bearer.key.as_deref(), Some("key one"));
    let refresh = issued.refresh.unwrap();
    let again = async |key: Option<&str>| {
        let refreshing = Refreshing {
            token: &refresh,
            scope: None,
            key,
        };
        here.oauth.refresh(&client, &refreshing, here.now).await
    };
    for other in [None, Some("key two")] {
        assert_eq!(
            fault(again(other).await),
            Some(Fault::InvalidGrant),
            "{other:?}"
        );
    }
    // Trying with another key used nothing up.
    assert!(again(Some("key one")).await.unwrap().is_bound);
}

pub(crate) async fn v9_2_3_an_assertion_for_another_audience_or_used_before_shows_nobody(
    here: &Installation,
) {
    let signer = Signer::new(4);
    let client = here.client(signer.authentication()).await;
    let id = client.id.as_str();
    let now = here.now.get() / 1_000;
    let header = json!({ "alg": "ES256" });
    let claims = |jti: &str| json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 });
    let show = async |text: Option<&str>| {
        here.oauth
            .authenticate_client(&client, (text, None), here.now)
            .await
    };
    let good = signer.sign(&header, &claims("a-1"));
    assert_eq!(Oauth::asserted_client(&good).as_deref(), Some(id));
    assert!(show(Some(&good)).await.is_ok());
    assert_eq!(fault(show(Some(&good)).await), Some(Fault::InvalidClient));
    assert_eq!(fault(show(None).await), Some(Fault::InvalidClient));
    for (name, value) in [
        ("iss", json!("x")),
        ("sub", json!("x")),
        ("aud", json!("https://other.example")),
        ("aud", json!([ISSUER, "https://other.example"])),
        ("aud", json!(format!("{ISSUER}/"))),
        ("exp", json!(now)),
        ("exp", json!(now + 601)),
        ("exp", Value::Null),
        ("nbf", json!(now + 61)),
        ("jti", Value::Null),
    ] {
        let mut wrong = claims("a-2");
        wrong[name] = value.clone();
        let text = signer.sign(&header, &wrong);
        assert_eq!(
            fault(show(Some(&text)).await),
            Some(Fault::InvalidClient),
            "{name} {value}"
        );
    }
    let by_another = Signer::new(5).sign(&header, &claims("a-3"));
    assert_eq!(
        fault(show(Some(&by_another)).await),
        Some(Fault::InvalidClient)
    );
    let public = here.client(ClientAuthentication::None).await;
    let shown = here
        .oauth
        .authenticate_client(&public, (Some(&good), None), here.now)
        .await;
    assert_eq!(fault(shown), Some(Fault::InvalidClient));
}

pub(crate) async fn a_client_in_its_own_name_has_what_it_was_registered_for(here: &Installation) {
    let client = here.client(Signer::new(6).authentication()).await;
    let ask = async |scope: Option<&str>, key: Option<&str>| {
        here.oauth
            .client_credentials(&client, scope, key, here.now)
            .await
    };
    for (scope, key, expected) in [
        (None, None, Fault::InvalidScope),
        (Some("audit:read:*"), None, Fault::InvalidScope),
        (Some("openid"), None, Fault::InvalidScope),
        (Some("settlements:write:*"), None, Fault::InvalidDpopProof),
    ] {
        assert_eq!(fault(ask(scope, key).await), Some(expected), "{scope:?}");
    }
    let issued = ask(Some("offerings:read:*"), None).await.unwrap();
    assert!(issued.refresh.is_none() && issued.id.is_none());
    let bearer = here.bearer(&issued.access).await.unwrap();
    assert!(bearer.require(Verb::OfferingsRead, None).is_ok());
    assert!(
        ask(Some("settlements:write:*"), Some("key"))
            .await
            .unwrap()
            .is_bound
    );
    let public = here.client(ClientAuthentication::None).await;
    let refused = here
        .oauth
        .client_credentials(&public, Some("offerings:read:*"), None, here.now);
    assert_eq!(fault(refused.await), Some(Fault::UnauthorizedClient));
    // Nobody registers a client for more than they have themselves.
    let narrow = Registrar::Key("test".to_owned(), "offerings:read:*".parse().unwrap());
    let wider = here
        .oauth
        .register(&narrow, client.about.clone(), here.now)
        .await;
    assert!(matches!(wider, Err(OauthError::Wider)));
}

pub(crate) async fn v9_2_2_an_id_token_is_signed_and_is_no_access_token(here: &Installation) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("proof-id@example.org").await;
    let code = here.code(&client, &session, "openid email").await;
    let issued = here.redeem(&client, &code).await.unwrap();
    assert!(issued.refresh.is_none());
    let claims = issued.id.unwrap();
    assert_eq!(
        (claims.person, claims.nonce.as_deref()),
        (session.person, Some("n-1"))
    );
    let token = here
        .oauth
        .id_token(&client, &claims, here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&token).await, None);
    let keys = here.oauth.public_keys().await.unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    let first = keys["keys"][0].clone();
    here.oauth
        .rotate_signing_key("operator:test", here.now)
        .await
        .unwrap();
    let keys = here.oauth.public_keys().await.unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert_eq!(keys["keys"][1], first);
    assert_ne!(keys["keys"][0]["kid"], first["kid"]);
}
