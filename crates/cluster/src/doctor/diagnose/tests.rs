#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use proptest::prelude::*;
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

#[test]
fn a_pod_without_a_pull_secret_is_told_to_get_one() {
    let finding = only(&seen(stuck(NOT_SENT)));
    assert_eq!(finding.cause.code(), "no-pull-secret");
    assert_eq!(finding.confidence, Confidence::Certain);
    assert_eq!(
        finding.remedy.commands,
        [
            "wharf pull-secret create registry-pull -n web --registry us.example.com --key-file key.json",
            "wharf pull-secret attach registry-pull -n web --service-account default --restart",
        ]
    );
    assert!(finding.remedy.steps.is_empty());
}

#[test]
fn a_fitting_secret_that_is_there_is_attached_and_the_workload_restarted() {
    let finding = only(&seen(stuck(NOT_SENT)).with("regcred", secret("regcred", HOST)));
    assert_eq!(finding.cause.code(), "no-pull-secret");
    assert_eq!(
        finding.remedy.commands,
        ["wharf pull-secret attach regcred -n web --service-account default --restart"]
    );
    assert_eq!(
        finding.remedy.steps,
        [
            Step::Attach {
                service_account: named("default"),
                secret: "regcred".to_owned()
            },
            Step::Restart {
                namespace: "web".to_owned(),
                workload: Workload {
                    kind: "Deployment".to_owned(),
                    name: "app".to_owned()
                }
            },
        ]
    );
}

#[test]
fn a_secret_that_is_named_and_not_there_is_absent_or_elsewhere() {
    let here = || seen(with_secrets(stuck(NOT_SENT), &["regcred"])).with("regcred", Looked::Absent);
    assert_eq!(code(&here()), "secret-absent");
    let mut elsewhere = here();
    elsewhere
        .elsewhere
        .insert("regcred".to_owned(), ["ops".to_owned()].into());
    let finding = only(&elsewhere);
    assert_eq!(finding.cause.code(), "secret-in-other-namespace");
    assert!(finding.remedy.commands[0].starts_with("kubectl get secret regcred -n ops -o yaml |"));
}

#[test]
fn the_kubelets_event_tells_of_an_absent_secret_that_the_doctor_may_not_look_for() {
    let mut pod = with_secrets(stuck(NOT_SENT), &["regcred"]);
    pod.events.push(Event {
        reason: "FailedToRetrieveImagePullSecret".to_owned(),
        message: "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.".to_owned(),
        ..Event::default()
    });
    let seen = seen(pod).with("regcred", Looked::Forbidden);
    assert_eq!(code(&seen), "secret-absent");
}

#[test]
fn a_secret_that_gives_no_credential_is_told_from_one_for_others() {
    let listed = || seen(with_secrets(stuck(NOT_SENT), &["regcred"]));
    let good = json!({"auths": {HOST: {"username": "u", "password": "p"}}}).to_string();
    let cases = [
        (secret_with("regcred", "Opaque", &good), "secret-wrong-type"),
        (
            secret_with(
                "regcred",
                "kubernetes.io/dockerconfigjson",
                r#"{"us.example.com":{"auth":"dTpw"}}"#,
            ),
            "secret-without-auths",
        ),
        (secret("regcred", "eu.example.com"), "secret-for-other-host"),
        (
            secret("regcred", "https://us.example.com:443"),
            "secret-for-other-port",
        ),
        (
            secret("regcred", "us.example.com/other"),
            "secret-for-other-path",
        ),
        (
            secret("regcred", "us.example.com/v2"),
            "secret-for-other-path",
        ),
    ];
    for (secret, expected) in cases {
        assert_eq!(code(&listed().with("regcred", secret)), expected);
    }
}

#[test]
fn another_port_is_mended_with_the_same_credential() {
    let finding = only(
        &seen(with_secrets(stuck(NOT_SENT), &["regcred"]))
            .with("regcred", secret("regcred", "us.example.com:443")),
    );
    assert_eq!(
        finding.remedy.commands,
        [
            "wharf pull-secret add-registry regcred us.example.com -n web --same-credentials-as us.example.com:443"
        ]
    );
}

