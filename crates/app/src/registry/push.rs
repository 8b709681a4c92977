//! Pushing manifests.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use wharf_store::blobs::Hasher;
use wharf_store::meta::images::blobs::Place;
use wharf_store::meta::images::manifests::NewManifest;
use wharf_store::meta::images::repositories::RepositoryId;
use wharf_store::meta::images::{blobs, manifests, repositories, tags};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_DELETE, OBJECTS_UPDATE};
use wharf_types::{Algorithm, Digest, Object, Reference, Repository, Tag, limits};

use super::manifest::{self, Parsed, Part};
use crate::{App, Caller, Error, Missing};

/// Missing parts that a refusal names: the first few show the client what it forgot.
const MISSING_NAMED_MAX: usize = 5;

/// A manifest to be stored.
#[derive(Clone, Debug)]
pub struct ManifestPush {
    /// The tag or digest of the path.
    pub reference: Reference,
    /// The `tag` parameters of a put by digest.
    pub tags: Vec<Tag>,
    /// `Content-Type`, if there was one.
    pub media_type: Option<String>,
    /// The bytes.
    pub content: Bytes,
}

/// A manifest that was stored.
#[derive(Clone, Debug)]
pub struct ManifestPushed {
    /// Its digest.
    pub digest: Digest,
    /// Its subject, for `OCI-Subject`.
    pub subject: Option<Digest>,
    /// The tags that point to it now, for `OCI-Tag`: those of `ManifestPush::tags`.
    pub tags: Vec<Tag>,
}

/// A manifest that was read, ready for its transaction.
struct Push {
    repository: Repository,
    digest: Digest,
    content: Bytes,
    parsed: Parsed,
    annotations: Option<String>,
    /// Tags that are to point to it.
    tags: BTreeSet<Tag>,
}

/// How a transaction went.
enum Outcome {
    Stored,
    /// These tags point elsewhere: moving them takes another permission. Nothing was stored.
    Moves(BTreeSet<Tag>),
}

impl App {
    /// Stores a manifest and points its tags to it, all in one transaction or nothing.
    ///
    /// Takes `storage.objects.create` on the manifest's reference and on each tag, and `storage.objects.update` or
    /// `storage.objects.delete` on each tag that points elsewhere until now. Everything that the manifest holds on to
    /// must be in the repository already, save layers that it says are found elsewhere; its subject need not be.
    pub async fn put_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        push: ManifestPush,
    ) -> Result<ManifestPushed, Error> {
        let reference = repository.referenced(&push.reference);
        self.authorize(caller, &[OBJECTS_CREATE], &reference)
            .await?;
        check_tags(&push)?;
        for tag in &push.tags {
            let object = repository.object(Object::Tag(tag.clone()));
            self.authorize(caller, &[OBJECTS_CREATE], &object).await?;
        }
        self.bucket_for_push(caller, &repository.bucket).await?;
        let tags = push.tags.clone();
        let push = Arc::new(Push::read(repository, push)?);
        self.store_manifest(caller, &push).await?;
        Ok(ManifestPushed {
            digest: push.digest,
            subject: push.parsed.subject,
            tags,
        })
    }

    /// Tags that turn out to move are asked for, then the transaction is tried again: another push may come between.
    async fn store_manifest(&self, caller: &Caller, push: &Arc<Push>) -> Result<(), Error> {
        let mut may_move = BTreeSet::new();
        loop {
            let (this, allowed) = (push.clone(), may_move.clone());
            let outcome = self
                .meta
                .write(Durability::Machine, move |transaction| {
                    this.store(transaction, &allowed)
                })
                .await?;
            match outcome {
                Outcome::Stored => return Ok(()),
                Outcome::Moves(tags) => {
                    for tag in tags.difference(&may_move) {
                        let object = push.repository.object(Object::Tag(tag.clone()));
                        self.authorize(caller, &[OBJECTS_UPDATE, OBJECTS_DELETE], &object)
                            .await?;
                    }
                    may_move.extend(tags);
                }
            }
        }
    }
}

fn check_tags(push: &ManifestPush) -> Result<(), Error> {
    if push.tags.len() > limits::TAG_PARAMETERS_MAX {
        return Err(Error::invalid(
            OciCode::ManifestInvalid,
            format!(
                "more than {} tag parameters in one request",
                limits::TAG_PARAMETERS_MAX
            ),
        ));
    }
    match push.reference {
        Reference::Tag(_) if !push.tags.is_empty() => Err(Error::invalid(
            OciCode::ManifestInvalid,
            "tag parameters go with a manifest that is put by its digest",
        )),
        _ => Ok(()),
    }
}

