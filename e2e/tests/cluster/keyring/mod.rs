//! What a genuine kubelet does with pull secrets: Pods whose images lie in a registry that lets nobody in, but remembers
//! who came. What it saw is compared with what `wharf pull-secret check` says, and recorded for the unit tests.

mod cases;
mod check;
mod registry;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};
use wharf_e2e::Program;
use wharf_e2e::cluster::{Cluster, Namespace, missed_secrets};
use wharf_e2e::random::Random;
use wharf_e2e::registry::binary;

use super::cluster;
use cases::{Case, HOSTS, Secret};
use registry::Recorder;

/// How many cases the test makes: each is a Pod with three images.
const CASES: usize = 25;
/// How many are recorded.
const RECORDED: usize = 120;
/// Pods at once.
const BATCH: usize = 20;
const DEADLINE: Duration = Duration::from_secs(180);
const INTERVAL: Duration = Duration::from_millis(500);

/// A case with what the kubelet did.
#[derive(Serialize)]
struct Vector {
    secrets: Vec<Secret>,
    listed: Vec<String>,
    /// The message of `FailedToRetrieveImagePullSecret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    images: Vec<Observed>,
}

/// What became of one image.
#[derive(Clone, Debug, Serialize)]
struct Observed {
    image: String,
    /// `USER:PASSWORD` as they came, if it was pulled. Empty: once, without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<String>>,
    /// The waiting reason, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The folders by which the node's containerd finds the recorder under all the hosts.
struct Mirrors(Vec<PathBuf>);

impl Mirrors {
    fn create(cluster: &Cluster, recorder: &Recorder) -> Self {
        let url = format!("http://{}", recorder.address());
        // The host itself would be asked after the mirror; nobody answers there.
        let text = format!(
            "server = \"http://127.0.0.1:1\"\n[host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
        );
        let mut mirrors = Self(Vec::new());
        for host in HOSTS {
            let folder = cluster.certs_d().join(host);
            // Nobody's own is written over.
            fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            mirrors.0.push(folder.clone());
            fs::write(folder.join("hosts.toml"), &text).unwrap();
        }
        mirrors
    }
}

impl Drop for Mirrors {
    fn drop(&mut self) {
        for folder in &self.0 {
            // The cluster may be gone already.
            fs::remove_dir_all(folder).ok();
        }
    }
}

/// Creates what a case needs, and its Pod.
fn manifests(number: usize, case: &Case) -> Vec<Value> {
    let secrets = case.secrets.iter().map(|secret| {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": secret.name},
            "type": secret.kind,
            "stringData": {&secret.key: secret.text},
        })
    });
    let containers: Vec<_> = case.images.iter().enumerate().map(|(place, image)| {
        json!({"name": format!("c{place}"), "image": image, "imagePullPolicy": "Always"})
    }).collect();
    let listed: Vec<_> = case
        .listed
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": format!("pod{number}")},
        "spec": {
            "containers": containers,
            "imagePullSecrets": listed,
            "hostNetwork": true,
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
        },
    });
    secrets.chain([pod]).collect()
}

/// Runs cases and says what the kubelet did. The API server refuses some Secrets; such cases are left out.
fn observe(
    namespace: &Namespace<'_>,
    recorder: &Recorder,
    first: usize,
    cases: &[Case],
) -> Vec<(Case, Vector)> {
    let mut accepted = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let number = first + place;
        let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests(number, case)});
        let created = namespace
            .kubectl("create --filename -")
            .stdin(list.to_string())
            .run();
        let pod = format!("pod{number}");
        if created.code == Some(0) {
            accepted.push((pod, case.clone()));
        } else {
            namespace
                .kubectl(&format!("delete pod {pod} --ignore-not-found --wait=false"))
                .succeeds();
        }
    }
    let waiting = wait_for_all(namespace, &accepted);
    let events = events(namespace);
    let observed = accepted.into_iter().map(|(pod, case)| {
        let images = case.images.iter().enumerate().map(|(place, image)| {
            let (reason, message) = &waiting[&(pod.clone(), format!("c{place}"))];
            outcome(recorder, image, reason, message)
        });
        let vector = Vector {
            secrets: case.secrets.clone(),
            listed: case.listed.clone(),
            event: events.get(&pod).cloned(),
            images: images.collect(),
        };
        (case, vector)
    });
    let observed = observed.collect();
    namespace
        .kubectl("delete pods --all --force --grace-period=0 --wait=false")
        .succeeds();
    observed
}

