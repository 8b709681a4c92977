//! Buckets.

use std::collections::BTreeMap;

use quick_cache::sync::Cache;
use wharf_store::meta::access::{policies, projects};
pub use wharf_store::meta::images::buckets::Bucket;
use wharf_store::meta::images::{blobs, buckets, uploads};
use wharf_store::meta::{Change, Durability, Transaction};
use wharf_types::permission::{
    BUCKETS_CREATE, BUCKETS_DELETE, BUCKETS_GET, BUCKETS_LIST, BUCKETS_UPDATE,
};
use wharf_types::{BucketName, ProjectId, Resource};

use crate::iam::projects::check_labels;
use crate::{App, Caller, Error, Missing, clock};

/// Buckets that are remembered to be there.
const KNOWN_MAX: usize = 10_000;
/// Leftovers that one transaction removes of a bucket that is deleted: others wait for it.
const LEFTOVERS_BATCH: i64 = 100;

/// A change of a bucket's labels.
#[derive(Clone, Debug)]
pub enum LabelChange {
    /// These are all of them.
    Replace(BTreeMap<String, String>),
    /// These are added or replaced; those without a value are removed.
    Merge(BTreeMap<String, Option<String>>),
}

impl LabelChange {
    fn apply(self, labels: &mut BTreeMap<String, String>) {
        match self {
            Self::Replace(all) => *labels = all,
            Self::Merge(changes) => {
                for (key, value) in changes {
                    match value {
                        Some(value) => labels.insert(key, value),
                        None => labels.remove(&key),
                    };
                }
            }
        }
    }
}

/// Buckets that are there: every request of a push asks.
pub(super) struct Known(Cache<BucketName, ()>);

impl Default for Known {
    fn default() -> Self {
        Self(Cache::new(KNOWN_MAX))
    }
}

impl Known {
    /// Drops what a commit changed.
    pub(super) fn forget(&self, change: &Change) {
        if let Change::Bucket(bucket) = change {
            self.0.remove(bucket);
        }
    }
}

