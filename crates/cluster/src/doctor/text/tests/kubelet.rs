//! Reasons and events, of the kubelet's own making.

use super::super::Complaint::{self, *};
use super::super::CredentialSent;
use super::super::classify;

const BACK_OFF: &str = "Back-off pulling image \"us.example.com/team/app:v1\"";
const REFUSED: &str = "failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve reference \"us.example.com/team/app:v1\": failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized";
const FORBIDDEN: &str = "failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve reference \"us.example.com/team/app:v1\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";

#[track_caller]
fn says(reason: &str, message: &str, complaint: &Complaint) {
    assert_eq!(
        classify(reason, message).complaint,
        *complaint,
        "{reason}: {message}"
    );
}

#[test]
fn waiting_reasons() {
    let unavailable = "image pull failed for us.example.com/team/app:v1 because the registry is unavailable: pinging container registry us.example.com: Get \"https://us.example.com/v2/\": dial tcp 192.0.2.7:443: connect: connection refused";
    let unsigned = "image pull failed for us.example.com/team/app:v1 because the signature validation failed: Source image rejected: A signature was required, but no signature exists";
    let unnamed = "Failed to apply default image tag \"Team/App:v1\": couldn't parse image name \"Team/App:v1\": invalid reference format: repository name (Team/App) must be lowercase";
    let never =
        "Container image \"us.example.com/team/app:v1\" is not present with pull policy of Never";
    let inspect = "Failed to inspect image \"us.example.com/team/app:v1\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused\"";
    for (reason, message, complaint) in [
        ("ErrImagePull", REFUSED, Unauthorized),
        ("ImagePullBackOff", BACK_OFF, BackOff),
        ("ImagePullBackOff", "", BackOff),
        ("InvalidImageName", unnamed, InvalidName),
        ("InvalidImageName", "", InvalidName),
        ("ErrImageNeverPull", never, NeverPull),
        ("ErrImageNeverPull", "", NeverPull),
        ("ImageInspectError", inspect, Inspect),
        ("RegistryUnavailable", unavailable, Refused),
        ("RegistryUnavailable", "", Refused),
        ("SignatureValidationFailed", unsigned, SignatureRejected),
        ("ErrImagePull", "pull QPS exceeded", Throttled),
        (
            "ImagePullBackOff",
            &format!("{BACK_OFF}: ErrImagePull: pull QPS exceeded"),
            Throttled,
        ),
        (
            "ImagePullBackOff",
            &format!("{BACK_OFF}: RegistryUnavailable: {unavailable}"),
            Refused,
        ),
        (
            "ImagePullBackOff",
            &format!("{BACK_OFF}: SignatureValidationFailed: {unsigned}"),
            SignatureRejected,
        ),
        ("ContainerCreating", "", Unknown),
        ("PodInitializing", "", Unknown),
        ("", "", Unknown),
        ("SomethingNew", "and nobody knows what", Unknown),
    ] {
        says(reason, message, &complaint);
        says(
            "",
            message,
            &match message {
                "" => Unknown,
                _ => complaint,
            },
        );
    }
}

#[test]
fn the_cause_behind_a_back_off_counts_in_old_and_new_kubelets() {
    for message in [
        format!("{BACK_OFF}: ErrImagePull: {REFUSED}"),
        format!("{BACK_OFF}: ErrImagePull: rpc error: code = Unknown desc = {REFUSED}"),
        format!("rpc error: code = Unknown desc = {REFUSED}"),
        format!("Failed to pull image \"us.example.com/team/app:v1\": {REFUSED}"),
        format!(
            "Failed to pull image \"us.example.com/team/app:v1\": rpc error: code = Unknown desc = {REFUSED}"
        ),
    ] {
        let symptom = classify("ImagePullBackOff", &message);
        assert_eq!(symptom.complaint, Unauthorized, "{message}");
        assert_eq!(symptom.credential, CredentialSent::Yes);
        assert_eq!(
            symptom.fragment,
            "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"
        );
    }
}

