//! A namespace in which one fault is made, and how it is told that Pods are stuck, diagnosed, and run.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wharf_e2e::Program;
use wharf_e2e::cluster::{Namespace, missed_secrets};
use wharf_e2e::registry::binary;
use wharf_e2e::shop::PROJECT;

use super::world::World;

/// How long a Pod may take to come into a state: pulls are tried again after 10, 20, 40 and 80 seconds.
const POD_DEADLINE: Duration = Duration::from_secs(180);
/// How often a Pod is looked at.
const INTERVAL: Duration = Duration::from_millis(400);
/// Exit code of a doctor that found something.
const PROBLEMS_FOUND: i32 = 3;
/// The user of a key file.
pub(super) const KEY_USER: &str = "_json_key";
/// The name of the workload, of its container, and of the pull secret where there is one.
pub(super) const APP: &str = "app";
pub(super) const SECRET: &str = "regcred";

/// A namespace of a fault's own.
pub(super) struct Place<'a> {
    pub(super) world: &'a World,
    pub(super) name: &'static str,
    pub(super) namespace: Namespace<'a>,
    begun: Instant,
}

/// What the doctor found. There is one only of Pods that are stuck.
pub(super) struct Diagnosis {
    finding: Value,
}

/// Pods ran, and the doctor found nothing any more. There is one only after a [`Diagnosis`].
pub(super) struct Mended {
    pub(super) summary: String,
}

impl<'a> Place<'a> {
    pub(super) fn new(world: &'a World, name: &'static str) -> Self {
        Self {
            world,
            name,
            namespace: world.cluster.namespace(name),
            begun: Instant::now(),
        }
    }

    /// The fault's own image, which nobody has pulled before, pushed.
    pub(super) fn image(&self) -> String {
        self.world.push(self.name, "v1", &self.world.runs);
        self.image_at(self.world.host.name(), "v1")
    }

    /// `HOST/PROJECT/FAULT:TAG`
    pub(super) fn image_at(&self, host: &str, tag: &str) -> String {
        format!("{host}/{PROJECT}/{}:{tag}", self.name)
    }

    /// A Secret of the right type with this in `.dockerconfigjson`.
    pub(super) fn secret(&self, name: &str, config: &Value) {
        self.secret_of_type(name, "kubernetes.io/dockerconfigjson", config);
    }

