//! Mending: the steps of a remedy, shown first, then done.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, Client};

use super::observation::{NamespacedName, Workload};
use super::remedy::Step;
use crate::kubernetes::Error;
use crate::pull_secrets::attach::{self, Change, Changed, DryRun, Holder, RESTARTABLE};
use crate::pull_secrets::workload::WorkloadName;
use crate::{Namespace, SecretName};

/// What a step would change: a line for each thing, with `+` or `-` before what comes or goes. None: it is done already,
/// or nothing makes the Pod anew.
pub async fn preview(client: &Client, step: &Step) -> Result<Option<String>, Error> {
    match step {
        Step::Attach {
            service_account,
            secret,
        } => {
            let changed = attach(client, service_account, secret, DryRun::Client).await?;
            let account = named(service_account);
            let shown = || {
                format!(
                    "serviceaccount {account}, imagePullSecrets:\n{}",
                    changed.diff()
                )
            };
            Ok(changed.is_any().then(shown))
        }
        Step::Restart {
            namespace,
            workload,
        } => {
            let Workload { kind, name } = workload;
            let kind = kind.to_ascii_lowercase();
            Ok(Some(format!(
                "{kind} {namespace}/{name}: a rollout makes its Pods anew\n"
            )))
        }
        Step::RecreatePod { pod } => Ok(maker(client, pod).await?.map(|found| {
            let kind = found.kind.to_ascii_lowercase();
            format!(
                "- pod {}, which {kind} {} makes anew\n",
                named(pod),
                found.name
            )
        })),
    }
}

/// Does a step. Says whether anything was to be done.
pub async fn carry_out(client: &Client, step: &Step) -> Result<bool, Error> {
    match step {
        Step::Attach {
            service_account,
            secret,
        } => Ok(attach(client, service_account, secret, DryRun::No)
            .await?
            .is_any()),
        Step::Restart {
            namespace,
            workload,
        } => {
            let Workload { kind, name } = workload;
            let workload: WorkloadName = format!("{kind}/{name}").parse().map_err(refused)?;
            if !RESTARTABLE.contains(&workload.kind) {
                return Err(Error::Refused(format!("{workload} has no rollouts")));
            }
            let namespace = parse(namespace)?;
            attach::restart(client, &namespace, &workload, Timestamp::now(), false).await?;
            Ok(true)
        }
        Step::RecreatePod { pod } => recreate(client, pod).await,
    }
}

fn named(name: &NamespacedName) -> String {
    format!("{}/{}", name.namespace, name.name)
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::Refused(error.to_string())
}

/// The name came from the cluster, which has no other.
fn parse(namespace: &str) -> Result<Namespace, Error> {
    Namespace::parse(namespace).map_err(refused)
}

async fn attach(
    client: &Client,
    account: &NamespacedName,
    secret: &str,
    dry_run: DryRun,
) -> Result<Changed, Error> {
    let namespace = parse(&account.namespace)?;
    let holder = Holder::ServiceAccount(account.name.clone());
    let secret = SecretName::parse(secret).map_err(refused)?;
    attach::change(
        client,
        &namespace,
        &holder,
        &secret,
        Change::Attach,
        dry_run,
    )
    .await
}

/// Who makes a Pod anew. None: it is gone, or nobody does.
async fn maker(client: &Client, pod: &NamespacedName) -> Result<Option<Workload>, Error> {
    let api: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace);
    let found = api.get_opt(&pod.name).await?;
    Ok(found.and_then(|found| owner(&found)))
}

fn owner(pod: &Pod) -> Option<Workload> {
    let mut owners = pod.metadata.owner_references.iter().flatten();
    let owner = owners.find(|owner| owner.controller == Some(true))?;
    Some(Workload {
        kind: owner.kind.clone(),
        name: owner.name.clone(),
    })
}

/// Deletes a Pod, if somebody makes it anew.
async fn recreate(client: &Client, pod: &NamespacedName) -> Result<bool, Error> {
    let api: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace);
    let Some(found) = api.get_opt(&pod.name).await? else {
        return Ok(false);
    };
    if owner(&found).is_none() {
        return Ok(false);
    }
    // Not one of the same name that came meanwhile.
    let params = DeleteParams::default().preconditions(Preconditions {
        uid: found.metadata.uid,
        resource_version: None,
    });
    match api.delete(&pod.name, &params).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
