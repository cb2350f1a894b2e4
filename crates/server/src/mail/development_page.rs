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
                section { pre { (mail) } }
            }
        }
    };
    let page = page_layout::document("Mail", &content);
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, page).into_response())
}

fn newest(folder: &Path) -> io::Result<Vec<String>> {
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
        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    files.iter().take(SHOWN).map(read).collect()
}