    /// A Secret of any type with this in `.dockerconfigjson`.
    pub(super) fn secret_of_type(&self, name: &str, kind: &str, config: &Value) {
        let data = BASE64_STANDARD.encode(config.to_string());
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "type": kind, "data": {".dockerconfigjson": data},
        });
        self.namespace.apply(&secret.to_string());
    }

    /// A pull secret that would do, for the registry's good name.
    pub(super) fn good_secret(&self, name: &str) {
        self.secret(
            name,
            &auths(&[(self.world.host.name(), &self.world.password())]),
        );
    }

    /// A pull secret with the key in this file, for the registry's good name.
    pub(super) fn secret_of_key(&self, key: &Path) {
        let password = wharf_e2e::shop::password(key);
        self.secret(SECRET, &auths(&[(self.world.host.name(), &password)]));
    }

    /// Puts pull secrets into the default ServiceAccount: exactly these.
    pub(super) fn attach(&self, secrets: &[&str]) {
        let patch = json!({"imagePullSecrets": named(secrets)});
        self.namespace
            .kubectl("patch serviceaccount default --patch")
            .arg(patch.to_string())
            .succeeds();
    }

    /// A Deployment with one Pod that runs this image.
    pub(super) fn deploy(&self, image: &str) {
        self.deploy_as(image, |_| {});
    }

    /// The same, with a Pod's spec that is altered.
    pub(super) fn deploy_as(&self, image: &str, alter: impl FnOnce(&mut Value)) {
        let mut spec = json!({
            "containers": [{"name": APP, "image": image}],
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
        });
        alter(&mut spec);
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": APP},
            "spec": {
                "selector": {"matchLabels": {"app": APP}},
                "template": {"metadata": {"labels": {"app": APP}}, "spec": spec},
            },
        });
        self.namespace.apply(&deployment.to_string());
    }

    /// A Pod is stuck for want of its image, and the doctor names this cause and no other.
    pub(super) fn is_diagnosed(&self, cause: &str) -> Diagnosis {
        self.waits_for_stuck();
        self.doctor_names(cause)
    }

    /// A Pod is stuck for want of its image.
    pub(super) fn waits_for_stuck(&self) {
        self.waits_for("Pod that is stuck for its image", is_stuck);
    }

    /// The kubelet has tried so often, in vain.
    pub(super) fn has_failed(&self, times: u64) {
        self.wait_for("failed pulls", || {
            let path = format!("/api/v1/namespaces/{}/events", self.namespace.name());
            let events = self.items(&path);
            let failed = events.iter().filter(|event| {
                event["reason"] == "Failed" && text(&event["message"]).starts_with("Failed to pull")
            });
            let count: u64 = failed.filter_map(|event| event["count"].as_u64()).sum();
            count >= times
        });
    }

    /// A Pod waits for a node.
    pub(super) fn is_unschedulable(&self) {
        self.wait_for("Pod without a node", || {
            let pods = self.pods();
            let mut conditions = pods
                .iter()
                .filter_map(|pod| pod["status"]["conditions"].as_array())
                .flatten();
            conditions.any(|condition| condition["reason"] == "Unschedulable")
        });
    }

    /// Waits until all Pods run, of which there is at least one.
    pub(super) fn all_run(&self) {
        self.wait_for("running Pods", || {
            let pods = self.pods();
            !pods.is_empty() && pods.iter().all(is_ready)
        });
    }

    /// Waits until a container waits as `wanted` says of its reason and message.
    pub(super) fn waits_for(&self, what: &str, wanted: impl Fn(&str, &str) -> bool) {
        self.wait_for(what, || {
            let pods = self.pods();
            let mut waiting = pods
                .iter()
                .flat_map(statuses)
                .map(|status| &status["state"]["waiting"]);
            waiting.any(|it| wanted(text(&it["reason"]), text(&it["message"])))
        });
    }

    /// The doctor, asked about the whole namespace, names this cause and no other.
    ///
    /// On a busy machine a Pod may come to the node before the Secrets that it names, and the kubelet's first words are
    /// about that. Then the doctor is asked again until the kubelet has tried with them.
    pub(super) fn doctor_names(&self, cause: &str) -> Diagnosis {
        let end = Instant::now() + POD_DEADLINE;
        let mut output = self.doctor(&[]).run();
        while !output.text().contains(&format!("\"cause\": \"{cause}\""))
            && self.came_before_its_secrets()
            && Instant::now() < end
        {
            thread::sleep(INTERVAL);
            output = self.doctor(&[]).run();
        }
        let pods = self.statuses();
        assert!(
            output.code == Some(PROBLEMS_FOUND),
            "{}: the doctor should have found {cause}\n{output}\nthe Pods: {pods:#?}",
            self.name
        );
        let report = output.json();
        let findings = report["findings"].as_array().unwrap();
        let causes: Vec<&str> = findings.iter().map(|one| text(&one["cause"])).collect();
        assert!(
            causes == [cause],
            "{}: the doctor should have found {cause}, but found {causes:?}\n{report:#}\nthe Pods: {pods:#?}",
            self.name
        );
        Diagnosis {
            finding: findings[0].clone(),
        }
    }

    /// Whether the kubelet missed a Secret that is there.
    fn came_before_its_secrets(&self) -> bool {
        let path = |kind: &str| format!("/api/v1/namespaces/{}/{kind}", self.namespace.name());
        let secrets = self.items(&path("secrets"));
        self.items(&path("events"))
            .iter()
            .filter(|event| event["reason"] == "FailedToRetrieveImagePullSecret")
            .flat_map(|event| missed_secrets(text(&event["message"])))
            .any(|name| {
                secrets
                    .iter()
                    .any(|secret| secret["metadata"]["name"] == name)
            })
    }

    /// The doctor finds nothing.
    pub(super) fn doctor_finds_nothing(&self) {
        let output = self.doctor(&[]).run();
        assert!(
            output.code == Some(0) && output.json()["findings"] == json!([]),
            "{}: the doctor should have found nothing\n{output}",
            self.name
        );
    }

    /// The doctor mends by itself.
    pub(super) fn fix(&self, _: &Diagnosis) {
        self.doctor(&["--fix", "--yes"]).succeeds();
    }

    /// The commands that the doctor printed, run as they are in a folder with a `key.json` that pulls everything.
    pub(super) fn run_commands(&self, diagnosis: &Diagnosis) {
        let commands = diagnosis.finding["remedy"]["commands"].as_array().unwrap();
        assert!(
            !commands.is_empty(),
            "{}: no command\n{:#}",
            self.name,
            diagnosis.finding
        );
        let (program, folder) = (binary(), self.world.folder_with_key());
        let programs = program.parent().unwrap().display();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
        for command in commands {
            let script = format!("cd {}; {}", folder.display(), text(command));
            let shell = self.world.on_node("bash").env("PATH", &path);
            shell.args(["-euo", "pipefail", "-c", &script]).succeeds();
        }
    }

    /// All Pods run, and the doctor finds nothing any more.
    pub(super) fn runs(&self, diagnosis: Diagnosis) -> Mended {
        self.all_run();
        self.doctor_finds_nothing();
        let Diagnosis { finding } = diagnosis;
        let (cause, confidence) = (text(&finding["cause"]), text(&finding["confidence"]));
        let seconds = self.begun.elapsed().as_secs();
        Mended {
            summary: format!("{cause} ({confidence}), mended: {seconds} s"),
        }
    }

    fn doctor(&self, arguments: &[&str]) -> Program {
        self.world
            .on_node(binary())
            .args(["doctor", "--output", "json", "--namespace"])
            .arg(self.namespace.name())
            .arg("--registry-ca")
            .arg(self.world.shop.registry.ca())
            .args(arguments)
    }

    fn pods(&self) -> Vec<Value> {
        self.items(&format!(
            "/api/v1/namespaces/{}/pods",
            self.namespace.name()
        ))
    }

    fn items(&self, path: &str) -> Vec<Value> {
        let output = self.namespace.kubectl("get --raw").arg(path).succeeds();
        output.json()["items"].as_array().unwrap().clone()
    }

    /// Looks until it is so. Each look starts a kubectl, so there is a little rest between two.
    fn wait_for(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let end = Instant::now() + POD_DEADLINE;
        while !is_so() {
            assert!(
                Instant::now() < end,
                "no {what} in {} within {POD_DEADLINE:?}: {:#?}",
                self.name,
                self.statuses()
            );
            thread::sleep(INTERVAL);
        }
    }

    fn statuses(&self) -> Vec<Value> {
        self.pods()
            .iter()
            .map(|pod| pod["status"].clone())
            .collect()
    }
}

