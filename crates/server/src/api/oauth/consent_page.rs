//! The pages of a decision: what they say. How a page of this site looks is the layout's.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use maud::{Markup, html};
use softcap_identity::{
    AppScopes, Client, GRANT_LIVES, OauthError, Params, ResourcePattern, Scope, Verb,
};

use super::{
    amount_form::{AmountForm, amount_choices, contributes},
    problem::of_oauth,
};
use crate::web::{Visit, page_with, set_page_headers};

/// Who asks, and how the form of the page says what it is about.
pub(super) struct Asking<'a> {
    client: &'a Client,
    /// The field that says what is decided, and its value.
    about: (&'static str, &'a str),
    /// Where the decision goes.
    action: &'static str,
}

impl<'a> Asking<'a> {
    /// Of a request that a browser brought.
    pub(super) const fn new(client: &'a Client, request: &'a str) -> Self {
        Self {
            client,
            about: ("request", request),
            action: "/oauth/consent",
        }
    }

    /// Of a device, whose code a person typed.
    pub(super) const fn for_device(client: &'a Client, code: &'a str) -> Self {
        Self {
            client,
            about: ("user_code", code),
            action: "/device",
        }
    }
}

/// The layout around what [`maud`] has escaped already.
#[derive(Template)]
#[template(path = "application.html")]
struct Framed {
    visit: Visit,
    title: String,
    content: String,
}

/// A page with a form.
pub(super) struct FormPage {
    pub(super) status: StatusCode,
    pub(super) title: String,
    pub(super) content: Markup,
}

impl FormPage {
    /// The answer.
    pub(super) fn shown(self, visit: &Visit) -> Response {
        self.leading_to("", visit)
    }

