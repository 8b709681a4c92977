//! `wharf projects`.

use clap::{Args, Subcommand};
use wharf_client::policies::PolicyHolder;
use wharf_client::projects::ProjectChange;
use wharf_types::ProjectId;
use wharf_types::wire::resource_manager::Project;

use super::Common;
use super::bindings::{self, Grant, PolicyFile, Withdrawal};
use super::labels::{LabelChanges, NewLabels};
use crate::failure::Failure;
use crate::output::Table;
use crate::prompt::confirm;

/// Projects: the tenants that own images, service accounts and buckets
#[derive(Args, Debug)]
pub(crate) struct Projects {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a project; its creator owns it
    #[command(after_help = "Examples:\n  \
        wharf projects create my-project\n  \
        wharf projects create example.com:my-project --name \"Web shop\" --labels team=blue\n  \
        wharf projects create my-project --strict-deletes")]
    Create {
        /// The id: 6 to 30 lower-case letters, digits and hyphens
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
        /// A name for people
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        labels: NewLabels,
        #[command(flatten)]
        strict: StrictDeletes,
    },
    /// List the projects that one may see
    #[command(
        after_help = "Examples:\n  wharf projects list\n  wharf projects list --show-deleted -o json"
    )]
    List {
        /// Deleted ones too, while they can be restored
        #[arg(long)]
        show_deleted: bool,
    },
    /// Show a project
    #[command(after_help = "Example:\n  wharf projects describe my-project")]
    Describe {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
    },
    /// Change a project's name, labels, or rules for deletes
    #[command(after_help = "Examples:\n  \
        wharf projects update my-project --name \"Web shop\"\n  \
        wharf projects update my-project --update-labels team=red --remove-labels tier\n  \
        wharf projects update my-project --strict-deletes=false")]
    Update {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
        /// A name for people
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[command(flatten)]
        labels: LabelChanges,
        #[command(flatten)]
        strict: StrictDeletes,
    },
    /// Delete a project; it can be restored for 30 days
    #[command(after_help = "Example:\n  wharf projects delete my-project")]
    Delete {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
    },
    /// Restore a deleted project
    #[command(after_help = "Example:\n  wharf projects undelete my-project")]
    Undelete {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
    },
    /// Show a project's policy
    #[command(after_help = "Examples:\n  \
        wharf projects get-iam-policy my-project\n  \
        wharf projects get-iam-policy my-project -o table")]
    GetIamPolicy {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
    },
    /// Replace a project's policy
    #[command(after_help = "Example:\n  \
        wharf projects get-iam-policy my-project > policy.yaml\n  \
        wharf projects set-iam-policy my-project policy.yaml")]
    SetIamPolicy {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
        #[command(flatten)]
        policy: PolicyFile,
    },
    /// Bind a role to somebody on a project
    #[command(after_help = "Examples:\n  \
        wharf projects add-iam-policy-binding my-project \\\n      \
        --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/storage.objectViewer\n  \
        wharf projects add-iam-policy-binding my-project \\\n      \
        --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/storage.objectViewer \\\n      \
        --condition 'title=until 2027,expression=request.time < timestamp(\"2027-01-01T00:00:00Z\")'")]
    AddIamPolicyBinding {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
        #[command(flatten)]
        grant: Grant,
    },
    /// Take a role from somebody on a project
    #[command(after_help = "Examples:\n  \
        wharf projects remove-iam-policy-binding my-project \\\n      \
        --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/storage.objectViewer\n  \
        wharf projects remove-iam-policy-binding my-project --member allUsers \\\n      \
        --role roles/storage.objectViewer --all")]
    RemoveIamPolicyBinding {
        /// The project
        #[arg(value_name = "PROJECT_ID")]
        id: ProjectId,
        #[command(flatten)]
        withdrawal: Withdrawal,
    },
}

/// The switch between the two rules for deletes.
#[derive(Args, Clone, Copy, Debug)]
struct StrictDeletes {
    /// Delete by Google's strict rules: a manifest that has tags or is part of an index stays
    #[arg(
        long = "strict-deletes",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    is_strict: Option<bool>,
}

impl Table for Project {
    const HEADERS: &'static [&'static str] = &["PROJECT_ID", "NAME", "PROJECT_NUMBER", "STATE"];

    fn rows(&self) -> Vec<Vec<String>> {
        let state = self.lifecycle_state.map(|state| state.as_str());
        vec![vec![
            self.project_id.clone(),
            self.name.clone().unwrap_or_default(),
            self.project_number.to_string(),
            state.unwrap_or_default().to_owned(),
        ]]
    }
}

impl Projects {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let session = self.common.open()?;
        let output = self.common.output;
        let client = &session.client;
        match self.command {
            Command::Create {
                id,
                name,
                labels,
                strict,
            } => {
                let content = ProjectChange {
                    name,
                    update_labels: labels.map(),
                    strict_deletes: strict.is_strict,
                    ..ProjectChange::default()
                };
                let project = client.create_project(&id, &content).await?;
                output.done(&format!("Created project [{id}]."), &project)
            }
            Command::List { show_deleted } => {
                output.list(&client.list_projects(show_deleted).await?)
            }
            Command::Describe { id } => output.item(&client.get_project(&id).await?),
            Command::Update {
                id,
                name,
                labels,
                strict,
            } => {
                if name.is_none() && labels.is_empty() && strict.is_strict.is_none() {
                    return Err(nothing_to_change());
                }
                let change = ProjectChange {
                    name,
                    update_labels: labels.updates(),
                    remove_labels: labels.remove_labels,
                    clear_labels: labels.clear_labels,
                    strict_deletes: strict.is_strict,
                };
                let project = client.update_project(&id, &change).await?;
                output.done(&format!("Updated project [{id}]."), &project)
            }
            Command::Delete { id } => {
                confirm(
                    &format!(
                        "Project [{id}] will be deleted: its images, accounts and keys stop working at once. It can be restored for 30 days."
                    ),
                    output.is_quiet(),
                )?;
                client.delete_project(&id).await?;
                output.say(&format!(
                    "Deleted project [{id}]. `wharf projects undelete {id}` restores it for 30 days."
                ));
                Ok(())
            }
            Command::Undelete { id } => {
                client.undelete_project(&id).await?;
                output.say(&format!("Restored project [{id}]."));
                Ok(())
            }
            Command::GetIamPolicy { id } => {
                bindings::get(&session, output, &PolicyHolder::Project(id)).await
            }
            Command::SetIamPolicy { id, policy } => {
                bindings::set(&session, output, &PolicyHolder::Project(id), &policy.file).await
            }
            Command::AddIamPolicyBinding { id, grant } => {
                bindings::add(&session, output, &PolicyHolder::Project(id), &grant).await
            }
            Command::RemoveIamPolicyBinding { id, withdrawal } => {
                bindings::remove(&session, output, &PolicyHolder::Project(id), &withdrawal).await
            }
        }
    }
}

/// An update without a change.
pub(super) fn nothing_to_change() -> Failure {
    Failure::usage("nothing is said about what to change").hint("--help lists what can be changed")
}
