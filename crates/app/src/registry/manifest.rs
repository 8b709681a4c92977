//! Reading a manifest: what it is, what it holds on to, and whether two readers could take it for two different things
//! (image-spec, `manifest.md`, `image-index.md`, `descriptor.md`). Nothing here knows what the registry has.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use wharf_store::blobs::Hasher;
use wharf_types::error::OciCode;
use wharf_types::media::{self, ManifestKind, MediaTypeError};
use wharf_types::text::shorten;
use wharf_types::{Digest, limits};

use crate::Error;

/// A manifest that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) media_type: String,
    /// As referrers show it: its own, else the config's media type.
    pub(super) artifact_type: Option<String>,
    /// The manifest that it is about, which need not be there.
    pub(super) subject: Option<Digest>,
    pub(super) annotations: Option<BTreeMap<String, String>>,
    /// The config of an image.
    pub(super) config: Option<Digest>,
    /// Config and layers, each once.
    pub(super) blobs: Vec<Part>,
    /// The entries of an index, each once.
    pub(super) entries: Vec<Part>,
}

/// Something that a manifest holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// It may be absent: the manifest says where else it is.
    pub(super) is_foreign: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
    /// Schema 1 has it.
    fs_layers: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(OciCode::ManifestInvalid, message)
}

fn refused(error: &MediaTypeError) -> Error {
    invalid(error.to_string())
}

impl Parsed {
    /// Reads a manifest that was sent with `content_type`, if it was sent with any.
    pub(super) fn read(content: &[u8], content_type: Option<&str>) -> Result<Self, Error> {
        let document = Document::read(content)?;
        let (media_type, kind) = document.media_type(content_type)?;
        document.check_shape(kind)?;
        let Document {
            artifact_type,
            config,
            layers,
            manifests,
            subject,
            annotations,
            ..
        } = document;
        let layers = layers.unwrap_or_default();
        let manifests = manifests.unwrap_or_default();
        let described = || config.iter().chain(&layers).chain(&manifests);
        if described().count() > limits::MANIFEST_ENTRIES_MAX {
            return Err(invalid(format!(
                "the manifest has more than {} entries",
                limits::MANIFEST_ENTRIES_MAX
            )));
        }
        described()
            .chain(&subject)
            .try_for_each(Descriptor::check)?;
        Ok(Self {
            media_type,
            artifact_type: artifact_type
                .filter(|own| !own.is_empty())
                .or_else(|| config.as_ref().map(|config| config.media_type.clone())),
            subject: subject.map(|subject| subject.digest),
            annotations,
            config: config.as_ref().map(|config| config.digest),
            blobs: parts(config.iter().chain(&layers))?,
            entries: parts(manifests.iter())?,
        })
    }
}

impl Document {
    fn read(content: &[u8]) -> Result<Self, Error> {
        check_depth(content)?;
        serde_json::from_slice(content)
            .map_err(|error| invalid(format!("not a manifest: {}", shorten(&error.to_string()))))
    }

    /// The media type, on which header and body must agree (CVE-2021-41190).
    fn media_type(&self, content_type: Option<&str>) -> Result<(String, ManifestKind), Error> {
        if self.schema_version == Some(1) || self.fs_layers.is_some() {
            return Err(refused(&MediaTypeError::Schema1));
        }
        if self.schema_version != Some(2) {
            return Err(invalid("the manifest's schemaVersion is not 2"));
        }
        let header = content_type
            .map(media::without_parameters)
            .filter(|header| !header.is_empty());
        let media_type = match (header, &self.media_type) {
            (Some(header), Some(body)) if !header.eq_ignore_ascii_case(body) => {
                return Err(invalid(format!(
                    "Content-Type is {:?}, the manifest's mediaType {:?}: they must be the same",
                    shorten(&header),
                    shorten(body)
                )));
            }
            (Some(media_type), _) => media_type,
            (None, Some(body)) => body.clone(),
            (None, None) if self.manifests.is_some() => media::OCI_INDEX.to_owned(),
            (None, None) => media::OCI_MANIFEST.to_owned(),
        };
        let kind = ManifestKind::of(&media_type).map_err(|error| refused(&error))?;
        Ok((media_type, kind))
    }

