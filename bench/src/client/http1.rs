//! HTTP/1.1 by hand: one buffer a connection, no copy of a body, nothing allocated for a response without one.

use std::io::IoSlice;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{Body, Endpoint, Request, Response, Sink};

/// Bytes taken from the socket at once.
const READ_SIZE: usize = 256 * 1024;
/// Chunk of a streamed body: what the HTTP library of docker and containerd sends.
const CHUNK_SIZE: usize = 32 * 1024;
/// Pieces given to the socket at once.
const PIECES_AT_ONCE: usize = 8;

/// A connection that speaks HTTP/1.1.
pub(crate) struct Http1<S> {
    stream: S,
    buffer: Box<[u8]>,
    /// What was read and not yet looked at.
    unread: std::ops::Range<usize>,
}

/// The head of a response, as far as it matters.
struct Head {
    response: Response,
    length: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self::with_buffer(stream, READ_SIZE)
    }

    /// For thousands of connections that carry little.
    pub(crate) fn with_buffer(stream: S, size: usize) -> Self {
        Self {
            stream,
            buffer: vec![0; size].into(),
            unread: 0..0,
        }
    }

    pub(super) async fn send(
        &mut self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        sink: &mut Sink,
    ) -> Result<Response> {
        let head = request.head(endpoint);
        match request.body {
            Body::Empty => self.stream.write_all(&head).await?,
            Body::Sized(blob) => {
                let pieces = [Bytes::from(head)].into_iter();
                self.write(pieces.chain(blob.pieces(READ_SIZE))).await?;
            }
            Body::Streamed(blob) => {
                self.stream.write_all(&head).await?;
                let chunks = blob.pieces(CHUNK_SIZE).flat_map(chunk);
                let end = [Bytes::from_static(b"0\r\n\r\n")];
                self.write(chunks.chain(end)).await?;
            }
        }
        self.stream.flush().await?;
        self.receive(request.method == "HEAD", sink).await
    }

    /// Sends a request whose head was made before, and receives the response.
    pub(crate) async fn exchange(&mut self, head: &[u8], sink: &mut Sink) -> Result<Response> {
        self.stream.write_all(head).await?;
        self.receive(head.starts_with(b"HEAD "), sink).await
    }

    async fn write(&mut self, mut pieces: impl Iterator<Item = Bytes>) -> Result<()> {
        loop {
            let batch: Vec<Bytes> = pieces.by_ref().take(PIECES_AT_ONCE * 3).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let mut slices: Vec<IoSlice<'_>> =
                batch.iter().map(|piece| IoSlice::new(piece)).collect();
            let mut left = slices.as_mut_slice();
            while !left.is_empty() {
                let written = self.stream.write_vectored(left).await?;
                ensure!(
                    written > 0,
                    "the server closed the connection in the middle of a body"
                );
                IoSlice::advance_slices(&mut left, written);
            }
        }
    }

    async fn receive(&mut self, without_body: bool, sink: &mut Sink) -> Result<Response> {
        let Head {
            mut response,
            length,
        } = self.receive_head().await?;
        let mut left = if without_body { 0 } else { length };
        while left > 0 {
            if self.unread.is_empty() {
                self.fill(0).await?;
            }
            let here = self
                .unread
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let end = self.unread.start + here;
            sink.take(&self.buffer[self.unread.start..end]);
            self.unread.start = end;
            left -= here as u64;
            response.received += here as u64;
        }
        Ok(response)
    }

    async fn receive_head(&mut self) -> Result<Head> {
        loop {
            let seen = &self.buffer[self.unread.clone()];
            if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = parse(&seen[..end])?;
                self.unread.start += end + 4;
                return Ok(head);
            }
            let length = self.unread.len();
            self.buffer.copy_within(self.unread.clone(), 0);
            self.fill(length).await?;
        }
    }

    /// Reads more; the first `kept` bytes of the buffer stay and count as unread.
    async fn fill(&mut self, kept: usize) -> Result<()> {
        ensure!(
            kept < self.buffer.len(),
            "the head of the response is too long"
        );
        let read = self.stream.read(&mut self.buffer[kept..]).await?;
        ensure!(read > 0, "the server closed the connection");
        self.unread = 0..kept + read;
        Ok(())
    }
}

fn chunk(piece: Bytes) -> [Bytes; 3] {
    let size = Bytes::from(format!("{:x}\r\n", piece.len()));
    [size, piece, Bytes::from_static(b"\r\n")]
}

fn parse(head: &[u8]) -> Result<Head> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let status = lines.next().and_then(|line| line.get(9..12));
    let status = status.context("the response has no status line")?;
    let mut parsed = Head {
        response: Response {
            status: std::str::from_utf8(status)?.parse()?,
            ..Response::default()
        },
        length: 0,
    };
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let value = || Ok::<_, anyhow::Error>(std::str::from_utf8(&line[colon + 1..])?.trim());
        match &line[..colon] {
            name if name.eq_ignore_ascii_case(b"content-length") => {
                parsed.length = value()?.parse()?;
            }
            name if name.eq_ignore_ascii_case(b"location") => {
                parsed.response.location = Some(value()?.to_owned());
            }
            name if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                bail!("a chunked response: this client reads only such with a length")
            }
            _ => {}
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::content::Blob;

    #[test]
    fn head_is_read_whatever_the_case_of_its_names() {
        let head =
            parse(b"HTTP/1.1 202 Accepted\r\nCONTENT-length: 12\r\nlocation: /a:b\r\nx").unwrap();
        assert_eq!(head.response.status, 202);
        assert_eq!(head.length, 12);
        assert_eq!(head.response.location.unwrap(), "/a:b");
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked").is_err());
        assert!(parse(b"HTTP").is_err());
    }

    #[tokio::test]
    async fn responses_that_arrive_in_parts_or_together_are_told_apart() {
        let (client, mut server) = tokio::io::duplex(64);
        let mut http = Http1::with_buffer(client, 64);
        let served = tokio::spawn(async move {
            server
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Le")
                .await
                .unwrap();
            server
                .write_all(b"ngth: 3\r\n\r\nabcHTTP/1.1 404 N\r\nContent-Length: 1\r\n\r\nx")
                .await
                .unwrap();
            server
        });
        let mut sink = Sink::Keep(Vec::new());
        assert_eq!(http.receive(false, &mut sink).await.unwrap().received, 3);
        assert_eq!(http.receive(false, &mut sink).await.unwrap().status, 404);
        assert!(matches!(sink, Sink::Keep(kept) if kept == b"abcx"));
        drop(served.await.unwrap());
        assert!(http.receive(false, &mut Sink::Discard).await.is_err());
    }

    #[test]
    fn streamed_body_has_chunks() {
        let blob = Blob::whole("hello");
        let wire: Vec<u8> = blob.pieces(3).flat_map(chunk).flatten().collect();
        assert_eq!(wire, b"3\r\nhel\r\n2\r\nlo\r\n");
    }
}
