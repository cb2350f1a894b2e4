//! What applications are answered: errors in the form of RFC 6749, section 5.2.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use softcap_identity::{Fault, OauthError};
use utoipa::ToSchema;

use super::problem::of_oauth;
use crate::extract::Json;

/// A refusal of the protocol.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorView {
    /// The word of the protocol.
    error: &'static str,
    /// What exactly, after the stable code of this server.
    error_description: String,
}

impl ErrorView {
    pub(super) fn new(fault: Fault, error: &OauthError) -> Self {
        Self {
            error: fault.as_word(),
            error_description: error.to_string(),
        }
    }
}

/// An error that an endpoint answers to an application. What is no refusal of the protocol is a problem, as everywhere.
#[derive(Debug)]
pub(super) struct OauthAnswer(pub(super) OauthError);

impl From<OauthError> for OauthAnswer {
    fn from(error: OauthError) -> Self {
        Self(error)
    }
}

impl IntoResponse for OauthAnswer {
    fn into_response(self) -> Response {
        let Some(fault) = self.0.fault() else {
            return of_oauth(self.0).into_response();
        };
        let status = if fault == Fault::InvalidClient {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        let mut answer = (status, Json(ErrorView::new(fault, &self.0))).into_response();
        answer
            .headers_mut()
            .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        answer
    }
}
