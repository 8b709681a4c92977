//! Projects (Resource Manager v3, which Google's client libraries speak).

use wharf_app::iam::projects::Project;
use wharf_types::wire::resource_manager::{ListProjectsResponse, ProjectV3};
use wharf_types::{Etag, ProjectId};

use super::call::{Answer, Call};
use super::filter::projects::ProjectFilter;
use super::operations;
use super::page::Page;
use super::projects::{change, labels, listed, state};
use super::query::Mask;
use super::refusal::Refusal;

const PARENT: &str = "organizations/0";

/// `GET v3/projects`
pub(super) async fn list(call: &Call) -> Answer {
    let page = Page::of(&call.query)?;
    let show_deleted = call.query.is_set("showDeleted")?;
    let parent = call.query.get("parent");
    if parent.is_some_and(|parent| parent != PARENT) {
        return Err(Refusal::field(
            "parent",
            "every project here belongs to organizations/0",
        ));
    }
    answer_list(call, &page, |project| {
        show_deleted || project.deleted_at.is_none()
    })
    .await
}

/// `GET v3/projects:search`
pub(super) async fn search(call: &Call) -> Answer {
    let filter = ProjectFilter::parse("query", call.query.get("query"))?;
    let page = Page::of(&call.query)?;
    answer_list(call, &page, |project| filter.matches(project)).await
}

async fn answer_list(call: &Call, page: &Page, is_wanted: impl Fn(&Project) -> bool) -> Answer {
    let (projects, next_page_token) = listed(call, page, is_wanted).await?;
    call.answer(&ListProjectsResponse {
        projects: projects.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST v3/projects`
pub(super) async fn create(call: &Call) -> Answer {
    let request: ProjectV3 = call.body()?;
    if !matches!(request.parent.as_str(), "" | PARENT) {
        return Err(Refusal::field(
            "parent",
            "every project here belongs to organizations/0",
        ));
    }
    let id = ProjectId::parse(&request.project_id)
        .map_err(|error| Refusal::field("projectId", error))?;
    let change = change(request.display_name, request.labels)?;
    let project = call.app.create_project(&call.caller, &id, change).await?;
    operations::answer_v3(call, operations::CREATE, project)
}

/// `GET v3/projects/P`
pub(super) async fn get(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.get_project(&call.caller, &id).await?;
    call.answer(&shown(project))
}

/// `PATCH v3/projects/P`
pub(super) async fn patch(call: &Call, project: &str) -> Answer {
    let mask = Mask::parse(call.query.get("updateMask"), &["displayName", "labels"])?;
    let request: ProjectV3 = call.body()?;
    let change = change(
        mask.pick("displayName", request.display_name),
        mask.pick("labels", request.labels),
    )?;
    let id = call.project(project).await?;
    let project = call.app.update_project(&call.caller, &id, change).await?;
    operations::answer_v3(call, operations::UPDATE, project)
}

/// `DELETE v3/projects/P`
pub(super) async fn delete(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.delete_project(&call.caller, &id).await?;
    operations::answer_v3(call, operations::DELETE, project)
}

/// `POST v3/projects/P:undelete`
pub(super) async fn undelete(call: &Call, project: &str) -> Answer {
    let id = call.project(project).await?;
    let project = call.app.undelete_project(&call.caller, &id).await?;
    operations::answer_v3(call, operations::UNDELETE, project)
}

/// A project in v3's form.
pub(super) fn shown(project: Project) -> ProjectV3 {
    ProjectV3 {
        name: format!("projects/{}", project.number),
        parent: PARENT.to_owned(),
        state: Some(state(&project)),
        labels: Some(labels(&project)).filter(|labels| !labels.is_empty()),
        project_id: project.id.to_string(),
        display_name: Some(project.display_name).filter(|name| !name.is_empty()),
        create_time: Some(project.created_at),
        delete_time: project.deleted_at,
        etag: Some(Etag::of_generation(project.generation)),
    }
}
