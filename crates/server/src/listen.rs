//! Sockets: accepting connections, speaking HTTP/1.1 and HTTP/2 on them, and ending in good order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use url::Url;
use wharf_app::App;
use wharf_types::limits;

use crate::config::Config;
use crate::hosts::Hosts;
use crate::metrics::Metrics;
use crate::requests::{self, Connection};
use crate::router::router;
use crate::shared::Shared;

/// Connections that wait to be accepted: a cluster's nodes connect at the same moment.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept: no file descriptors are left, and trying at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// HTTP/2 flow control: hyper's own windows halve the speed of a push.
const STREAM_WINDOW: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;
/// Bytes that one HTTP/1.1 connection holds on their way in or out: one piece of a blob.
const BUFFER_SIZE_MAX: usize = 256 * 1024;
/// Bytes of a request's head.
const HEAD_SIZE_MAX: u32 = 64 * 1024;

/// Why a registry is not served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An address that is listened on. Clients that connect wait until [`Listener::serve`].
pub struct Listener {
    socket: TcpListener,
    local_url: Url,
    config: Config,
}

impl Listener {
    /// Takes the address.
    #[expect(
        clippy::unused_async,
        reason = "the socket belongs to the runtime that it is bound in"
    )]
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let (socket, address) = bind(config.listen).map_err(|source| Error::Bind {
            address: config.listen,
            source,
        })?;
        let local_url = local_url("http", address);
        Ok(Self {
            socket,
            local_url,
            config,
        })
    }

    /// The URL by which a client on this machine reaches the registry.
    pub fn local_url(&self) -> Url {
        self.local_url.clone()
    }

    /// Serves until `shutdown`, then lets requests in flight finish for [`Config::drain`].
    pub async fn serve(
        self,
        app: Arc<App>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let Self {
            socket,
            local_url,
            config,
        } = self;
        let without_slash = |url: &Url| url.as_str().trim_end_matches('/').into();
        let shared = Arc::new(Shared {
            app,
            hosts: Hosts::new(&config.hosts, config.external_url.as_ref()),
            external_url: config.external_url.as_ref().map(without_slash),
            local_url: without_slash(&local_url),
            trusted_proxies: config.trusted_proxies,
            metrics: Arc::new(Metrics::new()),
        });
        let connections = u32::try_from(config.limits.connections).unwrap_or(u32::MAX);
        let places = Arc::new(Semaphore::new(connections as usize));
        let (stop, stopping) = watch::channel(());
        let server = Server {
            router: router(shared.clone()),
            shared,
            http: http(),
            stopping,
        };
        {
            let mut shutdown = pin!(shutdown);
            loop {
                let accept = async {
                    let place = places.clone().acquire_owned().await;
                    (place, socket.accept().await)
                };
                let (place, accepted) = tokio::select! {
                    () = &mut shutdown => break,
                    accepted = accept => accepted,
                };
                match accepted {
                    Ok((stream, peer)) => {
                        let server = server.clone();
                        tokio::spawn(async move {
                            let _place = place;
                            server.connection(stream, peer).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accepting a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
        drop(socket);
        drop(stop);
        drop(server);
        // Every connection gives its place back when it ends.
        let ended = places.acquire_many(connections);
        if tokio::time::timeout(config.drain, ended).await.is_err() {
            tracing::warn!(drain = ?config.drain, "requests in flight were cut off");
        }
        Ok(())
    }
}

fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart must not wait for connections of the last run to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// An address of all interfaces is reached by the loopback one.
fn local_url(scheme: &str, mut address: SocketAddr) -> Url {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    #[expect(clippy::expect_used, reason = "a socket address is an authority")]
    Url::parse(&format!("{scheme}://{address}")).expect("an address in a URL")
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_READ_MAX)
        // Never `pipeline_flush`: with it, hyper takes bodies into memory as fast as they are read, however slow the client.
        .max_buf_size(BUFFER_SIZE_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION_MAX)
        .max_header_list_size(HEAD_SIZE_MAX)
        .max_send_buf_size(1024 * 1024)
        .keep_alive_interval(limits::BODY_IDLE_MAX);
    http
}

/// What every connection is served with.
#[derive(Clone)]
struct Server {
    router: axum::Router,
    shared: Arc<Shared>,
    http: auto::Builder<TokioExecutor>,
    /// Closes when the server stops.
    stopping: watch::Receiver<()>,
}

impl Server {
    async fn connection(mut self, stream: TcpStream, peer: SocketAddr) {
        // Without it, a small answer waits for the client's delayed acknowledgement: 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY");
        }
        let connection = Connection::new(self.shared, self.router, peer.ip(), false);
        let connection = Arc::new(connection);
        let service = service_fn(move |request| {
            let connection = connection.clone();
            async move { Ok::<_, Infallible>(requests::answer(connection, request).await) }
        });
        let mut served = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let result = tokio::select! {
            result = served.as_mut() => result,
            _ = self.stopping.changed() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%peer, error, "a connection ended");
        }
    }
}
