//! Manifests, as far as people want to read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};
use wharf_types::Digest;

/// A manifest as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type, without parameters.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an image manifest or an index says (image-spec, `manifest.md` and `image-index.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Content {
    /// What kind of artifact it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Descriptor>,
    /// The image's layers, the lowest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Descriptor>,
    /// The index's manifests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// For people's tools.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Names some content (image-spec, `descriptor.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Descriptor {
    /// Its digest.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// On what it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// On what an image runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// `linux`
    pub os: String,
    /// `amd64`
    pub architecture: String,
    /// `v7`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Manifest {
    /// What it says; nothing where it cannot be read, since any bytes can be pushed under some registries' rules.
    pub fn content(&self) -> Content {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

/// Whether these bytes are what the digest names.
pub(crate) fn has_digest(bytes: &[u8], digest: &Digest) -> bool {
    match digest {
        Digest::Sha256(expected) => Sha256::digest(bytes).as_slice() == expected,
        Digest::Sha512(expected) => Sha512::digest(bytes).as_slice() == expected,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn content_is_what_its_digest_names_or_not() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let empty = Digest::parse(empty).unwrap();
        assert!(has_digest(b"", &empty));
        assert!(!has_digest(b" ", &empty));
    }
}
