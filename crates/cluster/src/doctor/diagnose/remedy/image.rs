//! What mends an image: its name, what is pushed, or what is asked for.

use super::advice;
use super::commands::{let_pull, set_image};
use crate::Image;
use crate::doctor::cause::Cause;
use crate::doctor::diagnose::case::Case;
use crate::doctor::remedy::Remedy;

pub(super) fn remedy(cause: &Cause, cases: &[&Case<'_>]) -> Remedy {
    match cause {
        Cause::RepositoryAbsent { similar, .. } => {
            let to = similar.first().map(|other| with_reference(other, cases));
            mistaken("push the image, or name one that is there", to, cases)
        }
        Cause::TagAbsent { similar, image } => {
            let to = similar.first().map(|tag| retagged(image, tag));
            mistaken("push the tag, or name one that is there", to, cases)
        }
        Cause::ImageAbsent { .. } => advice(
            "push the image, or correct its name: the runtime does not tell whether the repository or the tag is missing",
            Vec::new(),
        ),
        Cause::BlobAbsent { image } => advice(
            format!("push {image} again, all its layers included"),
            Vec::new(),
        ),
        Cause::PlatformAbsent { image, wanted, .. }
        | Cause::WrongArchitecture { image, wanted, .. } => for_platform(image, wanted.as_deref()),
        Cause::CorruptContent { image } => advice(
            format!(
                "push {image} again if it comes so from everywhere; look for a proxy between node and registry if it does not"
            ),
            Vec::new(),
        ),
        Cause::Schema1 { image } => advice(
            format!("push {image} again with a tool of today, which writes schema 2 or OCI"),
            Vec::new(),
        ),
        Cause::InvalidImageName { image, .. } => {
            let lower = image.to_ascii_lowercase();
            let to = (lower != *image && Image::parse(&lower).is_ok()).then_some(lower);
            let text = match Image::parse(image) {
                Err(error) => error.to_string(),
                Ok(_) => "correct the image's name".to_owned(),
            };
            mistaken(&text, to, cases)
        }
        Cause::ShortName { image } => mistaken(
            "name the registry",
            Image::parse(image).ok().map(|image| image.to_string()),
            cases,
        ),
        _ => advice(
            "load the image onto the node, or let it be pulled: imagePullPolicy: IfNotPresent; from Kubernetes 1.35 on the Pod also needs a credential that may pull it",
            let_pull(cases),
        ),
    }
}

fn mistaken(text: &str, to: Option<String>, cases: &[&Case<'_>]) -> Remedy {
    let commands = to.map_or_else(Vec::new, |image| set_image(cases, &image));
    advice(text, commands)
}

/// Another repository with the tag or digest that is asked for.
fn with_reference(repository: &str, cases: &[&Case<'_>]) -> String {
    let image = cases.first().and_then(|case| case.image.as_ref());
    let has_reference = repository
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains([':', '@']));
    match image {
        Some(image) if !has_reference => match (image.tag(), image.digest()) {
            (Some(tag), _) => format!("{repository}:{tag}"),
            (None, Some(digest)) => format!("{repository}@{digest}"),
            (None, None) => repository.to_owned(),
        },
        _ => repository.to_owned(),
    }
}

/// The same repository with another tag.
fn retagged(image: &str, tag: &str) -> String {
    if tag.contains('/') {
        return tag.to_owned();
    }
    match Image::parse(image) {
        Ok(image) => format!("{}:{tag}", image.repository()),
        Err(_) => image.to_owned(),
    }
}

fn for_platform(image: &str, wanted: Option<&str>) -> Remedy {
    let Some(wanted) = wanted else {
        return advice(
            format!("push {image} for the node's platform too"),
            Vec::new(),
        );
    };
    let (system, architecture) = wanted.split_once('/').unwrap_or(("linux", wanted));
    advice(
        format!(
            "push {image} for {wanted} too (docker buildx build --platform {wanted} --push), or let the Pod run only where it can: nodeSelector kubernetes.io/os: {system} and kubernetes.io/arch other than {architecture}"
        ),
        Vec::new(),
    )
}
