//! Listing tags, folders and repositories.

use std::collections::{BTreeMap, BTreeSet};

use wharf_store::meta::Transaction;
use wharf_store::meta::images::repositories::RepositoryId;
use wharf_store::meta::images::{manifests, repositories, tags};
use wharf_types::error::OciCode;
use wharf_types::permission::OBJECTS_LIST;
use wharf_types::{
    BucketName, Digest, ImagePath, Location, Object, ProjectId, Repository, RepositoryName,
    Resource, Tag, limits,
};

use super::marker::Marker;
use crate::{App, Caller, Error, Missing};

/// Repositories of one read of the catalog.
const CATALOG_BATCH: usize = 500;
/// Repositories that one page of the catalog looks at, whether or not the caller may see them.
const CATALOG_EXAMINED_MAX: usize = 5_000;

/// A part of an ordered list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// The `last` that asks for what follows; `None` at the end. A page may be short, even empty, and not the last.
    pub next: Option<String>,
}

/// A folder as Google's `tags/list` shows it.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Names of the next segment below.
    pub children: Vec<String>,
    /// Tags of the image of this very name.
    pub tags: Vec<Tag>,
    /// Manifests of the image of this very name.
    pub manifests: BTreeMap<Digest, FolderManifest>,
}

/// A manifest in a [`Folder`].
#[derive(Clone, Debug)]
pub struct FolderManifest {
    /// Its media type.
    pub media_type: String,
    /// Bytes of config and layers.
    pub image_size: u64,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When the image was built, if it says.
    pub built_at: Option<jiff::Timestamp>,
    /// When it was pushed.
    pub pushed_at: jiff::Timestamp,
}

