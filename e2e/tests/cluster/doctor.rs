//! The doctor on a cluster: in the large, as time passes, with the least rights, and where nothing is the matter.
#![expect(clippy::print_stderr, reason = "what was measured is worth a line")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wharf_e2e::cluster::Namespace;
use wharf_e2e::registry::binary;
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Output, Program};

use crate::cluster;

/// Pods that are stuck in the large test.
const PODS: usize = 1000;
/// What the doctor may take for them.
const ANSWER_MAX: Duration = Duration::from_secs(10);
const REQUESTS_MAX: usize = 100;
/// kubectl makes fifty objects a second.
const MAKE_DEADLINE: Duration = Duration::from_secs(180);
/// The API server's own caches learn of a Role within this time.
const RBAC_DEADLINE: Duration = Duration::from_secs(30);
/// A mended Secret is noticed by the next pull.
const WATCH_DEADLINE: Duration = Duration::from_secs(120);

/// The doctor on a namespace, where the node is.
fn doctor(namespace: &Namespace<'_>, words: &str) -> Output {
    cluster()
        .on_node(binary())
        .args(["doctor", "-n", namespace.name(), "-o", "json"])
        .args(words.split_whitespace())
        .run()
}

#[track_caller]
fn causes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|one| one["cause"].as_str().unwrap()).collect()
}

/// A node that has no kubelet, so that the status of its Pods is what the test writes. It goes with this value.
struct Ghost {
    name: String,
}

impl Ghost {
    fn appear() -> Self {
        let name = format!("ghost-{}", std::process::id());
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name},
            // No Pod of another test comes here.
            "spec": {"unschedulable": true},
        });
        cluster()
            .kubectl("create -f -")
            .stdin(node.to_string())
            .succeeds();
        Self { name }
    }
}

impl Drop for Ghost {
    fn drop(&mut self) {
        let name = &self.name;
        cluster().kubectl(&format!("delete node {name}")).run();
    }
}

fn list(items: impl Iterator<Item = Value>) -> String {
    let items: Vec<_> = items.collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// The Pods are genuine objects of a genuine API server, but no kubelet has tried them: their status and events are
/// written as a kubelet of 1.34 with containerd 1.7 writes them.
fn stuck_pods(namespace: &Namespace<'_>, node: &str) {
    let image = "registry.test.invalid/team/app:v1";
    let text = format!(
        r#"failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://registry.test.invalid/v2/token: 401 Unauthorized"#
    );
    let pod = |index: usize| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("app-{index:04}"), "labels": {"app": "app"}},
            "spec": {
                "nodeName": node,
                // A name that no other test has, since the doctor looks where else there is one.
                "imagePullSecrets": [{"name": namespace.name()}],
                "containers": [{"name": "main", "image": image}],
                "terminationGracePeriodSeconds": 0,
            },
            "status": {"phase": "Pending", "containerStatuses": [{
                "name": "main", "image": image, "imageID": "", "ready": false, "restartCount": 0,
                "state": {"waiting": {
                    "reason": "ImagePullBackOff",
                    "message": format!("Back-off pulling image \"{image}\": ErrImagePull: {text}"),
                }},
            }]},
        })
    };
    let event = |uids: &[String], index: usize| {
        json!({
            "apiVersion": "v1", "kind": "Event", "type": "Warning",
            "metadata": {"name": format!("app-{index:04}.1")},
            "involvedObject": {"kind": "Pod", "apiVersion": "v1", "namespace": namespace.name(), "name": format!("app-{index:04}"), "uid": uids[index], "fieldPath": "spec.containers{main}"},
            "reason": "Failed", "message": format!("Failed to pull image \"{image}\": {text}"),
            "source": {"component": "kubelet", "host": node},
            "count": 4, "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:05:00Z",
        })
    };
    let send = |words: &str, items: String| {
        let program = namespace.kubectl(words).stdin(items);
        program.deadline(MAKE_DEADLINE).succeeds();
    };
    send("create -f -", list((0..PODS).map(pod)));
    send(
        "replace --subresource status -f -",
        list((0..PODS).map(pod)),
    );
    let made = namespace.get("pods");
    let made = made["items"].as_array().unwrap().iter();
    // By name, which is the order of the list.
    let uids: Vec<_> = made
        .map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned())
        .collect();
    send(
        "create -f -",
        list((0..PODS).map(|index| event(&uids, index))),
    );
}

