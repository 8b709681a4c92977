//! `POST /v1/iam:troubleshoot` (Policy Troubleshooter v1): the decision about somebody, explained.

use wharf_app::iam::decide::{Carries, Consideration, Decision, Level, Outcome};
use wharf_types::wire::troubleshooter::{
    AccessState, AccessTuple, AnnotatedMembership, BindingExplanation, ExplainedPolicy, Membership,
    RolePermission, TroubleshootIamPolicyRequest, TroubleshootIamPolicyResponse,
};
use wharf_types::{
    Binding, Condition, Member, Permission, Policy, Principal, Resource, ServiceAccountEmail,
};

use super::call::{Answer, Call};
use super::refusal::Refusal;

/// `POST iam:troubleshoot`
pub(super) async fn troubleshoot(call: &Call) -> Answer {
    let request: TroubleshootIamPolicyRequest = call.body()?;
    let AccessTuple {
        principal,
        full_resource_name,
        permission,
    } = request.access_tuple;
    let principal = principal_of(&principal)?;
    let permission = Permission::parse(&permission)
        .map_err(|error| Refusal::field("accessTuple.permission", error))?;
    let resource = Resource::parse(&full_resource_name)
        .map_err(|error| Refusal::field("accessTuple.fullResourceName", error))?;
    let decision = call
        .app
        .troubleshoot(&call.caller, principal, permission, resource)
        .await?;
    call.answer(&explained(&decision))
}

/// Whom the question is about: an address, a member that is one person, or `allUsers` for nobody in particular.
fn principal_of(text: &str) -> Result<Principal, Refusal> {
    let refused = || {
        Refusal::field(
            "accessTuple.principal",
            "name one principal: an address, serviceAccount:EMAIL, user:EMAIL, principal://…, or allUsers for somebody without a credential",
        )
    };
    if let Ok(email) = ServiceAccountEmail::parse(text) {
        return Ok(Principal::ServiceAccount(email));
    }
    let member = match text.split_once('@') {
        Some(_) if !text.contains(':') => Member::parse(&format!("user:{text}")),
        _ => Member::parse(text),
    };
    match member.map_err(|_| refused())? {
        Member::AllUsers => Ok(Principal::Anonymous),
        Member::ServiceAccount(email) => Ok(Principal::ServiceAccount(email)),
        Member::Other(member) => match member.strip_prefix("user:") {
            Some(email) => Ok(Principal::User(email.into())),
            None if member.starts_with("principal://") => Ok(Principal::Federated {
                principal: member,
                sets: Vec::new(),
            }),
            None => Err(refused()),
        },
        _ => Err(refused()),
    }
}

fn explained(decision: &Decision) -> TroubleshootIamPolicyResponse {
    let access = if !decision.allowed && decision.obstacle.is_some() {
        AccessState::NotGranted
    } else {
        overall(
            decision.allowed,
            decision.levels.iter().flat_map(|level| &level.bindings),
        )
    };
    TroubleshootIamPolicyResponse {
        access,
        summary: decision.to_string(),
        explained_policies: decision
            .levels
            .iter()
            .map(|level| explained_policy(decision, level))
            .collect(),
    }
}

fn explained_policy(decision: &Decision, level: &Level) -> ExplainedPolicy {
    if level.hidden {
        return ExplainedPolicy {
            access: AccessState::UnknownInfoDenied,
            full_resource_name: level.resource.full_name(),
            policy: None,
            binding_explanations: Vec::new(),
        };
    }
    let bindings = level.bindings.iter().map(|considered| Binding {
        role: considered.role.clone(),
        members: members(considered).cloned().collect(),
        condition: condition(considered).cloned(),
    });
    let policy = Policy {
        bindings: bindings.collect(),
        ..Policy::default()
    };
    ExplainedPolicy {
        access: match level.hidden {
            true => AccessState::UnknownInfoDenied,
            false => overall(level.allowed, &level.bindings),
        },
        full_resource_name: level.resource.full_name(),
        policy: (!level.hidden).then(|| policy.with_version()),
        binding_explanations: level
            .bindings
            .iter()
            .map(|considered| explained_binding(decision, considered))
            .collect(),
    }
}

fn members(considered: &Consideration) -> impl Iterator<Item = &Member> {
    considered.members.iter().map(|(member, _)| member)
}

fn condition(considered: &Consideration) -> Option<&Condition> {
    let (condition, _) = considered.condition.as_ref()?;
    Some(condition)
}

fn explained_binding(decision: &Decision, considered: &Consideration) -> BindingExplanation {
    let memberships = considered.members.iter().map(|(member, names)| {
        let membership = if *names {
            Membership::Included
        } else {
            Membership::NotIncluded
        };
        (member.to_string(), AnnotatedMembership { membership })
    });
    let outcome = considered.condition.as_ref().map(|(_, outcome)| outcome);
    BindingExplanation {
        access: overall(considered.allows(), [considered]),
        role: considered.role.to_string(),
        role_permission: match considered.carries {
            Carries::Yes(_) => RolePermission::Included,
            Carries::No | Carries::Nothing => RolePermission::NotIncluded,
        },
        memberships: memberships.collect(),
        condition: condition(considered).cloned(),
        condition_explanation: outcome.and_then(|outcome| decision.explain_outcome(outcome)),
    }
}

/// Granted; not granted; or not granted because a condition, which alone stands in the way, could not be evaluated.
fn overall<'a>(
    allowed: bool,
    bindings: impl IntoIterator<Item = &'a Consideration>,
) -> AccessState {
    let is_unknown = |considered: &Consideration| {
        let failed = matches!(considered.condition, Some((_, Outcome::Failed(_))));
        failed && matches!(considered.carries, Carries::Yes(_)) && considered.named().is_some()
    };
    if allowed {
        AccessState::Granted
    } else if bindings.into_iter().any(is_unknown) {
        AccessState::UnknownConditional
    } else {
        AccessState::NotGranted
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_principal_is_one_and_named_as_people_do() {
        let account = "puller@my-project.iam.gserviceaccount.com";
        for (text, expected) in [
            (account, format!("serviceAccount:{account}")),
            (
                &format!("serviceAccount:{account}"),
                format!("serviceAccount:{account}"),
            ),
            ("ann@example.com", "user:ann@example.com".to_owned()),
            ("user:ann@example.com", "user:ann@example.com".to_owned()),
            ("allUsers", "anonymous".to_owned()),
            (
                "principal://iam.googleapis.com/x/subject/s",
                "principal://iam.googleapis.com/x/subject/s".to_owned(),
            ),
        ] {
            assert_eq!(principal_of(text).unwrap().to_string(), expected);
        }
        for text in [
            "",
            "x",
            "group:g@example.com",
            "domain:example.com",
            "allAuthenticatedUsers",
            "principalSet://x",
        ] {
            assert!(principal_of(text).is_err(), "{text}");
        }
    }
}
