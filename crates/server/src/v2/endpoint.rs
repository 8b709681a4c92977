//! Paths below `/v2/` (distribution-spec, "Endpoints"). Names have slashes, so a path is read from its right end.

use uuid::Uuid;
use wharf_types::digest::DigestError;
use wharf_types::name::{NameError, split_project};
use wharf_types::{Digest, ImagePath, ProjectId, Reference, RepositoryName};

/// What a path of the registry protocol names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `_catalog`
    Catalog,
    /// `NAME/tags/list`. Google's extension answers for a project and for a folder of images too.
    Tags {
        /// The project.
        project: ProjectId,
        /// The image or folder in it.
        image: Option<ImagePath>,
    },
    /// `NAME/manifests/REFERENCE`
    Manifest {
        /// The repository.
        name: RepositoryName,
        /// A tag or a digest.
        reference: Reference,
    },
    /// `NAME/blobs/DIGEST`
    Blob {
        /// The repository.
        name: RepositoryName,
        /// The blob.
        digest: Digest,
    },
    /// `NAME/blobs/uploads/`
    Uploads {
        /// The repository.
        name: RepositoryName,
    },
    /// `NAME/blobs/uploads/ID`
    Upload {
        /// The repository.
        name: RepositoryName,
        /// The session.
        id: Uuid,
    },
    /// `NAME/referrers/DIGEST`
    Referrers {
        /// The repository.
        name: RepositoryName,
        /// The subject.
        subject: Digest,
    },
}

/// Why a path names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No endpoint has this form.
    #[error(
        "the registry protocol has no such path: /v2/NAME/ is followed by manifests/, blobs/, tags/list or referrers/"
    )]
    NoSuchPath,
    /// A part is written with `%`. No name, tag or digest needs that, and `%2F` or `%2E` would be a second spelling.
    #[error("the path has a percent sign: names, tags and digests are written plainly")]
    Encoded,
    /// The name of the repository is none.
    #[error(transparent)]
    Name(NameError),
    /// The tag or digest of a manifest is none.
    #[error(transparent)]
    Reference(NameError),
    /// The digest of a blob or subject is none.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// No session has such an id.
    #[error("upload {0:?} is not there")]
    Upload(String),
}

impl Endpoint {
    /// Parses what follows `/v2/` in a request's path, as it was sent.
    pub fn parse(path: &str) -> Result<Self, EndpointError> {
        if path.contains('%') {
            return Err(EndpointError::Encoded);
        }
        if path == "_catalog" {
            return Ok(Self::Catalog);
        }
        let (rest, last) = path.rsplit_once('/').ok_or(EndpointError::NoSuchPath)?;
        // `NAME/blobs/uploads` has its slash at the end in the specification; not every client sends it.
        if last == "uploads"
            && let Some(name) = rest.strip_suffix("/blobs")
        {
            return Ok(Self::Uploads {
                name: repository(name)?,
            });
        }
        let (name, kind) = rest.rsplit_once('/').ok_or(EndpointError::NoSuchPath)?;
        match (kind, last) {
            ("manifests", reference) => Ok(Self::Manifest {
                name: repository(name)?,
                reference: Reference::parse(reference).map_err(EndpointError::Reference)?,
            }),
            ("blobs", digest) => Ok(Self::Blob {
                name: repository(name)?,
                digest: Digest::parse(digest)?,
            }),
            ("uploads", id) => {
                let name = name
                    .strip_suffix("/blobs")
                    .ok_or(EndpointError::NoSuchPath)?;
                let name = repository(name)?;
                Ok(match id {
                    "" => Self::Uploads { name },
                    id => Self::Upload {
                        name,
                        id: upload_id(id)?,
                    },
                })
            }
            ("tags", "list") => {
                let (project, image) = split_project(name).map_err(EndpointError::Name)?;
                Ok(Self::Tags { project, image })
            }
            ("referrers", subject) => Ok(Self::Referrers {
                name: repository(name)?,
                subject: Digest::parse(subject)?,
            }),
            _ => Err(EndpointError::NoSuchPath),
        }
    }
}

fn repository(name: &str) -> Result<RepositoryName, EndpointError> {
    RepositoryName::parse(name).map_err(EndpointError::Name)
}

