//! The way back: what another site answers, once.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use serde::Deserialize;
use softcap_identity::{
    Attempt, AttemptAnswer, NEWCOMER_LIFE, PersonId, Session, SignInError, SignInPurpose,
};

use super::{ATTEMPT_COOKIE, NEWCOMER_COOKIE};
use crate::{
    api::{self, Service, cookie_secret, ended_cookie, of_sign_in, secret_cookie, session_secret},
    extract::{Path, Query},
    problem::ApiError,
    sign_in::{Answered, OtherSite, Vouched},
    web::{
        account::fresh_place,
        entrance::{go_on, moved_with},
        page::see_other,
        visit::{Visit, Visitor, with_next},
    },
};

/// What the address says with which somebody comes back (RFC 6749, section 4.1.2; RFC 9207). It has no `Debug`.
#[derive(Deserialize)]
pub(super) struct AnswerQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Who comes back, and with what.
struct Back<'a> {
    service: &'a Service,
    visit: &'a Visit,
    headers: &'a HeaderMap,
    device: &'a api::Visitor,
    site: &'a OtherSite,
}

pub(super) async fn answer(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    device: api::Visitor,
    Path(id): Path<String>,
    Query(query): Query<AnswerQuery>,
) -> Result<Response, ApiError> {
    let back = Back {
        service: &service,
        visit: &visit,
        headers: &headers,
        device: &device,
        site: service.other_sites().find(&id).map_err(of_sign_in)?,
    };
    let mut response = back.answered(&query).await?;
    let cookie = ended_cookie(ATTEMPT_COOKIE)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

impl Back<'_> {
    async fn answered(&self, query: &AnswerQuery) -> Result<Response, ApiError> {
        let browser = cookie_secret(self.headers, ATTEMPT_COOKIE);
        let answer = AttemptAnswer {
            issuer: self.site.issuer(),
            state: &query.state,
            browser: browser.as_ref(),
            source: self.device.0.address,
        };
        let (sign_ins, now) = (self.service.sign_ins(), self.service.now());
        let attempt = sign_ins.take(answer, now).await.map_err(of_sign_in)?;
        let vouched = match self.vouched(&attempt, query).await {
            Ok(vouched) => vouched,
            Err(why) => {
                let why = sign_ins.refuse(attempt.purpose, why, now).await;
                return Err(of_sign_in(why));
            }
        };
        match attempt.purpose {
            SignInPurpose::LogIn => self.log_in(&attempt, vouched).await,
            SignInPurpose::Add(person) => {
                let session = self.session_of(person, attempt.purpose).await?;
                let added = sign_ins.add(session, &vouched.identity, now).await;
                added.map_err(of_sign_in)?;
                see_other("/account/sign-ins?done=added")
            }
            SignInPurpose::StepUp(person) => {
                let session = self.session_of(person, attempt.purpose).await?;
                let shown = (&attempt, &vouched.identity);
                let secret = sign_ins.step_up(session, shown, now).await;
                let secret = secret.map_err(of_sign_in)?;
                moved_with(fresh_place(&attempt.next), &secret)
            }
        }
    }

    /// Who the other site says it is. An error counts only from the site that was asked, too.
    async fn vouched(
        &self,
        attempt: &Attempt,
        query: &AnswerQuery,
    ) -> Result<Vouched, SignInError> {
        let (asking, iss) = (self.service.asking(), query.iss.as_deref());
        match (&query.error, query.code.as_deref()) {
            (None, Some(code)) => {
                let answered = Answered { code, iss };
                self.site.who_is(asking, attempt, answered).await
            }
            (Some(_), _) | (None, None) => {
                self.site.check_who_answers(asking, iss).await?;
                Err(SignInError::Declined)
            }
        }
    }

    async fn log_in(&self, attempt: &Attempt, vouched: Vouched) -> Result<Response, ApiError> {
        let (sign_ins, now) = (self.service.sign_ins(), self.service.now());
        let before = session_secret(self.headers);
        let device = (&self.device.0, before.as_ref());
        let logged_in = sign_ins.log_in(&vouched.identity, device, now).await;
        if let Some(logged_in) = logged_in.map_err(of_sign_in)? {
            return go_on(&logged_in, &attempt.next);
        }
        let identity = vouched.identity.clone();
        let mail = self.site.mail_of(self.service.asking(), vouched).await;
        let kept = sign_ins.keep_newcomer(&identity, mail.as_ref(), now).await;
        let kept = kept.map_err(of_sign_in)?;
        let mut response = see_other(&with_next("/sign-up/with", &attempt.next))?;
        let cookie = secret_cookie(NEWCOMER_COOKIE, &kept, NEWCOMER_LIFE)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// The session in which it was begun: of the same person, and complete.
    async fn session_of(
        &self,
        person: PersonId,
        purpose: SignInPurpose,
    ) -> Result<&Session, ApiError> {
        match &self.visit.visitor {
            Visitor::Person { session, .. } if session.person == person => Ok(session),
            Visitor::Person { .. } | Visitor::Half(_) | Visitor::Nobody | Visitor::Unasked => {
                let sign_ins = self.service.sign_ins();
                let why = sign_ins.refuse(purpose, SignInError::OtherBrowser, self.service.now());
                Err(of_sign_in(why.await))
            }
        }
    }
}