#[test]
fn of_several_errors_the_most_telling_counts() {
    let basic = "failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve reference \"us.example.com/team/app:v1\": unexpected status from HEAD request to https://us.example.com/v2/team/app/manifests/v1: 401 Unauthorized";
    for message in [
        format!("[{REFUSED}, {FORBIDDEN}]"),
        format!("[{FORBIDDEN}, {REFUSED}]"),
        format!(
            "{BACK_OFF}: ErrImagePull: [rpc error: code = Unknown desc = {basic}, rpc error: code = Unknown desc = {FORBIDDEN}]"
        ),
    ] {
        let symptom = classify("ErrImagePull", &message);
        assert_eq!(symptom.complaint, Forbidden, "{message}");
        // Only who has credentials tries several.
        assert_eq!(symptom.credential, CredentialSent::Yes);
    }
    let absent = "rpc error: code = NotFound desc = failed to pull and unpack image \"us.example.com/team/app:v1\": failed to resolve reference \"us.example.com/team/app:v1\": us.example.com/team/app:v1: not found";
    says(
        "ErrImagePull",
        &format!("[{REFUSED}, {FORBIDDEN}, {absent}]"),
        &NotFound,
    );
    let one = classify("ErrImagePull", basic);
    assert_eq!(one.credential, CredentialSent::Unknown);
}

#[test]
fn pull_secrets_that_cannot_be_decoded() {
    for text in [
        "illegal base64 data at input byte 0",
        "illegal base64 data at input byte 4",
        "unable to parse auth field, must be formatted as base64(username:password)",
        "json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
        "json: cannot unmarshal string into Go value of type credentialprovider.dockerConfigEntryWithAuth",
        "unexpected end of JSON input",
        "invalid character '}' looking for beginning of object key string",
        "invalid character '<' looking for beginning of value",
        "something that a later Go says",
    ] {
        says(text, text, &SecretUnreadable);
        says(text, "", &SecretUnreadable);
        assert_eq!(classify(text, "").fragment, text);
        if text != "something that a later Go says" {
            says("Failed", &format!("Error: {text}"), &SecretUnreadable);
            says("", &format!("Error: {text}"), &SecretUnreadable);
        }
    }
}

#[test]
fn a_record_of_pulls_that_cannot_be_kept_is_no_pull_secret() {
    let text = "open /var/lib/kubelet/image_manager/pulling/sha256-1f: no space left on device";
    let message = format!(
        "Failed to record image pull intent for container image \"us.example.com/team/app:v1\": {text}"
    );
    says(text, &message, &DiskFull);
    let text = "open /var/lib/kubelet/image_manager/pulling/sha256-1f: permission denied";
    let message = format!(
        "Failed to record image pull intent for container image \"us.example.com/team/app:v1\": {text}"
    );
    says(text, &message, &Unknown);
}

#[test]
fn events() {
    let missing = "Unable to retrieve some image pull secrets (key, team.key-2); attempting to pull the image may not succeed.";
    let names = vec!["key".to_owned(), "team.key-2".to_owned()];
    for (reason, message, complaint) in [
        ("Failed", "Error: ErrImagePull", Unknown),
        ("Failed", "Error: ImagePullBackOff", BackOff),
        ("Failed", "Error: InvalidImageName", InvalidName),
        ("Failed", "Error: ErrImageNeverPull", NeverPull),
        ("Failed", "Error: ImageInspectError", Inspect),
        ("Failed", "Error: RegistryUnavailable", Refused),
        (
            "Failed",
            "Error: SignatureValidationFailed",
            SignatureRejected,
        ),
        ("BackOff", BACK_OFF, BackOff),
        (
            "InspectFailed",
            "Failed to inspect image \"us.example.com/team/app:v1\": rpc error: code = Unknown desc = no such file",
            Inspect,
        ),
        (
            "InspectFailed",
            "Failed to apply default image tag \"a b\": couldn't parse image name \"a b\": invalid reference format",
            InvalidName,
        ),
        (
            "ErrImageNeverPull",
            "Container image \"us.example.com/team/app:v1\" is not present with pull policy of Never",
            NeverPull,
        ),
        (
            "Pulling",
            "Pulling image \"us.example.com/team/app:v1\"",
            Unknown,
        ),
        (
            "Pulled",
            "Container image \"us.example.com/team/app:v1\" already present on machine and can be accessed by the pod",
            Unknown,
        ),
        (
            "FailedToRetrieveImagePullSecret",
            missing,
            SecretsMissing { names },
        ),
    ] {
        says(reason, message, &complaint);
        says("", message, &complaint);
    }
}

