//! An application that nobody registered describes itself: its name is the address of a JSON document (client-id metadata
//! documents). Only public addresses are asked, no redirect is followed, and little is read.

use std::time::Duration;

use serde_json::Value;
use softcap_identity::{
    Client, ClientId, ClientMetadata, Fault, OauthError, UnixMillis, every_scope,
};

use super::clients::metadata_of;
use crate::{api::Service, outside::read_json};

/// How long a document is believed before it is read again.
const BELIEVED: Duration = Duration::from_secs(3600);

/// The application of this name, if there is one.
pub(super) async fn client(
    service: &Service,
    name: &str,
    now: UnixMillis,
) -> Result<Client, OauthError> {
    let unknown = || refused("there is no such client");
    let id: ClientId = name.parse()?;
    let known = service.oauth().client(&id).await?;
    let Some(address) = id.document() else {
        return known.ok_or_else(unknown);
    };
    if let Some(client) = known.as_ref()
        && now < client.read_at.plus(BELIEVED)
    {
        return Ok(client.clone());
    }
    let text = read_json(&service.documents, address).await;
    let about = text
        .and_then(|text| described(address, &text))
        .map_err(|why| {
            tracing::debug!(
                client = name,
                why,
                "the document of a client cannot be used"
            );
            refused("the document that this client names cannot be read, or does not describe it")
        })?;
    service.oauth().keep_document(id, about, now).await
}

/// What the document says, if it is about itself.
fn described(address: &str, text: &[u8]) -> Result<ClientMetadata, String> {
    let document: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if document["client_id"] != address {
        return Err("client_id is not the address of the document".to_owned());
    }
    if !document["client_secret"].is_null() {
        return Err("a document that everybody reads holds a secret".to_owned());
    }
    metadata_of(&document, &every_scope()).map_err(|error| error.to_string())
}

fn refused(why: &'static str) -> OauthError {
    OauthError::Refused {
        fault: Fault::InvalidClient,
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_describes_itself_and_nobody_else() {
        let address = "https://app.example/client.json";
        let good = json!({
            "client_id": address,
            "client_name": "Portfolio",
            "redirect_uris": ["https://app.example/cb"],
            "token_endpoint_auth_method": "none",
            "logo_uri": "https://app.example/logo.png",
        });
        let about = described(address, good.to_string().as_bytes()).unwrap();
        assert_eq!(about.name, "Portfolio");
        for (name, value) in [
            ("client_id", json!("https://app.example/other.json")),
            ("client_id", json!(null)),
            ("client_secret", json!("x")),
            ("client_name", json!("")),
            ("redirect_uris", json!(["http://app.example/cb"])),
            ("redirect_uris", json!([])),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("grant_types", json!(["password"])),
        ] {
            let mut wrong = good.clone();
            wrong[name] = value;
            let refused = described(address, wrong.to_string().as_bytes());
            assert!(refused.is_err(), "{name}");
        }
        assert!(described(address, b"no JSON").is_err());
    }
}
