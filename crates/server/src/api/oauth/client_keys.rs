//! The keys of applications that keep them at an address of their own (`jwks_uri`): read when they are needed, believed for
//! an hour, and read again where an assertion names one that is not there, at most once a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use softcap_identity::{
    Client, ClientAuthentication, ClientKeys, JwksUri, KeySet, Oauth, OauthError, UnixMillis,
};

use crate::{api::Service, outside::read_json};

const BELIEVED: Duration = Duration::from_secs(3600);
const AGAIN: Duration = Duration::from_secs(60);
/// Addresses that are known at the same time; at 64 KiB of JSON each holds ten keys.
const MOST: usize = 1_000;

/// What is known of an address.
#[derive(Debug, Default)]
struct Known {
    read: Option<(Arc<KeySet>, UnixMillis)>,
    tried_at: Option<UnixMillis>,
}

impl Known {
    /// The keys, while they are believed.
    fn believed(&self, now: UnixMillis) -> Option<&Arc<KeySet>> {
        let (keys, at) = self.read.as_ref()?;
        (now < at.plus(BELIEVED)).then_some(keys)
    }

    fn may_try(&self, now: UnixMillis) -> bool {
        self.tried_at.is_none_or(|at| now >= at.plus(AGAIN))
    }
}

/// Keys that were read, of this node. Whoever asks for those of an address waits for who reads them already.
#[derive(Debug, Default)]
pub(in crate::api) struct KeyCache(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Known>>>>);

impl KeyCache {
    fn of(&self, uri: &JwksUri) -> Arc<tokio::sync::Mutex<Known>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is lost by it but a call for each that is in use.
        if all.len() >= MOST && !all.contains_key(uri.as_str()) {
            all.clear();
        }
        Arc::clone(all.entry(uri.as_str().to_owned()).or_default())
    }
}

/// The keys with which an assertion of a client is to be compared, if they are at an address of its own.
pub(super) async fn keys_at_address(
    service: &Service,
    client: &Client,
    assertion: Option<&str>,
) -> Option<Arc<KeySet>> {
    let ClientAuthentication::PrivateKeyJwt(ClientKeys::At(uri)) = &client.about.authentication
    else {
        return None;
    };
    let named = Oauth::asserted_key(assertion?);
    let now = service.now();
    let known = service.client_keys.of(uri);
    let mut known = known.lock().await;
    let believed = known.believed(now).cloned();
    let is_there = |keys: &Arc<KeySet>| keys.has(named.as_deref());
    if believed.as_ref().is_some_and(is_there) || !known.may_try(now) {
        return believed;
    }
    known.tried_at = Some(now);
    let text = read_json(&service.documents, uri.as_str()).await;
    match text.and_then(|text| parse(&text).map_err(|error| error.to_string())) {
        Ok(keys) => {
            let keys = Arc::new(keys);
            known.read = Some((Arc::clone(&keys), now));
            Some(keys)
        }
        Err(why) => {
            tracing::debug!(client = %client.id, why, "the keys of a client cannot be read");
            believed
        }
    }
}

fn parse(text: &[u8]) -> Result<KeySet, OauthError> {
    KeySet::read_known(&serde_json::from_slice(text).unwrap_or_default())
}
