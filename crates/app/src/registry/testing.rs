//! What tests of this room share: blobs and manifests, and how they are pushed.

#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use futures_util::Stream;
use serde_json::{Value, json};
use wharf_store::blobs::Hasher;
use wharf_types::error::OciCode;
use wharf_types::media::{OCI_INDEX, OCI_MANIFEST};
use wharf_types::{
    Algorithm, Digest, Member, ProjectId, Reference, Repository, RepositoryName, Resource,
    RoleName, Tag,
};

use super::push::{ManifestPush, ManifestPushed};
use crate::testing::TestApp;
use crate::{Caller, Error};

/// A repository of the project `default`… or of the one that the name begins with.
pub(super) fn repository(name: &str) -> Repository {
    Repository::new(None, RepositoryName::parse(name).unwrap())
}

pub(super) fn tag(text: &str) -> Reference {
    Reference::Tag(Tag::parse(text).unwrap())
}

pub(super) fn sha256(content: &[u8]) -> Digest {
    Hasher::digest_of(Algorithm::Sha256, content)
}

/// A body that comes in these frames.
pub(super) fn body(
    frames: &[&[u8]],
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin + use<> {
    let frames: Vec<_> = frames
        .iter()
        .map(|frame| Ok(Bytes::copy_from_slice(frame)))
        .collect();
    futures_util::stream::iter(frames)
}

/// A body that breaks off after these frames.
pub(super) fn broken_body(
    frames: &[&[u8]],
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin + use<> {
    let mut frames: Vec<_> = frames
        .iter()
        .map(|frame| Ok(Bytes::copy_from_slice(frame)))
        .collect();
    frames.push(Err(std::io::ErrorKind::UnexpectedEof.into()));
    futures_util::stream::iter(frames)
}

pub(super) fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(content), "size": content.len()})
}

pub(super) const CONFIG: &[u8] =
    br#"{"architecture":"amd64","os":"linux","created":"2024-05-01T10:00:00Z"}"#;

/// The manifest of an image with these layers.
pub(super) fn image(layers: &[&[u8]]) -> Value {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| descriptor("application/vnd.oci.image.layer.v1.tar", layer))
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
        "layers": layers,
    })
}

/// An index of these manifests.
pub(super) fn index(manifests: &[&Value]) -> Value {
    let manifests: Vec<_> = manifests
        .iter()
        .map(|manifest| {
            descriptor(
                manifest["mediaType"].as_str().unwrap(),
                manifest.to_string().as_bytes(),
            )
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
}

/// The digest that a manifest of [`image`] or [`index`] is pushed under.
pub(super) fn digest_of(manifest: &Value) -> Digest {
    sha256(manifest.to_string().as_bytes())
}

pub(super) fn by_digest(manifest: &Value) -> Reference {
    Reference::Digest(digest_of(manifest))
}

/// The code of a refusal.
pub(super) fn code(error: &Error) -> OciCode {
    match error {
        Error::Invalid { code, .. } => *code,
        other => unreachable!("{other:?}"),
    }
}

impl TestApp {
    pub(super) async fn push_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        content: &[u8],
    ) -> Digest {
        let digest = sha256(content);
        self.put_blob(caller, repository, &digest, body(&[content]))
            .await
            .unwrap();
        digest
    }

    pub(super) async fn push(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: Reference,
        manifest: &Value,
    ) -> Result<ManifestPushed, Error> {
        let push = ManifestPush {
            reference,
            tags: Vec::new(),
            media_type: manifest["mediaType"].as_str().map(ToOwned::to_owned),
            content: manifest.to_string().into(),
        };
        self.put_manifest(caller, repository, push).await
    }

    /// Pushes the image of these layers, and what it holds on to.
    pub(super) async fn push_image(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: Reference,
        layers: &[&[u8]],
    ) -> Digest {
        for content in layers.iter().chain([&CONFIG]) {
            self.push_blob(caller, repository, content).await;
        }
        let manifest = image(layers);
        let pushed = self.push(caller, repository, reference, &manifest).await;
        pushed.unwrap().digest
    }

    /// An account of the project `default` with these roles on one bucket.
    pub(super) async fn account_with(
        &self,
        id: &str,
        resource: &Resource,
        roles: &[&str],
    ) -> Caller {
        let (account, _, caller) = self.account(id).await;
        let owner = self.owner().await;
        let mut policy = self.get_policy(&owner, resource).await.unwrap();
        for role in roles {
            policy.add(
                RoleName::parse(role).unwrap(),
                Member::ServiceAccount(account.email.clone()),
                None,
            );
        }
        self.set_policy(&owner, resource, policy).await.unwrap();
        caller
    }
}

pub(super) fn project(id: &str) -> Resource {
    Resource::Project(ProjectId::parse(id).unwrap())
}
