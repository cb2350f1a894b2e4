//! What another site says of itself, and its keys: read when they are needed, believed for an hour, and the keys again where a
//! token names one that is not there, at most once a minute.

use std::{sync::Arc, time::Duration};

use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use serde_json::Value;
use softcap_identity::{SignInError, UnixMillis};
use tokio::sync::Mutex;

use crate::{outside::read_json, webhooks::GuardedClient};

const BELIEVED: Duration = Duration::from_secs(3600);
/// A site that did not answer is asked again after so long, and the keys of one where a token names an unknown one.
const ASKED_AGAIN: Duration = Duration::from_secs(10);
const KEYS_AGAIN: Duration = Duration::from_secs(60);

/// What a site says of itself.
#[derive(Debug)]
pub(super) struct Description {
    /// Its addresses, and its keys.
    pub(super) metadata: CoreProviderMetadata,
    /// Whether it names itself when somebody comes back from it (RFC 9207).
    pub(super) names_itself: bool,
}

#[derive(Debug, Default)]
struct Known {
    read: Option<(Arc<Description>, UnixMillis)>,
    tried_at: Option<UnixMillis>,
    keys_tried_at: Option<UnixMillis>,
}

/// What is known of a site on this node. Whoever asks waits for who reads already.
#[derive(Debug, Default)]
pub(super) struct Described(Mutex<Known>);

impl Described {
    /// What a site of this issuer says of itself. What was read before is believed on while it cannot be read anew.
    pub(super) async fn get(
        &self,
        client: &GuardedClient,
        issuer: &str,
        now: UnixMillis,
    ) -> Result<Arc<Description>, SignInError> {
        let mut known = self.0.lock().await;
        if let Some((read, at)) = &known.read
            && now < at.plus(BELIEVED)
        {
            return Ok(Arc::clone(read));
        }
        if may_try(known.tried_at, ASKED_AGAIN, now) {
            known.tried_at = Some(now);
            match read(client, issuer).await {
                Ok(description) => {
                    known.read = Some((Arc::new(description), now));
                    known.tried_at = None;
                }
                Err(why) => {
                    tracing::warn!(issuer, why, "a site to log in with cannot be read");
                }
            }
        }
        let read = known.read.as_ref().map(|(read, _)| Arc::clone(read));
        read.ok_or(SignInError::Unreachable)
    }

    /// The same with keys that are newer than these; the same ones where they were read lately, or cannot be read.
    pub(super) async fn with_new_keys(
        &self,
        client: &GuardedClient,
        old: &Arc<Description>,
        now: UnixMillis,
    ) -> Arc<Description> {
        let mut known = self.0.lock().await;
        if let Some((read, _)) = &known.read
            && !Arc::ptr_eq(read, old)
        {
            return Arc::clone(read);
        }
        if !may_try(known.keys_tried_at, KEYS_AGAIN, now) {
            return Arc::clone(old);
        }
        known.keys_tried_at = Some(now);
        let keys = match read_keys(client, &old.metadata).await {
            Ok(keys) => keys,
            Err(why) => {
                let issuer = old.metadata.issuer().as_str();
                tracing::warn!(issuer, why, "the keys of a site cannot be read");
                return Arc::clone(old);
            }
        };
        let new = Arc::new(Description {
            metadata: old.metadata.clone().set_jwks(keys),
            names_itself: old.names_itself,
        });
        if let Some((read, _)) = &mut known.read {
            *read = Arc::clone(&new);
        }
        new
    }
}

fn may_try(tried_at: Option<UnixMillis>, again: Duration, now: UnixMillis) -> bool {
    tried_at.is_none_or(|at| now >= at.plus(again))
}

/// Reads both (OpenID Connect Discovery, section 4).
async fn read(client: &GuardedClient, issuer: &str) -> Result<Description, String> {
    let base = issuer.trim_end_matches('/');
    let address = format!("{base}/.well-known/openid-configuration");
    let text = read_json(client, &address).await?;
    let described = described(issuer, &text)?;
    client.checked(described.metadata.authorization_endpoint().as_str())?;
    let keys = read_keys(client, &described.metadata).await?;
    Ok(Description {
        metadata: described.metadata.set_jwks(keys),
        ..described
    })
}

/// What the document says, if it is about the site that was asked.
fn described(issuer: &str, text: &[u8]) -> Result<Description, String> {
    let metadata: CoreProviderMetadata =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if metadata.issuer().as_str() != issuer {
        return Err("it says that it is another site".to_owned());
    }
    let all: Value = serde_json::from_slice(text).unwrap_or_default();
    let names_itself = all["authorization_response_iss_parameter_supported"] == true;
    Ok(Description {
        metadata,
        names_itself,
    })
}

async fn read_keys(
    client: &GuardedClient,
    metadata: &CoreProviderMetadata,
) -> Result<CoreJsonWebKeySet, String> {
    let text = read_json(client, metadata.jwks_uri().as_str()).await?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_about_another_site_is_none() {
        let issuer = "https://id.example";
        let good = json!({
            "issuer": issuer,
            "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256K"],
            "authorization_response_iss_parameter_supported": true,
        });
        let of = |text: &Value| described(issuer, text.to_string().as_bytes());
        assert!(of(&good).unwrap().names_itself);
        for (name, value) in [
            ("issuer", json!("https://id.example/")),
            ("issuer", json!("https://evil.example")),
            ("issuer", json!(null)),
            ("authorization_endpoint", json!(null)),
            ("jwks_uri", json!("no address")),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            assert!(of(&wrong).is_err(), "{name}");
        }
        let mut silent = good;
        silent["authorization_response_iss_parameter_supported"] = json!("true");
        assert!(!of(&silent).unwrap().names_itself);
    }
}
