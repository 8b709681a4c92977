//! Names: projects, locations, repositories, tags and references (distribution-spec, "Pulling manifests").

use crate::digest::{Digest, DigestError};
use crate::limits;
use crate::string_traits;
use crate::text::shorten;

/// Why a text is not the name it should be. The message says what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a project id.
    #[error(
        "{0:?} is not a project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen"
    )]
    Project(String),
    /// Not a location label.
    #[error("{0:?} is not a location: 1 to 32 lower-case letters, digits and hyphens")]
    Location(String),
    /// Not a repository name by the distribution-spec's grammar.
    #[error(
        "{0:?} is not a repository name: lower-case letters and digits, separated by one of . _ __ or hyphens, in segments divided by /"
    )]
    Repository(String),
    /// A repository name that stops at the project or before it.
    #[error(
        "{0:?} names no image: an image is HOST/PROJECT/IMAGE[:TAG], for example HOST/my-project/web:v1"
    )]
    NoImage(String),
    /// Longer than any name may be.
    #[error("the name is longer than {0} characters")]
    TooLong(usize),
    /// Not a tag.
    #[error("{0:?} is not a tag: up to 128 letters, digits, _ . and -, not beginning with . or -")]
    Tag(String),
    /// Contains a colon, so it should be a digest, but is none.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

/// The id of a project: the tenant that owns images, service accounts, keys and clusters.
///
/// `my-project`, or domain-scoped `example.com:my-project`, which stands as two segments in image names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectId(Box<str>);

impl ProjectId {
    /// Parses `PROJECT` or `DOMAIN:PROJECT`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::Project(shorten(text));
        let (domain, id) = match text.split_once(':') {
            Some((domain, id)) => (Some(domain), id),
            None => (None, text),
        };
        if !is_project_label(id) || domain.is_some_and(|domain| !is_domain(domain)) {
            return Err(refused());
        }
        Ok(Self(text.into()))
    }

    /// The id as written: `my-project` or `example.com:my-project`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain of a domain-scoped project and the id inside it.
    pub fn parts(&self) -> (Option<&str>, &str) {
        match self.0.split_once(':') {
            Some((domain, id)) => (Some(domain), id),
            None => (None, &self.0),
        }
    }

    /// The form that stands in image names: `example.com/my-project` for `example.com:my-project`.
    pub fn image_prefix(&self) -> String {
        self.0.replace(':', "/")
    }
}
string_traits!(ProjectId, NameError);

fn is_project_label(text: &str) -> bool {
    (6..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_domain(text: &str) -> bool {
    text.len() <= 100
        && text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

/// The location that a registry host stands for: GCR's `us`, `eu`, `asia`, or any label of the operator's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(Box<str>);

impl Location {
    /// Parses a DNS-like label. `artifacts` is taken: it begins every bucket name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let valid = (1..=32).contains(&text.len())
            && text != "artifacts"
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Location(shorten(text)))
        }
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(Location, NameError);

/// A path by the distribution-spec's `<name>` grammar, without regard to projects: `a`, `a/b_c`.
fn is_path(text: &str) -> bool {
    !text.is_empty() && text.split('/').all(is_component)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !is_alphanumeric(*first) || !is_alphanumeric(*last) {
        return false;
    }
    bytes.split(|b| is_alphanumeric(*b)).all(|separator| {
        matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|b| *b == b'-')
    })
}

/// The part of a repository name after the project: `web`, `team/web`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImagePath(Box<str>);

impl ImagePath {
    /// Parses by the distribution-spec's grammar.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > limits::REPOSITORY_NAME_LENGTH_MAX {
            return Err(NameError::TooLong(limits::REPOSITORY_NAME_LENGTH_MAX));
        }
        if is_path(text) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Repository(shorten(text)))
        }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(ImagePath, NameError);

/// A repository: a project and the path of an image inside it. On the wire `PROJECT/IMAGE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName {
    /// The tenant.
    pub project: ProjectId,
    /// The image inside the project.
    pub image: ImagePath,
}

impl RepositoryName {
    /// Parses `PROJECT/IMAGE[/…]` or `DOMAIN/PROJECT/IMAGE[/…]`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (project, image) = split_project(text)?;
        let image = image.ok_or_else(|| NameError::NoImage(shorten(text)))?;
        Ok(Self { project, image })
    }
}