    /// The answer, whose form may also lead to a place outside: browsers hold `form-action` against redirects too.
    pub(super) fn leading_to(self, place: &str, visit: &Visit) -> Response {
        let framed = Framed {
            visit: visit.clone(),
            title: self.title,
            content: self.content.into_string(),
        };
        let mut response = match page_with(self.status, &framed) {
            Ok(response) => response,
            Err(error) => return error.into_response(),
        };
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'self' {place}; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
        if let Ok(policy) = HeaderValue::try_from(policy) {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        set_page_headers(response.headers_mut(), visit);
        response
    }
}

/// What is asked for, line by line, each of which can be left out; where, and how long.
/// `said` is what was wrong with what was typed.
pub(super) fn consent_page(
    visit: &Visit,
    asking: &Asking<'_>,
    (scopes, amounts): (&AppScopes, &AmountForm<'_>),
    said: &str,
) -> FormPage {
    let title = visit.say("app-consent-title");
    let (field, value) = asking.about;
    let content = html! {
        h1 { (title) }
        (message(said))
        p { strong { (asking.client.about.name) } " " (visit.say("app-consent-asks")) }
        @match asking.client.id.host() {
            Some(host) => p { (visit.say("app-described-at")) " " strong { (host) } " " (visit.say("app-not-checked")) },
            None => p { (visit.say("app-registered")) },
        }
        form method="post" action=(asking.action) {
            input type="hidden" name=(field) value=(value);
            (scope_choices(visit, "asked", scopes, amounts.typed))
            @if contributes(scopes) { (amount_choices(visit, "asked", amounts)) }
            (how_long(visit, "asked", None, amounts.typed))
            p { (visit.say("app-never-more")) " " a href="/apps" { (visit.say("app-list")) } "." }
            div class="actions" {
                button type="submit" name="decision" value="allow" { (visit.say("app-allow")) } " "
                button type="submit" class="second" name="decision" value="deny" { (visit.say("app-refuse")) }
            }
        }
    };
    let status = status_of(said);
    FormPage {
        status,
        title,
        content,
    }
}

/// Each scope with a box that can be emptied, and the offering to which they can be limited. A page may have
/// several of these forms: `form` begins the ids of this one.
/// `typed` is what was left before.
pub(super) fn scope_choices(
    visit: &Visit,
    form: &str,
    scopes: &AppScopes,
    typed: Option<&Params>,
) -> Markup {
    let reaches_all = |scope: &Scope| scope.resource == ResourcePattern::Every;
    let (only_on, hint) = (format!("{form}-only-on"), format!("{form}-only-on-hint"));
    let is_left =
        |code: &str| typed.is_none_or(|params| params.all("scope").any(|left| left == code));
    let place = typed.and_then(|params| params.one("only_on").ok().flatten());
    html! {
        fieldset class="field" {
            legend { (visit.say("app-may")) }
            @for (code, words) in lines(visit, scopes) {
                @let id = format!("{form}-{code}");
                p class="choice" {
                    input type="checkbox" id=(id) name="scope" value=(code) checked[is_left(&code)];
                    label for=(id) { (words) }
                }
            }
        }
        @if scopes.scopes.iter().any(reaches_all) {
            div class="field" {
                label for=(only_on) { (visit.say("app-only-on")) }
                span class="hint" id=(hint) { (visit.say("app-only-on-hint")) }
                input id=(only_on) name="only_on" maxlength="128" value=[place] aria-describedby=(hint);
            }
        }
    }
}

/// How long; `kept` are the words for what leaves it as it is.
pub(super) fn how_long(
    visit: &Visit,
    form: &str,
    kept: Option<&str>,
    typed: Option<&Params>,
) -> Markup {
    let id = format!("{form}-days");
    let typed = typed.and_then(|params| params.one("days").ok().flatten());
    let is_chosen = |place: usize, days: u64| match typed {
        Some(typed) => typed == days.to_string(),
        None => kept.is_none() && place == 1,
    };
    html! {
        div class="field" {
            label for=(id) { (visit.say("app-how-long")) }
            select id=(id) name="days" {
                @if let Some(kept) = kept { option value="" selected[typed.is_none_or(str::is_empty)] { (kept) } }
                @for (place, life) in GRANT_LIVES.iter().enumerate() {
                    @let days = life.as_secs() / 86_400;
                    option value=(days) selected[is_chosen(place, days)] {
                        @if days == 1 { (visit.say("app-one-day")) } @else { (days) " " (visit.say("app-days")) }
                    }
                }
            }
        }
    }
}

/// Where a person types the code of a device. `said` is why the last one did not work.
pub(super) fn device_page(visit: &Visit, code: &str, said: &str) -> Response {
    let title = visit.say("app-device-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("app-device-text")) }
        form method="post" action="/device" {
            div class="field" {
                label for="user_code" { (visit.say("app-device-code")) }
                (message(said))
                input id="user_code" name="user_code" class="code-in" value=(code) autocomplete="off" autocapitalize="characters" required;
            }
            div class="actions" { button type="submit" { (visit.say("app-device-go")) } }
        }
    };
    let status = status_of(said);
    FormPage {
        status,
        title,
        content,
    }
    .shown(visit)
}

/// What a person sees when they have decided about a device.
pub(super) fn device_done_page(visit: &Visit, is_allowed: bool) -> Response {
    let title = if is_allowed {
        visit.say("app-device-allowed")
    } else {
        visit.say("app-device-refused")
    };
    let content = html! {
        h1 { (title) }
        @if is_allowed {
            p { (visit.say("app-device-allowed-text")) " " a href="/apps" { (visit.say("app-list")) } "." }
        } @else {
            p { (visit.say("app-device-refused-text")) }
        }
    };
    let status = StatusCode::OK;
    FormPage {
        status,
        title,
        content,
    }
    .shown(visit)
}

/// A refusal that the person sees, because nobody knows where else to send it.
pub(super) fn error_page(visit: &Visit, error: OauthError) -> Response {
    if error.fault().is_none() {
        return of_oauth(error).into_response();
    }
    let title = visit.say("app-wrong-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("app-wrong-text")) }
        p { code lang="en" { (error) } }
        p { (visit.say("app-wrong-do")) }
    };
    let status = StatusCode::BAD_REQUEST;
    FormPage {
        status,
        title,
        content,
    }
    .shown(visit)
}

pub(super) fn message(said: &str) -> Markup {
    html! { @if !said.is_empty() { span class="error" role="alert" { (said) } } }
}

pub(super) const fn status_of(said: &str) -> StatusCode {
    if said.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

/// Each scope with what it means.
fn lines(visit: &Visit, scopes: &AppScopes) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if scopes.openid {
        lines.push(("openid".to_owned(), visit.say("app-openid")));
    }
    if scopes.email {
        let email = visit.email().unwrap_or_default();
        lines.push((
            "email".to_owned(),
            format!("{}, {email}", visit.say("app-email")),
        ));
    }
    for scope in scopes.scopes.iter() {
        lines.push((scope.to_string(), words(visit, scope)));
    }
    if scopes.offline {
        lines.push(("offline_access".to_owned(), visit.say("app-offline")));
    }
    lines
}

fn words(visit: &Visit, scope: &Scope) -> String {
    let what = verb_words(visit, scope.verb);
    match &scope.resource {
        ResourcePattern::Every => format!("{what} ({})", visit.say("app-on-all")),
        ResourcePattern::Only(id) => format!("{what} ({} {})", visit.say("app-on"), id.as_str()),
    }
}

/// What somebody may who may do this.
pub(crate) fn verb_words(visit: &Visit, verb: Verb) -> String {
    match verb {
        Verb::OfferingsRead => visit.say("app-offerings-read"),
        Verb::OfferingsWrite => visit.say("app-offerings-write"),
        Verb::InvestorsRead => visit.say("app-investors-read"),
        Verb::InvestorsWrite => visit.say("app-investors-write"),
        Verb::ContributionsRead => visit.say("app-contributions-read"),
        Verb::ContributionsWrite => visit.say("app-contributions-write"),
        Verb::AccountsRead => visit.say("app-accounts-read"),
        Verb::AccountsWrite => visit.say("app-accounts-write"),
        Verb::OperationsWrite => visit.say("app-operations-write"),
        Verb::SettlementsWrite => visit.say("app-settlements-write"),
        Verb::KeysRead => visit.say("app-keys-read"),
        Verb::KeysWrite => visit.say("app-keys-write"),
        Verb::WebhooksRead => visit.say("app-webhooks-read"),
        Verb::WebhooksWrite => visit.say("app-webhooks-write"),
        Verb::AuditRead => visit.say("app-audit-read"),
        Verb::MetricsRead => visit.say("app-metrics-read"),
        Verb::ServerWrite => visit.say("app-server-write"),
    }
}
