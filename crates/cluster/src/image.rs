//! The image of a container, read as the kubelet and containerd read it: docker's grammar of references
//! (`github.com/distribution/reference`, `ParseNormalizedNamed`), which `pkg/util/parsers` of Kubernetes calls.

use std::fmt;

use wharf_types::text::shorten;

/// Where images without a host come from.
const DOCKER_HUB: &str = "docker.io";
/// Its old name, which becomes the one above.
const DOCKER_INDEX: &str = "index.docker.io";
/// Where Docker Hub's registry answers.
const DOCKER_HUB_API: &str = "registry-1.docker.io";
/// The namespace of Docker Hub's images that are written in one word.
const LIBRARY: &str = "library/";
/// Characters of a path. The host does not count.
const PATH_LENGTH_MAX: usize = 255;
const TAG_LENGTH_MAX: usize = 128;

/// An image, normalised: `nginx` is `docker.io/library/nginx`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image {
    repository: Box<str>,
    tag: Option<Box<str>>,
    digest: Option<Box<str>>,
}

/// Why a text names no image. The container then waits with `InvalidImageName`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an image: {problem}")]
pub struct ImageError {
    text: String,
    problem: Problem,
    docker: String,
}

/// What is wrong, with the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error(
        "it is empty; write [HOST/]PATH[:TAG][@DIGEST], for example us.example.com/team/app:v1"
    )]
    Empty,
    #[error("leave the https:// or http:// away")]
    Scheme,
    #[error("it has spaces; remove them")]
    Space,
    #[error(
        "64 hex digits are an image's ID; write a repository, or sha256: before them and REPOSITORY@ before that"
    )]
    Identifier,
    #[error("a repository is written in lower-case letters")]
    UpperCase,
    #[error("a repository has at most 255 characters after the host")]
    TooLong,
    #[error("its digest is not @sha256: and 64 lower-case hex digits")]
    Digest,
    #[error(
        "its tag is not up to 128 letters, digits, '_', '.' and '-', beginning with none of the last two"
    )]
    Tag,
    #[error("its host is not a name in DNS or an address, with :PORT if any")]
    Host,
    #[error(
        "a path is words of lower-case letters and digits, joined by one '.', one or two '_', or any number of '-', and separated by single slashes"
    )]
    Path,
}

impl Image {
    /// Parses what stands in a container's `image`.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        if is_identifier(text) {
            let docker = format!(
                "invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            );
            return Err(refused(text, Problem::Identifier, docker));
        }
        let (domain, remainder) = split_domain(text);
        let remote = remainder.split(':').next().unwrap_or_default();
        if remote.chars().any(|c| lower(c) != c) {
            let docker =
                format!("invalid reference format: repository name ({remote}) must be lowercase");
            return Err(refused(text, Problem::UpperCase, docker));
        }
        let full = format!("{domain}/{remainder}");
        let Some(parts) = Parts::read(&full) else {
            let lower: String = full.chars().map(lower).collect();
            return Err(if Parts::read(&lower).is_some() {
                let docker = "repository name must be lowercase".to_owned();
                refused(text, Problem::UpperCase, docker)
            } else {
                let docker = "invalid reference format".to_owned();
                refused(text, diagnose(text, &domain, &remainder), docker)
            });
        };
        if parts.path_length() > PATH_LENGTH_MAX {
            let docker =
                format!("repository name must not be more than {PATH_LENGTH_MAX} characters");
            return Err(refused(text, Problem::TooLong, docker));
        }
        if let Some(docker) = parts.digest.and_then(fault_of_digest) {
            return Err(refused(text, Problem::Digest, docker.to_owned()));
        }
        Ok(Self {
            repository: parts.name.into(),
            tag: parts.tag.map(Into::into),
            digest: parts.digest.map(Into::into),
        })
    }

    /// The registry as images name it, with its port: `docker.io` for `nginx`.
    pub fn host(&self) -> &str {
        self.split().0
    }

    /// The repository within the registry: `library/nginx` for `nginx`.
    pub fn path(&self) -> &str {
        self.split().1
    }

    /// Host and path, which the kubelet compares the keys of pull secrets with: `docker.io/library/nginx` for `nginx`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one is written: `sha256:…`, `sha384:…` or `sha512:…`.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// What the runtime asks the registry for: the digest, else the tag, else `latest`.
    pub fn reference(&self) -> &str {
        self.digest().or(self.tag()).unwrap_or("latest")
    }

    /// Where the registry answers, unless the node has a mirror for it: Docker Hub's API has a name of its own.
    pub fn api_host(&self) -> &str {
        match self.host() {
            DOCKER_HUB => DOCKER_HUB_API,
            host => host,
        }
    }

    fn split(&self) -> (&str, &str) {
        // Every repository has a slash: a host is put before a text that has none.
        self.repository
            .split_once('/')
            .unwrap_or(("", &self.repository))
    }
}

