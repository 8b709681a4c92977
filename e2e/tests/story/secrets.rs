//! The pull secret: what kubectl would make, and what it takes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use wharf_e2e::Program;
use wharf_e2e::kube_api::KubeApi;
use wharf_e2e::shop::password;

use crate::{PROJECT, Story};

pub(crate) fn a_pull_secret_is_what_kubectl_makes_and_takes(story: &Story) {
    let key = story.folder.join(format!("{PROJECT}-puller-1.json"));
    let registry = story.registry.host();
    let printed = story
        .wharf
        .command("pull-secret create regcred -n web --dry-run=client -o yaml --registry")
        .args([&registry, "--registry", "us.example.com", "--key-file"])
        .arg(&key)
        .succeeds()
        .stdout;
    let api = KubeApi::start();
    let kubectl = |words: &str| {
        Program::new("kubectl")
            .env("HOME", &story.folder)
            .env("KUBECONFIG", "/dev/null")
            .args(["--server", api.url()])
            .args(words.split_whitespace())
    };
    // `kubectl create` takes it as it is printed, and understands what is in it.
    let taken = kubectl("create --dry-run=client --validate=false -o json -f -")
        .stdin(printed)
        .succeeds()
        .json();
    assert_eq!(taken["kind"], "Secret");
    assert_eq!(taken["type"], "kubernetes.io/dockerconfigjson");
    assert_eq!(taken["metadata"]["name"], "regcred");
    assert_eq!(taken["metadata"]["namespace"], "web");
    // For one registry it is what kubectl would have made of the same key.
    let made = kubectl("create secret docker-registry regcred --dry-run=client -o json --docker-username _json_key")
        .args(["--docker-server", &registry])
        .arg(format!("--docker-password={}", password(&key)))
        .succeeds()
        .json();
    let (ours, theirs) = (docker_config(&taken), docker_config(&made));
    let entry =
        |config: &Value, host: &str| config["auths"][host]["auth"].as_str().unwrap().to_owned();
    assert_eq!(entry(&ours, &registry), entry(&theirs, &registry));
    assert_eq!(entry(&ours, "us.example.com"), entry(&theirs, &registry));
}

fn docker_config(secret: &Value) -> Value {
    let encoded = secret["data"][".dockerconfigjson"].as_str().unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}
