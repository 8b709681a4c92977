//! What mends a pull secret, or its way into the Pod.

use super::advice;
use super::commands::{attach_to_templates, line, quoted, recreation};
use crate::doctor::cause::Cause;
use crate::doctor::diagnose::case::Case;
use crate::doctor::observation::{Looked, NamespacedName};
use crate::doctor::remedy::{Remedy, Step};

/// The name of a Secret that is yet to be made.
const NEW_SECRET: &str = "registry-pull";
const RETRIES: &str = "the kubelet then tries again by itself within five minutes";

pub(super) fn remedy(cause: &Cause, cases: &[&Case<'_>]) -> Remedy {
    let host = cases.first().map(|case| case.host()).unwrap_or_default();
    match cause {
        Cause::NoPullSecret {
            service_account,
            host,
        } => no_pull_secret(service_account, host, cases),
        Cause::SecretAbsent { secret } => advice(
            format!("create it with a credential for {host}; {RETRIES}"),
            vec![create(secret, &host, &[])],
        ),
        Cause::SecretInOtherNamespace { secret, elsewhere } => advice(
            format!(
                "copy it into namespace {}, or create it there; {RETRIES}",
                secret.namespace
            ),
            elsewhere
                .first()
                .map(|from| copy(secret, from))
                .into_iter()
                .collect(),
        ),
        Cause::SecretWrongType { secret, .. } => wrong_type(secret, &host, cases),
        Cause::SecretUnreadable {
            secret: Some(secret),
            ..
        } => advice(
            format!("write it anew; until then no image of such a Pod is pulled; {RETRIES}"),
            vec![create(secret, &host, &["--recreate", "--force"])],
        ),
        Cause::SecretUnreadable { secret: None, .. } => advice(
            format!("find out which of the Pod's pull secrets it is, and write it anew; {RETRIES}"),
            check(cases),
        ),
        Cause::SecretWithoutAuths { secret } => advice(
            format!("put a credential for {host} into it; {RETRIES}"),
            vec![create(secret, &host, &["--force"])],
        ),
        Cause::SecretForOtherHost { secrets, host, .. } => other_host(secrets, host, cases),
        Cause::SecretForOtherPort { secret, key, host } => same_credentials(secret, key, host),
        Cause::SecretForOtherPath {
            secret,
            key,
            repository: _,
        } => same_credentials(secret, key, &host),
        Cause::SecretShadowed { secret, .. } => advice(
            format!(
                "add {secret:?} to the Pod's own list too, or take the list out of the Pod's template"
            ),
            attach_to_templates(cases, secret),
        ),
        _ => {
            let recreation = recreation(cases);
            Remedy {
                advice: "make the Pods anew: a ServiceAccount's pull secrets are copied into a Pod when it is created"
                    .to_owned(),
                commands: recreation.commands,
                steps: recreation.steps,
            }
        }
    }
}

/// A Secret that is there and would do. The images of one cause are of one registry, so a few stand for all.
fn fitting_secret(cases: &[&Case<'_>]) -> Option<NamespacedName> {
    let mut some = cases.iter().take(5);
    some.find_map(|case| case.fitting_secret())
}

/// Makes a pull secret from a key file, or gives the key to one that is there.
pub(super) fn create(secret: &NamespacedName, host: &str, flags: &[&str]) -> String {
    let mut words = vec![
        "wharf",
        "pull-secret",
        "create",
        &secret.name,
        "-n",
        &secret.namespace,
        "--registry",
        host,
        "--key-file",
        "key.json",
    ];
    words.extend(flags);
    line(&words)
}

fn no_pull_secret(account: &NamespacedName, host: &str, cases: &[&Case<'_>]) -> Remedy {
    let attach = |secret: &str| {
        line(&[
            "wharf",
            "pull-secret",
            "attach",
            secret,
            "-n",
            &account.namespace,
            "--service-account",
            &account.name,
            "--restart",
        ])
    };
    if let Some(fitting) = fitting_secret(cases) {
        let recreation = recreation(cases);
        let bare = recreation
            .commands
            .into_iter()
            .filter(|command| command.contains("replace"));
        let mut steps = vec![Step::Attach {
            service_account: account.clone(),
            secret: fitting.name.clone(),
        }];
        steps.extend(recreation.steps);
        return Remedy {
            advice: format!(
                "attach {:?}, which is in the namespace and has a credential for {host}, and make the Pods anew",
                fitting.name
            ),
            commands: [attach(&fitting.name)].into_iter().chain(bare).collect(),
            steps,
        };
    }
    let secret = NamespacedName {
        namespace: account.namespace.clone(),
        name: NEW_SECRET.to_owned(),
    };
    let mut commands = vec![create(&secret, host, &[]), attach(&secret.name)];
    let bare = recreation(cases).commands;
    commands.extend(
        bare.into_iter()
            .filter(|command| command.contains("replace")),
    );
    advice(
        format!(
            "create a pull secret for {host}, attach it to ServiceAccount {:?}, and make the Pods anew",
            account.name
        ),
        commands,
    )
}

fn copy(secret: &NamespacedName, from: &str) -> String {
    format!(
        "{} | sed -E '/^  (namespace|uid|resourceVersion|creationTimestamp):/d' | {}",
        line(&[
            "kubectl",
            "get",
            "secret",
            &secret.name,
            "-n",
            from,
            "-o",
            "yaml"
        ]),
        line(&["kubectl", "create", "-n", &secret.namespace, "-f", "-"])
    )
}

/// The type of a Secret never changes, so it is deleted and made anew.
fn wrong_type(secret: &NamespacedName, host: &str, cases: &[&Case<'_>]) -> Remedy {
    let has = |key: &str| {
        cases.iter().any(|case| match case.secret(&secret.name) {
            Some(Looked::Found(found)) => found
                .data
                .as_ref()
                .is_some_and(|data| data.contains_key(key)),
            _ => false,
        })
    };
    let right = if has(".dockerconfigjson") {
        Some("kubernetes.io/dockerconfigjson")
    } else if has(".dockercfg") {
        Some("kubernetes.io/dockercfg")
    } else {
        None
    };
    let Some(right) = right else {
        return advice(
            format!("delete it and create it as a pull secret; {RETRIES}"),
            vec![create(secret, host, &["--recreate", "--force"])],
        );
    };
    let command = format!(
        "{} | sed {} | kubectl replace --force -f -",
        line(&[
            "kubectl",
            "get",
            "secret",
            &secret.name,
            "-n",
            &secret.namespace,
            "-o",
            "yaml"
        ]),
        quoted(&format!("s|^type: .*|type: {right}|"))
    );
    advice(
        format!("make it anew with type {right}, which cannot be changed in place; {RETRIES}"),
        vec![command],
    )
}

fn other_host(secrets: &[NamespacedName], host: &str, cases: &[&Case<'_>]) -> Remedy {
    let Some(secret) = secrets.first() else {
        return Remedy::default();
    };
    if let Some(fitting) = fitting_secret(cases) {
        return advice(
            format!(
                "let the Pods use {:?}, which is in the namespace and has a credential for {host}",
                fitting.name
            ),
            attach_to_templates(cases, &fitting.name),
        );
    }
    let command = line(&[
        "wharf",
        "pull-secret",
        "add-registry",
        &secret.name,
        host,
        "-n",
        &secret.namespace,
        "--pull-key-file",
        "key.json",
    ]);
    advice(
        format!("add a credential for {host} to {secret}; {RETRIES}"),
        vec![command],
    )
}

fn same_credentials(secret: &NamespacedName, key: &str, host: &str) -> Remedy {
    let command = line(&[
        "wharf",
        "pull-secret",
        "add-registry",
        &secret.name,
        host,
        "-n",
        &secret.namespace,
        "--same-credentials-as",
        key,
    ]);
    advice(
        format!("add {host} to it with the credential of {key:?}; {RETRIES}"),
        vec![command],
    )
}

fn check(cases: &[&Case<'_>]) -> Vec<String> {
    let case = cases.first();
    case.map(|case| {
        line(&[
            "wharf",
            "pull-secret",
            "check",
            &case.pod.name,
            "-n",
            &case.pod.namespace,
        ])
    })
    .into_iter()
    .collect()
}
