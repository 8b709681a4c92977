//! Buckets and their policies.

use super::*;

const BUCKET: &str = "/storage/v1/b/us.artifacts.default.appspot.com";

pub(super) fn refused(code: u16, reason: &str) -> Value {
    json!({"error": {"code": code, "message": "…", "status": null, "errors": [
        {"message": "…", "domain": "global", "reason": reason},
    ]}})
}

#[tokio::test]
async fn buckets_are_made_changed_and_deleted() {
    let server = Server::start().await;
    let bucket = json!({
        "kind": "storage#bucket",
        "id": "us.artifacts.default.appspot.com",
        "name": "us.artifacts.default.appspot.com",
        "selfLink": format!("http://registry.example.com{BUCKET}"),
        "projectNumber": "…",
        "metageneration": "1",
        "location": "US",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "etag": "…",
        "timeCreated": "…",
        "updated": "…",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": true, "lockedTime": "…"},
            "bucketPolicyOnly": {"enabled": true, "lockedTime": "…"},
            "publicAccessPrevention": "inherited",
        },
    });
    let insert = "POST /storage/v1/b?project=default&projection=noAcl&enableObjectRetention=False";
    let name = |name: &str| json!({"location": "us", "name": name});
    let off = json!({"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": false}}});
    server
        .expect_all([
            (insert, name("us.artifacts.default.appspot.com"), 200, bucket.clone()),
            (insert, name("us.artifacts.default.appspot.com"), 409, refused(409, "conflict")),
            (insert, name("my-bucket"), 400, refused(400, "invalid")),
            (insert, name("eu.artifacts.default.appspot.com"), 400, refused(400, "invalid")),
            (insert, json!({"name": "artifacts.another.appspot.com"}), 400, refused(400, "invalid")),
            ("POST /storage/v1/b", name("us.artifacts.default.appspot.com"), 400, refused(400, "invalid")),
            (insert, json!({"name": "artifacts.default.appspot.com", "labels": {"a": "b"}, "lifecycle": {}}), 200, json!({"labels": {"a": "b"}, "location": "US"})),
            (&format!("GET {BUCKET}?projection=full"), Value::Null, 200, bucket),
            ("GET /storage/v1/b/my-bucket", Value::Null, 404, refused(404, "notFound")),
            ("GET /storage/v1/b/eu.artifacts.default.appspot.com", Value::Null, 404, refused(404, "notFound")),
            ("GET /storage/v1/b?project=default&maxResults=1", Value::Null, 200, json!({"kind": "storage#buckets", "items": [{"name": "artifacts.default.appspot.com"}], "nextPageToken": "…"})),
            ("GET /storage/v1/b?project=default&prefix=us.", Value::Null, 200, json!({"items": [{"name": "us.artifacts.default.appspot.com"}], "nextPageToken": null})),
            ("GET /storage/v1/b", Value::Null, 400, refused(400, "invalid")),
            (&format!("PATCH {BUCKET}"), json!({"labels": {"a": "1", "b": "2"}}), 200, json!({"labels": {"a": "1", "b": "2"}, "metageneration": "2"})),
            (&format!("PATCH {BUCKET}"), json!({"labels": {"a": null}}), 200, json!({"labels": {"a": null, "b": "2"}})),
            (&format!("PATCH {BUCKET}?ifMetagenerationMatch=1"), json!({"labels": {"a": "2"}}), 412, refused(412, "conditionNotMet")),
            (&format!("PUT {BUCKET}"), json!({"labels": {"c": "3"}}), 200, json!({"labels": {"b": null, "c": "3"}})),
            (&format!("PATCH {BUCKET}"), off, 400, refused(400, "invalid")),
            (&format!("PATCH {BUCKET}"), json!({"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}, "name": "x"}), 200, json!({})),
            (&format!("PATCH {BUCKET}"), json!({"iamConfiguration": {"publicAccessPrevention": "enforced"}}), 400, refused(400, "invalid")),
            (&format!("DELETE {BUCKET}"), Value::Null, 204, Value::Null),
            (&format!("GET {BUCKET}"), Value::Null, 404, refused(404, "notFound")),
            ("GET /storage/v1/projects/default/serviceAccount", Value::Null, 200, json!({"email_address": "…"})),
            ("GET /storage/v1/b/artifacts.default.appspot.com/o", Value::Null, 200, json!({"kind": "storage#objects", "items": null})),
            ("POST /upload/storage/v1/b/artifacts.default.appspot.com/o?uploadType=multipart", json!("x"), 405, refused(405, "notImplemented")),
            ("GET /download/storage/v1/b/artifacts.default.appspot.com/o/a%2Fb?alt=media", Value::Null, 404, refused(404, "notFound")),
            ("GET /storage/v1/b/artifacts.default.appspot.com/acl", Value::Null, 405, refused(405, "notImplemented")),
            ("GET /storage/v1/nothing", Value::Null, 404, refused(404, "notFound")),
        ])
        .await;
}

#[tokio::test]
async fn a_buckets_policy_opens_that_bucket_alone() {
    let server = Server::start().await;
    let puller = server.account("default", "puller").await;
    for name in [
        "us.artifacts.default.appspot.com",
        "artifacts.default.appspot.com",
    ] {
        let insert = "POST /storage/v1/b?project=default";
        server
            .expect(&server.owner, insert, json!({"name": name}), 200, json!({}))
            .await;
    }
    let test = format!(
        "GET {BUCKET}/iam/testPermissions?permissions=storage.objects.get&permissions=storage.buckets.delete"
    );
    server
        .expect(
            &puller,
            &test,
            Value::Null,
            200,
            json!({"kind": "storage#testIamPermissionsResponse", "permissions": null}),
        )
        .await;
    let get = format!(
        "GET {BUCKET}/iam?fields=bindings,etag,kind,resourceId,version&optionsRequestedPolicyVersion=3"
    );
    let mut policy = server
        .expect(
            &server.owner,
            &get,
            Value::Null,
            200,
            json!({"kind": "storage#policy", "resourceId": "projects/_/buckets/us.artifacts.default.appspot.com", "version": 1, "etag": "…"}),
        )
        .await;
    // gsutil's shim needs bindings to be there.
    let bindings = policy["bindings"].as_array_mut().unwrap();
    bindings.push(json!({
        "role": "roles/storage.objectViewer",
        "members": ["serviceAccount:puller@default.iam.gserviceaccount.com"],
    }));
    let put = format!("PUT {BUCKET}/iam");
    server
        .expect(
            &server.owner,
            &put,
            policy.clone(),
            200,
            json!({"bindings": policy["bindings"]}),
        )
        .await;
    server
        .expect(
            &server.owner,
            &put,
            policy,
            412,
            refused(412, "conditionNotMet"),
        )
        .await;
    server
        .expect(
            &puller,
            &test,
            Value::Null,
            200,
            json!({"permissions": ["storage.objects.get"]}),
        )
        .await;
    let other = test.replace("us.artifacts", "artifacts");
    server
        .expect(
            &puller,
            &other,
            Value::Null,
            200,
            json!({"permissions": null}),
        )
        .await;
    server
        .expect(&puller, &get, Value::Null, 403, refused(403, "forbidden"))
        .await;
    server
        .expect(
            &server.owner,
            &put,
            json!({"bindings": [{"role": "x"}]}),
            400,
            refused(400, "invalid"),
        )
        .await;
}
