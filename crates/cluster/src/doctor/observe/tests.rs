//! Looks at a cluster that stands on paper: which requests are made, and what comes of their answers.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::*;
use crate::doctor::observation::{ContainerKind, Looked, NamespacedName, Workload};

/// A cluster on paper, and the requests that it got.
struct Paper {
    client: Client,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Paper {
    /// `answer` gets `PATH?QUERY`, decoded; None is 404.
    fn new(answer: impl Fn(&str) -> Option<Value> + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let url = request.uri().to_string();
                let url = url
                    .replace("%21", "!")
                    .replace("%3D", "=")
                    .replace("%2C", ",");
                log.lock().unwrap().push(url.clone());
                let body = answer(&url).unwrap_or_else(|| status(404, "not found"));
                let code = match body["kind"].as_str() {
                    Some("Status") => u16::try_from(body["code"].as_u64().unwrap()).unwrap(),
                    _ => 200,
                };
                let response = http::Response::builder().status(code);
                let body = Body::from(serde_json::to_vec(&body).unwrap());
                Ok::<_, Infallible>(response.body(body).unwrap())
            }
        });
        Self {
            client: Client::new(service, "default"),
            asked,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn asked_for(&self, part: &str) -> usize {
        self.asked().iter().filter(|url| url.contains(part)).count()
    }
}

fn status(code: u16, message: &str) -> Value {
    let reason = if code == 404 { "NotFound" } else { "Forbidden" };
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, "reason": reason})
}

fn forbidden(resource: &str) -> Value {
    let message = format!(
        r#"{resource} is forbidden: User "jane" cannot list resource "{resource}" in API group "" in the namespace "web""#
    );
    status(403, &message)
}

/// A page of a list: 500 of `items`, by the continue token.
fn page(url: &str, items: &[Value]) -> Value {
    let from = url.split("continue=").nth(1).map_or(0, |rest| {
        rest.split('&').next().unwrap().parse::<usize>().unwrap()
    });
    let until = (from + 500).min(items.len());
    let more = if until < items.len() {
        until.to_string()
    } else {
        String::new()
    };
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"continue": more}, "items": items[from..until]})
}

fn pod(index: usize, reason: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": "web", "name": format!("app-{index:04}"), "uid": format!("uid-{index}"),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-5d9c", "uid": "r", "controller": true}],
        },
        "spec": {
            "nodeName": "node-1", "serviceAccountName": "default",
            "imagePullSecrets": [{"name": "regcred"}],
            "containers": [{"name": "app", "image": "us.example.com/app:v1"}],
        },
        "status": {"phase": "Pending", "containerStatuses": [{
            "name": "app", "image": "us.example.com/app:v1", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": "Back-off pulling image"}},
        }]},
    })
}

fn event(index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"namespace": "web", "name": format!("e-{index}")},
        "involvedObject": {"kind": "Pod", "name": format!("app-{index:04}"), "uid": format!("uid-{index}"), "fieldPath": "spec.containers{app}"},
        "reason": "Failed", "message": "Failed to pull image", "count": 3, "lastTimestamp": "2026-11-24T10:00:00Z",
    })
}

fn replica_set() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"namespace": "web", "name": "app-5d9c", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app", "uid": "d", "controller": true}]},
        "spec": {"template": {"spec": {"imagePullSecrets": [{"name": "regcred"}]}}},
    })
}

fn service_account() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"namespace": "web", "name": "default", "managedFields": [
            {"manager": "a", "operation": "Update", "time": "2026-11-24T09:00:00Z", "fieldsV1": {"f:imagePullSecrets": {}}},
            {"manager": "b", "operation": "Update", "time": "2026-11-24T11:00:00Z", "fieldsV1": {"f:metadata": {}}}]},
        "imagePullSecrets": [{"name": "other"}],
    })
}

fn web() -> Scope {
    Scope::Namespace("web".to_owned())
}

fn named(name: &str) -> NamespacedName {
    NamespacedName {
        namespace: "web".to_owned(),
        name: name.to_owned(),
    }
}

