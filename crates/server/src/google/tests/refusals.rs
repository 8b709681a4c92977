//! Requests that are refused, each in the body of its API.

use wharf_types::limits;

use super::*;

#[tokio::test]
async fn without_a_credential_or_with_a_wrong_one_it_is_401() {
    let server = Server::start().await;
    let wrong = json!({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "…"}});
    for (request, body) in [
        ("GET /v1/projects/default", Value::Null),
        ("GET /v1/roles", Value::Null),
        ("GET /v1/organizations/0", Value::Null),
        ("POST /v1/projects", json!({"projectId": "my-project"})),
        ("POST /v1/projects/default:getIamPolicy", json!({})),
        ("GET /v1/projects/default/serviceAccounts", Value::Null),
    ] {
        for login in [NOBODY, "Bearer x", "Basic eDp4", "Digest x"] {
            let reply = server.send(login, request, &body).await;
            assert_eq!(reply.status, 401, "{login} {request}: {}", reply.body);
            assert!(
                contains(&reply.body, &wrong),
                "{login} {request}: {}",
                reply.body
            );
            // httplib2, on which gcloud stands, cannot read a challenge without a realm.
            assert_eq!(
                reply.headers[header::WWW_AUTHENTICATE],
                "Bearer realm=\"wharfinger\""
            );
        }
    }
    let bucket = "GET /storage/v1/b/artifacts.default.appspot.com";
    for login in [NOBODY, "Bearer x"] {
        server
            .expect(
                login,
                bucket,
                Value::Null,
                401,
                json!({"error": {"code": 401, "status": null, "errors": [{"domain": "global", "reason": "required"}]}}),
            )
            .await;
    }
}

