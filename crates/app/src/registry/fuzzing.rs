//! What the fuzz targets call: the reader of manifests. Only there with `--cfg fuzzing`.

use wharf_types::Digest;

use super::manifest::Parsed;

/// What a manifest holds on to, as far as a fuzz target judges it.
#[derive(Debug)]
pub struct Held {
    /// What it is stored as.
    pub media_type: String,
    /// Config and layers.
    pub blobs: Vec<Digest>,
    /// Entries of an index.
    pub entries: Vec<Digest>,
}

/// Reads a manifest as a push does.
pub fn manifest(content: &[u8], content_type: Option<&str>) -> Option<Held> {
    let parsed = Parsed::read(content, content_type).ok()?;
    Some(Held {
        media_type: parsed.media_type,
        blobs: parsed.blobs.iter().map(|part| part.digest).collect(),
        entries: parsed.entries.iter().map(|part| part.digest).collect(),
    })
}
