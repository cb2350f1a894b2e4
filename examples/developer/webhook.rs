//! Checks a call of a webhook with the library `standardwebhooks`, on the bytes as they came. It looks at the time too.

use hyper::HeaderMap;
use standardwebhooks::{Webhook, WebhookError};

pub(crate) fn is_genuine(
    secret: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), WebhookError> {
    Webhook::new(secret)?.verify(body, headers)
}
