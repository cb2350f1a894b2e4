//! The frame of the service's own pages: readable on a phone, on paper, without a script.

use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;\
    padding:0 1rem;color:#1b1f24;background:#fff}p,dl,ul{max-width:66ch}\
    code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
    dt{font-weight:600}dd{margin:0 0 1rem}section{border-top:1px solid #8b949e;margin-top:2rem}\
    table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:600}\
    th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;border-bottom:1px solid #8b949e}\
    a{color:#0b57a4}a:focus-visible{outline:3px solid #0072b2}\
    @media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#12161c}a{color:#7db7ff}}";

pub(super) fn document(title: &str, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) " - Softcap" }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    };
    Html(page.into_string())
}
