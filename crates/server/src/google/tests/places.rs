//! Services, regions and zones: what gcloud asks for on its way.

use super::*;

#[tokio::test]
async fn gclouds_questions_about_services_are_answered() {
    let server = Server::start().await;
    let services = "/v1/projects/default/services";
    let storage = json!({
        "name": "…",
        "parent": "…",
        "config": {"name": "storage.googleapis.com", "title": "Cloud Storage API"},
        "state": "ENABLED",
    });
    let refused = |status: &str| json!({"error": {"status": status}});
    server
        .expect_all([
            (
                &format!("GET {services}?filter=state%3AENABLED&pageSize=1"),
                Value::Null,
                200,
                json!({"services": [{"state": "ENABLED"}], "nextPageToken": "…"}),
            ),
            (
                &format!("GET {services}?filter=state:DISABLED"),
                Value::Null,
                200,
                json!({"services": null}),
            ),
            (
                &format!("GET {services}?filter=x"),
                Value::Null,
                400,
                refused("INVALID_ARGUMENT"),
            ),
            (
                &format!("GET {services}/storage.googleapis.com"),
                Value::Null,
                200,
                storage.clone(),
            ),
            (
                &format!("GET {services}/bigquery.googleapis.com"),
                Value::Null,
                404,
                refused("NOT_FOUND"),
            ),
            (
                &format!(
                    "GET {services}:batchGet?names=projects/default/services/storage.googleapis.com"
                ),
                Value::Null,
                200,
                json!({"services": [storage]}),
            ),
            (
                &format!("GET {services}:batchGet"),
                Value::Null,
                400,
                refused("INVALID_ARGUMENT"),
            ),
            (
                &format!("POST {services}/storage.googleapis.com:enable"),
                json!({}),
                200,
                json!({"name": "…", "done": true, "response": {"service": storage}}),
            ),
            (
                &format!("POST {services}:batchEnable"),
                json!({"serviceIds": ["iam.googleapis.com", "storage.googleapis.com"]}),
                200,
                json!({"done": true}),
            ),
            (
                &format!("POST {services}:batchEnable"),
                json!({"serviceIds": ["iam.googleapis.com", "bigquery.googleapis.com"]}),
                400,
                refused("FAILED_PRECONDITION"),
            ),
            (
                &format!("POST {services}/storage.googleapis.com:disable"),
                json!({"disableDependentServices": false, "checkIfServiceHasUsage": "SKIP"}),
                400,
                refused("FAILED_PRECONDITION"),
            ),
            (
                "GET /v1/operations/noop.DONE_OPERATION",
                Value::Null,
                200,
                json!({"name": "operations/noop.DONE_OPERATION", "done": true}),
            ),
        ])
        .await;
    let nobody = server.account("default", "nobody").await;
    let enable = format!("POST {services}/storage.googleapis.com:enable");
    server
        .expect(
            &nobody,
            &enable,
            json!({}),
            403,
            refused("PERMISSION_DENIED"),
        )
        .await;
}

#[tokio::test]
async fn a_place_is_there_if_its_name_is_one() {
    let server = Server::start().await;
    let at = "/compute/v1/projects/default";
    let link = |path: &str| format!("http://registry.example.com{at}/{path}");
    server
        .expect_all([
            (&format!("GET {at}/zones/us-central1-a"), Value::Null, 200, json!({"kind": "compute#zone", "name": "us-central1-a", "status": "UP", "region": link("regions/us-central1"), "selfLink": link("zones/us-central1-a")})),
            (&format!("GET {at}/zones/moon-base7-x"), Value::Null, 200, json!({"name": "moon-base7-x"})),
            (&format!("GET {at}/zones/nowhere"), Value::Null, 404, json!({"error": {"status": "NOT_FOUND"}})),
            (&format!("GET {at}/regions/us-east1"), Value::Null, 200, json!({"kind": "compute#region", "zones": [link("zones/us-east1-b"), link("zones/us-east1-c"), link("zones/us-east1-d")]})),
            (&format!("GET {at}/regions/us-east1-b"), Value::Null, 404, json!({"error": {"status": "NOT_FOUND"}})),
            (&format!("GET {at}/regions?maxResults=500"), Value::Null, 200, json!({"kind": "compute#regionList", "nextPageToken": null})),
            (&format!("GET {at}/zones?maxResults=1"), Value::Null, 200, json!({"kind": "compute#zoneList", "items": [{"name": "africa-south1-a"}], "nextPageToken": "…"})),
            ("GET /compute/v1/projects/absent-project/zones", Value::Null, 404, json!({"error": {"status": "NOT_FOUND"}})),
        ])
        .await;
}