#[tokio::test]
async fn a_thousand_pods_take_few_requests_and_secrets_are_never_listed() {
    let pods: Vec<_> = (0..1000)
        .map(|index| pod(index, "ImagePullBackOff"))
        .collect();
    let events: Vec<_> = (0..1000).map(event).collect();
    let paper = Paper::new(move |url| match url.split('?').next().unwrap() {
        "/api/v1/namespaces/web/pods" => Some(page(url, &pods)),
        "/api/v1/namespaces/web/events" => Some(page(url, &events)),
        "/apis/apps/v1/namespaces/web/replicasets/app-5d9c" => Some(replica_set()),
        "/api/v1/namespaces/web/serviceaccounts/default" => Some(service_account()),
        "/api/v1/secrets" => Some(
            json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "items": [
            {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {"namespace": "default", "name": "regcred"}}]}),
        ),
        _ => None,
    });
    let seen = observe(&paper.client, &web()).await.unwrap();
    assert!(paper.asked().len() < 20, "{:#?}", paper.asked());
    assert_eq!((seen.pods.len(), seen.survey.pods), (1000, 1000));
    let last = seen.pods.last().unwrap();
    assert_eq!(
        last.workload,
        Some(Workload {
            kind: "Deployment".to_owned(),
            name: "app".to_owned()
        })
    );
    assert_eq!(last.has_own_pull_secrets, Some(true));
    assert_eq!(last.events.len(), 1);
    assert_eq!(last.events[0].container.as_deref(), Some("app"));
    assert_eq!(seen.secrets[&named("regcred")], Looked::Absent);
    assert_eq!(seen.secrets[&named("other")], Looked::Absent);
    assert!(seen.elsewhere["regcred"].contains("default"));
    let Looked::Found(account) = &seen.service_accounts[&named("default")] else {
        panic!("{:?}", seen.service_accounts);
    };
    assert_eq!(
        account.pull_secrets_written,
        Some("2026-11-24T09:00:00Z".parse().unwrap())
    );
    assert_eq!(paper.asked_for("/namespaces/web/secrets?"), 0);
    assert_eq!(paper.asked_for("/namespaces/web/secrets/regcred"), 1);
}

#[tokio::test]
async fn what_is_forbidden_is_noted_and_the_rest_is_seen() {
    let paper = Paper::new(|url| match url.split('?').next().unwrap() {
        "/api/v1/namespaces/web/pods" => Some(page(url, &[pod(1, "ErrImagePull")])),
        "/api/v1/namespaces/web/events" => Some(forbidden("events")),
        "/api/v1/namespaces/web/secrets/regcred" => Some(forbidden("secrets")),
        _ => None,
    });
    let seen = observe(&paper.client, &web()).await.unwrap();
    assert_eq!(seen.pods.len(), 1);
    assert_eq!(seen.secrets[&named("regcred")], Looked::Forbidden);
    let unseen = &seen.survey.unseen;
    assert!(
        unseen.contains(&"events: jane may not list events in the namespace web".to_owned()),
        "{unseen:?}"
    );
    assert_eq!(seen.pods[0].workload.as_ref().unwrap().kind, "ReplicaSet");
}

#[tokio::test]
async fn pods_that_are_well_are_counted_and_not_looked_into() {
    let mut running = pod(1, "");
    running["status"] = json!({"phase": "Running", "containerStatuses": [{
        "name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]});
    let mut unscheduled = pod(2, "");
    unscheduled["status"] = json!({"phase": "Pending"});
    unscheduled["spec"]["nodeName"] = Value::Null;
    let mut leaving = pod(3, "ImagePullBackOff");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-24T10:00:00Z");
    let paper = Paper::new(move |url| {
        Some(page(
            url,
            &[running.clone(), unscheduled.clone(), leaving.clone()],
        ))
    });
    let seen = observe(&paper.client, &web()).await.unwrap();
    assert_eq!((seen.survey.pods, seen.pods.len()), (3, 0));
    assert_eq!(paper.asked().len(), 1, "{:?}", paper.asked());
}

#[tokio::test]
async fn an_event_of_a_predecessor_of_the_same_name_is_not_the_pods() {
    let mut old = event(1);
    old["involvedObject"]["uid"] = json!("gone");
    let paper = Paper::new(move |url| match url.split('?').next().unwrap() {
        "/api/v1/namespaces/web/pods" => Some(page(url, &[pod(1, "ErrImagePull")])),
        "/api/v1/namespaces/web/events" => Some(page(url, std::slice::from_ref(&old))),
        _ => None,
    });
    let seen = observe(&paper.client, &web()).await.unwrap();
    assert!(seen.pods[0].events.is_empty());
}

#[tokio::test]
async fn an_image_volume_waits_itself_though_a_container_says_so() {
    let mut pod = pod(1, "ImagePullBackOff");
    pod["spec"]["volumes"] =
        json!([{"name": "model", "image": {"reference": "us.example.com/model:v1"}}]);
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] =
        json!("Back-off pulling image \"us.example.com/model:v1\"");
    let paper = Paper::new(move |url| match url.split('?').next().unwrap() {
        "/api/v1/namespaces/web/pods" => Some(page(url, std::slice::from_ref(&pod))),
        _ => None,
    });
    let seen = observe(&paper.client, &web()).await.unwrap();
    let waiting: Vec<_> = seen.pods[0]
        .containers
        .iter()
        .filter(|container| container.waiting.is_some())
        .map(|container| (container.kind, container.name.as_str()))
        .collect();
    assert_eq!(waiting, [(ContainerKind::Volume, "model")]);
}

#[tokio::test]
async fn a_pod_that_is_not_there_is_an_error() {
    let paper = Paper::new(|_| None);
    let scope = Scope::Target {
        namespace: "web".to_owned(),
        target: "app-1".parse().unwrap(),
    };
    let error = observe(&paper.client, &scope).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}
