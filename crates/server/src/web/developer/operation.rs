//! An operation of the interface, and the objects that it takes and answers, told from the OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use serde_json::Value;

use crate::{api::SESSION_COOKIE, problem::ProblemCode};

/// The methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const REFERENCE: &str = "#/components/schemas/";

/// An operation, where it is in the document.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    /// In lower case.
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
}

impl<'a> Shown<'a> {
    /// Its id on the page of its group.
    pub(super) fn anchor(&self) -> String {
        format!("{}{}", self.method, self.path)
    }

    /// Its group.
    pub(super) fn tag(&self) -> &'a str {
        self.operation["tags"][0].as_str().unwrap_or("other")
    }

    /// What it is for, in a sentence.
    pub(super) fn summary(&self) -> Markup {
        prose(text(&self.operation["summary"]))
    }

    fn needs(&self, scheme: &str) -> bool {
        let all = self.operation["security"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one.get(scheme).is_some()))
    }

    /// Problems that follow from its form, beside those of what it does.
    fn problems(&self) -> Vec<ProblemCode> {
        let parameters = self.operation["parameters"].as_array();
        let parameters = || parameters.into_iter().flatten();
        let has_body = self.operation["requestBody"].is_object();
        let mut all = Vec::new();
        if self.needs("key") || self.needs("session") {
            all.extend([ProblemCode::NotAuthenticated, ProblemCode::NotAllowed]);
        }
        if parameters().any(|parameter| parameter["in"] == "path") {
            all.push(ProblemCode::NotFound);
        }
        if has_body || parameters().any(|parameter| parameter["in"] == "query") {
            all.extend([ProblemCode::BadRequest, ProblemCode::Invalid]);
        }
        if has_body {
            all.extend([ProblemCode::TooLarge, ProblemCode::WrongMediaType]);
        }
        if parameters().any(|parameter| parameter["name"] == "Idempotency-Key") {
            all.extend([ProblemCode::KeyMissing, ProblemCode::KeyReused]);
        }
        all.extend([ProblemCode::TooMany, ProblemCode::Busy]);
        all
    }
}

/// All operations of the document, in its order.
pub(super) fn operations(document: &Value) -> Vec<Shown<'_>> {
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

/// The names of objects that these operations speak of, and that those speak of.
pub(super) fn objects<'a>(document: &'a Value, shown: &[Shown<'a>]) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut open: Vec<&Value> = shown.iter().map(|shown| shown.operation).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                let name = map.get("$ref").and_then(referred);
                if let Some(name) = name.filter(|name| names.insert(*name)) {
                    open.push(&document["components"]["schemas"][name]);
                }
                open.extend(map.values());
            }
            Value::Array(all) => open.extend(all),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    names
}

fn referred(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix(REFERENCE)
}

/// The objects that are bodies, each with the operation of a page at which it is told.
pub(super) fn bodies<'a>(shown: &[Shown<'a>]) -> BTreeMap<&'a str, String> {
    let mut bodies = BTreeMap::new();
    for shown in shown {
        for (_, content) in entries(&shown.operation["requestBody"]["content"]) {
            if let Some(name) = referred(&content["schema"]["$ref"]) {
                bodies.entry(name).or_insert_with(|| shown.anchor());
            }
        }
    }
    bodies
}

/// Everything about an operation; `bodies` are those of its page.
pub(super) fn section(
    document: &Value,
    shown: &Shown<'_>,
    bodies: &BTreeMap<&str, String>,
) -> Markup {
    let operation = shown.operation;
    let is_told_here = |name: &str| bodies.get(name) == Some(&shown.anchor());
    html! {
        section class="operation" id=(shown.anchor()) {
            h2 { code { (shown.method.to_uppercase()) " " (shown.path) } }
            p class="lead" { (shown.summary()) }
            (paragraphs(text(&operation["description"])))
            @if shown.needs("key") { p { "Needs a key: " code { "Authorization: Bearer sc_..." } ", or the session of a person whose role may." } }
            @else if shown.needs("session") { p { "Needs a session: the cookie " code { (SESSION_COOKIE) } "." } }
            (parameters(operation))
            @for (media, content) in entries(&operation["requestBody"]["content"]) {
                h3 { "Body" }
                p { code { (media) } ": " (kind(&content["schema"])) }
                @if let Some(name) = referred(&content["schema"]["$ref"]).filter(|name| is_told_here(name)) {
                    div id={ "object-" (name) } { (fields(&document["components"]["schemas"][name])) }
                }
            }
            h3 { "Answers" }
            (answers(operation))
            p { "Any other answer is a problem, such as "
                @for (place, code) in shown.problems().iter().enumerate() {
                    @if place > 0 { ", " }
                    a href={ "/problems/" (code.code()) } { code { (code.code()) } }
                }
                "."
            }
        }
    }
}

fn parameters(operation: &Value) -> Markup {
    let Some(parameters) = operation["parameters"].as_array() else {
        return html! {};
    };
    html! {
        h3 { "Parameters" }
        div class="scroll" { table class="stack" {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Where" } th scope="col" { "Type" } th scope="col" { "Meaning" } } }
            tbody {
                @for parameter in parameters {
                    tr {
                        th scope="row" { code { (text(&parameter["name"])) }
                            @if parameter["required"] == true { " (required)" } }
                        td { (text(&parameter["in"])) }
                        td { (kind(&parameter["schema"])) }
                        td { (prose(text(&parameter["description"]))) }
                    }
                }
            }
        } }
    }
}

fn answers(operation: &Value) -> Markup {
    html! {
        div class="scroll" { table class="stack" {
            thead { tr { th scope="col" { "Status" } th scope="col" { "Meaning" } th scope="col" { "Body" } } }
            tbody {
                // Any other answer is a problem, which is said below.
                @for (status, response) in entries(&operation["responses"]).filter(|(status, _)| *status != "default") {
                    tr {
                        th scope="row" { code { (status) } }
                        td { (prose(text(&response["description"]))) }
                        td {
                            @for (media, content) in entries(&response["content"]) {
                                (kind(&content["schema"])) " " code { (media) } br;
                            }
                        }
                    }
                }
            }
        } }
    }
}

/// An object, under its name.
pub(super) fn object(document: &Value, name: &str) -> Markup {
    let schema = &document["components"]["schemas"][name];
    html! {
        section class="operation" id={ "object-" (name) } {
            h3 { code { (name) } }
            (paragraphs(text(&schema["description"])))
            (fields(schema))
        }
    }
}

fn fields(schema: &Value) -> Markup {
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    html! {
        @if schema["properties"].is_object() {
            div class="scroll" { table class="stack" {
                thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "Meaning" } } }
                tbody {
                    @for (name, field) in entries(&schema["properties"]) {
                        tr {
                            th scope="row" { code { (name) } @if !is_required(name) { " (may be absent)" } }
                            td { (kind(field)) }
                            td { (prose(text(&field["description"]))) }
                        }
                    }
                }
            } }
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
    if let Some(name) = referred(&schema["$ref"]) {
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

/// The members of an object.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(|map| map.iter().map(|(name, value)| (name.as_str(), value)))
}

/// A text, or none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// A description, a paragraph each.
pub(super) fn paragraphs(text: &str) -> Markup {
    html! { @for paragraph in text.split("\n\n").filter(|part| !part.is_empty()) { p { (prose(paragraph)) } } }
}

/// A description with what stands between backquotes as code. A backquote without another one is text.
pub(super) fn prose(text: &str) -> Markup {
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
