//! What people see and take away, and who else ends a token.

use softcap_database::on_reader;
use softcap_identity::{
    AuditFilter, AuditTable, ClientAuthentication, Introspection, LeftOfGrant, OauthError, Verb,
};

use super::{signer::Signer, *};

pub(crate) async fn what_a_person_takes_away_is_gone_at_the_next_use(here: &Installation) {
    let (_, session, issued) = here.tokens("grant-narrow@example.org").await;
    let eve = here.somebody("grant-eve@example.org").await;
    let grants = here.oauth.grants(session.person, here.now).await.unwrap();
    let [grant] = grants.as_slice() else {
        panic!("{grants:?}")
    };
    assert_eq!(grant.client_name, "Portfolio");
    let narrow = async |person, scopes: &str, days: u32| {
        let left = LeftOfGrant {
            scopes: scopes.parse().unwrap(),
            expires_at: here.now.plus(days * DAY),
            limits: AmountLimits::default(),
        };
        here.oauth.narrow(person, grant.id, &left, here.now).await
    };
    let foreign = narrow(eve.person, "offerings:read:harbour", 1).await;
    assert!(matches!(foreign, Err(OauthError::NoGrant)));
    for (wider, days) in [("audit:read:*", 1), (SCOPE, 31), ("", 1)] {
        let refused = narrow(session.person, wider, days).await;
        assert!(matches!(refused, Err(OauthError::NotNarrower)), "{wider}");
    }
    narrow(session.person, "offerings:read:harbour", 1)
        .await
        .unwrap();
    let bearer = here.bearer(&issued.access).await.unwrap();
    assert!(bearer.require(Verb::OfferingsRead, Some("harbour")).is_ok());
    for other in [Some("bridge"), None] {
        let refused = bearer.require(Verb::OfferingsRead, other);
        assert_eq!(fault(refused), Some(Fault::InsufficientScope));
    }
    let foreign = here.oauth.end_grant(eve.person, grant.id, here.now).await;
    assert!(matches!(foreign, Err(OauthError::NoGrant)));
    assert!(here.bearer(&issued.access).await.is_some());
    here.oauth
        .end_grant(session.person, grant.id, here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&issued.access).await, None);
    assert!(
        here.oauth
            .grants(session.person, here.now)
            .await
            .unwrap()
            .is_empty()
    );
    let acts: Vec<_> = here.acts().await.into_iter().map(|(act, _)| act).collect();
    for act in ["grant_access", "narrow_access", "end_access", "add_client"] {
        assert!(acts.iter().any(|other| other == act), "{act}");
    }
}

pub(crate) async fn v7_4_2_disabled_frozen_and_ended_are_let_in_nowhere(here: &Installation) {
    let (client, session, issued) = here.tokens("grant-off@example.org").await;
    here.people
        .disable("test", session.person, here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&issued.access).await, None);
    let refresh = issued.refresh.unwrap();
    assert_eq!(
        fault(here.refresh(&client, &refresh).await),
        Some(Fault::InvalidGrant)
    );
    here.people
        .enable("test", session.person, here.now)
        .await
        .unwrap();
    assert!(here.bearer(&issued.access).await.is_some());
    here.oauth
        .end_client("key:test", &client.id, here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&issued.access).await, None);
    assert_eq!(here.oauth.client(&client.id).await.unwrap(), None);
    let again = here
        .oauth
        .end_client("key:test", &client.id, here.now)
        .await;
    assert!(matches!(again, Err(OauthError::NoClient)));
}

pub(crate) async fn a_client_revokes_and_looks_at_its_own_tokens_only(here: &Installation) {
    let signer = Signer::new(3);
    let client = here.client(signer.authentication()).await;
    let other = here.client(ClientAuthentication::None).await;
    let session = here.somebody("grant-revoke@example.org").await;
    let code = here.code(&client, &session, SCOPE).await;
    let issued = here.redeem(&client, &code).await.unwrap();
    let refresh = issued.refresh.as_ref().unwrap();
    let look = async |client: &Client, token: &str| {
        here.oauth
            .introspect(client, token, here.now)
            .await
            .unwrap()
    };
    assert!(matches!(
        look(&client, &issued.access).await,
        Some(Introspection::Access(_))
    ));
    assert!(matches!(
        look(&client, refresh).await,
        Some(Introspection::Refresh { .. })
    ));
    for token in [issued.access.as_str(), refresh, "junk", ""] {
        assert_eq!(look(&other, token).await, None);
        here.oauth.revoke(&other, token, here.now).await.unwrap();
    }
    assert!(here.bearer(&issued.access).await.is_some());
    // An access token goes alone, a refresh token with all that came of its login.
    here.oauth
        .revoke(&client, &issued.access, here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&issued.access).await, None);
    let next = here.refresh(&client, refresh).await.unwrap();
    here.oauth
        .revoke(&client, &next.refresh.unwrap(), here.now)
        .await
        .unwrap();
    assert_eq!(here.bearer(&next.access).await, None);
}

