//! Whose page a request comes from.
//!
//! A browser sends the cookie of a session along with requests that pages of other sites make it send, as far as
//! `SameSite` lets it. So what changes something is taken only from the site's own pages: browsers say in `Origin`, or
//! where that is missing in `Sec-Fetch-Site`, who asks, and no page can change what they say.

use axum::http::{HeaderMap, header};

use crate::problem::{ApiError, ProblemCode};

const FETCH_SITE: &str = "sec-fetch-site";

/// What the headers say about who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// A page of the site.
    OwnPage,
    /// Another page, or one that hides who it is.
    Stranger,
    /// Nothing is said: no browser, or a very old one.
    Unsaid,
}

fn asks(headers: &HeaderMap, own: &str) -> Asks {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) if origin.as_bytes() == own.as_bytes() => return Asks::OwnPage,
        (Some(_), _) => return Asks::Stranger,
        (None, _) => {}
    }
    match headers.get(FETCH_SITE).map(|site| site.as_bytes()) {
        Some(b"same-origin") => Asks::OwnPage,
        Some(_) => Asks::Stranger,
        None => Asks::Unsaid,
    }
}

/// For a change that the cookie of a session allows: only the site's own pages.
pub(crate) fn require_own_page(headers: &HeaderMap, own: &str) -> Result<(), ApiError> {
    match asks(headers, own) {
        Asks::OwnPage => Ok(()),
        Asks::Stranger | Asks::Unsaid => Err(ProblemCode::ForeignOrigin.into()),
    }
}

/// For what needs no cookie, such as logging in: pages of other sites may not, programs may.
pub(crate) fn refuse_other_pages(headers: &HeaderMap, own: &str) -> Result<(), ApiError> {
    match asks(headers, own) {
        Asks::OwnPage | Asks::Unsaid => Ok(()),
        Asks::Stranger => Err(ProblemCode::ForeignOrigin.into()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn v3_5_1_only_the_exact_origin_or_the_browsers_word_for_it_counts() {
        let own = "https://sale.example";
        let table = [
            (vec![("origin", own)], Asks::OwnPage),
            (vec![("sec-fetch-site", "same-origin")], Asks::OwnPage),
            (vec![], Asks::Unsaid),
            (vec![("origin", "null")], Asks::Stranger),
            (vec![("origin", "")], Asks::Stranger),
            (vec![("origin", "http://sale.example")], Asks::Stranger),
            (
                vec![("origin", "https://sale.example:8443")],
                Asks::Stranger,
            ),
            (
                vec![("origin", "https://sale.example.evil.example")],
                Asks::Stranger,
            ),
            (
                vec![("origin", "https://evil.sale.example")],
                Asks::Stranger,
            ),
            (
                vec![("origin", own), ("origin", "https://evil.example")],
                Asks::Stranger,
            ),
            (vec![("sec-fetch-site", "same-site")], Asks::Stranger),
            (vec![("sec-fetch-site", "cross-site")], Asks::Stranger),
            (vec![("sec-fetch-site", "none")], Asks::Stranger),
            (
                vec![
                    ("origin", "https://evil.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                Asks::Stranger,
            ),
        ];
        for (lines, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in &lines {
                headers.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            assert_eq!(asks(&headers, own), expected, "{lines:?}");
            let strict = require_own_page(&headers, own).is_ok();
            let lenient = refuse_other_pages(&headers, own).is_ok();
            assert_eq!(strict, expected == Asks::OwnPage, "{lines:?}");
            assert_eq!(lenient, expected != Asks::Stranger, "{lines:?}");
        }
    }
}
