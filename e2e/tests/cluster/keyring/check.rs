//! `wharf pull-secret check` on what is in a cluster, with the rights that it names and no others.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_e2e::cluster::Namespace;
use wharf_e2e::registry::binary;
use wharf_e2e::{Output, Program};

use crate::cluster;

const IMAGE: &str = "us.keyring.test/team/app:v1";

/// A pull secret with one entry.
fn secret(name: &str, key: &str, user: &str) -> Value {
    let config = json!({"auths": {key: {"username": user, "password": "hunter2"}}});
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config.to_string()},
    })
}

/// A Deployment of no Pods.
fn deployment(name: &str, pull_secrets: &[&str]) -> Value {
    let listed: Vec<_> = pull_secrets
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "initContainers": [{"name": "setup", "image": "nginx"}],
                    "containers": [{"name": "app", "image": IMAGE}],
                    "imagePullSecrets": listed,
                },
            },
        },
    })
}

fn apply(namespace: &Namespace<'_>, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    namespace.apply(&list.to_string());
}

/// The users that are tried for an image of an answer.
fn users(answer: &Value, image: usize) -> Vec<&str> {
    let attempts = answer["images"][image]["attempts"].as_array().unwrap();
    attempts
        .iter()
        .map(|attempt| attempt["username"].as_str().unwrap())
        .collect()
}

/// A ServiceAccount of no rights, to which the printed ones are bound.
struct Checker<'a> {
    namespace: &'a Namespace<'a>,
    kubeconfig: PathBuf,
    _folder: TempDir,
}

impl<'a> Checker<'a> {
    fn create(namespace: &'a Namespace<'a>) -> Self {
        namespace
            .kubectl("create serviceaccount checker")
            .succeeds();
        let token = namespace.kubectl("create token checker").succeeds();
        let view = namespace.kubectl("config view --raw --minify --flatten --output json");
        let mut kubeconfig = view.succeeds().json();
        kubeconfig["users"][0]["user"] = json!({"token": token.line()});
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        fs::write(&path, kubeconfig.to_string()).unwrap();
        Self {
            namespace,
            kubeconfig: path,
            _folder: folder,
        }
    }

    /// The command, with only the rights that it prints for itself.
    fn check(&self, words: &str) -> Output {
        let denied = self.run(words);
        assert_eq!(denied.code, Some(1), "{words}: {denied}");
        assert!(denied.stderr.contains("--print-rbac"), "{denied}");
        let user = format!("system:serviceaccount:{}:checker", self.namespace.name());
        let rights = self.run(&format!("{words} --print-rbac={user}")).stdout;
        self.namespace.apply(&rights);
        let output = self.run(words);
        self.namespace
            .kubectl("delete --filename -")
            .stdin(rights)
            .succeeds();
        output
    }

    fn run(&self, words: &str) -> Output {
        Program::new(binary())
            .env("KUBECONFIG", &self.kubeconfig)
            .args([
                "pull-secret",
                "check",
                "--output",
                "json",
                "--namespace",
                self.namespace.name(),
            ])
            .args(words.split_whitespace())
            .run()
    }
}

#[test]
fn check_sees_what_admission_will_do_with_the_rights_that_it_names() {
    let namespace = cluster().namespace("check");
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "app"},
        "imagePullSecrets": [{"name": "inherited"}],
    });
    let mut inheriting = deployment("inheriting", &[]);
    inheriting["spec"]["template"]["spec"]["serviceAccountName"] = json!("app");
    let mut shadowing = deployment("shadowing", &["own", "absent"]);
    shadowing["spec"]["template"]["spec"]["serviceAccountName"] = json!("app");
    let objects = [
        secret("inherited", "us.keyring.test", "i"),
        secret("own", "*.keyring.test", "o"),
        account,
        inheriting,
        shadowing,
    ];
    apply(&namespace, &objects);
    let checker = Checker::create(&namespace);

    let answer = checker.check("deployment/inheriting");
    // Its other image is pulled without a credential.
    assert_eq!(answer.code, Some(3), "{answer}");
    assert_eq!(answer.json()["listedBy"], "serviceaccount/app");
    assert_eq!(answer.json()["images"][0]["outcome"], "anonymous");
    assert_eq!(users(&answer.json(), 1), ["i"]);
    let answer = checker.check("deployment/inheriting --allow-anonymous");
    assert_eq!(answer.code, Some(0), "{answer}");

    let answer = checker.check("deploy/shadowing --allow-anonymous");
    assert_eq!(answer.code, Some(3), "{answer}");
    assert_eq!(users(&answer.json(), 1), ["o"]);
    assert!(answer.stdout.contains("inherited as well"), "{answer}");
    assert!(
        answer.stdout.contains("FailedToRetrieveImagePullSecret"),
        "{answer}"
    );
    assert!(!answer.stdout.contains("hunter2"), "{answer}");

    let answer = checker.check(&format!("{IMAGE} --service-account app"));
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(users(&answer.json(), 0), ["i"]);
    let answer = checker.check(&format!("{IMAGE} --secret own,inherited"));
    assert_eq!(users(&answer.json(), 0), ["i", "o"]);
}

#[test]
fn a_pod_that_is_older_than_its_service_accounts_list_is_told_apart() {
    let namespace = cluster().namespace("check");
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "old"},
        "spec": {
            "containers": [{"name": "app", "image": IMAGE}],
            // It shall be there, but run nowhere.
            "schedulingGates": [{"name": "wharf.test/never"}],
        },
    });
    apply(&namespace, &[pod, secret("late", "us.keyring.test", "l")]);
    let patch = r#"{"imagePullSecrets":[{"name":"late"}]}"#;
    namespace
        .kubectl("patch serviceaccount default --patch")
        .arg(patch)
        .succeeds();
    let checker = Checker::create(&namespace);
    let answer = checker.check("old");
    assert_eq!(answer.code, Some(3), "{answer}");
    assert_eq!(answer.json()["images"][0]["outcome"], "anonymous");
    assert!(answer.stdout.contains("recreate the Pod"), "{answer}");
}
