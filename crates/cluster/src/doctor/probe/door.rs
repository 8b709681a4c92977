//! The way to a registry: its name, a connection, its certificate. Each registry is knocked at once.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::certificate::{self, Trust};
use crate::doctor::observation::{CertificateFault, Obstacle};

/// Time for a name to be resolved.
const DNS_MAX: Duration = Duration::from_secs(4);
/// Time for one address to answer.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Time for a handshake, or the first bytes of plain HTTP.
const HANDSHAKE_MAX: Duration = Duration::from_secs(4);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// A registry's door.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// The addresses that its name has.
    pub(super) addresses: Vec<IpAddr>,
    /// The root of its URLs, or why there is no way in.
    pub(super) entry: Result<Url, Obstacle>,
}

/// Finds the way to `HOST[:PORT]`.
pub(super) async fn knock(host: &str, trust: &Trust) -> Door {
    let mut addresses = Vec::new();
    let entry = open(host, trust, &mut addresses).await;
    Door { addresses, entry }
}

/// Whether what is sent there stays within this machine.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn open(host: &str, trust: &Trust, addresses: &mut Vec<IpAddr>) -> Result<Url, Obstacle> {
    let no_name = |text: &str| Obstacle::Dns {
        text: format!("{host}: {text}"),
    };
    let url = Url::parse(&format!("https://{host}/")).map_err(|_| no_name("not a host"))?;
    let name = url.host_str().ok_or_else(|| no_name("not a host"))?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(443);
    let found = match timeout(DNS_MAX, tokio::net::lookup_host((name, port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => return Err(no_name(&error.to_string())),
        Err(_) => {
            return Err(no_name(&format!(
                "no answer within {} s",
                DNS_MAX.as_secs()
            )));
        }
    };
    for address in &found {
        if !addresses.contains(&address.ip()) {
            addresses.push(address.ip());
        }
    }
    let stream = connect(&found).await?;
    let peer = stream.peer_addr().map_err(|error| unreachable(&error))?;
    let Err(obstacle) = shake_hands(name, stream, trust).await else {
        return Ok(url);
    };
    // Whoever does not know TLS answers it with nonsense, a closed connection or nothing: all of these are asked plainly.
    let is_refused = matches!(&obstacle, Obstacle::Certificate { fault, .. } if *fault != CertificateFault::Other);
    if is_refused || !speaks_plainly(host, peer).await {
        return Err(obstacle);
    }
    // Within this machine containerd itself goes on without TLS.
    match Url::parse(&format!("http://{host}/")) {
        Ok(plain) if is_this_machine(&plain) => Ok(plain),
        _ => Err(Obstacle::PlainHttp),
    }
}

fn unreachable(error: &std::io::Error) -> Obstacle {
    Obstacle::Unreachable {
        text: error.to_string(),
    }
}

/// Connects to the first address that listens.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Obstacle> {
    let mut obstacle = Obstacle::Dns {
        text: "the name has no address".to_owned(),
    };
    for address in addresses.iter().take(ADDRESSES_MAX) {
        obstacle = match timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                Obstacle::Refused {
                    address: address.to_string(),
                }
            }
            Ok(Err(error)) => Obstacle::Unreachable {
                text: format!("{address}: {error}"),
            },
            Err(_) => Obstacle::Unreachable {
                text: format!("{address}: no answer within {} s", CONNECT_MAX.as_secs()),
            },
        };
    }
    Err(obstacle)
}

async fn shake_hands(name: &str, stream: TcpStream, trust: &Trust) -> Result<(), Obstacle> {
    let other = |text: String| Obstacle::Certificate {
        fault: CertificateFault::Other,
        text,
    };
    let name = ServerName::try_from(name.to_owned()).map_err(|error| other(error.to_string()))?;
    let (config, recorder) = trust
        .recording()
        .map_err(|error| other(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(config));
    let error = match timeout(HANDSHAKE_MAX, connector.connect(name, stream)).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => error,
        Err(_) => {
            let seconds = HANDSHAKE_MAX.as_secs();
            return Err(Obstacle::Unreachable {
                text: format!("no TLS handshake within {seconds} s"),
            });
        }
    };
    let inner = error
        .get_ref()
        .map(|inner| inner as &(dyn StdError + 'static));
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(reason)) => Err(Obstacle::Certificate {
            fault: certificate::fault(reason, recorder.shown().as_ref()),
            text: reason.to_string(),
        }),
        Some(reason) => Err(other(reason.to_string())),
        None => Err(Obstacle::Unreachable {
            text: format!("the TLS handshake was cut off: {error}"),
        }),
    }
}

/// Whether plain HTTP is answered as such. Nothing secret is asked.
async fn speaks_plainly(host: &str, address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET /v2/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer)
    };
    match timeout(HANDSHAKE_MAX, ask).await {
        // Servers of TLS have a plain answer for those who forget it: 400.
        Ok(Some(answer)) => answer.starts_with(b"HTTP/1.") && !answer.ends_with(b" 400"),
        _ => false,
    }
}