impl App {
    /// What a push needs besides `storage.objects.create`, which it asks for itself: a bucket. The first push makes it if the
    /// caller has `storage.buckets.create` on the project.
    pub(crate) async fn bucket_for_push(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<(), Error> {
        if !self.has_bucket(bucket).await? {
            let project = Resource::Project(bucket.project.clone());
            self.authorize(caller, &[BUCKETS_CREATE], &project).await?;
            self.check_project(&bucket.project).await?;
            match self.insert_bucket(bucket, BTreeMap::new()).await {
                Ok(_) | Err(Error::AlreadyExists(_)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.check_project(&bucket.project).await
    }

    pub(super) async fn has_bucket(&self, bucket: &BucketName) -> Result<bool, Error> {
        let known = &self.registry.buckets.0;
        if known.get(bucket).is_some() {
            return Ok(true);
        }
        let fill = match known.get_value_or_guard_async(bucket).await {
            Ok(()) => return Ok(true),
            Err(fill) => fill,
        };
        let name = bucket.clone();
        let exists = self
            .meta
            .read::<_, Error, _>(move |transaction| Ok(buckets::exists(transaction, &name)?))
            .await?;
        if exists {
            // Fails when the bucket was deleted meanwhile.
            let _ = fill.insert(());
        }
        Ok(exists)
    }

    /// A project that is gone or going takes nothing in.
    pub(crate) async fn check_project(&self, project: &ProjectId) -> Result<(), Error> {
        match self.find_project(project).await? {
            Some(found) if found.deleted_at.is_none() => Ok(()),
            _ => Err(Error::not_found(Missing::Project, project)),
        }
    }

    async fn insert_bucket(
        &self,
        name: &BucketName,
        labels: BTreeMap<String, String>,
    ) -> Result<Bucket, Error> {
        let now = clock::now();
        let bucket = Bucket {
            name: name.clone(),
            labels,
            generation: 1,
            created_at: now,
            updated_at: now,
        };
        self.meta
            .write(Durability::Machine, move |transaction| {
                let project = &bucket.name.project;
                if projects::find(transaction, project)?
                    .is_none_or(|project| project.deleted_at.is_some())
                {
                    return Err(Error::not_found(Missing::Project, project));
                }
                if buckets::exists(transaction, &bucket.name)? {
                    return Err(Error::AlreadyExists(format!("bucket {}", bucket.name)));
                }
                buckets::insert(transaction, &bucket)?;
                Ok(bucket.clone())
            })
            .await
    }

    /// Creates a bucket. `storage.buckets.create` on its project.
    pub async fn create_bucket(
        &self,
        caller: &Caller,
        name: &BucketName,
        labels: BTreeMap<String, String>,
    ) -> Result<Bucket, Error> {
        let project = Resource::Project(name.project.clone());
        self.authorize(caller, &[BUCKETS_CREATE], &project).await?;
        check_labels(&labels)?;
        self.insert_bucket(name, labels).await
    }

    /// Reads a bucket. `storage.buckets.get`.
    pub async fn get_bucket(&self, caller: &Caller, name: &BucketName) -> Result<Bucket, Error> {
        let resource = Resource::Bucket(name.clone());
        self.authorize(caller, &[BUCKETS_GET], &resource).await?;
        let name = name.clone();
        self.meta
            .read(move |transaction| {
                buckets::find(transaction, &name)?
                    .ok_or_else(|| Error::not_found(Missing::Bucket, &name))
            })
            .await
    }

    /// A project's buckets in order of name: one for each location in use. `storage.buckets.list` on the project.
    pub async fn list_buckets(
        &self,
        caller: &Caller,
        project: &ProjectId,
    ) -> Result<Vec<Bucket>, Error> {
        let resource = Resource::Project(project.clone());
        self.authorize(caller, &[BUCKETS_LIST], &resource).await?;
        self.check_project(project).await?;
        let project = project.clone();
        self.meta
            .read(move |transaction| Ok(buckets::list(transaction, &project)?))
            .await
    }

    /// Changes a bucket's labels. `storage.buckets.update`.
    pub async fn update_bucket(
        &self,
        caller: &Caller,
        name: &BucketName,
        labels: LabelChange,
    ) -> Result<Bucket, Error> {
        let resource = Resource::Bucket(name.clone());
        self.authorize(caller, &[BUCKETS_UPDATE], &resource).await?;
        let (name, now) = (name.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut bucket = buckets::find(transaction, &name)?
                    .ok_or_else(|| Error::not_found(Missing::Bucket, &name))?;
                labels.clone().apply(&mut bucket.labels);
                check_labels(&bucket.labels)?;
                bucket.generation += 1;
                bucket.updated_at = now;
                buckets::update(transaction, &bucket)?;
                Ok(bucket)
            })
            .await
    }

    /// Deletes a bucket that holds no manifest, with its policy, its open uploads and what blobs are left in it.
    /// `storage.buckets.delete`.
    pub async fn delete_bucket(&self, caller: &Caller, name: &BucketName) -> Result<(), Error> {
        let resource = Resource::Bucket(name.clone());
        self.authorize(caller, &[BUCKETS_DELETE], &resource).await?;
        loop {
            let name = name.clone();
            let is_gone = self
                .meta
                .write(Durability::Machine, move |transaction| {
                    if !buckets::exists(transaction, &name)? {
                        return Err(Error::not_found(Missing::Bucket, &name));
                    }
                    if buckets::has_manifests(transaction, &name)? {
                        return Err(Error::FailedPrecondition(format!(
                            "bucket {name} holds images: delete them first"
                        )));
                    }
                    let is_empty = !remove_leftovers(transaction, &name)?;
                    if is_empty {
                        let resource = Resource::Bucket(name.clone());
                        policies::delete(transaction, &resource)?;
                        buckets::delete(transaction, &name)?;
                    }
                    Ok(is_empty)
                })
                .await?;
            if is_gone {
                return Ok(());
            }
        }
    }
}

/// Removes some of what is left of pushes to a bucket. Answers whether there was any.
fn remove_leftovers(transaction: &Transaction<'_>, name: &BucketName) -> Result<bool, Error> {
    let now = clock::now();
    let open = uploads::list_in_bucket(transaction, name, LEFTOVERS_BATCH)?;
    for (id, object) in &open {
        uploads::delete(transaction, *id)?;
        blobs::doom(transaction, object, now)?;
    }
    let links = blobs::list_in_bucket(transaction, name, LEFTOVERS_BATCH)?;
    for link in &links {
        blobs::unlink(transaction, &link.repository, link.id, &link.digest, now)?;
    }
    Ok(!open.is_empty() || !links.is_empty())
}

#[cfg(test)]
mod tests;
