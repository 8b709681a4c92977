//! Cloud KMS.

use super::*;

const RINGS: &str = "/v1/projects/default/locations/us-central1/keyRings";

fn refused(code: u16, status: &str) -> Value {
    json!({"error": {"code": code, "message": "…", "status": status}})
}

/// A registry with a key ring `ring` and a key `key` in it.
async fn with_key() -> Server {
    let server = Server::start().await;
    server
        .expect_all([
            (&format!("POST {RINGS}?keyRingId=ring"), json!({}), 200, json!({"name": "projects/default/locations/us-central1/keyRings/ring", "createTime": "…"})),
            (&format!("POST {RINGS}/ring/cryptoKeys?cryptoKeyId=key"), json!({"purpose": "ENCRYPT_DECRYPT"}), 200, json!({"primary": {"state": "ENABLED"}})),
        ])
        .await;
    server
}

#[tokio::test]
async fn rings_keys_and_versions_are_made_and_changed() {
    let server = with_key().await;
    let keys = format!("{RINGS}/ring/cryptoKeys");
    let key = format!("{keys}/key");
    let rotation = json!({"rotationPeriod": "7776000s", "nextRotationTime": "2999-01-01T00:00:00Z", "labels": {"a": "b"}});
    let shown = json!({
        "name": &key[4..],
        "primary": {
            "name": format!("{}/cryptoKeyVersions/1", &key[4..]), "state": "ENABLED", "protectionLevel": "SOFTWARE",
            "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "createTime": "…", "generateTime": "…",
        },
        "purpose": "ENCRYPT_DECRYPT", "createTime": "…", "destroyScheduledDuration": "2592000s",
        "versionTemplate": {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
    });
    server
        .expect_all([
            (&format!("POST {RINGS}?keyRingId=ring"), json!({}), 409, refused(409, "ALREADY_EXISTS")),
            (&format!("POST {RINGS}?keyRingId=a.b"), json!({}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {RINGS}"), json!({}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("GET {RINGS}"), Value::Null, 200, json!({"keyRings": [{"name": "…"}]})),
            (&format!("GET {RINGS}/none"), Value::Null, 404, refused(404, "NOT_FOUND")),
            (&format!("GET {key}"), Value::Null, 200, shown),
            (&format!("POST {keys}?cryptoKeyId=key"), json!({"purpose": 1}), 409, refused(409, "ALREADY_EXISTS")),
            (&format!("POST {keys}?cryptoKeyId=other"), json!({}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {keys}?cryptoKeyId=other"), json!({"purpose": "MAC"}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {keys}?cryptoKeyId=other"), json!({"purpose": "ENCRYPT_DECRYPT", "versionTemplate": {"protectionLevel": "HSM"}}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {keys}?cryptoKeyId=other"), json!({"purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "3600s"}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {keys}?cryptoKeyId=other&skipInitialVersionCreation=True"), json!({"purpose": "ENCRYPT_DECRYPT"}), 200, json!({"primary": null})),
            (&format!("POST {keys}/other:encrypt"), json!({"plaintext": ""}), 400, refused(400, "FAILED_PRECONDITION")),
            (&format!("GET {keys}?pageSize=1"), Value::Null, 200, json!({"cryptoKeys": [{"name": "…"}], "nextPageToken": "…"})),
            (&format!("PATCH {key}?updateMask=rotationPeriod%2CnextRotationTime"), rotation.clone(), 200, json!({"rotationPeriod": "7776000s", "nextRotationTime": "2999-01-01T00:00:00Z", "labels": null})),
            (&format!("PATCH {key}?updateMask=labels"), rotation.clone(), 200, json!({"labels": {"a": "b"}})),
            (&format!("PATCH {key}?updateMask=rotationPeriod%2CnextRotationTime"), json!({}), 200, json!({"rotationPeriod": null, "nextRotationTime": null})),
            (&format!("PATCH {key}"), rotation.clone(), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("PATCH {key}?updateMask=purpose"), rotation, 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {key}/cryptoKeyVersions"), json!({}), 200, json!({"state": "ENABLED"})),
            (&format!("POST {key}:updatePrimaryVersion"), json!({"cryptoKeyVersionId": "2"}), 200, json!({"primary": {"state": "ENABLED"}})),
            (&format!("POST {key}:updatePrimaryVersion"), json!({"cryptoKeyVersionId": "3"}), 404, refused(404, "NOT_FOUND")),
            (&format!("PATCH {key}/cryptoKeyVersions/1?updateMask=state"), json!({"state": 2}), 200, json!({"state": "DISABLED"})),
            (&format!("POST {key}:updatePrimaryVersion"), json!({"cryptoKeyVersionId": "1"}), 400, refused(400, "FAILED_PRECONDITION")),
            (&format!("PATCH {key}/cryptoKeyVersions/1?updateMask=state"), json!({"state": "DESTROYED"}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {key}/cryptoKeyVersions/1:destroy"), json!({}), 200, json!({"state": "DESTROY_SCHEDULED", "destroyTime": "…"})),
            (&format!("POST {key}/cryptoKeyVersions/1:destroy"), json!({}), 400, refused(400, "FAILED_PRECONDITION")),
            (&format!("POST {key}/cryptoKeyVersions/1:restore"), json!({}), 200, json!({"state": "DISABLED", "destroyTime": null})),
            (&format!("GET {key}/cryptoKeyVersions/01"), Value::Null, 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {RINGS}/ring/importJobs"), json!({}), 405, refused(405, "UNIMPLEMENTED")),
        ])
        .await;
}

#[tokio::test]
async fn what_is_encrypted_decrypts_and_checksums_are_compared() {
    let server = with_key().await;
    let key = format!("{RINGS}/ring/cryptoKeys/key");
    let request = json!({"plaintext": "cGxhaW4", "additionalAuthenticatedData": "YWFk"});
    let reply = server
        .send(&server.owner, &format!("POST {key}:encrypt"), &request)
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["verifiedPlaintextCrc32c"], Value::Null);
    let ciphertext = reply.body["ciphertext"].clone();
    let crc = reply.body["ciphertextCrc32c"].clone();
    let whole = json!({"ciphertext": ciphertext, "ciphertextCrc32c": crc, "additionalAuthenticatedData": "YWFk"});
    let altered = json!({"ciphertext": ciphertext, "ciphertextCrc32c": "7", "additionalAuthenticatedData": "YWFk"});
    let other = json!({"ciphertext": ciphertext});
    server
        .expect_all([
            (&format!("POST {key}:decrypt"), whole, 200, json!({"plaintext": "cGxhaW4=", "usedPrimary": true, "plaintextCrc32c": "…"})),
            (&format!("POST {key}:decrypt"), altered, 400, json!({"error": {"message": "ciphertext_crc32c: The checksum in field ciphertext_crc32c did not match the data in field ciphertext."}})),
            (&format!("POST {key}:decrypt"), other, 400, json!({"error": {"message": "Decryption failed: verify that 'name' refers to the correct CryptoKey."}})),
            (&format!("POST {key}:encrypt"), json!({"plaintext": "", "plaintextCrc32c": "0", "additionalAuthenticatedDataCrc32c": 0}), 200, json!({"verifiedPlaintextCrc32c": true, "verifiedAdditionalAuthenticatedDataCrc32c": true})),
            (&format!("POST {key}:encrypt"), json!({"plaintext": "AA==", "plaintextCrc32c": "0"}), 400, refused(400, "INVALID_ARGUMENT")),
            (&format!("POST {key}/cryptoKeyVersions/1:macSign"), json!({"data": ""}), 400, refused(400, "FAILED_PRECONDITION")),
            (&format!("GET {key}/cryptoKeyVersions/1/publicKey"), Value::Null, 400, refused(400, "FAILED_PRECONDITION")),
        ])
        .await;
}

#[tokio::test]
async fn who_is_bound_on_a_key_uses_that_key_alone() {
    let server = with_key().await;
    let cluster = server.account("default", "cluster").await;
    let keys = format!("{RINGS}/ring/cryptoKeys");
    server
        .expect_all([(
            &format!("POST {keys}?cryptoKeyId=other"),
            json!({"purpose": "ENCRYPT_DECRYPT"}),
            200,
            json!({}),
        )])
        .await;
    let encrypt = |key: &str| format!("POST {keys}/{key}:encrypt");
    let plaintext = json!({"plaintext": "AA=="});
    let denied = refused(403, "PERMISSION_DENIED");
    server
        .expect(
            &cluster,
            &encrypt("key"),
            plaintext.clone(),
            403,
            denied.clone(),
        )
        .await;
    let policy = json!({"policy": {"bindings": [{
        "role": "roles/cloudkms.cryptoKeyEncrypter",
        "members": ["serviceAccount:cluster@default.iam.gserviceaccount.com"],
    }]}});
    let everybody = json!({"policy": {"bindings": [{"role": "roles/cloudkms.viewer", "members": ["allUsers"]}]}});
    server
        .expect_all([
            (
                &format!("GET {keys}/key:getIamPolicy?options.requestedPolicyVersion=3"),
                Value::Null,
                200,
                json!({"etag": "…"}),
            ),
            (
                &format!("POST {keys}/key:setIamPolicy"),
                policy,
                200,
                json!({"bindings": [{"role": "roles/cloudkms.cryptoKeyEncrypter"}]}),
            ),
            (
                &format!("POST {RINGS}/ring:setIamPolicy"),
                everybody,
                400,
                refused(400, "INVALID_ARGUMENT"),
            ),
        ])
        .await;
    server
        .expect(&cluster, &encrypt("key"), plaintext.clone(), 200, json!({}))
        .await;
    server
        .expect(
            &cluster,
            &encrypt("other"),
            plaintext.clone(),
            403,
            denied.clone(),
        )
        .await;
    let decrypt = format!("POST {keys}/key:decrypt");
    server
        .expect(
            &cluster,
            &decrypt,
            json!({"ciphertext": "AA=="}),
            403,
            denied,
        )
        .await;
    let nobody = refused(401, "UNAUTHENTICATED");
    server
        .expect(NOBODY, &encrypt("key"), plaintext, 401, nobody)
        .await;
}
