//! Projects (Resource Manager v1).

use std::collections::BTreeMap;

use http::Method;
use wharf_types::ProjectId;
use wharf_types::wire::operation::Operation;
use wharf_types::wire::resource_manager::{ListProjectsResponse, Project, STRICT_DELETES_LABEL};

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

/// Projects asked for in one page.
const PAGE_SIZE: usize = 500;

/// Changes to a project. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectChange {
    /// For people.
    pub name: Option<String>,
    /// Labels to set.
    pub update_labels: BTreeMap<String, String>,
    /// Labels to remove.
    pub remove_labels: Vec<String>,
    /// Whether all labels go first.
    pub clear_labels: bool,
    /// Google's strict rules for deletes.
    pub strict_deletes: Option<bool>,
}

impl ProjectChange {
    /// The labels after the change. Strictness is a label too.
    fn labels(&self, before: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut labels = before;
        if self.clear_labels {
            labels.retain(|name, _| name == STRICT_DELETES_LABEL);
        }
        for name in &self.remove_labels {
            labels.remove(name);
        }
        labels.extend(self.update_labels.clone());
        if let Some(strict) = self.strict_deletes {
            labels.insert(STRICT_DELETES_LABEL.to_owned(), strict.to_string());
        }
        labels
    }
}

impl Page for ListProjectsResponse<Project> {
    type Item = Project;

    fn split(self) -> (Vec<Project>, Option<String>) {
        (self.projects, self.next_page_token)
    }
}

impl Client {
    /// Creates a project; its creator owns it.
    pub async fn create_project(
        &self,
        id: &ProjectId,
        content: &ProjectChange,
    ) -> Result<Project, Error> {
        let labels = content.labels(BTreeMap::new());
        let project = Project {
            project_id: id.to_string(),
            name: content.name.clone(),
            labels: (!labels.is_empty()).then_some(labels),
            ..Project::default()
        };
        let call = Call::post(["v1", "projects"]).json(&project);
        let operation: Operation = self.call(call).await?;
        if let Some(error) = operation.error {
            return Err(Error::Setup(error.message));
        }
        self.get_project(id).await
    }

    /// The projects that the caller may see, in order of id; deleted ones too with `show_deleted`.
    pub async fn list_projects(&self, show_deleted: bool) -> Result<Vec<Project>, Error> {
        let mut call = Call::get(["v1", "projects"]).query("pageSize", &PAGE_SIZE);
        if !show_deleted {
            call = call.query("filter", &"lifecycleState:ACTIVE");
        }
        self.pages::<ListProjectsResponse<Project>>(call).await
    }

    /// Reads a project.
    pub async fn get_project(&self, id: &ProjectId) -> Result<Project, Error> {
        self.call(Call::get(["v1", "projects", id.as_str()])).await
    }

    /// Changes a project.
    pub async fn update_project(
        &self,
        id: &ProjectId,
        change: &ProjectChange,
    ) -> Result<Project, Error> {
        let before = self.get_project(id).await?;
        let after = Project {
            project_id: id.to_string(),
            name: change.name.clone().or(before.name),
            labels: Some(change.labels(before.labels.unwrap_or_default())),
            ..Project::default()
        };
        let call = Call::new(Method::PUT, ["v1", "projects", id.as_str()]);
        self.call(call.json(&after)).await
    }

    /// Requests the deletion of a project: nothing of it answers any more, and it can be restored for 30 days.
    pub async fn delete_project(&self, id: &ProjectId) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, ["v1", "projects", id.as_str()]);
        self.order(call).await
    }

    /// Restores a project whose deletion was requested.
    pub async fn undelete_project(&self, id: &ProjectId) -> Result<(), Error> {
        let verb = format!("{id}:undelete");
        let call = Call::post(["v1", "projects", &verb]);
        self.order(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cleared_then_removed_then_set_and_strictness_is_none_of_them() {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let before = BTreeMap::from([
            label("team", "blue"),
            label("tier", "one"),
            label(STRICT_DELETES_LABEL, "true"),
        ]);
        let change = ProjectChange {
            update_labels: BTreeMap::from([label("team", "red")]),
            remove_labels: vec!["tier".to_owned()],
            ..ProjectChange::default()
        };
        let after = change.labels(before.clone());
        let expected = BTreeMap::from([label("team", "red"), label(STRICT_DELETES_LABEL, "true")]);
        assert_eq!(after, expected);
        let change = ProjectChange {
            clear_labels: true,
            strict_deletes: Some(false),
            ..ProjectChange::default()
        };
        let expected = BTreeMap::from([label(STRICT_DELETES_LABEL, "false")]);
        assert_eq!(change.labels(before), expected);
    }
}
