//! Contributes for an investor with a key that has the scope `contributions:write`, and gives the receipt.
//!
//! The Idempotency-Key is a name of your own for this contribution: when no answer came, repeat the same request with the
//! same name, and it counts once.

use serde_json::Value;

use super::call::call;

pub(crate) async fn contribute(
    (url, key): (&str, &str),
    offering: &str,
    contribution: &Value,
    name: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let url = format!("{url}/v1/offerings/{offering}/contributions");
    let bearer = format!("Bearer {key}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", name),
        ("content-type", "application/json"),
    ];
    let entry = call("POST", &url, &headers, contribution.to_string()).await?;
    Ok(entry["receipt"].as_str().ok_or("no receipt")?.to_owned())
}
