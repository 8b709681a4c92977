//! The names that a registry is reached by, and what each stands for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::str::FromStr;

use wharf_types::Location;

/// A name that the registry is reached by, and the location it stands for. Written `NAME[=LOCATION]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The DNS name, in lower case, without a port.
    pub name: String,
    /// The location of what is pushed and pulled by this name.
    pub location: Option<Location>,
}

/// Why a text is not a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The name is none.
    #[error(
        "{0:?} is not a host name: letters, digits, hyphens and dots, without scheme, port or path"
    )]
    Name(String),
    /// The location is none.
    #[error(transparent)]
    Location(#[from] wharf_types::name::NameError),
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let (name, location) = match text.split_once('=') {
            Some((name, location)) => (name, Some(Location::parse(location)?)),
            None => (text, None),
        };
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(HostError::Name(wharf_types::text::shorten(name)));
        }
        Ok(Self {
            name: name.to_ascii_lowercase(),
            location,
        })
    }
}

/// The configured hosts, to look up in.
#[derive(Debug, Default)]
pub(crate) struct Hosts(HashMap<String, Option<Location>>);

/// A name that the registry is not reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownHost;

impl Hosts {
    /// Of the configuration. The external URL's host is known too.
    pub(crate) fn new(hosts: &[Host], external_url: Option<&url::Url>) -> Self {
        let mut known: HashMap<_, _> = hosts
            .iter()
            .map(|host| (host.name.clone(), host.location.clone()))
            .collect();
        if let Some(host) = external_url.and_then(url::Url::host_str)
            && !known.is_empty()
        {
            known.entry(host.to_owned()).or_default();
        }
        Self(known)
    }

    /// The location that the host of a URL (no port) stands for. Without configured hosts, every one is known.
    pub(crate) fn location(&self, host: &str) -> Result<Option<Location>, UnknownHost> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let found = match self.0.get(host) {
            None => self.0.get(&host.to_ascii_lowercase()),
            found => found,
        };
        match found {
            Some(location) => Ok(location.clone()),
            None if host.eq_ignore_ascii_case("localhost") || is_address(host) => Ok(None),
            None => Err(UnknownHost),
        }
    }
}

fn is_address(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse::<IpAddr>().is_ok()
}

/// Addresses that begin with the same bits: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network: write an address, or ADDRESS/BITS such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl Network {
    /// Whether an address lies in it. An IPv4 address that came in an IPv6 one counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refused = || NetworkError(wharf_types::text::shorten(text));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| refused())?,
            None => bits,
        };
        if prefix > bits {
            return Err(refused());
        }
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_host_is_written_with_or_without_a_location() {
        let host: Host = "EU.gcr.example.com=eu".parse().unwrap();
        assert_eq!(host.name, "eu.gcr.example.com");
        assert_eq!(host.location.unwrap().as_str(), "eu");
        assert_eq!("localhost".parse::<Host>().unwrap().location, None);
        for bad in ["", "a..b", "https://a", "a:5000", "a/b", "-a", "a=B", "a="] {
            assert!(bad.parse::<Host>().is_err(), "{bad}");
        }
    }

    #[test]
    fn configured_hosts_shut_out_other_names_but_no_address() {
        let external = "https://registry.example.com".parse().unwrap();
        let hosts = Hosts::new(&["eu.example.com=eu".parse().unwrap()], Some(&external));
        let eu = Location::parse("eu").unwrap();
        assert_eq!(hosts.location("EU.example.com"), Ok(Some(eu)));
        for known in ["registry.example.com", "localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(hosts.location(known), Ok(None), "{known}");
        }
        assert_eq!(hosts.location("us.example.com"), Err(UnknownHost));
        assert_eq!(Hosts::default().location("anything"), Ok(None));
    }

    #[test]
    fn networks_contain_by_prefix() {
        let network: Network = "10.1.0.0/16".parse().unwrap();
        assert!(network.contains("10.1.255.3".parse().unwrap()));
        assert!(network.contains("::ffff:10.1.0.1".parse().unwrap()));
        assert!(!network.contains("10.2.0.1".parse().unwrap()));
        assert!(
            "0.0.0.0/0"
                .parse::<Network>()
                .unwrap()
                .contains("1.2.3.4".parse().unwrap())
        );
        assert!(
            "fd00::/8"
                .parse::<Network>()
                .unwrap()
                .contains("fd12::1".parse().unwrap())
        );
        let one: Network = "192.168.0.1".parse().unwrap();
        assert!(one.contains("192.168.0.1".parse().unwrap()));
        assert!(!one.contains("192.168.0.2".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
