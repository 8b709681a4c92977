//! Projects.

use std::collections::BTreeMap;
use std::sync::Arc;

use wharf_store::meta::Durability;
use wharf_store::meta::access::{policies, projects};
use wharf_types::error::OciCode;
use wharf_types::permission::{
    PROJECTS_CREATE, PROJECTS_DELETE, PROJECTS_GET, PROJECTS_UNDELETE, PROJECTS_UPDATE,
};
use wharf_types::{Member, Policy, Principal, ProjectId, Resource, RoleName, limits};

pub use wharf_store::meta::access::projects::Project;

use super::{owners, random};
use crate::{App, Caller, Denied, Error, Missing, clock};

/// Projects of one read while a list looks for those that the caller may see.
const LIST_BATCH: usize = 200;

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

impl ProjectChange {
    fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.display_name {
            super::text::check("displayName", name, limits::DISPLAY_NAME_LENGTH_MAX)?;
        }
        self.labels.as_ref().map_or(Ok(()), check_labels)
    }

    fn apply(self, project: &mut Project) {
        if let Some(name) = self.display_name {
            project.display_name = name;
        }
        if let Some(labels) = self.labels {
            project.labels = labels;
        }
        if let Some(strict) = self.strict_deletes {
            project.strict_deletes = strict;
        }
    }
}

