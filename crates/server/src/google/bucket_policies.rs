//! Policies of buckets (Cloud Storage JSON API v1, `buckets.getIamPolicy` and its kin).

use wharf_types::Resource;
use wharf_types::wire::storage::{StoragePolicy, TestPermissionsResponse};

use super::buckets;
use super::call::{Answer, Call};
use super::policies::{check_version, for_version, held, requested_version};

/// `GET b/B/iam`
pub(super) async fn get(call: &Call, bucket: &str) -> Answer {
    let version = requested_version(call.query.number("optionsRequestedPolicyVersion")?)?;
    let name = buckets::name(bucket)?;
    let resource = Resource::Bucket(name.clone());
    let policy = call.app.get_policy(&call.caller, &resource).await?;
    call.answer(&StoragePolicy::new(&name, for_version(policy, version)))
}

/// `PUT b/B/iam`
pub(super) async fn set(call: &Call, bucket: &str) -> Answer {
    let request: StoragePolicy = call.body()?;
    let name = buckets::name(bucket)?;
    let policy = request.into_policy();
    check_version(&policy)?;
    let resource = Resource::Bucket(name.clone());
    let policy = call.app.set_policy(&call.caller, &resource, policy).await?;
    call.answer(&StoragePolicy::new(&name, policy))
}

/// `GET b/B/iam/testPermissions`
pub(super) async fn test(call: &Call, bucket: &str) -> Answer {
    let resource = Resource::Bucket(buckets::name(bucket)?);
    let permissions = held(call, &resource, call.query.all("permissions")).await?;
    call.answer(&TestPermissionsResponse {
        kind: "storage#testIamPermissionsResponse".to_owned(),
        permissions,
    })
}
