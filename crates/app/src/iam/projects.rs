//! Projects.

use std::collections::BTreeMap;

pub use wharf_store::meta::access::projects::Project;
use wharf_types::ProjectId;

use crate::{App, Caller, Error};

/// What of a project can be changed.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// For people.
    pub display_name: Option<String>,
    /// For people's tools: all of them.
    pub labels: Option<BTreeMap<String, String>>,
    /// Google's strict rules for deletes.
    pub strict_deletes: Option<bool>,
}

impl App {
    /// Creates a project; the caller becomes its owner.
    pub async fn create_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
        content: ProjectChange,
    ) -> Result<Project, Error> {
        let _ = (caller, id, content);
        unimplemented!()
    }

    /// Reads a project by its id.
    pub async fn get_project(&self, caller: &Caller, id: &ProjectId) -> Result<Project, Error> {
        let _ = (caller, id);
        unimplemented!()
    }

    /// The id of a project by its number; `None` when there is none. Says nothing else about it.
    pub async fn project_of_number(&self, number: u64) -> Result<Option<ProjectId>, Error> {
        let _ = number;
        unimplemented!()
    }

    /// The projects that the caller may see, in order of id, after `after`; `limit` at most.
    pub async fn list_projects(
        &self,
        caller: &Caller,
        after: Option<&ProjectId>,
        limit: usize,
    ) -> Result<Vec<Project>, Error> {
        let _ = (caller, after, limit);
        unimplemented!()
    }

    /// Changes a project.
    pub async fn update_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
        change: ProjectChange,
    ) -> Result<Project, Error> {
        let _ = (caller, id, change);
        unimplemented!()
    }

    /// Requests deletion: nothing of the project answers any more, and it can be restored for 30 days.
    pub async fn delete_project(&self, caller: &Caller, id: &ProjectId) -> Result<Project, Error> {
        let _ = (caller, id);
        unimplemented!()
    }

    /// Restores a project whose deletion was requested.
    pub async fn undelete_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
    ) -> Result<Project, Error> {
        let _ = (caller, id);
        unimplemented!()
    }
}
