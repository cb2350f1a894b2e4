//! The page of mails that were written to a folder, for who develops. It is there only when the configuration names such a
//! folder, which it may only with a loopback address to listen on, and it answers only to this machine.

use std::{fs, io, path::Path, sync::Arc, time::SystemTime};

use axum::{
    Router,
    extract::State,
    http::HeaderValue,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use mail_parser::{Address, MessageParser};
use maud::html;

use crate::{
    forwarded::ClientAddress,
    problem::{ApiError, ProblemCode},
    system::page_layout,
};

/// Mails on the page, newest first.
const SHOWN: usize = 50;

/// The route.
pub(crate) fn page_routes(folder: &Path) -> Router {
    Router::new()
        .route("/development/mail", get(page))
        .with_state(Arc::<Path>::from(folder))
}

async fn page(
    State(folder): State<Arc<Path>>,
    client: ClientAddress,
) -> Result<Response, ApiError> {
    if !client.is_local() {
        return Err(ProblemCode::NotFound.into());
    }
    let mails = newest(&folder).map_err(|error| ApiError::internal(&error))?;
    let content = html! {
        main {
            h1 { "Mail" }
            p { "What this server would have sent, newest first. Only this machine sees this page." }
            @if mails.is_empty() { p { "None yet." } }
            @for mail in &mails {
                section {
                    dl {
                        @for (name, text) in &mail.heads { dt { (name) } dd { (text) } }
                    }
                    pre { (mail.text) }
                    details { summary { "As it is sent" } pre { (mail.sent) } }
                }
            }
        }
    };
    let page = page_layout::document("Mail", &content);
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, page).into_response())
}

/// A mail as its reader sees it, and as it is sent.
struct Shown {
    heads: Vec<(&'static str, String)>,
    text: String,
    sent: String,
}

impl Shown {
    fn of(bytes: &[u8]) -> Self {
        let sent = String::from_utf8_lossy(bytes).into_owned();
        let Some(read) = MessageParser::default().parse(bytes) else {
            return Self {
                heads: Vec::new(),
                text: sent.clone(),
                sent,
            };
        };
        let heads = [
            ("From", read.from().map(addresses)),
            ("To", read.to().map(addresses)),
            ("Subject", read.subject().map(ToOwned::to_owned)),
        ];
        Self {
            heads: heads
                .into_iter()
                .filter_map(|(name, text)| Some((name, text?)))
                .collect(),
            text: read.body_text(0).unwrap_or_default().into_owned(),
            sent,
        }
    }
}

fn addresses(all: &Address<'_>) -> String {
    let each = all.iter().map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    });
    each.collect::<Vec<_>>().join(", ")
}

fn newest(folder: &Path) -> io::Result<Vec<Shown>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "eml") {
            let written = path.metadata().and_then(|about| about.modified());
            files.push((written.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    files.sort_by(|one, other| other.cmp(one));
    let read = |(_, path): &(SystemTime, std::path::PathBuf)| {
        fs::read(path).map(|bytes| Shown::of(&bytes))
    };
    files.iter().take(SHOWN).map(read).collect()
}
