//! Where a registry is.

use std::sync::Arc;

use url::{Host, Url};
use wharf_types::text::shorten;

/// The root of a registry: `https://HOST[:PORT]` or `http://HOST[:PORT]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Arc<Url>);

/// Why a text is not where a registry is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL of HTTP.
    #[error("{0:?} is not an endpoint: write https://HOST[:PORT] or http://HOST[:PORT]")]
    Shape(String),
    /// Something stands behind the host. Not repeated: a user part may be a password.
    #[error(
        "an endpoint is https://HOST[:PORT] alone, without user, path, query or fragment: a registry is served at the root of its host"
    )]
    Extra,
}

impl Endpoint {
    /// Parses an endpoint. Without a scheme it is https, and http for this machine's own names, as docker has it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let refused = || EndpointError::Shape(shorten(text));
        if text.contains('@') {
            return Err(EndpointError::Extra);
        }
        let url = match text.split_once("://") {
            Some(("http" | "https", _)) => Url::parse(text).map_err(|_| refused())?,
            Some(_) => return Err(refused()),
            None => {
                let url = Url::parse(&format!("https://{text}")).map_err(|_| refused())?;
                if is_this_machine(&url) {
                    Url::parse(&format!("http://{text}")).map_err(|_| refused())?
                } else {
                    url
                }
            }
        };
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Extra);
        }
        Ok(Self(Arc::new(url)))
    }

    /// The endpoint that serves the registry host of an image's name. It has this endpoint's scheme when it is another
    /// name of the same server: below this one's host (`us.example.com` below `example.com`), or on this machine with
    /// the same port. Else docker's rule tells.
    pub fn of_registry_host(&self, host: &str) -> Result<Self, EndpointError> {
        if host == self.authority() {
            return Ok(self.clone());
        }
        let other = Self::parse(host)?;
        let is_below = match (other.0.host_str(), self.0.host_str()) {
            (Some(other), Some(own)) => other == own || other.ends_with(&format!(".{own}")),
            _ => false,
        };
        let is_here =
            self.is_this_machine() && other.is_this_machine() && self.0.port() == other.0.port();
        if (is_below || is_here) && self.0.scheme() != other.0.scheme() {
            return Self::parse(&format!("{}://{host}", self.0.scheme()));
        }
        Ok(other)
    }

    /// `HOST` or `HOST:PORT`, as the names of images begin.
    pub fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether what is sent there is not encrypted.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether it is this machine itself, so that nothing sent there crosses a network.
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.0)
    }

    /// The URL without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The URL of a path; each segment is encoded.
    pub(crate) fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = Url::clone(&self.0);
        // Only URLs without a host have no segments, and `parse` accepts none.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Endpoint {
    type Err = EndpointError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_host_alone_is_https_and_this_machine_is_http() {
        for (text, expected) in [
            ("registry.example.com", "https://registry.example.com"),
            (
                "https://registry.example.com/",
                "https://registry.example.com",
            ),
            (
                "registry.example.com:8443",
                "https://registry.example.com:8443",
            ),
            ("localhost:5000", "http://localhost:5000"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("[::1]:5000", "http://[::1]:5000"),
            ("us.localhost:5000", "http://us.localhost:5000"),
            ("https://localhost:5000", "https://localhost:5000"),
            ("http://registry:80", "http://registry"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_without_repeating_a_password() {
        for text in ["", "https://", "ftp://a", "a b", "example.com:99999"] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        for text in [
            "https://user:secret@example.com",
            "https://example.com/v2/",
            "https://example.com/?a",
            "https://example.com/#a",
        ] {
            let refused = Endpoint::parse(text).unwrap_err();
            assert_eq!(refused, EndpointError::Extra);
            assert!(!refused.to_string().contains("secret"));
        }
    }

    #[test]
    fn hosts_of_one_registry_share_the_scheme() {
        let plain = Endpoint::parse("http://registry.internal:5000").unwrap();
        for (host, expected) in [
            ("registry.internal:5000", "http://registry.internal:5000"),
            (
                "us.registry.internal:5000",
                "http://us.registry.internal:5000",
            ),
            (
                "evilregistry.internal:5000",
                "https://evilregistry.internal:5000",
            ),
            ("other.example.com", "https://other.example.com"),
            ("localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(plain.of_registry_host(host).unwrap().as_str(), expected);
        }
        let secure = Endpoint::parse("https://localhost:5000").unwrap();
        for (host, expected) in [
            ("us.localhost:5000", "https://us.localhost:5000"),
            ("127.0.0.1:5000", "https://127.0.0.1:5000"),
            ("127.0.0.1:5001", "http://127.0.0.1:5001"),
        ] {
            assert_eq!(secure.of_registry_host(host).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn segments_cannot_leave_their_place() {
        let endpoint = Endpoint::parse("https://example.com").unwrap();
        let url = endpoint.join(["v1", "projects", "a/../b?c#d%2f"]);
        assert_eq!(
            url.as_str(),
            "https://example.com/v1/projects/a%2F..%2Fb%3Fc%23d%252f"
        );
    }
}
