//! Projects (Resource Manager v1, which gcloud speaks).

use std::collections::BTreeMap;

use wharf_app::iam::projects::{Project, ProjectChange};
use wharf_types::ProjectId;
use wharf_types::wire::resource_manager::{
    Ancestor, AncestryResponse, LifecycleState, ListProjectsResponse, Project as WireProject,
    ResourceId, STRICT_DELETES_LABEL,
};

use super::call::{Answer, Call};
use super::filter::projects::ProjectFilter;
use super::operations;
use super::page::Page;
use super::refusal::Refusal;

/// `GET v1/projects`
pub(super) async fn list(call: &Call) -> Answer {
    let filter = ProjectFilter::parse("filter", call.query.get("filter"))?;
    let page = Page::of(&call.query)?;
    let (projects, next_page_token) =
        listed(call, &page, |project| filter.matches(project)).await?;
    call.answer(&ListProjectsResponse {
        projects: projects.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// One page of the projects that the caller may see and `is_wanted`.
pub(super) async fn listed(
    call: &Call,
    page: &Page,
    is_wanted: impl Fn(&Project) -> bool,
) -> Result<(Vec<Project>, Option<String>), Refusal> {
    let mut after = page.after(ProjectId::parse)?;
    let mut wanted = Vec::new();
    loop {
        let batch = call
            .app
            .list_projects(&call.caller, after.as_ref(), page.size + 1)
            .await?;
        let is_last = batch.len() <= page.size;
        after = batch.last().map(|project| project.id.clone());
        wanted.extend(batch.into_iter().filter(&is_wanted));
        if is_last || wanted.len() > page.size {
            let token = page.cut(&mut wanted, |project| project.id.to_string());
            return Ok((wanted, token));
        }
    }
}

/// `POST v1/projects`
pub(super) async fn create(call: &Call) -> Answer {
    let request: WireProject = call.body()?;
    check_parent(request.parent.as_ref())?;
    let id = ProjectId::parse(&request.project_id)
        .map_err(|error| Refusal::field("projectId", error))?;
    let change = change(request.name, request.labels)?;
    let project = call.app.create_project(&call.caller, &id, change).await?;
    operations::answer_v1(call, operations::CREATE, project)
}

fn check_parent(parent: Option<&ResourceId>) -> Result<(), Refusal> {
    match parent {
        Some(parent) if (parent.kind.as_str(), parent.id.as_str()) != ("organization", "0") => {
            Err(Refusal::field(
                "parent",
                "every project here belongs to the organization 0: leave the parent out",
            ))
        }
        _ => Ok(()),
    }
}

/// `GET v1/projects/P`
pub(super) async fn get(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.get_project(&call.caller, &id).await?;
    call.answer(&shown(project))
}

/// `PUT v1/projects/P`: name and labels. What is absent stays, as clients send back what they read.
pub(super) async fn update(call: &Call, project: &str) -> Answer {
    let request: WireProject = call.body()?;
    check_parent(request.parent.as_ref())?;
    let change = change(request.name, request.labels)?;
    let id = call.project(project).await?;
    let project = call.app.update_project(&call.caller, &id, change).await?;
    call.answer(&shown(project))
}

/// `DELETE v1/projects/P`
pub(super) async fn delete(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    call.app.delete_project(&call.caller, &id).await?;
    call.done()
}

/// `POST v1/projects/P:undelete`
pub(super) async fn undelete(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    call.app.undelete_project(&call.caller, &id).await?;
    call.done()
}

/// `POST v1/projects/P:getAncestry`
pub(super) async fn ancestry(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.get_project(&call.caller, &id).await?;
    let ancestor = |kind: &str, id: String| Ancestor {
        resource_id: ResourceId {
            kind: kind.to_owned(),
            id,
        },
    };
    call.answer(&AncestryResponse {
        ancestor: vec![
            ancestor("project", project.id.to_string()),
            ancestor("organization", "0".to_owned()),
        ],
    })
}

/// What is wanted of a project: its name, and its labels, one of which is a switch.
pub(super) fn change(
    display_name: Option<String>,
    labels: Option<BTreeMap<String, String>>,
) -> Result<ProjectChange, Refusal> {
    let Some(mut labels) = labels else {
        return Ok(ProjectChange {
            display_name,
            ..ProjectChange::default()
        });
    };
    let strict_deletes = match labels.remove(STRICT_DELETES_LABEL).as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Refusal::field(
                format!("labels.{STRICT_DELETES_LABEL}"),
                "this label is a switch: true or false",
            ));
        }
    };
    Ok(ProjectChange {
        display_name,
        labels: Some(labels),
        strict_deletes: Some(strict_deletes),
    })
}

/// A project's labels, with the switch among them while it is on.
pub(super) fn labels(project: &Project) -> BTreeMap<String, String> {
    let mut labels = project.labels.clone();
    if project.strict_deletes {
        labels.insert(STRICT_DELETES_LABEL.to_owned(), "true".to_owned());
    }
    labels
}

/// Where in its life a project is.
pub(super) fn state(project: &Project) -> LifecycleState {
    match project.deleted_at {
        None => LifecycleState::Active,
        Some(_) => LifecycleState::DeleteRequested,
    }
}

/// A project in v1's form.
pub(super) fn shown(project: Project) -> WireProject {
    WireProject {
        project_number: project.number,
        lifecycle_state: Some(state(&project)),
        labels: Some(labels(&project)).filter(|labels| !labels.is_empty()),
        create_time: Some(project.created_at),
        parent: Some(ResourceId {
            kind: "organization".to_owned(),
            id: "0".to_owned(),
        }),
        project_id: project.id.to_string(),
        name: Some(project.display_name).filter(|name| !name.is_empty()),
    }
}
