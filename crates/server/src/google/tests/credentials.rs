//! Acting as a service account without its key.

use super::*;

const ROBOT: &str = "robot-1@default.iam.gserviceaccount.com";
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

#[tokio::test]
async fn an_access_token_is_got_as_googles_clients_ask_for_it() {
    let server = Server::start().await;
    let owner = &server.owner;
    server.account("default", "robot-1").await;
    let robot = format!("/v1/projects/-/serviceAccounts/{ROBOT}");
    let answer = server
        .expect(
            owner,
            &format!("POST {robot}:generateAccessToken"),
            json!({"delegates": null, "scope": [CLOUD_PLATFORM], "lifetime": "600s"}),
            200,
            json!({"accessToken": "…", "expireTime": "…"}),
        )
        .await;
    let end = answer["expireTime"].as_str().unwrap();
    assert_eq!(end.len(), "2026-01-01T00:00:00Z".len(), "{end}");
    let login = format!("Bearer {}", answer["accessToken"].as_str().unwrap());
    server
        .expect(
            &login,
            "GET /openidconnect/v1/userinfo",
            Value::Null,
            200,
            json!({"sub": "…", "email": ROBOT, "email_verified": true}),
        )
        .await;
    server
        .expect_all([
            (
                &format!("POST {robot}:generateIdToken"),
                json!({"audience": "you", "delegates": null, "includeEmail": true}),
                200,
                json!({"token": "…"}),
            ),
            (
                &format!("POST {robot}:signBlob"),
                json!({"payload": "YmxvYg==", "delegates": []}),
                200,
                json!({"keyId": "…", "signedBlob": "…"}),
            ),
            (
                &format!("POST {robot}:signJwt"),
                json!({"payload": "{\"sub\":\"x\"}"}),
                200,
                json!({"keyId": "…", "signedJwt": "…"}),
            ),
            (
                &format!("GET {robot}/allowedLocations"),
                Value::Null,
                200,
                json!({"locations": [], "encodedLocations": "0x0"}),
            ),
            (
                &format!("GET {robot}/keys?keyTypes=SYSTEM_MANAGED"),
                Value::Null,
                200,
                json!({"keys": [{"keyType": "SYSTEM_MANAGED", "keyOrigin": "GOOGLE_PROVIDED", "keyAlgorithm": "KEY_ALG_RSA_2048"}]}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn what_is_no_request_for_a_token_is_told_so() {
    let server = Server::start().await;
    server.account("default", "robot-1").await;
    let robot = format!("/v1/projects/-/serviceAccounts/{ROBOT}");
    for (verb, body) in [
        ("generateAccessToken", json!({})),
        ("generateAccessToken", json!({"scope": "x"})),
        (
            "generateAccessToken",
            json!({"scope": ["x"], "lifetime": "3601s"}),
        ),
        ("generateAccessToken", json!({"scope": ["x"], "colour": 1})),
        (
            "generateAccessToken",
            json!({"scope": ["x"], "delegates": ["robot-1"]}),
        ),
        ("generateIdToken", json!({})),
        ("signBlob", json!({"payload": "*"})),
        ("signJwt", json!({"payload": "x"})),
        ("signJwt", json!({"payload": "{\"exp\":1}"})),
    ] {
        server
            .expect(
                &server.owner,
                &format!("POST {robot}:{verb}"),
                body,
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            )
            .await;
    }
    let scope = json!({"scope": [CLOUD_PLATFORM]});
    for (login, status, word) in [
        (NOBODY, 401, "UNAUTHENTICATED"),
        (
            &server.account("default", "nobody-1").await,
            403,
            "PERMISSION_DENIED",
        ),
    ] {
        server
            .expect(
                login,
                &format!("POST {robot}:generateAccessToken"),
                scope.clone(),
                status,
                json!({"error": {"status": word}}),
            )
            .await;
    }
    let gone = "POST /v1/projects/-/serviceAccounts/robot-2@default.iam.gserviceaccount.com:generateAccessToken";
    server
        .expect(
            &server.owner,
            gone,
            scope,
            404,
            json!({"error": {"status": "NOT_FOUND"}}),
        )
        .await;
}
