//! Who may: challenges, tokens, hosts.

use crate::testing::login;
use crate::{Config, Host, Limits};

use super::*;

const BASE: &str = "Bearer realm=\"http://127.0.0.1:5000/v2/token\",service=\"127.0.0.1:5000\"";

#[tokio::test]
async fn the_challenge_says_where_to_log_in_and_for_what() {
    let registry = Registry::open().await;
    registry.push_image("default/web", "v1").await;
    let nobody = registry.account("nobody", "").await;
    let scope = |actions: &str| format!("{BASE},scope=\"repository:default/web:{actions}\"");
    let insufficient = |actions: &str| format!("{},error=\"insufficient_scope\"", scope(actions));
    let mount = format!("POST /v2/default/web/blobs/uploads/?mount={HELLO}&from=default/other");
    let both =
        format!("{BASE},scope=\"repository:default/web:pull,push repository:default/other:pull\"");
    let rows = [
        ("", "GET /v2/", "UNAUTHORIZED", BASE.to_owned()),
        ("", "GET /v2", "UNAUTHORIZED", BASE.to_owned()),
        (
            "",
            "GET /v2/default/web/manifests/v1",
            "UNAUTHORIZED",
            scope("pull"),
        ),
        (
            "",
            "PUT /v2/default/web/manifests/v1",
            "UNAUTHORIZED",
            scope("pull,push"),
        ),
        (
            "",
            "DELETE /v2/default/web/manifests/v1",
            "UNAUTHORIZED",
            scope("delete"),
        ),
        (
            "",
            "POST /v2/default/web/blobs/uploads/",
            "UNAUTHORIZED",
            scope("pull,push"),
        ),
        ("", &mount, "UNAUTHORIZED", both),
        (
            "",
            "GET /v2/default/tags/list",
            "UNAUTHORIZED",
            format!("{BASE},scope=\"repository:default:pull\""),
        ),
        (
            &nobody,
            "GET /v2/default/web/manifests/v1",
            "DENIED",
            insufficient("pull"),
        ),
        (
            &nobody,
            "GET /v2/default/absent/manifests/v1",
            "DENIED",
            insufficient("pull").replace("/web", "/absent"),
        ),
        (
            "Bearer nonsense",
            "GET /v2/default/web/manifests/v1",
            "UNAUTHORIZED",
            format!("{},error=\"invalid_token\"", scope("pull")),
        ),
        (
            "Bearer nonsense",
            "GET /v2/",
            "UNAUTHORIZED",
            format!("{BASE},error=\"invalid_token\""),
        ),
        (
            "Basic nonsense",
            "GET /v2/",
            "UNAUTHORIZED",
            format!("{BASE},error=\"invalid_token\""),
        ),
        (
            "Digest x",
            "GET /v2/",
            "UNAUTHORIZED",
            format!("{BASE},error=\"invalid_token\""),
        ),
        (
            "Basic",
            "GET /v2/",
            "UNAUTHORIZED",
            format!("{BASE},error=\"invalid_token\""),
        ),
        (
            &login("{}"),
            "GET /v2/",
            "UNAUTHORIZED",
            format!("{BASE},error=\"invalid_token\""),
        ),
    ];
    for (login, request, code, challenge) in rows {
        let reply = registry.send(login, request, "", "").await;
        check(request, &reply, 401, code, "");
        assert_eq!(reply.header("www-authenticate"), challenge, "{request}");
    }
    let twice = format!("Authorization: {}", registry.owner);
    let mut reply = registry
        .send("", "GET /v2/", &format!("{twice}\n{twice}"), "")
        .await;
    check("two credentials", &reply, 401, "UNAUTHORIZED", "");
    // A refusal names what lacks; an answer to somebody known is an empty object.
    reply = registry
        .send(&nobody, "GET /v2/default/web/manifests/v1", "", "")
        .await;
    let message = reply.json()["errors"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("storage.objects.get"), "{message}");
    assert_eq!(
        registry
            .send(&nobody, "GET /v2/", "", "")
            .await
            .is(200)
            .body,
        "{}"
    );
}

#[tokio::test]
async fn hidden_and_absent_are_one_answer() {
    let registry = Registry::open().await;
    registry.push_image("default/web", "v1").await;
    let nobody = registry.account("nobody", "").await;
    let message = async |name: &str| {
        let request = format!("GET /v2/default/{name}/manifests/v1");
        let reply = registry.send(&nobody, &request, "", "").await.is(401);
        String::from_utf8(reply.body.to_vec())
            .unwrap()
            .replace(name, "NAME")
    };
    assert_eq!(message("web").await, message("absent").await);
}

