//! Nothing was sent.

use super::*;

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
