//! Public keys, and what a token is.

use super::*;

const ROBOT: &str = "robot-1@default.iam.gserviceaccount.com";

/// An access token of the account.
async fn access_token(server: &Server) -> String {
    server.account("default", "robot-1").await;
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    let request = format!("POST /v1/projects/-/serviceAccounts/{ROBOT}:generateAccessToken");
    let body = json!({ "scope": [scope] });
    let reply = server.send(&server.owner, &request, &body).await;
    reply.body["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn keys_are_published_to_everybody() {
    let server = Server::start().await;
    server.account("default", "robot-1").await;
    let nobody = async |path: &str| {
        let reply = server
            .send(NOBODY, &format!("GET {path}"), &Value::Null)
            .await;
        assert_eq!(reply.status, 200, "{path}");
        let kept = reply.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert!(kept.starts_with("public, max-age="), "{path}: {kept}");
        reply.body
    };
    for (certificates, jwks) in [
        ("/oauth2/v1/certs", "/oauth2/v3/certs"),
        (
            &format!("/robot/v1/metadata/x509/{}", ROBOT.replace('@', "%40")),
            &format!("/service_accounts/v1/jwk/{ROBOT}"),
        ),
        (
            &format!("/service_accounts/v1/metadata/x509/{ROBOT}"),
            &format!("/service_accounts/v1/jwk/{ROBOT}"),
        ),
    ] {
        let certificates = nobody(certificates).await;
        let certificates = certificates.as_object().unwrap();
        let (id, certificate) = certificates.iter().next().unwrap();
        let pem = certificate.as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
        let jwks = nobody(jwks).await;
        assert_eq!(jwks["keys"][0]["kid"], id.as_str());
        assert_eq!(jwks["keys"][0]["e"], "AQAB");
    }
    let discovery = nobody("/.well-known/openid-configuration").await;
    assert_eq!(discovery["issuer"], "http://registry.example.com");
    assert_eq!(
        discovery["jwks_uri"],
        "http://registry.example.com/oauth2/v3/certs"
    );
    server
        .expect(
            NOBODY,
            "GET /robot/v1/metadata/x509/robot-2@default.iam.gserviceaccount.com",
            Value::Null,
            404,
            json!({"error": {"status": "NOT_FOUND"}}),
        )
        .await;
}

#[tokio::test]
async fn a_token_tells_who_it_is() {
    let server = Server::start().await;
    let token = access_token(&server).await;
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    let v3 = json!({
        "azp": "…", "aud": "…", "sub": "…", "scope": scope, "exp": "…", "expires_in": "…",
        "email": ROBOT, "email_verified": "true", "access_type": "online",
    });
    let v1 = json!({
        "issued_to": "…", "audience": "…", "user_id": "…", "scope": scope, "email": ROBOT,
        "verified_email": true, "access_type": "online",
    });
    let form = Value::String(format!("access_token={token}"));
    for (request, body, expected) in [
        (
            format!("GET /oauth2/v3/tokeninfo?access_token={token}"),
            &Value::Null,
            &v3,
        ),
        ("POST /oauth2/v3/tokeninfo".to_owned(), &form, &v3),
        (
            format!("GET /oauth2/v1/tokeninfo?access_token={token}"),
            &Value::Null,
            &v1,
        ),
        ("POST /oauth2/v1/tokeninfo".to_owned(), &form, &v1),
    ] {
        server
            .expect(NOBODY, &request, body.clone(), 200, expected.clone())
            .await;
    }
    for (request, error) in [
        (
            "GET /oauth2/v3/tokeninfo?access_token=x",
            json!({"error_description": "Invalid Value"}),
        ),
        (
            "GET /oauth2/v3/tokeninfo",
            json!({"error_description": "Invalid Value"}),
        ),
        (
            "GET /oauth2/v1/tokeninfo?access_token=x",
            json!({"error": "invalid_token"}),
        ),
        (
            &format!("GET /oauth2/v3/tokeninfo?id_token={token}"),
            json!({"error_description": "Invalid Value"}),
        ),
    ] {
        server
            .expect(NOBODY, request, Value::Null, 400, error)
            .await;
    }
    server
        .expect(
            NOBODY,
            "GET /oauth2/v1/userinfo",
            Value::Null,
            401,
            json!({"error": {"status": "UNAUTHENTICATED"}}),
        )
        .await;
    server
        .expect(
            &format!("Bearer {token}"),
            "GET /oauth2/v2/userinfo",
            Value::Null,
            200,
            json!({"id": "…", "email": ROBOT, "verified_email": true}),
        )
        .await;
}
