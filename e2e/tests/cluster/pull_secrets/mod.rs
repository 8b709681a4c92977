//! `wharf pull-secret` on a cluster: the tutorial, what it must not lose, and the rights that it takes.

mod lists;
mod plugin;
mod rights;
mod secrets;
mod tutorial;

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wharf_e2e::cluster::Namespace;
use wharf_e2e::registry::binary;
use wharf_e2e::{Program, Wharf};

use crate::cluster;

/// A pull that failed is tried again after at most 80 seconds here.
const DEADLINE: Duration = Duration::from_secs(180);

/// `wharf` as somebody of a registry, with the way to the cluster, seeing the names that the node sees.
fn wharf(wharf: &Wharf, words: &str) -> Program {
    wharf
        .equip(cluster().on_node(binary()))
        .args(words.split_whitespace())
}

/// `wharf` with the way to the cluster alone.
fn wharf_alone(words: &str) -> Program {
    Program::new(binary())
        .env("KUBECONFIG", cluster().kubeconfig())
        .args(words.split_whitespace())
}

/// A Deployment of one Pod, labelled with its name.
fn deployment(name: &str, images: &[&str], service_account: &str) -> String {
    let containers: Vec<_> = images
        .iter()
        .enumerate()
        .map(|(n, image)| json!({"name": format!("c{n}"), "image": image}))
        .collect();
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "containers": containers,
                    "serviceAccountName": service_account,
                    "terminationGracePeriodSeconds": 0,
                },
            },
        },
    })
    .to_string()
}

fn wait_until_rolled_out(namespace: &Namespace<'_>, name: &str) {
    namespace
        .kubectl(&format!("rollout status deployment/{name} --timeout 180s"))
        .deadline(DEADLINE + Duration::from_secs(10))
        .succeeds();
}

/// Waits until a container of one of a Deployment's Pods waits for this reason.
fn wait_until_waiting(namespace: &Namespace<'_>, name: &str, reason: &str) {
    let end = Instant::now() + DEADLINE;
    loop {
        let pods = namespace.get(&format!("pods --selector app={name}"));
        if pods["items"]
            .to_string()
            .contains(&format!("\"reason\":\"{reason}\""))
        {
            return;
        }
        assert!(Instant::now() < end, "no {reason}: {pods:#}");
        thread::sleep(Duration::from_millis(250));
    }
}

/// The names in the list of a ServiceAccount or a Deployment's template.
fn list(object: &Value) -> Vec<String> {
    let own = object["imagePullSecrets"].as_array();
    let template = object["spec"]["template"]["spec"]["imagePullSecrets"].as_array();
    let entries = own.or(template).into_iter().flatten();
    entries
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The JSON in a pull secret, as text.
fn content(namespace: &Namespace<'_>, name: &str) -> String {
    let secret = namespace.get(&format!("secret {name}"));
    let data = secret["data"][".dockerconfigjson"].as_str().unwrap();
    String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap()
}

/// A pull secret with this very text in it, that somebody else made.
fn foreign(name: &str, text: &str, immutable: bool) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": name, "annotations": {"example.com/note": "keep"}},
        "immutable": immutable,
        "data": {".dockerconfigjson": BASE64_STANDARD.encode(text)},
    })
    .to_string()
}