pub(crate) async fn what_is_over_is_swept(here: &Installation) {
    let (_, _, issued) = here.tokens("grant-sweep@example.org").await;
    here.oauth.tidy(here.now).await.unwrap();
    assert!(here.bearer(&issued.access).await.is_some());
    let end = here.now.plus(400 * DAY);
    here.oauth.tidy(end).await.unwrap();
    for text in [
        "SELECT COUNT(*) FROM oauth_family",
        "SELECT COUNT(*) FROM oauth_code",
        "SELECT COUNT(*) FROM oauth_access",
        "SELECT COUNT(*) FROM oauth_refresh",
        "SELECT COUNT(*) FROM oauth_request",
        "SELECT COUNT(*) FROM oauth_proof",
    ] {
        let left: i64 = on_reader!(&here.database, |pool| sqlx::query_scalar(text)
            .fetch_one(pool)
            .await)
        .unwrap();
        assert_eq!(left, 0, "{text}");
    }
}

pub(crate) async fn what_is_said_of_a_client_is_replaced_within_what_may_be_given(
    here: &Installation,
) {
    let (client, _, issued) = here.tokens("change@example.org").await;
    let by = Registrar::Key("changer".to_owned(), Scopes::everything());
    let less = ClientMetadata {
        name: "Ledger".to_owned(),
        redirects: vec!["https://app.example/other".parse().unwrap()],
        scopes: "openid".parse().unwrap(),
        ..client.about.clone()
    };
    let changed = here.oauth.change_client(&by, &client.id, &less, here.now);
    changed.await.unwrap();
    let found = here.oauth.client(&client.id).await.unwrap().unwrap();
    assert_eq!((&found.about, &found.made_by), (&less, &client.made_by));
    // What a person granted before is theirs to take away.
    assert!(here.bearer(&issued.access).await.is_some());
    let nameless = ClientMetadata {
        name: String::new(),
        ..less.clone()
    };
    let nobody = Registrar::Key("nobody".to_owned(), Scopes::default());
    let signer = ClientMetadata {
        grants: vec![GrantKind::ClientCredentials],
        ..here.client(Signer::new(5).authentication()).await.about
    };
    let signer = ClientMetadata {
        redirects: Vec::new(),
        ..signer
    };
    for (by, about, code) in [(&by, &nameless, "A843"), (&nobody, &signer, "A844")] {
        let refused = here.oauth.change_client(by, &client.id, about, here.now);
        assert_eq!(refused.await.unwrap_err().code(), code);
    }
    let ended = here.oauth.end_client("key:test", &client.id, here.now);
    ended.await.unwrap();
    let late = here.oauth.change_client(&by, &client.id, &less, here.now);
    assert_eq!(late.await.unwrap_err().code(), "A841");
    let acts = here.acts().await;
    let changes = acts.iter().filter(|(act, _)| act == "change_client");
    assert_eq!(changes.count(), 1);
}

pub(crate) async fn what_was_done_is_found_from_the_newest_back(here: &Installation) {
    let table = AuditTable::new(here.database.clone());
    let all = table.rows(0, 10_000).await.unwrap();
    let changed = all.iter().find(|row| row.act == "change_client").unwrap();
    let wish = |actor: Option<&str>, subject: Option<&str>, act: Option<&str>| AuditFilter {
        actor: actor.map(str::to_owned),
        subject: subject.map(str::to_owned),
        act: act.map(str::to_owned),
        ..AuditFilter::default()
    };
    let (actor, subject) = (changed.actor.as_str(), changed.subject.as_str());
    for filter in [
        wish(None, None, None),
        wish(Some(actor), None, None),
        wish(None, Some(subject), None),
        wish(None, None, Some("add_client")),
        wish(Some(actor), Some(subject), Some("change_client")),
    ] {
        let mut forwards = table.search(&filter, 0, 10_000).await.unwrap();
        assert!(!forwards.is_empty(), "{filter:?}");
        forwards.reverse();
        let back = table.search_back(&filter, i64::MAX, 10_000).await.unwrap();
        assert_eq!(back, forwards, "{filter:?}");
        let rest = table.search_back(&filter, back[0].number, 10_000).await;
        assert_eq!(rest.unwrap(), back[1..], "{filter:?}");
    }
}
