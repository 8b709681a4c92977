//! What mends a cause: a sentence, the commands with the real names in them, and what is safe to do without a person.
//!
//! Safe is what gives no right to anybody and makes no other program fail: hanging a Secret that is there on the
//! `ServiceAccount` of its own namespace, and making Pods anew that do not run.

mod commands;
mod image;
mod node;
mod registry;
mod secret;

use super::case::{Case, secret_of};
use crate::doctor::cause::Cause;
use crate::doctor::observation::NamespacedName;
use crate::doctor::remedy::Remedy;

/// What mends a cause for all that suffer from it.
pub(super) fn of(cause: &Cause, cases: &[&Case<'_>]) -> Remedy {
    match cause {
        Cause::NoPullSecret { .. }
        | Cause::SecretAbsent { .. }
        | Cause::SecretInOtherNamespace { .. }
        | Cause::SecretWrongType { .. }
        | Cause::SecretUnreadable { .. }
        | Cause::SecretWithoutAuths { .. }
        | Cause::SecretForOtherHost { .. }
        | Cause::SecretForOtherPort { .. }
        | Cause::SecretForOtherPath { .. }
        | Cause::SecretShadowed { .. }
        | Cause::PodOlderThanAttachment { .. } => secret::remedy(cause, cases),
        Cause::CredentialRejected { .. }
        | Cause::KeyExpired { .. }
        | Cause::KeyDisabled { .. }
        | Cause::KeyDeleted { .. }
        | Cause::AccountDisabled { .. }
        | Cause::AccountDeleted { .. }
        | Cause::PermissionMissing { .. }
        | Cause::ConditionFalse { .. }
        | Cause::AccessDenied { .. }
        | Cause::StaleCredentialOnPublicImage { .. } => registry::remedy(cause, cases),
        Cause::RepositoryAbsent { .. }
        | Cause::TagAbsent { .. }
        | Cause::ImageAbsent { .. }
        | Cause::BlobAbsent { .. }
        | Cause::PlatformAbsent { .. }
        | Cause::WrongArchitecture { .. }
        | Cause::CorruptContent { .. }
        | Cause::Schema1 { .. }
        | Cause::InvalidImageName { .. }
        | Cause::ShortName { .. }
        | Cause::NeverPull { .. } => image::remedy(cause, cases),
        Cause::WaitingToRetry { .. } => waiting(cases),
        _ => node::remedy(cause, cases),
    }
}

/// Nothing is to be mended; who does not want to wait makes the Pods anew.
fn waiting(cases: &[&Case<'_>]) -> Remedy {
    let recreation = commands::recreation(cases);
    Remedy {
        advice: "wait up to five minutes: the kubelet tries again by itself; or make the Pods anew, which are tried at once"
            .to_owned(),
        commands: recreation.commands,
        steps: recreation.steps,
    }
}

fn advice(text: impl Into<String>, commands: Vec<String>) -> Remedy {
    Remedy {
        advice: text.into(),
        commands,
        steps: Vec::new(),
    }
}

/// The Secret whose credential is sent.
fn secret_in_use(cases: &[&Case<'_>]) -> Option<NamespacedName> {
    let mut offers = cases.iter().flat_map(|case| case.offers());
    offers.next().map(|offer| secret_of(&offer))
}
