//! Forms: what applications and pages without scripts send.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use softcap_identity::{Fault, OauthError, Params};

use super::answer::OauthAnswer;
use crate::extract::RawBody;

/// The parameters of a form.
#[derive(Debug)]
pub(super) struct Form(pub(super) Params);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !is_form(request.headers()) {
            let error = OauthError::Refused {
                fault: Fault::InvalidRequest,
                why: "send application/x-www-form-urlencoded".into(),
            };
            return Err(OauthAnswer(error).into_response());
        }
        let body = RawBody::from_request(request, state).await;
        let RawBody(bytes) = body.map_err(|error| error.into_response())?;
        Ok(Self(Params::parse(&bytes)))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or(kind).trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
