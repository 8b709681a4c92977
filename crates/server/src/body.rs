//! The bodies of requests: read whole up to a bound, or frame by frame with a bound on silence.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::{Instant, Sleep, sleep};
use wharf_app::Error;
use wharf_types::limits;

/// Bytes beyond its bound up to which a body that is refused is read all the same.
const SURPLUS_READ_MAX: u64 = 4 * 1024 * 1024;

/// A body, frame by frame. Between two frames a client may be silent for [`limits::BODY_IDLE_MAX`], whatever it sends in
/// all: a bound on the whole would cut large layers off.
pub(crate) struct Frames {
    stream: BodyDataStream,
    idle_max: Duration,
    idle: Pin<Box<Sleep>>,
    /// Whether `idle` counts since the last frame.
    is_waiting: bool,
}

impl Frames {
    /// The frames of a body.
    pub(crate) fn new(body: Body) -> Self {
        Self::with_idle_max(body, limits::BODY_IDLE_MAX)
    }

    fn with_idle_max(body: Body, idle_max: Duration) -> Self {
        Self {
            stream: body.into_data_stream(),
            idle_max,
            idle: Box::pin(sleep(idle_max)),
            is_waiting: false,
        }
    }
}

impl Stream for Frames {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.stream).poll_next(context) {
            this.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        // A frame that is there at once never touches the timer.
        if !this.is_waiting {
            this.is_waiting = true;
            this.idle.as_mut().reset(Instant::now() + this.idle_max);
        }
        ready!(this.idle.as_mut().poll(context));
        let message = format!("nothing came for {} seconds", this.idle_max.as_secs());
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, message))))
    }
}

/// The whole body, `limit` bytes at most. `what` names it in the refusal.
pub(crate) async fn read_whole(
    body: Body,
    what: &'static str,
    limit: usize,
) -> Result<Bytes, Error> {
    let too_large = Error::TooLarge {
        what,
        limit: limit as u64,
    };
    let announced = http_body::Body::size_hint(&body).lower();
    let mut frames = Frames::new(body);
    if announced > limit as u64 {
        // A client that is still sending would see a broken connection instead of the refusal.
        if announced - limit as u64 <= SURPLUS_READ_MAX {
            while let Some(Ok(_)) = frames.next().await {}
        }
        return Err(too_large);
    }
    let body = Limited::new(Body::from_stream(frames), limit);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large),
        Err(error) => Err(Error::BrokenBody(root_cause(error.as_ref()))),
    }
}

/// What is left of a body.
#[derive(Default)]
pub(crate) struct Remainder {
    is_over: AtomicBool,
}

impl Remainder {
    /// Whether the body was not read to its end.
    pub(crate) fn is_left(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }
}

/// A body that tells whether it was read to its end.
pub(crate) struct Watched<B> {
    body: B,
    remainder: Option<Arc<Remainder>>,
}

impl<B> Watched<B> {
    /// Tells it to `remainder`, if anybody wants to know.
    pub(crate) fn new(body: B, remainder: Option<Arc<Remainder>>) -> Self {
        Self { body, remainder }
    }
}

impl<B: http_body::Body + Unpin> http_body::Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if (frame.is_none() || self.body.is_end_stream())
            && let Some(remainder) = &self.remainder
        {
            remainder.is_over.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// hyper's words for what happened lie innermost.
fn root_cause(mut error: &(dyn std::error::Error + 'static)) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn a_silent_client_is_given_up() {
        let pieces = futures_util::stream::iter([Ok::<_, io::Error>("abc")]);
        let body = Body::from_stream(pieces.chain(futures_util::stream::pending()));
        let mut frames = Frames::with_idle_max(body, Duration::from_millis(5));
        assert_eq!(frames.next().await.unwrap().unwrap(), "abc");
        let error = frames.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_body_tells_whether_it_was_read_to_its_end() {
        let remainder = Arc::<Remainder>::default();
        let mut body = Watched::new(Body::from("12345"), Some(remainder.clone()));
        assert!(remainder.is_left());
        while body.frame().await.is_some() {}
        assert!(!remainder.is_left());
    }

    #[tokio::test]
    async fn a_body_beyond_its_bound_is_refused_announced_or_not() {
        let announced = read_whole(Body::from("12345"), "it", 4).await;
        assert!(matches!(announced, Err(Error::TooLarge { limit: 4, .. })));
        let pieces = futures_util::stream::iter(["123", "45"].map(Ok::<_, io::Error>));
        let streamed = read_whole(Body::from_stream(pieces), "it", 4).await;
        assert!(matches!(streamed, Err(Error::TooLarge { limit: 4, .. })));
        assert_eq!(
            read_whole(Body::from("1234"), "it", 4).await.unwrap(),
            "1234"
        );
    }
}
