//! Which addresses are the public internet's, and which others the operator allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;
use wharf_types::text::shorten;

/// A host or network that the operator allows although it is not on the public internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A host by its name: whatever address it has, and plain http.
    Host(String),
    /// The addresses of a network; plain http where the URL has the address itself.
    Network {
        /// One of its addresses.
        address: IpAddr,
        /// Leading bits that its addresses have in common.
        bits: u8,
    },
}

/// Neither a host nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a host nor a network: write issuer.internal, 10.1.2.3 or 10.0.0.0/8")]
pub struct AllowedError(String);

impl std::str::FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || AllowedError(shorten(text));
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = address.parse::<IpAddr>() {
            let width: u8 = if address.is_ipv4() { 32 } else { 128 };
            let bits = match bits {
                Some(bits) => bits.parse().ok().filter(|bits| *bits <= width),
                None => Some(width),
            };
            return Ok(Self::Network {
                address,
                bits: bits.ok_or_else(refused)?,
            });
        }
        match (Host::parse(text), bits) {
            (Ok(Host::Domain(name)), None) if !name.contains(':') => Ok(Self::Host(name)),
            _ => Err(refused()),
        }
    }
}

impl Allowed {
    /// Whether it names this host of a URL.
    pub(crate) fn names(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Host(name), Host::Domain(host)) => name == host.trim_end_matches('.'),
            (Self::Network { .. }, Host::Ipv4(address)) => self.holds((*address).into()),
            (Self::Network { .. }, Host::Ipv6(address)) => self.holds((*address).into()),
            _ => false,
        }
    }

    /// Whether an address is in this network.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let Self::Network {
            address: network,
            bits,
        } = self
        else {
            return false;
        };
        match (network.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32_u32.saturating_sub(u32::from(*bits));
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128_u32.saturating_sub(u32::from(*bits));
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Whether an address is one of the public internet: no loopback, no private, shared, link-local, documentation,
/// benchmarking, multicast or reserved one, in whatever form it is written (IANA's special-purpose registries).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    match segments {
        // NAT64: what counts is the address behind it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocol assignments, Teredo among them; documentation; 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, ..] => false,
        // Global unicast. All else is local, multicast, reserved, or an IPv4 address in an old form.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "100.63.0.1",
            "2606:4700::1",
            "2a00:1450::1",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for local in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(local.parse().unwrap()), "{local}");
        }
    }

    #[test]
    fn what_the_operator_writes_is_a_host_or_a_network() {
        let parse = |text: &str| text.parse::<Allowed>();
        assert_eq!(
            parse("Issuer.Internal"),
            Ok(Allowed::Host("issuer.internal".to_owned()))
        );
        assert!(
            parse("10.0.0.0/8")
                .unwrap()
                .holds("10.255.0.1".parse().unwrap())
        );
        assert!(
            !parse("10.0.0.0/8")
                .unwrap()
                .holds("11.0.0.1".parse().unwrap())
        );
        assert!(
            parse("10.1.2.3")
                .unwrap()
                .holds("::ffff:10.1.2.3".parse().unwrap())
        );
        assert!(!parse("::/0").unwrap().holds("10.1.2.3".parse().unwrap()));
        assert!(
            parse("0.0.0.0/0")
                .unwrap()
                .holds("10.1.2.3".parse().unwrap())
        );
        assert!(parse("fd00::/8").unwrap().holds("fd12::1".parse().unwrap()));
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/",
            "https://x",
            "a b",
            "host:80",
            "host/8",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_what_shares_its_leading_bits(network: u32, address: u32, bits in 0_u8..=32) {
            let allowed = Allowed::Network { address: Ipv4Addr::from_bits(network).into(), bits };
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            let expected = network & mask == address & mask;
            prop_assert_eq!(allowed.holds(Ipv4Addr::from_bits(address).into()), expected);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}", address: u128) {
            let _ = text.parse::<Allowed>();
            let _ = is_public(Ipv6Addr::from_bits(address).into());
        }
    }
}
