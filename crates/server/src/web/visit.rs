//! One visit of a page: in which language, by whom, and what surrounds every answer.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request::Parts},
    middleware::Next,
    response::Response,
};
use softcap_identity::{PersonError, ResourcePattern, Right, Session, Standing};

use super::{
    assets::Asset,
    language::{LANGUAGE_COOKIE, Language},
    page::see_other,
    problem_page::problem_page,
};
use crate::{
    api::{
        Service, charge_person, charge_source, follow_session, of_person, of_role, session_secret,
    },
    origin::require_own_page,
    problem::{ApiError, Problem},
    request_id::RequestId,
};

/// Nothing from elsewhere, nothing inline, and no text becomes code.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'",
);
/// With `no-referrer` browsers send `Origin: null` with the site's own forms, and nobody could tell them from others.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const VARY: HeaderValue = HeaderValue::from_static("accept-language, cookie");
const CHOICE_AGE: u32 = 365 * 24 * 3_600;

/// What a page knows of who looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// The language of the answer.
    pub(crate) language: Language,
    /// Who is there.
    pub(crate) visitor: Visitor,
    /// What people call the site.
    pub(crate) site: Arc<str>,
    /// Path and query of the page, without a choice of language.
    pub(crate) place: Arc<str>,
}

/// This page in another language.
#[derive(Clone, Debug)]
pub(crate) struct OtherLanguage {
    /// As browsers call it.
    pub(crate) code: &'static str,
    /// As its speakers call it.
    pub(crate) name: &'static str,
    /// Where it is.
    pub(crate) place: String,
}

/// Who looks at a page.
#[derive(Clone, Debug)]
pub(crate) enum Visitor {
    /// Nobody asked: the answer is to an address that no page has.
    Unasked,
    /// Nobody is logged in.
    Nobody,
    /// The password was shown, and the second factor is asked for.
    Half(Session),
    /// Somebody who may act.
    Person {
        /// The session.
        session: Session,
        /// The address of mail.
        email: Arc<str>,
        /// What the person is in the organisation, at this moment.
        standing: Arc<Standing>,
    },
}

impl Visit {
    /// For an answer to somebody of whom only the request is known.
    pub(crate) fn unasked(headers: &HeaderMap, uri: &Uri) -> Self {
        Self {
            language: Language::of_headers(headers),
            visitor: Visitor::Unasked,
            site: "Softcap".into(),
            place: place_of(uri).into(),
        }
    }

    async fn of(service: &Service, parts: &Parts) -> Result<Self, ApiError> {
        let visitor = match session_secret(&parts.headers) {
            None => {
                let extensions = &parts.extensions;
                charge_source(service, extensions.get().copied(), extensions.get())?;
                Visitor::Nobody
            }
            Some(secret) => visitor_of(service, secret.reveal(), parts).await?,
        };
        Ok(Self {
            language: chosen(&parts.uri).unwrap_or_else(|| Language::of_headers(&parts.headers)),
            visitor,
            site: service.site_name().into(),
            place: place_of(&parts.uri).into(),
        })
    }

    /// A sentence in the language of the page.
    pub(crate) fn say(&self, key: &str) -> String {
        self.language.say(key)
    }

    /// The address of mail of who is logged in.
    pub(crate) fn email(&self) -> Option<&str> {
        match &self.visitor {
            Visitor::Person { email, .. } => Some(email),
            Visitor::Unasked | Visitor::Nobody | Visitor::Half(_) => None,
        }
    }

    /// Whether somebody is there who works on offerings of others: an investor has no role that is given.
    pub(crate) fn is_staff(&self) -> bool {
        match &self.visitor {
            Visitor::Person { standing, .. } => !standing.grants().is_empty(),
            Visitor::Unasked | Visitor::Nobody | Visitor::Half(_) => false,
        }
    }

