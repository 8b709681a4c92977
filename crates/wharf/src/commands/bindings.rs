//! Policies of projects, buckets and service accounts: the four commands that each of them has.

use std::path::{Path, PathBuf};

use clap::Args;
use wharf_client::policies::PolicyHolder;
use wharf_types::{Condition, Member, Policy, RoleName};

use super::condition::{Choice, ConditionArguments};
use crate::connection::Session;
use crate::failure::Failure;
use crate::files;
use crate::output::{Output, Table};

/// The fields of a policy's file. A typing error in one of them would empty the policy, so others are refused.
const FIELDS: [&str; 5] = ["bindings", "etag", "version", "kind", "resourceId"];

/// Which role for whom.
#[derive(Args, Clone, Debug)]
pub(super) struct Grant {
    /// To whom: serviceAccount:EMAIL, user:EMAIL, allUsers, allAuthenticatedUsers, …
    #[arg(long, value_name = "MEMBER")]
    member: Member,
    /// What: roles/NAME or projects/PROJECT/roles/ID
    #[arg(long, value_name = "ROLE")]
    role: RoleName,
    #[command(flatten)]
    condition: ConditionArguments,
}

/// Which binding goes.
#[derive(Args, Clone, Debug)]
pub(super) struct Withdrawal {
    #[command(flatten)]
    grant: Grant,
    /// The member's bindings of this role under every condition, and the one without
    #[arg(long, conflicts_with_all = ["condition", "condition_from_file"])]
    all: bool,
}

/// `get-iam-policy`
pub(super) async fn get(
    session: &Session,
    output: Output,
    holder: &PolicyHolder,
) -> Result<(), Failure> {
    output.item(&session.client.get_policy(holder).await?)
}

/// `set-iam-policy`
pub(super) async fn set(
    session: &Session,
    output: Output,
    holder: &PolicyHolder,
    file: &Path,
) -> Result<(), Failure> {
    let policy = read(file)?;
    let policy = session.client.set_policy(holder, policy).await?;
    updated(output, holder, &policy)
}

/// `add-iam-policy-binding`
pub(super) async fn add(
    session: &Session,
    output: Output,
    holder: &PolicyHolder,
    grant: &Grant,
) -> Result<(), Failure> {
    let choice = grant.condition.choice()?;
    let policy = session
        .client
        .change_policy(holder, |policy| add_to(policy, grant, &choice))
        .await?;
    updated(output, holder, &policy)
}

/// `remove-iam-policy-binding`
pub(super) async fn remove(
    session: &Session,
    output: Output,
    holder: &PolicyHolder,
    withdrawal: &Withdrawal,
) -> Result<(), Failure> {
    let choice = withdrawal.grant.condition.choice()?;
    let policy = session
        .client
        .change_policy(holder, |policy| {
            remove_from(policy, &withdrawal.grant, &choice, withdrawal.all)
        })
        .await?;
    updated(output, holder, &policy)
}

fn updated(output: Output, holder: &PolicyHolder, policy: &Policy) -> Result<(), Failure> {
    output.say(&format!("Updated IAM policy for {holder}."));
    output.item(policy)
}

fn add_to(policy: &mut Policy, grant: &Grant, choice: &Choice) -> Result<(), Failure> {
    let condition = match choice {
        Choice::With(condition) => Some(condition.clone()),
        Choice::Without => None,
        Choice::Unsaid if policy.bindings.iter().any(|b| b.condition.is_some()) => {
            return Err(Failure::usage(
                "the policy has conditions, so say whether this binding has one too",
            )
            .hint("--condition None binds always; --condition 'expression=CEL,title=TITLE' under a condition"));
        }
        Choice::Unsaid => None,
    };
    if condition.is_some() && grant.role.is_basic() {
        return Err(Failure::usage(format!("{} takes no condition", grant.role))
            .hint("bind a narrower role, for example roles/storage.objectViewer"));
    }
    policy.add(grant.role.clone(), grant.member.clone(), condition);
    Ok(())
}

fn remove_from(
    policy: &mut Policy,
    grant: &Grant,
    choice: &Choice,
    all: bool,
) -> Result<(), Failure> {
    let Grant { member, role, .. } = grant;
    let conditions: Vec<Option<Condition>> = policy
        .bindings
        .iter()
        .filter(|binding| binding.role == *role && binding.members.contains(member))
        .map(|binding| binding.condition.clone())
        .collect();
    let wanted = match choice {
        Choice::With(condition) => Some(condition.clone()),
        Choice::Without => None,
        Choice::Unsaid if !all && conditions.iter().any(Option::is_some) => {
            return Err(Failure::usage(format!(
                "{member} has {role} under conditions, so say which binding goes: {}",
                titles(&conditions)
            ))
            .hint("--condition None, --condition 'expression=CEL,title=TITLE', or --all for every one"));
        }
        Choice::Unsaid => None,
    };
    let found = policy.remove(role, member, |condition| {
        all || condition == wanted.as_ref()
    });
    if found {
        return Ok(());
    }
    let failure = Failure::new(format!(
        "there is no binding of {role} to {member}{}",
        match &wanted {
            Some(condition) => format!(
                " under the condition [{}] with this expression",
                condition.title
            ),
            None => " without a condition".to_owned(),
        }
    ));
    Err(if conditions.is_empty() {
        failure.hint("`get-iam-policy` shows the bindings that there are; one may also stand in a policy above")
    } else {
        failure.hint(format!("there is one: {}", titles(&conditions)))
    })
}