#[test]
fn sandboxes() {
    let pause = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image \"registry.k8s.io/pause:3.8\": failed to pull image \"registry.k8s.io/pause:3.8\": failed to pull and unpack image \"registry.k8s.io/pause:3.8\": failed to resolve reference \"registry.k8s.io/pause:3.8\": failed to do request: Head \"https://registry.k8s.io/v2/pause/manifests/3.8\": dial tcp: lookup registry.k8s.io on 10.0.0.10:53: no such host";
    let symptom = classify("FailedCreatePodSandBox", pause);
    assert_eq!(symptom.complaint, SandboxImage);
    assert_eq!(symptom.host.as_deref(), Some("registry.k8s.io"));
    let two = pause.replace(
        "failed to get sandbox",
        "failed to start sandbox \"5f0c\": failed to get sandbox",
    );
    says("FailedCreatePodSandBox", &two, &SandboxImage);
    let crio = "Failed to create pod sandbox: rpc error: code = Unknown desc = creating pod sandbox with name \"k8s_app_team_1f\": initializing source docker://registry.k8s.io/pause:3.9: pinging container registry registry.k8s.io: Get \"https://registry.k8s.io/v2/\": dial tcp 192.0.2.7:443: connect: connection refused";
    says("FailedCreatePodSandBox", crio, &SandboxImage);
    let network = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"5f0c\": plugin type=\"calico\" failed (add): error getting ClusterInformation: Get \"https://10.96.0.1:443/apis\": dial tcp 10.96.0.1:443: connect: connection refused";
    says("FailedCreatePodSandBox", network, &Unknown);
}

#[test]
fn after_the_pull_only_the_processor_is_to_blame() {
    for (reason, message) in [
        (
            "RunContainerError",
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app\": exec format error: unknown",
        ),
        (
            "StartError",
            "failed to create containerd task: failed to start shim: exec format error",
        ),
        ("Error", "exec /app: exec format error\n"),
        (
            "CrashLoopBackOff",
            "standard_init_linux.go:228: exec user process caused: exec format error",
        ),
        (
            "Failed",
            "Error: failed to start container \"app\": exec /app: exec format error",
        ),
        ("", "exec /app: exec format error"),
    ] {
        says(reason, message, &ExecFormat);
    }
    for (reason, message) in [
        (
            "CrashLoopBackOff",
            "back-off 5m0s restarting failed container=app pod=app-1_team(1f)",
        ),
        (
            "Error",
            "cannot reach the database: dial tcp 192.0.2.7:5432: connect: connection refused",
        ),
        ("Error", "401 Unauthorized"),
        (
            "CreateContainerConfigError",
            "secret \"database\" not found",
        ),
        ("Failed", "Error: secret \"database\" not found"),
        (
            "CreateContainerError",
            "failed to get image from containerd \"sha256:1f\": image \"us.example.com/team/app:v1\": not found",
        ),
        (
            "Failed",
            "Error: failed to create containerd container: get apparmor_parser version: not found",
        ),
        (
            "RunContainerError",
            "exec: \"nope\": executable file not found in $PATH: unknown",
        ),
    ] {
        says(reason, message, &Unknown);
    }
}

#[test]
fn a_runtime_that_cannot_be_asked() {
    let down = "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\"";
    says("ErrImagePull", down, &Inspect);
    says(
        "ErrImagePull",
        "rpc error: code = Unavailable desc = error reading from server: EOF",
        &Cancelled,
    );
}
