//! Media types of manifests (image-spec, `media-types.md`; Docker image manifest v2).

/// OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Arbitrary bytes.
pub const OCTET_STREAM: &str = "application/octet-stream";

/// What a manifest's media type says about its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestKind {
    /// Has a config and layers.
    Image,
    /// Has manifests.
    Index,
}

/// A media type that is not stored here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaTypeError {
    /// Docker schema 1, which went out of use in 2017 and is unsafe.
    #[error(
        "Docker schema 1 manifests are not stored: push with any docker since 1.10, or convert with `skopeo copy --format v2s2`"
    )]
    Schema1,
    /// Anything else.
    #[error(
        "{0:?} is not a manifest's media type: use the OCI image manifest or index, or Docker's manifest v2 or list"
    )]
    Unknown(String),
}

impl ManifestKind {
    /// Reads the kind off a media type without parameters.
    pub fn of(media_type: &str) -> Result<Self, MediaTypeError> {
        match media_type {
            OCI_MANIFEST | DOCKER_MANIFEST => Ok(Self::Image),
            OCI_INDEX | DOCKER_LIST => Ok(Self::Index),
            other if other.starts_with("application/vnd.docker.distribution.manifest.v1+") => {
                Err(MediaTypeError::Schema1)
            }
            other => Err(MediaTypeError::Unknown(crate::text::shorten(other))),
        }
    }
}

/// A media type without its parameters, in lower case: `a/b; charset=utf-8` is `a/b`.
pub fn without_parameters(header: &str) -> String {
    header
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Whether a layer of this type may be absent, because the image's `urls` say where it is
/// (image-spec, "Non-distributable layers"; Docker's foreign layers).
pub fn is_foreign_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}
