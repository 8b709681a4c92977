//! A key of `auths`, and which images it is for (`pkg/credentialprovider/keyring.go`).

use super::{glob, url};

/// What the kubelet makes of a key: the text by which it sorts the credentials and looks for matching ones.
/// It need not be UTF-8: an escape stands for any byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(Vec<u8>);

/// The entry that is used for images of Docker Hub when nothing else matches.
const DOCKER_HUB: &[u8] = b"index.docker.io";

impl Key {
    /// Brings a key as written into the kubelet's form. None: it does not parse, and the kubelet passes over it.
    pub(super) fn normalise(written: &str) -> Option<Self> {
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| written.strip_prefix(scheme))
            .unwrap_or(written);
        let (mut key, path) = url::parse(rest.as_bytes())?;
        // Once, and only with the slash behind.
        let path = match path.as_slice() {
            [b'/', b'v', b'1' | b'2', path @ ..] if path.starts_with(b"/") => path,
            path => path,
        };
        if path != b"/" {
            key.extend_from_slice(path);
        }
        Some(Self(key))
    }

    /// Whether this is the entry for Docker Hub.
    pub(super) fn is_docker_hub(&self) -> bool {
        self.0 == DOCKER_HUB
    }

    /// What it compares images with. None: it matches no image whatever, since it does not parse a second time.
    pub(super) fn pattern(&self) -> Option<Location> {
        Location::parse(&self.0)
    }

    /// The key, with broken characters replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

/// Host, port and path: of an image, or of a key, where the labels of the host are patterns.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) labels: Vec<Vec<u8>>,
    pub(super) port: Vec<u8>,
    pub(super) path: Vec<u8>,
}

impl Location {
    /// Parses a text without a scheme.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (authority, path) = url::parse(text)?;
        let (host, port) = url::split_port(&authority);
        Some(Self {
            labels: host.split(|b| *b == b'.').map(<[u8]>::to_vec).collect(),
            port: port.to_vec(),
            path,
        })
    }

    /// Whether an image lies here: same port, as many labels, each matching, and a path that begins with this one.
    pub(super) fn holds(&self, image: &Self) -> bool {
        self.port == image.port
            && self.labels.len() == image.labels.len()
            && image.path.starts_with(&self.path)
            && self
                .labels
                .iter()
                .zip(&image.labels)
                .all(|(pattern, label)| glob::matches(pattern, label) == Ok(true))
    }
}

/// Whether the kubelet takes a repository for one of Docker Hub: also where the host has neither dot nor colon.
pub(super) fn falls_back_to_docker_hub(repository: &str) -> bool {
    let host = repository.split('/').next().unwrap_or_default();
    matches!(host, "docker.io" | "index.docker.io")
        || (!host.is_empty() && !host.contains(['.', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(written: &str) -> Option<String> {
        Key::normalise(written).map(|key| key.text())
    }

    #[test]
    fn keys_become_what_the_kubelet_compares_with() {
        for (written, key) in [
            ("https://us.example.com", "us.example.com"),
            ("http://us.example.com/", "us.example.com"),
            ("us.example.com/v1/", "us.example.com"),
            ("https://us.example.com/v2/team", "us.example.com/team"),
            ("us.example.com/v2", "us.example.com/v2"),
            ("us.example.com/v2/v2/a", "us.example.com/v2/a"),
            ("us.example.com/team/", "us.example.com/team/"),
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("HTTPS://us.example.com", "HTTPS://us.example.com"),
            ("US.example.com?x#y", "US.example.com"),
            ("me@us.example.com", "us.example.com"),
            ("us?.example.com", "us"),
            ("", ""),
        ] {
            assert_eq!(normalised(written).as_deref(), Some(key), "{written}");
        }
        for written in [
            "us.example.com/%zz",
            "a b",
            "us.example.com:port",
            "r[0-9].example.com",
        ] {
            assert_eq!(normalised(written), None, "{written}");
        }
    }

    #[test]
    fn a_key_is_for_the_images_that_the_kubelet_finds_under_it() {
        for (key, image, expected) in [
            ("us.example.com", "us.example.com/team/app", true),
            ("us.example.com/team", "us.example.com/teammate/app", true),
            ("us.example.com/team/", "us.example.com/teammate/app", false),
            ("us.example.com/other", "us.example.com/team/app", false),
            ("us.example.com:443", "us.example.com/app", false),
            ("us.example.com", "us.example.com:443/app", false),
            ("us.example.com:443", "us.example.com:443/app", true),
            ("*.example.com", "us.example.com/app", true),
            ("*.example.com", "example.com/app", false),
            ("*.example.com", "a.us.example.com/app", false),
            ("u*.*.com", "us.example.com/app", true),
            ("US.example.com", "us.example.com/app", false),
            ("example.com", "us.example.com/app", false),
            ("us.example.com/v2", "us.example.com/app", false),
            ("us.example.com/*", "us.example.com/app", false),
            ("[fd00::1]:5000", "[fd00::1]:5000/app", true),
            ("[fd00::1]", "[fd00::1]/app", false),
        ] {
            let pattern = Key::normalise(key).and_then(|key| key.pattern());
            let image = Location::parse(image.as_bytes());
            let (Some(pattern), Some(image)) = (pattern, image) else {
                panic!("{key} does not parse");
            };
            assert_eq!(pattern.holds(&image), expected, "{key}");
        }
    }

    #[test]
    fn a_host_without_a_dot_is_taken_for_docker_hub() {
        assert!(falls_back_to_docker_hub("docker.io/library/nginx"));
        assert!(falls_back_to_docker_hub("localhost/app"));
        assert!(falls_back_to_docker_hub("Registry/app"));
        assert!(!falls_back_to_docker_hub("localhost:5000/app"));
        assert!(!falls_back_to_docker_hub("us.example.com/app"));
    }
}