#[tokio::test]
async fn who_lacks_a_right_is_told_which_and_on_what() {
    let server = Server::start().await;
    let create = |id: &str| {
        (
            "POST /v1/projects",
            json!({"projectId": id}),
            200,
            json!({"done": true}),
        )
    };
    server
        .expect_all([create("project-a"), create("project-b")])
        .await;
    let alien = server.account("project-a", "admin-a").await;
    server
        .grant(
            "v1/projects/project-a",
            "roles/owner",
            &email("project-a", "admin-a"),
        )
        .await;
    server
        .expect(
            &alien,
            "GET /v1/projects/project-a",
            Value::Null,
            200,
            json!({"projectId": "project-a"}),
        )
        .await;
    let denied = |permission: &str| {
        json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "metadata": {"permission": permission},
        }]}})
    };
    for (request, body, permission) in [
        (
            "GET /v1/projects/project-b",
            Value::Null,
            "resourcemanager.projects.get",
        ),
        (
            "DELETE /v1/projects/project-b",
            Value::Null,
            "resourcemanager.projects.delete",
        ),
        (
            "GET /v1/projects/project-b/serviceAccounts",
            Value::Null,
            "iam.serviceAccounts.list",
        ),
        (
            "POST /v1/projects/project-b:setIamPolicy",
            json!({"policy": {}}),
            "resourcemanager.projects.setIamPolicy",
        ),
        (
            "POST /v1/projects/project-b/roles",
            json!({"roleId": "own", "role": {}}),
            "iam.roles.create",
        ),
        (
            "POST /v1/projects",
            json!({"projectId": "project-c"}),
            "resourcemanager.projects.create",
        ),
        (
            "POST /v3/organizations/0:getIamPolicy",
            json!({}),
            "resourcemanager.organizations.getIamPolicy",
        ),
    ] {
        let reply = server.send(&alien, request, &body).await;
        assert_eq!(reply.status, 403, "{request}: {}", reply.body);
        let message = reply.body["error"]["message"].as_str().unwrap();
        let named = reply.body["error"]["details"][0]["metadata"]["permission"]
            .as_str()
            .unwrap();
        assert!(message.contains(named), "{request}: {message}");
        if !permission.contains("organizations") {
            assert!(
                contains(&reply.body, &denied(permission)),
                "{request}: {}",
                reply.body
            );
        }
    }
    // One that is not there is refused in the same words as one that may not be seen.
    let text = |reply: Reply| reply.body["error"]["message"].as_str().unwrap().to_owned();
    let hidden = text(
        server
            .send(&alien, "GET /v1/projects/project-b", &Value::Null)
            .await,
    );
    let absent = text(
        server
            .send(&alien, "GET /v1/projects/project-x", &Value::Null)
            .await,
    );
    assert_eq!(
        hidden.replace("project-b", "X"),
        absent.replace("project-x", "X")
    );
    let project = server
        .expect(
            &server.owner,
            "GET /v1/projects/project-b",
            Value::Null,
            200,
            json!({}),
        )
        .await;
    let number = project["projectNumber"].as_str().unwrap();
    let hidden = text(
        server
            .send(&alien, &format!("GET /v1/projects/{number}"), &Value::Null)
            .await,
    );
    let absent = text(
        server
            .send(&alien, "GET /v1/projects/1", &Value::Null)
            .await,
    );
    assert_eq!(
        hidden.replace(number, "X"),
        absent.replace("projects/1 ", "projects/X ")
    );
    server
        .expect(
            &alien,
            "GET /storage/v1/b/artifacts.project-b.appspot.com",
            Value::Null,
            403,
            json!({"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}),
        )
        .await;
}

#[tokio::test]
async fn what_is_malformed_is_400_and_names_the_field() {
    let server = Server::start().await;
    let at = |field: &str| {
        json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": "…"}],
        }]}})
    };
    let plain = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": null}});
    let huge = "x".repeat(limits::JSON_BODY_SIZE_MAX + 1);
    let keys = "/v1/projects/default/serviceAccounts/owner@default.iam.gserviceaccount.com/keys";
    server
        .expect_all([
            ("POST /v1/projects", json!("{"), 400, plain.clone()),
            ("POST /v1/projects", json!("[]"), 400, plain.clone()),
            (
                "POST /v1/projects",
                json!("{\"projectId\":\"my-project\"} x"),
                400,
                plain.clone(),
            ),
            ("POST /v1/projects", json!(huge), 400, plain),
            (
                "POST /v1/projects",
                json!({"projectId": 7}),
                400,
                at("projectId"),
            ),
            (
                "POST /v1/projects",
                json!({"projectId": "No"}),
                400,
                at("projectId"),
            ),
            (
                "POST /v1/projects",
                json!({"projectId": "my-project", "colour": 1}),
                400,
                at("colour"),
            ),
            (
                "POST /v1/projects",
                json!({"projectId": "my-project", "labels": {"wharf-strict-deletes": "x"}}),
                400,
                at("labels.wharf-strict-deletes"),
            ),
            (
                "POST /v1/projects",
                json!({"projectId": "my-project", "parent": {"type": "folder", "id": "7"}}),
                400,
                at("parent"),
            ),
            (
                &format!("POST {keys}"),
                json!({"privateKeyType": "PAPER"}),
                400,
                at("privateKeyType"),
            ),
            (
                &format!("POST {keys}"),
                json!({"lifetime": "soon"}),
                400,
                at("lifetime"),
            ),
            (
                "POST /v1/projects/default:setIamPolicy",
                json!({"policy": {"bindings": [{"role": "owner"}]}}),
                400,
                at("policy.bindings[0].role"),
            ),
            (
                "POST /v1/projects/default:setIamPolicy",
                json!({"policy": {"bindings": [{"role": "roles/viewer", "members": ["ann"]}]}}),
                400,
                at("policy.bindings[0].members[0]"),
            ),
            (
                "POST /v1/projects/default:setIamPolicy",
                json!({"policy": {"etag": "*"}}),
                400,
                at("policy.etag"),
            ),
            (
                "POST /v1/projects/default:setIamPolicy",
                json!({"policy": {}, "updateMask": "etag"}),
                400,
                at("updateMask"),
            ),
            (
                "POST /v1/projects/default:getIamPolicy",
                json!({"options": {"requestedPolicyVersion": 2}}),
                400,
                at("requestedPolicyVersion"),
            ),
            (
                "POST /v1/projects/default:testIamPermissions",
                json!({"permissions": ["storage.*"]}),
                400,
                at("permissions"),
            ),
            (
                "GET /v1/projects?filter=colour:red",
                Value::Null,
                400,
                at("filter"),
            ),
            ("GET /v1/projects/No", Value::Null, 400, at("project")),
            ("GET /v1/roles?view=HALF", Value::Null, 400, at("view")),
            (
                "GET /v1/projects/default/roles?showDeleted=perhaps",
                Value::Null,
                400,
                at("showDeleted"),
            ),
        ])
        .await;
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_cannot_be_done_to_it_405() {
    let server = Server::start().await;
    let absent = json!({"error": {"code": 404, "status": "NOT_FOUND"}});
    for path in [
        "/v1/nothing",
        "/v1/projects/default/nothing",
        "/v1/projects//serviceAccounts",
        "/v1/projects/default/",
        "/v1/projects/%ff",
        "/v1/projects/default:nothing/x",
        "/v1/operations/xx.1",
        "/v1/operations/cp.",
        "/v1/operations/cp.1",
        "/v3/organizations/1",
        "/v1/nothing:getIamPolicy",
    ] {
        server
            .expect(
                &server.owner,
                &format!("GET {path}"),
                Value::Null,
                404,
                absent.clone(),
            )
            .await;
    }
    for (request, allow) in [
        ("PATCH /v1/projects/default", "GET, PUT, DELETE"),
        ("DELETE /v1/projects", "GET, POST"),
        ("GET /v1/projects/default:setIamPolicy", "POST"),
        ("HEAD /v1/projects/default", "GET, PUT, DELETE"),
        (
            "POST /storage/v1/b/artifacts.default.appspot.com/iam",
            "GET, PUT",
        ),
    ] {
        let reply = server.send(&server.owner, request, &Value::Null).await;
        assert_eq!(reply.status, 405, "{request}: {}", reply.body);
        assert_eq!(reply.headers[header::ALLOW], allow, "{request}");
    }
}
