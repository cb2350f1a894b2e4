//! A page per problem: what happened, and what to do. The `type` of each problem leads to it.

use std::borrow::Cow;

use axum::extract::State;
use axum::response::Html;
use maud::html;

use crate::{
    extract::Path,
    problem::{ApiError, ProblemCode},
    system::{System, page_layout},
};

/// A stable code of another crate, for its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeText {
    /// The code as it stands in a problem.
    pub code: Cow<'static, str>,
    /// What happened.
    pub title: Cow<'static, str>,
    /// What to do.
    pub remedy: Cow<'static, str>,
}

fn all(system: &System) -> impl Iterator<Item = CodeText> + '_ {
    let own = ProblemCode::ALL.iter().map(|code| CodeText {
        code: code.code().into(),
        title: code.title().into(),
        remedy: code.remedy().into(),
    });
    own.chain(system.codes.iter().cloned())
}

pub(super) async fn page(
    State(system): State<System>,
    Path(code): Path<String>,
) -> Result<Html<String>, ApiError> {
    let found = all(&system)
        .find(|text| text.code == code)
        .ok_or_else(|| ApiError::not_found("there is no problem with this code"))?;
    let content = html! {
        main {
            p { a href="/problems" { "All problems" } }
            h1 { code { (found.code) } " " (found.title) }
            h2 { "What to do" }
            p { (found.remedy) }
            h2 { "Still stuck?" }
            p {
                "The answer's " code { "instance" } " is the id of the request. Give it to the operator "
                "of this service, who finds the request by it."
            }
        }
    };
    Ok(page_layout::document(
        &format!("{} - problem", found.code),
        &content,
    ))
}

pub(super) async fn list(State(system): State<System>) -> Html<String> {
    let content = html! {
        main {
            h1 { "Problems" }
            p { "Each failed request carries one of these codes. Codes never change." }
            dl {
                @for text in all(&system) {
                    dt { a href={ "/problems/" (text.code) } { code { (text.code) } } " " (text.title) }
                    dd { (text.remedy) }
                }
            }
        }
    };
    page_layout::document("Problems", &content)
}