#[tokio::test]
async fn a_token_is_good_for_its_scope_only() {
    let registry = Registry::open().await;
    registry.push_image("default/web", "v1").await;
    let get = "GET /v2/token?service=127.0.0.1:5000&account=a&scope=repository:default/web:pull";
    let reply = registry.own(get, "").await.is(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let body = reply.json();
    assert_eq!(body["token"], body["access_token"]);
    assert_eq!(body["expires_in"], 600);
    assert!(body["issued_at"].as_str().unwrap().ends_with('Z'), "{body}");
    let token = format!("Bearer {}", body["token"].as_str().unwrap());
    registry.send(&token, "GET /v2/", "", "").await.is(200);
    registry
        .send(&token, "GET /v2/default/web/manifests/v1", "", "")
        .await
        .is(200);
    let reply = registry
        .send(&token, "DELETE /v2/default/web/manifests/v1", "", "")
        .await;
    check("delete", &reply, 401, "DENIED", "");
    let reply = registry
        .send(&token, "GET /v2/default/other/manifests/v1", "", "")
        .await;
    check("another repository", &reply, 401, "DENIED", "");
}

#[tokio::test]
async fn tokens_are_given_for_forms_too_and_refusals_have_their_dialect() {
    let registry = Registry::open().await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let key = std::fs::read_to_string(registry.folder.path().join("owner.json")).unwrap();
    let encoded: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let password = format!("grant_type=password&service=s&username=_json_key&password={encoded}");
    let token = registry
        .send("", "POST /v2/token", form, password.clone())
        .await
        .is(200)
        .json();
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        token["token"].as_str().unwrap()
    );
    registry
        .send("", "POST /v2/token", form, refresh)
        .await
        .is(200);
    // The anonymous caller gets a token that is good for what everybody may.
    registry
        .send(
            "",
            "GET /v2/token?scope=repository:default/web:pull",
            "",
            "",
        )
        .await
        .is(200);
    let wrong = password.replace("BEGIN", "BEGUN");
    let large = "x".repeat(70_000);
    for (request, body, status, error) in [
        ("POST /v2/token", wrong.as_str(), 401, "UNAUTHORIZED"),
        (
            "POST /v2/token",
            "grant_type=password",
            400,
            "invalid_request",
        ),
        (
            "POST /v2/token",
            "grant_type=refresh_token",
            400,
            "invalid_request",
        ),
        (
            "POST /v2/token",
            "grant_type=x",
            400,
            "unsupported_grant_type",
        ),
        ("POST /v2/token", &large, 413, "invalid_request"),
        ("POST /token", "", 400, "invalid_request"),
        ("POST /token", "grant_type=x", 400, "unsupported_grant_type"),
        (
            "POST /token",
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer",
            400,
            "invalid_request",
        ),
        (
            "POST /token",
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c",
            400,
            "invalid_grant",
        ),
        ("POST /token", &large, 413, "invalid_request"),
    ] {
        let reply = registry
            .send("", request, form, body.to_owned())
            .await
            .is(status);
        let json = reply.json();
        assert!(
            reply.code() == error || json["error"] == error,
            "{request} {body}: {json}"
        );
        assert!(
            json["error"].is_null() || json["error_description"].is_string(),
            "{json}"
        );
    }
    registry
        .send("Bearer x", "GET /v2/token", "", "")
        .await
        .is(401);
    registry.send("", "DELETE /v2/token", "", "").await.is(405);
    registry.send("", "GET /token", "", "").await.is(405);
}

#[tokio::test]
async fn each_host_is_a_location_and_others_are_misdirected() {
    let registry = Registry::with(Config {
        hosts: ["registry.example.com", "eu.example.com=eu"]
            .map(|host| host.parse::<Host>().unwrap())
            .into(),
        ..Config::default()
    })
    .await;
    registry.push_image("default/web", "v1").await;
    for (host, request, status) in [
        (
            "registry.example.com",
            "GET /v2/default/web/manifests/v1",
            200,
        ),
        (
            "REGISTRY.example.com:443",
            "GET /v2/default/web/manifests/v1",
            200,
        ),
        ("localhost:5000", "GET /v2/default/web/manifests/v1", 200),
        ("[::1]:5000", "GET /v2/default/web/manifests/v1", 200),
        ("eu.example.com", "GET /v2/default/web/manifests/v1", 404),
        ("us.example.com", "GET /v2/default/web/manifests/v1", 421),
        ("us.example.com", "GET /v2/", 421),
        ("us.example.com", "GET /healthz", 200),
        ("a b", "GET /v2/", 400),
        ("user@registry.example.com", "GET /v2/", 400),
        ("", "GET /v2/", 400),
    ] {
        let reply = registry
            .send(&registry.owner, request, &format!("Host: {host}"), "")
            .await;
        assert_eq!(reply.status, status, "{host} {request}: {reply:?}");
    }
    let reply = registry
        .send("", "GET /v2/", "Host: eu.example.com", "")
        .await
        .is(401);
    assert!(
        reply
            .header("www-authenticate")
            .contains("realm=\"http://eu.example.com/v2/token\"")
    );
}

#[tokio::test]
async fn forwarded_headers_are_believed_from_trusted_proxies_only() {
    let headers = "X-Forwarded-Proto: https\nX-Forwarded-Host: registry.example.com\nX-Forwarded-For: 192.0.2.7";
    let secure = "realm=\"https://registry.example.com/v2/token\"";
    for (proxies, is_believed) in [
        (vec![], false),
        (vec!["127.0.0.0/8".parse().unwrap()], true),
    ] {
        let registry = Registry::with(Config {
            trusted_proxies: proxies,
            ..Config::default()
        })
        .await;
        let reply = registry.send("", "GET /v2/", headers, "").await.is(401);
        assert_eq!(
            reply.header("www-authenticate").contains(secure),
            is_believed
        );
    }
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let registry = Registry::with(Config {
        limits: Limits {
            requests_per_principal: std::num::NonZeroU32::new(1),
            requests_per_connection: std::num::NonZeroU32::new(100),
            ..Limits::default()
        },
        ..Config::default()
    })
    .await;
    registry.own("GET /v2/", "").await.is(200);
    let reply = registry.own("GET /v2/", "").await;
    check("again", &reply, 429, "TOOMANYREQUESTS", "Retry-After: 1");
    registry.send("", "GET /v2/", "", "").await.is(401);
}
