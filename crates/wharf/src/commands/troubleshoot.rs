//! `wharf iam troubleshoot`.

use std::fmt::Write as _;

use clap::Args;
use wharf_types::wire::troubleshooter::{
    AccessState, AccessTuple, BindingExplanation, ExplainedPolicy, Membership, RolePermission,
    TroubleshootIamPolicyResponse,
};

use super::Common;
use crate::failure::Failure;

/// Say why somebody may or may not do something
///
/// The answer is in the text; the exit code is 0 either way.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf iam troubleshoot serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
    --permission storage.objects.get --resource gs://us.artifacts.my-project.appspot.com\n  \
    wharf iam troubleshoot gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
    --permission storage.objects.get \\\n      \
    --resource projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/web/tag_v1\n  \
    wharf iam troubleshoot allUsers --permission storage.objects.list \\\n      \
    --resource projects/my-project -o json")]
pub(super) struct Troubleshoot {
    /// Who: an address, or a member such as serviceAccount:EMAIL, user:EMAIL, allUsers
    principal: String,
    /// What: for example storage.objects.get
    #[arg(long)]
    permission: String,
    /// On what: gs://BUCKET, projects/PROJECT, projects/_/buckets/BUCKET[/objects/…], projects/PROJECT/serviceAccounts/EMAIL
    #[arg(long)]
    resource: String,
}

impl Troubleshoot {
    pub(super) async fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let question = AccessTuple {
            principal: self.principal,
            full_resource_name: resource(&self.resource),
            permission: self.permission,
        };
        let answer = session.client.troubleshoot(question.clone()).await?;
        common.output.text_or(&text(&question, &answer), &answer)
    }
}

/// `gs://B` is the bucket; everything else goes as it is.
fn resource(text: &str) -> String {
    match text.strip_prefix("gs://") {
        Some(bucket) => format!("projects/_/buckets/{}", bucket.trim_end_matches('/')),
        None => text.to_owned(),
    }
}

/// The answer for people: the decision first, then each policy and the bindings in it that come near.
fn text(question: &AccessTuple, answer: &TroubleshootIamPolicyResponse) -> String {
    let AccessTuple {
        principal,
        permission,
        full_resource_name,
    } = question;
    let verdict = match answer.access {
        AccessState::Granted => "ALLOWED",
        AccessState::NotGranted => "DENIED",
        AccessState::UnknownConditional => "DENIED (a condition could not be evaluated)",
        AccessState::UnknownInfoDenied | AccessState::Unspecified => {
            "UNKNOWN (you may not see all the policies that decide)"
        }
    };
    let mut text = format!("{verdict}: {principal}, {permission}, {full_resource_name}\n");
    if !answer.summary.is_empty() {
        text += &format!("{}\n", answer.summary);
    }
    for policy in &answer.explained_policies {
        // Writing into a string does not fail.
        let _ = write_policy(&mut text, policy);
    }
    text
}

fn write_policy(text: &mut String, policy: &ExplainedPolicy) -> std::fmt::Result {
    writeln!(text, "\nPolicy of {}", policy.full_resource_name)?;
    if policy.access == AccessState::UnknownInfoDenied {
        return writeln!(text, "  not shown: you may not read it");
    }
    if policy.binding_explanations.is_empty() {
        return writeln!(text, "  no bindings");
    }
    let mut others = 0;
    for binding in &policy.binding_explanations {
        if named(binding).is_some() {
            write_binding(text, binding)?;
        } else if carries(binding) {
            let role = &binding.role;
            writeln!(
                text,
                "  - {role} carries the permission, but for others only"
            )?;
        } else {
            others += 1;
        }
    }
    match others {
        0 => Ok(()),
        1 => writeln!(text, "  1 other binding, of another role for others"),
        count => writeln!(text, "  {count} other bindings, of other roles for others"),
    }
}

fn write_binding(text: &mut String, binding: &BindingExplanation) -> std::fmt::Result {
    let sign = if binding.access == AccessState::Granted {
        "+"
    } else {
        "-"
    };
    writeln!(text, "  {sign} {}", binding.role)?;
    let carries = if carries(binding) {
        "carries"
    } else {
        "does not carry"
    };
    writeln!(text, "      the role {carries} the permission")?;
    if let Some(member) = named(binding) {
        writeln!(text, "      the member {member} names the principal")?;
    }
    if let Some(condition) = &binding.condition {
        let holds = match (&binding.condition_explanation, binding.access) {
            (Some(explanation), _) => explanation.as_str(),
            (None, AccessState::Granted) => "it holds",
            (None, _) => "not evaluated: the binding does not apply anyway",
        };
        writeln!(text, "      the condition [{}]: {holds}", condition.title)?;
        writeln!(text, "        {}", condition.expression)?;
    }
    Ok(())
}

fn carries(binding: &BindingExplanation) -> bool {
    binding.role_permission == RolePermission::Included
}

/// The member that names the principal.
fn named(binding: &BindingExplanation) -> Option<&str> {
    binding
        .memberships
        .iter()
        .find(|(_, membership)| membership.membership == Membership::Included)
        .map(|(member, _)| member.as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_text_names_binding_condition_and_value() {
        let answer: TroubleshootIamPolicyResponse = serde_json::from_str(
            r#"{"access":"NOT_GRANTED","summary":"nearly","explainedPolicies":[
                {"access":"NOT_GRANTED","fullResourceName":"//storage.googleapis.com/projects/_/buckets/b"},
                {"access":"NOT_GRANTED","fullResourceName":"//cloudresourcemanager.googleapis.com/projects/my-project","bindingExplanations":[
                    {"access":"NOT_GRANTED","role":"roles/storage.objectViewer","rolePermission":"ROLE_PERMISSION_INCLUDED",
                     "memberships":{"serviceAccount:a":{"membership":"MEMBERSHIP_INCLUDED"}},
                     "condition":{"title":"images-only","expression":"resource.type == \"x\""},
                     "conditionExplanation":"false, since resource.type is \"y\""},
                    {"access":"NOT_GRANTED","role":"roles/viewer","rolePermission":"ROLE_PERMISSION_INCLUDED",
                     "memberships":{"user:b":{"membership":"MEMBERSHIP_NOT_INCLUDED"}}},
                    {"access":"NOT_GRANTED","role":"roles/owner","rolePermission":"ROLE_PERMISSION_NOT_INCLUDED",
                     "memberships":{"user:b":{"membership":"MEMBERSHIP_NOT_INCLUDED"}}}]},
                {"access":"UNKNOWN_INFO_DENIED","fullResourceName":"//cloudresourcemanager.googleapis.com/organizations/0"}]}"#,
        )
        .unwrap();
        let question = AccessTuple {
            principal: "serviceAccount:a".to_owned(),
            full_resource_name: resource("gs://b/"),
            permission: "storage.objects.get".to_owned(),
        };
        let expected = r#"DENIED: serviceAccount:a, storage.objects.get, projects/_/buckets/b
nearly

Policy of //storage.googleapis.com/projects/_/buckets/b
  no bindings

Policy of //cloudresourcemanager.googleapis.com/projects/my-project
  - roles/storage.objectViewer
      the role carries the permission
      the member serviceAccount:a names the principal
      the condition [images-only]: false, since resource.type is "y"
        resource.type == "x"
  - roles/viewer carries the permission, but for others only
  1 other binding, of another role for others

Policy of //cloudresourcemanager.googleapis.com/organizations/0
  not shown: you may not read it
"#;
        assert_eq!(text(&question, &answer), expected);
    }
}
