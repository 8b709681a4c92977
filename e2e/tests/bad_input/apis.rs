//! The Google-style APIs: bodies, names, policies and conditions that are none.

use serde_json::{Value, json};
use wharf_e2e::jwt::access_token;
use wharf_e2e::{Answer, Client, TestRegistry};

const OWNER: &str = "serviceAccount:owner@default.iam.gserviceaccount.com";

struct Api {
    registry: TestRegistry,
    client: Client,
    token: String,
}

impl Api {
    fn new() -> Self {
        let registry = TestRegistry::start();
        Self {
            client: registry.anonymous(),
            token: access_token(&registry.anonymous(), &registry.owner_key()),
            registry,
        }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.client.post(path).bearer(&self.token).json(body).send()
    }

    fn post_text(&self, path: &str, body: String) -> Answer {
        let request = self
            .client
            .post(path)
            .header("content-type", "application/json");
        request.bearer(&self.token).body(body).send()
    }

    fn done(&self) {
        self.registry
            .assert_unharmed(std::slice::from_ref(&self.token));
    }
}

#[test]
fn bodies_that_are_no_json_objects_are_refused() {
    let api = Api::new();
    for body in [
        "{",
        "null",
        "[]",
        "7",
        "\"a\"",
        "{}{}",
        "not json",
        "{\"policy\":",
        "\u{0}",
        &format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)),
        &format!("{{\"policy\":{}}}", "{\"a\":".repeat(500)),
    ] {
        for path in [
            "/v1/projects/default:setIamPolicy",
            "/v3/projects",
            "/v1/projects/default/serviceAccounts",
            "/v1/projects/default/roles",
        ] {
            api.post_text(path, body.to_owned())
                .google_error(400, "INVALID_ARGUMENT");
        }
        let answer = api.post_text("/storage/v1/b?project=default", body.to_owned());
        assert_eq!(answer.status, 400, "{answer}");
        assert!(
            answer.json()["error"]["errors"][0]["reason"].is_string(),
            "{answer}"
        );
    }
    let huge = format!("{{\"policy\":\"{}\"}}", "a".repeat(2 << 20));
    let answer = api.post_text("/v1/projects/default:setIamPolicy", huge);
    assert!([400, 413].contains(&answer.status), "{answer}");
    answer.google_error(answer.status, "INVALID_ARGUMENT");
    api.done();
}

#[test]
fn malformed_names_are_refused_or_not_found() {
    let api = Api::new();
    let long = "a".repeat(5_000);
    for name in [
        "A", "a", "-bad-", "a b", "%00", "..%2f..", "%2e%2e", &long, "a_b_c_d", "123",
    ] {
        for path in [
            format!("/v3/projects/{name}"),
            format!("/v1/projects/{name}"),
            format!("/v1/projects/{name}:getIamPolicy"),
            format!("/v1/projects/{name}/serviceAccounts"),
            format!("/v1/projects/default/serviceAccounts/{name}"),
            format!("/v1/projects/default/serviceAccounts/{name}/keys"),
            format!("/v1/projects/default/roles/{name}"),
            format!("/v1/roles/{name}"),
            format!("/storage/v1/b/{name}"),
            format!("/storage/v1/b/{name}/iam"),
        ] {
            let answer = api.client.get(&path).bearer(&api.token).send();
            assert!([400, 403, 404].contains(&answer.status), "{answer}");
            assert!(answer.json()["error"]["message"].is_string(), "{answer}");
        }
        let made = api.post("/v3/projects", &json!({"projectId": name}));
        assert_eq!(made.status, 400, "{made}");
        let made = api.post(
            "/v1/projects/default/serviceAccounts",
            &json!({"accountId": name}),
        );
        assert_eq!(made.status, 400, "{made}");
    }
    api.post("/v3/projects", &json!({"projectId": "default"}))
        .google_error(409, "ALREADY_EXISTS");
    api.post(
        "/v3/projects",
        &json!({"projectId": "the-shop", "nonsense": 1}),
    )
    .google_error(400, "INVALID_ARGUMENT");
    api.done();
}

