//! Claims about conclusions, each from observations that are made for it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod credential;
mod network;
mod node;
mod precision;
mod properties;
mod records;
mod registry;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;
use wharf_types::wire::troubleshooter::TroubleshootIamPolicyResponse;

use super::*;
use crate::doctor::observation::{
    AccountState, CertificateFault, Container, ContainerKind, CredentialSource, Event, ImageState,
    KeyState, Looked, NamespacedName, Node, Obstacle, Pod, Probe, ProbeTarget, Reached, Sealed,
    ServiceAccount, Terminated, Testimony, Waiting, Workload,
};
use crate::doctor::remedy::Step;

const HOST: &str = "us.example.com";
const IMAGE: &str = "us.example.com/shop/web:v1";
const ACCOUNT: &str = "puller@shop.iam.gserviceaccount.com";

const NOT_SENT: &str = "failed to pull and unpack image \"us.example.com/shop/web:v1\": failed to resolve reference \"us.example.com/shop/web:v1\": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://us.example.com/v2/token?scope=repository%3Ashop%2Fweb%3Apull&service=us.example.com: 401 Unauthorized";
const REJECTED: &str = "failed to pull and unpack image \"us.example.com/shop/web:v1\": failed to resolve reference \"us.example.com/shop/web:v1\": failed to authorize: failed to fetch oauth token: unexpected status from POST request to https://us.example.com/v2/token: 401 Unauthorized";
const NO_SCOPE: &str = "failed to pull and unpack image \"us.example.com/shop/web:v1\": failed to resolve reference \"us.example.com/shop/web:v1\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";
const NOT_FOUND: &str = "rpc error: code = NotFound desc = failed to pull and unpack image \"us.example.com/shop/web:v1\": failed to resolve reference \"us.example.com/shop/web:v1\": us.example.com/shop/web:v1: not found";

fn refused_by(address: &str) -> String {
    format!(
        "failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": failed to do request: Head \"https://us.example.com/v2/shop/web/manifests/v1\": dial tcp {address}: connect: connection refused"
    )
}

fn named(name: &str) -> NamespacedName {
    NamespacedName {
        namespace: "web".to_owned(),
        name: name.to_owned(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A Pod that waits for its image with a text.
fn stuck(text: &str) -> Pod {
    waiting(
        "ImagePullBackOff",
        &format!("Back-off pulling image \"{IMAGE}\": ErrImagePull: {text}"),
    )
}

fn waiting(reason: &str, message: &str) -> Pod {
    Pod {
        namespace: "web".to_owned(),
        name: "app-1".to_owned(),
        created: Some(at(0)),
        workload: Some(Workload {
            kind: "Deployment".to_owned(),
            name: "app".to_owned(),
        }),
        service_account: "default".to_owned(),
        node: Some("node-1".to_owned()),
        phase: "Pending".to_owned(),
        containers: vec![Container {
            name: "app".to_owned(),
            image: IMAGE.to_owned(),
            pull_policy: "IfNotPresent".to_owned(),
            waiting: Some(Waiting {
                reason: reason.to_owned(),
                message: message.to_owned(),
            }),
            ..Container::default()
        }],
        ..Pod::default()
    }
}

fn with_secrets(mut pod: Pod, names: &[&str]) -> Pod {
    pod.pull_secrets = names.iter().map(|name| (*name).to_owned()).collect();
    pod
}

fn seen(pod: Pod) -> Observations {
    let node = Node {
        runtime: "containerd://1.6.20".to_owned(),
        operating_system: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        ..Node::default()
    };
    Observations {
        pods: vec![pod],
        service_accounts: [(named("default"), Looked::Found(ServiceAccount::default()))].into(),
        nodes: [("node-1".to_owned(), Looked::Found(node))].into(),
        ..Observations::default()
    }
}

fn secret_with(name: &str, kind: &str, data: &str) -> Looked<Sealed> {
    Looked::Found(Sealed(Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("web".to_owned()),
            ..ObjectMeta::default()
        },
        type_: Some(kind.to_owned()),
        data: Some(
            [(
                ".dockerconfigjson".to_owned(),
                ByteString(data.as_bytes().to_vec()),
            )]
            .into(),
        ),
        ..Secret::default()
    }))
}

/// A pull secret with one key.
fn secret(name: &str, key: &str) -> Looked<Sealed> {
    let data = json!({"auths": {key: {"username": "_json_key", "password": "{}"}}});
    secret_with(name, "kubernetes.io/dockerconfigjson", &data.to_string())
}

impl Observations {
    fn with(mut self, name: &str, secret: Looked<Sealed>) -> Self {
        self.secrets.insert(named(name), secret);
        self
    }

    fn with_account(mut self, secrets: &[&str], written: i64) -> Self {
        let account = ServiceAccount {
            pull_secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
            pull_secrets_written: Some(at(written)),
        };
        self.service_accounts
            .insert(named("default"), Looked::Found(account));
        self
    }

    fn with_probe(mut self, source: CredentialSource, outcome: Result<Reached, Obstacle>) -> Self {
        let probe = Probe {
            addresses: vec!["10.0.0.1".parse().unwrap()],
            outcome,
        };
        self.probes.insert(target(source), probe);
        self
    }

    fn with_testimony(mut self, source: CredentialSource, testimony: Testimony) -> Self {
        self.testimonies.insert(target(source), testimony);
        self
    }
}

fn target(credential: CredentialSource) -> ProbeTarget {
    ProbeTarget {
        image: IMAGE.to_owned(),
        credential,
    }
}

fn of_secret(name: &str, key: &str) -> CredentialSource {
    CredentialSource::PullSecret {
        secret: named(name),
        key: key.to_owned(),
    }
}

fn testimony() -> Testimony {
    Testimony {
        account: Some(ACCOUNT.to_owned()),
        account_state: AccountState::Enabled,
        key_id: Some("k1".to_owned()),
        key_state: KeyState::Enabled,
        image: ImageState::Present,
        ..Testimony::default()
    }
}

fn findings(observations: &Observations) -> Vec<Finding> {
    diagnose(observations, at(600))
}

/// The one finding.
fn only(observations: &Observations) -> Finding {
    let mut findings = findings(observations);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

fn code(observations: &Observations) -> &'static str {
    only(observations).cause.code()
}

fn policy(bindings: &serde_json::Value) -> TroubleshootIamPolicyResponse {
    serde_json::from_value(json!({
        "access": "NOT_GRANTED",
        "summary": "no",
        "explainedPolicies": [{
            "access": "NOT_GRANTED",
            "fullResourceName": "//storage.googleapis.com/projects/_/buckets/us.artifacts.shop.appspot.com",
            "bindingExplanations": bindings,
        }],
    }))
    .unwrap()
}

fn sent(text: &str) -> Observations {
    seen(with_secrets(stuck(text), &["regcred"])).with("regcred", secret("regcred", HOST))
}
