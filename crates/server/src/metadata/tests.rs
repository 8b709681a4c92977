#![expect(clippy::unwrap_used, reason = "tests")]

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::*;
use crate::requests::{self, Connection};
use crate::testing::{PEER, Registry, Reply};

const EMAIL: &str = "node-puller@default.iam.gserviceaccount.com";
const ACCOUNTS: &str = "/computeMetadata/v1/instance/service-accounts";

/// A registry whose metadata server gives out an account that may pull.
async fn start() -> (Registry, Router) {
    let registry = Registry::open().await;
    registry
        .account("node-puller", "roles/storage.objectViewer")
        .await;
    let url = "http://127.0.0.1:5000".into();
    let router = router(registry.shared.app.clone(), EMAIL.parse().unwrap(), url);
    (registry, router)
}

async fn ask(registry: &Registry, router: &Router, request: &str, headers: &str) -> Reply {
    let (method, path) = request.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "metadata.google.internal");
    for line in headers.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let connection = Connection::new(registry.shared.clone(), router.clone(), PEER.into(), false);
    let request = request.body(Body::empty()).unwrap();
    let response = requests::answer(Arc::new(connection), request).await;
    let (head, body) = response.into_parts();
    Reply {
        status: head.status,
        headers: head.headers,
        body: http_body_util::BodyExt::collect(body)
            .await
            .unwrap()
            .to_bytes(),
    }
}

