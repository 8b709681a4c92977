//! What the node itself does with an image: reads its name, keeps it, unpacks it, runs it. No registry is to blame.

use super::Conclusion;
use super::case::Case;
use super::{credential, network};
use crate::Image;
use crate::doctor::cause::Cause;
use crate::doctor::finding::Confidence;
use crate::doctor::observation::Looked;
use crate::doctor::text::{Complaint, EXEC_FORMAT};

/// None: the text is about the registry, or the way there.
pub(super) fn conclude(case: &Case<'_>) -> Option<Conclusion> {
    if let Some(image) = &case.trouble.sandbox {
        return Some(Conclusion::new(sandbox(case, image), Confidence::Certain));
    }
    let image = case.container.image.clone();
    let node = case.node_name();
    let cause = match &case.trouble.symptom.complaint {
        Complaint::SecretUnreadable => return Some(secret_unreadable(case)),
        Complaint::NoPlatform => Cause::PlatformAbsent {
            image,
            wanted: case.platform(),
            available: case.platforms(),
        },
        Complaint::ExecFormat => return Some(wrong_architecture(case)),
        Complaint::InvalidName => Cause::InvalidImageName {
            why: match Image::parse(&image) {
                Err(error) => error.docker().to_owned(),
                Ok(_) => case.trouble.symptom.fragment.clone(),
            },
            image,
        },
        Complaint::NeverPull => Cause::NeverPull { image },
        Complaint::Inspect => Cause::ImageInspect { node },
        Complaint::SignatureRejected => Cause::SignatureRejected { image },
        Complaint::RegistryBlocked if case.trouble.text.contains("short name") => {
            Cause::ShortName { image }
        }
        Complaint::RegistryBlocked => Cause::RegistryBlocked { host: case.host() },
        Complaint::Throttled => Cause::PullThrottled { node },
        Complaint::DiskFull => Cause::DiskFull { node },
        Complaint::Corrupt => Cause::CorruptContent { image },
        Complaint::SchemaOne => Cause::Schema1 { image },
        Complaint::Snapshotter => Cause::Snapshotter { node },
        _ => return None,
    };
    Some(Conclusion::new(cause, Confidence::Certain).because(case.probe_evidence()))
}

/// The kubelet says that a Secret cannot be decoded, but not which.
fn secret_unreadable(case: &Case<'_>) -> Conclusion {
    if let Some(mut conclusion) = credential::undecodable(case) {
        if let Some(found) = case.undecodable()
            && case.trouble.text.contains(&found.text)
        {
            conclusion.confidence = Confidence::Certain;
        }
        return conclusion;
    }
    let is_unseen = |name: &String| !matches!(case.secret(name), Some(Looked::Found(_)));
    if case.pod.pull_secrets.iter().any(is_unseen) {
        let cause = Cause::SecretUnreadable {
            secret: None,
            text: case.trouble.symptom.fragment.clone(),
        };
        return Conclusion::new(cause, Confidence::Certain);
    }
    case.waiting_to_retry(Confidence::Likely)
}

fn wrong_architecture(case: &Case<'_>) -> Conclusion {
    let available = case.platforms();
    let wanted = case.platform();
    let is_said = case.trouble.text.contains(EXEC_FORMAT);
    let is_for_node = wanted.as_ref().is_some_and(|wanted| {
        available
            .iter()
            .any(|platform| platform == wanted || platform.starts_with(&format!("{wanted}/")))
    });
    let confidence = match (is_said, available.is_empty(), is_for_node) {
        (true, false, false) => Confidence::Certain,
        (true, true, _) | (false, false, false) => Confidence::Likely,
        // A script without its first line gives the same error.
        _ => Confidence::Possible,
    };
    let cause = Cause::WrongArchitecture {
        image: case.container.image.clone(),
        wanted,
        available,
    };
    Conclusion::new(cause, confidence).because(case.probe_evidence())
}

fn sandbox(case: &Case<'_>, image: &str) -> Cause {
    let symptom = &case.trouble.symptom;
    let parsed = Image::parse(image).ok();
    let host = symptom
        .host
        .clone()
        .or_else(|| parsed.as_ref().map(|image| image.host().to_owned()))
        .unwrap_or_default();
    let repository = parsed.map_or_else(|| image.to_owned(), |image| image.repository().to_owned());
    let because = match &symptom.complaint {
        Complaint::Unauthorized | Complaint::Forbidden => Cause::AccessDenied {
            repository,
            secret: None,
        },
        Complaint::NotFound | Complaint::ManifestUnknown | Complaint::NameUnknown => {
            Cause::ImageAbsent {
                image: image.to_owned(),
            }
        }
        Complaint::NoPlatform => Cause::PlatformAbsent {
            image: image.to_owned(),
            wanted: case.platform(),
            available: Vec::new(),
        },
        Complaint::DiskFull => Cause::DiskFull {
            node: case.node_name(),
        },
        _ => network::cause(symptom, &case.trouble.text, &host).unwrap_or_else(|| {
            Cause::Unexplained {
                text: symptom.fragment.clone(),
            }
        }),
    };
    Cause::SandboxImage {
        image: image.to_owned(),
        node: case.node_name(),
        because: Box::new(because),
    }
}
