//! What is no trouble with images, and how findings are put together.

use super::*;

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
