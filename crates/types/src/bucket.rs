//! Buckets: one project's images of one location, under the names that GCR gave them.

use crate::name::{Location, NameError, ProjectId};
use crate::text::shorten;

/// `artifacts.PROJECT.appspot.com`, `us.artifacts.PROJECT.appspot.com`, …; a domain-scoped project
/// `example.com:p` has `artifacts.p.example.com.a.appspot.com`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName {
    /// The location prefix; none for the registry's plain host.
    pub location: Option<Location>,
    /// The project that owns the bucket.
    pub project: ProjectId,
}

/// Why a text is not the name of a bucket of this registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketNameError {
    /// The shape is another one.
    #[error(
        "{0:?} is not a registry bucket: buckets here are named [LOCATION.]artifacts.PROJECT.appspot.com"
    )]
    Shape(String),
    /// The location or the project inside the name is wrong.
    #[error(transparent)]
    Part(#[from] NameError),
}

impl BucketName {
    /// The bucket of a project at a location.
    pub fn new(location: Option<Location>, project: ProjectId) -> Self {
        Self { location, project }
    }

    /// Parses a bucket name.
    pub fn parse(text: &str) -> Result<Self, BucketNameError> {
        let refused = || BucketNameError::Shape(shorten(text));
        let (location, rest) = match text.strip_prefix("artifacts.") {
            Some(rest) => (None, rest),
            None => {
                let (location, rest) = text.split_once(".artifacts.").ok_or_else(refused)?;
                (Some(Location::parse(location)?), rest)
            }
        };
        let project = match rest.strip_suffix(".a.appspot.com") {
            Some(scoped) => {
                let (id, domain) = scoped.split_once('.').ok_or_else(refused)?;
                ProjectId::parse(&format!("{domain}:{id}"))?
            }
            None => ProjectId::parse(rest.strip_suffix(".appspot.com").ok_or_else(refused)?)?,
        };
        Ok(Self { location, project })
    }
}

impl std::fmt::Display for BucketName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}.")?;
        }
        match self.project.parts() {
            (Some(domain), id) => write!(f, "artifacts.{id}.{domain}.a.appspot.com"),
            (None, id) => write!(f, "artifacts.{id}.appspot.com"),
        }
    }
}

impl std::fmt::Debug for BucketName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for BucketName {
    type Err = BucketNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for text in [
            "artifacts.my-project.appspot.com",
            "us.artifacts.my-project.appspot.com",
            "artifacts.my-project.example.com.a.appspot.com",
            "eu.artifacts.my-project.example.com.a.appspot.com",
        ] {
            let bucket = BucketName::parse(text).expect(text);
            assert_eq!(bucket.to_string(), text);
        }
        let scoped =
            BucketName::parse("artifacts.my-project.example.com.a.appspot.com").expect("scoped");
        assert_eq!(scoped.project.as_str(), "example.com:my-project");
    }

    #[test]
    fn other_names_are_refused() {
        for text in [
            "",
            "my-bucket",
            "artifacts.appspot.com",
            "artifacts.P.appspot.com",
            "a.b.artifacts.my-project.appspot.com",
        ] {
            assert!(BucketName::parse(text).is_err(), "{text}");
        }
    }
}