#[test]
fn a_type_is_mended_by_making_the_secret_anew_with_what_it_holds() {
    let finding = only(&seen(with_secrets(stuck(NOT_SENT), &["regcred"])).with(
        "regcred",
        secret_with("regcred", "Opaque", "{\"auths\":{}}"),
    ));
    assert_eq!(
        finding.remedy.commands,
        [
            "kubectl get secret regcred -n web -o yaml | sed 's|^type: .*|type: kubernetes.io/dockerconfigjson|' | kubectl replace --force -f -"
        ]
    );
}

#[test]
fn a_secret_that_spoils_the_others_is_named_with_the_kubelets_words() {
    let text = "illegal base64 data at input byte 0";
    let mut pod = with_secrets(waiting(text, text), &["good", "bad"]);
    pod.workload = None;
    let data = r#"{"auths":{"x":{"auth":"?"}}}"#;
    let seen = seen(pod).with("good", secret("good", HOST)).with(
        "bad",
        secret_with("bad", "kubernetes.io/dockerconfigjson", data),
    );
    let finding = only(&seen);
    assert_eq!(
        finding.cause,
        Cause::SecretUnreadable {
            secret: Some(named("bad")),
            text: text.to_owned()
        }
    );
    assert_eq!(finding.confidence, Confidence::Certain);
}

#[test]
fn an_attachment_after_the_pod_needs_a_new_pod() {
    let seen = seen(stuck(NOT_SENT))
        .with("regcred", secret("regcred", HOST))
        .with_account(&["regcred"], 30);
    let finding = only(&seen);
    assert_eq!(finding.cause.code(), "pod-older-than-attachment");
    assert_eq!(finding.confidence, Confidence::Certain);
    assert_eq!(
        finding.remedy.commands,
        ["kubectl rollout restart deployment/app -n web"]
    );
    assert_eq!(finding.remedy.steps.len(), 1);
}

#[test]
fn an_attachment_that_would_not_help_is_not_the_cause() {
    let seen = seen(stuck(NOT_SENT))
        .with("regcred", secret("regcred", "eu.example.com"))
        .with_account(&["regcred"], 30);
    assert_eq!(code(&seen), "secret-for-other-host");
}

#[test]
fn a_list_of_the_pods_own_hides_the_accounts() {
    let seen = seen(with_secrets(stuck(NOT_SENT), &["other"]))
        .with("other", secret("other", "eu.example.com"))
        .with("regcred", secret("regcred", HOST))
        .with_account(&["regcred"], -30);
    let finding = only(&seen);
    assert_eq!(finding.cause.code(), "secret-shadowed");
    assert_eq!(
        finding.remedy.commands,
        ["wharf pull-secret attach regcred -n web --to deployment/app"]
    );
}

#[test]
fn a_list_that_was_copied_before_another_was_attached_is_old_and_not_the_pods_own() {
    let mut pod = with_secrets(stuck(NOT_SENT), &["other"]);
    pod.has_own_pull_secrets = Some(false);
    let seen = seen(pod)
        .with("other", secret("other", "eu.example.com"))
        .with("regcred", secret("regcred", HOST))
        .with_account(&["other", "regcred"], 30);
    assert_eq!(code(&seen), "pod-older-than-attachment");
}

#[test]
fn what_was_mended_waits_for_its_next_try() {
    let seen = seen(with_secrets(stuck(NOT_SENT), &["regcred"]))
        .with("regcred", secret("regcred", HOST))
        .with_probe(of_secret("regcred", HOST), Ok(Reached::default()));
    let finding = only(&seen);
    assert_eq!(finding.cause.code(), "waiting-to-retry");
    assert_eq!(finding.confidence, Confidence::Certain);
}

fn sent(text: &str) -> Observations {
    seen(with_secrets(stuck(text), &["regcred"])).with("regcred", secret("regcred", HOST))
}

#[test]
fn a_rejected_credential_is_explained_by_the_registry() {
    assert_eq!(code(&sent(REJECTED)), "credential-rejected");
    let states = [
        (
            AccountState::Disabled,
            KeyState::Enabled,
            "account-disabled",
        ),
        (AccountState::Absent, KeyState::Absent, "account-deleted"),
        (AccountState::Enabled, KeyState::Disabled, "key-disabled"),
        (AccountState::Enabled, KeyState::Absent, "key-deleted"),
        (
            AccountState::Enabled,
            KeyState::Expired {
                at: "2026-11-24T10:00:00Z".to_owned(),
            },
            "key-expired",
        ),
        (
            AccountState::Enabled,
            KeyState::NotAKeyFile,
            "credential-rejected",
        ),
    ];
    for (account_state, key_state, expected) in states {
        let testimony = Testimony {
            account_state,
            key_state,
            ..testimony()
        };
        let seen = sent(REJECTED).with_testimony(of_secret("regcred", HOST), testimony);
        assert_eq!(code(&seen), expected);
    }
}