fn titles(conditions: &[Option<Condition>]) -> String {
    let titles: Vec<_> = conditions
        .iter()
        .map(|condition| match condition {
            Some(condition) => format!("[{}] {}", condition.title, condition.expression),
            None => "without a condition".to_owned(),
        })
        .collect();
    titles.join("; ")
}

/// Reads a policy in YAML or JSON, as `get-iam-policy` shows it.
fn read(path: &Path) -> Result<Policy, Failure> {
    let refused = |error: String| {
        Failure::usage(format!("{} is no policy: {error}", path.display()))
            .hint("begin with what `get-iam-policy` shows, and keep its etag")
    };
    let text = files::read_text(path)?;
    let value: serde_json::Value =
        serde_saphyr::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let fields = value
        .as_object()
        .ok_or_else(|| refused("it is no object".to_owned()))?;
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(refused(format!("it has no field {unknown:?}")));
    }
    serde_json::from_value(value).map_err(|error| refused(error.to_string()))
}

impl Table for Policy {
    const HEADERS: &'static [&'static str] = &["ROLE", "MEMBER", "CONDITION"];

    fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.bindings.iter().flat_map(|binding| {
            let condition = binding.condition.as_ref();
            let title = condition.map(|condition| condition.title.clone());
            binding.members.iter().map(move |member| {
                vec![
                    binding.role.to_string(),
                    member.to_string(),
                    title.clone().unwrap_or_default(),
                ]
            })
        });
        rows.collect()
    }
}

/// The file of `set-iam-policy`.
#[derive(Args, Clone, Debug)]
pub(super) struct PolicyFile {
    /// The policy in YAML or JSON, as get-iam-policy shows it; - is stdin
    #[arg(value_name = "POLICY_FILE")]
    pub(super) file: PathBuf,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const VIEWER: &str = "roles/storage.objectViewer";

    fn grant(role: &str) -> Grant {
        Grant {
            member: "allUsers".parse().unwrap(),
            role: role.parse().unwrap(),
            condition: ConditionArguments::default(),
        }
    }

    fn condition(title: &str) -> Condition {
        Condition {
            expression: "true".to_owned(),
            title: title.to_owned(),
            ..Condition::default()
        }
    }

    #[test]
    fn a_policy_with_conditions_wants_a_word_about_them() {
        let mut policy = Policy::default();
        add_to(&mut policy, &grant(VIEWER), &Choice::With(condition("a"))).unwrap();
        let refused = add_to(&mut policy, &grant(VIEWER), &Choice::Unsaid).unwrap_err();
        assert!(
            refused.to_string().contains("--condition None"),
            "{refused}"
        );
        add_to(&mut policy, &grant(VIEWER), &Choice::Without).unwrap();
        assert_eq!(policy.bindings.len(), 2);

        let refused = remove_from(&mut policy, &grant(VIEWER), &Choice::Unsaid, false).unwrap_err();
        assert!(refused.to_string().contains("--all"), "{refused}");
        remove_from(&mut policy, &grant(VIEWER), &Choice::Without, false).unwrap();
        assert_eq!(policy.bindings.len(), 1);
        remove_from(&mut policy, &grant(VIEWER), &Choice::Unsaid, true).unwrap();
        assert!(policy.bindings.is_empty());
    }

    #[test]
    fn a_binding_that_is_not_there_cannot_be_removed() {
        let mut policy = Policy::default();
        let refused = remove_from(&mut policy, &grant(VIEWER), &Choice::Unsaid, false).unwrap_err();
        assert!(
            refused.to_string().contains("there is no binding"),
            "{refused}"
        );
        add_to(&mut policy, &grant(VIEWER), &Choice::With(condition("a"))).unwrap();
        let other = Choice::With(condition("b"));
        let refused = remove_from(&mut policy, &grant(VIEWER), &other, false).unwrap_err();
        assert!(
            refused.to_string().contains("there is one: [a] true"),
            "{refused}"
        );
    }

    #[test]
    fn basic_roles_take_no_condition() {
        let choice = Choice::With(condition("a"));
        let refused = add_to(&mut Policy::default(), &grant("roles/viewer"), &choice);
        assert!(refused.is_err());
    }

    #[test]
    fn a_policy_file_with_a_typing_error_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        for (text, is_good) in [
            (
                "bindings:\n- role: roles/viewer\n  members:\n  - allUsers\netag: AAAA\nversion: 1\n",
                true,
            ),
            (r#"{"bindings":[],"etag":"AAAA"}"#, true),
            ("binding: []\n", false),
            ("[]", false),
            ("bindings:\n- role: viewer\n", false),
            (
                "bindings:\n- role: roles/viewer\n  members: [nobody]\n",
                false,
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path).is_ok(), is_good, "{text}");
        }
    }
}
