//! Reads away what is left of a request's body before the answer is sent. Where a connection is
//! closed while the other side still writes, the answer that is under way can be lost; so whoever
//! is refused early learns why, within bounds.

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most that is read for the sake of an answer.
const MOST_BYTES: usize = 8 << 20;
const LONGEST: Duration = Duration::from_secs(2);

/// Answers with what `next` says, once the body has arrived or has used up its bounds.
pub(super) async fn read_away(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (back, mut returned) = oneshot::channel();
    let lent = |body: Body| {
        Body::from_stream(Lent {
            stream: Some(body.into_data_stream()),
            back: Some(back),
        })
    };
    let response = next.run(request.map(lent)).await;
    if let Ok(rest) = returned.try_recv()
        && tokio::time::timeout(LONGEST, drain(rest)).await.is_err()
    {
        tracing::debug!("the rest of a refused body was too slow to be read away");
    }
    response
}

async fn drain(mut rest: BodyDataStream) {
    let mut left = MOST_BYTES;
    while let Some(Ok(bytes)) = rest.next().await {
        match left.checked_sub(bytes.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// A body that comes back when its reader drops it before its end.
struct Lent {
    stream: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        let polled = stream.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.stream = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            // Nobody waits for it where the whole request was given up.
            drop(back.send(stream));
        }
    }
}
