//! Objects: listed, read and downloaded; never written.

use super::*;
use crate::testing::Registry;

const OBJECTS: &str = "/storage/v1/b/artifacts.default.appspot.com/o";
const FOLDER: &str = "containers/repositories/library/";
/// The digest of `hello`.
const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A registry with an image, its tag's path and the path of a blob with `hello`.
async fn start() -> (Registry, String, String) {
    let registry = Registry::open().await;
    registry.push_image("default/web", "v1").await;
    registry.push_blob("default/web", HELLO, "hello").await;
    let path = |leaf: &str| {
        format!(
            "{OBJECTS}/{}",
            format!("{FOLDER}web/{leaf}").replace('/', "%2F")
        )
    };
    let blob = path(&format!("blob_{HELLO}"));
    (registry, path("tag_v1"), blob)
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_listed_folder_by_folder() {
    let (registry, ..) = start().await;
    registry.push_image("default/web/api", "v1").await;
    for (query, names, prefixes) in [
        ("?delimiter=/", vec![], vec!["containers/"]),
        (
            "?delimiter=/&prefix=containers/repositories/library/&includeFoldersAsPrefixes=True",
            vec![],
            vec!["web/"],
        ),
        (
            "?delimiter=/&prefix=containers/repositories/library/web/t&projection=noAcl",
            vec!["web/tag_v1"],
            vec![],
        ),
        (
            "?prefix=containers/repositories/library/web/a&startOffset=containers/repositories/library/web/api/t",
            vec!["web/api/tag_v1"],
            vec![],
        ),
        (
            "?startOffset=containers/repositories/library/web/tag&endOffset=d&maxResults=5",
            vec!["web/tag_v1"],
            vec![],
        ),
        (
            "?delimiter=_v&prefix=containers/repositories/library/web/t",
            vec![],
            vec!["web/tag_v"],
        ),
        (
            "?delimiter=v1&prefix=containers/repositories/library/web/t&includeTrailingDelimiter=true",
            vec!["web/tag_v1"],
            vec!["web/tag_v1"],
        ),
        ("?softDeleted=true", vec![], vec![]),
        ("?prefix=nothing", vec![], vec![]),
    ] {
        let reply = registry
            .own(&format!("GET {OBJECTS}{query}"), "")
            .await
            .is(200)
            .json();
        assert_eq!(reply["kind"], "storage#objects");
        let named = |list: &Value, at: fn(&Value) -> &Value| -> Vec<String> {
            let list = list.as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|item| at(item).as_str().unwrap().replace(FOLDER, ""))
                .collect()
        };
        assert_eq!(
            named(&reply["items"], |item| &item["name"]),
            names,
            "{query}"
        );
        assert_eq!(
            named(&reply["prefixes"], |prefix| prefix),
            prefixes,
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_where_the_next_begin() {
    let (registry, ..) = start().await;
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let page = registry
            .own(&format!("GET {OBJECTS}?maxResults=1&pageToken={token}"), "")
            .await
            .is(200)
            .json();
        names.push(page["items"][0]["name"].as_str().unwrap().to_owned());
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(names.len(), 4);
    assert!(names.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_googles_json() {
    let (registry, tag, _) = start().await;
    let object = registry
        .own(&format!("GET {tag}?projection=full"), "")
        .await
        .is(200)
        .json();
    let generation = object["generation"].as_str().unwrap();
    let name = format!("{FOLDER}web/tag_v1");
    let link = "containers%2Frepositories%2Flibrary%2Fweb%2Ftag_v1";
    let expected = json!({
        "kind": "storage#object",
        "id": format!("artifacts.default.appspot.com/{name}/{generation}"),
        "name": name,
        "bucket": "artifacts.default.appspot.com",
        "selfLink": format!("http://127.0.0.1:5000{OBJECTS}/{link}"),
        "mediaLink": format!("http://127.0.0.1:5000/download{OBJECTS}/{link}?generation={generation}&alt=media"),
        "contentType": "application/vnd.oci.image.manifest.v1+json",
        "metageneration": "1",
        "storageClass": "STANDARD",
        "etag": "…",
        "timeCreated": "…",
        "updated": "…",
        "metadata": {"sha256": "…"},
    });
    assert!(contains(&object, &expected), "{object}");
    assert!(object["size"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_sent_whole_or_in_part() {
    let (registry, tag, blob) = start().await;
    let object = registry
        .own(&format!("GET {blob}"), "")
        .await
        .is(200)
        .json();
    let generation = object["generation"].as_str().unwrap();
    let etag = format!("\"{}\"", object["etag"].as_str().unwrap());
    for (request, headers, status, body) in [
        (
            format!("GET /download{blob}?alt=media"),
            String::new(),
            200,
            "hello",
        ),
        (
            format!("GET {blob}?alt=media&generation={generation}"),
            "Range: bytes=0-4".to_owned(),
            206,
            "hello",
        ),
        (
            format!("GET {blob}?alt=media"),
            "Range: bytes=1-2".to_owned(),
            206,
            "el",
        ),
        (
            format!("GET {blob}?alt=media"),
            "Range: bytes=-2".to_owned(),
            206,
            "lo",
        ),
        (
            format!("GET {blob}?alt=media"),
            format!("Range: bytes=1-2\nIf-Range: {etag}"),
            206,
            "el",
        ),
        (
            format!("GET {blob}?alt=media"),
            "Range: bytes=1-2\nIf-Range: \"x\"".to_owned(),
            200,
            "hello",
        ),
        (format!("HEAD {blob}?alt=media"), String::new(), 200, ""),
        (
            format!("GET {blob}?alt=media"),
            format!("If-None-Match: {etag}"),
            304,
            "",
        ),
        (
            format!("GET {blob}?alt=media"),
            format!("If-Match: {etag}"),
            200,
            "hello",
        ),
        (
            format!("GET {blob}?alt=media&ifGenerationMatch={generation}"),
            String::new(),
            200,
            "hello",
        ),
        (
            format!("GET {blob}?alt=media&ifGenerationNotMatch={generation}"),
            String::new(),
            304,
            "",
        ),
        (
            format!("GET {blob}?alt=media&ifMetagenerationMatch=1"),
            String::new(),
            200,
            "hello",
        ),
    ] {
        let reply = registry
            .send(&registry.owner, &request, &headers, "")
            .await
            .is(status);
        assert_eq!(reply.body, body, "{request} {headers}");
        assert_eq!(reply.header("etag"), etag);
    }
    let reply = registry
        .own(&format!("HEAD {blob}?alt=media"), "")
        .await
        .is(200);
    for (name, value) in [
        ("content-length", "5"),
        ("content-type", "application/octet-stream"),
        ("x-goog-generation", generation),
        ("x-goog-stored-content-length", "5"),
    ] {
        assert_eq!(reply.header(name), value);
    }
    let reply = registry
        .own(&format!("GET {tag}?alt=media"), "")
        .await
        .is(200);
    assert_eq!(reply.json()["schemaVersion"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_refused_as_google_does() {
    let (registry, tag, blob) = start().await;
    let none = registry.account("nobody", "").await;
    let absent = tag.replace("tag_v1", "tag_v2");
    let upload = "/upload/storage/v1/b/artifacts.default.appspot.com/o?uploadType=multipart";
    let rewrite = format!("{tag}/rewriteTo/b/artifacts.default.appspot.com/o/x");
    for (login, request, status, reason) in [
        (&registry.owner, format!("GET {absent}"), 404, "notFound"),
        (
            &registry.owner,
            format!("GET {OBJECTS}/x?alt=media"),
            404,
            "notFound",
        ),
        (
            &registry.owner,
            format!("GET {tag}?generation=1"),
            404,
            "notFound",
        ),
        (
            &registry.owner,
            format!("GET {tag}?generation=x"),
            400,
            "invalid",
        ),
        (
            &registry.owner,
            format!("GET {tag}?ifGenerationMatch=1"),
            412,
            "conditionNotMet",
        ),
        (
            &registry.owner,
            format!("GET {tag}?ifGenerationMatch=0"),
            412,
            "conditionNotMet",
        ),
        (
            &registry.owner,
            "GET /storage/v1/b/eu.artifacts.default.appspot.com/o".to_owned(),
            404,
            "notFound",
        ),
        (
            &registry.owner,
            "GET /storage/v1/b/another/o".to_owned(),
            404,
            "notFound",
        ),
        (
            &registry.owner,
            format!("GET {OBJECTS}?pageToken=*"),
            400,
            "invalid",
        ),
        (
            &registry.owner,
            format!("GET {OBJECTS}?maxResults=-1"),
            400,
            "invalid",
        ),
        (
            &registry.owner,
            format!("GET {OBJECTS}?matchGlob=**"),
            400,
            "invalid",
        ),
        (
            &registry.owner,
            format!("GET {OBJECTS}?prefix={}", "x".repeat(1_025)),
            400,
            "invalid",
        ),
        (
            &registry.owner,
            format!("POST {upload}"),
            405,
            "notImplemented",
        ),
        (
            &registry.owner,
            format!("POST {rewrite}"),
            405,
            "notImplemented",
        ),
        (
            &registry.owner,
            format!("POST {tag}/compose"),
            405,
            "notImplemented",
        ),
        (
            &registry.owner,
            format!("PATCH {tag}"),
            405,
            "notImplemented",
        ),
        (
            &registry.owner,
            format!("DELETE {tag}"),
            405,
            "notImplemented",
        ),
        (&none, format!("GET {tag}"), 403, "forbidden"),
        (&none, format!("GET {absent}"), 403, "forbidden"),
        (&none, format!("GET {OBJECTS}"), 403, "forbidden"),
        (&String::new(), format!("GET {OBJECTS}"), 401, "required"),
    ] {
        let reply = registry.send(login, &request, "", "").await;
        let body = reply.json();
        assert_eq!(
            (reply.status.as_u16(), &body["error"]["errors"][0]["reason"]),
            (status, &json!(reason)),
            "{request}: {body}"
        );
    }
    let outside = registry
        .send(
            &registry.owner,
            &format!("GET {blob}?alt=media"),
            "Range: bytes=9-",
            "",
        )
        .await
        .is(416);
    assert_eq!(outside.header("content-range"), "bytes */5");
}
