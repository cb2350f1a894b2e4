//! The page of what a person granted: what it says. How a page of this site looks is the layout's.

use std::collections::BTreeSet;

use axum::response::Response;
use maud::{Markup, html};
use softcap_identity::{AppGrant, Spent, UnixMillis};

use super::{
    amount_form::{AmountForm, amount_choices, contributes},
    consent_page::{FormPage, how_long, message, scope_choices, status_of},
};
use crate::web::{Visit, When};

/// A grant, and what was done with it.
pub(super) struct ShownGrant {
    pub(super) grant: AppGrant,
    /// What is used of its limits.
    pub(super) spent: Vec<Spent>,
    /// Currencies that can be limited.
    pub(super) currencies: BTreeSet<(String, u8)>,
    pub(super) acts: Vec<String>,
}

impl ShownGrant {
    fn amounts(&self) -> AmountForm<'_> {
        AmountForm {
            currencies: &self.currencies,
            limits: &self.grant.limits,
            spent: &self.spent,
            typed: None,
        }
    }
}

fn time(visit: &Visit, time: UnixMillis) -> Markup {
    let When { iso, text } = When::of(visit.language, time);
    html! { time datetime=(iso) data-local { (text) } }
}

/// All of them, each with a form that takes parts of it away and one that ends it.
pub(super) fn apps_page(visit: &Visit, all: &[ShownGrant], said: &str) -> Response {
    let title = visit.say("app-list-title");
    let kept = visit.say("app-as-now");
    let content = html! {
        h1 { (title) }
        (message(said))
        @if all.is_empty() { p { (visit.say("app-none")) } }
        @for shown in all {
            section {
                h2 { (shown.grant.client_name) }
                p {
                    (visit.say("app-since")) " " (time(visit, shown.grant.made_at)) ", "
                    (visit.say("app-until")) " " (time(visit, shown.grant.expires_at)) ", "
                    (visit.say("app-used")) " " (time(visit, shown.grant.used_at))
                }
                form method="post" action="/apps" {
                    input type="hidden" name="grant" value=(shown.grant.id);
                    (scope_choices(visit, &shown.grant.id.to_string(), &shown.grant.scopes, None))
                    @if contributes(&shown.grant.scopes) { (amount_choices(visit, &shown.grant.id.to_string(), &shown.amounts())) }
                    (how_long(visit, &shown.grant.id.to_string(), Some(&kept), None))
                    div class="actions" {
                        button type="submit" class="second" name="act" value="narrow" { (visit.say("app-narrow")) } " "
                        button type="submit" name="act" value="end" { (visit.say("app-end")) }
                    }
                }
                details {
                    summary { (visit.say("app-did")) " (" (shown.acts.len()) ")" }
                    @if shown.acts.is_empty() { p { (visit.say("app-did-nothing")) } }
                    ul { @for act in &shown.acts { li { code { (act) } } } }
                }
            }
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
