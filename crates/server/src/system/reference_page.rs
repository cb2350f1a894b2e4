//! The reference at `/docs`: a page made on the server from the OpenAPI document, without a script
//! and without anything from elsewhere.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use maud::{Markup, html};
use serde_json::Value;

use crate::{api::SESSION_COOKIE, openapi::document_text, problem::ApiError, system::page_layout};

/// The methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const REFERENCE: &str = "#/components/schemas/";

static DOCUMENT: LazyLock<Result<String, String>> =
    LazyLock::new(|| document_text().map_err(|error| error.to_string()));
static PAGE: LazyLock<Result<Html<String>, String>> = LazyLock::new(|| {
    let text = DOCUMENT.as_ref().map_err(String::clone)?;
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(page_layout::document(
        "API reference",
        &reference(&document),
    ))
});

pub(super) async fn openapi_json() -> Result<Response, ApiError> {
    let text = DOCUMENT
        .as_ref()
        .map_err(|error| ApiError::internal(error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response())
}

pub(super) async fn docs() -> Result<Html<String>, ApiError> {
    PAGE.clone().map_err(|error| ApiError::internal(&error))
}

struct Shown<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

impl Shown<'_> {
    fn anchor(&self) -> String {
        format!("{}{}", self.method, self.path)
    }

    fn tag(&self) -> &str {
        self.operation["tags"][0].as_str().unwrap_or("other")
    }
}

fn reference(document: &Value) -> Markup {
    let shown = operations(document);
    let mut tags: Vec<&str> = Vec::new();
    for operation in &shown {
        if !tags.contains(&operation.tag()) {
            tags.push(operation.tag());
        }
    }
    html! {
        header {
            h1 { (text(&document["info"]["title"])) " API " (text(&document["info"]["version"])) }
            (paragraphs(text(&document["info"]["description"])))
            p { a href="/openapi.json" { "OpenAPI document" } " · " a href="/problems" { "Problems" } }
        }
        nav aria-label="Operations" {
            @for tag in &tags {
                h2 { (tag) }
                ul {
                    @for operation in shown.iter().filter(|operation| operation.tag() == *tag) {
                        li { a href={ "#" (operation.anchor()) } {
                            code { (operation.method.to_uppercase()) " " (operation.path) }
                        } " " (prose(text(&operation.operation["summary"]))) }
                    }
                }
            }
        }
        main {
            @for operation in &shown { (section(operation)) }
            h2 { "Objects" }
            @for (name, schema) in entries(&document["components"]["schemas"]) {
                section id={ "object-" (name) } {
                    h3 { code { (name) } }
                    (paragraphs(text(&schema["description"])))
                    (fields(schema))
                }
            }
        }
    }
}

fn operations(document: &Value) -> Vec<Shown<'_>> {
    let mut shown = Vec::new();
    for (path, item) in entries(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                shown.push(Shown {
                    method,
                    path,
                    operation,
                });
            }
        }
    }
    shown
}

