//! Service accounts.

use super::*;

const ACCOUNTS: &str = "/v1/projects/default/serviceAccounts";
const PULLER: &str = "puller@default.iam.gserviceaccount.com";

#[tokio::test]
async fn service_accounts_are_made_changed_and_deleted() {
    let server = Server::start().await;
    let puller = json!({
        "name": format!("projects/default/serviceAccounts/{PULLER}"),
        "projectId": "default",
        "uniqueId": "…",
        "email": PULLER,
        "displayName": "pulls",
        "etag": "…",
        "oauth2ClientId": "…",
        "disabled": null,
    });
    server
        .expect_all([
            (
                &format!("POST {ACCOUNTS}?alt=json&%24prettyPrint=0"),
                json!({"accountId": "puller", "serviceAccount": {"displayName": "pulls"}}),
                200,
                puller.clone(),
            ),
            (
                &format!("POST {ACCOUNTS}"),
                json!({"accountId": "puller"}),
                409,
                json!({"error": {"code": 409, "status": "ALREADY_EXISTS"}}),
            ),
            (
                &format!("POST {ACCOUNTS}"),
                json!({"accountId": "No"}),
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("GET /v1/projects/-/serviceAccounts/{PULLER}"),
                Value::Null,
                200,
                puller.clone(),
            ),
            (
                "GET /v1/projects/-/serviceAccounts/puller%40default.iam.gserviceaccount.com",
                Value::Null,
                200,
                puller,
            ),
            (
                "GET /v1/projects/-/serviceAccounts/nobody@default.iam.gserviceaccount.com",
                Value::Null,
                404,
                json!({"error": {"code": 404, "status": "NOT_FOUND"}}),
            ),
            (
                "GET /v1/projects/-/serviceAccounts/ann@example.com",
                Value::Null,
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                &format!("GET /v1/projects/another/serviceAccounts/{PULLER}"),
                Value::Null,
                404,
                json!({"error": {"status": "NOT_FOUND"}}),
            ),
            (
                &format!("PATCH {ACCOUNTS}/{PULLER}"),
                json!({"serviceAccount": {"displayName": "p", "description": "d"}, "updateMask": "description"}),
                200,
                json!({"displayName": "pulls", "description": "d"}),
            ),
            (
                &format!("PATCH {ACCOUNTS}/{PULLER}"),
                json!({"serviceAccount": {}, "updateMask": "email"}),
                400,
                json!({"error": {"details": [{"fieldViolations": [{"field": "updateMask"}]}]}}),
            ),
            (
                &format!("PUT {ACCOUNTS}/{PULLER}"),
                json!({"displayName": "q"}),
                200,
                json!({"displayName": "q", "description": "d"}),
            ),
            (
                &format!("POST {ACCOUNTS}/{PULLER}:disable"),
                json!({}),
                200,
                json!({}),
            ),
            (
                &format!("GET {ACCOUNTS}/{PULLER}"),
                Value::Null,
                200,
                json!({"disabled": true}),
            ),
            (
                &format!("POST {ACCOUNTS}/{PULLER}:enable"),
                Value::Null,
                200,
                json!({}),
            ),
            (
                &format!("DELETE {ACCOUNTS}/{PULLER}"),
                Value::Null,
                200,
                json!({}),
            ),
            (
                &format!("GET {ACCOUNTS}/{PULLER}"),
                Value::Null,
                404,
                json!({"error": {"status": "NOT_FOUND"}}),
            ),
            (
                &format!("POST {ACCOUNTS}/100000000000000000001:undelete"),
                json!({}),
                405,
                json!({"error": {"code": 405, "status": "UNIMPLEMENTED"}}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn an_account_is_found_by_its_unique_id_and_its_projects_number() {
    let server = Server::start().await;
    let owner = &server.owner;
    server.account("default", "puller").await;
    let account = server
        .expect(
            owner,
            &format!("GET {ACCOUNTS}/{PULLER}"),
            Value::Null,
            200,
            json!({}),
        )
        .await;
    let project = server
        .expect(
            owner,
            "GET /v1/projects/default",
            Value::Null,
            200,
            json!({}),
        )
        .await;
    let (id, number) = (&account["uniqueId"], &project["projectNumber"]);
    for path in [
        format!("projects/-/serviceAccounts/{}", id.as_str().unwrap()),
        format!(
            "projects/{}/serviceAccounts/{PULLER}",
            number.as_str().unwrap()
        ),
    ] {
        server
            .expect(
                owner,
                &format!("GET /v1/{path}"),
                Value::Null,
                200,
                account.clone(),
            )
            .await;
    }
    server
        .expect(
            owner,
            "GET /v1/projects/-/serviceAccounts/100000000000000000001",
            Value::Null,
            404,
            json!({"error": {"status": "NOT_FOUND"}}),
        )
        .await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = Server::start().await;
    for id in ["account-1", "account-2", "account-3"] {
        let body = json!({"accountId": id});
        server
            .expect(
                &server.owner,
                &format!("POST {ACCOUNTS}"),
                body,
                200,
                json!({}),
            )
            .await;
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request = format!("GET {ACCOUNTS}?pageSize=2&pageToken={token}");
        let page = server
            .expect(&server.owner, &request, Value::Null, 200, json!({}))
            .await;
        let accounts = page["accounts"].as_array().unwrap();
        assert!(accounts.len() <= 2);
        seen.extend(accounts.iter().map(|one| one["email"].clone()));
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    let expected = ["account-1", "account-2", "account-3", "owner"];
    assert_eq!(seen, expected.map(|id| json!(email("default", id))));
    for query in ["pageSize=x", "pageSize=-1", "pageToken=!"] {
        let request = format!("GET {ACCOUNTS}?{query}");
        server
            .expect(
                &server.owner,
                &request,
                Value::Null,
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            )
            .await;
    }
}
