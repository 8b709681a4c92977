//! Policies of the registry, projects and service accounts; the troubleshooter.

use super::*;

const PULLER: &str = "puller@default.iam.gserviceaccount.com";

/// The owner's binding and one more, without the rest of the answer.
async fn policy_of(server: &Server, resource: &str, version: u8) -> Value {
    let request = format!("POST /v1/{resource}:getIamPolicy");
    let body = json!({"options": {"requestedPolicyVersion": version}});
    server
        .expect(&server.owner, &request, body, 200, json!({"etag": "…"}))
        .await
}

fn conditional(expression: &str) -> Value {
    json!({
        "role": "roles/storage.objectViewer",
        "members": [format!("serviceAccount:{PULLER}")],
        "condition": {"title": "one bucket", "expression": expression},
    })
}

#[tokio::test]
async fn a_policy_is_read_changed_and_written() {
    let server = Server::start().await;
    server.account("default", "puller").await;
    let mut policy = policy_of(&server, "projects/default", 3).await;
    assert_eq!(policy["version"], 1);
    let condition = conditional(
        "resource.name.startsWith(\"projects/_/buckets/us.artifacts.default.appspot.com\")",
    );
    let mut bindings = policy["bindings"].as_array().cloned().unwrap_or_default();
    bindings.push(condition.clone());
    policy["bindings"] = json!(bindings);
    policy["version"] = json!(3);
    // gcloud writes the alphabet of URLs.
    let etag = policy["etag"]
        .as_str()
        .unwrap()
        .replace('+', "-")
        .replace('/', "_");
    policy["etag"] = json!(etag);
    let set = "POST /v1/projects/default:setIamPolicy";
    let body = json!({"policy": policy, "updateMask": "bindings,version,etag"});
    server
        .expect(
            &server.owner,
            set,
            body.clone(),
            200,
            json!({"version": 3, "etag": "…"}),
        )
        .await;
    server
        .expect(
            &server.owner,
            set,
            body,
            409,
            json!({"error": {"code": 409, "status": "ABORTED"}}),
        )
        .await;
    let written = policy_of(&server, "projects/default", 3).await;
    assert_eq!(written["version"], 3);
    assert!(written["bindings"].as_array().unwrap().contains(&condition));
    // Who does not know of conditions neither sees nor removes one by mistake.
    let blind = policy_of(&server, "projects/default", 1).await;
    assert_eq!(blind["version"], 1);
    let text = blind.to_string();
    assert!(
        text.contains("roles/storage.objectViewer_withcond_") && !text.contains("startsWith"),
        "{text}"
    );
    let refused = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT"}});
    server
        .expect(&server.owner, set, json!({"policy": blind}), 400, refused)
        .await;
    // Without an etag, the last word counts; without bindings, nobody is bound.
    server
        .expect(
            &server.owner,
            set,
            json!({"policy": {"version": 3}}),
            200,
            json!({"bindings": null, "version": 1}),
        )
        .await;
}

#[tokio::test]
async fn what_no_policy_can_be_is_refused() {
    let server = Server::start().await;
    server.account("default", "puller").await;
    let set = "POST /v1/projects/default:setIamPolicy";
    let refused = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "…"}});
    for policy in [
        json!({"version": 3, "bindings": [conditional("resource.name.startsWith(")]}),
        json!({"version": 1, "bindings": [conditional("true")]}),
        json!({"version": 2}),
        json!({"bindings": [{"role": "roles/no.such", "members": ["allUsers"]}]}),
    ] {
        server
            .expect(
                &server.owner,
                set,
                json!({"policy": policy}),
                400,
                refused.clone(),
            )
            .await;
    }
}

#[tokio::test]
async fn service_accounts_and_the_registry_have_policies_too() {
    let server = Server::start().await;
    server.account("default", "puller").await;
    let account = format!("v1/projects/-/serviceAccounts/{PULLER}");
    let policy = json!({"bindings": [{"role": "roles/iam.serviceAccountAdmin", "members": ["user:ann@example.com"]}]});
    server
        .expect_all([
            (
                &format!("POST /{account}:getIamPolicy?options.requestedPolicyVersion=3"),
                Value::Null,
                200,
                json!({"etag": "…", "version": 1}),
            ),
            (
                &format!("POST /{account}:setIamPolicy"),
                json!({"policy": policy}),
                200,
                policy.clone(),
            ),
            (
                &format!("GET /{account}:getIamPolicy"),
                Value::Null,
                200,
                policy,
            ),
            (
                "POST /v1/organizations/0:getIamPolicy",
                json!({}),
                200,
                json!({"bindings": [{"role": "roles/owner"}]}),
            ),
            (
                "POST /v3/projects/default:getIamPolicy",
                json!({}),
                200,
                json!({"etag": "…"}),
            ),
            (
                "POST /v1/organizations/0:setIamPolicy",
                json!({"policy": {}}),
                400,
                json!({"error": {"status": "FAILED_PRECONDITION"}}),
            ),
        ])
        .await;
}