fn section(shown: &Shown<'_>) -> Markup {
    let operation = shown.operation;
    let needs = |scheme: &str| {
        let all = operation["security"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one.get(scheme).is_some()))
    };
    html! {
        section id=(shown.anchor()) {
            h3 { code { (shown.method.to_uppercase()) " " (shown.path) } }
            p { strong { (prose(text(&operation["summary"]))) } }
            (paragraphs(text(&operation["description"])))
            @if needs("key") { p { "Needs a key: " code { "Authorization: Bearer sc_..." } ", or the session of a person whose role may" } }
            @if needs("session") { p { "Needs a session: the cookie " code { (SESSION_COOKIE) } } }
            @if let Some(parameters) = operation["parameters"].as_array() {
                table {
                    caption { "Parameters" }
                    thead { tr { th { "Name" } th { "Where" } th { "Type" } th { "Meaning" } } }
                    tbody {
                        @for parameter in parameters {
                            tr {
                                td { code { (text(&parameter["name"])) }
                                    @if parameter["required"] == true { " (required)" } }
                                td { (text(&parameter["in"])) }
                                td { (kind(&parameter["schema"])) }
                                td { (prose(text(&parameter["description"]))) }
                            }
                        }
                    }
                }
            }
            @for (media, content) in entries(&operation["requestBody"]["content"]) {
                p { "Body, " code { (media) } ": " (kind(&content["schema"])) }
            }
            table {
                caption { "Answers" }
                thead { tr { th { "Status" } th { "Meaning" } th { "Body" } } }
                tbody {
                    @for (status, response) in entries(&operation["responses"]) {
                        tr {
                            td { code { (status) } }
                            td { (prose(text(&response["description"]))) }
                            td {
                                @for (media, content) in entries(&response["content"]) {
                                    (kind(&content["schema"])) " " code { (media) } br;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn fields(schema: &Value) -> Markup {
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    html! {
        @if schema["properties"].is_object() {
            table {
                thead { tr { th { "Field" } th { "Type" } th { "Meaning" } } }
                tbody {
                    @for (name, field) in entries(&schema["properties"]) {
                        tr {
                            td { code { (name) } @if !is_required(name) { " (may be absent)" } }
                            td { (kind(field)) }
                            td { (prose(text(&field["description"]))) }
                        }
                    }
                }
            }
        } @else {
            p { "Type: " (kind(schema)) }
        }
        @for choice in ["oneOf", "anyOf", "allOf"] {
            @if let Some(parts) = schema[choice].as_array() {
                ul { @for part in parts { li { (prose(text(&part["description"]))) " " (kind(part)) (fields_of_part(part)) } } }
            }
        }
    }
}

/// A choice within a choice is told by its type alone, so that no document can nest the page deep.
fn fields_of_part(part: &Value) -> Markup {
    html! {
        @if part["properties"].is_object() {
            ul { @for (name, field) in entries(&part["properties"]) {
                li { code { (name) } ": " (kind(field)) " " (prose(text(&field["description"]))) }
            } }
        }
    }
}

/// The type of a value in a few words, with a link where it is an object of its own.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix(REFERENCE))
    {
        return html! { a href={ "#object-" (name) } { code { (name) } } };
    }
    if schema["items"].is_object() {
        return html! { "list of " (kind(&schema["items"])) };
    }
    if let Some(choices) = schema["enum"].as_array() {
        return html! { @for (place, choice) in choices.iter().enumerate() {
            @if place > 0 { ", " } code { (choice) }
        } };
    }
    let one = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(parts) = one {
        return html! { @for (place, part) in parts.iter().enumerate() {
            @if place > 0 { " or " } (kind(part))
        } };
    }
    let word = match schema["type"].as_array() {
        Some(words) => words.iter().map(text).collect::<Vec<_>>().join(" or "),
        None => text(&schema["type"]).to_owned(),
    };
    html! { (word) @if let Some(format) = schema["format"].as_str() { " (" (format) ")" } }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(|map| map.iter().map(|(name, value)| (name.as_str(), value)))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn paragraphs(text: &str) -> Markup {
    html! { @for paragraph in text.split("\n\n").filter(|part| !part.is_empty()) { p { (prose(paragraph)) } } }
}

/// A description with what stands between backquotes as code. A backquote without another one is text.
fn prose(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! { @for (place, part) in parts.iter().enumerate() {
        @if place % 2 == 0 { (part) }
        @else if place + 1 < parts.len() { code { (part) } }
        @else { "`" (part) }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backquotes_is_code() {
        let table = [
            ("plain", "plain"),
            (
                "after `Last-Event-ID`.",
                "after <code>Last-Event-ID</code>.",
            ),
            ("`a` and `b<c`", "<code>a</code> and <code>b&lt;c</code>"),
            ("one ` alone", "one ` alone"),
            ("`a` then `", "<code>a</code> then `"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(prose(text).into_string(), expected, "{text}");
        }
    }
}