impl Diagnosis {
    /// The cause names this: the right one of several things, or what was meant.
    pub(super) fn names(&self, name: &str) {
        let mut cause = self.finding.clone();
        for other in ["evidence", "affected", "remedy"] {
            cause[other].take();
        }
        assert!(
            cause.to_string().contains(name),
            "{name} is not in {cause:#}"
        );
    }
}

/// A docker config: for each host the password of the user of key files.
pub(super) fn auths(entries: &[(&str, &str)]) -> Value {
    let entry = |(host, password): &(&str, &str)| {
        let auth = BASE64_STANDARD.encode(format!("{KEY_USER}:{password}"));
        ((*host).to_owned(), json!({"auth": auth}))
    };
    json!({"auths": entries.iter().map(entry).collect::<serde_json::Map<_, _>>()})
}

/// A list of references by name.
pub(super) fn named(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"name": name})).collect()
}

/// The kubelet could not get the image. Where it cannot read a pull secret, the reason is the decoder's text.
fn is_stuck(reason: &str, _: &str) -> bool {
    let known = [
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
    ];
    known.contains(&reason) || reason.contains(' ')
}

fn is_ready(pod: &Value) -> bool {
    let all = pod["status"]["containerStatuses"].as_array();
    pod["metadata"]["deletionTimestamp"].is_null()
        && all.is_some_and(|all| all.iter().all(|one| one["state"]["running"].is_object()))
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    let kinds = ["initContainerStatuses", "containerStatuses"];
    let lists = kinds.map(|kind| pod["status"][kind].as_array());
    lists.into_iter().flatten().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
