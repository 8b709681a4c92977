//! `wharf iam roles`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;
use wharf_types::role::RoleNameError;
use wharf_types::wire::roles::{Role, RoleLaunchStage};
use wharf_types::{Permission, ProjectId, RoleName};

use super::Common;
use super::projects::nothing_to_change;
use crate::connection::Session;
use crate::failure::Failure;
use crate::files;
use crate::output::Table;
use crate::prompt::confirm;

/// Roles: what is granted
#[derive(Args, Debug)]
pub(super) struct Roles {
    #[command(subcommand)]
    command: Command,
}

/// A role as people write it: its full name, or the id of a project's own where the project is known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RoleArgument {
    Name(RoleName),
    Id(String),
}

impl std::str::FromStr for RoleArgument {
    type Err = RoleNameError;

    fn from_str(text: &str) -> Result<Self, RoleNameError> {
        if text.contains('/') {
            return RoleName::parse(text).map(Self::Name);
        }
        RoleName::parse(&format!("roles/{text}")).map(|_| Self::Id(text.to_owned()))
    }
}

impl RoleArgument {
    fn resolve(&self, session: &Session) -> Result<RoleName, Failure> {
        match self {
            Self::Name(name) => Ok(name.clone()),
            Self::Id(id) => custom(&session.project()?, id),
        }
    }

    /// The project and id of a role that can be changed.
    fn resolve_custom(&self, session: &Session) -> Result<RoleName, Failure> {
        let name = self.resolve(session)?;
        if name.custom_parts().is_none() {
            return Err(Failure::usage(format!("{name} comes with the registry and cannot be changed"))
                .hint("create a role of a project: wharf iam roles create ID --project PROJECT --permissions …"));
        }
        Ok(name)
    }
}

fn custom(project: &ProjectId, id: &str) -> Result<RoleName, Failure> {
    RoleName::custom(project, id).map_err(|error| Failure::usage(error.to_string()))
}

/// What a role says.
#[derive(Args, Clone, Debug)]
struct Content {
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How far it has come: ALPHA, BETA, GA, DEPRECATED, DISABLED or EAP. A disabled role grants nothing
    #[arg(long, value_name = "STAGE", value_parser = parse_stage)]
    stage: Option<RoleLaunchStage>,
    /// What it carries, separated by commas
    #[arg(long, value_name = "PERMISSION,…", value_delimiter = ',', value_parser = parse_permission)]
    permissions: Option<Vec<Permission>>,
    /// A file in YAML or JSON with title, description, stage and includedPermissions; options count more
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What the file of a role may say. More is refused: a typing error must not go unnoticed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct RoleFile {
    title: Option<String>,
    description: Option<String>,
    stage: Option<RoleLaunchStage>,
    included_permissions: Option<Vec<Permission>>,
    /// As `describe` shows them; they are not ours to say.
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "etag")]
    _etag: Option<String>,
}

impl Content {
    fn role(self) -> Result<Role, Failure> {
        let file = match &self.file {
            Some(path) => serde_saphyr::from_str(&files::read_text(path)?).map_err(|error| {
                Failure::usage(format!("{} is no role: {error}", path.display()))
            })?,
            None => RoleFile::default(),
        };
        Ok(Role {
            title: self.title.or(file.title),
            description: self.description.or(file.description),
            stage: self.stage.or(file.stage),
            included_permissions: self.permissions.or(file.included_permissions),
            ..Role::default()
        })
    }
}

fn parse_stage(text: &str) -> Result<RoleLaunchStage, String> {
    RoleLaunchStage::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "use ALPHA, BETA, GA, DEPRECATED, DISABLED or EAP".to_owned())
}

fn parse_permission(text: &str) -> Result<Permission, String> {
    Permission::parse(text).map_err(|error| error.to_string())
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List the roles that come with the registry, or with --project a project's own
    #[command(after_help = "Examples:\n  \
        wharf iam roles list\n  \
        wharf iam roles list --project my-project --show-deleted")]
    List {
        /// Deleted ones too, while they can be restored
        #[arg(long)]
        show_deleted: bool,
    },
    /// Show a role with its permissions
    #[command(after_help = "Examples:\n  \
        wharf iam roles describe roles/storage.objectViewer\n  \
        wharf iam roles describe puller --project my-project")]
    Describe {
        /// roles/NAME, projects/PROJECT/roles/ID, or an ID in --project
        #[arg(value_name = "ROLE")]
        role: RoleArgument,
    },
    /// Create a role of a project
    #[command(after_help = "Examples:\n  \
        wharf iam roles create puller --project my-project --title Puller \\\n      \
        --permissions storage.objects.get,storage.objects.list\n  \
        wharf iam roles create puller --project my-project --file role.yaml")]
    Create {
        /// Its id: letters, digits, _ and .
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        content: Content,
    },
    /// Change a role of a project
    #[command(after_help = "Examples:\n  \
        wharf iam roles update puller --project my-project \\\n      \
        --add-permissions storage.objects.list\n  \
        wharf iam roles update puller --project my-project --stage DISABLED")]
    Update {
        /// projects/PROJECT/roles/ID, or an ID in --project
        #[arg(value_name = "ROLE")]
        role: RoleArgument,
        #[command(flatten)]
        content: Content,
        /// Permissions to add, separated by commas
        #[arg(long, value_name = "PERMISSION,…", value_delimiter = ',', value_parser = parse_permission, conflicts_with_all = ["permissions", "file"])]
        add_permissions: Vec<Permission>,
        /// Permissions to remove, separated by commas
        #[arg(long, value_name = "PERMISSION,…", value_delimiter = ',', value_parser = parse_permission, conflicts_with_all = ["permissions", "file"])]
        remove_permissions: Vec<Permission>,
    },
    /// Delete a role of a project; it can be restored for 7 days
    #[command(after_help = "Example:\n  wharf iam roles delete puller --project my-project")]
    Delete {
        /// projects/PROJECT/roles/ID, or an ID in --project
        #[arg(value_name = "ROLE")]
        role: RoleArgument,
    },
    /// Restore a deleted role
    #[command(after_help = "Example:\n  wharf iam roles undelete puller --project my-project")]
    Undelete {
        /// projects/PROJECT/roles/ID, or an ID in --project
        #[arg(value_name = "ROLE")]
        role: RoleArgument,
    },
}

