//! Mending: the steps of a remedy, shown first, then done.

use std::fmt::Write as _;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{LocalObjectReference, Pod, ServiceAccount};
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client};
use serde_json::json;

use super::observation::{NamespacedName, Workload};
use super::observe::resource;
use super::remedy::Step;
use crate::kubernetes::Error;

/// Tries to write what others write meanwhile.
const ATTEMPTS_MAX: usize = 5;
/// What `kubectl rollout restart` writes into a template, so that it makes new Pods.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// What a step would change: a line for each thing, with `+` or `-` before what comes or goes. None: it is done already.
pub async fn preview(client: &Client, step: &Step) -> Result<Option<String>, Error> {
    match step {
        Step::Attach {
            service_account,
            secret,
        } => {
            let account = accounts(client, service_account)
                .get(&service_account.name)
                .await?;
            let names = names(&account);
            if names.contains(secret) {
                return Ok(None);
            }
            let mut text = format!(
                "  serviceaccount {}\n    imagePullSecrets:\n",
                named(service_account)
            );
            for name in &names {
                // Writing into a string does not fail.
                let _ = writeln!(text, "    - name: {name}");
            }
            let _ = writeln!(text, "+   - name: {secret}");
            Ok(Some(text))
        }
        Step::Restart {
            namespace,
            workload,
        } => {
            let Workload { kind, name } = workload;
            let kind = kind.to_ascii_lowercase();
            Ok(Some(format!(
                "  {kind} {namespace}/{name}\n    spec.template.metadata.annotations:\n+     {RESTARTED_AT}: now\n"
            )))
        }
        Step::RecreatePod { pod } => Ok(maker(client, pod).await?.map(|found| {
            let kind = found.kind.to_ascii_lowercase();
            let maker = format!("{kind} {}", found.name);
            format!("- pod {}, which {maker} makes anew\n", named(pod))
        })),
    }
}

/// Does a step. Says whether anything was to be done.
pub async fn carry_out(client: &Client, step: &Step) -> Result<bool, Error> {
    match step {
        Step::Attach {
            service_account,
            secret,
        } => attach(client, service_account, secret).await,
        Step::Restart {
            namespace,
            workload,
        } => restart(client, namespace, workload).await.map(|()| true),
        Step::RecreatePod { pod } => recreate(client, pod).await,
    }
}

fn named(name: &NamespacedName) -> String {
    format!("{}/{}", name.namespace, name.name)
}

fn accounts(client: &Client, name: &NamespacedName) -> Api<ServiceAccount> {
    Api::namespaced(client.clone(), &name.namespace)
}

fn names(account: &ServiceAccount) -> Vec<String> {
    let list = account.image_pull_secrets.iter().flatten();
    list.map(|reference| reference.name.clone()).collect()
}

/// Appends to the list that is there: nothing is lost or reordered, and nobody else's change is written over.
async fn attach(client: &Client, name: &NamespacedName, secret: &str) -> Result<bool, Error> {
    let api = accounts(client, name);
    for _ in 0..ATTEMPTS_MAX {
        let mut account = api.get(&name.name).await?;
        if names(&account).iter().any(|known| known == secret) {
            return Ok(false);
        }
        let list = account.image_pull_secrets.get_or_insert_default();
        list.push(LocalObjectReference {
            name: secret.to_owned(),
        });
        // It carries the version that was read.
        match api
            .replace(&name.name, &PostParams::default(), &account)
            .await
        {
            Ok(_) => return Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Contended {
        what: format!("serviceaccount {}", named(name)),
        attempts: ATTEMPTS_MAX,
    })
}

async fn restart(client: &Client, namespace: &str, workload: &Workload) -> Result<(), Error> {
    let resource = resource(&workload.kind);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let template = json!({"metadata": {"annotations": {RESTARTED_AT: now}}});
    let patch = Patch::Merge(json!({"spec": {"template": template}}));
    api.patch(&workload.name, &PatchParams::default(), &patch)
        .await?;
    Ok(())
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
