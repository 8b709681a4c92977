//! The keys of a pull secret. The kubelet compares each with the image's name, and its rules
//! (`pkg/credentialprovider/keyring.go`) have traps: a port must be equal, `:443` is not the default, and a key that
//! does not fit is passed over without a word. So a key is brought into the one form that works, or refused.

use wharf_types::string_traits;
use wharf_types::text::shorten;

/// Under this key the kubelet, docker and containerd look for Docker Hub's credential.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Which images a credential is for: `HOST[:PORT][/PATH]`, where a label of the host may be `*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryKey(Box<str>);

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryKeyError {
    /// Not `HOST[:PORT][/PATH]`.
    #[error(
        "{0:?} is not a registry: write it as images name it, HOST or HOST:PORT, for example us.example.com"
    )]
    Shape(String),
    /// A scheme other than http and https.
    #[error("{0:?}: a registry is written without a scheme, or with http:// or https://")]
    Scheme(String),
    /// A user, query or fragment, which the kubelet would drop.
    #[error("{0:?}: a registry has no user, query or fragment")]
    Extra(String),
    /// The kubelet reads the brackets as a pattern.
    #[error("{0:?}: the kubelet matches no IPv6 literal; give the registry a name in DNS")]
    Ipv6(String),
    /// A tag or digest.
    #[error("{0:?} names one image: leave the tag or digest away")]
    Reference(String),
}

impl RegistryKey {
    /// Parses what people write, `https://us.example.com/`, into what the kubelet matches, `us.example.com`.
    ///
    /// The scheme, a `/v1/` or `/v2/` and slashes at the end go; hosts are compared byte for byte with image names,
    /// which are lower-case. All names of Docker Hub become the one under which its credential is looked for.
    pub fn parse(text: &str) -> Result<Self, RegistryKeyError> {
        let refused = || RegistryKeyError::Shape(shorten(text));
        let rest = match text.split_once("://") {
            Some(("http" | "https", rest)) => rest,
            Some(_) => return Err(RegistryKeyError::Scheme(shorten(text))),
            None => text,
        };
        if rest.contains(['?', '#']) {
            return Err(RegistryKeyError::Extra(shorten(text)));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.starts_with('[') {
            return Err(RegistryKeyError::Ipv6(shorten(text)));
        }
        if authority.contains('@') {
            return Err(RegistryKeyError::Extra(shorten(text)));
        }
        let path = without_api_version(path.trim_end_matches('/'));
        if path.contains([':', '@']) {
            return Err(RegistryKeyError::Reference(shorten(text)));
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let host = host.to_ascii_lowercase();
        if !is_host(&host) || !port.is_none_or(is_port) || !is_path(path) {
            return Err(refused());
        }
        if is_docker_hub(&host) && port.is_none() && path.is_empty() {
            return Ok(Self(DOCKER_HUB.into()));
        }
        let mut key = host;
        for (separator, part) in [(":", port.unwrap_or("")), ("/", path)] {
            if !part.is_empty() {
                key.push_str(separator);
                key.push_str(part);
            }
        }
        Ok(Self(key.into()))
    }

    /// The key as it stands in the Secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(RegistryKey, RegistryKeyError);

fn is_docker_hub(host: &str) -> bool {
    matches!(
        host,
        "docker.io" | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com"
    )
}

/// The kubelet takes `/v1/…` and `/v2/…` away itself, but not a bare `/v2`, which would then match nothing; and only
/// once, so that what is left must not begin with another.
fn without_api_version(mut path: &str) -> &str {
    loop {
        path = match path.split_once('/') {
            Some(("v1" | "v2", rest)) => rest,
            None if matches!(path, "v1" | "v2") => "",
            _ => return path,
        };
    }
}

fn is_host(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'*'))
        })
        // A lone star would hand the credential to every registry with a one-label name.
        && host.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0')
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

fn is_path(path: &str) -> bool {
    path.is_empty()
        || path.split('/').all(|segment| {
            !segment.is_empty()
                && segment.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
                })
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_becomes_what_the_kubelet_matches() {
        for (written, key) in [
            ("us.example.com", "us.example.com"),
            ("https://us.example.com", "us.example.com"),
            ("https://us.example.com/", "us.example.com"),
            ("http://us.example.com:5000//", "us.example.com:5000"),
            ("https://us.example.com/v2/", "us.example.com"),
            ("https://us.example.com/v2", "us.example.com"),
            ("us.example.com/v1/team", "us.example.com/team"),
            ("us.example.com/v1/v2/team", "us.example.com/team"),
            ("us.example.com/v1/v1/", "us.example.com"),
            ("us.example.com/v2team", "us.example.com/v2team"),
            ("US.Example.com", "us.example.com"),
            ("example.com:443", "example.com:443"),
            ("localhost:5000/my-project", "localhost:5000/my-project"),
            ("127.0.0.1:5000", "127.0.0.1:5000"),
            ("*.example.com", "*.example.com"),
            ("docker.io", "https://index.docker.io/v1/"),
            ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
            ("registry-1.docker.io", "https://index.docker.io/v1/"),
            ("docker.io/my-team", "docker.io/my-team"),
        ] {
            assert_eq!(
                RegistryKey::parse(written).unwrap().as_str(),
                key,
                "{written}"
            );
        }
    }

    #[test]
    fn what_the_kubelet_would_pass_over_is_refused() {
        for text in [
            "",
            "https://",
            "/",
            "*",
            "example..com",
            "-example.com",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:5000x",
            "example.com/team//app",
            "example.com/Team",
            "exa mple.com",
            "ftp://example.com",
            "oci://example.com",
            "user@example.com",
            "example.com?x=1",
            "example.com/#x",
            "[::1]:5000",
            "example.com/app:v1",
            "example.com/app@sha256:0",
        ] {
            assert!(RegistryKey::parse(text).is_err(), "{text}");
        }
    }

    /// The host and port of a key as the kubelet reads them (`schemelessURL`, then `SplitURL`).
    fn as_the_kubelet_reads(key: &str) -> (String, String) {
        let key = key
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        let authority = key.split('/').next().unwrap();
        let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
        (host.to_owned(), port.to_owned())
    }

    proptest! {
        #[test]
        fn a_key_names_the_host_and_port_that_were_written(
            scheme in prop::sample::select(vec!["", "http://", "https://"]),
            host in "[a-z0-9]{1,9}(-[a-z0-9]{1,5})?(\\.[a-z0-9]{1,9}){1,3}",
            port in prop::option::of(1u16..),
            end in prop::sample::select(vec!["", "/", "/v1/", "/v2/", "/v2"]),
        ) {
            let port = port.map(|port| port.to_string()).unwrap_or_default();
            let colon = if port.is_empty() { "" } else { ":" };
            let key = RegistryKey::parse(&format!("{scheme}{host}{colon}{port}{end}")).unwrap();
            prop_assert_eq!(as_the_kubelet_reads(key.as_str()), (host, port));
        }

        #[test]
        fn a_key_is_its_own_normal_form(
            text in "(https?://)?[a-z.*]{1,12}(:[0-9]{1,5})?(/(v1|v2|[a-z0-9]{1,4})){0,3}/?",
        ) {
            if let Ok(key) = RegistryKey::parse(&text) {
                prop_assert_eq!(RegistryKey::parse(key.as_str()), Ok(key));
            }
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "\\PC{0,40}") {
            let _ = RegistryKey::parse(&text);
        }
    }
}
