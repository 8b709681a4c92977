//! The names of images as people write them.

use wharf_types::name::{NameError, split_project};
use wharf_types::text::shorten;
use wharf_types::{Digest, ImagePath, ProjectId, Reference, RepositoryName, Tag};

/// An image: `[HOST/]PROJECT/IMAGE[:TAG|@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// The registry's host, with its port.
    pub host: String,
    /// The repository.
    pub repository: RepositoryName,
    /// Which image of it. A name with a tag and a digest means the digest.
    pub reference: Option<Reference>,
}

/// A place in which images lie: `[HOST/]PROJECT[/…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The registry's host, with its port.
    pub host: String,
    /// The tenant.
    pub project: ProjectId,
    /// What lies below it; none for all of the project.
    pub below: Option<ImagePath>,
}

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageNameError {
    /// The path, tag or digest is wrong.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A folder with a tag.
    #[error("{0:?} names one image: leave the tag or digest away")]
    Reference(String),
    /// A scheme in front.
    #[error("{0:?}: the name of an image has no scheme: HOST/PROJECT/IMAGE")]
    Scheme(String),
}

impl ImageName {
    /// Parses the name of an image. Without a host it is one of `default_host`.
    pub fn parse(text: &str, default_host: &str) -> Result<Self, ImageNameError> {
        let (host, rest) = split_host(text, default_host)?;
        let (path, reference) = split_reference(rest)?;
        Ok(Self {
            host,
            repository: RepositoryName::parse(path)?,
            reference,
        })
    }

    /// The name without tag and digest.
    pub fn base(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        match &self.reference {
            Some(Reference::Tag(tag)) => write!(f, ":{tag}"),
            Some(Reference::Digest(digest)) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl Folder {
    /// Parses a place. Without a host it is one of `default_host`.
    pub fn parse(text: &str, default_host: &str) -> Result<Self, ImageNameError> {
        let (host, rest) = split_host(text.trim_end_matches('/'), default_host)?;
        if let (_, Some(_)) = split_reference(rest)? {
            return Err(ImageNameError::Reference(shorten(text)));
        }
        let (project, below) = split_project(rest)?;
        Ok(Self {
            host,
            project,
            below,
        })
    }

    /// The path on the wire: `PROJECT[/…]`.
    pub(crate) fn path(&self) -> String {
        let project = self.project.image_prefix();
        match &self.below {
            Some(below) => format!("{project}/{below}"),
            None => project,
        }
    }
}

/// The host, as docker tells it: the first segment, if it has a dot or a colon or is `localhost`.
fn split_host<'a>(text: &'a str, default_host: &str) -> Result<(String, &'a str), ImageNameError> {
    if text.contains("://") {
        return Err(ImageNameError::Scheme(shorten(text)));
    }
    match text.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
            Ok((host.to_owned(), rest))
        }
        _ => Ok((default_host.to_owned(), text)),
    }
}

fn split_reference(text: &str) -> Result<(&str, Option<Reference>), NameError> {
    if let Some((path, digest)) = text.split_once('@') {
        let path = path.split_once(':').map_or(path, |(path, _)| path);
        return Ok((path, Some(Reference::Digest(Digest::parse(digest)?))));
    }
    match text.split_once(':') {
        Some((path, tag)) => Ok((path, Some(Reference::Tag(Tag::parse(tag)?)))),
        None => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (text, expected) in [
            (
                "example.com/my-project/web:v1".to_owned(),
                "example.com/my-project/web:v1".to_owned(),
            ),
            (
                "localhost:5000/my-project/team/web".to_owned(),
                "localhost:5000/my-project/team/web".to_owned(),
            ),
            (
                "my-project/web".to_owned(),
                "default.host/my-project/web".to_owned(),
            ),
            (
                format!("a.b/my-project/web@{digest}"),
                format!("a.b/my-project/web@{digest}"),
            ),
            (
                format!("a.b/my-project/web:v1@{digest}"),
                format!("a.b/my-project/web@{digest}"),
            ),
            (
                "a.b/example.com/my-project/web".to_owned(),
                "a.b/example.com/my-project/web".to_owned(),
            ),
        ] {
            assert_eq!(
                ImageName::parse(&text, "default.host").unwrap().to_string(),
                expected
            );
        }
        for text in [
            "",
            "a.b/",
            "a.b/my-project",
            "web",
            "https://a.b/my-project/web",
            "a.b/my-project/web:",
            "a.b/my-project/web@v1",
        ] {
            assert!(ImageName::parse(text, "default.host").is_err(), "{text}");
        }
    }

    #[test]
    fn places_as_people_write_them() {
        for (text, path) in [
            ("example.com/my-project", "my-project"),
            ("example.com/my-project/", "my-project"),
            ("my-project/team", "my-project/team"),
            ("localhost/example.com/my-project", "example.com/my-project"),
        ] {
            assert_eq!(
                Folder::parse(text, "default.host").unwrap().path(),
                path,
                "{text}"
            );
        }
        assert!(matches!(
            Folder::parse("a.b/my-project/web:v1", "h"),
            Err(ImageNameError::Reference(_))
        ));
    }
}
