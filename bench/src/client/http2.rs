//! HTTP/2, by hyper, with the windows that Go's clients have.

use std::convert::Infallible;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{ACCEPT, Body, Endpoint, Request, Response, Sink};
use crate::content::MIB;

/// Piece of a body: a few frames at once.
const PIECE_SIZE: usize = 64 * 1024;
/// What Go's client grants a server on one stream, and on the connection.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024 * 1024;

/// A connection that speaks HTTP/2.
pub(crate) struct Http2 {
    sender: SendRequest<BoxBody<Bytes, Infallible>>,
}

impl Http2 {
    pub(super) async fn open<S>(stream: S) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(MIB)
            .handshake(TokioIo::new(stream))
            .await?;
        // Ends when the sender is dropped; an error shows itself at the request.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub(super) async fn send(
        &mut self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        sink: &mut Sink,
    ) -> Result<Response> {
        self.sender.ready().await?;
        let response = self.sender.send_request(build(request, endpoint)?).await?;
        let (parts, mut body) = response.into_parts();
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                sink.take(&data);
                received += data.len() as u64;
            }
        }
        let location = parts.headers.get("location");
        Ok(Response {
            status: parts.status.as_u16(),
            location: location
                .map(|value| value.to_str().map(str::to_owned))
                .transpose()?,
            received,
        })
    }
}

fn build(
    request: &Request<'_>,
    endpoint: &Endpoint,
) -> Result<http::Request<BoxBody<Bytes, Infallible>>> {
    let mut builder = http::Request::builder()
        .method(request.method)
        .uri(format!("https://{}{}", endpoint.address, request.path))
        .header("accept", ACCEPT);
    if let Some(authorization) = &endpoint.authorization {
        builder = builder.header("authorization", authorization);
    }
    if let Some(content_type) = request.content_type {
        builder = builder.header("content-type", content_type);
    }
    let body = match request.body {
        Body::Empty => Empty::new().boxed(),
        Body::Sized(blob) | Body::Streamed(blob) => {
            if matches!(request.body, Body::Sized(_)) {
                builder = builder.header("content-length", blob.size);
            }
            let frames = blob.pieces(PIECE_SIZE).map(|piece| Ok(Frame::data(piece)));
            StreamBody::new(stream::iter(frames.collect::<Vec<_>>())).boxed()
        }
    };
    builder.body(body).context("a request that HTTP refuses")
}