/// What a client of Google's gets.
async fn get(started: &(Registry, Router), path: &str) -> Reply {
    ask(
        &started.0,
        &started.1,
        &format!("GET {path}"),
        "Metadata-Flavor: Google",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn values_and_folders_are_as_googles() {
    let started = start().await;
    let folder = "/computeMetadata/v1";
    for (path, expected) in [
        ("/", "computeMetadata/\n"),
        (&format!("{folder}/"), "instance/\nproject/\nuniverse/\n"),
        (&format!("{folder}/project/project-id"), "default"),
        (
            &format!("{folder}/project/project-id?alt=json"),
            "\"default\"",
        ),
        (
            &format!("{folder}/universe/universe-domain"),
            "googleapis.com",
        ),
        (&format!("{folder}/instance/name"), "node-127-0-0-1"),
        (
            &format!("{folder}/instance/hostname"),
            "node-127-0-0-1.c.default.internal",
        ),
        (&format!("{ACCOUNTS}/"), &format!("default/\n{EMAIL}/\n")),
        (
            &format!("{ACCOUNTS}/default/"),
            "aliases\nemail\nidentity\nscopes\ntoken\n",
        ),
        (&format!("{ACCOUNTS}/default/email"), EMAIL),
        (
            &format!("{ACCOUNTS}/node-puller%40default.iam.gserviceaccount.com/email"),
            EMAIL,
        ),
        (
            &format!("{ACCOUNTS}/default/scopes"),
            "https://www.googleapis.com/auth/cloud-platform\n",
        ),
        (
            &format!("{ACCOUNTS}/default/?recursive=true&alt=text"),
            &format!(
                "aliases default\nemail {EMAIL}\nscopes https://www.googleapis.com/auth/cloud-platform\n"
            ),
        ),
    ] {
        let reply = get(&started, path).await.is(200);
        assert_eq!(reply.body, expected, "{path}");
        assert_eq!(reply.header("metadata-flavor"), "Google");
        assert!(!reply.header("etag").is_empty());
    }
    let number = get(&started, &format!("{folder}/project/numeric-project-id")).await;
    assert!(number.body.iter().all(u8::is_ascii_digit));
    let zone = get(&started, &format!("{folder}/instance/zone")).await;
    assert!(zone.body.ends_with(b"/zones/local-zone1-a"));
    let account = json!({
        "aliases": ["default"],
        "email": EMAIL,
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    });
    for recursive in ["recursive=true", "recursive=True&alt=json"] {
        let path = format!("{ACCOUNTS}/default/?{recursive}");
        assert_eq!(get(&started, &path).await.json(), account);
    }
    let all: Value = get(&started, &format!("{folder}/?recursive=true"))
        .await
        .json();
    assert_eq!(all["instance"]["serviceAccounts"][EMAIL], account);
    assert_eq!(all["project"]["projectId"], "default");
    let moved = get(&started, &format!("{ACCOUNTS}/default?x=1"))
        .await
        .is(301);
    assert_eq!(moved.header("location"), format!("{ACCOUNTS}/default/?x=1"));
    for absent in [
        "/x",
        "/computeMetadata/v1beta1/",
        "/computeMetadata/v1/instance/attributes/cluster-name",
        "/computeMetadata/v1/project/project-id/",
        "/computeMetadata/v1/instance/service-accounts/other@default.iam.gserviceaccount.com/token",
        "/computeMetadata/v1//",
    ] {
        get(&started, absent).await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_asks_as_googles_clients_do_is_answered() {
    let (registry, router) = start().await;
    let path = format!("GET {ACCOUNTS}/default/token");
    for (request, headers, status) in [
        (&*path, "", 403),
        (&*path, "Metadata-Flavor: x", 403),
        (
            &*path,
            "Metadata-Flavor: Google\nX-Forwarded-For: 10.0.0.1",
            403,
        ),
        (&*path, "Metadata-Flavor: Google", 200),
        (
            &*path.replace("GET", "POST"),
            "Metadata-Flavor: Google",
            405,
        ),
        // Go's library finds out so whether there is a metadata server at all.
        ("GET /", "", 200),
    ] {
        let reply = ask(&registry, &router, request, headers).await.is(status);
        assert_eq!(reply.header("metadata-flavor"), "Google", "{request}");
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_the_accounts() {
    let started = start().await;
    let registry = &started.0;
    let token = get(&started, &format!("{ACCOUNTS}/default/token"))
        .await
        .is(200)
        .json();
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 3_599);
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let buckets = "GET /storage/v1/b?project=default";
    // An object viewer sees the project, not its buckets.
    registry
        .send(&bearer, "GET /v1/projects/default", "", "")
        .await
        .is(200);
    registry.send(&bearer, buckets, "", "").await.is(403);

    get(&started, &format!("{ACCOUNTS}/default/identity"))
        .await
        .is(400);
    for (format, email) in [("", Value::Null), ("&format=full", json!(EMAIL))] {
        let path = format!("{ACCOUNTS}/default/identity?audience=https://example.com{format}");
        let token = get(&started, &path).await.is(200);
        let token = std::str::from_utf8(&token.body).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        assert_eq!(claims["aud"], "https://example.com");
        assert_eq!(claims["email"], email);
        assert_eq!(claims["iss"], "http://127.0.0.1:5000");
    }

    let account = format!("/v1/projects/default/serviceAccounts/{EMAIL}");
    registry
        .own(&format!("POST {account}:disable"), "{}")
        .await
        .is(200);
    get(&started, &format!("{ACCOUNTS}/default/token"))
        .await
        .is(403);
    registry.own(&format!("DELETE {account}"), "").await.is(200);
    get(&started, &format!("{ACCOUNTS}/default/token"))
        .await
        .is(404);
}

#[test]
fn who_waits_for_a_change_is_held_until_its_time_is_over() {
    let response = value("x".to_owned(), "application/text");
    let etag = &response.headers()[header::ETAG];
    let known = format!(
        "wait_for_change=true&last_etag={}&timeout_sec=5",
        etag.to_str().unwrap()
    );
    for (query, seconds) in [
        ("", None),
        ("wait_for_change=true&timeout_sec=5", Some(5)),
        (&*known, Some(5)),
        ("wait_for_change=true&last_etag=0&timeout_sec=5", None),
        ("wait_for_change=true", Some(60)),
        ("wait_for_change=true&timeout_sec=100000", Some(60)),
    ] {
        let time = held(&Parameters::parse(query.as_bytes()), Some(etag));
        assert_eq!(time, seconds.map(Duration::from_secs), "{query}");
    }
}

#[test]
fn an_address_beyond_the_link_is_told_from_one_on_it() {
    for (listen, is_near) in [
        ("127.0.0.1:80", true),
        ("169.254.169.254:80", true),
        ("[::1]:80", true),
        ("[fe80::1]:80", true),
        ("0.0.0.0:80", false),
        ("10.0.0.1:80", false),
        ("[fd00::1]:80", false),
    ] {
        let metadata = Metadata {
            listen: listen.parse().unwrap(),
            account: EMAIL.parse().unwrap(),
        };
        assert_eq!(metadata.is_near(), is_near, "{listen}");
    }
}
