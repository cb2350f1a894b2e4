//! A request's body must be complete within a time: a byte now and then keeps no connection busy.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::error_sources::comes_from;

/// The body was not complete in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
pub(crate) struct BodyLate;

struct TimedBody {
    inner: Body,
    limit: Duration,
    /// Started when the reader first has to wait: most bodies come with their head.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Whether a body follows the head.
pub(crate) fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

/// The same body, which fails with [`BodyLate`] when it takes longer.
pub(crate) fn within(body: Body, limit: Duration) -> Body {
    Body::new(TimedBody {
        inner: body,
        limit,
        timer: None,
    })
}

/// Whether an error comes from a body that was late.
pub(crate) fn caused(error: &(dyn Error + 'static)) -> bool {
    comes_from::<BodyLate>(error)
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let ready = Pin::new(&mut self.inner).poll_frame(context);
        if ready.is_ready() && self.timer.is_none() {
            return ready;
        }
        let limit = self.limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if timer.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new(BodyLate))));
        }
        ready
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
