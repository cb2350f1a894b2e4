//! The page of what a person granted: what it says. How a page of this site looks is the layout's.

use axum::response::Response;
use maud::html;
use softcap_identity::AppGrant;

use super::consent_page::{FormPage, how_long, message, scope_choices, status_of};
use crate::web::Visit;

/// A grant with its times as text, and what was done with it.
pub(super) struct ShownGrant {
    pub(super) grant: AppGrant,
    pub(super) made_at: String,
    pub(super) expires_at: String,
    pub(super) used_at: String,
    pub(super) acts: Vec<String>,
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
                    (visit.say("app-since")) " " (shown.made_at) ", "
                    (visit.say("app-until")) " " (shown.expires_at) ", "
                    (visit.say("app-used")) " " (shown.used_at)
                }
                form method="post" action="/apps" {
                    input type="hidden" name="grant" value=(shown.grant.id);
                    (scope_choices(visit, &shown.grant.scopes))
                    (how_long(visit, Some(&kept)))
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
