//! Long-running operations of Resource Manager. Ours are done when they are answered; the name says what they were about, so
//! that a client may ask again.

use wharf_app::iam::projects::Project;
use wharf_types::wire::operation::Operation;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::{projects, projects_v3};

/// Google's abbreviation in the name of an operation that created a project.
pub(super) const CREATE: &str = "cp";
/// … that changed one.
pub(super) const UPDATE: &str = "up";
/// … that requested its deletion.
pub(super) const DELETE: &str = "dp";
/// … that restored it.
pub(super) const UNDELETE: &str = "udp";

/// The whole name of an operation that had nothing to do, as Service Usage calls it.
pub(super) const NOTHING_TO_DO: &str = "operations/noop.DONE_OPERATION";

/// Answers an operation on a project in v1's form.
pub(super) fn answer_v1(call: &Call, kind: &str, project: Project) -> Answer {
    let name = format!("operations/{kind}.{}", project.number);
    let done = Operation::done(
        name,
        "google.cloudresourcemanager.v1.Project",
        &projects::shown(project),
    );
    call.answer(&done.map_err(wharf_app::Error::internal)?)
}

/// Answers an operation on a project in v3's form.
pub(super) fn answer_v3(call: &Call, kind: &str, project: Project) -> Answer {
    let name = format!("operations/{kind}.{}", project.number);
    let done = Operation::done(
        name,
        "google.cloud.resourcemanager.v3.Project",
        &projects_v3::shown(project),
    );
    call.answer(&done.map_err(wharf_app::Error::internal)?)
}

/// `GET v1/operations/O`
pub(super) async fn get_v1(call: &Call, name: &str) -> Answer {
    if NOTHING_TO_DO.strip_prefix("operations/") == Some(name) {
        return call.answer(&Operation {
            name: NOTHING_TO_DO.to_owned(),
            done: true,
            ..Operation::default()
        });
    }
    let (kind, project) = subject(call, name).await?;
    answer_v1(call, kind, project)
}

/// `GET v3/operations/O`
pub(super) async fn get_v3(call: &Call, name: &str) -> Answer {
    let (kind, project) = subject(call, name).await?;
    answer_v3(call, kind, project)
}

/// The project that an operation was about, as it is now.
async fn subject<'a>(call: &Call, name: &'a str) -> Result<(&'a str, Project), Refusal> {
    let known = name.split_once('.').filter(|(kind, number)| {
        [CREATE, UPDATE, DELETE, UNDELETE].contains(kind)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    });
    let Some((kind, number)) = known else {
        return Err(Refusal::NoSuchPath(format!("operations/{name}")));
    };
    let id = call.project(number).await?;
    Ok((kind, call.app.get_project(&call.caller, &id).await?))
}
