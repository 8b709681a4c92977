//! Commands as somebody types them into a shell.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::doctor::diagnose::case::Case;
use crate::doctor::observation::{ContainerKind, NamespacedName, Pod, Workload};
use crate::doctor::remedy::Step;

/// Commands of one kind in one remedy: what more there is follows from these.
const ALIKE_MAX: usize = 10;

/// A word of a command line, in quotes where a shell would read something else.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command line of words.
pub(super) fn line(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// `KIND/NAME` as kubectl and `wharf pull-secret attach --to` take it, of a kind whose template can be changed.
pub(super) fn template(pod: &Pod) -> Option<String> {
    let workload = pod.workload.as_ref()?;
    let kind = workload.kind.to_ascii_lowercase();
    matches!(
        kind.as_str(),
        "deployment" | "statefulset" | "daemonset" | "replicaset" | "cronjob"
    )
    .then(|| format!("{kind}/{}", workload.name))
}

/// Whether `kubectl rollout restart` knows the kind.
fn is_rolled_out(workload: &Workload) -> bool {
    matches!(
        workload.kind.as_str(),
        "Deployment" | "StatefulSet" | "DaemonSet"
    )
}

/// How Pods are made anew: by a rollout, by what made them, or by hand.
#[derive(Debug, Default)]
pub(super) struct Recreation {
    pub(super) commands: Vec<String>,
    pub(super) steps: Vec<Step>,
}

pub(super) fn recreation(cases: &[&Case<'_>]) -> Recreation {
    let mut rollouts = BTreeMap::new();
    let mut owned = BTreeSet::new();
    let mut bare = BTreeSet::new();
    for case in cases {
        let pod = NamespacedName {
            namespace: case.pod.namespace.clone(),
            name: case.pod.name.clone(),
        };
        match &case.pod.workload {
            Some(workload) if is_rolled_out(workload) => {
                rollouts.insert((pod.namespace, workload.clone()), ());
            }
            Some(_) => {
                owned.insert(pod);
            }
            None => {
                bare.insert(pod);
            }
        }
    }
    let mut recreation = Recreation::default();
    for (index, (namespace, workload)) in rollouts.into_keys().enumerate() {
        if index < ALIKE_MAX {
            let name = format!("{}/{}", workload.kind.to_ascii_lowercase(), workload.name);
            recreation.commands.push(line(&[
                "kubectl", "rollout", "restart", &name, "-n", &namespace,
            ]));
        }
        recreation.steps.push(Step::Restart {
            namespace,
            workload,
        });
    }
    for (index, pod) in owned.into_iter().enumerate() {
        if index < ALIKE_MAX {
            recreation.commands.push(line(&[
                "kubectl",
                "delete",
                "pod",
                &pod.name,
                "-n",
                &pod.namespace,
            ]));
        }
        recreation.steps.push(Step::RecreatePod { pod });
    }
    for pod in bare.into_iter().take(ALIKE_MAX) {
        recreation.commands.push(replace_pod(&pod));
    }
    recreation
}

fn get_pod(name: &str, namespace: &str) -> String {
    line(&["kubectl", "get", "pod", name, "-n", namespace, "-o", "yaml"])
}

/// Makes a Pod anew that nothing else does.
fn replace_pod(pod: &NamespacedName) -> String {
    format!(
        "{} | kubectl replace --force -f -",
        get_pod(&pod.name, &pod.namespace)
    )
}

/// Adds a pull secret to the list of each workload, or Pod, itself.
pub(super) fn attach_to_templates(cases: &[&Case<'_>], secret: &str) -> Vec<String> {
    let mut commands = BTreeSet::new();
    for case in cases {
        let namespace = &case.pod.namespace;
        commands.insert(match template(case.pod) {
            Some(template) => line(&[
                "wharf",
                "pull-secret",
                "attach",
                secret,
                "-n",
                namespace,
                "--to",
                &template,
            ]),
            None => {
                let list = json!({"spec": {"imagePullSecrets": [{"name": secret}]}});
                patch_and_replace(case.pod, &list)
            }
        });
    }
    commands.into_iter().take(ALIKE_MAX).collect()
}

/// Lets each container's image be pulled where the node does not have it.
pub(super) fn let_pull(cases: &[&Case<'_>]) -> Vec<String> {
    let commands: BTreeSet<_> = cases
        .iter()
        .filter_map(|case| {
            let list = match case.container.kind {
                ContainerKind::Init => "initContainers",
                ContainerKind::Regular => "containers",
                ContainerKind::Ephemeral | ContainerKind::Volume => return None,
            };
            let container = json!({"imagePullPolicy": "IfNotPresent", "name": case.container.name});
            let spec = json!({"spec": {list: [container]}});
            let namespace = &case.pod.namespace;
            Some(match template(case.pod) {
                Some(template) if template.starts_with("cronjob/") => {
                    let spec = json!({"spec": {"jobTemplate": {"spec": {"template": spec}}}});
                    patch(&template, namespace, &spec)
                }
                Some(template) => patch(&template, namespace, &json!({"spec": {"template": spec}})),
                None => patch_and_replace(case.pod, &spec),
            })
        })
        .collect();
    commands.into_iter().take(ALIKE_MAX).collect()
}

fn patch(holder: &str, namespace: &str, patch: &Value) -> String {
    line(&[
        "kubectl",
        "patch",
        holder,
        "-n",
        namespace,
        "-p",
        &patch.to_string(),
    ])
}

/// Makes a Pod anew with a change that cannot be made in place.
fn patch_and_replace(pod: &Pod, patch: &Value) -> String {
    format!(
        "{} | kubectl patch --local -f - -o yaml -p {} | kubectl replace --force -f -",
        get_pod(&pod.name, &pod.namespace),
        quoted(&patch.to_string())
    )
}

/// Gives each container another image.
pub(super) fn set_image(cases: &[&Case<'_>], image: &str) -> Vec<String> {
    let commands: BTreeSet<_> = cases
        .iter()
        .map(|case| {
            let holder = template(case.pod).unwrap_or_else(|| format!("pod/{}", case.pod.name));
            let change = format!("{}={image}", case.container.name);
            line(&[
                "kubectl",
                "set",
                "image",
                &holder,
                &change,
                "-n",
                &case.pod.namespace,
            ])
        })
        .collect();
    commands.into_iter().take(ALIKE_MAX).collect()
}
