//! The client: one `GET`, its whole bounded answer.

use std::error::Error as StdError;
use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Proxy, StatusCode, header};
use url::{Host, Url};
use wharf_types::limits;
use wharf_types::text::shorten;

use crate::address::{Allowed, is_public};
use crate::resolve::{self, Guard, Lookup, NotPublic};

/// What the operator set.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What may be reached although it is not on the public internet.
    pub allowed: Vec<Allowed>,
    /// Certificates of CAs in PEM, beside those of the system.
    pub ca_certificates: Option<Vec<u8>>,
    /// A proxy that everything goes by. It resolves the names then, so it has to guard the network's own.
    pub proxy: Option<Url>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("requests to other servers cannot be set up: {0}")]
pub struct SetupError(String);

/// Why there is no answer. Says nothing of what a foreign server sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The URL is none that may be asked.
    #[error("{url} may not be asked: {reason}")]
    Refused {
        /// The URL, shortened.
        url: String,
        /// Why.
        reason: String,
    },
    /// No connection, no TLS, or one that broke.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// Too slow.
    #[error("{0} did not answer in time")]
    Timeout(String),
    /// Another status than 200.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// Too much.
    #[error("{host} sent more than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The bound.
        limit: usize,
    },
    /// The answer is compressed, which nobody asked for.
    #[error("{0} sent a compressed answer, which was not asked for")]
    Encoded(String),
}

/// The guarded client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    client: Option<reqwest::Client>,
    allowed: Arc<[Allowed]>,
}

impl Client {
    /// A client with the operator's rules.
    pub fn new(config: Config) -> Result<Self, SetupError> {
        Self::with_lookup(config, &resolve::system())
    }

    /// A client that can ask nobody, for those that were not given one.
    pub fn none() -> Self {
        Self {
            client: None,
            allowed: Arc::new([]),
        }
    }

    pub(crate) fn with_lookup(config: Config, lookup: &Lookup) -> Result<Self, SetupError> {
        let certificates = match &config.ca_certificates {
            Some(pem) => Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| SetupError("the CA file holds no certificate in PEM".to_owned()))?,
            None => Vec::new(),
        };
        let allowed: Arc<[Allowed]> = config.allowed.into();
        let proxy = match config.proxy {
            Some(url) => {
                Some(Proxy::all(url.as_str()).map_err(|error| SetupError(root_cause(&error)))?)
            }
            None => None,
        };
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .connect_timeout(limits::OUTBOUND_CONNECT_MAX)
                .timeout(limits::OUTBOUND_REQUEST_MAX)
                // Every request resolves and judges anew.
                .pool_max_idle_per_host(0)
                .no_proxy();
            match &proxy {
                Some(proxy) => builder.proxy(proxy.clone()),
                None => builder.dns_resolver(Arc::new(Guard {
                    lookup: lookup.clone(),
                    allowed: allowed.clone(),
                })),
            }
        };
        // A machine without any CA certificates (a bare container) can still speak to those whose CA it was given.
        let client = match builder().tls_certs_merge(certificates.clone()).build() {
            Err(_) => builder().tls_certs_only(certificates).build(),
            made => made,
        }
        .map_err(|error| SetupError(root_cause(&error)))?;
        Ok(Self {
            client: Some(client),
            allowed,
        })
    }

    /// Whether a URL may be asked at all, whatever its host's address turns out to be.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        let refused = |reason: &str| {
            Err(Error::Refused {
                url: shorten(url.as_str()),
                reason: reason.to_owned(),
            })
        };
        let Some(host) = url.host() else {
            return refused("it names no host");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it has a user or password in it");
        }
        let is_named = self.allowed.iter().any(|one| one.names(&host));
        match url.scheme() {
            "https" => {}
            "http" if is_named => {}
            "http" => {
                return refused(
                    "plain http is only for hosts that the operator named with --outbound-allow",
                );
            }
            _ => return refused("it is not https"),
        }
        let is_local = match host {
            Host::Domain(_) => false,
            Host::Ipv4(address) => !is_public(address.into()),
            Host::Ipv6(address) => !is_public(address.into()),
        };
        if is_local && !is_named {
            return refused(
                "its address is not on the public internet; the operator may allow it with --outbound-allow",
            );
        }
        Ok(())
    }

    /// The body of a `GET` that was answered with 200, of `size_max` bytes at most.
    pub async fn get(&self, url: &Url, size_max: usize) -> Result<Vec<u8>, Error> {
        self.check(url)?;
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let failed = |error: reqwest::Error| explain(url, &host, &error);
        let Some(client) = &self.client else {
            return Err(Error::Unreachable {
                host,
                reason: "this registry asks no other servers".to_owned(),
            });
        };
        let request = client
            .get(url.clone())
            .header(header::ACCEPT, "application/json");
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(Error::Status {
                status: response.status().as_u16(),
                host,
            });
        }
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Error::Encoded(host));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > size_max {
                return Err(Error::TooLarge {
                    host,
                    limit: size_max,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Says what kept a request from being answered.
fn explain(url: &Url, host: &str, error: &reqwest::Error) -> Error {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(NotPublic(name)) = cause.downcast_ref() {
            return Error::Refused {
                url: shorten(url.as_str()),
                reason: format!(
                    "{} has no address on the public internet; the operator may allow it with --outbound-allow",
                    shorten(name)
                ),
            };
        }
        next = cause.source();
    }
    if error.is_timeout() {
        return Error::Timeout(host.to_owned());
    }
    Error::Unreachable {
        host: host.to_owned(),
        reason: shorten(&root_cause(error)),
    }
}

/// The last error of a chain: what the system said.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests;
