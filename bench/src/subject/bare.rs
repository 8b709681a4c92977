//! The limit of the library: an HTTP server that knows one answer and looks at nothing.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpSocket;

use crate::client::Endpoint;
use crate::content::Image;
use crate::process::Process;

/// Bytes of the answer: a manifest of four layers.
const ANSWER_SIZE: usize = 900;
/// A digest that is as good as any.
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// How the tool calls itself to be that server.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on.
    #[arg(long)]
    listen: SocketAddr,
}

pub(super) fn start(folder: &Path, endpoint: &Endpoint) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("bare")
        .arg("--listen")
        .arg(endpoint.address.to_string());
    let mut process = Process::start(command, folder)?;
    process.wait_for(endpoint.address)?;
    Ok(process)
}

/// Serves until the process is ended.
pub(crate) fn serve(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(listen(arguments.listen))
}

async fn listen(address: SocketAddr) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(4_096)?;
    let body = Bytes::from(vec![b'x'; ANSWER_SIZE]);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |_: Request<hyper::body::Incoming>| {
                let body = body.clone();
                async move { Ok::<_, Infallible>(answer(body)) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), answer);
            // The client hung up.
            let _ = connection.await;
        });
    }
}

fn answer(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(Image::MANIFEST_TYPE));
    headers.insert("docker-content-digest", HeaderValue::from_static(DIGEST));
    headers.insert(ETAG, HeaderValue::from_static(DIGEST));
    response
}
