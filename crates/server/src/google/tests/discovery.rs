//! Discovery documents, asked for as client libraries do.

use super::*;

#[tokio::test]
async fn a_document_is_there_by_api_by_host_and_in_the_list() {
    let server = Server::start().await;
    let list = server
        .expect(
            NOBODY,
            "GET /discovery/v1/apis",
            Value::Null,
            200,
            json!({"kind": "discovery#directoryList"}),
        )
        .await;
    for item in list["items"].as_array().unwrap() {
        let url = item["discoveryRestUrl"].as_str().unwrap();
        let path = url.strip_prefix("http://registry.example.com").unwrap();
        let expected = json!({"id": item["id"], "rootUrl": "http://registry.example.com/"});
        let document = server
            .expect(NOBODY, &format!("GET {path}"), Value::Null, 200, expected)
            .await;
        let (name, version) = (
            item["name"].as_str().unwrap(),
            item["version"].as_str().unwrap(),
        );
        let by_parameter = format!("GET /$discovery/rest?api={name}&version={version}");
        let same = server.send(NOBODY, &by_parameter, &Value::Null).await;
        assert_eq!(same.body, document);
    }
    let storage =
        json!({"servicePath": "storage/v1/", "baseUrl": "http://registry.example.com/storage/v1/"});
    server
        .expect(
            NOBODY,
            "GET /discovery/v1/apis/storage/v1/rest",
            Value::Null,
            200,
            storage,
        )
        .await;
    let preferred = json!({"items": [{"id": "cloudresourcemanager:v3"}]});
    server
        .expect(
            NOBODY,
            "GET /discovery/v1/apis?name=cloudresourcemanager&preferred=true",
            Value::Null,
            200,
            preferred,
        )
        .await;
}

#[tokio::test]
async fn a_host_that_names_no_api_asks_which_is_meant() {
    let server = Server::start().await;
    let asked = server
        .expect(
            NOBODY,
            "GET /$discovery/rest?version=v1",
            Value::Null,
            400,
            json!({"error": {"status": "INVALID_ARGUMENT"}}),
        )
        .await;
    assert!(
        asked["error"]["message"]
            .as_str()
            .unwrap()
            .contains("iam:v1"),
        "{asked}"
    );
    let absent = json!({"error": {"status": "NOT_FOUND"}});
    server
        .expect(
            NOBODY,
            "GET /discovery/v1/apis/iam/v9/rest",
            Value::Null,
            404,
            absent,
        )
        .await;
}
