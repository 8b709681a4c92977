//! What is pushed: real images, made on the spot.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::program::Program;
use crate::random::Random;

/// The media type of an image manifest.
pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an image index.
pub const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// What an ELF file for ARM says in its `e_machine`.
const ELF_ARM64: u16 = 0xb7;
/// Bytes written at once to a large layer.
const BLOCK: usize = 1 << 20;

/// `sha256:HEX` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// An image in memory.
#[derive(Clone, Debug)]
pub struct Image {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// Its media type.
    pub media_type: String,
    /// Config and layers.
    pub blobs: Vec<Vec<u8>>,
}

impl Image {
    /// An image of layers with random content, so that no two are alike.
    pub fn random(random: &mut Random, layer_sizes: &[usize]) -> Self {
        Self::of(layer_sizes.iter().map(|size| random.bytes(*size)).collect())
    }

    /// An image of these layers.
    pub fn of(layers: Vec<Vec<u8>>) -> Self {
        let config = image_config(
            "amd64",
            &layers.iter().map(|bytes| digest(bytes)).collect::<Vec<_>>(),
            &[],
        );
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "config": descriptor(CONFIG, &config),
            "layers": layers.iter().map(|bytes| descriptor(LAYER, bytes)).collect::<Vec<_>>(),
        });
        let mut blobs = layers;
        blobs.push(config);
        Self {
            manifest: manifest.to_string().into_bytes(),
            media_type: IMAGE_MANIFEST.to_owned(),
            blobs,
        }
    }

    /// The manifest's digest.
    pub fn digest(&self) -> String {
        digest(&self.manifest)
    }
}

/// A descriptor of some bytes.
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

/// An OCI image layout in a folder: what skopeo, crane, regctl and oras copy from.
#[derive(Debug)]
pub struct Layout {
    folder: PathBuf,
    tagged: Vec<Value>,
}

impl Layout {
    /// An empty one.
    pub fn create(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .unwrap();
        Self {
            folder: folder.to_owned(),
            tagged: Vec::new(),
        }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The digest of what has a tag.
    pub fn digest(&self, tag: &str) -> String {
        let names_it =
            |manifest: &&Value| manifest["annotations"]["org.opencontainers.image.ref.name"] == tag;
        let manifest = self.tagged.iter().find(names_it).unwrap();
        manifest["digest"].as_str().unwrap().to_owned()
    }

    /// The bytes of a blob.
    pub fn blob(&self, digest: &str) -> Vec<u8> {
        fs::read(self.path(digest)).unwrap()
    }

    /// Gives a manifest a tag.
    pub fn tag(&mut self, manifest: &Value, tag: &str) {
        let mut manifest = manifest.clone();
        manifest["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        self.tagged.push(manifest);
        let index = json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": self.tagged});
        fs::write(self.folder.join("index.json"), index.to_string()).unwrap();
    }

    /// Adds a blob; returns its descriptor.
    pub fn add(&self, media_type: &str, bytes: &[u8]) -> Value {
        let descriptor = descriptor(media_type, bytes);
        fs::write(self.path(descriptor["digest"].as_str().unwrap()), bytes).unwrap();
        descriptor
    }

    /// An image that runs: Debian's static busybox, and a file that tells architectures apart.
    pub fn busybox(&self, architecture: &str) -> Value {
        self.busybox_that(architecture, &["/bin/busybox", "cat", "/greeting"])
    }

    /// The same, running another command.
    pub fn busybox_that(&self, architecture: &str, command: &[&str]) -> Value {
        let root = self.folder.with_extension(format!("root-{architecture}"));
        fs::create_dir_all(root.join("bin")).unwrap();
        let mut program = fs::read("/bin/busybox").expect("busybox-static is not installed");
        if architecture == "arm64" {
            // ELF's e_machine: this machine takes the program for what it is not, and does not run it.
            program[18..20].copy_from_slice(&ELF_ARM64.to_le_bytes());
        }
        let file = root.join("bin/busybox");
        fs::write(&file, program).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(
            root.join("greeting"),
            format!("hello from {architecture}\n"),
        )
        .unwrap();
        let layer = root.with_extension("tar");
        Program::new("tar")
            .args([
                "--create",
                "--sort=name",
                "--mtime=@0",
                "--owner=0",
                "--group=0",
                "--file",
            ])
            .arg(&layer)
            .arg("--directory")
            .arg(&root)
            .args(["bin", "greeting"])
            .succeeds();
        let layer = self.add(LAYER, &fs::read(layer).unwrap());
        self.image(architecture, &layer, command)
    }

    /// An image of the layout, in memory.
    pub fn read(&self, manifest: &Value) -> Image {
        let bytes = self.blob(manifest["digest"].as_str().unwrap());
        let parsed: Value = serde_json::from_slice(&bytes).unwrap();
        let layers = parsed["layers"].as_array().unwrap();
        let parts = layers.iter().chain([&parsed["config"]]);
        Image {
            media_type: manifest["mediaType"].as_str().unwrap().to_owned(),
            blobs: parts
                .map(|part| self.blob(part["digest"].as_str().unwrap()))
                .collect(),
            manifest: bytes,
        }
    }

    /// An image with one layer of `megabytes` MiB that no compression makes smaller. The layer is a real archive.
    pub fn large(&self, random: &mut Random, megabytes: usize) -> Value {
        let content = self.folder.with_extension("large");
        fs::create_dir_all(&content).unwrap();
        let mut file = fs::File::create(content.join("data")).unwrap();
        for _ in 0..megabytes {
            file.write_all(&random.bytes(BLOCK)).unwrap();
        }
        drop(file);
        let layer = self.folder.join("blobs/large.tar");
        Program::new("tar")
            .args(["--create", "--mtime=@0", "--owner=0", "--group=0", "--file"])
            .arg(&layer)
            .arg("--directory")
            .arg(&content)
            .arg("data")
            .succeeds();
        fs::remove_dir_all(&content).unwrap();
        let digest = file_digest(&layer);
        fs::rename(&layer, self.path(&digest)).unwrap();
        let size = fs::metadata(self.path(&digest)).unwrap().len();
        self.image(
            "amd64",
            &json!({"mediaType": LAYER, "digest": digest, "size": size}),
            &[],
        )
    }

    /// An index of images.
    pub fn index(&self, images: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": images});
        self.add(IMAGE_INDEX, index.to_string().as_bytes())
    }

    fn image(&self, architecture: &str, layer: &Value, command: &[&str]) -> Value {
        let layer_digest = layer["digest"].as_str().unwrap().to_owned();
        let config = image_config(architecture, &[layer_digest], command).to_string();
        let config = self.add(CONFIG, config.as_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "config": config, "layers": [layer],
        });
        let mut descriptor = self.add(IMAGE_MANIFEST, manifest.to_string().as_bytes());
        descriptor["platform"] = json!({"architecture": architecture, "os": "linux"});
        descriptor
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join("blobs").join(digest.replace(':', "/"))
    }
}

/// The digest of a file that may be larger than memory.
pub fn file_digest(path: &Path) -> String {
    let output = Program::new("sha256sum").arg(path).succeeds();
    format!(
        "sha256:{}",
        output.stdout.split_whitespace().next().unwrap()
    )
}

fn image_config(architecture: &str, layers: &[String], command: &[&str]) -> Value {
    json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": command},
        "rootfs": {"type": "layers", "diff_ids": layers},
    })
}
