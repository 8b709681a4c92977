//! What is pushed and pulled: bytes that nothing can deduplicate, made and hashed before any clock starts.

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Bytes shared by all blobs of a run. They stay in the processor's cache, so sending them costs the client little.
const SHARED_SIZE: usize = 8 * MIB;
/// The first bytes of a blob are its own: they make its digest unlike every other.
const OWN_SIZE: usize = 32 * 1024;
pub(crate) const MIB: usize = 1024 * 1024;

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Content with its digest: a few bytes of its own, then the shared bytes over and over.
#[derive(Clone)]
pub(crate) struct Blob {
    own: Bytes,
    shared: Bytes,
    pub(crate) size: usize,
    pub(crate) digest: String,
}

impl Blob {
    pub(crate) fn whole(content: impl Into<Bytes>) -> Self {
        let own = content.into();
        Self {
            digest: digest(&own),
            size: own.len(),
            shared: Bytes::new(),
            own,
        }
    }

    /// The content in pieces of at most `size_max` bytes.
    pub(crate) fn pieces(&self, size_max: usize) -> impl Iterator<Item = Bytes> + Send + use<> {
        let blob = self.clone();
        let mut offset = 0_usize;
        std::iter::from_fn(move || {
            let source = match offset.checked_sub(blob.own.len()) {
                None => blob.own.slice(offset..),
                Some(_) if offset == blob.size => return None,
                Some(beyond) => blob.shared.slice(beyond % blob.shared.len()..),
            };
            let piece = source.slice(..source.len().min(size_max).min(blob.size - offset));
            offset += piece.len();
            Some(piece)
        })
    }
}

/// An image: layers, a config that names it, and the manifest over both.
pub(crate) struct Image {
    pub(crate) tag: String,
    pub(crate) layers: Vec<Blob>,
    pub(crate) config: Blob,
    pub(crate) manifest: Blob,
}

impl Image {
    pub(crate) const MANIFEST_TYPE: &str = MANIFEST_TYPE;

    /// Config and layers, as a client pushes them.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().chain([&self.config])
    }

    /// Another manifest of the same blobs for each number.
    pub(crate) fn numbered_manifest(&self, number: usize) -> Blob {
        Blob::whole(manifest(&self.config, &self.layers, Some(number)))
    }

    /// Bytes of all blobs.
    pub(crate) fn size(&self) -> usize {
        self.blobs().map(|blob| blob.size).sum()
    }
}

/// How many images of which shape.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) images: usize,
    pub(crate) layers: usize,
    pub(crate) layer_size: usize,
}

/// Makes content, never the same twice.
pub(crate) struct Factory {
    shared: Bytes,
    made: u64,
}

impl Factory {
    pub(crate) fn new() -> Self {
        Self {
            shared: random(0, SHARED_SIZE).into(),
            made: 0,
        }
    }

    pub(crate) fn images(&mut self, shape: Shape) -> Vec<Image> {
        (0..shape.images).map(|_| self.image(shape)).collect()
    }

    fn image(&mut self, shape: Shape) -> Image {
        let layers: Vec<Blob> = (0..shape.layers)
            .map(|_| self.blob(shape.layer_size))
            .collect();
        let config = Blob::whole(
            json!({
                "architecture": "amd64",
                "os": "linux",
                "created": "2026-11-24T00:00:00Z",
                "config": { "Labels": { "image": self.made.to_string() } },
                "rootfs": {
                    "type": "layers",
                    "diff_ids": layers.iter().map(|layer| &layer.digest).collect::<Vec<_>>(),
                },
            })
            .to_string(),
        );
        let manifest = Blob::whole(manifest(&config, &layers, None));
        Image {
            tag: format!("v{}", self.made),
            layers,
            config,
            manifest,
        }
    }

    fn blob(&mut self, size: usize) -> Blob {
        self.made += 1;
        let own: Bytes = random(self.made, OWN_SIZE.min(size)).into();
        let mut blob = Blob {
            own,
            shared: self.shared.clone(),
            size,
            digest: String::new(),
        };
        let mut hasher = Sha256::new();
        for piece in blob.pieces(MIB) {
            hasher.update(&piece);
        }
        blob.digest = name_of(hasher);
        blob
    }
}

fn manifest(config: &Blob, layers: &[Blob], number: Option<usize>) -> String {
    let descriptor = |media_type: &str, blob: &Blob| json!({ "mediaType": media_type, "digest": blob.digest, "size": blob.size });
    let layer = |layer| descriptor(LAYER_TYPE, layer);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, config),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    if let Some(number) = number {
        manifest["annotations"] = json!({ "number": number.to_string() });
    }
    manifest.to_string()
}

pub(crate) fn digest(content: &[u8]) -> String {
    name_of(Sha256::new_with_prefix(content))
}

pub(crate) fn name_of(hasher: Sha256) -> String {
    format!("sha256:{}", hex::encode(hasher.finalize()))
}

/// Bytes that look random: splitmix64 from `seed`.
fn random(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_content_that_the_digest_names() {
        let mut factory = Factory::new();
        for size in [1, OWN_SIZE, 64 * 1024, SHARED_SIZE + OWN_SIZE + 5] {
            let blob = factory.blob(size);
            let content: Vec<u8> = blob.pieces(10_000).flatten().collect();
            assert_eq!(content.len(), size);
            assert_eq!(digest(&content), blob.digest);
        }
    }

    #[test]
    fn no_two_blobs_are_alike() {
        let mut factory = Factory::new();
        let images = factory.images(Shape {
            images: 3,
            layers: 2,
            layer_size: 100,
        });
        let digests: std::collections::BTreeSet<_> = images
            .iter()
            .flat_map(|image| image.blobs().chain([&image.manifest]))
            .map(|blob| &blob.digest)
            .collect();
        assert_eq!(digests.len(), 12);
    }
}
