//! Cloud Storage: buckets, their policies, and objects, which are only read.

use wharf_types::wire::storage;

use super::super::method::{Api, Handler, Method, by, handler, number, switch, text, texts};
use super::super::{bucket_policies, buckets, objects};

/// `storage` v1
pub(super) const V1: Api = Api {
    name: "storage",
    version: "v1",
    title: "Cloud Storage JSON API",
    methods: METHODS,
};

const NO_ACLS: Handler = Handler::NotOffered(
    "there are no ACLs here: policies alone decide, on the project, the bucket or under a condition",
);
const PUSHED: Handler = Handler::NotOffered(
    "objects are the parts of images, which come and go by the registry protocol: docker push, gcloud container images delete",
);
const NO_OBJECT_POLICIES: Handler = Handler::NotOffered(
    "objects have no policies of their own: set the bucket's, with a condition on resource.name",
);
const NEVER_KEPT: Handler =
    Handler::NotOffered("nothing is kept after it was deleted, so nothing can be restored");

#[rustfmt::skip]
const METHODS: &[Method] = &[
    // Buckets.
    Method::get("storage.buckets.list", "storage/v1/b", handler!(|call| buckets::list(call)))
        .query(&[text("project"), text("prefix"), number("maxResults"), text("pageToken"), text("projection")]).answers::<storage::Buckets>(),
    Method::post("storage.buckets.insert", "storage/v1/b", handler!(|call| buckets::insert(call)))
        .query(&[text("project"), text("projection")]).takes::<storage::Bucket>().answers::<storage::Bucket>(),
    Method::get("storage.buckets.get", "storage/v1/b/{bucket}", handler!(|call, b| buckets::get(call, b)))
        .query(&[text("ifMetagenerationMatch"), text("ifMetagenerationNotMatch"), text("projection")]).answers::<storage::Bucket>(),
    Method::patch("storage.buckets.patch", "storage/v1/b/{bucket}", handler!(|call, b| buckets::patch(call, b)))
        .query(&[text("ifMetagenerationMatch"), text("ifMetagenerationNotMatch"), text("projection")]).takes::<storage::Bucket>().answers::<storage::Bucket>(),
    Method::put("storage.buckets.update", "storage/v1/b/{bucket}", handler!(|call, b| buckets::update(call, b)))
        .query(&[text("ifMetagenerationMatch"), text("ifMetagenerationNotMatch"), text("projection")]).takes::<storage::Bucket>().answers::<storage::Bucket>(),
    Method::delete("storage.buckets.delete", "storage/v1/b/{bucket}", handler!(|call, b| buckets::delete(call, b)))
        .query(&[text("ifMetagenerationMatch"), text("ifMetagenerationNotMatch")]),
    Method::get("storage.buckets.getIamPolicy", "storage/v1/b/{bucket}/iam", handler!(|call, b| bucket_policies::get(call, b)))
        .query(&[number("optionsRequestedPolicyVersion")]).answers::<storage::StoragePolicy>(),
    Method::put("storage.buckets.setIamPolicy", "storage/v1/b/{bucket}/iam", handler!(|call, b| bucket_policies::set(call, b)))
        .takes::<storage::StoragePolicy>().answers::<storage::StoragePolicy>(),
    Method::get("storage.buckets.testIamPermissions", "storage/v1/b/{bucket}/iam/testPermissions", handler!(|call, b| bucket_policies::test(call, b)))
        .query(&[texts("permissions")]).answers::<storage::TestPermissionsResponse>(),
    Method::get("storage.projects.serviceAccount.get", "storage/v1/projects/{projectId}/serviceAccount", handler!(|call, p| buckets::service_agent(call, p)))
        .answers::<storage::ServiceAccount>(),

    // ACLs.
    Method::get("storage.bucketAccessControls.list", "storage/v1/b/{bucket}/acl", NO_ACLS),
    Method::post("storage.bucketAccessControls.insert", "storage/v1/b/{bucket}/acl", NO_ACLS),
    Method::get("storage.bucketAccessControls.get", "storage/v1/b/{bucket}/acl/{entity}", NO_ACLS),
    Method::patch("storage.bucketAccessControls.patch", "storage/v1/b/{bucket}/acl/{entity}", NO_ACLS),
    Method::put("storage.bucketAccessControls.update", "storage/v1/b/{bucket}/acl/{entity}", NO_ACLS),
    Method::delete("storage.bucketAccessControls.delete", "storage/v1/b/{bucket}/acl/{entity}", NO_ACLS),
    Method::get("storage.defaultObjectAccessControls.list", "storage/v1/b/{bucket}/defaultObjectAcl", NO_ACLS),
    Method::post("storage.defaultObjectAccessControls.insert", "storage/v1/b/{bucket}/defaultObjectAcl", NO_ACLS),
    Method::get("storage.defaultObjectAccessControls.get", "storage/v1/b/{bucket}/defaultObjectAcl/{entity}", NO_ACLS),
    Method::patch("storage.defaultObjectAccessControls.patch", "storage/v1/b/{bucket}/defaultObjectAcl/{entity}", NO_ACLS),
    Method::put("storage.defaultObjectAccessControls.update", "storage/v1/b/{bucket}/defaultObjectAcl/{entity}", NO_ACLS),
    Method::delete("storage.defaultObjectAccessControls.delete", "storage/v1/b/{bucket}/defaultObjectAcl/{entity}", NO_ACLS),
    Method::get("storage.objectAccessControls.list", "storage/v1/b/{bucket}/o/{object}/acl", NO_ACLS),
    Method::post("storage.objectAccessControls.insert", "storage/v1/b/{bucket}/o/{object}/acl", NO_ACLS),
    Method::get("storage.objectAccessControls.get", "storage/v1/b/{bucket}/o/{object}/acl/{entity}", NO_ACLS),
    Method::patch("storage.objectAccessControls.patch", "storage/v1/b/{bucket}/o/{object}/acl/{entity}", NO_ACLS),
    Method::put("storage.objectAccessControls.update", "storage/v1/b/{bucket}/o/{object}/acl/{entity}", NO_ACLS),
    Method::delete("storage.objectAccessControls.delete", "storage/v1/b/{bucket}/o/{object}/acl/{entity}", NO_ACLS),

    // Objects.
    Method::get("storage.objects.list", "storage/v1/b/{bucket}/o", handler!(|call, b| objects::list(call, b)))
        .query(&[text("prefix"), text("delimiter"), switch("includeTrailingDelimiter"), text("startOffset"), text("endOffset"), number("maxResults"), text("pageToken"), text("projection")]).answers::<storage::Objects>(),
    Method::post("storage.objects.insert", "storage/v1/b/{bucket}/o", PUSHED)
        .also(&[by("POST", "upload/storage/v1/b/{bucket}/o"), by("PUT", "upload/storage/v1/b/{bucket}/o")]),
    Method::get("storage.objects.get", "storage/v1/b/{bucket}/o/{object}", handler!(|call, b, o| objects::get(call, b, o)))
        .query(&[text("generation"), text("ifGenerationMatch"), text("ifGenerationNotMatch"), text("ifMetagenerationMatch"), text("ifMetagenerationNotMatch"), text("projection")]).answers::<storage::Object>()
        .also(&[by("HEAD", "storage/v1/b/{bucket}/o/{object}"), by("GET", "download/storage/v1/b/{bucket}/o/{object}"), by("HEAD", "download/storage/v1/b/{bucket}/o/{object}")]),
    Method::patch("storage.objects.patch", "storage/v1/b/{bucket}/o/{object}", PUSHED),
    Method::put("storage.objects.update", "storage/v1/b/{bucket}/o/{object}", PUSHED),
    Method::delete("storage.objects.delete", "storage/v1/b/{bucket}/o/{object}", PUSHED),
    Method::post("storage.objects.compose", "storage/v1/b/{destinationBucket}/o/{destinationObject}/compose", PUSHED),
    Method::post("storage.objects.copy", "storage/v1/b/{sourceBucket}/o/{sourceObject}/copyTo/b/{destinationBucket}/o/{destinationObject}", PUSHED),
    Method::post("storage.objects.rewrite", "storage/v1/b/{sourceBucket}/o/{sourceObject}/rewriteTo/b/{destinationBucket}/o/{destinationObject}", PUSHED),
    Method::post("storage.objects.move", "storage/v1/b/{bucket}/o/{sourceObject}/moveTo/o/{destinationObject}", PUSHED),
    Method::post("storage.objects.restore", "storage/v1/b/{bucket}/o/{object}/restore", NEVER_KEPT),
    Method::post("storage.objects.bulkRestore", "storage/v1/b/{bucket}/o/bulkRestore", NEVER_KEPT),
    Method::post("storage.objects.watchAll", "storage/v1/b/{bucket}/o/watch", PUSHED),
    Method::get("storage.objects.getIamPolicy", "storage/v1/b/{bucket}/o/{object}/iam", NO_OBJECT_POLICIES),
    Method::put("storage.objects.setIamPolicy", "storage/v1/b/{bucket}/o/{object}/iam", NO_OBJECT_POLICIES),
    Method::get("storage.objects.testIamPermissions", "storage/v1/b/{bucket}/o/{object}/iam/testPermissions", NO_OBJECT_POLICIES),
];
