//! Workload identity pools, their providers, and the exchange of tokens.

use super::*;

const POOLS: &str = "/v1/projects/default/locations/global/workloadIdentityPools";

fn operation(of: &str, response: &Value) -> Value {
    json!({"name": "…", "done": true, "response": {"@type": format!("type.googleapis.com/google.iam.v1.{of}"), "name": "…", "state": response}})
}

fn provider() -> Value {
    json!({
        "displayName": "Forge",
        "attributeMapping": {"google.subject": "assertion.sub"},
        "oidc": {"issuerUri": "https://ci.example.com"},
    })
}

#[tokio::test]
async fn pools_are_made_changed_deleted_and_restored() {
    let server = Server::start().await;
    let pool = operation("WorkloadIdentityPool", &json!("ACTIVE"));
    let deleted = operation("WorkloadIdentityPool", &json!("DELETED"));
    let invalid = json!({"error": {"status": "INVALID_ARGUMENT"}});
    server
        .expect_all([
            (
                &format!("GET {POOLS}?pageSize=100"),
                Value::Null,
                200,
                json!({"workloadIdentityPools": null}),
            ),
            (
                &format!("POST {POOLS}?workloadIdentityPoolId=builders"),
                json!({"displayName": "Builders", "disabled": false}),
                200,
                pool.clone(),
            ),
            (
                &format!("POST {POOLS}?workloadIdentityPoolId=builders"),
                json!({}),
                409,
                json!({"error": {"status": "ALREADY_EXISTS"}}),
            ),
            (
                &format!("POST {POOLS}?workloadIdentityPoolId=gcp-x"),
                json!({}),
                400,
                invalid.clone(),
            ),
            (&format!("POST {POOLS}"), json!({}), 400, invalid.clone()),
            (
                &format!("POST {POOLS}?workloadIdentityPoolId=other"),
                json!({"mode": 1}),
                400,
                invalid.clone(),
            ),
            (
                "GET /v1/projects/default/locations/us/workloadIdentityPools",
                Value::Null,
                400,
                invalid.clone(),
            ),
            (
                &format!("GET {POOLS}/builders"),
                Value::Null,
                200,
                json!({"displayName": "Builders", "state": "ACTIVE", "disabled": null}),
            ),
            (
                &format!("PATCH {POOLS}/builders?updateMask=disabled"),
                json!({"disabled": true, "description": "not meant"}),
                200,
                pool.clone(),
            ),
            (
                &format!("GET {POOLS}/builders"),
                Value::Null,
                200,
                json!({"disabled": true, "description": null}),
            ),
            (
                &format!("PATCH {POOLS}/builders?updateMask=state"),
                json!({}),
                400,
                invalid,
            ),
            (
                &format!("GET {POOLS}/builders/operations/done"),
                Value::Null,
                200,
                pool.clone(),
            ),
            (
                &format!("GET {POOLS}/builders/operations/never"),
                Value::Null,
                404,
                json!({}),
            ),
            (
                &format!("DELETE {POOLS}/builders"),
                Value::Null,
                200,
                deleted,
            ),
            (
                &format!("GET {POOLS}/builders"),
                Value::Null,
                200,
                json!({"state": "DELETED", "expireTime": "…"}),
            ),
            (
                &format!("GET {POOLS}"),
                Value::Null,
                200,
                json!({"workloadIdentityPools": null}),
            ),
            (
                &format!("GET {POOLS}?showDeleted=True"),
                Value::Null,
                200,
                json!({"workloadIdentityPools": [{"state": "DELETED"}]}),
            ),
            (
                &format!("DELETE {POOLS}/builders"),
                Value::Null,
                400,
                json!({"error": {"status": "FAILED_PRECONDITION"}}),
            ),
            (
                &format!("POST {POOLS}/builders:undelete"),
                json!({}),
                200,
                pool,
            ),
            (
                &format!("GET {POOLS}/strangers"),
                Value::Null,
                404,
                json!({"error": {"status": "NOT_FOUND"}}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn providers_are_made_changed_deleted_and_restored() {
    let server = Server::start().await;
    let providers = format!("{POOLS}/builders/providers");
    let made = operation("WorkloadIdentityPoolProvider", &json!("ACTIVE"));
    let invalid = json!({"error": {"status": "INVALID_ARGUMENT"}});
    let mut wrong = provider();
    wrong["attributeCondition"] = json!("assertion.sub ==");
    server
        .expect_all([
            (&format!("POST {POOLS}?workloadIdentityPoolId=builders"), json!({}), 200, json!({})),
            (&format!("POST {providers}?workloadIdentityPoolProviderId=forge"), wrong, 400, invalid.clone()),
            (&format!("POST {providers}?workloadIdentityPoolProviderId=forge"), provider(), 200, made.clone()),
            (&format!("GET {providers}/forge"), Value::Null, 200, json!({
                "displayName": "Forge", "state": "ACTIVE", "attributeMapping": {"google.subject": "assertion.sub"},
                "oidc": {"issuerUri": "https://ci.example.com", "allowedAudiences": null},
            })),
            (&format!("PATCH {providers}/forge?updateMask=oidc.allowedAudiences"), json!({"oidc": {"issuerUri": "https://not.meant", "allowedAudiences": ["a"]}}), 200, made.clone()),
            (&format!("GET {providers}/forge"), Value::Null, 200, json!({"oidc": {"issuerUri": "https://ci.example.com", "allowedAudiences": ["a"]}})),
            (&format!("PATCH {providers}/forge?updateMask=attribute_condition"), json!({"attributeCondition": "true"}), 200, made.clone()),
            (&format!("GET {providers}/forge"), Value::Null, 200, json!({"attributeCondition": "true"})),
            (&format!("PATCH {providers}/forge?updateMask=attributeCondition"), json!({}), 200, made.clone()),
            (&format!("GET {providers}/forge"), Value::Null, 200, json!({"attributeCondition": null})),
            (&format!("PATCH {providers}/forge"), json!({"oidc": {"jwksJson": "{}"}}), 400, invalid),
            (&format!("GET {providers}/forge/operations/done"), Value::Null, 200, made.clone()),
            (&format!("DELETE {providers}/forge"), Value::Null, 200, json!({"done": true})),
            (&format!("GET {providers}"), Value::Null, 200, json!({"workloadIdentityPoolProviders": null})),
            (&format!("POST {providers}/forge:undelete"), json!({}), 200, made),
            (&format!("GET {providers}"), Value::Null, 200, json!({"workloadIdentityPoolProviders": [{"name": "…"}]})),
        ])
        .await;
}

#[tokio::test]
async fn a_refused_exchange_has_oauths_form_whatever_form_the_request_has() {
    let server = Server::start().await;
    let providers = format!("{POOLS}/builders/providers");
    server
        .expect_all([
            (
                &format!("POST {POOLS}?workloadIdentityPoolId=builders"),
                json!({}),
                200,
                json!({}),
            ),
            (
                &format!("POST {providers}?workloadIdentityPoolProviderId=forge"),
                provider(),
                200,
                json!({}),
            ),
        ])
        .await;
    let shown = server
        .send(
            &server.owner,
            &format!("GET {providers}/forge"),
            &Value::Null,
        )
        .await;
    let audience = format!(
        "//iam.googleapis.com/{}",
        shown.body["name"].as_str().unwrap()
    );
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let form = |audience: &str, token: &str| {
        json!(format!(
            "grant_type={grant}&audience={audience}&subject_token={token}&subject_token_type={jwt}&scope=x"
        ))
    };
    let json_form = |audience: &str| json!({"grantType": grant, "audience": audience, "subjectToken": "x", "subjectTokenType": jwt});
    for (body, error) in [
        (json!(""), "invalid_request"),
        (json!("{"), "invalid_request"),
        (json!("grant_type=password"), "unsupported_grant_type"),
        (json!(format!("grant_type={grant}")), "invalid_request"),
        (form("nonsense", "x"), "invalid_target"),
        (
            form(&audience.replace("forge", "other"), "x"),
            "invalid_target",
        ),
        (form(&audience, "x"), "invalid_grant"),
        (form(&audience, &"x".repeat(20_000)), "invalid_grant"),
        (json!("x".repeat(70_000)), "invalid_request"),
        (json_form("nonsense"), "invalid_target"),
        (json_form(&audience), "invalid_grant"),
    ] {
        // Whatever a client sends as its own name and password changes nothing.
        let reply = server
            .send("Basic Z2Nsb3VkOng=", "POST /v1/token", &body)
            .await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["error"]),
            (400, &json!(error)),
            "{body}"
        );
        assert!(reply.body["error_description"].is_string(), "{body}");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
}