/// Splits a path into its project and what follows it: `None` when nothing does.
/// Google's `tags/list` answers for such a path too, with the images below it.
pub fn split_project(text: &str) -> Result<(ProjectId, Option<ImagePath>), NameError> {
    if text.len() > limits::REPOSITORY_NAME_LENGTH_MAX {
        return Err(NameError::TooLong(limits::REPOSITORY_NAME_LENGTH_MAX));
    }
    if !is_path(text) {
        return Err(NameError::Repository(shorten(text)));
    }
    let (first, rest) = text
        .split_once('/')
        .map_or((text, None), |(first, rest)| (first, Some(rest)));
    // A project id has no dot and a domain always has one, so the first segment tells which form it is.
    let (project, rest) = if first.contains('.') {
        let rest = rest.ok_or_else(|| NameError::NoImage(shorten(text)))?;
        let (id, rest) = rest
            .split_once('/')
            .map_or((rest, None), |(id, rest)| (id, Some(rest)));
        (ProjectId::parse(&format!("{first}:{id}"))?, rest)
    } else {
        if rest.is_none() && ProjectId::parse(first).is_err() {
            return Err(NameError::NoImage(shorten(text)));
        }
        (ProjectId::parse(first)?, rest)
    };
    Ok((project, rest.map(ImagePath::parse).transpose()?))
}

impl std::fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.project.parts() {
            (Some(domain), id) => write!(f, "{domain}/{id}/{}", self.image),
            (None, id) => write!(f, "{id}/{}", self.image),
        }
    }
}

impl std::str::FromStr for RepositoryName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

impl Tag {
    /// Parses a tag.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let valid = (1..=128).contains(&text.len())
            && !text.starts_with(['.', '-'])
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Tag(shorten(text)))
        }
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
string_traits!(Tag, NameError);

/// How a manifest is asked for: by tag or by digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By a tag, which may move.
    Tag(Tag),
    /// By a digest, which may not.
    Digest(Digest),
}

impl Reference {
    /// Parses a reference. A colon means a digest: such a text is never looked up as a tag.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains(':') {
            Ok(Self::Digest(Digest::parse(text)?))
        } else {
            Ok(Self::Tag(Tag::parse(text)?))
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_made_by_the_grammar_are_taken(
            project in "[a-z][a-z0-9-]{4,28}[a-z0-9]",
            image in "[a-z0-9]{1,9}((\\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}(/[a-z0-9]{1,9}){0,3}",
        ) {
            let text = format!("{project}/{image}");
            let name = RepositoryName::parse(&text).expect("by the grammar");
            prop_assert_eq!(name.project.as_str(), project);
            prop_assert_eq!(name.to_string(), text);
        }

        #[test]
        fn whatever_parses_reads_back_the_same(text in "[a-zA-Z0-9._/%:-]{0,60}") {
            if let Ok(name) = RepositoryName::parse(&text) {
                prop_assert_eq!(name.to_string(), text.clone());
                prop_assert!(!text.contains("..") && !text.contains("//") && !text.contains('%'));
            }
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }

    #[test]
    fn domain_scoped_projects_take_two_segments() {
        let name = RepositoryName::parse("example.com/my-project/team/web").expect("domain-scoped");
        assert_eq!(name.project.as_str(), "example.com:my-project");
        assert_eq!(name.image.as_str(), "team/web");
        assert_eq!(name.to_string(), "example.com/my-project/team/web");
    }

    #[test]
    fn names_that_the_specification_allows_or_forbids() {
        for good in [
            "my-project/a__b",
            "my-project/a---b",
            "my-project/0",
            "my-project/a.b_c/d-e",
        ] {
            assert!(RepositoryName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "my-project/",
            "/my-project/a",
            "my-project//a",
            "my-project/A",
            "my-project/a___b",
            "my-project/a..b",
            "my-project/.a",
            "my-project/a-",
            "my-project/_catalog",
            "my-project/%61",
            "my-project/../a",
            "nginx",
            "my-project",
        ] {
            assert!(RepositoryName::parse(bad).is_err(), "{bad}");
        }
        assert!(matches!(
            RepositoryName::parse("nginx"),
            Err(NameError::NoImage(_))
        ));
        assert!(RepositoryName::parse(&format!("my-project/{}", "a".repeat(300))).is_err());
    }

    #[test]
    fn tags_and_references() {
        assert!(Tag::parse(&"a".repeat(128)).is_ok());
        assert!(Tag::parse(&"a".repeat(129)).is_err());
        for bad in ["", ".a", "-a", "a/b", "a b", "ä"] {
            assert!(Tag::parse(bad).is_err(), "{bad}");
        }
        assert!(matches!(Reference::parse("latest"), Ok(Reference::Tag(_))));
        assert!(matches!(
            Reference::parse("sha256:short"),
            Err(NameError::Digest(_))
        ));
    }
}