#[test]
fn policies_that_are_none_are_refused_and_change_nothing() {
    let api = Api::new();
    let set = |policy: &Value| {
        api.post(
            "/v1/projects/default:setIamPolicy",
            &json!({"policy": policy}),
        )
    };
    let binding =
        |role: &str, member: &str| json!({"bindings": [{"role": role, "members": [member]}]});
    let before = api
        .post("/v1/projects/default:getIamPolicy", &json!({}))
        .expect(200)
        .json();
    let viewer = "roles/storage.objectViewer";
    for policy in [
        binding("storage.objectViewer", "allUsers"),
        binding("roles/", "allUsers"),
        binding("roles/no.such.role", "allUsers"),
        binding("projects/default/roles/none", "allUsers"),
        binding(viewer, "everybody"),
        binding(viewer, ""),
        binding(viewer, "serviceAccount:"),
        binding(viewer, "serviceAccount:no mail"),
        binding(viewer, "group:../.."),
        binding(viewer, &"user:".repeat(500)),
        json!({"bindings": {}}),
        json!({"bindings": [{"role": viewer}, 7]}),
        json!({"bindings": [], "version": 2}),
        json!({"bindings": [], "etag": "not base64!"}),
        json!({"bindings": vec![json!({"role": viewer, "members": ["allUsers"]}); 5_000]}),
        json!({"bindings": [{"role": viewer, "members": (0..5_000).map(|n| format!("user:a{n}@b.example")).collect::<Vec<_>>()}]}),
    ] {
        let answer = set(&policy);
        let message = answer.google_error(400, "INVALID_ARGUMENT");
        assert!(message.len() > 10, "{message}");
    }
    set(&json!({"bindings": [], "etag": "//////////8="})).google_error(409, "ABORTED");
    let after = api
        .post("/v1/projects/default:getIamPolicy", &json!({}))
        .expect(200)
        .json();
    assert_eq!(before, after);
    api.done();
}

#[test]
fn conditions_that_are_none_are_refused_with_their_fault() {
    let api = Api::new();
    let set = |expression: &str| {
        let condition = json!({"title": "a condition", "expression": expression});
        let binding = json!({"role": "roles/storage.objectViewer", "members": [OWNER], "condition": condition});
        api.post(
            "/v1/projects/default:setIamPolicy",
            &json!({"policy": {"version": 3, "bindings": [binding]}}),
        )
    };
    let (nested, long, many) = (
        format!("{}true{}", "(".repeat(500), ")".repeat(500)),
        format!("resource.name == '{}'", "a".repeat(5_000)),
        vec!["resource.name == 'a'"; 40].join(" || "),
    );
    for expression in [
        "",
        " ",
        "resource.name ==",
        "resource.name.startsWith(",
        "1 + 1",
        "'text'",
        "resource.name",
        "resource.nothing == 'a'",
        "nothing.at.all",
        "resource.name = 'a'",
        "true; true",
        "${jndi:ldap://a}",
        "resource.name.matches('(a+')",
        "resource.name.matches('(a{1000}){1000}')",
        "[1, 2, 3].map(x, x * 2) == 7",
        "resource.name.noSuchFunction()",
        "\u{0}",
        &nested,
        &long,
        &many,
    ] {
        let message = set(expression).google_error(400, "INVALID_ARGUMENT");
        assert!(
            message.to_lowercase().contains("condition"),
            "{expression}: {message}"
        );
    }
    set("resource.name.startsWith('projects/_/buckets/artifacts.default.appspot.com')").expect(200);
    api.done();
}

#[test]
fn nobody_learns_what_is_there() {
    let api = Api::new();
    for path in [
        "/v3/projects/default",
        "/v3/projects/absent-one",
        "/v1/projects/default/serviceAccounts",
        "/storage/v1/b?project=default",
        "/storage/v1/b/artifacts.default.appspot.com",
    ] {
        let answer = api.client.get(path).send();
        assert_eq!(answer.status, 401, "{answer}");
        assert!(answer.json()["error"]["message"].is_string(), "{answer}");
    }
    let there = api
        .client
        .get("/v2/default/app/manifests/latest")
        .send()
        .oci_error(401, "UNAUTHORIZED");
    let absent = api
        .client
        .get("/v2/absent-one/app/manifests/latest")
        .send()
        .oci_error(401, "UNAUTHORIZED");
    assert_eq!(
        there.replace("default", "P"),
        absent.replace("absent-one", "P")
    );
    let none = api.client.get("/v1/no/such/path").bearer(&api.token).send();
    none.google_error(404, "NOT_FOUND");
    api.done();
}
