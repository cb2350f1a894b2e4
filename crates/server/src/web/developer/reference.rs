//! The reference of the interface: made on the server from the OpenAPI document, a page for each group of operations.

use std::{collections::BTreeMap, sync::LazyLock};

use askama::Template;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::{
    super::{page::page, visit::Visit},
    operation::{Shown, bodies, object, objects, operations, paragraphs, section, text},
};
use crate::{extract::Path, problem::ApiError, system::interface};

/// What stands in a page, made once.
struct Reference {
    version: String,
    list: String,
    groups: BTreeMap<String, String>,
}

static REFERENCE: LazyLock<Result<Reference, String>> = LazyLock::new(|| {
    let text = interface().map_err(|error| error.to_string())?;
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(Reference::of(&document))
});

/// English text of the interface in the frame of the site.
#[derive(Template)]
#[template(path = "developer/reference.html")]
pub(super) struct ReferencePage {
    pub(super) visit: Visit,
    pub(super) title: String,
    /// Escaped already.
    pub(super) content: String,
}

impl Reference {
    fn of(document: &Value) -> Self {
        let all = operations(document);
        let mut tags: Vec<&str> = Vec::new();
        for operation in &all {
            if !tags.contains(&operation.tag()) {
                tags.push(operation.tag());
            }
        }
        let of_tag = |tag: &str| -> Vec<Shown<'_>> {
            let some = all.iter().filter(|operation| operation.tag() == tag);
            some.copied().collect()
        };
        let groups = tags.iter().map(|tag| {
            let content = group(document, tag, &of_tag(tag)).into_string();
            ((*tag).to_owned(), content)
        });
        let groups = groups.collect();
        let lists: Vec<_> = tags.iter().map(|tag| (*tag, of_tag(tag))).collect();
        Self {
            version: text(&document["info"]["version"]).to_owned(),
            list: list(document, &lists).into_string(),
            groups,
        }
    }
}

fn made() -> Result<&'static Reference, ApiError> {
    let made = REFERENCE.as_ref();
    made.map_err(|error| ApiError::internal(error))
}

fn place(shown: &Shown<'_>) -> String {
    format!("/docs/{}#{}", shown.tag(), shown.anchor())
}

fn list(document: &Value, groups: &[(&str, Vec<Shown<'_>>)]) -> Markup {
    html! {
        (paragraphs(text(&document["info"]["description"])))
        p { a href="/openapi.json" { "OpenAPI document" } " · " a href="/problems" { "Problems" } }
        @for (tag, shown) in groups {
            h2 id=(tag) { a href={ "/docs/" (tag) } { (tag) } }
            ul class="plain-list" {
                @for operation in shown {
                    li { a href=(place(operation)) { code { (operation.method.to_uppercase()) " " (operation.path) } } br;
                        span class="quiet" { (operation.summary()) } }
                }
            }
        }
    }
}

fn group(document: &Value, tag: &str, shown: &[Shown<'_>]) -> Markup {
    let bodies = bodies(shown);
    let named = objects(document, shown).into_iter();
    let further = named.filter(|name| !bodies.contains_key(name));
    html! {
        nav aria-label="Operations" {
            p { a href={ "/docs#" (tag) } { "All groups" } }
            ul class="plain-list" {
                @for operation in shown {
                    li { a href={ "#" (operation.anchor()) } { code { (operation.method.to_uppercase()) " " (operation.path) } } }
                }
            }
        }
        @for operation in shown { (section(document, operation, &bodies)) }
        h2 { "Objects" }
        @for name in further { (object(document, name)) }
    }
}

pub(super) async fn reference(visit: Visit) -> Result<Response, ApiError> {
    let made = made()?;
    page(&ReferencePage {
        title: format!("{} {}", visit.say("developer-reference"), made.version),
        content: made.list.clone(),
        visit,
    })
}

pub(super) async fn reference_group(
    visit: Visit,
    Path(tag): Path<String>,
) -> Result<Response, ApiError> {
    let content = made()?.groups.get(&tag);
    let content = content.ok_or_else(|| {
        ApiError::not_found("the reference has no group of operations of this name")
    })?;
    page(&ReferencePage {
        title: format!("{}: {tag}", visit.say("developer-reference")),
        content: content.clone(),
        visit,
    })
}
