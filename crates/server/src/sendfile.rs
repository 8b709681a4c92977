//! Files on their way to a plain HTTP/1.1 connection: the kernel sends them, and their bytes never come here.
//!
//! The body of an answer can only carry bytes. So for each stretch of a file it carries as many bytes of [`PLACEHOLDER`],
//! and the stretch itself waits in the connection's [`Outlet`]. hyper hands the bytes of a body on as they are, neither
//! copied nor framed (a socket that takes several slices, an answer with a length), so that the [`Socket`] knows a
//! placeholder by its address, and has the kernel send the stretch in its place.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use rustix::fs::sendfile;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use wharf_app::registry::blobs::{Piece, Reader, STRETCH_SIZE_MAX, Stretch};

/// Stands for bytes of files. Never read: only where it lies counts.
static PLACEHOLDER: [u8; STRETCH_SIZE_MAX] = [0; STRETCH_SIZE_MAX];

fn is_placeholder(bytes: &[u8]) -> bool {
    !bytes.is_empty() && PLACEHOLDER.as_ptr_range().contains(&bytes.as_ptr())
}

/// The stretches that a connection sends next, in the order of their placeholders.
#[derive(Default)]
pub(crate) struct Outlet(Mutex<VecDeque<Stretch>>);

impl Outlet {
    fn stretches(&self) -> MutexGuard<'_, VecDeque<Stretch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has to be written to the socket next for the stretch to be sent.
    fn placeholder(&self, stretch: Stretch) -> Bytes {
        let placeholder = Bytes::from_static(&PLACEHOLDER[..stretch.length]);
        self.stretches().push_back(stretch);
        placeholder
    }

    /// The body that sends bytes `[start, start + length)` of an object on this connection.
    pub(crate) fn body(self: &Arc<Self>, reader: Reader, start: u64, length: u64) -> Body {
        let outlet = self.clone();
        let pieces = reader.send(start, length).map_ok(move |piece| match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Stretch(stretch) => outlet.placeholder(stretch),
        });
        Body::from_stream(pieces.inspect_err(|error| tracing::error!(%error, "reading a blob")))
    }
}

/// A socket that sends files where placeholders are written to it.
pub(crate) struct Socket {
    stream: TcpStream,
    outlet: Arc<Outlet>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, outlet: Arc<Outlet>) -> Self {
        Self { stream, outlet }
    }

    /// Sends what a placeholder of `length` bytes stands for, or a part of it.
    fn poll_send(&self, context: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            let mut stretches = self.outlet.stretches();
            let Some(stretch) = stretches.front_mut() else {
                return Poll::Ready(Err(io::Error::other(
                    "a placeholder that stands for nothing",
                )));
            };
            let length = length.min(stretch.length);
            let (file, offset) = (&stretch.file, &mut stretch.offset);
            let sent = self.stream.try_io(Interest::WRITABLE, || {
                Ok(sendfile(&self.stream, file, Some(offset), length)?)
            });
            match sent {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(sent) => {
                    stretch.length -= sent;
                    if stretch.length == 0 {
                        stretches.pop_front();
                    }
                    return Poll::Ready(Ok(sent));
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {}
                    _ => return Poll::Ready(Err(error)),
                },
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if is_placeholder(bytes) {
            return self.poll_send(context, bytes.len());
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().position(|slice| is_placeholder(slice));
        let bytes = &slices[..first.unwrap_or(slices.len())];
        match first {
            Some(first) if bytes.iter().all(|slice| slice.is_empty()) => {
                self.poll_send(context, slices[first].len())
            }
            _ => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::convert::Infallible;
    use std::io::Write as _;

    use http::{Request, Response};
    use hyper::body::Incoming;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const STRETCHES: [(u64, usize); 3] = [
        (0, 5),
        (5, STRETCH_SIZE_MAX),
        (5 + STRETCH_SIZE_MAX as u64, 9),
    ];

    /// Answers with the stretches of a file, and bytes after each.
    fn answer(outlet: &Arc<Outlet>, file: &Arc<std::fs::File>, length: usize) -> Response<Body> {
        let (outlet, file) = (outlet.clone(), file.clone());
        let frames = STRETCHES.into_iter().flat_map(move |(offset, length)| {
            let file = file.clone();
            let stretch = Stretch {
                file,
                offset,
                length,
            };
            [outlet.placeholder(stretch), Bytes::from_static(b"between")]
        });
        let frames = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
        let mut response = Response::new(Body::from_stream(frames));
        response
            .headers_mut()
            .insert("content-length", length.into());
        response
    }

    #[tokio::test]
    async fn the_bytes_of_the_file_arrive_where_placeholders_were_written() {
        let content: Vec<u8> = (0..STRETCH_SIZE_MAX + 14)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let file = Arc::new(file);
        let (middle, end) = (
            &content[5..STRETCH_SIZE_MAX + 5],
            &content[STRETCH_SIZE_MAX + 5..],
        );
        let between: &[u8] = b"between";
        let expected = [&content[..5], between, middle, between, end, between].concat();
        let length = expected.len();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let outlet = Arc::<Outlet>::default();
        let socket = Socket::new(stream, outlet.clone());
        let service = service_fn(move |_: Request<Incoming>| {
            let response = answer(&outlet, &file, length);
            async move { Ok::<_, Infallible>(response) }
        });
        let served = tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service),
        );
        // Two on one connection: the second begins where the first ends.
        let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let last = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        client
            .write_all(&[request.as_slice(), last].concat())
            .await
            .unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        served.await.unwrap().unwrap();
        for _ in 0..2 {
            let head = received
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .unwrap()
                + 4;
            let body = &received[head..head + length];
            assert!(body == expected, "other bytes than those of the file");
            received.drain(..head + length);
        }
        assert!(received.is_empty());
    }

    #[tokio::test]
    async fn a_placeholder_without_a_stretch_breaks_the_connection_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let mut socket = Socket::new(stream, Arc::default());
        assert!(socket.write_all(&PLACEHOLDER[10..20]).await.is_err());
        socket.write_all(b"bytes").await.unwrap();
    }
}