impl ImageError {
    /// What docker's library says of it, which the kubelet and containerd pass on.
    pub fn docker(&self) -> &str {
        &self.docker
    }
}

/// The normalised name: `docker.io/library/nginx`, with tag and digest as far as they are written.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl std::str::FromStr for Image {
    type Err = ImageError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn refused(text: &str, problem: Problem, docker: String) -> ImageError {
    ImageError {
        text: shorten(text),
        problem,
        docker,
    }
}

/// Which part of a text is at fault that docker merely calls an invalid reference format.
fn diagnose(text: &str, domain: &str, remainder: &str) -> Problem {
    if text.is_empty() {
        return Problem::Empty;
    }
    if text.contains(char::is_whitespace) {
        return Problem::Space;
    }
    if text.contains("://") {
        return Problem::Scheme;
    }
    let (rest, digest) = cut(remainder, '@');
    let (path, tag) = cut(rest, ':');
    if digest.is_some_and(|digest| !is_digest(digest)) {
        Problem::Digest
    } else if tag.is_some_and(|tag| !is_tag(tag)) {
        Problem::Tag
    } else if !is_path(path) {
        Problem::Path
    } else if !is_domain(domain) {
        Problem::Host
    } else {
        Problem::Path
    }
}

/// Go's way to lower a letter; Rust makes two of the dotted İ.
fn lower(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Host and the rest, as docker tells them apart: the first word is a host if it has a dot, a colon or a capital
/// letter, or is `localhost`.
fn split_domain(text: &str) -> (String, String) {
    let (domain, remainder) = match text.split_once('/') {
        None => (DOCKER_HUB, text),
        Some((DOCKER_INDEX, rest)) => (DOCKER_HUB, rest),
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.chars().any(|c| lower(c) != c) =>
        {
            (first, rest)
        }
        Some(_) => (DOCKER_HUB, text),
    };
    if domain == DOCKER_HUB && !remainder.contains('/') {
        return (domain.to_owned(), format!("{LIBRARY}{remainder}"));
    }
    (domain.to_owned(), remainder.to_owned())
}

/// `NAME[:TAG][@DIGEST]`.
struct Parts<'a> {
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (rest, digest) = cut(text, '@');
        // A colon before the first slash is a port's, one after it begins the tag: a path has none.
        let slash = rest.find('/').unwrap_or(0);
        let (name, tag) = match rest.get(slash..)?.split_once(':') {
            Some((path, tag)) => (rest.get(..slash + path.len())?, Some(tag)),
            None => (rest, None),
        };
        let named = match name.split_once('/') {
            Some((domain, path)) if is_domain(domain) => is_path(path),
            // Not a host, but perhaps a path's first word, such as `my_registry.local`.
            _ => is_path(name),
        };
        (named && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)).then_some(Self {
            name,
            tag,
            digest,
        })
    }

    fn path_length(&self) -> usize {
        match self.name.split_once('/') {
            Some((domain, path)) if is_domain(domain) => path.len(),
            _ => self.name.len(),
        }
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_identifier(text: &str) -> bool {
    text.len() == 64 && is_lower_hex(text)
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// A name in DNS, an IPv4 address or an IPv6 address in brackets, with a port if any.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let is_host = match address {
        Some(address) => {
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
        }
        None => host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        }),
    };
    is_host && port.is_none_or(is_port)
}

fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

/// Words of lower-case letters and digits, joined by `.`, `_`, `__` or dashes.
fn is_path_component(text: &str) -> bool {
    let is_word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends_with_words = text.bytes().next().as_ref().is_some_and(is_word)
        && text.bytes().next_back().as_ref().is_some_and(is_word);
    ends_with_words
        && text
            .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            .all(|between| {
                matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-')
            })
}

fn is_tag(text: &str) -> bool {
    text.len() <= TAG_LENGTH_MAX
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// `ALGORITHM:HEX` of at least 32 digits. Which algorithms there are is another question.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        algorithm.split(['-', '_', '+', '.']).all(|word| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.bytes().all(|b| b.is_ascii_alphanumeric())
        }) && hex.len() >= 32
            && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// What go-digest says of a digest whose form is right.
fn fault_of_digest(digest: &str) -> Option<&'static str> {
    let (algorithm, hex) = digest.split_once(':')?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ if algorithm.bytes().any(|b| b.is_ascii_uppercase()) => {
            return Some("invalid checksum digest format");
        }
        _ => return Some("unsupported digest algorithm"),
    };
    if hex.len() != length {
        Some("invalid checksum digest length")
    } else if !is_lower_hex(hex) {
        Some("invalid checksum digest format")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parts(text: &str) -> (String, String, Option<String>, Option<String>) {
        let image = Image::parse(text).unwrap();
        (
            image.host().to_owned(),
            image.path().to_owned(),
            image.tag().map(str::to_owned),
            image.digest().map(str::to_owned),
        )
    }

    #[test]
    fn the_host_is_found_as_docker_finds_it() {
        for (text, host, path) in [
            ("nginx", "docker.io", "library/nginx"),
            ("nginx:5000", "docker.io", "library/nginx"),
            ("team/app", "docker.io", "team/app"),
            ("docker.io/nginx", "docker.io", "library/nginx"),
            ("index.docker.io/nginx", "docker.io", "library/nginx"),
            ("index.docker.io/team/app", "docker.io", "team/app"),
            ("localhost/app", "localhost", "app"),
            ("localhost:5000/app", "localhost:5000", "app"),
            ("registry/app", "docker.io", "registry/app"),
            ("registry:5000/app", "registry:5000", "app"),
            ("us.example.com/team/app", "us.example.com", "team/app"),
            ("US.Example.com/app", "US.Example.com", "app"),
            ("Registry/app", "Registry", "app"),
            ("10.0.0.1:80/app", "10.0.0.1:80", "app"),
            ("[::1]/app", "[::1]", "app"),
            ("[fd00::1]:5000/app", "[fd00::1]:5000", "app"),
            (
                "registry-1.docker.io/team/app",
                "registry-1.docker.io",
                "team/app",
            ),
            ("my_registry.local/app", "my_registry.local", "app"),
        ] {
            let image = Image::parse(text).unwrap();
            assert_eq!((image.host(), image.path()), (host, path), "{text}");
            assert_eq!(image.repository(), format!("{host}/{path}"));
        }
    }

    #[test]
    fn docker_hub_answers_under_a_name_of_its_own() {
        assert_eq!(
            Image::parse("nginx").unwrap().api_host(),
            "registry-1.docker.io"
        );
        assert_eq!(
            Image::parse("us.example.com:5000/app").unwrap().api_host(),
            "us.example.com:5000"
        );
    }

    #[test]
    fn tag_and_digest_stand_together_and_the_digest_counts() {
        let digest = format!("sha256:{HEX}");
        let both = format!("us.example.com/app:v1@{digest}");
        assert_eq!(
            parts(&both),
            (
                "us.example.com".to_owned(),
                "app".to_owned(),
                Some("v1".to_owned()),
                Some(digest.clone())
            )
        );
        assert_eq!(Image::parse(&both).unwrap().reference(), digest);
        assert_eq!(Image::parse("a:v1").unwrap().reference(), "v1");
        assert_eq!(Image::parse("a").unwrap().reference(), "latest");
        let sha512 = format!("a@sha512:{HEX}{HEX}");
        assert!(Image::parse(&sha512).is_ok());
    }

    #[test]
    fn what_docker_refuses_is_refused_in_its_words() {
        let long = format!("a/{}", "b".repeat(254));
        for (text, docker) in [
            ("", "invalid reference format"),
            ("a:", "invalid reference format"),
            ("a@", "invalid reference format"),
            ("a b", "invalid reference format"),
            ("https://us.example.com/app", "invalid reference format"),
            ("us.example.com//app", "invalid reference format"),
            ("us.example.com/app/", "invalid reference format"),
            ("us.example.com:port/app", "invalid reference format"),
            ("a..b/c..d", "invalid reference format"),
            ("a/b:.tag", "invalid reference format"),
            ("a/b___c", "invalid reference format"),
            ("-a", "invalid reference format"),
            (
                "us.example.com/App",
                "invalid reference format: repository name (App) must be lowercase",
            ),
            (
                "App",
                "invalid reference format: repository name (library/App) must be lowercase",
            ),
            ("Team_x/app", "repository name must be lowercase"),
            (
                HEX,
                "invalid repository name (e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855), cannot specify 64-byte hexadecimal strings",
            ),
            (
                &long,
                "repository name must not be more than 255 characters",
            ),
            (
                "a@sha256:00000000000000000000000000000000",
                "invalid checksum digest length",
            ),
            (
                "a@sha1:0000000000000000000000000000000000000000",
                "unsupported digest algorithm",
            ),
            (
                "a:v1@SHA256:00000000000000000000000000000000",
                "invalid checksum digest format",
            ),
            ("a@sha256:0000", "invalid reference format"),
        ] {
            assert_eq!(Image::parse(text).unwrap_err().docker(), docker, "{text}");
        }
        let capital = format!("a@sha256:{}", HEX.to_ascii_uppercase());
        assert_eq!(
            Image::parse(&capital).unwrap_err().docker(),
            "invalid checksum digest format"
        );
    }

    #[test]
    fn the_message_names_the_way_out() {
        for (text, part) in [
            ("https://us.example.com/app", "leave the https://"),
            ("us.example.com/App", "lower-case"),
            ("us.example.com/app:", "tag"),
            ("us.example.com/app@sha256:1", "digest"),
            ("us_example.com:5000/app", "host"),
            ("us.example.com/app ", "spaces"),
            ("us.example.com//app", "single slashes"),
            ("", "for example"),
        ] {
            let message = Image::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }

    proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart(
            host in "[a-z0-9]{1,8}(\\.[a-zA-Z0-9]{1,5}){1,2}(:[0-9]{1,5})?",
            path in "[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,4}){0,2}",
            tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"),
            digest in prop::option::of("sha256:[a-f0-9]{64}"),
        ) {
            prop_assume!(!["docker.io", "index.docker.io"].contains(&host.as_str()));
            let mut text = format!("{host}/{path}");
            if let Some(tag) = &tag {
                text.push_str(&format!(":{tag}"));
            }
            if let Some(digest) = &digest {
                text.push_str(&format!("@{digest}"));
            }
            prop_assert_eq!(parts(&text), (host, path, tag, digest));
        }

        #[test]
        fn what_is_read_reads_the_same_again(text in "([a-zA-Z0-9]{0,4}[./:@_-]?){0,6}(sha256:[a-f0-9]{64})?") {
            if let Ok(image) = Image::parse(&text) {
                prop_assert_eq!(&Image::parse(&image.to_string()).unwrap(), &image);
                prop_assert!(image.repository().ends_with(image.path()));
            }
        }

        #[test]
        fn no_text_makes_it_fall_over(text in any::<String>()) {
            if let Err(error) = Image::parse(&text) {
                prop_assert!(!error.to_string().is_empty() && !error.docker().is_empty());
            }
        }
    }
}