fn outcome(recorder: &Recorder, image: &str, reason: &str, message: &str) -> Observed {
    let mut observed = Observed {
        image: image.to_owned(),
        attempts: None,
        reason: None,
        message: None,
    };
    if ["ErrImagePull", "ImagePullBackOff"].contains(&reason) {
        let credentials = recorder.credentials(&path(image));
        observed.attempts =
            Some(credentials.unwrap_or_else(|| panic!("{image} was never asked for: {message}")));
    } else {
        observed.reason = Some(reason.to_owned());
        observed.message = Some(message.to_owned());
    }
    observed
}

/// The path under which the registry is asked for an image.
fn path(image: &str) -> String {
    let (first, rest) = image.split_once('/').unwrap_or(("", image));
    let is_host = first.contains(['.', ':']) || first != first.to_lowercase();
    let path = match first {
        "" => format!("library/{image}"),
        _ if is_host => rest.to_owned(),
        _ => image.to_owned(),
    };
    path.split(':').next().unwrap_or_default().to_owned()
}

/// Waits until every container waits for something that is not its beginning: its reason and message.
fn wait_for_all(
    namespace: &Namespace<'_>,
    pods: &[(String, Case)],
) -> BTreeMap<(String, String), (String, String)> {
    let end = Instant::now() + DEADLINE;
    let wanted: usize = pods.iter().map(|(_, case)| case.images.len()).sum();
    let mut found = BTreeMap::new();
    loop {
        let list = namespace
            .kubectl("get pods --output json")
            .succeeds()
            .json();
        for pod in list["items"].as_array().unwrap() {
            let name = pod["metadata"]["name"].as_str().unwrap();
            if !pods.iter().any(|(pod, _)| pod == name) {
                continue;
            }
            for status in pod["status"]["containerStatuses"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let waiting = &status["state"]["waiting"];
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let reason = text(&waiting["reason"]);
                if !["", "ContainerCreating", "PodInitializing"].contains(&reason.as_str()) {
                    let key = (name.to_owned(), text(&status["name"]));
                    found
                        .entry(key)
                        .or_insert((reason, text(&waiting["message"])));
                }
            }
        }
        if found.len() == wanted {
            return found;
        }
        assert!(
            Instant::now() < end,
            "{} of {wanted} containers wait: {list:#}",
            found.len()
        );
        thread::sleep(INTERVAL);
    }
}

