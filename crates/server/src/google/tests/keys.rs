//! Keys of service accounts.

use super::*;

const PULLER: &str = "puller@default.iam.gserviceaccount.com";

#[tokio::test]
async fn keys_are_made_listed_switched_off_and_deleted() {
    let server = Server::start().await;
    let owner = &server.owner;
    server.account("default", "puller").await;
    let keys = format!("/v1/projects/-/serviceAccounts/{PULLER}/keys");
    let key = server
        .expect(
            owner,
            &format!("POST {keys}"),
            json!({"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "lifetime": "3600s"}),
            200,
            json!({
                "name": "…",
                "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
                "privateKeyData": "…",
                "validAfterTime": "…",
                "validBeforeTime": "…",
                "keyAlgorithm": "KEY_ALG_RSA_2048",
                "keyOrigin": "GOOGLE_PROVIDED",
                "keyType": "USER_MANAGED",
            }),
        )
        .await;
    let name = key["name"].as_str().unwrap();
    let file: Value = serde_json::from_str(&key_file(&key)).unwrap();
    assert_eq!(name.rsplit_once('/').unwrap().1, file["private_key_id"]);
    assert_eq!(file["token_uri"], "http://registry.example.com/token");
    server
        .expect(
            owner,
            &format!("GET {keys}?keyTypes=USER_MANAGED"),
            Value::Null,
            200,
            json!({"keys": [
                {"privateKeyData": null, "privateKeyType": null, "validBeforeTime": "…"},
                {"privateKeyData": null, "privateKeyType": null, "validBeforeTime": "…"},
            ]}),
        )
        .await;
    server
        .expect_all([
            (
                &format!("GET {keys}?keyTypes=SYSTEM_MANAGED"),
                Value::Null,
                200,
                json!({"keys": null}),
            ),
            (
                &format!("GET {keys}?keyTypes=PAPER"),
                Value::Null,
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("GET /v1/{name}"),
                Value::Null,
                200,
                json!({"name": name, "publicKeyData": null}),
            ),
            (
                &format!("GET /v1/{name}?publicKeyType=TYPE_RAW_PUBLIC_KEY"),
                Value::Null,
                200,
                json!({"publicKeyData": "…"}),
            ),
            (
                &format!("GET /v1/{name}?publicKeyType=TYPE_X509_PEM_FILE"),
                Value::Null,
                200,
                json!({"publicKeyData": "…"}),
            ),
            (
                &format!("POST /v1/{name}:disable"),
                json!({}),
                200,
                json!({}),
            ),
            (
                &format!("GET /v1/{name}"),
                Value::Null,
                200,
                json!({"disabled": true}),
            ),
        ])
        .await;
    let login = login(&key_file(&key));
    server
        .expect(
            &login,
            &format!("GET /v1/{name}"),
            Value::Null,
            401,
            json!({"error": {"status": "UNAUTHENTICATED"}}),
        )
        .await;
    server
        .expect_all([
            (
                &format!("POST /v1/{name}:enable"),
                json!({}),
                200,
                json!({}),
            ),
            (&format!("DELETE /v1/{name}"), Value::Null, 200, json!({})),
            (
                &format!("GET /v1/{name}"),
                Value::Null,
                404,
                json!({"error": {"status": "NOT_FOUND"}}),
            ),
            (
                &format!("POST {keys}"),
                json!({"privateKeyType": "TYPE_PKCS12_FILE"}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("POST {keys}"),
                json!({"keyAlgorithm": "KEY_ALG_RSA_1024"}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("POST {keys}"),
                json!({"lifetime": "0s"}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn a_public_key_can_be_brought_along() {
    let server = Server::start().await;
    server.account("default", "puller").await;
    server.account("default", "second").await;
    let keys = |id| {
        format!(
            "/v1/projects/-/serviceAccounts/{}/keys",
            email("default", id)
        )
    };
    let list = server
        .expect(
            &server.owner,
            &format!("GET {}", keys("puller")),
            Value::Null,
            200,
            json!({}),
        )
        .await;
    let request = format!(
        "GET /v1/{}?publicKeyType=TYPE_RAW_PUBLIC_KEY",
        list["keys"][0]["name"].as_str().unwrap()
    );
    let key = server
        .expect(
            &server.owner,
            &request,
            Value::Null,
            200,
            json!({"publicKeyData": "…"}),
        )
        .await;
    server
        .expect_all([
            (
                &format!("POST {}:upload", keys("second")),
                json!({"publicKeyData": key["publicKeyData"]}),
                200,
                json!({"keyOrigin": "USER_PROVIDED", "privateKeyData": null}),
            ),
            (
                &format!("POST {}:upload", keys("second")),
                json!({"publicKeyData": "eA=="}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("POST {}:upload", keys("second")),
                json!({"publicKeyData": "/w=="}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
        ])
        .await;
}
