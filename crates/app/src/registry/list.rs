//! Listing tags, folders and repositories.

use std::collections::BTreeMap;

use wharf_types::{Digest, ImagePath, Location, ProjectId, Repository, RepositoryName, Tag};

use crate::{App, Caller, Error};

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
    /// `tags/list`: tags in byte order after `last` (which need not exist), `limit` at most.
    pub async fn list_tags(
        &self,
        caller: &Caller,
        repository: &Repository,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<Tag>, Error> {
        let _ = (caller, repository, last, limit);
        unimplemented!()
    }

    /// Google's `tags/list`: what lies at and below a path of a project, tags and manifests unpaged up to the limits.
    pub async fn list_folder(
        &self,
        caller: &Caller,
        location: Option<&Location>,
        project: &ProjectId,
        image: Option<&ImagePath>,
    ) -> Result<Folder, Error> {
        let _ = (caller, location, project, image);
        unimplemented!()
    }

    /// `_catalog`: the repositories of a location that the caller may list, in byte order after `last`.
    pub async fn list_repositories(
        &self,
        caller: &Caller,
        location: Option<&Location>,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepositoryName>, Error> {
        let _ = (caller, location, last, limit);
        unimplemented!()
    }
}