impl Table for Role {
    const HEADERS: &'static [&'static str] = &["NAME", "TITLE", "STAGE", "DELETED"];

    fn rows(&self) -> Vec<Vec<String>> {
        let stage = self.stage.map(|stage| stage.as_str());
        vec![vec![
            self.name.clone(),
            self.title.clone().unwrap_or_default(),
            stage.unwrap_or_default().to_owned(),
            if self.deleted { "true" } else { "" }.to_owned(),
        ]]
    }
}

impl Roles {
    pub(super) async fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let output = common.output;
        let client = &session.client;
        match self.command {
            Command::List { show_deleted } => {
                let project = common.connection.named_project();
                output.list(&client.list_roles(project, show_deleted).await?)
            }
            Command::Describe { role } => {
                let name = role.resolve(&session)?;
                output.item(&client.get_role(&name).await?)
            }
            Command::Create { id, content } => {
                let project = session.project()?;
                let name = custom(&project, &id)?;
                let role = client.create_role(&project, &id, content.role()?).await?;
                output.done(&format!("Created role [{name}]."), &role)
            }
            Command::Update {
                role,
                content,
                add_permissions,
                remove_permissions,
            } => {
                let name = role.resolve_custom(&session)?;
                let mut change = content.role()?;
                if !add_permissions.is_empty() || !remove_permissions.is_empty() {
                    let before = client.get_role(&name).await?;
                    let carried = before.included_permissions.unwrap_or_default();
                    change.included_permissions =
                        Some(changed(carried, add_permissions, &remove_permissions));
                    change.etag = before.etag;
                }
                if change == Role::default() {
                    return Err(nothing_to_change());
                }
                let role = client.update_role(&name, &change).await?;
                output.done(&format!("Updated role [{name}]."), &role)
            }
            Command::Delete { role } => {
                let name = role.resolve_custom(&session)?;
                confirm(
                    &format!(
                        "Role [{name}] will be deleted: its bindings grant nothing any more. It can be restored for 7 days."
                    ),
                    output.is_quiet(),
                )?;
                let role = client.delete_role(&name).await?;
                output.done(&format!("Deleted role [{name}]."), &role)
            }
            Command::Undelete { role } => {
                let name = role.resolve_custom(&session)?;
                let role = client.undelete_role(&name).await?;
                output.done(&format!("Restored role [{name}]."), &role)
            }
        }
    }
}

fn changed(
    mut carried: Vec<Permission>,
    added: Vec<Permission>,
    removed: &[Permission],
) -> Vec<Permission> {
    for permission in added {
        if !carried.contains(&permission) {
            carried.push(permission);
        }
    }
    carried.retain(|permission| !removed.contains(permission));
    carried
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_role_is_a_name_or_an_id() {
        let viewer = "roles/storage.objectViewer";
        assert_eq!(
            viewer.parse(),
            Ok(RoleArgument::Name(viewer.parse().unwrap()))
        );
        assert_eq!("puller".parse(), Ok(RoleArgument::Id("puller".to_owned())));
        for text in ["", "a b", "projects/x", "roles/"] {
            assert!(text.parse::<RoleArgument>().is_err(), "{text}");
        }
    }

    #[test]
    fn permissions_are_added_once_and_removed() {
        let permission = |text: &str| Permission::parse(text).unwrap();
        let get = permission("storage.objects.get");
        let list = permission("storage.objects.list");
        assert_eq!(changed(vec![get], vec![get, list], &[]), [get, list]);
        assert_eq!(changed(vec![get, list], vec![], &[get]), [list]);
    }

    #[test]
    fn options_count_more_than_the_file_and_typing_errors_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("role.yaml");
        let content = Content {
            title: Some("Mine".to_owned()),
            description: None,
            stage: None,
            permissions: None,
            file: Some(path.clone()),
        };
        std::fs::write(
            &path,
            "title: File\nstage: BETA\nincludedPermissions:\n- storage.objects.get\n",
        )
        .unwrap();
        let role = content.clone().role().unwrap();
        assert_eq!(
            (role.title.as_deref(), role.stage),
            (Some("Mine"), Some(RoleLaunchStage::Beta))
        );
        assert_eq!(role.included_permissions.unwrap().len(), 1);
        std::fs::write(&path, "permissions: []\n").unwrap();
        assert!(content.role().is_err());
    }
}