#[test]
fn a_new_key_goes_into_the_secret_that_is_in_use() {
    let testimony = Testimony {
        key_state: KeyState::Absent,
        ..testimony()
    };
    let finding = only(&sent(REJECTED).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(
        finding.remedy.commands,
        [
            "wharf pull-secret create regcred -n web --registry us.example.com --iam-account puller@shop.iam.gserviceaccount.com --new-key --force"
        ]
    );
}

#[test]
fn a_credential_that_does_not_count_keeps_a_public_image_away() {
    let public = sent(REJECTED)
        .with_probe(CredentialSource::Anonymous, Ok(Reached::default()))
        .with_probe(
            of_secret("regcred", HOST),
            Err(Obstacle::Token {
                status: 401,
                message: String::new(),
            }),
        );
    assert_eq!(code(&public), "stale-credential-on-public-image");
}

#[test]
fn a_missing_permission_names_it_the_bucket_and_what_came_near() {
    let bindings = json!([{
        "access": "NOT_GRANTED",
        "role": "roles/storage.objectCreator",
        "rolePermission": "ROLE_PERMISSION_NOT_INCLUDED",
        "memberships": {format!("serviceAccount:{ACCOUNT}"): {"membership": "MEMBERSHIP_INCLUDED"}},
    }]);
    let testimony = Testimony {
        policy: Some(policy(&bindings)),
        ..testimony()
    };
    let finding = only(&sent(NO_SCOPE).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(
        finding.cause,
        Cause::PermissionMissing {
            member: format!("serviceAccount:{ACCOUNT}"),
            permission: "storage.objects.get".to_owned(),
            resource: "projects/_/buckets/us.artifacts.shop.appspot.com".to_owned(),
            near: vec!["it has roles/storage.objectCreator on projects/_/buckets/us.artifacts.shop.appspot.com, which does not include that".to_owned()],
        }
    );
    assert_eq!(
        finding.remedy.commands,
        [format!(
            "wharf buckets add-iam-policy-binding us.artifacts.shop.appspot.com --member serviceAccount:{ACCOUNT} --role roles/storage.objectViewer"
        )]
    );
}

#[test]
fn a_condition_that_does_not_hold_says_why() {
    let bindings = json!([{
        "access": "NOT_GRANTED",
        "role": "roles/storage.objectViewer",
        "rolePermission": "ROLE_PERMISSION_INCLUDED",
        "memberships": {format!("serviceAccount:{ACCOUNT}"): {"membership": "MEMBERSHIP_INCLUDED"}},
        "condition": {"expression": "resource.name == \"x\"", "title": "x"},
        "conditionExplanation": "resource.name is y",
    }]);
    let testimony = Testimony {
        policy: Some(policy(&bindings)),
        ..testimony()
    };
    let finding = only(&sent(NO_SCOPE).with_testimony(of_secret("regcred", HOST), testimony));
    assert_eq!(finding.cause.code(), "condition-false");
    assert!(finding.cause.summary().ends_with("resource.name is y"));
}

#[test]
fn a_refusal_by_somebody_elses_registry_is_left_open() {
    let finding = only(&sent(NO_SCOPE));
    assert_eq!(finding.cause.code(), "access-denied");
    assert_eq!(finding.confidence, Confidence::Likely);
}

#[test]
fn the_registry_tells_an_absent_repository_from_a_forbidden_one() {
    let testimony = |image| Testimony {
        image,
        policy: Some(policy(&json!([]))),
        ..testimony()
    };
    let absent = ImageState::RepositoryAbsent {
        similar: vec!["us.example.com/shop/webb".to_owned()],
    };
    let source = of_secret("regcred", HOST);
    let finding = only(&sent(NO_SCOPE).with_testimony(source.clone(), testimony(absent)));
    assert_eq!(finding.cause.code(), "repository-absent");
    assert_eq!(
        finding.remedy.commands,
        ["kubectl set image deployment/app app=us.example.com/shop/webb:v1 -n web"]
    );
    let untagged = ImageState::ReferenceAbsent {
        similar: vec!["v2".to_owned()],
    };
    let both = findings(&sent(NO_SCOPE).with_testimony(source, testimony(untagged)));
    let codes: Vec<_> = both.iter().map(|finding| finding.cause.code()).collect();
    assert_eq!(codes.len(), 2);
    assert!(codes.contains(&"permission-missing") && codes.contains(&"tag-absent"));
}

#[test]
fn a_404_is_read_as_far_as_it_goes() {
    assert_eq!(code(&sent(NOT_FOUND)), "image-absent");
    let source = of_secret("regcred", HOST);
    let similar = vec!["v2".to_owned()];
    let testimony = Testimony {
        image: ImageState::ReferenceAbsent { similar },
        ..testimony()
    };
    let finding = only(&sent(NOT_FOUND).with_testimony(source, testimony));
    assert_eq!(finding.cause.code(), "tag-absent");
    assert_eq!(
        finding.remedy.commands,
        ["kubectl set image deployment/app app=us.example.com/shop/web:v2 -n web"]
    );
}

#[test]
fn a_registry_that_is_back_is_waited_for_and_one_that_only_the_node_misses_is_not() {
    let reached =
        |seen: Observations| seen.with_probe(of_secret("regcred", HOST), Ok(Reached::default()));
    assert_eq!(
        code(&sent(&refused_by("10.0.0.1:443"))),
        "connection-refused"
    );
    assert_eq!(
        code(&reached(sent(&refused_by("10.0.0.1:443")))),
        "waiting-to-retry"
    );
    let finding = only(&reached(sent(&refused_by("10.9.9.9:443"))));
    assert_eq!(finding.cause.code(), "connection-refused");
    assert_eq!(finding.confidence, Confidence::Likely);
}

#[test]
fn the_issuer_is_added_where_the_doctor_meets_the_same() {
    let text = format!(
        "failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": failed to do request: Head \"https://us.example.com/v2/shop/web/manifests/v1\": x509: certificate signed by unknown authority"
    );
    let fault = CertificateFault::UnknownAuthority {
        issuer: "Our CA".to_owned(),
    };
    let seen = sent(&text).with_probe(
        of_secret("regcred", HOST),
        Err(Obstacle::Certificate {
            fault,
            text: String::new(),
        }),
    );
    let finding = only(&seen);
    assert_eq!(
        finding.cause,
        Cause::UnknownAuthority {
            host: HOST.to_owned(),
            issuer: Some("Our CA".to_owned())
        }
    );
    assert!(finding.remedy.commands[2].contains("/etc/containerd/certs.d/us.example.com"));
}

#[test]
fn a_token_service_on_another_host_is_told_from_the_registry() {
    let text = format!(
        "failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": failed to authorize: failed to fetch anonymous token: Get \"https://auth.example.com/token?scope=repository%3Ashop%2Fweb%3Apull\": dial tcp: lookup auth.example.com on 10.0.0.2:53: no such host"
    );
    let finding = only(&sent(&text));
    assert_eq!(
        finding.cause,
        Cause::TokenServiceUnreachable {
            host: HOST.to_owned(),
            service: "auth.example.com".to_owned(),
            because: Box::new(Cause::Dns {
                host: "auth.example.com".to_owned()
            }),
        }
    );
}

#[test]
fn an_older_kubelets_cause_is_in_its_events() {
    let mut pod = waiting(
        "ImagePullBackOff",
        &format!("Back-off pulling image \"{IMAGE}\""),
    );
    pod.events = vec![
        Event {
            reason: "Failed".to_owned(),
            message: format!(
                "Failed to pull image \"{IMAGE}\": rpc error: code = Unknown desc = {NOT_SENT}"
            ),
            container: Some("app".to_owned()),
            count: 3,
            last_seen: Some(at(300)),
        },
        Event {
            reason: "Failed".to_owned(),
            message: "Error: ImagePullBackOff".to_owned(),
            container: Some("app".to_owned()),
            ..Event::default()
        },
    ];
    let finding = only(&seen(pod));
    assert_eq!(finding.cause.code(), "no-pull-secret");
    let event = finding.evidence.last().unwrap();
    assert_eq!(
        event.place,
        "pod web/app-1, container app, event Failed, 5 minutes ago"
    );
}

#[test]
fn without_any_text_the_doctors_own_try_speaks_and_is_never_certain() {
    let pod = waiting(
        "ImagePullBackOff",
        &format!("Back-off pulling image \"{IMAGE}\""),
    );
    assert_eq!(code(&seen(pod.clone())), "unexplained");
    let seen = seen(pod).with_probe(
        CredentialSource::Anonymous,
        Err(Obstacle::Dns {
            text: "no such host".to_owned(),
        }),
    );
    let finding = only(&seen);
    assert_eq!(finding.cause.code(), "dns");
    assert_eq!(finding.confidence, Confidence::Possible);
}

#[test]
fn a_sandbox_whose_image_is_not_pulled_is_the_nodes_affair() {
    let mut pod = waiting("ContainerCreating", "");
    pod.events.push(Event {
        reason: "FailedCreatePodSandBox".to_owned(),
        message: "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image \"registry.k8s.io/pause:3.6\": failed to pull image \"registry.k8s.io/pause:3.6\": failed to pull and unpack image \"registry.k8s.io/pause:3.6\": failed to resolve reference \"registry.k8s.io/pause:3.6\": failed to do request: Head \"https://registry.k8s.io/v2/pause/manifests/3.6\": dial tcp: lookup registry.k8s.io on 10.0.0.2:53: no such host".to_owned(),
        ..Event::default()
    });
    let finding = only(&seen(pod));
    assert_eq!(
        finding.cause,
        Cause::SandboxImage {
            image: "registry.k8s.io/pause:3.6".to_owned(),
            node: "node-1".to_owned(),
            because: Box::new(Cause::Dns {
                host: "registry.k8s.io".to_owned()
            }),
        }
    );
}

#[test]
fn a_program_for_another_machine_is_found_by_its_text_or_by_its_image() {
    let mut pod = waiting(
        "CrashLoopBackOff",
        "back-off 10s restarting failed container",
    );
    let end = |message: &str, exit_code| {
        Some(Terminated {
            reason: "Error".to_owned(),
            message: message.to_owned(),
            exit_code,
        })
    };
    pod.containers[0].terminated = end("exec /app: exec format error", 1);
    assert_eq!(code(&seen(pod.clone())), "wrong-architecture");
    let for_arm = Reached {
        digest: String::new(),
        platforms: vec!["linux/arm64".to_owned()],
    };
    pod.containers[0].terminated = end("", 255);
    let with_probe = seen(pod.clone()).with_probe(CredentialSource::Anonymous, Ok(for_arm.clone()));
    assert_eq!(code(&with_probe), "wrong-architecture");
    pod.containers[0].terminated = end("", 1);
    let crashed = seen(pod).with_probe(CredentialSource::Anonymous, Ok(for_arm));
    assert!(findings(&crashed).is_empty());
}

#[test]
fn nothing_is_found_where_nothing_waits_for_an_image() {
    let quiet = [
        (
            "CrashLoopBackOff",
            "back-off 5m0s restarting failed container=app",
        ),
        ("CreateContainerConfigError", "secret \"regcred\" not found"),
        ("CreateContainerError", "context deadline exceeded"),
        ("RunContainerError", "no such file or directory"),
        ("ContainerCreating", ""),
        ("PodInitializing", ""),
    ];
    for (reason, message) in quiet {
        let mut pod = waiting(reason, message);
        pod.containers[0].terminated = Some(Terminated {
            reason: "OOMKilled".to_owned(),
            message: String::new(),
            exit_code: 137,
        });
        assert!(findings(&seen(pod)).is_empty(), "{reason}");
    }
    let mut unscheduled = waiting("", "");
    unscheduled.containers[0].waiting = None;
    unscheduled.node = None;
    unscheduled.reason = Some("Unschedulable".to_owned());
    assert!(findings(&seen(unscheduled)).is_empty());
    let mut done = stuck(NOT_SENT);
    done.phase = "Failed".to_owned();
    done.reason = Some("Evicted".to_owned());
    assert!(findings(&seen(done)).is_empty());
}

#[test]
fn hundreds_of_pods_of_one_cause_are_one_finding() {
    let mut seen = seen(stuck(NOT_SENT));
    let pod = seen.pods[0].clone();
    seen.pods = (0..300)
        .rev()
        .map(|number| Pod {
            name: format!("app-{number:03}"),
            ..pod.clone()
        })
        .collect();
    let finding = only(&seen);
    assert_eq!(finding.affected.len(), 300);
    assert!(finding.affected.is_sorted());
    assert_eq!(finding.remedy.commands.len(), 2);
}

#[test]
fn an_image_volume_is_named_and_not_the_container_that_waits_for_it() {
    let volume = "us.example.com/shop/model:v1";
    let mut pod = waiting(
        "ImagePullBackOff",
        &format!(
            "Back-off pulling image \"{volume}\": ErrImagePull: {}",
            NOT_SENT.replace(IMAGE, volume)
        ),
    );
    pod.containers.push(Container {
        kind: ContainerKind::Volume,
        name: "model".to_owned(),
        image: volume.to_owned(),
        ..Container::default()
    });
    let finding = only(&seen(pod));
    assert_eq!(finding.affected.len(), 1);
    assert_eq!(finding.affected[0].container, "model");
}

#[test]
fn names_that_a_shell_would_read_are_quoted() {
    let mut pod = stuck(NOT_SENT);
    pod.service_account = "it's".to_owned();
    let finding = only(&seen(pod));
    assert!(finding.remedy.commands[1].contains(r"--service-account 'it'\''s' "));
}

prop_compose! {
    fn text()(
        text in prop_oneof![
            Just(NOT_SENT.to_owned()),
            Just(REJECTED.to_owned()),
            Just(NO_SCOPE.to_owned()),
            Just(NOT_FOUND.to_owned()),
            Just(refused_by("10.0.0.1:443")),
            "\\PC{0,80}",
            "(dial tcp |x509: |is valid for |is after |\\?ns=|401|: |\"|a\\.b:1|, not ){0,12}",
        ],
    ) -> String { text }
}

fn reason() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ImagePullBackOff".to_owned()),
        Just("ErrImagePull".to_owned()),
        Just("InvalidImageName".to_owned()),
        Just("ErrImageNeverPull".to_owned()),
        Just("CrashLoopBackOff".to_owned()),
        Just("ContainerCreating".to_owned()),
        Just("illegal base64 data at input byte 0".to_owned()),
        "\\PC{0,20}",
    ]
}

