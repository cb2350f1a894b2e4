//! Which application sends a request to an endpoint, and whether it showed so.

use axum::http::{HeaderMap, header, request::Parts};
use softcap_identity::{Client, Fault, Oauth, OauthError, Params, ShownProof};

use super::{app_caller::proof_text, client_document, client_keys::keys_at_address};
use crate::api::Service;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn refused(fault: Fault, why: &'static str) -> OauthError {
    OauthError::Refused {
        fault,
        why: why.into(),
    }
}

/// The application that sends these parameters, authenticated as it is registered.
pub(super) async fn authenticated(
    service: &Service,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Client, OauthError> {
    let id = named(headers, params)?;
    let now = service.now();
    let client = client_document::client(service, &id, now).await?;
    let assertion = params.one("client_assertion")?;
    let keys = keys_at_address(service, &client, assertion).await;
    let (oauth, shown) = (service.oauth(), (assertion, keys.as_deref()));
    oauth.authenticate_client(&client, shown, now).await?;
    Ok(client)
}

/// Which client says to send this, in the one way in which it may.
fn named(headers: &HeaderMap, params: &Params) -> Result<String, OauthError> {
    let wrong = |why| Err(refused(Fault::InvalidRequest, why));
    let assertion = params.one("client_assertion")?;
    let kind = params.one("client_assertion_type")?;
    let has_secret =
        headers.contains_key(header::AUTHORIZATION) || params.one("client_secret")?.is_some();
    match (assertion, kind) {
        (Some(_), _) if has_secret => {
            return wrong("a client shows who it is in one way");
        }
        (Some(_), None) | (None, Some(_)) => {
            return wrong("client_assertion and client_assertion_type come together");
        }
        (Some(_), Some(kind)) if kind != ASSERTION_TYPE => {
            return wrong("client_assertion_type is that of jwt-bearer");
        }
        (None, None) if has_secret => {
            let why = "clients show who they are with private_key_jwt, or with none";
            return Err(refused(Fault::InvalidClient, why));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    let named = params.one("client_id")?.map(str::to_owned);
    let asserted = assertion.and_then(Oauth::asserted_client);
    if named.is_some() && asserted.is_some() && named != asserted {
        return wrong("client_id is not the one that client_assertion is about");
    }
    match (named.or(asserted), assertion) {
        (Some(id), _) => Ok(id),
        (None, Some(_)) => {
            let why = "client_assertion is no JWT that is signed with ES256 or EdDSA";
            Err(refused(Fault::InvalidClient, why))
        }
        (None, None) => wrong("client_id is missing"),
    }
}

/// The thumbprint of the key that a request to an endpoint proves to have, if it proves one.
pub(super) async fn proved_key(
    service: &Service,
    parts: &Parts,
) -> Result<Option<String>, OauthError> {
    let Some(text) = proof_text(&parts.headers)? else {
        return Ok(None);
    };
    let proof = ShownProof {
        text,
        method: parts.method.as_str(),
        url: &format!("{}{}", service.oauth().issuer(), parts.uri.path()),
        token: None,
    };
    service.oauth().prove(&proof, service.now()).await.map(Some)
}
