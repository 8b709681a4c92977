//! What a listener is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use wharf_types::limits;

use crate::hosts::{Host, Network};
use crate::metadata::Metadata;

/// How a registry is served. [`Config::default`] is plain HTTP on `127.0.0.1:5000`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on. Port 0 takes a free one: [`crate::Listener::local_url`] tells which.
    pub listen: SocketAddr,
    /// The names that the registry is reached by. With none, every name is answered and stands for no location.
    /// With some, a request for another name is refused with 421, save for `localhost`, addresses and the host of
    /// `external_url`, which stand for no location.
    pub hosts: Vec<Host>,
    /// The URL by which clients reach this registry, where that is another than the address tells: behind a proxy.
    pub external_url: Option<url::Url>,
    /// Plain HTTP or TLS.
    pub tls: Tls,
    /// Bounds on what clients may take.
    pub limits: Limits,
    /// The metadata server, if there is to be one.
    pub metadata: Option<Metadata>,
    /// Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. From others these
    /// headers are ignored.
    pub trusted_proxies: Vec<Network>,
    /// How long a shutdown waits for requests in flight.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5000)),
            hosts: Vec::new(),
            external_url: None,
            tls: Tls::None,
            limits: Limits::default(),
            metadata: None,
            trusted_proxies: Vec::new(),
            drain: limits::DRAIN_MAX,
        }
    }
}

/// Whether and with what certificate TLS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    None,
    /// PEM files: the certificate with its chain, and its private key. Read again when they change.
    Files {
        /// The certificate first, then its chain.
        certificate: PathBuf,
        /// The private key: PKCS #8, PKCS #1 or SEC 1.
        key: PathBuf,
    },
    /// A certificate authority of the registry's own, kept in this folder, and a certificate by it for the configured
    /// hosts, `localhost` and the address.
    SelfSigned {
        /// Made when it is not there.
        folder: PathBuf,
    },
}

/// Bounds on what clients may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections that are open at once. More wait in the listener's backlog.
    pub connections: usize,
    /// Requests a second of one connection; none means no bound.
    pub requests_per_connection: Option<NonZeroU32>,
    /// Requests a second of one principal, over all its connections; none means no bound. A cluster's nodes pull as
    /// one principal: fifty that start a Pod at once make a few thousand requests.
    pub requests_per_principal: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS_MAX,
            requests_per_connection: None,
            requests_per_principal: None,
        }
    }
}
