//! Projects, in both versions of Resource Manager.

use super::*;

#[tokio::test]
async fn gcloud_finds_what_it_expects_of_projects() {
    let server = Server::start().await;
    let mine = json!({
        "projectNumber": "…",
        "projectId": "my-project",
        "lifecycleState": "ACTIVE",
        "name": "Mine",
        "createTime": "…",
        "labels": {"team": "blue", "wharf-strict-deletes": "true"},
        "parent": {"type": "organization", "id": "0"},
    });
    let made = server
        .expect(
            &server.owner,
            "POST /v1/projects",
            json!({"projectId": "my-project", "name": "Mine", "labels": {"team": "blue", "wharf-strict-deletes": "true"}}),
            200,
            json!({
                "name": "…",
                "done": true,
                "response": {"@type": "type.googleapis.com/google.cloudresourcemanager.v1.Project", "projectId": "my-project"},
            }),
        )
        .await;
    let operation = format!("GET /v1/{}", made["name"].as_str().unwrap());
    let by_number = format!(
        "GET /v1/projects/{}",
        made["response"]["projectNumber"].as_str().unwrap()
    );
    let only_mine = json!({"projects": [mine.clone()], "nextPageToken": null});
    server
        .expect_all([
            (&operation, Value::Null, 200, made.clone()),
            ("POST /v1/projects", json!({"projectId": "my-project"}), 409, json!({"error": {"status": "ALREADY_EXISTS"}})),
            ("GET /v1/projects/my-project?prettyPrint=True", Value::Null, 200, mine.clone()),
            (&by_number, Value::Null, 200, mine),
            ("GET /v1/projects?filter=lifecycleState%3AACTIVE&pageSize=500", Value::Null, 200, json!({"projects": [{"projectId": "default"}, {"projectId": "my-project"}]})),
            ("GET /v1/projects?filter=labels.team:blue", Value::Null, 200, only_mine.clone()),
            ("GET /v1/projects?filter=NOT%20id:default", Value::Null, 200, only_mine),
            ("GET /v1/projects?filter=lifecycleState:DELETE_REQUESTED", Value::Null, 200, json!({"projects": null})),
            ("PUT /v1/projects/my-project", json!({"name": "Ours", "labels": {}}), 200, json!({"name": "Ours", "labels": null})),
            ("POST /v1/projects/my-project:getAncestry", json!({}), 200, json!({"ancestor": [{"resourceId": {"type": "project", "id": "my-project"}}, {"resourceId": {"type": "organization", "id": "0"}}]})),
            ("DELETE /v1/projects/my-project", Value::Null, 200, json!({})),
            ("GET /v1/projects/my-project", Value::Null, 200, json!({"lifecycleState": "DELETE_REQUESTED"})),
            ("GET /v1/projects?filter=lifecycleState:ACTIVE", Value::Null, 200, json!({"projects": [{"projectId": "default"}]})),
            ("DELETE /v1/projects/my-project", Value::Null, 400, json!({"error": {"status": "FAILED_PRECONDITION"}})),
            ("POST /v1/projects/my-project:undelete", json!({}), 200, json!({})),
            ("GET /v1/projects/my-project", Value::Null, 200, json!({"lifecycleState": "ACTIVE"})),
            ("GET /v1/projects/no-such-project", Value::Null, 404, json!({"error": {"status": "NOT_FOUND"}})),
            ("GET /v1/organizations/0", Value::Null, 200, json!({"name": "organizations/0", "lifecycleState": "ACTIVE"})),
            ("POST /v1/organizations:search", json!({}), 200, json!({"organizations": [{"name": "organizations/0"}]})),
        ])
        .await;
}

