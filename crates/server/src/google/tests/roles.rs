//! Roles and permissions.

use super::*;

#[tokio::test]
async fn predefined_roles_are_shown_to_everybody_who_logs_in() {
    let server = Server::start().await;
    let stranger = server.account("default", "stranger").await;
    let viewer =
        json!({"name": "roles/storage.objectViewer", "title": "…", "stage": "GA", "etag": "AA=="});
    let list = server
        .expect(
            &stranger,
            "GET /v1/roles?pageSize=1000",
            Value::Null,
            200,
            json!({"nextPageToken": null}),
        )
        .await;
    let roles = list["roles"].as_array().unwrap();
    assert!(roles.iter().any(|role| contains(role, &viewer)));
    assert!(
        roles
            .iter()
            .all(|role| role["includedPermissions"].is_null())
    );
    let list = server
        .expect(
            &stranger,
            "GET /v1/roles?view=FULL",
            Value::Null,
            200,
            json!({}),
        )
        .await;
    assert!(
        list["roles"]
            .as_array()
            .unwrap()
            .iter()
            .all(|role| role["includedPermissions"].is_array())
    );
    let role = server
        .expect(
            &stranger,
            "GET /v1/roles/storage.objectViewer",
            Value::Null,
            200,
            viewer,
        )
        .await;
    assert!(
        role["includedPermissions"]
            .as_array()
            .unwrap()
            .contains(&json!("storage.objects.get"))
    );
    server
        .expect(
            &stranger,
            "GET /v1/roles/no.such",
            Value::Null,
            404,
            json!({"error": {"status": "NOT_FOUND"}}),
        )
        .await;
}

#[tokio::test]
async fn custom_roles_are_made_changed_deleted_and_restored() {
    let server = Server::start().await;
    let roles = "/v1/projects/default/roles";
    let role =
        json!({"title": "Puller", "includedPermissions": ["storage.objects.get"], "stage": "GA"});
    let made = server
        .expect(
            &server.owner,
            &format!("POST {roles}"),
            json!({"roleId": "puller", "role": role}),
            200,
            json!({"name": "projects/default/roles/puller", "title": "Puller", "etag": "…", "includedPermissions": ["storage.objects.get"]}),
        )
        .await;
    server
        .expect_all([
            (&format!("POST {roles}"), json!({"roleId": "puller", "role": role}), 409, json!({"error": {"status": "ALREADY_EXISTS"}})),
            (&format!("POST {roles}"), json!({"roleId": "a b", "role": role}), 400, json!({"error": {"status": "INVALID_ARGUMENT"}})),
            (&format!("POST {roles}"), json!({"roleId": "other", "role": {"includedPermissions": ["no.such"]}}), 400, json!({"error": {"details": [{"fieldViolations": [{"field": "role.includedPermissions[0]"}]}]}})),
            (&format!("GET {roles}"), Value::Null, 200, json!({"roles": [{"name": "projects/default/roles/puller", "includedPermissions": null}]})),
            (&format!("GET {roles}?view=FULL"), Value::Null, 200, json!({"roles": [{"includedPermissions": ["storage.objects.get"]}]})),
            (&format!("GET {roles}/puller"), Value::Null, 200, made.clone()),
            (&format!("PATCH {roles}/puller?updateMask=title"), json!({"title": "P", "description": "d", "etag": made["etag"]}), 200, json!({"title": "P", "description": null})),
            (&format!("PATCH {roles}/puller?updateMask=title"), json!({"title": "Q", "etag": made["etag"]}), 409, json!({"error": {"status": "ABORTED"}})),
            (&format!("PATCH {roles}/puller?updateMask=name"), json!({}), 400, json!({"error": {"status": "INVALID_ARGUMENT"}})),
            (&format!("DELETE {roles}/puller?etag=AAAA"), Value::Null, 409, json!({"error": {"status": "ABORTED"}})),
            (&format!("DELETE {roles}/puller"), Value::Null, 200, json!({"deleted": true})),
            (&format!("GET {roles}"), Value::Null, 200, json!({"roles": null})),
            (&format!("GET {roles}?showDeleted=True"), Value::Null, 200, json!({"roles": [{"deleted": true}]})),
            (&format!("POST {roles}/puller:undelete"), json!({}), 200, json!({"deleted": null, "title": "P"})),
            (&format!("GET {roles}/absent"), Value::Null, 404, json!({"error": {"status": "NOT_FOUND"}})),
        ])
        .await;
}

#[tokio::test]
async fn what_can_be_granted_on_a_resource_is_told() {
    let server = Server::start().await;
    let bucket = "//storage.googleapis.com/projects/_/buckets/artifacts.default.appspot.com";
    let own = json!({"roleId": "puller", "role": {"includedPermissions": ["storage.objects.get"]}});
    server
        .expect(
            &server.owner,
            "POST /v1/projects/default/roles",
            own,
            200,
            json!({}),
        )
        .await;
    let names = |answer: &Value, list: &str| -> Vec<String> {
        let items = answer[list].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let body = json!({"fullResourceName": bucket, "pageSize": 1000});
    let roles = server
        .expect(
            &server.owner,
            "POST /v1/roles:queryGrantableRoles",
            body.clone(),
            200,
            json!({}),
        )
        .await;
    let roles = names(&roles, "roles");
    assert!(roles.contains(&"roles/storage.objectViewer".to_owned()));
    assert!(roles.contains(&"projects/default/roles/puller".to_owned()));
    assert!(!roles.contains(&"roles/iam.serviceAccountKeyAdmin".to_owned()));
    let permissions = server
        .expect(
            &server.owner,
            "POST /v1/permissions:queryTestablePermissions",
            body,
            200,
            json!({}),
        )
        .await;
    let permissions = names(&permissions, "permissions");
    assert!(permissions.contains(&"storage.objects.get".to_owned()));
    assert!(!permissions.contains(&"resourcemanager.projects.get".to_owned()));
    server
        .expect(
            &server.owner,
            "POST /v1/roles:queryGrantableRoles",
            json!({"fullResourceName": "x"}),
            400,
            json!({"error": {"details": [{"fieldViolations": [{"field": "fullResourceName"}]}]}}),
        )
        .await;
}