    /// Where oversight begins for whom it is open to.
    pub(crate) fn office(&self) -> Option<&'static str> {
        let Visitor::Person { standing, .. } = &self.visitor else {
            return None;
        };
        let has = |right| standing.has(right, &ResourcePattern::Every);
        if has(Right::ReadAlerts) {
            Some("/office")
        } else {
            has(Right::ReadVerifications).then_some("/office/verifications")
        }
    }

    /// Whether log-in and sign-up are offered.
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self.visitor, Visitor::Nobody)
    }

    /// Whether the second factor is waited for.
    pub(crate) fn is_half(&self) -> bool {
        matches!(self.visitor, Visitor::Half(_))
    }

    /// Whether a link leads to where the visitor is, or to what is below it.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let here = self.place.split('?').next().unwrap_or_default();
        here == path || (path != "/" && here.starts_with(&format!("{path}/")))
    }

    /// This page in the other languages.
    pub(crate) fn other_languages(&self) -> Vec<OtherLanguage> {
        let others = Language::ALL.into_iter();
        let others = others.filter(|language| *language != self.language);
        others
            .map(|language| OtherLanguage {
                code: language.code(),
                name: language.own_name(),
                place: self.in_language(language),
            })
            .collect()
    }

    fn in_language(&self, language: Language) -> String {
        let sign = if self.place.contains('?') { '&' } else { '?' };
        format!("{}{sign}lang={}", self.place, language.code())
    }

    /// Where to go on after signing up or logging in, as the query of an address; nothing where nobody asked.
    pub(crate) fn next_query(&self) -> String {
        let (_, query) = self.place.split_once('?').unwrap_or_default();
        let next = query.split('&').find(|pair| pair.starts_with("next="));
        next.map_or_else(String::new, |next| format!("?{next}"))
    }

    /// The same for the links at the top of each page: who looks at an offering goes on there.
    pub(crate) fn way_back(&self) -> String {
        let here = self.place.split('?').next().unwrap_or_default();
        let offering = here.strip_prefix("/offerings/");
        match offering.and_then(|rest| rest.split('/').next()) {
            Some(name) if self.is_nobody() && !name.is_empty() => {
                with_next("", &format!("/offerings/{name}"))
            }
            _ => self.next_query(),
        }
    }

    /// Address of the style.
    pub(crate) fn style(&self) -> &'static str {
        Asset::Style.path()
    }

    /// Address of the script.
    pub(crate) fn script(&self) -> &'static str {
        Asset::Script.path()
    }

    /// Addresses of what draws the raise over time: the library, its style, and what uses it.
    pub(crate) fn chart(&self) -> [&'static str; 3] {
        [Asset::Plot, Asset::PlotStyle, Asset::Chart].map(Asset::path)
    }

    /// Address of the picture in the tab.
    pub(crate) fn icon(&self) -> &'static str {
        Asset::Icon.path()
    }

    /// The session of somebody who may act, or who may add a second factor and nothing else.
    pub(crate) fn session_to_add(&self) -> Result<&Session, ApiError> {
        match &self.visitor {
            Visitor::Half(session) if session.enrols => Ok(session),
            Visitor::Half(_) | Visitor::Person { .. } | Visitor::Unasked | Visitor::Nobody => {
                self.session()
            }
        }
    }

    /// The session of somebody who may act.
    pub(crate) fn session(&self) -> Result<&Session, ApiError> {
        match &self.visitor {
            Visitor::Person { session, .. } => Ok(session),
            Visitor::Half(_) => Err(of_person(PersonError::SecondFactor)),
            Visitor::Unasked | Visitor::Nobody => Err(of_person(PersonError::NoSession)),
        }
    }
}

async fn visitor_of(service: &Service, secret: &str, parts: &Parts) -> Result<Visitor, ApiError> {
    let session = match service.people().session(secret, service.now()).await {
        Ok(session) => session,
        // A session that is over is nobody's, and not a problem of the page.
        Err(PersonError::NoSession) => {
            charge_source(service, parts.extensions.get().copied(), None)?;
            return Ok(Visitor::Nobody);
        }
        Err(error) => return Err(of_person(error)),
    };
    charge_person(service, &session, parts)?;
    follow_session(service, &session, parts).await;
    if session.require_complete().is_err() {
        return Ok(Visitor::Half(session));
    }
    let person = service.people().find(session.person).await;
    let Some(person) = person.map_err(of_person)? else {
        return Ok(Visitor::Nobody);
    };
    let standing = service.roles().standing(session.person).await;
    Ok(Visitor::Person {
        session,
        email: person.email.as_str().into(),
        standing: Arc::new(standing.map_err(of_role)?),
    })
}

/// The visit that the layer around the pages has looked up.
impl FromRequestParts<Arc<Service>> for Visit {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        match parts.extensions.get::<Self>() {
            Some(visit) => Ok(visit.clone()),
            None => Self::of(service, parts).await,
        }
    }
}

