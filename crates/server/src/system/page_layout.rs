//! The frame of the service's own pages: readable on a phone, on paper, without a script.

use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// On a narrow screen a row of a table stands as a block, so that nothing is wider than a phone.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;\
    padding:0 1rem;color:#1b1f24;background:#fff}p,dl{max-width:66ch}h1,h2,h3{line-height:1.25}\
    h3{font-size:1.1rem;margin-bottom:.5rem}nav ul{padding-left:0;list-style:none}nav li{margin:.35rem 0}\
    code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere;background:#eef1f4;padding:.1em .3em;border-radius:3px}\
    h3 code,a code{background:none;padding:0}\
    dt{font-weight:600}dd{margin:0 0 1rem}section{border-top:1px solid #8b949e;margin-top:2rem}\
    table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left;font-weight:600}\
    th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;border-bottom:1px solid #c4cad1;overflow-wrap:anywhere}\
    th{font-weight:600;font-size:.9rem;color:#57606a}td:first-child{min-width:8rem}\
    a{color:#0b57a4}a:focus-visible{outline:3px solid #0072b2}\
    @media(max-width:40rem){thead{display:none}table,tbody,tr,td,caption{display:block}\
    tr{border-bottom:1px solid #c4cad1;padding:.35rem 0}td{border:0;padding:0}td:empty{display:none}}\
    @media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#12161c}a{color:#7db7ff}code{background:#222932}\
    th{color:#9aa4af}th,td,tr{border-color:#3b444f}}";

pub(crate) fn document(title: &str, content: &Markup) -> Html<String> {
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