fn any_pod() -> impl Strategy<Value = Pod> {
    let images = prop_oneof![
        Just(IMAGE.to_owned()),
        Just("nginx".to_owned()),
        "\\PC{0,20}",
    ];
    let secrets = prop::collection::vec(prop_oneof![Just("good"), Just("bad"), Just("gone")], 0..3);
    (
        reason(),
        text(),
        images,
        secrets,
        prop::option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(reason, message, image, secrets, event, is_bare)| {
            let mut pod = with_secrets(waiting(&reason, &message), &secrets);
            pod.containers[0].image = image;
            if is_bare {
                pod.workload = None;
            }
            pod.events.extend(event.map(|message| Event {
                reason: "Failed".to_owned(),
                message,
                ..Event::default()
            }));
            pod
        })
}

proptest! {
    #[test]
    fn every_container_that_waits_is_in_a_finding_and_codes_are_those_in_json(
        pods in prop::collection::vec(any_pod(), 1..6),
        bad in "\\PC{0,40}",
    ) {
        let mut observations = seen(pods[0].clone())
            .with("good", secret("good", HOST))
            .with("bad", secret_with("bad", "kubernetes.io/dockerconfigjson", &bad))
            .with("gone", Looked::Absent);
        observations.pods = pods
            .into_iter()
            .enumerate()
            .map(|(number, pod)| Pod { name: format!("p-{number}"), ..pod })
            .collect();
        let findings = findings(&observations);
        for finding in &findings {
            let json = serde_json::to_value(finding).unwrap();
            prop_assert_eq!(&json["cause"], finding.cause.code());
            prop_assert!(!finding.cause.summary().is_empty());
            prop_assert!(!finding.remedy.advice.is_empty(), "{:?}", finding.cause);
            prop_assert!(!finding.evidence.is_empty());
            prop_assert!(finding.affected.is_sorted());
        }
        for pod in &observations.pods {
            let is_found = findings
                .iter()
                .flat_map(|finding| &finding.affected)
                .any(|affected| affected.pod == pod.name);
            let reason = &pod.containers[0].waiting.as_ref().unwrap().reason;
            if matches!(reason.as_str(), "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName") {
                prop_assert!(is_found, "{pod:?}");
            }
            if reason == "ContainerCreating" {
                prop_assert!(!is_found, "{pod:?}");
            }
        }
    }
}
