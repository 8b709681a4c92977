//! What mends an account, its key, or what it may do.

use super::commands::line;
use super::{advice, secret_in_use};
use crate::doctor::cause::Cause;
use crate::doctor::diagnose::case::Case;
use crate::doctor::observation::NamespacedName;
use crate::doctor::remedy::Remedy;

const RETRIES: &str = "the kubelet then tries again by itself within five minutes";
/// The role that pulls and nothing else.
const PULLER: &str = "roles/storage.objectViewer";

pub(super) fn remedy(cause: &Cause, cases: &[&Case<'_>]) -> Remedy {
    let host = cases.first().map(|case| case.host()).unwrap_or_default();
    let secret = secret_in_use(cases);
    match cause {
        Cause::KeyExpired { account, .. } | Cause::KeyDeleted { account, .. } => advice(
            format!("put a new key of the account into the pull secret; {RETRIES}"),
            new_key(secret.as_ref(), account, &host),
        ),
        Cause::KeyDisabled { account, key } => advice(
            format!(
                "enable the key, unless it was disabled because it leaked: then put a new one into the pull secret; {RETRIES}"
            ),
            vec![line(&[
                "wharf",
                "iam",
                "service-accounts",
                "keys",
                "enable",
                key,
                "--iam-account",
                account,
            ])],
        ),
        Cause::AccountDisabled { account } => advice(
            format!("enable the account; {RETRIES}"),
            vec![line(&[
                "wharf",
                "iam",
                "service-accounts",
                "enable",
                account,
            ])],
        ),
        Cause::AccountDeleted { .. } => advice(
            format!(
                "put the key of another account into the pull secret: this makes one that may pull these images and nothing else; {RETRIES}"
            ),
            new_account(secret.as_ref(), cases),
        ),
        Cause::PermissionMissing {
            member, resource, ..
        } => permission(member, resource),
        Cause::ConditionFalse { member, on, .. } => Remedy {
            advice: format!(
                "widen the binding's condition so that it holds for these images, or bind the role without one; {RETRIES}"
            ),
            ..permission(member, on)
        },
        Cause::StaleCredentialOnPublicImage { secret, host } => advice(
            format!(
                "take the registry out of the pull secret, or put a credential into it that counts; {RETRIES}"
            ),
            vec![line(&[
                "wharf",
                "pull-secret",
                "remove-registry",
                &secret.name,
                &key_in_use(cases).unwrap_or_else(|| host.clone()),
                "-n",
                &secret.namespace,
            ])],
        ),
        Cause::CredentialRejected {
            secret: Some(secret),
            host,
        } => advice(
            format!("put a credential into the pull secret that counts; {RETRIES}"),
            vec![super::secret::create(secret, host, &["--force"])],
        ),
        Cause::CredentialRejected { host, .. } => advice(
            format!(
                "the credential is none of the Pod's pull secrets: mend the node's own (its docker config or credential provider), or give the Pod a pull secret for {host}"
            ),
            Vec::new(),
        ),
        _ => advice(
            format!(
                "ask whoever runs {host} for the right to pull, or check the image's name: many registries do not say whether a repository exists"
            ),
            Vec::new(),
        ),
    }
}

fn key_in_use(cases: &[&Case<'_>]) -> Option<String> {
    let mut offers = cases.iter().flat_map(|case| case.offers());
    offers.next().map(|offer| offer.key)
}

fn new_key(secret: Option<&NamespacedName>, account: &str, host: &str) -> Vec<String> {
    let Some(secret) = secret else {
        return Vec::new();
    };
    vec![line(&[
        "wharf",
        "pull-secret",
        "create",
        &secret.name,
        "-n",
        &secret.namespace,
        "--registry",
        host,
        "--iam-account",
        account,
        "--new-key",
        "--force",
    ])]
}

fn new_account(secret: Option<&NamespacedName>, cases: &[&Case<'_>]) -> Vec<String> {
    let Some(secret) = secret else {
        return Vec::new();
    };
    let mut images: Vec<_> = cases.iter().map(|case| case.repository()).collect();
    images.sort();
    images.dedup();
    let mut words = vec![
        "wharf",
        "pull-secret",
        "create",
        &secret.name,
        "-n",
        &secret.namespace,
        "--force",
        "--least-privilege",
    ];
    words.extend(images.iter().map(String::as_str));
    vec![line(&words)]
}

/// Binds the role that pulls on the resource whose policy is looked at first.
fn permission(member: &str, resource: &str) -> Remedy {
    let (noun, name) = match resource.rsplit_once("buckets/") {
        Some((_, bucket)) => (
            "buckets",
            bucket.split('/').next().unwrap_or(bucket).to_owned(),
        ),
        None => match resource.strip_prefix("projects/") {
            Some(project) => ("projects", project.to_owned()),
            None => ("", String::new()),
        },
    };
    let role = PULLER;
    let command = (!noun.is_empty()).then(|| {
        line(&[
            "wharf",
            noun,
            "add-iam-policy-binding",
            &name,
            "--member",
            member,
            "--role",
            role,
            "--condition",
            "None",
        ])
    });
    advice(
        format!("bind {role} to {member} on {resource}; {RETRIES}"),
        command.into_iter().collect(),
    )
}
