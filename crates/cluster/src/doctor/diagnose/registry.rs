//! What our own registry decided, by its own testimony; and what is left to say of a registry of somebody else's.

use wharf_types::permission::OBJECTS_GET;
use wharf_types::wire::troubleshooter::{
    AccessState, BindingExplanation, ExplainedPolicy, Membership, RolePermission,
    TroubleshootIamPolicyResponse,
};

use super::Conclusion;
use super::case::{Case, secret_of};
use super::network;
use crate::doctor::cause::Cause;
use crate::doctor::finding::{Confidence, Evidence};
use crate::doctor::observation::{AccountState, ImageState, KeyState, Obstacle, Testimony};
use crate::doctor::text::Complaint;

/// Bindings that came near, of one refusal.
const NEAR_MAX: usize = 3;
const PLACE: &str = "the registry";

/// What is wrong with the account or its key, so that the credential proves nothing.
pub(super) fn identity(testimony: &Testimony) -> Option<Conclusion> {
    let account = testimony.account.clone()?;
    let key = testimony.key_id.clone();
    let (cause, what) = match (testimony.account_state, &testimony.key_state, key) {
        (AccountState::Absent, _, _) => (
            Cause::AccountDeleted {
                account: account.clone(),
            },
            format!("it has no account {account}"),
        ),
        (AccountState::Disabled, _, _) => (
            Cause::AccountDisabled {
                account: account.clone(),
            },
            format!("account {account} is disabled"),
        ),
        (_, KeyState::Expired { at }, Some(key)) => (
            Cause::KeyExpired {
                account: account.clone(),
                key: key.clone(),
                at: at.clone(),
            },
            format!("key {key} of {account} expired at {at}"),
        ),
        (_, KeyState::Disabled, Some(key)) => (
            Cause::KeyDisabled {
                account: account.clone(),
                key: key.clone(),
            },
            format!("key {key} of {account} is disabled"),
        ),
        (_, KeyState::Absent, Some(key)) => (
            Cause::KeyDeleted {
                account: account.clone(),
                key: key.clone(),
            },
            format!("account {account} has no key {key}"),
        ),
        _ => return None,
    };
    let evidence = Evidence {
        place: PLACE.to_owned(),
        what,
    };
    Some(
        Conclusion::new(cause, Confidence::Certain)
            .because([evidence])
            .because(refusal_in_log(testimony)),
    )
}

/// The credential counts, and the registry refuses.
pub(super) fn denied(case: &Case<'_>) -> Vec<Conclusion> {
    if case.is_reached() {
        return vec![case.waiting_to_retry(Confidence::Likely)];
    }
    let absent = absent(case);
    if let Some(Conclusion {
        cause: Cause::RepositoryAbsent { .. },
        ..
    }) = &absent
    {
        return absent.into_iter().collect();
    }
    // Each stands in the way for itself.
    let refused = case
        .testimonies()
        .into_iter()
        .find_map(identity)
        .or_else(|| denied_by_policy(case));
    let known: Vec<_> = refused.into_iter().chain(absent).collect();
    if !known.is_empty() {
        return known;
    }
    let cause = Cause::AccessDenied {
        repository: case.repository(),
        secret: case.offers().first().map(secret_of),
    };
    vec![
        Conclusion::new(cause, Confidence::Likely)
            .because(audit(case))
            .because(case.probe_evidence()),
    ]
}

/// Why the account may not pull the image, by the registry's policies.
pub(super) fn denied_by_policy(case: &Case<'_>) -> Option<Conclusion> {
    case.testimonies().into_iter().find_map(|testimony| {
        let policy = testimony.policy.as_ref()?;
        let is_refused = matches!(
            policy.access,
            AccessState::NotGranted | AccessState::UnknownConditional
        );
        if !is_refused {
            return None;
        }
        let member = match &testimony.account {
            Some(account) => format!("serviceAccount:{account}"),
            None => "allUsers".to_owned(),
        };
        let cause = condition_false(policy, &member)
            .unwrap_or_else(|| permission_missing(case, policy, member));
        let evidence = (!policy.summary.is_empty()).then(|| Evidence {
            place: "the registry's policy".to_owned(),
            what: policy.summary.clone(),
        });
        Some(
            Conclusion::new(cause, Confidence::Certain)
                .because(evidence)
                .because(refusal_in_log(testimony)),
        )
    })
}

fn bindings(
    policy: &TroubleshootIamPolicyResponse,
) -> impl Iterator<Item = (&ExplainedPolicy, &BindingExplanation)> {
    let policies = policy.explained_policies.iter();
    policies.flat_map(|level| {
        let bindings = level.binding_explanations.iter();
        bindings.map(move |binding| (level, binding))
    })
}

fn names_them(binding: &BindingExplanation) -> bool {
    let mut memberships = binding.memberships.values();
    memberships.any(|member| member.membership == Membership::Included)
}

fn condition_false(policy: &TroubleshootIamPolicyResponse, member: &str) -> Option<Cause> {
    bindings(policy).find_map(|(level, binding)| {
        let condition = binding.condition.as_ref()?;
        let is_near = binding.role_permission == RolePermission::Included
            && names_them(binding)
            && binding.access != AccessState::Granted;
        is_near.then(|| Cause::ConditionFalse {
            member: member.to_owned(),
            permission: OBJECTS_GET.to_string(),
            role: binding.role.clone(),
            on: short(&level.full_resource_name),
            condition: condition.expression.clone(),
            why: binding
                .condition_explanation
                .clone()
                .unwrap_or_else(|| format!("{} is false", condition.expression)),
        })
    })
}

