//! A problem as a page: what happened, what it means for money, and what to do.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{language::Language, page::page_with, visit::Visit};
use crate::problem::{ApiError, Problem};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    visit: &'a Visit,
    title: String,
    /// In the language of the page, where there are words for this kind of problem.
    lead: String,
    /// What happened this time, as the interface says it.
    detail: &'a str,
    code: &'a str,
    instance: Option<&'a str>,
    next: Next,
}

/// Where somebody goes from here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Home,
    LogIn,
    SecondFactor,
    ShowAgain,
    OtherSites,
    Reload,
}

/// The page of a problem. Where the page itself fails, the problem as programs read it.
pub(crate) fn problem_page(
    visit: &Visit,
    status: StatusCode,
    problem: &Problem,
    instance: Option<&str>,
) -> Response {
    let kind = kind(status);
    let (title, lead) = words(visit.language, kind, problem);
    let next = match problem.code.as_str() {
        "A408" => Next::LogIn,
        // Logging in with another site.
        "A562" | "A563" | "A564" | "A565" | "A566" | "A567" | "A568" | "A569" | "A570" | "A571"
        | "A572" | "A579" | "A580" => Next::LogIn,
        "A573" | "A574" => Next::ShowAgain,
        "A575" | "A576" | "A577" | "A578" => Next::OtherSites,
        "A410" | "H445" => Next::SecondFactor,
        "A409" => Next::ShowAgain,
        _ if kind == "busy" || kind == "conflict" => Next::Reload,
        _ => Next::Home,
    };
    let page = ProblemPage {
        visit,
        title,
        lead,
        detail: &problem.detail,
        code: &problem.code,
        instance,
        next,
    };
    page_with(status, &page).unwrap_or_else(ApiError::into_response)
}

/// Groups of statuses that have words of their own.
fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "signed-out",
        403 => "forbidden",
        404 | 410 => "missing",
        409 | 412 => "conflict",
        422 => "invalid",
        429 | 503 => "busy",
        500.. => "fault",
        _ => "unreadable",
    }
}

/// A code with words of its own is told in them, else its kind is. English says what the interface says.
fn words(language: Language, kind: &str, problem: &Problem) -> (String, String) {
    let own = format!("problem-{}", problem.code);
    if language.knows(&own) {
        return (language.say(&own), language.say(&format!("{own}-lead")));
    }
    let title = language.say(&format!("problem-{kind}"));
    let lead = match language {
        Language::English if kind == "conflict" || kind == "forbidden" || kind == "invalid" => {
            format!("{} {}", problem.title, problem.remedy)
        }
        Language::English | Language::German => language.say(&format!("problem-{kind}-lead")),
    };
    (title, lead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemCode;

    /// What people meet when they do as the pages say; what only a program can send has the words of its kind.
    const OF_PROGRAMS: [&str; 17] = [
        "H400", "H401", "H403", "H404", "H405", "H408", "H409", "H413", "H415", "H416", "H422",
        "H428", "H431", "H444", "H500", "H503", "H504",
    ];

    #[test]
    fn each_code_that_people_meet_has_words_in_each_language() {
        let stopping = "H505";
        for code in ProblemCode::ALL.iter().map(|code| code.code()) {
            let is_met = !OF_PROGRAMS.contains(&code) && code != stopping;
            for language in [Language::English, Language::German] {
                for key in [format!("problem-{code}"), format!("problem-{code}-lead")] {
                    assert_eq!(language.knows(&key), is_met, "{language} {key}");
                }
            }
        }
    }
}
