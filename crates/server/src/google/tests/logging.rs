//! The audit log.

use super::*;

const LIST: &str = "POST /v2/entries:list";

#[tokio::test]
async fn the_audit_log_is_read_as_cloud_logging_is() {
    let server = Server::start().await;
    let puller = server.account("default", "puller-1").await;
    let (request, body) = ("GET /v1/projects/default", Value::Null);
    server.expect(&puller, request, body, 403, json!({})).await;
    let body = json!({
        "resourceNames": ["projects/default"],
        "filter": "timestamp>=\"2026-01-01T00:00:00Z\" AND (protoPayload.authorizationInfo.granted=false)",
        "orderBy": "timestamp desc",
        "pageSize": 20,
    });
    let expected = json!({"entries": [{
        "logName": "projects/default/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "project", "labels": {"project_id": "default"}},
        "severity": "ERROR",
        "timestamp": "…",
        "insertId": "…",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "cloudresourcemanager.googleapis.com",
            "methodName": "resourcemanager.projects.get",
            "resourceName": "projects/default",
            "authenticationInfo": {
                "principalEmail": email("default", "puller-1"),
                "principalSubject": "…",
                "serviceAccountKeyName": "…",
            },
            "authorizationInfo": [{"permission": "resourcemanager.projects.get", "granted": false}],
            "requestMetadata": {"callerIp": "127.0.0.1"},
            "status": {"code": 7, "message": "…"},
            "metadata": {"event": "decision", "keyId": "…", "requestId": "…"},
        },
    }]});
    server
        .expect(&server.owner, LIST, body.clone(), 200, expected)
        .await;
    let denied = json!({"error": {"status": "PERMISSION_DENIED"}});
    server
        .expect(&puller, LIST, body.clone(), 403, denied)
        .await;
    let denied = json!({"error": {"status": "UNAUTHENTICATED"}});
    server.expect("Bearer x", LIST, body, 401, denied).await;
}

#[tokio::test]
async fn pages_of_the_audit_log_follow_one_another() {
    let server = Server::start().await;
    server.account("default", "puller-1").await;
    let all = json!({"projectIds": ["default"], "orderBy": "timestamp asc"});
    let all = server
        .expect(&server.owner, LIST, all, 200, json!({}))
        .await;
    let all = all["entries"].as_array().unwrap();
    assert!(all.len() > 2);
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    while seen.len() < all.len() {
        let body =
            json!({"resourceNames": ["projects/default"], "pageSize": 2, "pageToken": token});
        let page = server
            .expect(&server.owner, LIST, body, 200, json!({}))
            .await;
        seen.extend(page["entries"].as_array().unwrap().iter().cloned());
        token = page["nextPageToken"].clone();
    }
    assert_eq!(seen[..all.len()], all[..]);
}

#[tokio::test]
async fn what_is_not_understood_is_refused_by_its_place() {
    let server = Server::start().await;
    for (body, message) in [
        (json!({}), "resourceNames: "),
        (json!({"resourceNames": ["folders/7"]}), "resourceNames: "),
        (
            json!({"resourceNames": ["organizations/1"]}),
            "resourceNames: ",
        ),
        (
            json!({"resourceNames": ["projects/default"], "orderBy": "severity"}),
            "orderBy: ",
        ),
        (
            json!({"resourceNames": ["projects/default"], "pageToken": "x"}),
            "pageToken: ",
        ),
        (
            json!({"resourceNames": ["projects/default"], "filter": "severity=ERROR colour=red"}),
            "filter: at character 16: ",
        ),
    ] {
        let reply = server.send(&server.owner, LIST, &body).await;
        assert_eq!(reply.status, 400, "{body}");
        let said = reply.body["error"]["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{body}: {said}");
    }
    // Only this path below /v2 is Google's, and only by this method.
    let reply = server
        .send(&server.owner, "GET /v2/entries:list", &Value::Null)
        .await;
    assert_eq!(
        (
            reply.status.as_u16(),
            reply.headers["allow"].to_str().unwrap()
        ),
        (405, "POST")
    );
    let reply = server
        .send(&server.owner, "GET /v2/entries/tags/list", &Value::Null)
        .await;
    assert_eq!(reply.body["name"], "entries");
}
