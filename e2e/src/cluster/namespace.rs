//! A namespace of a test's own.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Program;
use crate::wait::wait_for;

use super::Cluster;

/// How long a Pod may take to come into a state: pulls are tried again after 10, 20, 40 and 80 seconds.
const POD_DEADLINE: Duration = Duration::from_secs(180);
/// How often a Pod is looked at: each look starts a kubectl.
const INTERVAL: Duration = Duration::from_millis(250);
/// The controller manager makes it right after the namespace.
const SERVICE_ACCOUNT_DEADLINE: Duration = Duration::from_secs(30);

/// A namespace that is deleted when it goes out of scope.
#[derive(Debug)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Namespace<'a> {
    pub(super) fn create(cluster: &'a Cluster, prefix: &str) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}-{}", &id[..8]);
        cluster
            .kubectl(&format!("create namespace {name}"))
            .succeeds();
        let namespace = Self { cluster, name };
        wait_for("default ServiceAccount", SERVICE_ACCOUNT_DEADLINE, || {
            let found = namespace.kubectl("get serviceaccount default").run();
            (found.code == Some(0)).then_some(())
        });
        namespace
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A kubectl command in it; the words are split at spaces.
    pub fn kubectl(&self, words: &str) -> Program {
        self.cluster
            .kubectl(&format!("--namespace {} {words}", self.name))
    }

    /// Applies manifests, in YAML or JSON.
    pub fn apply(&self, manifests: &str) {
        self.kubectl("apply --filename -")
            .stdin(manifests)
            .succeeds();
    }

    /// An object, as the API server has it.
    pub fn get(&self, object: &str) -> Value {
        self.kubectl(&format!("get {object} --output json"))
            .succeeds()
            .json()
    }

    /// A Pod with one container that runs an image, and these pull secrets in its spec.
    pub fn run_pod(&self, name: &str, image: &str, pull_secrets: &[&str]) {
        let secrets: Vec<Value> = pull_secrets
            .iter()
            .map(|secret| serde_json::json!({"name": secret}))
            .collect();
        let pod = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "containers": [{"name": "main", "image": image}],
                "imagePullSecrets": secrets,
                "terminationGracePeriodSeconds": 0,
            },
        });
        self.apply(&pod.to_string());
    }

    /// Waits until a Pod's containers all run.
    pub fn wait_until_running(&self, pod: &str) -> Value {
        self.wait_for_pod(pod, "running containers", |pod| {
            let statuses = pod["status"]["containerStatuses"].as_array();
            statuses.is_some_and(|all| all.iter().all(|one| one["state"]["running"].is_object()))
        })
    }

    /// Waits until a container of a Pod waits for this reason: `ImagePullBackOff`, `ErrImagePull`, `InvalidImageName`…
    pub fn wait_until_waiting(&self, pod: &str, reason: &str) -> Value {
        self.wait_for_pod(pod, reason, |pod| {
            let kinds = ["containerStatuses", "initContainerStatuses"];
            let statuses = kinds.map(|kind| pod["status"][kind].as_array());
            let mut statuses = statuses.into_iter().flatten().flatten();
            statuses.any(|one| one["state"]["waiting"]["reason"] == reason)
        })
    }

    /// Waits until a Pod is as `wanted` says, and returns it.
    pub fn wait_for_pod(&self, pod: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + POD_DEADLINE;
        loop {
            let output = self.kubectl(&format!("get pod {pod} --output json")).run();
            // A Deployment's new Pod may not be there yet.
            let seen = (output.code == Some(0)).then(|| output.json());
            if let Some(seen) = seen.as_ref().filter(|seen| wanted(seen)) {
                return seen.clone();
            }
            assert!(
                Instant::now() < end,
                "no {what} of Pod {pod} within {POD_DEADLINE:?}; its status is {:#}",
                seen.unwrap_or_default()["status"]
            );
            thread::sleep(INTERVAL);
        }
    }

    /// The texts of the events about an object.
    pub fn events(&self, object: &str) -> Vec<String> {
        let list = self
            .kubectl("get events --output json --field-selector")
            .arg(format!("involvedObject.name={object}"))
            .succeeds()
            .json();
        let items = list["items"].as_array().unwrap();
        let message = |item: &Value| item["message"].as_str().unwrap_or_default().to_owned();
        items.iter().map(message).collect()
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // Its end is waited for by nobody: the next test has another.
        let words = format!("delete namespace {} --wait=false", self.name);
        let deleted = self.cluster.kubectl(&words).run();
        if deleted.code != Some(0) && !std::thread::panicking() {
            panic!("{words}\n{deleted}");
        }
    }
}

/// The Secrets that the kubelet could not read, from the message of its event `FailedToRetrieveImagePullSecret`. On a busy
/// machine that names Secrets that are there: the Pod came to the node before them.
pub fn missed_secrets(message: &str) -> impl Iterator<Item = &str> {
    let names = message
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(names, _)| names);
    names.split(", ").filter(|name| !name.is_empty())
}