impl Push {
    fn read(repository: &Repository, push: ManifestPush) -> Result<Self, Error> {
        let ManifestPush {
            reference,
            tags,
            media_type,
            content,
        } = push;
        if content.len() > limits::MANIFEST_SIZE_MAX {
            return Err(Error::TooLarge {
                what: "the manifest",
                limit: limits::MANIFEST_SIZE_MAX as u64,
            });
        }
        let mut tags: BTreeSet<Tag> = tags.into_iter().collect();
        let digest = match reference {
            Reference::Tag(tag) => {
                tags.insert(tag);
                Hasher::digest_of(Algorithm::Sha256, &content)
            }
            Reference::Digest(named) => {
                let digest = Hasher::digest_of(named.algorithm(), &content);
                if digest != named {
                    return Err(Error::invalid(
                        OciCode::DigestInvalid,
                        format!("the manifest received is {digest}, not {named}"),
                    ));
                }
                digest
            }
        };
        let parsed = Parsed::read(&content, media_type.as_deref())?;
        // Only the list of referrers shows annotations.
        let annotations = match (&parsed.subject, &parsed.annotations) {
            (Some(_), Some(annotations)) => {
                Some(serde_json::to_string(annotations).map_err(Error::internal)?)
            }
            _ => None,
        };
        Ok(Self {
            repository: repository.clone(),
            digest,
            content,
            parsed,
            annotations,
            tags,
        })
    }

    fn store(
        &self,
        transaction: &Transaction<'_>,
        may_move: &BTreeSet<Tag>,
    ) -> Result<Outcome, Error> {
        let now = Timestamp::now();
        let id = match repositories::ensure(transaction, &self.repository) {
            Err(wharf_store::Error::Conflict(_)) => {
                return Err(Error::not_found(Missing::Bucket, &self.repository.bucket));
            }
            result => result?,
        };
        let mut moves = BTreeSet::new();
        let mut new_tags = Vec::new();
        for tag in &self.tags {
            match tags::find(transaction, id, tag)? {
                Some(digest) if digest == self.digest => {}
                Some(_) if !may_move.contains(tag) => {
                    moves.insert(tag.clone());
                }
                _ => new_tags.push(tag),
            }
        }
        if !moves.is_empty() {
            return Ok(Outcome::Moves(moves));
        }
        let held = self.find_parts(transaction, id)?;
        let manifest = NewManifest {
            digest: self.digest,
            media_type: &self.parsed.media_type,
            artifact_type: self.parsed.artifact_type.as_deref(),
            subject: self.parsed.subject,
            annotations: self.annotations.as_deref(),
            image_size: held.image_size,
            built_at: held.built_at,
            content: &self.content,
            blobs: &held.blobs,
            children: &held.children,
        };
        manifests::put(transaction, &self.repository, id, &manifest, now)?;
        for tag in new_tags {
            tags::put(transaction, &self.repository, id, tag, &self.digest, now)?;
        }
        Ok(Outcome::Stored)
    }

    /// Looks for all that the manifest holds on to.
    fn find_parts(&self, transaction: &Transaction<'_>, id: RepositoryId) -> Result<Held, Error> {
        let mut held = Held::default();
        for part in &self.parsed.blobs {
            match blobs::find_linked(transaction, id, &part.digest)? {
                Some(blob) => {
                    held.check_size(part, blob.size)?;
                    if self.parsed.config == Some(part.digest) && blob.place == Place::Row {
                        held.built_at = blobs::content(transaction, blob.id, &part.digest)?
                            .and_then(|config| manifest::built_at(&config));
                    }
                    held.blobs.push(part.digest);
                }
                None if part.is_foreign => {}
                None => held.missing.push(part.digest),
            }
            held.add_size(part.size);
        }
        for part in &self.parsed.entries {
            if let Some(sizes) = manifests::sizes(transaction, id, &part.digest)? {
                held.check_size(part, sizes.content)?;
                held.add_size(sizes.image);
                held.children.push(part.digest);
            // BuildKit's cache is an index of layers.
            } else if let Some(blob) = blobs::find_linked(transaction, id, &part.digest)? {
                held.check_size(part, blob.size)?;
                held.add_size(part.size);
                held.blobs.push(part.digest);
            } else {
                held.missing.push(part.digest);
            }
        }
        held.or_missing(&self.repository)
    }
}

/// What was found of a manifest's parts.
#[derive(Default)]
struct Held {
    blobs: Vec<Digest>,
    children: Vec<Digest>,
    missing: Vec<Digest>,
    image_size: u64,
    built_at: Option<Timestamp>,
}

impl Held {
    /// Sizes are claims where parts are foreign: a sum that no row could hold stops at the largest that it can.
    fn add_size(&mut self, size: u64) {
        self.image_size = self.image_size.saturating_add(size).min(i64::MAX as u64);
    }

    fn check_size(&self, part: &Part, size: u64) -> Result<(), Error> {
        if part.size == size {
            return Ok(());
        }
        Err(Error::invalid(
            OciCode::ManifestInvalid,
            format!(
                "{} has {size} bytes, the manifest says {}",
                part.digest, part.size
            ),
        ))
    }

    fn or_missing(self, repository: &Repository) -> Result<Self, Error> {
        if self.missing.is_empty() {
            return Ok(self);
        }
        let named: Vec<_> = self
            .missing
            .iter()
            .take(MISSING_NAMED_MAX)
            .map(ToString::to_string)
            .collect();
        let more = match self.missing.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Err(Error::invalid(
            OciCode::ManifestBlobUnknown,
            format!(
                "the manifest names what is not in {}: push {}{more} first",
                repository.name(),
                named.join(", ")
            ),
        ))
    }
}

#[cfg(test)]
mod tests;
