//! Requests that a program signs with a key of its own (RFC 9421), instead of sending a secret.
//!
//! What must be signed here: the method, the whole address, what the body is (RFC 9530) where there is one, the
//! Idempotency-Key where there is one, and when it was signed. Whose signature it is, and that it was not used before, is
//! asked of [`softcap_identity::Keys::authenticate_signed`].
//!
//! The body is read after the caller was let in, so that [`guard`] is put around it before: it ends in an error where it is
//! not what was signed, and then nothing was done.

mod base;
mod body;
mod fields;

use std::borrow::Cow;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
};
use softcap_identity::{KeyId, SignedCall, UnixMillis};

use self::{
    base::{Message, signature_base},
    body::{DIGEST, Guarded, guarded, is_guarded},
    fields::Fields,
};
use crate::{body_deadline::has_body, problem::ApiError, system::CodeText};

pub(crate) use body::caused;

const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const IDEMPOTENCY_KEY: &str = "idempotency-key";

const MALFORMED: CodeText = CodeText {
    code: Cow::Borrowed("signature_malformed"),
    title: Cow::Borrowed("The signature cannot be read."),
    remedy: Cow::Borrowed(
        "Send one signature in `Signature-Input` and `Signature` (RFC 9421) with `created` and `keyid`, made with ed25519.",
    ),
};

const INCOMPLETE: CodeText = CodeText {
    code: Cow::Borrowed("signature_incomplete"),
    title: Cow::Borrowed("The signature does not cover all that it must."),
    remedy: Cow::Borrowed(
        "Sign what the detail names, beside the method, the whole address, the digest of the body and the Idempotency-Key.",
    ),
};

const OTHER_BODY: CodeText = CodeText {
    code: Cow::Borrowed("signature_body"),
    title: Cow::Borrowed("The body is not the one that was signed."),
    remedy: Cow::Borrowed(
        "Send `Content-Digest` (RFC 9530) with the SHA-256 or SHA-512 of the body as it is sent, and sign it. Nothing was done.",
    ),
};

/// The codes of this folder, for their pages.
pub(crate) fn codes() -> impl Iterator<Item = CodeText> {
    [MALFORMED, INCOMPLETE, OTHER_BODY].into_iter()
}

fn refused(text: CodeText, detail: String) -> ApiError {
    ApiError::Domain {
        status: StatusCode::UNAUTHORIZED,
        code: text.code,
        title: text.title,
        detail,
        remedy: text.remedy,
    }
}

fn malformed(detail: &'static str) -> ApiError {
    refused(MALFORMED, detail.to_owned())
}

/// What whoever reads a body that was not signed so answers.
pub(crate) fn other_body() -> ApiError {
    refused(OTHER_BODY, String::new())
}

/// Whether a request says to be signed, and shows nothing else.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION) && headers.contains_key(SIGNATURE_INPUT)
}

/// Holds the body of a request that says to be signed to what it says of its body.
pub(crate) fn guard(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let body = guarded(&parts.headers, body);
    parts.extensions.insert(Guarded);
    Request::from_parts(parts, body)
}

/// A request that says to be signed, with what was signed then.
#[derive(Debug)]
pub(crate) struct SignedRequest {
    base: String,
    signature: [u8; 64],
    key: KeyId,
    created: UnixMillis,
    expires: Option<UnixMillis>,
}

impl SignedRequest {
    /// Of its head, whose body was guarded, at a site of this origin.
    pub(crate) fn read(parts: &Parts, origin: &str) -> Result<Self, ApiError> {
        if !is_guarded(&parts.extensions) {
            return Err(malformed("nothing at this address takes signed requests"));
        }
        let fields = Fields::read(&parts.headers).map_err(malformed)?;
        let message = Message {
            method: &parts.method,
            origin,
            uri: &parts.uri,
            headers: &parts.headers,
        };
        require_covered(&fields, &message)?;
        let base = signature_base(&message, &fields.covered, &fields.params);
        Ok(Self {
            base: base.map_err(malformed)?,
            signature: fields.signature,
            key: fields.key,
            created: seconds(fields.created),
            expires: fields.expires.map(seconds),
        })
    }

    /// For the keys to judge.
    pub(crate) fn call(&self) -> SignedCall<'_> {
        SignedCall {
            key: self.key,
            base: self.base.as_bytes(),
            signature: &self.signature,
            created: self.created,
            expires: self.expires,
        }
    }
}

/// No number of 15 digits, which is what the fields hold, is too large.
fn seconds(at: i64) -> UnixMillis {
    UnixMillis::new(at.saturating_mul(1_000))
}

/// Whoever could change one of these on the way would change what is done.
fn require_covered(fields: &Fields, message: &Message<'_>) -> Result<(), ApiError> {
    let covers = |name: &str| fields.covered.iter().any(|covered| covered == name);
    let has_query = message.uri.query().is_some();
    let covers_address = covers("@target-uri")
        || (covers("@authority") && covers("@path") && (covers("@query") || !has_query));
    let missing = if !covers("@method") {
        "@method"
    } else if !covers_address {
        "@target-uri, or @authority, @path and @query"
    } else if has_body(message.headers) && !covers(DIGEST) {
        DIGEST
    } else if message.headers.contains_key(IDEMPOTENCY_KEY) && !covers(IDEMPOTENCY_KEY) {
        IDEMPOTENCY_KEY
    } else {
        return Ok(());
    };
    Err(refused(INCOMPLETE, missing.to_owned()))
}

#[cfg(test)]
mod tests;
