//! Sockets: taking an address, accepting connections, and ending in good order.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;
use url::Url;
use wharf_app::App;
use wharf_types::limits;

use crate::authority::Authority;
use crate::config::{Config, Tls};
use crate::connection::{self, Http, Protocol};
use crate::metadata::{self, Metadata};
use crate::requests::Connection;
use crate::router::router;
use crate::sendfile::{Outlet, Socket};
use crate::shared::Shared;
use crate::tls::{Certificate, Source, TlsError};

/// Connections that wait to be accepted: a cluster's nodes connect at the same moment.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept: no file descriptors are left, and trying at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often certificates are looked at and idle principals forgotten.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(30);

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
    /// There is no certificate.
    #[error("TLS cannot be spoken")]
    Tls(#[from] TlsError),
}

/// An address that is listened on. Clients that connect wait until [`Listener::serve`].
///
/// The runtime is the binary's to choose: a multi-threaded one, since reading a blob's pieces and TLS are worth a core
/// each.
pub struct Listener {
    socket: TcpListener,
    local_url: Url,
    /// Of the metadata server.
    metadata: Option<(TcpListener, Url)>,
    certificate: Option<Certificate>,
    config: Config,
}

impl Listener {
    /// Takes the address, and loads or makes the certificate.
    #[expect(
        clippy::unused_async,
        reason = "the socket belongs to the runtime that it is bound in"
    )]
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let (socket, address) = bind(config.listen).map_err(|source| Error::Bind {
            address: config.listen,
            source,
        })?;
        let metadata = match &config.metadata {
            None => None,
            Some(Metadata { listen, .. }) => {
                let (socket, address) = bind(*listen).map_err(|source| Error::Bind {
                    address: *listen,
                    source,
                })?;
                Some((socket, local_url("http", address)))
            }
        };
        let source = match &config.tls {
            Tls::None => None,
            Tls::Files { certificate, key } => Some(Source::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            Tls::SelfSigned { folder } => Some(Source::Authority {
                authority: Authority::open(folder)?,
                names: names(&config, address.ip()),
            }),
        };
        let certificate = source.map(Certificate::load).transpose()?;
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        Ok(Self {
            socket,
            local_url: local_url(scheme, address),
            metadata,
            certificate,
            config,
        })
    }

    /// The URL by which a client on this machine reaches the registry.
    pub fn local_url(&self) -> Url {
        self.local_url.clone()
    }

    /// The URL by which a client on this machine reaches the metadata server.
    pub fn metadata_url(&self) -> Option<Url> {
        self.metadata.as_ref().map(|(_, url)| url.clone())
    }

    /// With [`Tls::SelfSigned`], the file with the certificate that clients have to trust.
    pub fn authority(&self) -> Option<&Path> {
        self.certificate.as_ref().and_then(Certificate::authority)
    }

    /// Serves until `shutdown`, then lets requests in flight finish for [`Config::drain`].
    pub async fn serve(
        self,
        app: Arc<App>,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        let drain = self.config.drain;
        let places = Places::new(self.config.limits.connections);
        let (stop, stopping) = watch::channel(());
        let shared = Arc::new(Shared::new(&self.config, &self.local_url, app));
        let tls = self
            .certificate
            .as_ref()
            .map(Certificate::server_config)
            .transpose()?;
        let server = Server {
            router: router(shared.clone()),
            shared: shared.clone(),
            http: connection::http(),
            tls: tls.map(|config| TlsAcceptor::from(Arc::new(config))),
            stopping,
        };
        let metadata = self.metadata.zip(self.config.metadata);
        let metadata = metadata.map(|((socket, _), Metadata { account, .. })| {
            let url = shared.external_url.as_ref().unwrap_or(&shared.local_url);
            let router = metadata::router(shared.app.clone(), account, url.clone());
            // Google's is asked without TLS.
            let tls = None;
            let server = Server {
                router,
                tls,
                ..server.clone()
            };
            (socket, server)
        });
        let accept_metadata = async {
            match &metadata {
                Some((socket, server)) => accept(socket, server, &places).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = accept(&self.socket, &server, &places) => {}
            () = accept_metadata => {}
            () = upkeep(self.certificate, &shared) => {}
            () = shutdown => {}
        }
        // Nobody new; those who are here are told.
        drop(self.socket);
        drop(metadata);
        drop(server);
        drop(stop);
        if timeout(drain, places.all_free()).await.is_err() {
            tracing::warn!(?drain, "requests in flight were cut off");
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

/// What the own certificate is good for.
fn names(config: &Config, listen: IpAddr) -> Vec<String> {
    let external = config.external_url.as_ref().and_then(Url::host_str);
    let mut names: Vec<String> = config
        .hosts
        .iter()
        .map(|host| host.name.clone())
        .chain(external.map(|host| host.trim_matches(['[', ']']).to_owned()))
        .chain(["localhost".to_owned()])
        .chain(
            [
                Ipv4Addr::LOCALHOST.into(),
                Ipv6Addr::LOCALHOST.into(),
                listen,
            ]
            .map(|ip: IpAddr| ip.to_string()),
        )
        .filter(|name| !name.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// An address of all interfaces is reached by the loopback one.
fn local_url(scheme: &str, mut address: SocketAddr) -> Url {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    #[expect(clippy::expect_used, reason = "a socket address is an authority")]
    Url::parse(&format!("{scheme}://{address}")).expect("an address in a URL")
}

/// The connections that may be open at once. Each holds a place until it ends.
struct Places {
    free: Arc<Semaphore>,
    count: u32,
}

impl Places {
    fn new(count: usize) -> Self {
        let count = count.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        Self {
            free: Arc::new(Semaphore::new(count)),
            count: u32::try_from(count).unwrap_or(u32::MAX),
        }
    }

    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().acquire_owned().await.ok()
    }

    async fn all_free(&self) {
        let _ = self.free.acquire_many(self.count).await;
    }
}

/// Accepts for ever.
async fn accept(socket: &TcpListener, server: &Server, places: &Places) {
    loop {
        let place = places.take().await;
        match socket.accept().await {
            Ok((stream, peer)) => {
                let server = server.clone();
                tokio::spawn(async move {
                    server.connection(stream, peer).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Keeps things fresh for ever.
async fn upkeep(certificate: Option<Certificate>, shared: &Shared) {
    let mut certificate = certificate;
    let mut interval = interval(UPKEEP_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        shared.rates.forget_idle();
        certificate = match certificate {
            None => None,
            Some(mut certificate) => {
                let refreshed = tokio::task::spawn_blocking(move || {
                    certificate.refresh();
                    certificate
                });
                refreshed.await.ok()
            }
        };
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Server {
    router: axum::Router,
    shared: Arc<Shared>,
    http: Http,
    tls: Option<TlsAcceptor>,
    /// Closes when the server stops.
    stopping: watch::Receiver<()>,
}

impl Server {
    async fn connection(self, stream: TcpStream, peer: SocketAddr) {
        // Without it, a small answer waits for the client's delayed acknowledgement: 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY");
        }
        let Self {
            router,
            shared,
            http,
            tls,
            mut stopping,
        } = self;
        let _open = shared.metrics.connection();
        let metrics = shared.metrics.clone();
        let connection = Connection::new(shared, router, peer.ip(), tls.is_some());
        let Some(tls) = tls else {
            let protocol = tokio::select! {
                // A request that is here already is still answered.
                biased;
                protocol = timeout(limits::HEADER_READ_MAX, Protocol::of(&stream)) => protocol,
                _ = stopping.changed() => return,
            };
            let Ok(Ok(protocol)) = protocol else {
                tracing::debug!(%peer, "a connection without a request");
                return;
            };
            let outlet = Arc::<Outlet>::default();
            let socket = Socket::new(stream, outlet.clone());
            let connection = Arc::new(connection.with_outlet(outlet));
            return connection::serve(&http, protocol, socket, connection, metrics, stopping).await;
        };
        let connection = Arc::new(connection);
        // In a box: what TLS takes, the many plain connections of a cluster behind a proxy need not hold free.
        Box::pin(async move {
            match timeout(limits::HANDSHAKE_MAX, tls.accept(stream)).await {
                Ok(Ok(stream)) => {
                    let protocol = Protocol::agreed(&stream);
                    connection::serve(&http, protocol, stream, connection, metrics, stopping).await;
                }
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