/// In the one form in which it was given out.
fn upload_id(text: &str) -> Result<Uuid, EndpointError> {
    Uuid::parse_str(text)
        .ok()
        .filter(|id| id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text)
        .ok_or_else(|| EndpointError::Upload(wharf_types::text::shorten(text)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn every_endpoint_of_the_specification() {
        let name = RepositoryName::parse("my-project/team/web").unwrap();
        let digest = Digest::parse(&format!("sha256:{HEX}")).unwrap();
        let id = Uuid::nil();
        for (path, endpoint) in [
            ("_catalog".to_owned(), Endpoint::Catalog),
            (
                "my-project/team/web/tags/list".to_owned(),
                Endpoint::Tags {
                    project: name.project.clone(),
                    image: Some(name.image.clone()),
                },
            ),
            (
                "my-project/tags/list".to_owned(),
                Endpoint::Tags {
                    project: name.project.clone(),
                    image: None,
                },
            ),
            (
                "my-project/team/web/manifests/v1".to_owned(),
                Endpoint::Manifest {
                    name: name.clone(),
                    reference: Reference::parse("v1").unwrap(),
                },
            ),
            (
                format!("my-project/team/web/blobs/{digest}"),
                Endpoint::Blob {
                    name: name.clone(),
                    digest,
                },
            ),
            (
                "my-project/team/web/blobs/uploads/".to_owned(),
                Endpoint::Uploads { name: name.clone() },
            ),
            (
                "my-project/team/web/blobs/uploads".to_owned(),
                Endpoint::Uploads { name: name.clone() },
            ),
            (
                format!("my-project/team/web/blobs/uploads/{id}"),
                Endpoint::Upload {
                    name: name.clone(),
                    id,
                },
            ),
            (
                format!("my-project/team/web/referrers/{digest}"),
                Endpoint::Referrers {
                    name,
                    subject: digest,
                },
            ),
        ] {
            assert_eq!(Endpoint::parse(&path), Ok(endpoint), "{path}");
        }
    }

    #[test]
    fn names_may_contain_the_words_of_the_protocol() {
        let Ok(Endpoint::Manifest { name, .. }) =
            Endpoint::parse("my-project/manifests/blobs/uploads/manifests/list")
        else {
            panic!("a manifest");
        };
        assert_eq!(name.image.as_str(), "manifests/blobs/uploads");
    }

    #[test]
    fn tricks_name_nothing() {
        for path in [
            "",
            "/",
            "_catalog/",
            "my-project",
            "my-project/a/manifests",
            "my-project/a/manifests/",
            "my-project//a/manifests/v1",
            "/my-project/a/manifests/v1",
            "my-project/a/../b/manifests/v1",
            "my-project/a/./manifests/v1",
            "my-project/a/manifests/..",
            "my-project/a%2Fb/manifests/v1",
            "my-project/a/manifests/v%31",
            "my-project%2fa/tags/list",
            "my-project/A/manifests/v1",
            "my-project/manifests/v1",
            "nginx/manifests/latest",
            "my-project/a/manifests/sha256:short",
            "my-project/a/manifests/v1:v2",
            "my-project/a/blobs/latest",
            "my-project/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e",
            "my-project/a/blobs/uploads/1",
            "my-project/a/blobs/uploads/00000000000000000000000000000000",
            "my-project/a/blobs/uploads/{00000000-0000-0000-0000-000000000000}",
            "my-project/a/uploads/00000000-0000-0000-0000-000000000000",
            "my-project/a/tags/other",
            "my-project/a/referrers/v1",
            "my-project/_oci/manifests/v1",
            "my-project/a\0/manifests/v1",
        ] {
            assert!(Endpoint::parse(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "[a-zA-Z0-9._:/%{}-]{0,120}") {
            let _ = Endpoint::parse(&path);
        }

        #[test]
        fn a_name_that_parses_has_no_second_spelling(path in "[a-z0-9._/%-]{1,30}") {
            if let Ok(Endpoint::Uploads { name }) = Endpoint::parse(&format!("{path}/blobs/uploads/")) {
                prop_assert_eq!(name.to_string(), path);
            }
        }
    }
}