/// Around every page: who is there, whose page a form comes from, the headers, and problems as pages.
pub(super) async fn around(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().cloned();
    let choice = chosen(&parts.uri);
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    let (visit, allowed) = match Visit::of(&service, &parts).await {
        Ok(visit) => (visit, may_change(&service, &parts)),
        Err(error) => (Visit::unasked(&parts.headers, &parts.uri), Err(error)),
    };
    parts.extensions.insert(visit.clone());
    let mut response = match allowed {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => axum::response::IntoResponse::into_response(error),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let status = response.status();
        let way_in = (is_read).then(|| way_in(&problem.code, &visit)).flatten();
        let retry = response.headers().get(header::RETRY_AFTER).cloned();
        response = match way_in.and_then(|place| see_other(&place).ok()) {
            Some(answer) => answer,
            None => problem_page(&visit, status, &problem, id.as_ref().map(RequestId::as_str)),
        };
        if let Some(retry) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, retry);
        }
    }
    set_headers(response.headers_mut(), &visit);
    if let Some(language) = choice {
        remember(response.headers_mut(), language);
    }
    response
}

/// Where somebody who reads a page goes first, and from there back to it.
fn way_in(code: &str, visit: &Visit) -> Option<String> {
    let page = match code {
        "A408" => "/log-in",
        "A410" => "/log-in/second-factor",
        "A409" => "/account/fresh",
        _ => return None,
    };
    Some(with_next(page, &visit.place))
}

/// The address of a page that leads on to another one.
pub(crate) fn with_next(page: &str, next: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{page}?next={next}")
}

/// A form counts only when a page of this site sent it, logged in or not.
fn may_change(service: &Service, parts: &Parts) -> Result<(), ApiError> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    require_own_page(&parts.headers, service.origin())
}

/// What every page says beside its content; a handler that said it already knows better.
pub(crate) fn set_headers(headers: &mut HeaderMap, visit: &Visit) {
    let is_public = matches!(visit.visitor, Visitor::Nobody);
    let kept = if is_public { "no-cache" } else { "no-store" };
    let mut put = |name: HeaderName, value: HeaderValue| {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_SECURITY_POLICY, POLICY);
    put(header::REFERRER_POLICY, REFERRER);
    put(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    put(header::VARY, VARY);
    if let Ok(language) = HeaderValue::from_str(visit.language.code()) {
        put(header::CONTENT_LANGUAGE, language);
    }
}

fn remember(headers: &mut HeaderMap, language: Language) {
    let code = language.code();
    let text =
        format!("{LANGUAGE_COOKIE}={code}; Path=/; Max-Age={CHOICE_AGE}; SameSite=Lax; HttpOnly");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn pairs(uri: &Uri) -> impl Iterator<Item = &str> {
    let query = uri.query().unwrap_or_default();
    query.split('&').filter(|pair| !pair.is_empty())
}

/// The language that a link asks for.
fn chosen(uri: &Uri) -> Option<Language> {
    pairs(uri).find_map(|pair| Language::of_code(pair.strip_prefix("lang=")?))
}

fn place_of(uri: &Uri) -> String {
    let kept: Vec<&str> = pairs(uri)
        .filter(|pair| !pair.starts_with("lang="))
        .collect();
    if kept.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{}", uri.path(), kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(place: &str) -> Visit {
        let uri: Uri = place.parse().unwrap();
        Visit::unasked(&HeaderMap::new(), &uri)
    }

    #[test]
    fn a_choice_of_language_is_no_part_of_the_place() {
        let table = [
            ("/", "/", "/?lang=de"),
            ("/?lang=en", "/", "/?lang=de"),
            ("/a?b=c&lang=en&d", "/a?b=c&d", "/a?b=c&d&lang=de"),
        ];
        for (asked, place, german) in table {
            let visit = visit(asked);
            assert_eq!(&*visit.place, place, "{asked}");
            assert_eq!(visit.in_language(Language::German), german, "{asked}");
        }
    }

    #[test]
    fn where_to_go_on_is_kept_as_it_was_asked_for() {
        let table = [
            ("/log-in?next=%2Fa%3Fb%3D1&done=out", "?next=%2Fa%3Fb%3D1"),
            ("/log-in?done=out", ""),
            ("/log-in", ""),
        ];
        for (place, next) in table {
            assert_eq!(visit(place).next_query(), next, "{place}");
        }
    }

    #[test]
    fn a_link_knows_whether_the_visitor_is_there() {
        assert!(visit("/offerings/a?x=1").is_at("/offerings"));
        assert!(!visit("/offerings-of-others").is_at("/offerings"));
        assert!(!visit("/offerings").is_at("/"));
        assert!(visit("/").is_at("/"));
    }
}