#[tokio::test]
async fn client_libraries_find_what_they_expect_of_projects() {
    let server = Server::start().await;
    let mine = json!({
        "name": "…",
        "parent": "organizations/0",
        "projectId": "my-project",
        "state": "ACTIVE",
        "displayName": "Mine",
        "createTime": "…",
        "etag": "…",
    });
    let operation = json!({
        "done": true,
        "response": {"@type": "type.googleapis.com/google.cloud.resourcemanager.v3.Project", "projectId": "my-project"},
    });
    let made = server
        .expect(
            &server.owner,
            "POST /v3/projects",
            json!({"projectId": "my-project", "displayName": "Mine", "parent": "organizations/0"}),
            200,
            operation.clone(),
        )
        .await;
    let again = format!("GET /v3/{}", made["name"].as_str().unwrap());
    let by_name = format!("GET /v3/{}", made["response"]["name"].as_str().unwrap());
    server
        .expect_all([
            (&again, Value::Null, 200, made.clone()),
            (&by_name, Value::Null, 200, mine.clone()),
            (
                "GET /v3/projects/my-project?%24alt=json;enum-encoding=int",
                Value::Null,
                200,
                mine,
            ),
            (
                "PATCH /v3/projects/my-project?updateMask=display_name",
                json!({"displayName": "Ours", "labels": {"a": "b"}}),
                200,
                json!({"response": {"displayName": "Ours", "labels": null}}),
            ),
            (
                "PATCH /v3/projects/my-project?updateMask=labels",
                json!({"labels": {"wharf-strict-deletes": "true"}}),
                200,
                json!({"response": {"labels": {"wharf-strict-deletes": "true"}}}),
            ),
            (
                "GET /v3/projects?parent=organizations/0",
                Value::Null,
                200,
                json!({"projects": [{"projectId": "default"}, {"projectId": "my-project"}]}),
            ),
            (
                "GET /v3/projects?parent=folders/7",
                Value::Null,
                400,
                json!({"error": {"status": "INVALID_ARGUMENT"}}),
            ),
            (
                "GET /v3/projects:search?query=displayName:ours",
                Value::Null,
                200,
                json!({"projects": [{"projectId": "my-project"}]}),
            ),
            (
                "DELETE /v3/projects/my-project",
                Value::Null,
                200,
                json!({"done": true, "response": {"state": "DELETE_REQUESTED", "deleteTime": "…"}}),
            ),
            (
                "GET /v3/projects",
                Value::Null,
                200,
                json!({"projects": [{"projectId": "default"}]}),
            ),
            (
                "GET /v3/projects?showDeleted=true",
                Value::Null,
                200,
                json!({"projects": [{"projectId": "default"}, {"projectId": "my-project"}]}),
            ),
            (
                "POST /v3/projects/my-project:undelete",
                json!({}),
                200,
                operation,
            ),
            (
                "GET /v3/organizations/0",
                Value::Null,
                200,
                json!({"name": "organizations/0", "state": "ACTIVE"}),
            ),
            (
                "GET /v3/organizations:search",
                Value::Null,
                200,
                json!({"organizations": [{"name": "organizations/0"}]}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn names_of_domain_scoped_projects_have_a_colon() {
    let server = Server::start().await;
    let create = json!({"projectId": "example.com:my-project"});
    server
        .expect_all([
            ("POST /v1/projects", create, 200, json!({"done": true})),
            (
                "GET /v1/projects/example.com:my-project",
                Value::Null,
                200,
                json!({"projectId": "example.com:my-project"}),
            ),
            (
                "GET /v1/projects/example.com%3Amy-project",
                Value::Null,
                200,
                json!({"projectId": "example.com:my-project"}),
            ),
            (
                "POST /v1/projects/example.com:my-project:getIamPolicy",
                json!({}),
                200,
                json!({"version": 1}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn lists_of_what_is_wanted_come_in_pages() {
    let server = Server::start().await;
    for number in 0..7 {
        let labels = json!({"parity": if number % 2 == 0 { "even" } else { "odd" }});
        let body = json!({"projectId": format!("project-{number}"), "labels": labels});
        server
            .expect(&server.owner, "POST /v1/projects", body, 200, json!({}))
            .await;
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let request =
            format!("GET /v1/projects?filter=labels.parity:even&pageSize=3&pageToken={token}");
        let page = server
            .expect(&server.owner, &request, Value::Null, 200, json!({}))
            .await;
        let projects = page["projects"].as_array().unwrap();
        assert!(projects.len() <= 3);
        seen.extend(projects.iter().map(|one| one["projectId"].clone()));
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(
        seen,
        [0, 2, 4, 6].map(|number| json!(format!("project-{number}")))
    );
}