fn permission_missing(
    case: &Case<'_>,
    policy: &TroubleshootIamPolicyResponse,
    member: String,
) -> Cause {
    let resource = policy.explained_policies.first().map_or_else(
        || case.repository(),
        |level| short(&level.full_resource_name),
    );
    let poor = bindings(policy)
        .filter(|(_, binding)| names_them(binding))
        .map(|(level, binding)| {
            format!(
                "it has {} on {}, which does not include that",
                binding.role,
                short(&level.full_resource_name)
            )
        });
    let others = bindings(policy)
        .filter(|(_, binding)| {
            binding.role_permission == RolePermission::Included && !names_them(binding)
        })
        .filter_map(|(level, binding)| {
            let member = binding.memberships.keys().next()?;
            Some(format!(
                "{} on {} would do, and is bound to {member}",
                binding.role,
                short(&level.full_resource_name)
            ))
        });
    Cause::PermissionMissing {
        member,
        permission: OBJECTS_GET.to_string(),
        resource,
        near: poor.chain(others).take(NEAR_MAX).collect(),
    }
}

/// `projects/_/buckets/B` of `//storage.googleapis.com/projects/_/buckets/B`
fn short(full_name: &str) -> String {
    full_name
        .strip_prefix("//")
        .and_then(|name| name.split_once('/'))
        .map_or(full_name, |(_, name)| name)
        .to_owned()
}

/// The binding by which anybody may pull.
pub(super) fn is_public(testimony: &Testimony) -> Option<Evidence> {
    let policy = testimony.policy.as_ref()?;
    let (level, binding) = bindings(policy).find(|(_, binding)| {
        binding.role_permission == RolePermission::Included
            && binding.access == AccessState::Granted
            && binding.memberships.contains_key("allUsers")
    })?;
    Some(Evidence {
        place: "the registry's policy".to_owned(),
        what: format!(
            "allUsers has {} on {}",
            binding.role,
            short(&level.full_resource_name)
        ),
    })
}

/// The newest refusal in the audit log.
pub(super) fn audit(case: &Case<'_>) -> Option<Evidence> {
    case.testimonies().into_iter().find_map(refusal_in_log)
}

fn refusal_in_log(testimony: &Testimony) -> Option<Evidence> {
    let record = testimony.audit.iter().find(|record| !record.is_granted)?;
    let who = match record.principal.as_str() {
        "" => "somebody without a credential that counts",
        principal => principal,
    };
    let when = record
        .time
        .map(|time| format!(" at {time:.0}"))
        .unwrap_or_default();
    Some(Evidence {
        place: "the registry's audit log".to_owned(),
        what: format!("refused to {who}{when}: {}", record.reason),
    })
}

/// The image is not there, by the registry's own word.
pub(super) fn absent(case: &Case<'_>) -> Option<Conclusion> {
    case.testimonies().into_iter().find_map(|testimony| {
        let (cause, what) = match &testimony.image {
            ImageState::Unknown | ImageState::Present => return None,
            ImageState::ReferenceAbsent { similar } => (
                Cause::TagAbsent {
                    image: case.container.image.clone(),
                    similar: similar.clone(),
                },
                "it has the repository, but not this tag or digest",
            ),
            ImageState::RepositoryAbsent { similar } => (
                Cause::RepositoryAbsent {
                    repository: case.repository(),
                    similar: similar.clone(),
                },
                "it has no such repository",
            ),
        };
        let evidence = Evidence {
            place: PLACE.to_owned(),
            what: what.to_owned(),
        };
        Some(Conclusion::new(cause, Confidence::Certain).because([evidence]))
    })
}

/// 404
pub(super) fn not_found(case: &Case<'_>) -> Conclusion {
    if let Some(conclusion) = absent(case) {
        return conclusion;
    }
    if let Some(mirror) = network::mirror(case) {
        let cause = Cause::MirrorMisconfigured {
            host: case.host(),
            mirror,
        };
        return Conclusion::new(cause, Confidence::Likely).because(case.probe_evidence());
    }
    if case.is_reached() {
        return case.waiting_to_retry(Confidence::Likely);
    }
    let image = case.container.image.clone();
    let similar = Vec::new();
    let code = match case.probe().map(|probe| &probe.outcome) {
        Some(Err(Obstacle::NotFound { code, .. })) => code.as_str(),
        _ => "",
    };
    let (cause, confidence) = match (&case.trouble.symptom.complaint, code) {
        (Complaint::BlobUnknown, _) => (Cause::BlobAbsent { image }, Confidence::Certain),
        (Complaint::NameUnknown, _) | (_, "NAME_UNKNOWN") => (
            Cause::RepositoryAbsent {
                repository: case.repository(),
                similar,
            },
            Confidence::Likely,
        ),
        (Complaint::ManifestUnknown, _) | (_, "MANIFEST_UNKNOWN") => {
            (Cause::TagAbsent { image, similar }, Confidence::Likely)
        }
        _ => (Cause::ImageAbsent { image }, Confidence::Certain),
    };
    Conclusion::new(cause, confidence).because(case.probe_evidence())
}
