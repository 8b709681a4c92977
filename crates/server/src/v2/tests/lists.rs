//! Tags, folders, referrers and the catalog.

use super::*;

#[tokio::test]
async fn tags_come_in_pages_that_link_to_the_next() {
    let registry = Registry::open().await;
    for tag in ["b", "a", "c-1", "C"] {
        registry.push_image("default/web", tag).await;
    }
    let list = "GET /v2/default/web/tags/list";
    for (query, tags, next) in [
        ("?n=3", json!(["C", "a", "b"]), "?n=3&last=b"),
        ("?n=3&last=b", json!(["c-1"]), ""),
        ("?last=aa", json!(["b", "c-1"]), ""),
        ("?n=0", json!([]), ""),
        ("?n=10000", json!(["C", "a", "b", "c-1"]), ""),
        ("?n=99999999999999999999", json!(["C", "a", "b", "c-1"]), ""),
        ("?last=zzz", json!([]), ""),
    ] {
        let reply = registry.own(&format!("{list}{query}"), "").await.is(200);
        assert_eq!(reply.json()["tags"], tags, "{query}");
        let link = match next {
            "" => String::new(),
            next => format!("</v2/default/web/tags/list{next}>; rel=\"next\""),
        };
        assert_eq!(reply.header("link"), link, "{query}");
    }
    for query in ["?n=-1", "?n=x", "?n=1.5"] {
        let reply = registry.own(&format!("{list}{query}"), "").await;
        check(query, &reply, 400, "UNSUPPORTED", "");
    }
}

#[tokio::test]
async fn a_folder_is_listed_as_google_lists_it() {
    let registry = Registry::open().await;
    let digest = registry.push_image("default/team/web", "v1").await;
    let folder = registry
        .own("GET /v2/default/tags/list", "")
        .await
        .is(200)
        .json();
    assert_eq!(
        folder,
        json!({"name": "default", "tags": [], "child": ["team"], "manifest": {}})
    );
    let folder = registry
        .own("GET /v2/default/team/tags/list", "")
        .await
        .is(200)
        .json();
    assert_eq!(folder["child"], json!(["web"]));
    let image = registry
        .own("GET /v2/default/team/web/tags/list?n=10000", "")
        .await
        .is(200)
        .json();
    assert_eq!(image["tags"], json!(["v1"]));
    // What Google's Go library asks hosts of other people.
    let same = registry
        .own("GET /v2/default/team/web/tags/list?n=1000", "")
        .await;
    assert_eq!(same.is(200).json(), image);
    let manifest = &image["manifest"][&digest];
    assert_eq!(manifest["tag"], json!(["v1"]));
    assert_eq!(manifest["mediaType"], media::OCI_MANIFEST);
    for text in [
        "imageSizeBytes",
        "timeCreatedMs",
        "timeUploadedMs",
        "layerId",
    ] {
        assert!(manifest[text].is_string(), "{text}: {manifest}");
    }
    let absent = registry.own("GET /v2/default/absent/tags/list", "").await;
    check("absent", &absent, 404, "NAME_UNKNOWN", "");
}

#[tokio::test]
async fn referrers_are_an_index_that_can_be_filtered() {
    let registry = Registry::open().await;
    let subject = registry.push_image("default/web", "v1").await;
    let descriptor = json!({ "mediaType": media::OCI_MANIFEST, "digest": subject, "size": image("v1").to_string().len() });
    let mut referrer = image("signature");
    referrer["subject"] = descriptor;
    referrer["artifactType"] = json!("application/vnd.example.signature");
    let request = "PUT /v2/default/web/manifests/signature";
    let headers = format!("Content-Type: {}", media::OCI_MANIFEST);
    let reply = registry
        .send(&registry.owner, request, &headers, referrer.to_string())
        .await;
    check(request, &reply, 201, "", &format!("OCI-Subject: {subject}"));
    let digest = reply.header("docker-content-digest");
    let list = format!("GET /v2/default/web/referrers/{subject}");
    let index = format!("Content-Type: {}", media::OCI_INDEX);
    let filtered = format!("{index}\nOCI-Filters-Applied: artifactType");
    for (request, expected, count) in [
        (list.clone(), &index, 1),
        (
            format!("{list}?artifactType=application/vnd.example.signature"),
            &filtered,
            1,
        ),
        (
            format!("{list}?artifactType=application/vnd.example.other"),
            &filtered,
            0,
        ),
        (format!("GET /v2/default/never/referrers/{NONE}"), &index, 0),
    ] {
        let reply = registry.own(&request, "").await;
        check(&request, &reply, 200, "", expected);
        let body = reply.json();
        assert_eq!(
            (&body["schemaVersion"], &body["mediaType"]),
            (&json!(2), &json!(media::OCI_INDEX))
        );
        let manifests = body["manifests"].as_array().unwrap();
        assert_eq!(manifests.len(), count, "{request}");
        if let [manifest] = manifests.as_slice() {
            assert_eq!(manifest["digest"], digest);
            assert_eq!(manifest["annotations"]["note"], "signature");
            assert_eq!(
                manifest["artifactType"],
                "application/vnd.example.signature"
            );
        }
    }
}

#[tokio::test]
async fn the_catalog_holds_what_the_caller_may_list() {
    let registry = Registry::open().await;
    for name in ["default/b", "default/a"] {
        registry.push_image(name, "v1").await;
    }
    let reply = registry.own("GET /v2/_catalog?n=1", "").await.is(200);
    assert_eq!(reply.json()["repositories"], json!(["default/a"]));
    assert_eq!(
        reply.header("link"),
        "</v2/_catalog?n=1&last=default%2Fa>; rel=\"next\""
    );
    let reply = registry
        .own("GET /v2/_catalog?n=1&last=default%2Fa", "")
        .await
        .is(200);
    assert_eq!(reply.json()["repositories"], json!(["default/b"]));
    let nobody = registry.account("nobody", "").await;
    let reply = registry
        .send(&nobody, "GET /v2/_catalog", "", "")
        .await
        .is(200);
    assert_eq!(reply.json()["repositories"], json!([]));
}