    /// An image has a config and layers, an index has manifests, and nothing has both.
    fn check_shape(&self, kind: ManifestKind) -> Result<(), Error> {
        let is_image = self.config.is_some() || self.layers.is_some();
        match kind {
            ManifestKind::Image if self.manifests.is_some() => Err(invalid(
                "an image manifest has config and layers, this one has manifests too",
            )),
            ManifestKind::Image if self.config.is_none() => {
                Err(invalid("an image manifest has a config, this one has none"))
            }
            ManifestKind::Index if is_image => Err(invalid(
                "an index has manifests, this one has config or layers too",
            )),
            ManifestKind::Index if self.manifests.is_none() => {
                Err(invalid("an index has manifests, this one has none"))
            }
            _ => Ok(()),
        }
    }
}

impl Descriptor {
    fn check(&self) -> Result<(), Error> {
        if self.size > limits::BLOB_SIZE_MAX {
            return Err(invalid(format!(
                "the size of {} is beyond {} bytes",
                self.digest,
                limits::BLOB_SIZE_MAX
            )));
        }
        let Some(data) = &self.data else {
            return Ok(());
        };
        let is_right = STANDARD.decode(data).is_ok_and(|bytes| {
            bytes.len() as u64 == self.size
                && Hasher::digest_of(self.digest.algorithm(), &bytes) == self.digest
        });
        if is_right {
            Ok(())
        } else {
            Err(invalid(format!(
                "the data of {} is not the content of that digest and size",
                self.digest
            )))
        }
    }
}

/// What descriptors name, each once. One digest with two sizes is a contradiction.
fn parts<'d>(descriptors: impl Iterator<Item = &'d Descriptor>) -> Result<Vec<Part>, Error> {
    let mut parts: BTreeMap<Digest, Part> = BTreeMap::new();
    for descriptor in descriptors {
        let is_foreign = media::is_foreign_layer(&descriptor.media_type)
            && descriptor
                .urls
                .as_ref()
                .is_some_and(|urls| !urls.is_empty());
        let part = parts.entry(descriptor.digest).or_insert(Part {
            digest: descriptor.digest,
            size: descriptor.size,
            is_foreign,
        });
        part.is_foreign &= is_foreign;
        if part.size != descriptor.size {
            return Err(invalid(format!(
                "the manifest gives {} two sizes",
                descriptor.digest
            )));
        }
    }
    Ok(parts.into_values().collect())
}

/// Bounds the nesting of a JSON text before anything recurses into it.
fn check_depth(text: &[u8]) -> Result<(), Error> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::JSON_DEPTH_MAX {
                    return Err(invalid(format!(
                        "the manifest is nested deeper than {} levels",
                        limits::JSON_DEPTH_MAX
                    )));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The entries of an index, for whoever lists referrers by the tag that older clients keep. Nothing if it is no index.
pub(super) fn index_entries(content: &[u8]) -> Vec<Descriptor> {
    Document::read(content)
        .ok()
        .and_then(|document| document.manifests)
        .unwrap_or_default()
}

/// When an image was built, by its config (image-spec, `config.md`, "created").
pub(super) fn built_at(config: &[u8]) -> Option<jiff::Timestamp> {
    #[derive(Deserialize)]
    struct Config<'c> {
        #[serde(borrow)]
        created: Option<std::borrow::Cow<'c, str>>,
    }
    let config: Config<'_> = serde_json::from_slice(config).ok()?;
    let created: jiff::Timestamp = config.created?.parse().ok()?;
    // As rows keep it.
    jiff::Timestamp::from_microsecond(created.as_microsecond()).ok()
}

#[cfg(test)]
mod tests;
