//! Buckets.

use std::collections::BTreeMap;

pub use wharf_store::meta::images::buckets::Bucket;
use wharf_types::{BucketName, ProjectId};

use crate::{App, Caller, Error};

/// A change of a bucket's labels.
#[derive(Clone, Debug)]
pub enum LabelChange {
    /// These are all of them.
    Replace(BTreeMap<String, String>),
    /// These are added or replaced; those without a value are removed.
    Merge(BTreeMap<String, Option<String>>),
}

impl App {
    /// What a push needs: `storage.objects.create` on the repository's `object`, and a bucket; the first push makes it if the
    /// caller has `storage.buckets.create` on the project.
    pub(crate) async fn bucket_for_push(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<(), Error> {
        let _ = (caller, bucket);
        unimplemented!()
    }

    /// Creates a bucket.
    pub async fn create_bucket(
        &self,
        caller: &Caller,
        name: &BucketName,
        labels: BTreeMap<String, String>,
    ) -> Result<Bucket, Error> {
        let _ = (caller, name, labels);
        unimplemented!()
    }

    /// Reads a bucket.
    pub async fn get_bucket(&self, caller: &Caller, name: &BucketName) -> Result<Bucket, Error> {
        let _ = (caller, name);
        unimplemented!()
    }

    /// A project's buckets in order of name.
    pub async fn list_buckets(
        &self,
        caller: &Caller,
        project: &ProjectId,
    ) -> Result<Vec<Bucket>, Error> {
        let _ = (caller, project);
        unimplemented!()
    }

    /// Changes a bucket's labels.
    pub async fn update_bucket(
        &self,
        caller: &Caller,
        name: &BucketName,
        labels: LabelChange,
    ) -> Result<Bucket, Error> {
        let _ = (caller, name, labels);
        unimplemented!()
    }

    /// Deletes a bucket that holds no image.
    pub async fn delete_bucket(&self, caller: &Caller, name: &BucketName) -> Result<(), Error> {
        let _ = (caller, name);
        unimplemented!()
    }
}