#[test]
fn a_thousand_stuck_pods_are_one_finding_in_ten_seconds_and_a_hundred_requests() {
    let ghost = Ghost::appear();
    let namespace = cluster().namespace("thousand");
    stuck_pods(&namespace, &ghost.name);
    let counter = cluster().counter();
    let begin = Instant::now();
    let output = Program::new(binary())
        .env("KUBECONFIG", counter.kubeconfig())
        .args(["doctor", "-n", namespace.name(), "-o", "json"])
        .run();
    let took = begin.elapsed();
    let requests = counter.requests();
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let report = output.json();
    assert_eq!(causes(&report), ["secret-absent"], "{}", output.stderr);
    assert!(report["lookedAt"]["unseen"].as_array().unwrap().is_empty());
    let affected = report["findings"][0]["affected"].as_array().unwrap();
    assert_eq!(affected.len(), PODS);
    assert_eq!(report["lookedAt"]["notWell"], PODS);
    assert!(took < ANSWER_MAX, "{took:?}");
    assert!((1..REQUESTS_MAX).contains(&requests), "{requests}");
    eprintln!("{PODS} stuck Pods: {took:?}, {requests} requests");
    let text = Program::new(binary())
        .env("KUBECONFIG", cluster().kubeconfig())
        .args(["doctor", "-n", namespace.name(), "--no-probe"])
        .run();
    let words: Vec<_> = text.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("and 997 more"), "{}", text.stdout);
    assert!(text.stdout.lines().count() < 60, "{}", text.stdout);
}

#[test]
fn nothing_is_found_where_pods_run_or_fail_for_other_reasons() {
    let shop = cluster().shop("well");
    let image = shop.push_busybox("app:1");
    let crash = shop.push_busybox_that("crash:1", "amd64", &["/bin/busybox", "false"]);
    let namespace = cluster().namespace("well");
    namespace.apply(&shop.pull_secret(cluster(), "regcred", &shop.shop.puller));
    namespace.run_pod("app", &image, &["regcred"]);
    namespace.run_pod("crash", &crash, &["regcred"]);
    let config = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "config"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": [{"name": "regcred"}],
            "containers": [{"name": "main", "image": image,
                "envFrom": [{"configMapRef": {"name": "absent"}}]}],
        },
    });
    namespace.apply(&config.to_string());
    namespace.wait_until_running("app");
    namespace.wait_until_waiting("crash", "CrashLoopBackOff");
    namespace.wait_until_waiting("config", "CreateContainerConfigError");
    let output = doctor(&namespace, "");
    let report = output.json();
    assert_eq!(causes(&report), [""; 0], "{report:#}");
    assert_eq!(output.code, Some(0));
    assert_eq!(report["lookedAt"]["pods"], 3);
}

/// A ServiceAccount's token in a kubeconfig of its own.
fn kubeconfig_of(namespace: &Namespace<'_>, account: &str) -> String {
    let words = format!("create serviceaccount {account}");
    namespace.kubectl(&words).succeeds();
    let words = format!("create token {account}");
    let token = namespace.kubectl(&words).succeeds();
    let mut config = cluster()
        .kubectl("config view --raw --minify --output json")
        .succeeds()
        .json();
    config["users"][0]["user"] = json!({"token": token.text().trim()});
    config.to_string()
}

