//! Every method, asked wrongly. The rows say which there are and their documents what they take, so that a new one is
//! asked too; only what its handler wants of a body before it decides must be written in [`example`].

use wharf_types::limits;

use super::*;
use crate::google::method::{self, Handler, Method as Row};
use crate::google::methods::APIS;
use crate::google::refusal::Dialect;
use crate::google::template::{Segment, Template};

/// A method, as a request on the things of one project.
struct Case {
    row: &'static Row,
    /// `POST /v1/projects/…`
    request: String,
    dialect: Dialect,
    /// Its entry in the discovery document.
    described: Value,
    /// The schemas of that document.
    schemas: Value,
}

impl Case {
    fn has_body(&self) -> bool {
        ["POST", "PUT", "PATCH"].contains(&self.row.binding.http)
    }

    /// The properties of what it takes, with their schemas.
    fn properties(&self) -> Vec<(String, Value)> {
        let reference = self.described["request"]["$ref"].as_str();
        let schema = reference.map(|name| &self.schemas[name]["properties"]);
        match schema {
            Some(Value::Object(properties)) => properties.clone().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn refused(&self, code: u16, status: &str, reason: &str) -> Value {
        match self.dialect {
            Dialect::Rpc => {
                json!({"error": {"code": code, "status": status, "message": "…"}})
            }
            Dialect::Storage => {
                json!({"error": {"code": code, "status": null, "errors": [{"reason": reason, "domain": "global"}]}})
            }
        }
    }
}

/// The methods that are offered and ask for a credential.
async fn cases(server: &Server, project: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for api in APIS {
        let path = format!("GET /discovery/v1/apis/{}/{}/rest", api.name, api.version);
        let document = server.send(NOBODY, &path, &Value::Null).await.body;
        for row in api.methods {
            let is_offered = matches!(row.handler, Handler::Function { .. });
            if !is_offered || row.login == method::Login::Ignored {
                continue;
            }
            let names: Vec<_> = row.id.split('.').skip(1).collect();
            let (last, folders) = names.split_last().unwrap();
            let folder = folders
                .iter()
                .fold(&document, |place, name| &place["resources"][name]);
            let path = path_of(row, project);
            cases.push(Case {
                row,
                request: format!("{} {path}?{}", row.binding.http, query(project)),
                dialect: Dialect::of(&path),
                described: folder["methods"][last].clone(),
                schemas: document["schemas"].clone(),
            });
        }
    }
    cases
}

/// What some methods need in the query, and the others leave alone.
fn query(project: &str) -> String {
    format!("project={project}&names=projects/{project}/services/iam.googleapis.com")
}

/// A path to something that is there, where one can be written without making it.
fn path_of(row: &Row, project: &str) -> String {
    let template = Template::parse(row.binding.path);
    let mut path = String::new();
    let mut before = "";
    for segment in template.segments() {
        path.push('/');
        match (segment, before) {
            (Segment::Literal(literal), _) => {
                path.push_str(literal);
                before = literal;
            }
            (Segment::Any, "projects") => path.push_str(project),
            (Segment::Any, "serviceAccounts") => path.push_str(&email(project, "target")),
            (Segment::Any, "organizations") => path.push('0'),
            (Segment::Any, "operations") => path.push_str("cp.1"),
            (Segment::Any, "keys") => path.push_str(&"0".repeat(40)),
            (Segment::Any, "locations") => path.push_str("global"),
            (Segment::Any, "services") => path.push_str("iam.googleapis.com"),
            (Segment::Any, "regions") => path.push_str("us-central1"),
            (Segment::Any, "zones") => path.push_str("us-central1-a"),
            (Segment::Any, "cryptoKeyVersions") => path.push('1'),
            (Segment::Any, "b") => path.push_str(&format!("artifacts.{project}.appspot.com")),
            (Segment::Any, _) => path.push_str("viewer"),
        }
    }
    if let Some(verb) = template.verb {
        path.push_str(&format!(":{verb}"));
    }
    path
}

/// A body that is right, where `{}` is not.
fn example(id: &str, project: &str) -> Option<Value> {
    let policy = || json!({"policy": {}});
    Some(match id {
        "iam.projects.serviceAccounts.create" => json!({"accountId": "another"}),
        "iam.projects.serviceAccounts.keys.upload" => json!({"publicKeyData": ""}),
        "iam.projects.roles.create" => json!({"roleId": "another", "role": {}}),
        "iam.iamPolicies.lintPolicy" => json!({"condition": {"expression": "true"}}),
        "iam.roles.queryGrantableRoles" | "iam.permissions.queryTestablePermissions" => {
            json!({"fullResourceName": format!("//cloudresourcemanager.googleapis.com/projects/{project}")})
        }
        "policytroubleshooter.iam.troubleshoot" => json!({"accessTuple": {
            "principal": "allUsers",
            "permission": "storage.objects.get",
            "fullResourceName": format!("//cloudresourcemanager.googleapis.com/projects/{project}"),
        }}),
        "cloudresourcemanager.projects.create" => json!({"projectId": "project-c"}),
        "cloudresourcemanager.projects.update" => json!({}),
        "logging.entries.list" => json!({"resourceNames": [format!("projects/{project}")]}),
        "storage.buckets.insert" => json!({"name": format!("artifacts.{project}.appspot.com")}),
        "storage.buckets.setIamPolicy" => json!({"bindings": []}),
        id if id.ends_with(".setIamPolicy") => policy(),
        _ => return None,
    })
}

/// What answers everybody who is logged in: the same for all, or only what they may see.
fn is_for_all(id: &str) -> bool {
    const FOR_ALL: [&str; 10] = [
        "iam.iamPolicies.lintPolicy",
        "iam.roles.list",
        "iam.roles.get",
        "iam.roles.queryGrantableRoles",
        "iam.permissions.queryTestablePermissions",
        "cloudresourcemanager.projects.list",
        "cloudresourcemanager.projects.search",
        "cloudresourcemanager.organizations.get",
        "cloudresourcemanager.organizations.search",
        "iamcredentials.projects.serviceAccounts.getAllowedLocations",
    ];
    FOR_ALL.contains(&id)
        || id.starts_with("oauth2.userinfo.")
        || id.ends_with(".testIamPermissions")
}

/// A registry with the projects `project-a` and `project-b`, an account `target` in each, and the logins of one who may
/// do nothing and one who may do everything in `project-a`.
async fn scene() -> (Server, Logins) {
    let server = Server::start().await;
    for project in ["project-a", "project-b"] {
        let body = json!({"projectId": project});
        let (owner, request) = (&server.owner, "POST /v1/projects");
        server.expect(owner, request, body, 200, json!({})).await;
        server.account(project, "target").await;
    }
    let powerless = server.account("project-a", "powerless").await;
    let alien = server.account("project-a", "stranger").await;
    let alien_email = email("project-a", "stranger");
    server
        .grant("v1/projects/project-a", "roles/owner", &alien_email)
        .await;
    (server, Logins { powerless, alien })
}

struct Logins {
    powerless: Login,
    alien: Login,
}

#[tokio::test]
async fn without_a_token_or_with_one_of_a_deleted_key_it_is_401() {
    let (server, _) = scene().await;
    let dead = server.account("project-a", "leaver").await;
    let leaver = format!(
        "/v1/projects/project-a/serviceAccounts/{}",
        email("project-a", "leaver")
    );
    let keys = server
        .expect(
            &server.owner,
            &format!("GET {leaver}/keys?keyTypes=USER_MANAGED"),
            Value::Null,
            200,
            json!({}),
        )
        .await;
    for key in keys["keys"].as_array().unwrap() {
        let delete = format!("DELETE /v1/{}", key["name"].as_str().unwrap());
        server
            .expect(&server.owner, &delete, Value::Null, 200, json!({}))
            .await;
    }
    for case in cases(&server, "project-a").await {
        let body = example(case.row.id, "project-a").unwrap_or(json!({}));
        let expected = case.refused(401, "UNAUTHENTICATED", "required");
        for login in [NOBODY, &dead] {
            // Everybody is told which permissions they have, and which projects they may see: none.
            let asks_for_own = ["testIamPermissions", "projects.list", "projects.search"];
            if login == NOBODY && asks_for_own.iter().any(|end| case.row.id.ends_with(end)) {
                continue;
            }
            let body = if case.has_body() {
                body.clone()
            } else {
                Value::Null
            };
            server
                .expect(login, &case.request, body, 401, expected.clone())
                .await;
        }
    }
}

#[tokio::test]
async fn without_the_right_it_is_403_whoever_s_the_project_is() {
    let (server, logins) = scene().await;
    let mut wrong = Vec::new();
    for (login, project) in [
        (&logins.powerless, "project-a"),
        (&logins.alien, "project-b"),
    ] {
        for case in cases(&server, project).await {
            let id = case.row.id;
            let body = example(id, project);
            let is_guessed = body.is_none() && !case.properties().is_empty();
            let body = if case.has_body() {
                body.unwrap_or(json!({}))
            } else {
                Value::Null
            };
            let reply = server.send(login, &case.request, &body).await;
            let (status, expected) = match reply.status.as_u16() {
                200 if is_for_all(id) => continue,
                // Of a body that nobody wrote by hand, it may be said first what is wrong with it.
                400 if is_guessed => (400, case.refused(400, "INVALID_ARGUMENT", "invalid")),
                _ => (403, case.refused(403, "PERMISSION_DENIED", "forbidden")),
            };
            let info = &reply.body["error"]["details"][0]["reason"];
            let is_explained = status != 403 || info == "IAM_PERMISSION_DENIED";
            if reply.status != status || !contains(&reply.body, &expected) || !is_explained {
                let Reply { status, body, .. } = reply;
                wrong.push(format!("{id} {}: {status} {body}", case.request));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_body_that_is_wrong_is_400_and_its_field_is_named() {
    let (server, _) = scene().await;
    for case in cases(&server, "project-a").await {
        if case.row.request.is_none() {
            continue;
        }
        let refused = case.refused(400, "INVALID_ARGUMENT", "invalid");
        let owner = &server.owner;
        for raw in ["{", "[]", "7", "\"x\"", "{}{}"] {
            server
                .expect(owner, &case.request, json!(raw), 400, refused.clone())
                .await;
        }
        let mut wrong = Vec::new();
        if case.dialect == Dialect::Rpc {
            wrong.push(("noSuchField".to_owned(), json!(1)));
        }
        for (name, schema) in case.properties() {
            match schema["type"].as_str() {
                Some("any") => continue,
                Some("array") => wrong.push((name.clone(), json!("text"))),
                Some(_) => wrong.push((name.clone(), json!([[1]]))),
                None => wrong.push((name.clone(), json!(7))),
            }
            if schema["enum"].is_array() {
                wrong.push((name, json!("NO_SUCH_VALUE")));
            }
        }
        for (field, value) in wrong {
            let body = json!({ &field: value });
            let answer = server
                .expect(owner, &case.request, body, 400, refused.clone())
                .await;
            if case.dialect == Dialect::Rpc {
                let violation = &answer["error"]["details"][0]["fieldViolations"][0];
                let named = violation["field"].as_str().unwrap_or_default();
                assert!(
                    named.starts_with(&field),
                    "{} {field}: {answer}",
                    case.row.id
                );
            }
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_400() {
    let (server, _) = scene().await;
    let huge = json!(" ".repeat(limits::JSON_BODY_SIZE_MAX + 1));
    for case in cases(&server, "project-a").await {
        if case.has_body() {
            let refused = case.refused(400, "INVALID_ARGUMENT", "invalid");
            server
                .expect(&server.owner, &case.request, huge.clone(), 400, refused)
                .await;
        }
    }
}

#[tokio::test]
async fn a_state_that_was_read_before_another_s_change_is_not_overwritten() {
    let (server, _) = scene().await;
    let stale = "__________8";
    let aborted = json!({"error": {"code": 409, "status": "ABORTED"}});
    let not_met = json!({"error": {"code": 412, "errors": [{"reason": "conditionNotMet"}]}});
    let bucket = "/storage/v1/b/artifacts.project-a.appspot.com";
    let set_up = [
        (
            "POST /v1/projects/project-a/roles",
            json!({"roleId": "viewer", "role": {"title": "v"}}),
            200,
            json!({}),
        ),
        (
            "POST /storage/v1/b?project=project-a",
            json!({"name": "artifacts.project-a.appspot.com"}),
            200,
            json!({}),
        ),
    ];
    server.expect_all(set_up).await;
    let rings = "/v1/projects/project-a/locations/global/keyRings";
    server
        .expect_all([
            (
                &*format!("POST {rings}?keyRingId=viewer"),
                json!({}),
                200,
                json!({}),
            ),
            (
                &format!("POST {rings}/viewer/cryptoKeys?cryptoKeyId=viewer"),
                json!({"purpose": "ENCRYPT_DECRYPT"}),
                200,
                json!({}),
            ),
        ])
        .await;
    for case in cases(&server, "project-a").await {
        let (body, expected) = match case.row.id {
            "storage.buckets.setIamPolicy" => {
                (json!({"bindings": [], "etag": stale}), (412, &not_met))
            }
            id if id.ends_with(".setIamPolicy") => {
                (json!({"policy": {"etag": stale}}), (409, &aborted))
            }
            "iam.projects.roles.patch" => (json!({"title": "w", "etag": stale}), (409, &aborted)),
            _ => continue,
        };
        let (status, expected) = expected;
        server
            .expect(&server.owner, &case.request, body, status, expected.clone())
            .await;
    }
    server
        .expect_all([
            (
                &*format!("DELETE /v1/projects/project-a/roles/viewer?etag={stale}"),
                Value::Null,
                409,
                aborted,
            ),
            (
                &format!("PATCH {bucket}?ifMetagenerationMatch=77"),
                json!({}),
                412,
                not_met.clone(),
            ),
            (
                &format!("DELETE {bucket}?ifMetagenerationMatch=77"),
                Value::Null,
                412,
                not_met,
            ),
        ])
        .await;
}

#[tokio::test]
async fn what_is_not_offered_says_so_and_why() {
    let (server, _) = scene().await;
    for row in APIS.iter().flat_map(|api| api.methods) {
        if let Handler::NotOffered(why) = row.handler {
            let path = path_of(row, "project-a");
            let reply = server
                .send(
                    &server.owner,
                    &format!("{} {path}", row.binding.http),
                    &Value::Null,
                )
                .await;
            assert_eq!(reply.status, 405, "{}: {}", row.id, reply.body);
            assert_eq!(reply.body["error"]["message"], why, "{}", row.id);
            if Dialect::of(&path) == Dialect::Rpc {
                assert_eq!(reply.body["error"]["status"], "UNIMPLEMENTED", "{}", row.id);
            }
        }
    }
}
