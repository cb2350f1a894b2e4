//! Refresh tokens: each once, and what a second use means.

use softcap_identity::{Fault, REFRESH_IDLE, Refreshing};

use super::*;

pub(crate) async fn v10_4_5_a_used_refresh_token_ends_the_family_and_its_access_tokens(
    here: &Installation,
) {
    let (client, _, first) = here.tokens("refresh-twice@example.org").await;
    let refresh = first.refresh.unwrap();
    let second = here.refresh(&client, &refresh).await.unwrap();
    assert!(here.bearer(&first.access).await.is_some());
    assert!(here.bearer(&second.access).await.is_some());
    assert_eq!(
        fault(here.replay_for_more(&client, &refresh).await),
        Some(Fault::InvalidGrant)
    );
    for dead in [&first.access, &second.access] {
        assert_eq!(here.bearer(dead).await, None);
    }
    let newest = second.refresh.unwrap();
    assert_eq!(
        fault(here.refresh(&client, &newest).await),
        Some(Fault::InvalidGrant)
    );
    let ended = ("end_access".to_owned(), "refresh_used_twice".to_owned());
    assert!(here.acts().await.contains(&ended));
}

pub(crate) async fn v10_4_5_of_fifty_at_once_one_succeeds_at_most_and_the_family_is_dead(
    here: &Installation,
) {
    let (client, _, first) = here.tokens("refresh-crowd@example.org").await;
    let refresh = first.refresh.unwrap();
    let tries = (0..50).map(|_| here.refresh(&client, &refresh));
    let answers = futures_util::future::join_all(tries).await;
    let given: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(given.len(), 1);
    assert_eq!(here.bearer(&first.access).await, None);
    for issued in given {
        assert_eq!(here.bearer(&issued.access).await, None);
        let next = issued.refresh.unwrap();
        assert_eq!(
            fault(here.refresh(&client, &next).await),
            Some(Fault::InvalidGrant)
        );
    }
}

pub(crate) async fn v10_4_8_a_family_ends_with_its_grant_and_unused_after_thirty_days(
    here: &Installation,
) {
    let (client, _, issued) = here.tokens("refresh-end@example.org").await;
    let mut refresh = issued.refresh.unwrap();
    for days in [10, 20, 29] {
        let later = here.later(days * DAY);
        let next = later.refresh(&client, &refresh).await.unwrap();
        refresh = next.refresh.unwrap();
    }
    let over = here.later(30 * DAY).refresh(&client, &refresh).await;
    assert_eq!(fault(over), Some(Fault::InvalidGrant));
    let (client, _, issued) = here.tokens("refresh-idle@example.org").await;
    let refresh = issued.refresh.unwrap();
    let over = here.later(REFRESH_IDLE).refresh(&client, &refresh).await;
    assert_eq!(fault(over), Some(Fault::InvalidGrant));
    // An access token is good for ten minutes.
    assert!(
        here.later(10 * MINUTE - SECOND)
            .bearer(&issued.access)
            .await
            .is_some()
    );
    assert_eq!(here.later(10 * MINUTE).bearer(&issued.access).await, None);
}

pub(crate) async fn new_tokens_are_for_less_when_asked_and_never_for_more(here: &Installation) {
    let (client, _, issued) = here.tokens("refresh-less@example.org").await;
    let refresh = issued.refresh.unwrap();
    let ask = async |token: &str, scope: &str| {
        let refreshing = Refreshing {
            token,
            scope: Some(scope),
            key: None,
        };
        here.oauth.refresh(&client, &refreshing, here.now).await
    };
    for wider in [
        "openid",
        "audit:read:*",
        "offerings:read:* investors:read:*",
    ] {
        assert_eq!(
            fault(ask(&refresh, wider).await),
            Some(Fault::InvalidScope),
            "{wider}"
        );
    }
    let less = ask(&refresh, "offerings:read:harbour").await.unwrap();
    let bearer = here.bearer(&less.access).await.unwrap();
    assert_eq!(bearer.scopes.to_string(), "offerings:read:harbour");
    let other = here.client(ClientAuthentication::None).await;
    let next = less.refresh.unwrap();
    assert_eq!(
        fault(here.refresh(&other, &next).await),
        Some(Fault::InvalidGrant)
    );
    assert_eq!(
        fault(here.refresh(&client, &less.access).await),
        Some(Fault::InvalidGrant)
    );
    assert_eq!(here.bearer(&next).await, None);
}