impl App {
    /// `tags/list`: tags in byte order after `last` (which need not exist), `limit` at most. `storage.objects.list`.
    pub async fn list_tags(
        &self,
        caller: &Caller,
        repository: &Repository,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<Tag>, Error> {
        let object = repository.object(Object::Listing);
        self.authorize(caller, &[OBJECTS_LIST], &object).await?;
        let limit = limit.min(limits::PAGE_SIZE_MAX);
        let (repository, last) = (repository.clone(), last.unwrap_or_default().to_owned());
        self.meta
            .read(move |transaction| {
                let id = repositories::find(transaction, &repository)?
                    .ok_or_else(|| Error::not_found(Missing::Repository, repository.name()))?;
                let mut items = tags::list(transaction, id, &last, rows(limit + 1))?;
                let is_cut = items.len() > limit;
                items.truncate(limit);
                let next = items.last().filter(|_| is_cut).map(ToString::to_string);
                Ok(Page { items, next })
            })
            .await
    }

    /// Google's `tags/list`: what lies at and below a path of a project, tags and manifests unpaged up to the limits.
    /// `storage.objects.list` on the folder. A folder is there if an image is at or below it; that of a project always is.
    pub async fn list_folder(
        &self,
        caller: &Caller,
        location: Option<&Location>,
        project: &ProjectId,
        image: Option<&ImagePath>,
    ) -> Result<Folder, Error> {
        let bucket = BucketName::new(location.cloned(), project.clone());
        let object = Resource::Object {
            bucket: bucket.clone(),
            image: image.cloned(),
            object: Object::Listing,
        };
        self.authorize(caller, &[OBJECTS_LIST], &object).await?;
        let image = image.cloned();
        self.meta
            .read(move |transaction| {
                let mut path = bucket.project.image_prefix();
                let mut folder = Folder::default();
                let mut id = None;
                if let Some(image) = &image {
                    path = format!("{path}/{image}");
                    let repository = Repository {
                        bucket: bucket.clone(),
                        image: image.clone(),
                    };
                    id = repositories::find(transaction, &repository)?;
                }
                if let Some(id) = id {
                    folder = read_folder(transaction, id)?;
                }
                folder.children = children(transaction, bucket.location.as_ref(), &path)?;
                if image.is_some() && id.is_none() && folder.children.is_empty() {
                    return Err(Error::not_found(Missing::Repository, path));
                }
                Ok(folder)
            })
            .await
    }

    /// `_catalog`: the repositories of a location that the caller may list, in byte order after `last`. Each that holds a
    /// manifest is decided on by itself. A page ends early, even empty, where too many in a row are hidden; the place to go on
    /// from is then sealed, so that it tells no hidden name.
    pub async fn list_repositories(
        &self,
        caller: &Caller,
        location: Option<&Location>,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepositoryName>, Error> {
        let limit = limit.min(limits::PAGE_SIZE_MAX);
        let mut items = Vec::new();
        let mut last = self.catalog_start(last)?;
        let mut examined = 0;
        while items.len() < limit {
            if examined >= CATALOG_EXAMINED_MAX {
                let next = Some(self.registry.marker.seal(&last)?);
                return Ok(Page { items, next });
            }
            let batch = self.read_catalog(location, &last).await?;
            let is_end = batch.len() < CATALOG_BATCH;
            examined += batch.len();
            for repository in batch {
                if items.len() == limit {
                    break;
                }
                let name = repository.name();
                last = name.to_string();
                let object = repository.object(Object::Listing);
                if self.is_allowed(caller, OBJECTS_LIST, &object).await? {
                    items.push(name);
                }
            }
            if is_end && items.len() < limit {
                return Ok(Page { items, next: None });
            }
        }
        let next = items.last().map(ToString::to_string);
        Ok(Page { items, next })
    }

    fn catalog_start(&self, last: Option<&str>) -> Result<String, Error> {
        let last = last.unwrap_or_default();
        if !Marker::is_sealed(last) {
            return Ok(last.to_owned());
        }
        self.registry.marker.open(last).ok_or_else(|| {
            Error::invalid(
                OciCode::NameInvalid,
                "this page can no longer be continued: list from the beginning, without `last`",
            )
        })
    }

    async fn read_catalog(
        &self,
        location: Option<&Location>,
        last: &str,
    ) -> Result<Vec<Repository>, Error> {
        let (location, last) = (location.cloned(), last.to_owned());
        self.meta
            .read(move |transaction| {
                Ok(repositories::list(
                    transaction,
                    location.as_ref(),
                    &last,
                    rows(CATALOG_BATCH),
                )?)
            })
            .await
    }
}

/// A number of rows as statements take it.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Tags and manifests of an image.
fn read_folder(transaction: &Transaction<'_>, id: RepositoryId) -> Result<Folder, Error> {
    let limit = rows(limits::PAGE_SIZE_MAX);
    let mut folder = Folder::default();
    for listed in manifests::list(transaction, id, limit)? {
        let manifest = FolderManifest {
            media_type: listed.media_type,
            image_size: listed.image_size,
            tags: Vec::new(),
            built_at: listed.built_at,
            pushed_at: listed.created_at,
        };
        folder.manifests.insert(listed.digest, manifest);
    }
    for (tag, digest) in tags::list_with_digests(transaction, id, limit)? {
        if let Some(manifest) = folder.manifests.get_mut(&digest) {
            manifest.tags.push(tag.clone());
        }
        folder.tags.push(tag);
    }
    Ok(folder)
}

/// The next segments below a path, each found by one look into the index however many images lie below it.
fn children(
    transaction: &Transaction<'_>,
    location: Option<&Location>,
    path: &str,
) -> Result<Vec<String>, Error> {
    // `0` is what follows `/`, and `-` is the first that can follow inside a name.
    let (prefix, end) = (format!("{path}/"), format!("{path}0"));
    let mut children = BTreeSet::new();
    let mut from = prefix.clone();
    while children.len() < limits::PAGE_SIZE_MAX
        && let Some(name) = repositories::first_between(transaction, location, &from, &end)?
    {
        let below = name.strip_prefix(&prefix).unwrap_or_default();
        match below.split_once('/') {
            Some((child, _)) => {
                from = format!("{prefix}{child}0");
                children.insert(child.to_owned());
            }
            None => {
                from = format!("{name}-");
                children.insert(below.to_owned());
            }
        }
    }
    Ok(children.into_iter().collect())
}

#[cfg(test)]
mod tests;