/// Google's grammar of labels ("Requirements for labels"), in ASCII.
pub(crate) fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Error> {
    let refused = |message: String| Err(Error::invalid(OciCode::NameInvalid, message));
    let is_label = |text: &str| {
        text.len() <= limits::LABEL_LENGTH_MAX
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    if labels.len() > limits::LABELS_MAX {
        return refused(format!("there are more than {} labels", limits::LABELS_MAX));
    }
    for (key, value) in labels {
        if !is_label(key) || !key.starts_with(|c: char| c.is_ascii_lowercase()) || !is_label(value)
        {
            return refused(format!(
                "{:?} is not a label: up to {} lower-case letters, digits, _ and -, the key beginning with a letter",
                wharf_types::text::shorten(&format!("{key}={value}")),
                limits::LABEL_LENGTH_MAX
            ));
        }
    }
    Ok(())
}

impl App {
    /// Creates a project; the caller becomes its owner.
    pub async fn create_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
        content: ProjectChange,
    ) -> Result<Project, Error> {
        self.authorize(caller, &[PROJECTS_CREATE], &Resource::Organization)
            .await?;
        content.check()?;
        let mut project = Project {
            id: id.clone(),
            number: random::project_number()?,
            display_name: id.to_string(),
            labels: BTreeMap::new(),
            strict_deletes: false,
            generation: 1,
            created_at: clock::now(),
            deleted_at: None,
        };
        content.apply(&mut project);
        let mut policy = Policy::default();
        policy.add(
            RoleName::parse("roles/owner").map_err(Error::internal)?,
            member_of(&caller.principal)?,
            None,
        );
        let policy = policy.with_version();
        let spare_numbers = [random::project_number()?, random::project_number()?];
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut project = project.clone();
                if projects::find(transaction, &project.id)?.is_some() {
                    return Err(Error::AlreadyExists(format!(
                        "project {} (perhaps deleted)",
                        project.id
                    )));
                }
                for spare in spare_numbers {
                    if projects::find_by_number(transaction, project.number)?.is_some() {
                        project.number = spare;
                    }
                }
                projects::insert(transaction, &project)?;
                let resource = Resource::Project(project.id.clone());
                policies::put(transaction, &resource, &policy)?;
                Ok(project)
            })
            .await
    }

    /// Reads a project by its id; also one whose deletion was requested.
    pub async fn get_project(&self, caller: &Caller, id: &ProjectId) -> Result<Project, Error> {
        self.authorize(caller, &[PROJECTS_GET], &Resource::Project(id.clone()))
            .await?;
        match self.find_project(id).await? {
            Some(project) => Ok(Project::clone(&project)),
            None => Err(Error::not_found(Missing::Project, id)),
        }
    }

    /// A project as it is now, deleted or not, from memory if it was read before. Asks for no permission.
    pub(crate) async fn find_project(&self, id: &ProjectId) -> Result<Option<Arc<Project>>, Error> {
        self.iam.credentials.project(&self.meta, id).await
    }

    /// The id of a project by its number. Whoever may not see the project is refused as if there were none.
    pub async fn project_of_number(
        &self,
        caller: &Caller,
        number: u64,
    ) -> Result<ProjectId, Error> {
        let found = self
            .meta
            .read(move |transaction| Ok::<_, Error>(projects::find_by_number(transaction, number)?))
            .await?
            .map(|project| project.id);
        let resource = match &found {
            Some(id) => Resource::Project(id.clone()),
            None => Resource::Organization,
        };
        match found {
            _ if !self.is_allowed(caller, PROJECTS_GET, &resource).await? => {
                Err(Error::Denied(Box::new(Denied {
                    principal: caller.principal.clone(),
                    permission: PROJECTS_GET,
                    resource: Resource::Organization,
                    visible: false,
                    explanation: format!(
                        "permission {PROJECTS_GET} denied on resource projects/{number} (or it may not exist)"
                    ),
                })))
            }
            Some(id) => Ok(id),
            None => Err(Error::not_found(Missing::Project, number)),
        }
    }

    /// The number of a project, which whoever knows the project may know; `None` when there is none.
    pub async fn number_of_project(&self, id: &ProjectId) -> Result<Option<u64>, Error> {
        Ok(self.find_project(id).await?.map(|project| project.number))
    }

    /// The projects that the caller may see, in order of id, after `after`; `limit` at most.
    pub async fn list_projects(
        &self,
        caller: &Caller,
        after: Option<&ProjectId>,
        limit: usize,
    ) -> Result<Vec<Project>, Error> {
        let limit = limit.min(limits::PAGE_SIZE_MAX);
        let mut visible = Vec::new();
        let mut after = after.cloned();
        while visible.len() < limit {
            let from = after.clone();
            let batch = self
                .meta
                .read(move |transaction| {
                    Ok::<_, Error>(projects::list(transaction, from.as_ref(), LIST_BATCH)?)
                })
                .await?;
            let Some(last) = batch.last() else { break };
            after = Some(last.id.clone());
            let is_end = batch.len() < LIST_BATCH;
            for project in batch {
                let resource = Resource::Project(project.id.clone());
                if visible.len() < limit && self.is_allowed(caller, PROJECTS_GET, &resource).await?
                {
                    visible.push(project);
                }
            }
            if is_end {
                break;
            }
        }
        Ok(visible)
    }

    /// Changes a project.
    pub async fn update_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
        change: ProjectChange,
    ) -> Result<Project, Error> {
        self.authorize(caller, &[PROJECTS_UPDATE], &Resource::Project(id.clone()))
            .await?;
        change.check()?;
        self.change_project(id, move |project| {
            if project.deleted_at.is_some() {
                return Err(Error::FailedPrecondition(format!(
                    "project {} was deleted: restore it first",
                    project.id
                )));
            }
            change.clone().apply(project);
            Ok(())
        })
        .await
    }

    /// Requests deletion: nothing of the project answers any more, and it can be restored for 30 days.
    pub async fn delete_project(&self, caller: &Caller, id: &ProjectId) -> Result<Project, Error> {
        self.authorize(caller, &[PROJECTS_DELETE], &Resource::Project(id.clone()))
            .await?;
        let now = clock::now();
        self.change_project(id, move |project| {
            if project.deleted_at.is_some() {
                return Err(Error::FailedPrecondition(format!(
                    "project {} was deleted already",
                    project.id
                )));
            }
            project.deleted_at = Some(now);
            Ok(())
        })
        .await
    }

    /// Restores a project whose deletion was requested.
    pub async fn undelete_project(
        &self,
        caller: &Caller,
        id: &ProjectId,
    ) -> Result<Project, Error> {
        self.authorize(caller, &[PROJECTS_UNDELETE], &Resource::Project(id.clone()))
            .await?;
        let now = clock::now();
        self.change_project(id, move |project| {
            let Some(deleted_at) = project.deleted_at else {
                return Err(Error::FailedPrecondition(format!(
                    "project {} is not deleted",
                    project.id
                )));
            };
            if now.duration_since(deleted_at).unsigned_abs() > limits::PROJECT_RESTORE_MAX {
                return Err(Error::FailedPrecondition(format!(
                    "project {} was deleted more than 30 days ago and cannot be restored",
                    project.id
                )));
            }
            project.deleted_at = None;
            Ok(())
        })
        .await
    }

    async fn change_project(
        &self,
        id: &ProjectId,
        change: impl Fn(&mut Project) -> Result<(), Error> + Send + 'static,
    ) -> Result<Project, Error> {
        let (id, now) = (id.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut project = projects::find(transaction, &id)?
                    .ok_or_else(|| Error::not_found(Missing::Project, &id))?;
                change(&mut project)?;
                project.generation += 1;
                owners::keep_one(transaction, now, || {
                    Ok(projects::update(transaction, &project)?)
                })?;
                Ok(project)
            })
            .await
    }
}

/// The member that names a principal.
fn member_of(principal: &Principal) -> Result<Member, Error> {
    match principal {
        Principal::ServiceAccount(email) => Ok(Member::ServiceAccount(email.clone())),
        Principal::User(email) => Member::parse(&format!("user:{email}")).map_err(Error::internal),
        Principal::Federated { principal, .. } => Member::parse(principal).map_err(Error::internal),
        Principal::Anonymous => Err(Error::Unauthenticated(
            "a project has an owner: log in to create one".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests;
