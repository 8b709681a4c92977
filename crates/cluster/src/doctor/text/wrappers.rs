//! What stands around an error: gRPC, the kubelet, and each step of a pull that handed the error on.

use super::phrase::Text;

/// Errors of one text that are looked at.
const ERRORS_MAX: usize = 16;
/// How deep lists of errors may lie in one another.
const DEPTH_MAX: usize = 4;

/// How a step begins that says nothing by itself, and what ends it.
const STEPS: [(&str, &str); 16] = [
    ("rpc error: code = ", "desc = "),
    ("back-off pulling image \"", "\": "),
    ("errimagepull: ", ""),
    ("imagepullbackoff: ", ""),
    ("registryunavailable: ", ""),
    ("failed to pull image \"", "\": "),
    ("failed to pull and unpack image \"", "\": "),
    ("failed to resolve reference \"", "\": "),
    ("failed to resolve image: ", ""),
    ("unable to pull image or oci artifact: ", ""),
    ("unable to pull image: ", ""),
    ("initializing source docker://", ": "),
    ("error initializing source docker://", ": "),
    (
        "image pull failed for ",
        " because the registry is unavailable: ",
    ),
    ("error response from daemon: ", ""),
    ("failed to get sandbox image \"", "\": "),
];
/// CRI-O tries an image, then an artifact.
const IMAGE: &str = "pull image err: ";
const ARTIFACT: &str = "; artifact err: ";
/// containers/image tries mirrors, then the registry itself.
const MIRRORS: &str = "(mirrors also failed: ";
const REGISTRY: &str = "]): ";

/// What is left of a text.
#[derive(Debug)]
pub(super) struct Said<'a> {
    /// The errors, in their order. At least one, which may be empty.
    pub(super) errors: Vec<Text<'a>>,
    /// The kubelet put several errors together, which it does only where it has tried several credentials.
    pub(super) are_of_credentials: bool,
}

/// Takes everything off that stands around errors.
pub(super) fn unwrap(text: Text<'_>) -> Said<'_> {
    let mut errors = Vec::new();
    let mut are_of_credentials = false;
    collect(text, 0, &mut errors, &mut are_of_credentials);
    Said {
        errors,
        are_of_credentials,
    }
}

fn collect<'a>(
    text: Text<'a>,
    depth: usize,
    errors: &mut Vec<Text<'a>>,
    are_of_credentials: &mut bool,
) {
    let inner = strip(text);
    if depth < DEPTH_MAX {
        let list = aggregate(inner);
        if list.len() > 1 {
            *are_of_credentials |= depth == 0;
            for error in list {
                collect(error, depth + 1, errors, are_of_credentials);
            }
            return;
        }
        if let Some((image, artifact)) = inner
            .strip_prefix(IMAGE)
            .and_then(|inner| inner.split_once(ARTIFACT))
        {
            collect(image, depth + 1, errors, are_of_credentials);
            collect(artifact, depth + 1, errors, are_of_credentials);
            return;
        }
    }
    if errors.len() < ERRORS_MAX {
        errors.push(inner);
    }
}

fn strip(text: Text<'_>) -> Text<'_> {
    let mut text = text.trim();
    while let Some(inner) = step(text) {
        text = inner.trim();
    }
    text
}

fn step(text: Text<'_>) -> Option<Text<'_>> {
    let within = STEPS.iter().find_map(|(beginning, end)| {
        let within = text.strip_prefix(beginning)?;
        within.after(end)
    });
    within.or_else(|| registry_behind_mirrors(text))
}

/// `(Mirrors also failed: [MIRROR: …]): IMAGE: …`: the registry's own error comes last.
fn registry_behind_mirrors(text: Text<'_>) -> Option<Text<'_>> {
    let mirrors = text.strip_prefix(MIRRORS)?;
    let at = mirrors.lower().rfind(REGISTRY)?;
    mirrors.split_at(at + REGISTRY.len()).1.after(": ")
}

/// `[…, …]`, as the kubelet puts errors together. A comma alone parts nothing: errors have some of their own.
fn aggregate(text: Text<'_>) -> Vec<Text<'_>> {
    let Some(list) = text.strip_prefix("[") else {
        return vec![text];
    };
    let list = list.strip_suffix("]").unwrap_or(list);
    let mut errors = Vec::new();
    let mut rest = list;
    let mut from = 0;
    while let Some(comma) = rest.lower().get(from..).and_then(|tail| tail.find(", ")) {
        let at = from + comma;
        let (error, next) = (rest.split_at(at).0, rest.split_at(at + 2).1);
        if begins_an_error(next) && errors.len() < ERRORS_MAX {
            errors.push(error);
            rest = next;
            from = 0;
        } else {
            from = at + 2;
        }
    }
    errors.push(rest);
    errors
}

fn begins_an_error(text: Text<'_>) -> bool {
    STEPS
        .iter()
        .any(|(beginning, _)| text.lower().starts_with(beginning))
        || text.lower().starts_with("signaturevalidationfailed")
        || text.lower().starts_with("pull qps exceeded")
}
