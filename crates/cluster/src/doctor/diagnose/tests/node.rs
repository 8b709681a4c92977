//! What is read off the node, its events and its image store.

use super::*;

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
    let pod = waiting(
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
    let mut said = pod.clone();
    said.containers[0].terminated = end("exec /app: exec format error", 1);
    assert_eq!(code(&seen(said)), "wrong-architecture");
    let for_arm = Reached {
        digest: String::new(),
        platforms: vec!["linux/arm64".to_owned()],
    };
    let for_node = Reached {
        platforms: vec!["linux/amd64".to_owned()],
        ..for_arm.clone()
    };
    let concluded = |exit_code, is_running, reached: &Reached| {
        let mut pod = pod.clone();
        pod.containers[0].terminated = end("", exit_code);
        pod.containers[0].is_running = is_running;
        let seen = seen(pod).with_probe(CredentialSource::Anonymous, Ok(reached.clone()));
        findings(&seen)
    };
    // runc's shim and a shell differ in the code; why stands in the container's log only.
    for exit_code in [1, 126, 255] {
        let found = concluded(exit_code, false, &for_arm);
        assert_eq!(found[0].cause.code(), "wrong-architecture", "{exit_code}");
        assert!(concluded(exit_code, false, &for_node).is_empty());
        assert!(concluded(exit_code, true, &for_arm).is_empty());
    }
    assert!(concluded(3, false, &for_arm).is_empty());
}

#[test]
fn an_image_that_may_not_be_pulled_is_let_in_by_a_patch_of_its_container() {
    let pod = waiting(
        "ErrImageNeverPull",
        &format!("Container image \"{IMAGE}\" is not present with pull policy of Never"),
    );
    let finding = only(&seen(pod.clone()));
    assert_eq!(finding.cause.code(), "never-pull");
    assert_eq!(
        finding.remedy.commands,
        [
            r#"kubectl patch deployment/app -n web -p '{"spec":{"template":{"spec":{"containers":[{"imagePullPolicy":"IfNotPresent","name":"app"}]}}}}'"#
        ]
    );
    let mut bare = pod;
    bare.workload = None;
    let finding = only(&seen(bare));
    assert!(finding.remedy.commands[0].ends_with("| kubectl replace --force -f -"));
}
