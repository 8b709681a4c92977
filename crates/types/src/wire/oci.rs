//! Bodies of the registry protocol (distribution-spec 1.1; GCR's `tags/list` extension).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// `{"errors": […]}`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    pub errors: Vec<ErrorItem>,
}

/// One entry of an error body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorItem {
    /// `UPPER_CASE`
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// For programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

/// `GET /v2/NAME/tags/list`, with GCR's `child` and `manifest`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TagList {
    /// The repository or folder.
    pub name: String,
    /// Tags in byte order.
    #[serde(default)]
    pub tags: Vec<String>,
    /// GCR: names of the next segment below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Vec<String>>,
    /// GCR: manifests by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<BTreeMap<String, ManifestEntry>>,
}

/// One manifest of GCR's `tags/list`. Numbers are strings, as GCR sent them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestEntry {
    /// Bytes of the manifest's config and layers.
    pub image_size_bytes: String,
    /// Always empty; schema 1 had it.
    #[serde(default)]
    pub layer_id: String,
    /// The manifest's media type.
    pub media_type: String,
    /// Tags that point here.
    #[serde(default)]
    pub tag: Vec<String>,
    /// When the image was built, milliseconds since 1970; "0" when it does not say.
    pub time_created_ms: String,
    /// When it was pushed, milliseconds since 1970.
    pub time_uploaded_ms: String,
}

/// `GET /v2/_catalog`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// Repository names in byte order.
    pub repositories: Vec<String>,
}

/// `GET /v2/NAME/referrers/DIGEST`: an image index (image-spec).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Always that of an OCI index.
    #[serde(default)]
    pub media_type: String,
    /// Its entries.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
}

/// An entry of an [`Index`] (image-spec, `descriptor.md`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The manifest's media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// What it is, where its media type does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The answer of the Docker token endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The registry token.
    pub token: String,
    /// The same, under OAuth's name.
    #[serde(default)]
    pub access_token: String,
    /// Seconds that it lives.
    #[serde(default)]
    pub expires_in: u64,
    /// RFC 3339.
    #[serde(default)]
    pub issued_at: String,
}
