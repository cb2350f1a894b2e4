//! The body of a signed request is the one that was signed (RFC 9530), or it cannot be read to its end.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{Extensions, HeaderMap},
};
use hyper::body::{Frame, SizeHint};
use sfv::{Dictionary, ListEntry};
use sha2::{Digest as _, Sha256, Sha512};

use super::fields::dictionary;
use crate::error_sources::comes_from;

pub(super) const DIGEST: &str = "content-digest";

/// Stands in a request whose body is held to what was signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarded;

pub(super) fn is_guarded(extensions: &Extensions) -> bool {
    extensions.get::<Guarded>().is_some()
}

/// The body is not the one that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not the one that was signed")]
struct OtherBody;

/// What the body must be.
enum Expected {
    /// Nothing: what was given is no digest that is understood.
    Nothing,
    Sha256(Box<Sha256>, [u8; 32]),
    Sha512(Box<Sha512>, [u8; 64]),
}

impl Expected {
    fn of(headers: &HeaderMap) -> Self {
        let Ok(digests) = dictionary(headers, DIGEST) else {
            return Self::Nothing;
        };
        if let Some(digest) = digest_of(&digests, "sha-256") {
            return Self::Sha256(Box::default(), digest);
        }
        digest_of(&digests, "sha-512")
            .map_or(Self::Nothing, |digest| Self::Sha512(Box::default(), digest))
    }

    /// Whether this may come next.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Nothing => return bytes.is_empty(),
            Self::Sha256(hash, _) => hash.update(bytes),
            Self::Sha512(hash, _) => hash.update(bytes),
        }
        true
    }

    /// Whether this is the end.
    fn ends(&mut self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Sha256(hash, expected) => hash.finalize_reset().as_slice() == expected,
            Self::Sha512(hash, expected) => hash.finalize_reset().as_slice() == expected,
        }
    }
}

fn digest_of<const LENGTH: usize>(digests: &Dictionary, name: &str) -> Option<[u8; LENGTH]> {
    match digests.get(name)? {
        ListEntry::Item(item) => item.bare_item.as_byte_sequence()?.try_into().ok(),
        ListEntry::InnerList(_) => None,
    }
}

struct GuardedBody {
    inner: Body,
    expected: Expected,
    is_over: bool,
}

/// The same body, which fails with an error of its own where it is another than its digest says. Whoever is let in has signed
/// a digest where a body follows; without one there is nothing to compare.
pub(super) fn guarded(headers: &HeaderMap, body: Body) -> Body {
    if !headers.contains_key(DIGEST) {
        return body;
    }
    Body::new(GuardedBody {
        inner: body,
        expected: Expected::of(headers),
        is_over: false,
    })
}

/// Whether an error comes from a body that is not the one that was signed.
pub(crate) fn caused(error: &(dyn Error + 'static)) -> bool {
    comes_from::<OtherBody>(error)
}

impl hyper::body::Body for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let ready = Pin::new(&mut self.inner).poll_frame(context);
        let is_as_signed = match &ready {
            Poll::Ready(Some(Ok(frame))) => frame
                .data_ref()
                .is_none_or(|bytes| self.expected.takes(bytes)),
            Poll::Ready(None) => {
                self.is_over = true;
                self.expected.ends()
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => true,
        };
        if is_as_signed {
            return ready;
        }
        self.is_over = true;
        Poll::Ready(Some(Err(axum::Error::new(OtherBody))))
    }

    /// Not before the end was compared: a reader may ask this instead of the next frame.
    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
