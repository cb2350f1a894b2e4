//! Examples in four languages. The files are those that the tests of the program run.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::super::{page::page, visit::Visit};
use crate::{api::Service, problem::ApiError};

/// An example in one language.
struct Example {
    language: &'static str,
    /// Its name in the source.
    file: &'static str,
    text: &'static str,
}

/// Something that a program wants to do.
struct Task {
    id: &'static str,
    title: String,
    lead: String,
    examples: Vec<Example>,
}

#[derive(Template)]
#[template(path = "developer/examples.html")]
struct ExamplesPage {
    visit: Visit,
    tasks: Vec<Task>,
    origin: String,
}

macro_rules! example {
    ($language:literal, $name:literal, $ending:literal) => {
        Example {
            language: $language,
            file: concat!("examples/developer/", $name, ".", $ending),
            text: include_str!(concat!(
                "../../../../../examples/developer/",
                $name,
                ".",
                $ending
            )),
        }
    };
}

macro_rules! examples {
    ($name:literal $(, $more:literal)?) => {
        vec![
            example!("curl", $name, "sh"),
            example!("TypeScript", $name, "ts"),
            example!("Python", $name, "py"),
            example!("Rust", $name, "rs"),
            $(example!("Rust", $more, "rs"),)?
        ]
    };
}

pub(super) async fn examples(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let tasks = vec![
        Task {
            id: "read",
            title: visit.say("example-read"),
            lead: visit.say("example-read-text"),
            examples: examples!("read", "call"),
        },
        Task {
            id: "contribute",
            title: visit.say("example-contribute"),
            lead: visit.say("example-contribute-text"),
            examples: examples!("contribute"),
        },
        Task {
            id: "receipt",
            title: visit.say("example-receipt"),
            lead: visit.say("example-receipt-text"),
            examples: examples!("receipt"),
        },
        Task {
            id: "sign",
            title: visit.say("example-sign"),
            lead: visit.say("example-sign-text"),
            examples: vec![
                example!("TypeScript", "sign", "ts"),
                example!("curl", "sign", "sh"),
            ],
        },
        Task {
            id: "webhook",
            title: visit.say("example-webhook"),
            lead: visit.say("example-webhook-text"),
            examples: examples!("webhook"),
        },
    ];
    page(&ExamplesPage {
        origin: service.origin().to_owned(),
        visit,
        tasks,
    })
}
