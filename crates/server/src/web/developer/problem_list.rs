//! A page per problem: what happened, and what to do. The `type` of each problem leads to it.

use std::sync::LazyLock;

use axum::response::Response;
use maud::html;

use super::{
    super::{page::page, visit::Visit},
    reference::ReferencePage,
};
use crate::{
    api::problem_codes,
    extract::Path,
    problem::{ApiError, ProblemCode},
    system::CodeText,
};

/// Those of the interface, and those of the crates behind it.
static ALL: LazyLock<Vec<CodeText>> = LazyLock::new(|| {
    let own = ProblemCode::ALL.iter().map(|code| CodeText {
        code: code.code().into(),
        title: code.title().into(),
        remedy: code.remedy().into(),
    });
    own.chain(problem_codes()).collect()
});

pub(super) async fn problems(visit: Visit) -> Result<Response, ApiError> {
    let content = html! {
        p class="lead" { "Each failed request carries one of these codes. Codes never change." }
        dl class="codes" {
            @for text in ALL.iter() {
                dt { a href={ "/problems/" (text.code) } { code { (text.code) } } " " (text.title) }
                dd { (text.remedy) }
            }
        }
    };
    page(&ReferencePage {
        title: visit.say("developer-problems"),
        content: content.into_string(),
        visit,
    })
}

pub(super) async fn problem(visit: Visit, Path(code): Path<String>) -> Result<Response, ApiError> {
    let found = ALL.iter().find(|text| text.code == code);
    let found = found.ok_or_else(|| ApiError::not_found("there is no problem with this code"))?;
    let content = html! {
        p class="lead" { (found.title) }
        h2 { "What to do" }
        p { (found.remedy) }
        h2 { "Still stuck?" }
        p {
            "The answer's " code { "instance" } " is the id of the request. Give it to the operator "
            "of this service, who finds the request by it."
        }
        p { a href="/problems" { "All problems" } }
    };
    page(&ReferencePage {
        title: format!("{} {}", visit.say("developer-problem"), found.code),
        content: content.into_string(),
        visit,
    })
}
