//! Codes: for whom, how often, how long.

use std::time::Duration;

use softcap_identity::{ClientAuthentication, Fault, Granted, PUSHED_LIFE, Redemption};

use super::*;

pub(crate) async fn v10_4_2_a_code_works_once_and_a_second_use_ends_what_it_gave(
    here: &Installation,
) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("code-once@example.org").await;
    let code = here.code(&client, &session, SCOPE).await;
    let issued = here.redeem(&client, &code).await.unwrap();
    let bearer = here.bearer(&issued.access).await.unwrap();
    assert_eq!(bearer.scopes.to_string(), SCOPE);
    assert_eq!(
        fault(here.redeem(&client, &code).await),
        Some(Fault::InvalidGrant)
    );
    assert_eq!(here.bearer(&issued.access).await, None);
    let refresh = issued.refresh.unwrap();
    assert_eq!(
        fault(here.refresh(&client, &refresh).await),
        Some(Fault::InvalidGrant)
    );
    let ended = ("end_access".to_owned(), "code_used_twice".to_owned());
    assert!(here.acts().await.contains(&ended));
}

pub(crate) async fn v10_4_3_a_code_is_over_after_a_minute(here: &Installation) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("code-late@example.org").await;
    for (after, expected) in [
        (59 * SECOND, None),
        (60 * SECOND, Some(Fault::InvalidGrant)),
    ] {
        let code = here.code(&client, &session, SCOPE).await;
        let redeemed = here.later(after).redeem(&client, &code).await;
        assert_eq!(fault(redeemed), expected, "{after:?}");
    }
}

pub(crate) async fn v10_4_6_a_code_is_for_its_client_its_address_and_its_verifier(
    here: &Installation,
) {
    let client = here.client(ClientAuthentication::None).await;
    let other = here.client(ClientAuthentication::None).await;
    let session = here.somebody("code-whose@example.org").await;
    let code = here.code(&client, &session, SCOPE).await;
    let longer = format!("{VERIFIER}x");
    let good = Redemption {
        code: &code,
        redirect: Some(REDIRECT),
        verifier: VERIFIER,
        key: None,
    };
    for wrong in [
        Redemption {
            verifier: "",
            ..good
        },
        Redemption {
            verifier: &longer,
            ..good
        },
        Redemption {
            redirect: None,
            ..good
        },
        Redemption {
            redirect: Some("https://app.example/callback/"),
            ..good
        },
        Redemption {
            code: "junk",
            ..good
        },
        Redemption {
            code: VERIFIER,
            ..good
        },
    ] {
        let refused = here.oauth.redeem(&client, &wrong, here.now).await;
        assert_eq!(fault(refused), Some(Fault::InvalidGrant), "{wrong:?}");
    }
    // Another client learns nothing, and uses nothing up.
    assert_eq!(
        fault(here.redeem(&other, &code).await),
        Some(Fault::InvalidGrant)
    );
    assert!(here.redeem(&client, &code).await.is_ok());
}

pub(crate) async fn a_code_that_is_sent_many_times_at_once_gives_one_answer_and_then_nothing(
    here: &Installation,
) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("code-crowd@example.org").await;
    let code = here.code(&client, &session, SCOPE).await;
    let tries = (0..20).map(|_| here.redeem(&client, &code));
    let answers = futures_util::future::join_all(tries).await;
    let given: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    assert!(given.len() <= 1, "{}", given.len());
    for issued in given {
        assert_eq!(here.bearer(&issued.access).await, None);
    }
}

pub(crate) async fn a_pushed_request_is_there_once_for_its_client(here: &Installation) {
    let client = here.client(ClientAuthentication::None).await;
    let other = here.client(ClientAuthentication::None).await;
    let request = here.request(&client, SCOPE);
    let uri = here.oauth.push(&request, here.now).await.unwrap();
    let take = async |client: &Client, after: Duration| {
        let now = here.now.plus(after);
        here.oauth.take_pushed(&uri, &client.id, now).await
    };
    assert_eq!(
        fault(take(&other, SECOND).await),
        Some(Fault::InvalidRequestUri)
    );
    assert_eq!(
        fault(take(&client, PUSHED_LIFE).await),
        Some(Fault::InvalidRequestUri)
    );
    assert_eq!(take(&client, SECOND).await.unwrap(), request);
    assert_eq!(
        fault(take(&client, SECOND).await),
        Some(Fault::InvalidRequestUri)
    );
}

pub(crate) async fn nobody_grants_more_than_was_asked_or_twice(here: &Installation) {
    let client = here.client(ClientAuthentication::None).await;
    let session = here.somebody("code-more@example.org").await;
    let request = here.request(&client, SCOPE);
    let shown = here.oauth.show(&request, here.now).await.unwrap();
    let approve = async |scope: &str| {
        let granted = Granted {
            scopes: scope.parse().unwrap(),
            life: DAY,
            limits: AmountLimits::default(),
        };
        let oauth = &here.oauth;
        oauth
            .approve(shown.reveal(), &session, &granted, here.now)
            .await
    };
    for wrong in [
        "",
        "offline_access",
        "openid offerings:read:*",
        "audit:read:*",
    ] {
        assert_eq!(
            fault(approve(wrong).await),
            Some(Fault::InvalidScope),
            "{wrong}"
        );
    }
    assert!(approve("offerings:read:harbour").await.is_ok());
    assert_eq!(fault(approve(SCOPE).await), Some(Fault::InvalidRequest));
}
