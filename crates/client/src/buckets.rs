//! Buckets (Cloud Storage JSON API).

use std::collections::BTreeMap;

use http::Method;
use wharf_types::wire::storage::{Bucket, Buckets};
use wharf_types::{BucketName, ProjectId};

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

/// Buckets asked for in one page.
const PAGE_SIZE: usize = 1_000;

impl Page for Buckets {
    type Item = Bucket;

    fn split(self) -> (Vec<Bucket>, Option<String>) {
        (self.items, self.next_page_token)
    }
}

impl Client {
    /// Creates a bucket ahead of the first push to its host, for example to bind roles on it.
    pub async fn create_bucket(&self, name: &BucketName) -> Result<Bucket, Error> {
        let location = name.location.as_ref();
        let bucket = Bucket {
            name: name.to_string(),
            location: location.map(ToString::to_string).unwrap_or_default(),
            ..Bucket::default()
        };
        let call = Call::post(["storage", "v1", "b"]).query("project", &name.project);
        self.call(call.json(&bucket)).await
    }

    /// A project's buckets, in order of name.
    pub async fn list_buckets(&self, project: &ProjectId) -> Result<Vec<Bucket>, Error> {
        let call = Call::get(["storage", "v1", "b"])
            .query("project", project)
            .query("maxResults", &PAGE_SIZE);
        self.pages::<Buckets>(call).await
    }

    /// Reads a bucket.
    pub async fn get_bucket(&self, name: &BucketName) -> Result<Bucket, Error> {
        let name = name.to_string();
        self.call(Call::get(["storage", "v1", "b", &name])).await
    }

    /// Sets labels, and removes those whose value is none.
    pub async fn update_bucket_labels(
        &self,
        name: &BucketName,
        labels: BTreeMap<String, Option<String>>,
    ) -> Result<Bucket, Error> {
        let patch = Bucket {
            labels: Some(labels),
            ..Bucket::default()
        };
        let name = name.to_string();
        let call = Call::new(Method::PATCH, ["storage", "v1", "b", &name]);
        self.call(call.json(&patch)).await
    }

    /// Deletes an empty bucket.
    pub async fn delete_bucket(&self, name: &BucketName) -> Result<(), Error> {
        let name = name.to_string();
        let call = Call::new(Method::DELETE, ["storage", "v1", "b", &name]);
        self.order(call).await
    }
}