#[tokio::test]
async fn permissions_are_tested_and_decisions_explained() {
    let server = Server::start().await;
    let puller = server.account("default", "puller").await;
    let test = "POST /v1/projects/default:testIamPermissions";
    let asked = json!({"permissions": ["storage.objects.get", "storage.objects.delete", "no.such.permission"]});
    server
        .expect(
            &puller,
            test,
            asked.clone(),
            200,
            json!({"permissions": null}),
        )
        .await;
    let condition = conditional(
        "resource.name.startsWith(\"projects/_/buckets/us.artifacts.default.appspot.com\")",
    );
    let policy = json!({"version": 3, "bindings": [condition]});
    server
        .expect(
            &server.owner,
            "POST /v1/projects/default:setIamPolicy",
            json!({"policy": policy}),
            200,
            json!({}),
        )
        .await;
    server
        .expect(
            &server.owner,
            test,
            asked,
            200,
            json!({"permissions": ["storage.objects.get", "storage.objects.delete"]}),
        )
        .await;
    let ask = |bucket: &str| {
        json!({"accessTuple": {
            "principal": PULLER,
            "fullResourceName": format!("//storage.googleapis.com/projects/_/buckets/{bucket}/objects/containers/repositories/library/web/tag_v1"),
            "permission": "storage.objects.get",
        }})
    };
    let binding = |access: &str| {
        json!({
            "access": access,
            "role": "roles/storage.objectViewer",
            "rolePermission": "ROLE_PERMISSION_INCLUDED",
            "memberships": {(format!("serviceAccount:{PULLER}")): {"membership": "MEMBERSHIP_INCLUDED"}},
            "condition": {"title": "one bucket"},
        })
    };
    let explained = |answer: &Value| {
        let policies = answer["explainedPolicies"].as_array().unwrap();
        let name = "//cloudresourcemanager.googleapis.com/projects/default";
        policies
            .iter()
            .find(|one| one["fullResourceName"] == name)
            .cloned()
            .unwrap()
    };
    let troubleshoot = "POST /v1/iam:troubleshoot";
    let granted = server
        .expect(
            &server.owner,
            troubleshoot,
            ask("us.artifacts.default.appspot.com"),
            200,
            json!({"access": "GRANTED", "summary": "…"}),
        )
        .await;
    let policy = explained(&granted);
    assert!(
        contains(
            &policy,
            &json!({"access": "GRANTED", "bindingExplanations": [binding("GRANTED")]})
        ),
        "{policy}"
    );
    let refused = server
        .expect(
            &server.owner,
            troubleshoot,
            ask("artifacts.default.appspot.com"),
            200,
            json!({"access": "NOT_GRANTED", "summary": "…"}),
        )
        .await;
    let policy = explained(&refused);
    assert!(
        contains(
            &policy,
            &json!({"access": "NOT_GRANTED", "bindingExplanations": [binding("NOT_GRANTED")]})
        ),
        "{policy}"
    );
    let why = policy["bindingExplanations"][0]["conditionExplanation"]
        .as_str()
        .unwrap();
    assert!(
        why.contains("projects/_/buckets/artifacts.default.appspot.com"),
        "{why}"
    );
    for (field, body) in [
        (
            "accessTuple.principal",
            json!({"accessTuple": {"principal": "group:x@example.com"}}),
        ),
        (
            "accessTuple.permission",
            json!({"accessTuple": {"principal": PULLER, "permission": "x"}}),
        ),
        (
            "accessTuple.fullResourceName",
            json!({"accessTuple": {"principal": PULLER, "permission": "storage.objects.get", "fullResourceName": "x"}}),
        ),
    ] {
        let violation = json!({"error": {"details": [{"fieldViolations": [{"field": field}]}]}});
        server
            .expect(&server.owner, troubleshoot, body, 400, violation)
            .await;
    }
    // Everybody may ask about themselves, about others only who may read the policies.
    server
        .expect(
            &puller,
            troubleshoot,
            ask("artifacts.default.appspot.com"),
            200,
            json!({"access": "NOT_GRANTED"}),
        )
        .await;
    let mut about_owner = ask("artifacts.default.appspot.com");
    about_owner["accessTuple"]["principal"] = json!("owner@default.iam.gserviceaccount.com");
    server
        .expect(
            &puller,
            troubleshoot,
            about_owner,
            403,
            json!({"error": {"status": "PERMISSION_DENIED"}}),
        )
        .await;
}

#[tokio::test]
async fn conditions_are_checked_before_they_are_set() {
    let server = Server::start().await;
    let lint = "POST /v1/iamPolicies:lintPolicy";
    let condition =
        |expression: &str| json!({"condition": {"title": "t", "expression": expression}});
    server
        .expect_all([
            (lint, condition("request.time < timestamp(\"2030-01-01T00:00:00Z\")"), 200, json!({"lintResults": null})),
            (lint, condition("resource.name =="), 200, json!({"lintResults": [{"level": "CONDITION", "severity": "ERROR", "fieldName": "condition.expression", "debugMessage": "…"}]})),
            (lint, json!({}), 400, json!({"error": {"status": "INVALID_ARGUMENT"}})),
        ])
        .await;
}
