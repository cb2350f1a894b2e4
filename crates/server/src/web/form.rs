//! Forms: reading them, what is wrong with them, and sending one twice.

use std::borrow::Cow;

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Response},
};
use serde::de::DeserializeOwned;

use crate::problem::{ApiError, ProblemCode};

/// The fields of a form that a page of the site sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match axum::extract::Form::<T>::from_request(request, state).await {
            Ok(form) => Ok(Self(form.0)),
            Err(rejection) => {
                let code = ProblemCode::of_status(rejection.status());
                Err(ApiError::new(code, rejection.body_text()).into_response())
            }
        }
    }
}

/// What is wrong with a form, in the order of its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors(Vec<FieldError>);

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's id and name.
    pub(crate) field: Cow<'static, str>,
    /// What, and how to mend it.
    pub(crate) text: String,
}

impl Errors {
    /// Notes what is wrong with a field.
    pub(crate) fn add(&mut self, field: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        let (field, text) = (field.into(), text.into());
        self.0.push(FieldError { field, text });
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field, if something is.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|error| error.field == field);
        found.map(|error| error.text.as_str())
    }

    /// All of it, for the summary.
    pub(crate) fn all(&self) -> &[FieldError] {
        &self.0
    }
}

/// A value that makes a rendered form count once: 32 random hexadecimal digits.
pub(crate) fn once() -> Result<String, ApiError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ApiError::internal(&error))?;
    Ok(softcap_proof::hex(&bytes))
}
