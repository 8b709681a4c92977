//! Partial responses.

use super::*;

#[tokio::test]
async fn an_answer_has_the_fields_that_were_asked_for() {
    let server = Server::start().await;
    let owner = &server.owner;
    let exactly = async |request: &str, expected: Value| {
        let reply = server.send(owner, request, &Value::Null).await;
        assert_eq!(reply.status, 200, "{request}: {}", reply.body);
        assert_eq!(reply.body, expected, "{request}");
    };
    exactly(
        "GET /v1/projects/default?fields=projectId",
        json!({"projectId": "default"}),
    )
    .await;
    exactly(
        "GET /v1/projects?$fields=projects(projectId,parent/id)",
        json!({"projects": [{"projectId": "default", "parent": {"id": "0"}}]}),
    )
    .await;
    exactly(
        "GET /v1/projects/default?fields=projectId,colour",
        json!({"projectId": "default"}),
    )
    .await;
    exactly(
        "GET /v1/roles/viewer?fields=name&prettyPrint=true&$alt=json;enum-encoding=int&%24.xgafv=2",
        json!({"name": "roles/viewer"}),
    )
    .await;
}

#[tokio::test]
async fn what_is_no_list_of_fields_is_refused_before_anything_is_done() {
    let server = Server::start().await;
    let body = json!({"projectId": "my-project"});
    let refused = json!({"error": {"status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"field": "fields", "description": "…"}]}]}});
    let (owner, get) = (&server.owner, "GET /v1/projects/my-project");
    server
        .expect(owner, "POST /v1/projects?fields=a(", body, 400, refused)
        .await;
    let reply = server.send(owner, get, &Value::Null).await;
    assert_ne!(reply.status, 200, "{}", reply.body);
}