/// By Pod: the message about Secrets that are not there.
fn events(namespace: &Namespace<'_>) -> BTreeMap<String, String> {
    let list = namespace
        .kubectl("get events --output json")
        .succeeds()
        .json();
    let items = list["items"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .filter(|item| item["reason"] == "FailedToRetrieveImagePullSecret")
        .map(|item| {
            (
                text(&item["involvedObject"]["name"]),
                text(&item["message"]),
            )
        })
        .collect()
}

/// What `wharf pull-secret check` says of an image.
fn predict(cluster: &Cluster, namespace: &Namespace<'_>, case: &Case, image: &str) -> Value {
    let listed: Vec<_> = case
        .listed
        .iter()
        .filter(|name| !name.is_empty())
        .cloned()
        .collect();
    let output = Program::new(binary())
        .env("KUBECONFIG", cluster.kubeconfig())
        .args([
            "pull-secret",
            "check",
            image,
            "--namespace",
            namespace.name(),
            "--output",
            "json",
        ])
        .args(["--secret", &listed.join(",")])
        .run();
    assert!([Some(0), Some(3)].contains(&output.code), "{output}");
    output.json()
}

/// The users of all attempts that reach a registry: containerd sends nothing without one.
fn predicted_users(image: &Value) -> Vec<(String, bool)> {
    let attempts = image["attempts"].as_array().unwrap().iter();
    let users = attempts.map(|attempt| {
        let user = attempt["username"].as_str().unwrap().to_owned();
        (user, attempt["eitherOrder"] == true)
    });
    users.filter(|(user, _)| !user.is_empty()).collect()
}

/// Whether users came in a predicted order. Those of one key in one Secret come as chance will have it.
fn agrees(predicted: &[(String, bool)], came: &[&str]) -> bool {
    let mut expected: Vec<&str> = predicted.iter().map(|(user, _)| user.as_str()).collect();
    let mut came = came.to_vec();
    if expected.len() != came.len() {
        return false;
    }
    let mut start = 0;
    for (place, (_, either_order)) in predicted.iter().enumerate() {
        if !either_order {
            start = place;
        }
        expected[start..=place].sort_unstable();
        came[start..=place].sort_unstable();
    }
    expected == came
}

/// Whether the kubelet missed a Secret that is there: on a machine that is busy, a Pod may come to the node before the
/// Secrets that it names. What it does then depends on the moment, and not on the Secrets.
fn was_late(case: &Case, event: Option<&str>) -> bool {
    let is_there = |name: &str| case.secrets.iter().any(|secret| secret.name == name);
    event.is_some_and(|event| missed_secrets(event).any(is_there))
}

#[test]
fn the_kubelet_does_what_check_says() {
    let cluster = cluster();
    let recorder = Recorder::start(cluster.address());
    let _mirrors = Mirrors::create(cluster, &recorder);
    let namespace = cluster.namespace("keyring");
    let mut random = Random::from_environment("the_kubelet_does_what_check_says");
    let cases: Vec<_> = (0..CASES)
        .map(|number| cases::make(&mut random, number))
        .collect();
    let mut compared = 0;
    for (case, vector) in observe(&namespace, &recorder, 0, &cases) {
        if was_late(&case, vector.event.as_deref()) {
            continue;
        }
        for observed in &vector.images {
            let prediction = predict(cluster, &namespace, &case, &observed.image);
            let image = &prediction["images"][0];
            let shown = || {
                format!(
                    "{prediction:#}\n{case:#?}\n{observed:#?}\n{:?}",
                    vector.event
                )
            };
            match &observed.attempts {
                Some(attempts) => {
                    let came: Vec<_> = attempts
                        .iter()
                        .map(|pair| pair.split(':').next().unwrap())
                        .collect();
                    assert!(agrees(&predicted_users(image), &came), "{}", shown());
                }
                None => {
                    assert_eq!(
                        image["waitingReason"].as_str(),
                        observed.reason.as_deref(),
                        "{}",
                        shown()
                    );
                    assert_eq!(
                        image["waitingMessage"].as_str(),
                        observed.message.as_deref(),
                        "{}",
                        shown()
                    );
                }
            }
            let event = prediction["events"][0]
                .as_str()
                .and_then(|text| text.split_once(": "));
            assert_eq!(
                event.map(|(_, message)| message),
                vector.event.as_deref(),
                "{}",
                shown()
            );
            compared += 1;
        }
    }
    assert!(
        compared >= CASES,
        "the API server refused too many cases: {compared}"
    );
}

#[test]
#[ignore = "writes crates/cluster/src/keyring/vectors.json; run it when the generator or the kubelet is another one"]
fn vectors_are_recorded() {
    let cluster = cluster();
    let recorder = Recorder::start(cluster.address());
    let _mirrors = Mirrors::create(cluster, &recorder);
    let namespace = cluster.namespace("keyring");
    let mut random = Random::new(3);
    let mut vectors = Vec::new();
    for first in (0..RECORDED).step_by(BATCH) {
        let cases: Vec<_> = (first..first + BATCH)
            .map(|number| cases::make(&mut random, number))
            .collect();
        let observed = observe(&namespace, &recorder, first, &cases);
        vectors.extend(observed.into_iter().map(|(_, vector)| vector));
    }
    let nodes = cluster.kubectl("get nodes --output json").succeeds().json();
    let node = &nodes["items"][0]["status"]["nodeInfo"];
    let vectors: Vec<_> = vectors
        .iter()
        .map(|vector| serde_json::to_string(vector).unwrap())
        .collect();
    let text = format!(
        "{{\"kubelet\":{},\"runtime\":{},\"cases\":[\n{}\n]}}\n",
        node["kubeletVersion"],
        node["containerRuntimeVersion"],
        vectors.join(",\n")
    );
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/cluster/src/keyring/vectors.json"
    );
    fs::write(file, text).unwrap();
}
