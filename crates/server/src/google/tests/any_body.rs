//! Whatever stands in a body, the answer is the caller's mistake, never ours.

use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, TestRunner};

use super::*;

/// Any JSON, with the names that bodies have among its keys and texts, so that it often comes further than the parser.
fn any_json() -> impl Strategy<Value = Value> {
    let word = || {
        prop_oneof![
            proptest::sample::select(vec![
                "accountId",
                "serviceAccount",
                "displayName",
                "description",
                "updateMask",
                "etag",
                "policy",
                "bindings",
                "role",
                "members",
                "condition",
                "expression",
                "title",
                "version",
                "permissions",
                "projectId",
                "labels",
                "name",
                "parent",
                "roleId",
                "includedPermissions",
                "stage",
                "options",
                "requestedPolicyVersion",
                "privateKeyType",
                "lifetime",
                "publicKeyData",
                "accessTuple",
                "principal",
                "permission",
                "fullResourceName",
                "location",
                "iamConfiguration",
                "uniformBucketLevelAccess",
                "enabled",
                "pageSize",
                "pageToken",
                "roles/viewer",
                "allUsers",
                "storage.objects.get",
                "projects/default",
                "organizations/0",
                "my-project",
                "true",
                "GA",
                "3600s",
                "AAAA",
                "artifacts.default.appspot.com",
            ])
            .prop_map(str::to_owned),
            "\\PC{0,12}",
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(word(), inner, 0..6)
                .prop_map(|map| Value::from(serde_json::Map::from_iter(map))),
        ]
    })
}

#[test]
fn no_body_brings_the_server_down() {
    const PATHS: [&str; 24] = [
        "POST /v1/projects/default/serviceAccounts",
        "PATCH /v1/projects/default/serviceAccounts/puller@default.iam.gserviceaccount.com",
        "PUT /v1/projects/default/serviceAccounts/puller@default.iam.gserviceaccount.com",
        "POST /v1/projects/default/serviceAccounts/puller@default.iam.gserviceaccount.com/keys",
        "POST /v1/projects/default/serviceAccounts/puller@default.iam.gserviceaccount.com/keys:upload",
        "POST /v1/projects/default/roles",
        "PATCH /v1/projects/default/roles/own",
        "POST /v1/projects/default/roles/own:undelete",
        "POST /v1/roles:queryGrantableRoles",
        "POST /v1/permissions:queryTestablePermissions",
        "POST /v1/projects/default:getIamPolicy",
        "POST /v1/projects/default:setIamPolicy",
        "POST /v1/organizations/0:setIamPolicy",
        "POST /v1/projects/default/serviceAccounts/puller@default.iam.gserviceaccount.com:setIamPolicy",
        "POST /v1/projects/default:testIamPermissions",
        "POST /v1/iamPolicies:lintPolicy",
        "POST /v1/iam:troubleshoot",
        "POST /v1/projects",
        "PUT /v1/projects/default",
        "POST /v3/projects",
        "PATCH /v3/projects/default",
        "POST /storage/v1/b?project=default",
        "PATCH /storage/v1/b/artifacts.default.appspot.com",
        "PUT /storage/v1/b/artifacts.default.appspot.com/iam",
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let server = Server::start().await;
        server.account("default", "puller").await;
        server
    });
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let request = proptest::sample::select(PATHS.to_vec());
    runner
        .run(&(request, any_json()), |(request, body)| {
            let reply = runtime.block_on(server.send(&server.owner, request, &body));
            prop_assert!(reply.status.as_u16() < 500, "{request}: {}", reply.body);
            if !reply.status.is_success() {
                let code = reply.body["error"]["code"].as_u64();
                prop_assert_eq!(code, Some(reply.status.as_u16().into()));
            }
            Ok(())
        })
        .unwrap();
}