#[test]
fn the_rights_that_are_printed_are_enough_and_without_them_it_says_what_it_did_not_see() {
    let shop = cluster().shop("least");
    let image = shop.push_busybox("app:1");
    let namespace = cluster().namespace("least");
    let name = namespace.name();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("config");
    std::fs::write(&kubeconfig, kubeconfig_of(&namespace, "doctor")).unwrap();
    let run = |words: &str| {
        cluster()
            .on_node(binary())
            .env("KUBECONFIG", &kubeconfig)
            .args(["doctor", "-n", name, "-o", "json"])
            .args(words.split_whitespace())
            .run()
    };
    namespace.run_pod("app", &image, &[name]);
    namespace.wait_until_waiting("app", "ImagePullBackOff");

    let refused = run("");
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("may not list pods"),
        "{}",
        refused.stderr
    );

    let user = format!("system:serviceaccount:{name}:doctor");
    let words = format!("doctor -n {name} --print-rbac={user}");
    let rights = Program::new(binary())
        .args(words.split_whitespace())
        .succeeds();
    cluster()
        .kubectl("apply -f -")
        .stdin(rights.stdout.as_str())
        .succeeds();
    let report = wait_for("rights", RBAC_DEADLINE, || {
        let output = run("");
        (output.code == Some(3)).then(|| output.json())
    });
    assert_eq!(causes(&report), ["secret-absent"]);
    assert_eq!(report["lookedAt"]["unseen"], json!([]), "{report:#}");

    // Pods alone are enough to begin with.
    let little =
        json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]});
    namespace
        .kubectl("patch role wharf-doctor --type merge --patch")
        .arg(little.to_string())
        .succeeds();
    let report = wait_for("fewer rights", RBAC_DEADLINE, || {
        let report = run("").json();
        let unseen = report["lookedAt"]["unseen"].as_array().unwrap();
        (!unseen.is_empty()).then_some(report)
    });
    let unseen = report["lookedAt"]["unseen"].to_string();
    assert!(unseen.contains("may not get secrets"), "{unseen}");
    cluster()
        .kubectl("delete clusterrole,clusterrolebinding wharf-doctor --ignore-not-found")
        .succeeds();
}

/// A doctor that watches. It is interrupted when it goes out of scope, or before.
struct Watch {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Watch {
    fn start(namespace: &Namespace<'_>) -> Self {
        let mut child = Command::new(binary())
            .args(["doctor", "--watch", "--no-probe", "-o", "json"])
            .args(["-n", namespace.name()])
            .env("KUBECONFIG", cluster().kubeconfig())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits until a finding of this cause came or went.
    fn wait_for(&self, turn: &str, cause: &str) {
        let end = Instant::now() + WATCH_DEADLINE;
        let mut seen = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{cause} never {turn}: {seen:#?}");
            };
            let change: Value = serde_json::from_str(&line).unwrap();
            if change["turn"] == turn && change["finding"]["cause"] == cause {
                return;
            }
            seen.push(line);
        }
    }

    fn interrupt(&mut self) -> Option<i32> {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Most often it has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn findings_come_and_go_while_it_watches() {
    let shop = cluster().shop("watch");
    let image = shop.push_busybox("app:1");
    let namespace = cluster().namespace("watch");
    let mut watch = Watch::start(&namespace);
    // A name that no other test has, since the doctor looks where else there is one.
    let secret = namespace.name();
    namespace.run_pod("app", &image, &[secret]);
    watch.wait_for("came", "secret-absent");
    namespace.apply(&shop.pull_secret(cluster(), secret, &shop.shop.puller));
    watch.wait_for("went", "secret-absent");
    namespace.wait_until_running("app");
    wait_for("end of all findings", WATCH_DEADLINE, || {
        (doctor(&namespace, "").code == Some(0)).then_some(())
    });
    let code = watch.interrupt();
    assert!(matches!(code, Some(0 | 3)), "{code:?}");
}
