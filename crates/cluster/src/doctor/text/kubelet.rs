//! What the kubelet says itself.

use super::phrase::Text;
use super::{Complaint, Told};

/// Names of Secrets that are taken from an event.
const NAMES_MAX: usize = 64;
/// How what Go's decoders say begins, where the kubelet hands it on as it is.
const DECODER: [&str; 5] = [
    "illegal base64 data at input byte ",
    "unable to parse auth field",
    "json: cannot unmarshal ",
    "unexpected end of json input",
    "invalid character ",
];
/// Reasons of containers whose image is there, whatever their text says: it may be the program's own.
const AFTER_THE_PULL: [&str; 14] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "PostStartHookError",
    "RunContainerError",
    "CrashLoopBackOff",
    "StartError",
    "ContainerCannotRun",
    "ContainerStatusUnknown",
    "Error",
    "Completed",
    "OOMKilled",
    "DeadlineExceeded",
];
/// Marks of a pull within what is said about a sandbox, which also fails for want of a network.
const PULL_OF_A_SANDBOX: [&str; 4] = [
    "sandbox image \"",
    "initializing source docker://",
    "failed to pull image ",
    "pinging container registry ",
];
/// What the system says of a program for another processor, and of a script without its first line.
pub(in crate::doctor) const EXEC_FORMAT: &str = "exec format error";

/// Whether a reason is one word, as all of Kubernetes' own are.
pub(super) fn is_word(reason: &str) -> bool {
    reason.chars().all(|c| c.is_ascii_alphanumeric())
}

/// What a reason decides by itself.
pub(super) fn read_reason<'a>(reason: &str, text: Text<'a>) -> Option<Told<'a>> {
    let reason = reason.trim();
    if !is_word(reason) {
        return Some(Told::new(raw_error(text), text, 0));
    }
    if AFTER_THE_PULL.contains(&reason) {
        return Some(after_the_pull(text));
    }
    let complaint = match reason {
        "InvalidImageName" => Complaint::InvalidName,
        "ErrImageNeverPull" => Complaint::NeverPull,
        "ImageInspectError" => Complaint::Inspect,
        "SignatureValidationFailed" => Complaint::SignatureRejected,
        _ => return None,
    };
    Some(Told::new(complaint, text, 0))
}

/// What is left to say where no text has a cause.
pub(super) fn without_cause(reason: &str, text: Text<'_>) -> Complaint {
    match reason.trim() {
        "RegistryUnavailable" => Complaint::Refused,
        "ImagePullBackOff" | "BackOff" if text.raw().is_empty() => Complaint::BackOff,
        _ => Complaint::Unknown,
    }
}

/// An error of the kubelet's that became the reason as it is: from decoding pull secrets, or, from 1.33 on, from keeping
/// its records of pulls.
fn raw_error(text: Text<'_>) -> Complaint {
    if text.has("no space left on device") {
        Complaint::DiskFull
    } else if text.has("image pull intent") {
        Complaint::Unknown
    } else {
        Complaint::SecretUnreadable
    }
}

fn after_the_pull(text: Text<'_>) -> Told<'_> {
    text.first_of(&[(EXEC_FORMAT, Complaint::ExecFormat)])
        .unwrap_or_else(|| Told::new(Complaint::Unknown, text, 0))
}

/// What stands in a message.
pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    if let Some(error) = text.strip_prefix("error: ") {
        return Some(read_error(error));
    }
    let sandbox = text.has("failed to create pod sandbox") || text.has("failed create pod sandbox");
    if sandbox {
        let pulls = PULL_OF_A_SANDBOX.iter().any(|mark| text.has(mark));
        let complaint = if pulls {
            Complaint::SandboxImage
        } else {
            Complaint::Unknown
        };
        return Some(Told::new(complaint, text, 0));
    }
    missing_secrets(text)
        .or_else(|| sentence(text))
        .or_else(|| text.first_of(&[(EXEC_FORMAT, Complaint::ExecFormat)]))
}

/// The event `Error: …` has a reason, a decoder's text, or what befell a container after its pull. What a runtime says
/// about a pull is in another event.
fn read_error(error: Text<'_>) -> Told<'_> {
    let complaint = match error.raw() {
        "ImagePullBackOff" => Complaint::BackOff,
        "RegistryUnavailable" => Complaint::Refused,
        "InvalidImageName" => Complaint::InvalidName,
        "ErrImageNeverPull" => Complaint::NeverPull,
        "ImageInspectError" => Complaint::Inspect,
        "SignatureValidationFailed" => Complaint::SignatureRejected,
        _ if is_of_a_decoder(error) => Complaint::SecretUnreadable,
        _ => return after_the_pull(error),
    };
    Told::new(complaint, error, 0)
}

fn is_of_a_decoder(error: Text<'_>) -> bool {
    DECODER
        .iter()
        .any(|beginning| error.lower().starts_with(beginning))
}

/// `Unable to retrieve some image pull secrets (a, b); …`
fn missing_secrets(text: Text<'_>) -> Option<Told<'_>> {
    let list = text.strip_prefix("unable to retrieve some image pull secrets (")?;
    let (names, _) = list.split_once(")").unwrap_or((list, list));
    let names = names
        .raw()
        .split(", ")
        .filter(|name| !name.is_empty() && name.len() <= 253)
        .take(NAMES_MAX)
        .map(ToOwned::to_owned)
        .collect();
    Some(Told::new(Complaint::SecretsMissing { names }, text, 0))
}

fn sentence(text: Text<'_>) -> Option<Told<'_>> {
    let lower = text.lower();
    let complaint = if lower.starts_with("back-off pulling image ") {
        Complaint::BackOff
    } else if lower.starts_with("pull qps exceeded") {
        Complaint::Throttled
    } else if lower.contains(" is not present with pull policy of never") {
        Complaint::NeverPull
    } else if lower.starts_with("failed to inspect image ") || lower.contains("dial unix ") {
        Complaint::Inspect
    } else if lower.starts_with("failed to apply default image tag ")
        || lower.starts_with("couldn't parse image ")
        || lower.starts_with("failed to parse image ")
        || lower.contains("invalid reference format")
    {
        Complaint::InvalidName
    } else if is_of_a_decoder(text) {
        Complaint::SecretUnreadable
    } else {
        return None;
    };
    Some(Told::new(complaint, text, 0))
}
