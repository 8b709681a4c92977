//! One connection: its bytes counted, its silence bounded, its end in good order.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_rustls::server::TlsStream;
use wharf_types::limits;

use crate::metrics::Metrics;
use crate::requests::{self, Connection};

/// How often the watch looks at a connection.
const WATCH_INTERVAL: Duration = Duration::from_secs(10);
/// HTTP/2 flow control: hyper's own windows halve the speed of a push.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Bytes that one connection holds on their way in or out: one piece of a blob.
const SEND_BUFFER: usize = 256 * 1024;
/// Bytes of a request's headers in HTTP/2. In HTTP/1.1 hyper's buffer bounds them.
const HEAD_SIZE_MAX: u32 = 64 * 1024;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// What the client begins to speak. Its bytes stay where they are: put back in front of the connection, they would
    /// double its buffer.
    pub(crate) async fn of(stream: &TcpStream) -> io::Result<Self> {
        // "PRI * HTTP/2.0" (RFC 9113, 3.4): no method of HTTP/1.1 begins so.
        const PREFACE: [u8; 3] = *b"PRI";
        let mut first = [0; PREFACE.len()];
        loop {
            match stream.peek(&mut first).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length if first[..length] != PREFACE[..length] => return Ok(Self::Http1),
                length if length == PREFACE.len() => return Ok(Self::Http2),
                // The rest of it is on its way.
                _ => sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// What was agreed on in the TLS handshake.
    pub(crate) fn agreed(stream: &TlsStream<TcpStream>) -> Self {
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Self::Http2,
            _ => Self::Http1,
        }
    }
}

/// How each protocol is spoken.
#[derive(Clone)]
pub(crate) struct Http {
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
}

/// The settings of both.
pub(crate) fn http() -> Http {
    let mut http = auto::Builder::new(TokioExecutor::new());
    // The watch bounds how long a head takes: hyper's own timer costs every request.
    // Never `pipeline_flush`: with it, hyper takes bodies into memory as fast as they are read, however slow the client.
    http.http1()
        .header_read_timeout(None)
        // Bodies are handed on as they are: sendfile.rs stands on it.
        .writev(true)
        .max_buf_size(SEND_BUFFER);
    http.http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION_MAX)
        .max_header_list_size(HEAD_SIZE_MAX)
        .max_send_buf_size(SEND_BUFFER);
    Http {
        http1: http.clone().http1_only(),
        http2: http.http2_only(),
    }
}

/// What a connection does, for the watch on it.
#[derive(Default)]
pub(crate) struct Activity {
    /// Requests that were read and not yet answered.
    in_work: AtomicU32,
    /// Grows with every request, answer and write.
    progress: AtomicU64,
}

impl Activity {
    /// A request is in work until the guard is dropped.
    pub(crate) fn work(&self) -> Work<'_> {
        self.in_work.fetch_add(1, Ordering::Relaxed);
        self.advance();
        Work(self)
    }

    fn advance(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when nothing was in work and nothing was written for too long: a client that sends its head slowly, or
    /// nothing at all, or stopped reading an answer. Silence in the middle of a request's body is for whoever reads
    /// that to bound.
    async fn idle(&self, interval: Duration, first_request_max: Duration, idle_max: Duration) {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            sleep(interval).await;
            let now = self.progress.load(Ordering::Relaxed);
            let limit = if now == 0 {
                first_request_max
            } else {
                idle_max
            };
            if now != seen || self.in_work.load(Ordering::Relaxed) > 0 {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() >= limit {
                return;
            }
        }
    }
}

/// A request in work.
pub(crate) struct Work<'a>(&'a Activity);

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::Relaxed);
        self.0.advance();
    }
}

/// Serves a connection until it ends, falls idle, or `stopping` closes; then requests in flight are finished.
pub(crate) async fn serve<IO>(
    http: &Http,
    protocol: Protocol,
    io: IO,
    connection: Arc<Connection>,
    metrics: Arc<Metrics>,
    mut stopping: watch::Receiver<()>,
) where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let io = Metered {
        io,
        connection: connection.clone(),
        metrics,
    };
    let serving = connection.clone();
    let service = service_fn(move |request| {
        let connection = serving.clone();
        async move { Ok::<_, Infallible>(requests::answer(connection, request).await) }
    });
    let http = match protocol {
        Protocol::Http1 => &http.http1,
        Protocol::Http2 => &http.http2,
    };
    let mut served = pin!(http.serve_connection(TokioIo::new(io), service));
    let mut idle = pin!(connection.activity.idle(
        WATCH_INTERVAL,
        limits::HEADER_READ_MAX,
        limits::CONNECTION_IDLE_MAX
    ));
    let mut is_stopping = false;
    let result = loop {
        tokio::select! {
            result = served.as_mut() => break result,
            () = &mut idle => return,
            _ = stopping.changed(), if !is_stopping => {
                is_stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(error, "a connection broke off");
    }
}

/// A socket whose bytes are counted.
struct Metered<IO> {
    io: IO,
    connection: Arc<Connection>,
    metrics: Arc<Metrics>,
}

impl<IO> Metered<IO> {
    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(length)) = result {
            self.connection.activity.advance();
            self.metrics.sent(length);
        }
        result
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Metered<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.io).poll_read(context, buffer);
        self.metrics.received(buffer.filled().len() - before);
        result
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Metered<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(context, pieces);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(2);
    const FIRST: Duration = Duration::from_millis(20);
    const IDLE: Duration = Duration::from_millis(400);

    async fn ends_after(activity: &Activity) -> Duration {
        let started = Instant::now();
        activity.idle(TICK, FIRST, IDLE).await;
        started.elapsed()
    }

    #[tokio::test]
    async fn a_connection_without_a_request_ends_first() {
        let activity = Activity::default();
        let first = ends_after(&activity).await;
        assert!((FIRST..IDLE).contains(&first), "{first:?}");
        drop(activity.work());
        let second = ends_after(&activity).await;
        assert!(second >= IDLE, "{second:?}");
    }

    #[tokio::test]
    async fn a_request_in_work_and_a_client_that_reads_keep_a_connection() {
        let activity = Activity::default();
        let work = activity.work();
        let long = async {
            sleep(2 * IDLE).await;
            drop(work);
            for _ in 0..40 {
                activity.advance();
                sleep(IDLE / 20).await;
            }
        };
        let (lasted, ()) = tokio::join!(ends_after(&activity), long);
        assert!(lasted >= 4 * IDLE, "{lasted:?}");
    }
}
