//! Buckets, their policies and their objects (Cloud Storage JSON API v1).

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::{Int64, int64};
use crate::{Binding, Etag, Policy};

/// A bucket. What is absent in a request is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Bucket {
    /// `storage#bucket`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The same as `name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Where it is read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub self_link: String,
    /// `[LOCATION.]artifacts.PROJECT.appspot.com`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The number of its project.
    #[schemars(with = "Int64")]
    #[serde(with = "int64", skip_serializing_if = "is_zero")]
    pub project_number: u64,
    /// Counts changes.
    #[schemars(with = "Int64")]
    #[serde(with = "int64", skip_serializing_if = "is_zero")]
    pub metageneration: u64,
    /// The location of its host in capitals; `US` for the plain host, as GCR had it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// `multi-region`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location_type: String,
    /// `STANDARD`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage_class: String,
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_created: Option<Timestamp>,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// For people's tools. In a patch, `null` removes a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, Option<String>>>,
    /// How access to what it holds is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_configuration: Option<IamConfiguration>,
}

/// How access to a bucket's objects is decided: here always by policies alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IamConfiguration {
    /// By policies alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uniform_bucket_level_access: Option<Switch>,
    /// The same, under its first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_policy_only: Option<Switch>,
    /// `inherited`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_access_prevention: Option<String>,
}

/// Something that is on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Switch {
    /// Whether it is on.
    pub enabled: bool,
    /// From when on it cannot be turned off any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_time: Option<Timestamp>,
}

/// `GET /storage/v1/b`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Buckets {
    /// `storage#buckets`
    pub kind: String,
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Bucket>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// An object of a bucket. Hashes other than its digest are not known without reading it, so they are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Object {
    /// `storage#object`
    pub kind: String,
    /// `BUCKET/NAME/GENERATION`
    pub id: String,
    /// Where this is read.
    pub self_link: String,
    /// Where its content is read.
    pub media_link: String,
    /// `containers/repositories/library/IMAGE/tag_TAG` and the like.
    pub name: String,
    /// Its bucket.
    pub bucket: String,
    /// Names this state of it.
    #[schemars(with = "Int64")]
    #[serde(with = "int64")]
    pub generation: u64,
    /// Counts changes of the metadata of one state; there are none.
    #[schemars(with = "Int64")]
    #[serde(with = "int64")]
    pub metageneration: u64,
    /// The media type of its content.
    pub content_type: String,
    /// `STANDARD`
    pub storage_class: String,
    /// Bytes of its content.
    #[schemars(with = "Int64")]
    #[serde(with = "int64")]
    pub size: u64,
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// When this state was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_created: Option<Timestamp>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// The digest of its content, under the name of its algorithm.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// `GET /storage/v1/b/B/o`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Objects {
    /// `storage#objects`
    pub kind: String,
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Object>,
    /// What names with the delimiter begin with, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A policy in Cloud Storage's form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "Policy")]
pub struct StoragePolicy {
    /// `storage#policy`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `projects/_/buckets/B`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// 1, or 3 when a condition is present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Which roles are bound to whom.
    pub bindings: Vec<Binding>,
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
}

impl StoragePolicy {
    /// The policy of a bucket, in Cloud Storage's form.
    pub fn new(bucket: &crate::BucketName, policy: Policy) -> Self {
        Self {
            kind: "storage#policy".to_owned(),
            resource_id: format!("projects/_/buckets/{bucket}"),
            version: Some(policy.version),
            bindings: policy.bindings,
            etag: policy.etag,
        }
    }

    /// The policy itself.
    pub fn into_policy(self) -> Policy {
        Policy {
            version: self.version.unwrap_or_default(),
            bindings: self.bindings,
            etag: self.etag,
        }
    }
}

/// `GET /storage/v1/projects/P/serviceAccount`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceAccount {
    /// `storage#serviceAccount`
    pub kind: String,
    /// Its address.
    pub email_address: String,
}

/// `GET /storage/v1/b/B/iam/testPermissions`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "TestIamPermissionsResponse")]
pub struct TestPermissionsResponse {
    /// `storage#testIamPermissionsResponse`
    pub kind: String,
    /// Those of the permissions that the caller has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_bucket_is_googles_json() {
        let golden = json!({
            "kind": "storage#bucket",
            "id": "us.artifacts.my-project.appspot.com",
            "selfLink": "http://127.0.0.1:5000/storage/v1/b/us.artifacts.my-project.appspot.com",
            "name": "us.artifacts.my-project.appspot.com",
            "projectNumber": "123456789012",
            "metageneration": "1",
            "location": "US",
            "locationType": "multi-region",
            "storageClass": "STANDARD",
            "etag": "AAAAAAAAAAE=",
            "timeCreated": "2026-01-01T00:00:00Z",
            "updated": "2026-01-01T00:00:00Z",
            "labels": {"team": "blue"},
            "iamConfiguration": {
                "uniformBucketLevelAccess": {"enabled": true},
                "bucketPolicyOnly": {"enabled": true},
                "publicAccessPrevention": "inherited",
            },
        });
        let bucket: Bucket = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&bucket).unwrap(), golden);
    }

    #[test]
    fn what_clients_send_is_understood() {
        let policy: StoragePolicy =
            serde_json::from_str(r#"{"bindings":[],"etag":"CAE="}"#).unwrap();
        assert_eq!(policy.into_policy().etag, Some(Etag(vec![8, 1])));
        let patch: Bucket = serde_json::from_str(
            r#"{"labels":{"a":null,"b":"c"},"lifecycle":{},"versioning":{"enabled":false}}"#,
        )
        .unwrap();
        assert_eq!(patch.labels.unwrap()["a"], None);
    }

    #[test]
    fn a_policy_always_has_bindings() {
        let bucket = crate::BucketName::parse("artifacts.my-project.appspot.com").unwrap();
        let policy = StoragePolicy::new(&bucket, Policy::default().with_version());
        assert_eq!(
            serde_json::to_value(&policy).unwrap(),
            json!({
                "kind": "storage#policy",
                "resourceId": "projects/_/buckets/artifacts.my-project.appspot.com",
                "version": 1,
                "bindings": [],
            })
        );
    }
}
